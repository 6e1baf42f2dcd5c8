"""How well the nearest row on a few axes tells classes apart, and how far apart the classes lie there. In NumPy."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure

Found = Sequence[dict[str, Any]]
"""Of every table, the pictures first: numbers of "examples" of each class, and the "errors", "promised" and "held" at each."""
FEW, MANY = 2, 30
"""Examples of each class, of the headline measures."""


def nearest_error(known: np.ndarray, targets: np.ndarray, judged: np.ndarray, truth: np.ndarray) -> float:
    """Per cent of the `judged` rows (m, k) whose nearest of the `known` rows (n, k) has another class."""
    from scipy.spatial.distance import cdist

    found = targets[cdist(judged, known).argmin(axis=1)]
    return float(100 * np.mean(found != truth))


def apart(rows: np.ndarray, targets: np.ndarray) -> float:
    """Per cent of the variance of rows (n, k) that lies between the means of their classes; 0 where there is none."""
    centred = rows - rows.mean(axis=0)
    classes, place, counts = np.unique(targets, return_inverse=True, return_counts=True)
    means = np.stack([centred[place == one].mean(axis=0) for one in range(len(classes))])
    whole = float((centred**2).sum())
    return float(100 * (counts @ means**2).sum() / whole) if whole > 0 else 0.0


@measure(
    label=Text("error on digits from 2 examples a class", "每类 2 个样本时数字上的错误率"), unit=PER_CENT,
    difference_unit=POINTS, better="lower", low=0.0, high=100.0,
)  # fmt: skip
def few_error_on_digits(found: Found) -> float:
    """Of the nearest neighbour, with 2 examples of each class, on the pictures."""
    return _error(found[:1], FEW)


@measure(
    label=Text("error on tables from 2 examples a class", "每类 2 个样本时表格上的错误率"), unit=PER_CENT,
    difference_unit=POINTS, better="lower", low=0.0, high=100.0,
)  # fmt: skip
def few_error_on_tables(found: Found) -> float:
    """Of the nearest neighbour, with 2 examples of each class; the mean over the tables that are no pictures."""
    return _error(found[1:], FEW)


@measure(
    label=Text("error from 30 examples a class", "每类 30 个样本时的错误率"), unit=PER_CENT, difference_unit=POINTS,
    better="lower", low=0.0, high=100.0,
)  # fmt: skip
def many_error(found: Found) -> float:
    """Of the nearest neighbour, with 30 examples of each class; the mean over all data."""
    return _error(found, MANY)


@measure(
    label=Text("error, all data", "错误率（全部数据）"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("examples of each class", "每类的样本数"),
)  # fmt: skip
def error_by_class_examples(found: Found) -> Series:
    """Of the nearest neighbour; the mean over all data."""
    return _series(found, "errors")


@measure(
    label=Text("classes apart on their own rows", "各类在学习行上分开的程度"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("examples of each class", "每类的样本数"),
)  # fmt: skip
def apart_promised(found: Found) -> Series:
    """Variance between the classes' means along the axes, for the rows that chose the axes; the mean over all data."""
    return _series(found, "promised")


@measure(
    label=Text("classes apart on new rows", "各类在新行上分开的程度"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("examples of each class", "每类的样本数"),
)  # fmt: skip
def apart_held(found: Found) -> Series:
    """The same for rows that chose nothing; the mean over all data."""
    return _series(found, "held")


def _error(found: Found, examples: int) -> float:
    return float(np.mean([each["errors"][each["examples"].index(examples)] for each in found]))


def _series(found: Found, name: str) -> Series:
    means = np.mean([each[name] for each in found], axis=0)
    return Series("examples", tuple(map(float, found[0]["examples"])), tuple(map(float, means)))
