"""What a measure is: how to take it, and what its numbers mean to a reader, to a verdict rule and to a figure."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from zhixing.core import Series, Text

PER_CENT = Text("%", "%")
POINTS = Text("percentage points", "个百分点")


@dataclass(frozen=True, eq=False, kw_only=True)
class Measure:
    """A function that measures, with its description; made of a function of a module by `measure`.

    It can be a setting of a spec and be sent to another process: both go by its name, as for the function.
    """

    function: Callable[..., float | Series]
    label: Text
    unit: Text
    difference_unit: Text
    """The unit of a difference of two values: percentage points, where the unit is per cent."""
    better: Literal["lower", "higher"] | None
    """None where neither direction is better, as for a mechanism."""
    low: float
    high: float
    """The closed interval that values cannot leave, infinite where there is no end."""
    axis: Text | None
    """Label of the axis where the function returns a Series; None where it returns a number."""
    log: bool
    """Drawn on a logarithmic scale."""
    part: Literal["train", "held-out", "both"]
    """Which examples of a supervised trial it is given; both are inputs and targets of one, then of the other."""
    when: Literal["initialisation", "on the way", "end"]
    """When a supervised trial takes it: before the first step, after the last, or now and then, as a Series."""

    def __post_init__(self) -> None:
        for name in ("__module__", "__qualname__", "__doc__"):
            object.__setattr__(self, name, getattr(self.function, name))

    @property
    def name(self) -> str:
        """The function's name: the key under which a trial returns the value."""
        return self.function.__name__

    def __call__(self, *arguments: Any) -> float | Series:
        return self.function(*arguments)

    def __repr__(self) -> str:
        return f"{self.function.__module__}.{self.function.__qualname__}"

    def __reduce__(self) -> str:
        return self.function.__qualname__


def measure(
    *,
    label: Text,
    unit: Text,
    difference_unit: Text | None = None,
    better: Literal["lower", "higher"] | None = None,
    low: float = -math.inf,
    high: float = math.inf,
    axis: Text | None = None,
    log: bool = False,
    part: Literal["train", "held-out", "both"] = "held-out",
    when: Literal["initialisation", "on the way", "end"] = "end",
) -> Callable[[Callable[..., float | Series]], Measure]:
    """Makes a Measure of the function below it; see Measure for the fields. `difference_unit` is else `unit`."""

    def described(function: Callable[..., float | Series]) -> Measure:
        return Measure(
            function=function,
            label=label,
            unit=unit,
            difference_unit=unit if difference_unit is None else difference_unit,
            better=better,
            low=low,
            high=high,
            axis=axis,
            log=log,
            part=part,
            when=when,
        )

    return described
