import math
import pickle
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.testing import assert_close

from zhixing import evaluate, models
from zhixing.core import Series, Text, spec
from zhixing.evaluate.measure import Measure, measure

MEASURES = [evaluate.test_error, evaluate.train_error, evaluate.test_loss, evaluate.gradient_norm_by_layer]
every_measure = pytest.mark.parametrize("one", MEASURES, ids=lambda one: one.name)

PLAIN = partial(models.CNN, shortcut=None)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


class Says(nn.Module):
    """Answers with its input: the examples are the logits."""

    def forward(self, x):
        return x


@every_measure
def test_a_measure_can_be_a_setting_and_travels_by_name(one):
    setting = spec(measure_all, measures=(one,))
    assert f"{one.__module__}.{one.name}" in repr(setting)
    assert pickle.loads(pickle.dumps(one)) is one  # noqa: S301 - our own bytes
    assert pickle.loads(pickle.dumps(setting)) == setting  # noqa: S301
    assert setting.build() == [one.name]


def measure_all(measures):
    return [one.name for one in measures]


@every_measure
def test_a_measure_says_what_its_numbers_are_in_both_languages(one):
    assert isinstance(one, Measure)
    for text in (one.label, one.unit, one.difference_unit, *([one.axis] if one.axis else [])):
        assert text.en
        assert text.zh
    assert one.low < one.high
    assert one.better in ("lower", "higher", None)
    assert one.__doc__


def test_the_decorator_keeps_what_it_is_given():
    @measure(label=Text("score", "得分"), unit=Text("points", "分"), better="higher", low=0.0, part="train")
    def score(model, inputs, targets):
        """Doc."""
        return 3.0

    assert (score.name, score.better, score.low, score.high, score.part) == ("score", "higher", 0.0, math.inf, "train")
    assert score.difference_unit == score.unit
    assert score.__doc__ == "Doc."
    assert score(None, None, None) == 3.0
    assert evaluate.test_error.difference_unit == Text("percentage points", "个百分点")


def test_describing_measures_needs_no_torch():
    code = "import sys; import zhixing.evaluate.measure; from zhixing import evaluate; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("n", [1, 7, 250, 603])
def test_error_and_loss_agree_with_numpy(n):
    logits = 3 * torch.randn(n, 5, generator=generator())
    targets = torch.randint(5, (n,), generator=generator(1))
    exact = logits.double().numpy()
    log_sum = np.log(np.exp(exact).sum(axis=1))
    loss = (log_sum - exact[np.arange(n), targets.numpy()]).mean()
    error = 100 * np.mean([row.argmax() != target for row, target in zip(exact, targets.numpy(), strict=True)])
    assert evaluate.test_error(Says(), logits, targets) == pytest.approx(error, rel=1e-12)
    assert evaluate.train_error(Says(), logits, targets) == pytest.approx(error, rel=1e-12)
    assert evaluate.test_loss(Says(), logits, targets) == pytest.approx(loss, rel=1e-12)


def test_the_loss_of_many_equal_examples_is_exact():
    """A float32 running sum over this many would be off in the fourth digit."""
    logits = torch.tensor([[0.1, 0.0]]).repeat(500_000, 1)
    expected = math.log1p(math.exp(-float(logits[0, 0])))
    targets = torch.zeros(500_000, dtype=torch.int64)
    assert evaluate.test_loss(Says(), logits, targets) == pytest.approx(expected, rel=1e-12)


def test_a_diverged_model_is_measured_honestly():
    logits, targets = torch.full((50, 10), math.nan), torch.arange(10).repeat(5)
    assert evaluate.test_error(Says(), logits, targets) == 90.0
    assert evaluate.test_loss(Says(), logits, targets) == math.inf


def test_measuring_leaves_the_model_as_it_was():
    model = models.CNN(depth=4, channels=4, normalisation=nn.BatchNorm2d, generator=generator())
    inputs, targets = torch.randn(32, 1, 28, 28, generator=generator()), torch.arange(32) % 10
    for training in (True, False):
        model.train(training)
        before = {name: value.clone() for name, value in model.state_dict().items()}
        for one in MEASURES:
            one(model, inputs, targets)
        assert all(module.training is training for module in model.modules())
        assert all(parameter.grad is None for parameter in model.parameters())
        for name, value in model.state_dict().items():
            assert_close(value, before[name], rtol=0, atol=0)


def test_the_error_is_taken_in_evaluation_mode():
    class OnlyThen(nn.Module):
        def forward(self, x):
            return -x if self.training else x

    logits = torch.eye(4)
    assert evaluate.test_error(OnlyThen(), logits, torch.arange(4)) == 0.0


@pytest.mark.parametrize("normalisation", [None, nn.BatchNorm2d])
def test_gradient_norms_agree_with_backward(normalisation):
    model = models.CNN(depth=6, channels=4, normalisation=normalisation, generator=generator())
    inputs, targets = torch.randn(300, 1, 28, 28, generator=generator()), torch.arange(300) % 10
    found = evaluate.gradient_norm_by_layer(model, inputs, targets)
    cross_entropy(model(inputs[:256]), targets[:256]).backward()
    layers = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert isinstance(found, Series)
    assert found.axis == "layer"
    assert found.at == tuple(range(1, 7))
    expected = [math.sqrt((layer.weight.grad.double() ** 2).sum()) for layer in layers]
    assert found.values == pytest.approx(expected, rel=1e-4)


def test_without_shortcuts_depth_takes_the_gradient_away():
    """The mechanism that the study of depth shows: the same layers, with and without a way around them."""
    inputs, targets = torch.randn(256, 1, 28, 28, generator=generator()), torch.arange(256) % 10
    norms = {
        (make, depth): np.median(
            evaluate.gradient_norm_by_layer(make(depth=depth, generator=generator()), inputs, targets).values
        )
        for make in (PLAIN, models.CNN)
        for depth in (8, 32)
    }
    assert norms[PLAIN, 32] < norms[PLAIN, 8] / 3
    assert norms[models.CNN, 32] > norms[models.CNN, 8]
