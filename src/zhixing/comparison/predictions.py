"""Predictions of a run, written as they come: a file larger than the memory passes through in blocks."""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from zhixing import data
from zhixing.comparison.costs import Costs, Decision, decision
from zhixing.core import BadData, BadSetting, Text
from zhixing.core.errors import meant_by

if TYPE_CHECKING:
    import pandas

    from zhixing.comparison.runs import Run

WRITTEN = (".csv", ".jsonl", ".parquet")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet may take for the beginning of a formula."""


def write_predictions(run: "Run", path: str | Path, out: str | Path | BinaryIO, *, costs: Costs | None = None) -> int:
    """Writes what the run says of each row at the path, in the rows' order, and returns their number.

    `out` is a new file that ends in .csv, .jsonl or .parquet, there when it is whole and not before, or an open one for
    CSV. Of two classes the cheaper answer by `costs` is the prediction. Raises BadSetting for a file that is there already
    or of another kind, BadData where the rows cannot be read.
    """
    decided = decision(run, costs)
    tables = _tables(run, path, decided)
    if not isinstance(out, str | Path):
        return _write(tables, out, ".csv")
    place = Path(out).expanduser()
    ending = place.suffix.lower()
    if ending not in WRITTEN:
        near = meant_by(ending, WRITTEN)
        meant = Text(f"; {near.en}", f"；{near.zh}") if near else Text("", "")
        raise BadSetting(
            Text(
                en=f"predictions are written to {', '.join(WRITTEN)}, not to {place.name!r}{meant.en}",
                zh=f"预测结果可写入 {'、'.join(WRITTEN)}，不能写入 {place.name!r}{meant.zh}",
            )
        )
    if place.exists():
        raise BadSetting(
            Text(
                en=f"{place} is there already; name another file, or take that one away first",
                zh=f"{place} 已经存在；请换一个文件名，或先移走它",
            )
        )
    with _whole(place) as file:
        return _write(tables, file, ending)


def _tables(run: "Run", path: str | Path, decided: Decision | None) -> "Iterator[pandas.DataFrame]":
    """What is written, block after block; of files with the name of each before its prediction."""
    files = data.later_files(run.card, str(path))
    for answers in run.answers(path):
        table = run.told(answers, decided)
        if files is not None:
            table.insert(0, "file", next(files))
        yield table


@contextmanager
def _whole(place: Path) -> Iterator[BinaryIO]:
    """A file beside the place that takes its name when all is written, and is gone when something fails."""
    unfinished = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with unfinished.open("xb") as file:
            yield file
        unfinished.replace(place)
    except OSError as error:
        raise BadData(
            Text(
                en=f"{place} cannot be written ({error.strerror or error}); choose another folder",
                zh=f"无法写入 {place}（{error.strerror or error}）；请换一个文件夹",
            )
        ) from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _write(tables: "Iterable[pandas.DataFrame]", file: BinaryIO, ending: str) -> int:
    if ending == ".parquet":
        return _parquet(tables, file)
    count = 0
    for table in tables:
        if ending == ".jsonl":
            rows = (json.dumps(row, ensure_ascii=False) for row in table.to_dict("records"))
            file.write("".join(f"{row}\n" for row in rows).encode())
        else:
            file.write(_csv(table, header=count == 0).encode())
        count += len(table)
    return count


def _csv(table: "pandas.DataFrame", *, header: bool) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    if header:
        writer.writerow([_plain(name) for name in table.columns])
    writer.writerows([_plain(cell) for cell in row] for row in table.itertuples(index=False))
    return text.getvalue()


def _plain(cell: Any) -> Any:
    """A word that no spreadsheet takes for a formula; numbers stay as they are, every digit of them."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    with suppress(ValueError):
        float(cell)
        return True
    return False


def _parquet(tables: "Iterable[pandas.DataFrame]", file: BinaryIO) -> int:
    import pyarrow
    from pyarrow import parquet

    writer, count = None, 0
    for table in tables:
        block = pyarrow.Table.from_pandas(table, preserve_index=False)
        writer = writer or parquet.ParquetWriter(file, block.schema)
        writer.write_table(block)
        count += len(table)
    if writer is not None:
        writer.close()
    return count
