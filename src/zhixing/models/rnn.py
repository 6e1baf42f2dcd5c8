"""Simple recurrent network.

Source: Elman 1990, "Finding structure in time", Cognitive Science 14(2); with ReLU and recurrent weights that begin as
the identity: Le, Jaitly and Hinton 2015, arXiv:1504.00941. Departs from them: nothing. Parity: torch.nn.RNN.
Axes: b batch | t steps | f features | d units | k outputs
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.nn import Initialiser, glorot_uniform, linear, orthogonal


class RNN(nn.Module):
    """h[t] = activation(U x[t] + W h[t-1] + b) from h[0] = 0; the outputs are linear in the last state.

    `init` fills U, `recurrent_init` W.
    """

    def __init__(
        self,
        *,
        features_in: int = 2,
        width: int = 64,
        outputs: int = 1,
        activation: Callable[[], nn.Module] = nn.Tanh,
        init: Initialiser = glorot_uniform,
        recurrent_init: Initialiser = orthogonal,
        generator: Generator | None = None,
    ):
        super().__init__()
        self.input = linear(features_in, width, init=init, generator=generator)
        self.recurrent = linear(width, width, init=recurrent_init, bias=False, generator=generator)
        self.activation = activation()
        self.head = linear(width, outputs, init=glorot_uniform, generator=generator)

    def states(self, x: Float[Tensor, "b t f"]) -> list[Float[Tensor, "b d"]]:
        """The state after each step."""
        weight = self.recurrent.weight.T
        state = x.new_zeros(len(x), weight.shape[0])
        passed = []
        for entering in self.input(x).unbind(1):
            state = self.activation(torch.addmm(entering, state, weight))
            passed.append(state)
        return passed

    def forward(self, x: Float[Tensor, "b t f"]) -> Float[Tensor, "b k"]:
        outputs: Tensor = self.head(self.states(x)[-1])
        return outputs
