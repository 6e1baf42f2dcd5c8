"""What the pixels next to each other have in common: what a small window lives on.

Measures of pictures (n, c, h, w); they are given the model, as every measure of a supervised trial, and leave it alone.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from zhixing.core import Series, Text
from zhixing.evaluate.measure import measure

APART = 12
"""The largest distance looked at, in pixels."""


@measure(
    label=Text("what pixels share, by distance", "像素的相关性与距离"), unit=Text("correlation", "相关系数"), low=0.0,
    high=1.0, axis=Text("distance along a row, in pixels", "同一行内的距离（像素）"),
)  # fmt: skip
def correlation_by_distance(model: nn.Module, inputs: Float[Tensor, "n c h w"], targets: Int[Tensor, " n"]) -> Series:
    """Size of the correlation over pictures of two pixels of one row so far apart, sign aside; the mean over pairs.

    Pixels that are the same in all pictures are left out.
    """
    rows = inputs.double()
    standard = (rows - rows.mean(dim=0)) / rows.std(dim=0, correction=0)
    means = []
    for apart in range(1, APART + 1):
        correlation = (standard[..., :-apart] * standard[..., apart:]).mean(dim=0)
        means.append(correlation[torch.isfinite(correlation)].abs().mean().item())
    return Series("distance", tuple(map(float, range(1, APART + 1))), tuple(means))


@measure(label=Text("numbers to learn", "要学的数"), unit=Text("weights", "个权重"), low=0.0)
def weights(model: nn.Module, inputs: Tensor, targets: Tensor) -> float:
    """How many numbers training may change; shared ones count once."""
    return float(sum(p.numel() for p in model.parameters() if p.requires_grad))
