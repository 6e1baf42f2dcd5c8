"""How gradients flow: the bricks, models, data and measures of the studies about depth and about backpropagation."""

import math
from functools import partial
from itertools import pairwise
from statistics import fmean

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, layer_norm, linear, tanh
from torch.testing import assert_close

from zhixing import data, evaluate, models, train
from zhixing import nn as bricks
from zhixing.core import BadSetting, Seeds, UnknownName, spec
from zhixing.studies import curing_gradients, exploding_gradients, vanishing_gradients


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def random(*shape, seed=0):
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


# First weights --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_fan_in_normal_has_its_standard_deviation(scale):
    weight = torch.empty(400, 900)
    bricks.fan_in_normal(weight, generator(), scale=scale)
    assert weight.std().item() == pytest.approx(scale / 30, rel=0.01)
    assert weight.mean().item() == pytest.approx(0, abs=0.001 * scale)


def test_fan_in_uniform_is_the_custom_of_1_over_root_n_and_torchs_own():
    weight, torchs = torch.empty(300, 400), torch.empty(300, 400)
    bricks.fan_in_uniform(weight, generator(3))
    assert 0.0499 < weight.abs().max().item() <= 0.05
    assert weight.var().item() == pytest.approx(1 / 1200, rel=0.01)
    torchs.uniform_(-0.05, 0.05, generator=generator(3))
    assert_close(weight, torchs)


def test_orthogonal_and_identity_keep_every_length():
    x = random(7, 20).float()
    for init in (bricks.orthogonal, bricks.identity):
        weight = torch.empty(20, 20)
        init(weight, generator())
        assert_close((x @ weight).norm(dim=1), x.norm(dim=1))
    assert_close(weight, torch.eye(20))


# The MLP's bricks -----------------------------------------------------------------------------------------


def test_mlp_with_normalisation_and_shortcut_agrees_with_the_formula():
    make = partial(models.MLP, features_in=9, widths=(6, 6, 4, 4), classes=3, activation=nn.Tanh)
    model = make(normalisation=nn.LayerNorm, shortcut=bricks.Shortcut, generator=generator()).double()
    for number, parameter in enumerate(model.parameters()):
        parameter.data += 0.1 * random(*parameter.shape, seed=number)
    x, upstream = random(5, 9).requires_grad_(), random(5, 3, seed=1)

    def reference(x, p):
        def layer(x, at, norm_at):
            return tanh(layer_norm(linear(x, p[f"{at}.weight"]), (p[f"{norm_at}.weight"].numel(),),
                                   p[f"{norm_at}.weight"], p[f"{norm_at}.bias"]))  # fmt: skip

        x = layer(x, "hidden.0", "hidden.1")
        x = x + layer(x, "hidden.3.branch.0", "hidden.3.branch.1")
        x = layer(x, "hidden.4", "hidden.5")
        x = x + layer(x, "hidden.7.branch.0", "hidden.7.branch.1")
        return linear(x, p["head.weight"], p["head.bias"])

    copies = {name: p.detach().clone().requires_grad_() for name, p in model.named_parameters()}
    ours, theirs = model(x), reference(x, copies)
    assert_close(ours, theirs)
    wrt = [x, *model.parameters()], [x, *copies.values()]
    for one, other in zip(*(torch.autograd.grad(y, w, upstream) for y, w in zip((ours, theirs), wrt, strict=True)),
                          strict=True):  # fmt: skip
        assert_close(one, other)


def test_an_mlp_draws_the_same_weights_whatever_its_bricks():
    plain, cured = (
        models.MLP(features_in=9, widths=(6, 6), generator=generator(1), **more)
        for more in ({}, {"normalisation": nn.BatchNorm1d, "shortcut": bricks.Shortcut})
    )
    weights = [[p for p in model.parameters() if p.ndim == 2] for model in (plain, cured)]
    for one, same in zip(*weights, strict=True):
        assert_close(one, same, rtol=0, atol=0)


# The recurrent network ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("activation", "name"), [(nn.Tanh, "tanh"), (nn.ReLU, "relu")])
def test_the_rnn_is_torchs(activation, name):
    ours = models.RNN(features_in=3, width=5, outputs=2, activation=activation, generator=generator()).double()
    ours.input.bias.data = random(5, seed=4)
    theirs = nn.RNN(3, 5, nonlinearity=name, batch_first=True, dtype=torch.float64)
    copied = {"weight_ih_l0": ours.input.weight, "weight_hh_l0": ours.recurrent.weight, "bias_ih_l0": ours.input.bias}
    theirs.load_state_dict({**copied, "bias_hh_l0": torch.zeros(5, dtype=torch.float64)})
    x = random(4, 6, 3, seed=2).requires_grad_()
    same = x.detach().clone().requires_grad_()
    states = theirs(same)[0]
    assert_close(torch.stack(ours.states(x), dim=1), states)
    ours(x).square().sum().backward()
    ours.head(states[:, -1]).square().sum().backward()
    assert_close(x.grad, same.grad)
    assert_close(ours.recurrent.weight.grad, theirs.weight_hh_l0.grad)


@pytest.mark.usefixtures("global_randomness_untouched")
def test_the_rnn_is_causal_and_its_generator_decides_it():
    one, same, other = (models.RNN(generator=generator(seed)) for seed in (1, 1, 2))
    x = random(2, 7, 2).float()
    changed = x.clone()
    changed[:, 4] += 1
    assert_close(one(x), same(x), rtol=0, atol=0)
    assert not torch.equal(one(x), other(x))
    for step, (before, after) in enumerate(zip(one.states(x), one.states(changed), strict=True)):
        assert torch.equal(before, after) == (step < 4), step


# Data -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [2, 7, 30])
def test_the_adding_task_marks_one_step_in_each_half_and_asks_for_their_sum(length):
    part = data.adding(length=length, train=300, test=50).train
    numbers, marks = part.inputs[..., 0], part.inputs[..., 1]
    assert part.inputs.shape == (300, length, 2)
    assert part.inputs.dtype == part.targets.dtype == np.float32
    half = length // 2
    np.testing.assert_array_equal(marks[:, :half].sum(axis=1), 1)
    np.testing.assert_array_equal(marks[:, half:].sum(axis=1), 1)
    where = np.array([[np.flatnonzero(row)] for row in marks])[:, 0]
    np.testing.assert_allclose(part.targets, np.take_along_axis(numbers, where, axis=1).sum(axis=1), rtol=1e-6)
    assert set(where[:, 0]) == set(range(half))
    assert 0 <= numbers.min() < 0.05 < 0.95 < numbers.max() < 1


def test_the_adding_tasks_test_part_is_the_same_whatever_the_rest():
    few, many = (data.adding(train=n, validation=n // 2, test=20) for n in (10, 40))
    np.testing.assert_array_equal(few.test.inputs, many.test.inputs)
    assert not np.array_equal(few.train.inputs[:5], few.validation.inputs[:5])
    assert data.adding(train=10, split_seed=1).fingerprint != data.adding(train=10).fingerprint
    with pytest.raises(BadSetting, match="length is at least 2"):
        data.adding(length=1)


def test_digit_pairs_are_the_same_for_every_question_and_the_answers_are_right():
    sets = {question: data.digit_pairs(question=question, train=80, test=40) for question in ("and", "or", "xor")}
    answers = {question: parts.train.targets for question, parts in sets.items()}
    for parts in sets.values():
        np.testing.assert_array_equal(parts.train.inputs, sets["and"].train.inputs)
    np.testing.assert_array_equal(answers["or"] - answers["and"], answers["xor"])
    assert {question: int(targets.sum()) for question, targets in answers.items()} == {"and": 20, "or": 60, "xor": 40}


def test_a_pair_shows_the_digits_that_its_answer_speaks_of():
    """Each half is a shrunk digit of its kind, checked pixel by pixel against the source."""
    digits, pairs = data.digits28().train, data.digit_pairs(question="and", train=60).train
    kinds = {}
    for kind in (0, 1):
        of_kind = digits.inputs[digits.targets == kind, 0]
        kinds |= {
            torch.nn.functional.avg_pool2d(torch.tensor(p)[None], 4).numpy().round(3).tobytes(): kind for p in of_kind
        }
    for pair, both in zip(pairs.inputs, pairs.targets, strict=True):
        left, right = (kinds[half.reshape(1, 7, 7).round(3).tobytes()] for half in np.split(pair, 2))
        assert both == left * right


def test_an_unknown_question_is_named():
    with pytest.raises(UnknownName, match="nand"):
        data.digit_pairs(question="nand")


# The perceptron -------------------------------------------------------------------------------------------


def separable(n=60, seed=0):
    rng = np.random.default_rng(seed)
    x, direction = rng.normal(size=(n, 4)), np.array([1.0, -2.0, 0.5, 1.0])
    keep = np.abs(x @ direction - 0.3) > 0.4
    return x[keep], (x @ direction > 0.3)[keep].astype(int)


def test_the_perceptron_is_scikit_learns():
    from sklearn.linear_model import Perceptron

    x, y = separable()
    ours = models.Perceptron(passes=200).fit(x, y)
    theirs = Perceptron(shuffle=False, tol=None, max_iter=len(ours.mistakes)).fit(x, y)
    np.testing.assert_allclose(ours.weights, [*theirs.coef_[0], theirs.intercept_[0]])
    np.testing.assert_array_equal(ours.predict_proba(x).argmax(axis=1), theirs.predict(x))


@pytest.mark.parametrize("seed", range(5))
def test_novikoffs_bound_holds_for_the_widest_margin(seed):
    from sklearn.svm import SVC

    x, y = separable(seed=seed)
    perceptron = models.Perceptron(passes=10_000).fit(x, y)
    rows = np.column_stack([x, np.ones(len(x))])
    widest = SVC(kernel="linear", C=1e6).fit(x, y)
    plane = np.append(widest.coef_[0], widest.intercept_)
    margin = (np.where(y == 1, 1, -1) * (rows @ plane)).min() / np.linalg.norm(plane)
    assert perceptron.mistakes[-1] == 0 < perceptron.mistakes[0]
    assert sum(perceptron.mistakes) <= (np.linalg.norm(rows, axis=1).max() / margin) ** 2
    np.testing.assert_array_equal(perceptron.predict_proba(x).argmax(axis=1), y)


def test_the_perceptron_never_ends_on_xor():
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    perceptron = models.Perceptron(passes=100).fit(x, np.array([0, 1, 1, 0]))
    assert len(perceptron.mistakes) == 100
    assert min(perceptron.mistakes) > 0


# Gradients by layer and back in time ----------------------------------------------------------------------


@pytest.mark.parametrize("normalisation", [None, nn.BatchNorm1d])
def test_output_gradients_agree_with_small_pushes(normalisation):
    """A push on one layer's output, by hand: its slope is the gradient there."""
    model = models.MLP(features_in=6, widths=(5, 4), classes=3, activation=nn.Tanh, normalisation=normalisation,
                       generator=generator()).double()  # fmt: skip
    x, y = random(12, 6), torch.arange(12) % 3
    before = {name: buffer.clone() for name, buffer in model.state_dict().items()}
    found = evaluate.output_gradient_norm_by_layer(model.eval(), x, y)
    assert not model.training
    for name, buffer in model.state_dict().items():
        assert torch.equal(buffer, before[name]), name
    layers = [module for module in model.modules() if isinstance(module, nn.Linear)]
    assert found.at == (1.0, 2.0, 3.0)
    model.train()
    for layer, norm in zip(layers, found.values, strict=True):
        push = torch.zeros(12, layer.out_features, dtype=torch.float64, requires_grad=True)
        with layer.register_forward_hook(lambda _, __, output, push=push: output + push):
            (gradient,) = torch.autograd.grad(cross_entropy(model(x), y), push)
        assert norm == pytest.approx(gradient.norm().item(), rel=1e-10)
    assert not any(layer._forward_hooks for layer in layers)


def test_gradients_back_in_time_of_a_linear_recurrence_are_powers_of_the_weight():
    state, states = torch.ones(1, 1), []
    state.requires_grad_()
    for _ in range(6):
        state = 1.5 * state
        states.append(state)
    found = evaluate.gradient_norm_by_steps_back(states, 2 * states[-1].sum())
    assert found.at == tuple(map(float, range(6)))
    assert found.values == pytest.approx([2 * 1.5**k for k in range(6)])


# Mean-field theory ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 2**0.5, 2.0])
def test_relus_gain_is_half_the_squared_scale_at_every_layer(scale):
    gains = evaluate.squared_gradient_gains(torch.relu, scale=scale, length=3.0, layers=4)
    assert gains == pytest.approx([scale**2 / 2] * 4, rel=1e-4)


def test_the_gain_of_the_identity_is_the_squared_scale_and_lengths_follow():
    lengths = []

    def recorded(x):
        lengths.append(x.detach().abs().max().item())
        return x

    gains = evaluate.squared_gradient_gains(recorded, scale=0.5, length=4.0, layers=3)
    assert gains == pytest.approx([0.25] * 3, rel=1e-6)
    assert lengths == pytest.approx([20.0, 10.0, 5.0], rel=1e-6)


@pytest.mark.parametrize("activation", [nn.Tanh, nn.Sigmoid, nn.ReLU])
def test_wide_random_networks_obey_the_theory(activation):
    """Independent of our MLP and of our measure: random matrices, gradients sent back by hand."""
    scale, width, examples, layers = 1.3, 600, 40, 4
    ratios = []
    for seed in range(4):
        u = scale * random(examples, width, seed=seed)
        sums, weights = [u], []
        for layer in range(1, layers):
            weights.append(scale / width**0.5 * random(width, width, seed=100 * seed + layer))
            sums.append(activation()(sums[-1]) @ weights[-1].T)
        error = random(examples, width, seed=1000 + seed)
        squares = [error.square().sum().item()]
        for u, weight in zip(reversed(sums[:-1]), reversed(weights), strict=True):
            v = u.clone().requires_grad_()
            (slope,) = torch.autograd.grad(activation()(v).sum(), v)
            error = (error @ weight) * slope
            squares.insert(0, error.square().sum().item())
        ratios.append([one / following for one, following in pairwise(squares)])
    gains = evaluate.squared_gradient_gains(activation(), scale=scale, length=scale**2, layers=layers)
    assert [fmean(of_layer) for of_layer in zip(*ratios, strict=True)] == pytest.approx(gains[:-1], rel=0.03)


def test_factor_and_straightness_of_a_geometric_fall():
    norms = 3.0 * 0.8 ** np.arange(12)[::-1]
    assert vanishing_gradients.factor(norms) == pytest.approx(0.8)
    assert vanishing_gradients.straightness(norms) == pytest.approx(100)
    assert vanishing_gradients.miss(norms, 0.5 ** np.arange(12.0)[::-1]) == pytest.approx(60)
    assert vanishing_gradients.decades(norms) == pytest.approx(-11 * math.log10(0.8))
    predicted = vanishing_gradients.predicted_norm_by_layer(norms, np.full(12, 0.64))
    assert predicted.values == pytest.approx(norms)
    assert vanishing_gradients.straightness(1.0 + np.arange(12.0) ** 4) < 95


# Four ways to a gradient ----------------------------------------------------------------------------------


@pytest.mark.parametrize("widths", [(5, 3), (5, 4, 3), (5, 4, 6, 3)])
def test_the_four_ways_agree_with_torch_autograd(widths):
    x, y = random(7, 5), torch.arange(7) % 3
    network = evaluate.TanhNetwork(widths, x, y)
    parameters = 0.5 * random(network.parameters, seed=1)
    layers = [(w.clone().requires_grad_(), b.clone().requires_grad_()) for w, b in network.layers(parameters)]
    h = x
    for at, (w, b) in enumerate(layers):
        h = linear(tanh(h) if at else h, w, b)
    loss = cross_entropy(h, y)
    assert_close(network(parameters), loss)
    expected = torch.cat([g.flatten() for g in torch.autograd.grad(loss, [p for layer in layers for p in layer])])
    assert_close(evaluate.by_hand(network, parameters), expected)
    assert_close(evaluate.reverse_mode(network, parameters), expected)
    assert_close(evaluate.forward_mode(network, parameters), expected)
    assert_close(evaluate.finite_differences(network, parameters, step=1e-5), expected, rtol=1e-6, atol=1e-9)
    assert torch.autograd.gradcheck(network, parameters.clone().requires_grad_())


def test_finite_differences_err_by_the_third_derivative():
    """Of x^3 the central difference is 3 x^2 + step^2, exactly."""
    found = evaluate.finite_differences(lambda p: (p**3).sum(), torch.tensor([2.0, -1.0]).double(), step=0.1)
    assert_close(found, torch.tensor([12.01, 3.01]).double())


# The trials -----------------------------------------------------------------------------------------------


def test_a_recurrent_trial_goes_on_bit_for_bit(memory_watch, stopped):
    design = exploding_gradients.design("smoke")
    call = design.trial.with_settings(**design.arms[-1].settings, data=spec(data.adding, length=6, train=64, test=50))
    whole = call.build(Seeds(3), memory_watch())
    first = memory_watch(stop_at=5)
    with pytest.raises(stopped):
        call.build(Seeds(3), first)
    assert call.build(Seeds(3), memory_watch(resume_from=first.state)) == whole


def test_a_network_that_blew_up_has_all_of_the_error_left():
    targets = torch.tensor([0.0, 1.0, 2.0])

    def answering(*values):
        return lambda inputs: torch.tensor(values)[:, None]

    left = exploding_gradients.error_left
    assert left(answering(math.nan, 1.0, 1.0), targets, targets) == 100
    assert left(answering(math.inf, 1.0, 1.0), targets, targets) == 100
    assert left(answering(1.0, 1.0, 1.0), targets, targets) == pytest.approx(100)
    assert left(answering(0.0, 1.0, 1.0), targets, targets) == pytest.approx(50)


def test_the_largest_norm_skips_what_is_not_finite():
    found = exploding_gradients.largest_norm_by_step([1.0, 3.0, math.inf, 2.0, math.nan, math.inf, 5.0], 2)
    assert found.at == (2.0, 4.0, 6.0, 7.0)
    assert found.values == pytest.approx((3.0, 2.0, math.nan, 5.0), nan_ok=True)


def test_clipping_leaves_the_direction_and_bounds_the_step():
    """Pascanu et al., Algorithm 1, on the recurrent network's own step."""
    network = models.RNN(width=4, activation=nn.ReLU, recurrent_init=bricks.identity, generator=generator())
    before = [p.detach().clone() for p in network.parameters()]
    recipe = train.Recipe(optimiser=spec(train.sgd, lr=0.5), steps=1, clip=0.01)
    x, y = torch.rand(8, 20, 2, generator=generator(1)), torch.zeros(8)
    exploding_gradients.squared(network(x), y).backward()
    gradient = torch.cat([p.grad.flatten() for p in network.parameters()])
    assert gradient.norm() > 0.1
    recipe.step(network, loss=exploding_gradients.squared)((x, y), 0)
    moved = torch.cat([(b - p.detach()).flatten() for b, p in zip(before, network.parameters(), strict=True)])
    assert_close(moved, 0.5 * 0.01 * gradient / gradient.norm(), rtol=1e-4, atol=1e-7)


# Effects --------------------------------------------------------------------------------------------------


def table_of(error):
    from zhixing.study import Table

    arms = {curing_gradients.name(*on): on for on in curing_gradients.ARMS}
    return Table((0,), {(arm, 0): {"test_error": float(error(*on))} for arm, on in arms.items()})


def test_effects_and_interactions_of_a_known_table():
    """Each cure takes off its own number, and normalisation with shortcut 7 more under ReLU."""
    table = table_of(
        lambda he, relu, norm, short: 90 - 1 * he - 2 * relu - 10 * norm - 5 * short - 7 * relu * norm * short
    )
    he, relu, norm, short = range(4)

    def value(*cures, **more):
        (claim,) = curing_gradients.effect(curing_gradients.CURES[0], *cures, by=0.0, **more).claims(table)
        return claim.values[0]

    assert value(he) == pytest.approx(1)
    assert value(norm) == pytest.approx(10 + 7 / 4)
    assert value(norm, short) == pytest.approx(7 / 2)
    assert value(norm, short, given=(relu,)) == pytest.approx(7)
    assert value(norm, short, without=(relu,)) == pytest.approx(0)
    assert value(he, relu, without=(norm, short)) == pytest.approx(0)
