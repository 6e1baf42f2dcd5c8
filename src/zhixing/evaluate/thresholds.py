"""What moving the threshold of a yes-or-no classifier does, in NumPy: its counts, its curves, the areas under them.

Source: van Rijsbergen 1979, "Information Retrieval", chapter 7 (F measure); Davis and Goadrich 2006, ICML (the two
curves; between two points of a precision-recall curve there is no straight line, so its area is a sum of steps).
Departs from them: nothing. Parity: scikit-learn's curves, areas and F measure, to the last digit.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from zhixing.core import BadSetting, Text


class Confusion(NamedTuple):
    """How many rows were answered which way."""

    found: int
    """Positives answered yes."""
    alarms: int
    """Negatives answered yes: false alarms."""
    missed: int
    """Positives answered no."""
    passed: int
    """Negatives answered no."""

    @property
    def precision(self) -> float:
        """Of the rows answered yes, the share that are positive; 0 where none is answered yes."""
        return self.found / max(self.found + self.alarms, 1)

    @property
    def recall(self) -> float:
        """Of the positives, the share answered yes; 0 where there are none."""
        return self.found / max(self.found + self.missed, 1)


def confusion(answers: np.ndarray, targets: np.ndarray) -> Confusion:
    """The counts of answers (n,), True for yes, to targets (n,) of 0 and 1."""
    found, passed = int(np.sum(answers & (targets == 1))), int(np.sum(~answers & (targets == 0)))
    return Confusion(found, int(np.sum(answers)) - found, int(np.sum(targets == 1)) - found, passed)


def arithmetic_mean(counts: Confusion) -> float:
    """Half of the sum of precision and recall."""
    return (counts.precision + counts.recall) / 2


def geometric_mean(counts: Confusion) -> float:
    """The square root of the product of precision and recall."""
    return float(np.sqrt(counts.precision * counts.recall))


def harmonic_mean(counts: Confusion) -> float:
    """F1: one over the mean of one over precision and one over recall."""
    return f_measure(counts)


def f_measure(counts: Confusion, *, beta: float = 1.0) -> float:
    """The harmonic mean in which recall weighs `beta`^2 times as much as precision; 0 where nothing was found."""
    weighted = beta**2 * counts.precision + counts.recall
    return (1 + beta**2) * counts.precision * counts.recall / weighted if weighted else 0.0


def accuracy(counts: Confusion) -> float:
    """The share of right answers."""
    return (counts.found + counts.passed) / sum(counts)


@dataclass(frozen=True, eq=False)
class Sweep:
    """The classifier at each of its thresholds, from strict to lax; made by `sweep`. Arrays are (thresholds,)."""

    thresholds: np.ndarray
    found: np.ndarray
    """Positives that score at least the threshold."""
    alarms: np.ndarray
    """Negatives that do."""

    @property
    def precision(self) -> np.ndarray:
        """Of the rows answered yes, the share that are positive."""
        shares: np.ndarray = self.found / (self.found + self.alarms)
        return shares

    @property
    def recall(self) -> np.ndarray:
        """Of the positives, the share answered yes."""
        shares: np.ndarray = self.found / self.found[-1]
        return shares

    @property
    def alarm_rate(self) -> np.ndarray:
        """Of the negatives, the share answered yes."""
        shares: np.ndarray = self.alarms / self.alarms[-1]
        return shares


def sweep(scores: np.ndarray, targets: np.ndarray) -> Sweep:
    """Every distinct score (n,) as the threshold from which on a row is answered yes; targets (n,) are 0 and 1.

    Raises BadSetting where one of the two classes is missing.
    """
    positives = int(np.count_nonzero(targets))
    if positives in (0, len(targets)):
        raise BadSetting(
            Text(
                en=f"{positives} of {len(targets)} rows are positive: a curve needs rows of both classes",
                zh=f"{len(targets)} 行中有 {positives} 行为正类：画曲线需要两类都有",
            )
        )
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)  # rows of one score are answered alike
    found = np.cumsum(targets[order], dtype=float)[last]
    return Sweep(ordered[last], found, 1.0 + last - found)


def area_under_steps(curve: Sweep) -> float:
    """Average precision: the precision at each threshold, weighted by the recall that it adds."""
    return float(np.sum(np.diff(curve.recall, prepend=0.0) * curve.precision))


def area_under_roc(curve: Sweep) -> float:
    """Area under recall against alarm rate: the chance that a positive outscores a negative, ties counted half."""
    return float(np.trapezoid(np.append(0.0, curve.recall), np.append(0.0, curve.alarm_rate)))


def precision_at(curve: Sweep, recalls: np.ndarray) -> np.ndarray:
    """Precision at the strictest threshold that finds at least each of these shares of the positives."""
    found: np.ndarray = curve.precision[np.searchsorted(curve.recall, recalls - 1e-12)]
    return found


def recall_at(curve: Sweep, alarm_rates: np.ndarray) -> np.ndarray:
    """The most recall at which the share of negatives answered yes is at most each of these."""
    recall = np.append(0.0, curve.recall)
    found: np.ndarray = recall[np.searchsorted(curve.alarm_rate, alarm_rates + 1e-12, side="right")]
    return found


def bought_by_halving(curve: Sweep, recalls: np.ndarray) -> np.ndarray:
    """How much precision rises when the threshold rises until half of each recall is left: below 0 where it falls."""
    gained: np.ndarray = precision_at(curve, recalls / 2) - precision_at(curve, recalls)
    return gained
