"""The report of an answer: one HTML file in two languages that opens offline and asks nobody for anything."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING

from zhixing import draw
from zhixing.core import Language, Text, language
from zhixing.core.files import write_whole
from zhixing.study.answer import VERDICTS, Answer, ArmRecord, ClaimResult
from zhixing.study.drawings import (
    Rows,
    claim_drawing,
    learning_drawing,
    main_drawing,
    mechanism_drawings,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

TEMPLATE = Path(__file__).with_name("report.html.j2")
SCALES = {"smoke": Text("smoke", "冒烟"), "quick": Text("quick", "快速"), "full": Text("full", "完整")}
STATUSES = {"done": Text("done", "完成"), "cached": Text("kept from before", "沿用"), "failed": Text("failed", "失败")}
MACHINE = {
    "processor": Text("processor", "处理器"),
    "cores": Text("cores", "核数"),
    "memory": Text("memory", "内存"),
    "system": Text("system", "操作系统"),
    "device": Text("device", "计算设备"),
    "threads": Text("threads", "线程数"),
}


def write_report(answer: Answer, rows: Rows, language: Language) -> Path:
    """Writes report.html into the answer's folder, whole or not at all, and returns its path.

    `rows` maps a trial's digest to the columns that it reported, such as step and loss; the page opens in `language`.
    """
    write_whole(answer.report, _page(answer, rows, language))
    return answer.report


def main_figure(answer: Answer, chosen: Language | None = None) -> "go.Figure":
    """The figure that most readers want: the main measure of every seed by arm; else the first mechanism.

    Raises ValueError where no trial gave any measure.
    """
    drawing = main_drawing(answer) or next(mechanism_drawings(answer), None)
    if drawing is None:
        raise ValueError(f"{answer.study}: no trial of this answer gave a measure that can be drawn")
    return drawing.draw(chosen or language())


@dataclass(frozen=True)
class _ArmRow:
    label: Text
    spec: str
    cells: tuple[Text, ...]
    """Median, mean and standard deviation of the main measure, then the median of every other number."""
    done: int
    failed: int
    seconds: Text


def _page(answer: Answer, rows: Rows, opening: Language) -> str:
    main = main_drawing(answer)
    claims = [
        (claim, _settled_by(claim), sum(math.isnan(v) for v in claim.values), claim_drawing(answer, place))
        for place, claim in enumerate(answer.claims)
    ]
    learning = learning_drawing(answer, rows)
    mechanisms = list(mechanism_drawings(answer))
    drawings = [main, *(drawing for *_, drawing in claims), learning, *mechanisms]
    asked = datetime.fromisoformat(answer.asked).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return draw.page(
        TEMPLATE,
        title=answer.question,
        footer=f"{answer.study} · {asked}",
        opening=opening,
        drawings=[drawing for drawing in drawings if drawing],
        answer=answer,
        verdicts=VERDICTS,
        statuses=STATUSES,
        scale=SCALES.get(answer.scale, Text(answer.scale, answer.scale)),
        seeds=sorted({trial.seed for trial in answer.trials}),
        failures=[trial for trial in answer.trials if trial.status == "failed"],
        labels={arm.name: arm.label for arm in answer.arms},
        numbers=[measure for measure in answer.measures if measure.axis is None],
        arms=[_arm_row(answer, arm) for arm in answer.arms],
        measures={measure.name: measure for measure in answer.measures},
        machine=_machine(answer.machine),
        band_machine=_machine(answer.band.machine if answer.band else {}),
        foretold=_from_to(*map(draw.duration, (answer.price.predicted_seconds, answer.price.limit_seconds))),
        main=main,
        claims=claims,
        learning=learning,
        mechanisms=mechanisms,
    )


def _from_to(low: Text, high: Text) -> Text:
    return low if low == high else Text("{low} to {high}", "{low} 至 {high}").format(low=low, high=high)


def _machine(parts: Mapping[str, str]) -> list[tuple[Text, str]]:
    return [(MACHINE.get(key, Text(key, key)), value) for key, value in parts.items()]


def _settled_by(claim: ClaimResult) -> Text:
    """How many more seeds would probably settle a claim, in words."""
    if claim.verdict != "undecided":
        return Text("none", "无需再加")
    if claim.more_seeds is None:
        return Text("more than can be afforded", "超出可负担的数目")
    return Text("about {n}", "约 {n} 个").format(n=claim.more_seeds)


def _arm_row(answer: Answer, arm: ArmRecord) -> _ArmRow:
    trials = [trial for trial in answer.trials if trial.arm == arm.name]
    names = [measure.name for measure in answer.measures if measure.axis is None]
    finished = [trial for trial in trials if trial.status != "failed"]
    cells: list[float] = []
    for place, name in enumerate(names):
        found = [v for v in answer.values(arm.name, name) if math.isfinite(v)]
        cells.append(median(found) if found else math.nan)
        if place == 0:
            cells.append(fmean(found) if found else math.nan)
            cells.append(stdev(found) if len(found) > 1 else math.nan)
    return _ArmRow(
        label=arm.label,
        spec=arm.spec,
        cells=tuple(draw.number(value) for value in cells),
        done=len(finished),
        failed=len(trials) - len(finished),
        seconds=draw.duration(fmean(trial.seconds for trial in trials) if trials else math.nan),
    )
