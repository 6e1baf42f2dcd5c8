"""Asking: a study is planned, priced, frozen, run in rounds until it is decided, placed in its band and reported."""

import hashlib
import json
import math
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from zhixing.core import BadSetting, Interrupted, Language, Series, Text, language
from zhixing.core.code import package_digest
from zhixing.core.files import write_whole, writing
from zhixing.core.machine import checked_device, cores
from zhixing.core.store import RunStore
from zhixing.study.answer import Answer, Price, load
from zhixing.study.conclude import command, concluded
from zhixing.study.decide import Decision, decide, earliest, next_look
from zhixing.study.events import Listen, Looked, Priced, Stage, Warned, nobody
from zhixing.study.report import write_report
from zhixing.study.rules import Table
from zhixing.study.session import Session
from zhixing.study.study import SCALES, Plan, Scale, Study
from zhixing.study.trial import Trial, of_seeds, rehearsals, trials
from zhixing.study.tuning import told


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
        workers: processes with one thread each; by default one a core, and none at the smallest scale; 0 runs the trials
            in this process.
        stop_early: look at the verdict after each round; False runs all seeds, as bands do.

    Raises BadSetting or UnknownName for options that cannot be used, StoreError where the store cannot be
    written, Interrupted after Ctrl-C; whatever was measured by then is kept, and asking again goes on from there.
    """
    began = time.monotonic()
    lang = lang or language()
    if workers is None:
        workers = 0 if scale == SCALES[0] else cores()  # seconds of work are over before a worker has loaded torch
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
        plan, tried, predicted = _priced(plan, session, budget, stop_early, notes)
        plan = _tuned(plan, tried, session, notes)
        wanted = trials(plan)
        session.look_up(wanted)
        decision = _decided(plan, wanted, session, stop_early)
        price = replace(predicted, actual_seconds=session.elapsed, peak_bytes=session.peak_bytes)
    except KeyboardInterrupt:
        if plan is None:
            raise  # nothing was begun that could go on
        raise _interrupted(plan, session) from None
    finally:
        session.close()
    used = of_seeds(wanted, plan.seeds[: decision.seeds] if stop_early else plan.seeds)
    answer = concluded(plan, used, session, decision, price, notes, folder)
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
    """The plan that the budget allows, its tuning trials and its cost; each plan is frozen before a trial begins."""
    _freeze(session.store, plan)
    tried, wanted = rehearsals(plan), trials(plan)
    session.look_up([*tried, *wanted])
    if missing := session.missing([*tried, *wanted]):
        session.listen(Stage(Text("measuring the price", "正在估算代价")))
        session.measure_costs(missing)

    def seconds(seeds: int) -> float:
        return session.elapsed + session.seconds([*tried, *of_seeds(wanted, plan.seeds[:seeds])])

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
    least = min(least, len(plan.seeds)) if stop_early else len(plan.seeds)
    price = Price(seconds(least), seconds(len(plan.seeds)), session.predicted_bytes, 0.0, 0)
    known = len(tried) + len(wanted) - len(session.missing([*tried, *wanted]))
    session.listen(Priced(price, len(tried) + least * len(plan.calls), len(tried) + len(wanted), known))
    return plan, tried, price


def _tuned(plan: Plan, tried: list[Trial], session: Session, notes: list[Text]) -> Plan:
    """The plan with the best choice of every arm, as its tuning trials show; what was chosen goes into the notes."""
    tuning = plan.design.tuning
    if not tried or tuning is None:
        return plan
    session.listen(Stage(Text("tuning every arm", "正在给每一组调优")))
    session.run(tried)
    chosen = {}
    for arm in plan.design.arms:
        values: dict[str, list[float]] = {
            repr(choice.call.with_settings(**tuning.settings)): [] for choice in plan.choices[arm.name]
        }
        for trial in tried:
            if trial.arm == arm.name:
                found = session.results[trial.digest].measures.get(tuning.on.name, math.nan)
                values[repr(trial.call)].append(math.nan if isinstance(found, Series) else found)
        if len(values) > 1:
            best = tuning.best(list(values.values()))
            chosen[arm.name] = plan.choices[arm.name][best].call
            notes.append(told(arm.label, plan.choices[arm.name], best, list(values.values())[best], tuning.on))
    return replace(plan, chosen=chosen)


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
    labels = {arm.name: arm.label for arm in plan.design.arms}
    while True:
        found = of_seeds(wanted, plan.seeds[:seeds])
        session.run(found)
        measured = {(trial.arm, trial.seed): session.results[trial.digest].measures for trial in found}
        decision = decide(plan.design.verdict, Table(plan.seeds[:seeds], measured, labels))
        session.listen(Looked(seeds, decision.verdict))
        if decision.verdict != "undecided" or seeds == len(plan.seeds):
            return decision
        seeds = min(next_look(plan.design.verdict, seeds), len(plan.seeds))


def _interrupted(plan: Plan, session: Session) -> Interrupted:
    kept = len(session.results)
    return Interrupted(
        Text(
            en=f"stopped; {kept} finished trials and the checkpoints of the others are kept. To go on: {command(plan)}",
            zh=f"已停止；{kept} 次完成的试验和其余试验的检查点都已保存。继续：{command(plan)}",
        )
    )
