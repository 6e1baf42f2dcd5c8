"""Curvature, lines between solutions, largest rates, and what the studies of descent rest on."""

import math
from itertools import permutations, product

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy
from torch.testing import assert_close

from zhixing import data, evaluate, models, train
from zhixing.core import BadSetting, Seeds, Series, spec
from zhixing.data import Dataset, Part
from zhixing.nn import glorot_uniform
from zhixing.studies import learning_rate, local_minima, normalisation, saddle_points


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def network(*, units=3, features=4, classes=3, seed=0):
    made = models.MLP(
        features_in=features, widths=(units,), classes=classes, activation=nn.Tanh, init=glorot_uniform,
        generator=generator(seed),
    )  # fmt: skip
    with torch.no_grad():
        made.hidden[0].bias.normal_(generator=generator(seed + 50))
        made.head.bias.normal_(generator=generator(seed + 60))
    return made.double()


def examples(n=30, *, features=4, classes=3, seed=9):
    inputs = torch.randn(n, features, generator=generator(seed), dtype=torch.float64)
    return inputs, torch.arange(n) % classes


# Curvature ------------------------------------------------------------------------------------------------


def reference_hessian(model, inputs, targets):
    """By torch.func, of a function of all parameters in a row."""
    names, shapes = zip(*[(name, p.shape) for name, p in model.named_parameters()], strict=True)
    sizes = [shape.numel() for shape in shapes]

    def loss(flat):
        parts = {name: part.view(shape) for name, part, shape in zip(names, flat.split(sizes), shapes, strict=True)}
        return cross_entropy(functional_call(model, parts, (inputs,)), targets)

    jacobian = torch.func.jacrev  # torch.func.hessian, whose forward mode warns of its own compiler
    return jacobian(jacobian(loss))(nn.utils.parameters_to_vector(model.parameters()).detach())


def loss_of(model, inputs, targets):
    return cross_entropy(model(inputs), targets)


def test_the_hessian_is_that_of_torch_func():
    model, (inputs, targets) = network(), examples()
    found = evaluate.hessian(loss_of(model, inputs, targets), model.parameters())
    assert found.shape == (27, 27)
    assert_close(found, reference_hessian(model, inputs, targets))


def test_products_are_the_hessian_times_the_vector():
    model, (inputs, targets) = network(), examples()
    product_, size = evaluate.hessian_product(loss_of(model, inputs, targets), model.parameters())
    vectors = torch.randn(5, size, generator=generator(1), dtype=torch.float64)
    whole = reference_hessian(model, inputs, targets)
    assert_close(torch.stack([product_(vector) for vector in vectors]), vectors @ whole)


def test_extreme_eigenvalues_are_those_of_the_whole_hessian():
    model, (inputs, targets) = network(units=8), examples()
    whole = torch.linalg.eigvalsh(reference_hessian(model, inputs, targets))
    assert whole[0] < -0.01  # there is a negative one to find
    for end, place in (("largest", -1), ("smallest", 0)):
        found = evaluate.extreme_eigenvalue(loss_of(model, inputs, targets), model.parameters(), end, tolerance=1e-8)
        assert found == pytest.approx(whole[place].item(), rel=1e-6)
    assert evaluate.sharpness(loss_of(model, inputs, targets), model.parameters()) == pytest.approx(
        whole[-1].item(), rel=1e-2
    )


def test_sharpness_is_the_largest_curvature_not_the_strongest_and_repeats():
    weights = torch.randn(40, generator=generator(3), requires_grad=True)
    bends = torch.linspace(-5, 3, 40)
    found = [evaluate.sharpness((bends * weights**2).sum() / 2, [weights]) for _ in range(2)]
    assert found[0] == found[1] == pytest.approx(3, rel=1e-2)


def test_an_infinite_loss_has_no_sharpness():
    weights = torch.full((30,), math.inf, requires_grad=True)
    assert math.isnan(evaluate.sharpness((weights**2).sum(), [weights]))


def test_directions_down_leave_rounding_out():
    assert evaluate.directions_down(torch.tensor([-2.0, -0.5, -1e-7, 0.0, 1.0])) == 2
    assert evaluate.directions_down(torch.tensor([-0.5, 1.0]), above=0.6) == 0


@pytest.mark.parametrize(("rate", "grows"), [(0.99, False), (1.01, True)])
def test_descent_on_a_parabola_grows_beyond_two_over_sharpness(rate, grows):
    weights = nn.Parameter(torch.ones(2, dtype=torch.float64))
    bends = torch.tensor([0.1, 4.0], dtype=torch.float64)
    model = nn.ParameterList([weights])
    optimiser = train.sgd(model, lr=rate * 2 / evaluate.sharpness((bends * weights**2).sum() / 2, [weights]))
    for _ in range(200):
        optimiser.zero_grad()
        ((bends * weights**2).sum() / 2).backward()
        optimiser.step()
    assert (abs(weights[1].item()) > 1) == grows


# Lines between solutions ----------------------------------------------------------------------------------


def test_the_line_is_the_loss_of_the_mixed_weights():
    one, other, (inputs, targets) = network(seed=1), network(seed=2), examples()
    before = {name: weight.clone() for name, weight in one.state_dict().items()}
    places = (0.0, 0.25, 1.0)
    found = evaluate.losses_between(one, other, inputs, targets, places=places)
    ends = [loss_of(model, inputs, targets).item() for model in (one, other)]
    assert (found[0], found[-1]) == pytest.approx(tuple(ends))
    mixed = {name: 0.75 * weight + 0.25 * other.state_dict()[name] for name, weight in before.items()}
    assert found[1] == pytest.approx(cross_entropy(functional_call(one, mixed, (inputs,)), targets).item())
    assert_close(one.state_dict(), before, rtol=0, atol=0)


def test_the_rise_is_counted_from_the_straight_line():
    assert evaluate.rise_above_ends([1.0, 4.0, 3.0], [0.0, 0.25, 1.0]) == pytest.approx([0, 2.5, 0])


def test_matching_keeps_the_answers_and_undoes_any_renumbering_and_mirroring():
    one, (inputs, _) = network(units=6), examples()
    order, signs = torch.tensor([3, 0, 5, 1, 4, 2]), torch.tensor([1.0, -1, -1, 1, -1, 1], dtype=torch.float64)
    other = network(units=6)
    with torch.no_grad():
        other.hidden[0].weight.copy_(one.hidden[0].weight[order] * signs[:, None])
        other.hidden[0].bias.copy_(one.hidden[0].bias[order] * signs)
        other.head.weight.copy_(one.head.weight[:, order] * signs)
    found = evaluate.matched(one, other)
    assert_close(other(inputs), one(inputs))
    assert_close(found.state_dict(), one.state_dict())
    stranger = network(units=6, seed=5)
    assert_close(evaluate.matched(one, stranger)(inputs), stranger(inputs))


def test_matching_is_the_nearest_of_all_orders_and_signs():
    one, other = network(units=3, seed=1), network(units=3, seed=2)

    def rows(model):
        return torch.cat([model.hidden[0].weight, model.hidden[0].bias[:, None], model.head.weight.T], dim=1).detach()

    ours, theirs = rows(one), rows(other)
    tried = [
        (theirs[list(order)] * torch.tensor(signs, dtype=torch.float64)[:, None] - ours).square().sum().item()
        for order in permutations(range(3))
        for signs in product((1, -1), repeat=3)
    ]
    assert (rows(evaluate.matched(one, other)) - ours).square().sum().item() == pytest.approx(min(tried))


# The largest rate -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("edge", [0.011, 0.5, 90.0])
def test_the_largest_rate_is_found_to_within_the_factor(edge):
    asked = []
    found = train.largest_rate(lambda rate: not asked.append(rate) and rate < edge, low=0.01, high=100.0, within=1.1)
    assert edge / 1.1 <= found <= edge * 1.1
    assert len(asked) == math.ceil(math.log2(math.log(1e4) / math.log(1.1)))


def test_the_largest_rate_keeps_to_its_bounds():
    assert train.largest_rate(lambda rate: True, low=1.0, high=9.0) == pytest.approx(9, rel=0.02)
    assert train.largest_rate(lambda rate: False, low=1.0, high=9.0) == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize(("low", "high", "within"), [(0.0, 1.0, 1.1), (2.0, 1.0, 1.1), (1.0, 2.0, 1.0)])
def test_rates_that_leave_nothing_to_search_are_refused(low, high, within):
    with pytest.raises(BadSetting, match="they rise from above 0, and the factor is above 1"):
        train.largest_rate(lambda rate: True, low=low, high=high, within=within)


# Smaller pictures -----------------------------------------------------------------------------------------


def four_pixels():
    pixels = np.random.default_rng(0).normal(3.0, 2.0, size=(12, 1, 4, 6)).astype(np.float32)
    labels = np.arange(12) % 2
    parts = [Part(pixels[rows], labels[rows]) for rows in (slice(8), slice(8, 8), slice(8, 12))]
    return Dataset(train=parts[0], validation=parts[1], test=parts[2], classes=("0", "1"))


def test_reduced_pictures_are_standardised_means_of_squares():
    source, found = four_pixels(), data.reduced(spec(four_pixels), by=2)
    train_, test = (
        nn.functional.avg_pool2d(torch.tensor(part.inputs), 2).double() for part in (source.train, source.test)
    )
    mean = train_.mean(dim=0)
    scale = (train_ - mean).square().mean().sqrt()
    assert_close(torch.tensor(found.train.inputs).double(), (train_ - mean) / scale, rtol=1e-5, atol=1e-5)
    assert_close(torch.tensor(found.test.inputs).double(), (test - mean) / scale, rtol=1e-5, atol=1e-5)
    assert (len(found.validation), found.train.inputs.dtype, found.classes) == (0, np.float32, ("0", "1"))
    np.testing.assert_array_equal(found.test.targets, source.test.targets)


def test_squares_that_do_not_fit_are_refused():
    with pytest.raises(BadSetting, match="squares of 4 x 4 pixels do not fit pictures of 4 x 6"):
        data.reduced(spec(four_pixels), by=4)


# What the studies rest on ---------------------------------------------------------------------------------


def test_zero_is_a_saddle_with_as_many_ways_down_as_units_times_differences_of_classes():
    """With equal classes the gradient is zero there, and the Hessian couples each unit to the class means alone."""
    inputs, targets = examples(30, features=7)
    model = network(units=4, features=7)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    loss = loss_of(model, inputs, targets)
    gradients = torch.autograd.grad(loss, list(model.parameters()), retain_graph=True)
    assert max(gradient.abs().max().item() for gradient in gradients) < 1e-15
    known = torch.nn.functional.one_hot(targets, 3).double() - 1 / 3
    strengths = torch.linalg.svdvals(known.T @ inputs / len(inputs))
    eigenvalues = torch.linalg.eigvalsh(evaluate.hessian(loss, model.parameters()))
    assert evaluate.directions_down(eigenvalues) == 4 * 2
    assert eigenvalues[0].item() == pytest.approx(-strengths[0].item())


@pytest.mark.parametrize("batch", [10, 30])
def test_no_batch_moves_a_hidden_weight_at_zero(batch):
    inputs, targets = examples(30)
    model = network(units=4)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    loss_of(model, inputs[:batch], targets[:batch]).backward()
    for weight in (model.hidden[0].weight, model.hidden[0].bias, model.head.weight):
        assert torch.count_nonzero(weight.grad) == 0 or weight is model.head.weight
    assert model.head.weight.grad.abs().max() < 1e-15


def test_half_square_is_half_the_squared_distance():
    outputs = torch.tensor([[0.5, 0.0], [1.0, 3.0]])
    assert learning_rate.half_square(outputs, torch.tensor([0, 1])).item() == pytest.approx((0.25 + 5.0) / 4)


def test_the_first_step_at_the_target_counts_or_all():
    assert learning_rate.steps_to_target([1.0, 0.06, 0.5, 0.01], 9) == 1
    assert saddle_points.steps_to_leave([2.3, 2.0, 1.99], 9) == 2
    assert saddle_points.steps_to_leave([2.3], 9) == 9


def test_the_climb_ends_at_a_thousand():
    assert learning_rate.climb([2.0, 3.0, 1.0]) == 1.5
    assert learning_rate.climb([2.0, math.nan]) == learning_rate.climb([2.0, math.inf]) == 1000


def test_changes_are_those_of_a_step_taken_by_the_optimiser():
    shared = normalisation.design("smoke")
    settings = shared.trial.settings
    run = normalisation.Run(Seeds(3), data=settings["data"], model=shared.arms[1].settings["model"], steps=2)
    found = run.changes(0.1)
    model = shared.arms[1].settings["model"].build(generator=Seeds(3).torch("initialisation"))
    batches = train.Batches(*run.known, size=64, generator=Seeds(3).torch("order"))
    optimiser = train.sgd(model, lr=0.1)
    expected = []
    for _ in range(2):
        batch = next(batches)
        gradients = []
        for _ in range(2):
            optimiser.zero_grad()
            loss_of(model, *batch).backward()
            gradients.append(torch.cat([weight.grad.flatten().clone() for weight in model.parameters()]))
            if len(gradients) == 1:
                optimiser.step()
        expected.append(((gradients[1] - gradients[0]).norm() / gradients[0].norm()).item())
    assert found == pytest.approx(expected, rel=1e-4)


TRIALS = {
    "learning-rate": (learning_rate, "0.4", 3),
    "jolts": (saddle_points, "jolts", 5),
    "mini-batches": (saddle_points, "mini-batches", 7),
    "local-minima": (local_minima, "4", 33),
    "normalisation": (normalisation, "batch", 3),
}


@pytest.mark.parametrize(("study", "arm", "stop"), TRIALS.values(), ids=TRIALS.keys())
@pytest.mark.usefixtures("global_randomness_untouched")
def test_a_stopped_trial_goes_on_bit_for_bit(study, arm, stop, memory_watch, stopped):
    design = study.design("smoke")
    call = design.trial.with_settings(**next(a for a in design.arms if a.name == arm).settings)
    whole, first = memory_watch(), memory_watch(stop_at=stop)
    expected = call.build(Seeds(1), whole)
    with pytest.raises(stopped):
        call.build(Seeds(1), first)
    again = memory_watch(resume_from=first.state)
    assert call.build(Seeds(1), again) == expected
    assert len(again.steps) < len(whole.steps)
    for measure in (*design.measures, *design.mechanism):
        assert isinstance(expected.get(measure.name, 0.0), Series) == (measure.axis is not None)
