"""A data set in three parts, as NumPy arrays that nobody can change: what every source of data returns."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from zhixing.core import BadSetting, Text


@dataclass(frozen=True, eq=False)
class Part:
    """Inputs of shape (n, ...) and the n targets that belong to them, kept as read-only views.

    Raises BadSetting when their numbers differ.
    """

    inputs: np.ndarray
    targets: np.ndarray

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.targets):
            raise BadSetting(
                Text(
                    en=f"{len(self.inputs)} inputs came with {len(self.targets)} targets; each input needs its own",
                    zh=f"{len(self.inputs)} 个输入配了 {len(self.targets)} 个目标；每个输入都要有一个目标",
                )
            )
        for name in ("inputs", "targets"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Parts to train on, to tune on and to judge by; `test` chooses nothing. Any part may be empty."""

    train: Part
    validation: Part
    test: Part
    classes: tuple[str, ...]
    """Name of each class, in the order of the integer targets; empty where targets are not classes."""
    columns: tuple[str, ...] = ()
    """Name of each feature of a table; empty for pictures and sequences."""

    @cached_property
    def fingerprint(self) -> str:
        """64 hexadecimal digits over every array's type, shape and values, and the class names; computed once."""
        digest = hashlib.sha256(repr(self.classes).encode())
        for part in (self.train, self.validation, self.test):
            for array in (part.inputs, part.targets):
                digest.update(f"{array.dtype.str} {array.shape}".encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def split(part: Part, share: float, generator: np.random.Generator) -> tuple[Part, Part]:
    """A part cut in two at random, the second with `share` of the rows of every class, each class at least once.

    Raises BadSetting for a share that is not between 0 and 1, or a class of one row.
    """
    chosen = split_rows(part.targets, share, generator)
    return Part(part.inputs[~chosen], part.targets[~chosen]), Part(part.inputs[chosen], part.targets[chosen])


def split_rows(classes: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    """Which rows (n,) of these classes (n,) go into the second part of a cut like `split`; raises as it does."""
    counts = np.bincount(classes)
    if not 0 < share < 1 or 1 in counts:
        raise BadSetting(
            Text(
                en=f"a share of {share} of classes of {counts.tolist()} rows: a share is between 0 and 1, and a class "
                "of one row cannot be cut in two",
                zh=f"要从各类行数为 {counts.tolist()} 的数据中切出 {share}：比例须在 0 与 1 之间，只有一行的类无法一分为二",
            )
        )
    chosen = np.zeros(len(classes), dtype=bool)
    for kind in np.flatnonzero(counts):
        rows = generator.permutation(np.flatnonzero(classes == kind))
        chosen[rows[: min(len(rows) - 1, max(1, round(share * len(rows))))]] = True
    return chosen
