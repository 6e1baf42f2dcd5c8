"""What two dimensions keep of rows that lie on something curved. In NumPy.

Sources: van der Maaten, Postma and van den Herik 2009, TiCC TR 2009-005 (nearest neighbours judge maps).
Departs from it: neighbours on a rolled sheet are those of the sheet laid flat, which is known here.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.maps import neighbours_of
from zhixing.evaluate.measure import PER_CENT, POINTS, measure

Found = Sequence[dict[str, Any]]
"""Of every data set what was found: "neighbours" kept of the columns, and "sheet", "strangers", "line" or "nearest"."""
FAR = 15.0
"""Length along the sheet from which a neighbour is a stranger: the turns of the roll are 6 apart in the room."""
PARTS = 6
"""Of the length of the sheet, from the inner end."""


def strangers(places: np.ndarray, sheet: np.ndarray, count: int = 10) -> list[float]:
    """Per cent of a row's `count` nearest on the map that are FAR or farther on the sheet (n, 2), for each of PARTS."""
    near = neighbours_of(places, count)
    away = np.linalg.norm(sheet[near] - sheet[:, None], axis=2) >= FAR
    by_place = np.array_split(away.mean(axis=1)[np.argsort(sheet[:, 0])], PARTS)
    return [float(100 * part.mean()) for part in by_place]


def _of(found: Found, name: str) -> float:
    return float(np.mean([each[name] for each in found if name in each]))


@measure(
    label=Text("neighbours kept of the rolled sheet", "卷起的纸上保留的近邻"), unit=PER_CENT, difference_unit=POINTS,
    better="higher", low=0.0, high=100.0,
)  # fmt: skip
def sheet_kept(found: Found) -> float:
    """Of a point's 10 nearest on the sheet laid flat, those that are among its 10 nearest on the map."""
    return _of(found, "sheet")


@measure(
    label=Text("error of a line between the rings", "用直线分开两环的错误率"), unit=PER_CENT, difference_unit=POINTS,
    better="lower", low=0.0, high=100.0,
)  # fmt: skip
def line_error(found: Found) -> float:
    """Of a line across the map, drawn by logistic regression on every second point, for the others."""
    return _of(found, "line")


@measure(
    label=Text("error of the nearest digit", "最近的数字的错误率"), unit=PER_CENT, difference_unit=POINTS, better="lower",
    low=0.0, high=100.0,
)  # fmt: skip
def nearest_digit_error(found: Found) -> float:
    """Digits whose nearest on the map is another digit."""
    return _of(found, "digit")


@measure(
    label=Text("error of the nearest row, tables", "最近的行的错误率（表格）"), unit=PER_CENT, difference_unit=POINTS,
    better="lower", low=0.0, high=100.0,
)  # fmt: skip
def nearest_row_error(found: Found) -> float:
    """Rows whose nearest on the map has another class; the mean over the tables of measured columns."""
    return _of(found, "row")


@measure(
    label=Text("neighbours on the map from another turn of the roll", "图上来自卷的另一圈的近邻"), unit=PER_CENT, low=0.0,
    high=100.0, axis=Text("sixth of the sheet, from the inner end", "纸的第几段（共六段，由内向外）"),
)  # fmt: skip
def strangers_by_place(found: Found) -> Series:
    """Of the 10 nearest on the map, those that are far away along the sheet."""
    values = next(each["strangers"] for each in found if "strangers" in each)
    return Series("part", tuple(map(float, range(1, len(values) + 1))), tuple(values))


@measure(
    label=Text("neighbours kept of the columns", "原各列中保留的近邻"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("data: 1 roll, 2 rings, 3 digits, then tables", "数据：1 卷、2 环、3 数字，其后为表格"),
)  # fmt: skip
def neighbours_kept_by_data(found: Found) -> Series:
    """Of a row's 10 nearest in all columns, those that are among its 10 nearest on the map."""
    return Series("data", tuple(map(float, range(1, len(found) + 1))), tuple(each["neighbours"] for each in found))
