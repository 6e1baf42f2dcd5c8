"""Maps: parity with scikit-learn and brute force, laws of placing, and what says how far a map may be trusted."""

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame, read_csv
from PIL import Image
from safetensors.numpy import load, save
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness as sklearn_trustworthiness
from sklearn.metrics import silhouette_score
from sklearn.neighbors import KNeighborsClassifier

import zhixing as zx
from zhixing import draw, models, views
from zhixing.core import BadData, BadSetting, Text
from zhixing.core.store import RunStore
from zhixing.evaluate import maps as trust
from zhixing.views import placed as views_placed
from zhixing.views import rows as views_rows
from zhixing.views import trust as views_trust


def generator(seed=0):
    return np.random.default_rng(seed)


def heaps(rows=60, columns=4, centres=3, seed=0):
    """Rows in well-separated heaps, and the heap of each."""
    g = generator(seed)
    groups = np.arange(rows) % centres
    return 12 * g.standard_normal((centres, columns))[groups] + g.standard_normal((rows, columns)), groups


@pytest.mark.parametrize("shape", [(40, 6), (7, 30), (300, 3), (12, 12)])
def test_principal_axes_are_scikit_learns_on_old_and_on_new_rows(shape):
    rows, new = generator(1).standard_normal((2, *shape)) * np.arange(1, shape[1] + 1)
    kept = min(min(shape) - 1, 5)
    ours, theirs = models.fitted_axes(rows, kept), PCA(kept, svd_solver="full").fit(rows)
    np.testing.assert_allclose(ours.codes(rows), theirs.transform(rows), atol=1e-6 * np.abs(rows).max(), rtol=0)
    np.testing.assert_allclose(ours.codes(new), theirs.transform(new), atol=1e-6 * np.abs(rows).max(), rtol=0)
    np.testing.assert_allclose(ours.axes.T, theirs.components_, atol=1e-6)
    np.testing.assert_allclose(ours.variances, theirs.explained_variance_, rtol=1e-6)
    np.testing.assert_allclose(ours.shares, theirs.explained_variance_ratio_, rtol=1e-6)


def test_principal_axes_of_the_digits_are_scikit_learns_to_a_millionth():
    pixels = load_digits().data
    ours, theirs = models.fitted_axes(pixels[:1500], 50), PCA(50, svd_solver="full").fit(pixels[:1500])
    assert np.abs(ours.codes(pixels) - theirs.transform(pixels)).max() < 1e-6
    assert (
        np.abs(models.pca_map(pixels[:1500]).place(pixels[1500:]) - theirs.transform(pixels[1500:])[:, :2]).max() < 1e-6
    )


def test_axes_of_a_table_worked_by_hand():
    """Rows (0,0), (2,2), (4,0), (2,-2): covariance [[8/3, 0], [0, 8/3]] gives no axis, stretched rows do."""
    rows = np.array([[0.0, 0.0], [3.0, 3.0], [4.0, -4.0], [-4.0, 4.0], [-3.0, -3.0]])
    axes = models.fitted_axes(rows, 2)
    # squared lengths along (1,-1)/root 2: 32 + 32, along (1,1)/root 2: 18 + 18; divided by 5 - 1
    np.testing.assert_allclose(axes.variances, [16.0, 9.0])
    np.testing.assert_allclose(axes.axes, np.array([[1, 1], [-1, 1]]) / np.sqrt(2), atol=1e-12)
    np.testing.assert_allclose(axes.shares, [0.64, 0.36])


@given(seed=st.integers(0, 10**6), flips=st.lists(st.booleans(), min_size=4, max_size=4))
@settings(max_examples=25, deadline=None)
def test_axes_depend_neither_on_the_order_of_rows_nor_on_a_mirror(seed, flips):
    rows = generator(seed).standard_normal((15, 4)) * [4, 3, 2, 1]
    axes = models.fitted_axes(rows, 4)
    again = models.fitted_axes(rows[::-1], 4)
    np.testing.assert_allclose(axes.axes, again.axes, atol=1e-8)
    mirrored = models.fitted_axes(rows * np.where(flips, -1, 1), 4)
    np.testing.assert_allclose(np.abs(axes.axes), np.abs(mirrored.axes), atol=1e-8)
    assert (np.take_along_axis(mirrored.axes, np.abs(mirrored.axes).argmax(axis=0)[None], axis=0) > 0).all()


def test_one_column_makes_a_line_and_equal_rows_a_point():
    assert (models.pca_map(np.arange(5.0)[:, None]).places[:, 1] == 0).all()
    assert (models.pca_map(np.ones((5, 3))).places == 0).all()
    assert np.isfinite(models.tsne_map(np.ones((12, 3)), steps=20, generator=generator()).places).all()


def test_the_seed_decides_a_map_and_nothing_else_does():
    rows, _ = heaps()
    np.random.seed(1)  # noqa: NPY002
    one = models.tsne_map(rows, perplexity=5, steps=50, generator=generator(3)).places
    np.random.seed(2)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    again = models.tsne_map(rows, perplexity=5, steps=50, generator=generator(3)).places
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    np.testing.assert_array_equal(one, again)
    other = models.tsne_map(rows, perplexity=5, steps=50, generator=generator(4)).places
    assert np.abs(one - other).max() > 1e-6


@pytest.mark.parametrize("start", ["pca", "random", "spectral"])
def test_heaps_come_apart_from_every_start(start):
    rows, groups = heaps()
    found = models.tsne_map(rows, perplexity=8, start=start, generator=generator())
    assert found.places.shape == (60, 2)
    assert found.places.dtype == np.float64
    assert trust.nearest_class_right(found.places, groups, 5) > 0.95


def test_exaggeration_draws_a_map_together():
    rows, _ = heaps()
    wide = models.tsne_map(rows, perplexity=8, generator=generator()).places
    tight = models.tsne_map(rows, perplexity=8, exaggeration=4, generator=generator()).places
    assert tight.std() < 0.8 * wide.std()


def test_settings_that_were_changed_are_said():
    rows = generator().standard_normal((20, 60))
    found = models.tsne_map(rows, steps=20, generator=generator())
    said = [note.en for note in found.notes]
    assert said[0].startswith("The 60 columns were first brought down to 20 principal axes, which keep 100.0 %")
    assert said[1] == "The perplexity is 6.33 and not 30: 20 rows allow no more."
    assert models.tsne_map(rows[:, :5], perplexity=6, steps=20, generator=generator()).notes == ()


def test_k_means_groups_the_columns_and_not_the_map():
    rows = generator().uniform(size=(60, 4))
    found = models.k_means_tsne(rows, groups=5, perplexity=8, steps=20, generator=generator())
    parts = [rows[found.groups == group] for group in range(5)]
    within = sum(((part - part.mean(axis=0)) ** 2).sum() for part in parts)
    assert within == pytest.approx(KMeans(5, n_init=20, random_state=1).fit(rows).inertia_, rel=0.03)


@pytest.mark.parametrize("make", [models.pca_map, lambda rows: models.tsne_map(rows, steps=100, generator=generator())])
def test_new_rows_are_placed_alike_alone_together_and_after_keeping(make):
    rows, _ = heaps(columns=60)
    found = make(rows[:50])
    before = found.places.copy()
    together = found.place(rows[50:])
    alone = np.concatenate([found.place(rows[i : i + 1]) for i in range(50, 60)])
    np.testing.assert_allclose(together, alone, atol=1e-9)
    np.testing.assert_array_equal(found.places, before)
    kept = type(found).from_arrays(load(save(found.arrays())))
    np.testing.assert_array_equal(kept.place(rows[50:]), together)
    np.testing.assert_array_equal(kept.places, before)


def test_a_new_row_that_is_an_old_one_six_times_lands_on_it():
    rows, _ = heaps()
    found = models.tsne_map(rows, perplexity=8, generator=generator())
    same = models.NeighbourMap(np.concatenate([rows] * 6), np.concatenate([found.places] * 6))
    np.testing.assert_allclose(same.place(rows), found.places, atol=1e-9)


def test_the_pull_on_a_new_row_balances_where_brute_force_finds_the_least_sum():
    drawing = generator(5).standard_normal((30, 6, 2)) * 5  # far enough apart that the sum has several lows
    grid = np.stack(np.meshgrid(*[np.linspace(-15, 15, 601)] * 2), axis=2).reshape(-1, 2)
    for old, found in zip(drawing, models.maps._settled(drawing), strict=True):
        cost = np.log1p(cdist(grid, old, "sqeuclidean")).sum(axis=1)
        assert np.log1p(cdist(found[None], old, "sqeuclidean")).sum() <= cost.min() + 1e-6


def test_placed_digits_keep_the_neighbours_that_they_have_in_a_joint_map():
    pixels = load_digits().data[:500]
    new, old = np.arange(500) % 5 == 0, np.arange(500) % 5 > 0
    joint = models.tsne_map(pixels, generator=generator(1)).places
    placed = models.tsne_map(pixels[old], generator=generator(2))
    for count in (5, 10, 30):
        near = models.nearest_rows(pixels[new], pixels[old], count)[0]
        in_joint = models.nearest_rows(joint[new], joint[old], count)[0]
        afterwards = models.nearest_rows(placed.place(pixels[new]), placed.places, count)[0]
        assert trust.shared(near, afterwards).mean() >= 0.9 * trust.shared(near, in_joint).mean()


def nearest_by_brute_force(rows, count):
    distances = cdist(rows, rows)
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1)[:, :count]


def test_neighbours_and_those_kept_are_brute_forces():
    rows, places = generator(2).standard_normal((40, 5)), generator(3).standard_normal((40, 2))
    near, seen = nearest_by_brute_force(rows, 6), nearest_by_brute_force(places, 6)
    np.testing.assert_array_equal(trust.neighbours_of(rows, 6), near)
    want = [len(set(a) & set(b)) / 6 for a, b in zip(near, seen, strict=True)]
    np.testing.assert_allclose(trust.neighbours_shown(rows, places, 6), want)
    some = np.array([3, 17, 39])
    np.testing.assert_allclose(trust.neighbours_shown(rows, places, 6, some), np.array(want)[some])


def test_equal_rows_are_neighbours_of_each_other_and_never_of_themselves():
    near = trust.neighbours_of(np.zeros((9, 3)), 4)
    assert near.shape == (9, 4)
    assert (np.sort(near, axis=1)[:, 1:] != np.sort(near, axis=1)[:, :-1]).all()


@pytest.mark.parametrize("count", [1, 5, 12])
def test_trustworthiness_and_continuity_are_scikit_learns(count):
    rows = generator(4).standard_normal((50, 6))
    places = rows[:, :2] + 0.3 * generator(5).standard_normal((50, 2))
    want = sklearn_trustworthiness(rows, places, n_neighbors=count)
    assert trust.trustworthiness(rows, places, count) == pytest.approx(want, abs=1e-12)
    want = sklearn_trustworthiness(places, rows, n_neighbors=count)
    assert trust.continuity(rows, places, count) == pytest.approx(want, abs=1e-12)


def test_trust_in_blocks_and_over_parts_is_the_same(monkeypatch):
    rows, places = generator(4).standard_normal((50, 6)), generator(5).standard_normal((50, 2))
    whole = trust.trustworthiness(rows, places, 5)
    parts = [trust.trustworthiness(rows, places, 5, part) for part in np.split(np.arange(50), 5)]
    assert np.mean(parts) == pytest.approx(whole, abs=1e-12)
    monkeypatch.setattr(trust, "BLOCK", 120)
    assert trust.trustworthiness(rows, places, 5) == pytest.approx(whole, abs=1e-12)


def test_a_perfect_map_is_fully_trusted_and_a_map_by_chance_is_not():
    rows = generator(6).standard_normal((200, 2))
    turned = rows @ np.array([[0.6, -0.8], [0.8, 0.6]]) * 3
    assert trust.trustworthiness(rows, turned, 10) == 1
    assert trust.neighbours_shown(rows, turned, 10).mean() == 1
    chance = generator(7).standard_normal((200, 2))
    assert trust.neighbours_shown(rows, chance, 10).mean() == pytest.approx(10 / 199, abs=0.02)
    assert trust.trustworthiness(rows, chance, 10) == pytest.approx(0.5, abs=0.05)


def test_steadiness_is_the_mean_over_pairs_of_seeds():
    one, other = generator(8).standard_normal((2, 30, 2))
    assert trust.agreement_of_seeds([one, one * 2, one + 1], 5).tolist() == [1.0] * 30
    pair = trust.shared(trust.neighbours_of(one, 5), trust.neighbours_of(other, 5))
    np.testing.assert_allclose(trust.agreement_of_seeds([one, one, other], 5), (1 + 2 * pair) / 3)


def test_meaning_of_distances_gaps_and_sizes_by_an_independent_way():
    g = generator(9)
    groups = np.arange(120) % 6
    rows = 5 * g.standard_normal((6, 3))[groups] + np.linspace(0.2, 2, 6)[groups, None] * g.standard_normal((120, 3))
    same = trust.meaning(rows, 7 * rows[:, [1, 0, 2]], groups, generator())
    assert (same.distances, same.gaps, same.sizes) == pytest.approx((1.0, 1.0, 1.0))
    places = g.standard_normal((120, 2))
    found = trust.meaning(rows, places, groups, generator())
    centres = [np.array([space[groups == k].mean(axis=0) for k in range(6)]) for space in (rows, places)]
    gaps = [cdist(centre, centre)[np.triu_indices(6, 1)] for centre in centres]
    assert found.gaps == pytest.approx(spearmanr(*gaps).statistic)
    wide = [[space[groups == k].var(axis=0).sum() for k in range(6)] for space in (rows, places)]
    assert found.sizes == pytest.approx(spearmanr(*wide).statistic)
    distances = [cdist(space, space)[np.triu_indices(120, 1)] for space in (rows, places)]
    assert found.distances == pytest.approx(spearmanr(*distances).statistic, abs=0.05)
    assert np.isnan(trust.meaning(rows, places, np.zeros(120), generator()).gaps)


def test_what_the_map_arranges_is_told_by_neighbours():
    places = generator(11).standard_normal((80, 2))
    rows = np.column_stack([places[:, 0], generator(12).standard_normal(80), np.ones(80)])
    found = trust.told_by_neighbours(rows, places, 4)
    near = nearest_by_brute_force(places, 4)
    want = [
        1 - np.mean([(rows[i, j] - rows[near[i], j].mean()) ** 2 for i in range(80)]) / rows[:, j].var() for j in (0, 1)
    ]
    np.testing.assert_allclose(found, [*want, 0])
    assert found[0] > 0.8
    assert found[1] < 0.2


def test_columns_on_a_map_are_ranked_and_equal_values_have_equal_colours():
    columns = [(Text(name, name), np.array(values)) for name, values in (("a", [5.0, 1, 1, 9]), ("b", [0.0, 0, 0, 0]))]
    figure = draw.columns_on_map(np.eye(4)[:, :2], columns, hover=list("wxyz"), language="en")
    np.testing.assert_allclose(figure.data[0].marker.color, [200 / 3, 50 / 3, 50 / 3, 100], rtol=1e-6)
    np.testing.assert_allclose(figure.data[1].marker.color, [50] * 4)
    assert figure.data[0].text[0] == "w · 5"


def test_separation_of_classes_is_scikit_learns():
    g = generator(10)
    classes = np.arange(90) % 3
    rows = g.standard_normal((3, 4))[classes] + g.standard_normal((90, 4))
    right = []
    for left in range(90):
        others = np.arange(90) != left
        # one neighbour: no ties, which the two break differently
        right.append(
            KNeighborsClassifier(1).fit(rows[others], classes[others]).predict(rows[[left]])[0] == classes[left]
        )
    assert trust.nearest_class_right(rows, classes, 1) == pytest.approx(np.mean(right))
    assert trust.silhouette_of(rows, classes) == pytest.approx(silhouette_score(rows, classes))
    assert trust.silhouette_of(rows, np.zeros(90)) == 0


def test_of_equally_frequent_classes_the_nearest_counts():
    rows = np.array([[0.0], [1.0], [2.0], [3.0], [4.0]])
    # the nearest four of row 0 are b, a, a, b: a tie that the nearest, b, decides
    assert trust.nearest_class_right(rows, np.array(["b", "b", "a", "a", "b"]), 4, np.array([0])) == 1
    assert trust.nearest_class_right(rows, np.array(["b", "a", "b", "b", "a"]), 4, np.array([0])) == 0


def test_a_sample_is_drawn_without_repetition_and_all_rows_where_few():
    assert trust.asked_of(5, 10, generator()).tolist() == [0, 1, 2, 3, 4]
    found = trust.asked_of(100, 10, generator())
    assert len(set(found.tolist())) == 10
    assert (np.diff(found) > 0).all()


WRONG = [
    (
        lambda: models.pca_map(np.array([[1.0, np.nan], [0, 0]])),
        BadData,
        "1 of 2 rows have missing or infinite numbers",
    ),
    (lambda: models.pca_map(np.zeros((0, 3))), BadData, "at least 1 rows; these are of shape \\(0, 3\\)"),
    (lambda: models.tsne_map(np.zeros((4, 3)), generator=generator()), BadData, "at least 5 rows"),
    (lambda: models.tsne_map(np.zeros((9, 3)), perplexity=0.5, generator=generator()), BadSetting, "0.5 is below 1"),
    (
        lambda: models.k_means_tsne(np.zeros((9, 3)), groups=10, generator=generator()),
        BadSetting,
        "10 groups of 9 rows",
    ),
    (lambda: models.pca_map(np.eye(3)).place(np.eye(4)), BadData, "have 4 columns and the map was made of 3"),
    (lambda: models.NeighbourMap(np.eye(6), np.eye(6)[:, :2]).place(np.eye(4)), BadData, "have 4 columns"),
    (lambda: trust.neighbours_of(np.eye(4), 4), BadSetting, "4 neighbours among 4 rows: ask for 1 to 3"),
    (lambda: trust.trustworthiness(np.eye(8), np.eye(8), 4), BadSetting, "4 neighbours are half of 8 rows"),
]


@pytest.mark.parametrize(("call", "kind", "said"), WRONG)
def test_what_cannot_be_mapped_is_said_in_one_line(call, kind, said):
    with pytest.raises(kind, match=said) as caught:
        call()
    assert isinstance(caught.value.message, Text)
    assert caught.value.message.zh


@pytest.fixture
def wine(tmp_path):
    """Wines in two files, every fourth in the second."""
    frame = load_wine(as_frame=True).frame.rename(columns={"target": "kind"})
    frame["kind"] = [f"wine {number}" for number in frame["kind"]]
    later = np.arange(len(frame)) % 4 == 0
    frame[~later].to_csv(tmp_path / "wine.csv", index=False)
    frame[later].to_csv(tmp_path / "later.csv", index=False)
    return tmp_path


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    monkeypatch.setattr(views_trust, "SEEDED", 60)
    monkeypatch.setattr(views_trust, "TIMES", 3)
    monkeypatch.setattr("zhixing.views.maps.TIMES", 3)


def test_a_table_is_mapped_with_what_may_be_trusted(wine):
    [view] = zx.look(wine / "wine.csv", views=["map"], target="kind").views
    assert [picture.drawing.id for picture in view.pictures] == ["map", "map-groups", "map-columns", "map-seeds"]
    tsne, pca = view.numbers["tsne"], view.numbers["pca"]
    assert tsne["neighbours shown"] > pca["neighbours shown"] > 0.2
    assert tsne["nearest class right"] > 0.9
    assert view.numbers["agreement of seeds"] == {"mean": pytest.approx(0.8, abs=0.2), "rows": 60, "seeds": 3}
    assert view.numbers["variance of two axes"] == pytest.approx(0.55, abs=0.05)
    gaps = view.numbers["tsne"]["gaps"]
    assert f"is {gaps:.2f}, over 12 groups" in view.warnings[0].en
    assert len(view.tables[0].rows) == 8
    figure = view.pictures[0].drawing.draw("zh")
    assert sum(len(trace.x) for trace in figure.data) == 2 * view.numbers["rows"]
    assert {trace.name for trace in figure.data} == {"wine 0", "wine 1", "wine 2"}
    assert "alcohol" in figure.data[0].text[0]


def test_a_map_is_kept_and_another_seed_makes_another(wine):
    store = RunStore(wine / "store")
    scene = views.scene.of_file(str(wine / "wine.csv"), target="kind", options={}, store=store)
    rows = views_rows.prepared_rows(scene).rows[:40]
    made = views_placed.kept_map(scene, rows)
    folder = scene.store.home / "maps"
    before = set(folder.iterdir())
    [file] = before
    file.write_bytes(save({**made.arrays(), "places": made.places + 1}))
    again = views_placed.kept_map(scene, rows)
    np.testing.assert_array_equal(again.places, made.places + 1)  # what was kept is read, and not made anew
    assert again.notes == made.notes != ()
    file.write_bytes(b"damaged")
    np.testing.assert_array_equal(views_placed.kept_map(scene, rows).places, made.places)
    views_placed.kept_map(replace(scene, seed=1), rows)
    views_placed.kept_map(scene, rows[:30])
    assert len(set(folder.iterdir()) - before) == 2


def test_new_rows_are_placed_on_an_old_map_and_keep_their_neighbours(wine):
    [view] = zx.look(wine / "later.csv", views=["map"], target="kind", onto=str(wine / "wine.csv")).views
    numbers = view.numbers
    assert numbers["kept"] >= 0.9 * numbers["kept of joint"] > 0.3
    assert f"keeps {100 * numbers['kept'] / numbers['kept of joint']:.0f} % of what that does" in view.summary.en
    figure = view.pictures[0].drawing.draw("en")
    assert [len(trace.x) for trace in figure.data] == [numbers["old rows"], 15, 18, 12]


def test_rows_unlike_any_on_the_map_are_said(wine):
    strange = read_csv(wine / "later.csv")
    strange.iloc[:, :13] = strange.iloc[:, :13] * 40
    strange.to_csv(wine / "strange.csv", index=False)
    [view] = zx.look(wine / "strange.csv", views=["map"], target="kind", onto=str(wine / "wine.csv")).views
    assert view.warnings[0].en.startswith("100 % of the new rows are farther from their nearest old rows")


def test_a_map_without_classes_is_coloured_by_groups_that_k_means_finds(tmp_path):
    rows = 12 * np.eye(4)[np.arange(90) % 4] + generator().standard_normal((90, 4))
    DataFrame(rows, columns=list("abcd")).to_csv(tmp_path / "heaps.csv", index=False)
    [view] = zx.look(tmp_path / "heaps.csv", views=["map"]).views
    assert view.numbers["groups"] == 4
    assert [picture.drawing.id for picture in view.pictures] == ["map", "map-columns", "map-seeds"]


def test_pictures_are_mapped_and_shown_under_the_pointer(tmp_path):
    digits = load_digits()
    for number in range(60):
        place = tmp_path / "digits" / str(digits.target[number] % 3)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray((15 * digits.images[number]).astype(np.uint8)).save(place / f"{number}.png")
    [view] = zx.look(tmp_path / "digits", views=["map"]).views
    figure = view.pictures[0].drawing.draw("en")
    assert len(figure.layout.meta["pictures"]) == 60
    seen = {int(row) for trace in figure.data for row in trace.customdata}
    assert seen == set(range(1, 61))
    scene = views.scene.of_file(str(tmp_path / "digits"), options={})
    content = base64.b64decode(figure.layout.meta["pictures"][7].split(",")[1])
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), scene.features[7][0])


def test_many_points_go_to_the_graphics_card_and_few_do_not(tmp_path):
    def page_of(rows):
        places = generator().standard_normal((rows, 2))
        colouring = draw.Colouring(Text("class", "类别"), np.zeros(rows, dtype=int), (Text("one", "一"),))
        panel = draw.MapPanel(Text("map", "地图"), places)
        drawing = draw.Drawing(
            "map",
            lambda language: draw.map_panels([panel], colouring, hover=["row"] * rows, language=language),
            Text("map", "地图"),
        )
        title = Text("map", "地图")
        view = views.View("map", title, title, (views.Picture(drawing, title, title),))
        return views.Looked("rows", (view,), {}, tmp_path / str(rows)).write("en").read_text("utf-8")

    few, many = page_of(100), page_of(draw.maps.MANY + 1)
    assert '"scattergl"' not in re.search('id="data">(.*?)</script>', few).group(1)
    assert '"scattergl"' in re.search('id="data">(.*?)</script>', many).group(1)
    policies = [re.search('Content-Security-Policy" content="([^"]*)"', page).group(1) for page in (few, many)]
    assert ["unsafe-eval" in policy for policy in policies] == [False, True]


def test_many_rows_are_told_by_number_and_class_without_a_text_each():
    classes = draw.Colouring(Text("class", "类别"), np.array([1, 0, 1]), (Text("one", "一"), Text("<two>", "二")))
    panel = draw.MapPanel(Text("map", "地图"), np.eye(3)[:, :2])
    figure = draw.map_panels([panel], classes, hover=(), language="en")
    assert [trace.hovertemplate for trace in figure.data] == [
        "%{customdata} · one<extra></extra>",
        "%{customdata} · &lt;two&gt;<extra></extra>",
    ]
    assert [trace.customdata.tolist() for trace in figure.data] == [[2], [1, 3]]


def test_what_cannot_be_mapped_or_placed_is_said(wine):
    read_csv(wine / "later.csv").drop(columns="alcohol").to_csv(wine / "later.csv", index=False)
    with pytest.raises(BadData, match=r"later.csv lacks alcohol, of which the map of wine.csv was made"):
        zx.look(wine / "later.csv", views=["map"], target="kind", onto=str(wine / "wine.csv"))
    (wine / "tags.conll").write_text("".join(f"a{number} X\nb Y\n\n" for number in range(30)))
    with pytest.raises(BadSetting, match="--map: there is no such file, and of runs: 'nothing-such'"):
        zx.look(wine / "wine.csv", views=["map"], target="kind", onto="nothing-such")
    with pytest.raises(BadSetting, match="ratings and tagged sentences have none"):
        zx.look(wine / "tags.conll", views=["map"])
