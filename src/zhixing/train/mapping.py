"""What the studies of maps share: rows drawn for a seed, and the map that a spec draws of them."""

from functools import lru_cache

import numpy as np
from numpy.random import Generator

from zhixing.core import Spec
from zhixing.data import Dataset, Part
from zhixing.models import Map, pca_map


def drawn(data: Spec, rows: int, generator: Generator) -> Part:
    """So many rows of the training part, drawn at random; a picture becomes a row of pixels, float64.

    Columns of a table that is no picture are shifted and scaled to mean 0 and variance 1 over the rows drawn.
    """
    whole: Dataset = data.build()
    chosen = generator.permutation(len(whole.train))[:rows]
    inputs = whole.train.inputs[chosen].astype(np.float64)
    if inputs.ndim > 2:
        return Part(inputs.reshape(len(chosen), -1), whole.train.targets[chosen])
    deviations = inputs.std(axis=0)
    moving = deviations > 0
    return Part((inputs - inputs.mean(axis=0))[:, moving] / deviations[moving], whole.train.targets[chosen])


def by_pca(rows: np.ndarray, *, generator: Generator | None = None) -> Map:
    """The map along two principal axes, which leaves nothing to chance."""
    return pca_map(rows)


def map_of(rows: np.ndarray, method: Spec, generator: Generator) -> Map:
    """The map of rows (n, c) that `method` draws; arms of a study that ask for the same one share it."""
    return _map_of(method, rows.shape, rows.astype(np.float64).tobytes(), int(generator.integers(2**63)))


@lru_cache(maxsize=64)
def _map_of(method: Spec, shape: tuple[int, ...], content: bytes, number: int) -> Map:
    rows = np.frombuffer(content, dtype=np.float64).reshape(shape)
    found: Map = method.build(rows, generator=np.random.default_rng(number))
    return found
