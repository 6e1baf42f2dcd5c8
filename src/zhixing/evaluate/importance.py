"""Which columns of a table a model's answers depend on, and how: for any function from rows to answers.

Sources: Breiman 2001, Machine Learning 45, Section 10 (permutation importance); Friedman 2001, Annals of Statistics 29(5),
Section 8.2 (partial dependence); Goldstein et al. 2015, arXiv:1309.6392 (individual lines); Hoeffding 1948, Annals of
Mathematical Statistics 19(3), for the interval.
Departs from them: columns are shuffled as the file has them, words and dates too, all of a row's cells of one column being
one thing. Parity: scikit-learn's `permutation_importance` with the same shuffles, and its `partial_dependence`.
In NumPy and pandas; r repeats | n rows | g places of a grid.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas

Answers = Callable[["pandas.DataFrame"], np.ndarray]
"""Rows of a table to probabilities (n, classes) or amounts (n,)."""
Losses = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Answers and targets (n,) to what each row loses (n,)."""
BLOCK = 5_000
"""Rows that are asked about at a time, about: preparing a few rows takes as long as preparing many."""
PLACES = 20
"""Places of a grid at most."""
OUTER = 0.05
"""The share of the rows that a grid of numbers leaves out at either end."""


@dataclass(frozen=True)
class Importance:
    """What the answers lose when one column is shuffled: the mean over rows and repeats, and its 95 % interval."""

    column: str
    rise: float
    low: float
    high: float
    repeats: tuple[float, ...]
    """The same of each repeat."""


@dataclass(frozen=True)
class Dependence:
    """Answers as one column takes each value of a grid in every row, the other columns left as they are."""

    column: str
    grid: np.ndarray
    """(g,) values, rising where they are numbers or dates, the most frequent first where they are words."""
    lines: np.ndarray
    """Individual lines (n, g) of amounts, (n, g, classes) of probabilities."""

    @property
    def mean(self) -> np.ndarray:
        """Partial dependence, (g,) or (g, classes)."""
        found: np.ndarray = self.lines.mean(axis=0)
        return found


def log_losses(answers: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Of probabilities (n, classes), each row's -log of what its class was given; 0 counts as 1e-15."""
    losses: np.ndarray = -np.log(np.maximum(answers[np.arange(len(targets)), targets], 1e-15))
    return losses


def label_log_losses(answers: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Of probabilities (n, labels) against 0 and 1, each row's mean of -log of what was given to what is true."""
    given = np.where(targets == 1, answers, 1 - answers)
    losses: np.ndarray = -np.log(np.maximum(given, 1e-15)).mean(axis=1)
    return losses


def squared_errors(answers: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Of amounts (n,)."""
    losses: np.ndarray = (answers - targets) ** 2
    return losses


def shuffles(rows: int, repeats: int, generator: np.random.Generator) -> np.ndarray:
    """Random orders (repeats, rows)."""
    return np.stack([generator.permutation(rows) for _ in range(repeats)])


def permutation_importance(
    answers: Answers, rows: "pandas.DataFrame", targets: np.ndarray, *, losses: Losses, orders: np.ndarray
) -> tuple[Importance, ...]:
    """How much each column matters, the most important first: every column is put in each of the `orders` (r, n).

    The interval is about further rows like these, the model given: each row counts by what it lost to the values that it
    got and by what its values did to others. It needs rows that the model did not learn from. Two columns that say the
    same stand in for each other, so that neither seems to matter.
    """
    before = losses(answers(rows), targets)
    found = [_importance(str(name), answers, rows, targets, losses, orders, before) for name in rows.columns]
    return tuple(sorted(found, key=lambda each: -each.rise))


def _importance(
    name: str,
    answers: Answers,
    rows: "pandas.DataFrame",
    targets: np.ndarray,
    losses: Losses,
    orders: np.ndarray,
    before: np.ndarray,
) -> Importance:
    got, gave = np.zeros(len(rows)), np.zeros(len(rows))
    repeats = []
    cells = [rows[name].iloc[order].to_numpy() for order in orders]
    for order, told in zip(orders, _told(answers, rows, name, cells), strict=True):
        rises = losses(told, targets) - before
        got += rises / len(orders)
        gave[order] += rises / len(orders)
        repeats.append(float(rises.mean()))
    rise = float(np.mean(repeats))
    half = _reach(got + gave)
    return Importance(name, rise, rise - half, rise + half, tuple(repeats))


def _reach(parts: np.ndarray) -> float:
    """Half the width of the 95 % interval of a mean of these parts (n,)."""
    from scipy.stats import t

    if len(parts) < 2:
        return float("inf")
    return float(t.ppf(0.975, len(parts) - 1) * parts.std(ddof=1) / np.sqrt(len(parts)))


def grid_of(cells: "pandas.Series", places: int = PLACES) -> np.ndarray:
    """Values (g,) at which to look at a column: all where they are few, else the most frequent words, or even steps.

    Steps of numbers and dates go from the 5 % to the 95 % quantile; whole numbers stay whole. Empty for a column of gaps.
    """
    import pandas

    there = cells.dropna()
    if there.dtype == object or isinstance(there.dtype, pandas.StringDtype | pandas.CategoricalDtype):
        return np.array(there.value_counts().index[:places], dtype=object)
    distinct = np.unique(there.to_numpy())
    if len(distinct) <= places:
        return distinct
    moments = distinct.dtype.kind == "M"
    numbers = there.to_numpy().astype(np.int64 if moments else np.float64)
    low, high = np.quantile(numbers, [OUTER, 1 - OUTER]).tolist()
    steps = np.linspace(low, high, places)
    if moments or distinct.dtype.kind in "iu":
        steps = np.unique(np.round(steps))
    found: np.ndarray = steps.astype(distinct.dtype)
    return found


def partial_dependence(
    answers: Answers, rows: "pandas.DataFrame", column: str, grid: Sequence[Any] | np.ndarray | None = None
) -> Dependence:
    """How the answers to these rows move with one column; the grid is that of `grid_of` where it is left out.

    Lines that cross say that the column works together with others. Where columns go together, some of the rows that
    this makes up are like none that there are.
    """
    values = grid_of(rows[column]) if grid is None else np.asarray(grid)
    cells = [np.full(len(rows), value, dtype=values.dtype) for value in values]
    return Dependence(column, values, np.stack(list(_told(answers, rows, column, cells)), axis=1))


def _told(answers: Answers, rows: "pandas.DataFrame", name: str, cells: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """The answers to the rows (n, ...) with each of these cells (n,) in one column, as many at a time as BLOCK rows hold."""
    at_once = max(1, BLOCK // len(rows))
    for start in range(0, len(cells), at_once):
        some = cells[start : start + at_once]
        many = rows.iloc[np.tile(np.arange(len(rows)), len(some))].reset_index(drop=True)
        yield from np.split(answers(_with(many, name, np.concatenate(some))), len(some))


def _with(rows: "pandas.DataFrame", name: str, cells: np.ndarray) -> "pandas.DataFrame":
    """The rows with other cells in one column, of the type that it has."""
    import pandas

    kind = rows[name].dtype
    return rows.assign(**{name: pandas.Series(cells, index=rows.index).astype(kind)})
