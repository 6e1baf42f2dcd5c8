"""What the layers of a network make of rows, moment by moment of its training: maps side by side, and a measure of each.

Sources: van der Maaten and Hinton 2008, JMLR 9 (t-SNE); Alain and Bengio 2016, arXiv:1610.01644, for looking at every layer
of a trained and an untrained network; Rauber, Fadel, Falcão and Telea 2017, IEEE TVCG 23(1), for projections of hidden
layers that can be followed through training.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing import draw
from zhixing.core import Language, Text, UnknownName
from zhixing.draw import Drawing
from zhixing.study.events import Stage
from zhixing.views.inside import inside
from zhixing.views.scene import Scene
from zhixing.views.view import CannotShow, Picture, Table, View

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from torch import nn

    from zhixing.evaluate import Separation

ROWS = 400
"""Rows that are placed: enough to see classes, few enough that dozens of maps take a minute or two."""
POINTS = 16_000
"""Of a picture at most, so that a page stays quick without a graphics card; all `ROWS` are measured, the first are shown."""
FEWEST = 10
COLUMNS, ACROSS = 6, 3
"""Moments in the picture of all layers; of one layer all of them are shown, so many side by side."""
PERPLEXITY, STEPS = 30.0, 250
LARGE = 230
"""Pixels of a cell where one layer is shown."""

Held = Mapping[str, np.ndarray]
"""By layer, what it holds of every row: (n, numbers)."""


@dataclass(frozen=True)
class _Shown:
    """What the pictures have in common."""

    layers: tuple[str, ...]
    moments: tuple[int, ...]
    targets: np.ndarray
    names: tuple[str, ...]
    words: tuple[str, ...]
    found: Mapping[tuple[str, int], "Separation"]


def layers(scene: Scene) -> View:
    """Maps of all layers at some moments, or of the one that the scene names at all of them, and how far classes lie apart.

    Raises CannotShow where the run is no network, kept no trace, or foretells several labels or tags at once; UnknownName
    for a layer that it does not have.
    """
    from zhixing.evaluate import separation

    network = inside(scene)
    rows = network.judged_by(ROWS)
    targets = _one_each(scene, rows)
    inputs = network.inputs(rows)
    held = {step: _held(each, inputs) for step, each in network.trace.networks(network.estimator)}
    moments, names = tuple(held), tuple(next(iter(held.values())))
    one = None if scene.layer is None else _layer(network.estimator.network, scene.layer, names)
    found = {
        (layer, step): separation(of_layer, targets) for step, at in held.items() for layer, of_layer in at.items()
    }
    some = np.unique(np.linspace(0, len(moments) - 1, COLUMNS).round().astype(int))
    shown = _Shown(
        layers=names if one is None else (one,),
        moments=tuple(moments[at] for at in some) if one is None else moments,
        targets=targets,
        names=scene.classes,
        words=tuple(_named(scene, place) for place in rows),
        found=found,
    )
    codes = _codes(held, shown)
    by_neighbours = [_by_neighbours(scene, layer, row) for layer, row in zip(shown.layers, codes, strict=True)]
    pictures = [
        _maps(shown, "layers-tsne", by_neighbours, _TSNE, _TSNE_CAPTION),
        _maps(shown, "layers-pca", [_by_axes(row) for row in codes], _PCA, _PCA_CAPTION),
        *(_curve(names, moments, found, measure) for measure in (0, 1) if scene.classes or measure == 0),
    ]
    return View(
        name="layers",
        title=Text("Layer by layer", "逐层看"),
        summary=_summary(names, moments, found, bool(scene.classes), _counted(scene, len(rows))),
        pictures=tuple(pictures),
        tables=(_table(names, moments, found),),
        warnings=_warnings(names, moments, found),
        numbers={
            "layers": list(names), "moments": list(moments), "rows": len(rows),
            "neighbours": [[found[layer, step].neighbours for layer in names] for step in moments],
            "silhouette": [[found[layer, step].silhouette for layer in names] for step in moments] if scene.classes else [],
        },
    )  # fmt: skip


_TSNE, _PCA = Text("maps by t-SNE", "t-SNE 图"), Text("maps by PCA", "PCA 图")
_EVERY = Text("Every layer at some moments of training: {title}", "各层在训练中若干时刻：{title}")
_GRID = Text(
    "Down: layer by layer; to the right: as training goes on. {rest}", "向下：一层接一层；向右：训练的进程。{rest}"
)
_TSNE_CAPTION = Text(
    "Each dot is one row, in the same colour everywhere; the number in a corner is how "
    "much the five nearest other rows, in the layer's own numbers and not on the map, know of its class or amount. Each map "
    "begins from the places of the one before it and is turned to lie as that does, so that it can be followed. Sizes of "
    "clumps and gaps between them mean nothing.",
    "每个点是一行，颜色处处一致；角上的数字是最近的五行（按该层自身的数来量，而不是按图）对它的类别或数值知"
    "道多少。每张图从前一张的位置开始，并转到与它一致的方向，因此可以跟着看。团块的大小和团块间的空隙没有意义。",
)
_PCA_CAPTION = Text(
    "The two directions in which a layer's numbers vary most. Distances are true to the numbers as far as two directions can "
    "be; what differs in the others is hidden, so that classes that overlap here may yet lie apart.",
    "某层的数变化最大的两个方向。在两个方向所能及的范围内，距离是真实的；其他方向上的差别看不到，所以这里重叠的类别也可能"
    "其实是分开的。",
)


def _layer(network: "nn.Module", wanted: str, names: Sequence[str]) -> str:
    """The layer of this name, or that a module of this address is part of; raises UnknownName where there is none."""
    from zhixing.nn import named_layers

    if wanted in names:
        return wanted
    for layer in named_layers(network):
        if any(f"{wanted}.".startswith(f"{part}.") for part in layer.parts):
            return layer.name
    raise UnknownName(Text("layer", "层"), wanted, names)


def _held(network: Any, inputs: Any) -> Held:
    """Raises CannotShow where something is not a number."""
    from zhixing.nn import activations

    held = {name: given.flatten(1).cpu().double().numpy() for name, given in activations(network, inputs).items()}
    if not all(np.isfinite(numbers).all() for numbers in held.values()):
        raise CannotShow(
            Text("its training diverged: layers hold numbers that are infinite", "训练发散：层里出现了无穷大的数")
        )
    return held


def _one_each(scene: Scene, rows: np.ndarray) -> np.ndarray:
    """The class or amount of each row."""
    if scene.targets is None:
        raise CannotShow(Text("the targets of these rows are not known", "这些行的目标未知"))
    if scene.targets.ndim != 1 or scene.targets.dtype == object:
        raise CannotShow(
            Text(
                "rows with several labels or tags have no single colour; layers are shown of one class or amount a row",
                "一行有多个标签或标记，无法用一种颜色表示；逐层图只用于每行一个类别或一个数值",
            )
        )
    if len(rows) < FEWEST:
        raise CannotShow(
            Text(
                "{rows} rows with known targets are too few to show layers; {fewest} are the fewest",
                "目标已知的只有 {rows} 行，不足以显示各层；至少要 {fewest} 行",
            ).format(rows=len(rows), fewest=FEWEST)
        )
    targets: np.ndarray = scene.targets[rows]
    return targets


def _named(scene: Scene, place: int) -> str:
    """What a row is called: its file, or its number from 1."""
    names = getattr(scene.own, "names", None)
    return str(names[place]) if names else str(place + 1)


def _codes(held: Mapping[int, Held], shown: _Shown) -> list[list[np.ndarray]]:
    """By layer and moment, rows along their principal axes, as many as t-SNE is given; the very same where rows are."""
    from zhixing.models.maps import COLUMNS as AXES
    from zhixing.models.maps import fitted_axes

    found = []
    for layer in shown.layers:
        row: list[np.ndarray] = []
        for place, step in enumerate(shown.moments):
            numbers = held[step][layer]
            same = place > 0 and np.array_equal(numbers, held[shown.moments[place - 1]][layer])
            row.append(row[-1] if same else fitted_axes(numbers, AXES).codes(numbers))
        found.append(row)
    return found


def _by_neighbours(scene: Scene, layer: str, codes: Sequence[np.ndarray]) -> list[np.ndarray]:
    """A map (n, 2) for each moment, begun with the places of the one before and turned to lie as that does."""
    from zhixing.models import tsne_map

    scene.listen(Stage(Text("placing rows: {layer}", "正在排布：{layer}").format(layer=layer)))
    maps: list[np.ndarray] = []
    for place, rows in enumerate(codes):
        if place and rows is codes[place - 1]:
            maps.append(maps[-1])
            continue
        start: Any = maps[-1] if maps else "pca"
        generator = np.random.default_rng(scene.seed)
        places = tsne_map(rows, perplexity=PERPLEXITY, start=start, steps=STEPS, generator=generator).places
        maps.append(turned(places, maps[-1]) if maps else places)
    return maps


def _by_axes(codes: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The first two principal axes at each moment, each pointing as it did at the moment before."""
    maps: list[np.ndarray] = []
    for rows in codes:
        places = np.zeros((len(rows), 2))
        places[:, : min(2, rows.shape[1])] = rows[:, :2]
        maps.append(places * np.where((places * maps[-1]).sum(axis=0) < 0, -1.0, 1.0) if maps else places)
    return maps


def turned(places: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Places (n, 2) turned and mirrored to lie as near as possible to others (Schönemann 1966); distances stay."""
    one, _, other = np.linalg.svd(places.T @ like)
    found: np.ndarray = places @ one @ other
    return found


def _maps(shown: _Shown, name: str, maps: list[list[np.ndarray]], title: Text, caption: Text) -> Picture:
    said = [[_per_cent(shown.found[layer, step].neighbours) for step in shown.moments] for layer in shown.layers]
    last = ", ".join(row[-1].en for row in said)
    columns, rows = [_after(step) for step in shown.moments], [Text(layer, layer) for layer in shown.layers]
    cell, points = draw.CELL, max(1, POINTS // (len(rows) * len(columns)))
    if len(rows) == 1:  # side by side they would be too narrow
        title = Text("{layer} at every moment: {title}", "{layer} 在每个时刻：{title}").format(
            title=title, layer=rows[0]
        )
        known = [
            Text("{after}: {share}", "{after}：{share}").format(after=a, share=b)
            for a, b in zip(columns, said[0], strict=True)
        ]
        maps, said = ([each[at : at + ACROSS] for at in range(0, len(each), ACROSS)] for each in (maps[0], known))  # type: ignore[assignment]
        columns, rows, cell = [Text("", "")] * ACROSS, [Text("", "")] * len(maps), LARGE
    else:
        title, caption = _EVERY.format(title=title), _GRID.format(rest=caption)

    def made(language: Language) -> "go.Figure":
        return draw.small_multiples(
            [[each[:points] for each in row] for row in maps],
            rows=rows,
            columns=columns,
            said=said,
            colour=shown.targets[:points],
            names=shown.names,
            hover=shown.words[:points],
            cell=cell,
            language=language,
        )

    words = Text(
        "Maps of {rows} layers at {columns} moments; in the last column rows whose neighbours know their class: {said}.",
        "{rows} 层在 {columns} 个时刻的图；最后一列中近邻知道其类别的比例：{said}。",
    ).format(rows=len(shown.layers), columns=len(shown.moments), said=last)
    return Picture(Drawing(name, made, words), title, caption)


def _curve(
    names: Sequence[str], moments: Sequence[int], found: Mapping[tuple[str, int], "Separation"], measure: int
) -> Picture:
    """A measure by layer, a line for each moment."""
    title, y, caption = _MEASURES[measure]
    places = list(range(len(names)))
    lines = [(_after(step), (places, [found[name, step][measure] for name in names])) for step in moments]
    made = partial(_draw_curve, lines, y=y, names=[Text(name, name) for name in names])
    last = ", ".join(f"{name} {found[name, moments[-1]][measure]:.3g}" for name in names)
    words = Text("{title}; at the end: {last}.", "{title}；训练结束时：{last}。").format(title=title, last=last)
    return Picture(Drawing(("layers-neighbours", "layers-silhouette")[measure], made, words), title, caption)


_MEASURES = (
    (
        Text("How far classes lie apart: neighbours", "类别分得多开：近邻"),
        Text("what the 5 nearest other rows know, in %", "最近 5 行所知道的（%）"),
        Text(
            "By layer, a line for each moment, the later the darker. Of classes: rows whose class is the commonest among "
            "their five nearest others, each row left out of its own vote; of amounts: the share of variance that the mean of "
            "these five explains. Measured in all numbers of a layer. After training the line should climb to the right; "
            "before it, it usually falls.",
            "横向是层，每个时刻一条线，越晚颜色越深。类别：一行的类别正好是最近五行（不含自身）中最多的那一类，这样的行所占比"
            "例；数值：五行的平均所解释的方差比例。按一层的全部数来量。训练之后曲线应向右上升；训练之前通常下降。",
        ),
    ),
    (
        Text("How far classes lie apart: silhouette", "类别分得多开：轮廓系数"),
        Text("mean silhouette of the classes", "类别的平均轮廓系数"),
        Text(
            "1: every class is a tight clump far from the others; 0: a row is as near to another class as to its own. It asks "
            "for more than neighbours do: classes may be told apart without being clumps.",
            "1：每个类都是远离其他类的紧密一团；0：一行离别的类和离自己的类一样近。它比近邻要求更多：类别不成团也可以分得清。",
        ),
    ),
)


def _draw_curve(lines: Sequence[tuple[Text, draw.Line]], language: Language, **settings: Any) -> "go.Figure":
    return draw.ordered_lines(lines, x=Text("layer", "层"), language=language, **settings)


def _table(names: Sequence[str], moments: Sequence[int], found: Mapping[tuple[str, int], "Separation"]) -> Table:
    return Table(
        title=_MEASURES[0][0],
        heads=(Text("layer", "层"), *(_after(step) for step in moments)),
        rows=tuple(
            (Text(name, name), *(_per_cent(found[name, step].neighbours) for step in moments)) for name in names
        ),
    )


def _counted(scene: Scene, rows: int) -> Text:
    """So many rows; of the run's own data, that they taught it nothing."""
    if scene.own is None:
        return Text(f"{rows} rows", f"{rows} 行")
    return Text(f"{rows} rows that it did not learn from", f"没有学过的 {rows} 行")


def _summary(
    names: Sequence[str],
    moments: Sequence[int],
    found: Mapping[tuple[str, int], "Separation"],
    classes: bool,
    rows: Text,
) -> Text:
    def told(step: int) -> Text:
        values = [found[name, step].neighbours for name in names]
        return Text("from {a} at {first} to {b} at {last}", "从 {first} 的 {a} 到 {last} 的 {b}").format(
            a=_per_cent(values[0]), first=names[0], b=_per_cent(values[-1]), last=names[-1]
        )

    what = (
        Text("The share of {rows} whose nearest others know their class", "{rows}中，近邻知道其类别的比例")
        if classes
        else Text("What the nearest others explain of the amounts of {rows}", "近邻对{rows}的数值的解释比例")
    )
    return Text(
        "{what} goes {end} after training, and {begin} before it (rank correlation with depth: {now} after, {then} before).",
        "{what}：训练后{end}，训练前{begin}（与深度的秩相关：训练后 {now}，训练前 {then}）。",
    ).format(
        what=what.format(rows=rows), end=told(moments[-1]), begin=told(moments[0]),
        now=f"{_rising(names, moments[-1], found):.2f}", then=f"{_rising(names, moments[0], found):.2f}",
    )  # fmt: skip


def _warnings(
    names: Sequence[str], moments: Sequence[int], found: Mapping[tuple[str, int], "Separation"]
) -> tuple[Text, ...]:
    """Layers at which separation falls at the end of training by more than a point, and the first weights kept."""
    values = [found[name, moments[-1]].neighbours for name in names]
    dips = [
        Text("{name} ({change} points)", "{name}（{change} 个百分点）").format(
            name=name, change=f"{after - before:.1f}"
        )
        for name, before, after in zip(names[1:], values, values[1:], strict=False)
        if after < before - 1
    ]
    if not dips:
        return ()
    return (
        Text(
            "After training classes lie less far apart than in the layer before at {dips}.",
            "训练之后，以下各层的类别分得不如前一层开：{dips}。",
        ).format(dips=Text(", ".join(dip.en for dip in dips), "、".join(dip.zh for dip in dips))),
    )


def _rising(names: Sequence[str], step: int, found: Mapping[tuple[str, int], "Separation"]) -> float:
    """Spearman's correlation of depth and what neighbours know; 0 where nothing changes."""
    from scipy.stats import rankdata

    ranks = rankdata([found[name, step].neighbours for name in names])
    return float(np.corrcoef(np.arange(len(names)), ranks)[0, 1]) if len(set(ranks)) > 1 else 0.0


def _after(step: int) -> Text:
    if step == 0:
        return Text("before training", "训练前")
    return (
        Text("after {step} steps", "{step} 步后").format(step=f"{step:,}")
        if step > 1
        else Text("after 1 step", "1 步后")
    )


def _per_cent(value: float) -> Text:
    return Text(f"{value:.0f} %", f"{value:.0f}%")
