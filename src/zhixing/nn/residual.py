"""Residual block for images, and the plain block that it is compared with.

Source: He et al. 2015, arXiv:1512.03385, Eq. 1 and 2, Fig. 2 (left), shortcut option B of Section 3.3.
Departs from it: normalisation is a brick that may be left out; the convolutions then carry a bias.
Parity: a basic block written with torch.nn.functional on the same weights.
Axes: b batch | c, d channels in, out | h w pixels in | i j pixels out
"""

from collections.abc import Callable

from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.nn.layers import convolution

Normalisation = Callable[[int], nn.Module]
"""Makes the normalisation of so many channels, such as torch.nn.BatchNorm2d."""


def projection_shortcut(
    channels_in: int,
    channels_out: int,
    *,
    stride: int = 1,
    normalisation: Normalisation | None = None,
    generator: Generator | None = None,
) -> nn.Module:
    """Option B: the identity where the shape is kept, a 1x1 convolution where it is not."""
    if stride == 1 and channels_in == channels_out:
        return nn.Identity()
    bias = normalisation is None
    projection = convolution(channels_in, channels_out, kernel=1, stride=stride, bias=bias, generator=generator)
    return projection if normalisation is None else nn.Sequential(projection, normalisation(channels_out))


class ResidualBlock(nn.Module):
    """activation(shortcut(x) + residual(x)), the residual being two 3x3 convolutions.

    With `shortcut=None` the same two convolutions stand alone: the plain block. Both draw the same numbers
    from the same generator wherever the shape is kept.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        stride: int = 1,
        shortcut: Callable[..., nn.Module] | None = projection_shortcut,
        normalisation: Normalisation | None = None,
        activation: Callable[[], nn.Module] = nn.ReLU,
        generator: Generator | None = None,
    ):
        super().__init__()
        bias = normalisation is None

        def normalised() -> list[nn.Module]:
            return [] if normalisation is None else [normalisation(channels_out)]

        self.residual = nn.Sequential(
            convolution(channels_in, channels_out, stride=stride, bias=bias, generator=generator),
            *normalised(),
            activation(),
            convolution(channels_out, channels_out, bias=bias, generator=generator),
            *normalised(),
        )
        self.shortcut: nn.Module | None = None
        if shortcut is not None:
            self.shortcut = shortcut(
                channels_in, channels_out, stride=stride, normalisation=normalisation, generator=generator
            )
        self.activation = activation()

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d i j"]:
        residual = self.residual(x)
        y: Tensor = self.activation(residual if self.shortcut is None else self.shortcut(x) + residual)
        return y
