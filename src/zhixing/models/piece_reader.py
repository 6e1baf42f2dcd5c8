"""A classifier of text that reads its pieces one after the other, from the first on and from the last on.

Sources: Hochreiter and Schmidhuber 1997, Neural Computation 9(8), for the units, which are `nn.lstm`; Conneau et al. 2017,
arXiv:1705.02364, Section 3.2, for the largest state over all places beside the mean one. Departs from them: whole pieces are
dropped in training. Parity: the equations of the units place by place. Axes: b batch | f features | t places | d width |
k classes | p four times the width
"""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn

from zhixing.models.pieces import PIECES, PLACES
from zhixing.nn import Dropout, Initialiser, glorot_uniform, linear, lstm, table, table_normal

TOGETHER = 16
"""Texts that are read together: those of like length, so that few places are read behind the end of one."""


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
        dropout: float = 0.2,
        init: Initialiser = table_normal,
        generator: Generator | None = None,
    ):
        super().__init__()
        self.table = table(pieces, width, init=init, generator=generator)
        self.losing = Dropout(lost, generator=generator)
        self.dropout = Dropout(dropout, generator=generator)
        self.onwards = lstm(width, width, generator=generator)
        self.backwards = lstm(width, width, generator=generator)
        self.head = linear(4 * width, classes, init=glorot_uniform, generator=generator)

    @staticmethod
    def sizes(inputs: np.ndarray) -> Mapping[str, int]:
        """The settings that training rows (n, features_in) decide: few texts hold fewer pieces."""
        return {"pieces": int(inputs[:, :PLACES].max()) + 1}

    def vectors(self, x: Float[Tensor, "b f"]) -> Float[Tensor, "b t d"]:
        """Those that stand for the pieces of each text."""
        found: Tensor = self.table(self._known(x))
        return found

    def forward(self, x: Float[Tensor, "b f"], vectors: Float[Tensor, "b t d"] | None = None) -> Float[Tensor, "b k"]:
        """Reads the pieces by their own vectors, or by these."""
        pieces, vectors = self._known(x), self.vectors(x) if vectors is None else vectors
        ends = (x[:, :PLACES] > 0).mul(torch.arange(1, PLACES + 1, device=x.device)).amax(dim=1)
        order = ends.argsort()
        read = torch.cat([self._read(pieces[rows], vectors[rows], ends[rows]) for rows in torch.split(order, TOGETHER)])
        logits: Tensor = self.head(self.dropout(read[order.argsort()]))
        return logits

    def _known(self, x: Float[Tensor, "b f"]) -> Int[Tensor, "b t"]:
        """The numbers of the pieces; of one that stood beyond PLACES in the rows of training nothing was learned."""
        pieces = x[:, :PLACES].long()
        return pieces * (pieces < self.table.num_embeddings)

    def _read(
        self, pieces: Int[Tensor, "b t"], vectors: Float[Tensor, "b t d"], ends: Int[Tensor, " b"]
    ) -> Float[Tensor, "b p"]:
        """What both ways of reading saw in the mean and at most; places behind the ends change nothing."""
        places = torch.arange(max(1, int(ends.max())), device=pieces.device)
        there = (pieces[:, : len(places)] > 0)[:, :, None]
        seen = self.losing(there.to(vectors.dtype)) * self.dropout(vectors[:, : len(places)])
        back = (ends[:, None] - 1 - places).clamp(min=0)[:, :, None]
        there_back = there.take_along_dim(back, dim=1) & (places < ends[:, None])[:, :, None]
        found = []
        for units, read, own in (
            (self.onwards, seen, there),
            (self.backwards, seen.take_along_dim(back, dim=1), there_back),
        ):
            states, _ = units(read)
            found += [
                (states * own).sum(dim=1) / own.sum(dim=1).clamp(min=1),
                states.masked_fill(~own, -1.0).amax(dim=1),  # no state is less
            ]
        return torch.cat(found, dim=1)
