"""Maps: rows as points, coloured by class or amount, with what each row is under the pointer; and biplots of columns.

Many points go to the graphics card (WebGL) as packed float32, so that a page of 70,000 of them stays small and usable.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.core import Language, Text
from zhixing.draw.style import FAINT, INK, RULE, SOFT, SYMBOLS, axis, colour, drawn, folded, label

if TYPE_CHECKING:
    import plotly.graph_objects as go

HEIGHT = 440
MANY = 4_000
"""Points of a figure from which on the graphics card draws them."""
THREE = 3
"""Maps side by side where one is coloured by several columns."""
GAP = 0.04
"""Part of the width between two panels."""
SCALE = ((0.0, "#00224e"), (0.25, "#434e6c"), (0.5, "#7d7c78"), (0.75, "#bcae6c"), (1.0, "#fee838"))
"""From dark blue to yellow (Nuñez et al. 2018): told apart by readers with any of the usual kinds of colour blindness."""


@dataclass(frozen=True, eq=False)
class MapPanel:
    """One map of a figure."""

    title: Text
    places: np.ndarray
    """(n, 2), the same rows in every panel."""
    axes: tuple[Text, Text] | None = None
    """What the coordinates are; None where they mean nothing, so that no ticks are drawn."""


@dataclass(frozen=True, eq=False)
class Colouring:
    """What colours mean: `values` (n,) are whole numbers of `names`, -1 for none of them, or amounts where names are empty."""

    title: Text
    values: np.ndarray
    names: tuple[Text, ...] = ()


def map_panels(
    maps: Sequence[MapPanel],
    colouring: Colouring,
    *,
    hover: Sequence[str],
    pictures: Sequence[str] = (),
    language: Language,
) -> "go.Figure":
    """Maps of the same n rows side by side.

    `hover` (n,) says what each row is, and where it is empty its number and class do; `pictures` (n,) are data addresses
    that the page shows beside the pointer.
    """
    kind = "scattergl" if sum(len(each.places) for each in maps) > MANY else "scatter"
    width = (1 - GAP * (len(maps) - 1)) / len(maps)
    words = [label(text) for text in hover]
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {}
    for number, panel in enumerate(maps, start=1):
        end = "" if number == 1 else str(number)
        found = _points(panel, colouring, words, first=number == 1, last=number == len(maps), language=language)
        traces += [{**trace, "type": kind, "xaxis": f"x{end}", "yaxis": f"y{end}"} for trace in found]
        left = (number - 1) * (width + GAP)
        layout |= _frame(panel, end, (left, left + width), language)
    figure = drawn(
        traces,
        height=HEIGHT,
        top=64 if colouring.names else 32,
        dragmode="zoom",
        showlegend=bool(colouring.names),
        annotations=[_headline(panel, number, width, language) for number, panel in enumerate(maps)],
        meta={"pictures": list(pictures)} if pictures else None,
        **layout,
    )
    figure.update_layout(legend_y=1.07)
    return figure


def columns_on_map(
    places: np.ndarray, columns: Sequence[tuple[Text, np.ndarray]], *, hover: Sequence[str], language: Language
) -> "go.Figure":
    """One map (n, 2) several times, coloured by a column each: a name and the amounts (n,), of which the ranks are drawn."""
    across = min(THREE, len(columns))
    down = -(-len(columns) // across)
    width, height = (1 - GAP * (across - 1)) / across, (1 - 2 * GAP * (down - 1)) / down
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {}
    heads = []
    for number, (name, values) in enumerate(columns):
        end = "" if number == 0 else str(number + 1)
        left, low = (number % across) * (width + GAP), 1 - height - (number // across) * (height + 2 * GAP)
        ranks = 100 * np.argsort(np.argsort(values, kind="stable"), kind="stable") / max(len(values) - 1, 1)
        _, same = np.unique(values, return_inverse=True)
        ranks = (np.bincount(same, ranks) / np.bincount(same))[same]
        colouring = Colouring(Text("rank of the value, %", "数值的名次（%）"), ranks)
        [points] = _points(
            MapPanel(name, places), colouring, [f"{word} · {value:.4g}" for word, value in zip(hover, values, strict=True)],
            first=False, last=number == len(columns) - 1, language=language,
        )  # fmt: skip
        traces.append({**points, "type": "scatter", "xaxis": f"x{end}", "yaxis": f"y{end}"})
        frame = _frame(MapPanel(name, places), end, (left, left + width), language)
        frame[f"yaxis{end}"]["domain"] = [low, low + height]
        layout |= frame
        heads.append(
            {"text": folded(name[language], 30, 1), "x": left, "y": low + height, "xref": "paper", "yref": "paper",
             "xanchor": "left", "yanchor": "bottom", "showarrow": False, "font": {"size": 12, "color": INK}}
        )  # fmt: skip
    return drawn(traces, height=70 + 250 * down, top=32, showlegend=False, dragmode="zoom", annotations=heads, **layout)


def placed(
    old: np.ndarray, new: np.ndarray, colouring: Colouring, *, title: Text, hover: Sequence[str], language: Language
) -> "go.Figure":
    """New rows (m, 2) on an old map (n, 2), whose points are grey; colours and `hover` (m,) are of the new ones."""
    panel = MapPanel(title, new)
    ground = {
        "x": old[:, 0].astype(np.float32), "y": old[:, 1].astype(np.float32), "mode": "markers", "hoverinfo": "skip",
        "marker": {"color": FAINT, "size": 4}, "name": Text("old rows", "原有的行")[language], "xaxis": "x", "yaxis": "y",
    }  # fmt: skip
    figure = map_panels([panel], colouring, hover=hover, language=language)
    kind = "scattergl" if len(old) + len(new) > MANY else "scatter"
    figure.update_traces(marker_size=8)
    figure.add_trace({**ground, "type": kind})
    figure.data = (figure.data[-1], *figure.data[:-1])
    return figure


def matrix(names: Sequence[str], cells: np.ndarray, *, widest: float, title: Text, language: Language) -> "go.Figure":
    """Cells (c, c) of columns by columns, from -widest in blue over white to widest in orange."""
    heads = [folded(name, 18, 1) for name in names]
    height = max(260, min(760, 26 * len(names) + 120))
    trace = {
        "type": "heatmap", "x": heads, "y": heads, "z": np.round(cells, 6).tolist(), "zmin": -widest, "zmax": widest,
        "colorscale": [[0, "#0072B2"], [0.5, "#ffffff"], [1, "#D55E00"]], "hoverongaps": False,
        "hovertemplate": "%{y} · %{x}: %{z:.3g}<extra></extra>",
        "colorbar": {"title": {"text": label(title[language]), "font": {"size": 12, "color": SOFT}}, "thickness": 12},
    }  # fmt: skip
    if len(names) <= 12:
        trace |= {"texttemplate": "%{z:.2g}", "textfont": {"size": 11}}
    plain: dict[str, Any] = axis("", None, grid=False) | {"ticks": "", "nticks": None, "type": "category"}
    return drawn([trace], height=height, xaxis=plain, yaxis=plain | {"autorange": "reversed"}, showlegend=False)


def eigenvalues(shares: np.ndarray, *, language: Language) -> "go.Figure":
    """The share of the variance along each principal axis (k,), as bars, and of the first ones together, as a line."""
    places = list(range(1, len(shares) + 1))
    per_cent, so_far = 100 * shares, 100 * np.cumsum(shares)
    bars = {
        "type": "bar", "x": places, "y": per_cent.round(4).tolist(), "marker": {"color": colour(0)},
        "name": Text("one axis", "单个轴")[language], "hovertemplate": "%{x}: %{y:.3g} %<extra></extra>",
    }  # fmt: skip
    line = {
        "x": places, "y": so_far.round(4).tolist(), "mode": "lines+markers", "line": {"color": colour(1), "width": 2},
        "name": Text("up to this axis", "累计")[language], "hovertemplate": "1–%{x}: %{y:.3g} %<extra></extra>",
    }  # fmt: skip
    across = axis(Text("principal axis", "主轴")[language], (0.4, len(shares) + 0.6), grid=False)
    up = axis(Text("share of the variance, %", "方差占比（%）")[language], (0, 104))
    return drawn([bars, line], height=300, top=40, xaxis=across | {"tickformat": "d"}, yaxis=up, bargap=0.3)


def biplot(
    panel: MapPanel,
    colouring: Colouring,
    arrows: np.ndarray,
    names: Sequence[str],
    *,
    hover: Sequence[str],
    language: Language,
) -> "go.Figure":
    """A PCA map with the columns as lines from the middle (Gabriel 1971): `arrows` (k, 2) are their loadings.

    They are drawn as long as the map is wide; only their directions and lengths among each other mean something.
    """
    figure = map_panels([panel], colouring, hover=hover, language=language)
    reach = np.abs(panel.places).max() / max(np.abs(arrows).max(), np.finfo(float).tiny) * 0.9
    ends = arrows * reach
    across, up = ([part for end in ends[:, which].tolist() for part in (0.0, end, None)] for which in (0, 1))
    rays = {"type": "scatter", "x": across, "y": up, "mode": "lines", "line": {"color": INK, "width": 1.2},
            "hoverinfo": "skip", "showlegend": False}  # fmt: skip
    figure.add_trace(rays)
    for end, name in zip(ends, names, strict=True):
        figure.add_annotation(
            x=float(end[0]), y=float(end[1]), text=folded(name, 18, 1), showarrow=False, font={"size": 12, "color": INK},
            xanchor="left" if end[0] >= 0 else "right", yanchor="bottom" if end[1] >= 0 else "top",
            bgcolor="rgba(255,255,255,0.7)",
        )  # fmt: skip
    return figure


def _points(
    panel: MapPanel, colouring: Colouring, words: Sequence[str], *, first: bool, last: bool, language: Language
) -> list[dict[str, Any]]:
    """One trace per class, named by the first panel, or one for all where colours are amounts, with their scale at the last."""
    size = 7 if len(panel.places) <= 500 else 5 if len(panel.places) <= MANY else 3
    places = panel.places.astype(np.float32)
    base = {"mode": "markers"}
    if not colouring.names:
        marker = {
            "size": size,
            "color": colouring.values.astype(np.float32),
            **_scale(colouring.title, language),
            "showscale": last,
        }
        everyone = np.arange(len(places))
        return [{**base, "x": places[:, 0], "y": places[:, 1], "marker": marker, **_said(words, everyone, "")}]
    traces = []
    for group in (-1, *range(len(colouring.names))):
        rows = np.flatnonzero(colouring.values == group)
        if not len(rows):
            continue
        shade = (
            {"color": FAINT, "size": size}
            if group < 0
            else {"color": colour(group), "symbol": SYMBOLS[group % len(SYMBOLS)], "size": size, "opacity": 0.8}
        )
        name = Text("none", "无") if group < 0 else colouring.names[group]
        traces.append(
            {**base, "x": places[rows, 0], "y": places[rows, 1], **_said(words, rows, f" · {label(name[language])}"),
             "marker": shade, "name": folded(name[language], 24, 1), "legendgroup": str(group), "showlegend": first}
        )  # fmt: skip
    return traces


def _said(words: Sequence[str], rows: np.ndarray, name: str) -> dict[str, Any]:
    """What the pointer shows of these rows, which are numbered from 1; without words one template for all of them."""
    numbers = {"customdata": (rows + 1).astype(np.int32)}
    if not words:
        return {**numbers, "hovertemplate": f"%{{customdata}}{name}<extra></extra>"}
    return {**numbers, "hoverinfo": "text", "text": [words[row] for row in rows.tolist()]}


def _frame(panel: MapPanel, end: str, domain: tuple[float, float], language: Language) -> dict[str, Any]:
    """The two axes of a panel, of the same scale."""
    bare = {"fixedrange": False, "zeroline": False}
    if panel.axes is None:
        hidden = {**bare, "showgrid": False, "showticklabels": False, "ticks": "", "mirror": True, "showline": True,
                  "linecolor": RULE}  # fmt: skip
        across, up = hidden, hidden
    else:
        across, up = ({**axis(name[language], None), **bare} for name in panel.axes)
    return {
        f"xaxis{end}": {**across, "domain": list(domain), "anchor": f"y{end}"},
        f"yaxis{end}": {**up, "anchor": f"x{end}", "scaleanchor": f"x{end}", "scaleratio": 1},
    }


def _headline(panel: MapPanel, number: int, width: float, language: Language) -> dict[str, Any]:
    return {
        "text": label(panel.title[language]), "x": number * (width + GAP), "y": 1.0, "xref": "paper", "yref": "paper",
        "xanchor": "left", "yanchor": "bottom", "showarrow": False, "font": {"size": 13, "color": INK},
    }  # fmt: skip


def _scale(title: Text, language: Language) -> dict[str, Any]:
    return {
        "colorscale": [list(stop) for stop in SCALE],
        "colorbar": {"title": {"text": folded(title[language], 24, 2), "font": {"size": 12, "color": SOFT}}, "thickness": 12},
    }  # fmt: skip
