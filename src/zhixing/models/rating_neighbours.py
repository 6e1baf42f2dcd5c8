"""Neighbours among items: what a user thought of the items that are most like this one.

Source: Sarwar et al. 2001, Item-based Collaborative Filtering Recommendation Algorithms; Koren 2008, Factorization Meets
the Neighborhood, Eq. 2 and 3: similarities of few common users are shrunk, and what is averaged are residuals of biases.
Departs from them: residuals that no neighbour tells are shrunk to nothing by `trust` in the denominator.
"""

import numpy as np
from numpy.random import Generator
from scipy import sparse

from zhixing.models.rating_biases import RatingBiases, known
from zhixing.models.regressors import Regressor

BLOCK = 512
"""Items at a time, so that a matrix of all pairs never stands in memory."""


def item_neighbours(
    *, neighbours: int = 30, shrink: float = 50.0, trust: float = 1.0, generator: Generator | None = None
) -> Regressor:
    """The user's residuals of the `neighbours` most similar items, weighed by similarity.

    The similarity of two items is the cosine of their residuals over the users whom they share, times
    n / (n + `shrink`) for n such users.
    """
    return ItemNeighbours(neighbours, shrink, trust)


class ItemNeighbours:
    """r = bias + sum s e / (sum |s| + trust) over the most similar items that the user rated, with residuals e."""

    def __init__(self, neighbours: int, shrink: float, trust: float):
        self.neighbours, self.shrink, self.trust = neighbours, shrink, trust

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "ItemNeighbours":
        self.biases = RatingBiases(users=5.0, items=3.0).fit(inputs, targets)
        users, items = inputs.max(axis=0) + 2
        self.left = sparse.csr_matrix((targets - self.biases.predict(inputs), inputs.T), shape=(users, items))
        self.similar = self._similarities()
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        user, item = known(inputs, *self.left.shape)
        answers = self.biases.predict(inputs)
        order = np.argsort(user, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(user[order])) + 1):
            first, last = self.left.indptr[user[rows[0]] % self.left.shape[0] :][:2]
            rated, left = self.left.indices[first:last], self.left.data[first:last]
            if len(rated):
                answers[rows] += self._from(self.similar[item[rows]][:, rated].toarray(), left)
        return answers

    def _from(self, weights: np.ndarray, left: np.ndarray) -> np.ndarray:
        """Of similarities (n, rated): the most similar `neighbours` of each row speak."""
        if weights.shape[1] > self.neighbours:
            least = np.partition(weights, -self.neighbours, axis=1)[:, -self.neighbours, None]
            weights = np.where(weights >= least, weights, 0.0)
        told: np.ndarray = weights @ left / (weights.sum(axis=1) + self.trust)
        return told

    def _similarities(self) -> sparse.csr_matrix:
        """Above nothing only, an item with itself left out."""
        by_item = self.left.T.tocsr()
        squares, there = by_item.multiply(by_item).tocsr(), by_item.copy()
        there.data = np.ones_like(there.data)
        blocks = []
        for first in range(0, by_item.shape[0], BLOCK):
            some = slice(first, first + BLOCK)
            dot = (by_item[some] @ by_item.T).tocsr()
            one, other = (squares[some] @ there.T).tocsr(), (there[some] @ squares.T).tocsr()
            common = (there[some] @ there.T).tocsr()
            for each in (dot, one, other, common):
                each.sort_indices()
            length = np.sqrt(one.data * other.data)
            share = common.data / (common.data + self.shrink)
            value = np.divide(dot.data * share, length, out=np.zeros_like(length), where=length > 0)
            row, column = np.repeat(np.arange(first, first + dot.shape[0]), np.diff(dot.indptr)), dot.indices
            kept = (value > 0) & (row != column)
            blocks.append((value[kept], row[kept], column[kept]))
        values, rows, columns = (np.concatenate(each) for each in zip(*blocks, strict=True))
        return sparse.csr_matrix((values, (rows, columns)), shape=(by_item.shape[0],) * 2)
