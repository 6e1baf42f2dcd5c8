"""Columns of cells as columns of numbers, dates, truth values or words.

A column is decided as a whole, and never halfway: it holds numbers where at least 95 % of its cells are numbers, dates
or truth values where all of them are, and words otherwise. What was decided is said in notes.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from zhixing.core import Text
from zhixing.data.own.dates import dates
from zhixing.data.own.loose import clean, listed

if TYPE_CHECKING:
    import pandas

NUMBERS = 0.95
"""The share of the cells that are there which must be numbers in a column of numbers."""
MISSING = (
    *(
        "",
        "NA",
        "N/A",
        "n/a",
        "na",
        "#N/A",
        "NaN",
        "nan",
        "NAN",
        "null",
        "NULL",
        "Null",
        "None",
        "-",
        "?",
        "无",
        "缺失",
    ),
    *("#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"),
)
LARGEST = float(np.finfo(np.float32).max)
"""Models learn in single precision; a number beyond it is none that anybody measured."""
_OPPOSITES = {"无": "有", "-": "+"}  # where a column holds the opposite too, the mark is a value

_SIGN, _GROUPS = "[+\\-\u2212]?", " '\u00a0\u202f"
_PLAIN = _SIGN + r"(?:\d+{point}?\d*|{point}\d+)(?:[eE][+-]?\d+)?"
_GROUPED = _SIGN + r"[1-9]\d{{0,2}}(?:[{groups}]\d{{3}})+(?:{point}\d+)?"
_FORM = f"^(?:{_PLAIN}|{_GROUPED})$"
_GROUP_MARKS = {".": "," + _GROUPS, ",": "." + _GROUPS}
_NUMBER = {mark: _FORM.format(point=f"[{mark}]", groups=groups) for mark, groups in _GROUP_MARKS.items()}

_SAID = {
    "marks": Text("counted as missing, besides empty cells: {found}", "除空单元格外，以下记号按缺失处理：{found}"),
    "strays": Text(
        "cells that are no numbers count as missing in columns of numbers: {found}",
        "数值列中不是数字的单元格按缺失处理：{found}",
    ),
    "commas": Text("the comma is the decimal mark in {found}", "以下列以逗号为小数点：{found}"),
    "groups": Text("marks between thousands are dropped in {found}", "以下列去掉了千位分隔符：{found}"),
    "codes": Text(
        "digits that begin with zeros or are too long for a number stay text: {found}",
        "以零开头或位数过长的数字串保留为文本：{found}",
    ),
    "day first": Text("dates are read as day, month, year in {found}", "以下列的日期按“日/月/年”读取：{found}"),
    "month first": Text("dates are read as month, day, year in {found}", "以下列的日期按“月/日/年”读取：{found}"),
    "unsure": Text(
        "these stay text, since 01/02 may be in January or in February; write dates as 2024-02-01: {found}",
        "以下列保留为文本，因为 01/02 既可能是一月也可能是二月；请把日期写成 2024-02-01：{found}",
    ),
}


@dataclass(frozen=True)
class Form:
    """How the cells of a column are read: decided once, by all of them, and kept for those that come later."""

    kind: Literal["number", "truth", "date", "words"]
    mark: str = ""
    """The decimal mark of numbers that are written as text; the order of dates whose year stands last."""
    values: tuple[str, ...] = ()
    """Marks of missing values that are values here, as - beside +."""


def of_values(values: Sequence[Any]) -> Any:
    """Python values (None is missing) as a NumPy array where they are of one kind, else as Arrow strings to `typed`."""
    import pyarrow as pa

    kinds = {type(value) for value in values} - {type(None)}
    gaps = any(value is None for value in values)
    try:
        if kinds == {bool} and not gaps:
            return np.array(values, dtype=bool)
        if kinds == {int} and not gaps:
            return np.array(values, dtype=np.int64)
        if kinds <= {int, float}:
            return finite(np.array(values, dtype=np.float64))
        if kinds <= {date, datetime}:
            return np.array(values, dtype="datetime64[us]")
    except (OverflowError, ValueError):  # integers beyond the machine's stay as they are written
        pass
    return pa.chunked_array([pa.array([None if v is None else written(v) for v in values], pa.string())])


def typed(
    columns: Mapping[str, Any], *, decimal: str | None, separator: str | None
) -> "tuple[pandas.DataFrame, dict[str, Form], list[Text]]":
    """Arrow strings become float64, int64, bool, datetime64[us] or object (strings and None); arrays stay as they are.

    Beside the frame come the form of each column and notes on what was decided.

    `decimal` is the mark to read all numbers by. Where it is None each column says so itself, by cells like 1,5 or
    1.234.567; one that can be read both ways follows the others, and then the file: commas in a table that semicolons
    separate are decimal.
    """
    import pandas

    said: defaultdict[str, list[str]] = defaultdict(list)
    texts = {name: cells for name, cells in columns.items() if not isinstance(cells, np.ndarray)}
    marks: defaultdict[str, int] = defaultdict(int)
    kept = {name: _values_here(cells) for name, cells in texts.items()}
    texts = {name: present(cells, kept[name], marks) for name, cells in texts.items()}
    said["marks"] = [f"{mark!r} ({count:,})" for mark, count in marks.items()]
    fits = {name: _fits(cells) for name, cells in texts.items()}
    evidence = {max(fit, key=lambda mark: fit[mark]) for fit in fits.values() if len(set(fit.values())) > 1}
    mark = "," if evidence == {","} or (not evidence and separator == ";") else "."
    whole: dict[str, Any] = {}
    forms = {}
    for name, cells in columns.items():
        form = _of_array(cells)
        if name in texts:
            cells, form = _column(name, texts.pop(name), fits[name], decimal, mark, said)
        whole[name] = pandas.Series(cells, dtype=cells.dtype)
        forms[name] = replace(form, values=kept.get(name, ()))
    notes = []
    for kind, text in _SAID.items():
        if said[kind]:
            notes.append(text.format(found=listed(said[kind])))
    return pandas.DataFrame(whole), forms, notes


def _of_array(cells: Any) -> Form:
    """The form of a column whose type the file itself states."""
    kinds: dict[str, Form] = {"M": Form("date"), "O": Form("words"), "b": Form("truth")}
    return kinds.get(cells.dtype.kind, Form("number", ".")) if isinstance(cells, np.ndarray) else Form("words")


def _values_here(cells: Any) -> tuple[str, ...]:
    """The marks of missing values beside which their opposites stand, so that they are values."""
    import pyarrow.compute as pc

    cells = pc.utf8_trim_whitespace(cells)
    return tuple(
        mark for mark, other in _OPPOSITES.items() if _any(pc.equal(cells, other)) and _any(pc.equal(cells, mark))
    )


def present(cells: Any, values: Sequence[str] = (), marks: dict[str, int] | None = None) -> Any:
    """Arrow strings without blanks around them, marks of missing values but for `values` as nulls; counts the marks."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = pc.utf8_trim_whitespace(cells)
    missing = [mark for mark in MISSING if mark not in values]
    is_mark = pc.is_in(cells, value_set=pa.array(missing, pa.string()))
    if marks is not None:
        for each in pc.value_counts(pc.filter(cells, is_mark)).to_pylist():
            if each["values"]:
                marks[each["values"]] += each["counts"]
    return pc.if_else(is_mark, pa.scalar(None, pa.string()), cells)


def _fits(cells: Any) -> dict[str, int]:
    """How many cells are numbers by each decimal mark; a mark by which the column holds no numbers counts zero."""
    found = {}
    for mark, pattern in _NUMBER.items():
        enough = NUMBERS * _count(cells)
        promising = _matching(_spread(cells), pattern) * 2 >= _count(_spread(cells))
        matching = _matching(cells, pattern) if promising else 0
        found[mark] = matching if matching >= enough else 0
    return found


def _column(
    name: str, cells: Any, fit: dict[str, int], decimal: str | None, mark: str, said: dict[str, list[str]]
) -> tuple[np.ndarray, Form]:
    import pyarrow.compute as pc

    if not _count(cells):
        return np.full(len(cells), np.nan), Form("number", decimal or mark)
    if decimal is None:
        decimal = mark if len(set(fit.values())) == 1 else max(fit, key=lambda each: fit[each])
    if fit[decimal]:
        if _is_code(cells):
            said["codes"].append(name)
        else:
            return _numbers(name, cells, decimal, said), Form("number", decimal)
    elif cells.null_count == 0 and not _any(pc.invert(pc.match_substring_regex(cells, "^(?i:true|false)$"))):
        return truths(cells), Form("truth")
    elif _matching(_spread(cells), r"^\d{1,4}\D\d") == _count(_spread(cells)):
        found, order = dates(cells)
        if order in said or order in _SAID:
            said[order].append(name)
        if found is not None:
            return found, Form("date", order)
    return np.asarray(cells.to_numpy()), Form("words")


def truths(cells: Any) -> np.ndarray:
    """Arrow strings without gaps as truth values."""
    import pyarrow.compute as pc

    return np.asarray(pc.equal(pc.utf8_lower(cells), "true").to_numpy())


def _is_code(cells: Any) -> bool:
    """Whether the cells are digits that name something: all as long as each other with zeros before, or very long."""
    import pyarrow.compute as pc

    if _any(pc.invert(pc.match_substring_regex(cells, r"^\d+$"))):
        return False
    lengths = pc.min_max(pc.utf8_length(cells)).as_py()
    same = lengths["min"] == lengths["max"] > 1
    return bool(lengths["max"] > 18 or (same and _any(pc.starts_with(cells, "0"))))


def _numbers(name: str, cells: Any, decimal: str, said: dict[str, list[str]]) -> np.ndarray:
    """As `numbers`; what is dropped, mended or taken as missing is said."""
    import pyarrow.compute as pc

    good = only_numbers(cells, decimal)
    if good.null_count > cells.null_count:
        strays = pc.filter(cells, pc.and_(pc.is_valid(cells), pc.is_null(good)))
        words = ", ".join(repr(word)[:30] for word in pc.unique(strays).slice(0, 3).to_pylist())
        said["strays"].append(f"{name!r} ({len(strays):,}: {words})")
    if _matching(good, f"[{_GROUP_MARKS[decimal]}]"):
        said["groups"].append(name)
    if decimal == "," and _matching(good, ","):
        said["commas"].append(name)
    return numbers(good, decimal)


def only_numbers(cells: Any, decimal: str) -> Any:
    """Arrow strings with nulls in place of those that are no numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.match_substring_regex(cells, _NUMBER[decimal]), cells, pa.scalar(None, pa.string()))


def numbers(cells: Any, decimal: str) -> np.ndarray:
    """Arrow strings that are all numbers, or null, as int64 where they are whole and all there, else as float64."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = pc.replace_substring_regex(cells, f"[{_GROUP_MARKS[decimal]}]", "")
    if decimal == ",":
        cells = pc.replace_substring(cells, ",", ".")
    cells = pc.replace_substring(pc.replace_substring(cells, "\u2212", "-"), "+", "")
    if cells.null_count == 0 and _matching(cells, r"^-?\d{1,18}$") == len(cells):
        return np.asarray(pc.cast(cells, pa.int64()).to_numpy())
    return finite(pc.cast(cells, pa.float64()).to_numpy())


def finite(values: np.ndarray) -> np.ndarray:
    """float64 with infinities, and what is infinite in single precision, as missing."""
    return np.where(np.abs(values) > LARGEST, np.nan, values)


def _spread(cells: Any) -> Any:
    """At most 1,000 cells from all over the column."""
    if len(cells) <= 1000:
        return cells
    return cells.take(np.linspace(0, len(cells) - 1, 1000).astype(np.int64))


def _count(cells: Any) -> int:
    return len(cells) - int(cells.null_count)


def _matching(cells: Any, pattern: str) -> int:
    import pyarrow.compute as pc

    return int(pc.sum(pc.match_substring_regex(cells, pattern)).as_py() or 0)


def _any(truths: Any) -> bool:
    import pyarrow.compute as pc

    return bool(pc.any(truths).as_py())


def written(value: object) -> str:
    """A cell as the text that it would be in a file of text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return clean(value.isoformat(" ") if isinstance(value, datetime) else str(value))
