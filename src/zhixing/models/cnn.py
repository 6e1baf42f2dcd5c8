"""Convolutional networks by depth, plain and residual, from one description.

Source: He et al. 2015, arXiv:1512.03385, Section 4.2 (the CIFAR-10 networks) and Fig. 2.
Departs from it: the stem is one convolution over patches that do not overlap; `stages` is free; normalisation may be
left out; the last map is pooled to a grid, and `grid=1` is the paper's global average; shortcuts are option B.
Parity: the same network written with torch.nn.functional on the same weights.
Axes: b batch | c channels in | h w pixels | k classes

Depth counts as in the paper: the stem, every 3x3 convolution and the final linear layer; projections do not count.
"""

from collections.abc import Callable

from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from zhixing.core import BadSetting, Text
from zhixing.nn import ResidualBlock, convolution, glorot_uniform, linear, projection_shortcut


class CNN(nn.Module):
    """Stem, blocks of two convolutions, linear layer; each stage after the first halves the map, doubles the channels.

    Raises BadSetting for a depth that is not 2 more than a multiple of 2 * stages.
    """

    def __init__(
        self,
        *,
        depth: int,
        shortcut: Callable[..., nn.Module] | None = projection_shortcut,
        channels: int = 8,
        stages: int = 1,
        patch: int = 4,
        grid: int = 7,
        channels_in: int = 1,
        classes: int = 10,
        normalisation: Callable[[int], nn.Module] | None = None,
        generator: Generator | None = None,
    ):
        super().__init__()
        blocks_per_stage, left_over = divmod(depth - 2, 2 * stages)
        if left_over or blocks_per_stage < 1:
            _refuse(depth, stages)
        stem = convolution(
            channels_in,
            channels,
            kernel=patch,
            stride=patch,
            padding=0,
            bias=normalisation is None,
            generator=generator,
        )
        self.stem = nn.Sequential(stem, *([] if normalisation is None else [normalisation(channels)]), nn.ReLU())
        self.blocks = nn.Sequential()
        wide = channels
        for stage in range(stages):
            for block in range(blocks_per_stage):
                shrinks = stage > 0 and block == 0
                self.blocks.append(
                    ResidualBlock(
                        wide,
                        wide * 2 if shrinks else wide,
                        stride=2 if shrinks else 1,
                        shortcut=shortcut,
                        normalisation=normalisation,
                        generator=generator,
                    )
                )
                wide = wide * 2 if shrinks else wide
        self.grid = grid
        self.head = linear(wide * grid * grid, classes, init=glorot_uniform, generator=generator)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        features: Tensor = self.blocks(self.stem(x))
        if features.shape[2:] != (self.grid, self.grid):
            features = adaptive_avg_pool2d(features, self.grid)
        logits: Tensor = self.head(features.flatten(1))
        return logits


def _refuse(depth: int, stages: int) -> None:
    below = max(1, (depth - 2) // (2 * stages)) * 2 * stages + 2
    near = f"{below}" if depth < below else f"{below} / {below + 2 * stages}"
    raise BadSetting(
        Text(
            en=f"depth {depth} does not divide into blocks of two convolutions over {stages} stage(s); "
            f"depth is 2 + {2 * stages} n, so try {near}",
            zh=f"深度 {depth} 无法平分为 {stages} 个阶段的双卷积块；深度应为 2 + {2 * stages} n，可取 {near}",
        )
    )
