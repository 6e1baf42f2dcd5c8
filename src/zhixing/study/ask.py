"""Asking: a study is planned, priced, frozen, run in rounds until it is decided, placed in its band and reported."""

import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from zhixing.core import BadSetting, Interrupted, Language, Text, language
from zhixing.core.code import package_digest
from zhixing.core.files import write_whole, writing
from zhixing.core.machine import checked_device, cores, describe
from zhixing.core.store import RunStore
from zhixing.study import band
from zhixing.study.answer import Answer, ArmRecord, MeasureRecord, Price, Status, TrialRecord, load
from zhixing.study.decide import LEVEL, Decision, decide, earliest, next_look, sentence
from zhixing.study.events import Listen, Looked, Priced, Stage, Warned, nobody
from zhixing.study.report import write_report
from zhixing.study.rules import Table
from zhixing.study.session import Session
from zhixing.study.study import SCALES, Plan, Scale, Study
from zhixing.study.trial import Trial, of_seeds, trials


def ask(
    study: Study,
    *,
    scale: Scale = "quick",
    seeds: int | None = None,
    first_seed: int = 0,
    budget: float | None = None,
    device: str = "cpu",
    workers: int | None = None,
    store: RunStore | None = None,
    lang: Language | None = None,
    listen: Listen = nobody,
    stop_early: bool = True,
) -> Answer:
    """Answers a study: runs the trials that are not in the store yet, until the rule decides or the seeds run out.

    Args:
        seeds: the most seeds that it may take; by default what the study states for the scale.
        first_seed: the seeds are counted from here; another start is an independent repetition.
        budget: seconds that it may take; fewer seeds, then a smaller scale, are chosen to fit.
        workers: processes with one thread each; by default one a core; 0 runs the trials in this process.
        stop_early: look at the verdict after each round; False runs all seeds, as bands do.

    Raises BadSetting or UnknownName for options that cannot be used, StoreError where the store cannot be
    written, Interrupted after Ctrl-C; whatever was measured by then is kept, and asking again goes on from there.
    """
    began = time.monotonic()
    lang = lang or language()
    workers = cores() if workers is None else workers
    if workers < 0:
        raise BadSetting(Text(f"--workers takes 0 or more; got {workers}", f"--workers 需为 0 或更大；得到 {workers}"))
    if budget is not None and budget <= 0:
        raise BadSetting(Text(f"a budget is more than nothing; got {budget} s", f"预算应大于零；得到 {budget} 秒"))
    store = store or RunStore()
    if store.repaired:
        listen(
            Warned(Text("the index of the run store was made again from its trials", "运行库的索引已由试验结果重建"))
        )
    options = repr((seeds, first_seed, budget, device, stop_early))
    folder = store.home / "answers" / f"{study.slug}-{scale}-{hashlib.sha256(options.encode()).hexdigest()[:6]}"
    key = f"{package_digest(study.design)} {lang} {options}" if study.design.__module__.startswith("zhixing.") else ""
    if kept := _kept(folder, key, store, began):
        return kept

    study.check(scale, seeds, first_seed)
    session = Session(store, min(workers, 1) if study.alone else workers, listen)
    notes: list[Text] = []
    plan = None
    try:
        session.start()
        plan = study.plan(scale, seeds=seeds, first_seed=first_seed, device=checked_device(device))
        plan, wanted, predicted = _priced(plan, session, budget, stop_early, notes)
        decision = _decided(plan, wanted, session, stop_early)
        price = replace(predicted, actual_seconds=session.elapsed, peak_bytes=session.peak_bytes)
    except KeyboardInterrupt:
        if plan is None:
            raise  # nothing was begun that could go on
        raise _interrupted(plan, session) from None
    finally:
        session.close()
    used = of_seeds(wanted, plan.seeds[: decision.seeds] if stop_early else plan.seeds)
    answer = _answer(plan, used, session, decision, price, notes, folder)
    listen(Stage(Text("writing the report", "正在写报告")))
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        answer.save()
        write_report(answer, {trial.digest: store.rows(trial.digest) for trial in used}, lang)
        if not any(trial.status == "failed" for trial in answer.trials):
            write_whole(folder / "key", key)
    return answer


def _kept(folder: Path, key: str, store: RunStore, began: float) -> Answer | None:
    """The answer given before to the same question by the same code, if every trial of it is still there.

    A study from outside this package has no key: what its design depends on cannot be told without building it.
    """
    try:
        if not key or (folder / "key").read_text() != key or not (folder / "report.html").exists():
            return None
        answer = load(folder)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not all((store.folder(trial.digest) / "result.json").exists() for trial in answer.trials):
        return None
    return replace(
        answer,
        trials=tuple(replace(trial, status="cached") for trial in answer.trials),
        price=replace(answer.price, predicted_seconds=0.0, limit_seconds=0.0, actual_seconds=time.monotonic() - began),
    )


def _priced(
    plan: Plan, session: Session, budget: float | None, stop_early: bool, notes: list[Text]
) -> tuple[Plan, list[Trial], Price]:
    """The plan that the budget allows, its trials, and what it will cost; each plan is frozen before a trial begins."""
    _freeze(session.store, plan)
    wanted = trials(plan)
    session.look_up(wanted)
    if session.missing(wanted):
        session.listen(Stage(Text("measuring the price", "正在估算代价")))
        session.measure_costs(wanted)

    def seconds(seeds: int) -> float:
        return session.elapsed + session.seconds(of_seeds(wanted, plan.seeds[:seeds]))

    least = min(earliest(plan.design.verdict), len(plan.seeds))
    if budget is not None:
        fitting = next((n for n in range(len(plan.seeds), 0, -1) if seconds(n) <= budget), 1)
        if fitting < least and plan.scale != SCALES[0]:
            smaller = SCALES[SCALES.index(plan.scale) - 1]
            given_up = Text(
                en=f"{budget:.0f} s are too few for a verdict at scale {plan.scale}; scale {smaller} was run instead",
                zh=f"{budget:.0f} 秒不足以在 {plan.scale} 规模得出结论，改为 {smaller} 规模",
            )
            notes.append(given_up)
            session.listen(Warned(given_up))
            again = plan.study.plan(smaller, first_seed=plan.seeds[0], device=plan.device)
            return _priced(again, session, budget, stop_early, notes)
        if fitting < len(plan.seeds):
            given_up = Text(
                en=f"{budget:.0f} s have room for {fitting} of {len(plan.seeds)} seeds",
                zh=f"{budget:.0f} 秒只够 {len(plan.seeds)} 个种子中的 {fitting} 个",
            )
            notes.append(given_up)
            session.listen(Warned(given_up))
            plan = replace(plan, seeds=plan.seeds[:fitting])
            _freeze(session.store, plan)
            wanted = of_seeds(wanted, plan.seeds)
    if not stop_early:
        least = len(plan.seeds)
    least = min(least, len(plan.seeds))
    price = Price(seconds(least), seconds(len(plan.seeds)), session.predicted_bytes, 0.0, 0)
    session.listen(Priced(price, least * len(plan.calls), len(wanted), len(session.results)))
    return plan, wanted, price


def _freeze(store: RunStore, plan: Plan) -> None:
    """Keeps what was stated before the first trial, under its digest."""
    stated = {**plan.frozen(), "digest": plan.digest, "stated": datetime.now(UTC).isoformat(timespec="seconds")}
    path = store.home / "plans" / f"{plan.digest}.json"
    if not path.exists():
        with writing(store.home):
            write_whole(path, json.dumps(stated, indent=1, ensure_ascii=False))


def _decided(plan: Plan, wanted: list[Trial], session: Session, stop_early: bool) -> Decision:
    """Runs round after round of seeds until the rule decides or the seeds run out."""
    seeds = min(earliest(plan.design.verdict), len(plan.seeds)) if stop_early else len(plan.seeds)
    while True:
        found = of_seeds(wanted, plan.seeds[:seeds])
        session.run(found)
        measured = {(trial.arm, trial.seed): session.results[trial.digest].measures for trial in found}
        decision = decide(plan.design.verdict, Table(plan.seeds[:seeds], measured))
        session.listen(Looked(seeds, decision.verdict))
        if decision.verdict != "undecided" or seeds == len(plan.seeds):
            return decision
        seeds = min(next_look(plan.design.verdict, seeds), len(plan.seeds))


def _answer(
    plan: Plan,
    used: Iterable[Trial],
    session: Session,
    decision: Decision,
    price: Price,
    notes: list[Text],
    folder: Path,
) -> Answer:
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
        scale=plan.scale,
        verdict=decision.verdict,
        sentence=sentence(decision),
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
        command=_command(plan),
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


def _command(plan: Plan) -> str:
    """The command that asks this again."""
    start = f" --from-seed {plan.seeds[0]}" if plan.seeds[0] else ""
    device = "" if plan.device == "cpu" else f" --device {plan.device}"
    return f"zhixing ask {plan.study.slug} --scale {plan.scale} --seeds {len(plan.seeds)}{start}{device}"


def _interrupted(plan: Plan, session: Session) -> Interrupted:
    kept = len(session.results)
    return Interrupted(
        Text(
            en=f"stopped; {kept} finished trials and the checkpoints of the others are kept. To go on: {_command(plan)}",
            zh=f"已停止；{kept} 次完成的试验和其余试验的检查点都已保存。继续：{_command(plan)}",
        )
    )
