"""Thresholds, calibration and dependence against scikit-learn, brute force and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import betainc
from sklearn import metrics
from sklearn.calibration import calibration_curve

from zhixing import data, evaluate
from zhixing.core import BadSetting, Seeds, spec
from zhixing.evaluate.questions import ALARM_RATES, RECALLS, STARTS
from zhixing.studies import harmonic_mean, roc_or_pr


def generator(seed=0):
    return np.random.default_rng(seed)


@st.composite
def questions(draw):
    """Scores with ties, or without, and targets of both classes."""
    n = draw(st.integers(2, 60))
    targets = np.array([0, 1, *draw(st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2))])
    grid = draw(st.sampled_from((1, 3, 10, 10**9)))
    scores = np.array(draw(st.lists(st.integers(0, grid), min_size=n, max_size=n))) / grid
    return scores, targets


every_question = given(questions())
often = settings(max_examples=100, deadline=None)


# Curves ---------------------------------------------------------------------------------------------------


@often
@every_question
def test_the_curves_are_scikit_learns_to_the_last_digit(question):
    scores, targets = question
    ours = evaluate.sweep(scores, targets)
    precision, recall, thresholds = metrics.precision_recall_curve(targets, scores)
    assert_array_equal(np.append(ours.precision[::-1], 1.0), precision)
    assert_array_equal(np.append(ours.recall[::-1], 0.0), recall)
    assert_array_equal(ours.thresholds[::-1], thresholds)
    alarm_rate, recall, thresholds = metrics.roc_curve(targets, scores, drop_intermediate=False)
    assert_array_equal(np.append(0.0, ours.alarm_rate), alarm_rate)
    assert_array_equal(np.append(0.0, ours.recall), recall)
    assert_array_equal(np.append(np.inf, ours.thresholds), thresholds)


@often
@every_question
def test_the_areas_are_scikit_learns_and_mean_what_they_say(question):
    scores, targets = question
    ours = evaluate.sweep(scores, targets)
    assert_allclose(evaluate.area_under_steps(ours), metrics.average_precision_score(targets, scores), atol=1e-12)
    assert_allclose(evaluate.area_under_roc(ours), metrics.roc_auc_score(targets, scores), atol=1e-12)
    duels = np.sign(scores[targets == 1][:, None] - scores[targets == 0])
    assert_allclose(evaluate.area_under_roc(ours), np.mean((1 + duels) / 2), atol=1e-12)


@often
@every_question
def test_a_curve_read_at_fixed_places_is_the_count_at_some_threshold(question):
    scores, targets = question
    curve = evaluate.sweep(scores, targets)
    answers = [scores >= threshold for threshold in curve.thresholds]
    points = [evaluate.confusion(yes, targets) for yes in answers]
    for wanted in (0.1, 0.5, 1.0):
        enough = [p for p in points if p.recall >= wanted - 1e-12]
        assert evaluate.precision_at(curve, np.array([wanted]))[0] == enough[0].precision
        few = [p.recall for p in points if p.alarms <= wanted * np.sum(targets == 0)]
        assert evaluate.recall_at(curve, np.array([wanted]))[0] == max(few, default=0.0)


@often
@every_question
def test_a_lower_threshold_finds_more_and_every_find_raises_precision(question):
    """The mechanism of the study: past a positive both rise, past a negative precision falls and recall stays."""
    scores, targets = question
    scores = scores + 1e-12 * np.arange(len(scores))  # no ties
    curve = evaluate.sweep(scores, targets)
    assert (np.diff(curve.recall) >= 0).all()
    is_find = np.diff(curve.found) == 1
    assert (np.diff(curve.precision)[is_find] >= 0).all()
    assert (np.diff(curve.precision)[~is_find] <= 0).all()


def test_one_class_alone_has_no_curve():
    with pytest.raises(BadSetting) as caught:
        evaluate.sweep(np.array([0.1, 0.2]), np.array([1, 1]))
    assert str(caught.value) == "2 of 2 rows are positive: a curve needs rows of both classes"
    assert "两类都有" in caught.value.message.zh


def test_the_bought_precision_by_hand():
    # From strict to lax: found, alarm, found, alarm; recall 1/2 at precision 1, recall 1 at precision 2/3.
    curve = evaluate.sweep(np.array([0.9, 0.8, 0.7, 0.6]), np.array([1, 0, 1, 0]))
    assert_allclose(evaluate.bought_by_halving(curve, np.array([1.0])), [1 / 3])
    told = evaluate.curves(curve)
    assert (len(told["precision_by_recall"]), len(told["recall_by_alarm_rate"])) == (len(RECALLS), len(ALARM_RATES))
    assert len(told["bought_by_halving"]) == len(STARTS)
    assert told["alarms_per_find"] == pytest.approx(0.5)
    assert told["roc_area"] == pytest.approx(75.0)
    assert told["average_precision"] == pytest.approx(100 * (1 / 2 + 1 / 2 * 2 / 3))


@pytest.mark.parametrize(("positives", "negatives", "steps"), [((4, 1), (1, 1), (74, 24)), ((1, 1), (1, 4), (84, 51))])
def test_the_simulated_classifiers_of_saito_and_rehmsmeier(positives, negatives, steps):
    """Both score positives above negatives with chance 0.8; ten times as many negatives leave that as it is, and the
    precision-recall area falls far. Closed form: integral of P(r) dr with precision from the two tail areas."""
    x = np.linspace(0, 1, 200_001)
    found, alarms = 1 - betainc(*positives, x), 1 - betainc(*negatives, x)
    for weight, expected, seed in zip((1, 10), steps, (1, 2), strict=True):
        rng = generator(seed)
        scores = np.append(rng.beta(*positives, size=4_000), rng.beta(*negatives, size=4_000 * weight))
        curve = evaluate.sweep(scores, np.repeat([1, 0], [4_000, 4_000 * weight]))
        precision = found[:-1] / (found[:-1] + weight * alarms[:-1])
        exact = -np.sum(np.diff(found) * precision)
        assert_allclose(evaluate.area_under_steps(curve), exact, atol=0.02)
        assert_allclose(100 * exact, expected, atol=1.0)
        assert_allclose(evaluate.area_under_roc(curve), 0.8, atol=0.01)


# Means and costs ------------------------------------------------------------------------------------------


@often
@every_question
def test_f_and_accuracy_are_scikit_learns_and_the_means_stand_in_their_order(question):
    scores, targets = question
    answers = scores >= 0.5
    counts = evaluate.confusion(answers, targets)
    assert sum(counts) == len(targets)
    found = metrics.precision_recall_fscore_support(targets, answers, average="binary", zero_division=0.0)
    assert_allclose((counts.precision, counts.recall, evaluate.harmonic_mean(counts)), found[:3], atol=1e-12)
    for beta in (0.5, 2.0, 3.0):
        theirs = metrics.fbeta_score(targets, answers, beta=beta, zero_division=0.0)
        assert_allclose(evaluate.f_measure(counts, beta=beta), theirs, atol=1e-12)
    assert_allclose(evaluate.accuracy(counts), metrics.accuracy_score(targets, answers), atol=1e-12)
    means = [f(counts) for f in (evaluate.harmonic_mean, evaluate.geometric_mean, evaluate.arithmetic_mean)]
    assert means[0] <= means[1] + 1e-12 <= means[2] + 2e-12


def test_the_arithmetic_mean_alone_rewards_yes_to_all():
    """One positive in a hundred: the lazy answer gets half marks from one mean and next to none from another."""
    lazy = evaluate.confusion(np.ones(1000, dtype=bool), np.arange(1000) < 10)
    assert evaluate.arithmetic_mean(lazy) == pytest.approx(0.505)
    assert evaluate.geometric_mean(lazy) == pytest.approx(0.1)
    assert evaluate.harmonic_mean(lazy) == pytest.approx(0.02 / 1.01)


def test_costs_are_counted_against_the_cheaper_lazy_answer():
    targets = np.arange(100) < 20
    yes, no, right = (evaluate.confusion(a, targets) for a in (np.full(100, True), np.full(100, False), targets))
    for ratio in (0.5, 1.0, 3.0):
        assert evaluate.relative_cost(no, ratio) == 100.0
    assert evaluate.relative_cost(yes, 4.0) == evaluate.relative_cost(no, 4.0) == 100.0
    assert evaluate.relative_cost(yes, 2.0) == 200.0
    assert evaluate.relative_cost(evaluate.confusion(np.arange(100) < 15, targets), 2.0) == 25.0
    assert evaluate.mean_cost(right) == 0.0
    assert evaluate.mean_cost(no) == pytest.approx(100.0)
    # Yes to all costs 80 / (20 r): its mean over log r from 0 to log 4 is an integral.
    assert evaluate.mean_cost(yes, places=20_001) == pytest.approx(400 * (1 - 1 / 4) / np.log(4), rel=1e-3)


def test_a_mark_chooses_on_rows_that_do_not_judge():
    found = harmonic_mean.chosen(
        Seeds(3),
        data=spec(data.rare, name="credit"),
        by=spec(evaluate.accuracy),
        cost=spec(evaluate.mean_cost),
        families=harmonic_mean.families()[:1],
    )
    assert 40 < found["cost"] < 100
    assert len(found["mark_by_threshold"]) == len(evaluate.THRESHOLDS)
    assert found["mark_by_threshold"][0] == pytest.approx(100 * 308 / 1212, abs=0.2)  # threshold 0 is yes to all


def test_rare_asks_for_the_rarest_class():
    asked, table = data.rare(name="credit"), data.table("credit")
    assert asked.classes == ("other", "bad")
    assert_array_equal(asked.train.targets, table.train.targets == table.classes.index("bad"))
    assert_array_equal(asked.train.inputs, table.train.inputs)
    assert (len(asked.test), asked.columns) == (0, table.columns)


@pytest.mark.parametrize(("number", "positives", "negatives"), [(2, 30, 30), (10, 30, 270), (100, 3, 297)])
def test_thinning_keeps_what_it_can_and_draws_no_row_twice(number, positives, negatives):
    targets = (np.arange(330) < 30).astype(int)
    rows = roc_or_pr.rows_with_one_in(number, targets, generator())
    assert len(set(rows)) == len(rows)
    assert_array_equal(np.bincount(targets[rows]), (negatives, positives))


# Calibration ----------------------------------------------------------------------------------------------


@often
@every_question
def test_the_bins_are_scikit_learns(question):
    said, happened = question
    for bins in (2, 5, 15):
        ours = evaluate.binned(said, happened, bins)
        happens, says = calibration_curve(happened, said, n_bins=bins)
        full = ours.rows > 0
        assert_allclose(ours.happened[full] / ours.rows[full], happens, atol=1e-12)
        assert_allclose(ours.said[full] / ours.rows[full], says, atol=1e-12)
        assert ours.rows.sum() == len(said)
        weighted = np.sum(ours.rows[full] / len(said) * np.abs(happens - says))
        assert_allclose(evaluate.expected_error(said, happened, bins), weighted, atol=1e-12)


def test_an_honest_forecast_has_the_error_of_chance_and_a_boaster_more():
    said = generator(1).uniform(0.5, 1.0, size=2_000)
    outcomes = [generator(seed).random(2_000) < said for seed in range(100, 150)]
    by_chance = evaluate.error_by_chance(said, generator(99), draws=100)
    assert 0.01 < by_chance < 0.04
    assert np.mean([evaluate.expected_error(said, each) for each in outcomes]) == pytest.approx(by_chance, rel=0.1)
    boasted = np.minimum(said + 0.1, 1.0)
    assert np.mean([evaluate.expected_error(boasted, each) for each in outcomes]) > by_chance + 0.05


@pytest.mark.parametrize("true", [0.4, 1.0, 3.0])
def test_the_temperature_that_made_the_answers_is_found_again(true):
    rng = generator(4)
    logits = rng.normal(size=(20_000, 3)) * 3
    honest = np.exp(logits / true) / np.exp(logits / true).sum(axis=1, keepdims=True)
    targets = (rng.random((20_000, 1)) > honest.cumsum(axis=1)).sum(axis=1)
    boasting = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = evaluate.best_temperature(boasting, targets)
    assert found == pytest.approx(true, rel=0.05)
    assert_allclose(evaluate.tempered(boasting, true), honest, atol=1e-12)


def test_a_temperature_changes_no_answer_and_keeps_probabilities():
    probabilities = np.append(generator(5).dirichlet(np.ones(4), size=50), [[1.0, 0.0, 0.0, 0.0]], axis=0)
    assert_allclose(evaluate.tempered(probabilities, 1.0), probabilities, atol=1e-12)
    for temperature in (0.05, 0.7, 5.0, 20.0):
        found = evaluate.tempered(probabilities, temperature)
        assert_allclose(found.sum(axis=1), 1.0)
        assert_array_equal(found.argmax(axis=1), probabilities.argmax(axis=1))


def test_confidence_is_of_the_answer_given():
    said, right = evaluate.confidences(np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([1, 1]))
    assert_array_equal(said, [0.8, 0.6])
    assert_array_equal(right, [True, False])


def test_the_measures_of_calibration_by_hand():
    found = [
        {"said": [0.9] * 100, "right": [True] * 60 + [False] * 40, "calibration_error": 0.3, "error_by_chance": 0.02},
        {"said": [0.6] * 100, "right": [True] * 70 + [False] * 30, "calibration_error": 0.1, "error_by_chance": 0.04},
    ]
    assert evaluate.calibration_error(found) == pytest.approx(20.0)
    assert evaluate.calibration_error_by_chance(found) == pytest.approx(3.0)
    assert evaluate.overconfidence(found) == pytest.approx((30 - 10) / 2)
    assert evaluate.wrong_answers(found) == pytest.approx(35.0)
    honesty = evaluate.honesty_by_confidence(found)
    assert honesty.values == pytest.approx((10.0, -30.0))
    assert honesty.at == pytest.approx((100 * 8.5 / 15, 100 * 13.5 / 15))


# Dependence -----------------------------------------------------------------------------------------------

tables = st.integers(0, 10**6).map(
    lambda seed: generator(seed).normal(size=(12, 3)) @ generator(seed + 1).normal(size=(3, 4))
)


@often
@given(tables)
def test_covariance_and_correlation_are_numpys(table):
    assert_allclose(evaluate.covariances(table), np.cov(table, rowvar=False), atol=1e-12)
    assert_allclose(evaluate.correlations(table), np.corrcoef(table, rowvar=False), atol=1e-12)


@often
@given(tables, st.tuples(*[st.floats(-1e3, 1e3).filter(lambda x: abs(x) > 1e-3)] * 4))
def test_a_change_of_units_scales_covariance_and_leaves_correlation(table, units):
    scaled = table * units + 7.0
    assert_allclose(
        evaluate.covariances(scaled), evaluate.covariances(table) * np.outer(units, units), rtol=1e-6, atol=1e-9
    )
    signs = np.sign(np.outer(units, units))
    assert_allclose(evaluate.correlations(scaled), evaluate.correlations(table) * signs, atol=1e-6)


def brute_force_distance_correlation(x, y):
    n = len(x)
    a, b = ([[abs(p - q) for q in z] for p in z] for z in (x, y))

    def centred(d, i, j):
        row, column = sum(d[i]) / n, sum(d[k][j] for k in range(n)) / n
        return d[i][j] - row - column + sum(map(sum, d)) / n**2

    def product(d, e):
        return sum(centred(d, i, j) * centred(e, i, j) for i in range(n) for j in range(n)) / n**2

    return (product(a, b) / (product(a, a) * product(b, b)) ** 0.5) ** 0.5


@settings(max_examples=20, deadline=None)
@given(tables)
def test_distance_correlation_agrees_with_its_definition_term_by_term(table):
    x, y = table[:, 0], table[:, 1]
    assert_allclose(evaluate.distance_correlation(x, y), brute_force_distance_correlation(x, y), atol=1e-9)
    assert_allclose(evaluate.distance_correlation(x, -3 * x + 2), 1.0)
    assert_allclose(evaluate.distance_correlation(x, y), evaluate.distance_correlation(5 * x - 1, -2 * y), atol=1e-12)


def test_distance_correlation_of_a_normal_pair_is_the_closed_form_of_szekely_rizzo_and_bakirov():
    """Theorem 7: R^2 = (r asin r + sqrt(1 - r^2) - r asin(r/2) - sqrt(4 - r^2) + 1) / (1 + pi/3 - sqrt 3)."""
    r = 0.6
    x, noise = generator(6).normal(size=(2, 1_500))
    y = r * x + np.sqrt(1 - r * r) * noise
    top = r * np.arcsin(r) + np.sqrt(1 - r * r) - r * np.arcsin(r / 2) - np.sqrt(4 - r * r) + 1
    assert evaluate.distance_correlation(x, y) == pytest.approx((top / (1 + np.pi / 3 - np.sqrt(3))) ** 0.5, abs=0.03)


def test_a_parabola_has_no_covariance_and_fails_every_shuffle():
    x = np.linspace(-1, 1, 101)
    assert evaluate.covariances(np.stack([x, x**2], axis=1))[0, 1] == pytest.approx(0.0, abs=1e-12)
    assert evaluate.chance_of_dependence(x, x**2, generator(7)) == 0.01
    assert evaluate.distance_correlation(x, x**2) > 0.4
    assert evaluate.distance_correlation(x, np.ones(101)) == 0.0


def test_the_permutation_test_cries_wolf_no_more_often_than_it_says():
    rng = generator(8)
    found = [evaluate.chance_of_dependence(*rng.normal(size=(2, 15)), rng, shuffles=19) for _ in range(800)]
    assert 0.03 < np.mean(np.array(found) <= 0.05) < 0.07
    assert np.mean(found) == pytest.approx(0.525, abs=0.035)


def test_a_curve_is_foretold_and_noise_is_not():
    rng = generator(9)
    x = rng.uniform(-1, 1, size=4_000)
    table = np.stack([x, x**2, rng.normal(size=4_000)], axis=1)
    shares = evaluate.variance_foretold(table[:2_000], table[2_000:])
    assert shares[0, 1] > 0.93
    assert abs(shares[0, 2]) < 0.02
    # Knowing x^2 says nothing of the sign of x.
    assert abs(shares[1, 0]) < 0.02
    # Ten equal parts of an interval leave a hundredth of its variance.
    assert shares[0, 0] == pytest.approx(0.99, abs=0.002)


def test_directions_are_kendalls():
    from scipy.stats import kendalltau

    x = generator(10).normal(size=(200, 2)) @ np.array([[1.0, 0.5], [0.0, 1.0]])
    found = evaluate.directions(x, generator(11), pairs=40_000)
    assert found[0, 1] == pytest.approx(kendalltau(x[:, 0], x[:, 1]).statistic, abs=0.02)
    assert found[0, 0] == pytest.approx(1 - 1 / 200, abs=0.005)  # a row drawn twice moves nowhere


def test_same_order_by_hand():
    assert evaluate.same_order(np.array([1.0, 2.0, 3.0]), np.array([5.0, 6.0, 9.0])) == 1.0
    assert evaluate.same_order(np.array([1.0, 2.0, 3.0]), np.array([9.0, 6.0, 5.0])) == 0.0
    assert evaluate.same_order(np.array([1.0, 2.0, 3.0]), np.array([5.0, 9.0, 6.0])) == pytest.approx(2 / 3)
