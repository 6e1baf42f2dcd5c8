"""How well a classifier does. Each measure takes (model, inputs (n, ...), targets (n,) of integers).

The model is evaluated in batches, in evaluation mode and without gradients, and left in the mode it was in.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zhixing.core import Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure

BATCH = 250
"""Examples at a time: bounds the memory, and keeps small networks in the processor's cache."""


@measure(
    label=Text("test error", "测试错误率"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0, high=100.0
)
def test_error(model: nn.Module, inputs: Float[Tensor, "n ..."], targets: Int[Tensor, " n"]) -> float:
    """Examples classified wrongly, in per cent; see `_error` for outputs that are not numbers."""
    return _error(model, inputs, targets)


@measure(
    label=Text("training error", "训练错误率"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0,
    high=100.0, part="train",
)  # fmt: skip
def train_error(model: nn.Module, inputs: Float[Tensor, "n ..."], targets: Int[Tensor, " n"]) -> float:
    """Training examples classified wrongly, in per cent: beside test error, tells failing to fit from overfitting."""
    return _error(model, inputs, targets)


@measure(label=Text("test loss", "测试损失"), unit=Text("nats", "奈特"), better="lower", low=0.0)
def test_loss(model: nn.Module, inputs: Float[Tensor, "n ..."], targets: Int[Tensor, " n"]) -> float:
    """Mean cross entropy in nats, summed in double precision; infinite when any output is not a number."""
    return _loss(model, inputs, targets)


@measure(
    label=Text("test loss on the way", "训练途中的测试损失"), unit=Text("nats", "奈特"), low=0.0,
    axis=Text("step", "步数"), log=True, when="on the way",
)  # fmt: skip
def test_loss_by_step(model: nn.Module, inputs: Float[Tensor, "n ..."], targets: Int[Tensor, " n"]) -> float:
    """The test loss, looked at now and then; nothing is chosen by it."""
    return _loss(model, inputs, targets)


@measure(
    label=Text("gap between test and training error", "测试与训练错误率之差"), unit=POINTS, better="lower", low=-100.0,
    high=100.0, part="both",
)  # fmt: skip
def generalisation_gap(
    model: nn.Module,
    inputs: Float[Tensor, "n ..."],
    targets: Int[Tensor, " n"],
    held_out_inputs: Float[Tensor, "m ..."],
    held_out_targets: Int[Tensor, " m"],
) -> float:
    """Test error minus training error, in percentage points."""
    return _error(model, held_out_inputs, held_out_targets) - _error(model, inputs, targets)


def _loss(model: nn.Module, inputs: Tensor, targets: Tensor) -> float:
    loss = cross_entropy(logits(model, inputs).double(), targets).item()
    return math.inf if math.isnan(loss) else loss


def _error(model: nn.Module, inputs: Tensor, targets: Tensor) -> float:
    """Outputs that are not numbers answer the first class, as argmax has it: chance, where classes are balanced."""
    wrong = (logits(model, inputs).argmax(dim=1) != targets).sum().item()
    return 100.0 * wrong / len(targets)


@torch.no_grad()
def logits(model: nn.Module, inputs: Float[Tensor, "n ..."]) -> Float[Tensor, "n k"]:
    """The model's outputs for all inputs."""
    was_training = model.training
    model.eval()
    try:
        return torch.cat([model(some) for some in torch.split(inputs, BATCH)])
    finally:
        model.train(was_training)
