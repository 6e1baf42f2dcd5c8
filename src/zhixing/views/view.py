"""What a view shows: pictures with their captions, tables, numbers, and how far they may be trusted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zhixing.core import Text, ZhixingError
from zhixing.draw import Drawing


class CannotShow(ZhixingError):
    """What was given cannot be looked at in this way; one line says why."""


@dataclass(frozen=True)
class Picture:
    """A figure, and how to read it."""

    drawing: Drawing
    """Its id is unique within the view, and what its file is called."""
    title: Text
    caption: Text


@dataclass(frozen=True)
class Table:
    """Rows of cells below their heads; the first cell of a row names it."""

    title: Text
    heads: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]


@dataclass(frozen=True)
class View:
    """One way of looking, and what was found."""

    name: str
    """As `--view` names it."""
    title: Text
    summary: Text
    """The finding in a sentence or two, with its numbers."""
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    warnings: tuple[Text, ...] = ()
    """What a reader might take from the pictures and should not."""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    """All that was measured, as JSON holds it."""
