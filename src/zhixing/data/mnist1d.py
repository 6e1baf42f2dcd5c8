"""MNIST-1D: signals of 40 numbers, each with the outline of a digit somewhere in it, made by a published recipe.

Source: Greydanus and Kobak 2020, "Scaling down deep learning", arXiv:2011.14439, Section 2; their repository
greydanus/mnist1d gives the templates and the default strength of each change.
Departs from it: the random numbers are another stream, so that the signals are others of the same distribution; mean
and variance are the training part's, not those of all signals. Parity: the recipe step by step, one signal at a time.
"""

import numpy as np
from numpy.random import Generator

from zhixing.core import BadSetting, Text
from zhixing.data.dataset import Dataset, Part

TEMPLATES = (
    (5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5),
    (5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5),
    (5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5),
    (5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5),
    (5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5),
    (5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5),
    (5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5),
    (5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5),
)
"""The outline of each digit, 0 to 9, lying on its side."""

CLASSES, LENGTH, LONG = len(TEMPLATES), 40, 72
PADDING, TRANSLATION = (36, 60), 48
SCALE, SMOOTH_NOISE, NOISE, SHEAR = 0.4, 0.25, 0.02, 0.75
SMOOTHING = 2.0
"""Standard deviation, in samples, of the Gaussian that smooths the noise."""


def mnist1d(*, train: int = 4000, validation: int = 0, test: int = 1000, seed: int = 42) -> Dataset:
    """Signals as float32 of shape (n, 1, 1, 40), pictures of one row, with int64 targets 0 to 9.

    Of all signals each class has the same number; `seed` alone decides the signals and which part each belongs to.
    The test part is the same pictures whatever `train` and `validation` share out between them. Mean 0 and variance 1
    over the training part. Raises BadSetting for sizes that leave nothing to train on or no equal share.
    """
    sizes = (test, validation, train)
    if min(sizes) < 0 or train == 0 or sum(sizes) % CLASSES:
        raise BadSetting(
            Text(
                en=f"train={train}, validation={validation}, test={test}: none may be below 0, train must be above it, "
                f"and the sum a multiple of {CLASSES}, so that every digit has an equal share",
                zh=f"train={train}、validation={validation}、test={test}：都不能小于 0，train 须大于 0，"
                f"总和须是 {CLASSES} 的倍数（各数字份额相等）",
            )
        )
    generator = np.random.default_rng(seed)
    targets = generator.permutation(np.repeat(np.arange(CLASSES), sum(sizes) // CLASSES))
    signals = _signals(targets, generator)
    inputs, labels = (np.split(array, np.cumsum(sizes)[:2]) for array in (signals, targets))
    mean, deviation = inputs[2].mean(), inputs[2].std()
    parts = [
        Part(((some - mean) / deviation).astype(np.float32).reshape(-1, 1, 1, LENGTH), theirs)
        for some, theirs in zip(inputs, labels, strict=True)
    ]
    return Dataset(
        train=parts[2], validation=parts[1], test=parts[0], classes=tuple(str(digit) for digit in range(CLASSES))
    )


def templates() -> np.ndarray:
    """The outlines (10, 12): variance 1/36, beginning at 0."""
    drawn = np.array(TEMPLATES)
    scaled = (drawn - drawn.mean(axis=1, keepdims=True)) / drawn.std(axis=1, keepdims=True)
    outlines: np.ndarray = (scaled - scaled[:, :1]) / 6
    return outlines


def _signals(targets: np.ndarray, generator: Generator) -> np.ndarray:
    """One signal (40,) for each target: padded, stretched, scaled, moved, drowned in noise, sheared, made shorter."""
    n, outlines = len(targets), templates()
    width = outlines.shape[1]
    padding = generator.integers(PADDING[0], PADDING[1] + 1, size=n)
    place = np.linspace(0, 1, LONG) * (width + padding - 1)[:, None]
    # An outline sits on nothing; its two neighbours beyond the end are one 0, which no place lies past.
    padded = np.pad(outlines[targets], ((0, 0), (0, PADDING[1] + 1)))
    below = place.astype(int)
    left, right = (np.take_along_axis(padded, at, axis=1) for at in (below, below + 1))
    signals = left + (place - below) * (right - left)
    of_digit = place < width  # between its last point and the padding the outline fades away
    signals *= 1 + SCALE * (generator.random((n, 1)) - 0.5)
    moved = (np.arange(LONG) - generator.integers(TRANSLATION, size=(n, 1))) % LONG
    signals, of_digit = (np.take_along_axis(array, moved, axis=1) for array in (signals, of_digit))
    signals = np.where(of_digit, signals, _smoothed(SMOOTH_NOISE * generator.standard_normal((n, LONG))))
    signals = signals + NOISE * generator.standard_normal((n, LONG))
    signals = signals - SHEAR * (generator.random((n, 1)) - 0.5) * np.linspace(-0.5, 0.5, LONG)
    short = np.linspace(0, LONG - 1, LENGTH)
    below = np.minimum(short.astype(int), LONG - 2)
    shortened: np.ndarray = signals[:, below] + (short - below) * (signals[:, below + 1] - signals[:, below])
    return shortened


def _smoothed(noise: np.ndarray) -> np.ndarray:
    """Each row under a Gaussian window cut off at four standard deviations; the row's ends are mirrors."""
    reach = int(4 * SMOOTHING)
    window = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SMOOTHING) ** 2)
    mirrored = np.pad(noise, ((0, 0), (reach, reach)), mode="symmetric")
    views = np.lib.stride_tricks.sliding_window_view(mirrored, len(window), axis=1)
    smooth: np.ndarray = views @ (window / window.sum())
    return smooth
