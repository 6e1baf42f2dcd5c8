"""One trial: a call, a seed, and the digest under which its result is found again."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from zhixing.core import Spec
from zhixing.core.code import code_digest
from zhixing.study.study import Plan


@dataclass(frozen=True)
class Trial:
    """Its identity is what it runs: the call, the data's fingerprint, the code and the seed.

    The study, scale and arm say who asked first; two studies that ask the same share the result.
    """

    study: str
    scale: str
    arm: str
    seed: int
    call: Spec
    data: str
    code: str

    @cached_property
    def digest(self) -> str:
        identity = f"{self.call!r}\n{self.seed}\n{self.data}\n{self.code}"
        return hashlib.sha256(identity.encode()).hexdigest()[:40]


def trials(plan: Plan) -> list[Trial]:
    """Every trial that the plan may take, seed by seed, so that a prefix of the list is a smaller study."""
    return _of_calls(plan, list(plan.calls.items()), plan.seeds)


def rehearsals(plan: Plan) -> list[Trial]:
    """Every trial of the plan's tuning, arm by arm and choice by choice; none where nothing is tuned.

    Raises ValueError where a design leaves a choice open and does not say how to tune.
    """
    open_arms = {arm: tried for arm, tried in plan.choices.items() if len(tried) > 1}
    tuning = plan.design.tuning
    if not open_arms:
        return []
    if tuning is None:
        raise ValueError(f"{plan.study.slug}: {', '.join(open_arms)} leave a choice open, and the design has no tuning")
    calls = [(arm, c.call.with_settings(**tuning.settings)) for arm, tried in open_arms.items() for c in tried]
    return _of_calls(plan, calls, tuning.trial_seeds)


def _of_calls(plan: Plan, calls: list[tuple[str, Spec]], seeds: Iterable[int]) -> list[Trial]:
    fingerprint = cache(_fingerprint)  # for this once: a file may hold other data the next time
    identities = [(arm, call, fingerprint(call.settings.get("data")), code_digest(call)) for arm, call in calls]
    return [
        Trial(plan.study.slug, plan.scale, arm, seed, call, data, code)
        for seed in seeds
        for arm, call, data, code in identities
    ]


def _fingerprint(data: Any) -> str:
    """The fingerprint of the data set that a call names under `data`; empty for a trial without data."""
    return data.build().fingerprint if isinstance(data, Spec) else ""


def of_seeds(trials: Iterable[Trial], seeds: Iterable[int]) -> list[Trial]:
    """The trials of these seeds only."""
    wanted = set(seeds)
    return [trial for trial in trials if trial.seed in wanted]
