"""Which rows are near which, in the columns and on a map, and what two such arrangements share. In NumPy.

Source: van der Maaten and Hinton 2008, JMLR 9, Eq. 1-4 (the loss of a map). Departs from it: nothing. Parity:
scikit-learn's loss, and brute force. Every function needs n x n numbers, so it is meant for a few thousand rows.
"""

from collections.abc import Sequence

import numpy as np

HALVINGS = 40
"""Of the interval in which a width is sought, which leaves a ten-thousand-millionth of it."""


def nearness(rows: np.ndarray, asked: np.ndarray | None = None) -> np.ndarray:
    """(m, n): 0 where the row of rows (n, c) is the nearest to that of asked (m, c), 1 where it is the next, and so on.

    Without `asked` the rows are asked about each other, and a row comes last in its own list.
    """
    squares = squared_distances(rows if asked is None else asked, rows)
    if asked is None:
        np.fill_diagonal(squares, np.inf)
    places: np.ndarray = squares.argsort(axis=1, kind="stable").argsort(axis=1)
    return places


def neighbours_in_both(first: np.ndarray, second: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Of the k nearest rows in one `nearness` (m, n), the per cent that are among the k nearest in the other, for each k.

    The mean over the m lists; k/n of them would be shared by chance.
    """
    both = np.maximum(first, second)  # the smallest neighbourhood that has the row in both
    found: np.ndarray = np.array([100 * (both < k).sum(axis=1).mean() / k for k in sizes])
    return found


def spreads(rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The size of every group: the root of its rows' mean squared distance from its mean."""
    return np.array([np.sqrt(rows[groups == group].var(axis=0).sum()) for group in np.unique(groups)])


def map_loss(rows: np.ndarray, places: np.ndarray, perplexity: float) -> float:
    """What t-SNE makes small: the divergence of the attractions of rows (n, c) from those of their places (n, 2)."""
    attractions = _attractions(squared_distances(rows, rows), perplexity)
    near = 1 / (1 + squared_distances(places, places))
    np.fill_diagonal(near, 0)
    drawn = attractions > 0
    return float((attractions[drawn] * np.log(attractions[drawn] / (near / near.sum())[drawn])).sum())


def squared_distances(asked: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(m, n), of asked (m, c) from rows (n, c)."""
    products = asked @ rows.T
    squares: np.ndarray = (asked**2).sum(axis=1)[:, None] + (rows**2).sum(axis=1) - 2 * products
    return squares.clip(min=0.0)


def _attractions(squares: np.ndarray, perplexity: float) -> np.ndarray:
    """Symmetric, with sum 1: each row spreads a bell over the others, as wide as gives it the perplexity."""
    others = ~np.eye(len(squares), dtype=bool)
    apart = squares[others].reshape(len(squares), -1)
    apart = apart - apart.min(axis=1, keepdims=True)
    low, high = np.full(len(squares), -60.0), np.full(len(squares), 60.0)  # of the narrowness, as a logarithm
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        wide = _entropy(_bell(apart, middle)) > np.log(perplexity)
        low, high = np.where(wide, middle, low), np.where(wide, high, middle)
    attractions = np.zeros_like(squares)
    attractions[others] = _bell(apart, (low + high) / 2).ravel()
    together: np.ndarray = (attractions + attractions.T) / (2 * len(squares))
    return together


def _bell(apart: np.ndarray, narrowness: np.ndarray) -> np.ndarray:
    heights = np.exp(-np.exp(narrowness)[:, None] * apart)
    shares: np.ndarray = heights / heights.sum(axis=1, keepdims=True)
    return shares


def _entropy(shares: np.ndarray) -> np.ndarray:
    entropy: np.ndarray = -(shares * np.log(np.maximum(shares, 1e-300))).sum(axis=1)
    return entropy
