"""The contest on class folders: on pictures or sounds classical families on flat numbers, networks on maps.

A sound is a picture of its frequencies over time, and the same networks look at both. Source: He et al. 2015,
arXiv:1512.03385, for the networks; `benchmarks/pictures.py` measures them.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from zhixing import evaluate, models, nn, train
from zhixing.comparison.families import (
    BATCH,
    Family,
    Task,
    by_scale,
    choices,
    least_of_classes,
    measures_of_classes,
    steps_for,
)
from zhixing.comparison.tables import of_texts
from zhixing.core import Spec, Text, spec
from zhixing.data import OwnFolder
from zhixing.study import Scale

STEPS: dict[Scale, int] = {"smoke": 20, "quick": 250, "full": 2_500}
"""Of a network, at most; at quick, the whole contest shall end within minutes."""
ROUNDS = 400
"""How often a network sees each item, at most, in as many steps as at `quick` or more."""
CHANNELS: dict[Scale, int] = {"smoke": 16, "quick": 16, "full": 32}
"""Of a network's first stage."""
LARGE = 40
"""Pixels of a side from which a network looks at patches of 4 pixels, and no longer of 2."""


def of_folder(own: OwnFolder, place: Path) -> Task:
    """The contest on this folder, which was read from `place`."""
    if own.card["kind"] == "texts":
        return of_texts(own, place)
    pictures = own.card["kind"] == "pictures"
    if pictures:
        items, prepared = (
            Text("pictures", "图片"),
            Text(
                "Networks see pixels, the others their principal axes; mean and scale come from the training pictures alone.",
                "神经网络看像素，其他模型看主成分；均值和尺度只由训练图片决定。",
            ),
        )
        families = for_pictures(own.card["height"], own.card["width"], len(own))
    else:
        items, prepared = (
            Text("sounds", "录音"),
            Text(
                "Networks see log-mel spectrograms, the others means and deviations of the bands.",
                "神经网络看对数梅尔频谱图，其他模型看各频带的均值和标准差。",
            ),
        )
        families = for_sounds(own.card["rate"], len(own))
    return Task(
        question=Text(
            "Which family tells the {items} of {folder} apart best?", "哪一类模型最能分清 {folder} 中的{items}？"
        ).format(items=items, folder=place.name),
        families=families,
        measures=measures_of_classes(own.targets),
        mechanism=(evaluate.error_by_class,),
        prepared=prepared,
        items=items,
        least=least_of_classes(own.targets),
    )


def for_pictures(height: int, width: int, count: int) -> tuple[Family, ...]:
    """The families for so many pictures of this size."""
    gentle = spec(train.warped, turn=0.1, scale=0.1, shift=0.07)
    changes = (None, gentle, spec(train.warped, bend=0.04), spec(train.warped, turn=0.1, mirror=True))
    patch = 4 if max(height, width) > LARGE else 2
    return (*_classical(spec(models.FlatPictures)), *_networks(spec(models.StandardPictures), patch, changes, count))


def for_sounds(rate: int, count: int) -> tuple[Family, ...]:
    """The families for `count` sounds of `rate` samples a second; a spectrogram moves in time and pitch, and never turns."""
    moved = ((0.05, 0.05), (0.1, 0.1), (0.2, 0.1))
    changes = (None, *(spec(train.warped, turn=0.0, scale=scale, shift=shift) for scale, shift in moved))
    return (
        *_classical(spec(models.FlatSounds, rate=rate)),
        *_networks(spec(models.LogMel, rate=rate), 4, changes, count),
    )


def _classical(flat: Spec) -> tuple[Family, ...]:
    return (
        Family(
            "linear",
            Text("logistic regression", "逻辑回归"),
            choices(models.logistic, strength=(0.001, 0.01, 0.1, 1.0)),
            flat,
        ),
        Family(
            "neighbours",
            Text("nearest neighbours", "近邻法"),
            choices(models.nearest_neighbours, neighbours=(1, 3, 7, 15)),
            flat,
        ),
        Family(
            "vectors",
            Text("support vectors", "支持向量机"),
            choices(models.support_vectors, strength=(0.3, 1.0, 10.0, 100.0)),
            flat,
            most=3_000,
        ),
        Family("forest", Text("forest", "随机森林"), choices(models.forest, leaf=(1, 2, 5, 10)), flat),
    )


def _networks(shaped: Spec, patch: int, changes: tuple[Spec | None, ...], count: int) -> tuple[Family, ...]:
    """A plain network and a residual one, each to choose how its training pictures are changed."""
    brick = {"patch": patch, "grid": 4, "normalisation": nn.batch_norm}
    plain = spec(models.CNN, depth=6, stages=2, shortcut=None, **brick)
    residual = spec(models.CNN, depth=8, stages=3, **brick)
    families = []
    for name, label, model in (("cnn", Text("CNN", "CNN"), plain), ("resnet", Text("ResNet", "ResNet"), residual)):
        families.append(by_scale(name, label, partial(_changed, model, changes, count), preparation=shaped))
    return tuple(families)


def _changed(model: Spec, changes: Sequence[Spec | None], count: int, scale: Scale) -> tuple[Spec, ...]:
    """The network trained on pictures that are changed in each of these ways."""
    recipe = spec(
        train.Recipe,
        optimiser=spec(train.adamw, lr=0.005),
        schedule=spec(train.cosine, warm_up=0.1),
        steps=steps_for(count, rounds=ROUNDS, least=STEPS["quick"], most=STEPS[scale]),
        batch=BATCH,
    )
    sized = model.with_settings(channels=CHANNELS[scale])
    return tuple(spec(train.network_classifier, model=sized, recipe=recipe, augment=change) for change in changes)
