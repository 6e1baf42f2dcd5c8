"""Small fitted networks of every architecture in a store, for the tests of what can be seen of them."""

from pathlib import Path

import numpy as np
from PIL import Image

from zhixing import data, models, nn, train
from zhixing.comparison import Run, find
from zhixing.comparison.contest import judging, slug, task_of
from zhixing.core import Spec, spec
from zhixing.core.code import code_digest
from zhixing.core.store import RunStore
from zhixing.study.events import nobody
from zhixing.study.session import Session
from zhixing.study.trial import Trial

BRICK = {"patch": 2, "grid": 2, "channels": 4, "normalisation": nn.batch_norm}
CNN = spec(models.CNN, depth=6, stages=2, shortcut=None, **BRICK)
RESNET = spec(models.CNN, depth=8, stages=3, **BRICK)
MLP = spec(models.MLP, widths=(16, 16), dropout=0.1)
TABULAR = spec(models.TabularNetwork, widths=(16, 16), members=2)


def recipe(steps: int = 40, rate: float = 0.01, **more: object) -> Spec:
    return spec(train.Recipe, optimiser=spec(train.adamw, lr=rate), steps=steps, batch=16, **more)


def pictures(folder: Path, count: int = 90) -> Path:
    """Three classes of noisy pictures of 8 x 8 pixels with a bright stripe of its own each."""
    generator = np.random.default_rng(0)
    for number in range(count):
        pixels = generator.integers(0, 120, (8, 8))
        pixels[2 * (number % 3) + 1] += 130
        place = folder / "stripes" / "abc"[number % 3] / f"{number:03}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(place)
    return folder / "stripes"


def table(folder: Path, *, amounts: bool = False) -> Path:
    """A table of 90 rows whose target the first two columns decide."""
    rows = np.random.default_rng(1).normal(size=(90, 3)).round(3)
    kinds = np.array(["low", "middle", "high"])[np.digitize(rows[:, 0] + rows[:, 1], (-0.6, 0.6))]
    target = np.char.mod("%.3f", rows[:, 0] - rows[:, 1]) if amounts else kinds
    place = folder / ("amounts.csv" if amounts else "table.csv")
    lines = [",".join([*map(str, row), str(wanted)]) for row, wanted in zip(rows, target, strict=True)]
    place.write_text("\n".join(["one,two,three,wanted", *lines]) + "\n")
    return place


def run_of(store: RunStore, path: Path, candidate: Spec, *, arm: str = "network", target: str | None = None) -> Run:
    """The candidate, fitted to what is at the path as `zhixing train` would fit the family, and kept."""
    source = data.own_data(str(path), target=target)
    own = source.build()
    task = task_of(own, path)
    family = next(family for family in task.families if family.name == arm)
    chosen = {"candidates": (candidate,), "preparation": family.preparation, "parts": 1}
    call = spec(task.keeping, trial=judging(task, source, "full").with_settings(**chosen))
    trial = Trial(slug(source, own, path), "full", arm, 0, call, own.fingerprint, code_digest(call))
    session = Session(store, 0, nobody)
    session.look_up([trial])
    session.measure_costs([trial])
    session.run([trial])
    session.close()
    assert session.results[trial.digest].error is None, session.results[trial.digest].error
    return find(trial.digest, store)
