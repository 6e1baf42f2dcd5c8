"""From a table of any columns to numbers: learned on the training rows, then the same for every row to come.

Source: skrub's TableVectorizer for the columns; Troyanskaya et al. 2001 on filling gaps, of which the simplest is used:
the median, with a column of its own that says where a gap was.
"""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas

FEW = 30
"""Words that get an indicator each; a column of more is turned into so many numbers by its character n-grams."""


class Preparation:
    """Dates become their parts, words indicators or n-grams, gaps medians; every column mean 0 and variance 1."""

    def fit(self, features: "pandas.DataFrame") -> "Preparation":
        """Learns from training rows, and from nothing else."""
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        self._steps: Any = make_pipeline(
            vectoriser(OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32)),
            SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
            StandardScaler(),
        )
        self._steps.fit(features)
        return self

    def transform(self, features: "pandas.DataFrame") -> np.ndarray:
        """Rows (n, numbers) as float64; a word never seen is none of those that were."""
        numbers: np.ndarray = np.asarray(self._steps.transform(features), dtype=np.float64)
        return numbers

    @property
    def names(self) -> list[str]:
        """What each of the numbers is: a column, a word of it, a part of a date, or that a gap was there."""
        return [str(name) for name in self._steps.get_feature_names_out()]


def vectoriser(words: Any) -> Any:
    """Columns of any kind to numbers; `words` is scikit-learn's encoder of columns with few of them."""
    skrub = _skrub()
    return skrub.TableVectorizer(
        cardinality_threshold=FEW,
        low_cardinality=words,
        high_cardinality=skrub.StringEncoder(n_components=FEW, random_state=0),
    )


def _skrub() -> Any:
    """skrub, which with the plotting library that it brings would else make folders in the user's home."""
    place = str(Path(tempfile.gettempdir()) / "zhixing")
    for name in ("SKB_DATA_DIRECTORY", "MPLCONFIGDIR"):
        os.environ.setdefault(name, place)
    import skrub

    return skrub
