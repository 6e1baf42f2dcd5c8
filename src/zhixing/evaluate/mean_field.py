"""How a signal and its gradient fare in a deep random network, foretold without the network.

Sources: Poole et al. 2016, arXiv:1606.05340 (the map of q); Schoenholz et al. 2017, arXiv:1611.01232 (chi and the
gradient). Departs from them: biases are zero, and lengths are followed from the first layer on
rather than taken at their fixed point. Parity: the closed forms of ReLU, and wide networks drawn at random.
Symbols: q mean square of what a layer gives out before its activation | s weights have variance s^2 / fan_in |
chi the factor on the squared gradient for each layer that it passes on its way back
"""

from collections.abc import Callable

import torch
from torch import Tensor

REACH, POINTS = 10.0, 20_000
"""The standard normal is integrated over so many deviations either way, on so many points, none of them at 0, where
ReLU has its kink."""


def squared_gradient_gains(
    activation: Callable[[Tensor], Tensor], *, scale: float, length: float, layers: int
) -> list[float]:
    """chi of hidden layers 1, 2, ..., `layers`: the mean square of a gradient at a layer over that at the next one.

    `length` is q at the first layer. With z standard normal, chi = s^2 E[f'(sqrt(q) z)^2], and the next layer has
    q = s^2 E[f(sqrt(q) z)^2].
    """
    z = torch.linspace(-REACH, REACH, POINTS, dtype=torch.float64)
    density = torch.softmax(-z.square() / 2, dim=0)
    gains = []
    for _ in range(layers):
        x = (length**0.5 * z).requires_grad_()
        y = activation(x)
        (slope,) = torch.autograd.grad(y.sum(), x)
        gains.append(scale**2 * float(density @ slope.square()))
        length = scale**2 * float(density @ y.detach().square())
    return gains
