"""One battery over all models, then what is particular to each."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn.functional import avg_pool2d, conv2d, cross_entropy, linear, relu
from torch.testing import assert_close

from zhixing import models
from zhixing.core import BadSetting

MODELS = {
    "softmax": lambda **more: models.SoftmaxRegression(features_in=144, **more),
    "mlp": lambda **more: models.MLP(features_in=144, widths=(16, 12), **more),
    "plain": lambda **more: models.CNN(shortcut=None, depth=6, channels=6, grid=3, **more),
    "residual": lambda **more: models.CNN(depth=6, channels=6, grid=3, **more),
    "two-stage plain": lambda **more: models.CNN(shortcut=None, depth=6, channels=4, stages=2, patch=2, grid=2, **more),
    "two-stage residual": lambda **more: models.CNN(depth=6, channels=4, stages=2, patch=2, grid=2, **more),
    "normalised": lambda **more: models.CNN(
        depth=6, channels=4, stages=2, patch=2, grid=2, normalisation=nn.BatchNorm2d, **more
    ),
}

every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())

PLAIN = partial(models.CNN, shortcut=None)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=8, *, seed=0, dtype=torch.float32):
    return torch.randn(n, 1, 12, 12, generator=generator(seed), dtype=dtype)


@every_model
def test_every_parameter_gets_a_gradient_and_nothing_is_nan(make):
    model = make(generator=generator())
    logits = model(pictures())
    assert logits.shape == (8, 10)
    assert torch.isfinite(logits).all()
    cross_entropy(logits, torch.arange(8)).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert torch.count_nonzero(parameter.grad), name


@every_model
@pytest.mark.usefixtures("global_randomness_untouched")
def test_the_generator_decides_the_model_and_the_global_one_is_left_alone(make):
    one, same, other = (make(generator=generator(seed)).eval() for seed in (1, 1, 2))
    x = pictures()
    assert_close(one(x), same(x), rtol=0, atol=0)
    assert not torch.equal(one(x), other(x))


@every_model
def test_saves_and_loads(make):
    one, other = make(generator=generator(1)), make(generator=generator(2))
    one(pictures())  # moves running statistics, where there are any
    other.load_state_dict(one.state_dict())
    assert_close(other.eval()(pictures()), one.eval()(pictures()), rtol=0, atol=0)


@every_model
def test_a_batch_is_a_loop(make):
    model = make(generator=generator()).double().eval()
    x = pictures(dtype=torch.float64)
    assert_close(model(x), torch.cat([model(one[None]) for one in x]))


@every_model
def test_eight_samples_overfit(make):
    model, x, y = make(generator=generator()), pictures(), torch.arange(8)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        optimiser.zero_grad()
        loss = cross_entropy(model(x), y)
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05


@every_model
def test_classes_and_channels_are_settings(make):
    assert make(classes=3)(pictures()).shape == (8, 3)


def test_softmax_regression_agrees_with_the_formula():
    model = models.SoftmaxRegression(features_in=144, generator=generator()).double()
    compare(model, lambda x, p: linear(x.reshape(len(x), -1), p["linear.weight"], p["linear.bias"]))


@pytest.mark.parametrize("widths", [(), (16,), (16, 12, 8)])
def test_mlp_agrees_with_the_formula(widths):
    def reference(x, p):
        x = x.reshape(len(x), -1)
        for layer in range(len(widths)):
            x = relu(linear(x, p[f"hidden.{2 * layer}.weight"], p[f"hidden.{2 * layer}.bias"]))
        return linear(x, p["head.weight"], p["head.bias"])

    compare(models.MLP(features_in=144, widths=widths, generator=generator()).double(), reference)


@pytest.mark.parametrize("shortcut", [False, True])
@pytest.mark.parametrize(("depth", "stages", "grid"), [(4, 1, 3), (8, 1, 2), (10, 2, 3), (8, 3, 1)])
def test_cnn_agrees_with_the_formula(depth, stages, grid, shortcut):
    patch, blocks = 2, (depth - 2) // (2 * stages)

    def reference(x, p):
        x = relu(conv2d(x, p["stem.0.weight"], p["stem.0.bias"], stride=patch))
        for block in range(stages * blocks):
            stride = 2 if block % blocks == 0 and block > 0 else 1
            at = f"blocks.{block}."
            y = conv2d(x, p[at + "residual.0.weight"], p[at + "residual.0.bias"], stride=stride, padding=1)
            y = conv2d(relu(y), p[at + "residual.2.weight"], p[at + "residual.2.bias"], padding=1)
            if shortcut:
                passed = x
                if stride == 2:
                    passed = conv2d(x, p[at + "shortcut.weight"], p[at + "shortcut.bias"], stride=2)
                y = y + passed
            x = relu(y)
        # Every grid here divides the map, so that adaptive pooling is plain average pooling.
        x = avg_pool2d(x, x.shape[-1] // grid)
        return linear(x.reshape(len(x), -1), p["head.weight"], p["head.bias"])

    make = models.CNN if shortcut else PLAIN
    settings = {"depth": depth, "stages": stages, "patch": patch, "grid": grid, "channels": 3}
    compare(make(**settings, generator=generator()).double(), reference)


def compare(model, reference):
    """Outputs, input gradients and parameter gradients against the reference, in double precision."""
    for number, parameter in enumerate(model.parameters()):  # biases begin at zero, which would hide their place
        parameter.data += 0.1 * torch.randn(parameter.shape, dtype=torch.float64, generator=generator(number))
    ours_x = pictures(dtype=torch.float64).requires_grad_()
    their_x = ours_x.detach().clone().requires_grad_()
    copies = {name: p.detach().clone().requires_grad_() for name, p in model.named_parameters()}
    ours, theirs = model(ours_x), reference(their_x, copies)
    assert_close(ours, theirs)
    upstream = torch.randn(ours.shape, dtype=torch.float64, generator=generator(9))
    ours.backward(upstream)
    theirs.backward(upstream)
    assert_close(ours_x.grad, their_x.grad)
    for name, parameter in model.named_parameters():
        assert_close(parameter.grad, copies[name].grad, msg=name)


@pytest.mark.parametrize("make", [PLAIN, models.CNN])
@pytest.mark.parametrize(("depth", "stages"), [(8, 1), (32, 1), (20, 3), (56, 3)])
def test_depth_counts_convolutions_and_the_linear_layer_as_he_et_al_do(make, depth, stages):
    model = make(depth=depth, stages=stages, channels=2)
    weighted = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    projections = [m for m in weighted if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1)]
    assert len(weighted) - len(projections) == depth


def test_plain_and_residual_begin_with_the_same_weights():
    plain, residual = (make(depth=8, generator=generator(1)) for make in (PLAIN, models.CNN))
    for (name, one), (same, other) in zip(plain.named_parameters(), residual.named_parameters(), strict=True):
        assert name == same
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("depth", "stages", "message"),
    [
        (
            9,
            1,
            "depth 9 does not divide into blocks of two convolutions over 1 stage(s); depth is 2 + 2 n, so try 8 / 10",
        ),
        (2, 1, "depth is 2 + 2 n, so try 4"),
        (30, 3, "depth is 2 + 6 n, so try 26 / 32"),
    ],
)
def test_a_depth_that_does_not_divide_is_refused_with_the_nearest_ones(depth, stages, message):
    with pytest.raises(BadSetting) as caught:
        models.CNN(shortcut=None, depth=depth, stages=stages)
    assert message in str(caught.value)
    assert "深度" in caught.value.message.zh
