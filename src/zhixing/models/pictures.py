"""From pictures to numbers: standardised for networks, flat for the classical families.

Source: LeCun et al. 1998, "Efficient BackProp", Section 4.3 (why inputs are shifted and scaled); Pearson 1901 for the
principal axes. Departs from them: nothing. Parity: the formulae, and scikit-learn's PCA.
"""

import numpy as np

WIDE = 60
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

    Every pixel has its training mean taken off; one scale for all makes their mean variance 1, so that a pixel that
    hardly changes stays as quiet as it is.
    """

    def __init__(self, *, kept: int = WIDE):
        self.kept = kept

    def fit(self, features: np.ndarray) -> "FlatPictures":
        rows = features.reshape(len(features), -1).astype(np.float32)
        self.mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
        rows -= self.mean
        self.axes = principal(rows, self.kept) if rows.shape[1] > self.kept else None
        if self.axes is not None:
            rows = rows @ self.axes
        self.scale = float(np.sqrt((rows.astype(np.float64) ** 2).mean())) or 1.0
        return self

    def transform(self, features: np.ndarray) -> np.ndarray:
        rows = features.reshape(len(features), -1).astype(np.float32) - self.mean
        if self.axes is not None:
            rows = rows @ self.axes
        numbers: np.ndarray = rows.astype(np.float64) / self.scale
        return numbers


def principal(rows: np.ndarray, kept: int) -> np.ndarray:
    """The principal axes of centred rows (n, columns) as columns, at most `kept` and fewer than n of them.

    From the smaller of the two products of the rows with themselves, whose eigenvectors tell those of the other.
    """
    n, columns = rows.shape
    kept = min(kept, columns, n - 1)
    if columns <= n:
        return np.ascontiguousarray(np.linalg.eigh(rows.T @ rows)[1][:, ::-1][:, :kept])
    values, left = np.linalg.eigh(rows @ rows.T)
    lengths = np.sqrt(np.maximum(values[::-1][:kept], np.finfo(np.float32).tiny))
    axes: np.ndarray = (rows.T @ left[:, ::-1][:, :kept] / lengths).astype(np.float32)
    return axes
