"""Equal tuning: every combination, seeds of its own, the best by the measure, and nothing that counts is seen."""

import dataclasses
import math
from typing import Any

import pytest

from toy import error, toy, walk
from zhixing.core import Text, spec
from zhixing.core.store import RunStore
from zhixing.evaluate.measure import measure
from zhixing.study import Arm, Better, Design, Scale, Study, Tuning, tune
from zhixing.study.ask import ask
from zhixing.study.study import Plan
from zhixing.study.trial import rehearsals, trials
from zhixing.study.tuning import FIRST_SEED, choices


@measure(label=Text("accuracy", "准确率"), unit=Text("%", "%"), better="higher")
def accuracy(_: object) -> float:
    return 0.0


def nested(**settings: Any) -> dict[str, Any]:
    """A call with settings of every kind."""
    return settings


def tuned_study(*, drifts: tuple[float, ...] = (1.0, -1.0, 0.0), **changes: Any) -> Study:
    """One arm may choose its drift, the other may not choose but drift up; the lowest error is the best."""

    def design(scale: Scale) -> Design:
        return Design(
            trial=spec(walk, steps=20),
            arms=[Arm("free", drift=tune(*drifts)), Arm("bound", drift=0.5)],
            seeds=6,
            measures=[error],
            verdict=Better("free", than="bound", on=error, by=5.0),
            **{"tuning": Tuning(on=error, settings={"pause": 0.0}, seeds=3), **changes},
        )

    return dataclasses.replace(toy(), design=design)


def test_every_combination_of_nested_choices_is_made() -> None:
    inner = spec(walk, drift=tune(1, 2), trouble="x")
    call = spec(nested, one=inner, other=(tune("a", "b"), 3), more={"deep": tune(True, False)})
    made = choices(call)
    assert len(made) == 8
    assert len({repr(choice.call) for choice in made}) == 8
    assert made[0].chosen == {"drift": 1, "other0": "a", "deep": True}
    assert str(made[0]) == "drift=1, other0=a, deep=True"
    assert made[-1].call == spec(nested, one=spec(walk, drift=2, trouble="x"), other=("b", 3), more={"deep": False})


def test_a_call_without_choices_is_its_only_choice() -> None:
    call = spec(walk, drift=1.0)
    (only,) = choices(call)
    assert only.call == call
    assert only.chosen == {}


def test_the_best_choice_runs_and_is_told(tmp_path: Any) -> None:
    answer = ask(tuned_study(), store=RunStore(tmp_path), workers=0)
    assert answer.verdict == "supported"
    assert "drift=-1.0" in answer.arms[0].spec
    assert {trial.seed for trial in answer.trials} == set(range(6)), "tuning trials are no part of the answer"
    (told,) = [note for note in answer.notes if "tuned" in note.en]
    assert "free was tuned by trials of their own: drift=-1.0, the best of 3 settings" in told.en
    assert "edge of what was tried" in told.en


def test_a_best_choice_inside_the_range_is_no_edge(tmp_path: Any) -> None:
    answer = ask(tuned_study(drifts=(1.0, -1.0, -1.01, 0.5)), store=RunStore(tmp_path), workers=0)
    assert not any("wider" in note.en for note in answer.notes) or "drift=-1.01" in answer.arms[0].spec


def test_tuning_uses_seeds_and_settings_of_its_own() -> None:
    plan = tuned_study().plan("quick")
    tried = rehearsals(plan)
    assert {trial.seed for trial in tried} == {FIRST_SEED, FIRST_SEED + 1, FIRST_SEED + 2}
    assert {trial.arm for trial in tried} == {"free"}
    assert all("pause=0.0" in repr(trial.call) for trial in tried)
    assert not {trial.digest for trial in tried} & {trial.digest for trial in trials(plan)}


def test_the_frozen_plan_holds_the_open_choice_and_the_digest_does_not_move_by_choosing() -> None:
    plan = tuned_study().plan("quick")
    assert "one_of(values=(1.0, -1.0, 0.0,))" in plan.frozen()["arms"]["free"]
    assert dataclasses.replace(plan, chosen={"free": choices(plan.stated["free"])[1].call}).digest == plan.digest


def test_asked_again_nothing_is_tuned_again(tmp_path: Any) -> None:
    store = RunStore(tmp_path)
    ask(tuned_study(), store=store, workers=0)
    again = ask(tuned_study(), store=store, workers=0)
    assert {trial.status for trial in again.trials} == {"cached"}
    assert any("drift=-1.0" in note.en for note in again.notes)


@pytest.mark.parametrize(
    ("on", "tried", "best"),
    [
        (error, [[3.0, 4.0], [1.0, 2.0]], 1),
        (accuracy, [[3.0, 4.0], [1.0, 2.0]], 0),
        (error, [[math.nan, math.nan], [50.0, 60.0]], 1),
        (error, [[1.0, math.inf, math.nan], [50.0, 60.0, 70.0]], 1),
        (accuracy, [[math.nan], [-5.0]], 1),
        (error, [[2.0], [2.0]], 0),
    ],
)
def test_the_best_median_wins_and_what_is_no_number_loses(on: Any, tried: list[list[float]], best: int) -> None:
    assert Tuning(on=on).best(tried) == best


def test_an_open_choice_without_tuning_is_refused() -> None:
    plan: Plan = tuned_study(tuning=None).plan("quick")
    with pytest.raises(ValueError, match="free leave a choice open"):
        rehearsals(plan)


def test_the_price_counts_tuning(tmp_path: Any) -> None:
    from zhixing.study.events import Priced

    heard: list[Any] = []
    ask(tuned_study(), store=RunStore(tmp_path), workers=0, listen=heard.append)
    (priced,) = [event for event in heard if isinstance(event, Priced)]
    assert priced.limit == 3 * 3 + 6 * 2
    assert priced.earliest == 3 * 3 + 6 * 2
