"""Sequences of unequal length as one tensor, and batches of nearly equal length, so that little of it is padding."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

POOL = 32
"""Batches that are drawn together and sorted by length."""


def padded(sequences: Sequence[np.ndarray] | np.ndarray, fill: int) -> Tensor:
    """Sequences (t, ...) of integers as one tensor (b, longest t, ...) of int64, `fill` behind each end."""
    lengths = torch.tensor([len(each) for each in sequences])
    rows = torch.from_numpy(np.concatenate([np.asarray(each, dtype=np.int64) for each in sequences]))
    whole = torch.full((len(sequences), int(lengths.max()), *rows.shape[1:]), fill)
    whole[torch.arange(whole.shape[1]) < lengths[:, None]] = rows
    return whole


def of_like_length(lengths: np.ndarray, size: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """The row numbers of every sequence once, in batches of at most `size`.

    Rows are drawn at random, POOL batches at a time; these are sorted by length before they are cut, and come in random
    order. So a batch is of sequences of like length, and yet others in every round.
    """
    order = generator.permutation(len(lengths))
    for start in range(0, len(order), POOL * size):
        pool = order[start : start + POOL * size]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches = [pool[begin : begin + size] for begin in range(0, len(pool), size)]
        for place in generator.permutation(len(batches)):
            yield batches[place]
