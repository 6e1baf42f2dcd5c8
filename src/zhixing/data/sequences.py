"""Sequences made by a rule, whose right answers are known.

Source: Hochreiter and Schmidhuber 1997, "Long short-term memory", Neural Computation 9(8), Section 5.4, in the form of
Le, Jaitly and Hinton 2015, arXiv:1504.00941, Section 4.1: two marks, numbers between 0 and 1, answer their sum.
"""

import numpy as np

from zhixing.core import BadSetting, Text
from zhixing.data.dataset import Dataset, Part


def adding(
    *, length: int = 30, train: int = 4000, validation: int = 0, test: int = 1000, split_seed: int = 0
) -> Dataset:
    """The adding task: inputs float32 (n, length, 2), a number and a mark at each step, targets float32 (n,).

    One step in the first half and one in the second are marked 1, all others 0; the target is the sum of the two
    marked numbers. `split_seed` alone decides the sequences, and the test part is the same whatever the other sizes.

    Raises BadSetting for a length below 2 or no training sequence.
    """
    if length < 2 or train < 1:
        raise BadSetting(
            Text(
                en=f"length={length}, train={train}: two steps are marked, so length is at least 2, and train at least 1",
                zh=f"length={length}、train={train}：有两步要做标记，所以 length 至少为 2，train 至少为 1",
            )
        )
    streams = np.random.default_rng(split_seed).spawn(3)
    known, tuning, judged = (
        _part(n, length, stream) for n, stream in zip((train, validation, test), streams, strict=True)
    )
    return Dataset(known, tuning, judged, classes=())


def _part(n: int, length: int, generator: np.random.Generator) -> Part:
    numbers, marks = generator.random((n, length), dtype=np.float32), np.zeros((n, length), dtype=np.float32)
    rows, half = np.arange(n), length // 2
    marks[rows, generator.integers(half, size=n)] = 1
    marks[rows, generator.integers(half, length, size=n)] = 1
    return Part(np.stack([numbers, marks], axis=2), (numbers * marks).sum(axis=1))
