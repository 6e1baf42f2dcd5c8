"""The trial of data of one's own: a family chooses among its settings on validation rows, then is judged once."""

import functools
import math
import pickle
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from zhixing.core import Seeds, Series, Spec, Watch, spec
from zhixing.data import Own, at_random
from zhixing.models import Preparation
from zhixing.train.choosing import PARTS, chosen, tries, validation_parts
from zhixing.train.keeping import CANDIDATE, keep, settled
from zhixing.train.learner import Learner, Lesson, clock, numbers

FOR_TABLES = spec(Preparation)
SMALL = 100_000
"""Cells of rows that, once prepared, are remembered: for as few of them preparing costs more than learning."""


class OfAnswers(Protocol):
    """A measure of answers (n, classes) or (n,) against targets (n,)."""

    @property
    def name(self) -> str: ...

    def __call__(self, answers: np.ndarray, targets: np.ndarray, /) -> float | Series: ...


class OfEffort(Protocol):
    """A measure of what the trial took: "validation", "seconds", "microseconds" and "bytes"."""

    @property
    def name(self) -> str: ...

    def __call__(self, effort: Mapping[str, float], /) -> float | Series: ...


def tuned(
    seeds: Seeds,
    watch: Watch,
    *,
    data: Spec,
    candidates: tuple[Spec, ...],
    measures: tuple[OfAnswers, ...],
    preparation: Spec = FOR_TABLES,
    efforts: tuple[OfEffort, ...] = (),
    held_out: float = 0.25,
    validation: float = 0.25,
    most: int | None = None,
    parts: int = PARTS,
) -> dict[str, float | Series]:
    """Fits the best of `candidates` to the training rows of data of one's own, and returns every measure of its answers.

    The share `held_out` of the rows, others for each seed, judges and chooses nothing. Of the rest the share
    `validation` chooses the candidate with the lowest first measure, in up to `parts` parts where one holds few rows; it
    is then fitted again to all of them, or to `most` where they are more. Preparation learns from the rows that the fit sees.
    The streams of randomness are "split", "validation", "examples" and "model". A stopped trial goes on with the
    candidate that it had not finished.
    """
    found = fitted_and_judged(
        seeds, watch, data.build(), candidates, measures, preparation, held_out, validation, most, parts
    )
    return found.measured(measures, efforts)


def kept(seeds: Seeds, watch: Watch, *, trial: Spec) -> dict[str, float | Series]:
    """Performs a trial `spec(tuned, ...)`, and keeps what was fitted, its answers to the judging rows, and which those are.

    Files: learner.skops, and card.json with what the data set says of itself and the candidate that was chosen; arrays:
    "judged" and "answers"; of classes also "validation_targets" and "validation_answers", of the chosen candidate before
    it was fitted to these rows too.
    """
    settings = settled(trial)
    efforts, own = settings.pop("efforts"), settings.pop("data").build()
    if len(settings["candidates"]) == 1:  # nothing to choose: one part serves those who decide by the answers
        settings["parts"] = 1
    found = fitted_and_judged(seeds, watch, own, **settings)
    candidate = settings["candidates"][found.chosen]
    keep(watch, found.learner, {**own.card, CANDIDATE: repr(candidate)})
    watch.array("judged", found.rows)
    if found.answers.dtype != object:
        watch.array("answers", np.ascontiguousarray(found.answers))
    if found.learner.known is not None:
        learned, checked = found.divided
        answers = found.before
        if answers is None:
            lesson = _lesson(own, settings["preparation"], learned)
            answers = lesson.learner(candidate, seeds.numpy("model")).answers(own.take(checked))
        watch.array("validation_targets", own.targets[checked])
        watch.array("validation_answers", np.ascontiguousarray(answers))
    return found.measured(settings["measures"], efforts)


@dataclass(frozen=True)
class Judged:
    """The chosen candidate, fitted to all that is known, and what it says of the rows that judge."""

    learner: Learner
    rows: np.ndarray
    answers: np.ndarray
    targets: np.ndarray
    effort: Mapping[str, float]
    chosen: int
    """The place of the candidate."""
    divided: tuple[np.ndarray, np.ndarray]
    """The rows that the candidates learned from while they were chosen, and those that chose: the first part."""
    before: np.ndarray | None
    """What it said of those that chose, before it was fitted to them too; None where that was before a stop."""

    def measured(self, measures: Sequence[OfAnswers], efforts: Sequence[OfEffort]) -> dict[str, float | Series]:
        found = {measure.name: measure(self.answers, self.targets) for measure in measures}
        return {**found, **{measure.name: measure(self.effort) for measure in efforts}}


def fitted_and_judged(
    seeds: Seeds,
    watch: Watch,
    own: Own,
    candidates: Sequence[Spec],
    measures: Sequence[OfAnswers],
    preparation: Spec,
    held_out: float,
    validation: float,
    most: int | None,
    parts: int,
) -> Judged:
    """Chooses and fits as `tuned` says, whose arguments these are, and answers for the rows that judge."""
    known, judged = own.split(np.arange(len(own)), held_out, seeds.numpy("split"))
    if most is not None and most < len(known):
        kinds = own.targets if own.classes and own.targets.dtype.kind in "iu" and own.targets.ndim == 1 else None
        _, known = at_random(known, most / len(known), seeds.numpy("examples"), kinds)
    divisions = validation_parts(own, known, validation, seeds.numpy("validation"), most=parts)
    steps = tries(len(candidates), len(divisions)) + 1
    measured: list[float] = list((watch.resume() or {"errors": []})["errors"])
    before: dict[int, np.ndarray] = {}

    @functools.lru_cache(maxsize=1)
    def trial(part: int) -> tuple[Lesson, Any]:
        learned, checked = divisions[part]
        taught = _lesson(own, preparation, learned)
        return taught, numbers(taught.preparation, own.take(checked))

    def error(part: int, place: int) -> float:
        (taught, asked), targets = trial(part), own.targets[divisions[part][1]]
        answers = taught.learner(candidates[place], seeds.numpy("model")).from_numbers(asked)
        if part == 0:
            before[place] = answers[: len(targets)]
        found = measures[0](answers[: len(targets)], targets)
        return float("inf") if isinstance(found, Series) else found

    def measured_one() -> None:
        watch.step(len(measured), steps, lambda: {"errors": measured})

    counts = len(candidates), len(divisions)
    best, score = chosen(error, *counts, amounts=not own.classes, measured=measured, after_each=measured_one)
    final, began = _lesson(own, preparation, known), time.process_time()
    learner = final.learner(candidates[best], seeds.numpy("model"))
    fitted, asked = time.process_time(), own.take(judged)
    answering = clock(learner.preparation)
    answers = learner.answers(asked)
    effort = {
        "validation": score,
        "seconds": final.seconds + fitted - began,
        "microseconds": 1e6 * (clock(learner.preparation) - answering) / len(judged),
        "bytes": float(len(pickle.dumps((learner.preparation, learner.estimator)))),
    }
    watch.step(steps, steps, lambda: {"errors": measured})
    return Judged(learner, judged, answers, own.targets[judged], effort, best, divisions[0], before.get(best))


def _lesson(own: Own, preparation: Spec, rows: np.ndarray) -> Lesson:
    """Remembered where it is small: families that are prepared alike learn from the same rows, trial after trial."""
    if len(rows) * getattr(own.take(rows[:1]), "size", math.inf) <= SMALL:
        return _remembered(own, preparation, rows.tobytes())  # type: ignore[arg-type] # hashed as the one that it is
    return Lesson(preparation, own.take(rows), own.targets[rows], own.classes)


@functools.lru_cache(maxsize=40)
def _remembered(own: Own, preparation: Spec, rows: bytes) -> Lesson:
    places = np.frombuffer(rows, dtype=np.intp)
    return Lesson(preparation, own.take(places), own.targets[places], own.classes)
