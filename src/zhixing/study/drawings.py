"""The figures of an answer: which there are, what each shows, and the words for readers who cannot see it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from zhixing import draw
from zhixing.core import Language, Series, Text
from zhixing.draw import Drawing
from zhixing.study.answer import Answer, ArmRecord, ClaimResult, MeasureRecord, TrialRecord

if TYPE_CHECKING:
    import plotly.graph_objects as go

Rows = Mapping[str, Mapping[str, Sequence[float | None]]]
"""By a trial's digest, the columns that it reported; None where a row lacks the column."""


POINTS = 6000
"""About so many points all learning curves share, so that the page stays small."""


def main_drawing(answer: Answer) -> Drawing | None:
    """The first measure that is a number, by arm and seed; None where there is none."""
    measure = next((measure for measure in answer.measures if measure.axis is None), None)
    if measure is None:
        return None
    groups = [
        (arm.label, {t.seed: _number(t, measure.name) for t in _telling(answer, arm, measure.name)})
        for arm in answer.arms
    ]
    words = Text("{measure} by arm, median over seeds: {arms}.", "各组的{measure}，种子间中位数：{arms}。").format(
        measure=_title(measure), arms=_by_arm([(label, list(values.values())) for label, values in groups])
    )
    return Drawing("main", partial(_draw_dots, groups, _title(measure), measure.log), words)


def claim_drawing(answer: Answer, place: int) -> Drawing | None:
    """One claim: every seed's number, the interval and the region; None where no number was measured."""
    claim = answer.claims[place]
    if not any(math.isfinite(value) for value in (*claim.values, claim.estimate)):
        return None
    made = partial(_draw_claim, claim, _seeds_of(answer, claim))
    words = Text(
        "Estimate {estimate}, interval {interval}, claimed region {region}; by seed: {values}.",
        "估计值 {estimate}，区间 {interval}，论断区域 {region}；各种子：{values}。",
    ).format(
        estimate=draw.number(claim.estimate),
        interval=draw.interval(claim.low, claim.high),
        region=draw.interval(*claim.region),
        values=_listed([draw.number(value) for value in claim.values]),
    )
    return Drawing(f"claim-{place}", made, words)


def learning_drawing(answer: Answer, rows: Rows) -> Drawing | None:
    """Loss against step, where any trial reported both."""
    detail = min(150, max(40, POINTS // max(1, len(answer.trials))))
    groups = [
        (arm.label, list(_learning_lines([t for t in answer.trials if t.arm == arm.name], rows, detail)))
        for arm in answer.arms
    ]
    losses = [v for _, lines in groups for _, ys in lines for v in ys if math.isfinite(v)]
    if not losses:
        return None
    made = partial(
        _draw_curves, groups, x=Text("step", "步数"), y=Text("loss", "损失"), log=max(losses) > 20 * min(losses) > 0
    )
    ends = [(label, [ys[-1] for _, ys in lines if len(ys)]) for label, lines in groups]
    words = Text("Loss against step. Last loss, median: {ends}.", "损失随步数的变化。末尾损失的中位数：{ends}。")
    return Drawing("learning", made, words.format(ends=_by_arm(ends)))


def mechanism_drawings(answer: Answer) -> Iterator[Drawing]:
    """Each measure that is a series, against its axis."""
    for place, measure in enumerate(answer.measures):
        if measure.axis is None:
            continue
        groups = [
            (arm.label, [_series_line(t, measure.name) for t in _telling(answer, arm, measure.name)])
            for arm in answer.arms
        ]
        if not any(len(xs) for _, lines in groups for xs, _ in lines):
            continue
        made = partial(_draw_curves, groups, x=measure.axis, y=_title(measure), log=measure.log)
        words = Text(
            "{measure} along {axis}. Median at the first and last place: {ends}.",
            "{measure}随{axis}的变化。首末两处的中位数：{ends}。",
        )
        first, last = (
            _by_arm([(g, [ys[end] for _, ys in lines if len(ys)]) for g, lines in groups]) for end in (0, -1)
        )
        ends = Text("{first}; {last}", "{first}；{last}").format(first=first, last=last)
        yield Drawing(f"mechanism-{place}", made, words.format(measure=measure.label, axis=measure.axis, ends=ends))


def _draw_dots(
    groups: Sequence[tuple[Text, Mapping[int, float]]], title: Text, log: bool, language: Language
) -> "go.Figure":
    return draw.dots(groups, title=title, log=log, language=language)


def _draw_claim(claim: ClaimResult, values: Mapping[int, float], language: Language) -> "go.Figure":
    return draw.claim(
        values,
        estimate=claim.estimate,
        ends=(claim.low, claim.high),
        region=claim.region,
        unit=claim.unit,
        language=language,
    )


def _draw_curves(
    groups: Sequence[tuple[Text, Sequence[draw.Line]]], language: Language, *, x: Text, y: Text, log: bool
) -> "go.Figure":
    return draw.curves(groups, x=x, y=y, log_y=log, language=language)


def _seeds_of(answer: Answer, claim: ClaimResult) -> dict[int, float]:
    """The claim's numbers by seed; counted from zero where they are not one per seed of the trials."""
    seeds = sorted({trial.seed for trial in answer.trials})
    known = len(seeds) == len(claim.values)
    return dict(zip(seeds if known else range(len(claim.values)), claim.values, strict=True))


def _telling(answer: Answer, arm: ArmRecord, measure: str) -> list[TrialRecord]:
    """The trials of an arm that gave this measure, and those that failed; an arm need not give every measure."""
    own = [trial for trial in answer.trials if trial.arm == arm.name]
    return [trial for trial in own if measure in trial.measures or trial.status == "failed"]


def _learning_lines(trials: Sequence[TrialRecord], rows: Rows, detail: int) -> Iterator[draw.Line]:
    """The loss of every trial that reported one, and of every one that failed."""
    for trial in trials:
        columns = rows.get(trial.digest, {})
        pairs = zip(columns.get("step", ()), columns.get("loss", ()), strict=False)
        points = [(float(step), float(loss)) for step, loss in pairs if step is not None and loss is not None]
        xs, ys = draw.thinned(([step for step, _ in points], [loss for _, loss in points]), detail)
        if trial.status == "failed":
            yield ([*xs, points[-1][0]], [*ys, math.nan]) if points else ((), ())
        elif points:
            yield xs, ys


def _series_line(trial: TrialRecord, name: str) -> draw.Line:
    series = trial.measures.get(name)
    return (series.at, series.values) if isinstance(series, Series) else ((), ())


def _number(trial: TrialRecord, name: str) -> float:
    value = trial.measures.get(name, math.nan)
    return math.nan if isinstance(value, Series) else value


def _title(measure: MeasureRecord) -> Text:
    sides = {"lower": Text("lower is better", "越低越好"), "higher": Text("higher is better", "越高越好")}
    parts = [part for part in (measure.unit, sides.get(measure.better or "")) if part and part.en]
    if not parts:
        return measure.label
    inside = Text(", ".join(part.en for part in parts), "，".join(part.zh for part in parts))
    return Text(f"{measure.label.en} ({inside.en})", f"{measure.label.zh}（{inside.zh}）")


def _by_arm(groups: Sequence[tuple[Text, Sequence[float]]]) -> Text:
    """ "plain 13.6 (1 failed), residual 7.3"; an arm without values says so."""

    def one(label: Text, values: Sequence[float]) -> Text:
        finite = [value for value in values if math.isfinite(value)]
        centre = draw.number(median(finite) if finite else math.nan)
        lost = len(values) - len(finite)
        failed = draw.failures(lost)
        tail = Text(f" ({failed.en})", f"（{failed.zh}）") if lost else Text("", "")
        return Text(f"{label.en} {centre.en}{tail.en}", f"{label.zh} {centre.zh}{tail.zh}")

    return _listed([one(label, values) for label, values in groups])


def _listed(texts: Sequence[Text]) -> Text:
    return Text(", ".join(text.en for text in texts), "、".join(text.zh for text in texts))
