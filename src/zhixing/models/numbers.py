"""A table of numbers as it is: for models that answer in the units of its columns."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas


class Numbers:
    """Columns of numbers in their own units; gaps become the median of the training rows."""

    def fit(self, features: "pandas.DataFrame") -> "Numbers":
        """Learns from training rows, and from nothing else."""
        self.medians = np.nanmedian(features.to_numpy(dtype=np.float64), axis=0)
        return self

    def transform(self, features: "pandas.DataFrame") -> np.ndarray:
        """Rows (n, columns) as float64."""
        numbers = features.to_numpy(dtype=np.float64)
        filled: np.ndarray = np.where(np.isnan(numbers), self.medians, numbers)
        return filled
