"""Exact Gaussian process regression.

Source: Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, Algorithm 2.1 and Eq. 5.9.
Departs from it: nothing. Parity: scikit-learn's GaussianProcessRegressor; the gradient by finite differences.

The kernel between two rows x and y is variance * exp(-|x - y|^2 / (2 length^2)), and every target carries normal
noise. The three are chosen by the evidence, the probability of the targets under the process. Work grows with n^3.
"""

import numpy as np
from numpy.random import Generator


class GaussianProcess:
    """A normal distribution for the target of every row; targets are taken to have mean 0.

    `settings` are the logarithms of variance, length and noise variance: at first 1, the root of the number of
    columns, and `noise`.
    """

    def __init__(self, *, iterations: int = 50, noise: float = 0.1, generator: Generator | None = None):
        self.iterations, self.noise = iterations, noise

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "GaussianProcess":
        """Takes rows (n, columns) and targets (n,), and climbs the evidence by L-BFGS."""
        from scipy.optimize import minimize

        self.inputs, self.targets = inputs, targets
        start = np.log([1.0, np.sqrt(inputs.shape[1]), self.noise])
        near = [(at - 6, at + 6) for at in start]
        found = minimize(self._loss, start, jac=True, bounds=near, options={"maxiter": self.iterations})
        self.settings: np.ndarray = found.x
        return self

    def predict(self, inputs: np.ndarray, /) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation (n,) of the targets of rows, their noise included."""
        from scipy.linalg import cho_solve, solve_triangular

        variance, _, noise = np.exp(self.settings)
        lower = np.linalg.cholesky(self._kernel(self.settings)[0])
        across = variance * self._shape(inputs, self.settings)
        mean = across @ cho_solve((lower, True), self.targets)
        known = solve_triangular(lower, across.T, lower=True)
        return mean, np.sqrt(np.maximum(variance - (known**2).sum(axis=0), 0.0) + noise)

    def evidence(self, settings: np.ndarray) -> tuple[float, np.ndarray]:
        """The logarithm of the evidence at log settings, and its gradient."""
        from scipy.linalg import cho_solve

        kernel, smooth, squares = self._kernel(settings)
        lower = np.linalg.cholesky(kernel)
        weights = cho_solve((lower, True), self.targets)
        value = -0.5 * self.targets @ weights - np.log(np.diag(lower)).sum() - 0.5 * len(kernel) * np.log(2 * np.pi)
        pull = np.outer(weights, weights) - cho_solve((lower, True), np.eye(len(kernel)))
        by_length = (pull * smooth * squares).sum() / np.exp(2 * settings[1])
        gradient = 0.5 * np.array([(pull * smooth).sum(), by_length, np.exp(settings[2]) * np.trace(pull)])
        return float(value), gradient

    def _loss(self, settings: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = self.evidence(settings)
        return -value, -gradient

    def _kernel(self, settings: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of the training rows: with noise, without, and the squared distances."""
        squares = _squared_distances(self.inputs, self.inputs)
        variance, length, noise = np.exp(settings)
        smooth = variance * np.exp(-0.5 * squares / length**2)
        return smooth + (noise + 1e-10) * np.eye(len(smooth)), smooth, squares

    def _shape(self, inputs: np.ndarray, settings: np.ndarray) -> np.ndarray:
        shape: np.ndarray = np.exp(-0.5 * _squared_distances(inputs, self.inputs) / np.exp(2 * settings[1]))
        return shape


def _squared_distances(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    squares = (rows**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * rows @ others.T
    distances: np.ndarray = np.maximum(squares, 0.0)
    return distances
