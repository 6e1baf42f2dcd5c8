"""Exercises are scored by what was measured; two runs are compared by what was stored."""

import dataclasses
import json
import math
from pathlib import Path

import pytest

from toy import error, toy, walk
from zhixing.core import BadSetting, Text, spec
from zhixing.core.store import RunStore
from zhixing.study import Arm, Better, Design, Exercise, Scale, Study
from zhixing.study.answer import last
from zhixing.study.ask import ask
from zhixing.study.compare import compare
from zhixing.study.exercise import attempt, example, solved


def steeper(scale: Scale, *, drift: float) -> Design:
    return Design(
        trial=spec(walk, steps=20),
        arms=[Arm("flat", drift=0.0), Arm("chosen", drift=drift)],
        seeds=6,
        measures=[error],
        verdict=Better("chosen", than="flat", on=error, by=5.0),
    )


def study() -> Study:
    task = Text("Find a drift that ends lower.", "找出一个结束得更低的漂移。")
    exercise = Exercise(task=task, design=steeper, among={"drift": (-2.0, 2.0)}, solution={"drift": -2.0})
    return dataclasses.replace(toy(), exercises=(exercise,))


def test_the_example_of_the_help_lies_far_from_the_solution() -> None:
    among = {"rate": (0.001, 1.0), "depth": (4, 40), "kind": ("tanh", "ReLU")}
    solution = {"rate": 0.5, "depth": 8, "kind": "tanh"}
    stated = Exercise(task=Text("", ""), design=steeper, among=among, solution=solution)
    assert example(stated) == "rate=0.001 depth=40 kind=ReLU"
    assert example(dataclasses.replace(stated, solution={**solution, "rate": 0.002, "depth": 30})) == (
        "rate=1.0 depth=4 kind=ReLU"
    )


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


def test_an_exercise_is_solved_by_a_choice_that_holds_and_by_no_other(store: RunStore) -> None:
    assert solved(store, study()) == []
    assert ask(attempt(study(), 1, {"drift": "2"}), store=store, workers=0).verdict == "refuted"
    assert solved(store, study()) == []
    answer = ask(attempt(study(), 1, {"drift": "-2"}), store=store, workers=0)
    assert answer.verdict == "supported"
    assert answer.command == "zhixing exercise toy 1 drift=-2.0 --scale quick --seeds 6"
    assert solved(store, study()) == [1]


def test_an_exercise_is_no_answer_to_its_study(store: RunStore) -> None:
    ask(attempt(study(), 1, {"drift": "-2"}), store=store, workers=0)
    assert last(store, "toy") is None


def test_another_choice_is_another_answer(store: RunStore) -> None:
    one, two = (ask(attempt(study(), 1, {"drift": d}), store=store, workers=0) for d in (-2.0, -1.5))
    assert one.folder != two.folder
    assert one.digest != two.digest


@pytest.fixture
def measured(store: RunStore) -> RunStore:
    ask(toy(), store=store, workers=0, seeds=3, stop_early=False)
    return store


def test_all_seeds_of_two_arms_are_compared(measured: RunStore) -> None:
    found = compare(measured, "toy/up", "toy/down")
    assert found.a == "toy/up/0,1,2"
    assert [(d.name, d.a, d.b) for d in found.differences] == [
        ("drift", "0.5", "-0.5"),
        ("trouble", None, "''"),
    ]
    (outcome,) = [outcome for outcome in found.outcomes if outcome.name == "error"]
    assert outcome.seeds == 3
    assert outcome.difference < -5
    assert {outcome.name for outcome in found.outcomes} == {"error", "norm", "seconds", "peak_bytes"}


def test_the_difference_is_paired_by_seed_not_of_medians(store: RunStore) -> None:
    """Values 0, 10, 20 against 1, 30, 21: the medians differ by 11, the seeds by 1 in the middle."""
    ask(toy(), store=store, workers=0, seeds=3, stop_early=False)
    for row in store.listed():
        path = store.folder(row["digest"]) / "result.json"
        record = json.loads(path.read_text())
        values = {"up": (0.0, 10.0, 20.0), "down": (1.0, 30.0, 21.0)}[record["arm"]]
        record["measures"] = {"error": values[record["seed"]]}
        path.write_text(json.dumps(record))
    (outcome, *_) = compare(store, "toy/up", "toy/down").outcomes
    assert (outcome.a, outcome.b, outcome.difference) == (10.0, 21.0, 1.0)


def test_one_run_is_named_by_its_digest_or_its_seed(measured: RunStore) -> None:
    row = next(row for row in measured.listed() if row["arm"] == "up" and row["seed"] == 1)
    found = compare(measured, row["digest"][:6], "toy/up/2")
    assert (found.a, found.b) == ("toy/up/1", "toy/up/2")
    assert found.differences == ()
    assert all(outcome.seeds == 0 for outcome in found.outcomes)
    assert all(math.isclose(o.difference, o.b - o.a) for o in found.outcomes)


def test_a_setting_that_one_run_lacks_is_shown_as_lacking(measured: RunStore) -> None:
    ask(toy(trouble="raise 7", gap=2.0), store=measured, workers=0, seeds=1, stop_early=False)
    ask(attempt(study(), 1, {"drift": -2.0}), store=measured, workers=0)
    found = compare(measured, "toy/down/0", "toy.1.drift=-2.0/chosen/0")
    stated = {d.name: (d.a, d.b) for d in found.differences}
    assert stated["trouble"] == ("'raise 7'", None)
    assert stated["drift"] == ("-1.0", "-2.0")


@pytest.mark.parametrize("name", ["nothing", "toy", "toy/sideways", "toy/up/9", "toy/up/0/0", "abc", "/", ""])
def test_a_name_that_stands_for_no_run_says_how_runs_are_named(measured: RunStore, name: str) -> None:
    with pytest.raises(BadSetting, match="stands for no run; name one by the first 4"):
        compare(measured, name, "toy/up")


def test_only_runs_of_one_call_are_put_together(measured: RunStore) -> None:
    ask(toy(steps=30), store=measured, workers=0, seeds=2, stop_early=False)
    found = compare(measured, "toy/up", "toy/down")
    assert found.a in ("toy/up/0,1", "toy/up/0,1,2")
    assert not any(d.name == "steps" for d in found.differences)
