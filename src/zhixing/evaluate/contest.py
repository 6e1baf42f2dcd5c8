"""How families fare on a table of one's own: what they get wrong, and what they take."""

from collections.abc import Mapping

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure

Effort = Mapping[str, float]
OWN_UNITS = Text("", "")
"""Amounts are in the units of the user's own column."""


@measure(
    label=Text("balanced error", "平衡错误率"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0, high=100.0
)  # fmt: skip
def balanced_error(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """The error in per cent of each class, averaged over the classes: a rare class counts as much as a common one."""
    return float(np.mean(_by_class(probabilities, targets)[1]))


@measure(
    label=Text("error of each class", "每一类的错误率"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("class, in the order of their names", "类别（按名称排序）"),
)  # fmt: skip
def error_by_class(probabilities: np.ndarray, targets: np.ndarray) -> Series:
    """Of the rows of each class, the share in per cent that is taken for another."""
    classes, errors = _by_class(probabilities, targets)
    return Series("class", tuple(float(place + 1) for place in classes), tuple(errors))


@measure(label=Text("root mean square error", "均方根误差"), unit=OWN_UNITS, better="lower", low=0.0)
def root_mean_square(answers: np.ndarray, targets: np.ndarray) -> float:
    """Of answers (n,) against targets (n,), in the targets' units."""
    return float(np.sqrt(np.mean((answers - targets) ** 2)))


@measure(label=Text("mean absolute error", "平均绝对误差"), unit=OWN_UNITS, better="lower", low=0.0)
def mean_absolute(answers: np.ndarray, targets: np.ndarray) -> float:
    """Of answers (n,) against targets (n,), in the targets' units."""
    return float(np.abs(answers - targets).mean())


@measure(
    label=Text("variance explained", "解释的方差"), unit=PER_CENT, difference_unit=POINTS, better="higher", high=100.0
)
def explained(answers: np.ndarray, targets: np.ndarray) -> float:
    """R squared in per cent: 100 is exact, 0 what the mean of these targets would reach, below that worse."""
    return float(100 * (1 - np.mean((answers - targets) ** 2) / np.var(targets)))


@measure(label=Text("on validation rows", "在验证行上"), unit=OWN_UNITS, better="lower")
def on_validation(effort: Effort) -> float:
    """The first measure of the settings that were chosen, on the rows that chose them."""
    return effort["validation"]


@measure(label=Text("time to fit", "拟合时间"), unit=Text("s", "秒"), better="lower", low=0.0, log=True)
def fit_seconds(effort: Effort) -> float:
    """Of the processor, preparation included, with the settings that were chosen."""
    return effort["seconds"]


@measure(
    label=Text("time to answer a row", "回答一行的时间"), unit=Text("µs", "微秒"), better="lower", low=0.0, log=True
)
def answer_microseconds(effort: Effort) -> float:
    """Of the processor, preparation included."""
    return effort["microseconds"]


@measure(label=Text("bytes kept", "保存的字节数"), unit=Text("bytes", "字节"), better="lower", low=0.0, log=True)
def kept_bytes(effort: Effort) -> float:
    """What it takes to keep the preparation and the fitted model."""
    return effort["bytes"]


def _by_class(probabilities: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """The classes that are there, and the error of each in per cent."""
    wrong, classes = probabilities.argmax(axis=1) != targets, np.unique(targets)
    return classes, [float(100 * wrong[targets == place].mean()) for place in classes]
