"""Bayesian matrix factorisation: not the best vectors but many likely ones, whose answers are averaged.

Source: Salakhutdinov and Mnih 2008, Bayesian Probabilistic Matrix Factorization using Markov Chain Monte Carlo,
Algorithm 1 (Gibbs sampling), Eq. 11 to 14. Departs from it: a bias stands as the first entry of each vector, so that the
prior may let them go together, and the precision of the noise is sampled too (Gamma, as in Rendle 2012, libFM).
Parity: with fixed priors, the exact posterior of a user whose items are known.
Symbols: P, Q tables as in `factorisation`, one for each sample; p, q the present ones | m, L mean and precision of the
prior of all rows of a table | a precision of the noise
"""

import numpy as np
from numpy.random import Generator

from zhixing.models.by_entity import ByEntity
from zhixing.models.factorisation import begin, equations, paired
from zhixing.models.rating_biases import known
from zhixing.models.regressors import Regressor

COUPLING = 2.0
"""Of the prior of m: as if so many rows had been seen at 0."""
SPREAD = 0.1
"""Of the prior of L: variances before anything is seen, in those of the ratings."""


def bayesian_factorisation(
    *, factors: int = 8, sweeps: int = 100, burn_in: int = 20, kept: int = 40, generator: Generator
) -> Regressor:
    """`kept` samples of vectors, evenly among the `sweeps` after `burn_in`; nothing needs tuning."""
    return BayesianFactorisation(factors, sweeps, burn_in, kept, generator)


class BayesianFactorisation:
    """Samples the vectors of all users, then those of all items, each given the others, over and over."""

    def __init__(self, factors: int, sweeps: int, burn_in: int, kept: int, generator: Generator):
        self.factors, self.sweeps, self.burn_in, self.kept, self._generator = factors, sweeps, burn_in, kept, generator

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "BayesianFactorisation":
        generator = self._generator
        user, item = inputs.T
        users, items = ByEntity(user), ByEntity(item)
        self.mean, self.scale = float(targets.mean()), float(targets.std()) or 1.0
        centred = (targets - self.mean) / self.scale
        p, q = begin(users.size, self.factors, generator), begin(items.size, self.factors, generator)
        noise, samples = 1.0, []
        keep = set(np.linspace(self.burn_in, self.sweeps - 1, self.kept).astype(int).tolist())
        for sweep in range(self.sweeps):
            p = _drawn(users, p, *equations(q[item], centred), noise, generator)
            q = _drawn(items, q, *equations(p[user], centred), noise, generator)
            errors = centred - paired(p[user], q[item])
            noise = generator.gamma(1 + len(errors) / 2, 1 / (1 + errors @ errors / 2))
            if sweep in keep:
                samples.append((p.astype(np.float32), q.astype(np.float32)))
        self.P, self.Q = (np.stack(tables) for tables in zip(*samples, strict=True))
        del self._generator
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        user, item = known(inputs, self.P.shape[1], self.Q.shape[1])
        answers = np.zeros(len(inputs))
        for users, items in zip(self.P, self.Q, strict=True):
            answers += paired(users[user], items[item])
        return self.mean + self.scale * answers / len(self.P)


def _drawn(
    entities: ByEntity, table: np.ndarray, design: np.ndarray, left: np.ndarray, noise: float, generator: Generator
) -> np.ndarray:
    """A new table given the other one: its prior given the old rows, then every row given its ratings and the prior."""
    mean, precision = prior_given(table[:-1], generator)
    squares, moments = entities.sums(design, left)
    return np.vstack([rows_given(squares, moments, mean, precision, noise, generator), mean])


def rows_given(
    squares: np.ndarray,
    moments: np.ndarray,
    mean: np.ndarray,
    precision: np.ndarray,
    noise: float,
    generator: Generator,
) -> np.ndarray:
    """Rows (n, k) from normals of precision L + a sum x x^T and mean its inverse times L m + a sum x t (Eq. 11 to 13)."""
    root = np.linalg.cholesky(precision + noise * squares)
    towards = np.linalg.solve(root, (precision @ mean + noise * moments)[:, :, None])
    chance = generator.standard_normal(towards.shape)
    rows: np.ndarray = np.linalg.solve(root.transpose(0, 2, 1), towards + chance)[:, :, 0]
    return rows


def prior_given(rows: np.ndarray, generator: Generator) -> tuple[np.ndarray, np.ndarray]:
    """m and L given the rows (n, k) that they are the prior of: normal and Wishart (Eq. 14)."""
    count, wide = rows.shape
    centre = rows.mean(axis=0)
    spread = SPREAD * wide * np.eye(wide) + (rows - centre).T @ (rows - centre)
    spread += count * COUPLING / (count + COUPLING) * np.outer(centre, centre)
    precision = _wishart(wide + count, np.linalg.inv(spread), generator)
    root = np.linalg.cholesky((count + COUPLING) * precision)
    mean = count * centre / (count + COUPLING) + np.linalg.solve(root.T, generator.standard_normal(wide))
    return mean, precision


def _wishart(freedom: int, scale: np.ndarray, generator: Generator) -> np.ndarray:
    """A Wishart matrix of this scale, by Bartlett's decomposition."""
    wide = len(scale)
    lower = np.tril(generator.standard_normal((wide, wide)), -1)
    lower[np.diag_indices(wide)] = np.sqrt(generator.chisquare(freedom - np.arange(wide)))
    factor = np.linalg.cholesky(scale) @ lower
    return factor @ factor.T
