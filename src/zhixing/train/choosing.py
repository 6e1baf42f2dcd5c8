"""A choice among candidates on several validation parts: all are tried on the first, the better half on the others.

Sources: Cawley and Talbot 2010, JMLR 11, 2079-2107 (a choice among few rows is chance); Karnin, Koren and Somekh 2013,
"Almost optimal exploration in multi-armed bandits", ICML (halving). Departs from the latter: halves once.
"""

from collections.abc import Callable

import numpy as np

from zhixing.data import Own

ENOUGH = 700
"""Validation rows that are enough for a choice; where one part holds fewer, several choose."""
ENOUGH_OF_AMOUNTS = 1_500
"""The same for amounts, whose errors are ruled by a few rows that lie far off: of the table Wage 1,125 rows chose one tree 3 %
worse than the best of its settings, 1,687 rows as well as that (benchmarks/tables/exhaustive.md).
"""
PARTS = 4
"""The most parts that choose, unless told otherwise."""

Division = tuple[np.ndarray, np.ndarray]


def validation_parts(
    own: Own, known: np.ndarray, share: float, generator: np.random.Generator, most: int = PARTS
) -> list[Division]:
    """Rows to learn from and rows that choose: divisions of the `known` rows, until enough rows or `most` parts choose."""
    parts: list[Division] = []
    enough = ENOUGH if own.classes else ENOUGH_OF_AMOUNTS
    while len(parts) < most and sum(len(checked) for _, checked in parts) < enough:
        parts.append(own.split(known, share, generator))
    return parts


def tries(candidates: int, parts: int) -> int:
    """How often `chosen` measures an error."""
    return candidates + (parts - 1) * _better_half(candidates)


def chosen(
    error: Callable[[int, int], float],
    candidates: int,
    parts: int,
    *,
    amounts: bool,
    measured: list[float],
    after_each: Callable[[], None],
) -> tuple[int, float]:
    """The place of the candidate with the lowest error over all parts, and that error.

    `error(part, place)` measures one candidate on one part. `measured` holds what was measured before, in this order,
    and takes the rest; `after_each` of these may save it. Errors of `amounts` are averaged as logarithms, else the part
    that happens to hold the farthest row would choose alone. A NaN counts as infinitely bad.
    """
    entered, before = list(range(candidates)), iter(tuple(measured))
    errors = np.full((parts, candidates), np.inf)
    for part in range(parts):
        for place in entered:
            found = next(before, None)
            if found is None:
                found = error(part, place)
                measured.append(found)
                after_each()
            errors[part, place] = np.inf if np.isnan(found) else found
        if part == 0:
            entered = sorted(np.argsort(errors[0], kind="stable")[: _better_half(candidates)].tolist())
    averages = (_geometric_mean if amounts else np.mean)(errors[:, entered], axis=0)
    best = int(np.argmin(averages))
    return entered[best], float(averages[best])


def _better_half(candidates: int) -> int:
    return -(-candidates // 2)


def _geometric_mean(errors: np.ndarray, axis: int) -> np.ndarray:
    found: np.ndarray = np.exp(np.log(np.maximum(errors, np.finfo(float).tiny)).mean(axis=axis))
    return found
