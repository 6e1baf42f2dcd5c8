"""The bricks and trials of the studies of PCA, against scikit-learn, SciPy, brute force and figures by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial import procrustes
from scipy.stats import special_ortho_group
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, spec
from zhixing.studies import lda_or_pca, pca_nonlinear, pca_reuse, pca_unique

often = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 10_000)


def generator(seed=0):
    return np.random.default_rng(seed)


def scaled(name):
    part = data.table(name).train
    return train.scaled_by(part, part)[0]


# LDA


@pytest.mark.parametrize("name", ["wine", "iris", "tumours"])
def test_axes_of_lda_are_those_of_scikit_learn(name):
    part = scaled(name)
    kept = len(np.unique(part.targets)) - 1
    ours = part.inputs @ models.discriminant_axes(part.inputs, part.targets, kept)
    assert_same_axes(ours, part.inputs, part.targets)


def assert_same_axes(ours, inputs, targets):
    """Theirs have a variance within the classes of 1 where it is divided by n, ours by n - classes."""
    theirs = LinearDiscriminantAnalysis().fit(inputs, targets).transform(inputs)
    theirs *= np.sqrt(1 - len(np.unique(targets)) / len(targets))
    assert_allclose(np.abs(ours - ours.mean(axis=0)), np.abs(theirs), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shrinkage", [0.3, 1.0])
def test_shrunken_axes_are_those_of_scikit_learn(shrinkage):
    part = scaled("wine")
    ours = models.discriminant_axes(part.inputs, part.targets, 2, shrinkage=shrinkage)
    shares = np.bincount(part.targets) / len(part)
    within = sum(
        share * np.cov(part.inputs[part.targets == kind], rowvar=False, ddof=1)
        for kind, share in enumerate((np.bincount(part.targets) - 1) / (len(part) - 3))
    )
    means = np.stack([part.inputs[part.targets == kind].mean(axis=0) for kind in range(3)])
    between = np.cov(means, rowvar=False, aweights=shares, ddof=0)
    mixed = (1 - shrinkage) * within + shrinkage * np.trace(within) / 13 * np.eye(13)
    assert_allclose(ours.T @ mixed @ ours, np.eye(2), atol=1e-8)
    ratios = np.sort(np.linalg.eigvals(np.linalg.solve(mixed, between)).real)[::-1][:2]
    assert_allclose(np.diag(ours.T @ between @ ours), ratios, rtol=1e-8)


def test_with_more_columns_than_rows_lda_looks_at_principal_axes_first():
    """Belhumeur et al. 1997: as many as rows less classes."""
    part = scaled("digits8")
    rows = np.concatenate([np.flatnonzero(part.targets == kind)[:3] for kind in range(10)])
    inputs, targets = part.inputs[rows], part.targets[rows]
    ours = inputs @ models.discriminant_axes(inputs, targets, 9)
    assert_same_axes(ours, PCA(20).fit_transform(inputs), targets)


def test_axes_that_tell_nothing_are_columns_of_0():
    part = scaled("wine")
    axes = models.discriminant_axes(part.inputs, part.targets, 5)
    assert axes.shape == (13, 5)
    assert (axes[:, 2:] == 0).all()
    assert (axes[:, :2] != 0).all()


@often
@given(seeds)
def test_no_direction_parts_the_classes_more_than_the_first_of_lda(seed):
    draw = generator(seed)
    inputs, targets = draw.standard_normal((30, 4)) @ draw.standard_normal((4, 4)), np.arange(30) % 3
    best = models.separation(inputs @ models.discriminant_axes(inputs, targets, 2), targets)
    others = models.separation(inputs @ draw.standard_normal((4, 300)), targets)
    assert others.max() <= best[0] * (1 + 1e-9)
    assert best[0] >= best[1]


# Axes from a random start


@pytest.mark.parametrize("name", ["wine", "olive-oil"])
def test_iteration_ends_at_the_eigenvectors_and_the_plane_holds_them(name):
    rows = scaled(name).inputs
    axes = models.principal_axes(rows, 4)
    found = models.iterated_axes(rows, 4, generator=generator())
    assert evaluate.degrees_between(axes, found).max() < 1e-5
    plane = models.plane_axes(rows, 2, generator=generator())
    assert_allclose(plane @ plane.T, axes[:, :2] @ axes[:, :2].T, atol=1e-8)
    assert evaluate.degrees_between(axes[:, :2], plane).min() > 1


def test_iteration_comes_nearer_by_the_ratio_of_eigenvalues():
    rows = generator().standard_normal((400, 3)) * np.array([2.0, 1.0, 0.25])
    axes, values = models.principal_axes(rows, 1), np.linalg.eigvalsh(np.cov(rows.T))[::-1]
    tangents = []
    for steps in (6, 9):
        found = models.iterated_axes(rows, 1, steps=steps, generator=generator(3))
        tangents.append(np.tan(np.radians(evaluate.degrees_between(axes, found)[0])))
    assert_allclose(tangents[1] / tangents[0], (values[1] / values[0]) ** 3, rtol=1e-3)


# How different two maps are


@often
@given(seeds)
def test_what_a_turn_leaves_is_the_disparity_of_procrustes(seed):
    one, other = generator(seed).standard_normal((2, 12, 2))
    assert_allclose(evaluate.left_after_turn(one, other), 100 * procrustes(one, other)[2], atol=1e-8)


@often
@given(seeds)
def test_what_flips_leave_is_the_best_over_all_signs_and_sizes(seed):
    one, other = (rows - rows.mean(axis=0) for rows in generator(seed).standard_normal((2, 9, 2)))
    least = []
    for signs in itertools.product((-1, 1), repeat=2):
        flipped = other * signs
        size = max((one * flipped).sum() / (flipped**2).sum(), 0.0)
        least.append(((one - size * flipped) ** 2).sum() / (one**2).sum())
    assert_allclose(evaluate.left_after_flips(one, other), 100 * min(least), atol=1e-8)


@often
@given(seeds)
def test_place_size_and_flips_count_for_nothing_and_a_turn_only_where_it_is_forbidden(seed):
    draw = generator(seed)
    one = draw.standard_normal((15, 2)) * [3, 1]
    moved = 5 + 0.1 * one * [-1, 1]
    assert evaluate.left_after_flips(one, moved) == 0
    turned = one @ special_ortho_group.rvs(2, random_state=draw)
    assert evaluate.left_after_turn(one, turned) < 1e-8
    assert evaluate.left_after_flips(one, turned) >= 0
    quarter = one[:, ::-1]
    assert evaluate.left_after_flips(one, quarter) > 1
    assert evaluate.left_after_turn(one, quarter) < 1e-8


def test_angles_between_axes_by_hand():
    one = np.eye(3)
    half = np.sqrt(0.5)
    other = np.array([[half, -half, 0], [half, half, 0], [0, 0, -1]])
    assert_allclose(evaluate.degrees_between(one, other), [45, 45, 0], atol=1e-6)


# What axes lose


@pytest.mark.parametrize("name", ["wine", "tumours"])
def test_what_is_lost_is_what_scikit_learn_cannot_give_back(name):
    rows = scaled(name).inputs
    known, judged = rows[:60], rows[60:]
    pca = PCA(2).fit(known)
    back = pca.inverse_transform(pca.transform(judged))
    lost, middle = evaluate.lost_off_axes(judged, known.mean(axis=0), models.principal_axes(known, 2))
    whole = ((judged - judged.mean(axis=0)) ** 2).sum()
    assert_allclose(lost, 100 * ((judged - back) ** 2).sum() / whole)
    own, none = evaluate.lost_off_axes(judged, judged.mean(axis=0), models.principal_axes(known, 2))
    assert_allclose(lost - middle, own)
    assert none == 0
    best, _ = evaluate.lost_off_axes(judged, judged.mean(axis=0), models.principal_axes(judged, 2))
    assert best < own


def reuse(arm, name, seed=0):
    return arm.settings["each"].build(Seeds(seed), data=spec(data.table, name=name))


@pytest.mark.parametrize(("name", "later"), [("body-size", [1]), ("digits8", [5, 6, 7, 8, 9])])
def test_axes_are_judged_by_the_rows_that_the_arm_says(name, later):
    part, seed = scaled(name), Seeds(3)
    found = {arm.name: reuse(arm, name, 3) for arm in pca_reuse.design("quick").arms}
    order = seed.numpy("rows").permutation(len(part))
    of_kind = np.isin(part.targets[order], later)
    kind, other = part.inputs[order[of_kind]], part.inputs[order[~of_kind]]
    learned, new = kind[: len(kind) // 2], kind[len(kind) // 2 :]

    def lost(known, judged):
        pca = PCA(2).fit(known)
        rest = judged - pca.inverse_transform(pca.transform(judged))
        return 100 * (rest**2).sum() / ((judged - judged.mean(axis=0)) ** 2).sum()

    for place, count in enumerate(pca_reuse.ROWS):
        assert_allclose(found["own"]["lost"][place], lost(learned[:count], learned[:count]))
        assert_allclose(found["new"]["lost"][place], lost(learned[:count], new))
        assert_allclose(found["best"]["lost"][place], lost(new, new))
        assert_allclose(found["shifted"]["lost"][place], lost(other[:count], new))


@pytest.mark.parametrize("name", pca_reuse.TABLES)
def test_both_kinds_have_the_rows_that_axes_are_learned_from(name):
    part = data.table(name).train
    later = part.targets > part.targets.max() // 2
    assert later.sum() // 2 >= max(pca_reuse.ROWS) <= (~later).sum()


# The rolled sheet


def test_a_place_on_the_sheet_is_the_length_of_the_spiral():
    part = data.rolled_sheet(points=50, generator=generator())
    angle = np.hypot(part.inputs[:, 0], part.inputs[:, 2])
    assert (angle >= 1.5 * np.pi).all()
    for a, place in zip(angle, part.targets[:, 0], strict=True):
        turn = np.linspace(1.5 * np.pi, a, 20_000)
        steps = np.diff(np.column_stack([turn * np.cos(turn), turn * np.sin(turn)]), axis=0)
        assert_allclose(np.linalg.norm(steps, axis=1).sum(), place, rtol=1e-6, atol=1e-6)
    assert_allclose(part.targets[:, 1], part.inputs[:, 1])


def test_the_generator_decides_the_sheet():
    one, again, other = (data.rolled_sheet(points=20, generator=generator(seed)).inputs for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).all()


def test_strangers_by_hand():
    # Twelve points along the sheet, 10 apart; on the map the second half lies upon the first.
    sheet = np.column_stack([10.0 * np.arange(12), np.zeros(12)])
    places = np.column_stack([np.arange(12) % 6 + 0.01 * (np.arange(12) >= 6), np.zeros(12)])
    assert evaluate.strangers(places, sheet, count=1) == [100] * 6
    assert evaluate.strangers(sheet, sheet, count=1) == [0] * 6
    # Of the two nearest of an end, one is 20 away; of all others, none.
    assert evaluate.strangers(sheet, sheet, count=2) == [25, 0, 0, 0, 0, 25]


# Nearest neighbours


def test_the_error_of_the_nearest_is_that_of_scikit_learn():
    part = scaled("wine")
    places = part.inputs[:, :2]
    found = KNeighborsClassifier(1).fit(places[::2], part.targets[::2]).predict(places[1::2])
    ours = evaluate.nearest_error(places[::2], part.targets[::2], places[1::2], part.targets[1::2])
    assert_allclose(ours, 100 * np.mean(found != part.targets[1::2]))


def test_classes_apart_by_hand():
    rows, targets = np.array([[0.0], [2.0], [10.0], [12.0]]), np.array([0, 0, 1, 1])
    assert_allclose(evaluate.apart(rows, targets), 100 * 25 / 26)
    assert evaluate.apart(np.ones((4, 2)), targets) == 0


# Trials


def test_a_trial_of_lda_or_pca_is_the_pipeline_of_scikit_learn():
    each = spec(lda_or_pca.classified, axes=spec(lda_or_pca.widest), draws=2, examples=(3, 30))
    found = each.build(Seeds(1), data=spec(data.table, name="wine"))
    known, judged = train.divided(spec(data.table, name="wine"), Seeds(1), standardised=False)
    draw = Seeds(1).numpy("examples")
    errors = []
    for _ in range(2):
        order = lda_or_pca.each_class(known.targets, draw)
        for count in (3, 30):
            rows = np.concatenate([kind[:count] for kind in order])
            assert np.bincount(known.targets[rows]).tolist() == [count] * 3
            few = known.inputs[rows]
            middle, deviation = few.mean(axis=0), few.std(axis=0)
            pca = PCA(2).fit((few - middle) / deviation)
            model = KNeighborsClassifier(1).fit(pca.transform((few - middle) / deviation), known.targets[rows])
            answers = model.predict(pca.transform((judged.inputs - middle) / deviation))
            errors.append(100 * np.mean(answers != judged.targets))
    assert_allclose(found["errors"], np.reshape(errors, (2, 2)).mean(axis=0))
    assert found["examples"] == [3, 30]


@pytest.mark.parametrize("name", lda_or_pca.TABLES)
def test_every_class_has_the_examples_that_are_learned_from(name):
    part = data.table(name).train
    known, _ = data.split(part, 0.3, generator())
    assert np.bincount(known.targets).min() >= max(lda_or_pca.EXAMPLES)
    assert part.inputs.shape[1] <= 100


def drawn(arm, name="wine", seed=0):
    return arm.settings["each"].build(Seeds(seed), data=spec(data.table, name=name))


def test_maps_are_compared_row_by_row_though_the_rows_came_in_another_order():
    found = drawn(pca_unique.eigenvectors("quick"))
    assert found["flipped"] < 1e-8
    assert found["neighbours"] == 100
    assert max(found["degrees"]) < 1e-4
    part = train.at_most(data.table("wine").train, pca_unique.ROWS["quick"], Seeds(0).numpy("rows"))
    values = PCA().fit(train.scaled_by(part, part)[0].inputs).explained_variance_
    assert_allclose(found["ratios"], 100 * values[1:9] / values[:8])


def test_two_runs_have_orders_and_starts_of_their_own():
    halted = drawn(pca_unique.iteration("quick", steps=1))
    assert halted["flipped"] > 0.1
    again = drawn(pca_unique.iteration("quick", steps=1))
    assert halted == again


def test_a_line_between_two_heaps_errs_nowhere_and_between_rings_everywhere():
    draw = generator()
    heaps = np.concatenate([draw.normal(0, 1, (40, 2)), draw.normal(9, 1, (40, 2))])
    kinds = np.arange(80) // 40
    assert pca_nonlinear.line_error_of(heaps, kinds, generator()) == 0
    rings = data.shape("rings", points=200, generator=draw)
    assert pca_nonlinear.line_error_of(rings.inputs, rings.targets, generator()) > 30


@pytest.mark.parametrize(("name", "keys"), [("roll", {"sheet", "strangers"}), ("rings", {"line"}), ("wine", {"row"})])
def test_a_data_set_is_judged_by_what_is_known_of_it(name, keys):
    source = spec(pca_nonlinear.sample, name=name, rows=60)
    found = pca_nonlinear.pca().settings["each"].build(Seeds(0), data=source)
    assert found.keys() == {"neighbours"} | keys
    if name == "wine":
        part = train.at_most(data.table("wine").train, 60, Seeds(0).numpy("rows"))
        places = PCA(2).fit_transform(train.scaled_by(part, part)[0].inputs)
        answers = cross_val_predict(KNeighborsClassifier(1), places, part.targets, cv=LeaveOneOut())
        assert_allclose(found["row"], 100 * np.mean(answers != part.targets))
    if name == "rings":
        assert found["neighbours"] == 100  # two columns are only turned


def test_methods_of_the_flattening_give_two_dimensions():
    rows = scaled("wine").inputs[:40]
    ours = pca_nonlinear.principal(rows, generator())
    assert evaluate.left_after_turn(ours, PCA(2).fit_transform(rows)) < 1e-8
    assert pca_nonlinear.principal(rows, generator(), kept=5).shape == (40, 5)
    assert pca_nonlinear.kernel(rows, generator(), width=0.5).shape == (40, 2)
    assert pca_nonlinear.coded(rows, generator(), steps=2).shape == (40, 2)
