"""Slopes, paths, covers, maps and exciting inputs: against functions whose answers are known, loops, and planted causes."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d, cross_entropy, relu
from torch.testing import assert_close

from zhixing import evaluate, models
from zhixing.core import UnknownName
from zhixing.evaluate import saliency, units

SIDE, AT = 12, slice(2, 6)
"""Pictures of noise; a patch in one corner holds stripes, lying or standing, and they are the class."""


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def random(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=generator(seed), dtype=dtype)


def network(classes=2, side=SIDE, channels=6, seed=0):
    return models.StridedCNN(
        shape=(1, side, side), channels=channels, kernels=(3, 3), classes=classes, generator=generator(seed)
    )


def planted(count, seed=0):
    pictures = random(count, 1, SIDE, SIDE, seed=seed, dtype=torch.float32)
    classes = torch.arange(count) % 2
    stripes = torch.tensor([1.0, -1.0, 1.0, -1.0])
    pictures[classes == 0, :, AT, AT] += 1.5 * stripes[:, None]
    pictures[classes == 1, :, AT, AT] += 1.5 * stripes
    return pictures, classes


@pytest.fixture(scope="module")
def trained():
    """A small network that tells the stripes apart."""
    model, (pictures, classes) = network(channels=8), planted(512)
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=1.0)
    for step in range(150):
        rows = torch.arange(32 * step, 32 * (step + 1)) % 512
        optimiser.zero_grad()
        cross_entropy(model(pictures[rows]), classes[rows]).backward()
        optimiser.step()
    optimiser.zero_grad()
    asked, targets = planted(40, seed=1)
    assert (model(asked).argmax(dim=1) == targets).double().mean() > 0.95
    return model, asked, targets


def inside(heat):
    """How many times as hot a pixel of the planted patch is as one outside."""
    patch = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    patch[AT, AT] = True
    return (heat[:, patch].mean() / heat[:, ~patch].mean()).item()


def test_every_map_finds_the_patch_that_decides(trained):
    model, pictures, classes = trained
    score = evaluate.of_class(model, classes)
    slopes = {
        "gradient": evaluate.gradient(score, pictures),
        "smooth": evaluate.smooth_gradient(score, pictures, samples=8, generator=generator()),
        "integrated": evaluate.integrated_gradients(score, pictures, steps=8),
        "guided": evaluate.guided_gradient(model, score, pictures),
    }
    found = {name: inside(evaluate.over_channels(slope)) for name, slope in slopes.items()}
    found["occlusion"] = inside(evaluate.occlusion_map(score, pictures, window=3).clamp(min=0))
    assert min(found.values()) > 4, found
    assert evaluate.occlusion(score, pictures, window=4).mean(dim=0).argmax() == 2 * 9 + 2


def test_the_slope_is_what_differences_give_in_the_mode_of_use():
    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    inputs, classes = random(4, 1, 2, 3), torch.tensor([0, 2, 1, 2])
    score = evaluate.of_class(model.train(), classes)
    slopes = evaluate.gradient(score, inputs)
    for place in np.ndindex(1, 2, 3):
        step = torch.zeros_like(inputs)
        step[(slice(None), *place)] = 1e-6
        assert_close(
            slopes[(slice(None), *place)], (score(inputs + step) - score(inputs - step)) / 2e-6, atol=1e-7, rtol=0
        )
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not inputs.requires_grad


def test_of_class_reads_the_class_of_each_input():
    model, inputs = network(classes=4), random(5, 1, SIDE, SIDE, dtype=torch.float32)
    classes = torch.tensor([3, 0, 1, 2, 3])
    assert_close(
        evaluate.of_class(model, classes)(inputs), torch.stack([model(inputs)[i, k] for i, k in enumerate(classes)])
    )


def test_smooth_gradient_is_the_mean_over_noisy_copies():
    inputs = random(3, 2, 4)

    def score(given):
        return given.pow(3).sum(dim=(1, 2))

    found = evaluate.smooth_gradient(score, inputs, noise=0.2, samples=5, generator=generator(7))
    drawn, total = generator(7), torch.zeros_like(inputs)
    spread = 0.2 * torch.stack([each.max() - each.min() for each in inputs])[:, None, None]
    for _ in range(5):
        total += 3 * (inputs + spread * torch.randn(inputs.shape, generator=drawn, dtype=torch.float64)).square()
    assert_close(found, total / 5)
    assert_close(evaluate.smooth_gradient(score, inputs, noise=0.0, samples=2, generator=drawn), 3 * inputs.square())


@pytest.mark.parametrize("baseline", [0.0, "tensor"])
def test_integrated_gradients_are_complete(baseline):
    model, inputs = network(classes=3).double(), random(4, 1, SIDE, SIDE, seed=3)
    for number, parameter in enumerate(model.parameters()):
        parameter.data += 0.1 * random(*parameter.shape, seed=number)
    start = random(1, SIDE, SIDE, seed=9) if baseline == "tensor" else baseline
    score = evaluate.of_class(model, torch.tensor([0, 1, 2, 0]))
    with torch.no_grad():
        gained = score(inputs) - score(torch.zeros_like(inputs) + start)
    errors = [
        (evaluate.integrated_gradients(score, inputs, baseline=start, steps=steps).sum(dim=(1, 2, 3)) - gained)
        .abs()
        .max()
        for steps in (4, 256)
    ]
    assert errors[1] < 0.01 * gained.abs().max()
    assert errors[1] < errors[0]


def test_integrated_gradients_by_hand():
    """Of x * y from 0 to (x, y) each of the two adds a half; of a square, from a to x, x^2 - a^2; middles are exact here."""
    inputs = torch.tensor([[3.0, 2.0, 4.0]])
    found = evaluate.integrated_gradients(
        lambda x: x[:, 0] * x[:, 1] + x[:, 2] ** 2, inputs, baseline=torch.tensor([0.0, 0.0, 1.0]), steps=3
    )
    assert_close(found, torch.tensor([[3.0, 3.0, 15.0]]))


def test_guided_gradient_lets_only_positive_slopes_back():
    one, two = random(5, 4), random(3, 5, seed=1)
    model = nn.Sequential(nn.Linear(4, 5, bias=False), nn.ReLU(), nn.Linear(5, 3, bias=False)).double()
    model[0].weight.data, model[2].weight.data = one, two
    inputs, classes = random(6, 4, seed=2), torch.tensor([0, 1, 2, 0, 1, 2])
    score = evaluate.of_class(model, classes)
    hidden = inputs @ one.T
    by_hand = (two[classes] * (hidden > 0)).clamp(min=0) @ one
    assert_close(evaluate.guided_gradient(model, score, inputs), by_hand)
    assert_close(evaluate.gradient(score, inputs), (two[classes] * (hidden > 0)) @ one)  # the hooks are gone


@pytest.mark.parametrize(("window", "stride"), [(1, 1), (3, 1), (3, 2), (4, 3), (20, 1)])
def test_occlusion_is_a_loop_over_squares(window, stride):
    model, inputs = network(classes=3, side=9).double(), random(2, 1, 9, 9, seed=5)
    classes = torch.tensor([2, 0])
    score = evaluate.of_class(model, classes)
    places = sorted({*range(0, 9 - window + 1, stride), max(9 - window, 0)})
    found = evaluate.occlusion(score, inputs, window=window, stride=stride, filling=0.5)
    assert found.shape == (2, len(places), len(places))
    heat, times = torch.zeros(2, 9, 9).double(), torch.zeros(9, 9)
    for i, row in enumerate(places):
        for j, column in enumerate(places):
            for each in range(2):
                covered = inputs[each].clone()
                for y in range(row, min(row + window, 9)):
                    for x in range(column, min(column + window, 9)):
                        covered[:, y, x] = 0.5
                fall = (model(inputs[each][None]) - model(covered[None]))[0, classes[each]]
                assert_close(found[each, i, j], fall)
                heat[each, row : row + window, column : column + window] += fall.detach()
            times[row : row + window, column : column + window] += 1
    assert_close(evaluate.occlusion_map(score, inputs, window=window, stride=stride, filling=0.5), heat / times)


def test_feature_maps_are_what_the_layers_give_out():
    model, inputs = network(side=9).double(), random(3, 1, 9, 9)
    found = evaluate.feature_maps(model, inputs, ["layers.0", "layers.2", "head"])
    first = conv2d(inputs, model.layers[0].weight, model.layers[0].bias, stride=2, padding=1)
    second = conv2d(relu(first), model.layers[2].weight, model.layers[2].bias, stride=2, padding=1)
    assert_close(found["layers.0"], first)
    assert_close(found["layers.2"], second)
    assert_close(found["head"], model(inputs))
    assert not found["head"].requires_grad
    assert len(model.layers[0]._forward_hooks) == 0
    assert evaluate.layers(model) == ["layers.0", "layers.2", "head"]
    assert evaluate.first_filters(model) is not None
    assert_close(evaluate.first_filters(model), model.layers[0].weight.detach())
    assert evaluate.first_filters(nn.Linear(2, 2)) is None


@pytest.mark.parametrize("name", ["layers.O", "", "haed"])
def test_a_layer_that_is_not_there_is_refused(name):
    with pytest.raises(UnknownName, match=r"layers\.0"):
        evaluate.feature_maps(network(), random(1, 1, SIDE, SIDE, dtype=torch.float32), [name])


def test_the_strongest_examples_and_the_places_of_their_units():
    model, inputs = network(side=9).double(), random(7, 1, 9, 9)
    maps = evaluate.feature_maps(model, inputs, ["layers.2"])["layers.2"]
    excited = evaluate.excitations(model, inputs, "layers.2")
    assert_close(excited, torch.stack([each.flatten(1).max(dim=1).values for each in maps]))
    best = evaluate.strongest(model, inputs, "layers.2", count=3)
    assert best.shape == (6, 3)
    for unit in range(6):
        assert best[unit].tolist() == sorted(range(7), key=lambda place: -excited[place, unit].item())[:3]
    assert_close(evaluate.excitations(model, inputs, "head"), model(inputs).detach())
    assert evaluate.strongest(model, inputs, "head", count=99).shape == (2, 7)


def test_ascent_excites_a_unit_and_finds_the_planted_stripes(trained):
    model, pictures, _ = trained
    for unit in (0, 1):
        found = evaluate.exciting_input(model, "head", unit, shape=(1, SIDE, SIDE), blur=0, generator=generator())
        excited = model(found[None])[0, unit]
        assert excited > model(pictures)[:, unit].max()
        energy = found[0].square()
        assert energy[AT, AT].mean() > 2 * energy.mean()
    again = evaluate.exciting_input(model, "head", 1, shape=(1, SIDE, SIDE), blur=0, generator=generator())
    assert torch.equal(found, again)
    other = evaluate.exciting_input(model, "head", 1, shape=(1, SIDE, SIDE), generator=generator(1))
    assert not torch.equal(found, other)


def test_ascent_on_a_linear_unit_is_along_its_weights():
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 2)).double()
    found = evaluate.exciting_input(model, "1", 1, shape=(1, 2, 3), steps=200, pull=0.1, blur=0, generator=generator())
    weight = model[1].weight[1].detach()
    unit = weight / weight.square().mean().sqrt()
    assert_close(found.flatten(), 0.2 * 0.9 / 0.1 * unit, rtol=1e-4, atol=1e-6)  # where the pull and the step are even


def test_a_layer_whose_unit_never_fires_is_left_at_noise():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1), nn.ReLU()).double()
    model[1].bias.data.fill_(-100.0)
    found = evaluate.exciting_input(model, "2", 0, shape=(1, 2, 2), blur=0, generator=generator(3))
    assert_close(found, 0.1 * random(1, 1, 2, 2, seed=3)[0])


def test_channels_and_modes():
    assert_close(evaluate.over_channels(torch.tensor([[[[1.0]], [[-3.0]]]])), torch.tensor([[[3.0]]]))
    model = nn.Dropout()
    with saliency.as_used(model.eval()):
        assert not model.training
    assert not model.training
    with pytest.raises(ZeroDivisionError), saliency.as_used(model.train()):
        raise ZeroDivisionError
    assert model.training
    assert saliency.starts(10, 4, 4) == [0, 4, 6]
    assert units.module_named(network(), "head").out_features == 2


def test_nothing_global_is_drawn(global_randomness_untouched):
    model, inputs = network(), random(2, 1, SIDE, SIDE, dtype=torch.float32)
    score = evaluate.of_class(model, torch.tensor([0, 1]))
    evaluate.smooth_gradient(score, inputs, samples=2, generator=generator())
    evaluate.exciting_input(model, "head", 0, shape=(1, SIDE, SIDE), steps=2, generator=generator())


def test_blurred_slopes_grow_a_smoother_input_that_still_excites():
    model = network(classes=3)
    sharp, smooth = (
        evaluate.exciting_input(model, "head", 2, shape=(1, SIDE, SIDE), blur=blur, generator=generator())
        for blur in (0, 2)
    )

    def roughness(picture):
        return picture.diff(dim=2).square().mean() / picture.square().mean()

    assert roughness(smooth) < 0.5 * roughness(sharp)
    assert model(smooth[None])[0, 2] > model(0.1 * random(1, 1, SIDE, SIDE, dtype=torch.float32))[0, 2]
