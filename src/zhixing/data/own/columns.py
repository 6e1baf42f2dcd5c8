"""The columns of a table: what kind each is, and which of them can be learnt from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from zhixing.core import BadData, Text
from zhixing.core.errors import meant_by
from zhixing.data.own.loose import listed

if TYPE_CHECKING:
    import pandas

Kind = Literal["number", "category", "text", "date", "flag", "constant", "identifier"]

_IDENTIFIER = r"(?i:(^|[\W_])(id|uid|uuid|index|row|key|nr|no)$)|[a-z]I[dD]$|编号|序号|学号|工号"


@dataclass(frozen=True)
class Column:
    """A column over the rows that can be used: in a table with a target, those whose target is there."""

    name: str
    kind: Kind
    missing: float
    """Share of the rows, 0 to 1."""
    distinct: int
    """Values that differ, missing ones not counted."""
    example: str
    """The first value that is there; empty where none is."""


def columns_of(frame: "pandas.DataFrame") -> tuple[Column, ...]:
    """What each column of the frame holds."""
    return tuple(_column(frame[name]) for name in frame.columns)


def learnable(columns: Sequence[Column]) -> tuple[str, ...]:
    """The names of the columns that can be learnt from: all but constants and identifiers."""
    return tuple(each.name for each in columns if each.kind not in ("constant", "identifier"))


def named_frame(frame: "pandas.DataFrame") -> "pandas.DataFrame":
    """The frame with strings for names; raises BadData where two are the same."""
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise BadData(Text("two columns have the same name; rename one", "有两列同名；请修改其中一列的名字"))
    return frame.set_axis(names, axis="columns")


def no_column(target: str, names: list[str]) -> BadData:
    """The error of a column that is not there."""
    near = meant_by(target, names)
    meant = Text(f"{near.en} ", near.zh) if near else Text("", "")
    some = listed(names, most=20)
    return BadData(
        Text(
            en=f"column {target!r} is not in the table; {meant.en}(columns: {some.en})",
            zh=f"表格中没有列 {target!r}；{meant.zh}（现有列：{some.zh}）",
        )
    )


def _column(cells: "pandas.Series") -> Column:
    there = cells.dropna()
    distinct = int(there.nunique())
    missing = 1 - len(there) / len(cells)
    example = str(there.iloc[0])[:80] if len(there) else ""
    return Column(str(cells.name), _kind(cells, there, distinct), missing, distinct, example)


def _kind(cells: "pandas.Series", there: "pandas.Series", distinct: int) -> Kind:
    import pandas

    types = pandas.api.types
    gaps = len(there) < len(cells)
    if distinct + gaps < 2 or distinct == 0:
        return "constant"
    if distinct <= 2:
        return "flag"  # one value and gaps also say one of two things
    if types.is_datetime64_any_dtype(cells):
        return "date"
    if types.is_numeric_dtype(cells):
        own = types.is_integer_dtype(cells) and distinct == len(cells)
        return "identifier" if own and _counts_rows(str(cells.name), there) else "number"
    words = there.astype(str)
    long = words.str.count(r"\s+\S").ge(2) | words.str.count("[\u4e00-\u9fff]").ge(8)
    if long.mean() > 0.5 and distinct > 0.5 * len(there):
        return "text"
    return "identifier" if distinct == len(cells) else "category"


def _counts_rows(name: str, numbers: "pandas.Series") -> bool:
    """Numbers from 0 or 1 without a gap, the same in their order after some rows were left out, or so called."""
    first, last = int(numbers.min()), int(numbers.max())
    gapless = first in (0, 1) and last - first == len(numbers) - 1
    most_are_left = 0 <= first <= 1 + len(numbers) // 10 and last - first < 2 * len(numbers)
    thinned = most_are_left and bool(numbers.is_monotonic_increasing)
    return gapless or thinned or re.search(_IDENTIFIER, name) is not None
