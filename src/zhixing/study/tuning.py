"""Equal tuning: every arm tries as many settings as the others, on validation data, with seeds of its own.

A setting that must suit each arm is written `tune(0.01, 0.03, 0.1)`. Before the first trial that counts, each arm
runs every combination of its choices and takes the best; what it sees then, no verdict ever sees.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from statistics import median
from typing import Any

from zhixing.core import Spec, Text, spec
from zhixing.draw.quantities import number
from zhixing.evaluate.measure import Measure

FIRST_SEED = 1_000_000
"""Tuning seeds are counted from here, far from those of trials that count."""


def tune(*values: Any) -> Spec:
    """A setting to be chosen among these values, for each arm by itself."""
    return spec(one_of, values=values)


def one_of(*, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Stands in a call for a choice that is not made yet."""
    return values


@dataclass(frozen=True)
class Tuning:
    """What the best setting is best at, and how it is tried."""

    on: Measure
    settings: Mapping[str, Any] = field(default_factory=dict)
    """How a tuning trial differs from one that counts, such as `{"held_out": "validation", "data": ...}`."""
    seeds: int = 2

    @property
    def trial_seeds(self) -> tuple[int, ...]:
        """The seeds of tuning trials."""
        return tuple(range(FIRST_SEED, FIRST_SEED + self.seeds))

    def best(self, tried: Sequence[Sequence[float]]) -> int:
        """The place of the values with the best median; a value that is not a number is the worst there is."""
        sign = -1.0 if self.on.better == "higher" else 1.0
        return min(range(len(tried)), key=lambda place: median(_or_worst(sign * value) for value in tried[place]))


@dataclass(frozen=True)
class Choice:
    """One combination of what an arm may choose: the call, and the chosen values by the names of their settings."""

    call: Spec
    chosen: Mapping[str, Any]

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.chosen.items())


def choices(call: Spec) -> list[Choice]:
    """Every combination of the values to be tuned in a call; the call alone where there are none."""
    return [Choice(made, chosen) for made, chosen in _combinations("", call)]


def told(arm: Text, tried: Sequence[Choice], best: int, values: Sequence[float], on: Measure) -> Text:
    """What was chosen for an arm, and a warning where the best of ordered values is the last that was tried."""
    note = Text(
        en="{arm} was tuned by trials of their own: {chosen}, the best of {n} settings ({measure} {value} {unit}).",
        zh="{arm} 经单独的试验调优：{chosen}，是 {n} 种设置中最好的（{measure} {value} {unit}）。",
    ).format(
        arm=arm, chosen=str(tried[best]), n=len(tried), measure=on.label, value=number(median(values)), unit=on.unit
    )
    edges = [name for name in tried[best].chosen if _is_edge(name, tried, best)]
    if not edges:
        return note
    edge = Text(
        en=f" The best {', '.join(edges)} lies at the edge of what was tried; a wider range might do better.",
        zh=f"最好的 {'、'.join(edges)} 落在所试范围的边缘；范围再宽一些或许更好。",
    )
    return Text(note.en + edge.en, note.zh + edge.zh)


def _combinations(name: str, value: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Each value with its choices made, and what was chosen; `name` is the setting under which the value stands."""
    if isinstance(value, Spec) and value.function is one_of:
        for chosen in value.settings["values"]:
            yield chosen, {name: chosen}
    elif isinstance(value, Spec):
        for settings, chosen in _of_each(value.settings):
            yield value.with_settings(**settings), chosen
    elif isinstance(value, Mapping):
        yield from _of_each(value)
    elif isinstance(value, tuple):
        for settings, chosen in _of_each({f"{name}{place}": item for place, item in enumerate(value)}):
            yield tuple(settings.values()), chosen
    else:
        yield value, {}


def _of_each(settings: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every combination of the combinations of several values."""
    for made in product(*(list(_combinations(name, value)) for name, value in settings.items())):
        values = dict(zip(settings, (value for value, _ in made), strict=True))
        yield values, {name: value for _, chosen in made for name, value in chosen.items()}


def _is_edge(name: str, tried: Sequence[Choice], best: int) -> bool:
    """Whether the chosen number is the least or the largest of three or more."""
    values = {choice.chosen[name] for choice in tried}
    if len(values) < 3 or not all(isinstance(value, int | float) for value in values):
        return False
    return tried[best].chosen[name] in (min(values), max(values))


def _or_worst(value: float) -> float:
    return value if math.isfinite(value) else math.inf
