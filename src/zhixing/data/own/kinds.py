"""Every kind of data of one's own: what they have in common, which kind a path holds, and rows that come later."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from zhixing.core import BadData, BadSetting, Spec, Text, spec
from zhixing.data.own.folders import contents, shelf
from zhixing.data.own.labelled import later_classes
from zhixing.data.own.pictures import WANTED as PICTURES
from zhixing.data.own.pictures import later_pictures, own_pictures
from zhixing.data.own.sounds import WANTED as SOUNDS
from zhixing.data.own.sounds import later_sounds, own_sounds
from zhixing.data.own.table import later_columns, later_rows, later_targets, own_table


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


def own(
    path: str | Path,
    *,
    target: str | None = None,
    task: str | None = None,
    time: str | None = None,
    group: str | None = None,
) -> Spec:
    """The call that reads what is at the path; raises BadSetting where something must be named that is not."""
    given = {"task": task, "time": time, "group": group}
    place = Path(path).expanduser()
    if place.is_dir() or place.suffix.lower() == ".zip":
        return _of_folder(place.absolute(), {"target": target, **given})
    if target is None:
        raise BadSetting(Text("name the column to foretell: --target COLUMN", "请指明要预测的列：--target 列名"))
    named = {name: value for name, value in given.items() if value is not None}
    return spec(own_table, path=str(Path(path).expanduser().absolute()), target=target, **named)


def _of_folder(place: Path, given: Mapping[str, str | None]) -> Spec:
    """Pictures or sounds, whichever are more; their folders are the classes, so nothing else may be `given`."""
    source = shelf(place, PICTURES)
    counts = {
        read: sum(name.lower().endswith(wanted.endings) for name in source.sizes)
        for read, wanted in ((own_pictures, PICTURES), (own_sounds, SOUNDS))
    }
    if not any(counts.values()):
        found, layout = contents(source), PICTURES.layout(source.name)
        raise BadData(
            Text(
                en=f"{source.name} holds neither pictures nor sounds: {found.en}; expected is {layout.en}, or the path of one "
                "table",
                zh=f"{source.name} 中既没有图片也没有录音：{found.zh}；应为{layout.zh}，或给出一个表格文件的路径",
            )
        )
    for name, value in given.items():
        if value is not None:
            raise BadSetting(
                Text(
                    en=f"--{name} {value} does not suit a folder, whose classes are the names of the folders in it",
                    zh=f"--{name} {value} 不适用于文件夹：其中各文件夹的名字就是类别",
                )
            )
    return spec(max(counts, key=lambda read: counts[read]), path=str(place))


def later(card: Mapping[str, Any], path: str) -> Iterator[Any]:
    """The features of what is at the path, in blocks, read as those were that the run of this card learned from.

    Raises BadData where they cannot be.
    """
    readers = {"table": later_rows, "pictures": later_pictures, "sounds": later_sounds}
    return readers[card["kind"]](card, path)


def later_answers(card: Mapping[str, Any], path: str) -> Iterator[np.ndarray]:
    """The targets of the same blocks, as the run counts them: -1 or NaN where there is none that it knows."""
    if card["kind"] == "table":
        return later_targets(card, path)
    return later_classes(path, {"pictures": PICTURES, "sounds": SOUNDS}[card["kind"]], card["classes"])


def later_values(card: Mapping[str, Any], columns: Mapping[str, list[Any]]) -> Any:
    """The same of values that are there already, by column."""
    if card["kind"] != "table":
        raise BadSetting(
            Text(
                en=f"this run learned from {card['kind']}, which are not given as columns; give the path of a file or folder",
                zh="这次运行是从文件学习的，不能以列的形式给出数据；请给出文件或文件夹的路径",
            )
        )
    return later_columns(card, columns)
