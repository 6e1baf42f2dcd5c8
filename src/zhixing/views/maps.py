"""Maps of rows: PCA, t-SNE and K-means then t-SNE, side by side, with how far each may be trusted; and new rows on them.

Sources: as `zhixing.models.maps` and `zhixing.evaluate.maps` name them. What is said of a map is measured on it.
"""

from collections.abc import Sequence

import numpy as np

from zhixing import draw, evaluate, models
from zhixing.core import Seeds, Text
from zhixing.models.clusterings import k_means
from zhixing.study.events import Stage
from zhixing.views.placed import kept_map, on_old_map
from zhixing.views.rows import Prepared, hover_words, known_colours, prepared_rows, thumbnails
from zhixing.views.scene import Scene
from zhixing.views.trust import NEAREST, TIMES, classes_apart, steady, summary_of, trust_in, trust_table, warnings_of
from zhixing.views.view import Picture, View

PARTS = 12
"""Groups of rows whose gaps and sizes are compared: few classes would leave a rank correlation to chance."""
BY_COLUMN, POINTS = 6, 3_000
"""Columns that a map is coloured by, and points of each such map at most."""
CLUSTERS = range(2, 11)
"""Numbers of groups that are tried where no classes say how many to look for."""


def maps(scene: Scene) -> View:
    """Rows of a table, pictures, sounds or texts, or those of a run, as maps; on the map of `scene.onto` where it is given.

    Raises CannotShow for ratings and sentences, and for fewer rows than a map needs.
    """
    if scene.onto is not None:
        return on_old_map(scene)
    prepared = prepared_rows(scene)
    seeds = Seeds(scene.seed)
    scene.listen(Stage(Text("t-SNE of {n:,} rows", "对 {n:,} 行做 t-SNE").format(n=len(prepared.rows))))
    flat, near = models.pca_map(prepared.rows), kept_map(scene, prepared.rows)
    groups = _groups(scene, prepared.rows, near.codes, seeds)
    known = known_colours(scene)
    panels = (_of_axes(flat), draw.MapPanel(Text("t-SNE", "t-SNE"), near.places))
    hover, pictures = hover_words(scene), thumbnails(scene)
    figures = [_picture("map", panels, known or groups, hover, pictures, _how_to_read(known or groups))]
    if known is not None:
        again = panels[1:] if len(near.places) > draw.maps.MANY else panels
        figures.append(_picture("map-groups", again, groups, hover, pictures, _of_groups(groups, known)))
    figures += _by_columns(prepared, near.places, seeds)
    wrong = _wrong(scene)
    if wrong is not None:
        figures.append(_picture("map-errors", panels, wrong, hover, pictures, _of_errors(wrong)))
    asked = evaluate.asked_of(len(prepared.rows), evaluate.maps.ASKED, seeds.numpy("asked"))
    parted = known if known is not None and len(known.names) > 1 else groups
    parts = k_means(near.codes, min(PARTS, len(near.codes) // 2), restarts=1, generator=seeds.numpy("parts"))
    trust = {
        name: trust_in(prepared.rows, places, parted, parts, asked, seeds)
        for name, places in (("pca", flat.places), ("tsne", near.places))
    }
    scene.listen(Stage(Text("ten more maps, by other seeds", "用其他种子再画十张地图")))
    shares, sampled = steady(prepared.rows, seeds)
    figures.append(_of_seeds(shares, sampled, near.places, hover, len(prepared.rows)))
    rows_right = classes_apart(prepared.rows, parted, asked)
    numbers = {
        "rows": len(prepared.rows),
        "columns": prepared.rows.shape[1],
        "looked at": len(asked),
        "variance of two axes": float(flat.axes.shares[:2].sum()),
        **trust,
        "the rows": rows_right,
        "agreement of seeds": {"mean": float(shares.mean()), "rows": len(sampled), "seeds": TIMES},
        "groups": len(groups.names),
    }
    return View(
        name="map",
        title=Text("Maps of the rows", "各行的地图"),
        summary=summary_of(trust, shares),
        pictures=tuple(figures),
        tables=(trust_table(trust, rows_right, parted, len(asked), len(prepared.rows)),),
        warnings=(*warnings_of(trust, float(numbers["variance of two axes"]), shares), *prepared.notes, *near.notes),
        numbers=numbers,
    )


def _of_axes(flat: models.PrincipalMap) -> draw.MapPanel:
    shares = [100 * share for share in (*flat.axes.shares, 0.0)][:2]
    one, other = (
        Text("principal axis {n}, {share:.0f} % of the variance", "第 {n} 主轴，占方差 {share:.0f}%").format(
            n=n, share=share
        )
        for n, share in enumerate(shares, start=1)
    )
    return draw.MapPanel(Text("PCA", "PCA"), flat.places, (one, other))


def _groups(scene: Scene, rows: np.ndarray, codes: np.ndarray, seeds: Seeds) -> draw.Colouring:
    """K-means groups: as many as there are classes, else as many as give the clearest silhouette."""
    generator = seeds.numpy("groups")
    count = len(scene.classes) if 1 < len(scene.classes) <= len(rows) // 2 else 0
    if not count:
        asked = evaluate.asked_of(len(codes), evaluate.maps.ASKED, generator)
        tried = [number for number in CLUSTERS if number < len(asked)]
        found = {
            n: evaluate.silhouette_of(codes[asked], k_means(codes[asked], n, restarts=3, generator=generator))
            for n in tried
        }
        count = max(found, key=lambda n: found[n])
    values = k_means(codes, count, restarts=3, generator=generator)
    names = tuple(Text(f"group {n + 1}", f"第 {n + 1} 组") for n in range(count))
    return draw.Colouring(Text("K-means group", "K-means 分组"), values, names)


def _wrong(scene: Scene) -> draw.Colouring | None:
    """Colours by the error of the run: right or wrong, or how far off; None where there is no run or nothing to compare."""
    known = known_colours(scene)
    if scene.run is None or known is None:
        return None
    answers = scene.run.learner.answers(scene.features)
    if scene.classes and answers.ndim == 2:
        right = answers.argmax(axis=1) == known.values
        values = np.where(known.values < 0, -1, np.where(right, 0, 1))
        return draw.Colouring(Text("answer", "回答"), values, (Text("right", "正确"), Text("wrong", "错误")))
    if answers.ndim == 1 and answers.dtype.kind == "f":
        return draw.Colouring(Text("how far off", "偏差"), np.abs(answers - known.values))
    return None


def _picture(
    name: str, panels: Sequence[draw.MapPanel], colouring: draw.Colouring, hover: Sequence[str], pictures: Sequence[str],
    said: tuple[Text, Text],
) -> Picture:  # fmt: skip
    title, caption = said
    drawing = draw.Drawing(
        name,
        lambda language: draw.map_panels(panels, colouring, hover=hover, pictures=pictures, language=language),
        Text("{title}: {names}, coloured by {by}.", "{title}：{names}，按{by}着色。").format(
            title=title,
            by=colouring.title,
            names=Text(", ".join(p.title.en for p in panels), "、".join(p.title.zh for p in panels)),
        ),
    )
    return Picture(drawing, title, caption)


def _by_columns(prepared: Prepared, places: np.ndarray, seeds: Seeds) -> list[Picture]:
    """The map coloured by the columns that it arranges most clearly; none where rows have no named columns."""
    if not isinstance(prepared.preparation, models.Preparation):
        return []
    names, rows = prepared.preparation.names, prepared.rows
    shown = evaluate.asked_of(len(rows), POINTS, seeds.numpy("shown"))
    asked = evaluate.asked_of(len(rows), evaluate.maps.ASKED, seeds.numpy("asked"))
    told = evaluate.told_by_neighbours(rows, places, min(NEAREST, len(rows) - 1), asked)
    best = [place for place in np.argsort(-told, kind="stable")[:BY_COLUMN].tolist() if told[place] > 0]
    if not best:
        return []
    shares = [f"{names[place]} {100 * told[place]:.0f} %" for place in best]
    words = [str(row + 1) for row in shown]
    drawing = draw.Drawing(
        "map-columns",
        lambda language: draw.columns_on_map(
            places[shown],
            [(Text(names[place], names[place]), rows[shown, place]) for place in best],
            hover=words,
            language=language,
        ),
        Text("The t-SNE map coloured by single columns.", "按单个列着色的 t-SNE 地图。"),
    )
    return [
        Picture(
            drawing,
            Text("What the regions of the map are", "地图上的各个区域是什么"),
            Text(
                "The t-SNE map, coloured by the columns that it arranges most clearly, dark for low and yellow for high values. "
                "How much of each the 10 nearest points tell: {shares}.",
                "按地图排列得最清楚的几列给 t-SNE 地图着色，深色为低值，黄色为高值。"
                "由 10 个最近的点能推知各列方差的多少：{shares}。",
            ).format(shares=Text(", ".join(shares), "、".join(shares))),
        )
    ]


def _how_to_read(colouring: draw.Colouring) -> tuple[Text, Text]:
    return (
        Text("All rows, coloured by {by}", "全部的行，按{by}着色").format(by=colouring.title),
        Text(
            "Every point is a row. PCA keeps the directions in which rows differ most, so that distances and axes mean "
            "something. t-SNE keeps who is next to whom and gives up the rest; its axes mean nothing. Drag to enlarge, "
            "double-click to come back, click a name to hide it.",
            "每个点是一行。PCA 保留各行差别最大的方向，所以距离和坐标轴都有意义。t-SNE 只保留谁与谁相邻，其余都放弃，坐标轴没有"
            "意义。拖动放大，双击还原，点击名称可隐藏。",
        ),
    )


def _of_groups(groups: draw.Colouring, known: draw.Colouring) -> tuple[Text, Text]:
    agreed = (
        Text(
            " They agree with the classes by {r:.2f} (adjusted Rand index: 1 fully, 0 by chance).",
            "它们与类别的一致程度为 {r:.2f}（调整兰德指数：1 为完全一致，0 为碰巧）。",
        ).format(r=evaluate.adjusted_rand(groups.values, known.values))
        if known.names
        else Text("", "")
    )
    return (
        Text("K-means, then t-SNE", "先 K-means，再 t-SNE"),
        Text(
            "{n} groups that K-means found among the columns, without being told any, and not on the map.{agreed}",
            "K-means 在原来的各列中（而不是在地图上）找到的 {n} 个组，事先没有告诉它任何类别。{agreed}",
        ).format(n=len(groups.names), agreed=agreed),
    )


def _of_errors(wrong: draw.Colouring) -> tuple[Text, Text]:
    share = (
        Text("{p:.1f} % of the rows are answered wrongly.", "{p:.1f}% 的行回答错误。").format(
            p=100 * (wrong.values == 1).mean()
        )
        if wrong.names
        else Text("The lighter, the farther off.", "颜色越亮，偏差越大。")
    )
    return (
        Text("Where the run errs", "这次运行在哪里出错"),
        Text(
            "{share} Those that the run learned from are among them unless other rows were given.",
            "{share}除非另外给出数据，其中也包括学习时用过的行。",
        ).format(share=share),
    )


def _of_seeds(shares: np.ndarray, sampled: np.ndarray, places: np.ndarray, hover: Sequence[str], rows: int) -> Picture:
    colouring = draw.Colouring(Text("neighbours shared, %", "共有的近邻（%）"), 100 * shares)
    words = [
        f"{100 * share:.0f} % · {hover[row] if hover else row + 1}" for share, row in zip(shares, sampled, strict=True)
    ]
    panels = (draw.MapPanel(Text("t-SNE", "t-SNE"), places[sampled]),)
    part = (
        Text("", "")
        if len(sampled) == rows
        else Text(
            " The ten were made of {n:,} rows drawn by chance, which are shown here where the map of all has them.",
            "这十张地图只用了随机抽取的 {n:,} 行，图中显示的是它们在总地图上的位置。",
        ).format(n=len(sampled))
    )
    return _picture(
        "map-seeds",
        panels,
        colouring,
        words,
        (),
        (
            Text("How much of the map is chance", "地图中有多少是偶然"),
            Text(
                "Ten maps, each begun from random places. The colour of a row says how many of its 10 neighbours on one such "
                "map are its neighbours on another, on average over all pairs: {p:.0f} % over all rows.{part}",
                "从随机位置出发画十张地图。一行的颜色表示：它在一张图上的 10 个近邻，平均有多少在另一张图上仍是近邻（对所有"
                "两两组合取平均）；全部的行平均为 {p:.0f}%。{part}",
            ).format(p=100 * shares.mean(), part=part),
        ),
    )
