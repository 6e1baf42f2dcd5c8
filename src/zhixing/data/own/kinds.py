"""Every kind of data of one's own: what they have in common, which kind a path holds, and rows that come later."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from zhixing.core import BadSetting, Spec, Text, spec
from zhixing.data.own.labels import holds_labels, later_labels, own_labels
from zhixing.data.own.table import later_columns, later_rows, later_targets, own_table
from zhixing.data.own.unlabelled import no_targets, own_unlabelled


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
    known: str | None = None,
) -> Spec:
    """The call that reads what is at the path: a table with a target or with many labels, or without, where
    groups may be `known`.

    Raises BadSetting for an option that does not suit what is there.
    """
    given = {"task": task, "time": time, "group": group, "known": known}
    named = {name: value for name, value in given.items() if value is not None}
    place = str(Path(path).expanduser().absolute())
    if target is None:
        _refuse(named, ("time", "group"), Text("without --target there is none", "没有 --target 时不能使用"))
        return spec(own_unlabelled, path=place, **named)
    _refuse(named, ("known",), Text("with --target there is none", "有 --target 时不能使用"))
    if task == "labels" or (task is None and holds_labels(place, target)):
        _refuse(named, ("time", "group"), Text("rows of several labels cannot be divided so", "多标签的行不能这样划分"))
        return spec(own_labels, path=place, target=target)
    return spec(own_table, path=place, target=target, **named)


def _refuse(named: Mapping[str, str], options: Sequence[str], why: Text) -> None:
    for name in options:
        if name in named:
            raise BadSetting(Text(f"--{name}: {why.en}; leave it out", f"--{name}：{why.zh}；请去掉它"))


def later(card: Mapping[str, Any], path: str) -> Iterator[Any]:
    """The features of what is at the path, in blocks, read as those were that the run of this card learned from.

    Raises BadData where they cannot be.
    """
    return {"table": later_rows, "unlabelled": later_rows, "labels": later_rows}[card["kind"]](card, path)


def later_answers(card: Mapping[str, Any], path: str) -> Iterator[np.ndarray]:
    """The targets of the same blocks, as the run counts them: -1 or NaN where there is none that it knows."""
    return {"table": later_targets, "unlabelled": no_targets, "labels": later_labels}[card["kind"]](card, path)


def later_values(card: Mapping[str, Any], columns: Mapping[str, list[Any]]) -> Any:
    """The same of values that are there already, by column."""
    return {"table": later_columns, "unlabelled": later_columns, "labels": later_columns}[card["kind"]](card, columns)
