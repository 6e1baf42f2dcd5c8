"""Vectors of words by what stands around them, learned before anything is said of the texts.

Source: Mikolov, Sutskever, Chen, Corrado and Dean 2013, arXiv:1310.4546, Sections 2.2 (negative sampling) and 2.3 (frequent
words are thinned). Departs from them: Adam replaces plain descent. Axes: n texts | p places | d width
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn.functional import logsigmoid

from zhixing.models.skip_gram import SkipGram
from zhixing.train.optimisers import adamw
from zhixing.train.schedules import linear

WINDOW = 4
"""Places to either side that count as around."""
PAIRS, BATCH = 12, 4096
"""Pairs that are drawn for each word of the texts, and for each step."""
OTHERS, WEIGHT = 256, 8.0
"""Words that those of a step are told apart from, and what they weigh together against the one that was there."""
THINNED = 1e-3
"""A word that is more than this share of all words is met less often, by the root of how much more."""
RATE, SIZE = 0.01, 0.3
"""The learning rate at first, and the root mean square of a number of the vectors that are given back."""


def word_vectors(texts: np.ndarray, count: int, width: int, *, generator: np.random.Generator) -> Tensor:
    """Vectors (count, d) of the words below `count`, from texts (n, p) of their numbers; 0 stands for no word and is 0."""
    model = SkipGram(count=count, width=width, generator=Generator().manual_seed(int(generator.integers(2**63))))
    optimiser = adamw(model, lr=RATE, weight_decay=0.0)
    steps = PAIRS * int((texts > 0).sum()) // BATCH
    for step, (centres, contexts, others) in enumerate(_pairs(texts, steps, generator)):
        optimiser.param_groups[0]["lr"] = RATE * linear(step, steps)
        together, apart = model(centres, contexts, others)
        loss = -logsigmoid(together).mean() - WEIGHT * logsigmoid(-apart).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    vectors = model.centres.weight.detach()
    vectors[0] = 0
    return vectors * SIZE / vectors.square().mean().sqrt().clamp(min=1e-9)  # 0 where there are no words at all


def _pairs(texts: np.ndarray, steps: int, generator: np.random.Generator) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Words, what stands around them, and others that are drawn by the 3/4 power of how often they are met."""
    words = np.pad(texts, ((0, 0), (0, WINDOW))).ravel()
    places = np.flatnonzero(words)
    often = np.bincount(words[places])
    kept, drawn = np.sqrt(THINNED * len(places) / np.maximum(often, 1)), np.cumsum(often**0.75)
    for _ in range(steps):
        at = places[generator.integers(len(places), size=BATCH)]
        at = at[generator.random(BATCH) < kept[words[at]]]
        around = (at + generator.integers(1, WINDOW + 1, len(at)) * generator.choice([-1, 1], len(at))) % len(words)
        pair = words[around] > 0
        others = np.searchsorted(drawn, generator.random(OTHERS) * drawn[-1], side="right")
        yield torch.from_numpy(words[at[pair]]), torch.from_numpy(words[around[pair]]), torch.from_numpy(others)
