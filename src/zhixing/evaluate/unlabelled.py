"""What judges models of rows without a target: surprise at held-out rows, steadiness of groups, planted rows found.

Sources: Ben-Hur, Elisseeff and Guyon 2002, Pacific Symposium on Biocomputing 7; Lange, Roth, Braun and Buhmann 2004,
Neural Computation 16(6) (steadiness of groups); Theis, van den Oord and Bethge 2016, arXiv:1511.01844 (densities).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.clusters import adjusted_rand, silhouette
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.evaluate.thresholds import area_under_steps, sweep

Found = Mapping[str, Any]
"""What a clustering made: "rows" (n, columns) that it placed and their "groups" (n,), the "known" groups or None, and in
"pairs" and "pairs_of_heap" what two halves each made of the same rows, of the table and of one heap."""
COMPARED = 1_000
"""Rows of which all distances are looked at for the silhouette."""


@measure(label=Text("surprise", "意外程度"), unit=Text("nats a row", "奈特/行"), better="lower")
def surprise(logarithms: np.ndarray, targets: np.ndarray) -> float:
    """Mean of -log density (n,) over rows that the density has not seen, in the columns' units."""
    return float(-logarithms.mean())


@measure(
    label=Text("surprise at the oddest rows", "对最反常的行的意外程度"),
    unit=Text("nats a row", "奈特/行"),
    better="lower",
)
def surprise_at_oddest(logarithms: np.ndarray, targets: np.ndarray) -> float:
    """Mean of -log density over the twentieth of the rows that surprise most."""
    return float(-np.sort(logarithms)[: max(1, len(logarithms) // 20)].mean())


@measure(
    label=Text("unsteadiness", "不稳定程度"),
    unit=Text("(one heap: 1)", "（一整堆：1）"),
    difference_unit=Text("", ""),
    better="lower",
    low=0.0,
)
def unsteadiness(found: Found) -> float:
    """1 - (steadiness of the groups - that of groups in one heap like the rows): about 1 where there are no clusters."""
    return 1 - _steadiness(found["pairs"]) + _steadiness(found["pairs_of_heap"])


@measure(
    label=Text("disagreement with the known groups", "与已知分组的不一致"),
    unit=Text("1 - adjusted Rand index", "1 − 调整兰德指数"),
    better="lower",
    low=0.0,
)
def disagreement(found: Found) -> float:
    """1 - adjusted Rand index with the known groups: 0 for the same groups, 1 for groups by chance or unknown ones."""
    return 1.0 if found["known"] is None else 1 - agreement_of(found["groups"], found["known"])


@measure(
    label=Text("steadiness", "稳定程度"), unit=Text("adjusted Rand index", "调整兰德指数"), better="higher", low=-1.0, high=1.0
)  # fmt: skip
def steadiness(found: Found) -> float:
    """How well groups learned from one half of the rows agree with those of the other half, on rows in neither."""
    return _steadiness(found["pairs"])


@measure(label=Text("silhouette", "轮廓系数"), unit=Text("", ""), better="higher", low=-1.0, high=1.0)
def silhouette_held_out(found: Found) -> float:
    """Of rows that were placed into groups learned from others, the first 1,000 of them."""
    return silhouette(found["rows"][:COMPARED], found["groups"][:COMPARED])


@measure(label=Text("number of groups", "组数"), unit=Text("groups", "组"), low=1.0)
def groups_found(found: Found) -> float:
    """Groups among the rows that judge."""
    return float(len(np.unique(found["groups"])))


@measure(
    label=Text("size of each group", "每组的大小"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("group, from the largest", "组（从大到小）"),
)  # fmt: skip
def group_sizes(found: Found) -> Series:
    """Share of the rows that judge, in per cent."""
    sizes = np.sort(np.unique(found["groups"], return_counts=True)[1])[::-1]
    shares = 100 * sizes / sizes.sum()
    return Series("group", tuple(map(float, range(1, len(sizes) + 1))), tuple(map(float, shares)))


@measure(
    label=Text("planted rows missed", "漏掉的混入行"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0, high=100.0
)  # fmt: skip
def planted_missed(scores: np.ndarray, planted: np.ndarray) -> float:
    """100 - the area under precision against recall, in per cent, for scores (n,) that rank the rows, oddest highest."""
    return float(100 * (1 - area_under_steps(sweep(scores, planted))))


@measure(
    label=Text("lost on the way back", "还原时的损失"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0
)
def lost(back: np.ndarray, targets: np.ndarray) -> float:
    """Squared distance between rows and what comes back of them, in per cent of the variance; the mean over dimensions.

    `back` (n, 2, sizes) is what a reduction says of rows at variance 1.
    """
    return float(100 * back[:, 0].mean())


@measure(
    label=Text("neighbours kept", "保留的近邻"),
    unit=PER_CENT,
    difference_unit=POINTS,
    better="higher",
    low=0.0,
    high=100.0,
)
def neighbours_kept(back: np.ndarray, targets: np.ndarray) -> float:
    """Of a row's 10 nearest rows, the share that is among the 10 nearest in few dimensions; the mean over dimensions."""
    return float(100 * back[:, 1].mean())


_DIMENSIONS = (2.0, 5.0, 10.0)


@measure(
    label=Text("lost, by dimensions", "各维数下的损失"), unit=PER_CENT, low=0.0, axis=Text("dimensions", "维数")
)  # fmt: skip
def lost_by_dimensions(back: np.ndarray, targets: np.ndarray) -> Series:
    """The same at 2, 5 and 10 dimensions, as far as the table has more columns."""
    values = 100 * back[:, 0].mean(axis=0)
    return Series("dimensions", _DIMENSIONS[: len(values)], tuple(map(float, values)))


@measure(
    label=Text("neighbours kept, by dimensions", "各维数下保留的近邻"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("dimensions", "维数"),
)  # fmt: skip
def kept_by_dimensions(back: np.ndarray, targets: np.ndarray) -> Series:
    """The same at 2, 5 and 10 dimensions, as far as the table has more columns."""
    values = 100 * back[:, 1].mean(axis=0)
    return Series("dimensions", _DIMENSIONS[: len(values)], tuple(map(float, values)))


def agreement_of(one: np.ndarray, other: np.ndarray) -> float:
    """Adjusted Rand index of two groupings; 0 where one of them puts all rows together, which says nothing."""
    if len(np.unique(one)) == 1 or len(np.unique(other)) == 1:
        return 0.0
    return adjusted_rand(one, other)


def _steadiness(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    return float(np.mean([agreement_of(one, other) for one, other in pairs]))
