"""Models of ratings and recommenders against brute force, what they say of the unseen, and lists against a loop."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from torch.nn import functional

from zhixing import evaluate, models, train
from zhixing.core import Seeds, spec
from zhixing.evaluate.recommending import LENGTH, NOTHING, Lists
from zhixing.models.bayesian_factorisation import prior_given, rows_given
from zhixing.models.by_entity import ByEntity
from zhixing.models.rating_codes import UNSEEN


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def rated() -> tuple[np.ndarray, np.ndarray]:
    """Ratings of 30 items by 40 users, about half of all pairs: biases, one common taste, a little noise."""
    generator = rng()
    user, item = np.nonzero(generator.random((40, 30)) < 0.5)
    b, c, p, q = (generator.normal(size=size) for size in (40, 30, 40, 30))
    ratings = 3.5 + 0.5 * b[user] + 0.5 * c[item] + p[user] * q[item] + 0.1 * generator.normal(size=len(user))
    return np.stack([user, item], axis=1), ratings


RATERS = {
    "mean": spec(models.rating_mean),
    "biases": spec(models.rating_biases),
    "neighbours": spec(models.item_neighbours, shrink=5.0),
    "factorisation": spec(models.factorisation, factors=2, penalty=2.0),
    "bayesian": spec(models.bayesian_factorisation, factors=2, sweeps=60),
    "neural": spec(
        train.rating_network,
        model=spec(models.NeuralFactorisation, factors=4, embedding=4, widths=(8,)),
        recipe=spec(train.Recipe, optimiser=spec(train.adamw, lr=0.02, weight_decay=0.5), steps=600, batch=64),
    ),
}
RECOMMENDERS = {
    "popularity": spec(models.popularity),
    "implicit": spec(models.implicit_factors, factors=2),
    "pairwise": spec(models.pairwise_ranking, factors=2, rounds=5),
    "by rating": spec(models.by_rating, model=RATERS["biases"]),
}


def test_every_sum_over_the_rows_of_an_entity_is_the_sum():
    codes, design, targets = rng().integers(7, size=50), rng().normal(size=(50, 3)), rng().normal(size=50)
    codes[0] = 8  # and none is 7
    squares, moments = ByEntity(codes).sums(design, targets)
    assert len(squares) == 9
    for entity in range(9):
        own = codes == entity
        np.testing.assert_allclose(squares[entity], design[own].T @ design[own], atol=1e-12)
        np.testing.assert_allclose(moments[entity], design[own].T @ targets[own], atol=1e-12)


def test_biases_are_the_least_squares_of_the_whole(rated):
    inputs, targets = rated
    indicators = np.zeros((len(inputs), 70))
    indicators[np.arange(len(inputs)), inputs[:, 0]] = indicators[np.arange(len(inputs)), 40 + inputs[:, 1]] = 1
    penalty = np.diag([5.0] * 40 + [3.0] * 30)
    exact = np.linalg.solve(indicators.T @ indicators + penalty, indicators.T @ (targets - targets.mean()))
    found = models.rating_biases(users=5.0, items=3.0).fit(inputs, targets)
    np.testing.assert_allclose(found.of_user[:-1], exact[:40], atol=1e-6)
    np.testing.assert_allclose(found.of_item[:-1], exact[40:], atol=1e-6)


def test_each_half_step_of_factorisation_is_a_ridge_regression(rated):
    """At the end of the turns every item's bias and vector solve its own regression on the users' vectors."""
    inputs, targets = rated
    found = models.factorisation(factors=2, penalty=2.0, users=5.0, items=3.0, generator=rng()).fit(inputs, targets)
    left = (targets - found.mean) / found.scale - found.P[inputs[:, 0], 0]
    scales = np.sqrt([3.0, 2.0, 2.0])
    for item in range(30):
        own = inputs[:, 1] == item
        design = found.P[inputs[own, 0]].copy()
        design[:, 0] = 1
        ridge = Ridge(alpha=1.0, fit_intercept=False).fit(design / scales, left[own])
        np.testing.assert_allclose(found.Q[item], ridge.coef_ / scales, atol=1e-8)


def test_rows_are_drawn_from_their_posterior_and_priors_from_theirs():
    generator = rng()
    design, targets = generator.normal(size=(6, 2)), generator.normal(size=6)
    mean, precision, noise = np.array([0.5, -0.2]), np.array([[2.0, 0.3], [0.3, 1.0]]), 1.7
    squares, moments = ByEntity(np.zeros(6, dtype=int)).sums(design, targets)
    many = 40_000
    drawn = rows_given(
        np.repeat(squares, many, axis=0), np.repeat(moments, many, axis=0), mean, precision, noise, generator
    )
    exact = np.linalg.inv(precision + noise * design.T @ design)
    np.testing.assert_allclose(drawn.mean(axis=0), exact @ (precision @ mean + noise * design.T @ targets), atol=0.01)
    np.testing.assert_allclose(np.cov(drawn.T), exact, atol=0.01)
    rows = generator.multivariate_normal(mean, np.linalg.inv(precision), size=5_000)
    priors = [prior_given(rows, generator) for _ in range(200)]
    np.testing.assert_allclose(np.mean([each[0] for each in priors], axis=0), mean, atol=0.05)
    np.testing.assert_allclose(np.mean([each[1] for each in priors], axis=0), precision, atol=0.1)


def test_item_neighbours_are_the_formula(rated):
    inputs, targets = rated
    found = models.item_neighbours(neighbours=3, shrink=5.0, trust=1.0).fit(inputs, targets)
    left = np.full((40, 30), np.nan)
    left[tuple(inputs.T)] = (targets - found.biases.predict(inputs)) / targets.std()

    def similarity(one: int, other: int) -> float:
        x, y = np.nan_to_num(left[:, one]), np.nan_to_num(left[:, other])
        return x @ y / (math.sqrt((x @ x) * (y @ y)) + 5.0)

    for user, item in [(0, 3), (17, 20), (39, 29)]:
        others = [j for j in range(30) if j != item and not np.isnan(left[user, j])]
        near = sorted(((max(similarity(item, j), 0.0), j) for j in others), reverse=True)[:3]
        told = sum(s * left[user, j] for s, j in near) / (sum(s for s, _ in near) + 1.0)
        pair = np.array([[user, item]])
        np.testing.assert_allclose(found.predict(pair), found.biases.predict(pair) + targets.std() * told, atol=1e-6)


def test_neural_factorisation_is_its_formula_with_its_gradients(rated):
    model = models.NeuralFactorisation(
        users=4, items=5, factors=2, embedding=3, widths=(6,), generator=torch.Generator().manual_seed(0)
    )
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.1)
    rows = torch.tensor([[0.0, 4.0], [3.0, 1.0], [-1.0, 2.0], [9.0, 0.0]])
    user = torch.cat([model.user[[0, 3]], torch.zeros(2, 6)]).detach().requires_grad_()
    item = model.item[[4, 1, 2, 0]].detach().requires_grad_()
    hidden, head = model.network.hidden[0], model.network.head
    through = functional.linear(torch.cat([user[:, 3:], item[:, 3:]], dim=1), hidden.weight, hidden.bias).relu()
    product = (model.mix * user[:, 1:3] * item[:, 1:3]).sum(1, keepdim=True)
    expected = model.mean + user[:, :1] + item[:, :1] + product + functional.linear(through, head.weight, head.bias)
    answer = model(rows)
    torch.testing.assert_close(answer, expected)
    answer.square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(model.user.grad[[0, 3]], user.grad[:2])
    torch.testing.assert_close(model.item.grad[[4, 1, 2, 0]], item.grad)
    assert not model.user.grad[[1, 2]].any()


@pytest.mark.parametrize("name", RATERS)
def test_raters_beat_what_they_contain_and_fall_back_for_the_unseen(name, rated, global_randomness_untouched):
    inputs, targets = rated
    known = np.arange(len(targets)) % 5 > 0
    fitted = RATERS[name].build(generator=rng()).fit(inputs[known], targets[known])
    error = evaluate.root_mean_square(fitted.predict(inputs[~known]), targets[~known])
    assert error < {"mean": 2.0, "biases": 1.3, "neighbours": 1.2}.get(name, 0.7)
    again = RATERS[name].build(generator=rng()).fit(inputs[known], targets[known])
    np.testing.assert_array_equal(again.predict(inputs), fitted.predict(inputs))
    nobody = fitted.predict(np.array([[UNSEEN, UNSEEN], [400, 300]]))
    assert nobody[0] == nobody[1] == pytest.approx(targets[known].mean(), abs=0.6)
    if name != "mean":
        best, worst = (
            choose(fitted.predict(np.array([[UNSEEN, item] for item in range(30)]))) for choose in (max, min)
        )
        assert best > worst + 0.5  # of a new user the items are known


@pytest.mark.parametrize("name", RECOMMENDERS)
def test_recommenders_score_every_item_for_old_and_new_users(name, rated, global_randomness_untouched):
    inputs, targets = rated
    fitted = RECOMMENDERS[name].build(generator=rng()).fit(inputs, targets)
    scores = fitted.scores(np.array([0, 39, UNSEEN, 400]))
    assert scores.shape == (4, 30)
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores[2], scores[3])
    again = RECOMMENDERS[name].build(generator=rng()).fit(inputs, targets)
    np.testing.assert_array_equal(again.scores(np.array([0])), fitted.scores(np.array([0])))


def test_a_half_turn_of_implicit_factors_is_equation_four(rated):
    """At the end of the turns every item's vector solves the normal equations over all users, chosen or not."""
    inputs, targets = rated
    found = models.implicit_factors(factors=2, penalty=3.0, weight=7.0, generator=rng()).fit(inputs, targets)
    users = found.P[:-1]
    for item in range(30):
        chosen = np.isin(np.arange(40), inputs[inputs[:, 1] == item, 0])
        confidence = np.diag(1 + 7.0 * chosen)
        exact = np.linalg.solve(users.T @ confidence @ users + 3.0 * np.eye(2), users.T @ confidence @ chosen)
        np.testing.assert_allclose(found.Q[item], exact, atol=1e-9)


def test_a_step_of_pairwise_ranking_goes_along_the_gradient(rated):
    inputs, targets = rated
    found = models.pairwise_ranking(factors=2, rate=0.3, penalty=0.1, rounds=1, generator=rng()).fit(inputs, targets)
    user, item, other = np.array([0, 3]), np.array([1, 2]), np.array([5, 1])
    p, q, o = (
        torch.tensor(table[rows], requires_grad=True)
        for table, rows in ((found.P, user), (found.Q, item), (found.Q, other))
    )

    def score(left, right):
        return right[:, 0] + (left[:, 1:] * right[:, 1:]).sum(1)

    punished = 0.05 * sum((part**2).sum() for part in (p[:, 1:], q, o))
    (functional.logsigmoid(score(p, q) - score(p, o)).sum() - punished).backward()
    before = found.P.copy(), found.Q.copy()
    found.step(user, item, other)
    np.testing.assert_allclose((found.P - before[0])[user], 0.3 * p.grad.numpy(), atol=1e-12)
    expected = np.zeros_like(before[1])
    np.add.at(expected, item, 0.3 * q.grad.numpy())
    np.add.at(expected, other, 0.3 * o.grad.numpy())
    np.testing.assert_allclose(found.Q - before[1], expected, atol=1e-12)


def test_pairwise_ranking_puts_chosen_items_above_others():
    """Two tastes: even users chose even items, odd users odd ones; a pair held back is put above the other taste."""
    inputs = np.array([(user, item) for user in range(20) for item in range(user % 2, 20, 2) if (user, item) != (4, 8)])
    for recommender in (models.pairwise_ranking(factors=4, rounds=60, generator=rng()),
                        models.implicit_factors(factors=4, generator=rng())):  # fmt: skip
        scores = recommender.fit(inputs, np.ones(len(inputs))).scores(np.array([4]))[0]
        assert scores[8] > scores[1::2].max()


class Scored:
    """A recommender that has made up its mind; users never seen get the last row."""

    def __init__(self, table: np.ndarray):
        self.table = table

    def scores(self, users: np.ndarray, /) -> np.ndarray:
        return self.table[users]


def test_lists_and_their_measures_are_the_loop(monkeypatch):
    monkeypatch.setattr("zhixing.evaluate.recommending.BLOCK", 3)
    generator = rng()
    scores = generator.random((8, 14)).round(1)  # with ties
    known = np.unique(generator.integers([8, 14], size=(40, 2)), axis=0)
    wanted = np.unique(generator.integers([-1, -1], [7, 14], size=(30, 2)), axis=0)
    wanted = np.array([pair for pair in wanted.tolist() if pair not in known.tolist()])
    people = np.where(wanted[:, 0] < 0, 100 + np.arange(len(wanted)) % 2, wanted[:, 0])
    found = evaluate.lists(Scored(scores), known, wanted, people)
    gains, recalls, hits, shown = [], [], [], set()
    for person in np.unique(people):
        user = wanted[people == person][0, 0]
        liked = set(wanted[people == person, 1].tolist())
        amount = (people == person).sum()
        seen = {item for who, item in known.tolist() if who == user}
        order = sorted(set(range(14)) - seen, key=lambda item: (-scores[user, item], item))[:10]
        shown |= set(order)
        right = [place for place, item in enumerate(order) if item in liked]
        ideal = sum(1 / math.log2(place + 2) for place in range(min(amount, 10)))
        gains.append(sum(1 / math.log2(place + 2) for place in right) / ideal)
        recalls.append(len(right) / amount)
        hits.append(bool(right))
    assert evaluate.discounted_gain(found) == pytest.approx(100 * np.mean(gains))
    assert evaluate.recall_of_lists(found) == pytest.approx(100 * np.mean(recalls))
    assert evaluate.hit_rate(found) == pytest.approx(100 * np.mean(hits))
    assert evaluate.catalogue_coverage(found) == pytest.approx(100 * len(shown) / 14)
    assert 0 < np.mean(gains) < 1


def test_a_short_catalogue_leaves_places_empty():
    items = evaluate.best_items(np.array([[3.0, 1.0, 2.0]]), np.array([[False, True, False]]))
    assert items.tolist() == [[0, 2] + [NOTHING] * 8]
    every = Lists(items, np.array([[True, True] + [False] * (LENGTH - 2)]), np.array([2]), 3)
    assert evaluate.discounted_gain(every) == pytest.approx(100)
    assert evaluate.catalogue_coverage(every) == pytest.approx(200 / 3)


def test_a_trial_of_ratings_judges_what_it_did_not_learn(tmp_path, memory_watch):
    import pandas

    from zhixing import data

    generator = rng()
    user, item = np.nonzero(generator.random((40, 30)) < 0.5)
    frame = pandas.DataFrame({"user": user, "item": item, "rating": np.round(3 + generator.normal(size=len(user)), 1)})
    frame.to_csv(tmp_path / "r.csv", index=False)
    call = spec(
        train.rated,
        data=spec(data.own_ratings, path=str(tmp_path / "r.csv")),
        model=spec(models.rating_mean),
        measures=(evaluate.rating_error, evaluate.error_by_ratings_of_item),
    )
    found, tuning = (call.build(Seeds(3), memory_watch(), held_out=part) for part in ("test", "validation"))
    assert found["rating_error"] == pytest.approx(frame["rating"].std(), rel=0.15)
    assert tuning["rating_error"] != found["rating_error"]
    assert max(found["error_by_ratings_of_item"].values) > 0.5
