"""What the units of a network answer to: first filters, maps of a picture, and what excites a unit most."""

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing import draw, evaluate
from zhixing.core import Language, Seeds, Text
from zhixing.views.asked import Asked, asked
from zhixing.views.mistakes import verbatim
from zhixing.views.saliency import examples, maps, network, shown
from zhixing.views.scene import Scene
from zhixing.views.view import CannotShow, Picture, View

if TYPE_CHECKING:
    from torch import nn

ACROSS = 8
"""Filters and maps side by side."""
FILTERS, LAYERS, UNITS, STRONGEST = 32, 6, 10, 4
"""Filters, layers and units that are drawn at most, and the strongest real items of each unit."""
LOOKED_AT = 500
"""Items among which the strongest are sought."""
_NO_NETWORK = Text(
    "filters, maps and exciting inputs are of networks that look at pictures or spectrograms; this run is none",
    "滤波器、特征图和最能激发单元的输入，只有看图片或频谱图的网络才有；这次运行不是",
)
_FILTERS = Text(
    "Weights that the first convolution slides over its input: orange above 0, blue below. Each tile has its own scale.",
    "第一个卷积层在输入上滑动的权重：橙色大于 0，蓝色小于 0。每个小图各有自己的尺度。",
)
_MAPS = Text(
    "What units of each layer give out for the same item, those that answer it most: orange above 0, blue below.",
    "各层单元对同一项的输出，取反应最强的几个单元：橙色大于 0，蓝色小于 0。",
)
_EXCITING = Text(
    "Left: an input that grew from faint noise along the slope of the unit. Beside it the real items that excite the unit most, "
    "the strongest first.",
    "左：从微弱噪声出发，沿单元的梯度长出来的输入。右边是最能激发该单元的真实样本，由强到弱。",
)
_UNREAL = Text(
    "A grown input shows what raises the unit without bound, and looks like nothing that there is; trust the real items more.",
    "长出来的输入只显示什么会让单元无限升高，它不像任何真实的东西；更应相信真实样本。",
)


def units(scene: Scene) -> View:
    """Filters, maps and exciting inputs; with `--layer` the maps and units of that one.

    Raises CannotShow where the run is no network that looks at maps, UnknownName for a layer that it has not.
    """
    seen = asked(scene)
    module = network(seen)
    if module is None:
        raise CannotShow(_NO_NETWORK)
    layers = evaluate.layers(module)
    layer = scene.layer or layers[-1]
    pictures = [_filters(module), _maps(module, seen, [scene.layer] if scene.layer else _even(layers[:-1]))]
    pictures.append(_exciting(module, scene, seen, layer))
    return View(
        name="units",
        title=Text("What the units of the network answer to", "网络的单元对什么有反应"),
        summary=Text(
            "The network has {count} layers with weights: {layers}. `--layer NAME` shows one of them.",
            "网络有 {count} 个带权重的层：{layers}。用 `--layer 名字` 查看其中一层。",
        ).format(count=len(layers), layers=", ".join(layers)),
        pictures=tuple(pictures),
        warnings=(_UNREAL,),
        numbers={"layers": layers, "layer": layer},
    )


def _even(layers: list[str]) -> list[str]:
    """At most LAYERS of them, evenly from the first to the last."""
    places = np.unique(np.linspace(0, len(layers) - 1, min(LAYERS, len(layers))).round().astype(int))
    return [layers[place] for place in places]


def _filters(module: "nn.Module") -> Picture:
    weights = evaluate.first_filters(module)
    assert weights is not None
    seen = weights[:FILTERS].numpy()
    tiles = [draw.grey(each) if seen.shape[1] == 3 else draw.coloured(each.mean(axis=0)) for each in seen]
    rows = _in_rows(tiles)
    names = [verbatim(f"{1 + ACROSS * row}–{ACROSS * row + len(line)}") for row, line in enumerate(rows)]
    alternative = Text("The {count} filters of the first convolution.", "第一个卷积层的 {count} 个滤波器。").format(
        count=len(tiles)
    )
    return _picture("filters", rows, names, (), alternative, Text("First filters", "第一层滤波器"), _FILTERS)


def _maps(module: "nn.Module", seen: Asked, layers: list[str]) -> Picture:
    row = examples(seen)[-1:]
    found = evaluate.feature_maps(module, maps(seen, row), layers)
    upside = slice(None, None, -1 if seen.run.card["kind"] == "sounds" else 1)
    rows, names = [shown(seen.run, seen.among(row))], [Text("the item", "原样")]
    for name in layers:
        outputs = found[name][0]
        if outputs.ndim != 3:  # numbers, no maps
            continue
        strongest = outputs.flatten(1).abs().amax(dim=1).argsort(descending=True)
        count = 4 * ACROSS if len(layers) == 1 else ACROSS
        lines = _in_rows([draw.coloured(outputs[unit].numpy()[upside]) for unit in strongest[:count]])
        rows += lines
        names += [verbatim(name)] + [Text("", "")] * (len(lines) - 1)
    alternative = Text("Maps of one item, layer by layer.", "一项的特征图，逐层排列。")
    return _picture("maps", rows, names, (), alternative, Text("Maps, layer by layer", "逐层的特征图"), _MAPS)


def _exciting(module: "nn.Module", scene: Scene, seen: Asked, layer: str) -> Picture:
    places = np.arange(min(LOOKED_AT, len(seen.answers)))
    inputs = maps(seen, places)
    strongest = evaluate.strongest(module, inputs, layer, count=STRONGEST).numpy()
    seeds, known = Seeds(scene.seed), seen.run.learner.known
    head = layer == evaluate.layers(module)[-1]
    upside = slice(None, None, -1 if seen.run.card["kind"] == "sounds" else 1)
    rows, names = [], []
    for unit in range(min(UNITS, len(strongest))):
        grown = evaluate.exciting_input(
            module, layer, unit, shape=tuple(inputs.shape[1:]), generator=seeds.torch("ascent")
        )
        rows.append([draw.grey(grown.numpy()[:, upside]), *shown(seen.run, seen.among(places[strongest[unit]]))])
        if head and known is not None:
            names.append(verbatim(seen.run.classes[known[unit]]))
        else:
            names.append(Text("unit {unit}", "单元 {unit}").format(unit=unit + 1))
    columns = (Text("grown", "长成的输入"), *[verbatim(str(place + 1)) for place in range(STRONGEST)])
    title = Text("What excites the units of {layer} most", "最能激发 {layer} 各单元的输入").format(layer=layer)
    alternative = Text("Grown inputs beside the strongest real items.", "长成的输入与最强的真实样本并排。")
    return _picture("exciting", rows, names, columns, alternative, title, _EXCITING)


def _in_rows(tiles: list[np.ndarray]) -> list[list[np.ndarray]]:
    return [tiles[start : start + ACROSS] for start in range(0, len(tiles), ACROSS)]


def _picture(
    name: str,
    rows: list[list[np.ndarray]],
    names: list[Text],
    columns: tuple[Text, ...],
    alternative: Text,
    title: Text,
    caption: Text,
) -> Picture:
    return Picture(draw.Drawing(name, partial(_drawn, rows, names, columns), alternative), title, caption)


def _drawn(rows: list[list[np.ndarray]], names: list[Text], columns: tuple[Text, ...], language: Language) -> Any:
    return draw.mosaic(rows, rows=names, columns=columns, language=language)
