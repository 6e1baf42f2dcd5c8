"""Halving a map: by keeping every second number, or by blurring first.

Source: Zhang 2019, "Making convolutional networks shift-invariant again", arXiv:1904.11486, Section 3.1 and 3.2
(Triangle-3 and Binomial-5 filters, reflection at the border).
Departs from it: nothing. Parity: convolution with the outer product of the filter, one channel at a time.
Axes: b batch | c channels | h w pixels in | i j pixels out
"""

from math import comb

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad


class Subsample(nn.Module):
    """Every second row and column, as a convolution of stride 2 computes them."""

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c i j"]:
        return x[:, :, ::2, ::2]


class BlurPool(nn.Module):
    """Every second row and column of the map, blurred by binomial weights over `size` (an odd number of) pixels."""

    weights: Tensor

    def __init__(self, size: int = 3):
        super().__init__()
        row = torch.tensor([float(comb(size - 1, place)) for place in range(size)])
        self.register_buffer("weights", row / row.sum(), persistent=False)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c i j"]:
        channels, reach = x.shape[1], len(self.weights) // 2
        around = pad(x, (reach, reach, reach, reach), mode="reflect")
        window = torch.outer(self.weights, self.weights).expand(channels, 1, -1, -1)
        return conv2d(around, window, stride=2, groups=channels)
