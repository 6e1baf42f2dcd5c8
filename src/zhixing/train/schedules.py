"""Learning-rate schedules: the factor on the learning rate for the step after `done` of `total` steps.

Each begins with a linear warm-up over the share `warm_up` of all steps, so that a recipe keeps its shape when a
study runs longer; the factor reaches 1 at the last step of the warm-up.
"""

import math


def constant(done: int, total: int, *, warm_up: float = 0.0) -> float:
    """1 after the warm-up."""
    return _warm(done, total * warm_up)


def linear(done: int, total: int, *, warm_up: float = 0.0, floor: float = 0.0) -> float:
    """From 1 after the warm-up straight down towards `floor`, which `done == total` would reach."""
    return _warm(done, total * warm_up) * (1 - (1 - floor) * _way(done, total, total * warm_up))


def cosine(done: int, total: int, *, warm_up: float = 0.0, floor: float = 0.0) -> float:
    """Half a cosine from 1 after the warm-up towards `floor` (Loshchilov and Hutter 2017, arXiv:1608.03983, Eq. 5)."""
    swing = (1 + math.cos(math.pi * _way(done, total, total * warm_up))) / 2
    return _warm(done, total * warm_up) * (floor + (1 - floor) * swing)


def _warm(done: int, warm: float) -> float:
    return min(1.0, (done + 1) / warm) if warm > 0 else 1.0


def _way(done: int, total: int, warm: float) -> float:
    """How far between the end of the warm-up and the end of training, 0 to 1."""
    return max(0.0, (done - warm) / (total - warm)) if total > warm else 0.0
