"""How weights begin. Every draw comes from the generator that is passed in.

Sources: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks",
Eq. 16; He et al. 2015, "Delving deep into rectifiers", arXiv:1502.01852, Eq. 10.
Departs from them: nothing. Parity: torch.nn.init, which does the drawing.
"""

from collections.abc import Callable

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
