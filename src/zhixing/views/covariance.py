"""How the columns of a table go together: covariance, correlation, and the axes of most variance in the columns' words.

Sources: Pearson 1895 (correlation), 1901 (axes); Gabriel 1971, Biometrika 58 (biplot). Departs from them: nothing.
Variances and covariances are divided by n - 1. The axes are those of the columns at variance 1, of the correlation.
"""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from zhixing import draw, models
from zhixing.core import Language, Text
from zhixing.views.scene import Scene
from zhixing.views.view import CannotShow, Picture, Table, View

if TYPE_CHECKING:
    import pandas
    import plotly.graph_objects as go

SHOWN = 40
"""Columns that the matrices show at most."""
AXES = 10
"""Axes that are told in words at most."""
TOLD = 4
"""Columns that an axis is told by at most: those with half of its largest loading or more."""
ALIKE = 1.1
"""Axes of which one has less than so many times the variance of the next may as well be turned into each other."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """The columns of numbers of a table that vary, in rows without gaps."""

    names: tuple[str, ...]
    rows: np.ndarray
    notes: tuple[Text, ...]

    @property
    def standard(self) -> np.ndarray:
        """The rows with every column at mean 0 and variance 1."""
        found: np.ndarray = (self.rows - self.rows.mean(axis=0)) / self.rows.std(axis=0, ddof=1)
        return found


def covariance(scene: Scene) -> View:
    """Of the columns of numbers of a table; raises CannotShow where there are fewer than two that vary."""
    numbers = _numbers(scene)
    matrix, correlation = np.cov(numbers.rows, rowvar=False), np.corrcoef(numbers.rows, rowvar=False)
    axes = models.fitted_axes(numbers.standard, len(numbers.names))
    return View(
        name="covariance",
        title=Text("How the columns go together", "各列如何共同变化"),
        summary=_summary(numbers, correlation, axes),
        pictures=_pictures(numbers, matrix, correlation, axes),
        tables=(_in_words(numbers, axes),),
        warnings=(*numbers.notes, *_warnings(axes)),
        numbers={
            "columns": list(numbers.names),
            "rows": len(numbers.rows),
            "covariance": matrix.tolist(),
            "correlation": correlation.tolist(),
            "eigenvalues": axes.variances.tolist(),
            "explained variance": axes.shares.tolist(),
            "axes": axes.axes.T.tolist(),
        },
    )


def _numbers(scene: Scene) -> Numbers:
    import pandas

    if not isinstance(scene.features, pandas.DataFrame) or scene.card["kind"] == "ratings":
        raise CannotShow(
            Text(
                "covariance is of the columns of a table; pictures, sounds and sentences have none, ratings only names",
                "协方差针对表格的各列；图片、录音和句子没有列，评分表的列只是用户和物品的代号",
            )
        )
    found = scene.features.select_dtypes("number")
    numbers = found.dropna()
    varying = [name for name in numbers.columns if numbers[name].nunique() > 1]
    if len(varying) < 2 or len(numbers) < 3:
        raise CannotShow(
            Text(
                "covariance needs two columns of numbers that vary, in three rows without gaps",
                "协方差需要至少两列有变化的数值，以及三行没有缺失的数据",
            )
        )
    return Numbers(tuple(map(str, varying)), numbers[varying].to_numpy(dtype=np.float64), _left_out(found, numbers))


def _left_out(found: "pandas.DataFrame", numbers: "pandas.DataFrame") -> tuple[Text, ...]:
    lost = len(found) - len(numbers)
    return (Text(f"{lost:,} rows with gaps are left out.", f"有 {lost:,} 行含缺失值，已略去。"),) if lost else ()


def _summary(numbers: Numbers, correlation: np.ndarray, axes: models.PrincipalAxes) -> Text:
    size = np.abs(np.triu(correlation, 1))
    one, other = (int(place) for place in np.unravel_index(size.argmax(), size.shape))
    enough = int(np.searchsorted(np.cumsum(axes.shares), 0.9 - 1e-9)) + 1
    return Text(
        en="Of {c} columns of numbers, {a} and {b} go together most (correlation {r:.2f}). {k} of {c} axes hold 90 % of "
        "the variance, the first alone {s:.0f} %.",
        zh="{c} 列数值中，{a} 与 {b} 关系最紧（相关系数 {r:.2f}）。{c} 根轴中，前 {k} 根就占方差的 90%，仅第一根就占 {s:.0f}%。",
    ).format(
        c=len(numbers.names), a=numbers.names[one], b=numbers.names[other], r=correlation[one, other], k=enough,
        s=100 * axes.shares[0],
    )  # fmt: skip


def _pictures(
    numbers: Numbers, matrix: np.ndarray, correlation: np.ndarray, axes: models.PrincipalAxes
) -> tuple[Picture, ...]:
    shown = np.sort(np.argsort(-(correlation**2).sum(axis=0), kind="stable")[:SHOWN])
    names = [numbers.names[place] for place in shown]
    left = len(numbers.names) - len(shown)
    part = (
        Text(
            " The {n} columns that go least with the others are not shown.", "与其他列关系最弱的 {n} 列未显示。"
        ).format(n=left)
        if left
        else Text("", "")
    )
    some = np.ix_(shown, shown)
    return (
        Picture(
            draw.Drawing(
                "correlation",
                lambda language: draw.matrix(
                    names, correlation[some], widest=1.0, title=_CORRELATION, language=language
                ),
                Text("The correlation of each pair of columns.", "各对列之间的相关系数。"),
            ),
            _CORRELATION,
            Text(
                "1: the two columns rise together along a straight line; −1: one falls as the other rises; 0: no line says "
                "anything, though a curve may.{part}",
                "1：两列沿一条直线同升；−1：一升一降；0：直线说明不了什么，但可能有曲线关系。{part}",
            ).format(part=part),
        ),
        Picture(
            draw.Drawing(
                "covariance",
                lambda language: draw.matrix(
                    names, matrix[some], widest=float(np.abs(matrix[some]).max()), title=_COVARIANCE, language=language
                ),
                Text("The covariance of each pair of columns.", "各对列之间的协方差。"),
            ),
            _COVARIANCE,
            Text(
                "The same in the columns' own units; on the diagonal the variance of each. A column in large numbers "
                "outshines the others, which is why the axes below are those of the correlation.",
                "同样的内容，但用各列自己的单位；对角线上是各列的方差。数值大的列会盖过其他列，所以下面的轴取自相关系数。",
            ),
        ),
        Picture(
            draw.Drawing(
                "eigenvalues",
                lambda language: draw.eigenvalues(axes.shares[:SHOWN], language=language),
                Text("The share of the variance along each principal axis.", "各主轴所占的方差。"),
            ),
            Text("Eigenvalues", "特征值"),
            Text(
                "How much of the columns' variance, each scaled to 1, lies along each principal axis: the eigenvalue divided "
                "by the number of columns.",
                "各列都缩放到方差 1 之后，沿每根主轴的方差占多少：特征值除以列数。",
            ),
        ),
        Picture(
            draw.Drawing(
                "biplot",
                partial(_biplot, numbers, axes),
                Text(
                    "The rows along the first two axes, and the columns as lines.",
                    "各行在前两根轴上的位置，各列画成线。",
                ),
            ),
            Text("Rows and columns together", "行与列画在一起"),
            Text(
                "Points are rows; a line points to where its column rises. Lines side by side go together, opposite ones "
                "against each other, and a short one has little to do with these two axes.",
                "点是行；线指向该列增大的方向。方向相近的列同升同降，方向相反的此消彼长，短线表示该列与这两根轴关系不大。",
            ),
        ),
    )


_CORRELATION, _COVARIANCE = Text("Correlation", "相关系数"), Text("Covariance", "协方差")


def _biplot(numbers: Numbers, axes: models.PrincipalAxes, language: Language) -> "go.Figure":
    places = axes.codes(numbers.standard)[:, :2]
    heads = [
        Text("axis {n}, {share:.0f} % of the variance", "第 {n} 轴，占方差 {share:.0f}%").format(n=n, share=100 * share)
        for n, share in enumerate(axes.shares[:2], start=1)
    ]
    far = np.sort(np.argsort(-(axes.axes[:, :2] ** 2).sum(axis=1), kind="stable")[:12])
    rows = draw.Colouring(Text("rows", "行"), np.zeros(len(places), dtype=np.int64), (Text("rows", "行"),))
    return draw.biplot(
        draw.MapPanel(Text("", ""), places, (heads[0], heads[1])),
        rows,
        axes.axes[far, :2] * np.sqrt(axes.variances[:2]),
        [numbers.names[place] for place in far],
        hover=[str(number) for number in range(1, len(places) + 1)],
        language=language,
    )


def _in_words(numbers: Numbers, axes: models.PrincipalAxes) -> Table:
    rows = []
    for place, (variance, share) in enumerate(zip(axes.variances[:AXES], axes.shares, strict=False)):
        said = [f"{variance:.3g}", f"{100 * share:.1f} %", f"{100 * axes.shares[: place + 1].sum():.1f} %"]
        cells = [Text(cell, cell) for cell in said]
        rows.append(
            (Text(f"axis {place + 1}", f"第 {place + 1} 轴"), *cells, in_words(numbers.names, axes.axes[:, place]))
        )
    heads = (
        Text("", ""), Text("eigenvalue", "特征值"), Text("share", "占比"), Text("so far", "累计"),
        Text("what it means (loadings)", "含义（载荷）"),
    )  # fmt: skip
    return Table(Text("The axes in the columns' words", "用各列的话来说这些轴"), heads, tuple(rows))


def in_words(names: tuple[str, ...], loadings: np.ndarray) -> Text:
    """An axis by its largest loadings (c,): which columns rise along it, and which fall."""
    order = np.argsort(-np.abs(loadings), kind="stable")[:TOLD]
    told = [place for place in order.tolist() if abs(loadings[place]) >= abs(loadings[order[0]]) / 2]
    up = ", ".join(f"{names[place]} ({loadings[place]:.2f})" for place in told if loadings[place] > 0)
    down = ", ".join(f"{names[place]} (−{-loadings[place]:.2f})" for place in told if loadings[place] < 0)
    if up and down:
        return Text(f"{up} against {down}", f"{up} 与 {down} 此消彼长".replace(", ", "、"))
    if len(told) == 1:
        return Text(f"{up or down} alone", f"几乎只有 {up or down}")
    return Text(f"{up or down} together", f"{up or down} 同升同降".replace(", ", "、"))


def _warnings(axes: models.PrincipalAxes) -> tuple[Text, ...]:
    """Axes that have no direction of their own."""
    pairs = zip(axes.variances[:AXES], axes.variances[1:], strict=False)
    alike = [
        place for place, (one, other) in enumerate(pairs, start=1) if one < ALIKE * other and axes.shares[place] > 0.02
    ]
    if not alike:
        return ()
    said = ", ".join(f"{place}/{place + 1}" for place in alike)
    return (
        Text(
            f"Axes {said} have nearly the same variance: other rows of the same kind would turn them into each other, so "
            "that what each means by itself is not to be trusted.",
            f"第 {said.replace(', ', '、')} 轴的方差几乎相等：换一批同类的行，它们就可能互相转动，单独一根的含义不可靠。",
        ),
    )
