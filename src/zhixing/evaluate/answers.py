"""What else is worth knowing of answers to a table: per class, over all thresholds, of the probabilities, of intervals.

Sources: Sokolova and Lapalme 2009, Inf. Process. Manag. 45, Table 3 (macro averages; the micro average of F1 is the
share of right answers where each row has one class, so it is not repeated here); Vovk, Gammerman and Shafer 2005, "Algorithmic
Learning in a Random World", Section 4.1, and Lei et al. 2018, arXiv:1604.04173, Algorithm 2 (split conformal intervals).
Departs from them: classes that no row has are left out of an average. Parity: scikit-learn; a loop for the intervals.
Measures take probabilities (n, classes) or amounts (n,), and targets (n,).
"""

from collections.abc import Callable

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.calibration import confidences, expected_error
from zhixing.evaluate.contest import OWN_UNITS
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.evaluate.thresholds import (
    Confusion,
    Sweep,
    area_under_roc,
    area_under_steps,
    confusion,
    harmonic_mean,
    precision_at,
    recall_at,
    sweep,
)

LEVEL = 0.9
"""The share of targets that an interval is to hold."""
BY_NAME = Text("class, in the order of their names", "类别（按名称排序）")
RECALLS = np.linspace(0.05, 1, 20)
ALARMS = np.linspace(0, 1, 21)
"""Places along a curve at which it is read."""


@measure(
    label=Text("precision, mean over classes", "精确率（各类平均）"), unit=PER_CENT, difference_unit=POINTS,
    better="higher", low=0.0, high=100.0,
)  # fmt: skip
def macro_precision(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Of the rows taken for a class, the share that are of it; 0 for a class that none is taken for."""
    return _mean(_precision, probabilities, targets)


@measure(
    label=Text("recall, mean over classes", "召回率（各类平均）"), unit=PER_CENT, difference_unit=POINTS,
    better="higher", low=0.0, high=100.0,
)  # fmt: skip
def macro_recall(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Of the rows of a class, the share taken for it; 100 less the balanced error."""
    return _mean(_recall, probabilities, targets)


@measure(
    label=Text("F1, mean over classes", "F1（各类平均）"), unit=PER_CENT, difference_unit=POINTS, better="higher",
    low=0.0, high=100.0,
)  # fmt: skip
def macro_f1(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """The harmonic mean of precision and recall of each class, averaged."""
    return _mean(harmonic_mean, probabilities, targets)


@measure(
    label=Text("precision of each class", "每一类的精确率"), unit=PER_CENT, low=0.0, high=100.0, axis=BY_NAME
)  # fmt: skip
def precision_by_class(probabilities: np.ndarray, targets: np.ndarray) -> Series:
    """Of the rows taken for each class, the share that are of it."""
    return _by_class(_precision, probabilities, targets)


@measure(label=Text("recall of each class", "每一类的召回率"), unit=PER_CENT, low=0.0, high=100.0, axis=BY_NAME)
def recall_by_class(probabilities: np.ndarray, targets: np.ndarray) -> Series:
    """Of the rows of each class, the share taken for it."""
    return _by_class(_recall, probabilities, targets)


@measure(label=Text("F1 of each class", "每一类的 F1"), unit=PER_CENT, low=0.0, high=100.0, axis=BY_NAME)
def f1_by_class(probabilities: np.ndarray, targets: np.ndarray) -> Series:
    """The harmonic mean of precision and recall."""
    return _by_class(harmonic_mean, probabilities, targets)


@measure(
    label=Text("area under the ROC curve", "ROC 曲线下面积"), unit=PER_CENT, difference_unit=POINTS, better="higher",
    low=0.0, high=100.0,
)  # fmt: skip
def roc_area_of_classes(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Of each class against the rest, averaged over the classes; with two classes both are the same."""
    return _mean_area(area_under_roc, probabilities, targets)


@measure(
    label=Text("area under the precision-recall curve", "PR 曲线下面积"), unit=PER_CENT, difference_unit=POINTS,
    better="higher", low=0.0, high=100.0,
)  # fmt: skip
def average_precision_of_classes(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """The sum of steps under the curve of each class against the rest, averaged over the classes."""
    return _mean_area(area_under_steps, probabilities, targets)


@measure(
    label=Text("precision at each recall", "各召回率下的精确率"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("recall (%)", "召回率（%）"),
)  # fmt: skip
def precision_of_classes(probabilities: np.ndarray, targets: np.ndarray) -> Series:
    """At the strictest threshold that finds each share of a class, each class against the rest, averaged over them."""
    return Series("recall", tuple(100 * RECALLS), _mean_curve(precision_at, RECALLS, probabilities, targets))


@measure(
    label=Text("recall at each rate of false alarms", "各误报率下的召回率"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("false alarms (% of the other rows)", "误报率（占其余行的 %）"),
)  # fmt: skip
def recall_of_classes(probabilities: np.ndarray, targets: np.ndarray) -> Series:
    """The most of a class found at each rate of false alarms, each class against the rest, averaged over them."""
    return Series("alarms", tuple(100 * ALARMS), _mean_curve(recall_at, ALARMS, probabilities, targets))


@measure(
    label=Text("calibration error", "校准误差"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0,
    high=100.0,
)  # fmt: skip
def calibration_error_of_answers(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Expected calibration error of the most probable class, in 15 bins."""
    return 100 * expected_error(*confidences(probabilities, targets))


@measure(
    label=Text("targets inside the 90 % interval", "落在 90% 区间内的比例"), unit=PER_CENT, difference_unit=POINTS,
    low=0.0, high=100.0,
)  # fmt: skip
def interval_coverage(answers: np.ndarray, targets: np.ndarray) -> float:
    """Of all rows, with the interval of each that `halves_judged` gives; 90 if the intervals hold what they promise."""
    reach = halves_judged(np.abs(answers - targets))
    return float(100 * np.mean(np.abs(answers - targets) <= reach))


@measure(label=Text("width of the 90 % interval", "90% 区间的宽度"), unit=OWN_UNITS, better="lower", low=0.0)
def interval_width(answers: np.ndarray, targets: np.ndarray) -> float:
    """Of the interval around an answer that `halves_judged` gives, averaged over the rows, in the targets' units."""
    return float(np.mean(2 * halves_judged(np.abs(answers - targets))))


def halves_judged(misses: np.ndarray, level: float = LEVEL) -> np.ndarray:
    """How far around its answer the interval of each row reaches (n,), as the misses (n,) of the other half of rows say.

    The halves are the rows at even and at odd places. Of m misses of one half, the smallest that is at least as large as
    ceil(level * (m + 1)) of them is the reach of the other; the largest where there are too few. For rows in random
    order the interval of a row then holds its target with a chance of `level` or a little more.
    """
    reach = np.empty(len(misses))
    for first in (0, 1):
        known = np.sort(misses[1 - first :: 2])
        place = min(int(np.ceil(level * (len(known) + 1))), len(known)) - 1
        reach[first::2] = known[place] if len(known) else 0.0
    return reach


def _precision(counts: Confusion) -> float:
    return counts.precision


def _recall(counts: Confusion) -> float:
    return counts.recall


def _each(of: Callable[[Confusion], float], probabilities: np.ndarray, targets: np.ndarray) -> dict[int, float]:
    """One number in per cent for each class that is among the targets."""
    taken = probabilities.argmax(axis=1)
    return {
        int(place): 100 * of(confusion(taken == place, (targets == place).astype(int))) for place in np.unique(targets)
    }


def _mean(of: Callable[[Confusion], float], probabilities: np.ndarray, targets: np.ndarray) -> float:
    return float(np.mean(list(_each(of, probabilities, targets).values())))


def _by_class(of: Callable[[Confusion], float], probabilities: np.ndarray, targets: np.ndarray) -> Series:
    found = _each(of, probabilities, targets)
    return Series("class", tuple(float(place + 1) for place in found), tuple(found.values()))


def _mean_area(of: Callable[[Sweep], float], probabilities: np.ndarray, targets: np.ndarray) -> float:
    """NaN where all rows are of one class."""
    areas = [of(curve) for curve in _sweeps(probabilities, targets)]
    return 100 * float(np.mean(areas)) if areas else float("nan")


def _mean_curve(
    of: Callable[[Sweep, np.ndarray], np.ndarray], at: np.ndarray, probabilities: np.ndarray, targets: np.ndarray
) -> tuple[float, ...]:
    curves = [of(curve, at) for curve in _sweeps(probabilities, targets)] or [np.full(len(at), np.nan)]
    return tuple((100 * np.mean(curves, axis=0)).tolist())


def _sweeps(probabilities: np.ndarray, targets: np.ndarray) -> list[Sweep]:
    """The curves of each class against the rest, for the classes that some of the rows have and some have not."""
    there = [place for place in np.unique(targets) if (targets != place).any()]
    return [sweep(probabilities[:, place], (targets == place).astype(int)) for place in there]
