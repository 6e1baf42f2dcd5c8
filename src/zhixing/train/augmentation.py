"""Augmentation: examples changed anew each time they are drawn, in ways that leave their class alone.

Source: Simard, Steinkraus and Platt 2003, "Best practices for convolutional neural networks applied to visual document
analysis", Section 2, for `shifted` and `warped`. Departs from it: `shifted` moves by whole pixels; in `warped`
the size of an elastic deformation is its standard deviation.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Generator, Tensor

from zhixing.core import Spec
from zhixing.train.batches import Batches


def shifted(pictures: Tensor, generator: Generator, *, pixels: int) -> Tensor:
    """Each picture of (b, c, h, w) moved by -pixels to pixels, both ways alike; the darkest pixel fills the edge."""
    n, _, height, width = pictures.shape
    background = float(pictures.min())
    padded = torch.nn.functional.pad(pictures, (pixels,) * 4, value=background)
    corners = torch.randint(2 * pixels + 1, (2, n, 1), generator=generator).to(pictures.device)
    rows = corners[0] + torch.arange(height, device=pictures.device)
    columns = corners[1] + torch.arange(width, device=pictures.device)
    examples = torch.arange(n, device=pictures.device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[examples, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def warped(
    pictures: Tensor,
    generator: Generator,
    *,
    turn: float = 0.2,
    scale: float = 0.15,
    shift: float = 0.1,
    bend: float = 0.0,
    mirror: bool = False,
) -> Tensor:
    """Each picture of (b, c, h, w) turned by up to `turn` radians, made smaller or larger by up to the share `scale` and
    moved by up to the share `shift` of its sides, all drawn evenly; with `mirror` every other one, by chance, is mirrored.

    `bend` deforms it like rubber: neighbouring pixels move together, each by a distance whose standard deviation is this
    share of the sides.
    Pixels are interpolated in a straight line; what comes in from outside repeats the edge.
    """

    def drawn(most: float) -> Tensor:
        return (2 * torch.rand(len(pictures), generator=generator) - 1) * most

    size, angle = 1 + drawn(scale), drawn(turn)
    along, across = size * angle.cos(), size * angle.sin()
    side = torch.randint(2, (len(pictures),), generator=generator) * 2 - 1 if mirror else torch.ones(len(pictures))
    tall = pictures.shape[2] / pictures.shape[3]  # the map is of sides, and a turn is of pixels
    rows = (side * along, -side * across * tall, 2 * drawn(shift)), (across / tall, along, 2 * drawn(shift))
    maps = torch.stack([torch.stack(row, dim=1) for row in rows], dim=1).to(pictures)
    grid = torch.nn.functional.affine_grid(maps, list(pictures.shape), align_corners=False)
    if bend:
        grid = grid + 2 * bend * _smooth_field(len(pictures), *pictures.shape[2:], generator=generator).to(grid)
    return torch.nn.functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def _smooth_field(count: int, height: int, width: int, *, generator: Generator) -> Tensor:
    """Two numbers for each pixel, (count, height, width, 2), of mean 0 and variance 1, alike in neighbours: noise blurred by
    a Gaussian whose standard deviation is a seventh of the sides, as in the source (4 of 29 pixels).
    """
    noise = torch.randn(2 * count, height, width, generator=generator)
    rows, columns = _blur(height), _blur(width)
    return (rows @ noise @ columns.T).view(count, 2, height, width).permute(0, 2, 3, 1)


def _blur(side: int) -> Tensor:
    """The (side, side) matrix that takes white noise to noise of variance 1 with Gaussian weights around each pixel."""
    places = torch.arange(side, dtype=torch.float32)
    weights = torch.exp(-0.5 * ((places[:, None] - places) * 7 / side) ** 2)
    blur: Tensor = weights / weights.norm(dim=1, keepdim=True)
    return blur


class Augmented:
    """Batches whose inputs (b, ...) a call changes, such as `spec(shifted, pixels=2)`; it is given the CPU generator."""

    def __init__(self, batches: Batches, call: Spec, *, generator: Generator):
        self.batches, self.call, self.generator = batches, call, generator

    def __iter__(self) -> "Augmented":
        return self

    def __next__(self) -> tuple[Tensor, ...]:
        inputs, *others = next(self.batches)
        return self.call.build(inputs, self.generator), *others

    def state_dict(self) -> dict[str, Any]:
        return {"batches": self.batches.state_dict(), "generator": self.generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.batches.load_state_dict(state["batches"])
        self.generator.set_state(state["generator"])
