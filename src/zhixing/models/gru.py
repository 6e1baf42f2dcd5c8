"""A classifier of sequences with gated recurrent units.

Source: Greydanus and Kobak 2020, arXiv:2011.14439, for the head, which sees the state at every place; the units are
`nn.gru`. Departs from it: nothing. Parity: the equations of the units step by step on the same weights.
Axes: b batch | c channels | k classes
"""

from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.nn import glorot_uniform, gru, linear


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
        self.gru = gru(channels_in, width, generator=generator)
        self.head = linear(2 * width * length, classes, init=glorot_uniform, generator=generator)

    def forward(self, x: Float[Tensor, "b c ..."]) -> Float[Tensor, "b k"]:
        states, _ = self.gru(x.flatten(2).transpose(1, 2))
        logits: Tensor = self.head(states.flatten(1))
        return logits
