"""What a run may spend: augmentation, dropout, early stopping, steps to a target, the noise scale, bias and variance."""

import math
from itertools import chain, repeat

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from torch import nn
from torch.nn.functional import cross_entropy
from torch.testing import assert_close

from zhixing import data, evaluate, models, train
from zhixing import nn as bricks
from zhixing.core import BadSetting, Seeds, Series, spec
from zhixing.studies import batch_size, bias_variance, optimisers


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# Augmentation -------------------------------------------------------------------------------------------------


def test_a_shifted_picture_is_the_picture_moved():
    pictures = torch.randn(200, 2, 5, 6, generator=generator())
    moved = train.shifted(pictures, generator(1), pixels=1)
    edge = pictures.min()
    wide = torch.full((200, 2, 7, 8), edge)
    wide[:, :, 1:6, 1:7] = pictures
    ways = {(down, right) for down in range(3) for right in range(3)}
    seen = set()
    for whole, one in zip(wide, moved, strict=True):
        fits = [way for way in ways if torch.equal(whole[:, way[0] : way[0] + 5, way[1] : way[1] + 6], one)]
        assert len(fits) == 1
        seen.add(fits[0])
    assert seen == ways, "every way occurs"


def test_a_shift_by_nothing_changes_nothing():
    pictures = torch.randn(3, 1, 4, 4, generator=generator())
    assert_close(train.shifted(pictures, generator(1), pixels=0), pictures, rtol=0, atol=0)


def test_the_generator_decides_the_shift():
    pictures = torch.randn(50, 1, 8, 8, generator=generator())
    one, same, other = (train.shifted(pictures, generator(seed), pixels=2) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


# Dropout ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("global_randomness_untouched")
def test_dropout_keeps_the_mean_and_drops_its_share():
    dropout = bricks.Dropout(0.3, generator=generator())
    x = torch.randn(400, 500, generator=generator(1)).abs() + 0.1
    y = dropout(x)
    dropped = (y == 0).double().mean().item()
    assert dropped == pytest.approx(0.3, abs=5 * math.sqrt(0.21 / x.numel()))
    assert_close(y[y != 0], x[y != 0] / 0.7)
    assert y.mean().item() == pytest.approx(x.mean().item(), rel=0.01)


def test_dropout_passes_the_gradient_where_it_passes_the_signal():
    x = torch.ones(1000, requires_grad=True)
    y = bricks.Dropout(0.5, generator=generator())(x)
    y.sum().backward()
    assert_close(x.grad, y.detach())


def test_dropout_is_the_identity_in_use():
    x = torch.randn(20, generator=generator())
    assert torch.equal(bricks.Dropout(0.5, generator=generator()).eval()(x), x)


def test_dropout_goes_on_with_the_same_masks_after_it_was_saved():
    dropout, x = bricks.Dropout(0.5, generator=generator()), torch.ones(64)
    dropout(x)
    saved = {name: value.clone() for name, value in dropout.state_dict().items()}
    following = [dropout(x) for _ in range(3)]
    restored = bricks.Dropout(0.5, generator=generator(9))
    restored.load_state_dict(saved)
    for one in following:
        assert torch.equal(restored(x), one)


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_that_drops_everything_is_refused(share):
    with pytest.raises(BadSetting, match=f"a dropout of {share}: the share .* at least 0 and below 1"):
        bricks.Dropout(share)


def test_dropout_leaves_the_first_weights_alone():
    plain, dropped = (models.MLP(widths=(8, 8), dropout=share, generator=generator()) for share in (0.0, 0.5))
    for one, other in zip(plain.parameters(), dropped.parameters(), strict=True):
        assert torch.equal(one, other)


# The common trial with all of them ----------------------------------------------------------------------------


def settings(**more):
    return {
        "data": spec(data.digits28, train=400, validation=50, test=50),
        "model": spec(models.MLP, widths=(16,), dropout=0.5),
        "recipe": spec(train.Recipe, optimiser=spec(train.sgd, lr=0.05, momentum=0.9), steps=8, batch=16),
        "measures": (evaluate.generalisation_gap, evaluate.test_error, evaluate.train_error),
        "mechanism": (evaluate.test_loss_by_step,),
        "examples": 100,
        "augment": spec(train.shifted, pixels=2),
        "early_stopping": 0.2,
        **more,
    }


@pytest.mark.usefixtures("global_randomness_untouched")
def test_a_trial_with_everything_goes_on_bit_for_bit(memory_watch, stopped):
    whole = memory_watch()
    expected = train.supervised(Seeds(3), whole, **settings())
    for stop_at in (1, 4, 8):
        first = memory_watch(stop_at=stop_at)
        with pytest.raises(stopped):
            train.supervised(Seeds(3), first, **settings())
        second = memory_watch(resume_from=first.state)
        assert train.supervised(Seeds(3), second, **settings()) == expected
        assert first.rows + second.rows == whole.rows
        for name, tensor in whole.tensors.items():
            assert torch.equal(tensor, second.tensors[name]), (stop_at, name)


@pytest.mark.parametrize("stream", ["examples", "held back"])
def test_each_numpy_stream_decides(stream, memory_watch):
    class Swapped(Seeds):
        def numpy(self, name):
            return super().numpy("another" if name == stream else name)

    straight, swapped = memory_watch(), memory_watch()
    train.supervised(Seeds(1), straight, **settings())
    train.supervised(Swapped(1), swapped, **settings())
    assert straight.rows != swapped.rows


def test_the_augmentation_has_a_stream_of_its_own(memory_watch):
    class Swapped(Seeds):
        def torch(self, name, device="cpu"):
            return super().torch("another" if name == "augmentation" else name, device)

    straight, swapped, plain = memory_watch(), memory_watch(), memory_watch()
    train.supervised(Seeds(1), straight, **settings())
    train.supervised(Swapped(1), swapped, **settings())
    train.supervised(Seeds(1), plain, **settings(augment=None))
    assert straight.rows != swapped.rows != plain.rows != straight.rows


def test_the_gap_is_the_difference_and_the_course_a_series(memory_watch):
    found = train.supervised(Seeds(0), memory_watch(), **settings())
    assert found["generalisation_gap"] == pytest.approx(found["test_error"] - found["train_error"])
    course = found["test_loss_by_step"]
    assert (course.axis, course.at) == ("step", tuple(range(1, 9)))
    assert all(math.isfinite(loss) for loss in course.values)


def test_early_stopping_never_looks_at_the_judged_part(memory_watch):
    chosen = settings(held_out="validation", recipe=settings()["recipe"].with_settings(steps=60))
    kept, spoilt = memory_watch(), memory_watch()
    train.supervised(Seeds(0), kept, **chosen)
    train.supervised(Seeds(0), spoilt, **{**chosen, "data": spec(digits_with_spoilt_judges)})
    for name, tensor in kept.tensors.items():
        assert torch.equal(tensor, spoilt.tensors[name]), name


def digits_with_spoilt_judges():
    digits = data.digits28(train=400, validation=50, test=50)
    spoilt = [data.Part(part.inputs[::-1].copy(), part.targets) for part in (digits.validation, digits.test)]
    return data.Dataset(digits.train, *spoilt, digits.classes)


def test_early_stopping_takes_the_best_weights_that_it_saw():
    model = nn.Linear(1, 2, bias=False)
    inputs, targets = torch.tensor([[1.0]]), torch.tensor([0])
    stopping = train.EarlyStopping(model, inputs, targets)
    for weight in (0.0, 2.0, 1.0, -1.0):
        with torch.no_grad():
            model.weight.copy_(torch.tensor([[weight], [0.0]]))
        stopping.look()
    stopping.restore()
    assert model.weight[0].item() == 2.0
    assert stopping.loss == pytest.approx(math.log(1 + math.exp(-2)))


# Steps to a target --------------------------------------------------------------------------------------------


def test_the_crossing_lies_on_the_straight_line_of_logarithms():
    looks = [(0, 8.0), (10, 2.0), (20, 0.5)]
    assert train.steps_to(4.0, iter(looks)) == pytest.approx(5)
    assert train.steps_to(1.0, iter(looks)) == pytest.approx(15)
    assert train.steps_to(2.0, iter(looks)) == pytest.approx(10)
    assert train.steps_to(9.0, iter(looks)) == 0


@pytest.mark.parametrize("looks", [[(0, 2.0), (5, 1.0)], [(0, 2.0), (5, math.nan), (6, 0.1)]])
def test_a_target_never_reached_takes_for_ever(looks):
    assert train.steps_to(0.5, iter(looks)) == math.inf


@pytest.mark.parametrize("start", [1 / 64, 1 / 4, 4.0])
def test_the_best_rate_is_found_from_either_side(start):
    def steps(rate, limit):
        found = 10 + 5 * abs(math.log2(rate * 4))
        return found if found <= limit else math.inf

    assert train.best_rate(steps, start) == (0.25, 10)


def test_a_rate_may_take_no_more_steps_than_the_best_so_far():
    limits = []

    def steps(rate, limit):
        limits.append(limit)
        return {1.0: 50.0, 2.0: 30.0, 4.0: 40.0}.get(rate, 60.0)

    assert train.best_rate(steps, 1.0) == (2.0, 30.0)
    assert limits == [math.inf, 50.0, 30.0, 30.0]


def started(lr=0.1, steps=30):
    part = data.digits28(train=600, test=100).train
    examples = torch.tensor(part.inputs), torch.tensor(part.targets)
    recipe = spec(train.Recipe, optimiser=spec(train.sgd, lr=lr), steps=steps, batch=32)
    return train.Run(Seeds(0), examples, model=spec(models.MLP, widths=(16,)), recipe=recipe)


def test_a_run_looks_at_the_loss_of_its_first_examples_more_and_more_rarely():
    run = started(steps=200)
    looks = list(run.looks())
    steps = np.array([step for step, _ in looks])
    assert (steps[0], steps[1]) == (0, 1)
    assert (np.diff(steps[steps > 60]) >= 3).all()
    assert len(list(started(steps=200).looks(limit=7))) == 8
    with torch.no_grad():
        inputs, targets = run.examples
        assert run.loss() == pytest.approx(cross_entropy(run.network(inputs[:500]), targets[:500]).item())


def test_a_run_against_itself_costs_one_step():
    assert 0.5 < train.relative_cost(started(), than=started()) < 2


# The noise scale ----------------------------------------------------------------------------------------------


def test_the_noise_scale_is_that_of_gradients_taken_one_by_one():
    model = models.MLP(features_in=5, widths=(4,), classes=3, generator=generator()).double()
    inputs = torch.randn(90, 5, generator=generator(1), dtype=torch.float64)
    targets = torch.randint(3, (90,), generator=generator(2))
    gradients = []
    for example, target in zip(inputs, targets, strict=True):
        loss = cross_entropy(model(example[None]), target[None])
        gradients.append(torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(model.parameters()))]))
    each = torch.stack(gradients)
    expected = each.var(dim=0, correction=0).sum() / each.mean(dim=0).square().sum()
    assert evaluate.simple_noise_scale(model, inputs, targets) == pytest.approx(expected.item(), rel=1e-9)


def test_equal_examples_make_no_noise():
    model = models.MLP(features_in=3, widths=(4,), classes=2, generator=generator()).double()
    inputs, targets = torch.ones(10, 3, dtype=torch.float64), torch.zeros(10, dtype=torch.int64)
    assert evaluate.simple_noise_scale(model, inputs, targets) == pytest.approx(0, abs=1e-9)


def test_the_critical_batch_is_that_of_the_curve():
    found = [[batch, 0.1, 30 * (1 + 70 / batch)] for batch in (8, 16, 64, 256)]
    assert batch_size.critical_batch(found) == pytest.approx(70)
    assert batch_size.factor_between(found, [100.0, 180.0]) == pytest.approx(2)
    assert batch_size.factor_between(found, [35.0]) == pytest.approx(2)
    assert batch_size.saving(found) == pytest.approx((1 + 70 / 8) / (1 + 70 / 256))
    assert batch_size.last_saving(found) == pytest.approx((1 + 70 / 16) / (1 + 70 / 256))


def test_a_sweep_goes_on_where_it_was_stopped(memory_watch, stopped):
    chosen = {
        "data": spec(data.digits28, train=600, test=100), "model": spec(models.MLP, widths=(8,)), "target": 1.8,
        "batches": (8, 16, 32), "limit": 60, "own_rate": True,
    }  # fmt: skip
    expected = batch_size.sweep(Seeds(0), memory_watch(), **chosen)
    first = memory_watch(stop_at=1)
    with pytest.raises(stopped):
        batch_size.sweep(Seeds(0), first, **chosen)
    assert batch_size.sweep(Seeds(0), memory_watch(resume_from=first.state), **chosen) == expected


# Random features, bias and variance ---------------------------------------------------------------------------


@pytest.mark.parametrize("width", [5, 20, 60])
def test_least_squares_without_a_penalty_is_lapacks(width):
    draw = np.random.default_rng(0)
    features, targets = draw.standard_normal((20, width)), draw.standard_normal((20, 3))
    expected = np.linalg.lstsq(features, targets, rcond=None)[0]
    np.testing.assert_allclose(models.least_squares(features, targets), expected, atol=1e-9)


@pytest.mark.parametrize("width", [5, 60])
def test_least_squares_with_a_penalty_is_scikit_learns(width):
    draw = np.random.default_rng(0)
    features, targets = draw.standard_normal((20, width)), draw.standard_normal((20, 3))
    expected = Ridge(alpha=2.5, fit_intercept=False, solver="svd").fit(features, targets).coef_.T
    np.testing.assert_allclose(models.least_squares(features, targets, penalty=2.5), expected, atol=1e-9)


def test_of_many_fits_the_smallest_is_taken():
    features = np.array([[1.0, 1.0, 0.0]])
    np.testing.assert_allclose(models.least_squares(features, np.array([[2.0]])), [[1.0], [1.0], [0.0]], atol=1e-12)


def test_features_are_never_negative_and_keep_their_directions_as_they_grow():
    few, many = (models.random_directions(30, width, np.random.default_rng(0)) for width in (4, 9))
    np.testing.assert_array_equal(many[:, :4], few)
    wide = models.random_directions(30, 4000, np.random.default_rng(1))
    assert wide.var() == pytest.approx(1 / 30, rel=0.02)
    features = models.random_features(np.random.default_rng(2).standard_normal((7, 30)), wide)
    assert features.min() == 0 < features.max()


def test_bias_and_variance_add_up_to_the_error_and_are_right_on_average():
    draw = np.random.default_rng(0)
    targets = np.eye(3)[draw.integers(3, size=400)]
    outputs = targets + 0.5 + 0.2 * draw.standard_normal((3, 400, 3))  # off by 0.5, spread 0.2, in three places
    parts = evaluate.bias_and_variance(outputs, targets)
    assert parts.bias + parts.variance == pytest.approx(np.mean(((outputs - targets) ** 2).sum(axis=2)))
    assert parts.bias == pytest.approx(3 * 0.5**2, rel=0.04)
    assert parts.variance == pytest.approx(3 * 0.2**2, rel=0.06)


def test_without_bias_none_is_found_though_samples_are_few():
    draw = np.random.default_rng(1)
    found = [evaluate.bias_and_variance(draw.standard_normal((2, 50, 4)), np.zeros((50, 4))).bias for _ in range(300)]
    assert np.mean(found) == pytest.approx(0, abs=4 * np.std(found) / math.sqrt(300))


def test_the_peak_is_where_the_error_turns_up_most():
    widths, errors = (10, 20, 40, 80, 160), (70.0, 50.0, 55.0, 90.0, 30.0)
    assert bias_variance.turn_up(widths, errors) == 40
    assert bias_variance.peak_width(widths, errors) == 80
    assert bias_variance.second_descent(widths, errors) == 20
    assert bias_variance.turn_up(widths, sorted(errors, reverse=True)) == 0


def test_the_variance_peaks_where_features_and_examples_are_equal(memory_watch):
    chosen = {"data": spec(data.digits28), "examples": 40, "wrong": 0.2, "samples": 3}
    found = bias_variance.widening(Seeds(0), memory_watch(), penalty=0.0, **chosen)
    variance = found["variance_by_width"]
    assert 40 not in variance.at
    assert variance.at[int(np.argmax(variance.values))] in (36, 44)
    assert found["peak_width"] == 40
    assert found["training_error_by_width"].values[-1] == 0
    flat = bias_variance.widening(Seeds(0), memory_watch(), penalty=100.0, **chosen)
    assert max(flat["variance_by_width"].values) < max(variance.values) / 5


# The rule of the optimisers -----------------------------------------------------------------------------------


class Found:
    """A table of one measure."""

    def __init__(self, **of_arm):
        self.of_arm = of_arm

    def values(self, arm, measure):
        assert measure == "cost_to_target"
        return np.array(self.of_arm[arm])

    def label(self, arm):
        return optimisers.Text(arm, arm)


def test_savings_are_ratios_seed_by_seed():
    rule = optimisers.Saves("new", than="old", on=optimisers.cost_to_target, times=2.0)
    (claim,) = rule.claims(Found(old=[10.0, 9.0, 8.0, math.nan], new=[5.0, 9.0, math.inf, 4.0]))
    assert claim.values[:3] == (2.0, 1.0, 0.0)
    assert math.isnan(claim.values[3])
    assert claim.region == (2.0, math.inf)
    assert claim.text.en == "old takes at least 2 times the computing time to the target of new"


def test_a_race_ends_at_the_target(memory_watch):
    plain = spec(train.Recipe, optimiser=spec(train.sgd, lr=0.1), steps=100, batch=32)
    chosen = {"data": spec(data.digits28, train=600, test=100), "model": spec(models.MLP, widths=(16,)), "plain": plain}
    found = optimisers.race(Seeds(0), memory_watch(), recipe=plain, target=1.0, **chosen)
    course = found["loss_by_step"]
    assert isinstance(course, Series)
    assert course.values[-1] <= 1.0 < min(course.values[:-1])
    assert course.at[-2] < found["steps_to_target"] <= course.at[-1]
    assert found["cost_to_target"] == pytest.approx(found["steps_to_target"] * found["step_cost"])
    never = optimisers.race(Seeds(0), memory_watch(), recipe=plain.with_settings(steps=2), target=1e-9, **chosen)
    assert never["steps_to_target"] == never["cost_to_target"] == math.inf


def test_batches_that_are_augmented_keep_their_targets():
    inputs, targets = torch.arange(6.0).view(6, 1, 1, 1), torch.arange(6)
    batches = train.Batches(inputs, targets, size=2, generator=generator())
    augmented = train.Augmented(batches, spec(doubled), generator=generator())
    for changed, kept in chain.from_iterable(zip(*next(augmented), strict=True) for _ in repeat(None, 3)):
        assert changed.item() == 2 * kept.item()


def doubled(inputs, generator):
    return 2 * inputs
