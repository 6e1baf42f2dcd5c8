"""The trial of clusterings: the number of groups is chosen on validation rows, then judged by rows that chose nothing.

Without a target what can be judged is whether groups come again: two halves of the rows teach a clustering each, and both
place the same further rows (Ben-Hur et al. 2002; Lange et al. 2004). One heap cut in two may come again nearly as steadily,
so the same is done with rows of one heap, for measures to compare.
"""

import pickle
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from zhixing.core import Seeds, Series, Spec, Watch
from zhixing.data import OwnUnlabelled, at_random, one_heap
from zhixing.train.keeping import keep, settled
from zhixing.train.learner import Learner
from zhixing.train.tuned import FOR_TABLES, OfEffort

PAIRS = 5
"""Pairs of halves, and heaps, of which each candidate makes groups."""


class OfGroups(Protocol):
    """A measure of a clustering: "rows" (n, columns) that it placed and their "groups" (n,), the "known" groups or None,
    and in "pairs" and "pairs_of_heap" what two halves each made of the same rows: (groups, groups)."""

    @property
    def name(self) -> str: ...

    def __call__(self, found: Mapping[str, Any], /) -> float | Series: ...


def clustered(
    seeds: Seeds,
    watch: Watch,
    *,
    data: Spec,
    candidates: tuple[Spec, ...],
    chosen_by: OfGroups,
    measures: tuple[OfGroups, ...],
    preparation: Spec = FOR_TABLES,
    efforts: tuple[OfEffort, ...] = (),
    held_out: float = 0.25,
    validation: float = 0.25,
    most: int | None = None,
    heaps: int = 0,
) -> dict[str, float | Series]:
    """Chooses the candidate with the lowest `chosen_by` on validation rows, and returns every measure on held-out rows.

    Rows are divided as by `tuned`, with the same streams of randomness, and "halves", "heaps" and "model". Known groups
    choose nothing. Where `heaps` are asked for, not the table is judged but so many heaps like it, and that with the
    lowest first measure counts: what the table would give if it held no clusters.
    """
    found, _ = _chosen(
        seeds, watch, data, candidates, chosen_by, measures[0], preparation, held_out, validation, most, heaps
    )
    return {measure.name: measure(found) for measure in (*measures, *efforts)}


def kept_groups(seeds: Seeds, watch: Watch, *, trial: Spec) -> dict[str, float | Series]:
    """Performs a trial `spec(clustered, ...)`, and keeps the clustering that was fitted to all but the rows that judge.

    Files: learner.skops, and card.json with what the data set says of itself.
    """
    settings = settled(trial)
    efforts, measures = settings.pop("efforts"), settings.pop("measures")
    found, prepared = _chosen(seeds, watch, ranks=measures[0], **settings)
    keep(watch, Learner(prepared, found["estimator"], (), None), settings["data"].build().card)
    return {measure.name: measure(found) for measure in (*measures, *efforts)}


def _chosen(
    seeds: Seeds,
    watch: Watch,
    data: Spec,
    candidates: Sequence[Spec],
    chosen_by: OfGroups,
    ranks: OfGroups,
    preparation: Spec,
    held_out: float,
    validation: float,
    most: int | None,
    heaps: int,
) -> tuple[dict[str, Any], Any]:
    """What the chosen candidate found among the rows that judge, and the fitted preparation."""
    own: OwnUnlabelled = data.build()
    known, judged = own.split(np.arange(len(own)), held_out, seeds.numpy("split"))
    if most is not None and most < len(known):
        _, known = at_random(known, most / len(known), seeds.numpy("examples"))
    learned, checked = own.split(known, validation, seeds.numpy("validation"))
    order, ends = np.concatenate([learned, checked, judged]), (len(learned), len(known))
    prepared = preparation.build().fit(own.take(known))
    table = prepared.transform(own.take(order))
    groups = own.targets[order] if own.known is not None and not heaps else None
    generator, free = seeds.numpy("heaps"), dict.fromkeys(("seconds", "microseconds", "bytes"), 0.0) if heaps else {}
    tables = [one_heap(table[: ends[1]], len(table), generator) for _ in range(heaps)] or [table]
    scores: list[tuple[float, float]] = list((watch.resume() or {"scores": []})["scores"])
    steps, ended = len(tables) * (len(candidates) + 1), []
    for place, rows in enumerate(tables):
        first, trial = place * len(candidates), _Table(rows[: ends[1]], groups, ends[0], seeds)
        for candidate in candidates[max(0, len(scores) - first) :]:
            found = trial.found(candidate)
            scores.append((_number(chosen_by(found)), _number(ranks(found))))
            watch.step(len(scores) + place, steps, lambda: {"scores": scores})
        own_scores = scores[first : first + len(candidates)]
        best = int(np.argmin([score for score, _ in own_scores]))
        judge = _Table(rows, groups, ends[1], seeds)
        ended.append({**judge.found(candidates[best]), "validation": own_scores[best][1], **free})
        watch.step(len(scores) + place + 1, steps, lambda: {"scores": scores})
    found = min(ended, key=lambda each: _number(ranks(each)))
    found.setdefault("bytes", float(len(pickle.dumps((prepared, found["estimator"])))))
    return found, prepared


class _Table:
    """Rows of which the first `end` teach, and the same halves of them and the same heaps for every candidate."""

    def __init__(self, rows: np.ndarray, groups: np.ndarray | None, end: int, seeds: Seeds):
        generator = seeds.numpy("halves")
        self.rows, self.end, self.seeds = rows, end, seeds
        self.known = None if groups is None else groups[end : len(rows)]
        self.halves = [np.array_split(generator.permutation(end), 2) for _ in range(PAIRS)]
        self.heaps = [one_heap(rows[:end], len(rows), generator) for _ in range(PAIRS)]

    def found(self, candidate: Spec) -> dict[str, Any]:
        """What the candidate makes of the rows after the first ones."""
        generator = self.seeds.numpy("model")
        asked = self.rows[self.end :]
        began = time.process_time()
        estimator = candidate.build(generator=generator).fit(self.rows[: self.end])
        fitted = time.process_time()
        placed = estimator.predict(asked)
        answered = time.process_time()
        pairs, of_heaps = (
            [self._pair(candidate, rows, halves, generator) for rows, halves in zip(tables, self.halves, strict=True)]
            for tables in ([self.rows] * PAIRS, self.heaps)
        )
        return {
            "estimator": estimator,
            "rows": asked,
            "groups": placed,
            "known": self.known,
            "pairs": pairs,
            "pairs_of_heap": of_heaps,
            "seconds": fitted - began,
            "microseconds": 1e6 * (answered - fitted) / len(asked),
        }

    def _pair(
        self, candidate: Spec, rows: np.ndarray, halves: Sequence[np.ndarray], generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        asked = rows[self.end :]
        one, other = (candidate.build(generator=generator).fit(rows[half]).predict(asked) for half in halves)
        return one, other


def _number(score: float | Series) -> float:
    return float("inf") if isinstance(score, Series) or np.isnan(score) else score
