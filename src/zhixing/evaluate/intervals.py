"""Do intervals hold what they promise? In NumPy; measures take what was found on every table.

For each table that is: `inside` (1 where the target lay in its interval), `width` in the target's own standard
deviations, `loss`, and `beyond`, how far the row lies outside the training rows: 0 for rows among them.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure

Found = Sequence[dict[str, Any]]
EDGES = (0.0, 0.25, 0.5, 1.0, 2.0)
"""Rows beyond are counted between two of these; the places on the axis are the middles."""


@measure(
    label=Text("coverage far from the data", "远离数据处的覆盖率"), unit=PER_CENT, difference_unit=POINTS,
    better="higher", low=0.0, high=100.0,
)  # fmt: skip
def far_coverage(found: Found) -> float:
    """Targets inside their interval among rows of the region left out, averaged over the tables."""
    return float(np.mean([100 * np.mean(_of(each, "inside")[_of(each, "beyond") > 0]) for each in found]))


@measure(
    label=Text("coverage near the data", "数据附近的覆盖率"), unit=PER_CENT, difference_unit=POINTS, better="higher",
    low=0.0, high=100.0,
)  # fmt: skip
def near_coverage(found: Found) -> float:
    """Targets inside their interval among test rows of the training region, averaged over the tables."""
    return float(np.mean([100 * np.mean(_of(each, "inside")[_of(each, "beyond") == 0]) for each in found]))


@measure(label=Text("log loss near the data", "数据附近的对数损失"), unit=Text("nats", "奈特"), better="lower")
def near_loss(found: Found) -> float:
    """Mean of -log density of the target in the training region, averaged over the tables."""
    return float(np.mean([np.mean(_of(each, "loss")[_of(each, "beyond") == 0]) for each in found]))


@measure(
    label=Text("coverage", "覆盖率"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("standard deviations beyond the training rows", "超出训练数据的标准差数"),
)  # fmt: skip
def coverage_by_distance(found: Found) -> Series:
    """Over the rows of all tables together, by how far the row is beyond the training rows."""
    return _by_distance(found, "inside", 100.0)


@measure(
    label=Text("width of the interval", "区间宽度"), unit=Text("standard deviations of the target", "目标的标准差"), low=0.0,
    axis=Text("standard deviations beyond the training rows", "超出训练数据的标准差数"),
)  # fmt: skip
def width_by_distance(found: Found) -> Series:
    """Over the rows of all tables together, by how far the row is beyond the training rows."""
    return _by_distance(found, "width", 1.0)


def normal_intervals(
    mean: np.ndarray, deviation: np.ndarray, targets: np.ndarray, level: float = 0.9
) -> dict[str, Any]:
    """Per row: whether the central interval of a normal distribution holds the target, its width, and -log density."""
    from scipy.stats import norm

    half = deviation * norm.ppf((1 + level) / 2)
    return {
        "inside": (np.abs(targets - mean) <= half).astype(float).tolist(),
        "width": (2 * half).tolist(),
        "loss": np.negative(norm.logpdf(targets, mean, deviation)).tolist(),
    }


def _by_distance(found: Found, name: str, scale: float) -> Series:
    values, beyond = (np.concatenate([_of(each, of) for each in found]) for of in (name, "beyond"))
    groups = [beyond == 0] + [(beyond > low) & (beyond <= high) for low, high in pairwise(EDGES)]
    middles = [0.0, *((low + high) / 2 for low, high in pairwise(EDGES))]
    there = [(at, group) for at, group in zip(middles, groups, strict=True) if group.any()]
    return Series(
        "beyond", tuple(at for at, _ in there), tuple(float(scale * values[group].mean()) for _, group in there)
    )


def _of(each: dict[str, Any], name: str) -> np.ndarray:
    return np.array(each[name])
