"""How well probabilities of shape (n, classes) foretell targets of shape (n,), in NumPy."""

import numpy as np

from zhixing.core import Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure


@measure(
    label=Text("error", "错误率"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0, high=100.0
)  # fmt: skip
def error(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Rows whose most probable class is not theirs, in per cent."""
    return float(100 * np.mean(probabilities.argmax(axis=1) != targets))


@measure(label=Text("log loss", "对数损失"), unit=Text("nats", "奈特"), better="lower", low=0.0)
def log_loss(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Mean of -log of the probability that the true class was given; a probability of 0 counts as 1e-15."""
    given = np.take_along_axis(probabilities, targets[:, None], axis=1)
    return float(-np.log(np.maximum(given, 1e-15)).mean())
