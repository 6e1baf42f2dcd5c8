"""Multilayer perceptron.

Source: Rumelhart, Hinton and Williams 1986, Nature 323; He et al. 2015, arXiv:1502.01852, Eq. 10 for the
first weights of hidden layers. Departs from them: ReLU by default; normalisation and shortcut are bricks that may be
passed in. Parity: torch.nn.functional on the same weights.
Axes: b batch | k classes
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.nn import Dropout, Initialiser, glorot_uniform, he_normal, linear


class MLP(nn.Module):
    """Hidden layers of the given widths, then a linear layer to the logits; pictures are flattened first.

    A hidden layer is a linear one, which `init` fills, the `normalisation` of so many features (it brings its own
    bias), the activation, and `dropout` of a share of its units. `shortcut` is called with each hidden layer that keeps
    its width, and takes its place.
    """

    def __init__(
        self,
        *,
        features_in: int = 784,
        widths: Sequence[int] = (256,),
        classes: int = 10,
        activation: Callable[[], nn.Module] = nn.ReLU,
        init: Initialiser = he_normal,
        normalisation: Callable[[int], nn.Module] | None = None,
        shortcut: Callable[[nn.Module], nn.Module] | None = None,
        dropout: float = 0.0,
        generator: Generator | None = None,
    ):
        super().__init__()

        def layer(wide_in: int, wide_out: int) -> list[nn.Module]:
            weights = linear(wide_in, wide_out, init=init, bias=normalisation is None, generator=generator)
            normalised = [] if normalisation is None else [normalisation(wide_out)]
            dropped = [Dropout(dropout, generator=generator)] if dropout else []
            bricks = [weights, *normalised, activation(), *dropped]
            return bricks if shortcut is None or wide_in != wide_out else [shortcut(nn.Sequential(*bricks))]

        wide = [features_in, *widths]
        self.hidden = nn.Sequential(*(brick for sizes in pairwise(wide) for brick in layer(*sizes)))
        self.head = linear(wide[-1], classes, init=glorot_uniform, generator=generator)

    def forward(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b k"]:
        logits: Tensor = self.head(self.hidden(x.flatten(1)))
        return logits
