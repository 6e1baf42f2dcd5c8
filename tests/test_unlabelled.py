"""Tables without a target: what is read, what judges, and that no clusters is an answer."""

from pathlib import Path

import numpy as np
import pandas
import pytest
from scipy.stats import multivariate_normal
from sklearn.metrics import adjusted_rand_score, average_precision_score
from sklearn.neighbors import KernelDensity

from zhixing import comparison, data, evaluate, models, train
from zhixing.comparison.families import CHOICES
from zhixing.comparison.unlabelled import (
    GROUPS,
    HEAP,
    clusterings,
    densities,
    detectors,
    of_unlabelled,
    reductions,
    told_of_clusters,
)
from zhixing.core import BadData, BadSetting, Seeds, Text, UnknownName, spec
from zhixing.core.store import RunStore
from zhixing.data.heaps import one_peak
from zhixing.data.own.unlabelled import planted, spread
from zhixing.study.answer import ClaimResult
from zhixing.train.keeping import as_bytes, from_bytes
from zhixing.train.learner import Learner
from zhixing.web import service


def written(place: Path, rows: np.ndarray, **more: object) -> Path:
    pandas.DataFrame({**{f"c{at}": column for at, column in enumerate(rows.T)}, **more}).to_csv(place, index=False)
    return place


def three(generator: np.random.Generator, rows: int = 150) -> tuple[np.ndarray, np.ndarray]:
    """Three round groups, and which row is of which."""
    groups = generator.integers(3, size=rows)
    return generator.normal(size=(rows, 3)) + 7 * np.eye(3)[groups], groups


def clustered(source: object, memory_watch, *, seed: int = 0, families=None, heaps: int = 0, measures=None) -> dict:
    entered = [family for family in clusterings() if family.name in (families or ("ward", "crowds"))]
    call = spec(
        train.clustered,
        data=source,
        candidates=tuple(each for family in entered for each in family.candidates()),
        chosen_by=evaluate.unsteadiness,
        measures=measures or (evaluate.unsteadiness, evaluate.steadiness, evaluate.groups_found),
        efforts=(evaluate.on_validation, evaluate.kept_bytes),
        heaps=heaps,
    )
    return call.build(Seeds(seed), memory_watch())


def test_planted_clusters_are_found_and_told_from_heaps(tmp_path, memory_watch):
    rows, groups = three(np.random.default_rng(0))
    place = written(tmp_path / "a.csv", rows, kind=groups.astype(str))
    blind, told = (spec(data.own_unlabelled, path=str(place), known=known) for known in (None, "kind"))
    found, heap = (clustered(blind, memory_watch, heaps=heaps) for heaps in (0, 2))
    assert found["groups_found"] == 3
    assert found["steadiness"] > 0.95
    assert found["unsteadiness"] < heap["unsteadiness"] - 0.1
    assert found["kept_bytes"] > 1000
    assert heap["kept_bytes"] == 0
    judged = clustered(told, memory_watch, measures=(evaluate.disagreement, evaluate.groups_found))
    assert judged["disagreement"] < 0.05
    assert judged["on_validation"] < 0.1
    assert judged["groups_found"] == found["groups_found"]  # known groups choose nothing


@pytest.mark.parametrize("kind", ["shuffled columns", "one long heap"])
def test_rows_without_clusters_are_not_ahead_of_heaps(kind, tmp_path, memory_watch):
    generator = np.random.default_rng(1)
    if kind == "shuffled columns":
        rows = np.stack([generator.permutation(column) for column in generator.gamma(3, size=(150, 3)).T], axis=1)
    else:
        rows = generator.normal(size=(150, 3)) @ np.array([[3.0, 3, 3], [0, 1, -1], [0.3, 0, 0]])
    source = spec(data.own_unlabelled, path=str(written(tmp_path / "a.csv", rows)))
    gains = [
        clustered(source, memory_watch, seed=seed, heaps=3)["unsteadiness"]
        - clustered(source, memory_watch, seed=seed)["unsteadiness"]
        for seed in range(3)
    ]
    assert min(gains) < 0.05  # so that not every division can speak for clusters


def test_a_stopped_clustering_goes_on_where_it_was(tmp_path, memory_watch, stopped):
    rows, _ = three(np.random.default_rng(0), 60)
    call = spec(
        train.clustered,
        data=spec(data.own_unlabelled, path=str(written(tmp_path / "a.csv", rows))),
        candidates=tuple(spec(models.ward_groups, groups=groups) for groups in (2, 3)),
        chosen_by=evaluate.unsteadiness,
        measures=(evaluate.unsteadiness,),
        heaps=2,
    )
    whole, first = memory_watch(), memory_watch(stop_at=4)
    expected = call.build(Seeds(0), whole)
    with pytest.raises(stopped):
        call.build(Seeds(0), first)
    rest = memory_watch(resume_from=first.state)
    assert call.build(Seeds(0), rest) == expected
    assert whole.steps == [(step, 6) for step in range(1, 7)]
    assert rest.steps[-1] == (6, 6)


def test_one_heap_has_one_peak_and_the_same_size_and_direction():
    generator = np.random.default_rng(0)
    values = np.concatenate([generator.normal(-4, 1, 500), generator.normal(4, 1, 500)])
    drawn = one_peak(values, 20_000, generator)
    assert drawn.std() == pytest.approx(values.std(), rel=0.03)
    counts, _ = np.histogram(drawn, bins=12)
    peak = counts.argmax()
    assert (np.diff(counts[: peak + 1]) > -120).all()
    assert (np.diff(counts[peak:]) < 120).all()
    rows = generator.normal(size=(400, 2)) @ np.array([[2.0, 1.9], [0.0, 0.3]])
    heap = data.one_heap(rows, 5_000, generator)
    np.testing.assert_allclose(np.cov(heap.T), np.cov(rows.T), atol=0.35)


def test_measures_of_groups_by_brute_force():
    generator = np.random.default_rng(0)
    pairs = [tuple(generator.integers(3, size=(2, 40))) for _ in range(4)]
    mean = [np.mean([adjusted_rand_score(one, other) for one, other in some]) for some in (pairs[:2], pairs[2:])]
    found = {"pairs": pairs[:2], "pairs_of_heap": pairs[2:], "groups": pairs[0][0], "known": pairs[0][1]}
    assert evaluate.steadiness(found) == pytest.approx(mean[0])
    assert evaluate.unsteadiness(found) == pytest.approx(1 - mean[0] + mean[1])
    assert evaluate.disagreement(found) == pytest.approx(1 - adjusted_rand_score(*pairs[0]))
    assert evaluate.disagreement({**found, "known": None}) == 1
    sizes = evaluate.group_sizes(found)
    assert sum(sizes.values) == pytest.approx(100)
    assert list(sizes.values) == sorted(sizes.values, reverse=True)
    same = np.zeros(40, dtype=int)
    assert evaluate.agreement_of(same, same) == 0  # one group says nothing


def test_all_families_have_as_many_settings():
    assert {len(family.candidates()) for family in clusterings()} == {len(GROUPS)}
    assert {len(family.candidates()) for family in (*densities(), *detectors(), *reductions())} == {CHOICES}


@pytest.mark.parametrize("family", clusterings(), ids=lambda family: family.name)
def test_every_clustering_places_new_rows(family):
    rows, groups = three(np.random.default_rng(0), 300)
    candidate = family.candidates()[3 if family.name == "crowds" else 1]
    estimator = candidate.build(generator=np.random.default_rng(1)).fit(rows[:200])
    assert adjusted_rand_score(estimator.predict(rows[200:]), groups[200:]) > 0.9


def test_densities_are_those_of_others():
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(60, 2)) @ np.array([[5.0, 1.0], [0.0, 0.2]]) + 3
    asked = rows[:7] + 0.1
    one = models.one_gaussian().fit(rows).predict(asked)
    np.testing.assert_allclose(
        one, multivariate_normal(rows.mean(axis=0), np.cov(rows.T, bias=True)).logpdf(asked), rtol=1e-3
    )
    standard, scale = (rows - rows.mean(axis=0)) / rows.std(axis=0), rows.std(axis=0)
    kernel = KernelDensity(bandwidth=0.5 * 60 ** (-1 / 6)).fit(standard)
    expected = kernel.score_samples((asked - rows.mean(axis=0)) / scale) - np.log(scale).sum()
    np.testing.assert_allclose(models.kernel_density(width=0.5).fit(rows).predict(asked), expected)
    each = [
        models.kernel_density(width=0.5).fit(column[:, None]).predict(asked[:, [at]])
        for at, column in enumerate(rows.T)
    ]
    np.testing.assert_allclose(models.separate_kernels(width=0.5).fit(rows).predict(asked), np.sum(each, axis=0))


@pytest.mark.parametrize("family", densities(), ids=lambda family: family.name)
def test_every_density_sums_to_one(family):
    rows = np.random.default_rng(0).normal(size=(80, 2)) * [1.0, 3.0]
    estimator = family.candidates()[0].build(generator=np.random.default_rng(1)).fit(rows)
    across, up = np.linspace(-9, 9, 300), np.linspace(-27, 27, 300)
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    cell = (across[1] - across[0]) * (up[1] - up[0])
    assert np.exp(estimator.predict(grid)).sum() * cell == pytest.approx(1, abs=0.02)


def test_density_ranks_by_surprise(tmp_path, memory_watch):
    rows, _ = three(np.random.default_rng(0), 200)
    source = spec(data.own_unlabelled, path=str(written(tmp_path / "a.csv", rows)), task="density")
    task = of_unlabelled(source.build(), tmp_path / "a.csv")
    found = {
        family.name: task.trial("quick")
        .with_settings(data=source, measures=task.measures)
        .build(Seeds(0), memory_watch(), candidates=family.candidates(), preparation=family.preparation)
        for family in task.families
    }
    assert min(found, key=lambda name: found[name]["surprise"]) == "mixture"
    assert found["separate"]["surprise"] > found["kernel"]["surprise"]
    assert found["mixture"]["surprise_at_oddest"] > found["mixture"]["surprise"]


@pytest.mark.parametrize("family", detectors(), ids=lambda family: family.name)
def test_every_detector_finds_what_breaks_a_rule(family):
    generator = np.random.default_rng(0)
    first = generator.normal(size=(300, 2))
    usual = np.column_stack([first, first @ [0.7, 0.7] + 0.05 * generator.normal(size=300)])
    odd = usual[:30] * [1.5, 1.5, -2]
    estimator = family.candidates()[1].build(generator=np.random.default_rng(1)).fit(usual[:200])
    scores = estimator.predict(np.concatenate([usual[200:], odd]))
    truth = np.arange(130) >= 100
    missed = evaluate.planted_missed(scores, truth)
    assert missed == pytest.approx(100 * (1 - average_precision_score(truth, scores)))
    assert missed < 60  # by chance about 77


def test_planted_rows_keep_half_of_a_row_and_every_cell_is_of_its_column():
    generator = np.random.default_rng(0)
    frame = pandas.DataFrame({name: np.arange(100) + 1000 * at for at, name in enumerate("abcd")})
    frame["word"] = [f"w{row}" for row in range(100)]
    false = planted(frame, 40, generator)
    assert list(false.columns) == list(frame.columns)
    origin = np.column_stack([false[name] % 1000 for name in "abcd"] + [false["word"].str[1:].astype(int)])
    kept = [max(np.unique(row, return_counts=True)[1]) for row in origin]
    assert set(kept) <= {3, 4}  # of five cells two are another row's, now and then the same one's twice
    assert len({tuple(np.flatnonzero(row != np.bincount(row).argmax())) for row in origin}) > 5


def test_anomalies_are_ranked_in_a_table_of_any_columns(tmp_path, memory_watch):
    generator = np.random.default_rng(0)
    size = generator.normal(size=200)
    place = written(
        tmp_path / "a.csv", np.column_stack([size, 2 * size, -size]), word=np.where(size > 0, "big", "small")
    )
    own = data.own_data(place, task="anomalies").build()
    assert own.rows == 200
    assert own.targets.sum() == 20
    assert len(own) == 220
    assert any("planted" in note.en for note in own.notes)
    source = data.own_data(place, task="anomalies")
    task = of_unlabelled(own, place)
    family = task.families[-1]
    found = (
        task.trial("quick")
        .with_settings(data=source, measures=task.measures)
        .build(Seeds(0), memory_watch(), candidates=family.candidates())
    )
    assert found["planted_missed"] < 30


@pytest.mark.parametrize(
    "family", [*clusterings(), *densities(), *detectors(), *reductions()], ids=lambda family: family.name
)
def test_what_was_fitted_is_kept_without_pickle(family):
    generator = np.random.default_rng(0)
    frame = pandas.DataFrame(generator.normal(size=(80, 3)), columns=["a", "b", "c"])
    preparation = family.preparation.build().fit(frame)
    estimator = family.candidates()[1].build(generator=generator).fit(preparation.transform(frame))
    learner = Learner(preparation, estimator, (), None)
    again = from_bytes(as_bytes(learner))
    np.testing.assert_allclose(again.answers(frame), learner.answers(frame), rtol=1e-12)


@pytest.mark.parametrize(("task", "model"), [("clusters", "ward"), ("density", "mixture"), ("anomalies", "neighbour")])
def test_a_run_without_a_target_predicts(task, model, tmp_path):
    rows, _ = three(np.random.default_rng(0), 90)
    place = written(tmp_path / "a.csv", rows)
    run = comparison.learn(model, place, task=task, store=RunStore(tmp_path / "store"))
    told = run.predict({f"c{at}": [0.0, 30.0] for at in range(3)})["prediction"]
    assert len(told) == 2
    assert (
        told[0] > told[1]
        if task == "density"
        else told[0] <= told[1]
        if task == "anomalies"
        else told.isin(range(9)).all()
    )
    with pytest.raises(BadData, match="without a target, so there is nothing to evaluate"):
        comparison.evaluate_run(run, place)


@pytest.mark.parametrize("model", ["components", "kernel"])
def test_a_run_of_a_reduction_gives_its_axes(model, tmp_path):
    from starlette.testclient import TestClient

    rows, _ = three(np.random.default_rng(0), 90)
    place = written(tmp_path / "a.csv", rows)
    run = comparison.learn(model, place, task="reduction", store=RunStore(tmp_path / "store"))
    told = run.predict({f"c{at}": list(column) for at, column in enumerate(rows.T)})
    assert list(told.columns) == ["axis 1", "axis 2"]
    comparison.write_predictions(run, place, tmp_path / "out.csv")
    np.testing.assert_allclose(pandas.read_csv(tmp_path / "out.csv").to_numpy(), told.to_numpy(), rtol=1e-9)
    with TestClient(service(run), base_url="http://127.0.0.1") as client:
        asked = {"rows": [{f"c{at}": cell for at, cell in enumerate(rows[0])}]}
        found = client.post("/predict", json=asked).json()["predictions"][0]
        stated = client.get("/openapi.json").json()
    assert list(found.values()) == pytest.approx(told.iloc[0].tolist())
    schema = stated["paths"]["/predict"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert list(schema["properties"]["predictions"]["items"]["properties"]) == list(found)


def test_the_oddest_row_is_named_by_its_place_in_the_file(tmp_path):
    generator = np.random.default_rng(0)
    size = generator.normal(size=120)
    rows = np.column_stack([size, size + 0.05 * generator.normal(size=120), generator.normal(size=120)])
    rows[37] = [4.0, -4.0, 4.0]
    own = data.own_data(written(tmp_path / "a.csv", rows), task="anomalies").build()
    for family in comparison.detectors():
        found = comparison.suspicious(own, family, count=3)
        named = {each.row: each for each in found}
        assert 38 in named, family.name
        assert named[38].cells == {"c0": "4.0", "c1": "-4.0", "c2": "4.0"}
        assert named[38].odder_than > 0.95


def test_spread_moves_by_less_than_a_step():
    generator = np.random.default_rng(0)
    numbers = np.round(generator.normal(size=(100, 2)), 1)
    moved = spread(numbers, generator)
    assert np.abs(moved - numbers).max() <= 0.05 + 1e-9
    assert len(np.unique(moved)) == moved.size
    assert np.array_equal(spread(np.ones((5, 1)), generator), np.ones((5, 1)))


@pytest.mark.parametrize("family", reductions(), ids=lambda family: family.name)
def test_every_reduction_brings_rows_near_a_curved_line_back(family):
    generator = np.random.default_rng(0)
    along = generator.uniform(-1, 1, size=300)
    rows = np.stack([along, along**2, np.sin(3 * along), generator.normal(size=300) * 0.02], axis=1)
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0) * [1, 1, 1, 0.05]
    estimator = family.candidates()[2].build(generator=np.random.default_rng(1)).fit(rows[:200])
    back = estimator.predict(rows[200:])
    assert back.shape == (100, 2, 1)
    assert estimator.codes(rows[200:], 2).shape == (100, 2)
    assert evaluate.lost(back, None) < (15 if family.name == "kernel" else 5)
    assert evaluate.neighbours_kept(back, None) > 60
    assert evaluate.lost_by_dimensions(back, None).values == (pytest.approx(evaluate.lost(back, None)),)


def test_what_principal_components_lose_by_hand():
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(60, 6)) @ generator.normal(size=(6, 6))
    back = models.principal_components(pulled=1e9).fit(rows[:40]).predict(rows[40:])
    centre = rows[:40].mean(axis=0)
    axes = np.linalg.eigh(np.cov(rows[:40].T))[1][:, ::-1]
    for place, size in enumerate((2, 5)):
        codes = (rows[40:] - centre) @ axes[:, :size]
        expected = ((rows[40:] - centre - codes @ axes[:, :size].T) ** 2).mean(axis=1)
        np.testing.assert_allclose(back[:, 0, place], expected, rtol=1e-8)
        near, here = (
            [set(np.argsort(np.linalg.norm(each - one, axis=1))[1:11]) for one in each] for each in (rows[40:], codes)
        )
        shares = [len(one & other) / 10 for one, other in zip(near, here, strict=True)]
        np.testing.assert_allclose(back[:, 1, place], shares)


def claim(one: str, other: str, verdict: str) -> ClaimResult:
    return ClaimResult(
        f"{one} over {other}",
        Text("", ""),
        verdict,
        0.2,
        0.1,
        0.3,
        0.95,
        Text("", ""),
        9,
        None,
        (0.0, np.inf),
        (0.2,) * 9,
    )


@pytest.mark.parametrize(
    ("leader", "against", "begins"),
    [
        ("ward", "supported", "There are clusters. The winner is W"),
        ("ward", "undecided", "No clusters"),
        (HEAP, "", "No clusters"),
    ],
)
def test_no_clusters_is_an_answer(leader, against, begins):
    labels = {"ward": Text("W", "W"), "crowds": Text("C", "C"), HEAP: Text("H", "H")}
    claims = [claim(leader, "crowds", "supported")]
    claims += [claim("ward", HEAP, against)] if against else [claim(HEAP, "ward", "undecided")]
    assert told_of_clusters(claims, labels).en.startswith(begins)


def test_density_from_file_to_ranking(tmp_path):
    rows, _ = three(np.random.default_rng(0), 80)
    place = written(tmp_path / "a.csv", rows, word=["x", "y", "z", "w"] * 20)
    found = comparison.compare(place, task="density", scale="smoke", workers=1, store=RunStore(tmp_path / "store"))
    assert {each.family for each in found.places} == {family.name for family in densities()}
    assert "left out, since they hold no numbers" in " ".join(
        note.en for note in data.own_data(place, task="density").build().notes
    )


TWO = np.random.default_rng(0).normal(size=(60, 2))


@pytest.mark.parametrize(
    ("rows", "more", "options", "message"),
    [
        (TWO[:, :1], {}, {}, "clusters needs two columns of numbers or more that can be learnt from; there is 'c0'"),
        (TWO, {}, {"task": "reduction"}, "reduction needs three columns of numbers or more"),
        (TWO[:30], {}, {}, "30 rows of 30 can be used; at least 50 are needed without a target"),
        (TWO, {}, {"known": "kind"}, "column 'kind' is not in the table"),
        (TWO, {"kind": [f"k{row}" for row in range(60)]}, {"known": "kind"}, "'kind' has 60 values in 60 rows"),
        (
            TWO,
            {"kind": ["a", "b"] * 30},
            {"known": "kind", "task": "density"},
            "known groups judge clusters; the task is density",
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(tmp_path, rows, more, options, message):
    with pytest.raises(BadData) as error:
        data.own_data(written(tmp_path / "a.csv", rows, **more), **options).build()
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.message.zh


def test_options_that_do_not_suit_are_refused(tmp_path):
    place = written(tmp_path / "a.csv", TWO)
    with pytest.raises(UnknownName, match="did you mean 'clusters'"):
        data.own_data(place, task="cluster").build()
    with pytest.raises(BadSetting, match="--time: without --target there is none"):
        data.own_data(place, time="c0")
    with pytest.raises(BadSetting, match="--known: with --target there is none"):
        data.own_data(place, target="c0", known="c1")
