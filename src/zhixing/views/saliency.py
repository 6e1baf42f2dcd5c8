"""Which parts of a picture, or of a sound's spectrogram, speak for the answer that a run gave."""

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing import draw, evaluate
from zhixing.core import Language, Seeds, Text
from zhixing.views.asked import Asked
from zhixing.views.scene import Scene
from zhixing.views.view import Picture, View

if TYPE_CHECKING:
    from torch import nn

    from zhixing.comparison import Run

EXAMPLES, WRONG = 8, 3
"""Items that are shown, and of these at most so many that were told wrong."""
STRETCHES = 16
"""Parts of a sound that are silenced, one at a time."""
SAMPLES, STEPS = 16, 16
"""Of SmoothGrad, and of the way of integrated gradients."""
_NETWORK = Text(
    "Gradient: how far the score moves with a pixel, whichever way. SmoothGrad: its mean over noisy copies. Integrated "
    "gradients: what a pixel adds on the way from plain grey; orange speaks for the answer, blue against it. Occlusion: how far "
    "the score falls when a square is covered with grey.",
    "梯度：像素变化时得分移动多少，不论方向。SmoothGrad：对加噪副本取平均。积分梯度：从纯灰图像出发，一路上该像素贡献多少；橙色支"
    "持这一回答，蓝色反对。遮挡：用灰色方块盖住后得分下降多少。",
)
_ANY = Text(
    "Occlusion: how far the logarithm of the answer's probability falls when a part is covered; orange speaks for the answer, "
    "blue against it. Slopes can be drawn for networks only.",
    "遮挡：盖住一部分后，该回答概率的对数下降多少；橙色支持这一回答，蓝色反对。只有神经网络才能画出梯度。",
)
_TRUST = Text(
    "Every tile has its own scale. A map says what moves this answer, not why the model learned it so; the study "
    "saliency-sanity measures which of the methods notice that a network has learned nothing.",
    "每个小图各有自己的尺度。图只说明什么会改变这一回答，不说明模型为何学成这样；saliency-sanity 这项研究测量了哪些方法能察觉网"
    "络其实什么都没学到。",
)


def saliency(scene: Scene, seen: Asked) -> View:
    """Slopes and occlusion of some items: the most surprising mistakes first, then the surest right answers."""
    rows = examples(seen)
    answers = seen.answers[rows]
    classes = answers.argmax(axis=1)
    found = network(seen)
    tiles, columns = (
        _of_network(found, scene, seen, rows, classes) if found is not None else _of_any(seen, rows, classes)
    )
    pictures = shown(seen.run, seen.among(rows))
    heads = (Text("spectrogram", "频谱图") if seen.run.card["kind"] == "sounds" else Text("picture", "图片"), *columns)
    lines = [[pictures[place], *(draw.coloured(heat[place]) for heat in tiles)] for place in range(len(rows))]
    words = [named(seen, row) for row in rows]
    drawing = draw.Drawing(
        "saliency",
        partial(_drawn, lines, words, heads),
        Text("Items beside their maps of what speaks for the answer.", "各项与其显著图并排。"),
    )
    wrong = sum(1 for row in rows if _is_wrong(seen, row))
    summary = Text(
        "What moves the answers to {count} of {which}: {wrong} told wrong that surprise most, the others the surest.",
        "{which}中 {count} 项的回答取决于哪里：其中 {wrong} 项是最出人意料的错误，其余是最有把握的回答。",
    ).format(count=len(rows), wrong=wrong, which=seen.which)
    return View(
        name="why",
        title=Text("What speaks for each answer", "每个回答的依据在哪里"),
        summary=summary,
        pictures=(
            Picture(
                drawing,
                Text("Where the answers come from", "回答从何而来"),
                _ANY if found is None else _NETWORK,
            ),
        ),
        warnings=(_TRUST,),
        numbers={"rows": [int(seen.places[row]) for row in rows], "methods": [column.en for column in columns]},
    )


def network(seen: Asked) -> "nn.Module | None":
    """The module of a run that looks at maps; None where the run is no such network."""
    module: nn.Module | None = getattr(seen.run.learner.estimator, "network", None)
    return module if module is not None and evaluate.first_filters(module) is not None else None


def maps(seen: Asked, rows: np.ndarray) -> Any:
    """The inputs (n, c, h, w) of the network, as a tensor."""
    import torch

    return torch.tensor(seen.run.learner.preparation.transform(seen.among(rows)), dtype=torch.float32)


def units_of(seen: Asked, classes: np.ndarray) -> np.ndarray:
    """The outputs of the network that stand for these classes: it tells those apart that were among its training rows."""
    assert seen.run.learner.known is not None
    return np.searchsorted(seen.run.learner.known, classes)


def examples(seen: Asked) -> np.ndarray:
    """Places among the rows asked: the most surprising mistakes, then the surest right answer of one class after the other."""
    sure, answered = seen.answers.max(axis=1), seen.answers.argmax(axis=1)
    wrong = np.zeros(0, dtype=np.int64)
    if seen.targets is not None:
        told = np.flatnonzero(seen.targets >= 0)
        wrong = told[evaluate.confident_mistakes(seen.answers[told], seen.targets[told], WRONG)]
    right = [row for row in np.argsort(-sure, kind="stable") if row not in wrong and not _is_wrong(seen, row)]
    turn: dict[int, int] = {}
    turns = []
    for row in right:
        turn[answered[row]] = turn.get(answered[row], 0) + 1
        turns.append((turn[answered[row]], int(answered[row]), row))
    chosen = [row for _, _, row in sorted(turns)][: EXAMPLES - len(wrong)]
    return np.array([*wrong, *chosen], dtype=np.int64)


def _is_wrong(seen: Asked, row: int) -> bool:
    return seen.targets is not None and seen.targets[row] >= 0 and seen.answers[row].argmax() != seen.targets[row]


def named(seen: Asked, row: int) -> Text:
    """What a row is, and what it was taken for with which probability."""
    names, answered = seen.run.classes, int(seen.answers[row].argmax())
    taken_for = {"taken": names[answered], "sure": f"{seen.answers[row, answered]:.0%}"}
    if _is_wrong(seen, row) and seen.targets is not None:
        return Text("{true}, taken for {taken} ({sure})", "{true}，被当作 {taken}（{sure}）").format(
            true=names[seen.targets[row]], **taken_for
        )
    return Text("{taken} ({sure})", "{taken}（{sure}）").format(**taken_for)


def shown(run: "Run", features: np.ndarray) -> list[np.ndarray]:
    """Tiles (h, w, 3) of pictures, or of the spectrograms of sounds with low notes at the bottom."""
    if run.card["kind"] == "sounds":
        from zhixing.models.sounds import log_mel

        features = log_mel(features, rate=run.card["rate"])[:, None, ::-1]
    return [draw.grey(each) for each in features]


def _of_network(
    module: "nn.Module", scene: Scene, seen: Asked, rows: np.ndarray, classes: np.ndarray
) -> tuple[list[np.ndarray], tuple[Text, ...]]:
    import torch

    inputs = maps(seen, rows)
    units = torch.tensor(units_of(seen, classes))
    score = evaluate.of_class(module, units)
    window = max(2, min(inputs.shape[2:]) // 6)
    generator = Seeds(scene.seed).torch("noise")
    heats = [
        evaluate.over_channels(evaluate.gradient(score, inputs)),
        evaluate.over_channels(evaluate.smooth_gradient(score, inputs, samples=SAMPLES, generator=generator)),
        evaluate.integrated_gradients(score, inputs, steps=STEPS).sum(dim=1),
        evaluate.occlusion_map(score, inputs, window=window, stride=max(1, window // 2)),
    ]
    upside = slice(None, None, -1 if seen.run.card["kind"] == "sounds" else 1)
    names = (
        Text("gradient", "梯度"),
        Text("SmoothGrad", "SmoothGrad"),
        Text("integrated gradients", "积分梯度"),
        Text("occlusion", "遮挡"),
    )
    return [heat.numpy()[:, upside] for heat in heats], names


def _of_any(seen: Asked, rows: np.ndarray, classes: np.ndarray) -> tuple[list[np.ndarray], tuple[Text, ...]]:
    """Occlusion through the run's own answers, whatever kind of model gives them."""
    features = seen.among(rows)
    if seen.run.card["kind"] == "sounds":
        return [_silenced(seen, features, classes)], (Text("silenced", "静音"),)
    import torch

    inputs = torch.tensor(features.astype(np.float32))
    mean = torch.tensor(seen.features.mean(axis=(0, 2, 3)).astype(np.float32))[:, None, None]
    window = max(2, min(features.shape[2:]) // 6)

    def score(covered: torch.Tensor) -> torch.Tensor:
        return torch.tensor(_log(seen, covered.numpy().astype(features.dtype), classes))

    heat = evaluate.occlusion_map(score, inputs, window=window, stride=max(1, window // 2), filling=mean)
    return [heat.numpy()], (Text("occlusion", "遮挡"),)


def _silenced(seen: Asked, features: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """How far the logarithm of the answer's probability falls when a stretch is silenced, (n, bands, stretches)."""
    before = _log(seen, features, classes)
    falls = []
    for part in np.array_split(np.arange(features.shape[1]), STRETCHES):
        quiet = features.copy()
        quiet[:, part] = 0
        falls.append(before - _log(seen, quiet, classes))
    return np.repeat(np.stack(falls, axis=1)[:, None], STRETCHES // 2, axis=1)


def _log(seen: Asked, features: Any, classes: np.ndarray) -> np.ndarray:
    answers = seen.run.learner.answers(features)
    logs: np.ndarray = np.log(np.maximum(answers[np.arange(len(classes)), classes], 1e-15))
    return logs


def _drawn(lines: list[list[np.ndarray]], rows: list[Text], columns: tuple[Text, ...], language: Language) -> Any:
    return draw.mosaic(lines, rows=rows, columns=columns, language=language)
