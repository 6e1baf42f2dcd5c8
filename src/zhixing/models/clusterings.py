"""Ways to put rows into groups without being told any; scikit-learn does the work.

Each takes rows (n, columns), the number of `groups` and a `generator`, and returns the group of every row, int64 of
shape (n,). The density method finds the number of groups itself.
"""

import numpy as np
from numpy.random import Generator


def k_means(inputs: np.ndarray, groups: int, *, restarts: int = 10, generator: Generator) -> np.ndarray:
    """Every row goes to the nearest of `groups` centres, every centre to the mean of its rows (Lloyd 1982), until
    nothing moves; the best of `restarts` beginnings (Arthur and Vassilvitskii 2007)."""
    from sklearn.cluster import KMeans

    number = int(generator.integers(2**31))
    return _found(KMeans(groups, n_init=restarts, random_state=number), inputs)


def ward(inputs: np.ndarray, groups: int, *, generator: Generator | None = None) -> np.ndarray:
    """From rows alone upwards, the two groups are joined that add least to the squared distances (Ward 1963)."""
    return _joined(inputs, groups, "ward")


def single_link(inputs: np.ndarray, groups: int, *, generator: Generator | None = None) -> np.ndarray:
    """From rows alone upwards, the two groups are joined whose nearest rows are nearest (Sneath 1957)."""
    return _joined(inputs, groups, "single")


def density(
    inputs: np.ndarray, groups: int = 0, *, smallest: int = 15, generator: Generator | None = None
) -> np.ndarray:
    """Crowded regions parted by sparse ones, at whichever density each lasts longest (HDBSCAN: Campello et al. 2013).

    No group has fewer than `smallest` rows. Rows in sparse places belong to none and come back as -1.
    """
    from sklearn.cluster import HDBSCAN

    return _found(HDBSCAN(min_cluster_size=smallest, copy=True), inputs)


def _joined(inputs: np.ndarray, groups: int, linkage: str) -> np.ndarray:
    from sklearn.cluster import AgglomerativeClustering

    return _found(AgglomerativeClustering(groups, linkage=linkage), inputs)


def _found(method: object, inputs: np.ndarray) -> np.ndarray:
    labels: np.ndarray = method.fit_predict(inputs)  # type: ignore[attr-defined]
    return labels.astype(np.int64)
