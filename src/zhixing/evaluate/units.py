"""What the units of a network answer to: their maps, their filters, and the inputs that excite them most.

Sources: Zeiler and Fergus 2014, arXiv:1311.2901, Fig. 2 (strongest real examples); Erhan et al. 2009, "Visualizing
higher-layer features of a deep network", Section 3 (ascent from noise); Yosinski et al. 2015, arXiv:1506.06579, Section 3
(a small pull to 0 at each step, and a blur, without which fine noise wins).
Departs from them: the steps of the ascent have one length; it is the slopes that are blurred, by means over 3 x 3 pixels.
Axes: b inputs | o units | c channels | h w pixels
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.nn.functional import avg_pool2d

from zhixing.core import Text, UnknownName
from zhixing.evaluate.saliency import as_used, gradient
from zhixing.nn import named_layers


def layers(model: nn.Module) -> list[str]:
    """The names of the modules that have weights of two or more axes of their own, in the order in which the model holds them."""
    return [
        name
        for name, module in model.named_modules()
        if any(parameter.ndim >= 2 for parameter in module.parameters(recurse=False))
    ]


def module_named(model: nn.Module, name: str) -> nn.Module:
    """The module of this name, or that gives out what the layer of this name does, such as `block2`.

    Raises UnknownName, with the nearest, where the model has none.
    """
    by_layer = {layer.name: model.get_submodule(layer.parts[-1]) for layer in named_layers(model)}
    modules = by_layer | dict(model.named_modules())
    if name not in modules or not name:
        raise UnknownName(Text("layer", "层"), name, [other for other in modules if other])
    found: nn.Module = modules[name]
    return found


def feature_maps(model: nn.Module, inputs: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
    """What the modules of these names give out for the inputs, (b, o, ...), without gradients.

    Raises UnknownName for one that the model has not.
    """
    with torch.no_grad():
        return _maps(model, inputs, names)


def _maps(model: nn.Module, inputs: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    hooks = []
    for name in names:

        def keep(module: nn.Module, given: tuple[Tensor, ...], output: Tensor, name: str = name) -> None:
            found[name] = output

        hooks.append(module_named(model, name).register_forward_hook(keep))
    try:
        with as_used(model):
            model(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def first_filters(model: nn.Module) -> Float[Tensor, "o c h w"] | None:
    """The weights of the first convolution over pictures; None where there is none."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            return module.weight.detach()
    return None


def excitations(model: nn.Module, inputs: Tensor, name: str) -> Float[Tensor, "b o"]:
    """How much each input excites each unit of a layer: the largest over its map."""
    maps = feature_maps(model, inputs, [name])[name]
    return maps if maps.ndim == 2 else maps.flatten(2).amax(dim=2)


def strongest(model: nn.Module, inputs: Tensor, name: str, *, count: int) -> Tensor:
    """The places (o, count) of the inputs that excite each unit of a layer most, the strongest first."""
    return excitations(model, inputs, name).topk(min(count, len(inputs)), dim=0).indices.T


def exciting_input(
    model: nn.Module,
    name: str,
    unit: int,
    *,
    shape: Sequence[int],
    steps: int = 60,
    rate: float = 0.2,
    pull: float = 0.02,
    blur: int = 2,
    generator: Generator,
) -> Float[Tensor, "..."]:
    """An input (*shape) that excites a unit of a layer more than the noise from which it climbs, in the model's own type.

    Each step goes `rate` along the slope, whose mean square is made 1; `pull` is the share of the input that it loses.
    The slope of an input (c, h, w) is blurred `blur` times.
    """
    weight = next(model.parameters())
    start = torch.randn(1, *shape, generator=generator, dtype=weight.dtype, device=generator.device)
    found = 0.1 * start.to(weight.device)

    def score(inputs: Tensor) -> Tensor:
        maps = _maps(model, inputs, [name])[name]
        return maps[:, unit] if maps.ndim == 2 else maps[:, unit].flatten(1).mean(dim=1)

    for _ in range(steps):
        slope = gradient(score, found)
        for _ in range(blur if found.ndim == 4 else 0):
            slope = avg_pool2d(slope, 3, stride=1, padding=1)
        size = slope.square().mean().sqrt()
        if size > 0:
            found = (1 - pull) * (found + rate * slope / size)
    return found[0]
