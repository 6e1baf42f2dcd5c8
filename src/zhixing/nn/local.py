"""Layers that look at a small window of a picture: with one set of weights for all windows, or one for each.

Source: LeCun 1989, "Generalization and network design strategies", Sections 4.3 to 4.5 (nets 3 to 5).
Departs from it: one description for both layers, so that nothing but the sharing tells them apart.
Parity: a loop over the windows; with the same weights in every window, torch's convolution.
Axes: b batch | c, d channels in, out | h w pixels in | i j windows | p numbers of one window
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.nn.functional import pad

from zhixing.nn.initialisation import Initialiser, he_normal
from zhixing.nn.layers import begin

Size = tuple[int, int]
"""Rows and columns."""


def windows(size: Size, kernel: Size, stride: Size, padding: Size) -> Size:
    """How many windows stand below each other and side by side."""
    high, wide = ((n + 2 * p - k) // s + 1 for n, k, s, p in zip(size, kernel, stride, padding, strict=True))
    return high, wide


def shared(
    channels_in: int,
    channels_out: int,
    *,
    size: Size,
    kernel: Size,
    stride: Size = (1, 1),
    padding: Size = (0, 0),
    generator: Generator | None = None,
) -> nn.Module:
    """A convolution: the same weights in every window, however large the picture is."""
    layer = nn.Conv2d(channels_in, channels_out, kernel, stride=stride, padding=padding, device="meta")
    begin(layer, he_normal, generator)
    return layer


class LocallyConnected(nn.Module):
    """Weights of its own in every window of a picture of `size`; in each they begin as a convolution's do."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        size: Size,
        kernel: Size,
        stride: Size = (1, 1),
        padding: Size = (0, 0),
        init: Initialiser = he_normal,
        generator: Generator | None = None,
    ):
        super().__init__()
        self.kernel, self.stride, self.padding = kernel, stride, padding
        self.windows = windows(size, kernel, stride, padding)
        numbers = channels_in * kernel[0] * kernel[1]
        weight = torch.empty(self.windows[0] * self.windows[1], channels_out, numbers)
        for of_window in weight:
            init(of_window, generator)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(len(weight), 1, channels_out))

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d i j"]:
        (high, wide), (down, along) = self.padding, self.stride
        padded = pad(x, (wide, wide, high, high))
        seen = padded.unfold(2, self.kernel[0], down).unfold(3, self.kernel[1], along)
        rows = rearrange(seen, "b c i j u v -> (i j) b (c u v)")
        y = torch.baddbmm(self.bias, rows, self.weight.transpose(1, 2))
        return rearrange(y, "(i j) b d -> b d i j", i=self.windows[0])
