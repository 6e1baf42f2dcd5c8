"""What more examples bring. Each measure takes a growth: lists by name, in step with the numbers of "examples".

"error" in per cent, "seconds" of fitting, "bytes" of what was fitted; means over the data sets of a trial.
"""

from collections.abc import Mapping, Sequence

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure

Growth = Mapping[str, Sequence[float]]
EXAMPLES = Text("training examples", "训练样本数")


@measure(
    label=Text("error with the most examples", "样本最多时的错误率"), unit=PER_CENT, difference_unit=POINTS,
    better="lower", low=0.0, high=100.0,
)  # fmt: skip
def error_at_most(growth: Growth) -> float:
    """The error where the curve ends."""
    return growth["error"][-1]


@measure(
    label=Text("error by examples", "错误率与样本数"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0,
    high=100.0, axis=EXAMPLES, log=True,
)  # fmt: skip
def error_by_examples(growth: Growth) -> Series:
    """Examples held out that are classified wrongly."""
    return _series(growth, "error")


@measure(
    label=Text("time to fit", "拟合时间"), unit=Text("processor seconds", "处理器秒"), low=0.0, axis=EXAMPLES, log=True
)  # fmt: skip
def seconds_by_examples(growth: Growth) -> Series:
    """Seconds that a processor core works on one fit."""
    return _series(growth, "seconds")


@measure(
    label=Text("size of what was fitted", "拟合结果的大小"), unit=Text("bytes", "字节"), low=0.0, axis=EXAMPLES, log=True
)  # fmt: skip
def bytes_by_examples(growth: Growth) -> Series:
    """What has to be kept in order to answer."""
    return _series(growth, "bytes")


def _series(growth: Growth, name: str) -> Series:
    return Series("examples", tuple(map(float, growth["examples"])), tuple(map(float, growth[name])))
