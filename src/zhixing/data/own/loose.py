"""A table as a file holds it, before its columns are decided: its size, its headers, its cells."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zhixing.core import BadData, Text

MOST_COLUMNS = 5_000
MOST_CELLS = 250_000_000  # 2 GB as numbers


@dataclass(frozen=True, eq=False)
class Loose:
    """A table as a file holds it: its columns are Arrow strings, for `typed` to decide on, or NumPy arrays, decided."""

    headers: Sequence[object]
    columns: Sequence[Any]
    form: Text
    notes: Sequence[Text]
    separator: str | None = None


def empty() -> BadData:
    """The error of a file that holds nothing."""
    return BadData(
        Text("the file is empty; a table needs a line of names and rows", "文件是空的；表格需要一行列名和数据行")
    )


def checked_size(rows: int, columns: int, *, fewest: int = 2) -> None:
    """Raises BadData for a table without `fewest` rows, or of more columns or cells than memory is promised for."""
    if columns > MOST_COLUMNS:
        raise BadData(
            Text(
                en=f"{columns:,} columns are too many, the most is {MOST_COLUMNS:,}; keep those that may matter",
                zh=f"共有 {columns:,} 列，最多支持 {MOST_COLUMNS:,} 列；请只保留可能有用的列",
            )
        )
    if rows * columns > MOST_CELLS:
        raise BadData(
            Text(
                en=f"{rows:,} rows of {columns:,} columns are more than {MOST_CELLS:,} cells; take a sample of the rows",
                zh=f"{rows:,} 行乘以 {columns:,} 列，超过 {MOST_CELLS:,} 个单元格的上限；请抽取一部分行",
            )
        )
    if rows < fewest:
        found = (
            Text("there is one row", "只有一行数据")
            if rows
            else Text("there is no row below the header", "只有表头而没有数据行")
        )
        raise BadData(
            Text(
                en=f"{found.en}; a table needs a line of names and at least two rows",
                zh=f"{found.zh}；表格需要一行列名和至少两行数据",
            )
        )


def named(headers: Sequence[object]) -> tuple[list[str], list[Text]]:
    """The headers as names, each its own: an empty one is `column 3`, a second `x` is `x.2`; and notes of it."""
    written = ["" if each is None else clean(str(each).strip()) for each in headers]
    names: list[str] = []
    repeated, taken, tried = [], set(written), defaultdict[str, int](lambda: 1)
    for place, header in enumerate(written, start=1):
        base = name = header or f"column {place}"
        if tried[base] > 1 or (not header and base in taken):
            tried[base] = max(tried[base], 2)
            while (name := f"{base}.{tried[base]}") in taken:
                tried[base] += 1
        tried[base] += 1
        if name != base:
            repeated.append(name)
        names.append(name)
    notes = []
    if empty := [name for name, header in zip(names, written, strict=True) if not header]:
        found = listed(empty)
        notes.append(Text(f"columns without a name are called {found.en}", f"没有列名的列命名为：{found.zh}"))
    if repeated:
        found = listed(repeated)
        notes.append(Text(f"names that occur twice are told apart: {found.en}", f"重复的列名已加以区分：{found.zh}"))
    return names, notes


def listed(words: Sequence[str], most: int = 5) -> Text:
    """The first words of many, and how many more there are."""
    more = len(words) - most
    shown = [word if "'" in word else repr(word) for word in words[:most]]
    return Text(
        en=", ".join(shown) + (f" and {more} more" if more > 0 else ""),
        zh="、".join(shown) + (f" 等 {len(words)} 项" if more > 0 else ""),
    )


def clean(text: str) -> str:
    """The text without halves of characters, which no encoding can hold."""
    return text.encode(errors="replace").decode()
