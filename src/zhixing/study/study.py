"""A study: one question stated before it runs, with arms, seeds, measures and the rule that decides.

The prose is light, so that listing a hundred questions imports no torch; `design(scale)` names the models, data
and recipes, and is called only when the question is asked.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

from zhixing.core import BadSetting, Spec, Text, UnknownName
from zhixing.evaluate.measure import Measure
from zhixing.study.rules import Rule
from zhixing.study.tuning import Choice, Tuning, choices

if TYPE_CHECKING:
    from zhixing.study.answer import ClaimResult

Scale = Literal["smoke", "quick", "full"]
SCALES: tuple[Scale, ...] = get_args(Scale)


def checked_scale(scale: str) -> Scale:
    """The scale of this name; raises UnknownName where there is none."""
    if scale not in SCALES:
        raise UnknownName(Text("scale", "规模"), scale, SCALES)
    return SCALES[SCALES.index(scale)]


class Arm:
    """One side of the comparison: a name, and the settings in which it differs from the other arms."""

    def __init__(self, name: str, *, label: Text | None = None, **settings: Any):
        self.name = name
        self.label = label or Text(name, name)
        self.settings = settings


@dataclass(frozen=True)
class Design:
    """A study at one scale: what every arm runs, where the arms differ, and how many seeds it may take."""

    trial: Spec
    """The call that all arms share, such as `spec(train.supervised, data=..., recipe=...)`."""
    arms: Sequence[Arm]
    seeds: int
    """The most seeds that it may take; a clear answer stops it earlier."""
    measures: Sequence[Measure]
    """The first is the one that the report draws first."""
    verdict: Rule
    mechanism: Sequence[Measure] = ()
    """Series measured beside the outcome, to show why."""
    tuning: Tuning | None = None
    """How the settings written `tune(...)` are chosen for each arm."""


@dataclass(frozen=True)
class Explanation:
    """The page beside a study, for a reader who knows school mathematics; a blank line begins a new paragraph."""

    idea: Text
    """What the question is about, in everyday words; every technical word is explained where it first stands."""
    formula: Text
    """The one formula that matters, in plain characters, a line each, and what every symbol means."""
    experiment: Text
    """What is compared, on which data, what is measured, and what is left the same."""
    meaning: Text
    """What the result means, how the mechanism shows it, and what it does not say."""


@dataclass(frozen=True)
class Exercise:
    """A change to the study that the learner chooses, and the condition that the change must meet."""

    task: Text
    design: Callable[..., Design]
    """`design(scale, **chosen)` is the changed experiment; its verdict rule is the condition."""
    among: Mapping[str, tuple[int | float | str, ...]]
    """What may be chosen by name: the least and the largest of two numbers, or one of several words."""
    solution: Mapping[str, int | float | str]
    """A choice that meets the condition; shown only to those who ask for it."""


@dataclass(frozen=True)
class Study:
    """The prose of a question, in both languages, and the experiment that answers it."""

    slug: str
    chapter: str
    question: Text
    claim: Text
    source: str
    explanation: Explanation
    design: Callable[[Scale], Design]
    exercises: Sequence[Exercise] = ()
    after: Sequence[str] = ()
    """The questions that a learner should have asked before this one."""
    published: Text | None = None
    """The published figure, and the reason for any difference from the band."""
    next: Sequence[Text] = ()
    """Experiments worth doing after this one."""
    command: str = ""
    """The words after `zhixing` that ask it; those of `ask` where they are left out."""
    alone: bool = False
    """The trials measure time or memory, and so run one at a time."""
    tell: "Callable[[Sequence[ClaimResult]], Text] | None" = None
    """What the claims say in one sentence, where supported or refuted is not the word for it."""

    def check(self, scale: str, seeds: int | None, first_seed: int) -> None:
        """Raises BadSetting for a number of seeds below 1, UnknownName for an unknown scale."""
        checked_scale(scale)
        if first_seed < 0 or (seeds is not None and seeds < 1):
            raise BadSetting(
                Text(
                    en=f"a study needs at least one seed, counted from 0 or later; got {seeds} from {first_seed}",
                    zh=f"研究至少需要一个种子，且从 0 或更大的数开始；得到 {seeds} 个，从 {first_seed} 开始",
                )
            )

    def plan(self, scale: Scale, *, seeds: int | None = None, first_seed: int = 0, device: str = "cpu") -> "Plan":
        """The study at a scale, frozen; `seeds` overrides the most seeds that it may take.

        Raises as `check` does.
        """
        self.check(scale, seeds, first_seed)
        design = self.design(scale)
        limit = design.seeds if seeds is None else seeds
        return Plan(self, design, scale, tuple(range(first_seed, first_seed + limit)), device)


@dataclass(frozen=True)
class Plan:
    """A study as it will run: frozen and stored with its digest before the first trial starts."""

    study: Study
    design: Design
    scale: Scale
    seeds: tuple[int, ...]
    device: str
    chosen: Mapping[str, Spec] = field(default_factory=dict)
    """What tuning chose for each arm."""

    @cached_property
    def stated(self) -> Mapping[str, Spec]:
        """What was stated for each arm before anything ran, choices still open."""
        names = [arm.name for arm in self.design.arms]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.study.slug}: two arms share a name: {names}")
        shared = {} if self.device == "cpu" else {"device": self.device}
        return {arm.name: self.design.trial.with_settings(**arm.settings, **shared) for arm in self.design.arms}

    @cached_property
    def choices(self) -> Mapping[str, list[Choice]]:
        """What each arm may choose; a single choice where nothing is tuned."""
        return {arm: choices(call) for arm, call in self.stated.items()}

    @cached_property
    def calls(self) -> Mapping[str, Spec]:
        """What each arm runs, by the arm's name; until it is tuned, its first choice stands for the one to come."""
        return {arm: self.chosen.get(arm, tried[0].call) for arm, tried in self.choices.items()}

    def frozen(self) -> dict[str, Any]:
        """Everything that decides the answer, as plain values: what the digest is taken of."""
        return {
            "study": self.study.slug,
            "question": self.study.question.en,
            "claim": self.study.claim.en,
            "scale": self.scale,
            "seeds": list(self.seeds),
            "arms": {name: repr(call) for name, call in self.stated.items()},
            "measures": [measure.name for measure in (*self.design.measures, *self.design.mechanism)],
            "verdict": repr(self.design.verdict),
            "tuning": repr(self.design.tuning),
        }

    @cached_property
    def digest(self) -> str:
        """64 hexadecimal digits over all that was stated before the first trial."""
        return hashlib.sha256(repr(sorted(self.frozen().items())).encode()).hexdigest()
