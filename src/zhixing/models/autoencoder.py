"""Autoencoder of rows: a network that must say its input again through a few numbers.

Source: Hinton and Salakhutdinov 2006, Science 313, whose layers were trained one after the other first.
Departs from it: one hidden layer on either side, all trained together; the few numbers and the output are linear.
"""

from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.models.mlp import MLP


class Autoencoder(nn.Module):
    """Rows of `features_in` numbers to `dimensions` numbers and back, with `width` hidden units on either side."""

    def __init__(self, *, features_in: int, dimensions: int = 2, width: int = 64, generator: Generator | None = None):
        super().__init__()
        self.encoder = MLP(
            features_in=features_in, widths=(width,), classes=dimensions, activation=nn.SiLU, generator=generator
        )
        self.decoder = MLP(
            features_in=dimensions, widths=(width,), classes=features_in, activation=nn.SiLU, generator=generator
        )

    def forward(self, x: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        back: Tensor = self.decoder(self.encoder(x))
        return back
