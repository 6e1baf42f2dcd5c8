"""How the columns of a table go together: covariance, correlation, and the axes of most variance in the columns' words."""

from functools import partial

import numpy as np

from zhixing import draw
from zhixing.core import Text
from zhixing.views.scene import Scene
from zhixing.views.view import CannotShow, Picture, View


def covariance(scene: Scene) -> View:
    """Of the columns of numbers of a table (Pearson 1895, 1901); raises CannotShow where there are fewer than two."""
    import pandas

    if not isinstance(scene.features, pandas.DataFrame):
        raise CannotShow(Text("a covariance is of columns of numbers", "协方差针对的是数值列"))
    numbers = scene.features.select_dtypes("number").dropna()
    if numbers.shape[1] < 2 or len(numbers) < 2:
        raise CannotShow(
            Text(
                "a covariance needs two columns of numbers and two rows without gaps",
                "协方差至少需要两列数值和两行完整数据",
            )
        )
    rows = numbers.to_numpy(dtype=float)
    spread = np.maximum(rows.std(axis=0), 1e-12)
    correlation = np.cov((rows - rows.mean(axis=0)) / spread, rowvar=False, ddof=0)
    names = [str(name) for name in numbers.columns]
    drawing = draw.Drawing(
        "correlation",
        partial(_drawn, names, correlation),
        Text("The correlation of each pair of columns.", "各对列之间的相关系数。"),
    )
    return View(
        name="covariance",
        title=Text("How the columns go together", "各列如何共同变化"),
        summary=Text("{count} columns of numbers.", "共 {count} 列数值。").format(count=len(names)),
        pictures=(
            Picture(
                drawing, Text("Correlation", "相关系数"), Text("1 is together, -1 against.", "1 为同向，−1 为反向。")
            ),
        ),
        numbers={"columns": names, "correlation": correlation.tolist()},
    )


def _drawn(names, correlation, language):  # type: ignore[no-untyped-def]
    import plotly.graph_objects as go

    return go.Figure(go.Heatmap(x=names, y=names, z=correlation.tolist(), zmin=-1, zmax=1))
