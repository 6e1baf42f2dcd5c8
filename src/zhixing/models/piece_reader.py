"""A classifier of text that reads its pieces one after the other, in both directions.

Sources: Cho et al. 2014, arXiv:1406.1078, for the units, which are `nn.gru`; Conneau et al. 2017, arXiv:1705.02364, Section 3.2,
for the largest state over all places beside the mean one. Departs from them: whole pieces are dropped in training. Parity:
the equations of the units place by place.
Axes: b batch | f features | t places | d width | k classes
"""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.models.pieces import PIECES, PLACES
from zhixing.nn import Dropout, Initialiser, glorot_uniform, gru, linear, table, table_normal


class PieceReader(nn.Module):
    """Reads rows as `models.Pieces` numbers them: PLACES whole numbers below `pieces`, 0 behind the end.

    In training the share `lost` of the pieces is not seen, and the share `dropout` of the numbers that stand for each
    piece and for the text.
    """

    def __init__(
        self,
        *,
        pieces: int = PIECES,
        width: int = 96,
        classes: int = 2,
        lost: float = 0.2,
        dropout: float = 0.5,
        init: Initialiser = table_normal,
        generator: Generator | None = None,
    ):
        super().__init__()
        self.table = table(pieces, width, init=init, generator=generator)
        self.losing = Dropout(lost, generator=generator)
        self.dropout = Dropout(dropout, generator=generator)
        self.gru = gru(width, width, generator=generator)
        self.head = linear(4 * width, classes, init=glorot_uniform, generator=generator)

    @staticmethod
    def sizes(inputs: np.ndarray) -> Mapping[str, int]:
        """The settings that training rows (n, features_in) decide: few texts hold fewer pieces."""
        return {"pieces": int(inputs[:, :PLACES].max()) + 1}

    def forward(self, x: Float[Tensor, "b f"]) -> Float[Tensor, "b k"]:
        pieces = x[:, :PLACES].long()
        pieces = pieces * (pieces < self.table.num_embeddings)  # of one that stood beyond PLACES nothing was learned
        there = (pieces > 0)[:, :, None]
        seen = self.losing(there.to(x.dtype)) * self.dropout(self.table(pieces))
        states, _ = self.gru(seen)  # all places, so that no answer depends on how long others' texts are
        mean = (states * there).sum(dim=1) / there.sum(dim=1).clamp(min=1)
        largest = states.masked_fill(~there, -1.0).amax(dim=1)  # no state is less
        logits: Tensor = self.head(self.dropout(torch.cat([mean, largest], dim=1)))
        return logits
