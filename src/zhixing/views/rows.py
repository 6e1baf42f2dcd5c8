"""The rows of a scene as a map takes them: as numbers, with what colours them and what is said of each under the pointer."""

import base64
import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from zhixing import draw, models
from zhixing.core import Text
from zhixing.views.scene import Scene
from zhixing.views.view import CannotShow

COLUMNS_SAID, LONGEST = 6, 40
"""Columns that the pointer shows of a row, and letters of a cell."""
HOVERED = 6_000
"""Rows up to which the pointer shows their columns; of more, their number and class."""
PICTURED, SIDE = 5_000, 28
"""Pictures up to which the pointer shows them, and their longer side in pixels."""


FARTHEST = 5.0
"""Standard deviations at which the cells of a table are cut off."""
_CUT = Text(
    "Cells farther than {far:g} standard deviations from their column's mean are drawn as if so far, else a few would be all "
    "that a map shows.",
    "偏离本列均值超过 {far:g} 个标准差的值按这么远来画，否则地图上只看得到这几个值。",
).format(far=FARTHEST)


@dataclass(frozen=True, eq=False)
class Prepared:
    """The rows of a scene as numbers."""

    rows: np.ndarray
    preparation: Any
    notes: tuple[Text, ...] = ()


def prepared_rows(scene: Scene) -> Prepared:
    """The rows as numbers, one column as wide as another; raises CannotShow where they are none."""
    preparation, notes = _preparation(scene)
    if len(scene) < models.maps.FEWEST:
        raise CannotShow(
            Text(f"a map needs {models.maps.FEWEST} rows, here are {len(scene)}",
                 f"画地图至少需要 {models.maps.FEWEST} 行，这里只有 {len(scene)} 行")
        )  # fmt: skip
    rows = numbers_of(preparation.fit(scene.features), scene.features)
    if isinstance(preparation, models.Preparation) and (np.abs(rows) == FARTHEST).any():
        notes = (*notes, _CUT)
    return Prepared(rows, preparation, notes)


def numbers_of(preparation: Any, features: Any) -> np.ndarray:
    rows: np.ndarray = np.asarray(preparation.transform(features), dtype=np.float64)
    if isinstance(preparation, models.Preparation):
        rows = rows.clip(-FARTHEST, FARTHEST)
    return rows.reshape(len(rows), -1)


def _preparation(scene: Scene) -> tuple[Any, tuple[Text, ...]]:
    kind = scene.card["kind"]
    if kind in ("ratings", "tags"):
        raise CannotShow(
            Text(
                "a map is of rows that have columns of their own; ratings and tagged sentences have none",
                "地图针对的是有自己各列的行；评分和带标注的句子没有",
            )
        )
    if kind == "pictures":
        return models.FlatPictures(kept=models.maps.COLUMNS), ()
    if kind == "sounds":
        return models.FlatSounds(rate=int(scene.card["rate"])), ()
    columns = _read_as_vectors(scene)
    if columns:
        note = Text(
            "Texts are compared by vectors of a network that knows English and hardly any other language.",
            "文本用一个网络给出的向量来比较；它懂英语，几乎不懂其他语言。",
        )
        return models.SentenceVectors(columns=columns), (note,)
    return models.Preparation(), ()


def _read_as_vectors(scene: Scene) -> tuple[str, ...]:
    """The columns of text that a run of the scene reads as vectors, or of texts without columns the one that they are."""
    own = scene.run.learner.preparation if scene.run is not None else None
    if isinstance(own, models.SentenceVectors):
        return tuple(own.columns)
    return ("text",) if scene.card["kind"] == "texts" and models.has_sentence_vectors() else ()


def known_colours(scene: Scene) -> draw.Colouring | None:
    """Colours by the classes or the amount that are foretold, or by known groups; None where there are neither."""
    targets = scene.targets
    if targets is None or targets.ndim != 1 or targets.dtype == object:
        return None
    if scene.classes:
        names = tuple(Text(name, name) for name in scene.classes)
        return draw.Colouring(Text("class", "类别"), targets.astype(np.int64), names)
    if targets.dtype.kind in "iu":
        names = tuple(Text(f"group {n + 1}", f"第 {n + 1} 组") for n in range(int(targets.max()) + 1))
        return draw.Colouring(Text("known group", "已知分组"), targets, names)
    name = target_name(scene)
    return draw.Colouring(Text(name, name), np.nan_to_num(targets, nan=float(np.nanmedian(targets))))


def target_name(scene: Scene) -> str:
    target = scene.card.get("target")
    return str(next(iter(target), "")) if isinstance(target, dict) else str(target or "")


def hover_words(scene: Scene) -> list[str]:
    """What each row is: its number, its class, and its first columns or the beginning of its text; empty for many rows."""
    import pandas

    if len(scene) > HOVERED:
        return []

    known = known_colours(scene)
    heads = [str(number) for number in range(1, len(scene) + 1)]
    if known is not None and known.names:
        heads = [
            f"{head} · {known.names[value].en}" if value >= 0 else head
            for head, value in zip(heads, known.values.tolist(), strict=True)
        ]
    if not isinstance(scene.features, pandas.DataFrame):
        return heads
    columns = [scene.features[name].tolist() for name in scene.features.columns[:COLUMNS_SAID]]
    names = [str(name) for name in scene.features.columns[:COLUMNS_SAID]]
    return [
        " · ".join([head, *(f"{name} {_short(column[row])}" for name, column in zip(names, columns, strict=True))])
        for row, head in enumerate(heads)
    ]


def _short(cell: object) -> str:
    said = f"{cell:.4g}" if isinstance(cell, float) else str(cell)
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"


def thumbnails(scene: Scene) -> list[str]:
    """Small pictures as data addresses; none where rows are no pictures or too many."""
    features = scene.features
    if not isinstance(features, np.ndarray) or features.ndim != 4 or len(features) > PICTURED:
        return []
    from PIL import Image

    found = []
    for pixels in features:
        picture = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
        picture.thumbnail((SIDE, SIDE))
        content = io.BytesIO()
        picture.save(content, format="PNG", optimize=True)
        found.append("data:image/png;base64," + base64.b64encode(content.getvalue()).decode())
    return found
