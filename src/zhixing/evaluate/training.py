"""What a network looks like on its way through training: silent units, how sharply its loss bends, the loss around it.

Sources: Lu, Shin, Su and Karniadakis 2020, arXiv:1903.06733, for units that died; Li, Xu, Taylor, Studer and Goldstein 2018,
arXiv:1712.09913, Section 4, for directions whose filters are as long as the network's own.
Departs from them: a unit counts as silent where it gives the same number for all rows; normalisation in the loss goes by the
rows at hand, so that every place of a slice is a network in working order. Parity: by hand on small networks.
Axes: n rows | s, t places along two directions
"""

import copy
from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm

from zhixing.evaluate.curvature import sharpness
from zhixing.nn import INPUT, OUTPUT, activations

Loss = Callable[[Tensor, Tensor], Tensor]
Direction = list[Tensor]
"""A change to each parameter, in the order of `parameters()`."""


def silent_units(network: nn.Module, inputs: Float[Tensor, "n ..."]) -> dict[str, float]:
    """By hidden layer, the share of units that say the same whatever comes in, in per cent.

    A unit of a map is a channel, at all its places.
    """
    found = {}
    for name, given in list(activations(network, inputs).items())[:-1]:
        if name not in (INPUT, OUTPUT):
            units = given.transpose(0, 1).flatten(1) if given.ndim == 4 else given.flatten(1).T
            found[name] = 100 * float((units.amax(dim=1) == units.amin(dim=1)).double().mean())
    return found


def loss_on(network: nn.Module, inputs: Float[Tensor, "n ..."], targets: Tensor, loss: Loss) -> Float[Tensor, ""]:
    """The loss as a number that remembers the parameters; nothing is dropped, and running statistics do not move."""
    modes = {module: module.training for module in network.modules()}
    for module in modes:
        module.train(isinstance(module, _BatchNorm))
    try:
        own_copies = {name: buffer.clone() for name, buffer in network.named_buffers()}
        return loss(functional_call(network, own_copies, (inputs,)), targets)
    finally:
        for module, was_training in modes.items():
            module.training = was_training


def sharpness_on(network: nn.Module, inputs: Float[Tensor, "n ..."], targets: Tensor, loss: Loss) -> float:
    """The largest eigenvalue of the Hessian of `loss_on`; NaN where the loss is infinite."""
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    return sharpness(loss_on(network, inputs, targets, loss), weights)


def filter_directions(network: nn.Module, generator: Generator) -> Direction:
    """A random direction, each of whose filters (rows of a matrix) is as long as the network's; 0 for biases and gains."""
    direction = []
    for weight in network.parameters():
        change = torch.zeros(weight.shape)
        if weight.ndim >= 2:
            change = torch.randn(weight.shape, generator=generator)
            own = (part.detach().flatten(1).norm(dim=1).cpu() for part in (weight, change))
            wanted, length = own
            change = change * (wanted / length).view(-1, *[1] * (weight.ndim - 1))
        direction.append(change.to(weight.device))
    return direction


def path_directions(networks: Sequence[nn.Module]) -> tuple[Direction, Direction, np.ndarray, float]:
    """The two principal axes of the path of some networks, as directions of length 1, seen from the last one.

    Also the places (networks, 2) along them, and the share of the path's squared distance from its end that they hold.
    """
    end = [weight.detach() for weight in networks[-1].parameters()]
    rows = torch.stack(
        [
            torch.cat([(w.detach() - e).flatten() for w, e in zip(network.parameters(), end, strict=True)])
            for network in networks
        ]
    ).double()
    _, sizes, axes = torch.linalg.svd(rows, full_matrices=False)
    kept = float((sizes[:2] ** 2).sum() / (sizes**2).sum().clamp_min(1e-300))
    cuts = [weight.numel() for weight in end]
    one, other = (
        [part.view_as(weight).to(weight) for part, weight in zip(axis.split(cuts), end, strict=True)]
        for axis in axes[:2]
    )
    return one, other, (rows @ axes[:2].T).numpy(), kept


@torch.no_grad()
def loss_slice(
    network: nn.Module,
    directions: tuple[Direction, Direction],
    places: tuple[Sequence[float], Sequence[float]],
    of: Callable[[nn.Module], Tensor],
) -> Float[np.ndarray, "t s"]:
    """`of` the network moved to each pair of places along two directions; rows go with the second."""
    moved, found = copy.deepcopy(network), np.empty((len(places[1]), len(places[0])))
    for row, down in enumerate(places[1]):
        for column, along in enumerate(places[0]):
            for weight, own, one, other in zip(moved.parameters(), network.parameters(), *directions, strict=True):
                weight.copy_(own + along * one + down * other)
            found[row, column] = float(of(moved))
    return found
