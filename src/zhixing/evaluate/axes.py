"""How much of a table its new axes keep, in NumPy. Measures take what was found on every table."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure

Found = Sequence[dict[str, Any]]
AXES = 2
"""Axes of the headline measure: as many as a map has."""
ANGLES = (0, 10, 20, 30, 45, 60, 75, 90)
TURNS = 200


@measure(
    label=Text("variance kept by two axes", "两根轴保留的方差"), unit=PER_CENT, difference_unit=POINTS, better="higher",
    low=0.0, high=100.0,
)  # fmt: skip
def variance_kept(found: Found) -> float:
    """Of the test rows' variance over all columns, averaged over the tables."""
    return float(np.mean([each["kept"][AXES - 1] for each in found]))


@measure(
    label=Text("variance kept", "保留的方差"), unit=PER_CENT, difference_unit=POINTS, low=0.0, high=100.0,
    axis=Text("number of axes", "轴的数目"),
)  # fmt: skip
def variance_kept_by_axes(found: Found) -> Series:
    """Of the test rows, by the first 1, 2, ... axes, averaged over the tables."""
    kept = np.mean([each["kept"] for each in found], axis=0)
    return Series("axes", tuple(range(1, len(kept) + 1)), tuple(kept.tolist()))


@measure(
    label=Text("correlation left between the new columns", "新列之间剩余的相关系数"), unit=Text("", ""),
    better="lower", low=0.0, high=1.0,
)  # fmt: skip
def correlation_left(found: Found) -> float:
    """Mean absolute correlation over all pairs of new columns of the test rows, averaged over the tables."""
    return float(np.mean([each["correlation"] for each in found]))


@measure(
    label=Text("most variance after a turn of the first axis", "第一根轴转动后的最大方差"),
    unit=Text("% of the unturned axis's", "%（占未转动时）"), low=0.0, axis=Text("angle in degrees", "转角（度）"),
)  # fmt: skip
def variance_after_turn(found: Found) -> Series:
    """The most that 200 random ways to turn by an angle reach: above 100 where the axis was not the best."""
    return Series(
        "angle", tuple(map(float, ANGLES)), tuple(np.mean([each["turned"] for each in found], axis=0).tolist())
    )


def kept_by_first(inputs: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Share of the variance of the rows, in per cent, along the first 1, 2, ... of orthogonal axes (columns, k)."""
    along = (inputs @ axes).var(axis=0)
    shares: np.ndarray = 100 * np.cumsum(along) / inputs.var(axis=0).sum()
    return shares


def mean_correlation(columns: np.ndarray) -> float:
    """Mean absolute correlation over the pairs of columns; a column that does not change is left out."""
    moving = columns[:, columns.std(axis=0) > 1e-9]
    matrix = np.corrcoef(moving, rowvar=False)
    return float(np.abs(matrix[np.triu_indices(len(matrix), 1)]).mean())


def most_after_turn(inputs: np.ndarray, axis: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The largest variance of the rows, in per cent of that along `axis`, over TURNS random turns by each of ANGLES."""
    aside = generator.standard_normal((len(axis), TURNS))
    aside -= np.outer(axis, axis @ aside)
    aside /= np.linalg.norm(aside, axis=0)
    angles = np.radians(ANGLES)
    most = [(inputs @ (np.cos(a) * axis[:, None] + np.sin(a) * aside)).var(axis=0).max() for a in angles]
    shares: np.ndarray = 100 * np.array(most) / (inputs @ axis).var()
    return shares
