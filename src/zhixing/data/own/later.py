"""Rows that come after a model has learned, read as the rows were that it learned from.

What a cell means must not depend on which rows come with it: a block of a file that holds only whole numbers, or a date
that could be read both ways, is read by the form that the whole column had where the model learned.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.core import BadData, Text
from zhixing.core.errors import meant_by
from zhixing.data.own.cells import Form, finite, numbers, of_values, only_numbers, present, truths, written
from zhixing.data.own.dates import dates_as
from zhixing.data.own.loose import listed

if TYPE_CHECKING:
    import pandas


def as_learned(
    columns: Mapping[str, Any], forms: Mapping[str, Form], odd: Counter[str] | None = None
) -> "pandas.DataFrame":
    """The columns of `forms`, in its order, from Arrow strings, NumPy arrays or lists of Python values by name.

    A cell that does not suit its column is missing there, and counted in `odd` by the column's name. Other columns are
    dropped. Raises BadData for a column that is not there.
    """
    import pandas

    if absent := [name for name in forms if name not in columns]:
        raise missing(absent, list(columns))
    read = {}
    for name, form in forms.items():
        cells = _strings(columns[name], form)
        array = _read(cells, form)
        if odd is not None and (count := int(pandas.isna(array).sum()) - _gaps(cells)):
            odd[name] += count
        read[name] = pandas.Series(array, dtype=array.dtype)
    return pandas.DataFrame(read)


def _strings(cells: Any, form: Form) -> Any:
    """Arrow strings, or an array that is already of the form's kind."""
    import pyarrow as pa

    if isinstance(cells, list):
        cells = of_values(cells)
    if not isinstance(cells, np.ndarray):
        return present(cells, form.values)
    suited = {"number": "iuf", "date": "M", "truth": "b", "words": "O"}[form.kind]
    if cells.dtype.kind in suited:
        return cells
    import pandas

    gaps = pandas.isna(cells)
    words = [None if gap else written(value) for value, gap in zip(cells.tolist(), gaps, strict=True)]
    return present(pa.chunked_array([pa.array(words, pa.string())]), form.values)


def _read(cells: Any, form: Form) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(cells, np.ndarray):
        return finite(cells.astype(np.float64)) if form.kind == "number" and cells.dtype.kind == "f" else cells
    if form.kind == "number":
        return numbers(only_numbers(cells, form.mark), form.mark)
    if form.kind == "date":
        return dates_as(cells, form.mark)
    if form.kind == "truth":
        known = pc.match_substring_regex(cells, "^(?i:true|false)$")
        if cells.null_count == 0 and pc.all(known).as_py() is not False:
            return truths(cells)
        cells = pc.if_else(known, pc.utf8_lower(cells), pa.scalar(None, pa.string()))
        return np.array([np.nan if cell is None else float(cell == "true") for cell in cells.to_pylist()])
    return np.asarray(cells.to_numpy(), dtype=object)


def _gaps(cells: Any) -> int:
    import pandas

    return int(pandas.isna(cells).sum()) if isinstance(cells, np.ndarray) else int(cells.null_count)


def missing(names: list[str], there: list[str]) -> BadData:
    """The error of columns that a run needs and that are not among those that are there."""
    near = meant_by(names[0], there)
    meant = Text(f"{near.en} ", near.zh) if near else Text("", "")
    absent, some = listed(names), listed(there, most=20)
    return BadData(
        Text(
            en=f"missing: {absent.en}, from which the run learned; {meant.en}(columns: {some.en})",
            zh=f"缺少 {absent.zh}，而这次运行是从这些列学习的；{meant.zh}（现有列：{some.zh}）",
        )
    )
