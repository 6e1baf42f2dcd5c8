"""What a yes-or-no classifier costs, when a positive missed costs so many times as much as a false alarm, in NumPy.

Costs are in per cent of the lazy answer's: yes to all or no to all, whichever is cheaper. So 100 is worth nothing.
Measures take what was found on every table.
"""

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.evaluate.questions import Found, averaged, averaged_along
from zhixing.evaluate.thresholds import Confusion

RATIOS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""Misses that cost so many false alarms: the places of the curve."""
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
    label=Text("cost of the model chosen", "选中的模型的代价"), unit=Text("% of the lazy answer's", "%（占懒答案的）"),
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
    label=Text("cost of the model chosen", "选中的模型的代价"), unit=Text("% of the lazy answer's", "%（占懒答案的）"),
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
