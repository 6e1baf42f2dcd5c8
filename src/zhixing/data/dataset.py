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

    @cached_property
    def fingerprint(self) -> str:
        """64 hexadecimal digits over every array's type, shape and values, and the class names; computed once."""
        digest = hashlib.sha256(repr(self.classes).encode())
        for part in (self.train, self.validation, self.test):
            for array in (part.inputs, part.targets):
                digest.update(f"{array.dtype.str} {array.shape}".encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()
