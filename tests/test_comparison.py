"""The contest on a table of one's own: nested choice, a leader named by validation rows, ties told as ties."""

import csv
import dataclasses
import json
import os
import shlex
import socket
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas
import pytest

from zhixing import comparison, data, evaluate, models, train
from zhixing.comparison.contest import SEEDS, Leads, task_of
from zhixing.comparison.families import CHOICES, Family
from zhixing.comparison.ranking import sentence
from zhixing.comparison.tables import for_amounts, for_classes
from zhixing.core import Seeds, Text, spec
from zhixing.core.store import RunStore
from zhixing.study import Table
from zhixing.study.decide import decide, earliest
from zhixing.train.choosing import PARTS
from zhixing.train.learner import Lesson

tuned = import_module("zhixing.train.tuned")  # the module; its function has the same name


@pytest.fixture(scope="module")
def flowers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two kinds, told apart by the sum of two columns; a word that helps a little, a date, gaps, remarks."""
    generator = np.random.default_rng(0)
    place = tmp_path_factory.mktemp("own") / "花.csv"
    with place.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["长", "宽", "colour", "seen", "remark", "kind"])
        for row in range(160):
            long, wide = generator.normal(size=2)
            kind = "a" if long + wide + 0.3 * generator.normal() > 0 else "b"
            colour = generator.choice(["red", "blue"], p=[0.7, 0.3] if kind == "a" else [0.3, 0.7])
            seen = f"2024-{row % 12 + 1:02}-{row % 28 + 1:02}"
            remark = " ".join(generator.choice(["stem", "leaf", "petal", "root", "soil"], size=2))
            writer.writerow([f"{long:.3f}", "" if row % 9 == 0 else f"{wide:.3f}", colour, seen, remark, kind])
    return place


def entered(place: Path) -> tuple[Family, ...]:
    """All families that suit this table, those for its text included."""
    return task_of(data.own_data(place, target="kind").build(), place).families


@pytest.fixture
def call(flowers: Path):
    return spec(
        train.tuned,
        data=spec(data.own_table, path=str(flowers), target="kind"),
        candidates=tuple(spec(models.logistic, strength=strength) for strength in (1e-6, 1.0)),
        measures=(evaluate.error, evaluate.error_by_class),
        efforts=(evaluate.on_validation, evaluate.fit_seconds, evaluate.answer_microseconds, evaluate.kept_bytes),
    )


def test_a_family_is_tuned_on_validation_rows_and_judged_once(call, memory_watch):
    watch = memory_watch()
    found = call.build(Seeds(0), watch)
    assert watch.steps == [
        (done, 6) for done in range(1, 7)
    ]  # both on one part, the better on three more; the last fit
    assert found["error"] < 30
    assert found["on_validation"] < 30  # the stronger of the two candidates; the weak one guesses
    assert found["error_by_class"].at == (1.0, 2.0)
    assert found["fit_seconds"] > 0
    assert found["answer_microseconds"] > 0
    assert found["kept_bytes"] > 1000


def test_the_same_seed_gives_the_same_result(call, memory_watch):
    first, second = (call.build(Seeds(3), memory_watch()) for _ in range(2))
    assert first["error"] == second["error"]
    others = [call.build(Seeds(seed), memory_watch())["error"] for seed in (4, 5, 6)]
    assert set(others) != {first["error"]}


def test_a_stopped_contest_goes_on_where_it_was(call, memory_watch, stopped):
    whole, first = call.build(Seeds(1), memory_watch()), memory_watch(stop_at=1)
    with pytest.raises(stopped):
        call.build(Seeds(1), first)
    rest = memory_watch(resume_from=first.state)
    found = call.build(Seeds(1), rest)
    assert rest.steps == [(done, 6) for done in range(2, 7)]
    assert found["error"] == whole["error"]


def test_rows_that_judge_choose_nothing(flowers, call, memory_watch, monkeypatch):
    """Whatever stands in the rows held out, the same candidate is chosen with the same validation score."""
    table = data.own_table(path=str(flowers), target="kind")
    _, judged = table.split(np.arange(len(table)), 0.25, Seeds(2).numpy("split"))
    expected = call.build(Seeds(2), memory_watch())
    features = table.features.copy()
    features.loc[features.index[judged], ["长", "宽"]] = 1e6
    other = dataclasses.replace(table, features=features)
    monkeypatch.setattr(sys.modules["zhixing.data.own.table"], "_read", lambda *_: other)
    found = call.build(Seeds(2), memory_watch())
    assert found["on_validation"] == expected["on_validation"]
    assert found["error"] != expected["error"]


@pytest.mark.parametrize("candidates", [1, 2])
def test_what_was_said_while_choosing_is_kept_and_not_fitted_again(
    call, memory_watch, candidates, monkeypatch, stopped
):
    trial = call.with_settings(candidates=call.settings["candidates"][:candidates])
    kept = memory_watch()
    fits, learner = [], Lesson.learner
    monkeypatch.setattr(Lesson, "learner", lambda *args: fits.append(args[1]) or learner(*args))
    train.kept(Seeds(0), kept, trial=trial)
    steps = kept.steps[-1][1]
    assert len(fits) == steps == (2 if candidates == 1 else 1 + 2 + PARTS - 1)
    early = memory_watch(stop_at=steps - 1)
    with pytest.raises(stopped):
        train.kept(Seeds(0), early, trial=trial)
    again = memory_watch(resume_from=early.state)
    train.kept(Seeds(0), again, trial=trial)
    for name in ("validation_targets", "validation_answers"):
        np.testing.assert_array_equal(again.arrays[name], kept.arrays[name])


def test_trials_that_share_prepared_rows_find_what_each_finds_alone(call, memory_watch, monkeypatch):
    def found() -> list[tuple[float, ...]]:
        tuned._remembered.cache_clear()
        rows = [
            call.with_settings(preparation=preparation).build(Seeds(seed), memory_watch())
            for seed in (0, 1)
            for preparation in (spec(models.Preparation), spec(models.Codes))
        ]
        return [(row["error"], row["on_validation"]) for row in rows]

    together, prepared = found(), 4 * (PARTS + 1)
    assert len(set(together)) == 4
    assert tuned._remembered.cache_info().misses == prepared
    call.with_settings(candidates=(spec(models.naive_bayes),)).build(Seeds(0), memory_watch())
    assert tuned._remembered.cache_info().misses == prepared  # another family that is prepared alike
    monkeypatch.setattr(tuned, "SMALL", -1)
    assert found() == together
    assert tuned._remembered.cache_info().misses == 0


def test_amounts_are_learned_in_their_own_units(tmp_path, memory_watch):
    generator = np.random.default_rng(1)
    place = tmp_path / "rent.csv"
    area = generator.uniform(20, 120, size=120)
    rows = "\n".join(f"{a:.2f};{1000 + 12 * a + generator.normal():.2f}".replace(".", ",") for a in area)
    place.write_text("area;rent\n" + rows + "\n")
    call = spec(
        train.tuned,
        data=spec(data.own_table, path=str(place), target="rent"),
        candidates=(spec(models.ridge, strength=10.0), spec(models.process_mean)),
        measures=(evaluate.root_mean_square, evaluate.mean_absolute, evaluate.explained),
    )
    found = call.build(Seeds(0), memory_watch())
    assert found["root_mean_square"] < 3
    assert found["mean_absolute"] <= found["root_mean_square"]
    assert found["explained"] > 99


@pytest.mark.parametrize("families", [for_classes, for_amounts])
def test_every_family_chooses_among_equally_many_settings(families):
    for family in families():
        candidates = family.candidates()
        assert len(candidates) == CHOICES, family.name
        assert len({repr(candidate) for candidate in candidates}) == CHOICES, family.name


@pytest.mark.parametrize("family", for_amounts(), ids=lambda family: family.name)
def test_every_family_of_amounts_learns_a_line(family):
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(200, 3))
    targets = inputs @ [0.8, -0.5, 0.3]
    estimator = family.candidates()[1].build(generator=np.random.default_rng(1)).fit(inputs[:150], targets[:150])
    error = evaluate.root_mean_square(estimator.predict(inputs[150:]), targets[150:])
    assert error < 0.6 * targets.std()


def contested(means: dict[str, float], seeds: int, generator: np.random.Generator, spread: float = 1.0) -> Table:
    """What a contest would have measured of families with these true errors."""

    def measured(mean: float) -> dict[str, float]:
        return {
            "error": 50 + mean + spread * generator.normal(),
            "on_validation": 50 + mean + spread * generator.normal(),
        }

    return Table(range(seeds), {(name, seed): measured(mean) for name, mean in means.items() for seed in range(seeds)})


def test_the_leader_is_named_by_validation_rows_alone():
    rule = Leads(("a", "b"), on=evaluate.error, chosen_on=evaluate.on_validation, by=0.1)
    trials = {("a", seed): {"error": 10.0, "on_validation": 30.0} for seed in range(9)}
    trials |= {("b", seed): {"error": 20.0, "on_validation": 25.0} for seed in range(9)}
    decision = decide(rule, Table(range(9), trials))
    assert [claim.id for claim in decision.claims] == ["b over a"]
    assert decision.verdict == "refuted"


def test_a_family_that_is_now_and_then_far_worse_does_not_lead():
    rule = Leads(("a", "b", "c"), on=evaluate.error, chosen_on=evaluate.on_validation, by=0.1)
    often, seldom = dict.fromkeys(range(9), 20.0), {0: 90.0, 1: 90.0, 2: float("nan")}
    shown = {"a": {**often, **seldom}, "b": dict.fromkeys(range(9), 21.0), "c": dict.fromkeys(range(9), float("nan"))}
    trials = {(name, seed): {"error": 10.0, "on_validation": shown[name][seed]} for name in "abc" for seed in range(9)}
    assert rule.leader(Table(range(9), trials)) == "b"


def test_equally_good_is_not_ahead():
    rule = Leads(("a", "b"), on=evaluate.error, chosen_on=evaluate.on_validation, by=0.1)
    trials = {(name, seed): {"error": 10.0, "on_validation": 10.0} for name in "ab" for seed in range(9)}
    assert decide(rule, Table(range(9), trials)).verdict != "supported"


@pytest.mark.parametrize("families", [for_classes, for_amounts])
def test_a_quick_contest_has_as_few_divisions_as_can_decide(families):
    rule = Leads([family.name for family in families()], on=evaluate.error, chosen_on=evaluate.on_validation, by=0.1)
    assert earliest(rule) == SEEDS["quick"]


def test_false_winners_are_rare_and_true_ones_found():
    """Of nine families alike, none wins more often than the level allows; one that is far ahead always does."""
    generator, names = np.random.default_rng(0), tuple("abcdefghi")
    rule = Leads(names, on=evaluate.error, chosen_on=evaluate.on_validation, by=0.1)
    alike = [decide(rule, contested(dict.fromkeys(names, 0.0), 9, generator)).claims for _ in range(150)]
    told = sum(any(claim.verdict == "supported" for claim in claims) for claims in alike)
    assert told <= 12  # 5 % of 150 are 7.5; 12 or more would come once in 13
    ahead = decide(rule, contested({**dict.fromkeys(names, 0.0), "c": -9.0}, 9, generator))
    assert ahead.verdict == "supported"
    assert {claim.id.partition(" over ")[0] for claim in ahead.claims} == {"c"}


def test_a_small_contest_from_file_to_ranking(flowers, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    found = comparison.compare(flowers, "kind", scale="smoke", store=RunStore(tmp_path))
    assert len(found.places) == len(entered(flowers))
    assert [place.error for place in found.places] == sorted(place.error for place in found.places)
    for place in found.places:
        assert place.measured["error"] == (place.error, place.low, place.high)
        middle, low, high = place.measured["macro_f1"]
        assert low <= middle <= high
        assert not place.measured.keys() & {"fit_seconds", "on_validation"}
    assert found.winner is None  # two divisions can tell nobody apart
    assert len(found.tie) == len(found.places)
    near = [place for place in found.tie if place.near]
    assert found.places[0] in near
    assert found.recommended.seconds == min(place.seconds for place in near)
    assert "cannot be told apart" in found.answer.sentence.en
    assert "分不出高下" in found.answer.sentence.zh
    assert found.answer.report.exists()
    again = comparison.compare(flowers, "kind", scale="smoke", store=RunStore(tmp_path))
    assert {trial.status for trial in again.answer.trials} == {"cached"}


def test_of_a_tie_the_cheapest_near_the_leader_is_recommended():
    """The standard error of 10, 12, 11 and 13 is 0.645, since they are a sample; 0.559 were they all there is."""
    errors = {"slow": [10, 12, 11, 13], "quick": [11, 13, 11.4, 13], "hasty": [11, 13, 11.6, 13]}
    seconds = {"slow": 9.0, "quick": 2.0, "hasty": 1.0}
    answer = SimpleNamespace(
        claims=[SimpleNamespace(id=f"slow over {other}", verdict="undecided") for other in ("quick", "hasty")],
        arms=[SimpleNamespace(name=name, label=Text(name, name)) for name in errors],
        measures=[evaluate.error],
        values=lambda name, measure: errors[name] if measure == "error" else [seconds[name]] * 4,
    )
    found = comparison.ranking(answer)
    assert {place.family for place in found.tie} == set(errors)
    assert [place.family for place in found.places if place.near] == ["slow", "quick"]
    assert found.recommended.family == "quick"
    errors = {name: values[:1] for name, values in errors.items()}
    assert [place.family for place in comparison.ranking(answer).places if place.near] == ["slow"]


def zhixing(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from zhixing.cli import main; main()", *words],
        env={**os.environ, "ZHIXING_HOME": str(home), "COLUMNS": "60"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_says_what_it_found_who_leads_and_what_it_costs(flowers, tmp_path):
    """Of a file and a column whose names look like markup or code, and are only names."""
    place, home = tmp_path / "[red] {0} <b>.csv", tmp_path / "home"
    place.write_text(flowers.read_text(encoding="utf-8").replace("kind", "[/red]{x}", 1), encoding="utf-8")
    asked = "compare", str(place), "--target", "[/red]{x}", "--scale", "smoke"
    told = zhixing(*asked, home=home)
    assert told.returncode == 0, told.stderr
    assert "Which family is best at [/red]{x} of [red] {0} <b>.csv?" in " ".join(told.stdout.split())
    assert "160 rows, 5 columns; '[/red]{x}' has 2 classes" in " ".join(told.stdout.split())
    assert "cells are missing in '宽'" in told.stdout
    assert "cannot be told apart" in " ".join(told.stdout.split())
    assert "the cheapest to fit is" in " ".join(told.stdout.split())
    assert "price: " in told.stderr
    assert max(map(len, told.stdout.splitlines()[:-2])) <= 60
    (report,) = home.glob("answers/*/report.html")
    assert "<b>.csv" not in report.read_text(encoding="utf-8")
    answer = json.loads(zhixing(*asked, "--json", "--lang", "zh", home=home).stdout)
    name, *words = shlex.split(answer["answer"]["command"])
    assert name == "zhixing"
    repeated = json.loads(zhixing(*words, "--json", home=home).stdout)
    assert {trial["status"] for trial in repeated["answer"]["trials"]} == {"cached"}
    assert answer["winner"] is None
    assert answer["recommended"] in answer["tie"]
    assert {place["family"] for place in answer["ranking"]} == {family.name for family in entered(flowers)}
    assert "分不出高下" in answer["verdict"]
    assert any("缺失" in note for note in answer["notes"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("no.csv", "--target", "x"), "no.csv is not there"),
        (("TABLE", "--target", "kinds"), "did you mean 'kind'?"),
        (("TABLE", "--target", "kind", "--task", "regression"), "regression needs numbers"),
        (("TABLE", "--target", "kind", "--task", "ranking"), "task 'ranking' is unknown"),
        (("TABLE", "--target", "kind", "--scale", "huge"), "scale 'huge' is unknown"),
        (("TABLE", "--target", "kind", "--budget", "soon"), "--budget takes a time"),
        (("https://example.com/a.csv", "--target", "kind"), "nothing is fetched here"),
        (("TABLE", "--time", "seen"), "--time: without --target there is none"),
        (("hub:imdb",), "expected is hub:OWNER/NAME"),
    ],
)
def test_what_cannot_be_compared_gets_one_clear_line(flowers, tmp_path, words, message):
    told = zhixing("compare", *(str(flowers) if word == "TABLE" else word for word in words), home=tmp_path)
    assert told.returncode == 2
    assert message in told.stderr
    assert told.stderr.count("\n") == 1
    assert told.stdout == ""


def test_the_only_row_of_a_class_stays_with_those_that_teach(flowers):
    table = data.own_table(path=str(flowers), target="kind")
    first = np.flatnonzero(table.targets == 0)[:1]
    rows = np.concatenate([first, np.flatnonzero(table.targets == 1)])
    kept, chosen = table.split(rows, 0.5, np.random.default_rng(0))
    assert first[0] in kept
    assert sorted([*kept, *chosen]) == sorted(rows)
    assert len(chosen) == round(0.5 * (len(rows) - 1))


def test_the_leader_stays_the_one_of_the_first_look():
    rule = Leads(("a", "b"), on=evaluate.error, chosen_on=evaluate.on_validation, by=0.1)
    early = {"a": 10.0, "b": 20.0}
    trials = {
        (name, seed): {"error": 10.0, "on_validation": early[name] if seed < 9 else 0.1 * (name == "a")}
        for name in "ab"
        for seed in range(30)
    }
    assert rule.leader(Table(range(30), trials)) == "a"


def test_preparation_learns_from_training_rows_and_says_where_a_gap_was():
    known = pandas.DataFrame({"x": [1.0, np.nan, 3.0, 5.0], "word": ["red", "red", "red", "green"]})
    preparation = models.Preparation().fit(known)
    numbers = preparation.transform(known)
    np.testing.assert_allclose(numbers.mean(axis=0), 0, atol=1e-6)
    asked = pandas.DataFrame({"x": [np.nan, 100.0], "word": ["violet", None]})
    found = preparation.transform(asked)
    assert np.isfinite(found).all()
    gaps = [place for place in range(numbers.shape[1]) if len(set(numbers[[0, 2, 3], place])) == 1]
    assert any(numbers[1, place] != numbers[0, place] for place in gaps), "no column tells the gap from the rest"
    assert found[1].max() > 10, "a large value stays large: rows to come are scaled by the training rows"


def test_preparation_leaves_the_home_of_the_user_alone(tmp_path):
    home, code = (
        tmp_path / "home",
        (
            "import pandas; from zhixing.models import Preparation; "
            "Preparation().fit(pandas.DataFrame({'x': [1.0, 2.0, 3.0], 'word': ['a', 'b', 'a']}))"
        ),
    )
    home.mkdir()
    variables = {"HOME": str(home), "TMPDIR": str(tmp_path), "PATH": ""}
    subprocess.run([sys.executable, "-c", code], env=variables, check=True)
    assert list(home.iterdir()) == []


def test_balanced_error_weighs_classes_alike():
    probabilities = np.eye(2)[[0, 0, 0, 0, 0, 0, 1, 0]]
    targets = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    assert evaluate.error(probabilities, targets) == 12.5
    assert evaluate.balanced_error(probabilities, targets) == 25.0
    assert evaluate.error_by_class(probabilities, targets).values == (0.0, 50.0)


def test_measures_of_amounts_agree_with_scikit_learn():
    from sklearn import metrics

    generator = np.random.default_rng(0)
    targets = generator.normal(size=50)
    answers = targets + generator.normal(size=50)
    assert evaluate.root_mean_square(answers, targets) == pytest.approx(
        metrics.root_mean_squared_error(targets, answers)
    )
    assert evaluate.mean_absolute(answers, targets) == pytest.approx(metrics.mean_absolute_error(targets, answers))
    assert evaluate.explained(answers, targets) == pytest.approx(100 * metrics.r2_score(targets, answers))


def test_a_winner_is_told_with_its_lead_over_the_nearest():
    rule = Leads(("a", "b", "c"), on=evaluate.root_mean_square, chosen_on=evaluate.on_validation, by=0.0)
    means = {"a": 1.0, "b": 3.5, "c": 9.0}
    trials = {
        (name, seed): {"root_mean_square": mean + seed / 100, "on_validation": mean}
        for name, mean in means.items()
        for seed in range(9)
    }
    claims = decide(rule, Table(range(9), trials)).claims
    labels = {name: Text(name.upper(), name.upper()) for name in means}
    told = sentence(claims, labels)
    assert told.en == "The winner is A, ahead of every other family, of the nearest by 2.5."
    assert told.zh == "胜出的是A：它领先于其余各类模型，比最接近的一类好 2.5。"
