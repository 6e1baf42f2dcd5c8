"""The user's own table as a data set: features of any kind beside the targets, read and understood by `profile`."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.core import BadData, BadSetting, Text
from zhixing.data.own import divide
from zhixing.data.own.cells import Form
from zhixing.data.own.columns import no_column
from zhixing.data.own.files import checked_path, read_blocks, read_table
from zhixing.data.own.later import as_learned
from zhixing.data.own.profile import Profile, class_names, profile

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False)
class OwnTable:
    """Rows with their features, a column of any kind each, and targets (n,): int64 classes or float64 amounts."""

    features: "pandas.DataFrame"
    targets: np.ndarray
    fingerprint: str
    """64 hexadecimal digits over the file as it was read."""
    found: Profile
    """What the file holds for this target."""
    forms: Mapping[str, Form]
    """How the cells of each feature, and of the target, were read."""
    notes: tuple[Text, ...]
    """What was decided in reading it, and what would spoil a comparison."""
    times: np.ndarray | None = None
    """(n,) whole numbers that grow with time, where rows are divided by time."""
    groups: np.ndarray | None = None
    """(n,) whole numbers, the same for rows that must stay together."""

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def classes(self) -> tuple[str, ...]:
        """Name of each class, in the order of the integer targets; empty where targets are amounts."""
        return self.found.classes

    @property
    def told(self) -> Text:
        """What is there, in one line."""
        return Text("{rows:,} rows, {columns} columns; {target}", "{rows:,} 行，{columns} 列；{target}").format(
            rows=self.found.rows, columns=len(self.found.columns), target=self.found.told
        )

    @property
    def card(self) -> dict[str, Any]:
        """What must be known to read further rows for what learned from these; plain values."""
        forms = {name: [form.kind, form.mark, list(form.values)] for name, form in self.forms.items()}
        target = {self.found.target: forms.pop(self.found.target)}
        return {"kind": "table", "columns": forms, "target": target, "classes": list(self.classes)}

    def take(self, rows: np.ndarray) -> "pandas.DataFrame":
        """The features of these rows."""
        return self.features.iloc[rows]

    def split(self, rows: np.ndarray, share: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers cut in two, the second with `share` of them: at random, of every class where there are some.

        By time or by groups, as `divide` says, where the table has them.
        """
        if self.times is not None:
            return divide.by_time(rows, share, generator, self.times)
        if self.groups is not None:
            return divide.by_group(rows, share, generator, self.groups)
        return divide.at_random(rows, share, generator, self.targets if self.classes else None)


def own_table(
    *, path: str, target: str, task: str | None = None, time: str | None = None, group: str | None = None
) -> OwnTable:
    """The rows of a table file that have a target; columns that are constant or name the rows are left out.

    Rows are divided by the dates or numbers of the column `time`, or so that those of one value of `group` stay together;
    that column is then no feature. Raises BadData as `read_table` and `profile` do, where no column is left to learn from,
    and for a time or group that cannot divide; BadSetting for both at once.
    """
    if time is not None and group is not None:
        raise BadSetting(
            Text(
                "rows are divided by --time or by --group, not by both", "行只能按 --time 或 --group 之一划分，不能同时"
            )
        )
    place = checked_path(path)
    stamp = place.stat()
    return _read(str(place), target, task, time, group, (stamp.st_mtime_ns, stamp.st_size))


@lru_cache(maxsize=2)
def _read(
    path: str, target: str, task: str | None, time: str | None, group: str | None, stamp: tuple[int, int]
) -> OwnTable:
    """As `own_table`; `stamp` changes with the file, so that another file is read anew."""
    read = read_table(path)
    frame, order = read.frame, time or group
    if order is not None:
        frame = _without_gaps(read.frame, order, target)
    found = profile(frame.drop(columns=[order]) if order else frame, target, task=task)
    rows = frame[frame[target].notna()]
    features = rows[list(found.features)]
    if found.task == "classes":
        targets = np.searchsorted(found.classes, class_names(rows[target])).astype(np.int64)
    else:
        targets = rows[target].to_numpy(dtype=np.float64)
    with Path(path).open("rb") as file:
        fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
    return OwnTable(
        features.reset_index(drop=True),
        targets,
        fingerprint,
        found,
        {name: read.forms[name] for name in (*found.features, target)},
        (*read.notes, *found.notes),
        times=_times(rows[time]) if time else None,
        groups=_groups(rows[group]) if group else None,
    )


def later_rows(card: Mapping[str, Any], path: str) -> "Iterator[pandas.DataFrame]":
    """The features of a table file in blocks of rows, read as the training rows were that `card` is of.

    Raises BadData as `read_blocks` and `as_learned` do.
    """
    for block in _filled(path):
        yield later_columns(card, block)


def _filled(path: str) -> Iterator[dict[str, Any]]:
    """Blocks that hold rows; raises BadData where none does."""
    found = False
    for block in read_blocks(path):
        if len(next(iter(block.values()), ())):
            found = True
            yield block
    if not found:
        raise BadData(
            Text(f"{Path(path).name}: there is no row below the header", f"{Path(path).name}：表头下面没有数据行")
        )


def later_targets(card: Mapping[str, Any], path: str) -> Iterator[np.ndarray]:
    """The targets of the same blocks: classes as the run counts them, -1 for one that it does not know or that is missing;
    amounts, NaN where one is missing.
    """
    places = {name: place for place, name in enumerate(card["classes"])}
    for block in _filled(path):
        answers = later_columns({"columns": card["target"]}, block).iloc[:, 0]
        if not places:
            yield answers.to_numpy(dtype=np.float64)
            continue
        there = answers.notna()
        found = np.full(len(answers), -1, dtype=np.int64)
        found[there.to_numpy()] = [places.get(name, -1) for name in class_names(answers[there])]
        yield found


def later_columns(card: Mapping[str, Any], columns: Mapping[str, Any]) -> "pandas.DataFrame":
    """The same of columns that are there already, by name: lists, arrays or Arrow strings of equal length."""
    forms = {name: Form(kind, mark, tuple(values)) for name, (kind, mark, values) in card["columns"].items()}
    return as_learned(columns, forms)


def _without_gaps(frame: "pandas.DataFrame", order: str, target: str) -> "pandas.DataFrame":
    """The rows in which the column that divides them is there."""
    names = [str(name) for name in frame.columns]
    if order not in names or order == target:
        raise no_column(order, [name for name in names if name != target])
    kept = frame[frame[order].notna()]
    return kept.reset_index(drop=True)


def _times(moments: "pandas.Series") -> np.ndarray:
    import pandas

    if not (pandas.api.types.is_numeric_dtype(moments) or pandas.api.types.is_datetime64_any_dtype(moments)):
        raise BadData(
            Text(
                en=f"the time {moments.name!r} holds words as {moments.iloc[0]!s}; it needs dates such as 2024-02-01 or numbers",
                zh=f"时间列 {moments.name!r} 的值是 {moments.iloc[0]!s} 之类的文字；需要 2024-02-01 之类的日期或数字",
            )
        )
    found = pandas.factorize(moments, sort=True)[0].astype(np.int64)
    if found.max() < _FEWEST_MOMENTS:
        raise BadData(
            Text(
                en=f"the time {moments.name!r} has {found.max() + 1} values; to divide by time takes more than {_FEWEST_MOMENTS}",
                zh=f"时间列 {moments.name!r} 只有 {found.max() + 1} 个不同的值；按时间划分需要多于 {_FEWEST_MOMENTS} 个",
            )
        )
    return found


_FEWEST_MOMENTS = 8
_FEWEST_GROUPS = 8


def _groups(names: "pandas.Series") -> np.ndarray:
    import pandas

    found = pandas.factorize(names)[0].astype(np.int64)
    if found.max() + 1 < _FEWEST_GROUPS:
        raise BadData(
            Text(
                en=f"the group {names.name!r} has {found.max() + 1} values; at least {_FEWEST_GROUPS} groups are needed",
                zh=f"分组列 {names.name!r} 只有 {found.max() + 1} 个不同的值；至少需要 {_FEWEST_GROUPS} 组",
            )
        )
    return found
