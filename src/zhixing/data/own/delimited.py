"""Text with separators: which encoding, which separator, and its cells as strings."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

from zhixing.core import BadData, BadSetting, Text
from zhixing.data.own.loose import MOST_COLUMNS, Loose, checked_size, empty

SEPARATORS = {
    ",": Text("comma", "逗号"),
    ";": Text("semicolon", "分号"),
    "\t": Text("tab", "制表符"),
    "|": Text("bar", "竖线"),
}
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_OTHERS = {
    b"PK\x03\x04": Text("an Excel workbook or a zip file", "Excel 工作簿或 zip 文件"),
    b"\x1f\x8b": Text("a gzip file", "gzip 文件"),
    b"PAR1": Text("a Parquet file", "Parquet 文件"),
    b"\xd0\xcf\x11\xe0": Text("an old Excel workbook (.xls)", "旧版 Excel 工作簿（.xls）"),
}
_BLOCK = 1 << 26  # bytes; no row may be longer
_SAMPLE = 1 << 18  # characters that decide the separator


def read(data: bytes, *, encoding: str | None, separator: str | None) -> Loose:
    """Every cell as a string, the first line as headers. Empty lines are skipped; quotes follow RFC 4180.

    Raises BadData for bytes that are no text, rows of unequal length and a quote that stays open; BadSetting for an
    encoding that Python does not know or a separator that is not one character.
    """
    data, name = _plain(data, encoding)
    if separator is None:
        separator = _separator(data[: 4 * _SAMPLE].decode(errors="ignore")[:_SAMPLE])
    elif len(separator) != 1 or not separator.isascii() or separator in '"\r\n':
        raise BadSetting(
            Text(
                en=f"a separator is one character, as ',' or ';', not {separator!r}",
                zh=f"分隔符应为单个字符，例如 ',' 或 ';'，而不是 {separator!r}",
            )
        )
    table = _parsed(data, separator)
    headers = [column[0].as_py() for column in table.columns]
    columns = [column.slice(1) for column in table.columns]
    word = SEPARATORS.get(separator, Text(repr(separator), repr(separator)))
    form = Text(f"text, {name}, separated by {word.en}", f"文本，{name}，以{word.zh}分隔")
    return Loose(headers, columns, form, _doubts(name, encoding, headers), separator)


def blocks(file: BinaryIO, *, size: int = 1 << 23) -> Iterator[Loose]:
    """The same in blocks of about `size` bytes, so that a file may be larger than the memory; each has the headers.

    Encoding and separator are found by the first `_BLOCK` bytes. Raises BadData as `read` does, when it comes to it.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow

    head = file.read(_BLOCK)
    cut = head[: head.rfind(b"\n") + 1] if len(head) == _BLOCK else head  # no half of a character at the end
    text, name = _plain(cut, None)
    separator = _separator(text[: 4 * _SAMPLE].decode(errors="ignore")[:_SAMPLE])
    del text, cut
    form, headers = Text(name, name), None
    try:
        reader = arrow.open_csv(
            pa.PythonFile(_Joined(head, file), mode="r"),
            arrow.ReadOptions(
                use_threads=False, autogenerate_column_names=True, block_size=size, encoding=name.lower()
            ),
            arrow.ParseOptions(delimiter=separator, newlines_in_values=True),
            arrow.ConvertOptions(column_types={f"f{place}": pa.string() for place in range(MOST_COLUMNS + 1)}),
        )
        for batch in reader:
            columns = [pa.chunked_array([column]) for column in batch.columns]
            if headers is None:
                headers = [column[0].as_py() for column in columns]
                columns = [column.slice(1) for column in columns]
            yield Loose(headers, columns, form, (), separator)
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise _uncut(error) from None


class _Joined(io.RawIOBase):
    """A file whose beginning was read already."""

    def __init__(self, head: bytes, file: BinaryIO):
        self._head, self._file = io.BytesIO(head), file

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._head.read(size) or self._file.read(size)


def _plain(data: bytes, encoding: str | None) -> tuple[bytes, str]:
    """The text in UTF-8 and the name of its encoding; raises BadData where it is none, or holds nothing."""
    _refuse_others(data)
    data, name = as_utf8(data, encoding)
    if not data or data.isspace():
        raise empty()
    if b"\0" in data:
        raise _binary()
    return data, name


def _refuse_others(data: bytes) -> None:
    for signature, kind in _OTHERS.items():
        if data.startswith(signature):
            raise BadData(
                Text(
                    en=f"this is {kind.en} under the ending of a text file; give it its own ending",
                    zh=f"这是{kind.zh}，却用了文本文件的扩展名；请改回它自己的扩展名",
                )
            )


def _binary() -> BadData:
    return BadData(
        Text(
            en="binary content (zero bytes) where text was expected; save the table as CSV in UTF-8",
            zh="应为文本，却出现二进制内容（零字节）；请把表格另存为 UTF-8 编码的 CSV",
        )
    )


def as_utf8(data: bytes, encoding: str | None) -> tuple[bytes, str]:
    """The text in UTF-8 without a byte order mark, and the name of the encoding that it came in."""
    if encoding is None:
        encoding = stated(data) or _guess(data)
    try:
        name = codecs.lookup(encoding).name
        if name == "utf-8" and _decodes(data, name):
            return data, "UTF-8"
        return data.decode(encoding).encode(), name.upper().removesuffix("-SIG")
    except LookupError:
        raise BadSetting(
            Text(
                en=f"the encoding {encoding!r} is unknown; usual ones are utf-8, utf-16, gb18030, cp1252, latin-1",
                zh=f"没有名为 {encoding!r} 的编码；常用的有 utf-8、utf-16、gb18030、cp1252、latin-1",
            )
        ) from None
    except UnicodeError as error:
        place = f" (byte {error.start:,})" if isinstance(error, UnicodeDecodeError) else ""
        raise BadData(
            Text(
                en=f"the bytes are no text in {encoding}{place}; leave the encoding out to have it found, or mend the file",
                zh=f"这些字节不是 {encoding} 编码的文本{place}；请不指定编码以便自动识别，或修复文件",
            )
        ) from None


def stated(data: bytes) -> str | None:
    """The encoding that the bytes say themselves, by a mark or by being UTF-8; raises BadData where they are no text."""
    marked = next((name for bom, name in _BOMS.items() if data.startswith(bom)), None)
    if marked is None and b"\0" in data:
        raise _binary()
    return marked or ("utf-8" if _decodes(data, "utf-8") else None)


def _decodes(data: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), _BLOCK):
            decoder.decode(data[start : start + _BLOCK], final=start + _BLOCK >= len(data))
    except UnicodeError:
        return False
    return True


def _guess(data: bytes) -> str:
    """The encoding of text that is not UTF-8.

    Latin letters with accents stand alone among ASCII. Chinese in GB18030 stands in pairs of high bytes, whose first
    is at most 0xD7 for the 3,755 common characters. Only where neither is so are the languages' letters counted.
    """
    runs = [found.group() for found in islice(re.finditer(rb"[\x80-\xff]+", data), 10_000)]
    leads = [lead for run in runs if len(run) % 2 == 0 for lead in run[::2]]
    paired = sum(len(run) % 2 == 0 for run in runs) >= 0.9 * len(runs)
    if paired and sum(0xA1 <= lead <= 0xD7 for lead in leads) >= 0.7 * len(leads) and _decodes(data, "gb18030"):
        return "gb18030"
    if sum(map(len, runs)) > 2 * len(runs):
        from charset_normalizer import from_bytes

        lines = (line for line in data.splitlines() if not line.isascii())
        best = from_bytes(b"\n".join(islice(lines, 500))[:_SAMPLE]).best()
        if best is not None and _decodes(data, best.encoding):
            return best.encoding
    return "cp1252" if _decodes(data, "cp1252") else "latin-1"


def _separator(sample: str) -> str:
    """The separator that cuts most lines into as many cells as the first, into the most cells, and not before blanks."""
    lines = sample.splitlines(keepends=True)
    text = "".join(lines[:-1] if len(lines) > 1 and len(sample) >= _SAMPLE else lines)
    scores = {}
    for separator in SEPARATORS:
        counts = [len(row) for _, row in _rows(text, separator) if row]
        if counts and counts[0] > 1:
            alike = sum(count == counts[0] for count in counts) / len(counts)
            scores[separator] = (alike, counts[0], -text.count(separator + " "))
    if scores:
        return max(scores, key=lambda each: scores[each])
    return next((each for each in SEPARATORS if each not in text), ",")  # one column, whose cells may hold commas


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The line on which each row begins, and its cells; ends early where the csv module cannot go on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except (StopIteration, csv.Error):
            return


def _parsed(data: bytes, separator: str) -> Any:
    """An Arrow table of strings, its first row the headers."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    checked_size(2 + data.count(separator.encode()), 1)
    quoted = b'"' in data
    try:
        table = arrow.read_csv(
            pa.py_buffer(data),
            arrow.ReadOptions(use_threads=False, autogenerate_column_names=True, block_size=min(len(data) + 1, _BLOCK)),
            arrow.ParseOptions(delimiter=separator, newlines_in_values=quoted),
            arrow.ConvertOptions(column_types={f"f{place}": pa.string() for place in range(MOST_COLUMNS + 1)}),
        )
    except (pa.ArrowException, OSError) as error:
        raise _unequal(data, separator, error) from None
    checked_size(table.num_rows - 1, table.num_columns)
    last = [column[-1].as_py() for column in table.columns]
    if quoted and data.count(b'"') % 2 and any("\n" in cell or "\r" in cell for cell in last):
        raise BadData(
            Text(
                en='a quote (") that is opened stays open to the end of the file; close it, or write a quote inside a '
                'cell twice ("")',
                zh='有一个引号（"）直到文件末尾都没有闭合；请补上，单元格内的引号请写两次（""）',
            )
        )
    return table


def _unequal(data: bytes, separator: str, error: Exception) -> BadData:
    """The first row that is longer or shorter than the headers, by its line."""
    rows = ((line, row) for line, row in _rows(data.decode(), separator) if row)
    _, headers = next(rows, (1, []))
    word = SEPARATORS.get(separator, Text(repr(separator), repr(separator)))
    for line, row in rows:
        if len(row) != len(headers):
            return BadData(
                Text(
                    en=f"line {line} has {len(row)} cells, the header has {len(headers)}; a {word.en} inside a cell needs "
                    "quotes around the cell",
                    zh=f"第 {line} 行有 {len(row)} 格，表头有 {len(headers)} 格；单元格内若含{word.zh}，须用引号括起",
                )
            )
    return _uncut(error)


def _uncut(error: Exception) -> BadData:
    reason = str(error).splitlines()[0][:120]
    return BadData(
        Text(
            en=f"the text cannot be cut into rows and cells ({reason}); save the table again as CSV",
            zh=f"无法把文本切分为行和单元格（{reason}）；请重新另存为 CSV",
        )
    )


def _doubts(name: str, encoding: str | None, headers: list[str]) -> list[Text]:
    notes = []
    if encoding is None and not name.startswith("UTF"):
        notes.append(
            Text(
                en=f"the text is not UTF-8 and is read as {name}; if letters look wrong, name its encoding",
                zh=f"文本不是 UTF-8，按 {name} 读取；若文字显示有误，请指定编码",
            )
        )
    if len(headers) > 1 and all(re.fullmatch(r"\s*[+-]?\d+([.,]\d+)?\s*", header) for header in headers):
        notes.append(
            Text(
                en="the first line is taken for names, but holds only numbers; a table begins with the names of its columns",
                zh="第一行被当作列名，但其中只有数字；表格应以列名开头",
            )
        )
    return notes
