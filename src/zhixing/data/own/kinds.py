"""Every kind of data of one's own: what they have in common, which kind a path holds, and rows that come later."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from zhixing.core import BadSetting, Spec, Text, spec
from zhixing.data.own.files import read_blocks
from zhixing.data.own.rating_columns import looks_like_ratings
from zhixing.data.own.ratings import own_ratings
from zhixing.data.own.table import later_columns, later_rows, later_targets, own_table

RATINGS = "ratings"
"""The task, and the kind of data, of foretelling who will like what."""


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
    if task == RATINGS or (target is None and task is None and _holds_ratings(path)):
        return _ratings(path, target=target, time=time, group=group)
    if target is None:
        raise BadSetting(Text("name the column to foretell: --target COLUMN", "请指明要预测的列：--target 列名"))
    named = {name: value for name, value in given.items() if value is not None}
    return spec(own_table, path=str(Path(path).expanduser().absolute()), target=target, **named)


def _holds_ratings(path: str | Path) -> bool:
    """Whether a table file names columns of users, items and ratings."""
    return looks_like_ratings(list(next(read_blocks(path), {})))


def _ratings(path: str | Path, *, target: str | None, time: str | None, group: str | None) -> Spec:
    if group is not None:
        raise BadSetting(
            Text(
                "ratings are divided at random or by --time; leave --group out",
                "评分按随机或 --time 划分；请去掉 --group",
            )
        )
    named = {name: value for name, value in (("target", target), ("time", time)) if value is not None}
    return spec(own_ratings, path=str(Path(path).expanduser().absolute()), **named)


def later(card: Mapping[str, Any], path: str) -> Iterator[Any]:
    """The features of what is at the path, in blocks, read as those were that the run of this card learned from.

    Raises BadData where they cannot be.
    """
    return {"table": later_rows, RATINGS: later_rows}[card["kind"]](card, path)


def later_answers(card: Mapping[str, Any], path: str) -> Iterator[np.ndarray]:
    """The targets of the same blocks, as the run counts them: -1 or NaN where there is none that it knows."""
    return {"table": later_targets, RATINGS: later_targets}[card["kind"]](card, path)


def later_values(card: Mapping[str, Any], columns: Mapping[str, list[Any]]) -> Any:
    """The same of values that are there already, by column."""
    return {"table": later_columns, RATINGS: later_columns}[card["kind"]](card, columns)
