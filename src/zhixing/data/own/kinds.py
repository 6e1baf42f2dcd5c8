"""Every kind of data of one's own: what they have in common, which kind a path holds, and rows that come later."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from zhixing.core import BadData, BadSetting, Spec, Text, spec
from zhixing.data.own import conll
from zhixing.data.own.files import read_blocks, refuse_address
from zhixing.data.own.folders import Wanted, contents, shelf
from zhixing.data.own.hub import local
from zhixing.data.own.labelled import Read, later_classes, later_contents, later_names
from zhixing.data.own.labels import holds_labels, later_labels, own_labels
from zhixing.data.own.later import missing
from zhixing.data.own.pictures import WANTED as PICTURES
from zhixing.data.own.pictures import later_pictures, own_pictures, picture_reader
from zhixing.data.own.rating_columns import looks_like_ratings
from zhixing.data.own.ratings import own_ratings
from zhixing.data.own.sounds import WANTED as SOUNDS
from zhixing.data.own.sounds import later_sounds, own_sounds, sound_reader
from zhixing.data.own.table import later_columns, later_rows, later_targets, own_table
from zhixing.data.own.tags import later_sentences, later_tags, later_tokens, own_tags
from zhixing.data.own.texts import WANTED as TEXTS
from zhixing.data.own.texts import later_texts, own_texts
from zhixing.data.own.unlabelled import no_targets, own_unlabelled

Card = Mapping[str, Any]
Values = Callable[[Card, Mapping[str, list[Any]]], Any]
"""Reads items that are given as columns by name, for a run of this card."""


class Own(Protocol):
    """Data of one's own, of whatever kind; an item is a row, a picture, a recording, a sentence, a rating."""

    @property
    def targets(self) -> np.ndarray:
        """(n,) int64 classes or float64 amounts; what else a kind needs."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Name of each class, in the order of the integer targets; empty where targets are amounts."""

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits over all that was read."""

    @property
    def told(self) -> Text:
        """What is there, in one line."""

    @property
    def notes(self) -> tuple[Text, ...]:
        """What was decided in reading it, and what would spoil a comparison."""

    @property
    def card(self) -> dict[str, Any]:
        """What must be known to read further items for what learned from these: plain values, "kind" among them."""

    def __len__(self) -> int: ...

    def take(self, rows: np.ndarray) -> Any:
        """The features of these items, as preparations take them."""

    def split(self, rows: np.ndarray, share: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Item numbers cut in two, the second with `share` of them."""


def own_data(
    path: str | Path,
    *,
    target: str | None = None,
    task: str | None = None,
    time: str | None = None,
    group: str | None = None,
    known: str | None = None,
    user: str | None = None,
    item: str | None = None,
    rating: str | None = None,
) -> Spec:
    """The call that reads what is at the path.

    A folder or zip of class folders holds pictures, sounds or texts, a CoNLL file sentences with tags. A table is one of
    ratings where its columns say so, `task` does, or `user`, `item` or `rating` names one of them; of several labels at
    once, of one `target`, or else without any, where groups may be `known`. A name hub:OWNER/NAME is a table. Raises
    BadSetting for an option that does not suit what is there, BadData where nothing is.
    """
    given = {"target": target, "task": task, "time": time, "group": group, "known": known}
    given |= {"user": user, "item": item, "rating": rating}
    named = {name: value for name, value in given.items() if value is not None}
    path = local(path)
    refuse_address(path)
    place = Path(path).expanduser()
    where = str(place.absolute())
    if place.is_dir() or place.suffix.lower() == ".zip":
        return _of_folder(place.absolute(), named)
    if where.lower().removesuffix(".gz").endswith(conll.ENDINGS):
        _refuse(named, ("task", "time", "group", "known", *_ROLES), _OF_SENTENCES)
        return spec(own_tags, path=where, **named)
    unsaid = target is None and task is None and known is None
    if task == "ratings" or named.keys() & set(_ROLES) or (unsaid and _holds_ratings(where)):
        return _of_ratings(where, named)
    if target is None:
        _refuse(named, ("time", "group"), _OF_UNLABELLED)
        return spec(own_unlabelled, path=where, **named)
    _refuse(named, ("known",), _OF_TARGETS)
    if task == "labels" or (task is None and holds_labels(where, target)):
        _refuse(named, ("time", "group"), _OF_LABELS)
        return spec(own_labels, path=where, target=target)
    return spec(own_table, path=where, **named)


def _of_ratings(path: str, named: dict[str, str]) -> Spec:
    _refuse(named, ("group", "known"), _OF_RATINGS)
    if named.pop("task", "ratings") != "ratings":
        _refuse(named, _ROLES, Text("only ratings have users and items", "只有评分数据才有用户和物品"))
    if "rating" in named:
        _refuse(named, ("target",), Text("--rating names the same column", "--rating 指的就是这一列"))
        named["target"] = named.pop("rating")
    return spec(own_ratings, path=path, **named)


_ROLES = ("user", "item", "rating")
"""Options that name a column of a table of ratings."""
_OF_SENTENCES = Text(
    "sentences are tagged, and divided at random with copies together", "句子的任务是标注，随机划分，相同的句子放在一起"
)
_OF_RATINGS = Text("ratings are divided at random or by --time", "评分按随机或 --time 划分")
_OF_UNLABELLED = Text("without --target there is none", "没有 --target 时不能使用")
_OF_TARGETS = Text("with --target there is none", "有 --target 时不能使用")
_OF_LABELS = Text("rows of several labels cannot be divided so", "多标签的行不能这样划分")


def _refuse(named: Mapping[str, str], options: tuple[str, ...], why: Text) -> None:
    for name in options:
        if name in named:
            raise BadSetting(Text(f"--{name}: {why.en}; leave it out", f"--{name}：{why.zh}；请去掉它"))


def _holds_ratings(path: str) -> bool:
    """Whether a table file names columns of users, items and ratings."""
    return looks_like_ratings(list(next(read_blocks(path), {})))


def _of_folder(place: Path, given: Mapping[str, str]) -> Spec:
    """Pictures or sounds, whichever are more, else texts; their folders are the classes, so nothing else may be `given`.

    Texts beside pictures or sounds describe them, however many they are.
    """
    source = shelf(place, PICTURES)
    counts = {
        read: sum(name.lower().endswith(wanted.endings) for name in source.sizes)
        for read, wanted in ((own_pictures, PICTURES), (own_sounds, SOUNDS), (own_texts, TEXTS))
    }
    if counts[own_pictures] or counts[own_sounds]:
        counts[own_texts] = 0
    if not any(counts.values()):
        found, layout = contents(source), PICTURES.layout(source.name)
        raise BadData(
            Text(
                en=f"{source.name} holds neither pictures nor sounds nor texts: {found.en}; expected is {layout.en}, or the "
                "path of one table",
                zh=f"{source.name} 中没有图片、录音或文本：{found.zh}；应为{layout.zh}，或给出一个表格文件的路径",
            )
        )
    for name, value in given.items():
        raise BadSetting(
            Text(
                en=f"--{name} {value} does not suit a folder, whose classes are the names of the folders in it",
                zh=f"--{name} {value} 不适用于文件夹：其中各文件夹的名字就是类别",
            )
        )
    return spec(max(counts, key=lambda read: counts[read]), path=str(place))


@dataclass(frozen=True)
class Later:
    """How items that come later are read for a run of one kind, given its card."""

    items: Callable[[Card, str], Iterator[Any]]
    targets: Callable[[Card, str], Iterator[np.ndarray]]
    values: Values
    names: Callable[[str], Iterator[list[str]]] | None = None
    """What the items are called, where they are files."""
    column: str | None = None
    """Where items are files, what their contents are called as values."""


def _of_files(
    wanted: Wanted, items: Callable[[Card, str], Iterator[Any]], values: Values, column: str | None = None
) -> Later:
    def targets(card: Card, path: str) -> Iterator[np.ndarray]:
        return later_classes(path, wanted, card["classes"])

    return Later(items, targets, values, partial(later_names, wanted=wanted), column)


def _contents(column: str, wanted: Wanted, reader: Callable[[Card], Read]) -> Values:
    """Reads the bytes of files that stand in this column."""

    def values(card: Card, columns: Mapping[str, list[Any]]) -> np.ndarray:
        if column not in columns:
            raise missing([column], list(columns))
        return later_contents(columns[column], column, wanted, reader(card))

    return values


LATER = {
    "table": Later(later_rows, later_targets, later_columns),
    "labels": Later(later_rows, later_labels, later_columns),
    "unlabelled": Later(later_rows, no_targets, later_columns),
    "ratings": Later(later_rows, later_targets, later_columns),
    "tags": Later(later_sentences, later_tags, later_tokens),
    "pictures": _of_files(PICTURES, later_pictures, _contents("picture", PICTURES, picture_reader), "picture"),
    "sounds": _of_files(SOUNDS, later_sounds, _contents("sound", SOUNDS, sound_reader), "sound"),
    "texts": _of_files(TEXTS, later_texts, later_columns),
}
"""By the kind that a run's card names."""


def later(card: Card, path: str) -> Iterator[Any]:
    """The features of what is at the path, in blocks, read as those were that the run of this card learned from.

    Raises BadData where they cannot be.
    """
    return LATER[card["kind"]].items(card, str(local(path)))


def later_answers(card: Card, path: str) -> Iterator[np.ndarray]:
    """The targets of the same blocks, as the run counts them: -1 or NaN where there is none that it knows."""
    return LATER[card["kind"]].targets(card, str(local(path)))


def later_files(card: Card, path: str) -> Iterator[list[str]] | None:
    """The files of the same blocks, where each item is one; None where items have no names."""
    names = LATER[card["kind"]].names
    return None if names is None else names(str(local(path)))


def later_values(card: Card, columns: Mapping[str, list[Any]]) -> Any:
    """The same of values that are there already, by column; a "picture" or a "sound" is the bytes of a file.

    Raises BadData for a column that is missing, and for the first file that cannot be read.
    """
    return LATER[card["kind"]].values(card, columns)


def later_kinds(card: Card) -> dict[str, str]:
    """The columns of such values: number, date, truth or words as in the file learned from, or the bytes of a file."""
    column = LATER[card["kind"]].column
    return {name: kind for name, (kind, *_) in card["columns"].items()} if column is None else {column: "file"}
