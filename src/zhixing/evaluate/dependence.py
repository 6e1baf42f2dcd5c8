"""How two columns go together: covariance, correlation, distance correlation, and how much one foretells another.

Source: Székely, Rizzo and Bakirov 2007, arXiv:0803.4101 (distance covariance, which is 0 only where two columns have
nothing to do with each other). Departs from it: nothing. In NumPy; tables are (rows, columns).
Measures take what was found on every table or pair.
"""

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.evaluate.questions import Found, averaged, averaged_along

TENTHS = tuple(range(1, 11))


def covariances(table: np.ndarray) -> np.ndarray:
    """Mean product of two columns' distances from their means, for every two columns; divided by rows - 1."""
    centred = table - table.mean(axis=0)
    products: np.ndarray = centred.T @ centred / (len(table) - 1)
    return products


def correlations(table: np.ndarray) -> np.ndarray:
    """Covariances of the columns, each divided by its standard deviation."""
    found = covariances(table)
    spread = np.sqrt(np.diag(found))
    scaled: np.ndarray = found / np.outer(spread, spread)
    return scaled


def distance_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Of two columns (n,): 0 where one says nothing of the other, 1 where they lie on a line; never below 0.

    On few rows it exceeds 0 by chance also where nothing is there.
    """
    one, other = _centred_distances(x), _centred_distances(y)
    spread = np.mean(one * one) * np.mean(other * other)
    return float(np.sqrt(max(np.mean(one * other), 0.0) / np.sqrt(spread))) if spread > 0 else 0.0


def chance_of_dependence(x: np.ndarray, y: np.ndarray, generator: np.random.Generator, shuffles: int = 99) -> float:
    """Share of shuffles of y that go with x at least as closely as y does, itself counted: the p-value."""
    one, other = _centred_distances(x), _centred_distances(y)
    seen = np.sum(one * other)
    orders = (generator.permutation(len(y)) for _ in range(shuffles))
    as_close = sum(bool(np.sum(one * other[np.ix_(order, order)]) >= seen) for order in orders)
    return (1 + as_close) / (1 + shuffles)


def _centred_distances(x: np.ndarray) -> np.ndarray:
    distances = np.abs(x[:, None] - x)
    means = distances.mean(axis=0)
    centred: np.ndarray = distances - means - means[:, None] + means.mean()
    return centred


def variance_foretold(known: np.ndarray, judged: np.ndarray, parts: int = 10) -> np.ndarray:
    """How much of the variance of column j in `judged` its mean by tenths of column i foretells, learned from `known`.

    Shares of shape (columns i, columns j), below 0 where it is worse than the mean; a curve of any shape counts.
    """
    spread = np.mean((judged - known.mean(axis=0)) ** 2, axis=0)
    shares = np.empty((known.shape[1], known.shape[1]))
    for i in range(known.shape[1]):
        edges = np.quantile(known[:, i], np.linspace(0, 1, parts + 1)[1:-1])
        own, theirs = np.searchsorted(edges, known[:, i]), np.searchsorted(edges, judged[:, i])
        counts = np.bincount(own, minlength=parts)[:, None]
        sums = np.stack([np.bincount(own, weights=column, minlength=parts) for column in known.T], axis=1)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), known.mean(axis=0))
        shares[i] = 1 - np.mean((judged - means[theirs]) ** 2, axis=0) / spread
    return shares


def directions(table: np.ndarray, generator: np.random.Generator, pairs: int = 4000) -> np.ndarray:
    """For every two columns, of random pairs of rows: how often both rise, less how often one falls, per pair."""
    one, other = generator.integers(len(table), size=(2, pairs))
    moves = np.sign(table[one] - table[other])
    agreement: np.ndarray = moves.T @ moves / pairs
    return agreement


def same_order(one: np.ndarray, other: np.ndarray) -> float:
    """The share of pairs of places that two lists (n,) put in the same order; 0.5 where they know nothing of each other."""
    places = np.triu_indices(len(one), 1)
    agree = np.sign(one[:, None] - one)[places] * np.sign(other[:, None] - other)[places]
    return float((1 + agree.mean()) / 2)


@measure(
    label=Text("signs that tell the direction", "符号说对方向的比例"), unit=PER_CENT, difference_unit=POINTS,
    better="higher", low=0.0, high=100.0,
)  # fmt: skip
def signs_right(found: Found) -> float:
    """Pairs of columns whose sign says how most pairs of test rows move."""
    return 100 * averaged(found, "signs_right")


@measure(
    label=Text("comparisons of size that tell the stronger relation", "按大小比较、说对哪个关系更强的比例"),
    unit=PER_CENT, difference_unit=POINTS, better="higher", low=0.0, high=100.0,
)  # fmt: skip
def sizes_right(found: Found) -> float:
    """Of two pairs of columns, how often the larger number belongs to the pair that foretells more; a coin gets 50."""
    return 100 * averaged(found, "sizes_right")


@measure(
    label=Text("variance foretold", "能推知的方差"), unit=PER_CENT, high=100.0,
    axis=Text("tenths of the pairs, from the smallest number to the largest", "按数值从小到大，第几个十分之一"),
)  # fmt: skip
def foretold_by_size(found: Found) -> Series:
    """How much one column of a pair foretells of the other, for pairs in the order of their numbers."""
    return averaged_along(found, "foretold_by_size", "tenth", TENTHS)


@measure(
    label=Text("distance correlation", "距离相关系数"), unit=Text("", ""), better="higher", low=0.0, high=1.0
)  # fmt: skip
def dependence(found: Found) -> float:
    """0 where one column says nothing of the other, but for chance."""
    return averaged(found, "dependence")


@measure(label=Text("size of the correlation", "相关系数的大小"), unit=Text("", ""), better="higher", low=0.0, high=1.0)
def correlation_size(found: Found) -> float:
    """Without its sign."""
    return averaged(found, "correlation")


@measure(label=Text("size of the covariance", "协方差的大小"), unit=Text("", ""), better="higher", low=0.0)
def covariance_size(found: Found) -> float:
    """Without its sign, in the product of the two columns' units."""
    return averaged(found, "covariance")


@measure(
    label=Text("shuffles that go together as closely", "打乱后同样密切的比例"), unit=PER_CENT, difference_unit=POINTS,
    better="lower", low=0.0, high=100.0,
)  # fmt: skip
def shuffles_as_close(found: Found) -> float:
    """The p-value of a permutation test of distance covariance."""
    return 100 * averaged(found, "chance")


@measure(
    label=Text("mean of the second column", "第二列的均值"), unit=Text("standard deviations", "个标准差"),
    axis=Text("tenths of the rows, by the first column", "按第一列排序，第几个十分之一"),
)  # fmt: skip
def mean_by_tenth(found: Found) -> Series:
    """How the second column moves as the first one rises."""
    return averaged_along(found, "mean_by_tenth", "tenth", TENTHS)
