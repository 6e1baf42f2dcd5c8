"""The classical families of regression, each as a function that makes one; scikit-learn does the work.

Every function takes the family's main settings and the `generator` of whatever chance it needs, and returns a regressor
with `fit(inputs, targets)` and `predict(inputs)`, of rows (n, columns) to amounts (n,). Rows and targets are best given
at mean 0 and variance 1. Settings that are left out are scikit-learn's.
"""

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.random import Generator

from zhixing.models.classical import number_from
from zhixing.models.processes import GaussianProcess


@runtime_checkable
class Regressor(Protocol):
    """What a regressor of any family can do; arrays are (n, columns) and (n,)."""

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> Any: ...

    def predict(self, inputs: np.ndarray, /) -> np.ndarray: ...


def ridge(*, strength: float = 1.0, generator: Generator | None = None) -> Regressor:
    """A weighted sum of the columns (Hoerl and Kennard 1970); weights are held small by 1 / strength."""
    from sklearn.linear_model import Ridge

    regressor: Regressor = Ridge(alpha=1 / strength)
    return regressor


def neighbour_mean(*, neighbours: int = 5, generator: Generator | None = None) -> Regressor:
    """The mean of the nearest training rows."""
    from sklearn.neighbors import KNeighborsRegressor

    regressor: Regressor = KNeighborsRegressor(neighbours)
    return regressor


def support_regression(*, strength: float = 1.0, generator: Generator | None = None) -> Regressor:
    """A smooth function that leaves errors below 0.1 unpunished (Drucker et al. 1997); others cost `strength` each."""
    from sklearn.svm import SVR

    regressor: Regressor = SVR(C=strength)
    return regressor


def process_mean(*, iterations: int = 20, noise: float = 0.1, generator: Generator | None = None) -> Regressor:
    """The mean of our `GaussianProcess`, whose search for the evidence begins at this variance of the noise."""
    return _ProcessMean(iterations, noise)


def regression_tree(*, leaf: int = 1, generator: Generator) -> Regressor:
    """One decision tree (CART, Breiman et al. 1984) with `leaf` rows or more in each leaf."""
    from sklearn.tree import DecisionTreeRegressor

    regressor: Regressor = DecisionTreeRegressor(min_samples_leaf=leaf, random_state=number_from(generator))
    return regressor


def regression_forest(*, trees: int = 100, leaf: int = 1, generator: Generator) -> Regressor:
    """Trees on resampled rows, a third of the columns at each cut, averaged (Breiman 2001)."""
    from sklearn.ensemble import RandomForestRegressor

    regressor: Regressor = RandomForestRegressor(
        trees, max_features=1 / 3, min_samples_leaf=leaf, random_state=number_from(generator)
    )
    return regressor


def regression_boosting(*, rounds: int = 100, rate: float = 0.1, generator: Generator) -> Regressor:
    """Trees that each mend `rate` of what the sum so far gets wrong (Friedman 2001), on histograms of the columns."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    regressor: Regressor = HistGradientBoostingRegressor(
        max_iter=rounds, learning_rate=rate, early_stopping=False, random_state=number_from(generator)
    )
    return regressor


class _ProcessMean:
    def __init__(self, iterations: int, noise: float):
        self.process = GaussianProcess(iterations=iterations, noise=noise)

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "_ProcessMean":
        self.process.fit(inputs.astype(np.float64), targets)
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        return self.process.predict(inputs.astype(np.float64))[0]
