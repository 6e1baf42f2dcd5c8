"""Linear and convolution layers whose first weights are decided by what is passed in.

torch's own constructors draw from the global generator. On the meta device they allocate and draw nothing, so
that the same generator always gives the same layer and nobody else's random numbers move. Biases begin at zero.
"""

import torch
from torch import Generator, nn

from zhixing.nn.initialisation import Initialiser, he_normal


def linear(
    features_in: int,
    features_out: int,
    *,
    init: Initialiser = he_normal,
    generator: Generator | None = None,
    bias: bool = True,
) -> nn.Linear:
    """A `torch.nn.Linear`: (..., features_in) to (..., features_out)."""
    layer = nn.Linear(features_in, features_out, bias=bias, device="meta")
    begin(layer, init, generator)
    return layer


def convolution(
    channels_in: int,
    channels_out: int,
    *,
    kernel: int = 3,
    stride: int = 1,
    padding: int | None = None,
    init: Initialiser = he_normal,
    generator: Generator | None = None,
    bias: bool = True,
) -> nn.Conv2d:
    """A `torch.nn.Conv2d`: (b, channels_in, h, w) to (b, channels_out, i, j).

    Left out, `padding` is kernel // 2, which keeps the picture's size for an odd kernel at stride 1.
    """
    around = kernel // 2 if padding is None else padding
    layer = nn.Conv2d(channels_in, channels_out, kernel, stride=stride, padding=around, bias=bias, device="meta")
    begin(layer, init, generator)
    return layer


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Every channel with mean 0 and variance 1 over the batch (Ioffe and Szegedy 2015, arXiv:1502.03167, Algorithm 1)."""
    return nn.BatchNorm2d(channels)


def table(count: int, width: int, *, init: Initialiser = he_normal, generator: Generator | None = None) -> nn.Embedding:
    """A `torch.nn.Embedding`: whole numbers below `count` (...) to vectors (..., width)."""
    layer = nn.Embedding(count, width, device="meta")
    layer.weight = nn.Parameter(torch.empty(count, width))
    init(layer.weight, generator)
    return layer


def begin(layer: nn.Linear | nn.Conv2d, init: Initialiser, generator: Generator | None) -> None:
    """Gives a layer made on the meta device its first weights; zeros to its bias."""
    layer.weight = nn.Parameter(torch.empty(layer.weight.shape))  # to_empty would load a second of symbolic algebra
    init(layer.weight, generator)
    if layer.bias is not None:
        layer.bias = nn.Parameter(torch.zeros(layer.bias.shape))
