"""Densities of rows of numbers, each as a function that makes an estimator of one; scikit-learn does some of the work.

Every function takes the family's main setting and the `generator` of whatever chance it needs, and returns an estimator
with `fit(inputs)` and `predict(inputs)`, of rows (n, columns) to logarithms of densities (n,) in the units of the columns,
so that families fitted to the same columns can be compared. Columns are standardised inside.
"""

import warnings
from typing import Any

import numpy as np
from numpy.random import Generator

from zhixing.models.classical import number_from

BLOCK = 500
"""Rows at a time where all training rows are looked at: bounds the memory."""
WIDENED = 1e-6
"""What is added to every variance of a mixture's parts, in units of the columns' variances."""


class _Standardised:
    """A density of standardised columns, as one of the columns themselves."""

    def __init__(self, density: Any):
        self.density = density

    def fit(self, inputs: np.ndarray, targets: np.ndarray | None = None, /) -> "_Standardised":
        self.centre, self.scale = inputs.mean(axis=0), inputs.std(axis=0)
        self.scale[self.scale == 0] = 1.0
        self.density.fit((inputs - self.centre) / self.scale)
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        standard: np.ndarray = self.density.score_samples((inputs - self.centre) / self.scale)
        logarithms: np.ndarray = standard - np.log(self.scale).sum()
        return logarithms


def one_gaussian(*, shrinkage: float = 0.0, generator: Generator | None = None) -> Any:
    """One normal distribution, correlations made smaller by the share `shrinkage`."""
    return _Standardised(_OneGaussian(shrinkage))


def factor_analysis(*, factors: int = 1, generator: Generator | None = None) -> Any:
    """A normal distribution whose columns are sums of a few hidden factors and of noise, each its own (Rubin and Thayer
    1982); of no more factors than columns."""
    return _Standardised(_Factors(factors))


def gaussian_mixture(*, parts: int = 1, generator: Generator) -> Any:
    """A sum of normal distributions, each with its own covariance, fitted by expectation maximisation (Dempster et al.
    1977); the best of three beginnings."""
    return _Standardised(mixture(parts, widened=WIDENED, beginnings=3, generator=generator))


def kernel_density(*, width: float = 1.0, generator: Generator | None = None) -> Any:
    """A round normal distribution around every training row (Parzen 1962), `width` times as wide as Scott's rule says."""
    return _Standardised(_Kernel(width))


def separate_kernels(*, width: float = 1.0, generator: Generator | None = None) -> Any:
    """A kernel density for each column, multiplied: what columns say of each other is left out."""
    return _Standardised(_Separate(width))


def mixture(parts: int, *, widened: float, beginnings: int, generator: Generator) -> "Mixture":
    """A Gaussian mixture of rows at the scale at which they are given; `widened` is added to every variance."""
    return Mixture(parts, widened, beginnings, number_from(generator))


class Mixture:
    """scikit-learn's mixture, of no more parts than rows, and quiet where it has not quite settled."""

    def __init__(self, parts: int, widened: float, beginnings: int, number: int):
        self.parts, self.widened, self.beginnings, self.number = parts, widened, beginnings, number

    def fit(self, inputs: np.ndarray, /) -> "Mixture":
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        self.fitted = GaussianMixture(
            min(self.parts, len(inputs)),
            reg_covar=self.widened,
            n_init=self.beginnings,
            max_iter=200,
            random_state=self.number,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.fitted.fit(inputs)
        return self

    def score_samples(self, inputs: np.ndarray, /) -> np.ndarray:
        logarithms: np.ndarray = self.fitted.score_samples(inputs)
        return logarithms

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        """The most probable part of each row."""
        parts: np.ndarray = self.fitted.predict(inputs).astype(np.int64)
        return parts


class _OneGaussian:
    def __init__(self, shrinkage: float):
        self.shrinkage = shrinkage

    def fit(self, inputs: np.ndarray, /) -> None:
        covariance = np.atleast_2d(np.cov(inputs.T, bias=True)) + WIDENED * np.eye(inputs.shape[1])
        kept = (1 - self.shrinkage) * covariance + self.shrinkage * np.diag(np.diag(covariance))
        self.mean, self.lower = inputs.mean(axis=0), np.linalg.cholesky(kept)

    def score_samples(self, inputs: np.ndarray, /) -> np.ndarray:
        from scipy.linalg import solve_triangular

        away = solve_triangular(self.lower, (inputs - self.mean).T, lower=True)
        constant = np.log(np.diag(self.lower)).sum() + 0.5 * inputs.shape[1] * np.log(2 * np.pi)
        logarithms: np.ndarray = -0.5 * (away**2).sum(axis=0) - constant
        return logarithms


class _Factors:
    def __init__(self, factors: int):
        self.factors = factors

    def fit(self, inputs: np.ndarray, /) -> None:
        from sklearn.decomposition import FactorAnalysis
        from sklearn.exceptions import ConvergenceWarning

        self.fitted = FactorAnalysis(min(self.factors, inputs.shape[1]), svd_method="lapack")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.fitted.fit(inputs)

    def score_samples(self, inputs: np.ndarray, /) -> np.ndarray:
        logarithms: np.ndarray = self.fitted.score_samples(inputs)
        return logarithms


class _Kernel:
    def __init__(self, width: float):
        self.width = width

    def fit(self, inputs: np.ndarray, /) -> None:
        rows, columns = inputs.shape
        self.rows, self.spread = inputs, self.width * rows ** (-1 / (columns + 4))

    def score_samples(self, inputs: np.ndarray, /) -> np.ndarray:
        blocks = np.array_split(inputs, range(BLOCK, len(inputs), BLOCK))
        return np.concatenate([_of_kernels(block, self.rows, self.spread) for block in blocks])


class _Separate:
    def __init__(self, width: float):
        self.width = width

    def fit(self, inputs: np.ndarray, /) -> None:
        self.columns = [_Kernel(self.width) for _ in inputs.T]
        for kernel, column in zip(self.columns, inputs.T, strict=True):
            kernel.fit(column[:, None])

    def score_samples(self, inputs: np.ndarray, /) -> np.ndarray:
        of_columns = [
            kernel.score_samples(column[:, None]) for kernel, column in zip(self.columns, inputs.T, strict=True)
        ]
        logarithms: np.ndarray = np.sum(of_columns, axis=0)
        return logarithms


def _of_kernels(asked: np.ndarray, rows: np.ndarray, spread: float) -> np.ndarray:
    from scipy.spatial.distance import cdist
    from scipy.special import logsumexp

    columns = rows.shape[1]
    near = -0.5 * cdist(asked, rows, "sqeuclidean") / spread**2
    constant = np.log(len(rows)) + columns * (np.log(spread) + 0.5 * np.log(2 * np.pi))
    logarithms: np.ndarray = logsumexp(near, axis=1) - constant
    return logarithms
