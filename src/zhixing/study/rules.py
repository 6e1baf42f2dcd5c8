"""Verdict rules: what a table of trials must show for a claim to hold.

A rule turns the table into claims, each one number per seed and the region in which the claim says that the
number's median lies. A study may bring its own: anything with `claims(table)` is a rule.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import Measure

INFINITY = math.inf


class Table:
    """What the trials measured, by arm and seed; a failed trial reads as NaN."""

    def __init__(
        self,
        seeds: Sequence[int],
        trials: Mapping[tuple[str, int], Mapping[str, float | Series]],
        labels: Mapping[str, Text] | None = None,
    ):
        self.seeds = tuple(seeds)
        self.trials = trials
        self._labels = labels or {}

    def label(self, arm: str) -> Text:
        """What a reader calls an arm; its name where it has no label."""
        return self._labels.get(arm, Text(arm, arm))

    def values(self, arm: str, measure: str) -> np.ndarray:
        """The measure of every seed of an arm, in seed order."""
        found = [self.trials.get((arm, seed), {}).get(measure, math.nan) for seed in self.seeds]
        return np.array([math.nan if isinstance(value, Series) else value for value in found])

    def series(self, arm: str, measure: str) -> list[Series | None]:
        """The series of every seed of an arm, in seed order; None where the trial failed."""
        found = [self.trials.get((arm, seed), {}).get(measure) for seed in self.seeds]
        return [value if isinstance(value, Series) else None for value in found]

    def first(self, seeds: int) -> "Table":
        """The table of the first so many seeds."""
        return Table(self.seeds[:seeds], self.trials, self._labels)


@dataclass(frozen=True)
class Claim:
    """One number per seed, and the closed region in which its median is claimed to lie."""

    id: str
    text: Text
    values: tuple[float, ...]
    region: tuple[float, float]
    unit: Text
    bounds: tuple[float, float] = (-INFINITY, INFINITY)
    """What the number cannot leave, such as -100 to 100 for a difference of percentages."""


class Rule(Protocol):
    """Turns a table of trials into the claims that must all hold."""

    def claims(self, table: Table) -> Sequence[Claim]: ...


@dataclass(frozen=True)
class Better:
    """`arm` is better than `than` on a measure by at least `by`, seed by seed."""

    arm: str
    than: str
    on: Measure
    by: float

    def claims(self, table: Table) -> list[Claim]:
        gain = table.values(self.arm, self.on.name) - table.values(self.than, self.on.name)
        lower_is_better = self.on.better == "lower"
        text = Text(
            en="{arm} has {more} {measure} than {than}, by at least {by:g} {unit}",
            zh="{arm} 的{measure}比 {than} {more}，至少相差 {by:g} {unit}",
        ).format(
            arm=table.label(self.arm), than=table.label(self.than), measure=self.on.label, by=self.by,
            unit=self.on.difference_unit,
            more=Text("a lower", "更低") if lower_is_better else Text("a higher", "更高"),
        )  # fmt: skip
        return [
            Claim(
                id=f"{self.arm} better than {self.than} on {self.on.name}",
                text=text,
                values=_tuple(-gain if lower_is_better else gain),
                region=(self.by, INFINITY),
                unit=self.on.difference_unit,
                bounds=_difference_bounds(self.on),
            )
        ]


@dataclass(frozen=True)
class Equivalent:
    """`arm` and `to` differ on a measure by no more than `within`, either way."""

    arm: str
    to: str
    on: Measure
    within: float

    def claims(self, table: Table) -> list[Claim]:
        return [
            Claim(
                id=f"{self.arm} equivalent to {self.to} on {self.on.name}",
                text=Text(
                    en="{arm} and {to} differ in {measure} by at most {within:g} {unit}",
                    zh="{arm} 与 {to} 的{measure}相差不超过 {within:g} {unit}",
                ).format(
                    arm=table.label(self.arm),
                    to=table.label(self.to),
                    measure=self.on.label,
                    within=self.within,
                    unit=self.on.difference_unit,
                ),
                values=_tuple(table.values(self.arm, self.on.name) - table.values(self.to, self.on.name)),
                region=(-self.within, self.within),
                unit=self.on.difference_unit,
                bounds=_difference_bounds(self.on),
            )
        ]


@dataclass(frozen=True)
class Rises:
    """A measure rises along the arms, or along a series of one arm: its least-squares slope is at least `by`.

    `along` maps each arm to its place on the axis, or names the arm whose series is followed along its own.
    With `falls`, the slope is at most `-by`.
    """

    on: Measure
    along: Mapping[str, float] | str
    by: float = 0.0
    falls: bool = False

    def claims(self, table: Table) -> list[Claim]:
        slopes = np.array(self._slopes(table))
        text = Text(
            en="{measure} {moves} along {axis}, by at least {by:g} {unit} per step of the axis",
            zh="{measure}沿 {axis} {moves}，每单位至少 {by:g} {unit}",
        ).format(
            measure=self.on.label, by=self.by, unit=self.on.difference_unit,
            axis=self._axis(table),
            moves=Text("falls", "下降") if self.falls else Text("rises", "上升"),
        )  # fmt: skip
        return [
            Claim(
                id=f"{self.on.name} {'falls' if self.falls else 'rises'}",
                text=text,
                values=_tuple(-slopes if self.falls else slopes),
                region=(self.by, INFINITY),
                unit=self.on.difference_unit,
            )
        ]

    def _axis(self, table: Table) -> Text:
        arms = [self.along] if isinstance(self.along, str) else list(self.along)
        labels = [table.label(arm) for arm in arms]
        return Text(", ".join(label.en for label in labels), "、".join(label.zh for label in labels))

    def _slopes(self, table: Table) -> list[float]:
        if isinstance(self.along, str):
            followed = table.series(self.along, self.on.name)
            return [math.nan if s is None else _slope(np.array(s.at), np.array(s.values)) for s in followed]
        at = np.array(list(self.along.values()), dtype=float)
        by_seed = np.stack([table.values(arm, self.on.name) for arm in self.along], axis=1)
        return [_slope(at, values) for values in by_seed]


@dataclass(frozen=True)
class Reaches:
    """A measure of one arm reaches `value`: at most it where lower is better, at least it where higher is."""

    arm: str
    on: Measure
    value: float

    def claims(self, table: Table) -> list[Claim]:
        lower_is_better = self.on.better == "lower"
        return [
            Claim(
                id=f"{self.arm} reaches {self.value:g} on {self.on.name}",
                text=Text(
                    en="{arm} reaches {measure} of {bound} {value:g} {unit}",
                    zh="{arm} 的{measure}{bound} {value:g} {unit}",
                ).format(
                    arm=table.label(self.arm),
                    measure=self.on.label,
                    value=self.value,
                    unit=self.on.unit,
                    bound=Text("at most", "不高于") if lower_is_better else Text("at least", "不低于"),
                ),
                values=_tuple(table.values(self.arm, self.on.name)),
                region=(-INFINITY, self.value) if lower_is_better else (self.value, INFINITY),
                unit=self.on.unit,
                bounds=(self.on.low, self.on.high),
            )
        ]


@dataclass(frozen=True)
class Within:
    """A measure of one arm lies between `low` and `high`."""

    arm: str
    on: Measure
    low: float
    high: float

    def claims(self, table: Table) -> list[Claim]:
        return [
            Claim(
                id=f"{self.arm} within {self.low:g} to {self.high:g} on {self.on.name}",
                text=Text(
                    en="{arm} has {measure} between {low:g} and {high:g} {unit}",
                    zh="{arm} 的{measure}在 {low:g} 与 {high:g} {unit}之间",
                ).format(
                    arm=table.label(self.arm), measure=self.on.label, low=self.low, high=self.high, unit=self.on.unit
                ),
                values=_tuple(table.values(self.arm, self.on.name)),
                region=(self.low, self.high),
                unit=self.on.unit,
                bounds=(self.on.low, self.on.high),
            )
        ]


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of a measure over arms is at least `by`, such as a main effect or an interaction.

    `text` says in words what the sum is; weights that sum to nothing make it a comparison.
    """

    weights: Mapping[str, float]
    on: Measure
    by: float
    text: Text

    def claims(self, table: Table) -> list[Claim]:
        by_arm = [weight * table.values(arm, self.on.name) for arm, weight in self.weights.items()]
        return [
            Claim(
                id=f"{self.text.en} on {self.on.name}",
                text=self.text,
                values=_tuple(np.sum(by_arm, axis=0)),
                region=(self.by, INFINITY),
                unit=self.on.difference_unit,
            )
        ]


class All:
    """Every one of several rules holds; one that is refuted refutes the whole."""

    def __init__(self, *rules: Rule):
        self.rules = rules

    def __repr__(self) -> str:
        return f"All{self.rules!r}"

    def claims(self, table: Table) -> list[Claim]:
        return [claim for rule in self.rules for claim in rule.claims(table)]


def _tuple(values: np.ndarray) -> tuple[float, ...]:
    """Plain numbers, rounded below what any measure means, so that equal percentages differ by exactly nothing."""
    return tuple(float(value) for value in np.round(values, 9))


def _difference_bounds(measure: Measure) -> tuple[float, float]:
    width = measure.high - measure.low
    return -width, width


def _slope(at: np.ndarray, values: np.ndarray) -> float:
    """Least-squares slope; NaN where a value is not finite."""
    if not np.isfinite(values).all() or len(values) < 2:
        return math.nan
    centred = at - at.mean()
    return float(centred @ values / (centred @ centred))
