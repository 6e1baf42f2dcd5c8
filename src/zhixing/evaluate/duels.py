"""Winners of comparisons in which one side was tuned more than the other. Measures take what each table gave.

"first" and "second" are errors (divisions, settings, 2) on validation and on test rows; see `train.duelled`. A side of so
many tries takes, in every division, the setting of the first so many with the lowest validation error. A winner is
declared by the sign test over the divisions at 5 %: of nine it must be ahead in eight.
"""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.evaluate.questions import Found

LEVEL = 0.05


def needed(divisions: int) -> int:
    """In how many divisions one side must be ahead to be declared the winner; more than all where none can be."""
    from scipy.stats import binom

    chances = [2 * binom.sf(wins - 1, divisions, 0.5) for wins in range(divisions + 1)]
    return next((wins for wins, chance in enumerate(chances) if chance <= LEVEL), divisions + 1)


def winner(first: np.ndarray, second: np.ndarray) -> int:
    """1 where the first side is declared the winner by errors (divisions,), -1 where the second is, else 0."""
    enough = needed(len(first))
    return int(np.sum(first < second) >= enough) - int(np.sum(second < first) >= enough)


def chosen(errors: Sequence[Any], settings: Sequence[int]) -> np.ndarray:
    """Test errors (divisions,) of a side that may choose among these settings."""
    tried = np.array(errors, dtype=float)[:, list(settings)]
    best = tried[:, :, 0].argmin(axis=1)
    taken: np.ndarray = tried[np.arange(len(tried)), best, 1]
    return taken


def _sides(each: dict[str, Any]) -> tuple[np.ndarray, list[int]]:
    """Test errors of the first side, tuned, and the places of the second side's settings."""
    return chosen(each["first"], range(len(each["first"][0]))), list(range(len(each["second"][0])))


def _when_equal(each: dict[str, Any]) -> int:
    """The winner where both sides may try all of their settings."""
    tuned, settings = _sides(each)
    return winner(tuned, chosen(each["second"], settings))


def _over_one(each: dict[str, Any]) -> list[bool]:
    """Whether the tuned side is declared the winner over each single setting of the other."""
    tuned, settings = _sides(each)
    return [winner(tuned, chosen(each["second"], (place,))) == 1 for place in settings]


@measure(
    label=Text("false winners", "假赢家"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0, high=100.0
)  # fmt: skip
def false_winners(found: Found) -> float:
    """Tables on which the tuned side beats one setting of the other, and no longer once the other is tuned as well.

    Averaged over the settings that the other may have been left with.
    """
    return float(100 * np.mean([np.mean(_over_one(each)) * (_when_equal(each) != 1) for each in found]))


@measure(
    label=Text("false winners over the default", "对默认设置的假赢家"), unit=PER_CENT, difference_unit=POINTS,
    better="lower", low=0.0, high=100.0,
)  # fmt: skip
def false_winners_over_default(found: Found) -> float:
    """As `false_winners`, the other side being left with its first setting."""
    return float(100 * np.mean([_over_one(each)[0] and _when_equal(each) != 1 for each in found]))


@measure(
    label=Text("winners after equal tuning", "同等调优后的赢家"), unit=PER_CENT, difference_unit=POINTS, low=0.0,
    high=100.0,
)  # fmt: skip
def winners_when_equal(found: Found) -> float:
    """Tables on which either side is declared the winner, both having tried all of their settings."""
    return float(100 * np.mean([_when_equal(each) != 0 for each in found]))


@measure(
    label=Text("declared winners that equal tuning takes back", "被同等调优收回的赢家"), unit=PER_CENT,
    difference_unit=POINTS, better="lower", low=0.0, high=100.0,
)  # fmt: skip
def taken_back(found: Found) -> float:
    """Of all wins of the tuned side over single settings of the other, on all tables; NaN where there was none."""
    wins = [sum(_over_one(each)) for each in found]
    lost = [count for each, count in zip(found, wins, strict=True) if _when_equal(each) != 1]
    return 100 * sum(lost) / sum(wins) if sum(wins) else float("nan")


def _by_tries(found: Found, of: Callable[[np.ndarray, np.ndarray], float]) -> Series:
    """The mean over tables, and over every choice of so many settings of the second side, of a number of two sides."""
    means = []
    for count in range(1, 1 + len(found[0]["second"][0])):
        each_table = []
        for each in found:
            tuned, settings = _sides(each)
            each_table.append(
                np.mean([of(tuned, chosen(each["second"], few)) for few in combinations(settings, count)])
            )
        means.append(float(np.mean(each_table)))
    return Series("tries", tuple(float(1 + place) for place in range(len(means))), tuple(means))


TRIES = Text("settings that the other side may try", "另一方可试的设置数")


@measure(
    label=Text("tables on which the tuned side is declared the winner", "调优一方被宣布为赢家的表"), unit=PER_CENT,
    low=0.0, high=100.0, axis=TRIES,
)  # fmt: skip
def wins_by_tries(found: Found) -> Series:
    """Averaged over every choice of so many settings."""
    return _by_tries(found, lambda tuned, other: 100.0 * (winner(tuned, other) == 1))


@measure(
    label=Text("error of the other side above that of the tuned one", "另一方的错误率高出调优一方多少"), unit=POINTS,
    low=-100.0, high=100.0, axis=TRIES,
)  # fmt: skip
def lead_by_tries(found: Found) -> Series:
    """On test rows, averaged over divisions, tables and every choice of so many settings."""
    return _by_tries(found, lambda tuned, other: float(np.mean(other - tuned)))
