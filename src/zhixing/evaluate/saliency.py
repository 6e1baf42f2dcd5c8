"""Which parts of an input a network's score rests on: slopes, slopes along a path, and what covering a part does.

Sources: Simonyan, Vedaldi and Zisserman 2013, arXiv:1312.6034, Section 3 (the gradient); Smilkov et al. 2017,
arXiv:1706.03825, Eq. 2 (SmoothGrad); Sundararajan, Taly and Yan 2017, arXiv:1703.01365, Eq. 1 and 3 (integrated gradients);
Zeiler and Fergus 2014, arXiv:1311.2901, Section 4.2 (occlusion); Springenberg et al. 2015, arXiv:1412.6806, Section 3.4
(guided backpropagation).
Departs from them: the path of integrated gradients is summed at the middles of its steps. Parity: linear functions, whose
answers are known; differences; a loop over windows.
Axes: b inputs | ... any shape of an input | c channels | h w pixels | k classes

A *score* is any function of inputs (b, ...) that gives a number for each, (b,): `of_class` makes one of a network.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn

Score = Callable[[Tensor], Tensor]


@contextmanager
def as_used(model: nn.Module) -> Iterator[nn.Module]:
    """The model in evaluation mode; afterwards in the mode that it was in."""
    was_training = model.training
    model.eval()
    try:
        yield model
    finally:
        model.train(was_training)


def of_class(model: nn.Module, classes: Int[Tensor, " b"]) -> Score:
    """What a network with outputs (b, k) says of one class for each input, before any softmax."""

    def score(inputs: Tensor) -> Tensor:
        with as_used(model):
            outputs: Tensor = model(inputs)
        return outputs.gather(1, classes.to(outputs.device)[:, None])[:, 0]

    return score


def gradient(score: Score, inputs: Float[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
    """The slope of each input's score along each of its numbers; no other gradient is touched."""
    moving = inputs.detach().clone().requires_grad_()
    with torch.enable_grad():
        return torch.autograd.grad(score(moving).sum(), moving)[0]


def smooth_gradient(
    score: Score, inputs: Float[Tensor, "b ..."], *, noise: float = 0.15, samples: int = 25, generator: Generator
) -> Float[Tensor, "b ..."]:
    """The mean slope over noisy copies of each input; `noise` is a share of the distance from its least to its largest."""
    flat = inputs.flatten(1)
    spread = noise * (flat.amax(dim=1) - flat.amin(dim=1)).reshape(-1, *[1] * (inputs.ndim - 1))
    total = torch.zeros_like(inputs)
    for _ in range(samples):
        drawn = torch.randn(inputs.shape, generator=generator, dtype=inputs.dtype, device=generator.device)
        total += gradient(score, inputs + spread * drawn.to(inputs.device))
    return total / samples


def integrated_gradients(
    score: Score, inputs: Float[Tensor, "b ..."], *, baseline: Tensor | float = 0.0, steps: int = 32
) -> Float[Tensor, "b ..."]:
    """What each number adds to the score on the straight way from `baseline` to the input.

    Summed over an input they are the difference of the two scores, the more closely the more steps.
    """
    start = torch.zeros_like(inputs) + baseline
    way = inputs - start
    total = torch.zeros_like(inputs)
    for step in range(steps):
        total += gradient(score, start + way * (step + 0.5) / steps)
    return way * total / steps


def guided_gradient(model: nn.Module, score: Score, inputs: Float[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
    """As `gradient`, but every ReLU module of the model lets only positive slopes back: no slope of the score any more."""

    def guide(module: nn.Module, back: tuple[Tensor, ...], _: object) -> tuple[Tensor, ...]:
        return (back[0].clamp(min=0),)

    hooks = [module.register_full_backward_hook(guide) for module in model.modules() if isinstance(module, nn.ReLU)]
    try:
        return gradient(score, inputs)
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def occlusion(
    score: Score, inputs: Float[Tensor, "b c h w"], *, window: int, stride: int = 1, filling: Tensor | float = 0.0
) -> Float[Tensor, "b i j"]:
    """How much each input's score falls when a square of `window` pixels takes the value `filling`.

    Squares begin at every `stride`-th pixel, and the last one of a row or column ends at the edge.
    """
    before = score(inputs)
    rows, columns = (starts(length, window, stride) for length in inputs.shape[2:])
    falls = torch.zeros(len(inputs), len(rows), len(columns), dtype=before.dtype, device=before.device)
    for (i, row), (j, column) in product(enumerate(rows), enumerate(columns)):
        covered = inputs.clone()
        covered[:, :, row : row + window, column : column + window] = filling
        falls[:, i, j] = before - score(covered)
    return falls


def occlusion_map(
    score: Score, inputs: Float[Tensor, "b c h w"], *, window: int, stride: int = 1, filling: Tensor | float = 0.0
) -> Float[Tensor, "b h w"]:
    """`occlusion` pixel by pixel: the mean over the squares that a pixel lies in."""
    falls = occlusion(score, inputs, window=window, stride=stride, filling=filling)
    rows, columns = (starts(length, window, stride) for length in inputs.shape[2:])
    total = torch.zeros(len(inputs), *inputs.shape[2:], dtype=falls.dtype, device=falls.device)
    covering = torch.zeros_like(total[:1])
    for (i, row), (j, column) in product(enumerate(rows), enumerate(columns)):
        square = (slice(None), slice(row, row + window), slice(column, column + window))
        total[square] += falls[:, i, j, None, None]
        covering[square] += 1
    return total / covering


def starts(length: int, window: int, stride: int) -> list[int]:
    """Where windows begin along a side; the last one ends at its end."""
    last = max(0, length - window)
    return sorted({*range(0, last + 1, stride), last})


def over_channels(slopes: Float[Tensor, "b c h w"]) -> Float[Tensor, "b h w"]:
    """The largest size among a pixel's channels (Simonyan et al. 2013, Section 3.1)."""
    return slopes.abs().amax(dim=1)
