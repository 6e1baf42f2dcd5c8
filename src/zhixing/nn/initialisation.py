"""How weights begin. Every draw comes from the generator that is passed in.

Sources: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks",
Eq. 1 and 16; He et al. 2015, "Delving deep into rectifiers", arXiv:1502.01852, Eq. 10.
Departs from them: nothing. Parity: torch.nn.init, which does the drawing.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

Initialiser = Callable[[Tensor, Generator | None], object]
"""Fills a weight of two or more axes (out, in, ...) in place; a None generator is torch's own default one."""


def he_normal(weight: Float[Tensor, "*shape"], generator: Generator | None = None) -> None:
    """Normal with variance 2 / fan_in: keeps the second moment of activations level through ReLU layers."""
    nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)


def glorot_uniform(weight: Float[Tensor, "*shape"], generator: Generator | None = None) -> None:
    """Uniform with variance 2 / (fan_in + fan_out): a compromise between forward and backward pass."""
    nn.init.xavier_uniform_(weight, generator=generator)


def fan_in_uniform(weight: Float[Tensor, "*shape"], generator: Generator | None = None) -> None:
    """Uniform within 1 / sqrt(fan_in), variance 1 / (3 fan_in): the custom before 2010, and torch's own for `Linear`."""
    nn.init.kaiming_uniform_(weight, a=5**0.5, generator=generator)


def fan_in_normal(weight: Float[Tensor, "*shape"], generator: Generator | None = None, *, scale: float = 1.0) -> None:
    """Normal with standard deviation scale / sqrt(fan_in): the sigma_w of mean-field theory."""
    nn.init.kaiming_normal_(weight, nonlinearity="linear", generator=generator)
    with torch.no_grad():
        weight.mul_(scale)


def narrow_normal(weight: Float[Tensor, "*shape"], generator: Generator | None = None) -> None:
    """Normal with standard deviation 0.02 whatever the shape, as transformers begin (Radford et al. 2018, Section 4.1)."""
    nn.init.normal_(weight, std=0.02, generator=generator)


def table_normal(weight: Float[Tensor, "*shape"], generator: Generator | None = None) -> None:
    """Normal with standard deviation 0.1 whatever the shape, for tables of which a step sees but a few rows."""
    nn.init.normal_(weight, std=0.1, generator=generator)


def orthogonal(weight: Float[Tensor, "*shape"], generator: Generator | None = None) -> None:
    """A random rotation, which keeps every length (Saxe et al. 2014, arXiv:1312.6120)."""
    nn.init.orthogonal_(weight, generator=generator)


def identity(weight: Float[Tensor, "d d"], generator: Generator | None = None) -> None:
    """The identity matrix: a recurrent layer that begins by remembering (Le et al. 2015, arXiv:1504.00941)."""
    nn.init.eye_(weight)
