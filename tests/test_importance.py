"""Permutation importance and partial dependence against scikit-learn, brute force, and tables with planted causes."""

import numpy as np
import pandas
import pytest
from sklearn import inspection
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from zhixing import evaluate


def table(rows=60, seed=0):
    """Words, dates, flags and numbers; only `colour`, `size` and `when` decide."""
    generator = np.random.default_rng(seed)
    return pandas.DataFrame(
        {
            "colour": generator.choice(np.array(["red", "green", "blue"], dtype=object), rows),
            "size": generator.normal(size=rows),
            "noise": generator.normal(size=rows),
            "when": pandas.Timestamp("2024-01-01") + pandas.to_timedelta(generator.integers(0, 300, rows), unit="D"),
            "count": generator.integers(0, 100, rows),
            "flag": generator.random(rows) < 0.5,
        }
    )


def told(rows):
    """A model that nobody trained: amounts of three of the columns."""
    days = (rows["when"] - pandas.Timestamp("2024-01-01")).dt.days.to_numpy()
    return 3.0 * (rows["colour"] == "red").to_numpy() + 2.0 * rows["size"].to_numpy() + 0.01 * days


def numbers(rows=40, columns=4, seed=0):
    generator = np.random.default_rng(seed)
    return pandas.DataFrame(generator.normal(size=(rows, columns)), columns=[f"x{place}" for place in range(columns)])


def their_orders(rows, repeats, seed):
    """The orders in which scikit-learn puts every column: each is a shuffle of the one before."""
    state = np.random.RandomState(np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1))
    shuffle, order, found = np.arange(rows), np.arange(rows), []
    for _ in range(repeats):
        state.shuffle(shuffle)
        order = order[shuffle]
        found.append(order)
    return np.stack(found)


def test_importance_is_that_of_scikit_learn_with_the_same_shuffles():
    rows = numbers()
    targets = rows["x0"].to_numpy() * 2 - rows["x2"].to_numpy() + np.random.default_rng(1).normal(size=40)
    model = LinearRegression().fit(rows, targets)
    theirs = inspection.permutation_importance(
        model, rows, targets, scoring="neg_mean_squared_error", n_repeats=4, random_state=3
    )
    ours = evaluate.permutation_importance(
        model.predict, rows, targets, losses=evaluate.squared_errors, orders=their_orders(40, 4, 3)
    )
    for place, name in enumerate(rows.columns):
        mine = next(each for each in ours if each.column == name)
        np.testing.assert_allclose(mine.repeats, theirs.importances[place])
        assert mine.rise == pytest.approx(theirs.importances_mean[place])
    assert [each.column for each in ours] == [f"x{place}" for place in np.argsort(-theirs.importances_mean)]


def test_importance_of_classes_is_that_of_scikit_learn_by_log_loss():
    rows = numbers(seed=4)
    targets = (rows["x1"] > 0).to_numpy().astype(np.int64)
    model = LogisticRegression().fit(rows, targets)
    theirs = inspection.permutation_importance(
        model, rows, targets, scoring="neg_log_loss", n_repeats=2, random_state=0
    )
    ours = evaluate.permutation_importance(
        model.predict_proba, rows, targets, losses=evaluate.log_losses, orders=their_orders(40, 2, 0)
    )
    assert ours[0].column == "x1"
    found = {each.column: each.rise for each in ours}
    np.testing.assert_allclose([found[name] for name in rows.columns], theirs.importances_mean)


def test_words_dates_and_truths_are_shuffled_as_they_are_and_the_planted_causes_are_named():
    rows = table()
    before, seen = rows.copy(), []

    def answers(given):
        seen.append(given)
        return told(given)

    orders = evaluate.shuffles(len(rows), 5, np.random.default_rng(0))
    found = evaluate.permutation_importance(answers, rows, told(rows), losses=evaluate.squared_errors, orders=orders)
    assert {each.column for each in found[:3]} == {"colour", "size", "when"}
    assert all(each.low > 0 for each in found[:3])
    assert all(each.rise == each.low == each.high == 0.0 for each in found[3:])
    pandas.testing.assert_frame_equal(rows, before)  # the table itself is left alone
    assert all((given.dtypes == rows.dtypes).all() for given in seen)
    assert [len(given) for given in seen] == [60] + [5 * 60] * len(rows.columns)


def test_importance_is_what_a_loop_over_rows_gives():
    rows, orders = table(rows=9), evaluate.shuffles(9, 3, np.random.default_rng(5))
    targets = np.arange(9.0)
    by_hand = []
    for order in orders:
        changed = rows.copy()
        changed["colour"] = [rows["colour"][place] for place in order]
        by_hand.append(np.mean((told(changed) - targets) ** 2) - np.mean((told(rows) - targets) ** 2))
    found = evaluate.permutation_importance(told, rows, targets, losses=evaluate.squared_errors, orders=orders)
    mine = next(each for each in found if each.column == "colour")
    np.testing.assert_allclose(mine.repeats, by_hand)
    assert mine.low < mine.rise < mine.high


@pytest.mark.parametrize("repeats", [1, 5])
def test_the_interval_holds_the_importance_as_often_as_it_says(repeats):
    """y = 2 x + e and the model 2 x: shuffling adds 2 * 4 to the squared error, whatever e is."""
    inside = 0
    for seed in range(300):
        generator = np.random.default_rng(seed)
        rows = pandas.DataFrame({"x": generator.normal(size=120)})
        targets = 2 * rows["x"].to_numpy() + generator.normal(size=120)
        orders = evaluate.shuffles(120, repeats, generator)
        (found,) = evaluate.permutation_importance(
            lambda given: 2 * given["x"].to_numpy(), rows, targets, losses=evaluate.squared_errors, orders=orders
        )
        inside += found.low <= 8.0 <= found.high
    assert 0.91 <= inside / 300 <= 0.985


def test_shuffles_are_orders_that_the_generator_decides():
    one, same, other = (evaluate.shuffles(7, 3, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert (np.sort(one, axis=1) == np.arange(7)).all()
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize("kind", ["amounts", "classes"])
def test_partial_dependence_and_its_lines_are_those_of_scikit_learn(kind):
    rows = numbers(seed=2)
    amounts = rows["x0"].to_numpy() * rows["x1"].to_numpy()
    if kind == "amounts":
        model = LinearRegression().fit(rows, amounts)
        answers = model.predict
    else:
        model = RandomForestClassifier(7, random_state=0).fit(rows, np.digitize(amounts, [-0.5, 0.5]))
        answers = model.predict_proba
    theirs = inspection.partial_dependence(
        model, rows, ["x1"], kind="both", method="brute", grid_resolution=6, percentiles=(0.1, 0.9)
    )
    (grid,) = theirs["grid_values"]
    ours = evaluate.partial_dependence(answers, rows, "x1", grid)
    lines = ours.lines[..., None] if kind == "amounts" else ours.lines
    np.testing.assert_allclose(np.moveaxis(lines, 2, 0), theirs["individual"])
    mean = ours.mean[:, None] if kind == "amounts" else ours.mean
    np.testing.assert_allclose(mean.T, theirs["average"])


def test_lines_of_words_and_dates_are_what_a_loop_gives():
    rows = table(rows=12)
    for column in ("colour", "when", "flag"):
        found = evaluate.partial_dependence(told, rows, column)
        assert found.lines.shape == (12, len(found.grid))
        for place, value in enumerate(found.grid):
            changed = rows.copy()
            changed[column] = [value] * 12
            np.testing.assert_allclose(found.lines[:, place], told(changed))
    assert np.ptp(evaluate.partial_dependence(told, rows, "flag").lines, axis=1).max() == 0.0


def test_grids():
    rows = table(rows=500)
    assert set(evaluate.grid_of(rows["colour"])) == {"red", "green", "blue"}
    size = evaluate.grid_of(rows["size"])
    assert len(size) == 20
    np.testing.assert_allclose(size[[0, -1]], rows["size"].quantile([0.05, 0.95]))
    np.testing.assert_allclose(np.diff(size), np.diff(size)[0])
    count = evaluate.grid_of(rows["count"])
    assert count.dtype.kind == "i"
    assert len(set(count.tolist())) == len(count) <= 20
    when = evaluate.grid_of(rows["when"])
    assert when.dtype.kind == "M"
    assert rows["when"].min() < when[0] < when[-1] < rows["when"].max()
    assert evaluate.grid_of(rows["flag"]).tolist() == [False, True]
    assert evaluate.grid_of(pandas.Series([3.0, np.nan, 1.0, 3.0])).tolist() == [1.0, 3.0]
    assert len(evaluate.grid_of(pandas.Series([np.nan, np.nan]))) == 0
    many = pandas.Series([*"abcdefghijklmnopqrstuvwxyz", "z", "z"], dtype=object)
    assert evaluate.grid_of(many, 3)[0] == "z"
    assert len(evaluate.grid_of(many, 3)) == 3


def test_losses_by_hand():
    answers = np.array([[0.25, 0.75], [1.0, 0.0]])
    np.testing.assert_allclose(evaluate.log_losses(answers, np.array([1, 1])), [-np.log(0.75), -np.log(1e-15)])
    np.testing.assert_allclose(evaluate.squared_errors(np.array([1.0, 3.0]), np.array([2.0, 0.0])), [1.0, 9.0])
