"""What layers hold, and how far classes lie apart in it: against scikit-learn and by hand; the view, and its refusals."""

import json

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.metrics import silhouette_score
from sklearn.neighbors import KNeighborsClassifier
from torch import nn

import zhixing as zx
from inside import CNN, MLP, RESNET, TABULAR, pictures, recipe, run_of, table
from zhixing import evaluate, models, train
from zhixing.core import BadSetting, UnknownName, spec
from zhixing.core.store import RunStore
from zhixing.evaluate.probes import NEAREST, RIDGE, hidden_layers, neighbours_explain
from zhixing.models import tsne_map
from zhixing.nn import activations
from zhixing.views.layers import turned

RANDOM = np.random.default_rng(0)
ROWS, CLASSES = RANDOM.normal(size=(60, 7)), RANDOM.integers(3, size=60)
ROWS[:, 0] += CLASSES


# What layers hold -----------------------------------------------------------------------------------------


def test_activations_are_those_of_the_parts():
    model = CNN.build(channels_in=1, classes=3, generator=torch.Generator().manual_seed(0))
    pictures = torch.randn(7, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    model.train()
    before = [buffer.clone() for buffer in model.buffers()]
    found = activations(model, pictures)
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())
    assert all(torch.equal(one, other) for one, other in zip(before, model.buffers(), strict=True))
    assert list(found) == ["input", "stem", "block1", "block2", "head"]
    model.eval()
    with torch.no_grad():
        expected = {"input": pictures, "stem": model.stem(pictures)}
        expected["block1"] = model.blocks[0](expected["stem"])
        expected["block2"] = model.blocks[1](expected["block1"])
        expected["head"] = model(pictures)
    for name, given in expected.items():
        torch.testing.assert_close(found[name], given)


def test_blocks_of_rows_come_together(monkeypatch):
    model = MLP.build(features_in=7, classes=3, generator=torch.Generator().manual_seed(0))
    rows = torch.tensor(ROWS, dtype=torch.float32)
    whole = activations(model, rows)
    monkeypatch.setattr("zhixing.nn.named.BATCH", 13)
    for name, given in activations(model, rows).items():
        torch.testing.assert_close(given, whole[name])


def test_an_output_that_no_layer_gives_is_there_too():
    model = TABULAR.build(columns=((0.0, 1.0),) * 7, classes=3, generator=torch.Generator().manual_seed(0)).eval()
    rows = torch.tensor(ROWS, dtype=torch.float32)
    found = activations(model, rows)
    assert list(found) == ["input", "embeddings", "hidden1", "hidden2", "output"]
    torch.testing.assert_close(found["output"], model(rows).detach())
    assert list(hidden_layers(model, rows)) == ["input", "embeddings", "hidden1", "hidden2"]


# How far classes lie apart --------------------------------------------------------------------------------


def test_separation_is_scikit_learns():
    found = evaluate.separation(ROWS, CLASSES)
    right = []
    for row in range(len(ROWS)):
        others = np.delete(np.arange(len(ROWS)), row)
        neighbours = KNeighborsClassifier(NEAREST).fit(ROWS[others], CLASSES[others])
        votes = neighbours.predict_proba(ROWS[[row]])[0]
        if (votes == votes.max()).sum() == 1:  # of equals the nearest decides, which scikit-learn leaves to the order
            right.append((row, votes.argmax() == CLASSES[row]))
    assert len(right) > 30
    unequal = [row for row, _ in right]
    agrees = [evaluate_one(row) for row in unequal]
    assert agrees == [correct for _, correct in right]
    assert found.neighbours == pytest.approx(100 * np.mean([evaluate_one(row) for row in range(len(ROWS))]))
    assert found.silhouette == pytest.approx(silhouette_score(ROWS, CLASSES))


def evaluate_one(row):
    """Whether the five nearest others vote for the class of a row, the nearest deciding between equals."""
    distances = np.linalg.norm(ROWS - ROWS[row], axis=1)
    distances[row] = np.inf
    near = CLASSES[np.argsort(distances)[:NEAREST]]
    counts = np.bincount(near, minlength=3)
    leader = next(kind for kind in near if counts[kind] == counts.max())
    return leader == CLASSES[row]


def test_amounts_are_explained_by_their_neighbours():
    amounts = ROWS[:, 0]
    line = np.arange(20.0)[:, None]
    assert evaluate.separation(line, np.arange(20.0)).neighbours > 90
    assert np.isnan(evaluate.separation(line, np.arange(20.0)).silhouette)
    errors = []
    for row in range(len(ROWS)):
        distances = np.linalg.norm(ROWS - ROWS[row], axis=1)
        distances[row] = np.inf
        errors.append(amounts[row] - amounts[np.argsort(distances)[:NEAREST]].mean())
    expected = 100 * (1 - np.square(errors).mean() / amounts.var())
    assert neighbours_explain(ROWS, amounts) == pytest.approx(expected)


@pytest.mark.parametrize("columns", [7, 50])
def test_a_probe_is_scikit_learns_ridge(columns):
    rows = np.random.default_rng(2).normal(3.0, 2.0, size=(40, columns))
    asked = np.random.default_rng(3).normal(3.0, 2.0, size=(30, columns))
    classes, wanted = np.arange(40) % 3, np.arange(30) % 3
    rows[np.arange(40), classes] += 4
    asked[np.arange(30), wanted] += 4
    scale = np.sqrt(((rows - rows.mean(axis=0)) ** 2).mean())
    ridge = Ridge(alpha=RIDGE * len(rows)).fit(rows / scale, np.eye(3)[classes])
    expected = 100 * (ridge.predict(asked / scale).argmax(axis=1) != wanted).mean()
    assert evaluate.probe_error(rows, classes, asked, wanted) == pytest.approx(expected)
    assert 0 < expected < 50


def test_measures_by_layer_look_at_hidden_layers_only():
    model = nn.Sequential(nn.Linear(7, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
    rows, classes = torch.tensor(ROWS, dtype=torch.float32), torch.tensor(CLASSES)
    examples = rows[:40], classes[:40], rows[40:], classes[40:]
    series = evaluate.probe_error_by_layer(model, *examples)
    assert series.at == (0.0, 1.0, 2.0)
    expected = [
        evaluate.probe_error(held[:40], CLASSES[:40], held[40:], CLASSES[40:])
        for held in hidden_layers(model, rows).values()
    ]
    np.testing.assert_allclose(series.values, expected)
    assert evaluate.last_probe_error(model, *examples) == series.values[-1]
    assert evaluate.saved_by_depth(model, *examples) == series.values[1] - series.values[-1]
    neighbours = evaluate.neighbour_error_by_layer(model, rows, classes)
    assert neighbours.values[0] == pytest.approx(100 - evaluate.separation(ROWS, CLASSES).neighbours)
    assert len(neighbours.values) == 3


# Maps that can be followed --------------------------------------------------------------------------------


def test_a_turn_keeps_distances_and_finds_the_turn():
    places = RANDOM.normal(size=(30, 2))
    angle = 2.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(turned(places @ turn, places), places)
    np.testing.assert_allclose(turned(places * (1, -1), places), places)
    other = turned(places, RANDOM.normal(size=(30, 2)))
    np.testing.assert_allclose(np.linalg.norm(other, axis=1), np.linalg.norm(places, axis=1))


def test_a_map_begins_where_it_is_told():
    """One short step from the places of another map leaves it what it was, but for size."""
    first = tsne_map(ROWS, steps=250, generator=np.random.default_rng(0)).places
    again = tsne_map(ROWS, steps=50, start=first, early_exaggeration=1.0, generator=np.random.default_rng(0)).places
    chance = tsne_map(ROWS, steps=50, start="random", early_exaggeration=1.0, generator=np.random.default_rng(5)).places

    def likeness(places):
        fitted = turned(places, first)
        return float((fitted * first).sum() / np.linalg.norm(fitted) / np.linalg.norm(first))

    assert likeness(again) > 0.9
    assert likeness(again) > likeness(chance) + 0.1


# The view -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return RunStore(tmp_path_factory.mktemp("store"))


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch):
    monkeypatch.setattr("zhixing.views.layers.STEPS", 20)
    monkeypatch.setattr("zhixing.views.layers.ROWS", 24)


@pytest.fixture(scope="module")
def resnet(store, tmp_path_factory):
    folder = pictures(tmp_path_factory.mktemp("data"))
    made = spec(train.network_classifier, model=RESNET, recipe=recipe(60))
    return run_of(store, folder, made, arm="resnet"), folder


def test_every_layer_at_six_moments_is_one_picture(resnet, store):
    run, _ = resnet
    view = zx.look(run.name, views=["layers"], store=store).views[0]
    assert view.numbers["layers"] == ["input", "stem", "block1", "block2", "block3", "head"]
    assert len(view.numbers["moments"]) == 9
    assert [picture.drawing.id for picture in view.pictures] == [
        "layers-tsne", "layers-pca", "layers-neighbours", "layers-silhouette"
    ]  # fmt: skip
    figure = view.pictures[0].drawing.draw("zh")
    assert list(figure.layout.yaxis.ticktext) == view.numbers["layers"]
    assert len(figure.layout.xaxis.ticktext) == 6
    points = sum(len(trace.x) for trace in figure.data)
    assert points == 6 * 6 * view.numbers["rows"]
    assert [trace.name for trace in figure.data] == ["a", "b", "c"]
    assert len({trace.marker.color for trace in figure.data}) == 3
    inputs = [row[0] for row in view.numbers["neighbours"]]
    assert len(set(inputs)) == 1, "nobody trains the input"
    json.dumps(view.numbers)


def test_the_last_moment_is_the_fitted_network_on_rows_that_taught_it_nothing(resnet, store, monkeypatch):
    run, _ = resnet
    monkeypatch.setattr("zhixing.views.layers.COLUMNS", 1)
    view = zx.look(run.name, views=["layers"], store=store).views[0]
    own = run.trial.settings["data"].build()
    import safetensors.numpy

    judged = safetensors.numpy.load_file(run.folder / "arrays.safetensors")["judged"]
    rows = np.sort(np.random.default_rng(0).permutation(np.sort(judged))[:24])
    inputs = torch.tensor(run.learner.preparation.transform(own.take(rows)))
    held = activations(run.learner.estimator.network, inputs)
    expected = [evaluate.separation(given.flatten(1).double().numpy(), own.targets[rows]) for given in held.values()]
    np.testing.assert_allclose(view.numbers["neighbours"][-1], [each.neighbours for each in expected])
    np.testing.assert_allclose(view.numbers["silhouette"][-1], [each.silhouette for each in expected])
    assert view.pictures[0].drawing.draw("en").data[0].text[0] in own.names


def test_one_layer_is_shown_large_at_all_moments(resnet, store):
    run, _ = resnet
    view = zx.look(run.name, views=["layers"], layer="block2", store=store).views[0]
    figure = view.pictures[0].drawing.draw("en")
    assert sum(len(trace.x) for trace in figure.data) == 9 * view.numbers["rows"]
    assert figure.layout.annotations[0].text.startswith("before training: ")
    assert "block2" in view.pictures[0].title.zh
    by_address = zx.look(run.name, views=["layers"], layer="blocks.1.residual.0", store=store).views[0]
    assert by_address.pictures[0].title == view.pictures[0].title
    zx.look(run.name, views=["units"], layer="block2", store=store)
    with pytest.raises(UnknownName, match="did you mean 'block2'"):
        zx.look(run.name, views=["layers"], layer="blok2", store=store)


def test_other_rows_can_be_given(resnet, store, monkeypatch):
    run, folder = resnet
    monkeypatch.setattr("zhixing.views.layers.COLUMNS", 2)
    view = zx.look(run.name, views=["layers"], data=str(folder), store=store).views[0]
    assert view.numbers["rows"] == 24


@pytest.mark.parametrize("amounts", [False, True])
def test_networks_of_tables_have_layers_too(amounts, store, tmp_path, monkeypatch):
    monkeypatch.setattr("zhixing.views.layers.COLUMNS", 2)
    kind = train.tabular_regressor if amounts else train.tabular_classifier
    open_ = spec(train.Recipe, optimiser=spec(train.adamw, lr=0.01), batch=16)
    made = spec(kind, model=TABULAR, recipe=open_, rounds=1, least=20, most=20)
    run = run_of(store, table(tmp_path, amounts=amounts), made, target="wanted")
    view = zx.look(run.name, views=["layers"], store=store).views[0]
    assert view.numbers["layers"] == ["input", "embeddings", "hidden1", "hidden2", "output"]
    assert len(view.pictures) == (3 if amounts else 4)
    assert np.isfinite(view.numbers["neighbours"]).all()
    view.pictures[0].drawing.draw("en")


def test_what_has_no_layers_to_show_says_so(store, tmp_path):
    (tmp_path / "names.conll").write_text("".join(f"Wang\tB-PER\nlives\tO\n{n}\tO\n\n" for n in range(30)))
    tagger = spec(train.network_tagger, model=spec(models.RecurrentTagger, width=8), recipe=recipe())
    run = run_of(store, tmp_path / "names.conll", tagger, arm="recurrent")
    with pytest.raises(BadSetting, match="several labels or tags"):
        zx.look(run.name, views=["layers"], store=store)
    diverged = spec(train.network_classifier, model=MLP, recipe=recipe(rate=1e30))
    run = run_of(store, table(tmp_path), diverged, target="wanted")
    with pytest.raises(BadSetting, match="diverged"):
        zx.look(run.name, views=["layers"], store=store)
