"""One heap: rows as like given ones as rows without clusters can be. The reference against which clusters are found.

Rows are turned to their principal axes; along each axis new rows are drawn, one axis apart from the others, from the
distribution with one peak only that is nearest to what is there: rising up to the peak and falling after it, by isotonic
regression of the histogram (Barlow et al. 1972). Size, direction, skewness and tails stay; valleys are filled.

Shuffling each column on its own (Ben-Hur et al. 2002) also removes clusters, and with them every correlation: one long
heap, which any method cuts steadily across, would then look like two clusters.
"""

import numpy as np


def one_heap(rows: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """So many rows (count, columns) of one heap that is like these (n, columns)."""
    centre = rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows - centre, full_matrices=False)
    drawn = [one_peak(scores, count, generator) for scores in ((rows - centre) @ axes.T).T]
    heap: np.ndarray = centre + np.stack(drawn, axis=1) @ axes
    return heap


def one_peak(values: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """So many numbers from the distribution of one peak that is nearest to these, with their mean and variance."""
    shares, edges = np.histogram(values, bins=int(np.ceil(2 * len(values) ** (1 / 3))))
    heights = _with_one_peak(shares.astype(np.float64))
    bins = generator.choice(len(heights), size=count, p=heights / heights.sum())
    middles = (edges[:-1] + edges[1:]) / 2
    width = edges[1] - edges[0]
    mean = heights @ middles / heights.sum()
    spread = np.sqrt(heights @ (middles - mean) ** 2 / heights.sum() + width**2 / 12)
    drawn = edges[bins] + width * generator.random(count)
    like: np.ndarray = values.mean() + (drawn - mean) * values.std() / max(spread, 1e-300)
    return like


def _with_one_peak(heights: np.ndarray) -> np.ndarray:
    """The nearest heights (least squares) that rise up to some place and fall after it."""
    from sklearn.isotonic import isotonic_regression

    found = [
        np.concatenate(
            [isotonic_regression(heights[: peak + 1]), isotonic_regression(heights[peak + 1 :], increasing=False)]
        )
        for peak in range(len(heights) - 1)
    ]
    return min(found, key=lambda one: float(((one - heights) ** 2).sum()))
