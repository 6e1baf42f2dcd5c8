"""How a network was trained: loss, gradients and changes by layer, silent units, sharpness, and the loss around its end."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing import draw
from zhixing.core import Language, Text
from zhixing.draw import Drawing
from zhixing.views.inside import Inside, inside
from zhixing.views.scene import Scene
from zhixing.views.view import CannotShow, Picture, View

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from torch import nn

    from zhixing.train import Trace

PROBED, DRAWN, BENT = 256, 128, 64
"""Rows on which units are watched, on which the loss is drawn, and on which its second derivatives are taken."""
PLACES = 13
"""Of a slice, along either direction."""
HEALTHY = (1e-4, 3e-2)
"""Of updates: a tenth of the usual 0.001, below which a layer hardly learns, to thirty times that, where it is thrown about."""
USUAL = 1e-3
FADING = 1e-3
"""The first layer's gradient over the last one's, below which it counts as vanished; above the inverse as exploded."""
SILENT = 50.0
"""Per cent of a layer's units."""
_STEP, _LOSS = Text("step", "步数"), Text("loss", "损失")


def training(scene: Scene) -> View:
    """What the run kept of its training, and what its rows say of the weights at each moment.

    Raises CannotShow where the run is no network, or kept no trace.
    """
    network = inside(scene)
    trace = network.trace
    pictures = [*_noted(trace)]
    numbers: dict[str, Any] = {
        "layers": list(trace.layers),
        "gradients": trace.gradients.T.tolist(),
        "updates": trace.updates.T.tolist(),
        **{name: getattr(trace, name).tolist() for name in ("steps", "loss", "gradient_norm", "rate")},
    }
    silent: Mapping[str, Sequence[float]] = {}
    unseen: list[Text] = []
    try:
        probed, found = _probed(network)
        silent = found["silent"]
        pictures += probed
        numbers |= found
    except CannotShow as error:
        unseen = [
            Text(
                "Not shown, silent units, sharpness and the slice: {why}.", "未显示静默单元、陡度和切面：{why}。"
            ).format(why=error.message)
        ]
    sick = _sick(trace, silent)
    return View(
        name="training",
        title=Text("How it was trained", "训练过程"),
        summary=_summary(trace, sick),
        pictures=tuple(pictures),
        warnings=(*sick, *unseen),
        numbers=numbers,
    )


def _noted(trace: "Trace") -> list[Picture]:
    """The curves of what was noted on the way."""
    steps, moving = trace.steps.tolist(), trace.rate >= trace.rate.max() / 100

    def by_layer(values: np.ndarray, at: np.ndarray) -> list[tuple[Text, draw.Line]]:
        columns = zip(trace.layers, values[at].T, strict=True)
        return [(Text(name, name), (trace.steps[at].tolist(), column.tolist())) for name, column in columns]

    return [
        _lines(
            "training-loss",
            [(_LOSS, (steps, trace.loss.tolist()))],
            Text("Loss", "损失"),
            Text("loss, mean since the last note", "损失（两次记录之间的平均）"),
            Text(
                "Normal: a steep fall at first, then an ever flatter one. Sick: it never leaves its first height, climbs, or "
                "leaps. It is the loss of the examples being learned, so that overfitting cannot be seen here.",
                "正常：先陡降，再越来越平。异常：一直停在起初的高度、上升或大幅跳动。这是正在学习的样本上的损失，看不出过拟合。",
            ),
            log=True,
        ),
        _lines(
            "training-gradients",
            by_layer(trace.gradients, trace.steps > 0),
            Text("Gradient by layer", "各层梯度"),
            Text("norm of the gradient of a layer's weights", "各层权重的梯度范数"),
            Text(
                "How strongly each layer is told to change; the later the layer, the darker. Normal: lines within a factor of "
                "about a hundred of each other. Sick: early layers thousands of times below the late ones (vanishing) or "
                "above them (exploding).",
                "每一层被要求改动得多强烈；层越靠后颜色越深。正常：各线相差不超过一百倍左右。异常：前面的层比后面的小几千倍"
                "（梯度消失）或大几千倍（梯度爆炸）。",
            ),
            log=True,
        ),
        _lines(
            "training-updates",
            by_layer(trace.updates, moving),
            Text("Update over weight", "更新与权重之比"),
            Text("size of a step over size of the weights", "一步的大小／权重的大小"),
            Text(
                "How far one step moves a layer's weights, as a share of their size. Normal: about one thousandth, by a rule "
                "of thumb; adaptive optimisers begin above it, and a falling learning rate ends below it (steps at "
                "less than a hundredth of the largest rate are left out). Sick: a layer far "
                "below all along hardly learns; far above, it is thrown about.",
                "一步把某层的权重移动了其大小的几分之几。正常：凭经验约千分之一；自适应优化器起初会高些，学习率下降时末尾会低"
                "些（学习率不到最高值百分之一的步不画）。异常：一直远低于此的层几乎没在学；远高于此的层被抛来抛去。",
            ),
            log=True,
            marks=((USUAL, Text("rule of thumb", "经验值")),),
        ),
    ]


def _probed(network: Inside) -> tuple[list[Picture], dict[str, Any]]:
    """What rows say of the network at each moment."""
    import torch

    from zhixing.evaluate import training as measures

    rows = network.learned_from(PROBED)
    inputs = network.inputs(rows)
    targets, loss = network.wanted(rows)
    moments = list(network.trace.networks(network.estimator))
    names = [_moment(step) for step, _ in moments]
    by_moment = [measures.silent_units(each, inputs) for _, each in moments]
    silent = {layer: [found[layer] for found in by_moment] for layer in by_moment[0]}
    bent = [measures.sharpness_on(each, inputs[:BENT], targets[:BENT], loss) for _, each in moments]
    places = list(range(len(names)))
    found: dict[str, Any] = {"moments": [step for step, _ in moments], "silent": silent, "sharpness": bent}
    pictures = [
        _lines(
            "training-silent",
            [(Text(layer, layer), (places, shares)) for layer, shares in silent.items()],
            Text("Silent units", "静默单元"),
            Text("units that say the same whatever comes in, in %", "对任何输入都输出同一个数的单元（%）"),
            Text(
                "Of each hidden layer, over {rows} rows that it learned from. Normal: few or none. Sick: more than half; a unit "
                "that is silent everywhere gets no gradient and seldom comes back.",
                "每个隐藏层中，在 {rows} 行训练数据上的比例。正常：很少或没有。异常：超过一半；处处静默的单元得不到梯度，很少能"
                "恢复。",
            ).format(rows=len(rows)),
            x=Text("after so many steps", "走过的步数"),
            names=names,
            ends=(-3.0, 103.0),
        ),
        _lines(
            "training-sharpness",
            [(Text("sharpness", "陡度"), (places, bent))],
            Text("Sharpness", "陡度"),
            Text("largest eigenvalue of the Hessian", "海森矩阵的最大特征值"),
            Text(
                "How strongly the loss of {rows} rows bends in the direction in which it bends most. With a plain gradient step "
                "of rate r, steps overshoot where it exceeds 2 / r; adaptive optimisers have other limits. It often rises at "
                "first and falls when the loss is near zero.",
                "{rows} 行上的损失在弯得最厉害的方向上弯得多厉害。用学习率为 r 的普通梯度下降时，超过 2 / r 就会越过谷底；自"
                "适应优化器的界限不同。它往往先升，损失接近零时再降。",
            ).format(rows=min(BENT, len(rows))),
            x=Text("after so many steps", "走过的步数"),
            names=names,
            log=True,
        ),
    ]

    def of(each: "nn.Module") -> "torch.Tensor":
        return measures.loss_on(each, inputs[:DRAWN], targets[:DRAWN], loss)

    end = moments[-1][1]
    generator = torch.Generator().manual_seed(network.scene.seed)
    one, other = measures.filter_directions(end, generator), measures.filter_directions(end, generator)
    across = np.linspace(-1, 1, PLACES).tolist()
    losses = measures.loss_slice(end, (one, other), (across, across), of)
    found["slice"] = {"places": across, "losses": [[_finite(value) for value in row] for row in losses]}
    pictures.append(
        _surface(
            "training-slice", losses, (across, across), None, (),
            Text("The loss around the end", "终点周围的损失"),
            (Text("along a random direction", "沿一个随机方向"), Text("along another", "沿另一个随机方向")),
            Text(
                "The middle is the trained network. One unit along either direction changes every filter by its own length "
                "(Li et al. 2018). Normal: a bowl with its floor in the middle. A wide floor means that small changes of the "
                "weights do little harm. Two directions of many thousands: what is not in this slice is not seen.",
                "正中是训练好的网络。沿任一方向走一个单位，就把每个滤波器改动一个自身长度（Li 等 2018）。正常：碗形，碗底在中"
                "央。碗底宽，说明权重小改无大碍。这只是成千上万个方向中的两个，切面之外看不到。",
            ),
        )
    )  # fmt: skip
    if len(moments) > 2:
        first, second, path, kept = measures.path_directions([each for _, each in moments])
        spans = tuple(_span(path[:, axis]) for axis in (0, 1))
        losses = measures.loss_slice(end, (first, second), (spans[0], spans[1]), of)
        found["path"] = {"places": path.tolist(), "kept": kept, "losses": [[_finite(v) for v in row] for row in losses]}
        pictures.append(
            _surface(
                "training-path", losses, (spans[0], spans[1]), path, names,
                Text("The path of training", "训练走过的路"),
                (Text("along the path's first axis", "沿路径的第一主轴"), Text("along its second", "沿第二主轴")),
                Text(
                    "The plane that holds most of the path: {kept} % of its squared distance from the end. Numbers are steps; "
                    "the last point is the trained network. A path always looks smooth and bent in its own plane, and its "
                    "points lie off the plane at all but the end, so that their own loss may differ from the ground's.",
                    "包含路径最多的平面：占到终点距离平方的 {kept}%。数字是步数，最后一点是训练好的网络。任何路径在自己的平面上"
                    "看起来都平滑而弯曲；除终点外，各点并不正好在平面上，它们自身的损失可能与底色不同。",
                ).format(kept=f"{100 * kept:.0f}"),
            )
        )  # fmt: skip
    return pictures, found


def _sick(trace: "Trace", silent: Mapping[str, Sequence[float]]) -> tuple[Text, ...]:
    """What a healthy training does not show, with its numbers."""
    found = []
    if not np.isfinite(trace.loss).all():
        at = int(trace.steps[int(np.argmax(~np.isfinite(trace.loss)))])
        found.append(
            Text("The loss was no number from step {at} on: training diverged; lower the learning rate.",
                 "从第 {at} 步起损失不再是数：训练发散；请降低学习率。").format(at=at)
        )  # fmt: skip
    elif trace.loss[-1] > 0.9 * trace.loss[0]:
        found.append(
            Text("The loss fell by less than a tenth, from {a} to {b}: it has hardly learned.",
                 "损失只从 {a} 降到 {b}，不到一成：几乎没有学到东西。")
            .format(a=draw.number(float(trace.loss[0])), b=draw.number(float(trace.loss[-1])))
        )  # fmt: skip
    lively = trace.rate >= trace.rate.max() / 2
    low, high = HEALTHY
    for name, ratio in zip(trace.layers, np.median(trace.updates[lively], axis=0), strict=True):
        if ratio < low or ratio > high:
            words = (
                Text("below {bound}: it hardly learns", "低于 {bound}：几乎没在学")
                if ratio < low
                else Text("above {bound}: its steps are large for its weights", "高于 {bound}：步子相对权重太大")
            )
            found.append(
                Text("A step moves the weights of {name} by {ratio} of their size (median), {words}.",
                     "一步使 {name} 的权重移动其大小的 {ratio}（中位数），{words}。").format(
                    name=name, ratio=draw.number(float(ratio)),
                    words=words.format(bound=draw.number(low if ratio < low else high)),
                )
            )  # fmt: skip
    first, last = (float(np.median(trace.gradients[:, at])) for at in (0, -1))
    if last > 0 and not FADING <= first / last <= 1 / FADING:
        found.append(
            Text("The gradient of {first} is {ratio} times that of {last}: it {fate} on its way back.",
                 "{first} 的梯度是 {last} 的 {ratio} 倍：它在回传途中{fate}。").format(
                first=trace.layers[0], last=trace.layers[-1], ratio=draw.number(first / last),
                fate=Text("vanishes", "消失") if first < last else Text("explodes", "爆炸"),
            )
        )  # fmt: skip
    for name, shares in silent.items():
        if shares[-1] > SILENT:
            found.append(
                Text("{share} % of the units of {name} are silent at the end.", "训练结束时 {name} 有 {share}% 的单元静默。")
                .format(share=f"{shares[-1]:.0f}", name=name)
            )  # fmt: skip
    return tuple(found)


def _summary(trace: "Trace", sick: Sequence[Text]) -> Text:
    first, last = (draw.number(float(trace.loss[at])) for at in (0, -1))
    told = Text("In {steps} steps the loss went from {a} to {b}.", "{steps} 步之内，损失从 {a} 变到 {b}。").format(
        steps=f"{int(trace.steps[-1]):,}", a=first, b=last
    )
    healthy = Text(" Nothing looks sick.", "未见异常。")
    count = Text(" {count} things look sick; see the warnings.", "有 {count} 处异常，见警告。").format(count=len(sick))
    if len(sick) == 1:
        count = Text(" One thing looks sick; see the warning.", "有一处异常，见警告。")
    ending = count if sick else healthy
    return Text(told.en + ending.en, told.zh + ending.zh)


def _lines(
    name: str,
    lines: Sequence[tuple[Text, draw.Line]],
    title: Text,
    y: Text,
    caption: Text,
    *,
    x: Text = _STEP,
    names: Sequence[Text] = (),
    log: bool = False,
    ends: tuple[float, float] | None = None,
    marks: Sequence[tuple[float, Text]] = (),
) -> Picture:
    made = partial(_draw_lines, lines, x=x, y=y, names=names, log_y=log, ends=ends, marks=marks)
    finite = [(label, [v for v in ys if math.isfinite(v)]) for label, (_, ys) in lines]
    parts = [
        Text("{label} {first} to {last}", "{label} {first} → {last}").format(
            label=label, first=draw.number(values[0]), last=draw.number(values[-1])
        )
        for label, values in finite
        if values
    ]
    said = Text(", ".join(part.en for part in parts), "、".join(part.zh for part in parts))
    words = Text("{title}, from the first note to the last: {said}.", "{title}，从第一次记录到最后一次：{said}。")
    return Picture(Drawing(name, made, words.format(title=title, said=said)), title, caption)


def _draw_lines(lines: Sequence[tuple[Text, draw.Line]], language: Language, **settings: Any) -> "go.Figure":
    return draw.ordered_lines(lines, language=language, **settings)


def _surface(
    name: str,
    losses: np.ndarray,
    places: tuple[Sequence[float], Sequence[float]],
    path: np.ndarray | None,
    moments: Sequence[Text],
    title: Text,
    axes: tuple[Text, Text],
    caption: Text,
) -> Picture:
    def made(language: Language) -> "go.Figure":
        return draw.loss_map(
            losses, places, x=axes[0], y=axes[1], z=_LOSS, path=path, moments=moments, language=language
        )

    known = losses[np.isfinite(losses)]
    words = Text("{title}: from {low} to {high}.", "{title}：从 {low} 到 {high}。").format(
        title=title, low=draw.number(float(known.min())), high=draw.number(float(known.max()))
    )
    return Picture(Drawing(name, made, words), title, caption)


def _moment(step: int) -> Text:
    return Text(f"{step:,}", f"{step:,}")


def _span(places: np.ndarray) -> list[float]:
    """Places of a slice that hold these, and a margin."""
    low, high = float(places.min()), float(places.max())
    margin = 0.15 * ((high - low) or 1.0)
    return [float(place) for place in np.linspace(low - margin, high + margin, PLACES)]


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
