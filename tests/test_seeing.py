"""Locality, weight sharing and shifts: layers and networks, signals, arranged pictures, and their measures."""

import numpy as np
import pytest
import torch
from scipy.interpolate import interp1d
from scipy.ndimage import gaussian_filter
from torch.nn.functional import conv1d, conv2d, linear, pad, relu
from torch.testing import assert_close

from zhixing import data, evaluate, models, nn, train
from zhixing.core import BadSetting, Seeds, Series, spec
from zhixing.data.mnist1d import _signals, _smoothed, templates
from zhixing.evaluate.shifts import FARTHEST
from zhixing.studies.machine_or_deep import Overtakes, crossing
from zhixing.study import Table


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def random(*shape, seed=0):
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def randomised(model):
    """Every parameter moved, since biases begin at zero, which would hide their place."""
    for number, parameter in enumerate(model.double().parameters()):
        parameter.data += 0.1 * random(*parameter.shape, seed=number)
    return model


def same_with_gradients(ours, theirs, x):
    """Outputs and input gradients of two functions at x."""
    one, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    y, z = ours(one), theirs(other)
    assert_close(y, z)
    upstream = random(*y.shape, seed=7)
    y.backward(upstream)
    z.backward(upstream)
    assert_close(one.grad, other.grad)


WINDOWED = {
    "square": {"size": (7, 9), "kernel": (3, 3), "stride": (2, 2), "padding": (1, 1)},
    "uneven": {"size": (6, 8), "kernel": (2, 3), "stride": (1, 2), "padding": (0, 1)},
    "signal": {"size": (1, 11), "kernel": (1, 5), "stride": (1, 2), "padding": (0, 1)},
}
windowed = pytest.mark.parametrize("place", WINDOWED.values(), ids=WINDOWED.keys())


@windowed
def test_a_locally_connected_layer_is_a_loop_over_windows(place):
    layer = randomised(nn.LocallyConnected(2, 3, generator=generator(), **place))
    (high, wide), (down, along), (u, v) = place["padding"], place["stride"], place["kernel"]

    def loop(x):
        x = pad(x, (wide, wide, high, high))
        rows, columns = nn.windows(*place.values())
        y = []
        for i in range(rows):
            for j in range(columns):
                window = x[:, :, i * down : i * down + u, j * along : j * along + v]
                at = i * columns + j
                y.append(window.flatten(1) @ layer.weight[at].T + layer.bias[at])
        return torch.stack(y, dim=2).reshape(len(x), 3, rows, columns)

    same_with_gradients(layer, loop, random(4, 2, *place["size"]))


@windowed
def test_the_same_weights_in_every_window_make_a_convolution(place):
    local = nn.LocallyConnected(2, 3, generator=generator(), **place).double()
    shared = randomised(nn.shared(2, 3, generator=generator(), **place))
    local.weight.data[:] = shared.weight.data.flatten(1)
    local.bias.data[:] = shared.bias.data
    same_with_gradients(local, shared, random(4, 2, *place["size"]))


def test_a_locally_connected_layer_has_the_slopes_that_differences_give():
    layer = randomised(nn.LocallyConnected(1, 2, size=(4, 4), kernel=(2, 2), stride=(2, 2), generator=generator()))
    arguments = (random(2, 1, 4, 4).requires_grad_(), layer.weight, layer.bias)
    assert torch.autograd.gradcheck(
        lambda x, w, b: torch.func.functional_call(layer, {"weight": w, "bias": b}, (x,)), arguments
    )


def test_a_window_of_a_locally_connected_layer_begins_as_a_convolution_does():
    layer = nn.LocallyConnected(8, 16, size=(9, 9), kernel=(3, 3), generator=generator())
    assert layer.weight.shape == (49, 16, 72)
    assert layer.weight.var().item() == pytest.approx(2 / 72, rel=0.02)  # He et al.: 2 / fan_in


def test_moving_the_input_moves_a_convolution_and_not_a_local_layer():
    place = {"size": (1, 30), "kernel": (1, 5)}
    x = torch.zeros(1, 1, 1, 30, dtype=torch.float64)
    x[..., 10:14] = random(4)
    moved = {
        layer: (layer(1, 3, generator=generator(), **place).double(), x.roll(3, dims=3))
        for layer in (nn.shared, nn.LocallyConnected)
    }
    convolution, local = ((f(x).roll(3, dims=3), f(y)) for f, y in moved.values())
    assert_close(*convolution)
    assert not torch.allclose(*local, atol=0.1)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_blurring_is_a_convolution_of_each_channel_with_the_filter_of_the_paper(size):
    row = torch.tensor({1: [1.0], 3: [1, 2, 1], 5: [1, 4, 6, 4, 1]}[size], dtype=torch.float64)
    filter_ = torch.outer(row, row) / row.sum() ** 2
    reach = size // 2

    def reference(x):
        around = pad(x, (reach,) * 4, mode="reflect")
        return torch.cat([conv2d(around[:, [c]], filter_[None, None])[:, :, ::2, ::2] for c in range(3)], dim=1)

    same_with_gradients(nn.BlurPool(size).double(), reference, random(2, 3, 9, 8))


def test_blurring_keeps_a_flat_map_and_shares_out_a_point_wherever_it_stands():
    blur, every_second = nn.BlurPool(), nn.Subsample()
    assert_close(blur(torch.full((1, 2, 8, 8), 3.0)), torch.full((1, 2, 4, 4), 3.0))
    points = torch.zeros(2, 1, 16, 16)
    points[0, 0, 8, 8] = points[1, 0, 9, 9] = 1.0
    assert_close(blur(points).sum(dim=(1, 2, 3)), torch.full((2,), 0.25))
    assert every_second(points).sum(dim=(1, 2, 3)).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("layer", [nn.shared, nn.LocallyConnected])
def test_the_network_of_signals_agrees_with_the_published_one(layer):
    model = models.StridedCNN(shape=(1, 1, 40), layer=layer, generator=generator())
    if layer is nn.LocallyConnected:
        for local, kernel in zip([model.layers[0], model.layers[2], model.layers[4]], (5, 3, 3), strict=True):
            local.weight.data[:] = local.weight.data[0]
            assert local.kernel == (1, kernel)
    else:
        model = randomised(model)
        assert sum(p.numel() for p in model.parameters()) == 5210  # as their notebook prints

    def reference(x):
        x = x[:, :, 0]
        for place in (0, 2, 4):
            brick = model.layers[place]
            weight = brick.weight[0].reshape(25, -1, brick.kernel[1]) if layer is nn.LocallyConnected else brick.weight
            bias = brick.bias[0, 0] if layer is nn.LocallyConnected else brick.bias
            x = relu(conv1d(x, weight.reshape(25, x.shape[1], -1), bias, stride=2, padding=1))
        return linear(x.flatten(1), model.head.weight, model.head.bias)

    same_with_gradients(model.double(), reference, random(3, 1, 1, 40))


@pytest.mark.parametrize("pooled", [False, True])
def test_the_halving_network_agrees_with_the_formula(pooled):
    model = randomised(models.HalvingCNN(size=13, channels=3, stages=2, pooled=pooled, generator=generator()))

    def reference(x):
        for place in (0, 3):
            brick = model.stages[place]
            x = relu(conv2d(x, brick.weight, brick.bias, stride=2, padding=1))
        seen = x.mean(dim=(2, 3)) if pooled else x.reshape(len(x), -1)
        return linear(seen, model.head.weight, model.head.bias)

    same_with_gradients(model, reference, random(3, 1, 13, 13))


def test_gru_agrees_with_the_equations_step_by_step():
    model = randomised(models.GRU(length=6, channels_in=2, width=4, generator=generator()))
    assert sum(p.numel() for p in models.GRU().parameters()) == 5134  # as the published notebook prints

    def read(x, suffix):
        w, u, b, c = (
            getattr(model.gru, f"{name}_l0{suffix}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        h, states = torch.zeros(len(x), 4, dtype=torch.float64), []
        for at in range(x.shape[2]):
            (xr, xz, xn), (hr, hz, hn) = linear(x[:, :, at], w, b).chunk(3, 1), linear(h, u, c).chunk(3, 1)
            reset, update = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
            h = (1 - update) * torch.tanh(xn + reset * hn) + update * h
            states.append(h)
        return states

    def reference(x):
        x = x.flatten(2)
        forwards, backwards = read(x, ""), read(x.flip(2), "_reverse")[::-1]
        states = torch.stack([torch.cat(both, dim=1) for both in zip(forwards, backwards, strict=True)], dim=1)
        return linear(states.flatten(1), model.head.weight, model.head.bias)

    same_with_gradients(model, reference, random(3, 2, 2, 3))


NEW_MODELS = {
    "convolution of a signal": lambda **more: models.StridedCNN(shape=(1, 1, 40), channels=4, **more),
    "local": lambda **more: models.StridedCNN(shape=(1, 1, 40), channels=4, layer=nn.LocallyConnected, **more),
    "gru": lambda **more: models.GRU(**more),
}


@pytest.mark.usefixtures("global_randomness_untouched")
@pytest.mark.parametrize("make", NEW_MODELS.values(), ids=NEW_MODELS.keys())
def test_every_parameter_gets_a_gradient_and_the_generator_decides(make):
    x = random(8, 1, 1, 40).float()
    one, same, other = (make(generator=generator(seed), classes=3) for seed in (1, 1, 2))
    assert one(x).shape == (8, 3)
    assert torch.equal(one(x), same(x))
    assert not torch.equal(one(x), other(x))
    one(x).square().sum().backward()
    assert all(torch.count_nonzero(p.grad) for p in one.parameters())


def published_signal(outline, generator):
    """The recipe of MNIST-1D for one signal, written one step at a time with SciPy's interpolation and filter.

    Draws, in order: padding, translation, height, noise, shear.
    """
    padding, shift, height, slant = generator["padding"], generator["shift"], generator["height"], generator["slant"]

    def resampled(x, n):
        return interp1d(np.linspace(0, 1, len(x)), x)(np.linspace(0, 1, n))

    long = resampled(np.concatenate([outline + 1e-8, np.zeros(padding)]), 72) * (1 + 0.4 * (height - 0.5))
    long = np.roll(long, shift)
    long = np.where(long != 0, long, gaussian_filter(0.25 * generator["noise"], 2)) + 0.02 * generator["fine"]
    return resampled(long - 0.75 * (slant - 0.5) * np.linspace(-0.5, 0.5, 72), 40)


def test_signals_follow_the_published_recipe_step_by_step():
    n = 60
    targets = np.arange(n) % 10
    ours = _signals(targets, np.random.default_rng(3))
    stream = np.random.default_rng(3)
    padding = stream.integers(36, 61, size=n)
    height = stream.random((n, 1))
    shift = stream.integers(48, size=(n, 1))
    noise, fine, slant = stream.standard_normal((n, 72)), stream.standard_normal((n, 72)), stream.random((n, 1))
    theirs = [
        published_signal(
            templates()[target],
            {"padding": padding[i], "shift": shift[i, 0], "height": height[i, 0], "noise": noise[i], "fine": fine[i],
             "slant": slant[i, 0]},
        )
        for i, target in enumerate(targets)
    ]  # fmt: skip
    np.testing.assert_allclose(ours, theirs, atol=1e-7)  # they mark the digit by adding 1e-8 to it


def test_the_noise_is_smoothed_as_scipy_does():
    noise = np.random.default_rng(0).standard_normal((3, 72))
    np.testing.assert_allclose(_smoothed(noise), [gaussian_filter(row, 2) for row in noise], atol=1e-12)


def test_signals_have_their_shapes_shares_and_scale():
    whole = data.mnist1d(train=700, validation=100, test=200)
    for part, size in ((whole.train, 700), (whole.validation, 100), (whole.test, 200)):
        assert part.inputs.shape == (size, 1, 1, 40)
        assert part.inputs.dtype == np.float32
    every = np.concatenate([part.targets for part in (whole.train, whole.validation, whole.test)])
    np.testing.assert_array_equal(np.bincount(every), np.full(10, 100))
    assert whole.train.inputs.mean(dtype=np.float64) == pytest.approx(0, abs=1e-6)
    assert whole.train.inputs.std(dtype=np.float64) == pytest.approx(1, abs=1e-6)
    assert whole.fingerprint == data.mnist1d(train=700, validation=100, test=200).fingerprint
    assert whole.fingerprint != data.mnist1d(train=700, validation=100, test=200, seed=1).fingerprint
    carved = data.mnist1d(train=800, validation=0, test=200)
    np.testing.assert_array_equal(carved.test.targets, whole.test.targets)


def test_signals_that_cannot_be_shared_out_are_refused():
    with pytest.raises(BadSetting, match="train=5, validation=0, test=1000: none may be below 0"):
        data.mnist1d(train=5)


def test_shuffling_moves_every_picture_in_the_same_way_and_loses_nothing():
    digits = spec(data.digits28, train=200, validation=10, test=20)
    plain, moved = digits.build(), data.shuffled(digits, seed=1)
    for part, other in ((plain.train, moved.train), (plain.validation, moved.validation), (plain.test, moved.test)):
        np.testing.assert_array_equal(part.targets, other.targets)
        assert not np.array_equal(part.inputs, other.inputs)
    order = np.random.default_rng(1).permutation(784)
    np.testing.assert_array_equal(moved.train.inputs.reshape(200, -1), plain.train.inputs.reshape(200, -1)[:, order])
    assert moved.fingerprint != data.shuffled(digits, seed=2).fingerprint


def test_runs_keep_together_when_they_are_shuffled():
    signals = spec(data.mnist1d, train=90, test=10)
    plain, moved = signals.build().train.inputs[:, 0, 0], data.shuffled(signals, run=15).train.inputs[:, 0, 0]
    starts = [next(s for s in range(26) if np.array_equal(moved[:, s : s + k], plain[:, at : at + k])) for at, k in
              ((0, 15), (15, 15), (30, 10))]  # fmt: skip
    assert sorted(np.argsort(starts)) == [0, 1, 2]
    np.testing.assert_array_equal(data.shuffled(signals, run=40).train.inputs, signals.build().train.inputs)
    with pytest.raises(BadSetting, match="runs hold 1 place or more; got 0"):
        data.shuffled(signals, run=0)


def test_a_canvas_frames_pictures_and_moves_only_those_for_training():
    digits = spec(data.digits28, train=100, test=20)
    plain, framed, moved = digits.build(), data.on_canvas(digits, margin=3), data.on_canvas(digits, margin=3, moved=2)
    background = plain.train.inputs.min()
    for part, whole in ((framed.train, plain.train), (framed.test, plain.test), (moved.test, plain.test)):
        assert part.inputs.shape == (len(whole), 1, 34, 34)
        np.testing.assert_array_equal(part.inputs[:, :, 3:31, 3:31], whole.inputs)
        assert (part.inputs[:, :, :3] == background).all()
    places = {
        (down, right)
        for picture, original in zip(moved.train.inputs, plain.train.inputs, strict=True)
        for down in range(7)
        for right in range(7)
        if np.array_equal(picture[:, down : down + 28, right : right + 28], original)
    }
    assert {down for down, _ in places} == {right for _, right in places} == {1, 2, 3, 4, 5}
    with pytest.raises(BadSetting, match="moved must be from 0 to 3"):
        data.on_canvas(digits, margin=3, moved=4)


class Middle(torch.nn.Module):
    """Answers 1 where the pixel (8, 8) is set, else 0."""

    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(1, 2, bias=False)
        self.head.weight.data = torch.tensor([[0.0], [1.0]])

    def forward(self, x):
        return self.head(x[:, :, 8, 8]) + torch.tensor([0.5, 0.0])


def test_measures_of_shifts_on_a_network_that_looks_at_one_pixel():
    inputs = torch.zeros(8, 1, 20, 20)
    inputs[:, :, 8, 8] = 1.0
    inputs[0, :, 10, 8] = 1.0  # this one goes up, so that it is seen again at a shift of 2
    targets = torch.ones(8, dtype=torch.int64)
    given = (Middle(), inputs, targets)
    by_shift = evaluate.accuracy_by_shift(*given)
    assert by_shift.at == tuple(range(FARTHEST + 1))
    assert by_shift.values == (100.0, 0.0, 12.5, *[0.0] * 6)
    assert evaluate.accuracy_lost(*given) == 100.0
    assert evaluate.answers_changed(*given) == pytest.approx(100 * (8 + 1 + 1) / (8 * FARTHEST))
    assert evaluate.feature_change_by_shift(*given).values == pytest.approx((0, 100, 87.5, *[100] * 6))


@torch.no_grad()
def test_without_blur_three_halvings_see_the_same_again_at_eight_pixels():
    """What the study of translation rests on: averages repeat with the product of the strides, and not before."""
    inputs = torch.zeros(4, 1, 48, 48)
    inputs[:, :, 18:30, 18:30] = random(4, 1, 12, 12).float()
    model = models.HalvingCNN(size=48, pooled=True, generator=generator())
    change = evaluate.feature_change_by_shift(model, inputs, torch.zeros(4, dtype=torch.int64)).values
    assert change[8] == pytest.approx(0, abs=1e-3)
    assert min(change[1:8]) > 2
    blurred = models.HalvingCNN(size=48, pooled=True, halving=nn.BlurPool, generator=generator())
    assert (
        max(evaluate.feature_change_by_shift(blurred, inputs, torch.zeros(4, dtype=torch.int64)).values)
        < max(change) / 3
    )


def test_correlation_by_distance_on_pictures_of_a_known_one():
    """Every pixel is the sum of two neighbouring draws: correlation one half at distance 1, none beyond."""
    draws = random(20_000, 1, 1, 41)
    inputs = (draws[..., 1:] + draws[..., :-1]).float()
    inputs[..., 0] = 3.0  # a pixel that never changes is left out
    shared = evaluate.correlation_by_distance(torch.nn.Identity(), inputs, torch.zeros(20_000, dtype=torch.int64))
    assert shared.at == tuple(range(1, 13))
    assert shared.values[0] == pytest.approx(0.5, abs=0.01)
    assert max(shared.values[1:]) < 0.02


def test_weights_count_shared_ones_once():
    nothing = (torch.zeros(0), torch.zeros(0, dtype=torch.int64))
    assert evaluate.weights(nn.shared(2, 3, size=(9, 9), kernel=(3, 3)), *nothing) == 2 * 3 * 9 + 3
    assert evaluate.weights(nn.LocallyConnected(2, 3, size=(9, 9), kernel=(3, 3)), *nothing) == 49 * (2 * 3 * 9 + 3)


GROWING = {
    "data": (spec(data.table, name="iris"), spec(data.table, name="wine")),
    "model": spec(models.forest, trees=3),
    "examples": (20, 60),
    "measures": (
        evaluate.error_at_most,
        evaluate.error_by_examples,
        evaluate.seconds_by_examples,
        evaluate.bytes_by_examples,
    ),
}


def test_growing_data_are_judged_as_a_fit_to_so_many_examples(memory_watch):
    found = train.growing(Seeds(0), memory_watch(), **GROWING)
    for place, examples in enumerate((20, 60)):
        fits = [
            train.fitted(
                Seeds(0), memory_watch(), data=source, model=GROWING["model"], measures=(evaluate.error,),
                examples=examples,
            )["error"]
            for source in GROWING["data"]
        ]  # fmt: skip
        assert found["error_by_examples"].values[place] == pytest.approx(np.mean(fits))
    assert found["error_at_most"] == found["error_by_examples"].values[-1]
    assert found["error_by_examples"].at == (20.0, 60.0)
    assert found["bytes_by_examples"].values[1] > 1000
    assert min(found["seconds_by_examples"].values) > 0


def test_growing_goes_on_with_the_fit_that_it_had_not_finished(memory_watch, stopped):
    whole = train.growing(Seeds(0), memory_watch(), **GROWING)
    broken = memory_watch(stop_at=3)
    with pytest.raises(stopped):
        train.growing(Seeds(0), broken, **GROWING)
    rest = memory_watch(resume_from=broken.state)
    resumed = train.growing(Seeds(0), rest, **GROWING)
    assert rest.steps == [(4, 4)]
    assert resumed["error_by_examples"] == whole["error_by_examples"]
    assert resumed["bytes_by_examples"] == whole["bytes_by_examples"]


@pytest.mark.parametrize("name", ["iris", "tumours"])
def test_support_margins_answer_as_scikit_learn(name):
    from sklearn.svm import SVC

    part = data.table(name).train
    inputs = (part.inputs - part.inputs.mean(axis=0)) / part.inputs.std(axis=0)
    ours = models.support_margins(strength=3.0)
    ours.fit(inputs[::2], part.targets[::2])
    theirs = SVC(C=3.0, break_ties=True).fit(inputs[::2], part.targets[::2])
    probabilities = ours.predict_proba(inputs[1::2])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), theirs.predict(inputs[1::2]))


def curve(*values):
    return Series("examples", (10.0, 100.0, 1000.0), values)


@pytest.mark.parametrize(
    ("own", "others", "point"),
    [
        (curve(8, 4, 1), [curve(4, 4, 4), curve(9, 5, 2)], 100),  # a tie is not ahead
        (curve(8, 8, 2), [curve(4, 4, 4)], 100 * 10**0.5),
        (curve(3, 8, 2), [curve(4, 4, 4)], 100 * 10**0.5),  # the last time counts
        (curve(3, 2, 1), [curve(4, 3, 2)], 10),
        (curve(3, 2, 2), [curve(4, 3, 1)], np.inf),
        (curve(8, 5, 4), [curve(4, 4, 4)], np.inf),
        (curve(8, 2, 0), [curve(4, 4, 4)], 10 * 10**0.5),
        (None, [curve(4, 3, 1)], np.nan),
        (curve(3, 2, 1), [curve(4, 3, 2), None], np.nan),
    ],
)
def test_the_crossing_of_two_curves_worked_out_by_hand(own, others, point):
    assert crossing(own, others) == pytest.approx(point, nan_ok=True)


def test_overtaking_is_claimed_seed_by_seed():
    rule = Overtakes("deep", ["shallow"], evaluate.error_by_examples, 50, 500)
    trials = {
        ("deep", 0): {"error_by_examples": curve(8, 8, 2)},
        ("shallow", 0): {"error_by_examples": curve(4, 4, 4)},
        ("deep", 1): {"error_by_examples": curve(8, 8, 2)},
    }
    (claim,) = rule.claims(Table((0, 1), trials))
    assert claim.region == (50, 500)
    assert claim.values == pytest.approx((316.227766, np.nan), nan_ok=True)
    assert "50" in claim.text.en
    assert "500" in claim.text.zh
