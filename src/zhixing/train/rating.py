"""The common trial of models of ratings: learn from some, foretell others, measure by how far each is off."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from zhixing.core import Seeds, Series, Spec, Watch
from zhixing.data import OwnRatings
from zhixing.models import RatingCodes

SHARE = 0.2
"""Of the ratings, which judge; and of the rest, which judge a tuning trial."""


@dataclass(frozen=True, eq=False)
class Foretold:
    """Answers (n,) for ratings that were not learned from, and how many were known of each user and item."""

    answers: np.ndarray
    targets: np.ndarray
    of_user: np.ndarray
    of_item: np.ndarray


class OfForetold(Protocol):
    """A measure of answers and what is known about each."""

    @property
    def name(self) -> str: ...

    def __call__(self, foretold: Foretold, /) -> float | Series: ...


def rated(
    seeds: Seeds,
    watch: Watch,
    *,
    data: Spec,
    model: Spec,
    measures: tuple[OfForetold, ...],
    held_out: Literal["test", "validation"] = "test",
) -> dict[str, float | Series]:
    """Fits the model that `model` builds to four fifths of the ratings of `data`, and measures it on the other fifth.

    A tuning trial with `held_out="validation"` divides the four fifths once more and leaves the fifth alone. Answers
    are cut to the range of known ratings. The streams of randomness are "split", "validation" and "model".
    """
    ratings: OwnRatings = data.build()
    known, judged = ratings.split(np.arange(len(ratings)), SHARE, seeds.numpy("split"))
    if held_out == "validation":
        known, judged = ratings.split(known, SHARE, seeds.numpy("validation"))
    codes = RatingCodes().fit(ratings.take(known))
    inputs, asked, targets = (
        codes.transform(ratings.take(known)),
        codes.transform(ratings.take(judged)),
        ratings.targets,
    )
    fitted = model.build(generator=seeds.numpy("model")).fit(inputs, targets[known])
    answers = np.clip(fitted.predict(asked), targets[known].min(), targets[known].max())
    of_user, of_item = (
        np.where(asked[:, place] < 0, 0, np.bincount(inputs[:, place])[asked[:, place]]) for place in (0, 1)
    )
    watch.step(1, 1, dict)
    foretold = Foretold(answers, targets[judged], of_user, of_item)
    return {measure.name: measure(foretold) for measure in measures}
