"""Maps: rows of many columns at two coordinates each, and a way to put rows that come later on the same map.

Sources: Pearson 1901, Philosophical Magazine 2(11) (PCA); van der Maaten and Hinton 2008, JMLR 9 (t-SNE); Poličar,
Stražar and Zupan 2024, Journal of Statistical Software 109(3) (openTSNE, which does the work of t-SNE, and its guide to
placing new rows); Kobak and Berens 2019, Nature Communications 10 (start from PCA).
Departs from them: a new row is pulled by its 6 nearest old rows and pushed by none, for openTSNE's own way, push and
all, kept fewer of its neighbours (benchmarks/tables/maps.md). Parity: scikit-learn's PCA. Axes: n rows | m new rows | c columns.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
from numpy.random import Generator

from zhixing.core import BadData, BadSetting, Text

Start = Literal["pca", "random", "spectral"]
COLUMNS = 50
"""Columns that t-SNE is given at most; wider rows are first brought down to so many principal axes."""
FEWEST = 5
"""Rows that a map by t-SNE needs."""
BEGINNING = 1e-4
"""Spread of the places that t-SNE begins with, as its authors advise."""
PLACING_NEIGHBOURS, PLACING_STEPS = 6, 30
"""A new row is drawn by so many nearest old rows, in so many steps. Chosen on three divisions of the digits of 8 by 8 pixels:
of 5 to 9 the number by which the least of what is kept at 5, 10 and 30 neighbours is most. A first choice, 5, had kept
too little on those of 28 by 28."""


@final
@dataclass(frozen=True)
class PrincipalAxes:
    """Directions of most variance: `axes` (c, kept) as unit columns, by falling `variances` (kept,), divided by n - 1.

    Each axis points to where its largest loading is positive (of equal ones the first), so that the axes are unique
    wherever the variances differ. `whole` is the variance of all columns together, `centre` (c,) the mean row.
    """

    centre: np.ndarray
    axes: np.ndarray
    variances: np.ndarray
    whole: float

    def codes(self, rows: np.ndarray) -> np.ndarray:
        """(m, kept): where rows (m, c) lie along the axes. Raises BadData for another number of columns."""
        found: np.ndarray = (_checked(rows, columns=len(self.centre)) - self.centre) @ self.axes
        return found

    @property
    def shares(self) -> np.ndarray:
        """(kept,): the share of the whole variance along each axis, between 0 and 1."""
        found: np.ndarray = self.variances / max(self.whole, np.finfo(np.float64).tiny)
        return found


def fitted_axes(rows: np.ndarray, kept: int) -> PrincipalAxes:
    """The first `kept` principal axes of rows (n, c), at most min(n, c) of them. Raises BadData for no or broken rows."""
    rows = _checked(rows)
    centre = rows.mean(axis=0)
    triangle = np.linalg.qr(
        rows - centre, mode="r"
    )  # has the rows' singular values and right vectors, in c rows at most
    _, singular, across = np.linalg.svd(triangle, full_matrices=False)
    variances = singular**2 / max(len(rows) - 1, 1)
    sizes = np.abs(across)
    largest = (sizes >= sizes.max(axis=1, keepdims=True) * (1 - 1e-9)).argmax(axis=1)
    signs = np.where(np.take_along_axis(across, largest[:, None], axis=1) < 0, -1.0, 1.0)
    return PrincipalAxes(centre, (signs * across)[:kept].T, variances[:kept], float(variances.sum()))


class Map(ABC):
    """A fitted map: `places` (n, 2), float64; `groups` (n,) where rows were grouped first; `notes` on what was changed."""

    places: np.ndarray
    groups: np.ndarray | None = None
    notes: tuple[Text, ...] = ()

    @abstractmethod
    def place(self, rows: np.ndarray) -> np.ndarray:
        """(m, 2): where new rows (m, c) lie; old places stay. Raises BadData for another number of columns."""

    @abstractmethod
    def arrays(self) -> dict[str, np.ndarray]:
        """All that is needed to place rows again, for safetensors; `from_arrays` of the same class reads it."""

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Map":
        """The map that was kept."""


@final
class PrincipalMap(Map):
    """The first two principal axes; distances in it are never longer than those between the rows."""

    def __init__(self, axes: PrincipalAxes, places: np.ndarray):
        self.axes, self.places = axes, places

    def place(self, rows: np.ndarray) -> np.ndarray:
        return _two(self.axes.codes(rows))

    def arrays(self) -> dict[str, np.ndarray]:
        return {"places": self.places, **_arrays_of(self.axes)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "PrincipalMap":
        return cls(_axes_from(arrays), arrays["places"])


@final
class NeighbourMap(Map):
    """A map by t-SNE. New rows are drawn by their nearest old rows, each on its own."""

    def __init__(self, codes: np.ndarray, places: np.ndarray, axes: PrincipalAxes | None = None):
        self.codes, self.places, self.axes = codes, places, axes

    def place(self, rows: np.ndarray) -> np.ndarray:
        codes = self.axes.codes(rows) if self.axes else _checked(rows, columns=self.codes.shape[1])
        near, _ = nearest_rows(codes, self.codes, min(PLACING_NEIGHBOURS, len(self.codes)))
        return _settled(self.places[near])

    def arrays(self) -> dict[str, np.ndarray]:
        return {"places": self.places, "codes": self.codes, **(_arrays_of(self.axes) if self.axes else {})}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "NeighbourMap":
        return cls(arrays["codes"], arrays["places"], _axes_from(arrays) if "axes" in arrays else None)


def pca_map(rows: np.ndarray) -> PrincipalMap:
    """The first two principal axes of rows (n, c). Raises BadData for no or broken rows."""
    axes = fitted_axes(rows, 2)
    return PrincipalMap(axes, _two(axes.codes(rows)))


def tsne_map(
    rows: np.ndarray,
    *,
    perplexity: float | int = 30.0,
    start: Start | np.ndarray = "pca",
    early_exaggeration: float | int = 12.0,
    exaggeration: float | int = 1.0,
    steps: int = 500,
    generator: Generator,
) -> NeighbourMap:
    """t-SNE of rows (n, c): 250 steps with `early_exaggeration`, then `steps` with `exaggeration`.

    `start` is where the points begin: the first two principal axes, chance, the spectrum of the neighbours' graph, or
    places (n, 2), such as those of an earlier map, which are made small first.
    The generator decides a random start, or else a jitter of 1 %, and the search for neighbours of 1,000 rows or more.
    Raises BadData for fewer than 5 or broken rows, BadSetting for a perplexity below 1.
    """
    if perplexity < 1:
        raise BadSetting(Text(f"perplexity {perplexity} is below 1", f"困惑度 {perplexity} 小于 1"))
    rows = _checked(rows, fewest=FEWEST)
    axes = fitted_axes(rows, COLUMNS) if rows.shape[1] > COLUMNS else None
    codes = axes.codes(rows) if axes else rows
    number = int(generator.integers(2**31))
    embedding = _embedded(
        codes, float(min(perplexity, _most(rows))), start, early_exaggeration, exaggeration, steps, number
    )
    found = NeighbourMap(codes, embedding - (embedding.max(axis=0) + embedding.min(axis=0)) / 2, axes)
    found.notes = notes_on(rows, perplexity)
    return found


def k_means_tsne(rows: np.ndarray, *, groups: int, generator: Generator, **settings: Any) -> NeighbourMap:
    """K-means of rows (n, c) into `groups`, then t-SNE with `settings`; `groups` (n,) says which group each row is in.

    The groups are found among the columns and not on the map, which has distances that mean little.
    """
    from zhixing.models.clusterings import k_means

    rows = _checked(rows, fewest=FEWEST)
    if not 1 <= groups <= len(rows):
        raise BadSetting(
            Text(f"{groups} groups of {len(rows)} rows: give 1 to {len(rows)}",
                 f"{len(rows)} 行分成 {groups} 组：请给 1 到 {len(rows)}")
        )  # fmt: skip
    found = tsne_map(rows, generator=generator, **settings)
    found.groups = k_means(found.codes, groups, generator=generator)
    return found


def notes_on(rows: np.ndarray, perplexity: float | int) -> tuple[Text, ...]:
    """What t-SNE changes of rows (n, c) and of its perplexity before it begins."""
    notes = []
    if rows.shape[1] > COLUMNS:
        axes = fitted_axes(rows, COLUMNS)
        notes.append(
            Text(
                en="The {before} columns were first brought down to {kept} principal axes, which keep {share:.1f} % of their "
                "variance.",
                zh="先把 {before} 列降到 {kept} 根主轴，保留了 {share:.1f}% 的方差。",
            ).format(before=rows.shape[1], kept=axes.axes.shape[1], share=100 * axes.shares.sum())
        )
    if perplexity > _most(rows):
        notes.append(
            Text(
                en="The perplexity is {most:.3g} and not {asked:.3g}: {rows} rows allow no more.",
                zh="困惑度取 {most:.3g} 而不是 {asked:.3g}：{rows} 行数据最多只能用到这么大。",
            ).format(most=_most(rows), asked=float(perplexity), rows=len(rows))
        )
    return tuple(notes)


def nearest_rows(asked: np.ndarray, rows: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """For each of asked (m, c) the `count` nearest of rows (n, c) and their Euclidean distances, both (m, count)."""
    from sklearn.neighbors import NearestNeighbors

    distances, near = NearestNeighbors(n_neighbors=count).fit(rows).kneighbors(asked)
    return near, distances


def _embedded(
    codes: np.ndarray,
    perplexity: float,
    start: Start | np.ndarray,
    early: float | int,
    late: float | int,
    steps: int,
    number: int,
) -> np.ndarray:
    import openTSNE

    places = pca_map(codes).places if isinstance(start, str) and start == "pca" else start
    method = openTSNE.TSNE(
        perplexity=perplexity,
        initialization=places if isinstance(places, str) else _beginning(places, number),
        early_exaggeration=early,
        exaggeration=late,
        n_iter=steps,
        n_jobs=1,
        random_state=number,
    )
    return np.array(method.fit(codes), dtype=np.float64)


def _beginning(places: np.ndarray, number: int) -> np.ndarray:
    """Places made small; a little chance parts rows that are equal."""
    places = places / max(places[:, 0].std(), np.finfo(np.float64).tiny) * BEGINNING
    begun: np.ndarray = places + np.random.default_rng(number).normal(0, BEGINNING / 100, places.shape)
    return begun


def _settled(drawing: np.ndarray) -> np.ndarray:
    """(m, 2): where the pull of t-SNE of the old places `drawing` (m, k, 2) on a new row balances.

    Each pulls with the weight 1 / (1 + squared distance), as the kernel of t-SNE has it; every step lowers the sum of
    log(1 + squared distance). Old places that lie apart have several such points: of those that are reached from their
    median and from each of them, the one with the lowest sum. The push of all the other old places is left out: it drove
    rows off their neighbours.
    """
    places: np.ndarray = np.concatenate([np.median(drawing, axis=1, keepdims=True), drawing], axis=1)
    for _ in range(PLACING_STEPS):
        weights = 1 / (1 + _squares(drawing, places))
        places = weights @ drawing / weights.sum(axis=2, keepdims=True)
    lowest = np.log1p(_squares(drawing, places)).sum(axis=2).argmin(axis=1)
    settled: np.ndarray = places[np.arange(len(places)), lowest]
    return settled


def _squares(drawing: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(m, s, k): squared distances from each of places (m, s, 2) to each of drawing (m, k, 2)."""
    squares: np.ndarray = ((places[:, :, None] - drawing[:, None]) ** 2).sum(axis=3)
    return squares


def _two(codes: np.ndarray) -> np.ndarray:
    """Exactly two coordinates, the second 0 where there is one column only."""
    places = np.zeros((len(codes), 2))
    places[:, : codes.shape[1]] = codes
    return places


def _arrays_of(axes: PrincipalAxes) -> dict[str, np.ndarray]:
    return {"centre": axes.centre, "axes": np.ascontiguousarray(axes.axes), "variances": axes.variances,
            "whole": np.array([axes.whole])}  # fmt: skip


def _axes_from(arrays: Mapping[str, np.ndarray]) -> PrincipalAxes:
    return PrincipalAxes(arrays["centre"], arrays["axes"], arrays["variances"], float(arrays["whole"][0]))


def _checked(rows: np.ndarray, *, fewest: int = 1, columns: int | None = None) -> np.ndarray:
    rows = np.asarray(rows, dtype=np.float64)
    if rows.ndim != 2 or len(rows) < fewest or rows.shape[1] == 0:
        raise BadData(
            Text(
                en=f"a map needs rows and columns, at least {fewest} rows; these are of shape {rows.shape}",
                zh=f"画图需要有行有列的数据，至少 {fewest} 行；现在的形状是 {rows.shape}",
            )
        )
    if columns is not None and rows.shape[1] != columns:
        raise BadData(
            Text(
                en=f"the rows have {rows.shape[1]} columns and the map was made of {columns}",
                zh=f"这些行有 {rows.shape[1]} 列，而地图是用 {columns} 列做的",
            )
        )
    broken = int((~np.isfinite(rows)).any(axis=1).sum())
    if broken:
        raise BadData(
            Text(
                en=f"{broken} of {len(rows)} rows have missing or infinite numbers; fill the gaps before you draw a map",
                zh=f"{len(rows)} 行中有 {broken} 行含缺失或无穷的数；画图前请先填补",
            )
        )
    return rows


def _most(rows: np.ndarray) -> float:
    """The largest perplexity that rows allow: t-SNE looks at three times as many neighbours."""
    return (len(rows) - 1) / 3
