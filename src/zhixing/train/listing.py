"""The trial of ratings of one's own: as of a table, and then lists of the best items for users, judged by what they liked."""

from typing import Any, Protocol

import numpy as np

from zhixing.core import Seeds, Series, Spec, Watch, spec
from zhixing.data import OwnRatings
from zhixing.train.choosing import PARTS
from zhixing.train.learner import Learner
from zhixing.train.tuned import OfAnswers, OfEffort, fitted_and_judged, kept, tuned

PAIRS = 2_000_000
"""Of users and items, of which a rating is foretold for lists: bounds their time. Users are drawn, items never."""


class OfLists(Protocol):
    """A measure of lists of items."""

    @property
    def name(self) -> str: ...

    def __call__(self, lists: Any, /) -> float | Series: ...


def listed(
    seeds: Seeds,
    watch: Watch,
    *,
    data: Spec,
    candidates: tuple[Spec, ...],
    measures: tuple[OfAnswers, ...],
    lists: Spec,
    of_lists: tuple[OfLists, ...],
    preparation: Spec,
    efforts: tuple[OfEffort, ...] = (),
    held_out: float = 0.25,
    validation: float = 0.25,
    most: int | None = None,
    parts: int = PARTS,
) -> dict[str, float | Series]:
    """As `tuned`, on ratings; what was chosen then lists the items that it rates highest for users of the judging rows.

    Lists, which `lists` makes as `evaluate.lists` does, are of all items learned from that a user had not rated before;
    right are those that she rated, in the judging rows, at least as high as half of the known ratings are. Users are at
    most as many as `PAIRS` allows. Measures of lists are NaN where nobody liked anything. One stream of randomness more is
    "lists".
    """
    own: OwnRatings = data.build()
    found = fitted_and_judged(seeds, watch, own, candidates, measures, preparation, held_out, validation, most, parts)
    asked = _asked(own, found.learner, found.rows, seeds.numpy("lists"))
    made = lists.build(**asked) if asked else None
    measured = {measure.name: measure(made) if asked else float("nan") for measure in of_lists}
    return {**found.measured(measures, efforts), **measured}


def kept_ratings(seeds: Seeds, watch: Watch, *, trial: Spec) -> dict[str, float | Series]:
    """Performs a trial `spec(listed, ...)` without its lists, and keeps what was fitted, as `kept` does."""
    settings = {name: value for name, value in trial.settings.items() if "lists" not in name}
    return kept(seeds, watch, trial=spec(tuned, **settings))


def _asked(own: OwnRatings, learner: Learner, judged: np.ndarray, generator: np.random.Generator) -> dict[str, Any]:
    """Who rates, what was known and what was liked later; empty where nothing was."""
    earlier = np.setdiff1d(np.arange(len(own)), judged)
    liked = judged[own.targets[judged] >= np.median(own.targets[earlier])]
    codes = learner.preparation.transform(own.take(np.arange(len(own))))
    names, person = np.unique(own.features.iloc[:, 0].to_numpy().astype(str), return_inverse=True)
    users = np.empty(len(names), dtype=np.int64)
    users[person] = codes[:, 0]
    rater = _Rater(learner, users)
    drawn = generator.permutation(np.unique(person[liked]))[: max(1, PAIRS // rater.items)]
    asked = liked[np.isin(person[liked], drawn)]
    pairs = np.stack([person, codes[:, 1]], axis=1)
    known = pairs[earlier][pairs[earlier, 1] >= 0]
    return {"recommender": rater, "known": known, "wanted": pairs[asked], "people": person[asked]} if len(asked) else {}


class _Rater:
    """Scores of all items for people by their numbers: what the learner foretells that they will think of each.

    `users` (people,) are the learner's own numbers of them, -1 for one of whom it knows nothing, though her ratings are
    known.
    """

    def __init__(self, learner: Learner, users: np.ndarray):
        self._learner, self._users, self.items = learner, users, len(learner.preparation.items)

    def scores(self, people: np.ndarray, /) -> np.ndarray:
        users, items = self._users[people], np.arange(self.items)
        pairs = np.stack([np.repeat(users, self.items), np.tile(items, len(users))], axis=1)
        return self._learner.from_numbers(pairs).reshape(len(users), self.items)
