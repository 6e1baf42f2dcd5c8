"""Which labels of the data are probably wrong: rows whose class neither the run's candidate nor their neighbours expect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zhixing import draw, evaluate, train
from zhixing.core import BadSetting, Seeds, Text, parsed
from zhixing.study.events import Stage
from zhixing.train.keeping import CANDIDATE, settled
from zhixing.train.left_out import FOLDS
from zhixing.views.asked import Asked, asked, known, taken
from zhixing.views.mistakes import ROW, described, verbatim
from zhixing.views.saliency import shown
from zhixing.views.scene import Scene
from zhixing.views.view import CannotShow, Picture, Table, View

PATIENCE = 30.0
"""Seconds that the fits to the other rows may take, by what the one fit of the run took."""
LISTED, DRAWN, ACROSS = 20, 24, 8
"""Suspects that are told, drawn, and drawn side by side."""
FEWEST = 20
_ALL = Text(
    "Every row was judged by the run's candidate, fitted anew {count} times, each time without the rows to be judged.",
    "每一行都由该运行所选的模型评判：模型重新拟合了 {count} 次，每次都不含被评判的行。",
)
_JUDGING = Text("Only {which} are looked at: {why}.", "只看了{which}：{why}。")
_SLOW = Text("{count} further fits would take more than half a minute", "再拟合 {count} 次需要半分钟以上")
_OLD = Text("the run was trained before runs kept their choice", "该运行训练时，还没有保存所选的设置")
_OTHERS = Text("other data were given", "给出的是另外的数据")
_HOW = Text(
    "Suspicion: the log odds of the likeliest other class against the label, by the mean of two probabilities: of the run's "
    "candidate and of the nearest rows. On digits with 3 % of their labels planted wrong it put 85 to 100 % of these among the "
    "first 5 % of the rows (benchmarks/tables/label_errors.md).",
    "可疑程度：最可能的另一类相对于标签的对数几率，概率取两者的平均：该运行所选的模型，以及最近的行。在植入 3% 错误标签的手写数字"
    "上，前 5% 的可疑行中包含了 85% 到 100% 的错误（见 benchmarks/tables/label_errors.md）。",
)
_NOT_PROOF = Text(
    "A suspicious row is hard or mislabelled; only somebody who looks at it can say which.",
    "可疑的行，要么难，要么标错了；只有亲自去看的人才能分辨。",
)


@dataclass(frozen=True)
class _Judged:
    """Rows of the scene (n,), their labels, and probabilities (n, classes) from what has not seen them."""

    places: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    said: Text


def labels(scene: Scene) -> View:
    """The most suspicious labels of a run's data; raises CannotShow where rows have no single class each."""
    seen = asked(scene)
    if not seen.one_class:
        raise CannotShow(
            Text("a label is doubted where every row has one class", "只有每行恰有一个类别时，才谈得上标签可疑")
        )
    judged = _judged(scene, seen)
    if len(judged.labels) < FEWEST:
        raise CannotShow(
            Text(
                f"{len(judged.labels)} rows are too few to doubt one",
                f"只有 {len(judged.labels)} 行，不足以判断可疑标签",
            )
        )
    votes = _votes(scene, seen, judged)
    both = judged.probabilities if votes is None else (judged.probabilities + votes) / 2
    doubts = evaluate.suspicion(both, judged.labels)
    order = np.argsort(-doubts, kind="stable")
    expected, above = evaluate.errors_expected(both, judged.labels), int((doubts > 0).sum())
    suspects = order[: min(LISTED, max(above, 1))]
    pictures: tuple[Picture, ...] = ()
    if seen.run.card["kind"] in ("pictures", "sounds"):
        pictures = (_drawn(scene, seen, judged, both, order[: min(DRAWN, max(above, 1))]),)
    summary = Text(
        "Of {rows:,} labels another class is the more probable for {above:,}; confident learning expects about {expected:,} to "
        "be wrong. {said}",
        "{rows:,} 个标签中，有 {above:,} 个更可能是另一类；置信学习估计约有 {expected:,} 个标错。{said}",
    ).format(rows=len(judged.labels), above=above, expected=expected, said=judged.said)
    return View(
        name="labels",
        title=Text("Which labels are probably wrong", "哪些标签可能标错了"),
        summary=summary,
        pictures=pictures,
        tables=(_table(scene, seen, judged, both, doubts, suspects),),
        warnings=(_NOT_PROOF, _HOW),
        numbers={
            "rows": len(judged.labels),
            "expected": expected,
            "suspects": [
                {"row": int(judged.places[row]), "suspicion": float(doubts[row])} for row in order[: max(above, LISTED)]
            ],
        },
    )


def _judged(scene: Scene, seen: Asked) -> _Judged:
    """Answers to all rows from fits without them where these are quick, else to those that the run was asked about."""
    candidate = seen.run.card.get(CANDIDATE)
    seconds = seen.run.result.measures.get("fit_seconds", np.inf)
    folds = FOLDS
    if scene.own is None:
        why = _OTHERS
    elif candidate is None:
        why = _OLD
    elif isinstance(seconds, float | int) and seconds * folds <= PATIENCE:
        scene.listen(Stage(Text("fitting without each fifth of the rows", "依次去掉五分之一的行重新拟合")))
        return _left_out(scene, settled(seen.run.trial), candidate, _ALL.format(count=folds))
    else:
        why = _SLOW.format(count=folds)
    there, targets, answers = known(seen)
    return _Judged(seen.places[there], targets, answers, _JUDGING.format(which=seen.which, why=why))


def _left_out(scene: Scene, settings: Mapping[str, Any], candidate: str, said: Text) -> _Judged:
    own = scene.own
    assert own is not None
    try:
        chosen = parsed(candidate)
    except BadSetting:
        raise CannotShow(
            Text("the run names a model that is not known here; train it again", "该运行的模型在此处未知；请重新训练")
        ) from None
    answers = train.answers_left_out(
        own, preparation=settings["preparation"], candidate=chosen, seeds=Seeds(scene.seed), most=settings["most"]
    )
    return _Judged(np.arange(len(own)), own.targets, answers, said)


def _votes(scene: Scene, seen: Asked, judged: _Judged) -> np.ndarray | None:
    """What the nearest rows are called, by the numbers that the run's preparation makes; None where these are no arrays."""
    inputs = seen.run.learner.preparation.transform(taken(scene.features, judged.places))
    if not isinstance(inputs, np.ndarray) or inputs.dtype == object:
        return None
    return evaluate.neighbour_votes(inputs, judged.labels, classes=len(seen.run.classes))


def _table(
    scene: Scene, seen: Asked, judged: _Judged, both: np.ndarray, doubts: np.ndarray, suspects: np.ndarray
) -> Table:
    names, cells = described(scene, judged.places[suspects])
    likely = _others(both, judged.labels)
    rows = tuple(
        (
            verbatim(f"{judged.places[row] + 1:,}"),
            verbatim(seen.run.classes[judged.labels[row]]),
            verbatim(seen.run.classes[likely[row]]),
            draw.number(float(doubts[row])),
            *line,
        )
        for row, line in zip(suspects, cells, strict=True)
    )
    heads = (ROW, Text("called", "标签"), Text("rather", "更像"), Text("suspicion", "可疑程度"), *names)
    return Table(Text("The most suspicious labels", "最可疑的标签"), heads, rows)


def _others(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The likeliest other class of each row (n,)."""
    rest = probabilities.copy()
    rest[np.arange(len(labels)), labels] = -1
    likeliest: np.ndarray = rest.argmax(axis=1)
    return likeliest


def _drawn(scene: Scene, seen: Asked, judged: _Judged, both: np.ndarray, suspects: np.ndarray) -> Picture:
    likely, names = _others(both, judged.labels), seen.run.classes
    tiles = shown(seen.run, taken(scene.features, judged.places[suspects]))
    rows = [tiles[start : start + ACROSS] for start in range(0, len(tiles), ACROSS)]
    under = [
        [f"{names[judged.labels[row]]} → {names[likely[row]]}" for row in suspects[start : start + ACROSS]]
        for start in range(0, len(tiles), ACROSS)
    ]
    drawing = draw.Drawing(
        "suspects",
        lambda language: draw.mosaic(rows, rows=[], columns=(), under=under, language=language),
        Text("The most suspicious items.", "最可疑的各项。"),
    )
    return Picture(
        drawing,
        Text("The most suspicious first", "由最可疑的开始"),
        Text("Under each: what it is called → what it rather is.", "下方：标签 → 更像的类别。"),
    )
