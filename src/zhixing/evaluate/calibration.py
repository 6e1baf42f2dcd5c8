"""Does what was said with 80 % come true in 80 of 100 cases? Bins, errors and one way to mend them, in NumPy.

Source: Guo, Pleiss, Sun and Weinberger 2017, arXiv:1706.04599, Eq. 3 (expected calibration error), Sec. 4.2 (temperature).
Departs from them: the temperature divides the logarithm of the probabilities, which for a network is the same, so that
families without logits can be mended too. Parity: scikit-learn's bins.
Measures take what was found on every table.
"""

from typing import NamedTuple

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.evaluate.questions import Found, averaged

BINS = 15
SHOWN = 50
"""Rows that a bin needs to be drawn, over all tables."""
TEMPERATURES = (0.05, 20.0)


class Bins(NamedTuple):
    """Rows by the probability that they were given, in bins of equal width; every array has shape (bins,)."""

    rows: np.ndarray
    said: np.ndarray
    """Sum of the probabilities."""
    happened: np.ndarray
    """How often it came true."""


def binned(said: np.ndarray, happened: np.ndarray, bins: int = BINS) -> Bins:
    """Probabilities (n,) of something, and whether it happened (n,); a probability on an edge goes into the lower bin."""
    place = np.searchsorted(np.linspace(0.0, 1.0, bins + 1)[1:-1], said)
    counted = (np.bincount(place, weights=weights, minlength=bins) for weights in (None, said, happened))
    return Bins(*counted)


def expected_error(said: np.ndarray, happened: np.ndarray, bins: int = BINS) -> float:
    """Distance between what was said and what happened, averaged over the bins by their rows."""
    parts = binned(said, happened, bins)
    return float(np.abs(parts.said - parts.happened).sum() / len(said))


def error_by_chance(said: np.ndarray, generator: np.random.Generator, draws: int = 20) -> float:
    """The expected error of one who is perfectly honest: outcomes are drawn with the very chances that were said."""
    return float(np.mean([expected_error(said, generator.random(len(said)) < said) for _ in range(draws)]))


def confidences(probabilities: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The probability of the answer, and whether it was right, of probabilities (n, classes) and targets (n,)."""
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == targets


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (n, classes) made more cautious by a temperature above 1, bolder below; the order stays."""
    logits = np.log(np.maximum(probabilities, 1e-15)) / temperature
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
    return scaled


def best_temperature(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """The temperature that gives the true classes the highest likelihood, between 0.05 and 20."""
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(targets))

    def loss(logarithm: float) -> float:
        given = tempered(probabilities, np.exp(logarithm))[rows, targets]
        return float(-np.log(np.maximum(given, 1e-300)).mean())

    found = minimize_scalar(loss, bounds=tuple(np.log(TEMPERATURES)), method="bounded")
    return float(np.exp(found.x))


@measure(
    label=Text("calibration error", "校准误差"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0,
    high=100.0,
)  # fmt: skip
def calibration_error(found: Found) -> float:
    """Expected calibration error of the answers in 15 bins, averaged over the tables."""
    return 100 * averaged(found, "calibration_error")


@measure(
    label=Text("calibration error of pure chance", "纯属偶然的校准误差"), unit=PER_CENT, difference_unit=POINTS,
    better="lower", low=0.0, high=100.0,
)  # fmt: skip
def calibration_error_by_chance(found: Found) -> float:
    """What perfectly honest probabilities would show on so few rows."""
    return 100 * averaged(found, "error_by_chance")


@measure(
    label=Text("confidence above the share right", "信心超出正确率多少"), unit=POINTS, low=-100.0, high=100.0
)  # fmt: skip
def overconfidence(found: Found) -> float:
    """Mean probability of the answer less the share of right answers; below 0 where too cautious."""
    return float(np.mean([100 * (np.mean(each["said"]) - np.mean(each["right"])) for each in found]))


@measure(
    label=Text("wrong answers", "答错的比例"),
    unit=PER_CENT,
    difference_unit=POINTS,
    better="lower",
    low=0.0,
    high=100.0,
)
def wrong_answers(found: Found) -> float:
    """Rows whose most probable class is not theirs, averaged over the tables."""
    return float(np.mean([100 - 100 * np.mean(each["right"]) for each in found]))


@measure(
    label=Text("share right less confidence", "正确率减去信心"), unit=POINTS, low=-100.0, high=100.0,
    axis=Text("confidence in %", "信心（%）"),
)  # fmt: skip
def honesty_by_confidence(found: Found) -> Series:
    """In each bin of all tables' rows together: 0 is honest, below it is boasting; bins of fewer than 50 rows are left out."""
    said, right = (np.concatenate([each[key] for each in found]) for key in ("said", "right"))
    parts = binned(said, right)
    full = np.flatnonzero(parts.rows >= SHOWN)
    gaps = 100 * (parts.happened - parts.said)[full] / parts.rows[full]
    return Series("confidence", tuple((100 * (full + 0.5) / BINS).tolist()), tuple(gaps.tolist()))
