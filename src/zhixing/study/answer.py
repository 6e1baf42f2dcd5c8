"""What a study answers: a record that holds everything its report, its JSON and its figures are made from."""

import dataclasses
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from zhixing.core import Language, Series, Text, language
from zhixing.core.files import write_table, write_whole
from zhixing.core.store import RunStore
from zhixing.evaluate.sequential import Verdict
from zhixing.study.study import Explanation, Scale

if TYPE_CHECKING:
    import pandas
    import plotly.graph_objects

Status = Literal["done", "cached", "failed"]

VERDICTS: dict[Verdict, Text] = {
    "supported": Text("supported", "成立"),
    "refuted": Text("refuted", "不成立"),
    "undecided": Text("cannot tell", "尚不能判断"),
}


@dataclass(frozen=True)
class ClaimResult:
    """One claim, decided: the median of one number per seed, its interval, and the region that it should lie in."""

    id: str
    text: Text
    verdict: Verdict
    estimate: float
    low: float
    high: float
    level: float
    unit: Text
    n: int
    more_seeds: int | None
    """How many more seeds would probably settle it; None when it is settled, or when none that is affordable would."""
    region: tuple[float, float]
    values: tuple[float, ...]
    """The number of each seed, in seed order; NaN where a trial of the pair failed."""
    bounds: tuple[float, float] = (-math.inf, math.inf)
    """What the number cannot leave."""


@dataclass(frozen=True)
class ArmRecord:
    name: str
    label: Text
    spec: str
    """The printed call that every seed of this arm ran."""


@dataclass(frozen=True)
class MeasureRecord:
    name: str
    label: Text
    unit: Text
    better: str | None
    axis: Text | None = None
    """For a measure that is a series: the label of its axis; None for a number."""
    log: bool = False


@dataclass(frozen=True)
class TrialRecord:
    digest: str
    arm: str
    seed: int
    status: Status
    seconds: float
    peak_bytes: int
    measures: dict[str, float | Series]
    error: str | None = None


@dataclass(frozen=True)
class Price:
    """Predicted before the first trial, actual afterwards; seconds of wall clock, bytes over all processes."""

    predicted_seconds: float
    """If the verdict falls at the earliest look."""
    limit_seconds: float
    """If it goes on to the last seed."""
    predicted_bytes: int
    actual_seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class BandPlace:
    """Where one arm's median of one measure fell among equally many seeds drawn from the band."""

    arm: str
    measure: str
    value: float
    low: float
    high: float
    inside: bool


@dataclass(frozen=True)
class Band:
    """The reference results of many seeds, and this answer's place among them."""

    seeds: int
    measured: str
    """The day on which it was measured, ISO 8601."""
    machine: dict[str, str]
    places: tuple[BandPlace, ...]
    inside: bool
    causes: tuple[Text, ...]
    """Likely causes when it is outside."""
    published: Text | None
    """The published figure, and the reason for any difference."""


@dataclass(frozen=True)
class Answer:
    """The answer to a study; `verdict`, `table` and `figure()` are what most readers want."""

    study: str
    chapter: str
    digest: str
    question: Text
    claim: Text
    source: str
    explanation: Explanation
    exercises: tuple[Text, ...]
    """What the learner may try, by changing the study: `zhixing exercise SLUG N`."""
    scale: Scale
    verdict: Verdict
    sentence: Text
    """The verdict in one sentence, with its number."""
    claims: tuple[ClaimResult, ...]
    arms: tuple[ArmRecord, ...]
    measures: tuple[MeasureRecord, ...]
    """The first is the one that the claim is about; series are mechanism."""
    trials: tuple[TrialRecord, ...]
    band: Band | None
    price: Price
    machine: dict[str, str]
    """Processor, cores, memory, system, and the version of each library that the trials ran."""
    command: str
    """The command that asks this again."""
    next: tuple[Text, ...]
    notes: tuple[Text, ...]
    """What was assumed, what was given up for the budget, which trials failed and why."""
    asked: str
    """When, ISO 8601, UTC."""
    folder: Path
    """Where report.html, answer.json and trials.parquet are."""

    @property
    def report(self) -> Path:
        """The self-contained HTML report."""
        return self.folder / "report.html"

    @property
    def table(self) -> "pandas.DataFrame":
        """One row per trial: arm, seed, status, seconds, then each measure that is a number."""
        import pandas

        return pandas.DataFrame(self._rows())

    def _rows(self) -> list[dict[str, Any]]:
        def row(trial: TrialRecord) -> dict[str, Any]:
            numbers = {name: v for name, v in trial.measures.items() if not isinstance(v, Series)}
            return {"arm": trial.arm, "seed": trial.seed, "status": trial.status, "seconds": trial.seconds, **numbers}

        return [row(trial) for trial in self.trials]

    def values(self, arm: str, measure: str) -> list[float]:
        """The measure of every seed of an arm, in seed order; NaN where the trial failed."""
        found = [trial.measures.get(measure, math.nan) for trial in self.trials if trial.arm == arm]
        return [math.nan if isinstance(value, Series) else value for value in found]

    def to_json(self, chosen: Language | None = None) -> dict[str, Any]:
        """The answer as the command line prints it: texts in one language, NaN and infinity as None."""
        plain = cast(dict[str, Any], _plain(dataclasses.asdict(self), chosen or language()))
        plain["report"] = str(self.report)
        return plain

    def figure(self, chosen: Language | None = None) -> "plotly.graph_objects.Figure":
        """The main measure of every seed of every arm."""
        from zhixing.study.report import main_figure

        return main_figure(self, chosen or language())

    def _repr_html_(self) -> str:
        """In a notebook: the verdict, the table and the figure."""
        heading = f"<h3>{escape(str(self.question))}</h3><p><b>{escape(str(self.sentence))}</b></p>"
        figure: str = self.figure().to_html(full_html=False, include_plotlyjs=True)
        return heading + self.table.to_html(index=False) + figure

    def save(self) -> None:
        """Writes answer.json, from which `load` makes the same answer again, and trials.parquet."""
        kept = json.dumps(_plain(dataclasses.asdict(self), None), ensure_ascii=False, indent=1)
        write_whole(self.folder / "answer.json", kept)
        write_table(self.folder / "trials.parquet", self._rows())


def load(folder: Path) -> Answer:
    """The answer that was saved in a folder; raises OSError, ValueError, KeyError or TypeError when it is damaged."""
    kept = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    texts: dict[str, Any] = {name: Text(**kept[name]) for name in ("question", "claim", "sentence")}
    texts |= {name: tuple(Text(**text) for text in kept[name]) for name in ("next", "notes", "exercises")}
    return Answer(
        **{name: kept[name] for name in ("study", "chapter", "digest", "source", "scale", "verdict")},
        **{name: kept[name] for name in ("machine", "command", "asked")},
        **texts,
        explanation=Explanation(**{name: Text(**text) for name, text in kept["explanation"].items()}),
        claims=tuple(map(_claim, kept["claims"])),
        arms=tuple(ArmRecord(**{**arm, "label": Text(**arm["label"])}) for arm in kept["arms"]),
        measures=tuple(map(_measure, kept["measures"])),
        trials=tuple(TrialRecord(**{**t, "measures": _read_measures(t["measures"])}) for t in kept["trials"]),
        band=_band(kept["band"]),
        price=Price(**kept["price"]),
        folder=folder,
    )


def answers(store: RunStore, beginning: str) -> Iterator[Answer]:
    """The answers to studies whose name begins so, the last given first; one that cannot be read is passed over."""
    folders = [
        path for path in (store.home / "answers").glob("*/answer.json") if path.parent.name.startswith(beginning)
    ]
    for path in sorted(folders, key=lambda found: found.stat().st_mtime, reverse=True):
        try:
            yield load(path.parent)
        except (OSError, ValueError, KeyError, TypeError):
            continue


def last(store: RunStore, study: str) -> Answer | None:
    """The answer given last to a study, at whatever scale; None when there is none that can be read."""
    return next((answer for answer in answers(store, f"{study}-") if answer.study == study), None)


def _claim(kept: dict[str, Any]) -> ClaimResult:
    ends = {"low": _number(kept["low"], -math.inf), "high": _number(kept["high"], math.inf)}
    spans = {
        name: (_number(kept[name][0], -math.inf), _number(kept[name][1], math.inf)) for name in ("region", "bounds")
    }
    values = tuple(_number(value, math.nan) for value in kept["values"])
    texts = {name: Text(**kept[name]) for name in ("text", "unit")}
    estimate = _number(kept["estimate"], math.nan)
    return ClaimResult(**{**kept, **ends, **texts, **spans, "values": values, "estimate": estimate})


def _measure(kept: dict[str, Any]) -> MeasureRecord:
    texts = {name: Text(**kept[name]) for name in ("label", "unit", "axis") if kept[name] is not None}
    return MeasureRecord(**{**kept, **texts})


def _read_measures(kept: dict[str, Any]) -> dict[str, float | Series]:
    def one(value: Any) -> float | Series:
        if isinstance(value, dict):
            values = tuple(_number(item, math.nan) for item in value["values"])
            return Series(value["axis"], tuple(value["at"]), values)
        return _number(value, math.nan)

    return {name: one(value) for name, value in kept.items()}


def _band(kept: dict[str, Any] | None) -> Band | None:
    if kept is None:
        return None
    places = tuple(BandPlace(**{**place, "value": _number(place["value"], math.nan)}) for place in kept["places"])
    causes = tuple(Text(**text) for text in kept["causes"])
    published = Text(**kept["published"]) if kept["published"] else None
    return Band(**{**kept, "places": places, "causes": causes, "published": published})


def _number(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _plain(value: Any, chosen: Language | None) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"en", "zh"} and chosen:
            return value[chosen]
        return {key: _plain(item, chosen) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, chosen) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
