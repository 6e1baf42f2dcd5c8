"""Axes along which the classes of a table lie apart: linear discriminant analysis.

Source: Fisher 1936, Annals of Eugenics 7(2); for more columns than rows Belhumeur, Hespanha and Kriegman 1997, IEEE
PAMI 19(7), who look only at as many principal axes as leave the scatter within the classes invertible.
Departs from them: within-class covariance may be shrunk towards a ball (Friedman 1989, Eq. 18). Parity: scikit-learn.
Axes: n rows | c columns | k kept
"""

import numpy as np
from numpy.random import Generator

FLOOR = 1e-9
"""Variance below this share of the largest is no variance: the axis is left out."""


def discriminant_axes(
    inputs: np.ndarray, targets: np.ndarray, kept: int, *, shrinkage: float = 0.0, generator: Generator | None = None
) -> np.ndarray:
    """(c, k) directions with the most variance between the classes' means for each unit of variance within, best first.

    `inputs` (n, c) and classes `targets` (n,). Along each direction the variance within the classes is 1 (with
    `shrinkage` s, the mixture of 1 - s of it and s of its mean over all directions), and directions are uncorrelated
    within. At most classes - 1 of them tell anything; where there are fewer than `kept`, the rest are columns of 0.
    """
    classes, place, counts = np.unique(targets, return_inverse=True, return_counts=True)
    means = np.stack([inputs[place == one].mean(axis=0) for one in range(len(classes))])
    inside, between = inputs - means[place], np.sqrt(counts)[:, None] * (means - inputs.mean(axis=0))
    room = max(len(inputs) - len(classes), 1)
    view = _principal(inputs - inputs.mean(axis=0), room)
    within = (inside @ view).T @ (inside @ view) / room
    ball = np.trace(within) / len(within) * np.eye(len(within))
    values, vectors = np.linalg.eigh((1 - shrinkage) * within + shrinkage * ball)
    seen = values > FLOOR * values[-1]
    white = view @ (vectors[:, seen] / np.sqrt(values[seen]))
    _, _, turned = np.linalg.svd(between @ white, full_matrices=False)
    axes = white @ turned[: min(kept, len(classes) - 1)].T
    return np.pad(axes, ((0, 0), (0, kept - axes.shape[1])))


def _principal(centred: np.ndarray, most: int) -> np.ndarray:
    """(c, up to `most`): the principal axes along which the rows vary at all."""
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    return np.asarray(axes[:most][lengths[:most] ** 2 > FLOOR * lengths[0] ** 2].T)
