"""Answers to every row from fits that have not seen it: cross-validation whose answers are kept.

Source: Stone 1974, Journal of the Royal Statistical Society B 36(2). Departs from it: the folds are the data set's own
divisions, so that rows of one group, and copies, are left out together.
"""

from typing import Any

import numpy as np

from zhixing.core import Seeds, Spec
from zhixing.data import Own, at_random
from zhixing.train.learner import Lesson

FOLDS = 5


def folds(own: Own, count: int, generator: np.random.Generator) -> list[np.ndarray]:
    """All rows in so many parts, about equally many of every class in each; rows in time are dealt out at random."""
    left, found = np.arange(len(own)), []
    in_time = getattr(own, "times", None) is not None
    for parts in range(count, 1, -1):
        left, part = (
            at_random(left, 1 / parts, generator, own.targets) if in_time else own.split(left, 1 / parts, generator)
        )
        found.append(part)
    return [*found, left]


def answers_left_out(
    own: Own, *, preparation: Spec, candidate: Spec, seeds: Seeds, count: int = FOLDS, most: int | None = None
) -> np.ndarray:
    """What a candidate says of each row when it is fitted to the other parts, at `most` so many rows of them.

    Probabilities (n, classes) or amounts (n,). The streams of randomness are "folds", "examples" and "model".
    """
    parts = folds(own, count, seeds.numpy("folds"))
    found: Any = None
    for part in parts:
        known = np.setdiff1d(np.arange(len(own)), part)
        if most is not None and most < len(known):
            _, known = at_random(
                known, most / len(known), seeds.numpy("examples"), own.targets if own.classes else None
            )
        lesson = Lesson(preparation, own.take(known), own.targets[known], own.classes)
        answers = lesson.learner(candidate, seeds.numpy("model")).answers(own.take(part))
        if found is None:
            found = np.zeros((len(own), *answers.shape[1:]))
        found[part] = answers
    told: np.ndarray = found
    return told
