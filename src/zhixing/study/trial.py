"""One trial: a call, a seed, and the digest under which its result is found again."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

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
    identities = {arm: (_data_fingerprint(call), code_digest(call)) for arm, call in plan.calls.items()}
    return [
        Trial(plan.study.slug, plan.scale, arm, seed, call, *identities[arm])
        for seed in plan.seeds
        for arm, call in plan.calls.items()
    ]


def _data_fingerprint(call: Spec) -> str:
    """The fingerprint of the data set that the call names under `data`; empty for a trial without data."""
    data = call.settings.get("data")
    return data.build().fingerprint if isinstance(data, Spec) else ""


def of_seeds(trials: Iterable[Trial], seeds: Iterable[int]) -> list[Trial]:
    """The trials of these seeds only."""
    wanted = set(seeds)
    return [trial for trial in trials if trial.seed in wanted]
