"""Clusterings that are learned on some rows and then place others, as estimators of `fit(inputs)` and `predict(inputs)`.

Each function takes how many groups there are to be, or how small one may be, and a `generator`; rows (n, columns) are
best given at variance 1. What places a new row suits what made the groups (Lange et al. 2004, Neural Computation 16(6),
Section 3): the nearest centre, the most probable part, or the nearest row that was learned.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator

from zhixing.models.classical import number_from
from zhixing.models.clusterings import density, k_means, ward
from zhixing.models.densities import mixture

FEWEST_IN_A_CROWD = 5


def k_means_groups(*, groups: int, generator: Generator) -> Any:
    """K-means; a new row belongs to the nearest centre."""
    return _ByCentres(k_means, groups, number_from(generator))


def ward_groups(*, groups: int, generator: Generator) -> Any:
    """Ward's hierarchy, cut at so many groups; a new row belongs to the nearest mean of a group."""
    return _ByCentres(ward, groups, number_from(generator))


def mixture_groups(*, groups: int, generator: Generator) -> Any:
    """A Gaussian mixture; a row belongs to the part that most probably made it. Variances are raised by 0.01."""
    return _ByPart(mixture(groups, widened=0.01, beginnings=1, generator=generator))


def crowded_groups(*, smallest: float, generator: Generator | None = None) -> Any:
    """Crowds parted by sparse places (HDBSCAN), none with less than the share `smallest` of the rows, or 5.

    A new row belongs where the nearest learned row does; the last group holds the rows that belong to no crowd.
    """
    return _ByNearest(smallest)


class _ByCentres:
    def __init__(self, method: Callable[..., np.ndarray], groups: int, number: int):
        self.method, self.groups, self.number = method, groups, number

    def fit(self, inputs: np.ndarray, targets: np.ndarray | None = None, /) -> "_ByCentres":
        found = self.method(inputs, min(self.groups, len(inputs)), generator=np.random.default_rng(self.number))
        del self.method  # a fitted model holds numbers only
        self.centres = np.stack([inputs[found == group].mean(axis=0) for group in np.unique(found)])
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        return _nearest(inputs, self.centres)


class _ByPart:
    def __init__(self, mixture: Any):
        self.mixture = mixture

    def fit(self, inputs: np.ndarray, targets: np.ndarray | None = None, /) -> "_ByPart":
        self.mixture.fit(inputs)
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        parts: np.ndarray = self.mixture.predict(inputs)
        return parts


class _ByNearest:
    def __init__(self, smallest: float):
        self.smallest = smallest

    def fit(self, inputs: np.ndarray, targets: np.ndarray | None = None, /) -> "_ByNearest":
        fewest = max(FEWEST_IN_A_CROWD, round(self.smallest * len(inputs)))
        self.rows, found = inputs, density(inputs, smallest=min(fewest, len(inputs)))
        self.groups = np.where(found < 0, found.max() + 1, found)
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        places: np.ndarray = self.groups[_nearest(inputs, self.rows)]
        return places


def _nearest(inputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
    from scipy.spatial.distance import cdist

    nearest: np.ndarray = cdist(inputs, rows).argmin(axis=1).astype(np.int64)
    return nearest
