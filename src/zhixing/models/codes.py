"""From a table of any columns to what a network with embeddings takes: numbers on one scale, and codes for words.

Sources: Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491, Section 3 (numbers are scaled by their quartiles,
and bent so that a stray one cannot dominate); skrub's TableVectorizer for the columns.
Departs from them: a column whose quartiles meet is scaled by its standard deviation. Parity: by hand.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.models.preparation import vectoriser

if TYPE_CHECKING:
    import pandas

BEND = 3.0
"""No scaled number lies farther than this from 0."""
NEVER_SEEN, GAP = -1, -2
"""What scikit-learn's encoder is told to give for such words."""


class Codes:
    """Every column as numbers between -3 and 3, or as a code; none but codes hold only whole numbers from 0 on.

    A code counts the words of its column from 1 on in the order of the alphabet, a gap being the last word; 0 is any
    word that the training rows do not have. A gap among numbers is their median, beside a code of its own: 1 for there,
    2 for missing. Dates become their parts, and long texts numbers by their character n-grams, as in `Preparation`.
    """

    def fit(self, features: "pandas.DataFrame") -> "Codes":
        """Learns from training rows, and from nothing else."""
        from sklearn.preprocessing import OrdinalEncoder

        encoder = OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=NEVER_SEEN, encoded_missing_value=GAP
        )
        self._steps: Any = vectoriser(encoder)
        table = self._steps.fit_transform(features)
        words = {name for kept in self._steps.kind_to_columns_["low_cardinality"] for name in self._outputs(kept)}
        self.coded = np.array([name in words for name in table.columns])
        rows = np.asarray(table, dtype=np.float64)
        self.words = rows[:, self.coded].max(axis=0, initial=NEVER_SEEN) + 1
        numbers = rows[:, ~self.coded]
        self.gappy = np.isnan(numbers).any(axis=0)
        known = np.where(np.isnan(numbers).all(axis=0), 0.0, numbers)  # an empty column is a constant
        self.middle = np.nanmedian(known, axis=0) if known.size else np.zeros(known.shape[1])
        low, high = np.nanquantile(known, [0.25, 0.75], axis=0) if known.size else np.zeros((2, known.shape[1]))
        spread = np.where(high > low, high - low, np.nanstd(known, axis=0) if known.size else 0.0)
        self.spread = np.where(spread > 0, spread, 1.0)
        return self

    def transform(self, features: "pandas.DataFrame") -> np.ndarray:
        """Rows (n, columns) as float64: numbers, then what tells their gaps, then words."""
        rows = np.asarray(self._steps.transform(features), dtype=np.float64)
        numbers, words = rows[:, ~self.coded], rows[:, self.coded]
        missing = np.isnan(numbers)
        scaled = np.where(missing, 0.0, (numbers - self.middle) / self.spread)
        bent = scaled / np.sqrt(1 + (scaled / BEND) ** 2)
        codes = np.where(words == GAP, self.words, words) + 1
        return np.hstack([bent, 1.0 + missing[:, self.gappy], codes])

    def _outputs(self, column: str) -> list[str]:
        found: list[str] = self._steps.input_to_outputs_[column]
        return found
