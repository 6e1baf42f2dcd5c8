"""How noisy the gradient of a batch is: the batch size beyond which a larger batch buys little.

Source: McCandlish, Kaplan, Amodei et al. 2018, arXiv:1812.06162, Eq. 2.9.
Departs from it: the mean gradient is that of all training examples, and the noise that of single ones, instead of both
being guessed from two batch sizes.
"""

from statistics import fmean

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

SINGLE = 256
"""Examples whose own gradients are worked out."""


def simple_noise_scale(model: nn.Module, inputs: Float[Tensor, "n ..."], targets: Int[Tensor, " n"]) -> float:
    """tr(S) / |G|^2 of cross entropy, in examples: G the mean gradient of all examples, S the covariance of one's.

    The inputs are all that training draws from; the first SINGLE of them, a fair mixture, stand for all in tr(S).
    """
    weights = list(model.parameters())

    def square(inputs: Tensor, targets: Tensor) -> float:
        gradients = torch.autograd.grad(cross_entropy(model(inputs), targets), weights)
        return float(sum(gradient.square().sum() for gradient in gradients))

    singles = [square(inputs[at : at + 1], targets[at : at + 1]) for at in range(min(SINGLE, len(inputs)))]
    return fmean(singles) / square(inputs, targets) - 1
