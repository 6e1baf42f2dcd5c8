"""A worker: takes one trial at a time from its parent, performs it, and says what came of it."""

import importlib
import os
import signal
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import filelock

from zhixing.core import Seeds, StoreError, Text
from zhixing.core.code import code_digest
from zhixing.core.machine import describe, peak_bytes
from zhixing.core.store import Result, RunStore, read_result
from zhixing.study.desk import Cancelled, Desk, Sampled, Tell
from zhixing.study.trial import Trial


@dataclass(frozen=True)
class Progress:
    """Steps done of all, and the last row that the trial recorded."""

    done: int
    total: int
    row: Mapping[str, float]


@dataclass(frozen=True)
class Finished:
    """The trial has a result; `was_damaged` when an unreadable checkpoint made it begin again."""

    result: Result
    was_damaged: bool = False


@dataclass(frozen=True)
class Timed:
    """The trial was cut short after enough steps to price it; it goes on from there when it is next run."""

    seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class Busy:
    """Somebody else works at this trial."""


@dataclass(frozen=True)
class Stopped:
    """The trial was cancelled at the parent's wish; its checkpoint is kept."""


@dataclass(frozen=True)
class Refused:
    """The run store could not be written, or the code changed since the study was planned."""

    message: Text


Report = Progress | Finished | Timed | Busy | Stopped | Refused
Outcome = Finished | Timed | Busy | Stopped | Refused

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def perform(trial: Trial, store: RunStore, tell: Tell, sample: float | None = None) -> Outcome:
    """Runs the trial at its desk; every way in which it can end is an outcome, but for a bug of the engine."""
    lock = filelock.FileLock(store.lock(trial.digest))
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return Busy()
    try:
        if store.folder(trial.digest).exists():
            return Finished(read_result(store.folder(trial.digest)))
        if code_digest(trial.call) != trial.code:
            return Refused(
                Text(
                    en="the code changed while the study ran; ask again to run it with the new code",
                    zh="研究运行期间代码有改动；请重新提问，以新代码运行",
                )
            )
        desk = Desk(store, trial, tell, sample)
        try:
            measures = trial.call.build(Seeds(trial.seed), desk)
        except Cancelled:
            return Stopped()
        except Sampled as timed:
            return Timed(timed.seconds, peak_bytes())
        except (StoreError, MemoryError):
            raise
        except Exception:
            return Finished(desk.fail(traceback.format_exc(), describe()), desk.was_damaged)
        return Finished(desk.finish(measures, describe()), desk.was_damaged)
    except StoreError as error:
        return Refused(error.message)
    finally:
        lock.release()


def serve(jobs: Connection, reports: Connection, lifeline: Connection, home: Path) -> None:
    """The main function of a worker process: performs jobs until the parent closes the pipe or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with, args=(lifeline,), daemon=True).start()
    store = RunStore(home)
    importlib.import_module("torch")  # nearly every trial needs it: load it while the parent still plans

    def tell(done: int, total: int, row: Mapping[str, float]) -> bool:
        reports.send(Progress(done, total, row))
        return not jobs.poll()  # whatever comes while a trial runs means stop

    while True:
        try:
            job: tuple[Trial, float | None] | None = jobs.recv()
        except EOFError:
            return
        if job is None:
            continue
        trial, sample = job
        reports.send(perform(trial, store, tell, sample))


def _die_with(lifeline: Connection) -> None:
    """Ends this process at once when the parent is gone, even in the middle of a long computation."""
    try:
        lifeline.recv()
    except EOFError:
        os._exit(1)
