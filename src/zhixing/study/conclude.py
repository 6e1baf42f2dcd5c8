"""The last step of asking: plan, trials and decision become one record."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from zhixing.core import Text
from zhixing.core.machine import describe
from zhixing.study import band
from zhixing.study.answer import Answer, ArmRecord, MeasureRecord, Price, Status, TrialRecord
from zhixing.study.decide import LEVEL, Decision, earliest, sentence
from zhixing.study.session import Session
from zhixing.study.study import Plan
from zhixing.study.trial import Trial


def concluded(
    plan: Plan,
    used: Iterable[Trial],
    session: Session,
    decision: Decision,
    price: Price,
    notes: list[Text],
    folder: Path,
) -> Answer:
    """The answer as a record, from what the trials of the seeds in use gave."""
    machine = describe()
    records = tuple(_record(trial, session) for trial in used)
    return Answer(
        study=plan.study.slug,
        chapter=plan.study.chapter,
        digest=plan.digest,
        question=plan.study.question,
        claim=plan.study.claim,
        source=plan.study.source,
        explanation=plan.study.explanation,
        exercises=tuple(exercise.task for exercise in plan.study.exercises),
        scale=plan.scale,
        verdict=decision.verdict,
        sentence=plan.study.tell(decision.claims) if plan.study.tell else sentence(decision),
        claims=decision.claims,
        arms=tuple(ArmRecord(arm.name, arm.label, repr(plan.calls[arm.name])) for arm in plan.design.arms),
        measures=tuple(
            MeasureRecord(m.name, m.label, m.unit, m.better, m.axis, m.log)
            for m in (*plan.design.measures, *plan.design.mechanism)
        ),
        trials=records,
        band=band.place(plan, records, machine),
        price=price,
        machine=machine,
        command=command(plan),
        next=tuple(plan.study.next),
        notes=(*_assumptions(plan, decision, records), *notes),
        asked=datetime.now(UTC).isoformat(timespec="seconds"),
        folder=folder,
    )


def _record(trial: Trial, session: Session) -> TrialRecord:
    result = session.results[trial.digest]
    status: Status = "failed" if result.status == "failed" else "done" if trial.digest in session.fresh else "cached"
    measures = dict(result.measures)
    return TrialRecord(
        trial.digest, trial.arm, trial.seed, status, result.seconds, result.peak_bytes, measures, result.error
    )


def _assumptions(plan: Plan, decision: Decision, records: tuple[TrialRecord, ...]) -> list[Text]:
    """What the verdict takes for granted, and which trials failed."""
    count = len(decision.claims)
    notes = [
        Text(
            en=f"Each claim is about the median over seeds of one number per seed. Its interval assumes only that the "
            f"seeds are independent, whatever the shape of their distribution, and holds however often one looks; the "
            f"{100 * (1 - LEVEL):.0f} % of error are shared by {count} claim(s).",
            zh=f"每条论断说的是各种子之数的中位数。其区间只假定各种子相互独立，不论分布形状，也不论查看多少次；"
            f"{100 * (1 - LEVEL):.0f}% 的错误率由 {count} 条论断分摊。",
        )
    ]
    if plan.study.alone:
        notes.append(
            Text(
                en="The trials measure time or memory, and so had the machine to themselves, one after the other.",
                zh="这些试验测量时间或内存，因此逐个进行，独占本机。",
            )
        )
    least = earliest(plan.design.verdict)
    if decision.seeds < least:
        notes.append(
            Text(
                en=f"{decision.seeds} seeds cannot decide at this level whatever they show; {least} can.",
                zh=f"无论结果如何，{decision.seeds} 个种子在此水平下都不足以判断；至少需要 {least} 个。",
            )
        )
    for record in records:
        if record.status == "failed":
            reason = (record.error or "").strip().splitlines()[-1:]
            notes.append(
                Text(
                    en=f"{record.arm}, seed {record.seed}, failed and counts against every claim: {''.join(reason)}",
                    zh=f"{record.arm}（种子 {record.seed}）失败，对每条论断都按不利计：{''.join(reason)}",
                )
            )
    return notes


def command(plan: Plan) -> str:
    """The command that asks this again."""
    start = f" --from-seed {plan.seeds[0]}" if plan.seeds[0] else ""
    device = "" if plan.device == "cpu" else f" --device {plan.device}"
    words = plan.study.command or f"ask {plan.study.slug}"
    return f"zhixing {words} --scale {plan.scale} --seeds {len(plan.seeds)}{start}{device}"
