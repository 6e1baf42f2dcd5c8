"""The same pictures with fewer pixels, so that whole Hessians fit in memory and full batches cost milliseconds."""

from dataclasses import replace

import numpy as np

from zhixing.core import BadSetting, Spec, Text
from zhixing.data.dataset import Dataset, Part


def reduced(source: Spec, *, by: int) -> Dataset:
    """The pictures of `source` with every square of `by` x `by` pixels replaced by its mean.

    Then each pixel is shifted to mean 0 over the training part, and all are scaled together to variance 1 there.
    Raises BadSetting where the squares do not fit the pictures.
    """
    whole: Dataset = source.build()
    height, width = whole.train.inputs.shape[2:]
    if height % by or width % by:
        raise BadSetting(
            Text(
                en=f"squares of {by} x {by} pixels do not fit pictures of {height} x {width}; give a common divisor",
                zh=f"{by} x {by} 的方块铺不满 {height} x {width} 的图像；请给出一个公约数",
            )
        )

    def shrunk(part: Part) -> np.ndarray:
        n, channels = part.inputs.shape[:2]
        squares = part.inputs.reshape(n, channels, height // by, by, width // by, by)
        means: np.ndarray = squares.mean(axis=(3, 5), dtype=np.float64)
        return means

    pixels = shrunk(whole.train)
    mean, deviation = pixels.mean(axis=0), pixels.std(axis=0)
    scale = np.sqrt(np.mean(deviation**2))

    def standardised(part: Part) -> Part:
        return Part(((shrunk(part) - mean) / scale).astype(np.float32), part.targets)

    train, validation, test = (standardised(part) for part in (whole.train, whole.validation, whole.test))
    return replace(whole, train=train, validation=validation, test=test)
