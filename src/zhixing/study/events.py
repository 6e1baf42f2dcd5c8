"""What a running study tells whoever listens: a terminal, a page, a notebook, or nobody."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from zhixing.core import Text
from zhixing.core.store import Result
from zhixing.evaluate.sequential import Verdict
from zhixing.study.answer import Price


@dataclass(frozen=True)
class Stage:
    """What happens now, such as measuring the price."""

    text: Text


@dataclass(frozen=True)
class Priced:
    """The price is known; `earliest` and `limit` are the trials until the first possible verdict and the last."""

    price: Price
    earliest: int
    limit: int
    cached: int


@dataclass(frozen=True)
class Moved:
    """A trial made progress."""

    arm: str
    seed: int
    done: int
    total: int
    row: Mapping[str, float]


@dataclass(frozen=True)
class Ended:
    """A trial that had to run has a result."""

    result: Result
    seconds_left: float
    """Until the next look at the verdict, as predicted."""
    trials_left: int


@dataclass(frozen=True)
class Looked:
    """A round is over, and the rule has looked at so many seeds."""

    seeds: int
    verdict: Verdict


@dataclass(frozen=True)
class Warned:
    """Something that the user should know, and that loses nothing."""

    text: Text


Event = Stage | Priced | Moved | Ended | Looked | Warned
Listen = Callable[[Event], None]


def nobody(event: Event) -> None:
    """A listener that does not listen."""
