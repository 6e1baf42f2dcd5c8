"""One family, trained and kept: the same choice on validation rows and the same judging as in a contest."""

from pathlib import Path
from typing import Any

from zhixing import data
from zhixing.comparison.contest import judging, slug, task_of
from zhixing.comparison.runs import Run
from zhixing.core import BadData, Interrupted, Text, UnknownName, spec
from zhixing.core.code import code_digest
from zhixing.core.store import RunStore
from zhixing.study.events import Listen, Stage, nobody
from zhixing.study.session import Session
from zhixing.study.trial import Trial


def learn(
    model: str,
    path: str | Path,
    target: str | None = None,
    *,
    seed: int = 0,
    store: RunStore | None = None,
    workers: int = 1,
    listen: Listen = nobody,
    **options: Any,
) -> Run:
    """The family of this name, fitted to data of one's own and kept in the run store.

    A quarter of the rows, others for each `seed`, judges it and teaches nothing; it is fitted in a process of its own, or
    in this one where `workers` is 0; `options` are those of `zhixing.data.own_data`. The same call again finds the run in the
    store. Raises UnknownName for a family that does not enter the contest on these data, BadData where they cannot be
    used, Interrupted after Ctrl-C.
    """
    source = data.own_data(path, target=target, **options)
    own: data.Own = source.build()
    task = task_of(own, Path(path))
    families = {family.name: family for family in task.families if not family.besides}
    if model not in families:
        raise UnknownName(Text("model", "模型"), model, families)
    family = families[model]
    most = {} if family.most is None or family.most >= len(own) else {"most": family.most}
    judged = judging(task, source, "full").with_settings(
        candidates=family.settings("full"), preparation=family.prepared("full"), **most
    )
    call = spec(task.keeping, trial=judged)
    store = store or RunStore()
    trial = Trial(slug(source, own, Path(path)), "full", model, seed, call, own.fingerprint, code_digest(call))
    session = Session(store, workers, listen)
    try:
        session.look_up([trial])
        if session.missing([trial]):
            listen(Stage(Text("choosing settings and fitting", "正在选择设置并拟合")))
            session.measure_costs([trial])
            session.run([trial])
    except KeyboardInterrupt:
        raise Interrupted(Text("stopped; the same command goes on from here", "已停止；同一命令会从此处继续")) from None
    finally:
        session.close()
    result = session.results[trial.digest]
    if result.status == "failed":
        reason = (result.error or "").strip().splitlines()[-1]
        if store.folder(trial.digest).exists():
            store.remove(trial.digest)  # so that the same command tries again
        raise BadData(Text(f"{model} could not be fitted: {reason}", f"{model} 未能拟合：{reason}"))
    return Run(result, store.folder(trial.digest))
