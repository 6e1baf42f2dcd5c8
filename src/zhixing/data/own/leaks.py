"""Columns that alone tell the target: each foretells it on rows that it was not fitted on, by its own value."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas

MOST_ROWS = 50_000
MOST_CELLS = 20_000_000
LEAK = 0.98
"""A column is a likely leak when it gains more than this share of what can be gained."""


@dataclass(frozen=True)
class Leak:
    """A column, and the share of what can be gained over a constant guess that it gains alone."""

    name: str
    gain: float


def leaks(features: "pandas.DataFrame", target: np.ndarray, *, classes: int, seed: int = 0) -> tuple[Leak, ...]:
    """The columns that alone tell `target` (n,) nearly exactly, the surest first.

    With `classes` the target holds 0 to classes - 1, and the gain is in rows told right, over guessing the commonest
    class. Without (0) it holds amounts, and the gain is R2 of their ranks, which no outlier decides. The rows are cut in
    two halves; what each half says of a value (the commonest class, the mean rank) is said of the same or the nearest
    value in the other, and for amounts between two values along a line. Bounded: at most MOST_ROWS rows and about
    MOST_CELLS cells, a sample drawn by `seed`, are looked at.
    """
    generator = np.random.default_rng(seed)
    most = min(MOST_ROWS, max(1_000, MOST_CELLS // max(1, features.shape[1])))
    rows = generator.permutation(len(target))[:most]
    answers = target[rows] if classes else _ranks(target[rows])
    half = np.zeros(len(rows), dtype=bool)
    half[np.argsort(answers, kind="stable")[::2]] = True  # both halves hold every class
    found = []
    for name in features.columns:
        gain = _gain(_in_numbers(features[name].iloc[rows]), answers, half, classes, features[name].dtype.kind in "OU")
        if gain > LEAK:
            found.append(Leak(name, gain))
    return tuple(sorted(found, key=lambda leak: -leak.gain))


def _gain(values: np.ndarray, answers: np.ndarray, half: np.ndarray, classes: int, words: bool) -> float:
    guesses = np.empty(len(answers))
    for learnt in (half, ~half):
        guesses[~learnt] = _guessed(values[learnt], answers[learnt], values[~learnt], classes, words)
    if classes:
        commonest = float(np.bincount(answers).max()) / len(answers)
        return float((np.mean(guesses == answers) - commonest) / (1 - commonest))
    return float(1 - np.mean((guesses - answers) ** 2) / np.var(answers))


def _guessed(values: np.ndarray, answers: np.ndarray, asked: np.ndarray, classes: int, words: bool) -> np.ndarray:
    """An answer for each value asked; values are numbers, NaN where missing, or the numbers of words."""
    known, place = np.unique(values, return_inverse=True)  # NaN is one value, the last
    said = _commonest(place, answers, classes) if classes else np.bincount(place, answers) / np.bincount(place)
    usual = float(np.bincount(answers).argmax()) if classes else float(np.mean(answers))
    here = ~np.isnan(known)
    guesses = np.full(len(asked), usual)
    if not here.all():
        guesses[np.isnan(asked)] = said[-1]
    known, said, there = known[here], said[here], ~np.isnan(asked)
    if len(known) == 0:
        return guesses
    if not (classes or words):
        guesses[there] = np.interp(asked[there], known, said)
        return guesses
    after = np.clip(np.searchsorted(known, asked[there]), 1, max(1, len(known) - 1))
    after = np.minimum(after, len(known) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(asked[there] - known[before] <= known[after] - asked[there], before, after)
    guesses[there] = np.where(words & (known[nearest] != asked[there]), usual, said[nearest])
    return guesses


def _commonest(place: np.ndarray, answers: np.ndarray, classes: int) -> np.ndarray:
    """The commonest class of each place, among ties the first, without a table of places by classes."""
    pairs, counts = np.unique(place * classes + answers, return_counts=True)
    order = np.lexsort((-counts, pairs // classes))
    _, first = np.unique(pairs[order] // classes, return_index=True)
    return np.asarray(pairs[order][first] % classes, dtype=np.float64)


def _in_numbers(column: "pandas.Series") -> np.ndarray:
    """float64, NaN where missing; words are numbered, dates are counted in their units."""
    import pandas

    if pandas.api.types.is_datetime64_any_dtype(column):
        return np.where(column.isna(), np.nan, column.astype("int64").to_numpy(dtype=np.float64))
    if pandas.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    codes, _ = pandas.factorize(column)
    return np.where(codes < 0, np.nan, codes)


def _ranks(amounts: np.ndarray) -> np.ndarray:
    """Ranks of equal amounts are their mean rank."""
    _, place, counts = np.unique(amounts, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place])
