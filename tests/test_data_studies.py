"""The bricks of the studies of one's own data, against brute force, closed forms and published simulations."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.feature_selection import f_classif
from sklearn.linear_model import LogisticRegression

from zhixing import data, evaluate, models, train
from zhixing.core import BadSetting, Seeds, UnknownName, spec
from zhixing.data import Part
from zhixing.evaluate import duels

often = settings(max_examples=150, deadline=None)


def generator(seed=0):
    return np.random.default_rng(seed)


# Costs and thresholds


@st.composite
def questions(draw):
    """Probabilities with ties, at 0 and at 1, and targets of both classes."""
    n = draw(st.integers(2, 40))
    targets = np.array([0, 1, *draw(st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2))])
    grid = draw(st.sampled_from((1, 4, 1000)))
    return np.array(draw(st.lists(st.integers(0, grid), min_size=n, max_size=n))) / grid, targets


costs = st.sampled_from((0.1, 1.0, 3.0, 10.0))


@often
@given(questions(), costs, costs)
def test_no_threshold_is_cheaper_than_the_one_found(question, fn, fp):
    probabilities, targets = question

    def cost(threshold):
        return evaluate.total_cost(evaluate.confusion(probabilities >= threshold, targets), fn, fp)

    found = evaluate.threshold_for(probabilities, targets, fn, fp)
    places = np.unique([0.0, 1.1, *probabilities, *(probabilities + 1e-9)])
    assert_allclose(cost(found), min(map(cost, places)), rtol=1e-12)
    assert 0 <= found <= np.nextafter(1.0, 2.0)


@often
@given(questions(), costs, costs)
def test_a_cost_counts_each_mistake(question, fn, fp):
    probabilities, targets = question
    answers = probabilities >= 0.5
    by_hand = sum(fn if right else fp for yes, right in zip(answers, targets, strict=True) if yes != right)
    assert_allclose(evaluate.total_cost(evaluate.confusion(answers, targets), fn, fp), by_hand)


def test_of_equally_cheap_thresholds_the_one_nearest_to_theory_is_taken():
    # From 0.2 to 0.8 nothing is answered differently; the middle of a gap is as far from both of its ends as can be.
    probabilities, targets = np.array([0.1, 0.3, 0.6, 0.9]), np.array([0, 0, 1, 1])
    assert_allclose(evaluate.threshold_for(probabilities, targets, 1, 1), 0.45)
    # All alike, and either lazy answer costs 2: theory says 2/3, and "above 1" is nearer to it than 0.
    assert evaluate.threshold_for(np.full(3, 0.5), np.array([1, 0, 0]), 2, 1) == 0.0
    assert evaluate.threshold_for(np.full(3, 0.5), np.array([1, 1, 0]), 1, 2) > 1.0


def test_the_threshold_of_theory_is_where_yes_and_no_cost_the_same():
    for fn, fp in ((10, 1), (1, 1), (2, 7)):
        p = evaluate.threshold_in_theory(fn, fp)
        assert_allclose(p * fn, (1 - p) * fp)


@pytest.mark.parametrize(
    ("fn", "fp", "says"), [(0, 1, "fn=0"), (1, -2, "fp=-2"), (np.inf, 1, "fn=inf"), (1, np.nan, "fp=nan")]
)
def test_a_cost_that_is_none_is_refused(fn, fp, says):
    with pytest.raises(BadSetting, match=f"{says}: a cost is a positive number, such as fn=10") as caught:
        evaluate.threshold_for(np.array([0.2, 0.7]), np.array([0, 1]), fn, fp)
    assert "代价应为正数" in caught.value.message.zh


def test_the_search_comes_to_the_threshold_of_theory_where_probabilities_are_honest():
    said = generator().random(200_000)
    happened = (generator(1).random(200_000) < said).astype(int)
    assert_allclose(evaluate.threshold_for(said, happened, 10, 1), 1 / 11, atol=0.01)


def test_the_curve_is_logistic_regression_of_the_log_odds():
    said, targets = generator().beta(2, 3, size=4_000), None
    truth = 1 / (
        1 + np.exp(-(0.4 * np.log(said / (1 - said)) - 1.0))
    )  # what was said is too sure of itself, and too high
    targets = (generator(1).random(4_000) < truth).astype(int)
    curve = evaluate.fitted_curve(said, targets)
    reference = LogisticRegression(C=np.inf, tol=1e-10).fit(np.log(said / (1 - said))[:, None], targets)
    assert_allclose([curve.slope, curve.offset], [reference.coef_[0, 0], reference.intercept_[0]], atol=2e-3)
    assert_allclose(curve(said), truth, atol=0.05)
    assert evaluate.expected_error(curve(said), targets) < evaluate.expected_error(said, targets) / 3


def test_a_curve_for_rows_that_are_told_apart_for_sure_stays_finite():
    curve = evaluate.fitted_curve(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0, 0, 1, 1]))
    assert np.isfinite(curve).all()
    assert_allclose(curve(np.array([0.0, 1.0])), [0.25, 0.75], atol=1e-3)  # Platt's targets


def test_a_bill_is_that_of_the_rule():
    settings = {"families": (spec(models.naive_bayes),), "bill": spec(evaluate.charged), "fn": 10.0, "examples": 800}
    bills = {
        rule.__name__: train.decided(Seeds(0), data=spec(data.rare, name="churn"), rule=spec(rule), **settings)[
            "bills"
        ][0]
        for rule in (evaluate.at_half, evaluate.by_theory, evaluate.by_calibration, evaluate.by_search)
    }
    assert bills["at_half"]["cost"] == bills["at_half"]["cost_by_threshold"][evaluate.THRESHOLDS.index(0.5)]
    assert bills["by_theory"]["cost_by_threshold"] == bills["at_half"]["cost_by_threshold"]
    assert bills["by_search"]["cost"] < bills["at_half"]["cost"]
    assert bills["by_calibration"]["dishonesty"] < bills["by_theory"]["dishonesty"]


# Leaks


@pytest.mark.parametrize("name", ["iris", "liver"])
def test_the_separation_of_columns_is_scikit_learns(name, recwarn):
    part = data.table(name).train
    ours = models.separation(part.inputs, part.targets)
    theirs = f_classif(part.inputs, part.targets)[0]
    varied = part.inputs.std(axis=0) > 0
    assert_allclose(ours[varied], theirs[varied], rtol=1e-6)
    assert (ours[~varied] == 0).all()
    recwarn.clear()  # scikit-learn warns of constant columns


def test_columns_chosen_with_all_rows_report_3_per_cent_where_50_are_true():
    """Hastie, Tibshirani and Friedman 2009, Section 7.10.2: 50 rows, 5,000 columns of chance, 100 kept, one neighbour."""
    reported, honest, truth = [], [], []
    for seed in range(12):
        draw = generator(seed)
        own, fresh = (Part(draw.normal(size=(n, 5_000)), np.arange(n) % 2) for n in (50, 200))
        for leak, errors in ((train.chosen_by_all, reported), (train.honest, honest)):
            known, judged, unseen = leak(own, fresh, generator(seed), 100)
            model = models.nearest_neighbours(neighbours=1).fit(known.inputs, known.targets)
            errors.append(evaluate.error(model.predict_proba(judged.inputs), judged.targets))
        truth.append(evaluate.error(model.predict_proba(unseen.inputs), unseen.targets))
    assert np.mean(reported) < 8
    assert 40 < np.mean(honest) < 60
    assert 46 < np.mean(truth) < 54


def test_each_leak_leaks_what_it_says():
    own, fresh = data.rare(name="cells").train, data.rare(name="speech").train
    own, fresh = Part(own.inputs[:200, :20], own.targets[:200]), Part(fresh.inputs[:90, :20], fresh.targets[:90])

    def parts(leak, **settings):
        return leak(own, fresh, generator(), 5, **settings)

    known, judged, unseen = parts(train.honest)
    assert (len(known), len(judged), len(unseen), known.inputs.shape[1]) == (140, 60, 90, 5)
    assert_allclose(known.inputs.mean(axis=0), 0, atol=1e-9)
    known, judged, _ = parts(train.scaled_by_all)
    assert_allclose(np.concatenate([known.inputs, judged.inputs]).mean(axis=0), 0, atol=1e-9)
    known, judged, _ = parts(train.copied)
    apart = len(np.unique(np.concatenate([known.inputs, judged.inputs]), axis=0))
    assert len(known) + len(judged) > 230
    assert apart <= 200
    known, _, unseen = parts(train.written_afterwards)
    kept = np.argmax([abs(np.corrcoef(column, known.targets)[0, 1]) for column in known.inputs.T])
    assert np.ptp(unseen.inputs[:, kept]) == 0
    assert 0.8 < np.mean((known.inputs[:, kept] > 0) == known.targets) < 1


def test_a_name_of_one_row_is_the_answer_itself():
    own = Part(np.zeros((40, 1)), np.arange(40) % 2)
    known, judged, _ = train.encoded_by_all(own, own, generator(), 2, each=1)
    alone = [abs(np.corrcoef(part.inputs[:, 0], part.targets)[0, 1]) for part in (known, judged)]
    assert min(alone) > 0.6
    shared = train.encoded_by_all(Part(np.zeros((4_000, 1)), np.arange(4_000) % 2), own, generator(), 2, each=400)[1]
    assert abs(np.corrcoef(shared.inputs[:, 0], shared.targets)[0, 1]) < 0.15


def test_flattery_is_fresh_less_reported():
    tables = [{"rows": (10,), "errors": [[[10.0, 30.0], [20.0, 40.0]]], "shuffled": [[50.0, 50.0], [40.0, 50.0]]}]
    assert evaluate.flattery(tables) == 20
    assert evaluate.flattery_of_nothing(tables) == 5
    assert (evaluate.reported_error(tables), evaluate.fresh_error(tables)) == (15, 35)
    assert evaluate.flattery_by_family(tables).values == (0.0, 10.0)
    assert evaluate.flattery_by_rows(tables).values == (20.0,)


# The order of time


def test_every_dated_table_has_rows_in_the_order_of_time():
    sizes = {"unemployed": (574, 5), "riders": (5698, 49), "electricity": (365, 3), "macro": (203, 12)}
    sizes |= {"spending": (198, 5), "nitrogen": (8088, 3), "shares": (1860, 4), "drivers": (192, 5)}
    assert set(sizes) == set(data.DATED_TABLES)
    for name, shape in sizes.items():
        whole = data.dated_table(name)
        assert whole.train.inputs.shape == shape
        assert whole.columns[0] == "time"
        assert_allclose(whole.train.inputs[:, 0], np.arange(shape[0]))
        assert np.isfinite(whole.train.inputs).all()
        assert np.isfinite(whole.train.targets).all()
    with pytest.raises(UnknownName, match="did you mean 'riders'"):
        data.dated_table("rider")


def test_the_divisions_hide_a_quarter():
    for division in (train.at_random, train.at_the_end):
        assert division(80, 0.25, generator()).sum() == 20
    assert np.flatnonzero(train.at_the_end(8, 0.25)).tolist() == [6, 7]
    assert np.flatnonzero(train.at_random(800, 0.25, generator())).mean() == pytest.approx(400, abs=40)


def steadily(*, rise: float, rows: int = 400) -> data.Dataset:
    """A target that rises by so much a row, foretold by time alone."""
    counted = np.arange(rows, dtype=float)
    part = Part(counted[:, None], rise * counted)
    return data.Dataset(part, part, part, ())


def test_a_line_foretells_a_line_and_neighbours_cannot():
    def found(model, division):
        return train.foretold(Seeds(0), data=spec(steadily, rise=2.0), model=spec(model), division=spec(division))

    line = found(models.ridge, train.at_random)
    assert max(line["reported"], line["true"]) < 0.05
    assert line["likeness"] == pytest.approx(1)
    by_lot, by_time = (found(models.neighbour_mean, division) for division in (train.at_random, train.at_the_end))
    assert by_lot["true"] == by_time["true"]
    # Of 320 rows 240 are the past, 80 ahead; the mean of the last five stays 3 rows behind the first of them.
    ahead = np.arange(80) + 3.0
    deviation = np.arange(240).std()
    assert by_lot["true"] == pytest.approx(np.sqrt(np.mean(ahead**2)) / deviation)
    assert by_lot["stretches"] == pytest.approx([np.sqrt(np.mean(a**2)) / deviation for a in np.split(ahead, 4)])
    # Learned from 180 rows, asked about the next 60.
    assert by_time["reported"] == pytest.approx(np.sqrt(np.mean((np.arange(60) + 3.0) ** 2)) / deviation)
    assert by_lot["reported"] < 0.1 * by_time["reported"]


def test_factors_are_averaged_by_their_product():
    tables = [
        {"reported": 1.0, "true": 8.0, "stretches": [1.0, 4.0], "likeness": 0.9},
        {"reported": 2.0, "true": 1.0, "stretches": [1.0, 1.0], "likeness": -0.1},
    ]
    assert evaluate.unforetold(tables) == pytest.approx(100)
    assert evaluate.error_ahead(tables) == pytest.approx(np.sqrt(8))
    assert evaluate.unforetold_by_table(tables).values == pytest.approx((700.0, -50.0))
    assert evaluate.likeness_by_table(tables).values == pytest.approx((90.0, -10.0))
    assert evaluate.error_by_distance(tables).values == pytest.approx((np.sqrt(2), 1.0, 2.0))


# Tuning


@pytest.mark.parametrize(("divisions", "wins"), [(3, 4), (5, 6), (6, 6), (9, 8), (12, 10)])
def test_a_winner_is_ahead_as_often_as_a_sign_test_wants(divisions, wins):
    assert duels.needed(divisions) == wins
    chance = sum(math.comb(divisions, k) for k in range(wins, divisions + 1)) * 2 / 2**divisions
    assert chance <= 0.05


def test_ties_make_no_winner():
    nine = np.arange(9.0)
    assert duels.winner(nine, nine) == 0
    assert duels.winner(nine, nine + 1) == 1
    assert duels.winner(nine + 1, nine) == -1
    assert duels.winner(nine, np.where(nine < 8, nine + 1, nine)) == 1
    assert duels.winner(nine, np.where(nine < 7, nine + 1, nine)) == 0


def fight(first, second):
    """Nine divisions, all alike, of settings (validation error, test error)."""
    return {"first": [first] * 9, "second": [second] * 9}


def test_validation_rows_choose_and_test_rows_judge():
    errors = np.array([[[3.0, 1.0], [2.0, 5.0]], [[1.0, 7.0], [2.0, 0.0]]])
    assert duels.chosen(errors, (0, 1)).tolist() == [5.0, 7.0]
    assert duels.chosen(errors, (1,)).tolist() == [5.0, 0.0]


def test_false_winners_by_hand():
    same = [[1.0, 10.0], [2.0, 20.0]]
    worse = [[1.0, 30.0], [2.0, 40.0]]
    false, true = fight(same, same), fight(same, worse)
    assert evaluate.false_winners([false]) == 50  # over the second setting, not over the first
    assert evaluate.false_winners_over_default([false]) == 0
    assert evaluate.false_winners_over_default([fight(same, same[::-1])]) == 100
    assert evaluate.false_winners_over_default([true]) == 0  # over every setting, but it stays a winner
    assert evaluate.false_winners([false, true]) == 25
    assert evaluate.winners_when_equal([false, true]) == 50
    assert evaluate.winners_when_equal([fight(worse, same)]) == 100
    assert evaluate.taken_back([false, true]) == pytest.approx(100 / 3)
    assert np.isnan(evaluate.taken_back([fight(worse, same)]))
    assert evaluate.wins_by_tries([false]).values == (50.0, 0.0)
    assert evaluate.lead_by_tries([false]).values == (5.0, 0.0)


def test_a_duel_is_shared_rows_and_settings_of_each():
    one = {"data": spec(data.table, name="iris"), "error": evaluate.error, "divisions": 2, "examples": 60}
    few, all_ = (tuple(spec(models.nearest_neighbours, neighbours=k) for k in numbers) for numbers in ((1,), (1, 40)))
    found = train.duelled(Seeds(1), first=few, second=all_, **one)
    assert np.shape(found["first"]) == (2, 1, 2)
    assert np.shape(found["second"]) == (2, 2, 2)
    assert np.mean(found["second"], axis=0)[1, 1] > np.mean(found["second"], axis=0)[0, 1]
    again = train.duelled(Seeds(1), first=all_, second=few, **one)
    assert np.array(again["first"])[:, :1].tolist() == found["first"]  # what the other tries changes nothing


def test_rows_are_thinned_in_the_shares_of_their_classes():
    part = data.table("churn").train
    thin = train.at_most(part, 500, generator())
    assert len(thin) == pytest.approx(500, abs=1)
    assert thin.targets.mean() == pytest.approx(part.targets.mean(), abs=0.002)
    assert train.at_most(part, None, generator()) is part
    assert train.at_most(part, 5_000, generator()) is part
