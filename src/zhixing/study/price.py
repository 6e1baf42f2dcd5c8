"""The price of trials: what each costs, in which order they are run, and when the last of them ends."""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from zhixing.study.trial import Trial


@dataclass(frozen=True)
class Rate:
    """What one trial of an arm costs, on one thread."""

    seconds: float
    peak_bytes: int


def longest_first(trials: Iterable[Trial], costs: Mapping[str, Rate]) -> list[Trial]:
    """The order that keeps all workers busy to the end."""
    return sorted(trials, key=lambda trial: -costs[trial.arm].seconds)


def makespan(trials: Iterable[Trial], costs: Mapping[str, Rate], workers: int) -> float:
    """Seconds until so many workers have run these trials, longest first; an arm of unknown cost counts nothing."""
    free = [0.0] * workers
    for trial in longest_first([trial for trial in trials if trial.arm in costs], costs):
        heapq.heapreplace(free, free[0] + costs[trial.arm].seconds)
    return max(free)
