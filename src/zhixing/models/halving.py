"""A convolutional network whose way of halving a map, and whose head, are bricks.

Source: Zhang 2019, arXiv:1904.11486, Section 3.2 (where the blur stands); Lin, Chen and Yan 2013, arXiv:1312.4400,
Section 3.2 (global average pooling). Departs from them: small. Parity: torch.nn.functional on the same weights.
Axes: b batch | c channels in | h w pixels | k classes
"""

from collections.abc import Callable

from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.nn import Subsample, convolution, glorot_uniform, linear


class HalvingCNN(nn.Module):
    """`stages` of a 3x3 convolution, ReLU and `halving`, then a linear layer.

    With `pooled` it sees the average of every channel over the whole map; without, every place of the map.
    """

    def __init__(
        self,
        *,
        size: int = 28,
        channels: int = 8,
        stages: int = 3,
        halving: Callable[[], nn.Module] = Subsample,
        pooled: bool = False,
        channels_in: int = 1,
        classes: int = 10,
        generator: Generator | None = None,
    ):
        super().__init__()
        self.stages = nn.Sequential()
        wide = channels_in
        for stage in range(stages):
            self.stages.extend([convolution(wide, channels * 2**stage, generator=generator), nn.ReLU(), halving()])
            wide, size = channels * 2**stage, (size + 1) // 2
        self.pooled = pooled
        self.head = linear(wide if pooled else wide * size * size, classes, init=glorot_uniform, generator=generator)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        features: Tensor = self.stages(x)
        logits: Tensor = self.head(features.mean(dim=(2, 3)) if self.pooled else features.flatten(1))
        return logits
