"""The trials of the studies of maps, against brute force, scikit-learn and cases worked by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.manifold._t_sne import _joint_probabilities, _kl_divergence

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Series, spec
from zhixing.studies import kmeans_then_tsne, lottery_of_maps, tsne_distances, tsne_neighbours, tsne_new_points
from zhixing.studies import tsne_sensitive as sensitive
from zhixing.study.rules import Table

often = settings(max_examples=60, deadline=None)
DIGITS = spec(data.digits28, train=200, test=100)


def cloud(rows, columns=3, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, columns))


# Neighbourhoods


@often
@given(st.integers(3, 25), st.integers(1, 4), st.integers(0, 99))
def test_nearness_and_what_is_shared_by_brute_force(rows, columns, seed):
    one, other = cloud(rows, columns, seed), cloud(rows, 2, seed + 1)
    sizes = range(1, rows)

    def nearest(places, row, count):
        apart = sorted((math.dist(places[row], place), k) for k, place in enumerate(places) if k != row)
        return {k for _, k in apart[:count]}

    by_hand = [
        np.mean([100 * len(nearest(one, row, k) & nearest(other, row, k)) / k for row in range(rows)]) for k in sizes
    ]
    assert_allclose(evaluate.neighbours_in_both(evaluate.nearness(one), evaluate.nearness(other), list(sizes)), by_hand)


def test_a_row_is_the_last_in_its_own_list_and_asked_rows_may_be_others():
    rows = np.array([[0.0], [1.0], [3.0], [3.0]])
    assert evaluate.nearness(rows).tolist() == [[3, 0, 1, 2], [0, 3, 1, 2], [2, 1, 3, 0], [2, 1, 0, 3]]
    assert evaluate.nearness(rows, np.array([[2.9]])).tolist() == [[3, 2, 0, 1]]


def test_spreads_are_distances_from_the_middle():
    rows, groups = cloud(40), np.arange(40) % 3
    for name, found in enumerate(evaluate.spreads(rows, groups)):
        own = rows[groups == name]
        assert_allclose(found**2, np.mean([math.dist(row, own.mean(axis=0)) ** 2 for row in own]))


def test_the_loss_is_scikit_learns():
    rows, places = cloud(60, 5), 3 * cloud(60, 2, 1)
    attractions = _joint_probabilities(evaluate.squared_distances(rows, rows).astype(np.float32), 10.0, 0)
    reference, _ = _kl_divergence(places.ravel(), attractions, 1, 60, 2)
    assert_allclose(evaluate.map_loss(rows, places, 10.0), reference, rtol=1e-4)


def test_the_loss_is_lower_on_the_map_than_on_another():
    rows = cloud(80, 6)
    drawn = models.tsne_map(rows, perplexity=10, generator=np.random.default_rng(0)).places
    assert evaluate.map_loss(rows, drawn, 10) < 0.8 * evaluate.map_loss(rows, models.pca_map(rows).places, 10)


def test_maps_turned_and_blown_up_have_everything_in_common():
    places, groups = cloud(60, 2), np.arange(60) % 6
    turned = 7 * places @ np.array([[0.6, -0.8], [0.8, 0.6]]) + 5
    same = evaluate.in_common(places, turned, groups)
    assert same["neighbours_in_common"] == 100
    assert same["arrangement_in_common"] == pytest.approx(1)
    assert same["in_common_by_size"].values == (100.0,) * len(same["in_common_by_size"].at)
    other = evaluate.in_common(places, cloud(60, 2, 5), groups)
    assert other["neighbours_in_common"] < 40
    assert abs(other["arrangement_in_common"]) < 0.7


def test_rows_are_drawn_by_the_generator_and_tables_are_scaled():
    part = train.drawn(spec(data.table, name="wine"), 100, np.random.default_rng(0))
    assert part.inputs.shape == (100, 13)
    assert_allclose(part.inputs.mean(axis=0), 0, atol=1e-9)
    assert_allclose(part.inputs.std(axis=0), 1)
    again, others = (train.drawn(DIGITS, 50, np.random.default_rng(seed)) for seed in (1, 2))
    assert again.inputs.shape == (50, 784)
    assert (again.inputs != others.inputs).any()
    whole = data.digits28(train=200, test=100).train
    for row, target in zip(again.inputs[:5], again.targets, strict=False):
        at = (whole.inputs.reshape(200, -1) == row).all(axis=1)
        assert whole.targets[at].tolist() == [target]


def test_a_map_is_drawn_once_for_the_same_rows_method_and_chance():
    rows, method = cloud(30), quick_map(perplexity=5.0)
    first, again, other = (train.map_of(rows, method, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first is again
    assert (first.places != other.places).any()
    assert (first.places != train.map_of(rows + 1e-3 * rows**2, method, np.random.default_rng(0)).places).any()
    assert (first.places != train.map_of(rows, quick_map(perplexity=6.0), np.random.default_rng(0)).places).any()


# tsne-neighbours


def test_the_end_of_a_lead_by_hand():
    def curve(*values):
        return Series("size", (1.0, 2.0, 4.0, 8.0), values)

    flat = curve(0.0, 0.0, 0.0, 0.0)
    assert tsne_neighbours.end_of_lead(curve(3.0, 2.0, 1.0, -1.0), flat) == 6.0
    assert tsne_neighbours.end_of_lead(curve(3.0, -2.0, 3.0, -1.0), flat) == 7.0  # for good
    assert tsne_neighbours.end_of_lead(curve(-1.0, 2.0, 1.0, 1.0), flat) == 100.0
    assert tsne_neighbours.end_of_lead(curve(-1.0, -2.0, -1.0, 0.0), flat) == 0.0
    assert math.isnan(tsne_neighbours.end_of_lead(None, flat))


def test_the_rule_reads_both_curves_seed_by_seed():
    trials = {
        (arm, seed): {"kept_by_size": Series("size", (10.0, 20.0), values)}
        for arm, values in (("t-SNE", (60.0, 60.0)), ("PCA", (50.0, 70.0)))
        for seed in (0, 1)
    }
    del trials["PCA", 1]
    (claim,) = tsne_neighbours.LeadEnds("t-SNE", "PCA", 7.5, 50.0).claims(Table((0, 1), trials))
    assert claim.values[0] == 15.0
    assert math.isnan(claim.values[1])
    assert claim.region == (7.5, 50.0)


def test_pca_of_a_plane_keeps_every_neighbour():
    def plane():
        part = data.Part(cloud(80, 2), np.zeros(80, dtype=int))
        return data.Dataset(part, part, part, ())

    found = tsne_neighbours.neighbours_kept(Seeds(0), data=Built(plane), method=spec(train.by_pca), rows=80)
    assert found["kept"] == [100.0] * len(tsne_neighbours.SHARES)
    assert found["rank"] == 1.5  # the median of first and second
    assert tsne_neighbours.near_kept([found, {"kept": [0.0] * 14}]) == 50


class Built:
    """Stands where a spec does."""

    def __init__(self, function):
        self.build = function


# tsne-sensitive and lottery-of-maps


def quick_map(**more):
    return spec(models.tsne_map, steps=60, **more)


def test_the_same_map_twice_has_everything_in_common_and_a_seed_changes_it():
    first = quick_map(start="random")
    settings = {"data": DIGITS, "rows": 80, "first": first, "second": first}
    same = sensitive.changed(Seeds(0), None, **settings, same_seed=True)
    assert same["neighbours_in_common"] == 100
    other = sensitive.changed(Seeds(0), None, **settings, same_seed=False)
    assert other["neighbours_in_common"] < 100


def test_each_pair_of_the_lottery_differs_in_what_it_says():
    drawn = lottery_of_maps.drawn_twice
    settings = {"data": DIGITS, "rows": 80, "method": quick_map(start="random"), "perplexity": 10.0}
    assert drawn(Seeds(0), None, **settings, seed=False)["neighbours_in_common"] == 100
    assert drawn(Seeds(0), None, **settings, seed=False)["in_common_by_size"].values[-1] == 100
    assert drawn(Seeds(0), None, **settings)["neighbours_in_common"] < 100
    assert drawn(Seeds(0), None, **settings, seed=False, others=True)["neighbours_in_common"] < 100
    part = train.drawn(DIGITS, 120, Seeds(0).numpy("rows"))
    codes = models.fitted_axes(part.inputs, 50).codes(part.inputs)[:80]
    places = train.map_of(codes, settings["method"].with_settings(perplexity=10.0), Seeds(0).numpy("map")).places
    expected = evaluate.map_loss(codes, places, 10.0)
    assert drawn(Seeds(0), None, **settings, seed=False)["loss"] == pytest.approx(expected)


# tsne-distances


def test_groups_are_planted_as_described():
    part = tsne_distances.planted(points=200, generator=np.random.default_rng(0))
    assert np.bincount(part.targets).tolist() == [200] * 8
    wide = evaluate.spreads(part.inputs, part.targets) / np.sqrt(10)
    assert_allclose(np.sort(wide), 0.5 * 10 ** (np.arange(8) / 7), rtol=0.05)
    centres = np.stack([part.inputs[part.targets == group].mean(axis=0) for group in range(8)])
    assert np.linalg.svd(centres - centres.mean(axis=0))[1][2] < 5  # in one plane, but for the mean of 200 points
    assert np.sqrt(evaluate.squared_distances(centres, centres))[np.triu_indices(8, 1)].min() > 30
    uneven = tsne_distances.planted(points=100, uneven=4.0, spread=1.0, generator=np.random.default_rng(1))
    counts = np.sort(np.bincount(uneven.targets))
    assert (counts[0], counts[-1]) == (50, 200)
    assert np.ptp(evaluate.spreads(uneven.inputs, uneven.targets)) < 0.2 * np.sqrt(10)


def test_a_true_map_tells_sizes_and_gaps():
    groups = spec(tsne_distances.planted, points=20)
    found = tsne_distances.told(Seeds(0), data=groups, method=spec(train.by_pca))
    assert found["sizes"] > 0.9
    assert found["gaps"] > 0.95
    assert found["by size"][-1] > 5 * found["by size"][0]
    assert np.mean(found["by size"]) == pytest.approx(1)
    assert tsne_distances.size_told([found, {}]) == found["sizes"]
    assert tsne_distances.gap_told_on_digits([found, {"gaps": 0.25}]) == 0.25
    assert tsne_distances.widest_over_narrowest([{"by size": [2.0, 1.0, 4.0]}]) == 4


def test_sizes_on_the_map_are_told_in_the_order_of_the_true_ones():
    part = tsne_distances.planted(points=20, generator=np.random.default_rng(0))
    wide = evaluate.spreads(part.inputs, part.targets)
    means = np.stack([part.inputs[part.targets == group].mean(axis=0) for group in range(8)])
    turned_round = (part.inputs - means[part.targets]) / wide[part.targets, None] ** 2

    class Drawn:
        places = turned_round

    found = tsne_distances.told(
        Seeds(0), data=Built(lambda generator: part), method=Built(lambda rows, generator: Drawn)
    )
    assert_allclose(found["by size"], np.sort(1 / wide)[::-1] / np.mean(1 / wide))
    assert found["sizes"] == pytest.approx(-1)


# tsne-new-points


def test_neighbours_of_new_rows_by_brute_force():
    generator = np.random.default_rng(3)
    old = data.Part(cloud(40, 5), generator.integers(3, size=40))
    new = data.Part(cloud(15, 5, 1), generator.integers(3, size=15))
    places, new_places = cloud(40, 2, 2), cloud(15, 2, 3)
    kept, own = [], []
    for row, place, target in zip(new.inputs, new_places, new.targets, strict=True):
        near = sorted(range(40), key=lambda k: math.dist(old.inputs[k], row))[:10]
        shown = sorted(range(40), key=lambda k: math.dist(places[k], place))[:10]
        kept.append(len(set(near) & set(shown)) / 10)
        own.append(np.bincount(old.targets[shown], minlength=3).argmax() == target)
    measured = tsne_new_points.judged(old, new, places, new_places, tsne_new_points.MEASURES)
    assert measured["old_kept"] == pytest.approx(100 * np.mean(kept))
    assert measured["among_own"] == pytest.approx(100 * np.mean(own))
    far = [np.mean(sorted(math.dist(other, row) for other in old.inputs)[:10]) for row in new.inputs]
    fifths = np.split(np.array(kept)[np.argsort(far)], 5)
    assert_allclose(measured["kept_by_oddness"].values, [100 * np.mean(fifth) for fifth in fifths])


def test_rows_are_divided_and_a_class_can_be_left_out():
    part = data.Part(np.arange(30.0)[:, None], np.arange(30) % 3)
    old, new = tsne_new_points.divided(part, 10, 5, None)
    assert old.inputs[:, 0].tolist() == list(range(10))
    assert new.inputs[:, 0].tolist() == list(range(10, 15))
    old, new = tsne_new_points.divided(part, 10, 5, 1)
    assert set(old.targets.tolist()) == {0, 2}
    assert new.targets.tolist() == [1] * 5


def test_each_way_sets_new_rows_down_where_it_says():
    old, new = cloud(60, 4), cloud(9, 4, 1)
    method, seed = quick_map(start="pca"), 5

    def by(way):
        return way(old, new, method=method, generator=np.random.default_rng(seed))

    places, beside = by(tsne_new_points.beside_nearest)
    nearest = [min(range(60), key=lambda k: math.dist(old[k], row)) for row in new]
    assert_allclose(beside, places[nearest])
    again, placed = by(tsne_new_points.placed)
    assert_allclose(again, places)
    assert placed.shape == (9, 2)
    first, second = by(tsne_new_points.together)
    assert (len(first), len(second)) == (60, 9)
    votes = np.array([1, 1, 1, 2])
    assert tsne_new_points.in_one_place(None, None, votes, None) == 75


# kmeans-then-tsne


def test_groups_are_found_in_the_space_that_is_named():
    settings = {"data": spec(data.table, name="wine"), "rows": 90, "perplexity": 10.0, "steps": 60}
    settings |= {"method": spec(models.k_means)}
    columns, drawn, pca = (kmeans_then_tsne.grouped(Seeds(0), of=of, **settings) for of in ("columns", "t-SNE", "PCA"))
    assert drawn["clear on map"] > columns["clear on map"]
    assert columns["clear in columns"] > drawn["clear in columns"]
    part = train.drawn(settings["data"], 90, Seeds(0).numpy("rows"))
    groups = models.k_means(models.pca_map(part.inputs).places, 3, generator=Seeds(0).numpy("groups"))
    assert pca["agreement"] == evaluate.adjusted_rand(groups, part.targets)
    assert kmeans_then_tsne.clear_on_map([columns, drawn]) == (columns["clear on map"] + drawn["clear on map"]) / 2
    assert kmeans_then_tsne.agreement_by_table([columns, pca]).values == (columns["agreement"], pca["agreement"])
