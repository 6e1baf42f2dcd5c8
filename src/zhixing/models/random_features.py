"""Linear regression on random features: a network of one hidden layer whose first weights are never trained.

Sources: Rahimi and Recht 2007, "Random features for large-scale kernel machines", NIPS; Belkin, Hsu, Ma and Mandal 2019,
arXiv:1812.11118, Section 2 and Appendix C.2 (ReLU features; the answer of least norm where many fit).
Departs from them: the directions are normal instead of lying on a sphere. Parity: numpy.linalg.lstsq, sklearn's Ridge.
Axes: n examples | d columns | w features | k outputs
"""

import numpy as np

NOTHING = 1e-10
"""Singular values below this share of the largest count as 0."""


def random_directions(columns: int, width: int, generator: np.random.Generator) -> np.ndarray:
    """Directions (d, w), normal with variance 1 / d; the first ones stay the same where `width` grows."""
    directions: np.ndarray = generator.standard_normal((width, columns)).T / np.sqrt(columns)
    return directions


def random_features(inputs: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """max(0, inputs @ directions): (n, d), (d, w) to (n, w)."""
    features: np.ndarray = np.maximum(inputs @ directions, 0)
    return features


def least_squares(features: np.ndarray, targets: np.ndarray, *, penalty: float = 0.0) -> np.ndarray:
    """Weights (w, k) that minimise |features weights - targets|^2 + penalty |weights|^2.

    Without a penalty, where many weights fit equally well, those of least norm.
    """
    left, values, right = np.linalg.svd(features, full_matrices=False)
    there = values > NOTHING * values[0]
    inverse = np.where(there, values, 0) / np.where(there, values**2 + penalty, 1)
    weights: np.ndarray = right.T @ (inverse[:, None] * (left.T @ targets))
    return weights
