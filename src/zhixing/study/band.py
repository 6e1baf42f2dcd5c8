"""Bands: what many seeds gave where it was measured, and where a user's own result falls among them."""

import inspect
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from zhixing.core import Text
from zhixing.core.files import write_whole
from zhixing.study.answer import Answer, Band, BandPlace, TrialRecord
from zhixing.study.rules import Claim, Table
from zhixing.study.study import Plan, Study

DRAWS = 4_000
LEVEL = 0.95
WORDS_A_MINUTE = 130.0
"""Of a page that must be thought about."""
CORES = 2


def band_file(study: Study) -> Path:
    """Where the reference results of a study are: beside the file that states it."""
    return Path(inspect.getfile(study.design)).parent / "bands" / f"{study.slug}.json"


def write_band(study: Study, answer: Answer) -> Path:
    """Writes an answer of many seeds as the study's reference results."""
    plan = study.plan(answer.scale)
    measured = {(trial.arm, trial.seed): trial.measures for trial in answer.trials}
    table = Table(sorted({trial.seed for trial in answer.trials}), measured)
    names = [measure.name for measure in answer.measures if measure.axis is None]
    record = {
        "study": answer.study,
        "scale": answer.scale,
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": answer.machine,
        "verdict": answer.verdict,
        "seeds": list(table.seeds),
        "quick_seeds": plan.design.seeds,
        "claims": [_claim(claim) for claim in plan.design.verdict.claims(table)],
        "arms": {
            arm.name: {
                "call": repr(plan.stated[arm.name]),
                "seconds": min(t.seconds for t in answer.trials if t.arm == arm.name),  # a busy machine only adds
                "measures": {name: [_or_none(v) for v in answer.values(arm.name, name)] for name in names},
            }
            for arm in answer.arms
        },
    }
    path = band_file(study)
    path.parent.mkdir(exist_ok=True)
    write_whole(path, json.dumps(record, indent=1) + "\n")
    return path


def _claim(claim: Claim) -> dict[str, Any]:
    """What each seed said about a claim: enough to decide it again over any of the seeds."""
    ends = {name: [_or_none(end) for end in getattr(claim, name)] for name in ("region", "bounds")}
    return {"text": claim.text.en, "values": [_or_none(value) for value in claim.values], **ends}


def minutes(study: Study) -> float | None:
    """Minutes that a learner needs at most: to read the page, and to run every seed on two cores like the band's.

    None where the study has no band.
    """
    path = band_file(study)
    if not path.exists():
        return None
    record = json.loads(path.read_text(encoding="utf-8"))
    words = sum(len(text.en.split()) for text in vars(study.explanation).values())
    run = sum(arm["seconds"] for arm in record["arms"].values()) * record["quick_seeds"] / CORES
    return float(words / WORDS_A_MINUTE + run / 60)


def place(plan: Plan, trials: Sequence[TrialRecord], machine: dict[str, str]) -> Band | None:
    """Where the medians of these trials fall among equally many seeds drawn from the band.

    None where the study has no band at this scale. All places together are inside 95 times in 100 when nothing
    but the seeds differs.
    """
    path = band_file(plan.study)
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    if record is None or record["scale"] != plan.scale or set(record["arms"]) != set(plan.calls):
        return None
    measure = plan.design.measures[0].name
    outside = (1 - LEVEL) / len(plan.calls) / 2
    places = []
    for arm in plan.calls:
        own = np.array([trial.measures.get(measure, math.nan) for trial in trials if trial.arm == arm], dtype=float)
        reference = np.array(record["arms"][arm]["measures"][measure], dtype=float)
        if not np.isfinite(reference).any():
            continue  # an arm need not give every measure
        low, high = np.nanquantile(_medians(reference, len(own)), (outside, 1 - outside))
        value = float(np.nanmedian(own)) if np.isfinite(own).any() else math.nan
        inside = bool(low <= value <= high) and len(own) > 0
        places.append(BandPlace(arm, measure, value, float(low), float(high), inside))
    inside = all(where.inside for where in places)
    return Band(
        seeds=len(record["seeds"]),
        measured=record["measured"],
        machine=record["machine"],
        places=tuple(places),
        inside=inside,
        causes=() if inside else tuple(_causes(plan, trials, record, machine)),
        published=plan.study.published,
    )


def _medians(reference: np.ndarray, size: int) -> np.ndarray:
    """Medians of so many seeds drawn from the reference; the draw is seeded, so that a place is a fact."""
    draw = np.random.default_rng(0)
    medians: np.ndarray = np.nanmedian(draw.choice(reference, size=(DRAWS, max(size, 1))), axis=1)
    return medians


def _causes(plan: Plan, trials: Sequence[TrialRecord], record: dict[str, Any], machine: dict[str, str]) -> list[Text]:
    """What differs between this run and the band's, most telling first."""
    causes = []
    changed = [arm for arm, call in plan.stated.items() if record["arms"][arm]["call"] != repr(call)]
    if changed:
        names = ", ".join(changed)
        causes.append(
            Text(
                en=f"the settings of {names} are not those that the band was measured with",
                zh=f"{names} 的设置与测量参考带时不同",
            )
        )
    failed = sum(trial.status == "failed" for trial in trials)
    if failed:
        causes.append(Text(f"{failed} trials failed", f"有 {failed} 次试验失败"))
    if plan.device != "cpu":
        causes.append(
            Text(
                en=f"it ran on {plan.device}, the band on a CPU: sums are added up in another order",
                zh=f"本次在 {plan.device} 上运行，参考带在 CPU 上测得：求和顺序不同",
            )
        )
    for name in ("torch", "numpy", "processor"):
        here, there = machine.get(name), record["machine"].get(name)
        if here != there:
            causes.append(
                Text(f"{name} is {here} here, {there} in the band", f"{name}：此处为 {here}，参考带为 {there}")
            )
    causes.append(
        Text(
            en="the code of the model, the data or the training changed since the band was measured, "
            "or chance: 1 answer in 20 falls outside with nothing changed",
            zh="测量参考带之后，模型、数据或训练的代码有改动；或只是偶然：什么都没变时，20 次中也有 1 次落在带外",
        )
    )
    return causes


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
