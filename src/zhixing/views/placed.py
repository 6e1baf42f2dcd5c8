"""New rows on an old map, which the store keeps: where they lie, and what of their neighbours is kept."""

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from zhixing import draw, evaluate, models
from zhixing.core import BadData, BadSetting, Seeds, Text, spec
from zhixing.core.code import code_digest
from zhixing.core.files import write_whole, writing
from zhixing.models.maps import NeighbourMap
from zhixing.views.rows import hover_words, known_colours, numbers_of, prepared_rows, target_name
from zhixing.views.scene import Scene, found_run, is_data, of_file, of_run
from zhixing.views.trust import NEAREST
from zhixing.views.view import Picture, View

JOINT = 3_000
"""Rows, old and new, up to which a map of all together is made, to hold the placed ones against."""


def on_old_map(scene: Scene) -> View:
    """The rows on the map of another file or run."""
    old = _old_scene(scene)
    prepared = prepared_rows(old)
    new = numbers_of(prepared.preparation, _same_columns(scene, old))
    near = kept_map(old, prepared.rows)
    places = near.place(new)
    known = known_colours(scene) or draw.Colouring(
        Text("row", "行"), np.zeros(len(new), int), (Text("new rows", "新的行"),)
    )
    numbers = _placing(prepared.rows, new, near.places, places, Seeds(scene.seed))
    drawing = draw.Drawing(
        "map-placed",
        partial(_drawn_placed, near.places, places, known, old.name, hover_words(scene)),
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
                    "Grey points are the old rows, which stay where they are. A new row goes to its six nearest old rows, "
                    "each new row on its own; one that is like none of them still finds a place.",
                    "灰点是旧的行，位置不动。新行移向与它最近的六个旧行，彼此互不影响；与谁都不像的行也会落在某处。",
                ),
            ),
        ),
        warnings=(*_strange(numbers), *prepared.notes, *near.notes),
        numbers=numbers,
    )


def _old_scene(scene: Scene) -> Scene:
    rest = {"seed": scene.seed, "store": scene.store, "listen": scene.listen}
    onto = str(scene.onto)
    if not is_data(onto):
        try:
            return of_run(found_run(onto, scene.store), None, **rest)
        except BadSetting as error:
            raise BadSetting(Text("--map: {why}", "--map：{why}").format(why=error.message)) from None
    card: Any = scene.own.card if scene.own is not None else {}
    target = target_name(scene) or None if card.get("kind") in ("table", "labels") else None
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


def kept_map(scene: Scene, rows: np.ndarray) -> NeighbourMap:
    """The t-SNE map of these rows by the scene's seed, from the store where it was made before by the same code."""
    from safetensors.numpy import save

    made = spec(models.tsne_map, perplexity=30.0, start="pca")
    asked = f"{code_digest(made)} {scene.seed} {rows.shape}".encode() + np.ascontiguousarray(rows).tobytes()
    place = scene.store.home / "maps" / f"{hashlib.sha256(asked).hexdigest()[:32]}.safetensors"
    notes = models.maps.notes_on(rows, 30.0)
    found = _read_map(place)
    if found is None:
        found = models.tsne_map(rows, generator=Seeds(scene.seed).numpy("map"))
        with writing(scene.store.home):
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, save(found.arrays()))
    found.notes = notes
    return found


def _read_map(place: Path) -> NeighbourMap | None:
    """The map in a file; None where there is none, or it is damaged."""
    import safetensors
    from safetensors.numpy import load

    try:
        return NeighbourMap.from_arrays(load(place.read_bytes()))
    except (OSError, safetensors.SafetensorError, KeyError):
        return None
