"""Recommenders of items, which learn from what users chose rather than from how they rated it.

Each has `fit(inputs, targets)` of rows (n, 2) of numbers as the models of ratings, and `scores(users)` of all items,
(m, items). A user of number -1, or of one never seen, gets what is known without her.
Sources: Hu, Koren and Volinsky 2008, Collaborative Filtering for Implicit Feedback Datasets, Eq. 4; Rendle et al. 2009,
BPR: Bayesian Personalized Ranking from Implicit Feedback, Fig. 4. Departs from them: each chosen pair counts alike,
however it was rated; BPR takes its steps in batches and lets an item have a bias.
Parity: Eq. 4 by brute force; the gradient of BPR by torch.
"""

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.random import Generator

from zhixing.core import Spec
from zhixing.models.by_entity import ByEntity
from zhixing.models.factorisation import begin, paired


@runtime_checkable
class Recommender(Protocol):
    """What a recommender can do."""

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> Any: ...

    def scores(self, users: np.ndarray, /) -> np.ndarray: ...


def popularity(*, generator: Generator | None = None) -> Recommender:
    """The items that most users chose, for everybody."""
    return _Popularity()


def by_rating(*, model: Spec, generator: Generator) -> Recommender:
    """The items that a model of ratings, built by `model`, rates highest."""
    return _ByRating(model, generator)


def implicit_factors(
    *, factors: int = 16, penalty: float = 10.0, weight: float = 10.0, turns: int = 10, generator: Generator
) -> Recommender:
    """Vectors whose product is 1 where a user chose an item, counted 1 + `weight` times, and 0 everywhere else."""
    return _ImplicitFactors(factors, penalty, weight, turns, generator)


def pairwise_ranking(
    *,
    factors: int = 16,
    rate: float = 0.05,
    penalty: float = 0.01,
    rounds: int = 30,
    batch: int = 64,
    generator: Generator,
) -> Recommender:
    """Vectors by which what a user chose stands above what she did not: BPR, by gradient steps on random pairs."""
    return _PairwiseRanking(factors, rate, penalty, rounds, batch, generator)


class _Popularity:
    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "_Popularity":
        self.counts = np.bincount(inputs[:, 1]).astype(np.float64)
        return self

    def scores(self, users: np.ndarray, /) -> np.ndarray:
        return np.tile(self.counts, (len(users), 1))


class _ByRating:
    def __init__(self, model: Spec, generator: Generator):
        self.rater = model.build(generator=generator)

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "_ByRating":
        self.items = int(inputs[:, 1].max()) + 1
        self.rater.fit(inputs, targets)
        return self

    def scores(self, users: np.ndarray, /) -> np.ndarray:
        pairs = np.stack([np.repeat(users, self.items), np.tile(np.arange(self.items), len(users))], axis=1)
        rated: np.ndarray = self.rater.predict(pairs)
        return rated.reshape(len(users), self.items)


class _ImplicitFactors:
    """Minimises sum c (x - p q)^2 + penalty (|p|^2 + |q|^2) over all pairs: x is 1 and c 1 + weight where chosen."""

    def __init__(self, factors: int, penalty: float, weight: float, turns: int, generator: Generator):
        self.factors, self.penalty, self.weight, self.turns = factors, penalty, weight, turns
        self._generator = generator

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "_ImplicitFactors":
        user, item = inputs.T
        users, items = ByEntity(user), ByEntity(item)
        self.P = np.zeros((users.size + 1, self.factors))
        self.Q = begin(items.size, self.factors, self._generator)[:-1, 1:]
        for _ in range(self.turns):
            self.P[:-1] = self._solved(users, self.Q, item)
            self.Q = self._solved(items, self.P[:-1], user)
        self.P[-1] = self.P[:-1].mean(axis=0)
        del self._generator
        return self

    def scores(self, users: np.ndarray, /) -> np.ndarray:
        told: np.ndarray = self.P[np.where(users < len(self.P) - 1, users, -1)] @ self.Q.T
        return told

    def _solved(self, entities: ByEntity, others: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        squares, moments = entities.sums(others[chosen], np.ones(len(chosen)))
        system = others.T @ others + self.weight * squares + self.penalty * np.eye(self.factors)
        solved: np.ndarray = np.linalg.solve(system, (1 + self.weight) * moments[:, :, None])[:, :, 0]
        return solved


class _PairwiseRanking:
    """Ascends log sigma(s_chosen - s_other) - penalty |w|^2 / 2, s being an item's bias plus p q."""

    def __init__(self, factors: int, rate: float, penalty: float, rounds: int, batch: int, generator: Generator):
        self.factors, self.rate, self.penalty, self.rounds, self.batch = factors, rate, penalty, rounds, batch
        self._generator = generator

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "_PairwiseRanking":
        user, item = inputs.T
        users, items = int(user.max()) + 1, int(item.max()) + 1
        chosen = np.unique(user * items + item)
        self.P, self.Q = begin(users, self.factors, self._generator), begin(items, self.factors, self._generator)[:-1]
        for _ in range(self.rounds):
            order = self._generator.permutation(len(inputs))
            for first in range(0, len(order), self.batch):
                rows = order[first : first + self.batch]
                others = self._generator.integers(items, size=len(rows))
                pairs = user[rows] * items + others
                fresh = chosen[np.minimum(np.searchsorted(chosen, pairs), len(chosen) - 1)] != pairs
                self.step(user[rows][fresh], item[rows][fresh], others[fresh])
        del self._generator
        return self

    def step(self, user: np.ndarray, item: np.ndarray, other: np.ndarray) -> None:
        """Adds `rate` times the gradient of each row of a batch."""
        p, q, o = self.P[user], self.Q[item], self.Q[other]
        short = 1 / (1 + np.exp(paired(p, q) - paired(p, o)))[:, None]
        p_ascent, q_ascent = short * (q - o) - self.penalty * p, short * p - self.penalty * q
        o_ascent = -short * p - self.penalty * o
        p_ascent[:, 0] = 0.0  # a user's bias moves no order
        q_ascent[:, 0], o_ascent[:, 0] = short[:, 0] - self.penalty * q[:, 0], -short[:, 0] - self.penalty * o[:, 0]
        np.add.at(self.P, user, self.rate * p_ascent)
        np.add.at(self.Q, item, self.rate * q_ascent)
        np.add.at(self.Q, other, self.rate * o_ascent)

    def scores(self, users: np.ndarray, /) -> np.ndarray:
        rows = self.P[np.where(users < len(self.P) - 1, users, -1)]
        told: np.ndarray = rows[:, 1:] @ self.Q[:, 1:].T + self.Q[:, 0]
        return told
