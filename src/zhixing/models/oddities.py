"""Detectors of odd rows, each as a function that makes one; scikit-learn does the work.

Every function takes the family's main setting and the `generator` of whatever chance it needs, and returns an estimator
with `fit(inputs)` and `predict(inputs)`, of rows (n, columns) to scores (n,), the higher the odder. Rows are best given at
variance 1.
"""

import warnings
from typing import Any

import numpy as np
from numpy.random import Generator

from zhixing.models.classical import number_from


def isolation(*, rows: int = 256, generator: Generator) -> Any:
    """A row is odd where few random cuts part it from the others (Liu et al. 2008); each of 100 trees cuts so many rows."""
    from sklearn.ensemble import IsolationForest

    return _Oddness(IsolationForest(max_samples=rows, random_state=number_from(generator)), most="max_samples")


def local_sparsity(*, neighbours: int = 20, generator: Generator | None = None) -> Any:
    """A row is odd where its neighbours have nearer neighbours than it has (LOF: Breunig et al. 2000)."""
    from sklearn.neighbors import LocalOutlierFactor

    return _Oddness(LocalOutlierFactor(neighbours, novelty=True), most="n_neighbors")


def far_from_centre(*, kept: float = 0.75, generator: Generator) -> Any:
    """A row is odd where it is far from the mean, measured by the covariance of the share `kept` of the rows that lies
    closest together (Rousseeuw and Van Driessen 1999)."""
    from sklearn.covariance import MinCovDet

    return _Far(MinCovDet(support_fraction=kept, random_state=number_from(generator)))


def one_class(*, width: float = 1.0, generator: Generator | None = None) -> Any:
    """A row is odd where it lies outside of the smooth shape that holds nine tenths of the rows (Schölkopf et al. 2001);
    the kernel is `width` times as wide as the root of the number of columns."""
    return _Inside(width)


def far_neighbour(*, neighbours: int = 5, generator: Generator | None = None) -> Any:
    """A row is odd where even its nearest rows are far: the distance to the k-th of them (Ramaswamy et al. 2000)."""
    return _Neighbour(neighbours)


class _Oddness:
    """A detector of scikit-learn's, whose scores are high for usual rows; its size is no larger than the rows allow."""

    def __init__(self, detector: Any, most: str):
        self.detector, self.most = detector, most

    def fit(self, inputs: np.ndarray, targets: np.ndarray | None = None, /) -> "_Oddness":
        size = getattr(self.detector, self.most)
        self.detector.set_params(**{self.most: min(size, len(inputs) - 1)})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of rows that repeat
            self.detector.fit(inputs)
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        scores: np.ndarray = -self.detector.score_samples(inputs)
        return scores


class _Far:
    def __init__(self, covariance: Any):
        self.covariance = covariance

    def fit(self, inputs: np.ndarray, targets: np.ndarray | None = None, /) -> "_Far":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of columns that are sums of others: the inverse is then of the rest
            self.covariance.fit(inputs)
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        distances: np.ndarray = self.covariance.mahalanobis(inputs)
        return distances


class _Inside:
    def __init__(self, width: float):
        self.width = width

    def fit(self, inputs: np.ndarray, targets: np.ndarray | None = None, /) -> "_Inside":
        from sklearn.svm import OneClassSVM

        self.machine = OneClassSVM(nu=0.1, gamma=1 / (2 * self.width**2 * inputs.shape[1])).fit(inputs)
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        scores: np.ndarray = -self.machine.decision_function(inputs)
        return scores


class _Neighbour:
    def __init__(self, neighbours: int):
        self.neighbours = neighbours

    def fit(self, inputs: np.ndarray, targets: np.ndarray | None = None, /) -> "_Neighbour":
        from sklearn.neighbors import NearestNeighbors

        self.rows = NearestNeighbors(n_neighbors=min(self.neighbours, len(inputs))).fit(inputs)
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        distances: np.ndarray = self.rows.kneighbors(inputs)[0][:, -1]
        return distances
