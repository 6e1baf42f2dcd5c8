"""From names of users and items to their numbers: the preparation of a table of ratings."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas

UNSEEN = -1
"""The number of a user or an item that no training row names."""


class RatingCodes:
    """Numbers users and items in the order of their names; the first two columns of a table hold them."""

    def fit(self, features: "pandas.DataFrame") -> "RatingCodes":
        """Learns the names from training rows, and from nothing else."""
        self.users, self.items = (np.unique(names(features.iloc[:, place])) for place in (0, 1))
        return self

    def transform(self, features: "pandas.DataFrame") -> np.ndarray:
        """Rows (n, 2) of int64: the user's number and the item's, UNSEEN for one that is new."""
        columns = [_numbers(names(features.iloc[:, place]), known) for place, known in enumerate(self._known)]
        return np.stack(columns, axis=1)

    @property
    def _known(self) -> tuple[np.ndarray, np.ndarray]:
        return self.users, self.items


def names(cells: "pandas.Series") -> np.ndarray:
    """Names (n,) as strings: 7 and 7.0 are "7", as a column with gaps holds the latter; a gap is called by none."""
    gaps, values = cells.isna().to_numpy(), cells.to_numpy()
    if values.dtype.kind == "f" and (values[~gaps] == np.floor(values[~gaps])).all():
        values = np.where(gaps, 0, values).astype(np.int64)
    return np.where(gaps, "", values.astype(str))


def _numbers(wanted: np.ndarray, known: np.ndarray) -> np.ndarray:
    places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[places] == wanted, places, UNSEEN).astype(np.int64)
