"""Figures of a network's inside: lines that have an order, maps side by side, a slice of a loss."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from zhixing.core import Language, Text
from zhixing.draw.curves import HEIGHT, LEGEND, NAMED, Line, grow_by_factors
from zhixing.draw.quantities import number
from zhixing.draw.style import COLOURS, INK, SYMBOLS, axis, drawn, folded, label, padded

if TYPE_CHECKING:
    import plotly.graph_objects as go

SHADES = ((94, 201, 98), (33, 145, 140), (59, 82, 139), (68, 1, 84))
"""Red, green and blue of the first line of an order, of two between, and of the last: the lightest to the darkest."""
CLASSES = (*COLOURS[:6], "#332288", "#882255", "#999933", "#000000")
"""Ten colours, four of them Paul Tol's, so that ten digits differ without symbols."""
FILLED = 0.44
"""Half a cell's width, which all but a hundredth of its points stay within."""
CELL = 124
"""Pixels of a cell of small multiples."""


def shade(place: int, of: int) -> str:
    """The colour of one of so many things that have an order."""
    at = (len(SHADES) - 1) * place / max(1, of - 1)
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
    marks: Sequence[tuple[float, Text]] = (),
    language: Language,
) -> "go.Figure":
    """A line for each of some things that have an order, such as layers or moments: the later, the darker.

    `names` stand at the places 0, 1, 2, ... of the horizontal axis instead of numbers. `marks` are heights with a dotted
    line and a word. Values that are not finite are gaps, on a logarithmic axis also those that are not above 0.
    """
    points = [(float(a), float(b)) for _, (xs, ys) in lines for a, b in zip(xs, ys, strict=True) if math.isfinite(b)]
    places, values = [a for a, _ in points], [b for _, b in points if b > 0 or not log_y]
    log_x = not names and grow_by_factors([place for place in places if place > 0])
    if log_x:
        places = [place for place in places if place > 0]
    across = axis(x[language], padded(places, log=log_x, below=0.02, above=0.03), log=log_x, grid=False)
    if names:
        across |= {"tickvals": list(range(len(names))), "ticktext": [folded(name[language], 12, 2) for name in names]}
    elif len(few := sorted(set(places))) <= NAMED:
        across |= {"tickvals": few, "ticktext": [number(place)[language] for place in few]}
    span = padded([*values, *(height for height, _ in marks)], log=log_y)
    traces = [
        {
            "x": list(xs),
            "y": [value if math.isfinite(value) and (value > 0 or not log_y) else None for value in ys],
            "mode": "lines+markers",
            "line": {"color": shade(place, len(lines)), "width": 2},
            "marker": {"symbol": SYMBOLS[place % len(SYMBOLS)], "size": 5},
            "name": folded(name[language], 28, 1),
            "meta": label(x[language]),
            "hovertemplate": "%{fullData.name}<br>%{meta} %{x}: %{y:.3~g}<extra></extra>",
        }
        for place, (name, (xs, ys)) in enumerate(lines)
    ]
    rules = [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": height,
            "y1": height,
            "line": {"dash": "dot", "color": INK},
        }
        for height, _ in marks
    ]
    words = [
        {"xref": "paper", "x": 1, "y": math.log10(height) if log_y else height, "text": label(word[language]), "showarrow": False,
         "xanchor": "right", "yanchor": "bottom", "font": {"size": 12, "color": INK}}
        for height, word in marks
    ]  # fmt: skip
    return drawn(
        traces,
        height=HEIGHT + LEGEND * max(0, -(-len(lines) // 4) - 1),
        top=24,
        xaxis=across,
        yaxis=axis(y[language], span, log=log_y),
        shapes=rules,
        annotations=words,
        showlegend=len(lines) > 1,
    )


def small_multiples(
    maps: Sequence[Sequence[Float[np.ndarray, "n 2"]]],
    *,
    rows: Sequence[Text],
    columns: Sequence[Text],
    said: Sequence[Sequence[Text]],
    colour: Int[np.ndarray, " n"] | Float[np.ndarray, " n"],
    names: Sequence[str] = (),
    hover: Sequence[str] = (),
    cell: int = CELL,
    language: Language,
) -> "go.Figure":
    """Maps of the same points side by side, a few words `said` in the corner of each; a click on a class hides it in all.

    Points are coloured by class, of which `names` are the names, or by amount where there are none. Each map is as large
    as its cell: sizes of different maps do not compare.
    """
    high, wide = len(rows), len(columns)
    places = np.stack([_fitted(each) + (at, -down) for down, row in enumerate(maps) for at, each in enumerate(row)])
    texts = [[label(word) for word in hover] or [str(place + 1) for place in range(len(colour))]] * (high * wide)
    colours = np.tile(colour, (high * wide, 1))
    traces = (
        [
            _points(places[colours == kind], np.array(texts)[colours == kind], name, CLASSES[kind % len(CLASSES)], kind)
            for kind, name in enumerate(names)
        ]
        if names
        else [_points(places.reshape(-1, 2), np.array(texts).ravel(), "", colours.ravel().tolist(), 0)]
    )
    corners = [
        {"x": at - 0.48, "y": -down + 0.48, "text": label(said[down][at][language]), "showarrow": False,
         "xanchor": "left", "yanchor": "top", "font": {"size": 11, "color": INK}, "bgcolor": "rgba(255,255,255,0.7)"}
        for down in range(high) for at in range(wide)
    ]  # fmt: skip
    rules = [
        *({"type": "line", "x0": at - 0.5, "x1": at - 0.5, "y0": 0.5, "y1": 0.5 - high} for at in range(wide + 1)),
        *(
            {"type": "line", "x0": -0.5, "x1": wide - 0.5, "y0": 0.5 - down, "y1": 0.5 - down}
            for down in range(high + 1)
        ),
    ]
    across = axis("", (-0.5, wide - 0.5), grid=False) | {
        "tickvals": list(range(wide)), "ticktext": [folded(each[language], 16, 2) for each in columns], "side": "top",
        "ticks": "",
    }  # fmt: skip
    down = axis("", (0.5 - high, 0.5), grid=False) | {
        "tickvals": [-place for place in range(high)], "ticktext": [folded(each[language], 12, 2) for each in rows],
        "ticks": "",
    }  # fmt: skip
    legend_rows = -(-len(names) // 6)
    return drawn(
        traces,
        height=cell * high + 60 + LEGEND * legend_rows,
        top=40,
        xaxis=across,
        yaxis=down,
        shapes=[{**rule, "line": {"color": "rgba(128,128,128,0.35)", "width": 1}, "layer": "below"} for rule in rules],
        annotations=corners,
        showlegend=bool(names),
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": -0.01, "yanchor": "top", "itemsizing": "constant"},
    )


def loss_map(
    losses: Float[np.ndarray, "s s"],
    places: tuple[Sequence[float], Sequence[float]],
    *,
    x: Text,
    y: Text,
    z: Text,
    path: Float[np.ndarray, "moments 2"] | None = None,
    moments: Sequence[Text] = (),
    language: Language,
) -> "go.Figure":
    """Heights of a loss over two directions, dark where it is low; the path that led to its end, if there is one."""
    with np.errstate(invalid="ignore", divide="ignore"):
        heights = np.log10(np.where(np.isfinite(losses) & (losses > 0), losses, np.nan))
    text = np.where(np.isfinite(losses), np.vectorize(lambda value: f"{value:.3g}")(losses), "")
    low, high = float(np.nanmin(heights)), float(np.nanmax(heights))
    ticks = np.linspace(low, high, 5)
    ground = {
        "type": "contour", "x": list(places[0]), "y": list(places[1]), "z": [[None if math.isnan(v) else float(v) for v in row] for row in heights],
        "text": text.tolist(), "hovertemplate": "%{text}<extra></extra>", "colorscale": "Viridis", "ncontours": 18,
        "line": {"width": 0.6, "color": "rgba(255,255,255,0.5)"},
        "colorbar": {"title": {"text": folded(z[language], 14, 3), "font": {"size": 12}}, "tickvals": ticks.tolist(),
                     "ticktext": [label(number(10**tick)[language]) for tick in ticks], "thickness": 12, "outlinewidth": 0},
    }  # fmt: skip
    traces: list[dict[str, Any]] = [ground]
    if path is not None:
        traces.append(
            {"x": path[:, 0].tolist(), "y": path[:, 1].tolist(), "mode": "lines+markers+text", "line": {"color": "#ffffff", "width": 2},
             "marker": {"size": 7, "color": "#ffffff", "line": {"color": INK, "width": 1}},
             "text": [label(moment[language]) for moment in moments], "textposition": "top center",
             "textfont": {"size": 11, "color": "#ffffff"}, "hoverinfo": "text"}
        )  # fmt: skip
    spans = [(places[0][0], places[0][-1]), (places[1][0], places[1][-1])]
    across, up = (axis(word[language], span, grid=False) for word, span in zip((x, y), spans, strict=True))
    return drawn(traces, height=440, showlegend=False, xaxis=across, yaxis=up)


def _fitted(places: np.ndarray) -> np.ndarray:
    """Places around 0 that fill a cell, both coordinates on one scale."""
    middle = (places.max(axis=0) + places.min(axis=0)) / 2
    sizes = np.abs(places - middle).max(axis=1)
    fitted: np.ndarray = np.clip((places - middle) * FILLED / max(float(np.quantile(sizes, 0.99)), 1e-12), -0.49, 0.49)
    return fitted


def _points(places: np.ndarray, texts: np.ndarray, name: str, colour: str | list[float], kind: int) -> dict[str, Any]:
    """One class in all cells."""
    marker = {"size": 4, "opacity": 0.75, "color": colour, "symbol": SYMBOLS[kind // len(CLASSES) % len(SYMBOLS)]}
    if not isinstance(colour, str):
        marker |= {"colorscale": "Viridis", "showscale": True, "colorbar": {"thickness": 12, "outlinewidth": 0}}
    return {
        "type": "scattergl", "mode": "markers", "x": np.round(places[:, 0], 3).tolist(), "y": np.round(places[:, 1], 3).tolist(),
        "marker": marker, "name": folded(name, 20, 1), "text": texts.tolist(),
        "hovertemplate": "%{fullData.name}<br>%{text}<extra></extra>",
    }  # fmt: skip
