"""How many labels planted wrong among the digits are found by looking at the most suspicious twentieth of the rows?

    python benchmarks/label_errors.py

It writes benchmarks/tables/label_errors.md. Three in a hundred labels are changed, in one of two ways: to another class at
random, or to the class that a support-vector machine, fitted to the other rows with their true labels, deems the likeliest
of the others, which is the hardest kind to see. Settings are round numbers and were not searched for.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Spec, Text, spec
from zhixing.data import OwnFolder
from zhixing.evaluate.label_errors import NEIGHBOURS
from zhixing.train.left_out import FOLDS

TABLE = Path(__file__).parent / "tables" / "label_errors.md"
PLANTED, LOOKED = 0.03, 0.05
SEEDS = range(3)
FLAT = spec(models.FlatPictures)
MACHINES = {
    "logistic regression": spec(models.logistic, strength=0.1),
    "support vectors": spec(models.support_vectors, strength=10.0),
}
HEAD = """# Labels planted wrong in 3 % of the digits

Written by `python benchmarks/label_errors.py`. How many of them are among the first 5 % of the rows by suspicion, the lowest
and the highest of {seeds} plantings in per cent. A machine answers for rows that it has not seen, in {folds} parts;
neighbours are {neighbours} of all other rows; *both* is the mean of the two answers, by which `zhixing look RUN` ranks. In
brackets: the errors that confident learning expects, of those planted. A label that was wrong in the data already counts as a
false alarm.

| digits | planted class | {machines} |
|---|---|{lines}|
"""


def main() -> None:
    columns = ["neighbours", *(column for name in MACHINES for column in (name, f"{name} and neighbours, both"))]
    neighbours = NEIGHBOURS
    lines = [
        HEAD.format(
            seeds=len(SEEDS), folds=FOLDS, neighbours=neighbours, machines=" | ".join(columns),
            lines="|".join(["---"] * len(columns)),
        )
    ]  # fmt: skip
    print(lines[0], end="")
    for name, own in digits().items():
        told = left_out(own, MACHINES["support vectors"], seed=99)
        for way in ("at random", "the likeliest other"):
            found = [one_planting(own, told, way, seed) for seed in SEEDS]
            cells = [cell([each[column] for each in found]) for column in columns]
            lines.append(f"| {name} | {way} | {' | '.join(cells)} |\n")
            print(lines[-1], end="", flush=True)
    TABLE.write_text("".join(lines), encoding="utf-8")


def digits() -> dict[str, OwnFolder]:
    small, names = load_digits(return_X_y=True)
    large = data.digits28(train=5000, test=0).train
    return {
        "1,797 of 8 x 8": folder(small.reshape(-1, 1, 8, 8), names),
        "5,000 of 28 x 28": folder(large.inputs, large.targets),
    }


def folder(pictures: np.ndarray, targets: np.ndarray) -> OwnFolder:
    """The digits as pictures of one's own."""
    return OwnFolder(
        np.asarray(pictures, dtype=np.float32), tuple(map(str, range(len(targets)))), targets.astype(np.int64),
        tuple("0123456789"), np.arange(len(targets)), "", Text("", ""), (), {"kind": "pictures"},
    )  # fmt: skip


def left_out(own: OwnFolder, candidate: Spec, seed: int) -> np.ndarray:
    return train.answers_left_out(own, preparation=FLAT, candidate=candidate, seeds=Seeds(seed))


def one_planting(own: OwnFolder, told: np.ndarray, way: str, seed: int) -> dict[str, tuple[float, float]]:
    """The share found, and the errors expected of those planted, by column of the table."""
    generator = np.random.default_rng(seed)
    count = len(own)
    planted = generator.choice(count, round(PLANTED * count), replace=False)
    targets = own.targets.copy()
    if way == "at random":
        targets[planted] = (targets[planted] + generator.integers(1, 10, len(planted))) % 10
    else:
        others = told[planted].copy()
        others[np.arange(len(planted)), targets[planted]] = -1
        targets[planted] = others.argmax(axis=1)
    wrong = folder(own.arrays, targets)
    votes = evaluate.neighbour_votes(FLAT.build().fit(own.arrays).transform(own.arrays), targets, classes=10)
    answers = {"neighbours": votes}
    for name, candidate in MACHINES.items():
        answers[name] = left_out(wrong, candidate, seed)
        answers[f"{name} and neighbours, both"] = (answers[name] + votes) / 2
    return {column: judged(each, targets, planted) for column, each in answers.items()}


def judged(probabilities: np.ndarray, targets: np.ndarray, planted: np.ndarray) -> tuple[float, float]:
    suspects = np.argsort(-evaluate.suspicion(probabilities, targets), kind="stable")[: round(LOOKED * len(targets))]
    expected = evaluate.errors_expected(probabilities, targets) / len(planted)
    return 100 * float(np.isin(planted, suspects).mean()), expected


def cell(found: list[tuple[float, float]]) -> str:
    shares, expected = zip(*found, strict=True)
    return f"{min(shares):.1f}–{max(shares):.1f} ({min(expected):.1f}–{max(expected):.1f})"


if __name__ == "__main__":
    main()
