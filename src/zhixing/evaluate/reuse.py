"""What is lost where axes that were learned from some rows stand for others. In NumPy.

Source: the shares of variance of Pearson 1901 and Jolliffe 2002, Principal Component Analysis, section 6.1.
Departs from them: the rows judged did not choose the middle or the axes, and a wrong middle counts as lost.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure

Found = Sequence[dict[str, Any]]
"""Of every table the numbers of "rows" that axes were learned from, and what was "lost" and lost to the "middle" of each."""
FEW = 10
"""Rows that axes are learned from, of the measure of few rows."""


def lost_off_axes(rows: np.ndarray, centre: np.ndarray, axes: np.ndarray) -> tuple[float, float]:
    """What of rows (n, c) is lost when only their places along `axes` (c, k) through `centre` (c,) are kept.

    In per cent of the squared distances of the rows from their own mean; the second number is the part of it that
    is due to the centre: what would not be lost if the axes went through the rows' own mean.
    """
    own = rows.mean(axis=0)
    whole = ((rows - own) ** 2).sum()
    beside = _off(rows - own, axes)
    aside = _off((own - centre)[None], axes) * len(rows)
    return float(100 * (beside + aside) / whole), float(100 * aside / whole)


@measure(
    label=Text("loss along axes of 10 rows", "沿 10 行的轴的损失"), unit=PER_CENT, difference_unit=POINTS, better="lower",
    low=0.0,
)  # fmt: skip
def lost_with_few(found: Found) -> float:
    """Of the variance of the rows judged, off two axes learned from 10 rows; the mean over the tables."""
    return float(np.mean([each["lost"][each["rows"].index(FEW)] for each in found]))


@measure(
    label=Text("loss along axes of many rows", "沿许多行的轴的损失"), unit=PER_CENT, difference_unit=POINTS,
    better="lower", low=0.0,
)  # fmt: skip
def lost_with_many(found: Found) -> float:
    """Of the variance of the rows judged, off two axes learned from the largest number of rows; the mean over the tables."""
    return float(np.mean([each["lost"][-1] for each in found]))


@measure(
    label=Text("loss along two axes", "沿两根轴的损失"), unit=PER_CENT, low=0.0,
    axis=Text("rows that the axes were learned from", "学轴所用的行数"),
)  # fmt: skip
def lost_by_rows(found: Found) -> Series:
    """Of the variance of the rows judged; the mean over the tables."""
    return _series(found, "lost")


@measure(
    label=Text("loss by a wrong middle", "中心不对造成的损失"), unit=PER_CENT, low=0.0,
    axis=Text("rows that the axes were learned from", "学轴所用的行数"),
)  # fmt: skip
def lost_to_middle_by_rows(found: Found) -> Series:
    """The part that would not be lost if the axes went through the mean of the rows judged; the mean over the tables."""
    return _series(found, "middle")


def _off(rows: np.ndarray, axes: np.ndarray) -> float:
    """Squared distances of the rows from the space that the axes span, added up."""
    return float(((rows - rows @ axes @ axes.T) ** 2).sum())


def _series(found: Found, name: str) -> Series:
    means = np.mean([each[name] for each in found], axis=0)
    return Series("rows", tuple(map(float, found[0]["rows"])), tuple(map(float, means)))
