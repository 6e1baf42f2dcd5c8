"""What a view says of how far its maps may be trusted: measured on them, in a table and in warnings."""

import numpy as np

from zhixing import draw, evaluate, models
from zhixing.core import Seeds, Text
from zhixing.views.view import Table

NEAREST = 10
"""Neighbours that a map is judged by."""
TIMES, SEEDED = 10, 500
"""Seeds that are compared, and rows that they map at most: ten maps of all rows would take ten times as long."""


def trust_in(
    rows: np.ndarray, places: np.ndarray, parted: draw.Colouring, parts: np.ndarray, asked: np.ndarray, seeds: Seeds
) -> dict[str, float]:
    """What is measured on one map."""
    count = min(NEAREST, (len(rows) - 1) // 2)
    meaning = evaluate.meaning(rows, places, parts, seeds.numpy("pairs"))
    return {
        "neighbours shown": float(evaluate.neighbours_shown(rows, places, count, asked).mean()),
        "trustworthiness": evaluate.trustworthiness(rows, places, count, asked),
        "continuity": evaluate.continuity(rows, places, count, asked),
        "distances": meaning.distances,
        "gaps": meaning.gaps,
        "sizes": meaning.sizes,
        **classes_apart(places, parted, asked),
    }


def classes_apart(rows: np.ndarray, parted: draw.Colouring, asked: np.ndarray) -> dict[str, float]:
    """How far classes are apart, as the neighbours and the silhouette of those asked say."""
    if not parted.names:
        return {}
    count = min(NEAREST, len(rows) - 1)
    return {
        "nearest class right": evaluate.nearest_class_right(rows, parted.values, count, asked),
        "silhouette": evaluate.silhouette_of(rows, parted.values, asked),
    }


def steady(rows: np.ndarray, seeds: Seeds) -> tuple[np.ndarray, np.ndarray]:
    """For each row of a sample, the share of its neighbours that two maps of other seeds share; and the sample."""
    sampled = evaluate.asked_of(len(rows), SEEDED, seeds.numpy("sampled"))
    made = [
        models.tsne_map(rows[sampled], start="random", generator=seeds.numpy(f"seed {number}")).places
        for number in range(TIMES)
    ]
    return evaluate.agreement_of_seeds(made, min(NEAREST, (len(sampled) - 1) // 2)), sampled


def trust_table(
    trust: dict[str, dict[str, float]], rows: dict[str, float], parted: draw.Colouring, asked: int, count: int
) -> Table:
    def cell(found: dict[str, float], name: str, scale: int) -> Text:
        value = found.get(name, float("nan"))
        if not np.isfinite(value):
            return Text("–", "–")
        said = f"{100 * value:.0f} %" if scale == 100 else f"{value:.2f}"
        return Text(said, said)

    part = (
        Text("", "")
        if asked == count
        else Text(" (of {n:,} rows drawn by chance)", "（随机抽取 {n:,} 行）").format(n=asked)
    )
    return Table(
        Text("How far the maps may be trusted{part}", "地图可信到什么程度{part}").format(part=part),
        (Text("", ""), Text("PCA", "PCA"), Text("t-SNE", "t-SNE"), Text("the rows themselves", "原来的行")),
        tuple(
            (label, cell(trust["pca"], name, scale), cell(trust["tsne"], name, scale), cell(rows, name, scale))
            for name, label, scale in MEASURES
        ),
    )


_SEEN = {
    "gaps": Text("How far groups are apart", "组与组相隔多远"),
    "sizes": Text("How large a group is", "组有多大"),
}
_MEANS = (
    (
        0.8,
        Text("means something here, by luck: t-SNE does not ask for it", "在这里有些意义，但属侥幸：t-SNE 并不追求它"),
    ),
    (0.5, Text("means something here, but not much", "在这里有一点意义，但不多")),
    (-1.0, Text("means little here", "在这里意义不大")),
)
"""What to say of a rank correlation of at least so much."""


def warnings_of(trust: dict[str, dict[str, float]], of_two_axes: float, steady: np.ndarray) -> tuple[Text, ...]:
    """What a reader might see in the maps and should not, as measured here."""
    found = []
    for name, what in _SEEN.items():
        value = trust["tsne"][name]
        if np.isfinite(value):
            says = next(words for least, words in _MEANS if value >= least)
            found.append(
                Text(
                    "{what} on the t-SNE map {says}: its rank correlation with what is so among the rows is {r:.2f}, "
                    "over 12 groups.",
                    "{what}，t-SNE 地图上看到的{says}：与实际情况的秩相关为 {r:.2f}（12 个组）。",
                ).format(what=what, says=says, r=value)
            )
    if of_two_axes < 0.5:
        found.append(
            Text(
                "The two axes of the PCA map hold {p:.0f} % of the variance: rows that lie together on it may be far apart.",
                "PCA 地图的两根轴只占方差的 {p:.0f}%：图上靠在一起的行，实际可能相距很远。",
            ).format(p=100 * of_two_axes)
        )
    if steady.mean() < 0.5:
        found.append(
            Text(
                "Most neighbours on the t-SNE map are chance: another seed shows others.",
                "t-SNE 地图上的多数近邻只是偶然：换一个种子就不同。",
            )
        )
    return tuple(found)


MEASURES = (
    (
        "neighbours shown",
        Text("10 nearest rows that are nearest on the map, too", "10 个最近的行中，地图上也最近的占比"),
        100,
    ),
    ("trustworthiness", Text("trustworthiness (1: no false neighbours)", "可信度（1：没有假近邻）"), 1),
    ("continuity", Text("continuity (1: no neighbours torn away)", "连续性（1：没有被拆散的近邻）"), 1),
    ("distances", Text("distances: rank correlation with the true ones", "距离：与真实距离的秩相关"), 1),
    ("gaps", Text("gaps between 12 groups (K-means): rank correlation", "12 个 K-means 组之间的间隔：秩相关"), 1),
    ("sizes", Text("sizes of these groups: rank correlation", "这些组的大小：秩相关"), 1),
    ("nearest class right", Text("class told by the 10 nearest", "由 10 个最近者判断类别的正确率"), 100),
    ("silhouette", Text("how far classes are apart (silhouette)", "类别分开的程度（轮廓系数）"), 1),
)


def summary_of(trust: dict[str, dict[str, float]], steady: np.ndarray) -> Text:
    return Text(
        en="Of a row's {k} nearest rows the PCA map shows {a:.0f} % and the t-SNE map {b:.0f} % among its nearest points. "
        "Two t-SNE maps of other seeds share {s:.0f} % of the neighbours.",
        zh="一行最近的 {k} 行中，PCA 地图上有 {a:.0f}%、t-SNE 地图上有 {b:.0f}% 仍是最近的点。种子不同的两张 t-SNE 地图共有 "
        "{s:.0f}% 的近邻。",
    ).format(
        k=NEAREST,
        a=100 * trust["pca"]["neighbours shown"],
        b=100 * trust["tsne"]["neighbours shown"],
        s=100 * steady.mean(),
    )
