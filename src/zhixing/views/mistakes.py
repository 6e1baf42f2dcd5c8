"""What a run takes for what, with examples, and the rows that surprise it most."""

from functools import partial
from typing import Any

import numpy as np

from zhixing import draw, evaluate
from zhixing.core import Language, Text
from zhixing.views.asked import Asked, asked, known, taken
from zhixing.views.saliency import shown
from zhixing.views.scene import Scene
from zhixing.views.view import CannotShow, Picture, Table, View

CLASSES = 30
"""Classes whose confusion is drawn; of more only the pairs are told."""
PAIRS, EXAMPLES, HARDEST = 5, 6, 12
ROW = Text("row, of those with a target", "行号（只数有目标的行）")
"""What numbers the rows of a list, from 1: rows without a target are not read."""
CUT, CELLS = 80, 6
"""Letters of a cell, and cells of a row, that a table shows."""
_TAKEN = Text(
    "Rows of each class by what they are taken for. Grey: told rightly. Orange: mistakes, the stronger the larger their share "
    "of the class.",
    "每一类的行被当作了什么。灰色：判对。橙色：判错，占该类比例越大颜色越深。",
)


def mistakes(scene: Scene) -> View:
    """Confusion with examples, and the hardest rows; raises CannotShow where nothing is foretold or no target is known."""
    seen = asked(scene)
    there, targets, answers = known(seen)
    if not seen.one_class and seen.run.classes:
        raise CannotShow(
            Text(
                "a row of several labels is not taken for one other thing; `zhixing evaluate` tells the errors of each label",
                "多标签的行不会被当作某一个别的类；各标签的错误见 `zhixing evaluate`",
            )
        )
    hard = evaluate.hardest(answers, targets, HARDEST)
    table = _hardest(scene, seen, there, targets, answers, hard)
    numbers: dict[str, Any] = {"hardest": [int(seen.places[there[row]]) for row in hard]}
    if not seen.run.classes:
        return _of_amounts(seen, targets, answers, table, numbers)
    counts = evaluate.counts_of(answers, targets)
    pairs = _pairs(counts)
    pictures = []
    if len(counts) <= CLASSES:
        drawing = draw.Drawing(
            "confusion",
            partial(_drawn, counts, list(seen.run.classes)),
            Text("How many rows of each class are taken for each class.", "各类的行被当作各类的数目。"),
        )
        pictures.append(Picture(drawing, Text("What is taken for what", "什么被当作什么"), _TAKEN))
    if pairs and seen.run.card["kind"] in ("pictures", "sounds"):
        pictures.append(_examples(seen, there, targets, answers, pairs))
    tables = [_of_pairs(seen, counts, pairs)] if pairs else []
    wrong = int(counts.sum() - np.trace(counts))
    return View(
        name="mistakes",
        title=Text("What goes wrong", "哪里会出错"),
        summary=Text(
            "Of {which} {wrong:,} are told wrong ({share:.1%}).", "{which}中，判错 {wrong:,} 个（{share:.1%}）。"
        ).format(wrong=wrong, share=wrong / len(targets), which=seen.which),
        pictures=tuple(pictures),
        tables=(*tables, table),
        numbers={**numbers, "classes": list(seen.run.classes), "confusion": counts.tolist()},
    )


def _of_amounts(seen: Asked, targets: np.ndarray, answers: np.ndarray, table: Table, numbers: dict[str, Any]) -> View:
    misses = np.abs(answers - targets)
    drawing = draw.Drawing(
        "against",
        lambda language: draw.against(targets, answers, language=language),
        Text("What was told against what was true.", "预测值与真实值。"),
    )
    caption = Text("Each dot is a row; on the line it was told exactly.", "每个点是一行；在直线上表示预测完全准确。")
    return View(
        name="mistakes",
        title=Text("What goes wrong", "哪里会出错"),
        summary=Text(
            "Of the answers to {which} half are off by less than {half}, a tenth by more than {tenth}.",
            "{which}中，一半的回答误差小于 {half}，十分之一大于 {tenth}。",
        ).format(
            half=draw.number(float(np.median(misses))),
            tenth=draw.number(float(np.quantile(misses, 0.9))),
            which=seen.which,
        ),
        pictures=(Picture(drawing, Text("Told against true", "预测与真实"), caption),),
        tables=(table,),
        numbers=numbers,
    )


def _pairs(counts: np.ndarray) -> list[tuple[int, int]]:
    """The pairs of true and taken class that come most often, the most frequent first."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:PAIRS]
    places = np.column_stack(np.unravel_index(order, wrong.shape))
    return [(int(true), int(other)) for true, other in places if wrong[true, other]]


def _of_pairs(seen: Asked, counts: np.ndarray, pairs: list[tuple[int, int]]) -> Table:
    names = seen.run.classes
    return Table(
        Text("Most often confused", "最常见的混淆"),
        (Text("is", "实际为"), Text("taken for", "被当作"), Text("rows", "行数"), Text("of its class", "占该类")),
        tuple(
            (
                verbatim(names[true]),
                verbatim(names[other]),
                verbatim(f"{counts[true, other]:,}"),
                verbatim(f"{counts[true, other] / counts[true].sum():.1%}"),
            )
            for true, other in pairs
        ),
    )


def _examples(
    seen: Asked, there: np.ndarray, targets: np.ndarray, answers: np.ndarray, pairs: list[tuple[int, int]]
) -> Picture:
    names = seen.run.classes
    rows, words = [], []
    for true, other in pairs:
        chosen = there[evaluate.taken_for(answers, targets, true, other, EXAMPLES)]
        rows.append(shown(seen.run, seen.among(chosen)))
        words.append(
            Text("{true}, taken for {taken}", "{true}，被当作 {taken}").format(true=names[true], taken=names[other])
        )
    drawing = draw.Drawing(
        "confused",
        lambda language: draw.mosaic(rows, rows=words, columns=(), language=language),
        Text("Examples of each kind of mistake.", "各种错误的例子。"),
    )
    return Picture(
        drawing,
        Text("Examples of mistakes", "错误的例子"),
        Text("Of each pair those that the run was surest of.", "每一对中，取该运行最有把握的几个。"),
    )


def _hardest(
    scene: Scene, seen: Asked, there: np.ndarray, targets: np.ndarray, answers: np.ndarray, hard: np.ndarray
) -> Table:
    surprises = evaluate.surprises(answers, targets)
    what = (
        Text("surprise (nats)", "意外程度（奈特）")
        if seen.run.classes
        else Text("off by (deviations)", "偏差（标准差）")
    )
    names, cells = described(scene, seen.places[there[hard]])
    rows = tuple(
        (
            verbatim(f"{seen.places[there[row]] + 1:,}"),
            said(seen, targets[row]),
            said(seen, answers[row].argmax() if seen.run.classes else answers[row]),
            draw.number(float(surprises[row])),
            *line,
        )
        for row, line in zip(hard, cells, strict=True)
    )
    heads = (ROW, Text("is", "实际为"), Text("told", "预测"), what, *names)
    return Table(Text("The most surprising rows", "最出人意料的行"), heads, rows)


def described(scene: Scene, places: np.ndarray) -> tuple[tuple[Text, ...], list[tuple[Text, ...]]]:
    """Heads and cells that show what some rows of the scene hold: their first columns, or the names of their files."""
    features = taken(scene.features, places)
    if hasattr(features, "columns"):
        columns = list(features.columns)[:CELLS]
        cells = [tuple(verbatim(_short(cell)) for cell in row) for row in features[columns].itertuples(index=False)]
        return tuple(verbatim(str(name)) for name in columns), cells
    files = getattr(scene.own, "names", None)
    if files is None:
        return (), [()] * len(places)
    return (Text("file", "文件"),), [(verbatim(files[place]),) for place in places]


def said(seen: Asked, value: Any) -> Text:
    """A target or an answer in words: the name of a class, or an amount."""
    return verbatim(seen.run.classes[int(value)]) if seen.run.classes else draw.number(float(value))


def verbatim(words: str) -> Text:
    """What is the same in both languages."""
    return Text(words, words)


def _short(cell: Any) -> str:
    words = f"{cell:.6g}" if isinstance(cell, float) else str(cell).removesuffix(" 00:00:00")
    return words if len(words) <= CUT else words[: CUT - 1] + "…"


def _drawn(counts: np.ndarray, names: list[str], language: Language) -> Any:
    return draw.taken(counts, names, language=language)
