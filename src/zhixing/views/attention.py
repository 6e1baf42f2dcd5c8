"""What the tokens of a text attend to, in a run that reads sentences with an attending network."""

from functools import partial
from typing import Any

import numpy as np

from zhixing import draw, models
from zhixing.core import BadSetting, Language, Text
from zhixing.views.asked import Asked, asked
from zhixing.views.scene import Scene
from zhixing.views.view import CannotShow, Picture, View

TOKENS = 32
"""Tokens that are drawn: the first of a text."""
_NONE = Text(
    "no part of this run attends; runs of the family `sentences` do",
    "这次运行中没有注意力机制；`sentences` 这一类模型才有",
)
_NOT_REASONS = Text(
    "Weights say where a layer looks, not why the run answers so: other weights can give the same answer (Jain and Wallace "
    "2019, arXiv:1902.10186). The network was trained elsewhere and is the same for all runs.",
    "权重说明某一层在看哪里，不说明为何这样回答：换一组权重也可能得到同样的回答（Jain 与 Wallace 2019，arXiv:1902.10186）。这个网"
    "络是别处训练好的，对所有运行都一样。",
)
_CAPTION = Text(
    "Each row is a token, and its weights over the tokens of the columns sum to 1 in every head; the mean over heads is drawn. "
    "[CLS] and [SEP] stand at the ends of every text.",
    "每一行是一个词元，它对各列词元的权重在每个头里之和为 1；画的是各个头的平均。每段文本的两端是 [CLS] 和 [SEP]。",
)


def attention(scene: Scene) -> View:
    """The weights of the first, the middle and the last layer for one text, or of `--layer`.

    Raises CannotShow where nothing in the run attends, BadSetting for a layer that is not there.
    """
    seen = asked(scene)
    preparation = seen.run.learner.preparation
    if not isinstance(preparation, models.SentenceVectors):
        raise CannotShow(_NONE)
    text = _text(seen, preparation.columns)
    tokens, weights = models.sentence_attention(text)
    layers = _layers(scene.layer, len(weights))
    names = tokens[:TOKENS]
    pictures = [
        Picture(
            draw.Drawing(
                f"attention-{layer + 1}",
                partial(_drawn, weights[layer].mean(axis=0)[: len(names), : len(names)], names),
                Text("Attention of layer {layer}.", "第 {layer} 层的注意力。").format(layer=layer + 1),
            ),
            Text("Layer {layer} of {count}", "第 {layer} 层（共 {count} 层）").format(
                layer=layer + 1, count=len(weights)
            ),
            _CAPTION,
        )
        for layer in layers
    ]
    return View(
        name="attention",
        title=Text("What the tokens attend to", "词元注意什么"),
        summary=Text(
            "A text of {tokens} tokens through {layers} layers of {heads} heads; the first {drawn} tokens are drawn.",
            "一段 {tokens} 个词元的文本，经过 {layers} 层、每层 {heads} 个头；画出前 {drawn} 个词元。",
        ).format(tokens=len(tokens), layers=len(weights), heads=weights.shape[1], drawn=len(names)),
        pictures=tuple(pictures),
        warnings=(_NOT_REASONS,),
        numbers={"tokens": list(tokens), "layers": [layer + 1 for layer in layers], "text": text},
    )


def _layers(asked_for: str | None, count: int) -> list[int]:
    if asked_for is None:
        return sorted({0, count // 2, count - 1})
    if not asked_for.isdecimal() or not 1 <= int(asked_for) <= count:
        raise BadSetting(
            Text(
                f"--layer is a number from 1 to {count}; got {asked_for!r}",
                f"--layer 是 1 到 {count} 的数；得到 {asked_for!r}",
            )
        )
    return [int(asked_for) - 1]


def _text(seen: Asked, columns: list[str]) -> str:
    """That of the row with the text of middle length."""
    texts = ["\n".join(str(cell) for cell in row) for row in seen.features[columns].itertuples(index=False)]
    return texts[int(np.argsort([len(text) for text in texts], kind="stable")[len(texts) // 2])]


def _drawn(weights: np.ndarray, names: tuple[str, ...], language: Language) -> Any:
    return draw.attended(weights, names, language=language)
