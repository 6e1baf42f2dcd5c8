"""What a network keeps of its training, by an independent loop; silent units, sharpness and slices by hand; the view."""

import copy
import math
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd.functional import hessian
from torch.func import functional_call
from torch.nn.functional import cross_entropy

import zhixing as zx
from inside import CNN, MLP, TABULAR, pictures, recipe, run_of, table
from zhixing import models, train
from zhixing.core import BadSetting, spec
from zhixing.core.store import RunStore
from zhixing.evaluate import training as measures
from zhixing.nn import named_layers, weights_by_layer
from zhixing.train import network, read_trace, trace
from zhixing.views.training import _sick

ROWS = np.random.default_rng(0).normal(size=(60, 5))
CLASSES = (ROWS[:, 0] > 0).astype(int)


def fitted(**more):
    made = train.network_classifier(model=MLP, recipe=recipe(**more), generator=np.random.default_rng(3))
    return made.fit(ROWS, CLASSES)


# Layers by name -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (CNN, ["stem", "block1", "block2", "head"]),
        (MLP, ["hidden1", "hidden2", "head"]),
        (TABULAR.with_settings(columns=((0.0, 1.0), 3)), ["embeddings", "hidden1", "hidden2"]),
        (spec(models.SoftmaxRegression), ["linear"]),
        (spec(models.StridedCNN, channels=3), ["layer1", "layer2", "layer3", "head"]),
        (spec(models.RecurrentTagger, letters=5), ["token", "letter", "window", "gru", "head"]),
    ],
)
def test_layers_have_names(model, names):
    sized = {"classes": 3} if "columns" in model.settings else {}
    built = model.build(generator=torch.Generator(), **sized)
    assert [layer.name for layer in named_layers(built)] == names
    owned = [id(weight) for weights in weights_by_layer(built).values() for weight in weights]
    assert sorted(owned) == sorted(id(weight) for weight in built.parameters() if weight.ndim >= 2)


def test_a_bare_layer_and_a_sequence_have_names_too():
    assert named_layers(nn.Linear(2, 3))[0].parts == ("",)
    layers = named_layers(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2)))
    assert [(layer.name, layer.parts) for layer in layers] == [("layer1", ("0", "1")), ("layer2", ("2",))]


# The trace ------------------------------------------------------------------------------------------------


def test_a_trace_changes_no_weight(monkeypatch):
    kept = fitted().network.state_dict()

    class Blind:
        def __init__(self, network, total):
            self.trace = lambda: None

        def note(self, record):
            pass

    monkeypatch.setattr(network, "Tracing", Blind)
    for name, value in fitted().network.state_dict().items():
        assert torch.equal(kept[name], value), name


def test_what_is_noted_is_what_an_independent_loop_sees():
    found = fitted(steps=70, clip=0.5).trace
    generator = np.random.default_rng(3)
    first, order = (torch.Generator().manual_seed(int(generator.integers(2**63))) for _ in range(2))
    model = MLP.build(features_in=5, classes=2, generator=first)
    plan = recipe(steps=70, clip=0.5).build()
    batches = train.Batches(torch.tensor(ROWS, dtype=torch.float32), torch.tensor(CLASSES), size=16, generator=order)
    step, since = plan.step(model), []
    matrices = {"hidden1": model.hidden[0].weight, "hidden2": model.hidden[3].weight, "head": model.head.weight}
    for taken in range(70):
        before = {name: weight.detach().clone() for name, weight in matrices.items()}
        if taken in found.weights:
            for name, value in model.state_dict().items():
                np.testing.assert_array_equal(found.weights[taken][name], value.numpy())
        model.train()
        since.append(float(step(next(batches), taken)["loss"]))
        place = np.flatnonzero(found.steps == taken + 1)
        if len(place):
            np.testing.assert_allclose(found.loss[place[0]], np.mean(since), rtol=1e-5)
            since = []
            for column, (name, weight) in enumerate(matrices.items()):
                ratio = (weight.detach() - before[name]).norm() / before[name].norm()
                np.testing.assert_allclose(found.updates[place[0], column], ratio, rtol=1e-4)
                np.testing.assert_allclose(found.gradients[place[0], column], weight.grad.norm(), rtol=1e-5)
    assert found.layers == tuple(matrices)
    assert found.steps.tolist() == [1, *range(2, 71, 2)]
    assert sorted(found.weights) == [0, 1, 2, 3, 6, 11, 21, 38]
    assert max(found.gradients.max(axis=0)) <= 0.5 + 1e-6, "as the optimiser saw them"


def test_a_trace_survives_its_file(tmp_path):
    found = fitted().trace
    (tmp_path / trace.TRACE).write_bytes(found.as_bytes())
    again = read_trace(tmp_path)
    assert again.layers == found.layers
    np.testing.assert_array_equal(again.updates, found.updates)
    assert {step: set(moment) for step, moment in again.weights.items()} == {
        step: set(moment) for step, moment in found.weights.items()
    }
    for broken in (b"", b"nothing", found.as_bytes()[:-50]):
        (tmp_path / trace.TRACE).write_bytes(broken)
        assert read_trace(tmp_path) is None


def test_moments_are_bounded():
    assert trace.moments(2_500, 1) == (0, 1, 3, 9, 29, 87, 267, 818)
    assert trace.moments(3, 1) == (0, 1, 2)
    assert trace.moments(1, 1) == (0,)
    for size in (trace.LARGEST // 3, trace.LARGEST // 2, trace.LARGEST, trace.LARGEST + 1):
        kept = trace.moments(2_500, size)
        assert len(kept) * size <= trace.LARGEST
        assert len(kept) == trace.LARGEST // size


# Measures on the weights ----------------------------------------------------------------------------------


def test_silent_units_are_counted_by_channel():
    torch.manual_seed(0)  # by chance another unit may be silent from the first
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 5), nn.ReLU(), nn.Linear(5, 2))
    with torch.no_grad():
        model[0].weight[1], model[0].bias[1] = 0, -1.0
        model[3].weight[:2], model[3].bias[:2] = 0, torch.tensor([-1.0, 7.0])
    found = measures.silent_units(model, torch.randn(20, 1, 8, 8, generator=torch.Generator().manual_seed(0)))
    assert found == {"layer1": 25.0, "layer2": 40.0}


def normalised():
    model = nn.Sequential(nn.Linear(3, 4, bias=False), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2)).double()
    return model, torch.randn(12, 3, generator=torch.Generator().manual_seed(1)).double(), torch.arange(12) % 2


def test_sharpness_is_the_largest_eigenvalue_and_leaves_the_network_alone():
    model, inputs, targets = normalised()
    before = copy.deepcopy(model.state_dict())
    model.eval()
    found = measures.sharpness_on(model, inputs, targets, cross_entropy)
    assert not model.training
    for name, value in model.state_dict().items():
        assert torch.equal(before[name], value)
    names = [name for name, _ in model.named_parameters()]
    shapes = [weight.shape for weight in model.parameters()]
    working = copy.deepcopy(model).train()

    def loss(flat):
        parts = flat.split([math.prod(shape) for shape in shapes])
        weights = {name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        buffers = {name: value.clone() for name, value in working.named_buffers()}
        return cross_entropy(functional_call(working, {**weights, **buffers}, (inputs,)), targets)

    whole = torch.linalg.eigvalsh(hessian(loss, torch.cat([w.detach().flatten() for w in model.parameters()])))
    assert found == pytest.approx(float(whole[-1]), rel=2e-2)


def test_a_random_direction_has_the_filters_lengths():
    model = CNN.build(channels_in=1, classes=3, generator=torch.Generator().manual_seed(0))
    direction = measures.filter_directions(model, torch.Generator().manual_seed(1))
    for change, weight in zip(direction, model.parameters(), strict=True):
        if weight.ndim < 2:
            assert not change.any()
        else:
            torch.testing.assert_close(change.flatten(1).norm(dim=1), weight.detach().flatten(1).norm(dim=1))
    other = measures.filter_directions(model, torch.Generator().manual_seed(2))
    assert not torch.equal(direction[0], other[0])


def test_a_slice_is_the_loss_of_moved_networks():
    model, inputs, targets = normalised()
    directions = tuple([torch.randn_like(weight) for weight in model.parameters()] for _ in range(2))
    found = measures.loss_slice(
        model, directions, ([0.0, 0.5], [0.0, -1.0, 2.0]), lambda m: measures.loss_on(m, inputs, targets, cross_entropy)
    )
    assert found.shape == (3, 2)
    moved = copy.deepcopy(model).train()
    with torch.no_grad():
        for weight, one, other in zip(moved.parameters(), *directions, strict=True):
            weight += 0.5 * one + 2.0 * other
        assert found[2, 1] == pytest.approx(float(cross_entropy(moved(inputs), targets)))
        assert found[0, 0] == pytest.approx(float(cross_entropy(copy.deepcopy(model).train()(inputs), targets)))


def test_a_path_in_a_plane_is_found_whole():
    end, _, _ = normalised()
    along = [[torch.randn_like(weight) for weight in end.parameters()] for _ in range(2)]
    places, path = [(3.0, 1.0), (2.0, -1.0), (0.5, 0.25), (0.0, 0.0)], []
    for a, b in places:
        moved = copy.deepcopy(end)
        with torch.no_grad():
            for weight, one, other in zip(moved.parameters(), *along, strict=True):
                weight += a * one + b * other
        path.append(moved)
    one, other, found, kept = measures.path_directions(path)
    assert kept == pytest.approx(1.0)
    np.testing.assert_allclose(found[-1], 0, atol=1e-12)
    for moved, (a, b) in zip(path, found, strict=True):
        for weight, own, x, y in zip(moved.parameters(), end.parameters(), one, other, strict=True):
            torch.testing.assert_close(weight, own + a * x + b * y)


# What is sick ---------------------------------------------------------------------------------------------


def told(**changes):
    notes = 10
    healthy = {
        "layers": ("a", "b"), "steps": np.arange(1, notes + 1), "loss": np.linspace(2, 0.1, notes),
        "gradient_norm": np.ones(notes), "rate": np.ones(notes), "gradients": np.ones((notes, 2)),
        "updates": np.full((notes, 2), 1e-3), "weights": {},
    }  # fmt: skip
    return [text.en for text in _sick(train.Trace(**{**healthy, **changes}), {"a": [0.0, 50.0]})]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"updates": np.tile([1e-3, 1e-6], (10, 1))}, "moves the weights of b by 10⁻⁶ .* hardly learns"),
        ({"updates": np.tile([0.1, 1e-3], (10, 1))}, "moves the weights of a by 0.1 .* large"),
        ({"gradients": np.tile([1e-5, 1.0], (10, 1))}, "gradient of a is 10⁻⁵ times that of b: it vanishes"),
        ({"gradients": np.tile([1e5, 1.0], (10, 1))}, "explodes"),
        ({"loss": np.full(10, 2.0)}, "hardly learned"),
        ({"loss": np.array([1.0, np.nan, *[np.nan] * 8])}, "from step 2 on"),
    ],
)
def test_sickness_is_named(changes, says):
    assert told() == []
    assert len(told(**changes)) == 1
    assert re.search(says, told(**changes)[0])


# The view -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return RunStore(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def cnn(store, tmp_path_factory):
    folder = pictures(tmp_path_factory.mktemp("data"))
    return run_of(store, folder, spec(train.network_classifier, model=CNN, recipe=recipe()), arm="cnn")


def test_a_run_shows_its_training(cnn, store, tmp_path):
    looked = zx.look(cnn.name, views=["training"], store=store)
    view = looked.views[0]
    assert [picture.drawing.id for picture in view.pictures] == [
        f"training-{name}" for name in ("loss", "gradients", "updates", "silent", "sharpness", "slice", "path")
    ]
    numbers = view.numbers
    assert numbers["layers"] == ["stem", "block1", "block2", "head"]
    assert set(numbers["silent"]) == {"stem", "block1", "block2"}
    assert len(numbers["sharpness"]) == len(numbers["moments"]) == 9
    assert numbers["slice"]["losses"][6][6] == min(min(row) for row in numbers["slice"]["losses"])
    assert "40 steps" in view.summary.en
    assert looked.write("en").stat().st_size > 100_000
    assert len(looked.pictures(tmp_path, "png")) == 7


def test_a_silent_layer_is_reported(cnn, store, monkeypatch):
    monkeypatch.setattr(measures, "silent_units", lambda network, inputs: {"stem": 75.0})
    warnings = [text.en for text in zx.look(cnn.name, views=["training"], store=store).views[0].warnings]
    assert "75 % of the units of stem are silent at the end." in warnings


def test_amounts_and_members_have_losses_too(store, tmp_path):
    amounts = run_of(
        store,
        table(tmp_path, amounts=True),
        spec(train.tabular_regressor, model=TABULAR, recipe=recipe_open(), **SHORT),
        target="wanted",
    )
    classes = run_of(
        store,
        table(tmp_path),
        spec(train.tabular_classifier, model=TABULAR, recipe=recipe_open(), **SHORT),
        target="wanted",
    )
    for run in (amounts, classes):
        view = zx.look(run.name, views=["training"], store=store).views[0]
        assert view.numbers["layers"] == ["embeddings", "hidden1", "hidden2", "output"]
        assert np.isfinite(view.numbers["sharpness"]).all()


SHORT = {"rounds": 1, "least": 20, "most": 20}


def recipe_open():
    return spec(train.Recipe, optimiser=spec(train.adamw, lr=0.01), batch=16)


def test_a_tagger_shows_its_curves_and_says_what_it_does_not(store, tmp_path):
    (tmp_path / "names.conll").write_text("".join(f"Wang\tB-PER\nFang\tI-PER\nlives\tO\n{n}\tO\n\n" for n in range(30)))
    tagger = spec(train.network_tagger, model=spec(models.RecurrentTagger, width=8), recipe=recipe())
    run = run_of(store, tmp_path / "names.conll", tagger, arm="recurrent")
    view = zx.look(run.name, views=["training"], store=store).views[0]
    assert [picture.drawing.id for picture in view.pictures] == [
        "training-loss",
        "training-gradients",
        "training-updates",
    ]
    assert "token by token" in view.warnings[-1].en


def test_what_has_no_training_to_show_says_so(store, tmp_path, cnn):
    linear = run_of(store, table(tmp_path), spec(models.logistic, strength=1.0), arm="linear", target="wanted")
    with pytest.raises(BadSetting, match="linear is no network trained step by step"):
        zx.look(linear.name, views=["training"], store=store)
    with pytest.raises(BadSetting, match="name a run"):
        zx.look(table(tmp_path), views=["training"], store=store)
    kept = (cnn.folder / trace.TRACE).read_bytes()
    (cnn.folder / trace.TRACE).unlink()
    with pytest.raises(BadSetting, match="kept no trace"):
        zx.look(cnn.name, views=["training"], store=store)
    (cnn.folder / trace.TRACE).write_bytes(kept)
