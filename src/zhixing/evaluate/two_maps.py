"""What two maps of the same rows have in common: neighbours, and the arrangement of the known classes.

Source: Kobak and Berens 2019, Nature Communications 10, who compare a map with its rows; here a map is compared with
another map. Measures take places (n, 2) on the one, on the other, and the groups (n,).
"""

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.maps import meaning
from zhixing.evaluate.measure import PER_CENT, POINTS, Measure, measure
from zhixing.evaluate.neighbourhoods import nearness, neighbours_in_both

SHARES = (0.002, 0.004, 0.01, 0.02, 0.04, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75)
"""Sizes of a neighbourhood, as shares of the rows: 1 to 375 of 500."""
NEAR = 10


@measure(
    label=Text("of the ten nearest rows on one map, among those on the other", "一张图上最近的十行，在另一张图上仍最近的"),
    unit=PER_CENT, difference_unit=POINTS, better="higher", low=0.0, high=100.0,
)  # fmt: skip
def neighbours_in_common(one: np.ndarray, other: np.ndarray, groups: np.ndarray) -> float:
    """10 / (n - 1) would be in common by chance."""
    return float(neighbours_in_both(nearness(one), nearness(other), (NEAR,))[0])


@measure(
    label=Text("agreement on which classes lie far apart", "两张图对各类远近的一致程度"),
    unit=Text("rank correlation", "秩相关系数"), better="higher", low=-1.0, high=1.0,
)  # fmt: skip
def arrangement_in_common(one: np.ndarray, other: np.ndarray, groups: np.ndarray) -> float:
    """Spearman's correlation, over pairs of groups, of the distance between their means on the two maps."""
    return meaning(one, other, groups, np.random.default_rng(0)).gaps


@measure(
    label=Text("neighbours in common", "共有的邻居"), unit=PER_CENT, difference_unit=POINTS, low=0.0, high=100.0,
    axis=Text("size of the neighbourhood, in % of all rows", "邻域大小，占全部行的百分比"),
)  # fmt: skip
def in_common_by_size(one: np.ndarray, other: np.ndarray, groups: np.ndarray) -> Series:
    """For neighbourhoods of every size."""
    sizes = [max(1, round(share * len(one))) for share in SHARES]
    found = neighbours_in_both(nearness(one), nearness(other), sizes)
    return Series("size", tuple(100 * share for share in SHARES), tuple(found.tolist()))


OF_TWO_MAPS: tuple[Measure, ...] = (neighbours_in_common, arrangement_in_common, in_common_by_size)


def in_common(one: np.ndarray, other: np.ndarray, groups: np.ndarray) -> dict[str, float | Series]:
    """Every measure here, of two maps (n, 2) of the same rows in groups (n,)."""
    return {each.name: each(one, other, groups) for each in OF_TWO_MAPS}
