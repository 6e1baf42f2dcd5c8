"""How far a map may be trusted: are neighbours neighbours still, would another seed say the same, do gaps mean anything?

Sources: Venna and Kaski 2001, ICANN (trustworthiness and continuity); Lee and Verleysen 2009, Neurocomputing 72
(neighbours kept); Kobak and Berens 2019, Nature Communications 10 (distances between groups). Departs from them:
nothing. Parity: scikit-learn's trustworthiness and silhouette, and brute force.
Everywhere: rows (n, c) and their places (n, 2) on the map; `asked` are the numbers of the rows that are looked at, all of
them where it is None. Those asked are compared with all rows, so that a sample leaves each figure unbiased.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.random import Generator

from zhixing.core import BadSetting, Text
from zhixing.models.maps import nearest_rows

ASKED = 1_000
"""Rows that are looked at of a large map."""
PAIRS = 20_000
"""Pairs of rows whose distances are compared."""
BLOCK = 4_000_000
"""Distances held at a time: 32 MB."""


def asked_of(count: int, most: int, generator: Generator) -> np.ndarray:
    """Rows to look at, rising: all of them, or `most` drawn by chance."""
    return np.array(sorted(generator.choice(count, min(most, count), replace=False)))


def neighbours_of(rows: np.ndarray, count: int, asked: np.ndarray | None = None) -> np.ndarray:
    """(m, count): numbers of the nearest other rows of each one asked, the nearest first. Raises BadSetting for too many."""
    asked = _all(rows, asked)
    if not 1 <= count < len(rows):
        raise BadSetting(
            Text(f"{count} neighbours among {len(rows)} rows: ask for 1 to {len(rows) - 1}",
                 f"{len(rows)} 行中取 {count} 个近邻：请取 1 到 {len(rows) - 1} 个")
        )  # fmt: skip
    near, _ = nearest_rows(rows[asked], rows, count + 1)
    others = near != asked[:, None]
    others[others.all(axis=1), -1] = False  # among equal rows its own may be missing; the last one goes
    kept: np.ndarray = near[others].reshape(len(asked), count)
    return kept


def neighbours_shown(rows: np.ndarray, places: np.ndarray, count: int, asked: np.ndarray | None = None) -> np.ndarray:
    """(m,): for each row asked, the share of its nearest rows that are among the nearest on the map, 0 to 1."""
    return shared(neighbours_of(rows, count, asked), neighbours_of(places, count, asked))


def shared(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(m,): the share of the numbers in each row of (m, k) that stand in the same row of another (m, k) as well."""
    found: np.ndarray = (one[:, :, None] == other[:, None, :]).any(axis=2).mean(axis=1)
    return found


def trustworthiness(rows: np.ndarray, places: np.ndarray, count: int, asked: np.ndarray | None = None) -> float:
    """1 where neighbours on the map are neighbours among the rows; a false one costs by how far down it ranks.

    Raises BadSetting for `count` of half the rows or more, where the figure would leave 0 to 1.
    """
    return 1 - _cost(rows, neighbours_of(places, count, asked), count, _all(rows, asked))


def continuity(rows: np.ndarray, places: np.ndarray, count: int, asked: np.ndarray | None = None) -> float:
    """1 where neighbours among the rows are neighbours on the map: trustworthiness with the two exchanged."""
    return trustworthiness(places, rows, count, asked)


def agreement_of_seeds(maps: Sequence[np.ndarray], count: int, asked: np.ndarray | None = None) -> np.ndarray:
    """(m,): for each row asked, the share of nearest rows on a map that another seed's map has, too; mean over pairs.

    `maps` are places (n, 2) by two seeds or more.
    """
    near = [neighbours_of(places, count, asked) for places in maps]
    found: np.ndarray = np.mean([shared(one, other) for one, other in combinations(near, 2)], axis=0)
    return found


def told_by_neighbours(rows: np.ndarray, places: np.ndarray, count: int, asked: np.ndarray | None = None) -> np.ndarray:
    """(c,): the share of each column's variance that the mean of a row's nearest points on the map tells, at most 1.

    0 or less for a column that the map does not arrange, and for a constant one.
    """
    near = neighbours_of(places, count, asked)
    left = ((rows[_all(rows, asked)] - rows[near].mean(axis=1)) ** 2).mean(axis=0)
    spread = rows.var(axis=0)
    found: np.ndarray = np.where(spread > 0, 1 - left / np.maximum(spread, np.finfo(np.float64).tiny), 0.0)
    return found


@dataclass(frozen=True)
class Meaning:
    """Rank correlations (Spearman), from -1 to 1, of what a map shows with what is so among the rows; NaN if undefined.

    `distances` of pairs of rows, `gaps` between the centres of groups, `sizes`: how wide groups are (root mean squared
    distance from their centre).
    """

    distances: float
    gaps: float
    sizes: float


def meaning(rows: np.ndarray, places: np.ndarray, groups: np.ndarray, generator: Generator) -> Meaning:
    """Whether distances on the map, gaps between its groups (n,) and their sizes mean anything."""
    one, other = generator.integers(len(rows), size=(2, PAIRS))
    one, other = one[one != other], other[one != other]
    true, seen = _centres(rows, groups), _centres(places, groups)
    pairs = np.triu_indices(len(true[0]), 1)
    return Meaning(
        distances=_ranks_agree(*(np.linalg.norm(space[one] - space[other], axis=1) for space in (rows, places))),
        gaps=_ranks_agree(*(np.linalg.norm(space[pairs[0]] - space[pairs[1]], axis=1) for space in (true[0], seen[0]))),
        sizes=_ranks_agree(true[1], seen[1]),
    )


def nearest_class_right(
    rows: np.ndarray, classes: np.ndarray, count: int = 10, asked: np.ndarray | None = None
) -> float:
    """Share of the rows asked whose class is the most frequent among their nearest other rows, 0 to 1.

    Of equally frequent ones the class of the nearest of them counts.
    """
    names, number = np.unique(classes, return_inverse=True)
    near = number[neighbours_of(rows, count, asked)]
    votes = (near[:, :, None] == np.arange(len(names))).sum(axis=1)
    leading = np.take_along_axis(votes, near, axis=1)  # by neighbour: votes of its class
    chosen = np.take_along_axis(near, leading.argmax(axis=1)[:, None], axis=1)[:, 0]
    return float((chosen == number[_all(rows, asked)]).mean())


def silhouette_of(rows: np.ndarray, classes: np.ndarray, asked: np.ndarray | None = None) -> float:
    """Mean silhouette (Rousseeuw 1987) of the rows asked among each other, -1 to 1; 0 where they have one class only."""
    from sklearn.metrics import silhouette_score

    asked = _all(rows, asked)
    _, number = np.unique(classes[asked], return_inverse=True)
    if not 1 < number.max() + 1 < len(asked):
        return 0.0
    return float(silhouette_score(rows[asked], number))


def _cost(rows: np.ndarray, near: np.ndarray, count: int, asked: np.ndarray) -> float:
    """How far beyond `count` the ranks of the rows `near` (m, count) go, between 0 and 1."""
    if 2 * count >= len(rows):
        raise BadSetting(
            Text(f"{count} neighbours are half of {len(rows)} rows or more; ask for fewer",
                 f"{count} 个近邻已达到 {len(rows)} 行的一半；请少取一些")
        )  # fmt: skip
    beyond = 0.0
    step = max(1, BLOCK // len(rows))
    for begin in range(0, len(asked), step):
        block = slice(begin, begin + step)
        beyond += np.maximum(_ranks(rows, near[block], asked[block]) - count, 0).sum()
    return float(2 * beyond / (len(asked) * count * (2 * len(rows) - 3 * count - 1)))


def _ranks(rows: np.ndarray, near: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """(m, k): each of the rows `near` is the how many-th nearest row of the one asked, from 1 on."""
    from scipy.spatial.distance import cdist

    distances = cdist(rows[asked], rows, "sqeuclidean")
    own = np.take_along_axis(distances, near, axis=1)
    distances.sort(axis=1)
    found: np.ndarray = np.stack([np.searchsorted(*pair) for pair in zip(distances, own, strict=True)])
    return found


def _centres(rows: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean row of each group, (g, c), and how far its rows are from it, (g,)."""
    parts = [rows[groups == name] for name in np.unique(groups)]
    centres = np.stack([part.mean(axis=0) for part in parts])
    spreads = [np.sqrt(((part - centre) ** 2).sum(axis=1).mean()) for part, centre in zip(parts, centres, strict=True)]
    return centres, np.array(spreads)


def _ranks_agree(one: np.ndarray, other: np.ndarray) -> float:
    from scipy.stats import rankdata

    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])


def _all(rows: np.ndarray, asked: np.ndarray | None) -> np.ndarray:
    return np.arange(len(rows)) if asked is None else asked
