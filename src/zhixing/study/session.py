"""Trials in, results out: from the store where they are there, else run by a runner that starts when it is needed."""

import time
from collections.abc import Iterable, Sequence

from zhixing.core.machine import peak_bytes
from zhixing.core.store import Result, RunStore
from zhixing.study.events import Ended, Listen
from zhixing.study.price import Rate, longest_first, makespan
from zhixing.study.runner import Given, InProcess, Runner, Workers
from zhixing.study.trial import Trial
from zhixing.study.worker import Finished, Timed

SAMPLE_SECONDS = 0.8
HANG_SECONDS = 120.0
HANG_FACTOR = 20.0
"""A worker counts as hung after HANG_SECONDS of silence, or HANG_FACTOR predicted trials if that is longer."""


class Session:
    """The results of one asking, and what trials cost; `workers` processes, or this one when 0."""

    def __init__(self, store: RunStore, workers: int, listen: Listen):
        self.store, self.listen = store, listen
        self.results: dict[str, Result] = {}
        self.fresh: set[str] = set()
        """Digests of the results that were measured now, not found in the store."""
        self.costs: dict[str, Rate] = {}
        """What a trial of each arm costs."""
        self._workers = workers
        self._runner: Runner | None = None
        self._began = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the session began."""
        return time.monotonic() - self._began

    @property
    def peak_bytes(self) -> int:
        """Memory of this process and its workers together, at their largest, as far as trials have told."""
        fresh = [self.results[digest].peak_bytes for digest in self.fresh]
        return peak_bytes() + self._processes * max(fresh, default=0)

    @property
    def predicted_bytes(self) -> int:
        """Memory of this process and its workers together, before the trials are run."""
        return peak_bytes() + self._processes * max((rate.peak_bytes for rate in self.costs.values()), default=0)

    def start(self) -> None:
        """Starts the workers, which take seconds to load what trials need; otherwise the first trial starts them."""
        self._running()

    def look_up(self, trials: Iterable[Trial]) -> None:
        """Takes what the store has; a finished trial that its index missed is taken in."""
        for trial in trials:
            if trial.digest not in self.results and (result := self.store.result(trial.digest)):
                self.results[trial.digest] = result
                self.store.add(result)

    def missing(self, trials: Iterable[Trial]) -> list[Trial]:
        """The trials that have no result yet."""
        return [trial for trial in trials if trial.digest not in self.results]

    def measure_costs(self, trials: Sequence[Trial]) -> None:
        """Prices each arm: from earlier trials of the same call, else from the first steps of a trial to come."""
        unknown: dict[str, Trial] = {}
        for trial in self.missing(trials):
            if trial.arm in self.costs or trial.arm in unknown:
                continue
            if earlier := self.store.typical(trial.call.digest):
                self.costs[trial.arm] = Rate(*earlier)
            else:
                unknown[trial.arm] = trial
        if unknown:
            sampled = list(unknown.values())
            self._consume(self._running().run(sampled, self.listen, 5 * HANG_SECONDS, SAMPLE_SECONDS), sampled)

    def run(self, trials: Sequence[Trial]) -> None:
        """Runs those that are missing, the longest first."""
        if missing := self.missing(trials):
            slowest = max(self.costs[trial.arm].seconds for trial in missing)
            patience = max(HANG_SECONDS, HANG_FACTOR * slowest)
            self._consume(self._running().run(longest_first(missing, self.costs), self.listen, patience), missing)

    def seconds(self, trials: Iterable[Trial]) -> float:
        """Predicted seconds to run those of the trials that are missing."""
        return makespan(self.missing(trials), self.costs, self._processes)

    def close(self) -> None:
        """Stops the workers; trials at work keep their checkpoints."""
        if self._runner:
            self._runner.close()

    @property
    def _processes(self) -> int:
        return max(1, self._workers)

    def _running(self) -> Runner:
        if self._runner is None:
            self._runner = Workers(self.store, self._workers) if self._workers else InProcess(self.store)
        return self._runner

    def _consume(self, outcomes: Iterable[Given], trials: Sequence[Trial]) -> None:
        for trial, outcome in outcomes:
            if isinstance(outcome, Timed):
                self.costs[trial.arm] = Rate(outcome.seconds, outcome.peak_bytes)
            else:
                self._take(trial, outcome, trials)

    def _take(self, trial: Trial, finished: Finished, trials: Sequence[Trial]) -> None:
        result = finished.result
        self.results[trial.digest] = result
        self.fresh.add(trial.digest)
        self.costs.setdefault(trial.arm, Rate(result.seconds, result.peak_bytes))
        if result.finished:
            self.store.add(result)
        self.listen(Ended(result, seconds_left=self.seconds(trials), trials_left=len(self.missing(trials))))
