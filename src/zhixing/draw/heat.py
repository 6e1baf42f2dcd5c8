"""Pictures beside what a network makes of them: a mosaic of tiles in one image, with words at its sides.

Heat is drawn on white: orange where a part speaks for the answer, blue where it speaks against it, after the colours of
Okabe and Ito 2008. Axes: c channels | h w pixels.
"""

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.core import Language, Text
from zhixing.draw.style import INK, SOFT, columns_of, drawn, folded, label

if TYPE_CHECKING:
    import plotly.graph_objects as go

TILE, GAP, UNDER = 96, 8, 18
"""Pixels of a tile's longer side, between two tiles, and for words under one."""
WIDTH, LEFT, TOP = 730, 150, 40
"""Pixels of a page's column, and for the words at the left and on top."""
FOR, AGAINST = np.array([213, 94, 0]), np.array([0, 114, 178])
HOTTEST = 99.0
"""The percentile of the sizes in a tile that gets the full colour: one lone pixel would leave the others pale."""


def grey(picture: np.ndarray) -> np.ndarray:
    """A picture (c, h, w) of any numbers as colours (h, w, 3) uint8: its least number is black, its largest white.

    Three channels are red, green and blue; of any other number the mean is drawn.
    """
    seen = np.asarray(picture, dtype=np.float64)
    if len(seen) != 3:
        seen = np.repeat(seen.mean(axis=0, keepdims=True), 3, axis=0)
    low, high = seen.min(), seen.max()
    colours: np.ndarray = np.round(255 * (seen - low) / ((high - low) or 1.0)).astype(np.uint8).transpose(1, 2, 0)
    return colours


def coloured(heat: np.ndarray) -> np.ndarray:
    """Heat (h, w) as colours (h, w, 3) uint8; 0 is white, and the hottest pixels, of either sign, have the full colour."""
    seen = np.asarray(heat, dtype=np.float64)
    scale = np.percentile(np.abs(seen), HOTTEST) or np.abs(seen).max() or 1.0
    share = np.clip(np.abs(seen) / scale, 0, 1)[..., None]
    full = np.where(seen[..., None] >= 0, FOR, AGAINST)
    colours: np.ndarray = np.round(255 + share * (full - 255)).astype(np.uint8)
    return colours


def mosaic(
    tiles: Sequence[Sequence[np.ndarray]],
    *,
    rows: Sequence[Text],
    columns: Sequence[Text],
    under: Sequence[Sequence[str]] = (),
    language: Language,
) -> "go.Figure":
    """Tiles (h, w, 3) uint8 in rows and columns, each with its words; a row may be shorter than others.

    Words `under` belong to single tiles.
    """
    high, wide = _cell(tiles, LEFT if rows else 0)
    gap, left, top = GAP + (UNDER if under else 0), LEFT if rows else 0, TOP if columns else 0
    across = max(map(len, tiles))
    canvas = np.full((len(tiles) * (high + gap), across * (wide + GAP) - GAP, 3), 255, dtype=np.uint8)
    for row, line in enumerate(tiles):
        for column, tile in enumerate(line):
            y, x = row * (high + gap), column * (wide + GAP)
            canvas[y : y + high, x : x + wide] = _sized(tile, high, wide)
    words = [
        _word(folded(name[language], 20, 4), -8, row * (high + gap) + high / 2, "right", "middle", INK)
        for row, name in enumerate(rows)
    ]
    words += [
        _word(
            folded(name[language], max(10, wide // 8), 2),
            column * (wide + GAP) + wide / 2,
            -6,
            "center",
            "bottom",
            SOFT,
        )
        for column, name in enumerate(columns)
    ]
    words += [
        _word(label(each), column * (wide + GAP) + wide / 2, row * (high + gap) + high + 2, "center", "top", INK)
        for row, line in enumerate(under)
        for column, each in enumerate(line)
    ]
    height, quiet = len(canvas), {"visible": False, "fixedrange": True, "constrain": "domain"}
    return drawn(
        [{"type": "image", "source": _png(canvas), "hoverinfo": "skip"}],
        height=height + top + 24,
        annotations=words,
        xaxis={**quiet, "range": [-left, WIDTH - left], "constraintoward": "left"},
        yaxis={**quiet, "range": [height, -top], "scaleanchor": "x", "constraintoward": "top"},
    )


def _cell(tiles: Sequence[Sequence[np.ndarray]], left: int) -> tuple[int, int]:
    """Height and width of every tile: its longer side is TILE pixels, or fewer where the longest row would not fit."""
    ratio = float(np.median([tile.shape[1] / tile.shape[0] for line in tiles for tile in line]))
    longest = min(TILE, (WIDTH - left) / max(map(len, tiles)) - GAP)
    high, wide = (longest / ratio, longest) if ratio >= 1 else (TILE, TILE * ratio)
    return max(8, round(high)), max(8, int(wide))


def _sized(tile: np.ndarray, high: int, wide: int) -> np.ndarray:
    """The tile with each pixel repeated until it is so large: no pixel is smoothed away."""
    rows, columns = (np.arange(size) * length // size for size, length in zip((high, wide), tile.shape, strict=False))
    seen: np.ndarray = tile[rows][:, columns]
    return seen


def _word(text: str, x: float, y: float, xanchor: str, yanchor: str, colour: str) -> dict[str, Any]:
    return {
        "text": text, "x": x, "y": y, "xanchor": xanchor, "yanchor": yanchor, "showarrow": False, "align": xanchor,
        "font": {"size": 12, "color": colour},
    }  # fmt: skip


def _png(canvas: np.ndarray) -> str:
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(canvas).save(content, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()


LINE, LETTER, ACROSS = 24, 8.2, 560
"""Pixels of a line of words, of a letter, and of the longest line."""
STRONGEST = 0.55
"""The share of the full colour under the strongest word, which must be read."""


def words(texts: Sequence[Sequence[tuple[str, float]]], *, names: Sequence[Text], language: Language) -> "go.Figure":
    """Texts whose words lie on the colour of their heat, one scale for each text; the names stand at the left."""
    shapes: list[dict[str, Any]] = []
    written: list[dict[str, Any]] = []
    y = 0.0
    for text, name in zip(texts, names, strict=True):
        written.append(_word(folded(name[language], 20, 3), -10, y + LINE / 2, "right", "middle", INK))
        scale = max((abs(heat) for _, heat in text), default=0.0) or 1.0
        x = 0.0
        for word, heat in text:
            wide = LETTER * columns_of(word) + 6
            if x + wide > ACROSS and x:
                x, y = 0.0, y + LINE
            red, green, blue = coloured(np.array([[STRONGEST * heat / scale, 1.0]]))[0, 0]
            shapes.append(
                {
                    "type": "rect", "x0": x, "x1": x + wide - 3, "y0": y + 2, "y1": y + LINE - 2, "layer": "below",
                    "line": {"width": 0}, "fillcolor": f"rgb({red},{green},{blue})",
                }
            )  # fmt: skip
            written.append(
                _word(label(word), x + wide / 2 - 1.5, y + LINE / 2, "center", "middle", INK)
                | {"hovertext": f"{label(word)}: {heat:+.3g}"}
            )
            x += wide
        y += max(LINE, LINE if x else 0) + LINE / 2
    quiet = {"visible": False, "fixedrange": True}
    return drawn(
        [{"x": [0], "y": [0], "mode": "markers", "marker": {"opacity": 0}, "hoverinfo": "skip"}],
        height=int(y) + 24,
        annotations=written,
        shapes=shapes,
        showlegend=False,
        xaxis={**quiet, "range": [-LEFT, ACROSS]},
        yaxis={**quiet, "range": [y, 0]},
    )
