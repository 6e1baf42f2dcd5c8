"""The table of MNIST-1D, measured again by the published recipe.

python benchmarks/mnist1d.py    writes benchmarks/tables/mnist1d.md; about 4 minutes on two quiet cores

Source: Greydanus and Kobak 2020, arXiv:2011.14439; figures, models and recipe from greydanus/mnist1d, README.md
and notebooks/models.py, train.py and mnist1d-classification.ipynb: Adam, rate 0.01, batches of 100, 6,000 steps.
Departs from it: batches are drawn anew in every round instead of going round in one order; signals are drawn from
another stream of random numbers; first weights are He et al.'s.
"""

from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from statistics import mean, stdev

import torch

from zhixing import data, evaluate, models, nn, train
from zhixing.core import Seeds, Spec, spec

SEEDS = range(3)
STEPS, LOOK_EVERY = 6_000, 250
MODELS = {
    "logistic": spec(models.SoftmaxRegression, features_in=40),
    "MLP": spec(models.MLP, features_in=40, widths=(100, 100), shortcut=nn.Shortcut),
    "CNN": spec(models.StridedCNN, shape=(1, 1, 40)),
    "GRU": spec(models.GRU),
}
PUBLISHED = {"logistic": (32, 32), "MLP": (68, 68), "CNN": (94, 56), "GRU": (91, 57)}
"""Test accuracy in per cent, signals as they are and shuffled."""
TABLE = Path(__file__).parent / "tables" / "mnist1d.md"
HEAD = """# MNIST-1D: test accuracy in per cent, ours against published

Written by `python benchmarks/mnist1d.py`. {seeds} seeds, which draw first weights and batches; the signals are the
same 4,000 for training and 1,000 for judging. The recipe is the published one (Adam, rate 0.01, batches of 100, 6,000
steps). Published: Greydanus and Kobak, arXiv:2011.14439, table in the README of greydanus/mnist1d. *End*: after the
last step, mean and standard deviation. *Best*: the largest of the test accuracies seen every 250 steps, as a reader
of a training log picks it; the test data thus choose the step, which we do for comparison only. *Difference*: end
minus published.

| signals | model | published | end | best | difference |
|---|---|---|---|---|---|
"""


def accuracies(model: Spec, shuffled: bool, seed: int) -> list[float]:
    """Test accuracy every LOOK_EVERY steps of one training."""
    torch.set_num_threads(1)
    signals = spec(data.mnist1d)
    whole = (spec(data.shuffled, source=signals) if shuffled else signals).build()
    seeds = Seeds(seed)
    network = model.build(generator=seeds.torch("initialisation"))
    recipe = train.Recipe(optimiser=spec(train.adamw, lr=0.01, weight_decay=0.0), steps=STEPS, batch=100)
    known, judged = (
        [torch.tensor(array) for array in (part.inputs, part.targets)] for part in (whole.train, whole.test)
    )
    batches = train.Batches(*known, size=recipe.batch, generator=seeds.torch("order"))
    return [
        100.0 - float(evaluate.test_error(network, *judged))
        for record in train.fit(network, batches, recipe.step(network), total=STEPS)
        if record.step % LOOK_EVERY == 0
    ]


def main() -> None:
    rows = [
        row for row in product((False, True), MODELS) if row != (True, "GRU")
    ]  # dear, and tells nothing that the CNN does not
    with ProcessPoolExecutor() as pool:
        trials = {row: [pool.submit(accuracies, MODELS[row[1]], row[0], seed) for seed in SEEDS] for row in rows}
        lines = [line(*row, [trial.result() for trial in trials[row]]) for row in rows]
    TABLE.write_text(HEAD.format(seeds=len(SEEDS)) + "".join(lines))
    print(TABLE.read_text())


def line(shuffled: bool, name: str, found: list[list[float]]) -> str:
    """The row of the table for one model, from the accuracies of every seed."""
    published, ends = PUBLISHED[name][shuffled], [seen[-1] for seen in found]
    best = mean(max(seen) for seen in found)
    return (
        f"| {'shuffled' if shuffled else 'as they are'} | {name} | {published} | {mean(ends):.1f} ± {stdev(ends):.1f} "
        f"| {best:.1f} | {mean(ends) - published:+.1f} |\n"
    )


if __name__ == "__main__":
    main()
