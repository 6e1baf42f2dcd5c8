"""Copies of the hub's tables in the run store's home, as hub/OWNER/NAME/COMMIT/CONFIGURATION.parquet (or .csv, .jsonl)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from zhixing.core import Text
from zhixing.core.store import default_home

COMMIT = "[0-9a-f]{40}"


@dataclass(frozen=True)
class Copy:
    """One table of the hub at one commit, and where its copy is or shall be."""

    home: Path
    title: str
    """OWNER/NAME."""
    commit: str
    file: str
    """CONFIGURATION.parquet."""

    @property
    def place(self) -> Path:
        return self.home.joinpath(*self.title.split("/"), self.commit, self.file)

    @property
    def told(self) -> Text:
        """What it is a copy of, and whether it may be behind the hub."""
        config = Path(self.file).stem
        late = Text(
            "; the hub gave no answer, so the copy kept here is used, and a newer one may exist",
            "；hub 没有回应，因此使用本机保存的副本，hub 上可能已有更新",
        )
        late = late if self.place in _unconfirmed() else Text("", "")
        return Text(
            en=f"hub:{self.title} at commit {self.commit}, configuration {config}, training split{late.en}",
            zh=f"hub:{self.title}，提交 {self.commit}，配置 {config}，训练部分{late.zh}",
        )


def hub_folder() -> Path:
    """Where copies are."""
    return (default_home() / "hub").resolve()


def copy_at(place: Path) -> Copy | None:
    """The copy at a path; None where the path is of another file."""
    home = hub_folder()
    parts = place.relative_to(home).parts if place.is_relative_to(home) else ()
    return Copy(home, "/".join(parts[:2]), *parts[2:]) if len(parts) == 4 and re.fullmatch(COMMIT, parts[2]) else None


def kept(home: Path, title: str, config: str | None, endings: Sequence[str]) -> list[Copy]:
    """The copies that are there of a table, or with None of every configuration; those made last come first."""
    places = [
        place
        for place in home.joinpath(*title.split("/")).glob("*/*")
        if place.suffix in endings and re.fullmatch(COMMIT, place.parent.name) and config in (None, place.stem)
    ]
    places.sort(key=lambda place: place.stat().st_mtime, reverse=True)
    return [Copy(home, title, place.parent.name, place.name) for place in places]


def use_unconfirmed(copy: Copy) -> Path:
    """The copy's path, of which it is said from now on that the hub was not there to ask."""
    _unconfirmed().add(copy.place)
    return copy.place


@lru_cache(maxsize=1)
def _unconfirmed() -> set[Path]:
    return set()
