"""Tables in Excel workbooks, Parquet files and lines of JSON. Nothing in them is executed: formulas are their values."""

import io
import json
import warnings
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

import numpy as np

from zhixing.core import BadData, Text, UnknownName
from zhixing.data.own.cells import finite, of_values
from zhixing.data.own.loose import MOST_CELLS, MOST_COLUMNS, Loose, checked_size

_EXCEL_ROWS = 1_048_576  # a row may claim any number, and those before it come empty


def workbook(data: bytes, *, sheet: str | None, most_bytes: int) -> Loose:
    """One sheet of an .xlsx, the first if none is named: headers in its first row that holds anything, then rows.

    Raises BadData for a workbook that is broken, that is larger unpacked than `most_bytes` or whose sheet is empty,
    UnknownName for a sheet that is not there.
    """
    broken = BadData(
        Text(
            en="this is no Excel workbook that can be read: broken, protected by a password or an old .xls; save it again "
            "as .xlsx or CSV",
            zh="无法作为 Excel 工作簿读取：文件损坏、有密码保护或是旧版 .xls；请重新另存为 .xlsx 或 CSV",
        )
    )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except Exception:  # zipfile meets broken bytes with errors of many kinds
        raise broken from None
    if unpacked > most_bytes:
        raise BadData(
            Text(
                en=f"the workbook unpacks to {unpacked:,} bytes, the most is {most_bytes:,}; save the sheet as Parquet or CSV, "
                "or take a sample of its rows",
                zh=f"工作簿解压后有 {unpacked:,} 字节，上限为 {most_bytes:,}；请另存为 Parquet 或 CSV，或抽取一部分行",
            )
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _sheet(data, sheet)
    except (BadData, UnknownName, MemoryError):
        raise
    except Exception:  # openpyxl likewise
        raise broken from None


def _sheet(data: bytes, sheet: str | None) -> Loose:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    sheets = {each.title: each for each in book.worksheets}
    if sheet is not None and sheet not in sheets:
        raise UnknownName(Text("sheet", "工作表"), sheet, sheets)
    title = next(iter(sheets)) if sheet is None else sheet
    sheets[title].reset_dimensions()  # what the file claims of its size may be anything
    rows: list[tuple[Any, ...]] = []
    width = 0
    for row in islice(sheets[title].iter_rows(values_only=True), _EXCEL_ROWS):
        while row and row[-1] in (None, ""):
            row = row[:-1]
        if row:
            rows.append(row)
            width = max(width, len(row))
            if width > MOST_COLUMNS or (len(rows) - 1) * width > MOST_CELLS:
                break
    checked_size(len(rows) - 1 if rows else 0, width)
    headers, *body = [row + (None,) * (width - len(row)) for row in rows]
    columns = [of_values([row[place] for row in body]) for place in range(width)]
    form = Text(f"Excel, sheet {title!r}", f"Excel，工作表 {title!r}")
    notes = []
    if sheet is None and len(sheets) > 1:
        others = ", ".join(repr(each) for each in sheets if each != title)
        notes.append(
            Text(
                en=f"the first sheet {title!r} is read; there are others: {others}",
                zh=f"读取的是第一个工作表 {title!r}；另有：{others}",
            )
        )
    return Loose(list(headers), columns, form, notes)


_LINES = 20_000  # of JSON in a block


def line_blocks(file: BinaryIO) -> Iterator[Loose]:
    """The same in blocks of lines; a name that no line of a block has is a missing column there."""
    first = 1
    while block := list(islice(file, _LINES)):
        content = b"".join(block)
        if first == 1 or content.strip():
            yield lines(content, first=first, fewest=1)
        first += len(block)


def parquet_blocks(file: BinaryIO) -> Iterator[Loose]:
    """The rows of a Parquet file in blocks, each with the types that the file states."""
    import pyarrow as pa
    from pyarrow import parquet as pq

    try:
        for batch in pq.ParquetFile(file).iter_batches(batch_size=_LINES, use_threads=False):
            columns = [
                _declared(name, pa.chunked_array([column]))
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            ]
            yield Loose(batch.schema.names, columns, Text("Parquet", "Parquet"), [])
    except (pa.ArrowException, ValueError):
        raise _no_parquet() from None


def lines(data: bytes, *, first: int = 1, fewest: int = 2) -> Loose:
    """One JSON object on each line; a name that a line leaves out is missing there.

    Raises BadData, with the number of the line, for anything else, and for a value that is a list or an object.
    """
    columns: dict[str, list[Any]] = {}
    count = 0
    for number, line in enumerate(io.BytesIO(data.removeprefix(b"\xef\xbb\xbf")), start=first):
        if not line.strip():
            continue
        for name, value in _object(line, number).items():
            if isinstance(value, list | dict):
                raise BadData(
                    Text(
                        en=f"line {number}: {name!r} holds a {'list' if isinstance(value, list) else 'object'}; a cell of a "
                        "table is one value, so spread it over columns of its own",
                        zh=f"第 {number} 行：{name!r} 是{'列表' if isinstance(value, list) else '对象'}；"
                        "表格的单元格只能有一个值，请拆成多列",
                    )
                )
            column = columns.setdefault(name, [])
            column.extend([None] * (count - len(column)))
            column.append(value)
        count += 1
        if len(columns) > MOST_COLUMNS or count * len(columns) > MOST_CELLS:
            break
    checked_size(count, len(columns), fewest=fewest)
    for column in columns.values():
        column.extend([None] * (count - len(column)))
    return Loose(list(columns), [of_values(each) for each in columns.values()], Text("lines of JSON", "JSON 行"), [])


def _object(line: bytes, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise BadData(
            Text(
                en=f"line {number} is no JSON in UTF-8 ({reason}); each line must be one whole object",
                zh=f"第 {number} 行不是 UTF-8 编码的 JSON（{reason}）；每行必须是一个完整的对象",
            )
        ) from None
    if not isinstance(found, dict) or not found:
        raise BadData(
            Text(
                en=f'line {number} is no JSON object with names; each line must look like {{"age": 41, "city": "Oslo"}}',
                zh=f'第 {number} 行不是带名字的 JSON 对象；每行应形如 {{"age": 41, "city": "Oslo"}}',
            )
        )
    return found


def parquet(data: bytes) -> Loose:
    """The columns of a Parquet file with the types that it states; text stays text.

    Raises BadData for a file that is broken, and for a column of lists, structures or bytes.
    """
    import pyarrow as pa
    from pyarrow import parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        checked_size(file.metadata.num_rows, len(file.schema_arrow))
        table = file.read(use_threads=False)
        columns = [_declared(name, column) for name, column in zip(table.column_names, table.columns, strict=True)]
    except (pa.ArrowException, OSError, ValueError):
        raise _no_parquet() from None
    return Loose(list(table.column_names), columns, Text("Parquet", "Parquet"), [])


def _no_parquet() -> BadData:
    return BadData(
        Text(
            en="this is no Parquet file that can be read: broken or cut short; write it again",
            zh="无法作为 Parquet 文件读取：文件损坏或不完整；请重新写出",
        )
    )


def _declared(name: str, column: Any) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_boolean(kind) and not column.null_count:
        return np.asarray(column.to_numpy())
    if pa.types.is_signed_integer(kind) and not column.null_count:
        return np.asarray(pc.cast(column, pa.int64()).to_numpy())
    if pa.types.is_unsigned_integer(kind) and not column.null_count and pc.max(column).as_py() < 2**63:
        return np.asarray(pc.cast(column, pa.int64()).to_numpy())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return finite(pc.cast(column, pa.float64(), safe=False).to_numpy())
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return np.asarray(pc.cast(column, pa.timestamp("us"), safe=False).to_numpy()).astype("datetime64[us]")
    if pa.types.is_boolean(kind) or pa.types.is_time(kind):
        column = pc.cast(column, pa.string())
    elif not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        raise BadData(
            Text(
                en=f"column {name!r} holds {kind}; a table has numbers, dates, truth values or text in its cells",
                zh=f"列 {name!r} 的类型是 {kind}；表格的单元格只能是数字、日期、真假值或文本",
            )
        )
    return np.asarray(column.to_numpy())
