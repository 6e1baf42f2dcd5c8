"""Verdict rules: what they take from the table, and that several claims share one error."""

import math

import numpy as np
import pytest

from toy import error, norm
from zhixing.core import Series, Text
from zhixing.evaluate.measure import measure
from zhixing.study.decide import decide, earliest, next_look, sentence
from zhixing.study.rules import All, Better, Equivalent, Reaches, Rises, Rule, Table


@measure(label=Text("accuracy", "准确率"), unit=Text("%", "%"), better="higher", low=0.0, high=100.0)
def accuracy(_: object) -> float:
    return 0.0


def table(**arms: list[float]) -> Table:
    """Errors, accuracies (100 - error) and series (slope = error) by arm, one number per seed; None is a failed trial."""
    trials = {
        (arm, seed): {"error": v, "accuracy": 100 - v, "norm": Series("layer", (1.0, 2.0, 4.0), (v, 2 * v, 4 * v))}
        for arm, values in arms.items()
        for seed, v in enumerate(values)
        if not math.isnan(v)
    }
    return Table(range(max(map(len, arms.values()))), trials)


def verdict(rule: Rule, **arms: list[float]) -> str:
    return decide(rule, table(**arms)).verdict


def test_better_pairs_by_seed_and_points_to_the_better_side() -> None:
    (claim,) = Better("a", than="b", on=error, by=3).claims(table(a=[1, 2, 3], b=[5, 5, 5]))
    assert claim.values == (4, 3, 2)
    assert claim.region == (3, math.inf)
    assert claim.bounds == (-100, 100)
    assert claim.text.en == "a has a lower error than b, by at least 3 %"
    (claim,) = Better("a", than="b", on=accuracy, by=3).claims(table(a=[1, 2, 3], b=[5, 5, 5]))
    assert claim.values == (4, 3, 2)
    assert "a higher accuracy" in claim.text.en


def test_a_failed_trial_makes_its_pair_unknown() -> None:
    (claim,) = Better("a", than="b", on=error, by=3).claims(table(a=[1, math.nan, 3], b=[5, 5, math.nan]))
    np.testing.assert_array_equal(claim.values, (4, math.nan, math.nan))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Better("low", than="high", on=error, by=5), "supported"),
        (Better("high", than="low", on=error, by=5), "refuted"),
        (Better("low", than="high", on=error, by=35), "refuted"),
        (Better("high", than="low", on=accuracy, by=5), "refuted"),
        (Better("low", than="mixed", on=error, by=5), "undecided"),
        (Equivalent("low", to="low2", on=error, within=2), "supported"),
        (Equivalent("low", to="high", on=error, within=2), "refuted"),
        (Equivalent("low", to="mixed", on=error, within=2), "undecided"),
        (Rises(error, along={"low": 1, "high": 2}), "supported"),
        (Rises(error, along={"low": 1, "high": 2}, by=40), "refuted"),
        (Rises(error, along={"low": 1, "high": 2}, falls=True), "refuted"),
        (Rises(norm, along="low"), "supported"),
        (Rises(norm, along="low", falls=True), "refuted"),
        (Rises(error, along={"low": 1, "mixed": 2}), "undecided"),
        (Reaches("low", on=error, value=20), "supported"),
        (Reaches("low", on=error, value=5), "refuted"),
        (Reaches("low", on=accuracy, value=80), "supported"),
        (Reaches("low", on=accuracy, value=95), "refuted"),
        (Reaches("mixed", on=error, value=20), "undecided"),
    ],
    ids=repr,
)
def test_each_rule_gives_each_verdict(rule: Rule, expected: str) -> None:
    low = [10.0, 10.5, 11.0, 9.5, 9.0, 10.2, 10.1]
    arms = {"low": low, "low2": [v + 0.5 for v in low], "high": [v + 30 for v in low]}
    assert verdict(rule, **arms, mixed=[0.0, 50.0, 1.0, 60.0, 2.0, 70.0, 3.0]) == expected


def test_slopes_are_least_squares() -> None:
    rng = np.random.default_rng(0)
    arms = {name: rng.normal(50, 9, 5).tolist() for name in "abc"}
    (claim,) = Rises(error, along={"a": 1, "b": 2, "c": 5}).claims(table(**arms))
    expected = [np.polyfit([1, 2, 5], [arms[name][seed] for name in "abc"], 1)[0] for seed in range(5)]
    np.testing.assert_allclose(claim.values, expected)
    (claim,) = Rises(norm, along="a").claims(table(**arms))
    np.testing.assert_allclose(claim.values, arms["a"])


def test_several_claims_share_the_error() -> None:
    one = Better("a", than="b", on=error, by=5)
    assert earliest(one) == 6
    assert earliest(All(one, one)) == 7
    arms = {"a": [10.0] * 6, "b": [40.0] * 6}
    assert verdict(one, **arms) == "supported"
    assert verdict(All(one, one), **arms) == "undecided"
    assert verdict(All(one, one), a=[10.0] * 7, b=[40.0] * 7) == "supported"


def test_all_of_is_refuted_by_one_and_supported_by_every_one() -> None:
    arms = {"a": [10.0] * 9, "b": [40.0] * 9}
    yes, no = Better("a", than="b", on=error, by=5), Better("b", than="a", on=error, by=5)
    assert verdict(All(yes, no), **arms) == "refuted"
    assert verdict(All(yes, yes), **arms) == "supported"


def test_the_verdict_falls_at_the_first_look_whatever_came_after() -> None:
    rule = Better("a", than="b", on=error, by=5)
    early = decide(rule, table(a=[10.0] * 6, b=[40.0] * 6))
    late = decide(rule, table(a=[10.0] * 6 + [90.0] * 20, b=[40.0] * 26))
    assert early.verdict == late.verdict == "supported"
    assert early.seeds == late.seeds == 6
    assert early.claims == late.claims


def test_looks_are_where_a_verdict_can_newly_fall() -> None:
    rule = Better("a", than="b", on=error, by=5)
    assert next_look(rule, 6) == 11
    assert next_look(rule, 11) == 15
    b = [40.0] * 12
    assert verdict(rule, a=[90.0] + [10.0] * 9, b=b[:10]) == "undecided"
    assert verdict(rule, a=[90.0] + [10.0] * 10, b=b[:11]) == "supported"


def test_failed_trials_can_only_keep_a_verdict_back() -> None:
    rule = Better("a", than="b", on=error, by=5)
    lost = [10.0] * 5 + [math.nan]
    assert verdict(rule, a=lost, b=[40.0] * 6) == "undecided"
    assert verdict(rule, a=lost, b=[10.0] * 6) == "undecided"


def test_the_sentence_names_verdict_number_and_interval_in_both_languages() -> None:
    rule = Better("a", than="b", on=error, by=5)
    said = sentence(decide(rule, table(a=[10.0] * 6, b=[40.0, 41.0, 42.0, 43.0, 44.0, 45.0])))
    assert said.en.startswith("Supported: a has a lower error than b, by at least 5 %. Median over 6 seeds: 32.5 %")
    assert "interval 30 to 35" in said.en
    assert said.zh.startswith("成立：a 的误差比 b 更低，至少相差 5 %。6 个种子的中位数为 32.5 %")
    unsure = sentence(decide(rule, table(a=[60.0] + [10.0] * 9, b=[40.0] * 10)))
    assert unsure.en.startswith("Cannot tell: ")
    assert "more seeds would probably settle it" in unsure.en
