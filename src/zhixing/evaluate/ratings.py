"""How far foretold ratings are off, and for whom."""

from typing import Protocol

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import measure

STARS = Text("stars", "星")
KNOWN = (0, 1, 3, 8, 21, 55)
"""Where bins of numbers of known ratings begin."""


class Foretold(Protocol):
    """Answers (n,) for ratings that were not learned from, and how many were known of each one's user and item."""

    @property
    def answers(self) -> np.ndarray: ...

    @property
    def targets(self) -> np.ndarray: ...

    @property
    def of_user(self) -> np.ndarray: ...

    @property
    def of_item(self) -> np.ndarray: ...


@measure(label=Text("root mean square error", "均方根误差"), unit=STARS, better="lower", low=0.0)
def rating_error(foretold: Foretold) -> float:
    """Of all ratings that were foretold, each counting alike."""
    return float(np.sqrt(np.mean((foretold.answers - foretold.targets) ** 2)))


@measure(
    label=Text("error by what was known of the item", "误差与该物品已有评分数的关系"), unit=STARS, low=0.0,
    axis=Text("known ratings of the item, at least", "该物品已有的评分数（至少）"),
)  # fmt: skip
def error_by_ratings_of_item(foretold: Foretold) -> Series:
    """The error of items with 0, 1 to 2, 3 to 7, ... known ratings; a bin without ratings is left out."""
    bins = np.searchsorted(KNOWN, foretold.of_item, side="right") - 1
    squares = (foretold.answers - foretold.targets) ** 2
    there = np.unique(bins)
    errors = [float(np.sqrt(squares[bins == place].mean())) for place in there]
    return Series("ratings", tuple(float(KNOWN[place]) for place in there), tuple(errors))
