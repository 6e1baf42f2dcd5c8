"""How noisy the gradient of a batch is: the batch size beyond which a larger batch buys little.

Source: McCandlish, Kaplan, Amodei et al. 2018, arXiv:1812.06162, Eq. 2.9.
Departs from it: the mean gradient is that of all training examples, and the noise that of single ones, instead of both
being guessed from two batch sizes.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn.functional import cross_entropy

SINGLE = 256
"""Examples whose own gradients are worked out."""
CHUNK = 64
"""How many of them stand in memory at a time."""


def simple_noise_scale(model: nn.Module, inputs: Float[Tensor, "n ..."], targets: Int[Tensor, " n"]) -> float:
    """tr(S) / |G|^2 of cross entropy, in examples: G the mean gradient of all examples, S the covariance of one's.

    The inputs are all that training draws from; the first SINGLE of them, a fair mixture, stand for all in tr(S).
    """
    weights = {name: weight.detach() for name, weight in model.named_parameters()}

    def loss(weights: dict[str, Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
        return cross_entropy(functional_call(model, weights, (inputs,)), targets)

    def of_one(example: Tensor, target: Tensor) -> Tensor:
        own = grad(loss)(weights, example[None], target[None])
        return torch.stack([gradient.square().sum() for gradient in own.values()]).sum()

    squares = vmap(of_one, chunk_size=CHUNK)(inputs[:SINGLE], targets[:SINGLE])
    mean = sum(gradient.square().sum() for gradient in grad(loss)(weights, inputs, targets).values())
    return float(squares.mean() / mean - 1)
