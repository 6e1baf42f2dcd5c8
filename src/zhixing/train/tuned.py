"""The trial of a table of one's own: a family chooses among its settings on validation rows, then is judged once."""

import pickle
import time
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from zhixing.core import Seeds, Series, Spec, Watch
from zhixing.data import OwnTable
from zhixing.models import Preparation


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
    efforts: tuple[OfEffort, ...] = (),
    held_out: float = 0.25,
    validation: float = 0.25,
    most: int | None = None,
) -> dict[str, float | Series]:
    """Fits the best of `candidates` to the training rows of an OwnTable, and returns every measure of its answers.

    The share `held_out` of the rows, others for each seed, judges and chooses nothing. Of the rest the share
    `validation` chooses the candidate with the lowest first measure; it is then fitted again to all of them, or to
    `most` where they are more. Preparation learns from the rows that the fit sees. The streams of randomness are
    "split", "validation", "examples" and "model". A stopped trial goes on with the candidate that it had not finished.
    """
    table: OwnTable = data.build()
    known, judged = table.split(np.arange(len(table)), held_out, seeds.numpy("split"))
    if most is not None and most < len(known):
        _, known = table.split(known, most / len(known), seeds.numpy("examples"))
    learned, checked = table.split(known, validation, seeds.numpy("validation"))
    steps, state = len(candidates) + 1, watch.resume() or {"scores": []}
    scores: list[float] = list(state["scores"])
    if len(scores) < len(candidates):
        tried = _Prepared(table, learned)
        for candidate in candidates[len(scores) :]:
            answers, _ = tried.answers(candidate, seeds, checked)
            score = measures[0](answers, table.targets[checked])
            scores.append(float("inf") if isinstance(score, Series) or np.isnan(score) else score)
            watch.step(len(scores), steps, lambda: {"scores": scores})
    best = int(np.argmin(scores))
    answers, effort = _Prepared(table, known).answers(candidates[best], seeds, judged)
    effort["validation"] = scores[best]
    watch.step(steps, steps, lambda: {"scores": scores})
    found = {measure.name: measure(answers, table.targets[judged]) for measure in measures}
    return {**found, **{measure.name: measure(effort) for measure in efforts}}


class _Prepared:
    """Training rows of a table as numbers, for any number of candidates."""

    def __init__(self, table: OwnTable, known: np.ndarray):
        began = time.process_time()
        self.table, self.targets = table, table.targets[known]
        self.preparation = Preparation().fit(table.features.iloc[known])
        self.inputs = self.preparation.transform(table.features.iloc[known])
        self.centre, self.scale = 0.0, 1.0
        if not table.classes:
            self.centre, self.scale = float(self.targets.mean()), float(self.targets.std()) or 1.0
            self.targets = (self.targets - self.centre) / self.scale
        self.seconds = time.process_time() - began

    def answers(self, candidate: Spec, seeds: Seeds, asked: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
        """What the candidate, fitted to the training rows, says of the rows `asked`, and what that took."""
        began = time.process_time()
        estimator: Any = candidate.build(generator=seeds.numpy("model"))
        estimator.fit(self.inputs, self.targets)
        fitted = time.process_time()
        rows = self.preparation.transform(self.table.features.iloc[asked])
        if self.table.classes:
            answers = np.zeros((len(asked), len(self.table.classes)))
            answers[:, np.unique(self.targets)] = estimator.predict_proba(rows)
        else:
            answers = self.centre + self.scale * estimator.predict(rows)
        effort = {
            "seconds": self.seconds + fitted - began,
            "microseconds": 1e6 * (time.process_time() - fitted) / len(asked),
            "bytes": float(len(pickle.dumps((self.preparation, estimator)))),
        }
        return answers, effort
