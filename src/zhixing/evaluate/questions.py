"""Measures of yes-or-no questions. Each takes what was found on every table, in NumPy, and averages over the tables."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.evaluate.thresholds import (
    Sweep,
    area_under_roc,
    area_under_steps,
    bought_by_halving,
    precision_at,
    recall_at,
)

Found = Sequence[dict[str, Any]]
RECALLS = tuple(float(each) for each in range(5, 101, 5))
ALARM_RATES = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0)
MOST = 80.0
"""The recall at which false alarms are counted: most positives are found."""
STARTS = (40.0, 50.0, 60.0, 70.0, 80.0)
"""The recalls that are halved: half of the least still counts enough rows for a precision within a few points."""


def curves(curve: Sweep) -> dict[str, Any]:
    """What the measures below want of one table, in per cent."""
    by_recall = 100 * precision_at(curve, np.array(RECALLS) / 100)
    bought = 100 * bought_by_halving(curve, np.array(STARTS) / 100)
    return {
        "average_precision": 100 * area_under_steps(curve),
        "roc_area": 100 * area_under_roc(curve),
        "precision_by_recall": by_recall.tolist(),
        "recall_by_alarm_rate": (100 * recall_at(curve, np.array(ALARM_RATES) / 100)).tolist(),
        "alarms_per_find": 100 / by_recall[RECALLS.index(MOST)] - 1,
        "bought_by_halving": bought.tolist(),
    }


def averaged(found: Found, key: str) -> float:
    """The mean over the tables of one number."""
    return float(np.mean([each[key] for each in found]))


def averaged_along(found: Found, key: str, axis: str, at: Sequence[float]) -> Series:
    """The mean over the tables of one list of numbers, place by place."""
    return Series(axis, tuple(map(float, at)), tuple(np.mean([each[key] for each in found], axis=0).tolist()))


@measure(
    label=Text("area under the precision-recall curve", "PR 曲线下面积"), unit=PER_CENT, difference_unit=POINTS,
    better="higher", low=0.0, high=100.0,
)  # fmt: skip
def average_precision(found: Found) -> float:
    """The sum of steps under the curve, also called average precision."""
    return averaged(found, "average_precision")


@measure(
    label=Text("area under the ROC curve", "ROC 曲线下面积"), unit=PER_CENT, difference_unit=POINTS, better="higher",
    low=0.0, high=100.0,
)  # fmt: skip
def roc_area(found: Found) -> float:
    """The chance that a positive row scores above a negative one."""
    return averaged(found, "roc_area")


@measure(
    label=Text("false alarms for each positive found", "每找到一个正类要付出的误报"), unit=Text("", ""),
    better="lower", low=0.0,
)  # fmt: skip
def alarms_per_find(found: Found) -> float:
    """At the threshold that finds 80 % of the positives."""
    return averaged(found, "alarms_per_find")


@measure(
    label=Text("precision bought by half of the finds, at worst", "放弃一半所得，最少换来的精确率"), unit=POINTS,
    better="higher", low=-100.0, high=100.0,
)  # fmt: skip
def least_bought(found: Found) -> float:
    """The least that raising the threshold buys where it halves a recall of 40, 50, 60, 70 or 80 %."""
    return float(np.mean([min(each["bought_by_halving"]) for each in found]))


@measure(
    label=Text("precision bought by half of the finds", "放弃一半所得换来的精确率"), unit=POINTS, low=-100.0,
    high=100.0, axis=Text("recall before it is halved, in %", "减半之前的召回率（%）"),
)  # fmt: skip
def bought_by_recall(found: Found) -> Series:
    """What raising the threshold buys where it halves the recall."""
    return averaged_along(found, "bought_by_halving", "recall", STARTS)


@measure(
    label=Text("precision", "精确率"), unit=PER_CENT, low=0.0, high=100.0, axis=Text("recall in %", "召回率（%）")
)  # fmt: skip
def precision_by_recall(found: Found) -> Series:
    """The precision-recall curve, read at fixed recalls."""
    return averaged_along(found, "precision_by_recall", "recall", RECALLS)


@measure(
    label=Text("recall", "召回率"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("negatives that raise a false alarm, in %", "负类中误报的比例（%）"),
)  # fmt: skip
def recall_by_alarm_rate(found: Found) -> Series:
    """The ROC curve, read at fixed shares of false alarms."""
    return averaged_along(found, "recall_by_alarm_rate", "alarm rate", ALARM_RATES)


@measure(
    label=Text("precision at the threshold", "该阈值下的精确率"), unit=PER_CENT, difference_unit=POINTS, better="higher",
    low=0.0, high=100.0,
)  # fmt: skip
def precision_here(found: Found) -> float:
    """Of the rows answered yes, the share that are positive."""
    return averaged(found, "precision")


@measure(
    label=Text("recall at the threshold", "该阈值下的召回率"), unit=PER_CENT, difference_unit=POINTS, better="higher",
    low=0.0, high=100.0,
)  # fmt: skip
def recall_here(found: Found) -> float:
    """Of the positives, the share answered yes."""
    return averaged(found, "recall")
