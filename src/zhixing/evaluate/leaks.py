"""How much a leak flatters: the error on fresh rows above the error reported. Measures take what each table gave.

"errors" are (rows, families, 2): reported, then fresh, in per cent; "shuffled" (families, 2) where answers are dealt at
random; see `train.flattered`.
"""

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.evaluate.questions import Found


def _mean(found: Found, key: str) -> np.ndarray:
    """Over the tables."""
    mean: np.ndarray = np.mean([each[key] for each in found], axis=0)
    return mean


@measure(
    label=Text("flattery", "美化的幅度"), unit=POINTS, better="lower", low=-100.0, high=100.0
)  # fmt: skip
def flattery(found: Found) -> float:
    """Error on fresh rows less the error reported, with the fewest rows, averaged over families and tables."""
    reported, fresh = _mean(found, "errors")[0].mean(axis=0)
    return float(fresh - reported)


@measure(
    label=Text("flattery where there is nothing to learn", "无可学时美化的幅度"), unit=POINTS, better="lower",
    low=-100.0, high=100.0,
)  # fmt: skip
def flattery_of_nothing(found: Found) -> float:
    """As `flattery`, after the answers were dealt out at random: half of them cannot but be wrong on fresh rows."""
    reported, fresh = _mean(found, "shuffled").mean(axis=0)
    return float(fresh - reported)


@measure(
    label=Text("error reported", "报告的错误率"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0,
    high=100.0,
)  # fmt: skip
def reported_error(found: Found) -> float:
    """On the analyst's test rows, with the fewest rows: of each class, averaged over classes, families and tables."""
    return float(_mean(found, "errors")[0, :, 0].mean())


@measure(
    label=Text("error on fresh rows", "在全新行上的错误率"), unit=PER_CENT, difference_unit=POINTS, better="lower",
    low=0.0, high=100.0,
)  # fmt: skip
def fresh_error(found: Found) -> float:
    """As `reported_error`, of the same fitted models on rows that nobody had touched."""
    return float(_mean(found, "errors")[0, :, 1].mean())


@measure(
    label=Text("flattery by rows", "美化的幅度与行数"), unit=POINTS, low=-100.0, high=100.0,
    axis=Text("rows of one's own", "自己的行数"), log=False,
)  # fmt: skip
def flattery_by_rows(found: Found) -> Series:
    """Averaged over families and tables."""
    reported, fresh = _mean(found, "errors").mean(axis=1).T
    return Series("rows", tuple(map(float, found[0]["rows"])), tuple((fresh - reported).tolist()))


@measure(
    label=Text("flattery by family", "各家族美化的幅度"), unit=POINTS, low=-100.0, high=100.0,
    axis=Text("family, in the study's order", "家族（按研究中的次序）"),
)  # fmt: skip
def flattery_by_family(found: Found) -> Series:
    """With the fewest rows, where the answers were dealt out at random, averaged over tables."""
    reported, fresh = _mean(found, "shuffled").T
    return Series("family", tuple(float(1 + at) for at in range(len(fresh))), tuple((fresh - reported).tolist()))
