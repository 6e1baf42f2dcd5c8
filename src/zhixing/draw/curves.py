"""Lines along an axis: every seed thin, the median bold; for learning curves and for mechanisms."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from zhixing.core import Language, Text
from zhixing.draw.quantities import failures, number
from zhixing.draw.style import SYMBOLS, Range, axis, colour, drawn, faded, folded, label, padded

if TYPE_CHECKING:
    import plotly.graph_objects as go

Line = tuple[Sequence[float], Sequence[float]]
"""Places and values. A line whose last value is NaN broke off there; one without points failed before its first."""

HEIGHT, LEGEND = 380, 20
"""Pixels of a figure whose legend has four entries, and of each further entry."""
_BROKEN = Text(" ({failed})", "（{failed}）")
NAMED = 8
"""So many places, or fewer, are the ticks of the horizontal axis."""
MARKED = 30
"""A median of at most so many points carries symbols."""


def curves(
    groups: Sequence[tuple[Text, Sequence[Line]]],
    *,
    x: Text,
    y: Text,
    log_y: bool = False,
    language: Language,
) -> "go.Figure":
    """Every line of every group thin, and per group the median, where at least half of its lines have a value.

    A group keeps the colour of its place, also where it has no lines. The horizontal axis is logarithmic where the
    places grow by factors; `log_y` holds where no value is below zero, and zeros then lie at the foot of the axis.
    """
    values = _finite(v for _, lines in groups for _, ys in lines for v in ys)
    places = _finite(v for _, lines in groups for xs, _ in lines for v in xs)
    log_x = grow_by_factors(places)
    log_y = log_y and bool(values) and min(values) >= 0 < max(values)
    span, floor = _span(values, log_y)
    across = axis(x[language], padded(places, log=log_x, below=0.02, above=0.03), log=log_x, grid=False)
    if len(few := sorted(set(places))) <= NAMED:
        across |= {"tickvals": few, "ticktext": [number(place)[language] for place in few]}
    traces = [
        {**trace, "legendgroup": f"arm{index}", "meta": label(x[language])}
        for index, (name, lines) in enumerate(groups)
        for trace in _arm(index, _legend(name, lines, language), [_raised(line, floor) for line in lines])
    ]
    up = axis(y[language], span, log=log_y, zero=floor is not None)
    return drawn(traces, height=HEIGHT + LEGEND * max(0, len(groups) - 4), top=24, xaxis=across, yaxis=up)


def thinned(line: Line, points: int = 150) -> Line:
    """The line in at most so many points, each the mean of equally many neighbours."""
    xs, ys = line
    step = -(-len(xs) // points)
    if step <= 1:
        return line

    def means(values: Sequence[float]) -> list[float]:
        parts = [values[i : i + step] for i in range(0, len(values), step)]
        return [float(f"{sum(part) / len(part):.5g}") for part in parts]

    return means(xs), means(ys)


def grow_by_factors(values: Sequence[float]) -> bool:
    """Whether positive values spread over factors rather than over sums, such as 1, 2, 4, ..., 1024."""
    return bool(values) and min(values) > 0 and max(values) >= 50 * min(values) and median(values) < max(values) / 5


def _arm(index: int, name: str, lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The thin lines of one arm, its median, and a cross where a line broke off."""
    if not lines:
        return []
    x: list[float | None] = []
    y: list[float | None] = []
    for xs, ys in lines:
        x += [*xs, None]
        y += [v if math.isfinite(v) else None for v in ys] + [None]
    silent = {"hoverinfo": "skip", "showlegend": False}
    thin = {"x": x, "y": y, "mode": "lines", "line": {"color": faded(index, 0.35), "width": 1}, **silent}
    at, middle = _medians(lines)
    bold = {
        "x": at,
        "y": middle,
        "mode": "lines+markers" if len(at) <= MARKED else "lines",
        "line": {"color": colour(index), "width": 2.75},
        "marker": {"symbol": SYMBOLS[index % len(SYMBOLS)], "size": 7},
        "name": name,
        "hovertemplate": "%{fullData.name}<br>%{meta} %{x:,}: %{y:.3~g}<extra></extra>",
    }
    ends = [end for end in map(_end, lines) if end]
    crosses = {
        "x": [place for place, _ in ends],
        "y": [value for _, value in ends],
        "mode": "markers",
        "marker": {"symbol": "x-thin", "size": 11, "line": {"color": colour(index), "width": 3}},
        "cliponaxis": False,
        **silent,
    }
    return [thin, bold, crosses] if ends else [thin, bold]


def _medians(lines: Sequence[Line]) -> tuple[list[float], list[float]]:
    """The median at each place, where at least half of all lines, failed ones included, have a value."""
    found: defaultdict[float, list[float]] = defaultdict(list)
    for xs, ys in lines:
        for place, value in zip(xs, ys, strict=True):
            if math.isfinite(value):
                found[place].append(value)
    places = [place for place in sorted(found) if 2 * len(found[place]) >= len(lines)]
    return places, [median(found[place]) for place in places]


def _legend(name: Text, lines: Sequence[Line], language: Language) -> str:
    lost = sum(not len(xs) or not math.isfinite(ys[-1]) for xs, ys in lines)
    return folded(name[language], 28, 1) + (_BROKEN.format(failed=failures(lost))[language] if lost else "")


def _end(line: Line) -> tuple[float, float] | None:
    """Where a line broke off: its last point that has a value; None for a whole line and for one without points."""
    if not len(line[1]) or math.isfinite(line[1][-1]):
        return None
    return next(((x, y) for x, y in zip(reversed(line[0]), reversed(line[1]), strict=True) if math.isfinite(y)), None)


def _span(values: Sequence[float], log: bool) -> tuple[Range | None, float | None]:
    """The vertical span, and on a logarithmic axis that must show zeros the place where they lie."""
    if not log or min(values) > 0:
        return padded(values, log=log), None
    floor = 10.0 ** (math.floor(math.log10(min(v for v in values if v > 0))) - 1)
    span = padded([floor, *values], log=True, below=0.0)
    return span, floor


def _raised(line: Line, floor: float | None) -> Line:
    """The line with its zeros lifted to the floor of a logarithmic axis."""
    return line if floor is None else (line[0], [floor if v == 0 else v for v in line[1]])


def _finite(values: Iterable[float]) -> list[float]:
    return [v for v in values if math.isfinite(v)]
