import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.testing import assert_close

from zhixing import data, evaluate, models, train
from zhixing.core import BadSetting, Seeds, Series, UnknownName, spec
from zhixing.core.files import read_state, write_state
from zhixing.models.pieces import PLACES as PIECES
from zhixing.train.loop import restore, snapshot


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# Schedules ------------------------------------------------------------------------------------------------


def test_constant_stays():
    assert [train.constant(done, 5) for done in range(5)] == [1.0] * 5


def test_linear_falls_in_equal_steps():
    assert [train.linear(done, 4) for done in range(5)] == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert [train.linear(done, 4, floor=0.5) for done in range(5)] == [1.0, 0.875, 0.75, 0.625, 0.5]


def test_cosine_is_half_a_cosine():
    found = [train.cosine(done, 6, floor=0.1) for done in range(7)]
    assert found == pytest.approx([0.1 + 0.9 * (1 + math.cos(math.pi * done / 6)) / 2 for done in range(7)])
    assert (found[0], found[3], found[6]) == pytest.approx((1.0, 0.55, 0.1))


@pytest.mark.parametrize("schedule", [train.constant, train.linear, train.cosine])
def test_the_warm_up_is_a_straight_line_to_one(schedule):
    found = [schedule(done, 20, warm_up=0.2) for done in range(20)]
    assert found[:5] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])
    assert all(0 < factor <= 1 for factor in found)
    assert found[4:] == pytest.approx([schedule(done, 16) for done in range(16)])
    assert schedule(9, 10, warm_up=1.0) == pytest.approx(1.0)


# Optimisers against the formulae --------------------------------------------------------------------------


class Net(nn.Module):
    """A convolution, a matrix and a vector, and gradients that are given rather than computed."""

    def __init__(self):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(6, 2, 3, 3, generator=generator(1)))
        self.matrix = nn.Parameter(torch.randn(8, 5, generator=generator(2)))
        self.head = nn.Linear(3, 4)
        self.head.weight = nn.Parameter(torch.randn(4, 3, generator=generator(3)))
        self.head.bias = nn.Parameter(torch.randn(4, generator=generator(4)))

    def receive(self, seed):
        for number, parameter in enumerate(self.parameters()):
            # In the weight's memory layout, as autograd gives it.
            parameter.grad = torch.empty_like(parameter).copy_(
                torch.randn(parameter.shape, generator=generator(100 * seed + number))
            )


def net():
    with torch.random.fork_rng():
        return Net()


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_follows_its_formula(nesterov, channels_last):
    model = net()
    if channels_last:
        model.to(memory_format=torch.channels_last)
    optimiser = train.sgd(model, lr=0.1, momentum=0.9, nesterov=nesterov, weight_decay=0.05)
    weights = [p.detach().clone() for p in model.parameters()]
    velocities = [torch.zeros_like(w) for w in weights]
    for seed in range(4):
        if seed == 2:  # put down and taken up, in the memory layout of a file
            state = optimiser.state_dict()
            held = [tensor.clone(memory_format=torch.contiguous_format) for tensor in state["memory"]["velocity"]]
            optimiser.load_state_dict({**state, "memory": {"velocity": held}})
        model.receive(seed)
        optimiser.step()
        for i, parameter in enumerate(model.parameters()):
            g = parameter.grad + 0.05 * weights[i]
            velocities[i] = 0.9 * velocities[i] + g
            weights[i] = weights[i] - 0.1 * (g + 0.9 * velocities[i] if nesterov else velocities[i])
    for parameter, weight in zip(model.parameters(), weights, strict=True):
        assert_close(parameter.detach(), weight)


def adamw_by_hand(weight, gradients, *, lr, decay, betas=(0.9, 0.999), eps=1e-8):
    m = v = torch.zeros_like(weight)
    for t, g in enumerate(gradients, start=1):
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
        m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
        weight = weight - lr * decay * weight - lr * m_hat / (v_hat.sqrt() + eps)
    return weight


def test_adamw_follows_its_formula():
    model = net()
    optimiser = train.adamw(model, lr=0.02, betas=(0.8, 0.95), weight_decay=0.1)
    before = [p.detach().clone() for p in model.parameters()]
    seen = []
    for seed in range(5):
        model.receive(seed)
        seen.append([p.grad.clone() for p in model.parameters()])
        optimiser.step()
    for i, parameter in enumerate(model.parameters()):
        gradients = [step[i] for step in seen]
        expected = adamw_by_hand(before[i], gradients, lr=0.02, decay=0.1, betas=(0.8, 0.95))
        assert_close(parameter.detach(), expected)


def test_muon_orthogonalises_matrices_and_kernels_and_leaves_the_rest_to_adamw():
    """Against a singular value decomposition: five Newton-Schulz steps bring singular values near 1, not to 1."""
    model = net().to(memory_format=torch.channels_last)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimiser = train.muon(model, lr=0.01, momentum=0.9, weight_decay=0.1, adamw_for=("head",))
    momentum = {name: torch.zeros_like(p) for name, p in before.items()}
    gradients = []
    for seed in range(3):
        start = {name: p.detach().clone() for name, p in model.named_parameters()}
        model.receive(seed)
        gradients.append({name: p.grad.clone() for name, p in model.named_parameters()})
        optimiser.step()
        for name in ("kernel", "matrix"):
            momentum[name] = 0.9 * momentum[name] + 0.1 * gradients[-1][name]
            looked_ahead = (0.9 * momentum[name] + 0.1 * gradients[-1][name]).flatten(1)
            u, _, vh = torch.linalg.svd(looked_ahead, full_matrices=False)
            rows, columns = looked_ahead.shape
            moved = start[name] * (1 - 0.01 * 0.1) - dict(model.named_parameters())[name].detach()
            direction = moved.flatten(1) / (0.01 * 0.2 * math.sqrt(max(rows, columns)))
            core = u.T @ direction @ vh.T
            assert core.diagonal().min() > 0.5
            assert core.diagonal().max() < 1.4
            assert (core - torch.diag(core.diagonal())).abs().max() < 0.05  # bfloat16 inside
    for name in ("head.weight", "head.bias"):
        expected = adamw_by_hand(before[name], [g[name] for g in gradients], lr=0.01, decay=0.1)
        assert_close(dict(model.named_parameters())[name].detach(), expected)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize(
    ("ours", "theirs", "close"),
    [
        (
            spec(train.sgd, lr=0.1, momentum=0.9, weight_decay=0.01),
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01, fused=True),
            0.0,
        ),
        (spec(train.sgd, lr=0.1), lambda p: torch.optim.SGD(p, lr=0.1, fused=True), 0.0),
        (spec(train.adamw, lr=0.01), lambda p: torch.optim.AdamW(p, lr=0.01, fused=True), 0.0),
        (
            spec(train.muon, lr=0.01, weight_decay=0.1),
            lambda p: torch.optim.Muon(p, lr=0.01, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
            1e-6,
        ),
    ],
)
def test_every_optimiser_takes_the_steps_of_torch_s_own(ours, theirs, close, channels_last):
    if ours.function is train.muon:
        model, other = (nn.Linear(5, 7, bias=False) for _ in range(2))
        other.load_state_dict(model.state_dict())
    else:
        model, other = net(), net()
    if channels_last:
        model, other = (m.to(memory_format=torch.channels_last) for m in (model, other))
    optimiser, reference = ours.build(model), theirs(other.parameters())
    for seed in range(6):
        for number, (p, q) in enumerate(zip(model.parameters(), other.parameters(), strict=True)):
            drawn = torch.randn(p.shape, generator=generator(100 * seed + number))
            p.grad, q.grad = (torch.empty_like(p).copy_(drawn) for _ in range(2))
        optimiser.step()
        reference.step()
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        assert_close(p.detach(), q.detach(), atol=close, rtol=0.0)


def test_a_weight_without_a_gradient_stays_and_the_others_move():
    for make in (spec(train.sgd, lr=0.1, momentum=0.9), spec(train.adamw, lr=0.1), spec(train.muon, lr=0.1)):
        model = net()
        model.receive(1)
        model.kernel.grad = None
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        make.build(model).step()
        moved = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
        assert moved == {"matrix", "head.weight", "head.bias"}


def test_no_optimiser_loads_the_compiler():
    code = (
        "import sys, torch; from zhixing import models, train; m = models.MLP(widths=(4,))\n"
        "for make in (train.sgd, train.adamw, train.muon):\n"
        "    o = make(m, lr=0.1); m(torch.ones(1, 784)).sum().backward(); o.step(); o.zero_grad()\n"
        "assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_muon_without_matrices_or_without_vectors():
    vectors = nn.LayerNorm(4)
    matrices = nn.Linear(4, 4, bias=False)
    for model in (vectors, matrices):
        before = [p.detach().clone() for p in model.parameters()]
        optimiser = train.muon(model, lr=0.1)
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)
        optimiser.step()
        optimiser.zero_grad()
        assert all(p.grad is None for p in model.parameters())
        assert all(not torch.equal(p, b) for p, b in zip(model.parameters(), before, strict=True))


def test_muon_proposes_the_module_that_was_meant():
    with pytest.raises(UnknownName, match="'haed' is unknown; did you mean 'head'"):
        train.muon(net(), adamw_for=("haed",))


# Batches --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "size"), [(10, 2), (10, 3), (3, 7), (5, 5)])
def test_every_example_is_seen_once_before_any_is_seen_again(n, size):
    x = torch.arange(n)
    batches = train.Batches(x, 10 * x, size=size, generator=generator())
    drawn = [next(batches) for _ in range(4 * n)]
    assert all(len(inputs) == size for inputs, _ in drawn)
    assert all(torch.equal(targets, 10 * inputs) for inputs, targets in drawn)
    order = torch.cat([inputs for inputs, _ in drawn])
    rounds = order[: len(order) // n * n].reshape(-1, n)
    assert_close(rounds.sort(dim=1).values, x.expand_as(rounds))
    assert len({tuple(r.tolist()) for r in rounds}) > 1


@pytest.mark.usefixtures("global_randomness_untouched")
def test_the_generator_decides_the_order():
    def order(seed):
        batches = train.Batches(torch.arange(50), size=50, generator=generator(seed))
        return next(batches)[0].tolist()

    assert order(1) == order(1)
    assert order(1) != order(2)


@pytest.mark.parametrize("taken", range(9))
def test_batches_go_on_where_they_were_put_down(taken):
    def fresh():
        return train.Batches(torch.arange(7), size=3, generator=generator(5))

    straight, first, second = fresh(), fresh(), fresh()
    expected = [next(straight)[0].tolist() for _ in range(taken + 10)]
    for _ in range(taken):
        next(first)
    second.load_state_dict(first.state_dict())
    assert [next(second)[0].tolist() for _ in range(10)] == expected[taken:]


@pytest.mark.parametrize("tensors", [(), (torch.zeros(0, 2),), (torch.zeros(3), torch.zeros(2))], ids=str)
def test_batches_of_nothing_or_of_unlike_tensors_are_refused(tensors):
    with pytest.raises(BadSetting, match="need tensors of one length above 0"):
        train.Batches(*tensors, size=2, generator=generator())


# The loop and the common step -----------------------------------------------------------------------------


class Counts:
    """A step that is not a gradient step, to show that the loop knows nothing about gradients."""

    def __init__(self, model):
        self.model, self.modes = model, []

    def __call__(self, batch, done):
        self.modes.append(self.model.training)
        return {"sum": batch[0].sum(), "done": float(done)}

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


def test_fit_takes_any_step_and_sets_training_mode_again():
    model = nn.Linear(1, 1)
    step = Counts(model)
    records = []
    for record in train.fit(model, iter([(torch.ones(2),)] * 9), step, total=5, done=2):
        records.append((record.step, record.numbers()))
        model.eval()
    assert records == [(taken + 1, {"sum": 2.0, "done": taken}) for taken in (2, 3, 4)]
    assert step.modes == [True] * 3


@pytest.mark.parametrize("clip", [None, 0.5, 1e6])
def test_minimise_is_gradient_descent_with_clipping_and_schedule(clip):
    model = models.MLP(features_in=6, widths=(5,), classes=3, generator=generator())
    x, y = torch.randn(8, 6, generator=generator(1)), torch.arange(8) % 3
    reference = models.MLP(features_in=6, widths=(5,), classes=3, generator=generator())
    step = train.Minimise(model, train.sgd(model, lr=0.4), total=4, schedule=train.linear, clip=clip)
    for done in range(4):
        seen = step((x, y), done)
        loss = cross_entropy(reference(x), y)
        gradients = torch.autograd.grad(loss, list(reference.parameters()))
        norm = torch.cat([g.flatten() for g in gradients]).norm()
        scale = 1.0 if clip is None else min(1.0, clip / norm.item())
        lr = 0.4 * (1 - done / 4)
        with torch.no_grad():
            for parameter, gradient in zip(reference.parameters(), gradients, strict=True):
                parameter -= lr * scale * gradient
        assert_close(seen["loss"], loss.detach())
        assert_close(seen["gradient_norm"], norm)
        assert seen["lr"] == pytest.approx(lr)
        for ours, theirs in zip(model.parameters(), reference.parameters(), strict=True):
            assert_close(ours, theirs)


def test_an_adversarial_step_also_lowers_the_loss_where_vectors_stand_off():
    """Against the paper's two equations, with gradients asked for one by one."""
    made = {"pieces": 9, "width": 4, "classes": 3, "lost": 0.0, "dropout": 0.0}
    model, reference = (models.PieceReader(**made, generator=generator()).double() for _ in range(2))
    x = torch.zeros(5, PIECES, dtype=torch.float64)
    x[:, :6] = torch.randint(0, 9, (5, 6), generator=generator(1))
    x[4] = 0  # a text of nothing
    y = torch.arange(5) % 3
    step = train.Adversarial(model, train.sgd(model, lr=0.4), total=1)
    seen = step((x, y), 0)
    vectors = reference.vectors(x).detach().requires_grad_()
    uphill = torch.autograd.grad(cross_entropy(reference(x, vectors), y), vectors)[0]
    lengths = [row.norm() for row in uphill]
    assert lengths[4] == 0
    moved = torch.stack([row / length if length else row for row, length in zip(uphill, lengths, strict=True)])
    plain = cross_entropy(reference(x), y)
    worse = cross_entropy(reference(x, reference.vectors(x) + moved), y)
    assert worse > plain
    gradients = torch.autograd.grad(plain + worse, list(reference.parameters()))
    assert_close(seen["loss"], plain.detach())
    for ours, theirs, gradient in zip(model.parameters(), reference.parameters(), gradients, strict=True):
        assert_close(ours, theirs - 0.4 * gradient)


OPTIMISERS = {
    "sgd": spec(train.sgd, lr=0.05, momentum=0.9, weight_decay=1e-3),
    "adamw": spec(train.adamw, lr=0.01),
    "muon": spec(train.muon, lr=0.01, adamw_for=("head",)),
}


@pytest.mark.parametrize("optimiser", OPTIMISERS.values(), ids=OPTIMISERS.keys())
def test_a_snapshot_survives_a_file_bit_for_bit(optimiser, tmp_path):
    def fresh():
        x, y = torch.randn(20, 1, 8, 8, generator=generator(7)), torch.arange(20) % 10
        model = models.CNN(depth=4, channels=4, grid=2, normalisation=nn.BatchNorm2d, generator=generator())
        model = model.to(memory_format=torch.channels_last)
        step = train.Minimise(model, optimiser.build(model), total=9, schedule=train.cosine, clip=0.5)
        return {"model": model, "step": step, "batches": train.Batches(x, y, size=6, generator=generator(8))}

    def run(parts, done, until):
        loop = train.fit(parts["model"], parts["batches"], parts["step"], total=9, done=done)
        return [next(loop).numbers() for _ in range(until - done)]

    straight = fresh()
    records = run(straight, 0, 9)
    for stop in range(1, 9):
        first, second = fresh(), fresh()
        before = run(first, 0, stop)
        write_state(tmp_path / "state", snapshot(first, stop))
        done = restore(second, read_state(tmp_path / "state"))
        assert done == stop
        assert before + run(second, done, 9) == records
        for name, tensor in second["model"].state_dict().items():
            assert torch.equal(tensor, straight["model"].state_dict()[name]), (stop, name)


# The common trial -----------------------------------------------------------------------------------------


def settings(optimiser=OPTIMISERS["sgd"], *, steps=20, **more):
    return {
        "data": spec(data.digits28, train=100, validation=50, test=50),
        "model": spec(models.CNN, depth=4, channels=4),
        "recipe": spec(
            train.Recipe, optimiser=optimiser, schedule=spec(train.cosine, warm_up=0.2), steps=steps, batch=16, clip=1.0
        ),
        "measures": (evaluate.test_error, evaluate.test_loss, evaluate.train_error),
        "mechanism": (evaluate.gradient_norm_by_layer,),
        **more,
    }


@pytest.mark.usefixtures("global_randomness_untouched")
def test_a_trial_returns_its_measures_and_reports_to_the_watch(memory_watch):
    watch = memory_watch()
    found = train.supervised(Seeds(0), watch, **settings(steps=200))
    assert list(found) == ["gradient_norm_by_layer", "test_error", "test_loss", "train_error"]
    assert isinstance(found["gradient_norm_by_layer"], Series)
    assert found["train_error"] < 5 < found["test_error"] < 60
    assert watch.steps == [(done, 200) for done in range(1, 201)]
    assert watch.rows[0].keys() == {"step", "loss", "gradient_norm", "lr"}
    assert (watch.rows[0]["step"], watch.rows[-1]["step"]) == (1, 200)
    assert 50 <= len(watch.rows) <= 100
    assert watch.rows[-1]["loss"] < watch.rows[0]["loss"] / 4
    model = models.CNN(depth=4, channels=4, generator=generator())
    model.load_state_dict(watch.tensors)
    test = data.digits28(train=100, validation=50, test=50).test
    inputs, targets = torch.tensor(test.inputs), torch.tensor(test.targets)
    assert evaluate.test_error(model, inputs, targets) == found["test_error"]


def test_the_seed_decides_the_result(memory_watch):
    def run(seed):
        watch = memory_watch()
        return train.supervised(Seeds(seed), watch, **settings()), watch

    (one, watch), (same, again), (other, _) = run(1), run(1), run(2)
    assert one == same
    assert watch.rows == again.rows
    assert one != other
    assert one["gradient_norm_by_layer"] != other["gradient_norm_by_layer"]


@pytest.mark.parametrize("stream", ["initialisation", "order"])
def test_each_stream_of_randomness_decides(stream, memory_watch):
    class Swapped(Seeds):
        def torch(self, name, device="cpu"):
            return super().torch("another" if name == stream else name, device)

    straight, swapped = memory_watch(), memory_watch()
    train.supervised(Seeds(1), straight, **settings())
    train.supervised(Swapped(1), swapped, **settings())
    assert straight.rows != swapped.rows


@pytest.mark.parametrize("optimiser", OPTIMISERS.values(), ids=OPTIMISERS.keys())
def test_a_trial_cancelled_at_any_step_goes_on_bit_for_bit(optimiser, memory_watch, stopped):
    chosen = settings(optimiser, steps=8)
    whole = memory_watch()
    expected = train.supervised(Seeds(3), whole, **chosen)
    for stop_at in range(1, 9):
        first = memory_watch(stop_at=stop_at)
        with pytest.raises(stopped):
            train.supervised(Seeds(3), first, **chosen)
        second = memory_watch(resume_from=first.state)
        assert train.supervised(Seeds(3), second, **chosen) == expected
        assert first.rows + second.rows == whole.rows
        assert second.steps == [(done, 8) for done in range(stop_at + 1, 9)]
        for name, tensor in whole.tensors.items():
            assert torch.equal(tensor, second.tensors[name]), (stop_at, name)


def test_a_trial_that_diverges_still_returns_measures(memory_watch):
    found = train.supervised(Seeds(0), memory_watch(), **settings(spec(train.sgd, lr=1e30), mechanism=()))
    assert found == {"test_error": 90.0, "test_loss": math.inf, "train_error": 90.0}


def test_a_tuning_trial_judges_on_validation_data(memory_watch):
    """The test part chooses nothing: whatever stands in it, a tuning trial finds the same."""
    first = train.supervised(Seeds(0), memory_watch(), **settings(held_out="validation"))
    spoilt = settings(held_out="validation", data=spec(digits_with_a_spoilt_test_part))
    assert train.supervised(Seeds(0), memory_watch(), **spoilt) == first
    assert train.supervised(Seeds(0), memory_watch(), **settings())["test_loss"] != first["test_loss"]


def digits_with_a_spoilt_test_part():
    digits = data.digits28(train=100, validation=50, test=50)
    spoilt = data.Part(np.full_like(digits.test.inputs, np.nan), digits.test.targets)
    return data.Dataset(digits.train, digits.validation, spoilt, digits.classes)


def test_a_part_without_examples_is_refused_with_the_cure(memory_watch):
    chosen = settings(held_out="validation", data=spec(data.digits28, train=100))
    with pytest.raises(BadSetting, match=r"has no validation examples .* such as validation=500") as caught:
        train.supervised(Seeds(0), memory_watch(), **chosen)
    assert "validation 部分" in caught.value.message.zh


@pytest.mark.parametrize("room", ["models", "data", "train", "evaluate"])
def test_public_names_are_found_whatever_was_imported_first(room):
    """Every module is imported before any name is asked for: none may hide a name; and rooms import lazily.

    A name may be that of its own module (lazy_loader guards it), not that of another one.
    """
    import importlib
    import pkgutil
    import subprocess
    import sys
    from types import ModuleType

    package = importlib.import_module(f"zhixing.{room}")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"zhixing.{room}.{module.name}")
    assert package.__all__
    hidden = [name for name in package.__all__ if isinstance(getattr(package, name), ModuleType)]
    assert hidden == []
    code = f"import sys; from zhixing import {room}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
