"""Which columns a run's answers depend on, and how the answers move with each."""

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing import draw, evaluate
from zhixing.core import Language, Seeds, Text
from zhixing.views.asked import Asked, answers_of, known, some
from zhixing.views.mistakes import verbatim
from zhixing.views.scene import Scene
from zhixing.views.view import Picture, Table, View

if TYPE_CHECKING:
    from zhixing.evaluate.importance import Losses

MOST_ROWS, FEWEST_ROWS, BUDGET = 600, 100, 200_000
"""Rows that are asked about at most and at least, and answers in all."""
REPEATS = 5
SHOWN, FOLLOWED = 20, 6
"""Columns that are drawn, and those whose partial dependence is."""
LINES = 150
"""Rows whose individual lines are followed."""
_PARTIAL = Text(
    "One thin line for each of some rows: what the run would answer if only this column changed; the bold line is their "
    "mean. Where thin lines cross, the column works together with others.",
    "细线各代表一行：如果只改变这一列，该运行会怎样回答；粗线是它们的平均。细线相互交叉，说明这一列与其他列共同起作用。",
)
_STAND_IN = Text(
    "Columns that say the same stand in for each other: each alone then seems to matter little. And what a run depends on "
    "need not be a cause in the world.",
    "含义相同的列会互相顶替，单看每一列都显得不重要。另外，该运行所依赖的，未必是现实中的原因。",
)
_MADE_UP = Text(
    "Lines of partial dependence also ask about rows that could hardly exist, where columns go together.",
    "如果几列之间有关联，部分依赖曲线也会问到现实中几乎不存在的行。",
)


def importance(scene: Scene, seen: Asked) -> View:
    """Permutation importance and partial dependence on rows that the run did not learn from."""
    there, targets, _ = known(seen)
    columns = len(seen.features.columns)
    repeats = REPEATS if columns <= 40 else 2
    most = int(np.clip(BUDGET // (columns * repeats), FEWEST_ROWS, MOST_ROWS))
    chosen = some(len(there), most, scene, "importance")
    rows, truth = seen.among(there[chosen]).reset_index(drop=True), targets[chosen]
    orders = evaluate.shuffles(len(rows), repeats, Seeds(scene.seed).numpy("shuffles"))
    answers = answers_of(seen.run)
    found = evaluate.permutation_importance(answers, rows, truth, losses=_losses(seen), orders=orders)
    unit = _unit(seen)
    pictures = [_bars(found[:SHOWN], unit)]
    dependences = [
        evaluate.partial_dependence(answers, rows.iloc[:LINES], each.column)
        for each in [each for each in found if each.low > 0 and _can_follow(rows[each.column])][:FOLLOWED]
    ]
    if dependences:
        panels = [_panel(each, seen.run.classes) for each in dependences]
        y = Text("probability", "概率") if seen.run.classes else Text("answer", "回答")
        drawing = draw.Drawing(
            "dependence",
            partial(_drawn_panels, panels, y),
            Text("The answers along each of {names}.", "回答随 {names} 的变化。").format(
                names=", ".join(each.column for each in dependences)
            ),
        )
        pictures.append(
            Picture(drawing, Text("How the answers move with each column", "回答随每一列怎样变化"), _PARTIAL)
        )
    return View(
        name="why",
        title=Text("Which columns the answers depend on", "回答取决于哪些列"),
        summary=_summary(found, seen, len(rows)),
        pictures=tuple(pictures),
        tables=(_table(found[:SHOWN], unit),),
        warnings=(_STAND_IN, *((_MADE_UP,) if dependences else ())),
        numbers={
            "rows": len(rows),
            "repeats": repeats,
            "importance": {each.column: {"rise": each.rise, "low": each.low, "high": each.high} for each in found},
            "dependence": {each.column: _values(each) for each in dependences},
        },
    )


def _losses(seen: Asked) -> "Losses":
    if seen.one_class:
        return evaluate.log_losses
    return evaluate.label_log_losses if seen.run.classes else evaluate.squared_errors


def _unit(seen: Asked) -> Text:
    if seen.one_class:
        return Text("log loss rises by (nats)", "对数损失的上升（奈特）")
    if seen.run.classes:
        return Text("log loss of a label rises by (nats)", "每个标签对数损失的上升（奈特）")
    return Text("squared error rises by", "平方误差的上升")


def _summary(found: tuple[evaluate.Importance, ...], seen: Asked, rows: int) -> Text:
    sure = [each.column for each in found if each.low > 0]
    counts = {"rows": rows, "columns": len(found), "which": seen.which}
    if not sure:
        return Text(
            "No column matters for sure: shuffling any of the {columns} changes the loss by no more than chance. Measured on "
            "{rows:,} of {which}.",
            "没有哪一列确定重要：打乱 {columns} 列中的任何一列，损失的变化都不超出偶然。测量用了 {rows:,} 行，取自{which}。",
        ).format(**counts)
    names = ", ".join(sure[:3])
    return Text(
        "The answers depend most on {names}: shuffled among the rows, they make the loss rise most. The interval of {sure} of "
        "{columns} columns lies above 0. Measured on {rows:,} of {which}.",
        "回答最取决于 {names}：把它们在各行之间打乱，损失上升最多。{columns} 列中有 {sure} 列的区间在 0 以上。测量用了 "
        "{rows:,} 行，取自{which}。",
    ).format(names=names, sure=len(sure), **counts)


def _bars(found: tuple[evaluate.Importance, ...], unit: Text) -> Picture:
    items = [draw.Bar(each.column, each.rise, each.low, each.high) for each in found]
    drawing = draw.Drawing(
        "importance",
        lambda language: draw.bars(items, title=unit, language=language),
        Text("How much the loss rises when each column is shuffled.", "打乱每一列时损失上升多少。"),
    )
    caption = Text(
        "How much worse the answers get when a column is shuffled among the rows. Whiskers are 95 % intervals over rows; a "
        "column whose whisker reaches 0 may not matter at all.",
        "把一列在各行之间打乱后，回答变差多少。须线是对行的 95% 区间；须线碰到 0 的列可能根本不重要。",
    )
    return Picture(drawing, Text("Importance of the columns", "各列的重要性"), caption)


def _table(found: tuple[evaluate.Importance, ...], unit: Text) -> Table:
    heads = (Text("column", "列"), unit, Text("interval", "区间"))
    rows = tuple((verbatim(each.column), draw.number(each.rise), draw.interval(each.low, each.high)) for each in found)
    return Table(Text("Importance of the columns", "各列的重要性"), heads, rows)


def _can_follow(cells: Any) -> bool:
    """Whether a grid of values says anything: words that hardly come twice do not."""
    return cells.notna().any() and (cells.dtype.kind in "biufM" or cells.nunique() <= 0.2 * len(cells) + 2)


def _values(each: evaluate.Dependence) -> dict[str, Any]:
    return {"grid": [str(value) for value in each.grid], "mean": each.mean.tolist()}


def _panel(each: evaluate.Dependence, classes: tuple[str, ...]) -> draw.Response:
    """The lines of the class that the column moves most; of two classes, of the second."""
    lines, name = each.lines, each.column
    if classes:
        moved = 1 if len(classes) == 2 else int(np.ptp(each.mean, axis=0).argmax())
        lines, name = lines[..., moved], f"{name} → {classes[moved]}"
    moments = each.grid.dtype.kind == "M"
    words = each.grid.dtype.kind in "ObU"
    at = [str(value)[:10] if moments else str(value) if words else float(value) for value in each.grid]
    return draw.Response(name, at, lines, words=words)


def _drawn_panels(panels: list[draw.Response], y: Text, language: Language) -> Any:
    return draw.responses(panels, y=y, language=language)
