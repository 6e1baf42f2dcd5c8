"""How different are two maps of the same rows? Maps are (n, k); where they lie and how large they are counts for nothing.

Source: Gower 1975, Psychometrika 40(1) (Procrustes analysis). Departs from it: turning may be forbidden.
Parity: SciPy's procrustes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure

Found = Sequence[dict[str, Any]]
"""Of every table the "flipped", "turned" and "neighbours" of two maps, and the "degrees" and "ratios" of their axes."""


@measure(
    label=Text("difference of two maps", "两张图的差别"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0,
    high=100.0,
)  # fmt: skip
def map_difference(found: Found) -> float:
    """Per cent of a map's variance that the second map lacks, after flips alone; the mean over the tables."""
    return float(np.mean([each["flipped"] for each in found]))


@measure(
    label=Text("difference after the best turn", "转到最合之后的差别"), unit=PER_CENT, difference_unit=POINTS,
    better="lower", low=0.0, high=100.0,
)  # fmt: skip
def map_difference_after_turn(found: Found) -> float:
    """The same after the turn that brings the two nearest together."""
    return float(np.mean([each["turned"] for each in found]))


@measure(
    label=Text("neighbours in common", "共同的近邻"), unit=PER_CENT, difference_unit=POINTS, better="higher", low=0.0,
    high=100.0,
)  # fmt: skip
def neighbours_shared(found: Found) -> float:
    """Of a row's 10 nearest on one map, those that are among its 10 nearest on the other; the mean over the tables."""
    return float(np.mean([each["neighbours"] for each in found]))


@measure(
    label=Text("angle between the two last axes", "最后一根轴两次之间的夹角"), unit=Text("degrees", "度"),
    better="lower", low=0.0, high=90.0,
)  # fmt: skip
def last_axis_turned(found: Found) -> float:
    """Of the last of the axes that were looked for; the mean over the tables."""
    return float(np.mean([each["degrees"][-1] for each in found]))


@measure(
    label=Text("angle between the two axes", "两次的轴之间的夹角"), unit=Text("degrees", "度"), low=0.0, high=90.0,
    axis=Text("number of the axis", "第几根轴"),
)  # fmt: skip
def turned_by_axis(found: Found) -> Series:
    """From one run to the next; the mean over the tables."""
    return _by_axis([each["degrees"] for each in found])


@measure(
    label=Text("next eigenvalue in % of this one", "后一个特征值占这一个的百分比"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("number of the axis", "第几根轴"),
)  # fmt: skip
def next_eigenvalue_by_axis(found: Found) -> Series:
    """100 where two axes are equally wide and may turn into each other; the mean over the tables."""
    return _by_axis([each["ratios"] for each in found])


def left_after_flips(one: np.ndarray, other: np.ndarray) -> float:
    """Per cent of a map's variance that the other lacks, once each of its axes points the better of two ways."""
    products = _of_size_one(one).T @ _of_size_one(other)
    return _left(np.abs(np.diag(products)).sum())


def left_after_turn(one: np.ndarray, other: np.ndarray) -> float:
    """The same once the other map is turned, and mirrored if that helps, to lie as near to the first as it can."""
    products = _of_size_one(one).T @ _of_size_one(other)
    return _left(np.linalg.svd(products, compute_uv=False).sum())


def degrees_between(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(k,): angle in degrees, from 0 to 90, between the k-th of the unit columns of one matrix and of another."""
    along, aside = (one * other).sum(axis=0), one - other * (one * other).sum(axis=0)
    angles: np.ndarray = np.degrees(np.arctan2(np.linalg.norm(aside, axis=0), np.abs(along)))
    return angles


def _of_size_one(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=0)
    scaled: np.ndarray = centred / np.linalg.norm(centred)
    return scaled


def _left(agreement: float) -> float:
    return round(float(100 * max(0.0, 1 - agreement**2)), 9)  # below that it is rounding of the numbers themselves


def _by_axis(values: Sequence[Sequence[float]]) -> Series:
    means = np.mean(values, axis=0)
    return Series("axis", tuple(map(float, range(1, len(means) + 1))), tuple(map(float, means)))
