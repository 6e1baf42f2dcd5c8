"""Runners take trials and give outcomes: in this process, or in worker processes with one thread each."""

import importlib
import multiprocessing
import os
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import Protocol

from zhixing.core import StoreError, Text
from zhixing.core.code import code_parts
from zhixing.core.store import Result, RunStore
from zhixing.study.desk import Tell
from zhixing.study.events import Listen, Moved, Warned
from zhixing.study.trial import Trial
from zhixing.study.worker import ONE_THREAD, Busy, Finished, Outcome, Progress, Refused, Report, Timed, perform, serve

ATTEMPTS = 2
"""A worker that dies or hangs is given its trial once more; after that the trial counts as failed."""

Given = tuple[Trial, Finished | Timed]


class Runner(Protocol):
    """Runs trials in the order given, as far as it can, and yields each as it ends."""

    def run(
        self, trials: Sequence[Trial], listen: Listen, hang_seconds: float, sample: float | None = None
    ) -> Iterator[Given]: ...

    def close(self) -> None: ...


class InProcess:
    """Runs trials one after the other in this process, on one thread, as a worker would."""

    def __init__(self, store: RunStore):
        self._store = store

    def run(
        self, trials: Sequence[Trial], listen: Listen, hang_seconds: float, sample: float | None = None
    ) -> Iterator[Given]:
        for trial in trials:

            def tell(done: int, total: int, row: Mapping[str, float], trial: Trial = trial) -> bool:
                listen(Moved(trial.arm, trial.seed, done, total, row))
                return True

            while isinstance(outcome := self._perform(trial, tell, sample), Busy):
                time.sleep(0.2)
            yield trial, _given(trial, outcome, listen)

    def close(self) -> None:
        """Nothing to close."""

    def _perform(self, trial: Trial, tell: Tell, sample: float | None) -> Outcome:
        loaded = [name for name in ("torch", "sklearn") if name in code_parts([trial.call])]
        if not loaded:
            return perform(trial, self._store, tell, sample)  # loading them would take longer than many a trial
        for name in loaded:
            importlib.import_module(name)  # a limit holds for the libraries that are there

        import threadpoolctl

        with threadpoolctl.threadpool_limits(1):
            return perform(trial, self._store, tell, sample)


class Workers:
    """`count` processes with one thread each; one that is silent and idle for `hang_seconds` is taken for hung."""

    def __init__(self, store: RunStore, count: int):
        self._store = store
        self._hired = [_Worker(store) for _ in range(count)]

    def run(
        self, trials: Sequence[Trial], listen: Listen, hang_seconds: float, sample: float | None = None
    ) -> Iterator[Given]:
        waiting = deque(trials)
        attempts = dict.fromkeys((trial.digest for trial in trials), 0)
        while waiting or any(worker.trial for worker in self._hired):
            for worker in self._hired:
                if waiting and worker.trial is None and worker.rests_until <= time.monotonic():
                    trial = waiting.popleft()
                    attempts[trial.digest] += 1
                    worker.give(trial, sample)
            wait([handle for worker in self._hired for handle in worker.handles()], timeout=0.2)
            for place, worker in enumerate(self._hired):
                while (report := worker.report()) is not None:
                    trial = worker.trial_of(report)
                    if isinstance(report, Progress):
                        listen(Moved(trial.arm, trial.seed, report.done, report.total, report.row))
                    elif isinstance(report, Busy):
                        attempts[trial.digest] -= 1
                        worker.rests_until = time.monotonic() + 0.5
                        waiting.append(trial)
                    else:
                        yield trial, _given(trial, report, listen)
                if (reason := worker.lost(hang_seconds)) is not None:
                    lost, self._hired[place] = worker.trial, _Worker(self._store)
                    worker.kill()
                    if lost is None:
                        continue
                    if attempts[lost.digest] < ATTEMPTS:
                        listen(Warned(_died(lost, reason, again=True)))
                        waiting.appendleft(lost)
                    else:
                        listen(Warned(_died(lost, reason, again=False)))
                        yield lost, Finished(_failed(lost, reason))

    def close(self) -> None:
        """Asks every worker to keep its checkpoint and stop; ends those that do not within three seconds."""
        for worker in self._hired:
            worker.ask_to_stop()
        patience = time.monotonic() + 3.0
        for worker in self._hired:
            worker.leave(max(0.0, patience - time.monotonic()))


class _Worker:
    """One worker process and the pipes to it."""

    def __init__(self, store: RunStore):
        context = multiprocessing.get_context("spawn")
        jobs, self._jobs = context.Pipe(duplex=False)
        self._reports, reports = context.Pipe(duplex=False)
        lifeline, self._lifeline = context.Pipe(duplex=False)
        self.process = context.Process(target=serve, args=(jobs, reports, lifeline, store.home), daemon=True)
        with _environment(ONE_THREAD):
            self.process.start()
        for theirs in (jobs, reports, lifeline):
            theirs.close()
        self.trial: Trial | None = None
        self.rests_until = 0.0
        self._heard = time.monotonic()
        self._spent = 0.0
        self._is_gone = False

    def give(self, trial: Trial, sample: float | None) -> None:
        self.trial, self._heard = trial, time.monotonic()
        try:
            self._jobs.send((trial, sample))
        except OSError:
            self._is_gone = True

    def handles(self) -> "list[Connection[object, object] | int]":
        return [self.process.sentinel] if self._is_gone else [self._reports, self.process.sentinel]

    def report(self) -> Report | None:
        """The next thing it said, if it said anything."""
        try:
            if self._is_gone or not self._reports.poll():
                return None
            report: Report = self._reports.recv()
        except (EOFError, OSError):
            self._is_gone = True
            return None
        self._heard = time.monotonic()
        return report

    def trial_of(self, report: Report) -> Trial:
        """The trial that the report is about; any report but progress ends it."""
        trial = self.trial
        assert trial is not None
        if not isinstance(report, Progress):
            self.trial = None
        return trial

    def lost(self, hang_seconds: float) -> Text | None:
        """Why this worker is of no more use; None while it is."""
        if self._is_gone or not self.process.is_alive():
            self.process.join(1.0)
            code = self.process.exitcode
            return Text(f"its process ended with exit code {code}", f"其进程已退出，退出码 {code}")
        if self.trial is not None and time.monotonic() - self._heard > hang_seconds:
            if not self._works(hang_seconds / 100):
                return Text(f"it was silent for {hang_seconds:.0f} s", f"已 {hang_seconds:.0f} 秒没有动静")
            self._heard = time.monotonic()
        return None

    def _works(self, seconds: float) -> bool:
        """Whether it used a processor so long since this was asked last: a long fit says nothing until it ends."""
        import psutil

        try:
            spent = float(sum(psutil.Process(self.process.pid).cpu_times()[:2]))
        except psutil.NoSuchProcess:
            return False
        before, self._spent = self._spent, spent
        return spent - before >= seconds

    def ask_to_stop(self) -> None:
        try:
            self._jobs.send(None)
            self._jobs.close()
        except OSError:
            self._is_gone = True

    def leave(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while self.trial and self.process.is_alive() and time.monotonic() < deadline:
            self.report()  # so that a full pipe does not keep it from stopping
            self.process.join(0.02)
        self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        for pipe in (self._reports, self._lifeline, self._jobs):
            pipe.close()


def _given(trial: Trial, outcome: Outcome, listen: Listen) -> Finished | Timed:
    """The outcome, where it is one that a study can use; a refusal of the store becomes its error."""
    if isinstance(outcome, Refused):
        raise StoreError(outcome.message)
    if not isinstance(outcome, Finished | Timed):
        raise RuntimeError(f"{trial.arm} seed {trial.seed} ended as {outcome}, though nobody asked it to stop")
    if isinstance(outcome, Finished) and outcome.was_damaged:
        listen(
            Warned(
                Text(
                    en=f"the checkpoint of {trial.arm}, seed {trial.seed}, could not be read; the trial began again",
                    zh=f"{trial.arm}（种子 {trial.seed}）的检查点无法读取；该试验已从头重做",
                )
            )
        )
    return outcome


def _died(trial: Trial, reason: Text, *, again: bool) -> Text:
    then = Text("it is tried once more", "再试一次") if again else Text("it counts as failed", "记为失败")
    return Text(
        en="the worker of {arm}, seed {seed}, was lost ({reason}); {then}",
        zh="{arm}（种子 {seed}）的工作进程丢失（{reason}）；{then}",
    ).format(arm=trial.arm, seed=trial.seed, reason=reason, then=then)


def _failed(trial: Trial, reason: Text) -> Result:
    """A failure that is not kept: the machine's, not the trial's, so that asking again runs it again."""
    return Result(
        digest=trial.digest,
        study=trial.study,
        scale=trial.scale,
        arm=trial.arm,
        seed=trial.seed,
        status="failed",
        measures={},
        seconds=0.0,
        peak_bytes=0,
        finished="",
        call=repr(trial.call),
        call_digest=trial.call.digest,
        data=trial.data,
        code=trial.code,
        error=f"the worker was lost twice: {reason.en}",
    )


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for the processes started meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
