"""Rows cut in two, so that the second part says something about rows never seen: at random, by time or by group."""

import numpy as np

from zhixing.data.dataset import split_rows

Rows = np.ndarray


def at_random(
    rows: Rows, share: float, generator: np.random.Generator, kinds: np.ndarray | None = None
) -> tuple[Rows, Rows]:
    """The second part holds `share` of the rows: of every kind, where the `kinds` of all rows (integers) are given."""
    of_rows = np.zeros(len(rows), dtype=np.int64) if kinds is None else kinds[rows]
    several = np.bincount(of_rows)[of_rows] > 1  # the only row of a kind stays in the first part
    chosen = np.zeros(len(rows), dtype=bool)
    chosen[several] = split_rows(of_rows[several], share, generator)
    return rows[~chosen], rows[chosen]


def by_time(rows: Rows, share: float, generator: np.random.Generator, times: np.ndarray) -> tuple[Rows, Rows]:
    """The second part follows the first in time, and later rows than both are left out.

    It holds half of `share` of the rows and begins at random in the second half of the time, so that several divisions
    judge several stretches of it: a rolling origin (Tashman 2000, International Journal of Forecasting 16(4)). Rows of
    the very moment at which it begins belong to it.
    """
    ordered = rows[np.argsort(times[rows], kind="stable")]
    block = max(1, round(len(rows) * share / 2))
    start = int(generator.integers(len(rows) // 2, len(rows) - block + 1))
    moments = times[ordered]
    first = int(np.searchsorted(moments, moments[start], side="left"))
    last = int(np.searchsorted(moments, moments[min(start + block, len(rows)) - 1], side="right"))
    return ordered[:first], ordered[first:last]


def by_group(rows: Rows, share: float, generator: np.random.Generator, groups: np.ndarray) -> tuple[Rows, Rows]:
    """Rows of one group (integers) stay together; groups at random fill the second part up to `share` of the rows."""
    names, of_rows, sizes = np.unique(groups[rows], return_inverse=True, return_counts=True)
    order = generator.permutation(len(names))
    before = np.cumsum(sizes[order]) - sizes[order] / 2
    taken = np.zeros(len(names), dtype=bool)
    taken[order[before <= share * len(rows)]] = True
    taken[order[0]], taken[order[-1]] = True, False  # neither part is empty
    return rows[~taken[of_rows]], rows[taken[of_rows]]
