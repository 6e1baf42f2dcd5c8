"""Figures in which every seed is a dot: measures by arm, paired by seed, and one claim with its region.

A seed that failed is a cross in a lane of its own at the right, where no value can be read off it.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from zhixing.core import Language, Text
from zhixing.draw.quantities import failures, interval, number
from zhixing.draw.style import (
    FAINT,
    GREY,
    INK,
    SHADE,
    SOFT,
    SYMBOLS,
    Range,
    axis,
    colour,
    drawn,
    faded,
    folded,
    label,
    padded,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROW = 72
"""Pixels that one arm takes."""
LANE = 0.12
"""Part of the width that the lane of the failed seeds takes."""
_SEED = Text("seed {seed}: {value}", "种子 {seed}：{value}")
_FAILED = Text("failed", "失败")


def dots(
    groups: Sequence[tuple[Text, Mapping[int, float]]], *, title: Text, log: bool = False, language: Language
) -> "go.Figure":
    """One row per group with a dot for every seed, lines that pair the seeds, the median and the middle half.

    A group is a label and the value of each seed; NaN or an infinite value is a failed seed.
    A logarithmic axis is used only where every value is above zero.
    """
    finite = [v for _, values in groups for v in values.values() if math.isfinite(v)]
    log = log and all(v > 0 for v in finite)
    span = padded(finite, log=log) or (0.0, 1.0)
    lift = _lifts({seed for _, values in groups for seed in values})
    traces = [_pairs([values for _, values in groups], lift)]
    lost: list[tuple[int, float]] = []
    for row, (name, values) in enumerate(groups):
        good = {seed: v for seed, v in values.items() if math.isfinite(v)}
        lost += [(seed, row + lift[seed]) for seed in values if seed not in good]
        dot = {
            "x": list(good.values()),
            "y": [row + lift[seed] for seed in good],
            "mode": "markers",
            "marker": {"color": faded(row, 0.85), "symbol": SYMBOLS[row % len(SYMBOLS)], "size": 9},
            "text": [f"{label(name[language])}<br>{_dot(seed, v, language)}" for seed, v in good.items()],
            "hoverinfo": "text",
        }
        traces += [*_middle(list(good.values()), row), dot]
    rows = {
        "tickvals": list(range(len(groups))),
        "ticktext": [_row_label(name, values, language) for name, values in groups],
        "tickfont": {"size": 13, "color": INK},
        "ticks": "",
    }
    return drawn(
        traces + _crosses(lost, language),
        height=ROW * len(groups) + 64,
        showlegend=False,
        yaxis=axis("", (len(groups) - 0.5, -0.5), grid=False) | rows,
        **_lanes(axis(title[language], span, log=log), bool(lost), language),
    )


def claim(
    values: Mapping[int, float], *, estimate: float, ends: Range, region: Range, unit: Text, language: Language
) -> "go.Figure":
    """One number per seed as dots, the estimate with its interval beneath, and the claimed region shaded.

    `ends` are those of the interval; one that is infinite or far beyond the seeds is an arrow at the edge.
    A region may be unbounded. NaN is a seed without a number.
    """
    good = {seed: v for seed, v in values.items() if math.isfinite(v)}
    span = _claim_span([*good.values(), estimate, *region], ends)
    lift = {seed: 0.7 + offset for seed, offset in _lifts(values).items()}
    lost = [(seed, lift[seed]) for seed in values if seed not in good]
    dot = {
        "x": list(good.values()),
        "y": [lift[seed] for seed in good],
        "mode": "markers",
        "marker": {"color": faded(0, 0.8), "size": 9},
        "text": [_dot(seed, v, language) for seed, v in good.items()],
        "hoverinfo": "text",
    }
    return drawn(
        [*_whisker(estimate, ends, span, language), dot, *_crosses(lost, language)],
        height=172,
        top=30,
        showlegend=False,
        shapes=_shades(region, span),
        annotations=_region_label(region, span, language),
        yaxis={"visible": False, "range": [-0.35, 1.15], "fixedrange": True},
        **_lanes(axis(unit[language], span), bool(lost), language),
    )


def _claim_span(shown: Sequence[float], ends: Range) -> Range:
    """The span of what must be seen, and of the interval unless that would press the seeds together."""
    near = padded(shown, below=1.0, above=1.0) or (-1.0, 1.0)
    close = [end for end in ends if near[0] <= end <= near[1]]
    return padded([*shown, *close], below=0.12, above=0.12) or near


def _lifts(seeds: Collection[int]) -> dict[int, float]:
    """A small height for each seed, the same in every row, so that equal values do not hide each other."""
    ordered = sorted(seeds)
    return {seed: 0.44 * (i + 0.5) / len(ordered) - 0.22 for i, seed in enumerate(ordered)}


def _dot(seed: int, value: float, language: Language) -> str:
    return _SEED.format(seed=seed, value=number(value))[language]


def _row_label(name: Text, values: Mapping[int, float], language: Language) -> str:
    lost = sum(not math.isfinite(v) for v in values.values())
    return folded(name[language], 16, 3) + (f"<br>{failures(lost)[language]}" if lost else "")


def _pairs(groups: Sequence[Mapping[int, float]], lift: Mapping[int, float]) -> dict[str, Any]:
    """One pale line per seed from row to row; broken where a seed has no value."""
    x: list[float | None] = []
    y: list[float | None] = []
    for seed, height in lift.items():
        for row, values in enumerate(groups):
            value = values.get(seed, math.nan)
            x.append(value if math.isfinite(value) else None)
            y.append(row + height)
        x.append(None)
        y.append(None)
    return {"x": x, "y": y, "mode": "lines", "line": {"color": FAINT, "width": 1}, "hoverinfo": "skip"}


def _middle(values: list[float], row: int) -> list[dict[str, Any]]:
    """The middle half of the values as a band and their median as a bar across it."""
    if not values:
        return []
    low, _, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    centre = median(values)
    box = {"x": [low, high, high, low, low], "y": [row - 0.3] * 2 + [row + 0.3] * 2 + [row - 0.3]}
    bar = {"x": [centre, centre], "y": [row - 0.36, row + 0.36]}
    quiet = {"mode": "lines", "hoverinfo": "skip"}
    return [
        {**box, **quiet, "fill": "toself", "fillcolor": faded(row, 0.15), "line": {"width": 0}},
        {**bar, **quiet, "line": {"color": colour(row), "width": 3}},
    ]


def _lanes(main: dict[str, Any], lost: bool, language: Language) -> dict[str, Any]:
    """The horizontal axes: the main one, and where seeds failed a lane at its right."""
    if not lost:
        return {"xaxis": main}
    lane = {"domain": [1 - LANE, 1], "tickvals": [0], "ticktext": [_FAILED[language]], "ticks": ""}
    return {"xaxis": main | {"domain": [0, 1 - LANE]}, "xaxis2": axis("", (-1, 1), grid=False) | lane}


def _crosses(lost: Sequence[tuple[int, float]], language: Language) -> list[dict[str, Any]]:
    """The seeds that failed, each with its height."""
    crosses = {
        "x": [0] * len(lost),
        "y": [height for _, height in lost],
        "xaxis": "x2",
        "mode": "markers",
        "marker": {"symbol": "x-thin", "size": 8, "line": {"color": GREY, "width": 2}},
        "text": [_SEED.format(seed=seed, value=_FAILED)[language] for seed, _ in lost],
        "hoverinfo": "text",
    }
    return [crosses] if lost else []


def _whisker(estimate: float, ends: Range, span: Range, language: Language) -> list[dict[str, Any]]:
    """The estimate with its interval; an end outside the span is an arrow at the edge, one that is NaN is not drawn."""
    if not math.isfinite(estimate):
        return []
    points = [(estimate, "diamond", 13)]
    for end, edge, arrow in zip(ends, span, ("triangle-left", "triangle-right"), strict=True):
        if not math.isnan(end):
            points.append((end, "line-ns", 12) if span[0] <= end <= span[1] else (edge, arrow, 10))
    points.sort()
    line = {"color": colour(0), "width": 2.5}
    whisker = {
        "x": [place for place, _, _ in points],
        "y": [0.05] * len(points),
        "mode": "lines+markers",
        "line": line,
        "marker": {
            "symbol": [symbol for _, symbol, _ in points],
            "size": [size for _, _, size in points],
            "color": colour(0), "opacity": 1, "line": line,
        },
        "text": Text("estimate {value}", "估计值 {value}").format(value=number(estimate))[language],
        "hoverinfo": "text",
        "cliponaxis": False,
    }  # fmt: skip
    return [whisker]


def _shades(region: Range, span: Range) -> list[dict[str, Any]]:
    """The claimed region as a shade, with a dotted line at each finite end."""
    upright = {"y0": 0, "y1": 1, "yref": "paper", "layer": "below"}
    shade = {"type": "rect", "x0": max(region[0], span[0]), "x1": min(region[1], span[1]), "fillcolor": SHADE}
    edge = {"type": "line", "line": {"color": colour(0), "width": 1, "dash": "dot"}}
    edges = [{**edge, **upright, "x0": bound, "x1": bound} for bound in region if math.isfinite(bound)]
    return [{**shade, **upright, "line": {"width": 0}}, *edges]


def _region_label(region: Range, span: Range, language: Language) -> list[dict[str, Any]]:
    """What is claimed, above the end that it names or between the two."""
    bounds = [bound for bound in region if math.isfinite(bound)]
    if not bounds:
        return []
    both = len(bounds) == 2
    sign = "" if both else "≥ " if math.isfinite(region[0]) else "≤ "
    extent = interval(*region) if both else number(bounds[0])
    beyond_middle = bounds[0] > (span[0] + span[1]) / 2
    words = {
        "text": label(Text("claimed {sign}{extent}", "论断：{sign}{extent}").format(sign=sign, extent=extent)[language]),
        "x": sum(bounds) / len(bounds), "xanchor": "center" if both else "right" if beyond_middle else "left",
        "y": 1, "yref": "paper", "yanchor": "bottom",
        "showarrow": False, "font": {"size": 12, "color": SOFT},
    }  # fmt: skip
    return [words]
