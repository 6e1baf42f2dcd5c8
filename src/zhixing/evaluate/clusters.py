"""How well groups that were found agree with groups that are known, and with the rows themselves. In NumPy.

Sources: Hubert and Arabie 1985, Journal of Classification 2, Eq. 5; Rousseeuw 1987, Journal of Computational and
Applied Mathematics 20. Departs from them: nothing. Parity: scikit-learn.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zhixing.core import Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure

Found = Sequence[dict[str, Any]]


def adjusted_rand(found: np.ndarray, known: np.ndarray) -> float:
    """Agreement over all pairs of rows: 1 for the same groups whatever their names, 0 on average by chance."""
    counts = np.zeros((len(np.unique(found)), len(np.unique(known))))
    np.add.at(counts, (np.unique(found, return_inverse=True)[1], np.unique(known, return_inverse=True)[1]), 1)
    together, of_found, of_known = (_pairs(each).sum() for each in (counts, counts.sum(axis=1), counts.sum(axis=0)))
    chance = of_found * of_known / _pairs(np.array(len(found)))
    most = (of_found + of_known) / 2
    return 1.0 if most == chance else float((together - chance) / (most - chance))


def silhouette(inputs: np.ndarray, groups: np.ndarray) -> float:
    """Mean over rows of (b - a) / max(a, b): a is the mean distance to the rest of its group, b to the nearest other.

    From -1 to 1, the higher the clearer the groups; a row that is alone in its group counts 0, and so
    does every row where there is one group only.
    """
    names, own = np.unique(groups, return_inverse=True)
    if len(names) == 1:
        return 0.0
    distances = np.sqrt(np.maximum(((inputs[:, None] - inputs[None]) ** 2).sum(axis=2), 0.0))
    members = np.eye(len(names))[own]
    sums, sizes, rows = distances @ members, members.sum(axis=0), np.arange(len(inputs))
    within = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
    means = sums / sizes
    means[rows, own] = np.inf
    nearest = means.min(axis=1)
    values = (nearest - within) / np.maximum(np.maximum(nearest, within), 1e-300)
    return float(np.where(sizes[own] > 1, values, 0.0).mean())


def _pairs(counts: np.ndarray) -> np.ndarray:
    pairs: np.ndarray = counts * (counts - 1) / 2
    return pairs


@measure(
    label=Text("agreement over all data", "全部数据上的一致程度"), unit=Text("adjusted Rand index", "调整兰德指数"),
    better="higher", low=-1.0, high=1.0,
)  # fmt: skip
def agreement(found: Found) -> float:
    """Adjusted Rand index with the known groups, averaged over the data."""
    return float(np.mean([each["agreement"] for each in found]))


@measure(label=Text("numbers of groups found", "找对组数的比例"), unit=PER_CENT, difference_unit=POINTS, better="higher",
         low=0.0, high=100.0)  # fmt: skip
def right_number(found: Found) -> float:
    """Data in which the method, left to itself, ends with the known number of groups, in per cent."""
    return float(np.mean([100.0 * each["right_number"] for each in found]))
