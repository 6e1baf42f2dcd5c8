"""What a family makes of its training rows: a preparation and a model that belong together, and can be kept together."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from zhixing.core import Spec

BLOCK = 64


def clock(preparation: Any) -> float:
    """Processor seconds so far, with those that a preparation was spared since it remembered what it had made before."""
    return time.process_time() + float(getattr(preparation, "spared", 0.0))


class Lesson:
    """Training rows as numbers, for any number of candidates: the preparation is fitted to them once."""

    def __init__(self, preparation: Spec, features: Any, targets: np.ndarray, classes: tuple[str, ...]):
        began = time.process_time()
        self.classes, self.targets = classes, targets
        self.preparation = preparation.build().fit(features)
        self.inputs: np.ndarray = self.preparation.transform(features)
        self.centre, self.scale = 0.0, 1.0
        if targets.dtype.kind == "f" and targets.ndim == 1:
            self.centre, self.scale = float(targets.mean()), float(targets.std()) or 1.0
            self.targets = (targets - self.centre) / self.scale
        self.seconds = clock(self.preparation) - began
        """Of the processor, to prepare the rows."""

    def learner(self, candidate: Spec, generator: np.random.Generator) -> "Learner":
        """The candidate, fitted to the rows."""
        estimator: Any = candidate.build(generator=generator)
        estimator.fit(self.inputs, self.targets)
        known = np.unique(self.targets) if self.targets.dtype.kind in "iu" and self.targets.ndim == 1 else None
        return Learner(self.preparation, estimator, self.classes, known, self.centre, self.scale)


@dataclass(frozen=True, eq=False)
class Learner:
    """A fitted preparation and a fitted estimator: raw features in, answers out."""

    preparation: Any
    estimator: Any
    classes: tuple[str, ...]
    known: np.ndarray | None
    """The classes that were among the training rows, which are those that the estimator tells apart."""
    centre: float = 0.0
    scale: float = 1.0
    """What the amounts were standardised by."""

    def answers(self, features: Any) -> np.ndarray:
        """Probabilities (n, classes), amounts (n,), or whatever else the estimator gives for its own kind of target."""
        return self.from_numbers(numbers(self.preparation, features))[: len(features)]

    def from_numbers(self, inputs: Any) -> np.ndarray:
        """As `answers`, of rows that are prepared already: for each row the same to the last bit, whatever comes with it.

        Sparse rows are summed one by one anyway, and lists are their estimators' business.
        """
        return self._answers(padded(inputs))[: len(inputs)] if isinstance(inputs, np.ndarray) else self._answers(inputs)

    def _answers(self, inputs: Any) -> np.ndarray:
        if self.known is not None:
            of_known = self.estimator.predict_proba(inputs)
            probabilities = np.zeros((len(of_known), len(self.classes)))
            probabilities[:, self.known] = of_known
            return probabilities
        if hasattr(self.estimator, "predict_proba"):  # several labels at once
            return np.asarray(self.estimator.predict_proba(inputs))
        found = self.estimator.predict(inputs)
        return self.centre + self.scale * found if isinstance(found, np.ndarray) and found.dtype.kind == "f" else found


def numbers(preparation: Any, features: Any) -> Any:
    """Rows as `preparation` makes them, and after these perhaps others, which are copies of the last.

    Arrays are padded before they are prepared, too: a preparation of pictures multiplies as a model does.
    """
    return preparation.transform(padded(features) if isinstance(features, np.ndarray) else features)


def padded(inputs: np.ndarray) -> np.ndarray:
    """Rows up to a multiple of `BLOCK`, the last one repeated.

    Sums of products are taken in another order for the rows that are left over when others fill whole tiles.
    """
    if not len(inputs):
        return inputs
    return np.ascontiguousarray(np.concatenate([inputs, np.repeat(inputs[-1:], -len(inputs) % BLOCK, axis=0)]))
