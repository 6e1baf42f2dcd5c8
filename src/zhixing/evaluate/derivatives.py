"""Four ways to the gradient of a loss: the chain rule by hand, reverse mode, forward mode, finite differences.

Sources: Rumelhart, Hinton and Williams 1986, Nature 323 (the chain rule, layer by layer); Baydin et al. 2018,
arXiv:1502.05767, Section 3 (both modes and what they cost). Departs from them: nothing. Parity: each other, in double
precision. Axes: b batch | p parameters, all in one vector | f features | k classes
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.func import jvp, vmap
from torch.nn.functional import cross_entropy, one_hot

Loss = Callable[[Tensor], Tensor]
"""A number, of a vector of parameters."""


class TanhNetwork:
    """Mean cross entropy of a network of tanh layers as a function of its parameters, on examples given once."""

    def __init__(self, widths: Sequence[int], inputs: Float[Tensor, "b f"], targets: Int[Tensor, " b"]):
        self.widths, self.inputs, self.targets = tuple(widths), inputs, targets

    @property
    def parameters(self) -> int:
        """The length of the vector that it takes."""
        return sum((wide_in + 1) * wide_out for wide_in, wide_out in pairwise(self.widths))

    def layers(self, parameters: Float[Tensor, " p"]) -> Iterator[tuple[Tensor, Tensor]]:
        """Weight (out, in) and bias (out,) of each layer, cut from the vector one after the other."""
        for wide_in, wide_out in pairwise(self.widths):
            own, parameters = parameters[: wide_out * (wide_in + 1)], parameters[wide_out * (wide_in + 1) :]
            yield own[: wide_out * wide_in].view(wide_out, wide_in), own[wide_out * wide_in :]

    def __call__(self, parameters: Float[Tensor, " p"]) -> Float[Tensor, ""]:
        return cross_entropy(self._signals(list(self.layers(parameters)))[-1], self.targets)

    def by_hand(self, parameters: Float[Tensor, " p"]) -> Float[Tensor, " p"]:
        """The gradient by the chain rule, written out: one pass forward, which keeps every signal, and one back."""
        layers = list(self.layers(parameters))
        signals = self._signals(layers)
        error = (signals[-1].softmax(dim=1) - one_hot(self.targets, self.widths[-1])) / len(self.targets)
        gradients: list[Tensor] = []
        for at in reversed(range(len(layers))):
            weight, _ = layers[at]
            gradients[:0] = [(error.T @ signals[at]).flatten(), error.sum(dim=0)]
            if at > 0:
                error = (error @ weight) * (1 - signals[at] ** 2)
        return torch.cat(gradients)

    def _signals(self, layers: Sequence[tuple[Tensor, Tensor]]) -> list[Tensor]:
        """The inputs, what each hidden layer gives out, and the logits."""
        signals = [self.inputs]
        for weight, bias in layers[:-1]:
            signals.append(torch.tanh(signals[-1] @ weight.T + bias))
        weight, bias = layers[-1]
        return [*signals, signals[-1] @ weight.T + bias]


def by_hand(network: TanhNetwork, parameters: Float[Tensor, " p"]) -> Float[Tensor, " p"]:
    """The gradient that the network writes out itself."""
    return network.by_hand(parameters)


def reverse_mode(loss: Loss, parameters: Float[Tensor, " p"]) -> Float[Tensor, " p"]:
    """Automatic differentiation from the loss back: all parameters in one pass."""
    leaf = parameters.detach().requires_grad_()
    return torch.autograd.grad(loss(leaf), leaf)[0]


def forward_mode(loss: Loss, parameters: Float[Tensor, " p"]) -> Float[Tensor, " p"]:
    """Automatic differentiation from the parameters on: one pass for each parameter."""

    def along(direction: Tensor) -> Tensor:
        slope: Tensor = jvp(loss, (parameters,), (direction,))[1]
        return slope

    with warnings.catch_warnings():
        # Its first use loads rules through a function that torch itself has deprecated.
        warnings.filterwarnings("ignore", message="`torch.jit.script", category=DeprecationWarning)
        gradient: Tensor = vmap(along)(torch.eye(len(parameters), dtype=parameters.dtype))
    return gradient


def finite_differences(loss: Loss, parameters: Float[Tensor, " p"], *, step: float = 1e-2) -> Float[Tensor, " p"]:
    """(loss(p + step) - loss(p - step)) / (2 step), two passes for each parameter."""
    moves = step * torch.eye(len(parameters), dtype=parameters.dtype)
    gradient: Tensor = (vmap(loss)(parameters + moves) - vmap(loss)(parameters - moves)) / (2 * step)
    return gradient
