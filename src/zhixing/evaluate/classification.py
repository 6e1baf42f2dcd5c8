"""How well a classifier does. Each measure takes (model, inputs (n, ...), targets (n,) of integers).

The model is evaluated in batches, in evaluation mode and without gradients, and left in the mode it was in.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zhixing.core import Text
from zhixing.evaluate.measure import measure

BATCH = 250
"""Examples at a time: bounds the memory, and keeps small networks in the processor's cache."""

PER_CENT = Text("%", "%")
POINTS = Text("percentage points", "个百分点")


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
    loss = cross_entropy(_logits(model, inputs).double(), targets).item()
    return math.inf if math.isnan(loss) else loss


def _error(model: nn.Module, inputs: Tensor, targets: Tensor) -> float:
    """Outputs that are not numbers answer the first class, as argmax has it: chance, where classes are balanced."""
    wrong = (_logits(model, inputs).argmax(dim=1) != targets).sum().item()
    return 100.0 * wrong / len(targets)


@torch.no_grad()
def _logits(model: nn.Module, inputs: Float[Tensor, "n ..."]) -> Float[Tensor, "n k"]:
    was_training = model.training
    model.eval()
    try:
        return torch.cat([model(some) for some in torch.split(inputs, BATCH)])
    finally:
        model.train(was_training)
