"""The user's own table, read from a file: .csv, .tsv, .txt, .parquet, .xlsx and lines of JSON, also as .gz.

Everything is found by itself and can be overridden. Nothing in a file is executed, nothing is fetched, and what a
file may take of memory is bounded before it is read.
"""

import difflib
import gzip
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from zhixing.core import BadData, BadSetting, Text
from zhixing.core.errors import meant_by
from zhixing.data.own import delimited, packed
from zhixing.data.own.cells import Form, typed
from zhixing.data.own.hub_copies import copy_at
from zhixing.data.own.loose import Loose, empty, named

if TYPE_CHECKING:
    import pandas

MOST_BYTES = 2_000_000_000
"""The size of a file, and of what it unpacks to, above which it is refused."""
TEXTS = (".csv", ".tsv", ".txt")
LINES = (".jsonl", ".ndjson", ".json-lines")
ENDINGS = (*TEXTS, ".parquet", ".xlsx", *LINES)
"""The endings that are read; each also with .gz behind it."""


@dataclass(frozen=True, eq=False)
class TableFile:
    """A table as it was read, and what was decided on the way."""

    frame: "pandas.DataFrame"
    """(rows, columns): float64, int64, bool, datetime64[us] or object (str and None); names are str, each its own."""
    forms: Mapping[str, Form]
    """How the cells of each column were read."""
    form: Text
    """What the file was taken for: `text, GB18030, separated by semicolon`."""
    notes: tuple[Text, ...]
    """Each decision that the user may want to know of."""


def read_table(
    path: str | Path,
    *,
    encoding: str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
    sheet: str | None = None,
) -> TableFile:
    """The table in a file.

    `encoding` and `separator` are for text, `decimal` ("." or ",") for numbers that are written as text, `sheet` for a
    workbook. A missing value is NaN, NaT or None; truth values with gaps stay words. A moment with an offset is in UTC.

    Raises BadData, with what came, what was expected and the likely cure, for every file that cannot be used;
    BadSetting or UnknownName for a setting that does not suit the file.
    """
    place = checked_path(path)
    ending = _ending(place)
    _check_settings(ending, encoding=encoding, separator=separator, decimal=decimal, sheet=sheet)
    data = content(place)
    try:
        loose = _loose(data, ending, encoding=encoding, separator=separator, sheet=sheet)
        names, notes = named(loose.headers)
        columns = dict(zip(names, loose.columns, strict=True))
        frame, forms, more = typed(columns, decimal=decimal, separator=loose.separator)
    except BadData as error:
        raise in_file(place, error) from None
    except MemoryError:
        raise BadData(
            Text(
                en=f"{place.name}: the table does not fit into this machine's memory; take a sample of its rows",
                zh=f"{place.name}：本机内存装不下这个表格；请抽取一部分行",
            )
        ) from None
    copy = copy_at(place)
    origin = () if copy is None else (copy.told,)
    return TableFile(frame, forms, loose.form, (*origin, *loose.notes, *notes, *more))


def read_blocks(path: str | Path) -> Iterator[dict[str, Any]]:
    """The columns of a table file by name, in blocks of rows: Arrow strings, arrays or lists, as the file has them.

    Text, Parquet and lines of JSON may be larger than the memory; a workbook is read whole. Raises as `read_table`.
    """
    place = checked_path(path, most=None)
    ending = _ending(place)
    try:
        if ending == ".xlsx":
            yield from _named_blocks([_loose(content(place), ending, encoding=None, separator=None, sheet=None)])
            return
        with _opened(place) as file:
            reader = packed.parquet_blocks if ending == ".parquet" else packed.line_blocks
            yield from _named_blocks((delimited.blocks if ending in TEXTS else reader)(file))
    except BadData as error:
        raise in_file(place, error) from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise in_file(place, _broken_gzip()) from None
    except OSError as error:
        raise _unreadable(place, error) from None


def _opened(place: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(place) if place.name.lower().endswith(".gz") else place.open("rb"))


def _named_blocks(blocks: Iterable[Loose]) -> Iterator[dict[str, Any]]:
    for loose in blocks:
        yield dict(zip(named(loose.headers)[0], loose.columns, strict=True))


def in_file(place: Path, error: BadData) -> BadData:
    """The error with the file's name before it."""
    return BadData(Text(en=f"{place.name}: {error.message.en}", zh=f"{place.name}：{error.message.zh}"))


def refuse_address(path: str | Path) -> None:
    """Raises BadData for what names something on a network; `hub.local` takes the names of the hub before."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/|hub:", str(path)):
        raise BadData(
            Text(
                en=f"{path} is an address; nothing is fetched here, so save the table as a file and give its path",
                zh=f"{path} 是网址；这里不会联网下载，请先把表格存为文件，再给出路径",
            )
        )


def checked_path(path: str | Path, *, most: int | None = MOST_BYTES) -> Path:
    """The whole path of a file that is there, is a file and is not too large; raises BadData for any other."""
    refuse_address(path)
    place = Path(path).expanduser()
    try:
        size = place.stat().st_size
    except FileNotFoundError:
        raise _absent(place) from None
    except (OSError, ValueError) as error:
        raise _unreadable(place, error) from None
    if place.is_dir():
        tables = [each.name for each in sorted(place.iterdir()) if each.name.lower().endswith(ENDINGS)][:5]
        inside = Text(f" (in it: {', '.join(tables)})", f"（其中有：{'、'.join(tables)}）") if tables else Text("", "")
        raise BadData(
            Text(
                en=f"{place} is a folder; give the path of one table{inside.en}",
                zh=f"{place} 是文件夹；请给出其中一个表格文件的路径{inside.zh}",
            )
        )
    if not place.is_file():
        raise BadData(
            Text(f"{place} is no ordinary file; save the table as one", f"{place} 不是普通文件；请先存为文件")
        )
    if most is not None and size > most:
        raise _too_large(Text(f"{place.name} has {size:,} bytes", f"{place.name} 有 {size:,} 字节"))
    return place.resolve()


def _absent(place: Path) -> BadData:
    try:
        meant = meant_by(place.name, os.listdir(place.parent))
    except OSError:
        return BadData(
            Text(
                en=f"{place} is not there, nor is its folder; check the path",
                zh=f"找不到 {place}，它所在的文件夹也不存在；请检查路径",
            )
        )
    meant = meant or Text("check the path", "请检查路径")
    return BadData(Text(en=f"{place} is not there; {meant.en}", zh=f"找不到 {place}；{meant.zh}"))


def _unreadable(place: Path, error: Exception) -> BadData:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return BadData(
        Text(
            en=f"{str(place)!r} cannot be read ({reason}); check its permissions",
            zh=f"无法读取 {str(place)!r}（{reason}）；请检查文件权限",
        )
    )


def _too_large(found: Text) -> BadData:
    return BadData(
        Text(
            en=f"{found.en}, the most is {MOST_BYTES:,}; take a sample of its rows or keep fewer columns",
            zh=f"{found.zh}，上限为 {MOST_BYTES:,}；请抽取一部分行或减少列数",
        )
    )


def _ending(place: Path) -> str:
    ending = Path(place.name.lower().removesuffix(".gz")).suffix
    if ending in ENDINGS:
        return ending
    shown, known = ending or place.name, ", ".join(ENDINGS)
    near = difflib.get_close_matches(ending, ENDINGS, n=1, cutoff=0.75)
    meant = Text(f"did you mean {near[0]}? ", f"是否想写 {near[0]}？") if near else Text("", "")
    raise BadData(
        Text(
            en=f"{place.name}: no table is known by {shown!r}; {meant.en}known are {known}, each also with .gz",
            zh=f"{place.name}：不认识以 {shown!r} 结尾的表格；{meant.zh}可用：{known}，均可再加 .gz",
        )
    )


def _check_settings(ending: str, **given: str | None) -> None:
    suited = {"encoding": TEXTS, "separator": TEXTS, "decimal": (*TEXTS, ".xlsx", *LINES), "sheet": (".xlsx",)}
    for name, value in given.items():
        if value is not None and ending not in suited[name]:
            raise BadSetting(
                Text(
                    en=f"{name}={value!r} does not suit a {ending} file; it is for {', '.join(suited[name])}",
                    zh=f"{name}={value!r} 不适用于 {ending} 文件；它用于 {'、'.join(suited[name])}",
                )
            )
    if given["decimal"] not in (None, ".", ","):
        raise BadSetting(
            Text(
                en=f"a decimal mark is '.' or ',', not {given['decimal']!r}",
                zh=f"小数点应为 '.' 或 ','，而不是 {given['decimal']!r}",
            )
        )


def content(place: Path) -> bytes:
    """The bytes of a file at a checked path, unpacked where it ends in .gz; raises BadData where they cannot be read."""
    try:
        if not place.name.lower().endswith(".gz"):
            return place.read_bytes()
        with gzip.open(place) as file:
            data = file.read(MOST_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise in_file(place, _broken_gzip()) from None
    except OSError as error:
        raise _unreadable(place, error) from None
    if len(data) > MOST_BYTES:
        raise _too_large(Text(f"{place.name} unpacks to more bytes than allowed", f"{place.name} 解压后的字节数过多"))
    return data


def _broken_gzip() -> BadData:
    return BadData(
        Text(
            en="no whole gzip file: broken, cut short or of another kind; compress it again",
            zh="不是完整的 gzip 文件：已损坏、不完整，或只是用了 .gz 扩展名；请重新压缩",
        )
    )


def _loose(data: bytes, ending: str, *, encoding: str | None, separator: str | None, sheet: str | None) -> Loose:
    if not data:
        raise empty()
    if ending == ".parquet":
        return packed.parquet(data)
    if ending == ".xlsx":
        return packed.workbook(data, sheet=sheet, most_bytes=MOST_BYTES)
    if ending in LINES:
        return packed.lines(data)
    return delimited.read(data, encoding=encoding, separator=separator)
