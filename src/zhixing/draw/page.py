"""A page of figures: one HTML file in two languages that opens offline and asks nobody for anything."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhixing.core import Language, Text
from zhixing.draw.quantities import duration, interval, number, size

if TYPE_CHECKING:
    import jinja2
    import plotly.graph_objects as go

_INERT: dict[str, str | int | None] = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


@dataclass(frozen=True)
class Drawing:
    """One figure: how to draw it in a language, and what it shows in words."""

    id: str
    draw: Callable[[Language], "go.Figure"]
    alternative: Text


def page(
    template: Path, *, title: Text, footer: str, opening: Language, drawings: Sequence[Drawing], **content: Any
) -> str:
    """The page of a template that extends `page.html.j2`: its title, its figures once for both languages, the script.

    It opens in the language `opening`; `content` is what else the template asks for.
    """
    from plotly.offline import get_plotlyjs

    data = _data(title, drawings)
    return _template(template).render(
        title=title,
        footer=footer,
        opening=opening,
        data=data,
        nonce=hashlib.sha256(data.encode()).hexdigest(),
        by_card='"scattergl"' in data,
        plotly=get_plotlyjs(),
        **content,
    )


@cache
def _template(path: Path) -> "jinja2.Template":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([path.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "duration": duration, "size": size}
    environment.globals |= {"interval": interval, "is_number": _is_number}
    return environment.get_template(path.name)


def _is_number(value: object) -> bool:
    return isinstance(value, float | int)


def _data(title: Text, drawings: Sequence[Drawing]) -> str:
    """The page's title and figures as JSON that is inert inside a script element.

    Where the languages differ, a leaf is {"en": ..., "zh": ...}; the numbers are there once.
    """
    figures = {
        drawing.id: _both(drawing.draw("en").to_plotly_json(), drawing.draw("zh").to_plotly_json())
        for drawing in drawings
    }
    text = json.dumps(
        {"title": _both(title.en, title.zh), "figures": figures},
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
    )
    return text.translate(str.maketrans(_INERT))


def _both(en: Any, zh: Any) -> Any:
    """One tree out of two, with a leaf for each language only where they differ."""
    if en == zh:
        return en
    if isinstance(en, dict) and isinstance(zh, dict) and en.keys() == zh.keys():
        return {key: _both(en[key], zh[key]) for key in en}
    if isinstance(en, list | tuple) and isinstance(zh, list | tuple) and len(en) == len(zh):
        return [_both(*pair) for pair in zip(en, zh, strict=True)]
    return {"en": en, "zh": zh}
