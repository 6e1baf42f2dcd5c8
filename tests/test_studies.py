"""Every study keeps the house's promises: it runs, its page is whole in both languages, its exercises have solutions."""

import ast
import json
import re
import subprocess
import sys
from graphlib import TopologicalSorter

import pytest

from zhixing import studies
from zhixing.core import BadSetting, Text, UnknownName
from zhixing.core.store import RunStore
from zhixing.study import Study, band
from zhixing.study.ask import ask
from zhixing.study.decide import earliest
from zhixing.study.exercise import attempt

SLUGS = studies.slugs()
EXERCISES = [(slug, number) for slug in SLUGS for number in range(1, 1 + len(studies.find(slug).exercises))]
FOUNDATIONS = {
    *(
        "perceptron-xor",
        "backpropagation",
        "learning-rate",
        "saddle-points",
        "local-minima",
        "optimisers",
        "batch-size",
    ),
    *("vanishing-gradients", "exploding-gradients", "curing-gradients", "shortcut-depth", "normalisation"),
    *("convolution", "translation", "regularisation", "bias-variance"),
    *("precision-recall", "harmonic-mean", "roc-or-pr", "calibration", "covariance", "principal-axes"),
    *("machine-or-deep", "model-families", "gaussian-process", "clustering"),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    return RunStore(tmp_path_factory.mktemp("studies"))


@pytest.mark.parametrize("slug", SLUGS)
def test_it_runs_at_smoke_and_every_measure_is_there(slug: str, store: RunStore) -> None:
    study = studies.find(slug)
    answer = ask(study, scale="smoke", workers=0, store=store)
    assert [trial.error for trial in answer.trials if trial.status == "failed"] == []
    names = {measure.name for measure in answer.measures}
    measured = {name for trial in answer.trials for name in trial.measures}
    assert names <= measured, f"stated and never measured: {names - measured}"
    assert any(trial.measures.get(answer.measures[0].name) is not None for trial in answer.trials)
    assert answer.report.stat().st_size > 100_000


@pytest.mark.parametrize(("slug", "number"), EXERCISES)
def test_the_solution_of_an_exercise_runs(slug: str, number: int, store: RunStore) -> None:
    """Whether it holds is measured at scale quick by `benchmarks/exercises.py`."""
    study = studies.find(slug)
    changed = attempt(study, number, study.exercises[number - 1].solution)
    answer = ask(changed, scale="smoke", workers=0, store=store, seeds=1)
    assert [trial.error for trial in answer.trials if trial.status == "failed"] == []
    assert answer.command.startswith(f"zhixing exercise {slug} {number} ")
    assert changed.plan("quick").design.seeds >= earliest(changed.plan("quick").design.verdict), "it could never hold"


@pytest.mark.parametrize("slug", SLUGS)
def test_the_page_is_whole(slug: str) -> None:
    study = studies.find(slug)
    texts = [study.question, study.claim, *vars(study.explanation).values(), *study.next]
    texts += [exercise.task for exercise in study.exercises]
    for text in texts:
        assert text.en.strip()
        assert re.search("[一-鿿]", text.zh), text.zh
        assert not re.search("[一-鿿]", text.en), text.en
    assert len(study.exercises) >= 2
    assert len(study.next) >= 2
    assert study.published is not None or study.source
    for part in ("idea", "experiment", "meaning"):
        assert len(getattr(study.explanation, part).en.split()) >= 40, f"{part} is too short to explain anything"


@pytest.mark.parametrize("slug", SLUGS)
def test_quick_can_decide_and_its_trials_are_resumable_calls(slug: str) -> None:
    plan = studies.find(slug).plan("quick")
    assert plan.design.seeds >= earliest(plan.design.verdict)
    assert len(plan.digest) == 64


@pytest.mark.parametrize("slug", SLUGS)
def test_the_band_holds_what_each_claim_needs(slug: str) -> None:
    record = json.loads(band.band_file(studies.find(slug)).read_text())
    assert record["verdict"] in ("supported", "refuted", "undecided")
    assert record["quick_seeds"] == studies.find(slug).plan("quick").design.seeds
    assert all(len(claim["values"]) == len(record["seeds"]) for claim in record["claims"])
    assert band.minutes(studies.find(slug)) < 30  # type: ignore[operator]


def test_every_question_of_the_foundations_is_there() -> None:
    assert set(SLUGS) >= FOUNDATIONS


def test_prerequisites_exist_and_do_not_run_in_circles() -> None:
    all_ = {slug: studies.find(slug) for slug in SLUGS}
    for slug, study in all_.items():
        assert set(study.after) <= set(SLUGS), f"{slug} comes after a study that is not there"
    TopologicalSorter({slug: study.after for slug, study in all_.items()}).prepare()
    order = [study.slug for study in studies.path()]
    assert sorted(order) == SLUGS
    for slug, study in all_.items():
        assert all(order.index(before) < order.index(slug) for before in study.after)


def test_listing_imports_nothing_heavy() -> None:
    """A study file names models and data only when it is asked."""
    heavy = ("torch", "scipy", "sklearn", "pandas", "plotly", "numpy.random")
    code = (
        "import sys; from zhixing import studies; studies.path(); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = ast.literal_eval(ran.stdout)
    assert not set(loaded) - {"numpy.random"}


# Exercises ------------------------------------------------------------------------------------------------


def shortcut() -> Study:
    return studies.find("shortcut-depth")


def test_a_choice_becomes_a_study_of_its_own() -> None:
    changed = attempt(shortcut(), 1, {"depth": "14"})
    assert changed.slug == "shortcut-depth.1.depth=14"
    assert changed.claim == shortcut().exercises[0].task
    assert [arm.name for arm in changed.plan("smoke").design.arms] == ["plain-14", "residual-14"]
    assert changed.exercises == ()


@pytest.mark.parametrize(
    ("number", "given", "error", "says"),
    [
        (3, {}, BadSetting, "shortcut-depth has 2 exercises, counted from 1; got 3"),
        (0, {}, BadSetting, "got 0"),
        (1, {}, BadSetting, "leaves depth to you: give depth=4"),
        (1, {"dept": "4"}, UnknownName, "did you mean 'depth'?"),
        (1, {"depth": "deep"}, BadSetting, "depth is a whole number from 4 to 40; got 'deep'"),
        (1, {"depth": "3"}, BadSetting, "got '3'"),
        (1, {"depth": "4.5"}, BadSetting, "got '4.5'"),
        (1, {"depth": "nan"}, BadSetting, "got 'nan'"),
        (2, {"depth": 32, "normalisation": "bach"}, UnknownName, "did you mean 'batch'?"),
        (2, {"depth": 32, "normalisation": "__import__('os')"}, UnknownName, "known: batch, none"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(
    number: int, given: dict[str, str], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=re.escape(says)):
        attempt(shortcut(), number, given)


def test_a_number_is_checked_at_both_ends() -> None:
    for inside in (4, 40, "4", "40"):
        attempt(shortcut(), 1, {"depth": inside})
    for outside in (2, 42, "41"):
        with pytest.raises(BadSetting):
            attempt(shortcut(), 1, {"depth": outside})


def test_what_may_be_chosen_is_said_in_words() -> None:
    from zhixing.study.exercise import allowed

    assert allowed((1, 5)) == Text("a whole number from 1 to 5", "1 到 5 的整数")
    assert allowed((0.5, 5.0)).en == "a number from 0.5 to 5"
    assert allowed(("a", "b", "c")).en == "one of a, b, c"
