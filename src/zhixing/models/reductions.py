"""Rows in few dimensions and back, each method as an estimator that says how well rows it has not seen come back.

Every function takes the method's main setting and a `generator`, and returns an estimator with `fit(inputs)` and
`predict(inputs)`. For rows (n, columns) the answer is (n, 2, sizes): for each of `SIZES` dimensions that are fewer than the
columns, the squared distance of a row from what comes back of it, per column, and the share of its 10 nearest rows
among those asked that are among the 10 nearest in few dimensions, too. `codes(inputs, dimensions)` gives the few dimensions.
Rows are best given at variance 1.
"""

from typing import Any

import numpy as np
from numpy.random import Generator

from zhixing.models.maps import fitted_axes

SIZES = (2, 5, 10)
NEAREST = 10
COMPARED = 2_000
"""Rows asked at a time: bounds the memory of their distances."""


class Reduction:
    """A method of `fitted(inputs, dimensions)`, which gives an object of `codes(rows)` and `rows(codes)`."""

    def __init__(self, method: Any):
        self.method = method

    def fit(self, inputs: np.ndarray, targets: np.ndarray | None = None, /) -> "Reduction":
        self.sizes = [size for size in SIZES if size < inputs.shape[1]]
        self.fitted = [self.method.fitted(inputs, size) for size in self.sizes]
        del self.method  # all that it found is in what it fitted
        return self

    def codes(self, inputs: np.ndarray, dimensions: int) -> np.ndarray:
        """(n, dimensions) for one of the sizes."""
        codes: np.ndarray = self.fitted[self.sizes.index(dimensions)].codes(inputs)
        return codes

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        blocks = np.array_split(inputs, range(COMPARED, len(inputs), COMPARED))
        return np.concatenate([self._of_block(block) for block in blocks])

    def _of_block(self, rows: np.ndarray) -> np.ndarray:
        near, found = _nearest(rows), []
        for fitted in self.fitted:
            codes = fitted.codes(rows)
            away = ((rows - fitted.rows(codes)) ** 2).mean(axis=1)
            found.append(np.stack([away, (near & _nearest(codes)).sum(axis=1) / near.sum(axis=1)], axis=1))
        return np.stack(found, axis=2)


def principal_components(*, pulled: float = np.inf, generator: Generator | None = None) -> Reduction:
    """The directions of most variance (Pearson 1901), learned from rows whose numbers beyond `pulled` are pulled in to it."""
    return Reduction(_Principal(pulled))


def kernel_components(*, width: float = 1.0, generator: Generator | None = None) -> Reduction:
    """Principal components after a Gaussian kernel (Schölkopf et al. 1998), `width` times as wide as the root of the number
    of columns; what comes back is learned by ridge regression (Bakir et al. 2004)."""
    return Reduction(_Kernel(width))


class _Principal:
    def __init__(self, pulled: float):
        self.pulled = pulled

    def fitted(self, inputs: np.ndarray, dimensions: int) -> "_Axes":
        found = fitted_axes(np.clip(inputs, -self.pulled, self.pulled), dimensions)
        return _Axes(found.centre, found.axes.T)


class _Axes:
    def __init__(self, centre: np.ndarray, axes: np.ndarray):
        self.centre, self.axes = centre, axes

    def codes(self, rows: np.ndarray) -> np.ndarray:
        codes: np.ndarray = (rows - self.centre) @ self.axes.T
        return codes

    def rows(self, codes: np.ndarray) -> np.ndarray:
        rows: np.ndarray = self.centre + codes @ self.axes
        return rows


class _Kernel:
    def __init__(self, width: float):
        self.width = width

    def fitted(self, inputs: np.ndarray, dimensions: int) -> "_KernelAxes":
        return _KernelAxes(inputs, dimensions, 1 / (2 * self.width**2 * inputs.shape[1]))


class _KernelAxes:
    def __init__(self, inputs: np.ndarray, dimensions: int, gamma: float):
        from sklearn.decomposition import KernelPCA
        from sklearn.kernel_ridge import KernelRidge

        self.components = KernelPCA(dimensions, kernel="rbf", gamma=gamma, eigen_solver="dense").fit(inputs)
        codes = self.components.transform(inputs)
        scale = np.maximum(codes.std(axis=0), 1e-12)
        self.scale = scale
        self.back = KernelRidge(alpha=0.1, kernel="rbf", gamma=1 / (2 * dimensions)).fit(codes / scale, inputs)

    def codes(self, rows: np.ndarray) -> np.ndarray:
        codes: np.ndarray = self.components.transform(rows)
        return codes

    def rows(self, codes: np.ndarray) -> np.ndarray:
        rows: np.ndarray = self.back.predict(codes / self.scale)
        return rows


def _nearest(rows: np.ndarray) -> np.ndarray:
    """(n, n): which rows are among the nearest of each."""
    from scipy.spatial.distance import cdist

    distances = cdist(rows, rows)
    np.fill_diagonal(distances, np.inf)
    count = min(NEAREST, len(rows) - 1)
    found = np.zeros(distances.shape, dtype=bool)
    np.put_along_axis(found, np.argpartition(distances, count - 1, axis=1)[:, :count], True, axis=1)
    return found
