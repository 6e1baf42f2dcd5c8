"""A figure of a page as a file: the same traces, axes and words, drawn by matplotlib, which needs no browser."""

import contextlib
import html
import io
import logging
import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.draw.style import INK, RULE, SOFT

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.axes import Axes

WIDTH, INCH = 800, 100
"""Pixels of a page's column, and how many make an inch."""
FONTS = ("Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", "SimHei", "Source Han Sans SC")
"""That hold Chinese, the first that is installed; Latin letters are drawn with matplotlib's own."""
_MARKERS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "pentagon": "p",
    "x": "x",
    "cross": "+",
    "line-ew": "_",
    "line-ns": "|",
}
_DATE = re.compile(r"\d{4}-\d\d-\d\d$")
_DASHES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}


def printed(figure: "go.Figure", kind: str, *, title: str = "") -> bytes:
    """The content of a file of this kind, "png", "svg" or "pdf", with the title above.

    Knows scatters, bars, heat maps and contours, axes side by side, annotations and shapes: what figures here are made of.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.text import Text as MatplotlibText

    layout = figure.to_plotly_json()["layout"]
    sheet = Figure(
        figsize=((layout.get("width") or WIDTH) / INCH, (layout.get("height") or 450) / INCH + 0.4), dpi=2 * INCH
    )
    FigureCanvasAgg(sheet)
    panels: dict[str, Axes] = {}
    for trace in figure.to_plotly_json()["data"]:
        place = trace.get("xaxis", "x")
        if place not in panels:
            panels[place] = _panel(sheet, layout, place, trace.get("yaxis", "y"))
        _draw(panels[place], trace)
    for place, axes in panels.items():
        _finish(axes, layout, place, _partner(figure, place))
    for shape in layout.get("shapes", ()):
        _shape(panels, shape)
    for note in layout.get("annotations", ()):
        _note(sheet, panels, note)
    if layout.get("showlegend", len(figure.data) > 1):
        _legend(sheet, panels)
    sheet.suptitle(title, x=0.02, ha="left", fontsize=11, fontweight="bold", color=INK)
    content = io.BytesIO()
    with rc_context({"svg.fonttype": "none", "pdf.fonttype": 42}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # a font without this weight has another
        for text in sheet.findobj(MatplotlibText):
            text.set_fontfamily([*chinese_fonts(), "DejaVu Sans"])
        sheet.savefig(content, format=kind, bbox_inches="tight", metadata={"Date": None} if kind == "svg" else None)
    return content.getvalue()


@lru_cache(maxsize=1)
def chinese_fonts() -> tuple[str, ...]:
    """The first of FONTS that this machine has; empty where none is, so that Chinese cannot be drawn as a picture.

    matplotlib remembers which fonts there are; where it knows none of these, those that came since are read.
    """
    from matplotlib.font_manager import findSystemFonts, fontManager

    def known() -> tuple[str, ...]:
        names = {font.name for font in fontManager.ttflist}
        return tuple(name for name in FONTS if name in names)[:1]

    if not known():
        files = {font.fname for font in fontManager.ttflist}
        for path in set(findSystemFonts()) - files:
            with contextlib.suppress(OSError, RuntimeError):  # a damaged font is none
                fontManager.addfont(path)
    return known()


def _axis_name(place: str) -> str:
    """ "x2" as the layout calls it: "xaxis2"."""
    return f"{place[0]}axis{place[1:]}"


def _partner(figure: "go.Figure", place: str) -> str:
    """The axis of heights that belongs to one of widths."""
    return next((trace.yaxis or "y" for trace in figure.data if (trace.xaxis or "x") == place), "y")


def _panel(sheet: Any, layout: dict[str, Any], across: str, up: str) -> "Axes":
    left, right = layout.get(_axis_name(across), {}).get("domain", (0, 1))
    low, high = layout.get(_axis_name(up), {}).get("domain", (0, 1))
    axes: Axes = sheet.add_axes((0.1 + 0.86 * left, 0.1 + 0.8 * low, 0.86 * (right - left), 0.8 * (high - low)))
    return axes


def _draw(axes: "Axes", trace: dict[str, Any]) -> None:
    kind = trace["type"]
    if kind == "heatmap":
        _heat(axes, trace)
    elif kind == "contour":
        _contour(axes, trace)
    elif kind == "bar":
        across = trace.get("orientation") == "h"
        colours = _colour((trace.get("marker") or {}).get("color")) or "#0072B2"
        bars = axes.barh if across else axes.bar
        names, sizes = (trace["y"], trace["x"]) if across else (trace["x"], trace["y"])
        bars(_values(names), _values(sizes), color=colours, label=_words(trace.get("name")))
        _whiskers(axes, trace, across)
    elif kind == "image":
        axes.imshow(_pixels(trace["source"]), interpolation="nearest")
    elif kind in ("scatter", "scattergl"):
        _scatter(axes, trace)
    else:
        raise NotImplementedError(f"a {kind} cannot be drawn as a file")


def _whiskers(axes: "Axes", trace: dict[str, Any], across: bool) -> None:
    """Of bars that have some, on both sides."""
    ends = trace.get("error_x" if across else "error_y")
    if ends:
        reach = [_values(ends["arrayminus"]), _values(ends["array"])]
        axes.errorbar(
            _values(trace["x"]), _values(trace["y"]),
            xerr=reach if across else None, yerr=None if across else reach,
            fmt="none", ecolor=_colour(ends.get("color")) or INK, elinewidth=0.9, capsize=3,
        )  # fmt: skip


def _pixels(source: str) -> np.ndarray:
    """Of a PNG that stands in a figure."""
    import base64

    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))))


def _heat(axes: "Axes", trace: dict[str, Any]) -> None:
    cells = np.asarray(trace["z"], dtype=float)
    image = axes.imshow(
        cells, aspect="auto", cmap=_scale(trace.get("colorscale")), vmin=trace.get("zmin"), vmax=trace.get("zmax"),
        origin="lower", interpolation="nearest",
    )  # fmt: skip
    for place, names in ((axes.xaxis, trace.get("x")), (axes.yaxis, trace.get("y"))):
        if names is not None and len(names) and isinstance(_values(names)[0], str):
            place.set_ticks(range(len(names)), [_words(name) for name in names])
    if len(cells[0]) > 6:
        axes.tick_params(axis="x", rotation=45)
    if trace.get("showscale", True):
        axes.figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02)


def _scale(stops: Any) -> Any:
    """The colours of amounts, from stops between 0 and 1; those of matplotlib where none are given."""
    from matplotlib.colors import LinearSegmentedColormap

    if not isinstance(stops, list | tuple):
        return "viridis"
    return LinearSegmentedColormap.from_list("scale", [(at, _colour(colour)) for at, colour in stops])


def _contour(axes: "Axes", trace: dict[str, Any]) -> None:
    heights = np.ma.masked_invalid(np.asarray(trace["z"], dtype=float))
    ground = axes.contourf(_values(trace["x"]), _values(trace["y"]), heights, levels=18, cmap="viridis")
    bar, words = trace.get("colorbar") or {}, trace.get("colorbar", {}).get("title") or {}
    scale = axes.figure.colorbar(ground, ax=axes, fraction=0.04, pad=0.02, label=_words(words.get("text")))
    if bar.get("tickvals") is not None:
        scale.set_ticks(_values(bar["tickvals"]), labels=[_words(tick) for tick in bar["ticktext"]])


def _scatter(axes: "Axes", trace: dict[str, Any]) -> None:
    mode, marker, line = trace.get("mode", "lines"), trace.get("marker") or {}, trace.get("line") or {}
    across, up = _dates(_values(trace.get("x", ()))), _values(trace.get("y", ()))
    name, opacity = _words(trace.get("name")), trace.get("opacity")  # None leaves a colour its own
    if "lines" in mode or trace.get("fill"):
        colour = _colour(line.get("color")) or _colour(marker.get("color")) or "#0072B2"
        style = _DASHES.get(line.get("dash", "solid"), "-")
        width = line.get("width", 2) * 0.72
        if trace.get("fill") in ("toself", "tozeroy", "tonexty"):
            axes.fill(across, up, color=_colour(trace.get("fillcolor")) or colour, linewidth=0)
        if width:
            axes.plot(across, up, color=colour, linestyle=style, linewidth=width, alpha=opacity, label=name)
    if "markers" in mode:
        shape = marker.get("symbol", "circle")
        colours = marker.get("color", line.get("color", "#0072B2"))
        many = not isinstance(colours, str) and colours is not None
        amounts = many and not isinstance(_values(colours)[0], str)
        points = axes.scatter(
            across, up,
            s=np.square(np.asarray(marker.get("size", 6), dtype=float) * 0.72),
            **({"c": _colours(colours)} if many else {"color": _colour(colours)}),
            **({"cmap": _scale(marker.get("colorscale"))} if amounts else {}),
            marker=_MARKERS.get(shape.removesuffix("-open") if isinstance(shape, str) else "circle", "o"),
            alpha=None if many and not amounts else marker.get("opacity", opacity),
            linewidths=2.5 if str(shape).startswith("line") else 0.8 if shape in ("x", "cross") else 0,
            label=name if "lines" not in mode else None,
        )  # fmt: skip
        if amounts and marker.get("showscale"):
            axes.figure.colorbar(points, ax=axes, fraction=0.04, pad=0.02)
    if "text" in mode:
        for x, y, words in zip(across, up, _values(trace.get("text", ())), strict=False):
            axes.annotate(_words(words), (x, y), fontsize=8, color=INK, ha="center", va="bottom")


def _finish(axes: "Axes", layout: dict[str, Any], across: str, up: str) -> None:
    """Titles, ranges and ticks of a panel."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    axes.set_facecolor("#ffffff")
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    for place, name in ((axes.xaxis, _axis_name(across)), (axes.yaxis, _axis_name(up))):
        settings, letter = layout.get(name, {}), place.axis_name
        place.set_label_text(_words((settings.get("title") or {}).get("text")), fontsize=9, color=SOFT)
        place.set_tick_params(labelsize=8, labelcolor=SOFT, color=RULE)
        if isinstance(place.get_major_locator(), AutoDateLocator):
            dates = AutoDateLocator(maxticks=settings.get("nticks", 7))  # type: ignore[no-untyped-call]
            place.set_major_locator(dates)
            place.set_major_formatter(ConciseDateFormatter(dates))  # type: ignore[no-untyped-call]
        log = settings.get("type") == "log"
        if log:
            getattr(axes, f"set_{letter}scale")("log")
            place.minorticks_off()
        if settings.get("showgrid"):
            place.grid(True, color=RULE, linewidth=0.6)
            axes.set_axisbelow(True)
        if settings.get("visible") is False or settings.get("showticklabels") is False:
            place.set_ticks([])
        elif settings.get("tickvals") is not None:
            words = settings.get("ticktext")
            place.set_ticks(_values(settings["tickvals"]), None if words is None else [_words(word) for word in words])
        if settings.get("range"):
            ends = [10.0**end if log else end for end in settings["range"]]
            getattr(axes, f"set_{letter}lim")(*ends)
        elif settings.get("autorange") == "reversed":
            place.set_inverted(True)
        if settings.get("scaleanchor"):
            axes.set_aspect("equal", adjustable="box" if axes.images else "datalim")


def _shape(panels: dict[str, "Axes"], shape: dict[str, Any]) -> None:
    """A rectangle or line in the coordinates of a panel, or of its edges where it says "paper" or "domain"."""
    from matplotlib.transforms import blended_transform_factory

    across, up = shape.get("xref", "x"), shape.get("yref", "y")
    axes = panels.get(across.split()[0] if across != "paper" else "x") or next(iter(panels.values()))
    edges = [axes.transAxes if "domain" in ref or ref == "paper" else axes.transData for ref in (across, up)]
    colour = _colour((shape.get("line") or {}).get("color")) or RULE
    place = blended_transform_factory(*edges)
    ends = [shape[end] for end in ("x0", "x1", "x1", "x0")], [shape[end] for end in ("y0", "y0", "y1", "y1")]
    if shape.get("type") == "rect":
        face = _colour(shape.get("fillcolor")) or "none"
        axes.fill(*ends, facecolor=face, edgecolor="none", transform=place)
    else:
        axes.plot(
            [shape["x0"], shape["x1"]], [shape["y0"], shape["y1"]], color=colour, transform=place, linewidth=1,
            linestyle=_DASHES.get((shape.get("line") or {}).get("dash", "solid"), "-"),
        )  # fmt: skip


def _note(sheet: Any, panels: dict[str, "Axes"], note: dict[str, Any]) -> None:
    across, up = note.get("xref", "x"), note.get("yref", "y")
    words, size = _words(note.get("text")), (note.get("font") or {}).get("size", 12) * 0.72
    sides = {"left": "left", "right": "right", "center": "center", "auto": "center"}
    ups = {"top": "top", "bottom": "bottom", "middle": "center", "auto": "center"}
    said = {
        "fontsize": size, "color": SOFT, "ha": sides[note.get("xanchor") or "auto"], "va": ups[note.get("yanchor") or "auto"],
        "rotation": -(note.get("textangle") or 0),
    }  # fmt: skip
    if across == "paper" and up == "paper":
        sheet.text(0.1 + 0.86 * note["x"], 0.1 + 0.8 * note["y"], words, **said)
        return
    axes = panels.get(across.split()[0]) or panels.get(up.split()[0].replace("y", "x")) or next(iter(panels.values()))
    of_x, of_y = ("axes fraction" if "domain" in ref or ref == "paper" else "data" for ref in (across, up))
    place = (
        10.0 ** note["x"]
        if of_x == "data" and axes.get_xscale() == "log"
        else note["x"],  # a note's place is a power there
        10.0 ** note["y"] if of_y == "data" and axes.get_yscale() == "log" else note["y"],
    )
    axes.annotate(words, place, xycoords=(of_x, of_y), annotation_clip=False, **said)


def _legend(sheet: Any, panels: dict[str, "Axes"]) -> None:
    named: dict[str, Any] = {}
    for axes in panels.values():
        handles, labels = axes.get_legend_handles_labels()
        named |= {label: handle for handle, label in zip(handles, labels, strict=True) if label and label not in named}
    if named:
        sheet.legend(
            named.values(), named.keys(), loc="upper left", bbox_to_anchor=(0.1, 0.02), ncols=min(5, len(named)),
            frameon=False, fontsize=8, markerscale=1.5,
        )  # fmt: skip


def _values(column: Any) -> list[Any]:
    """A column as a list, whether plain, an array or Plotly's packed bytes."""
    if isinstance(column, dict):
        import base64

        return list(np.frombuffer(base64.b64decode(column["bdata"]), dtype=column["dtype"]))
    if isinstance(column, str):
        return [column]
    return [np.nan if value is None else value for value in column]


def _dates(column: list[Any]) -> Any:
    """Days, where the words are such; gaps stay gaps."""
    words = [value for value in column if isinstance(value, str)]
    if not words or not all(_DATE.match(word) for word in words):
        return column
    return np.array([value if isinstance(value, str) else "NaT" for value in column], dtype="datetime64[D]")


def _colour(colour: Any) -> Any:
    """As matplotlib takes it: hexadecimal digits, a name, or parts of red, green, blue and opacity."""
    if not isinstance(colour, str) or not colour.startswith("rgb"):
        return colour
    parts = [float(part) for part in re.findall(r"[\d.]+", colour)]
    return (*(part / 255 for part in parts[:3]), *parts[3:])


def _colours(colours: Any) -> list[Any]:
    return [_colour(colour) for colour in _values(colours)]


def _words(words: Any) -> str:
    """Plain text of what Plotly reads as markup."""
    return html.unescape(re.sub(r"<br\s*/?>", "\n", str(words))).strip() if words is not None else ""
