"""What columns do to answers: bars with intervals, lines of partial dependence, and a table of what is taken for what."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.core import Language, Text
from zhixing.draw.style import FAINT, GREY, INK, axis, colour, drawn, faded, folded, label, padded

if TYPE_CHECKING:
    import plotly.graph_objects as go

BAR, PANEL = 30, 230
"""Pixels that one bar and one row of panels take."""
ACROSS = 3
"""Panels side by side."""
THIN = 40
"""Individual lines that are drawn of a panel, about."""


@dataclass(frozen=True)
class Bar:
    """One quantity with its interval."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Response:
    """How one number moves along values."""

    name: str
    at: Sequence[Any]
    lines: np.ndarray
    """(n, places): a line for each row; the mean is drawn over them."""
    words: bool = False
    """The values have no order: dots stand in for lines."""


def bars(items: Sequence[Bar], *, title: Text, language: Language) -> "go.Figure":
    """A bar with a whisker for each item, the first on top."""
    span = padded([end for item in items for end in (item.low, item.high, 0.0)]) or (0.0, 1.0)
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [item.value for item in items],
        "y": list(range(len(items))),
        "marker": {"color": colour(0)},
        "error_x": {
            "type": "data", "symmetric": False, "color": INK, "thickness": 1.2, "width": 4,
            "array": [item.high - item.value for item in items],
            "arrayminus": [item.value - item.low for item in items],
        },
        "text": [f"{label(item.name)}: {item.value:.3g} [{item.low:.3g}, {item.high:.3g}]" for item in items],
        "textposition": "none",
        "hoverinfo": "text",
    }  # fmt: skip
    names = {
        "tickvals": list(range(len(items))), "ticktext": [folded(item.name, 24, 2) for item in items],
        "tickfont": {"size": 13, "color": INK}, "ticks": "",
    }  # fmt: skip
    return drawn(
        [trace],
        height=BAR * len(items) + 76,
        showlegend=False,
        bargap=0.35,
        xaxis=axis(title[language], span) | {"zeroline": True, "zerolinecolor": GREY},
        yaxis=axis("", (len(items) - 0.5, -0.5), grid=False) | names,
    )


def responses(items: Sequence[Response], *, y: Text, language: Language) -> "go.Figure":
    """A panel for each item on one scale: some of its lines thin, their mean bold; words stand side by side as dots."""
    means = [item.lines.mean(axis=0) for item in items]
    shown = [_some(item.lines) for item in items]
    span = padded([float(value) for lines in shown for value in lines.ravel()]) or (0.0, 1.0)
    down = -(-len(items) // ACROSS)
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {}
    for place, (item, mean, lines) in enumerate(zip(items, means, shown, strict=True)):
        row, column = divmod(place, ACROSS)
        suffix = "" if place == 0 else str(place + 1)
        words, at = item.words, list(range(len(item.at))) if item.words else list(item.at)
        on = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        traces += [_thin(at, lines, words) | on, _bold(at, item, mean, words) | on]
        left, top = column / ACROSS, 1 - row / down
        across = axis(item.name, None, grid=False) | {
            "domain": [left + 0.02, left + 1 / ACROSS - 0.03], "anchor": f"y{suffix}", "nticks": 4,
        }  # fmt: skip
        across["title"] = {**across["title"], "font": {"size": 13, "color": INK}, "standoff": 4}
        if words:
            across |= {"tickvals": at, "ticktext": [folded(str(value), 12, 1) for value in item.at], "tickangle": -35}
            across["range"] = [-0.5, len(at) - 0.5]
        up = axis(y[language] if column == 0 else "", span) | {
            "domain": [top - 1 / down + 0.32 / down, top - 0.03 / down], "anchor": f"x{suffix}", "nticks": 5,
            "showticklabels": column == 0,
        }  # fmt: skip
        layout |= {f"xaxis{suffix}": across, f"yaxis{suffix}": up}
    return drawn(traces, height=PANEL * down + 30, showlegend=False, **layout)


def _some(lines: np.ndarray) -> np.ndarray:
    """About THIN of the lines, evenly among them in the order of their ends."""
    order = np.argsort(lines.mean(axis=1), kind="stable")
    return lines[order[:: max(1, len(lines) // THIN)]]


def _thin(at: list[Any], lines: np.ndarray, words: bool) -> dict[str, Any]:
    x = [place for _ in lines for place in (*at, None)]
    y = [value for line in lines for value in (*line.tolist(), None)]
    look = (
        {"mode": "markers", "marker": {"color": faded(0, 0.15), "size": 5}}
        if words
        else {"mode": "lines", "line": {"color": FAINT, "width": 1}}
    )
    return {"x": x, "y": y, "hoverinfo": "skip", **look}


def _bold(at: list[Any], item: Response, mean: np.ndarray, words: bool) -> dict[str, Any]:
    dash = {"color": colour(0), "size": 11, "symbol": "line-ew", "line": {"width": 4, "color": colour(0)}}
    look = {"mode": "markers", "marker": dash} if words else {"mode": "lines", "line": {"color": colour(0), "width": 3}}
    said = [f"{label(item.name)} = {label(str(value))}: {told:.3g}" for value, told in zip(item.at, mean, strict=True)]
    return {"x": at, "y": mean.tolist(), "text": said, "hoverinfo": "text", **look}


def taken(counts: np.ndarray, names: Sequence[str], *, language: Language) -> "go.Figure":
    """Rows by what they are and what they are taken for: mistakes in orange by their share of the class, the rest grey."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    wrong = np.where(np.eye(len(counts), dtype=bool), np.nan, shares)
    right, short = np.where(np.eye(len(counts), dtype=bool), shares, np.nan), [folded(name, 14, 1) for name in names]
    is_, for_ = Text("true class", "真实类别"), Text("taken for", "被当作")
    says = [
        [f"{label(one)} → {label(other)}: {counts[i, j]} ({shares[i, j]:.1%})" for j, other in enumerate(names)]
        for i, one in enumerate(names)
    ]
    most = float(np.nanmax(wrong)) if np.isfinite(wrong).any() else 0.0
    both = {"type": "heatmap", "showscale": False, "text": says, "hoverinfo": "text", "xgap": 1, "ygap": 1}
    traces = [
        {**both, "z": _holed(wrong), "zmin": 0, "zmax": most or 1.0, "colorscale": [[0, "#ffffff"], [1, colour(1)]]},
        {**both, "z": _holed(right), "zmin": 0, "zmax": 1, "colorscale": [[0, "#ffffff"], [1, "#a8adb3"]]},
    ]
    size = max(20, min(44, 560 // len(names)))
    numbers = [
        {"x": j, "y": i, "text": str(counts[i, j]), "showarrow": False, "font": {"size": 11, "color": INK}}
        for i in range(len(names)) for j in range(len(names)) if counts[i, j] and size >= 24
    ]  # fmt: skip
    ticks = {"tickvals": list(range(len(names))), "ticktext": short, "showgrid": False, "ticks": ""}
    return drawn(
        traces,
        height=size * len(names) + 110,
        annotations=numbers,
        xaxis=axis(for_[language], (-0.5, len(names) - 0.5), grid=False)
        | ticks
        | {"constrain": "domain", "side": "bottom"},
        yaxis=axis(is_[language], (len(names) - 0.5, -0.5), grid=False)
        | ticks
        | {"scaleanchor": "x", "constrain": "domain"},
    )


def _holed(values: np.ndarray) -> list[list[float | None]]:
    """Numbers as JSON holds them: what is not there is null."""
    return [[None if np.isnan(value) else float(value) for value in row] for row in values]


def against(true: np.ndarray, told: np.ndarray, *, language: Language) -> "go.Figure":
    """A dot for each row at what was true and what was told, and the line on which both are the same."""
    span = padded([*true.tolist(), *told.tolist()]) or (0.0, 1.0)
    dots = {
        "x": true.tolist(), "y": told.tolist(), "mode": "markers", "marker": {"color": faded(0, 0.45), "size": 6},
        "text": [f"{one:.4g} → {other:.4g}" for one, other in zip(true, told, strict=True)], "hoverinfo": "text",
    }  # fmt: skip
    line = {
        "x": list(span),
        "y": list(span),
        "mode": "lines",
        "line": {"color": GREY, "width": 1.5},
        "hoverinfo": "skip",
    }
    return drawn(
        [line, dots],
        height=440,
        showlegend=False,
        xaxis=axis(Text("true", "真实值")[language], span),
        yaxis=axis(Text("told", "预测值")[language], span),
    )


def attended(weights: np.ndarray, names: Sequence[str], *, language: Language) -> "go.Figure":
    """How much each word (a row) attends to each other (a column), weights (t, t) from 0 to 1."""
    short, places = [folded(name, 12, 1) for name in names], list(range(len(names)))
    says = [
        [f"{label(one)} → {label(other)}: {weights[i, j]:.2f}" for j, other in enumerate(names)]
        for i, one in enumerate(names)
    ]
    trace = {
        "type": "heatmap", "z": weights.tolist(), "zmin": 0, "zmax": float(weights.max()), "showscale": False,
        "colorscale": [[0, "#ffffff"], [1, colour(0)]], "text": says, "hoverinfo": "text",
    }  # fmt: skip
    ticks = {
        "tickvals": places,
        "ticktext": short,
        "tickfont": {"size": 11, "color": INK},
        "ticks": "",
        "showgrid": False,
    }
    ends, size = (-0.5, len(names) - 0.5), max(14, min(30, 560 // len(names)))
    across = axis(Text("attended to", "被注意的词")[language], ends, grid=False) | ticks | {"tickangle": -60}
    up = axis(Text("attends", "注意的词")[language], ends[::-1], grid=False) | ticks
    return drawn([trace], height=size * len(names) + 120, xaxis=across, yaxis=up)
