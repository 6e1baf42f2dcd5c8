"""Sums over the ratings of each user, or of each item: the normal equations of all of them at once."""

import numpy as np


class ByEntity:
    """Groups rows (n,) by their number, 0 to `size` - 1; those with about equally many rows are summed together."""

    def __init__(self, codes: np.ndarray):
        order, counts = np.argsort(codes, kind="stable"), np.bincount(codes)
        self.size = len(counts)
        starts = np.cumsum(counts) - counts
        widths = np.where(counts > 0, 2 ** np.ceil(np.log2(np.maximum(counts, 1))), 0).astype(np.int64)
        self._groups = []
        for width in np.unique(widths[widths > 0]):
            entities = np.flatnonzero(widths == width)
            places = np.arange(width)
            there = places < counts[entities, None]
            # A place that is not there points behind the last row, where `sums` puts zeros.
            rows = np.where(there, order[np.minimum(starts[entities, None] + places, len(codes) - 1)], len(codes))
            self._groups.append((entities, rows))

    def sums(self, design: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of each entity the sum of x x^T, (size, k, k), and of x t, (size, k), over its rows x of `design` (n, k)."""
        wide = design.shape[1]
        squares, moments = np.zeros((self.size, wide, wide)), np.zeros((self.size, wide))
        design, targets = np.vstack([design, np.zeros(wide)]), np.append(targets, 0.0)
        for entities, rows in self._groups:
            some = design[rows]
            across = some.transpose(0, 2, 1)
            squares[entities] = across @ some
            moments[entities] = (across @ targets[rows][:, :, None])[:, :, 0]
        return squares, moments
