"""Matrix factorisation: a rating is the mean, two biases and the inner product of two short vectors.

Source: Koren, Bell and Volinsky 2009, Matrix Factorization Techniques for Recommender Systems, Eq. 4 and 5, by
alternating least squares; with known item vectors each user's problem is a ridge regression, and the reverse.
Departs from them: the penalties of biases and of vectors differ, and a bias is solved together with its vector.
Parity: each half step against scikit-learn's ridge regression.
Symbols: P users (users + 1, 1 + k), Q items (items + 1, 1 + k); their first column is the bias, and their last row what
holds of one never seen.
"""

import numpy as np
from numpy.random import Generator

from zhixing.models.by_entity import ByEntity
from zhixing.models.rating_biases import known
from zhixing.models.regressors import Regressor

START = 0.1
"""The standard deviation of the first vectors: none but zero would never leave zero."""


def factorisation(
    *,
    factors: int = 20,
    penalty: float = 10.0,
    users: float = 5.0,
    items: float = 3.0,
    turns: int = 15,
    generator: Generator,
) -> Regressor:
    """Vectors of `factors` numbers, held small by `penalty`, beside biases as `rating_biases` has them.

    Penalties are in squared standard deviations of the ratings, and so do not depend on their scale.
    """
    return Factorisation(factors, penalty, (users, items), turns, generator)


class Factorisation:
    """Minimises the squared errors + `penalty` (|p|^2 + |q|^2) + `biases` (b^2, c^2), by turns."""

    def __init__(self, factors: int, penalty: float, biases: tuple[float, float], turns: int, generator: Generator):
        self.factors, self.penalty, self.biases, self.turns, self._generator = (
            factors,
            penalty,
            biases,
            turns,
            generator,
        )

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "Factorisation":
        user, item = inputs.T
        users, items = ByEntity(user), ByEntity(item)
        self.mean, self.scale = float(targets.mean()), float(targets.std()) or 1.0
        centred = (targets - self.mean) / self.scale
        self.P, self.Q = (
            begin(users.size, self.factors, self._generator),
            begin(items.size, self.factors, self._generator),
        )
        for _ in range(self.turns):
            self.P[:-1] = self._solved(users, self.Q[item], centred, self.biases[0])
            self.Q[:-1] = self._solved(items, self.P[user], centred, self.biases[1])
        del self._generator
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        user, item = known(inputs, len(self.P), len(self.Q))
        return self.mean + self.scale * paired(self.P[user], self.Q[item])

    def _solved(self, entities: ByEntity, others: np.ndarray, centred: np.ndarray, bias: float) -> np.ndarray:
        squares, moments = entities.sums(*equations(others, centred))
        squares += np.diag([bias] + [self.penalty] * self.factors)
        solved: np.ndarray = np.linalg.solve(squares, moments[:, :, None])[:, :, 0]
        return solved


def begin(size: int, factors: int, generator: Generator) -> np.ndarray:
    """A table (size + 1, 1 + factors) of small random vectors, without biases and with nothing in the last row."""
    table = START * generator.standard_normal((size + 1, 1 + factors))
    table[:, 0] = table[-1] = 0.0
    return table


def equations(others: np.ndarray, centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows (n, 1 + k) that a bias and a vector are multiplied with, and what is left for them to explain."""
    design = others.copy()
    design[:, 0] = 1.0
    return design, centred - others[:, 0]


def paired(users: np.ndarray, items: np.ndarray) -> np.ndarray:
    """b + c + p q of rows (..., n, 1 + k) of both tables."""
    both: np.ndarray = users[..., 0] + items[..., 0] + np.einsum("...k,...k->...", users[..., 1:], items[..., 1:])
    return both
