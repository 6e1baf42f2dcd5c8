"""What a yes-or-no classifier costs, when a positive missed costs so many times as much as a false alarm, in NumPy.

Costs are in per cent of the lazy answer's: yes to all or no to all, whichever is cheaper. So 100 is worth nothing.
Measures take what was found on every table.
"""

from typing import Any

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.calibration import expected_error
from zhixing.evaluate.decisions import Decision
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.evaluate.questions import Found, averaged, averaged_along
from zhixing.evaluate.thresholds import Confusion, confusion

RATIOS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""Misses that cost so many false alarms: the places of the curve."""
LAZY = Text("% of the lazy answer's", "%（占懒答案的）")
THRESHOLDS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def relative_cost(counts: Confusion, ratio: float) -> float:
    """False alarms plus `ratio` times the misses, in per cent of the cheaper lazy answer's."""
    positives, negatives = counts.found + counts.missed, counts.alarms + counts.passed
    return 100 * (counts.alarms + ratio * counts.missed) / min(ratio * positives, negatives)


def mean_cost(counts: Confusion, places: int = 33) -> float:
    """Mean relative cost over ratios spread evenly by factors, from 1 to negatives by positives.

    At the first a miss costs a false alarm, at the last the two lazy answers cost the same; beyond, no question is left.
    """
    positives, negatives = counts.found + counts.missed, counts.alarms + counts.passed
    return float(np.mean([relative_cost(counts, r) for r in np.geomspace(1.0, negatives / positives, places)]))


@measure(
    label=Text("cost of the model chosen", "选中的模型的代价"), unit=LAZY,
    difference_unit=POINTS, better="lower", low=0.0,
)  # fmt: skip
def cost_of_choice(found: Found) -> float:
    """On the test rows, averaged over what a miss may cost and over the tables."""
    return averaged(found, "cost")


@measure(
    label=Text("tables where the choice costs more than a lazy answer", "选中的模型不如懒答案的表"), unit=PER_CENT,
    difference_unit=POINTS, better="lower", low=0.0, high=100.0,
)  # fmt: skip
def worse_than_lazy(found: Found) -> float:
    """Tables on which it would have been as cheap to ask no classifier at all."""
    return float(100 * np.mean([each["cost"] >= 100 for each in found]))


@measure(
    label=Text("cost of the model chosen", "选中的模型的代价"), unit=LAZY,
    low=0.0, axis=Text("false alarms that a miss is worth", "一次漏报抵几次误报"), log=True,
)  # fmt: skip
def cost_by_ratio(found: Found) -> Series:
    """On the test rows, averaged over the tables."""
    return averaged_along(found, "cost_by_ratio", "ratio", RATIOS)


@measure(
    label=Text("mark given to logistic regression", "给逻辑回归打的分"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("threshold", "阈值"),
)  # fmt: skip
def mark_by_threshold(found: Found) -> Series:
    """The mean that chooses, at each threshold of one classifier, averaged over the tables."""
    return averaged_along(found, "mark_by_threshold", "threshold", THRESHOLDS)


def charged(decision: Decision, targets: np.ndarray, fn: float, fp: float) -> dict[str, Any]:
    """What decisions about rows with these targets (n,) cost, and would at other thresholds; in per cent."""
    probabilities = decision.probabilities
    costs = [
        relative_cost(confusion(answers, targets), fn / fp)
        for answers in (decision.answers, *(probabilities >= threshold for threshold in THRESHOLDS))
    ]
    return {
        "cost": costs[0],
        "cost_by_threshold": costs[1:],
        "dishonesty": 100 * expected_error(probabilities, targets),
    }


def _bills(found: Found, key: str) -> np.ndarray:
    """One entry of every family's bill on every table, (tables, families, ...)."""
    return np.array([[bill[key] for bill in each["bills"]] for each in found])


@measure(
    label=Text("cost of the decisions", "决定的代价"), unit=LAZY, difference_unit=POINTS, better="lower", low=0.0
)  # fmt: skip
def cost_of_decisions(found: Found) -> float:
    """On the test rows, averaged over the families of classifiers and over the tables."""
    return float(_bills(found, "cost").mean())


@measure(
    label=Text("calibration error of the probabilities decided on", "作决定所依据的概率的校准误差"), unit=PER_CENT,
    difference_unit=POINTS, better="lower", low=0.0, high=100.0,
)  # fmt: skip
def dishonesty(found: Found) -> float:
    """How far probabilities of a positive are from what came true, in 15 bins, averaged over families and tables."""
    return float(_bills(found, "dishonesty").mean())


@measure(
    label=Text("cost of the decisions", "决定的代价"), unit=LAZY, low=0.0,
    axis=Text("family of classifiers, in the study's order", "分类器家族（按研究中的次序）"),
)  # fmt: skip
def cost_by_family(found: Found) -> Series:
    """On the test rows, averaged over the tables."""
    costs = _bills(found, "cost").mean(axis=0).tolist()
    return Series("family", tuple(float(1 + place) for place in range(len(costs))), tuple(costs))


@measure(
    label=Text("cost at each threshold", "各阈值下的代价"), unit=LAZY, low=0.0, axis=Text("threshold", "阈值")
)  # fmt: skip
def cost_by_threshold(found: Found) -> Series:
    """On the test rows, were the probabilities cut there, averaged over families and tables."""
    return Series("threshold", THRESHOLDS, tuple(_bills(found, "cost_by_threshold").mean(axis=(0, 1)).tolist()))
