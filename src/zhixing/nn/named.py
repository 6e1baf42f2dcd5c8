"""The layers of any network by name: what is between two of its weights belongs to the one before.

A layer begins at a module with a weight of two or more axes and takes in what follows it in the same part of the network:
normalisation, activation, dropout. A residual block is one layer, for it is no mere sequence.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

BATCH = 250
"""Rows at a time: bounds the memory."""
INPUT, OUTPUT = "input", "output"
"""What comes before the first layer; what the network makes of its last layer where that is not yet what it gives out."""


@dataclass(frozen=True)
class Layer:
    """One layer: `stem`, `block3`, `head`."""

    name: str
    parts: tuple[str, ...]
    """Addresses of its modules, as `nn.Module.get_submodule` takes them; the last one gives out what the layer does."""


def named_layers(network: nn.Module) -> tuple[Layer, ...]:
    """The layers in the order in which the network holds them; those of one part are numbered from 1, such as `block1`."""
    whole = isinstance(network, nn.Sequential) or not any(network.children())
    layers: list[Layer] = []
    for name, part in [("layer", network)] if whole else network.named_children():
        groups: list[list[str]] = []
        for address, module in _bricks(part, "" if whole else name):
            if any(weight.ndim >= 2 for weight in module.parameters()):
                groups.append([address])
            elif groups:
                groups[-1].append(address)
        numbered = len(groups) > 1
        layers += [
            Layer(f"{name.removesuffix('s')}{place}" if numbered else name, tuple(group))
            for place, group in enumerate(groups, start=1)
        ]
    return tuple(layers)


def weights_by_layer(network: nn.Module) -> dict[str, list[nn.Parameter]]:
    """The weights of two or more axes that training may change; those that belong to no layer are the `output`'s."""
    owner = {part: layer.name for layer in named_layers(network) for part in layer.parts}
    found: dict[str, list[nn.Parameter]] = {name: [] for name in (*owner.values(), OUTPUT)}
    for address, weight in network.named_parameters():
        if weight.ndim >= 2 and weight.requires_grad:
            own = (name for part, name in owner.items() if not part or f"{address}.".startswith(f"{part}."))
            found[next(own, OUTPUT)].append(weight)
    return {name: weights for name, weights in found.items() if weights}


@torch.no_grad()
def activations(network: nn.Module, inputs: Float[Tensor, "n ..."]) -> dict[str, Float[Tensor, "n ..."]]:
    """What each layer gives out for every row, in evaluation mode; the `input` comes first.

    The network's own output comes last, as `output`, where no layer gives it out. Layers that give out something else
    than one tensor with a row for each of `inputs` are left out. The network is left in the mode it was in.
    """
    layers, was_training = named_layers(network), network.training
    found: dict[str, list[Tensor]] = {INPUT: [], **{layer.name: [] for layer in layers}, OUTPUT: []}
    network.eval()
    try:
        for rows in torch.split(inputs, BATCH):
            seen: dict[str, Any] = {INPUT: rows}
            hooks = [
                network.get_submodule(layer.parts[-1]).register_forward_hook(partial(_see, seen, layer.name))
                for layer in layers
            ]
            try:
                seen[OUTPUT] = network(rows)
            finally:
                for hook in hooks:
                    hook.remove()
            if any(given is seen[OUTPUT] for name, given in seen.items() if name != OUTPUT):
                del seen[OUTPUT]
            for name, given in seen.items():
                if isinstance(given, Tensor) and len(given) == len(rows):
                    found[name].append(given)
    finally:
        network.train(was_training)
    return {name: torch.cat(blocks) for name, blocks in found.items() if sum(map(len, blocks)) == len(inputs)}


def _see(seen: dict[str, Any], name: str, module: nn.Module, entered: Any, given: Any) -> None:
    seen[name] = given


def _bricks(part: nn.Module, address: str) -> Iterator[tuple[str, nn.Module]]:
    """The modules in a row that the part consists of; sequences are opened, at any depth."""
    if not isinstance(part, nn.Sequential):
        yield address, part
        return
    for name, child in part.named_children():
        yield from _bricks(child, f"{address}.{name}" if address else name)
