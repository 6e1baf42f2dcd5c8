"""Lines of things that have an order, such as layers or moments: the later, the darker."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zhixing.core import Language, Text
from zhixing.draw.curves import HEIGHT, LEGEND, NAMED, Line, grow_by_factors
from zhixing.draw.quantities import number
from zhixing.draw.style import INK, SYMBOLS, Range, axis, drawn, folded, label, padded

if TYPE_CHECKING:
    import plotly.graph_objects as go

SHADES = ((94, 201, 98), (33, 145, 140), (59, 82, 139), (94, 60, 153))
"""Red, green and blue of the first of an order, of two between, and of the last: the lightest to the darkest."""


def shade(place: int, of: int) -> str:
    """The colour of one of so many things that have an order; of a single one the darkest."""
    at = (len(SHADES) - 1) * (place / (of - 1) if of > 1 else 1)
    below = min(int(at), len(SHADES) - 2)
    mixed = [round(a + (at - below) * (b - a)) for a, b in zip(SHADES[below], SHADES[below + 1], strict=True)]
    return "#" + "".join(f"{part:02x}" for part in mixed)


def ordered_lines(
    lines: Sequence[tuple[Text, Line]],
    *,
    x: Text,
    y: Text,
    names: Sequence[Text] = (),
    log_y: bool = False,
    ends: Range | None = None,
    marks: Sequence[tuple[float, Text]] = (),
    language: Language,
) -> "go.Figure":
    """A line for each, the later, the darker.

    `names` stand at the places 0, 1, 2, ... of the horizontal axis instead of numbers. `ends` are those of the vertical
    one. `marks` are heights with a dotted line and a word. Values that are not finite are gaps, on a logarithmic axis also
    those that are not above 0.
    """
    drawn_lines = [(name, (list(xs), [_value(value, log_y) for value in ys])) for name, (xs, ys) in lines]
    values = [value for _, (_, ys) in drawn_lines for value in ys if value is not None]
    span = ends or padded([*values, *(height for height, _ in marks)], log=log_y)
    return drawn(
        [_trace(name, line, at, len(lines), x, language) for at, (name, line) in enumerate(drawn_lines)],
        height=HEIGHT + LEGEND * max(0, -(-len(lines) // 4) - 1),
        top=24,
        xaxis=_across([float(place) for _, (xs, _) in lines for place in xs], x, names, language),
        yaxis=axis(y[language], span, log=log_y),
        shapes=[
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height, "line": {"dash": "dot", "color": INK}}
            for height, _ in marks
        ],
        annotations=[
            {"xref": "paper", "x": 1, "y": math.log10(height) if log_y else height, "text": label(word[language]),
             "showarrow": False, "xanchor": "right", "yanchor": "bottom", "font": {"size": 12, "color": INK}}
            for height, word in marks
        ],
        showlegend=len(lines) > 1,
    )  # fmt: skip


def _value(value: float, log: bool) -> float | None:
    return value if math.isfinite(value) and (value > 0 or not log) else None


def _across(places: list[float], title: Text, names: Sequence[Text], language: Language) -> dict[str, Any]:
    """The horizontal axis: logarithmic where places above 0 grow by factors."""
    log = not names and grow_by_factors(places)
    across = axis(title[language], padded(places, log=log, below=0.02, above=0.03), log=log, grid=False)
    if names:
        across |= {"tickvals": list(range(len(names))), "ticktext": [folded(name[language], 12, 2) for name in names]}
    elif len(few := sorted(set(places))) <= NAMED:
        across |= {"tickvals": few, "ticktext": [number(place)[language] for place in few]}
    return across


def _trace(
    name: Text, line: tuple[list[float], list[float | None]], at: int, of: int, across: Text, language: Language
) -> dict[str, Any]:
    return {
        "x": line[0],
        "y": line[1],
        "mode": "lines+markers",
        "line": {"color": shade(at, of), "width": 2},
        "marker": {"symbol": SYMBOLS[at % len(SYMBOLS)], "size": 5},
        "name": folded(name[language], 28, 1),
        "meta": label(across[language]),
        "hovertemplate": "%{fullData.name}<br>%{meta} %{x}: %{y:.3~g}<extra></extra>",
    }
