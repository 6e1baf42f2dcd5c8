"""What enters a contest: families, each with the same number of settings to choose from, and what decides between them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from zhixing import evaluate, models, train
from zhixing.comparison.ranking import sentence
from zhixing.core import Spec, Text, spec
from zhixing.evaluate.measure import Measure
from zhixing.study import Scale
from zhixing.study.answer import ClaimResult

RARE = 0.2
"""Where the rarest class has a smaller share than this of an even one's, classes are weighed equally."""
CHOICES = 4
"""Settings that every family may choose from, but one that asks all of its own together at `full`; tests count them."""
BATCH = 64
"""Rows, pictures, sounds or texts of a step of a network."""
STEPS: dict[Scale, int] = {"smoke": 60, "quick": 600, "full": 600}
"""Of an MLP or an autoencoder."""


TABLE = spec(models.Preparation)
ROWS = Text("rows", "行")


def tuned(scale: Scale) -> Spec:
    """The trial that chooses on validation rows: at `smoke` on a single part of them."""
    return spec(train.tuned, parts=1) if scale == "smoke" else spec(train.tuned)


@dataclass(frozen=True)
class Family:
    """One way of learning: a preparation of the raw features, and estimators to choose from."""

    name: str
    label: Text
    candidates: Callable[[], tuple[Spec, ...]]
    preparation: Spec = TABLE
    most: int | None = None
    """The most rows that it learns from, where its work grows faster than they do; None for all."""
    at: Callable[[Scale], tuple[Spec, ...]] | None = None
    """The candidates at each scale, for a family that learns the longer the better; None where `candidates` serve all."""

    thorough: Spec | None = None
    """The preparation at `full`, where it is another than at the smaller scales."""

    besides: Mapping[str, Any] = field(default_factory=dict)
    """What the task's trial is told besides, of a family that only stands for comparison and cannot be trained."""

    def settings(self, scale: Scale) -> tuple[Spec, ...]:
        """What it chooses from at this scale; a model that is to be kept chooses as at `full`."""
        return self.candidates() if self.at is None else self.at(scale)

    def prepared(self, scale: Scale) -> Spec:
        """How raw features become numbers at this scale."""
        return self.thorough if self.thorough is not None and scale == "full" else self.preparation


@dataclass(frozen=True)
class Task:
    """A contest on one kind of data: who enters, what ranks them, and the words for it."""

    question: Text
    families: Sequence[Family]
    measures: Sequence[Measure]
    """The first ranks the families, and chooses their settings; the lower the better."""
    prepared: Text
    """How the raw features become numbers, in one sentence."""
    items: Text = ROWS
    """What the data set counts, such as rows or pictures."""
    of_lists: Sequence[Measure] = ()
    """Measures that the trial takes besides, of lists of items."""
    mechanism: Sequence[Measure] = ()
    least: float = 0.0
    """The least difference that counts as ahead."""
    most: Mapping[Scale, int | None] = field(default_factory=lambda: {"smoke": 500, "quick": 10_000, "full": None})
    """The most items that any family learns from, by scale."""
    trial: Callable[[Scale], Spec] = tuned
    """What chooses a family's settings and judges it; the contest adds the data, what enters and what is measured."""
    keeping: Callable[..., Any] = train.kept
    """What performs such a trial and keeps what it fitted."""
    tell: Callable[[Sequence[ClaimResult], Mapping[str, Text]], Text] = sentence
    """What was found, in one sentence, of the claims and the families' labels."""


def choices(function: Callable[..., object], **settings: Sequence[float | int]) -> Callable[[], tuple[Spec, ...]]:
    """Every combination of the settings."""

    def candidates() -> tuple[Spec, ...]:
        named = [dict(zip(settings, values, strict=True)) for values in product(*settings.values())]
        return tuple(spec(function, **chosen) for chosen in named)

    return candidates


def by_scale(name: str, label: Text, settings: Callable[[Scale], tuple[Spec, ...]], **others: Any) -> Family:
    """A family that learns the longer the greater the scale; `quick` is for those who name none."""
    return Family(name, label, partial(settings, "quick"), at=settings, **others)


def networks(estimator: Callable[..., object], scale: Scale) -> tuple[Spec, ...]:
    """An MLP by each of the `recipes`."""
    model = spec(models.MLP, widths=(64, 64), dropout=0.1)
    return tuple(spec(estimator, model=model, recipe=recipe) for recipe in recipes(scale))


def steps_for(items: int, *, rounds: int, least: int, most: int) -> int:
    """Steps in which a network sees each item so many times, within the bounds: few items are soon known by heart."""
    return min(most, max(least, rounds * items // BATCH))


def measures_of_classes(targets: np.ndarray) -> tuple[Measure, ...]:
    """The measure that ranks answers about these classes (n,), and the others."""
    shares = np.bincount(targets) * (targets.max() + 1) / len(targets)
    if shares.min() < RARE:
        return evaluate.balanced_error, evaluate.error, evaluate.log_loss
    return evaluate.error, evaluate.balanced_error, evaluate.log_loss


def least_of_classes(targets: np.ndarray) -> float:
    """Half of what one row of one class can change, in percentage points, so that equally good is not ahead."""
    return 50 / (int(targets.max()) + 1) / len(targets)


def recipes(scale: Scale) -> tuple[Spec, ...]:
    """Two rates and two sizes of weight decay."""
    return tuple(
        spec(
            train.Recipe,
            optimiser=spec(train.adamw, lr=rate, weight_decay=decay),
            schedule=spec(train.cosine, warm_up=0.1),
            steps=STEPS[scale],
            batch=BATCH,
        )
        for rate, decay in product((0.001, 0.005), (0.01, 1.0))
    )
