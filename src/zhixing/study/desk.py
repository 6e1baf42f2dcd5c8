"""Where a trial works: it keeps rows and checkpoints, reports progress, and becomes the result by one rename."""

import statistics
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from zhixing.core import Measures, State
from zhixing.core.files import read_state, write_state, write_table, write_whole, writing
from zhixing.core.machine import peak_bytes
from zhixing.core.store import Result, RunStore, write_result
from zhixing.study.trial import Trial

CHECKPOINT_SECONDS = 5.0
TELL_SECONDS = 0.2

Tell = Callable[[int, int, Mapping[str, float]], bool]
"""Hears of steps done, steps in all and the last row; returns False to cancel the trial."""


class Cancelled(Exception):
    """The parent asked the trial to stop; its checkpoint is saved."""


class Sampled(Exception):
    """Enough steps were timed to price the trial; its checkpoint is saved."""

    def __init__(self, seconds: float):
        super().__init__(seconds)
        self.seconds = seconds
        """Predicted seconds of the whole trial."""


class Desk:
    """The watch of one trial, over the folder `desks/DIGEST` of the run store.

    `tell` is called a few times a second. With `sample`
    seconds, the trial is cut short by Sampled once so much time has gone into steps; the steps are not lost.
    """

    def __init__(
        self,
        store: RunStore,
        trial: Trial,
        tell: Tell,
        sample: float | None = None,
    ):
        self._store, self._trial, self._tell, self._sample = store, trial, tell, sample
        self._folder = store.desk(trial.digest)
        self._rows: list[dict[str, float]] = []
        self._arrays: dict[str, np.ndarray] = {}
        self._files: dict[str, bytes] = {}
        self._weights: Mapping[str, Any] | None = None
        self._spent_before = 0.0
        self._started = self._told = self._saved = time.monotonic()
        self._steps: list[float] = []
        self.was_damaged = False
        """True when there was a checkpoint that could not be read, so that the trial began again."""

    # What the trial calls -------------------------------------------------------------------------------

    def resume(self) -> State | None:
        path = self._checkpoint
        kept = read_state(path)
        self.was_damaged = kept is None and path.exists()
        if kept is None:
            return None
        self._rows = kept["rows"]
        self._spent_before = kept["seconds"]
        state: State = kept["state"]
        return state

    def step(self, done: int, total: int, state: Callable[[], State]) -> None:
        now = time.monotonic()
        self._steps.append(now)
        if now - self._saved >= CHECKPOINT_SECONDS and done < total:
            self._save(state())
        if now - self._told >= TELL_SECONDS:
            self._told = now
            if not self._tell(done, total, self._rows[-1] if self._rows else {}):
                self._save(state())
                raise Cancelled
        if self._sample and now - self._steps[0] >= self._sample and len(self._steps) > 4 and done < total:
            self._save(state())
            per_step = statistics.median(np.diff(self._steps))
            raise Sampled(self._steps[0] - self._started + float(per_step) * total)

    def row(self, **values: float) -> None:
        self._rows.append(values)

    def array(self, name: str, values: np.ndarray) -> None:
        self._arrays[name] = values

    def file(self, name: str, content: bytes) -> None:
        self._files[name] = content

    def weights(self, tensors: Mapping[str, Any]) -> None:
        self._weights = tensors

    # What the worker calls ------------------------------------------------------------------------------

    def finish(self, measures: Measures, machine: Mapping[str, str]) -> Result:
        """Keeps a trial that ran to its end, by one rename, and returns its result."""
        self._write_files()
        return self._rename("done", measures, machine)

    def fail(self, error: str, machine: Mapping[str, str]) -> Result:
        """Keeps a trial that raised, with its error: a failure is a result as well."""
        return self._rename("failed", {}, machine, error)

    @property
    def _checkpoint(self) -> Path:
        return self._folder / "checkpoint.safetensors"

    @property
    def _seconds(self) -> float:
        return self._spent_before + time.monotonic() - self._started

    def _save(self, state: State) -> None:
        with writing(self._store.home):
            self._folder.mkdir(exist_ok=True)
            write_state(self._checkpoint, {"state": state, "rows": self._rows, "seconds": self._seconds})
        self._saved = time.monotonic()

    def _write_files(self) -> None:
        with writing(self._store.home):
            self._folder.mkdir(exist_ok=True)
            if self._rows:
                write_table(self._folder / "rows.parquet", self._rows)
            for name, content in self._files.items():
                write_whole(self._folder / name, content)
            if self._arrays:
                import safetensors.numpy

                write_whole(self._folder / "arrays.safetensors", safetensors.numpy.save(self._arrays))
            if self._weights is not None:
                import safetensors.torch

                tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in self._weights.items()}
                write_whole(self._folder / "weights.safetensors", safetensors.torch.save(tensors))

    def _rename(self, status: str, measures: Measures, machine: Mapping[str, str], error: str | None = None) -> Result:
        trial = self._trial
        result = Result(
            digest=trial.digest,
            study=trial.study,
            scale=trial.scale,
            arm=trial.arm,
            seed=trial.seed,
            status=status,
            measures=measures,
            seconds=self._seconds,
            peak_bytes=peak_bytes(),
            finished=datetime.now(UTC).isoformat(timespec="microseconds"),
            call=repr(trial.call),
            call_digest=trial.call.digest,
            data=trial.data,
            code=trial.code,
            machine=machine,
            error=error,
        )
        with writing(self._store.home):
            self._folder.mkdir(exist_ok=True)
            write_result(self._folder, result)
            self._checkpoint.unlink(missing_ok=True)
            self._folder.rename(self._store.folder(trial.digest))
        return result
