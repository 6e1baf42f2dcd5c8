"""Maps of rows: PCA, t-SNE and K-means then t-SNE, side by side, with how far each may be trusted; and new rows on them.

Sources: as `zhixing.models.maps` and `zhixing.evaluate.maps` name them. What is said of a map is measured on it.
"""

import base64
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from zhixing import draw, evaluate, models
from zhixing.core import BadData, Seeds, Text, spec
from zhixing.core.code import code_digest
from zhixing.core.files import write_whole, writing
from zhixing.models.clusterings import k_means
from zhixing.models.maps import NeighbourMap
from zhixing.study.events import Stage
from zhixing.views.scene import Scene, of_file, of_run
from zhixing.views.view import CannotShow, Picture, Table, View

FARTHEST = 5.0
"""Standard deviations at which the cells of a table are cut off."""
NEAREST = 10
"""Neighbours that a map is judged by."""
TIMES, SEEDED = 10, 500
"""Seeds that are compared, and rows that they map at most: ten maps of all rows would take ten times as long."""
JOINT = 3_000
"""Rows, old and new, up to which a map of all together is made, to hold the placed ones against."""
COLUMNS_SAID, LONGEST = 6, 40
"""Columns that the pointer shows of a row, and letters of a cell."""
HOVERED = 6_000
"""Rows up to which the pointer shows their columns; of more, their number and class."""
PICTURED, SIDE = 5_000, 28
"""Pictures up to which the pointer shows them, and their longer side in pixels."""
PARTS = 12
"""Groups of rows whose gaps and sizes are compared: few classes would leave a rank correlation to chance."""
CLUSTERS = range(2, 11)
"""Numbers of groups that are tried where no classes say how many to look for."""


_CUT = Text(
    "Cells farther than {far:g} standard deviations from their column's mean are drawn as if so far, else a few would be all "
    "that a map shows.",
    "偏离本列均值超过 {far:g} 个标准差的值按这么远来画，否则地图上只看得到这几个值。",
).format(far=FARTHEST)


@dataclass(frozen=True, eq=False)
class Prepared:
    """The rows of a scene as numbers."""

    rows: np.ndarray
    preparation: Any
    notes: tuple[Text, ...] = ()


def maps(scene: Scene) -> View:
    """Rows of a table, pictures, sounds or texts, or those of a run, as maps; on the map of `scene.onto` where it is given.

    Raises CannotShow for ratings and sentences, and for fewer rows than a map needs.
    """
    if scene.onto is not None:
        return _on_old_map(scene)
    prepared = _prepared(scene)
    seeds = Seeds(scene.seed)
    scene.listen(Stage(Text("t-SNE of {n:,} rows", "对 {n:,} 行做 t-SNE").format(n=len(prepared.rows))))
    flat, near = models.pca_map(prepared.rows), _kept_map(scene, prepared.rows)
    groups = _groups(scene, prepared.rows, near.codes, seeds)
    known = _known(scene)
    panels = (_of_axes(flat), draw.Panel(Text("t-SNE", "t-SNE"), near.places))
    hover, pictures = _hover(scene), _thumbnails(scene)
    figures = [_picture("map", panels, known or groups, hover, pictures, _how_to_read())]
    if known is not None:
        figures.append(_picture("map-groups", panels, groups, hover, pictures, _of_groups(groups, known)))
    wrong = _wrong(scene)
    if wrong is not None:
        figures.append(_picture("map-errors", panels, wrong, hover, pictures, _of_errors(wrong)))
    asked = evaluate.asked_of(len(prepared.rows), evaluate.maps.ASKED, seeds.numpy("asked"))
    parted = known if known is not None and len(known.names) > 1 else groups
    parts = k_means(near.codes, min(PARTS, len(near.codes) // 2), restarts=1, generator=seeds.numpy("parts"))
    trust = {
        name: _trust(prepared.rows, places, parted, parts, asked, seeds)
        for name, places in (("pca", flat.places), ("tsne", near.places))
    }
    scene.listen(Stage(Text("ten more maps, by other seeds", "用其他种子再画十张地图")))
    steady, sampled = _steady(prepared.rows, seeds)
    figures.append(_of_seeds(steady, sampled, near.places, hover, len(prepared.rows)))
    rows_right = _right(prepared.rows, parted, asked)
    numbers = {
        "rows": len(prepared.rows),
        "columns": prepared.rows.shape[1],
        "looked at": len(asked),
        "variance of two axes": float(flat.axes.shares[:2].sum()),
        **trust,
        "the rows": rows_right,
        "agreement of seeds": {"mean": float(steady.mean()), "rows": len(sampled), "seeds": TIMES},
        "groups": len(groups.names),
    }
    return View(
        name="map",
        title=Text("Maps of the rows", "各行的地图"),
        summary=_summary(trust, steady),
        pictures=tuple(figures),
        tables=(_table(trust, rows_right, parted, len(asked), len(prepared.rows)),),
        warnings=(*_warnings(trust, float(numbers["variance of two axes"]), steady), *prepared.notes, *near.notes),
        numbers=numbers,
    )


def _prepared(scene: Scene) -> Prepared:
    """The rows as numbers, one column as wide as another; raises CannotShow where they are none."""
    preparation, notes = _preparation(scene)
    if len(scene) < models.maps.FEWEST:
        raise CannotShow(
            Text(f"a map needs {models.maps.FEWEST} rows, here are {len(scene)}",
                 f"画地图至少需要 {models.maps.FEWEST} 行，这里只有 {len(scene)} 行")
        )  # fmt: skip
    rows = _numbers(preparation.fit(scene.features), scene.features)
    if isinstance(preparation, models.Preparation) and (np.abs(rows) == FARTHEST).any():
        notes = (*notes, _CUT)
    return Prepared(rows, preparation, notes)


def _numbers(preparation: Any, features: Any) -> np.ndarray:
    rows: np.ndarray = np.asarray(preparation.transform(features), dtype=np.float64)
    if isinstance(preparation, models.Preparation):
        rows = rows.clip(-FARTHEST, FARTHEST)
    return rows.reshape(len(rows), -1)


def _preparation(scene: Scene) -> tuple[Any, tuple[Text, ...]]:
    card = scene.own.card if scene.own is not None else scene.run.card if scene.run is not None else {"kind": "table"}
    kind = card["kind"]
    if kind in ("ratings", "tags"):
        raise CannotShow(
            Text(
                "a map is of rows that have columns of their own; ratings and tagged sentences have none",
                "地图针对的是有自己各列的行；评分和带标注的句子没有",
            )
        )
    if kind == "pictures":
        return models.FlatPictures(kept=models.maps.COLUMNS), ()
    if kind == "sounds":
        return models.FlatSounds(rate=int(card["rate"])), ()
    if kind == "texts" and models.has_sentence_vectors():
        note = Text(
            "Texts are compared by vectors of a network that knows English and hardly any other language.",
            "文本用一个网络给出的向量来比较；它懂英语，几乎不懂其他语言。",
        )
        return models.SentenceVectors(columns=("text",)), (note,)
    return models.Preparation(), ()


def _kept_map(scene: Scene, rows: np.ndarray) -> NeighbourMap:
    """The t-SNE map of these rows by the scene's seed, from the store where it was made before by the same code."""
    from safetensors.numpy import load, save

    made = spec(models.tsne_map, perplexity=30.0, start="pca")
    asked = f"{code_digest(made)} {scene.seed} {rows.shape}".encode() + np.ascontiguousarray(rows).tobytes()
    place = scene.store.home / "maps" / f"{hashlib.sha256(asked).hexdigest()[:32]}.safetensors"
    notes = models.maps.notes_on(rows, 30.0)
    if place.exists():
        found = NeighbourMap.from_arrays(load(place.read_bytes()))
    else:
        found = models.tsne_map(rows, generator=Seeds(scene.seed).numpy("map"))
        with writing(scene.store.home):
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, save(found.arrays()))
    found.notes = notes
    return found


def _of_axes(flat: models.PrincipalMap) -> draw.Panel:
    shares = [100 * share for share in (*flat.axes.shares, 0.0)][:2]
    one, other = (
        Text("principal axis {n}, {share:.0f} % of the variance", "第 {n} 主轴，占方差 {share:.0f}%").format(
            n=n, share=share
        )
        for n, share in enumerate(shares, start=1)
    )
    return draw.Panel(Text("PCA", "PCA"), flat.places, (one, other))


def _known(scene: Scene) -> draw.Colouring | None:
    """Colours by the classes or the amount that are foretold, or by known groups; None where there are neither."""
    targets = scene.targets
    if targets is None or targets.ndim != 1 or targets.dtype == object:
        return None
    if scene.classes:
        names = tuple(Text(name, name) for name in scene.classes)
        return draw.Colouring(Text("class", "类别"), targets.astype(np.int64), names)
    if targets.dtype.kind in "iu":
        names = tuple(Text(f"group {n + 1}", f"第 {n + 1} 组") for n in range(int(targets.max()) + 1))
        return draw.Colouring(Text("known group", "已知分组"), targets, names)
    name = _target_name(scene)
    return draw.Colouring(Text(name, name), np.nan_to_num(targets, nan=float(np.nanmedian(targets))))


def _target_name(scene: Scene) -> str:
    card = scene.own.card if scene.own is not None else scene.run.card if scene.run is not None else {}
    target = card.get("target")
    return str(next(iter(target), "")) if isinstance(target, dict) else str(target or "")


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
    known = _known(scene)
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


def _trust(
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
        **_right(places, parted, asked),
    }


def _right(rows: np.ndarray, parted: draw.Colouring, asked: np.ndarray) -> dict[str, float]:
    """How far classes are apart, as the neighbours and the silhouette of those asked say."""
    if not parted.names:
        return {}
    count = min(NEAREST, len(rows) - 1)
    return {
        "nearest class right": evaluate.nearest_class_right(rows, parted.values, count, asked),
        "silhouette": evaluate.silhouette_of(rows, parted.values, asked),
    }


def _steady(rows: np.ndarray, seeds: Seeds) -> tuple[np.ndarray, np.ndarray]:
    """For each row of a sample, the share of its neighbours that two maps of other seeds share; and the sample."""
    sampled = evaluate.asked_of(len(rows), SEEDED, seeds.numpy("sampled"))
    made = [
        models.tsne_map(rows[sampled], start="random", generator=seeds.numpy(f"seed {number}")).places
        for number in range(TIMES)
    ]
    return evaluate.agreement_of_seeds(made, min(NEAREST, (len(sampled) - 1) // 2)), sampled


def _on_old_map(scene: Scene) -> View:
    """The rows on the map of another file or run."""
    old = _old_scene(scene)
    prepared = _prepared(old)
    new = _numbers(prepared.preparation, _same_columns(scene, old))
    near = _kept_map(old, prepared.rows)
    places = near.place(new)
    known = _known(scene) or draw.Colouring(Text("row", "行"), np.zeros(len(new), int), (Text("new rows", "新的行"),))
    numbers = _placing(prepared.rows, new, near.places, places, Seeds(scene.seed))
    drawing = draw.Drawing(
        "map-placed",
        partial(_drawn_placed, near.places, places, known, old.name, _hover(scene)),
        Text("New rows on an old map.", "旧地图上的新行。"),
    )
    kept = Text(
        en="Of the {k} old rows nearest to a new one, {p:.0f} % are among the {k} nearest to it on the map.",
        zh="与新行最近的 {k} 个旧行中，有 {p:.0f}% 在地图上仍是离它最近的 {k} 个之一。",
    ).format(k=numbers["neighbours"], p=100 * numbers["kept"])
    joint = numbers.get("kept of joint")
    compared = (
        Text(
            en=" A map of old and new rows together keeps {p:.0f} %, so that placing keeps {s:.0f} % of what that does.",
            zh="把新旧各行一起画的地图保留 {p:.0f}%，也就是说，事后放置保留了其中的 {s:.0f}%。",
        ).format(p=100 * joint, s=100 * numbers["kept"] / max(joint, 1e-12))
        if joint is not None
        else Text("", "")
    )
    return View(
        name="map",
        title=Text("Where the new rows lie", "新的行落在哪里"),
        summary=Text("{kept}{compared}", "{kept}{compared}").format(kept=kept, compared=compared),
        pictures=(
            Picture(
                drawing,
                Text("On the map of {name}", "{name} 的地图上").format(name=old.name),
                Text(
                    "Grey points are the old rows, which stay where they are. A new row goes to its five nearest old rows, "
                    "each new row on its own; one that is like none of them still finds a place.",
                    "灰点是旧的行，位置不动。新行移向与它最近的五个旧行，彼此互不影响；与谁都不像的行也会落在某处。",
                ),
            ),
        ),
        warnings=(*_strange(numbers), *prepared.notes, *near.notes),
        numbers=numbers,
    )


def _old_scene(scene: Scene) -> Scene:
    from pathlib import Path

    from zhixing import comparison

    rest = {"seed": scene.seed, "store": scene.store, "listen": scene.listen}
    onto = str(scene.onto)
    if not Path(onto).expanduser().exists():
        return of_run(comparison.find(onto, scene.store), None, **rest)
    card: Any = scene.own.card if scene.own is not None else {}
    target = _target_name(scene) or None if card.get("kind") in ("table", "labels") else None
    return of_file(onto, target=target, options={}, **rest)


def _same_columns(scene: Scene, old: Scene) -> Any:
    """The new rows with the columns of the old ones; raises BadData where they differ."""
    import pandas

    if isinstance(old.features, pandas.DataFrame) and isinstance(scene.features, pandas.DataFrame):
        missing = [str(name) for name in old.features.columns if name not in scene.features.columns]
        if missing:
            raise BadData(
                Text(
                    en=f"{scene.name} lacks {', '.join(missing)}, of which the map of {old.name} was made",
                    zh=f"{scene.name} 缺少 {'、'.join(missing)}，而 {old.name} 的地图用到了它们",
                )
            )
        return scene.features[list(old.features.columns)]
    shapes = [getattr(each.features, "shape", (0,))[1:] for each in (scene, old)]
    if type(scene.features) is not type(old.features) or shapes[0] != shapes[1]:
        raise BadData(
            Text(
                en=f"{scene.name} is not of the kind and shape of {old.name}, of which the map was made",
                zh=f"{scene.name} 与做地图的 {old.name} 种类或形状不同",
            )
        )
    return scene.features


def _placing(old: np.ndarray, new: np.ndarray, places: np.ndarray, placed: np.ndarray, seeds: Seeds) -> dict[str, Any]:
    """What placing keeps of the new rows' nearest old rows, and what a map of all together keeps."""
    count = min(NEAREST, len(old) - 1)
    asked = evaluate.asked_of(len(new), evaluate.maps.ASKED, seeds.numpy("asked"))
    near, far = models.nearest_rows(new[asked], old, count)
    usual = models.nearest_rows(old[: evaluate.maps.ASKED], old, count + 1)[1][:, -1]
    kept = evaluate.shared(near, models.nearest_rows(placed[asked], places, count)[0]).mean()
    numbers: dict[str, Any] = {
        "rows": len(new), "old rows": len(old), "neighbours": count, "kept": float(kept),
        "strange": float((far[:, -1] > np.quantile(usual, 0.99)).mean()),
    }  # fmt: skip
    if len(old) + len(new) <= JOINT:
        together = models.tsne_map(np.concatenate([old, new]), generator=seeds.numpy("map")).places
        seen = models.nearest_rows(together[len(old) :][asked], together[: len(old)], count)[0]
        numbers["kept of joint"] = float(evaluate.shared(near, seen).mean())
    return numbers


def _strange(numbers: dict[str, Any]) -> tuple[Text, ...]:
    if numbers["strange"] <= 0.05:
        return ()
    return (
        Text(
            en="{p:.0f} % of the new rows are farther from their nearest old rows than 99 % of the old ones are from each "
            "other: their places mean little.",
            zh="{p:.0f}% 的新行离最近的旧行，比 99% 的旧行彼此之间还远：它们的位置意义不大。",
        ).format(p=100 * numbers["strange"]),
    )


def _drawn_placed(
    old: np.ndarray, new: np.ndarray, known: draw.Colouring, name: str, hover: Sequence[str], language: Any
) -> Any:
    title = Text("t-SNE of {name}", "{name} 的 t-SNE").format(name=name)
    return draw.placed(old, new, known, title=title, hover=hover, language=language)


def _picture(
    name: str, panels: Sequence[draw.Panel], colouring: draw.Colouring, hover: Sequence[str], pictures: Sequence[str],
    said: tuple[Text, Text],
) -> Picture:  # fmt: skip
    title, caption = said
    drawing = draw.Drawing(
        name,
        lambda language: draw.panels(panels, colouring, hover=hover, pictures=pictures, language=language),
        Text("{title}: {names}, coloured by {by}.", "{title}：{names}，按{by}着色。").format(
            title=title,
            by=colouring.title,
            names=Text(", ".join(p.title.en for p in panels), "、".join(p.title.zh for p in panels)),
        ),
    )
    return Picture(drawing, title, caption)


def _how_to_read() -> tuple[Text, Text]:
    return (
        Text("All rows, as PCA and as t-SNE see them", "全部的行：PCA 与 t-SNE"),
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


def _of_seeds(steady: np.ndarray, sampled: np.ndarray, places: np.ndarray, hover: Sequence[str], rows: int) -> Picture:
    colouring = draw.Colouring(Text("neighbours shared, %", "共有的近邻（%）"), 100 * steady)
    words = [f"{100 * share:.0f} % · {hover[row]}" for share, row in zip(steady, sampled, strict=True)]
    panels = (draw.Panel(Text("t-SNE", "t-SNE"), places[sampled]),)
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
            ).format(p=100 * steady.mean(), part=part),
        ),
    )


def _summary(trust: dict[str, dict[str, float]], steady: np.ndarray) -> Text:
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


def _table(
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


def _warnings(trust: dict[str, dict[str, float]], of_two_axes: float, steady: np.ndarray) -> tuple[Text, ...]:
    """What a reader might see in the maps and should not, as measured here."""
    found = []
    for name, what in (
        ("gaps", Text("How far groups are apart", "组与组相隔多远")),
        ("sizes", Text("How large a group is", "组有多大")),
    ):
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


def _hover(scene: Scene) -> list[str]:
    """What each row is: its number, its class, and its first columns or the beginning of its text."""
    import pandas

    known = _known(scene)
    heads = [str(number) for number in range(1, len(scene) + 1)]
    if known is not None and known.names:
        heads = [
            f"{head} · {known.names[value].en}" if value >= 0 else head
            for head, value in zip(heads, known.values.tolist(), strict=True)
        ]
    if not isinstance(scene.features, pandas.DataFrame) or len(scene) > HOVERED:
        return heads
    columns = [scene.features[name].tolist() for name in scene.features.columns[:COLUMNS_SAID]]
    names = [str(name) for name in scene.features.columns[:COLUMNS_SAID]]
    return [
        " · ".join([head, *(f"{name} {_short(column[row])}" for name, column in zip(names, columns, strict=True))])
        for row, head in enumerate(heads)
    ]


def _short(cell: object) -> str:
    said = f"{cell:.4g}" if isinstance(cell, float) else str(cell)
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"


def _thumbnails(scene: Scene) -> list[str]:
    """Small pictures as data addresses; none where rows are no pictures or too many."""
    features = scene.features
    if not isinstance(features, np.ndarray) or features.ndim != 4 or len(features) > PICTURED:
        return []
    from PIL import Image

    found = []
    for pixels in features:
        picture = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
        picture.thumbnail((SIDE, SIDE))
        content = io.BytesIO()
        picture.save(content, format="PNG", optimize=True)
        found.append("data:image/png;base64," + base64.b64encode(content.getvalue()).decode())
    return found
