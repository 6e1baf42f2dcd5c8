"""A classifier of sequences with gated recurrent units.

Source: Cho et al. 2014, arXiv:1406.1078, Eq. 5 to 8; Greydanus and Kobak 2020, arXiv:2011.14439, for the
head, which sees the state at every place. Departs from Cho et al.: the reset gate acts after the recurrent matrix, as in
torch, which computes it. Parity: the equations step by step on the same weights.
Axes: b batch | c channels | k classes
"""

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.nn import glorot_uniform, linear


class GRU(nn.Module):
    """Reads the places of an input (b, c, ...) in order, forwards and backwards; a linear layer sees all its states."""

    def __init__(
        self,
        *,
        length: int = 40,
        channels_in: int = 1,
        width: int = 6,
        classes: int = 10,
        generator: Generator | None = None,
    ):
        super().__init__()
        # torch's own constructor draws from the global generator; on the meta device it draws nothing.
        self.gru = nn.GRU(channels_in, width, batch_first=True, bidirectional=True, device="meta")
        for name, planned in list(self.gru.named_parameters()):
            weight = nn.init.uniform_(torch.empty(planned.shape), -(width**-0.5), width**-0.5, generator=generator)
            setattr(self.gru, name, nn.Parameter(weight))
        self.head = linear(2 * width * length, classes, init=glorot_uniform, generator=generator)

    def forward(self, x: Float[Tensor, "b c ..."]) -> Float[Tensor, "b k"]:
        states, _ = self.gru(x.flatten(2).transpose(1, 2))
        logits: Tensor = self.head(states.flatten(1))
        return logits
