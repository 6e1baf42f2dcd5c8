"""Our taggers as estimators: sentences of unequal length, padded into batches of like length."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zhixing.models.crf import PADDING
from zhixing.models.linear_taggers import in_batches
from zhixing.models.padding import of_like_length, padded
from zhixing.train.loop import Batch
from zhixing.train.network import Network
from zhixing.train.supervision import Recipe


class network_tagger(Network):  # noqa: N801 - called as the functions that make the other families are
    """A tagger that trains the module of `model` by `recipe`; a batch of it is so many sentences.

    Inputs are arrays of sentences (tokens, numbers), 0 for nothing, as `TokenNumbers` makes them. The module is built
    when the data are known, with their `tokens`, `letters` and `classes`; it gives emissions, of which its part `output`
    makes a loss and tags. First weights and order of sentences come from `generator`.
    """

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "network_tagger":
        largest = np.max([each.max(axis=0) for each in inputs], axis=0)
        sizes = {"tokens": max(2, 1 + int(largest[0])), "classes": 1 + max(int(each.max()) for each in targets)}
        sizes["letters"] = 0 if len(largest) == 1 else max(2, 1 + int(largest[1:].max()))
        weights = torch.Generator().manual_seed(int(self.generator.integers(2**63)))
        self.sized = self.model.with_settings(**sizes)
        network: Any = self.sized.build(generator=weights)
        self.network = network
        plan: Recipe = self.recipe.build()

        def loss(emissions: Tensor, tags: Tensor) -> Tensor:
            of_sentences: Tensor = network.output(emissions, tags)
            return of_sentences.sum() / (tags != PADDING).sum()

        self._fit(_batches(inputs, targets, plan.batch, self.generator), plan, loss)
        return self

    @torch.no_grad()
    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        """The most probable tags of each sentence."""
        network: Any = self.network.eval()
        return in_batches(inputs, lambda x: network.output.decode(network(x), x[..., 0] != 0))


def _batches(inputs: np.ndarray, targets: np.ndarray, size: int, generator: np.random.Generator) -> Iterator[Batch]:
    lengths = np.asarray([len(each) for each in inputs])
    while True:
        for rows in of_like_length(lengths, size, generator):
            yield padded(inputs[rows], 0), padded(targets[rows], PADDING)
