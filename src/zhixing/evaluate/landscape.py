"""The loss between two trained networks: what lies on the straight line from one to the other.

Sources: Frankle, Dziugaite, Roy and Carbin 2020, arXiv:1912.05671, Section 2, for the barrier; Ainsworth, Hayase and
Srinivasa 2023, arXiv:2209.04836, Section 3.2, for matching units by their weights.
Departs from them: one hidden layer, for which the matching is exact; with tanh a unit may also change its sign.
Parity: every order of the units of a small network, tried out.
Axes: u v hidden units of the two networks
"""

import copy
from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy


@torch.no_grad()
def losses_between(
    one: nn.Module, other: nn.Module, inputs: Float[Tensor, "n ..."], targets: Tensor, *, places: Sequence[float]
) -> list[float]:
    """Cross entropy of the networks (1 - t) one + t other, for t at each of the `places`."""
    between = copy.deepcopy(one)
    losses = []
    for place in places:
        for weight, begin, end in zip(between.parameters(), one.parameters(), other.parameters(), strict=True):
            torch.lerp(begin, end, place, out=weight.data)
        losses.append(cross_entropy(between(inputs), targets).item())
    return losses


def rise_above_ends(losses: Sequence[float], places: Sequence[float]) -> list[float]:
    """How far the loss at each place lies above the straight line between its two ends, the first and the last.

    The largest is the barrier.
    """
    straight = np.interp(places, [places[0], places[-1]], [losses[0], losses[-1]])
    return [float(rise) for rise in np.asarray(losses) - straight]


@torch.no_grad()
def matched(one: nn.Module, other: nn.Module, *, hidden: str = "hidden.0", head: str = "head") -> nn.Module:
    """`other`, which computes what it did, with its tanh units renumbered and signed to lie nearest to those of `one`.

    `hidden` names the linear layer into the units, `head` the one out of them.
    """
    from scipy.optimize import linear_sum_assignment

    ours, theirs = _units(one, hidden, head), _units(other, hidden, head)
    likeness: Float[Tensor, "u v"] = ours @ theirs.T
    _, order = linear_sum_assignment(likeness.abs().numpy(), maximize=True)
    chosen = torch.as_tensor(order)
    signs = torch.where(likeness[torch.arange(len(chosen)), chosen] < 0, -1.0, 1.0).to(likeness)
    renumbered = copy.deepcopy(other)
    into, out = _linear(renumbered, hidden), _linear(renumbered, head)
    into.weight.copy_(into.weight[chosen] * signs[:, None])
    into.bias.copy_(into.bias[chosen] * signs)
    out.weight.copy_(out.weight[:, chosen] * signs)
    return renumbered


def _units(network: nn.Module, hidden: str, head: str) -> Tensor:
    """All weights of each hidden unit in a row: into it, its bias, out of it."""
    into, out = _linear(network, hidden), _linear(network, head)
    return torch.cat([into.weight, into.bias[:, None], out.weight.T], dim=1)


def _linear(network: nn.Module, name: str) -> nn.Linear:
    return cast(nn.Linear, network.get_submodule(name))
