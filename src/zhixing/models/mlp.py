"""Multilayer perceptron.

Source: Rumelhart, Hinton and Williams 1986, Nature 323; He et al. 2015, arXiv:1502.01852, Eq. 10 for the
first weights of hidden layers. Departs from them: ReLU by default. Parity: torch.nn.functional on the same weights.
Axes: b batch | k classes
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.nn import glorot_uniform, linear


class MLP(nn.Module):
    """Hidden layers of the given widths, then a linear layer to the logits; pictures are flattened first."""

    def __init__(
        self,
        *,
        features_in: int = 784,
        widths: Sequence[int] = (256,),
        classes: int = 10,
        activation: Callable[[], nn.Module] = nn.ReLU,
        generator: Generator | None = None,
    ):
        super().__init__()
        hidden = [
            layer
            for wide_in, wide_out in pairwise([features_in, *widths])
            for layer in (linear(wide_in, wide_out, generator=generator), activation())
        ]
        self.hidden = nn.Sequential(*hidden)
        self.head = linear([features_in, *widths][-1], classes, init=glorot_uniform, generator=generator)

    def forward(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b k"]:
        logits: Tensor = self.head(self.hidden(x.flatten(1)))
        return logits
