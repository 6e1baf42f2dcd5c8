"""Taggers without hidden layers: the most frequent tag of each word, and weights of features in a chain.

Source: Lafferty, McCallum and Pereira 2001, "Conditional random fields", ICML; trained by AdaGrad (Duchi, Hazan and Singer
2011, JMLR 12, Eq. 1, its matrix diagonal). Departs from it: nothing holds weights small but the number of rounds.
Parity: enumeration of every sequence of tags.

Inputs are arrays of sentences (tokens, features) of integers, 0 for no feature, as `TagFeatures` makes them; targets are
sequences of tag numbers. `predict(inputs)` gives an array of int64 arrays.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn
from torch.nn.functional import embedding_bag

from zhixing.models.crf import PADDING, LinearChainCRF
from zhixing.models.padding import of_like_length, padded

BATCH = 256
"""Sentences at a time when predicting: bounds the memory."""
EASE = 1e-3
"""Added to the root of AdaGrad's sum, so that a slope that is only rounding does not move a weight by a whole step."""


@runtime_checkable
class Tagger(Protocol):
    """What a tagger of any family can do."""

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> Any: ...

    def predict(self, inputs: np.ndarray, /) -> np.ndarray: ...


class FrequentTag:
    """Each word gets the tag that it had most often; one that is not known, the tag that rare words had most often.

    Words are the first column of the inputs, as `TokenNumbers` makes them: 1 is a rare or unknown one. To the counts of
    each word `prior` words are added that have the tags of all words.
    """

    def __init__(self, *, prior: float = 0.0, generator: Generator | None = None):
        self.prior = prior

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "FrequentTag":
        words, tags = np.concatenate(list(inputs))[:, 0], np.concatenate(list(targets))
        counts = np.zeros((max(2, int(words.max()) + 1), int(tags.max()) + 1))
        np.add.at(counts, (words, tags), 1)
        of_all = counts.sum(axis=0) / len(words)
        self.tag = (counts + max(self.prior, 1e-9) * of_all).argmax(axis=1)  # a little decides between equals
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        found = np.empty(len(inputs), dtype=object)
        for row, each in enumerate(inputs):
            found[row] = self.tag[each[:, 0]]
        return found


class FieldTagger:
    """A linear-chain conditional random field on features: each token's emissions are the sum of its features' weights.

    AdaGrad takes steps of at most `rate`, in `rounds` over all sentences, which come in batches that `generator` draws.
    Only what predicts is pickled: `weights` (features, k) and the chain's `first`, `follow` and `last`.
    """

    def __init__(self, *, rate: float = 0.1, rounds: int = 5, batch: int = 32, generator: Generator):
        self.rate, self.rounds, self.batch, self.generator = rate, rounds, batch, generator

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "FieldTagger":
        features, classes = (1 + max(int(each.max()) for each in whole) for whole in (inputs, targets))
        self.weights = np.zeros((features, classes), dtype=np.float32)
        self.first, self.last = np.zeros((2, classes), dtype=np.float32)
        self.follow = np.zeros((classes, classes), dtype=np.float32)
        chain, weights = self._chain(), torch.from_numpy(self.weights)
        learned = [weights, *(each.detach() for each in chain.parameters())]
        squares = [torch.zeros_like(each) for each in learned]
        for rows in self._batches(inputs):
            places, tags = padded(inputs[rows], 0), padded(targets[rows], PADDING)
            emissions = _emissions(places, weights).requires_grad_()
            slope, *slopes = torch.autograd.grad(chain(emissions, tags).sum(), [emissions, *chain.parameters()])
            changed = [_by_feature(places, slope), *((torch.arange(len(each)), each) for each in slopes)]
            for kept, square, (some, each) in zip(learned, squares, changed, strict=True):
                square.index_add_(0, some, each**2)
                kept.index_add_(0, some, each / (square[some].sqrt() + EASE), alpha=-self.rate)
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        """The most probable tags of each sentence."""
        chain, weights = self._chain(), torch.from_numpy(self.weights)
        return in_batches(inputs, lambda places: chain.decode(_emissions(places, weights), places[..., 0] != 0))

    def _batches(self, inputs: np.ndarray) -> Iterator[np.ndarray]:
        lengths = np.asarray([len(each) for each in inputs])
        for _ in range(self.rounds):
            yield from of_like_length(lengths, self.batch, self.generator)

    def _chain(self) -> LinearChainCRF:
        """The chain over this tagger's arrays, which it shares."""
        chain = LinearChainCRF(len(self.first))
        for name in ("first", "follow", "last"):
            setattr(chain, name, nn.Parameter(torch.from_numpy(getattr(self, name))))
        return chain

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("weights", "first", "follow", "last")}


def in_batches(inputs: np.ndarray, decode: Callable[[Tensor], Tensor]) -> np.ndarray:
    """The tags (t,) of each sentence, decoded from padded batches (b, t, features) of sentences of like length."""
    found = np.empty(len(inputs), dtype=object)
    order = np.argsort([len(each) for each in inputs], kind="stable")
    for rows in np.split(order, range(BATCH, len(order), BATCH)):
        for row, tags in zip(rows, decode(padded(inputs[rows], 0)).numpy(), strict=True):
            found[row] = tags[: len(inputs[row])]
    return found


def _emissions(places: Tensor, weights: Tensor) -> Tensor:
    """The sum (b, t, k) of the weights of each place's features (b, t, f)."""
    return embedding_bag(places.flatten(0, 1), weights, mode="sum", padding_idx=0).view(*places.shape[:2], -1)


def _by_feature(places: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
    """The slope by the weights of each feature that occurs, from the slope (b, t, k) by the emissions."""
    pushed = slope.abs().sum(2) > 0
    features, belongs = torch.unique(places[pushed], return_inverse=True)
    whole = torch.zeros(len(features), slope.shape[2])
    for column in belongs.unbind(-1):
        whole.index_add_(0, column, slope[pushed])
    return features[features > 0], whole[features > 0]
