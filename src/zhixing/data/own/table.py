"""The user's own table as a data set: features of any kind beside the targets, read and understood by `profile`."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zhixing.core import Text
from zhixing.data.dataset import split_rows
from zhixing.data.own.files import checked_path, read_table
from zhixing.data.own.profile import Profile, class_names, profile

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False)
class OwnTable:
    """Rows with their features, a column of any kind each, and targets (n,): int64 classes or float64 amounts."""

    features: "pandas.DataFrame"
    targets: np.ndarray
    fingerprint: str
    """64 hexadecimal digits over the file as it was read."""
    found: Profile
    """What the file holds for this target."""
    notes: tuple[Text, ...]
    """What was decided in reading it, and what would spoil a comparison."""

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def classes(self) -> tuple[str, ...]:
        """Name of each class, in the order of the integer targets; empty where targets are amounts."""
        return self.found.classes

    def split(self, rows: np.ndarray, share: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers cut in two at random, the second with `share` of them; of every class, where there are some."""
        kinds = self.targets[rows] if self.classes else np.zeros(len(rows), dtype=np.int64)
        several = np.bincount(kinds)[kinds] > 1  # the only row of a class stays in the first part
        chosen = np.zeros(len(rows), dtype=bool)
        chosen[several] = split_rows(kinds[several], share, generator)
        return rows[~chosen], rows[chosen]


def own_table(*, path: str, target: str, task: str | None = None) -> OwnTable:
    """The rows of a table file that have a target; columns that are constant or name the rows are left out.

    Raises BadData as `read_table` and `profile` do, and where no column is left to learn from.
    """
    place = checked_path(path)
    stamp = place.stat()
    return _read(str(place), target, task, (stamp.st_mtime_ns, stamp.st_size))


@lru_cache(maxsize=2)
def _read(path: str, target: str, task: str | None, stamp: tuple[int, int]) -> OwnTable:
    """As `own_table`; `stamp` changes with the file, so that another file is read anew."""
    read = read_table(path)
    found = profile(read.frame, target, task=task)
    rows = read.frame[read.frame[target].notna()]
    features = rows[list(found.features)]
    if found.task == "classes":
        targets = np.searchsorted(found.classes, class_names(rows[target])).astype(np.int64)
    else:
        targets = rows[target].to_numpy(dtype=np.float64)
    with Path(path).open("rb") as file:
        fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
    notes = (*read.notes, *found.notes)
    return OwnTable(features.reset_index(drop=True), targets, fingerprint, found, notes)
