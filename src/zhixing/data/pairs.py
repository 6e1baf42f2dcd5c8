"""Two handwritten digits side by side, each a zero or a one, and a question about both."""

from typing import Literal

import numpy as np

from zhixing.core import Text, UnknownName
from zhixing.data.dataset import Dataset, Part
from zhixing.data.digits import digits28

QUESTIONS = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}
PATCH = 4


def digit_pairs(
    *, question: Literal["and", "or", "xor"], train: int = 1000, test: int = 1000, split_seed: int = 0
) -> Dataset:
    """Pairs of real digits as float32 (n, 98), each shrunk to 7 by 7 pixels, with int64 targets 0 and 1.

    Target 1 says yes: both are ones ("and"), at least one is ("or"), exactly one is ("xor"). 00, 01, 10 and 11 are
    equally frequent, and the pairs are the same for every question. A digit may stand in several pairs; those of
    the test part stand in no other.

    Raises UnknownName for another question.
    """
    if question not in QUESTIONS:
        raise UnknownName(Text("question", "问题"), question, QUESTIONS)
    digits, streams = digits28(), np.random.default_rng(split_seed).spawn(2)
    known, judged = (
        _pairs(part, n, question, stream)
        for part, n, stream in zip((digits.train, digits.test), (train, test), streams, strict=True)
    )
    return Dataset(known, Part(known.inputs[:0], known.targets[:0]), judged, classes=("no", "yes"))


def _pairs(part: Part, n: int, question: str, generator: np.random.Generator) -> Part:
    ones = generator.permutation(np.arange(n) % 4)[:, None] >> np.array([1, 0]) & 1
    of_kind = [np.flatnonzero(part.targets == kind) for kind in (0, 1)]
    zero, one = (rows[generator.integers(len(rows), size=(n, 2))] for rows in of_kind)
    small = part.inputs.reshape(-1, 28 // PATCH, PATCH, 28 // PATCH, PATCH).mean(axis=(2, 4)).reshape(len(part), -1)
    inputs = small[np.where(ones == 1, one, zero)].reshape(n, -1)
    return Part(inputs, QUESTIONS[question](ones[:, 0], ones[:, 1]).astype(np.int64))
