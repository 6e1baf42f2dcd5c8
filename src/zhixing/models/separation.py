"""Which columns of a table tell its classes apart, each taken by itself."""

import numpy as np


def separation(inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Fisher's F of each column of (n, columns) for classes (n,): variance between their means by variance within.

    A constant column has 0.
    """
    classes, place, counts = np.unique(targets, return_inverse=True, return_counts=True)
    means = np.stack([inputs[place == one].mean(axis=0) for one in range(len(classes))])
    between = counts @ (means - inputs.mean(axis=0)) ** 2 / max(len(classes) - 1, 1)
    within = ((inputs - means[place]) ** 2).sum(axis=0) / max(len(inputs) - len(classes), 1)
    floor = 1e-12 * inputs.var(axis=0)
    found: np.ndarray = np.where(between > floor, between / np.maximum(within, floor + 1e-300), 0.0)
    return found


def most_separating(inputs: np.ndarray, targets: np.ndarray, columns: int) -> np.ndarray:
    """The places of the `columns` columns with the most `separation`, the best first."""
    best: np.ndarray = np.argsort(-separation(inputs, targets), kind="stable")[:columns]
    return best
