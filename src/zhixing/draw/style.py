"""How figures look: the colours of Okabe and Ito, quiet axes, and labels that cannot carry markup.

A figure is drawn for a light page. A dark page repaints text and rules by style sheet, and the semi-transparent
greys and shades serve both.
"""

import html
import math
import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zhixing.draw.quantities import Number, number

if TYPE_CHECKING:
    import plotly.graph_objects as go

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F")
"""Okabe and Ito 2008: told apart by readers with any of the usual kinds of colour blindness."""
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "pentagon")
"""Five against seven colours, so that 35 arms differ before a pair repeats."""
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", sans-serif'
INK, SOFT, RULE = "#1f2328", "#59636e", "#dde1e5"
GREY, FAINT = "#808080", "rgba(128,128,128,0.35)"
SHADE = "rgba(0,114,178,0.12)"

_PIECE = re.compile(r"[\u2e80-\uffef]\s*|[^\s\u2e80-\uffef]{1,14}\s*|\s+")
"""What a line may not be broken within: a Chinese character, or a word that is not overlong."""

Range = tuple[Number, Number]


def colour(index: int) -> str:
    """The colour of the arm at this place; the same in every figure."""
    return COLOURS[index % len(COLOURS)]


def faded(index: int, opacity: float) -> str:
    """The arm's colour, see-through."""
    red, green, blue = (int(colour(index)[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def label(text: str) -> str:
    """The text as Plotly draws it verbatim: Plotly reads HTML tags and entities in labels."""
    return html.escape(" ".join(text.split()), quote=False)


def folded(text: str, width: int, lines: int) -> str:
    """A label of at most so many lines, each about as wide as `width` Latin letters, so that a phone can hold it.

    Chinese may break after any character; it counts double.
    """
    rows = [""]
    for piece in re.findall(_PIECE, " ".join(text.split())):
        if columns_of(rows[-1] + piece.rstrip()) > width and rows[-1]:
            rows.append("")
        rows[-1] += piece.lstrip() if not rows[-1] else piece
    if len(rows) > lines:
        rows = [*rows[: lines - 1], rows[lines - 1].rstrip() + "…"]
    return "<br>".join(html.escape(row.rstrip(), quote=False) for row in rows)


def columns_of(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def drawn(traces: Sequence[dict[str, Any]], *, height: int, top: int = 16, **layout: Any) -> "go.Figure":
    """The figure of these scatter traces in the house style, as wide as its page."""
    import plotly.graph_objects as go

    house = {
        "template": {},
        "height": height,
        "margin": {"l": 8, "r": 12, "t": top, "b": 8},
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": RULE, "font": {"color": INK, "family": FONT}},
        "legend": {
            "orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom",
            "itemdoubleclick": False, "font": {"size": 13},
        },
        "uirevision": "kept",
    }  # fmt: skip
    return go.Figure({"data": [{"type": "scatter", **trace} for trace in traces], "layout": {**house, **layout}})


def axis(title: str, span: Range | None, *, log: bool = False, grid: bool = True, zero: bool = False) -> dict[str, Any]:
    """An axis over the span, given in its own values; `zero` marks a log axis whose lowest tick stands for zero."""
    settings: dict[str, Any] = {
        "title": {"text": folded(title, 40, 2), "font": {"size": 13, "color": SOFT}, "standoff": 10},
        "showgrid": grid, "gridcolor": RULE, "zeroline": False, "automargin": True, "fixedrange": True,
        "ticks": "" if grid else "outside", "tickcolor": RULE, "ticklen": 4, "tickfont": {"size": 12, "color": SOFT},
        "exponentformat": "power", "nticks": 7,
    }  # fmt: skip
    if span is None:
        return settings
    if not log:
        return settings | {"range": list(span)}
    ticks = _log_ticks(*span)
    words = [label(number(tick).en) for tick in ticks]
    if zero:
        ticks, words = [span[0], *ticks[1:]], ["0", *words[1:]]
    return settings | {
        "type": "log", "range": [math.log10(end) for end in span], "tickvals": ticks, "ticktext": words,
    }  # fmt: skip


def padded(values: Sequence[float], *, log: bool = False, below: float = 0.06, above: float = 0.06) -> Range | None:
    """The span of the finite values with a margin on each side, in parts of it; None where there is none."""
    finite = [v for v in values if math.isfinite(v) and (v > 0 or not log)]
    if not finite:
        return None
    ends = [math.log10(v) if log else v for v in (min(finite), max(finite))]
    width = (ends[1] - ends[0]) or (0.3 if log else abs(ends[0]) * 0.2 or 1.0)
    low, high = ends[0] - below * width, ends[1] + above * width
    return (10**low, 10**high) if log else (low, high)


def _log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten in the span, thinned to seven or joined by twos and fives when they are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = [p for p in range(first, last + 1) if low <= 10.0**p <= high]
    if len(powers) >= 3:
        step = -(-len(powers) // 7)
        return [10.0**p for p in powers[::step]]
    fine = [m * 10.0**p for p in range(first - 1, last + 1) for m in (1, 2, 5)]
    return [tick for tick in fine if low <= tick <= high]
