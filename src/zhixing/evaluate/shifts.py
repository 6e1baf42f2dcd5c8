"""What a network makes of pictures that are moved. Each measure takes (model, inputs (n, c, h, w), targets (n,)).

Sources: Zhang 2019, arXiv:1904.11486, Section 4.1 (consistency); Azulay and Weiss 2019, arXiv:1805.12177, Section 2
(answers against shift). Departs from them: every fourth picture goes the same way, up, down, left or right, by 0 to
`FARTHEST` pixels. What leaves on one side comes back on the other, so pictures should have a frame of background.
"""

from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from zhixing.core import Series, Text
from zhixing.evaluate.classification import logits
from zhixing.evaluate.measure import PER_CENT, POINTS, measure

FARTHEST = 8
SHIFT = Text("shift in pixels", "平移的像素数")
WAYS = ((-1, 0), (1, 0), (0, -1), (0, 1))


@measure(
    label=Text("accuracy by shift", "各平移量下的准确率"), unit=PER_CENT, difference_unit=POINTS, better="higher",
    low=0.0, high=100.0, axis=SHIFT,
)  # fmt: skip
def accuracy_by_shift(model: nn.Module, inputs: Float[Tensor, "n c h w"], targets: Int[Tensor, " n"]) -> Series:
    """Pictures classified rightly at each shift, in per cent."""
    return _series(_accuracies(model, inputs, targets))


@measure(
    label=Text("most accuracy lost by a shift", "平移造成的最大准确率损失"), unit=POINTS, better="lower", low=-100.0,
    high=100.0,
)  # fmt: skip
def accuracy_lost(model: nn.Module, inputs: Float[Tensor, "n c h w"], targets: Int[Tensor, " n"]) -> float:
    """The accuracy in the middle minus the least at any shift, in percentage points."""
    right = _accuracies(model, inputs, targets)
    return right[0] - min(right[1:])


@measure(
    label=Text("answers changed by one pixel", "移动一个像素后改变的回答"), unit=PER_CENT, difference_unit=POINTS,
    better="lower", low=0.0, high=100.0,
)  # fmt: skip
def answers_changed(model: nn.Module, inputs: Float[Tensor, "n c h w"], targets: Int[Tensor, " n"]) -> float:
    """One minus Zhang's consistency: answers that the next pixel of the way changes, right or wrong, in per cent."""
    changed = [(one != other).float().mean() for one, other in pairwise(_answers(model, inputs))]
    return 100.0 * torch.stack(changed).mean().item()


@measure(
    label=Text("change of the features by shift", "各平移量下特征的改变"), unit=PER_CENT, low=0.0, axis=SHIFT
)  # fmt: skip
def feature_change_by_shift(model: nn.Module, inputs: Float[Tensor, "n c h w"], targets: Int[Tensor, " n"]) -> Series:
    """How far the numbers that enter the last linear layer move, in per cent of their length in the middle."""
    last = [module for module in model.modules() if isinstance(module, nn.Linear)][-1]
    entering: list[Tensor] = []
    hook = last.register_forward_pre_hook(lambda _, given: entering.append(given[0]))
    try:
        answered = _answers(model, inputs)
    finally:
        hook.remove()
    by_shift = torch.cat(entering).reshape(len(answered), len(inputs), -1)
    change = (by_shift - by_shift[0]).norm(dim=2) / by_shift[0].norm(dim=1)
    return _series((100.0 * change.mean(dim=1)).tolist())


def _accuracies(model: nn.Module, inputs: Tensor, targets: Tensor) -> list[float]:
    return [100.0 * (answers == targets).double().mean().item() for answers in _answers(model, inputs)]


def _answers(model: nn.Module, inputs: Tensor) -> list[Tensor]:
    """The most probable class of every picture, shift by shift."""
    return [logits(model, _moved(inputs, by)).argmax(dim=1) for by in range(FARTHEST + 1)]


def _moved(inputs: Tensor, by: int) -> Tensor:
    moved = torch.empty_like(inputs)
    for way, (down, right) in enumerate(WAYS):
        moved[way::4] = inputs[way::4].roll((by * down, by * right), dims=(2, 3))
    return moved


def _series(values: list[float]) -> Series:
    return Series("shift", tuple(float(by) for by in range(len(values))), tuple(values))
