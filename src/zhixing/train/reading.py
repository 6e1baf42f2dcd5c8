"""A network that reads texts piece by piece, after it has learned what its pieces mean by what stands around them.

Sources: Dai and Le 2015, arXiv:1511.01432, for learning from the texts first and from what is said of them then; Miyato, Dai
and Goodfellow 2017, arXiv:1605.07725, for the step.
"""

from collections.abc import Iterator

import numpy as np
from torch import nn

from zhixing.models.pieces import PLACES
from zhixing.train.adversarial import Adversarial
from zhixing.train.loop import Batch
from zhixing.train.minimise import Loss
from zhixing.train.network import network_classifier
from zhixing.train.supervision import Recipe
from zhixing.train.word_vectors import word_vectors


class piece_reader(network_classifier):  # noqa: N801 - called as the functions that make the other families are
    """As `network_classifier`, of a `models.PieceReader`, whose table begins as the `word_vectors` of the training rows."""

    step = Adversarial

    def _fit(self, batches: Iterator[Batch], plan: Recipe, loss: Loss) -> None:
        table: nn.Embedding = self.network.table  # type: ignore[assignment]
        texts = batches.tensors[0][:, :PLACES].numpy().astype(np.int64)  # type: ignore[attr-defined]
        vectors = word_vectors(texts, *table.weight.shape, generator=self.generator)
        table.weight = nn.Parameter(vectors)
        super()._fit(batches, plan, loss)
