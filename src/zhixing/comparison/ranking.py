"""Who is ahead, who cannot be told from the leader, and which of those is cheap and near it.

Source: Breiman, Friedman, Olshen and Stone 1984, "Classification and Regression Trees", Section 3.4.3 (of models that
cannot be told apart, the simplest within one standard error of the best). Departs from it: the one that is fitted fastest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from zhixing.core import Text
from zhixing.draw.quantities import number
from zhixing.evaluate import sequential
from zhixing.study import Answer
from zhixing.study.answer import ClaimResult
from zhixing.study.decide import LEVEL

EFFORT = ("on_validation", "fit_seconds", "answer_microseconds", "kept_bytes")
"""Measures of what a family took, not of its answers."""


@dataclass(frozen=True)
class Place:
    """One family: the medians over divisions of what it got wrong and took, and whether it is told from the leader."""

    family: str
    label: Text
    error: float
    low: float
    high: float
    """Ends of the interval in which the median of `error` lies; those of all families together hold at 95 %."""
    seconds: float
    microseconds: float
    bytes: float
    tied: bool
    """Whether it is the leader or cannot be told from it."""
    near: bool
    """Whether its mean error over the divisions is within one standard error of the leader's."""
    measured: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    """Of each measure of the answers, by name: the median, and the ends of an interval like that of `error`."""


@dataclass(frozen=True)
class Ranking:
    """The families from the best to the worst, and the answer that they come from."""

    answer: Answer
    places: tuple[Place, ...]

    @property
    def winner(self) -> Place | None:
        """The leader where all others are behind it; None for a tie."""
        tied = self.tie
        return tied[0] if len(tied) == 1 else None

    @property
    def tie(self) -> tuple[Place, ...]:
        """The leader and all that cannot be told from it."""
        return tuple(place for place in self.places if place.tied)

    @property
    def recommended(self) -> Place:
        """Of the tie's members that are near the leader, the one that takes the least time to fit.

        Few divisions tell little apart: without the second condition a far worse family would do, if it is quick.
        """
        return min((place for place in self.tie if place.near), key=lambda place: place.seconds)


def ranking(answer: Answer) -> Ranking:
    """The ranking that the answer of a contest holds."""
    leader, behind = _leader(answer.claims), _behind(answer.claims)
    alpha = sequential.per_claim(LEVEL, len(answer.arms))
    errors = {arm.name: answer.values(arm.name, answer.measures[0].name) for arm in answer.arms}
    bound = np.mean(errors[leader]) + _standard_error(errors[leader])

    def measured(name: str, measure: str) -> tuple[float, float, float]:
        ends = sequential.interval(answer.values(name, measure), alpha)
        return ends.estimate, ends.low, ends.high

    def place(name: str, label: Text) -> Place:
        found = {
            measure.name: measured(name, measure.name) for measure in answer.measures if measure.name not in EFFORT
        }
        middle = {
            key: float(np.nanmedian(answer.values(name, measure)))
            for key, measure in (
                ("seconds", "fit_seconds"),
                ("microseconds", "answer_microseconds"),
                ("bytes", "kept_bytes"),
            )
        }
        ranked = found[answer.measures[0].name]
        near = name == leader or bool(np.mean(errors[name]) <= bound)
        return Place(name, label, *ranked, **middle, tied=name not in behind, near=near, measured=found)

    places = [place(arm.name, arm.label) for arm in answer.arms]
    return Ranking(answer, tuple(sorted(places, key=lambda found: (found.error, found.family != leader))))


def _standard_error(values: Sequence[float]) -> float:
    """Of the mean of values that are a sample; 0 of a single one, which says nothing of others."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def sentence(claims: Sequence[ClaimResult], labels: Mapping[str, Text]) -> Text:
    """What a contest found, in one sentence."""
    leader, behind = _leader(claims), _behind(claims)
    tied = [other for other in _others(claims) if other not in behind]
    if not tied:
        nearest = min(claims, key=lambda claim: claim.estimate)
        gain = Text(
            f"{number(nearest.estimate).en} {nearest.unit.en}", f"{number(nearest.estimate).zh} {nearest.unit.zh}"
        )
        return Text(
            "The winner is {leader}, ahead of every other family, of the nearest by {gain}.",
            "胜出的是{leader}：它领先于其余各类模型，比最接近的一类好 {gain}。",
        ).format(leader=labels[leader], gain=Text(gain.en.strip(), gain.zh.strip()))
    names = [labels[name] for name in (leader, *tied)]
    return Text(
        f"A tie: {', '.join(name.en for name in names)} cannot be told apart.",
        f"并列：{'、'.join(name.zh for name in names)}分不出高下。",
    )


def _leader(claims: Sequence[ClaimResult]) -> str:
    return claims[0].id.partition(" over ")[0]


def _others(claims: Sequence[ClaimResult]) -> list[str]:
    return [claim.id.partition(" over ")[2] for claim in claims]


def _behind(claims: Sequence[ClaimResult]) -> set[str]:
    """The families that are told from the leader."""
    return {claim.id.partition(" over ")[2] for claim in claims if claim.verdict == "supported"}
