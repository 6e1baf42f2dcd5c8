"""How much higher the error of the future is than the one that was reported. Measures take what each table gave.

"reported", "true" and "stretches" are errors in deviations of the past's targets, "likeness" the correlation of a target
with the next one; see `train.foretold`. Tables are averaged by factors, so that one table cannot outweigh the others.
"""

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.evaluate.questions import Found

DEVIATIONS = Text("deviations of the past", "个过去的标准差")
TABLE = Text("table, in the study's order", "表（按研究中的次序）")


def _factors(found: Found) -> np.ndarray:
    """True error by reported error, (tables,)."""
    return np.array([each["true"] / each["reported"] for each in found])


def _by_table(values: np.ndarray) -> Series:
    return Series("table", tuple(float(1 + place) for place in range(len(values))), tuple(values.tolist()))


@measure(
    label=Text("error of the future above the one reported", "未来的误差高出报告的误差"), unit=PER_CENT,
    difference_unit=POINTS, better="lower", low=-100.0,
)  # fmt: skip
def unforetold(found: Found) -> float:
    """In per cent of the one reported: 0 is an honest report, 100 is twice the error that was promised."""
    return float(100 * (np.exp(np.log(_factors(found)).mean()) - 1))


@measure(label=Text("error of the future", "未来的误差"), unit=DEVIATIONS, better="lower", low=0.0)
def error_ahead(found: Found) -> float:
    """Root mean square, of the model fitted to the whole past."""
    return float(np.exp(np.mean([np.log(each["true"]) for each in found])))


@measure(
    label=Text("error by distance", "误差与距离"), unit=DEVIATIONS, low=0.0,
    axis=Text("quarter of the future; 0 are the rows that judged", "未来的第几个四分之一；0 是评判的行"),
)  # fmt: skip
def error_by_distance(found: Found) -> Series:
    """The error reported, then that of each stretch of the future, from the nearest to the farthest."""
    errors = np.array([[each["reported"], *each["stretches"]] for each in found])
    return Series(
        "distance", tuple(map(float, range(errors.shape[1]))), tuple(np.exp(np.log(errors).mean(axis=0)).tolist())
    )


@measure(
    label=Text("error of the future above the one reported", "未来的误差高出报告的误差"), unit=PER_CENT, low=-100.0,
    axis=TABLE,
)  # fmt: skip
def unforetold_by_table(found: Found) -> Series:
    """As `unforetold`, table by table."""
    return _by_table(100 * (_factors(found) - 1))


@measure(
    label=Text("likeness of rows next to each other", "相邻两行的相似程度"), unit=PER_CENT, low=-100.0, high=100.0,
    axis=TABLE,
)  # fmt: skip
def likeness_by_table(found: Found) -> Series:
    """Correlation of a target of the past with the next one."""
    return _by_table(100 * np.array([each["likeness"] for each in found]))
