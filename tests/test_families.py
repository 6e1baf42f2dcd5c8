"""The families of models, and what is measured of them, against scikit-learn, scipy and brute force."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.optimize import check_grad
from sklearn.decomposition import PCA
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.metrics import adjusted_rand_score, silhouette_score
from torch.distributions import Normal
from torch.testing import assert_close

from zhixing import data, evaluate, models, train
from zhixing.core import BadSetting, Seeds, UnknownName, spec
from zhixing.evaluate import clusters, intervals
from zhixing.evaluate.measure import PER_CENT, measure
from zhixing.train.ensemble import surprise

RECIPE = spec(train.Recipe, optimiser=spec(train.adamw, lr=0.01), steps=60, batch=16)
FAMILIES = (
    models.logistic, models.naive_bayes, models.nearest_neighbours, models.support_vectors, models.gaussian_process,
    models.tree, models.forest, models.boosting,
)  # fmt: skip
BUILDS = [
    *(spec(family) for family in FAMILIES),
    spec(train.network_classifier, model=spec(models.MLP, widths=(16,)), recipe=RECIPE),
]


def generator(seed=0):
    return np.random.default_rng(seed)


def standardised(name, rows=200):
    inputs = data.table(name).train.inputs[:rows]
    return (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)


# Families of classifiers


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.name)
def test_every_family_learns_a_table_from_its_generator_alone(build, memory_watch, global_randomness_untouched):
    settings = {"data": spec(data.table, name="iris"), "model": build, "measures": (evaluate.error, evaluate.log_loss)}
    one, same = (train.fitted(Seeds(3), memory_watch(), **settings) for _ in range(2))
    assert one == same
    assert one["error"] < 12
    known, judged = train.divided(spec(data.table, name="iris"), Seeds(3))
    estimator = build.build(generator=generator())
    estimator.fit(known.inputs, known.targets)
    probabilities = estimator.predict_proba(judged.inputs)
    assert probabilities.shape == (len(judged), 3)
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-9)


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.name)
def test_every_family_takes_pictures(build):
    pictures = data.digits28(train=100, test=10)
    estimator = build.build(generator=generator())
    estimator.fit(pictures.train.inputs[:40], pictures.train.targets[:40] % 2)
    assert estimator.predict_proba(pictures.test.inputs).shape == (10, 2)


def test_a_network_is_given_the_sizes_of_the_data():
    pictures = data.digits28(train=100, test=10)
    model = spec(models.CNN, depth=4, channels=2)
    estimator = train.network_classifier(model=model, recipe=RECIPE.with_settings(steps=1), generator=generator())
    estimator.fit(pictures.train.inputs, pictures.train.targets % 3)
    assert estimator.predict_proba(pictures.test.inputs).shape == (10, 3)
    fixed = train.network_classifier(
        model=spec(models.MLP, widths=(), classes=5), recipe=RECIPE.with_settings(steps=1), generator=generator()
    )
    fixed.fit(np.eye(4), np.arange(4))
    assert fixed.predict_proba(np.eye(4)).shape == (4, 5)  # what the model fixes stands


def test_pictures_are_not_scaled_pixel_by_pixel_and_tables_are():
    known, judged = train.divided(spec(data.digits28, train=100, test=50), Seeds(0))
    np.testing.assert_array_equal(judged.inputs, data.digits28(train=100, test=50).test.inputs)
    known, _ = train.divided(spec(data.table, name="glass"), Seeds(0), examples=90)
    assert len(known) <= 95
    np.testing.assert_allclose(known.inputs.mean(axis=0), 0, atol=1e-12)
    own, _ = train.divided(spec(data.table, name="glass"), Seeds(0), standardised=False)
    assert own.inputs[:, 0].std() > 1.5


def test_support_vectors_refuse_a_class_of_one_row():
    with pytest.raises(BadSetting, match="a class has one row only; give every class two or more") as caught:
        models.support_vectors(generator=generator()).fit(np.eye(3), np.array([0, 0, 1]))
    assert "只有一行" in caught.value.message.zh


# Axes


@pytest.mark.parametrize("name", ["wine", "digits8"])
def test_principal_axes_are_those_of_scikit_learn(name):
    inputs = standardised(name) if name == "wine" else data.table(name).train.inputs[:300]
    ours, theirs = models.principal_axes(inputs, 5), PCA(5).fit(inputs)
    signs = np.sign((ours * theirs.components_.T).sum(axis=0))
    np.testing.assert_allclose(ours * signs, theirs.components_.T, atol=1e-8)
    shares = evaluate.kept_by_first(inputs, ours)
    np.testing.assert_allclose(shares, 100 * np.cumsum(theirs.explained_variance_ratio_), rtol=1e-10)


def test_the_shares_of_the_iris_table_that_scikit_learn_prints():
    inputs = data.table("iris").train.inputs
    shares = np.diff(evaluate.kept_by_first(inputs, models.principal_axes(inputs, 2)), prepend=0)
    np.testing.assert_allclose(shares, [92.461872, 5.306648], atol=1e-6)


@pytest.mark.parametrize(
    "axes", [models.principal_axes, models.searched_axes, models.widest_columns, models.random_axes]
)
def test_axes_are_of_length_one_and_at_right_angles(axes):
    found = axes(standardised("wine"), 4, generator=generator())
    np.testing.assert_allclose(found.T @ found, np.eye(4), atol=1e-10)


def test_no_direction_is_wider_than_the_first_principal_axis_nor_correlated_after():
    inputs = standardised("wine")
    axes = models.principal_axes(inputs, 13)
    widest = (inputs @ axes[:, 0]).var()
    anywhere = generator().standard_normal((13, 20_000))
    assert (inputs @ (anywhere / np.linalg.norm(anywhere, axis=0))).var(axis=0).max() <= widest
    assert evaluate.mean_correlation(inputs @ axes) < 1e-10
    assert evaluate.most_after_turn(inputs, axes[:, 0], generator()).argmax() == 0
    assert evaluate.most_after_turn(inputs, axes[:, 5], generator())[3] > 100
    np.testing.assert_allclose(evaluate.kept_by_first(inputs, axes)[-1], 100)
    searched = models.searched_axes(inputs, 2, generator=generator())
    np.testing.assert_allclose(
        evaluate.kept_by_first(inputs, searched), evaluate.kept_by_first(inputs, axes[:, :2]), atol=0.01
    )


def test_mean_correlation_in_closed_form():
    x = np.array([1.0, -1.0, 1.0, -1.0])
    y = np.array([1.0, 1.0, -1.0, -1.0])
    assert evaluate.mean_correlation(np.stack([x, -x, np.ones(4)], axis=1)) == pytest.approx(1)
    assert evaluate.mean_correlation(np.stack([x, y, x + y], axis=1)) == pytest.approx(2 / 3 / math.sqrt(2))


# Ranks


def test_the_critical_differences_of_demsar():
    """Demsar 2006, Section 3.2.2: four classifiers on 14 data sets differ by 1.25 places; Table 5 has 3.102 for nine."""
    assert evaluate.critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)
    assert evaluate.critical_difference(9, 12) == pytest.approx(3.102 * math.sqrt(90 / 72), rel=1e-3)


def test_ranks_and_wins_share_ties():
    scores = np.array([[1.0, 2.0, 2.0], [3.0, 3.0, 3.0]])
    np.testing.assert_allclose(evaluate.mean_ranks(scores), [1.5, 2.25, 2.25])
    np.testing.assert_allclose(evaluate.wins(scores), [200 / 3, 50 / 3, 50 / 3])


def test_critical_differences_hold_under_no_effect():
    draws = generator().standard_normal((2_000, 12, 5))
    spread = np.array([np.ptp(evaluate.mean_ranks(scores)) for scores in draws])
    assert (spread > evaluate.critical_difference(5, 12)).mean() < 0.06


# Gaussian process and networks that say how sure they are


def test_the_process_is_that_of_scikit_learn():
    whole = data.regression_table("fuel").train
    inputs = (whole.inputs - whole.inputs.mean(axis=0)) / whole.inputs.std(axis=0)
    targets = (whole.targets - whole.targets.mean()) / whole.targets.std()
    ours = models.GaussianProcess().fit(inputs[:120], targets[:120])
    variance, length, noise = np.exp(ours.settings)
    kernel = ConstantKernel(variance) * RBF(length) + WhiteKernel(noise + 1e-10)
    theirs = GaussianProcessRegressor(kernel, alpha=0, optimizer=None).fit(inputs[:120], targets[:120])
    mean, deviation = theirs.predict(inputs[120:], return_std=True)
    np.testing.assert_allclose(ours.predict(inputs[120:])[0], mean, atol=1e-8)
    np.testing.assert_allclose(ours.predict(inputs[120:])[1], deviation, atol=1e-8)
    assert ours.evidence(ours.settings)[0] == pytest.approx(theirs.log_marginal_likelihood(theirs.kernel_.theta))
    somewhere = ours.settings + [0.3, -0.2, 0.5]
    error = check_grad(lambda at: ours.evidence(at)[0], lambda at: ours.evidence(at)[1], somewhere)
    assert error < 1e-3 * np.linalg.norm(ours.evidence(somewhere)[1])
    assert np.abs(ours.evidence(ours.settings)[1]).max() < 0.01  # the evidence is at its highest


def test_far_away_the_process_goes_back_to_not_knowing():
    inputs = np.linspace(-1, 1, 20)[:, None]
    process = models.GaussianProcess().fit(inputs, np.sin(3 * inputs[:, 0]))
    mean, deviation = process.predict(np.array([[0.0], [1e3]]))
    variance, _, noise = np.exp(process.settings)
    assert mean[1] == pytest.approx(0)
    assert deviation[1] == pytest.approx(math.sqrt(variance + noise))
    assert deviation[0] < deviation[1] / 5


def test_surprise_is_the_normal_distributions_own():
    outputs = torch.randn(7, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    targets = torch.linspace(-1, 1, 7, dtype=torch.float64)
    spread = (torch.nn.functional.softplus(outputs[:, 1]) + 1e-6).sqrt()
    assert_close(surprise(outputs, targets), -Normal(outputs[:, 0], spread).log_prob(targets).mean())
    assert torch.autograd.gradcheck(surprise, (outputs, targets))


def ensemble(members, seed=0, rounds=40):
    recipe = spec(train.Recipe, optimiser=spec(train.adamw, lr=0.01), batch=16)
    network = spec(models.MLP, widths=(16,))
    return train.NetworkEnsemble(
        model=network, recipe=recipe, members=members, rounds=rounds, generator=generator(seed)
    )


def test_an_ensemble_is_the_mixture_of_its_members(global_randomness_untouched):
    inputs = np.linspace(-2, 2, 40)[:, None]
    fitted, again = (ensemble(3).fit(inputs, np.sin(inputs[:, 0])) for _ in range(2))
    mean, deviation = fitted.predict(inputs)
    np.testing.assert_array_equal(mean, again.predict(inputs)[0])
    alone = []
    for network in fitted.networks:
        one = ensemble(1)
        one.networks = [network]
        alone.append(one.predict(inputs))
    means, variances = np.array([each[0] for each in alone]), np.array([each[1] ** 2 for each in alone])
    assert means.std(axis=0).max() > 1e-3  # the members are different
    np.testing.assert_allclose(mean, means.mean(axis=0))
    np.testing.assert_allclose(deviation**2, variances.mean(axis=0) + means.var(axis=0), rtol=1e-6)
    assert np.abs(mean - np.sin(inputs[:, 0])).mean() < 0.3


def test_intervals_hold_what_they_promise_of_normal_numbers():
    draw = generator()
    mean, deviation = draw.standard_normal(20_000), draw.uniform(0.5, 2, 20_000)
    targets = mean + deviation * draw.standard_normal(20_000)
    found = evaluate.normal_intervals(mean, deviation, targets, 0.8)
    assert np.mean(found["inside"]) == pytest.approx(0.8, abs=0.01)
    np.testing.assert_allclose(found["width"], 2 * 1.2815516 * deviation, rtol=1e-6)
    expected = 0.5 * np.log(2 * np.pi * deviation**2) + (targets - mean) ** 2 / (2 * deviation**2)
    np.testing.assert_allclose(found["loss"], expected)


def test_near_and_far_are_kept_apart():
    one = {"inside": [1.0, 0.0, 1.0, 0.0], "width": [1.0, 1.0, 2.0, 4.0], "loss": [0.0, 2.0, 9.0, 9.0]}
    found = [{**one, "beyond": [0.0, 0.0, 0.1, 1.5]}, {**one, "inside": [1.0] * 4, "beyond": [0.0, 0.0, 0.1, 1.5]}]
    assert evaluate.near_coverage(found) == 75
    assert evaluate.far_coverage(found) == 75
    assert evaluate.near_loss(found) == 1
    widths = evaluate.width_by_distance(found)
    assert (widths.at, widths.values) == ((0.0, 0.125, 1.5), (1.0, 2.0, 4.0))
    assert evaluate.coverage_by_distance(found).values == (75.0, 100.0, 50.0)
    assert max(intervals.EDGES) == 2.0


# Groups


def by_pairs(found, known):
    """The adjusted Rand index by counting every pair of rows."""
    pairs = [(found[i] == found[j], known[i] == known[j]) for i, j in itertools.combinations(range(len(found)), 2)]
    both, one, other = (sum(values) for values in ((a and b for a, b in pairs), *zip(*pairs, strict=True)))
    chance = one * other / len(pairs)
    return (both - chance) / ((one + other) / 2 - chance)


def test_adjusted_rand_counts_pairs():
    draw = generator()
    for kinds in (2, 3, 7):
        found, known = draw.integers(-1, kinds, 60), draw.integers(0, 3, 60)
        known[:20] = found[:20]
        assert clusters.adjusted_rand(found, known) == pytest.approx(by_pairs(found, known), abs=1e-12)
        assert clusters.adjusted_rand(found, known) == pytest.approx(adjusted_rand_score(known, found), abs=1e-12)
        assert clusters.adjusted_rand((found + 5) * 3, found) == 1
    assert clusters.adjusted_rand(np.zeros(5), np.zeros(5)) == 1
    shuffled = [clusters.adjusted_rand(draw.permutation(known), known) for _ in range(300)]
    assert abs(np.mean(shuffled)) < 0.01


def test_silhouette_is_that_of_scikit_learn():
    inputs = standardised("wine", 100)
    for groups in (
        generator().integers(0, 4, 100),
        np.r_[0, np.ones(99)],
        models.k_means(inputs, 3, generator=generator()),
    ):
        assert clusters.silhouette(inputs, groups) == pytest.approx(silhouette_score(inputs, groups), abs=1e-9)
    assert clusters.silhouette(inputs, np.zeros(100)) == 0


@pytest.mark.parametrize("name", data.SHAPES)
def test_shapes_are_decided_by_their_generator(name, global_randomness_untouched):
    one, same, other = (data.shape(name, points=90, generator=generator(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.inputs, same.inputs)
    assert not np.array_equal(one.inputs, other.inputs)
    assert one.inputs.shape == (90, 2)
    np.testing.assert_array_equal(np.bincount(one.targets), [45, 45] if name == "rings" else [30, 30, 30])
    if name == "rings":
        np.testing.assert_allclose(np.linalg.norm(one.inputs, axis=1), np.where(one.targets, 5, 2), atol=1)


def test_an_unknown_shape_is_refused():
    with pytest.raises(UnknownName, match="did you mean 'rings'"):
        data.shape("ring", points=9, generator=generator())


def test_what_the_clustering_study_relies_on():
    """Single link follows rings, centres cannot; every method parts round groups; a chain is a bridge for single link."""
    rings, round_ = (data.shape(name, points=200, generator=generator()) for name in ("rings", "round"))
    agreement = {
        (name, method.__name__): clusters.adjusted_rand(
            method(part.inputs, groups, generator=generator()), part.targets
        )
        for name, part, groups in (("rings", rings, 2), ("round", round_, 3))
        for method in (models.k_means, models.ward, models.single_link, models.density)
    }
    assert agreement["rings", "single_link"] == 1
    assert agreement["rings", "k_means"] < 0.1
    assert all(agreement["round", method] > 0.9 for method in ("k_means", "ward", "density"))
    assert models.density(rings.inputs, smallest=150).max() < 0  # no crowd is as large: every row is left over


# Over several data sets


def seen(seeds, *, data, factor=1.0):
    return {"x": factor * data.build().train.inputs[0, 0] + seeds.seed}


@measure(label=PER_CENT, unit=PER_CENT)
def total(found):
    return float(sum(each["x"] for each in found))


def test_across_goes_on_with_the_data_set_that_was_not_finished(memory_watch, stopped):
    settings = {
        "each": spec(seen, factor=2.0),
        "data": tuple(spec(data.table, name=name) for name in ("iris", "wine", "glass")),
        "measures": (total,),
    }
    whole = train.across(Seeds(7), memory_watch(), **settings)
    firsts = [2 * data.table(name).train.inputs[0, 0] + 7 for name in ("iris", "wine", "glass")]
    assert whole["total"] == pytest.approx(sum(firsts))
    watch = memory_watch(stop_at=2)
    with pytest.raises(stopped):
        train.across(Seeds(7), watch, **settings)
    assert len(watch.state["found"]) == 2
    resumed = memory_watch(resume_from=watch.state)
    assert train.across(Seeds(7), resumed, **settings) == whole
    assert resumed.steps == [(3, 3)]
