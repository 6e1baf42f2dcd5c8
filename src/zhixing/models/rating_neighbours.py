"""Neighbours among items: what a user thought of the items that are most like this one.

Source: Sarwar et al. 2001, Item-based Collaborative Filtering Recommendation Algorithms; Koren 2008, Factorization Meets
the Neighborhood, Eq. 2 and 3: similarities of few common users are shrunk, and what is averaged are residuals of biases.
Departs from them: similarities are shrunk by their size, not by the number of common users, and what neighbours tell is
shrunk by `trust` in the denominator.
"""

import numpy as np
from numpy.random import Generator
from scipy import sparse

from zhixing.models.rating_biases import RatingBiases, known
from zhixing.models.regressors import Regressor


def item_neighbours(
    *, neighbours: int = 30, shrink: float = 10.0, trust: float = 0.3, generator: Generator | None = None
) -> Regressor:
    """The user's residuals of the `neighbours` most similar items, weighed by similarity.

    The similarity of two items is e f / (|e| |f| + `shrink`), e and f being their residuals of all users, 0 where there is
    none, in standard deviations of the ratings: the less users they share, the smaller.
    """
    return ItemNeighbours(neighbours, shrink, trust)


class ItemNeighbours:
    """r = bias + sum s e / (sum s + trust) over the most similar items that the user rated, with residuals e."""

    def __init__(self, neighbours: int, shrink: float, trust: float):
        self.neighbours, self.shrink, self.trust = neighbours, shrink, trust

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "ItemNeighbours":
        self.biases = RatingBiases(users=5.0, items=3.0).fit(inputs, targets)
        self.scale = float(targets.std()) or 1.0
        users, items = inputs.max(axis=0) + 2
        left = (targets - self.biases.predict(inputs)) / self.scale
        self.left = sparse.csr_matrix((left, inputs.T), shape=(users, items))
        self.similar = self._similarities()
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        user, item = known(inputs, *self.left.shape)
        answers = self.biases.predict(inputs)
        order = np.argsort(user, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(user[order])) + 1):
            own = self.left[user[rows[:1]]]
            if own.nnz:
                weights = self.similar[item[rows]][:, own.indices].toarray()
                answers[rows] += self.scale * self._told(weights, own.data)
        return answers

    def _told(self, weights: np.ndarray, left: np.ndarray) -> np.ndarray:
        """Of similarities (n, rated): the most similar `neighbours` of each row speak."""
        if weights.shape[1] > self.neighbours:
            least = np.partition(weights, -self.neighbours, axis=1)[:, -self.neighbours, None]
            weights = np.where(weights >= least, weights, 0.0)
        told: np.ndarray = weights @ left / (weights.sum(axis=1) + self.trust)
        return told

    def _similarities(self) -> sparse.csr_matrix:
        """Above nothing only; an item with itself is left out."""
        by_item = self.left.T.tocsr()
        lengths = np.sqrt(by_item.multiply(by_item).sum(axis=1).A1)
        products = (by_item @ self.left).tocoo()
        value = products.data / (lengths[products.row] * lengths[products.col] + self.shrink)
        kept = (value > 0) & (products.row != products.col)
        return sparse.csr_matrix(
            (value[kept].astype(np.float32), (products.row[kept], products.col[kept])), shape=products.shape
        )
