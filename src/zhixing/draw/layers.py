"""Maps of the same points side by side, and a loss over two directions."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from zhixing.core import Language, Text
from zhixing.draw.curves import LEGEND
from zhixing.draw.quantities import number
from zhixing.draw.style import COLOURS, FAINT, INK, SYMBOLS, axis, drawn, folded, label

if TYPE_CHECKING:
    import plotly.graph_objects as go

CLASSES = (*COLOURS[:6], "#332288", "#882255", "#999933", COLOURS[6])
"""Ten colours, four of them Paul Tol's, so that ten digits differ without symbols."""
FILLED = 0.44
"""Half a cell's width, which all but a hundredth of its points stay within."""
CELL = 124
"""Pixels of a cell of small multiples."""


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
    as its cell: sizes of different maps do not compare. A row may be shorter than the others.
    """
    high, wide = len(rows), len(columns)
    cells = [(down, at) for down, row in enumerate(maps) for at in range(len(row))]
    places = np.stack([_fitted(maps[down][at]) + (at, -down) for down, at in cells])
    texts = np.tile(
        [label(word) for word in hover] or [str(place + 1) for place in range(len(colour))], (len(cells), 1)
    )
    colours = np.tile(colour, (len(cells), 1))
    traces = (
        [
            _points(places[colours == kind], texts[colours == kind], name, CLASSES[kind % len(CLASSES)], kind)
            for kind, name in enumerate(names)
        ]
        if names
        else [_points(places.reshape(-1, 2), texts.ravel(), "", colours.ravel().tolist(), 0)]
    )
    rules = [
        *({"x0": at - 0.5, "x1": at - 0.5, "y0": 0.5, "y1": 0.5 - high} for at in range(wide + 1)),
        *({"x0": -0.5, "x1": wide - 0.5, "y0": 0.5 - down, "y1": 0.5 - down} for down in range(high + 1)),
    ]
    across = {"tickvals": list(range(wide)), "ticktext": [folded(each[language], 14, 2) for each in columns]}
    down = {"tickvals": [-place for place in range(high)], "ticktext": [folded(each[language], 12, 2) for each in rows]}
    return drawn(
        traces,
        height=cell * high + 70 + LEGEND * -(-len(names) // 6),
        top=44,
        xaxis=axis("", (-0.5, wide - 0.5), grid=False) | across | {"side": "top", "ticks": ""},
        yaxis=axis("", (0.5 - high, 0.5), grid=False) | down | {"ticks": ""},
        shapes=[{"type": "line", **rule, "line": {"color": FAINT, "width": 1}, "layer": "below"} for rule in rules],
        annotations=[
            {"x": at - 0.48, "y": 0.48 - down, "text": label(said[down][at][language]), "showarrow": False,
             "xanchor": "left", "yanchor": "top", "font": {"size": 11, "color": INK}}
            for down, at in cells
        ],
        showlegend=bool(names),
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": -0.01, "yanchor": "top", "itemsizing": "constant"},
    )  # fmt: skip


def loss_map(
    losses: Float[np.ndarray, "t s"],
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
    ticks = np.linspace(np.nanmin(heights), np.nanmax(heights), 5)
    traces: list[dict[str, Any]] = [
        {
            "type": "contour", "x": list(places[0]), "y": list(places[1]),
            "z": [[None if math.isnan(height) else float(height) for height in row] for row in heights],
            "text": [[f"{loss:.3g}" for loss in row] for row in losses], "hovertemplate": "%{text}<extra></extra>",
            "colorscale": "Viridis", "ncontours": 18, "line": {"width": 0.6, "color": "rgba(255,255,255,0.5)"},
            "colorbar": {
                "title": {"text": folded(z[language], 14, 3), "font": {"size": 12}}, "tickvals": ticks.tolist(),
                "ticktext": [label(number(10**tick)[language]) for tick in ticks], "thickness": 12, "outlinewidth": 0,
            },
        }
    ]  # fmt: skip
    if path is not None:
        traces.append(
            {
                "x": path[:, 0].tolist(), "y": path[:, 1].tolist(), "mode": "lines+markers+text",
                "line": {"color": "#ffffff", "width": 2},
                "marker": {"size": 7, "color": "#ffffff", "line": {"color": INK, "width": 1}},
                "text": [label(moment[language]) for moment in moments], "textposition": "top center",
                "textfont": {"size": 11, "color": "#ffffff"}, "hoverinfo": "text",
            }
        )  # fmt: skip
    spans = [(ends[0], ends[-1]) for ends in places]
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
    marker: dict[str, Any] = {
        "size": 4,
        "opacity": 0.75,
        "color": colour,
        "symbol": SYMBOLS[kind // len(CLASSES) % len(SYMBOLS)],
    }
    if not isinstance(colour, str):
        marker |= {"colorscale": "Viridis", "showscale": True, "colorbar": {"thickness": 12, "outlinewidth": 0}}
    return {
        "mode": "markers",
        "x": np.round(places[:, 0], 3).tolist(),
        "y": np.round(places[:, 1], 3).tolist(),
        "marker": marker,
        "name": folded(name, 20, 1),
        "text": texts.tolist(),
        "hovertemplate": "%{fullData.name}<br>%{text}<extra></extra>",
    }
