"""From pictures to numbers: standardised for networks, flat for the classical families.

Source: LeCun et al. 1998, "Efficient BackProp", Section 4.3 (why inputs are shifted and scaled); Pearson 1901 for the
principal axes. Departs from them: nothing. Parity: the formulae, and an
eigenvalue problem written out.
"""

from typing import Any

import numpy as np

WIDE = 80
"""Principal axes that are kept of pictures with more pixels than this."""


class StandardPictures:
    """(n, c, h, w) of any numbers to float32 with mean 0 and variance 1, channel by channel over all training pictures."""

    def fit(self, features: np.ndarray) -> "StandardPictures":
        channels = features.shape[1]
        self.mean, self.deviation = np.zeros(channels), np.ones(channels)
        for channel in range(channels):
            values = features[:, channel]
            self.mean[channel] = values.mean(dtype=np.float64)
            self.deviation[channel] = values.std(dtype=np.float64) or 1.0
        return self

    def transform(self, features: np.ndarray) -> np.ndarray:
        mean, deviation = (each[:, None, None].astype(np.float32) for each in (self.mean, self.deviation))
        numbers: np.ndarray = (features.astype(np.float32) - mean) / deviation
        return numbers


class FlatPictures:
    """(n, c, h, w) to rows of pixels, as many as there are, or along `kept` principal axes where they are more.

    Every pixel has its training mean taken off. One scale for all of them makes their mean variance 1, so that what
    hardly changes stays as quiet as it is.
    """

    def __init__(self, *, kept: int = WIDE):
        self.kept = kept

    def fit(self, features: np.ndarray) -> "FlatPictures":
        from sklearn.decomposition import PCA

        rows = _rows(features)
        self.mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
        kept = min(self.kept, len(rows) - 1)
        self.axes: Any = None
        if rows.shape[1] > kept:
            self.axes = PCA(kept, random_state=0).fit(rows)
        self.scale = 1.0
        self.scale = float(np.sqrt((self.transform(features) ** 2).mean())) or 1.0
        return self

    def transform(self, features: np.ndarray) -> np.ndarray:
        rows = _rows(features)
        found = rows - self.mean if self.axes is None else self.axes.transform(rows)
        numbers: np.ndarray = found.astype(np.float64) / self.scale
        return numbers


def _rows(features: np.ndarray) -> np.ndarray:
    return features.reshape(len(features), -1).astype(np.float32)
