"""Asking as a user does: answers, caching, resuming, trouble, budgets, refusals."""

import dataclasses
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import threadpoolctl

from toy import error, toy
from zhixing.core import BadSetting, Interrupted, Measures, Seeds, StoreError, UnknownName, Watch, spec
from zhixing.core.machine import peak_bytes
from zhixing.core.store import RunStore
from zhixing.study import Answer, Arm, Better, Design, Scale, Study
from zhixing.study.ask import ask
from zhixing.study.events import Ended, Event, Looked, Moved, Priced, Warned


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "home")


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which each trial notes the step from which it began, once for each beginning."""
    (tmp_path / "marks").mkdir()
    monkeypatch.setenv("TOY_MARKS", str(tmp_path / "marks"))
    return tmp_path / "marks"


def begun(marks: Path) -> dict[str, list[int]]:
    return {
        path.name: [int(line) for line in path.read_text().split()]
        for path in marks.iterdir()
        if path.suffix != ".died"
    }


def measured(answer: Answer) -> dict[tuple[str, int], Any]:
    return {(trial.arm, trial.seed): trial.measures for trial in answer.trials}


def statuses(answer: Answer) -> set[str]:
    return {trial.status for trial in answer.trials}


def inside(study: Study, store: RunStore, **options: Any) -> Answer:
    return ask(study, store=store, workers=0, **options)


def test_a_clear_effect_is_supported_at_the_earliest_look(store: RunStore) -> None:
    answer = inside(toy(), store)
    assert answer.verdict == "supported"
    assert len(answer.trials) == 12
    assert statuses(answer) == {"done"}
    (claim,) = answer.claims
    assert (claim.n, claim.verdict, claim.more_seeds) == (6, "supported", None)
    assert 5.0 < claim.low < claim.estimate < claim.high
    ups, downs = answer.values("up", "error"), answer.values("down", "error")
    assert claim.values == pytest.approx([up - down for up, down in zip(ups, downs, strict=True)], abs=1e-8)
    assert answer.report.exists()


def test_the_opposite_is_refuted(store: RunStore) -> None:
    assert inside(toy(gap=-1.0), store).verdict == "refuted"


def test_no_difference_goes_on_to_the_last_seed_and_cannot_be_told(store: RunStore) -> None:
    answer = inside(toy(gap=0.27, seeds=9), store)
    assert answer.verdict == "undecided"
    assert len(answer.trials) == 18


def test_several_claims_need_more_seeds(store: RunStore) -> None:
    answer = inside(toy(two_claims=True), store)
    assert answer.verdict == "supported"
    assert [claim.n for claim in answer.claims] == [7, 7]


def test_three_seeds_cannot_decide_and_the_notes_say_so(store: RunStore) -> None:
    answer = inside(toy(), store, seeds=3)
    assert answer.verdict == "undecided"
    assert any("3 seeds cannot decide" in note.en for note in answer.notes)


def test_asked_again_it_answers_from_the_store(store: RunStore) -> None:
    first = inside(toy(), store)
    again = inside(toy(), store)
    assert statuses(again) == {"cached"}
    assert measured(again) == measured(first)
    assert again.price.predicted_seconds < 1.0


def test_without_the_kept_answer_the_trials_are_still_cached(store: RunStore, marks: Path) -> None:
    first = inside(toy(), store)
    for key in (store.home / "answers").glob("*/key"):
        key.unlink()
    again = inside(toy(), store)
    assert statuses(again) == {"cached"}
    assert again.claims == first.claims
    assert all(starts == [0] for starts in begun(marks).values())


def test_more_seeds_run_only_the_new_ones_and_keep_the_verdict(store: RunStore, marks: Path) -> None:
    inside(toy(), store, seeds=3)
    answer = inside(toy(), store)
    assert {(t.seed, t.status) for t in answer.trials if t.arm == "up"} == {
        *((seed, "cached") for seed in range(3)),
        *((seed, "done") for seed in range(3, 6)),
    }
    assert all(len(starts) == 1 for starts in begun(marks).values())


def test_the_answer_does_not_depend_on_what_else_is_stored(store: RunStore, tmp_path: Path) -> None:
    inside(toy(), store, stop_early=False)
    full = inside(toy(), store)
    fresh = inside(toy(), RunStore(tmp_path / "other"))
    assert len(full.trials) == 12
    assert full.claims == fresh.claims
    assert full.digest == fresh.digest


def test_bands_run_every_seed(store: RunStore) -> None:
    assert len(inside(toy(), store, stop_early=False).trials) == 16


def test_changed_data_run_again(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    inside(toy(), store)
    assert statuses(inside(toy(version=2), store)) == {"done"}
    monkeypatch.setenv("TOY_DATA", "the same call reads another file")
    assert statuses(inside(toy(), store)) == {"done"}


def test_changed_code_runs_again(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    import toy as module

    inside(toy(), store)
    monkeypatch.setattr(module, "_misbehave", lambda *_: None)
    for key in (store.home / "answers").glob("*/key"):
        key.unlink()
    assert statuses(inside(toy(), store)) == {"done"}


def test_trials_that_measure_time_run_one_at_a_time(store: RunStore, marks: Path) -> None:
    at_once: set[str] = set()
    most = 0

    def listen(event: Event) -> None:
        nonlocal most
        if isinstance(event, Moved):
            at_once.add(f"{event.arm} {event.seed}")
        if isinstance(event, Ended):
            at_once.discard(f"{event.result.arm} {event.result.seed}")
        most = max(most, len(at_once))

    answer = ask(toy(alone=True, pause=0.03), store=store, workers=2, listen=listen)
    assert most == 1
    assert any("had the machine to themselves" in note.en for note in answer.notes)


def test_other_seeds_are_other_trials(store: RunStore) -> None:
    first, second = inside(toy(), store), inside(toy(), store, first_seed=100)
    assert {trial.seed for trial in second.trials} == set(range(100, 106))
    assert not set(map(str, first.values("up", "error"))) & set(map(str, second.values("up", "error")))


def test_workers_and_this_process_measure_the_same(store: RunStore, tmp_path: Path) -> None:
    one = ask(toy(), store=store, workers=2)
    other = inside(toy(), RunStore(tmp_path / "other"))
    assert measured(one) == measured(other)
    assert one.claims == other.claims


def test_the_study_is_frozen_before_the_first_trial(store: RunStore) -> None:
    seen: list[bool] = []

    def listen(event: Event) -> None:
        if isinstance(event, Ended) and not seen:
            seen.append(any((store.home / "plans").iterdir()))

    answer = inside(toy(), store, listen=listen)
    plan = json.loads((store.home / "plans" / f"{answer.digest}.json").read_text())
    assert seen == [True]
    assert plan["arms"]["up"] == answer.arms[0].spec
    assert "Better(arm='down'" in plan["verdict"]


def test_events_tell_price_progress_and_looks(store: RunStore) -> None:
    events: list[Event] = []
    inside(toy(pause=0.02), store, listen=events.append)
    kinds = [type(event) for event in events]
    assert kinds.index(Priced) < kinds.index(Looked)
    ended = [event for event in events if isinstance(event, Ended)]
    assert len(ended) == 12
    assert ended[-1].trials_left == 0
    assert ended[-1].seconds_left == 0.0


# Trouble --------------------------------------------------------------------------------------------------


def test_a_trial_that_raises_is_a_failure_that_counts_and_is_kept(store: RunStore, marks: Path) -> None:
    study = toy(trouble="raise 2")
    answer = inside(study, store)
    failed = [trial for trial in answer.trials if trial.status == "failed"]
    assert [(trial.arm, trial.seed) for trial in failed] == [("down", 2)]
    assert "the loss is a banana" in (failed[0].error or "")
    assert any("seed 2, failed and counts against every claim" in note.en for note in answer.notes)
    assert len(answer.trials) > 12  # one more seed, at least, makes up for the lost one
    again = inside(study, store)
    assert [trial.status for trial in again.trials].count("failed") == 1
    assert all(len(starts) == 1 for starts in begun(marks).values())


def test_a_worker_that_dies_once_is_retried_and_changes_nothing(store: RunStore, tmp_path: Path, marks: Path) -> None:
    warned: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Warned):
            warned.append(event.text.en)

    answer = ask(toy(trouble="die-once 1"), store=store, workers=2, listen=listen)
    assert measured(answer) == measured(inside(toy(), RunStore(tmp_path / "other")))
    assert len(warned) == 1
    assert "down, seed 1, was lost (its process ended with exit code 9); it is tried once more" in warned[0]


def test_a_worker_that_dies_twice_is_a_failed_trial_that_runs_again_when_asked_again(
    store: RunStore, marks: Path
) -> None:
    study = toy(trouble="die 1")
    for _ in range(2):
        answer = ask(study, store=store, workers=2)
        failed = [trial for trial in answer.trials if trial.status == "failed"]
        assert [(trial.arm, trial.seed) for trial in failed] == [("down", 1)]
        assert "the worker was lost twice: its process ended with exit code 9" in (failed[0].error or "")
    assert len(begun(marks)["-0.5-1"]) == 4


def test_a_worker_that_hangs_is_ended(store: RunStore, marks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zhixing.study import session

    monkeypatch.setattr(session, "HANG_SECONDS", 1.5)
    monkeypatch.setattr(session, "HANG_FACTOR", 0.0)
    answer = ask(toy(trouble="hang 1", seeds=2), store=store, workers=2)
    failed = [trial for trial in answer.trials if trial.status == "failed"]
    assert "it was silent for" in (failed[0].error or "")


def test_a_worker_that_is_silent_at_work_is_left_to_it(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from zhixing.study import session

    monkeypatch.setattr(session, "HANG_SECONDS", 2.0)
    monkeypatch.setattr(session, "HANG_FACTOR", 0.0)
    warned: list[Event] = []
    answer = ask(toy(trouble="toil 1", seeds=2), store=store, workers=2, listen=warned.append)
    assert {trial.status for trial in answer.trials} == {"done"}
    assert not [event for event in warned if isinstance(event, Warned)]


def test_a_checkpoint_is_resumed_bit_for_bit(
    store: RunStore, tmp_path: Path, marks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zhixing.study import desk

    monkeypatch.setattr(desk, "CHECKPOINT_SECONDS", 0.0)
    undisturbed = inside(toy(), RunStore(tmp_path / "other"))
    marked = begun(marks)
    stopped = 0

    def listen(event: Event) -> None:
        nonlocal stopped
        if isinstance(event, Moved) and stopped < 5:
            stopped += 1
            raise KeyboardInterrupt

    monkeypatch.setattr(desk, "TELL_SECONDS", 0.0)
    for _ in range(5):
        with pytest.raises(Interrupted, match="To go on: zhixing ask toy --scale quick --seeds 8"):
            inside(toy(), store, listen=listen)
    answer = inside(toy(), store, listen=listen)
    assert measured(answer) == measured(undisturbed)
    resumed = [start for name, starts in begun(marks).items() for start in starts[len(marked.get(name, [])) :]]
    assert max(resumed) > 0
    rows = [store.rows(trial.digest)["step"] for trial in answer.trials]
    assert all(steps == list(range(1, 21)) for steps in rows)


def test_a_truncated_checkpoint_begins_again_and_says_so(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zhixing.study import desk

    monkeypatch.setattr(desk, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(desk, "TELL_SECONDS", 0.0)
    calls = 0

    def interrupt(event: Event) -> None:
        nonlocal calls
        calls += isinstance(event, Moved)
        if calls == 8:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        inside(toy(), store, listen=interrupt)
    (checkpoint,) = (store.home / "desks").glob("*/checkpoint.safetensors")
    checkpoint.write_bytes(checkpoint.read_bytes()[:60])
    warned: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Warned):
            warned.append(event.text.en)

    answer = inside(toy(), store, listen=listen)
    assert warned == ["the checkpoint of up, seed 0, could not be read; the trial began again"]
    assert measured(answer) == measured(inside(toy(), RunStore(tmp_path / "other")))


def _ask_in_another_process(home: Path) -> None:
    ask(toy(pause=0.01), store=RunStore(home), workers=1)


def test_two_processes_asking_at_once_share_the_trials(store: RunStore, marks: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_ask_in_another_process, args=(store.home,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    runs = {name: starts.count(0) for name, starts in begun(marks).items()}
    assert len(runs) == 12
    assert set(runs.values()) == {1}


def test_a_full_disk_is_one_clear_line_and_loses_nothing(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    from zhixing.core import files

    finished: list[str] = []
    monkeypatch.setattr("zhixing.study.desk.CHECKPOINT_SECONDS", 1e9)
    real = files.os.fsync

    def fsync(handle: int) -> None:
        if len(list((store.home / "trials").iterdir())) >= 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    with monkeypatch.context() as full:
        full.setattr(files.os, "fsync", fsync)
        with pytest.raises(StoreError, match="no space is left there"):
            inside(toy(), store)
    finished = [path.name for path in (store.home / "trials").iterdir()]
    assert len(finished) == 4
    answer = inside(toy(), store)
    assert sum(trial.status == "cached" for trial in answer.trials) == 4


def test_no_socket_is_needed(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "socketpair", refuse)
    assert ask(toy(), store=store, workers=2).verdict == "supported"


# Budget and price -----------------------------------------------------------------------------------------


def test_a_budget_gives_up_seeds_first_and_says_so(store: RunStore) -> None:
    study = toy(pause=0.05, seeds=100)  # a second a trial
    priced: list[Priced] = []
    answer = inside(study, store, budget=20.0, listen=lambda e: priced.append(e) if isinstance(e, Priced) else None)
    assert answer.verdict == "supported"
    assert any("have room for" in note.en and "of 100 seeds" in note.en for note in answer.notes)
    assert priced[0].price.limit_seconds <= 20.0


def test_a_budget_too_small_for_a_verdict_gives_up_scale(store: RunStore) -> None:
    answer = inside(toy(pause=0.1), store, budget=8.0)
    assert answer.scale == "smoke"
    assert any("too few for a verdict at scale quick; scale smoke was run instead" in note.en for note in answer.notes)


def test_price_is_near_what_is_paid(store: RunStore) -> None:
    before = peak_bytes()  # of whatever else this process has run
    price = inside(toy(pause=0.02), store).price
    assert price.actual_seconds / 1.5 < price.predicted_seconds < price.actual_seconds * 1.5
    assert price.limit_seconds > price.predicted_seconds
    assert before < price.predicted_bytes < 3 * before + 4e9
    assert before <= price.peak_bytes < 3 * before + 4e9


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"seeds": 0}, BadSetting, "at least one seed"),
        ({"seeds": -1}, BadSetting, "at least one seed"),
        ({"first_seed": -3}, BadSetting, "counted from 0 or later"),
        ({"scale": "huge"}, UnknownName, "scale 'huge' is unknown"),
        ({"workers": -1}, BadSetting, "--workers takes 0 or more"),
        ({"budget": 0.0}, BadSetting, "a budget is more than nothing"),
        ({"device": "cuda:7"}, BadSetting, "device 'cuda:7' cannot be used on this machine"),
        ({"device": "toaster"}, BadSetting, "`--device cpu` always can"),
    ],
)
def test_bad_options_are_one_clear_line(
    store: RunStore, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ask(toy(), store=store, **{"workers": 0, **options})
    assert list((store.home / "trials").iterdir()) == []


# Kill -----------------------------------------------------------------------------------------------------

KILLED = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from toy import error, toy
from zhixing.core.machine import peak_bytes
from zhixing.core.store import RunStore
from zhixing.study import desk
from zhixing.study.ask import ask
if __name__ == "__main__":
    ask(toy(pause=0.02), store=RunStore(Path({home!r})), workers=2)
"""


def test_kill_of_the_parent_ends_the_workers_and_loses_no_finished_trial(
    store: RunStore, tmp_path: Path, marks: Path
) -> None:
    import psutil

    script = tmp_path / "killed.py"
    script.write_text(KILLED.format(tests=str(Path(__file__).parent), home=str(store.home)))
    finished: list[dict[str, float]] = []
    for wait in (3.5, 4.0, 4.5):
        parent = subprocess.Popen([sys.executable, str(script)], env={**os.environ})
        time.sleep(wait)
        family = psutil.Process(parent.pid).children(recursive=True) if parent.poll() is None else []
        parent.kill()
        parent.wait()
        _, alive = psutil.wait_procs(family, timeout=5)
        assert alive == []
        finished.append({path.name: path.stat().st_mtime for path in (store.home / "trials").iterdir()})
    answer = ask(toy(pause=0.02), store=store, workers=2)
    now = {path.name: path.stat().st_mtime for path in (store.home / "trials").iterdir()}
    for earlier in finished:
        assert all(now[name] == moment for name, moment in earlier.items())
    assert measured(answer) == measured(inside(toy(pause=0.02), RunStore(tmp_path / "other")))


def crowd(seeds: Seeds, watch: Watch, *, drift: float) -> Measures:
    """The most threads that any library would take, of those that compute in several."""
    import sklearn.ensemble
    import torch

    assert sklearn.ensemble
    pools = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
    return {"error": float(max(pools + [torch.get_num_threads()])), "norm": drift}


def test_a_trial_has_one_thread_here_as_in_a_worker(store: RunStore) -> None:
    def design(_: Scale) -> Design:
        verdict = Better("down", than="up", on=error, by=5.0)
        return Design(
            spec(crowd), [Arm("up", drift=1.0), Arm("down", drift=2.0)], seeds=1, measures=[error], verdict=verdict
        )

    with threadpoolctl.threadpool_limits(2):
        answer = inside(dataclasses.replace(toy(), design=design), store)
        assert max(pool["num_threads"] for pool in threadpoolctl.threadpool_info()) == 2
    assert {trial.measures["error"] for trial in answer.trials} == {1.0}
