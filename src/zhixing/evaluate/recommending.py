"""Lists of the best items for each user, against what the users took to later.

Source: Jarvelin and Kekalainen 2002 for the discounted gain; lists are made of all items that a user had not rated before,
never of a sample of them (Krichene and Rendle 2020 show that sampled measures may order models otherwise).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from zhixing.core import Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure

LENGTH = 10
"""Items on a list."""
NOTHING = -1
"""Stands on a list where a user has fewer items left."""
BLOCK = 200
"""Users at a time: bounds the memory."""


@dataclass(frozen=True, eq=False)
class Lists:
    """The best items for each user, best first, and which of them were right."""

    items: np.ndarray
    """(users, LENGTH) numbers of items, NOTHING at the end of a list that is too short."""
    hits: np.ndarray
    """(users, LENGTH) of bool: the user took to this item."""
    wanted: np.ndarray
    """(users,): how many items the user took to, on the list or not; none below 1."""
    catalogue: int
    """How many items there are."""


class OfScores(Protocol):
    """Scores of all items (m, items) for users (m,) by their numbers."""

    def scores(self, users: np.ndarray, /) -> np.ndarray: ...


def lists(recommender: OfScores, known: np.ndarray, wanted: np.ndarray, people: np.ndarray) -> Lists:
    """The list of everybody who took to an item later, judged by all that she took to.

    `known` (n, 2) and `wanted` (m, 2) are numbers of users and items, -1 for those that the recommender never saw;
    `people` (m,) tells apart the users of `wanted` whose number is -1. An item that it never saw cannot be on a list,
    and is missed.
    """
    _, first, person = np.unique(people, return_index=True, return_inverse=True)
    users, counts, made, right = wanted[first, 0], np.bincount(person), [], []
    for begin in range(0, len(users), BLOCK):
        some = users[begin : begin + BLOCK]
        scores = recommender.scores(some)
        items = best_items(scores, _marked(known, some, scores.shape))
        own = (person >= begin) & (person < begin + len(some)) & (wanted[:, 1] >= 0)
        liked = np.zeros(scores.shape, dtype=bool)
        liked[person[own] - begin, wanted[own, 1]] = True
        made.append(items)
        right.append(np.take_along_axis(liked, np.maximum(items, 0), axis=1) & (items != NOTHING))
    return Lists(np.concatenate(made), np.concatenate(right), counts, scores.shape[1])


def _marked(known: np.ndarray, users: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Where (users, items) a user has rated the item before."""
    place = np.full(max(known[:, 0].max(), users.max()) + 1, NOTHING)
    place[users[users >= 0]] = np.flatnonzero(users >= 0)
    rows = place[known[:, 0]]
    seen = np.zeros(shape, dtype=bool)
    seen[rows[rows >= 0], known[rows >= 0, 1]] = True
    return seen


def best_items(scores: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The numbers (users, LENGTH) of the items with the highest scores (users, items), of those not `seen` (the same).

    Items of equal scores stand in the order of their numbers.
    """
    left = np.where(seen, -np.inf, scores)
    length = min(LENGTH, left.shape[1])
    order = np.argsort(-left, axis=1, kind="stable")[:, :length]
    items = np.full((len(left), LENGTH), NOTHING)
    items[:, :length] = np.where(np.isfinite(np.take_along_axis(left, order, axis=1)), order, NOTHING)
    return items


@measure(
    label=Text("NDCG@10", "NDCG@10"), unit=PER_CENT, difference_unit=POINTS, better="higher", low=0.0, high=100.0
)  # fmt: skip
def discounted_gain(lists: Lists) -> float:
    """A hit at place k counts 1 / log2(k + 1), of the most that the user's list could have had; mean over the users."""
    worth = 1 / np.log2(np.arange(LENGTH) + 2)
    most = np.cumsum(worth)[np.minimum(lists.wanted, LENGTH) - 1]
    return float(100 * np.mean((lists.hits * worth).sum(axis=1) / most))


@measure(
    label=Text("recall@10", "召回率@10"), unit=PER_CENT, difference_unit=POINTS, better="higher", low=0.0, high=100.0
)  # fmt: skip
def recall_of_lists(lists: Lists) -> float:
    """Of what a user took to, the share on the list; mean over the users."""
    return float(100 * np.mean(lists.hits.sum(axis=1) / lists.wanted))


@measure(
    label=Text("hit rate@10", "命中率@10"), unit=PER_CENT, difference_unit=POINTS, better="higher", low=0.0, high=100.0
)  # fmt: skip
def hit_rate(lists: Lists) -> float:
    """The share of users with a hit on their list."""
    return float(100 * lists.hits.any(axis=1).mean())


@measure(
    label=Text("coverage of the catalogue", "目录覆盖率"), unit=PER_CENT, difference_unit=POINTS, low=0.0, high=100.0
)  # fmt: skip
def catalogue_coverage(lists: Lists) -> float:
    """The share of all items that stand on somebody's list."""
    return float(100 * len(np.setdiff1d(lists.items, [NOTHING])) / lists.catalogue)
