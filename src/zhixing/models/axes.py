"""Orthogonal axes for the rows of a table: the principal ones, and others to hold against them.

Source: Pearson 1901, Philosophical Magazine 2(11); Hotelling 1933, Journal of Educational Psychology 24(6).
Departs from them: the comparisons are ours. Iteration from a random start: Golub and Van Loan 2013, section 8.2;
that the nearest plane is unique and axes in it are not: Baldi and Hornik 1989, Neural Networks 2(1). Parity:
scikit-learn's PCA, and blind search for the largest variance.
Every function takes `inputs` of shape (n, columns), the number `kept` of axes and a `generator`, and returns unit
vectors at right angles to each other as the columns of a matrix (columns, kept), the most important first.
"""

import numpy as np
from numpy.random import Generator


def principal_axes(inputs: np.ndarray, kept: int, *, generator: Generator | None = None) -> np.ndarray:
    """Eigenvectors of the covariance of the columns, by falling eigenvalue."""
    _, vectors = np.linalg.eigh(covariance(inputs))  # eigenvalues rise
    return vectors[:, ::-1][:, :kept]


def widest_columns(inputs: np.ndarray, kept: int, *, generator: Generator | None = None) -> np.ndarray:
    """The table's own columns, by falling variance."""
    chosen = np.argsort(-inputs.var(axis=0), kind="stable")[:kept]
    return np.eye(inputs.shape[1])[:, chosen]


def random_axes(inputs: np.ndarray, kept: int, *, generator: Generator) -> np.ndarray:
    """The first axes of a random rotation, every rotation being equally likely."""
    return np.linalg.qr(generator.standard_normal((inputs.shape[1], kept)))[0]


def searched_axes(inputs: np.ndarray, kept: int, *, tries: int = 4000, generator: Generator) -> np.ndarray:
    """Directions of the largest variance by blind search: turn a little at random, stay where the variance grew.

    Each axis begins at the widest of the columns and stays at right angles to those before it. A step that helps is
    followed by larger ones, a step that does not by smaller ones (the 1/5 rule: Rechenberg 1973).
    """
    spread = covariance(inputs)
    found = np.zeros((inputs.shape[1], 0))
    for _ in range(kept):
        axis = _across(widest_columns(inputs - inputs @ found @ found.T, 1)[:, 0], found)
        best, size = axis @ spread @ axis, 0.5
        for turn in generator.standard_normal((tries, len(axis))):
            turned = _across(axis + size / np.sqrt(len(axis)) * turn, found)
            variance = turned @ spread @ turned
            if variance > best:
                axis, best, size = turned, variance, size * 1.5
            else:
                size *= 1.5**-0.25
        found = np.column_stack([found, axis])
    return found


def iterated_axes(inputs: np.ndarray, kept: int, *, steps: int = 1000, generator: Generator) -> np.ndarray:
    """Orthogonal iteration: random axes, multiplied by the covariance and set at right angles again, `steps` times.

    The k-th comes nearer to the k-th eigenvector by the factor of the (k+1)-th eigenvalue to the k-th with every step.
    """
    spread, axes = covariance(inputs), random_axes(inputs, kept, generator=generator)
    for _ in range(steps):
        axes = np.linalg.qr(spread @ axes)[0]
    return axes


def plane_axes(inputs: np.ndarray, kept: int, *, steps: int = 1000, generator: Generator) -> np.ndarray:
    """The plane (of `kept` dimensions) nearest to the rows, by alternating least squares from a random start.

    Rows are written as sums of a few directions: the amounts are fitted to the directions, then the directions to the
    amounts, `steps` times. Nothing says which directions of the plane to take: they are whatever the start led to.
    """
    centred = inputs - inputs.mean(axis=0)
    directions = random_axes(inputs, kept, generator=generator)
    for _ in range(steps):
        amounts = np.linalg.lstsq(directions, centred.T)[0]
        directions = np.linalg.lstsq(amounts.T, centred)[0].T
    return np.linalg.qr(directions)[0]


def covariance(inputs: np.ndarray) -> np.ndarray:
    """Of the columns, divided by n."""
    centred = inputs - inputs.mean(axis=0)
    products: np.ndarray = centred.T @ centred / len(inputs)
    return products


def _across(direction: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The part of a direction at right angles to the others, of length 1."""
    left = direction - others @ (others.T @ direction)
    unit: np.ndarray = left / np.linalg.norm(left)
    return unit
