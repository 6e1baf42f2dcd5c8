"""From text to the names of what stands at each place of it: for a network that learns a vector for each name.

Source: Joulin et al. 2017, arXiv:1607.01759, and Qiao et al. 2018, ICLR, for n-grams as the units that have vectors. A Chinese
character is a unit by itself, as a word of letters is, so that no words need be found.
"""

import re
import zlib
from typing import TYPE_CHECKING

import numpy as np

from zhixing.models.columns import Others, joined
from zhixing.models.counts import WordCounts

if TYPE_CHECKING:
    import pandas
    import scipy.sparse

ORDERS = 3
"""Each place has the unit that stands there, and the pair and the triple that begin there."""
PLACES = 200
"""Units of a text that are read."""
NAMES = 2**16
"""Names at most, 0 included, which stands for all that is not known."""

_UNIT = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+|[^\w\s]")
_PRIME = 1_000_003


class Grams:
    """The most frequent units, pairs and triples have a number each, where two training texts or more hold them."""

    def __init__(self, *, columns: tuple[str, ...]):
        self.columns = list(columns)
        self.others = Others(columns)

    def fit(self, features: "pandas.DataFrame") -> "Grams":
        """Learns from training rows which names there are."""
        self.others.fit(features)
        return self.learn(features)

    def transform(self, features: "pandas.DataFrame") -> np.ndarray:
        """Rows (n, ORDERS * PLACES and other columns), float32: numbers of names, 0 for none, then the other columns."""
        return np.hstack([self.named(features), self.others.transform(features)]).astype(np.float32)

    def learn(self, features: "pandas.DataFrame") -> "Grams":
        """Learns from the text of training rows which names there are."""
        hashes = self._hashed(features).reshape(len(features), -1)
        places, texts = np.unique(np.concatenate([np.unique(row) for row in hashes]), return_counts=True)
        several = (texts > 1) & (places > 0)
        places, texts = places[several], texts[several]
        most = np.sort(np.argsort(-texts, kind="stable")[: NAMES - 1])
        self.known: np.ndarray = places[most]
        return self

    def named(self, features: "pandas.DataFrame") -> np.ndarray:
        """Whole numbers (n, ORDERS * PLACES): which name begins at each place, 0 for none."""
        hashes = self._hashed(features).reshape(len(features), -1)
        places = np.searchsorted(self.known, hashes)
        return np.where(np.isin(hashes, self.known), places + 1, 0)

    def _hashed(self, features: "pandas.DataFrame") -> np.ndarray:
        """Whole numbers (n, ORDERS, PLACES), 0 beyond the end."""
        found = np.zeros((len(features), ORDERS, PLACES), dtype=np.int64)
        for row, text in enumerate(joined(features, self.columns)):
            units = np.array(
                [1 + zlib.crc32(unit.encode()) for unit in _UNIT.findall(text.lower())[:PLACES]], dtype=np.int64
            )
            name = units
            for order in range(min(ORDERS, len(units))):
                if order:  # whole numbers of 64 bits wrap around, which is as good a hash as any
                    name = (name[:-1] * _PRIME + units[order:]) & 0x7FFF_FFFF_FFFF_FFFF
                found[row, order, : len(name)] = name
        return found


class CountsAndGrams:
    """As `WordCounts` gives them, and then the names that `Grams` gives: for two readers of one text."""

    def __init__(self, *, columns: tuple[str, ...]):
        self.counts, self.grams = WordCounts(columns=columns), Grams(columns=columns)

    def fit(self, features: "pandas.DataFrame") -> "CountsAndGrams":
        """Learns from training rows."""
        self.counts.fit(features)
        self.grams.learn(features)
        return self

    def transform(self, features: "pandas.DataFrame") -> "scipy.sparse.csr_array":
        """Rows (n, columns of WordCounts, then ORDERS * PLACES numbers of names), sparse."""
        from scipy.sparse import csr_array, hstack

        names = csr_array(self.grams.named(features).astype(np.float64))
        rows: csr_array = hstack([self.counts.transform(features), names], format="csr")
        return rows
