"""What the engine costs: against a bare PyTorch loop over the same trials, and one worker against two.

    python benchmarks/engine.py [SEEDS]

The bare loop builds the same models, data and optimisers and writes nothing; both run one thread in one process, in
turn, so that the ratio holds when the machine's speed drifts. Workers are compared by whole askings.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

from zhixing import studies
from zhixing.core import Seeds, Spec
from zhixing.core.store import RunStore
from zhixing.study.ask import ask
from zhixing.study.trial import Trial, trials
from zhixing.study.worker import perform


def bare(call: Spec, seed: int) -> float:
    """The trial as one would write it by hand: returns the test error."""
    settings, seeds = call.settings, Seeds(seed)
    recipe, parts = settings["recipe"].build(), settings["data"].build()
    inputs, targets = torch.tensor(parts.train.inputs), torch.tensor(parts.train.targets)
    model = settings["model"].build(generator=seeds.torch("initialisation"))
    mechanism = [measure(model, inputs, targets) for measure in settings["mechanism"]]
    rate = recipe.optimiser.settings["lr"]
    optimiser = torch.optim.SGD(model.parameters(), lr=rate, momentum=recipe.optimiser.settings["momentum"])
    generator = seeds.torch("order")
    order, at = torch.randperm(len(inputs), generator=generator), 0
    for done in range(recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * recipe.schedule.build(done, recipe.steps)
        if at + recipe.batch > len(order):
            order, at = torch.randperm(len(inputs), generator=generator), 0
        chosen = order[at : at + recipe.batch]
        at += recipe.batch
        loss = cross_entropy(model(inputs[chosen]), targets[chosen])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimiser.step()
    held_out = torch.tensor(parts.test.inputs), torch.tensor(parts.test.targets)
    examples = {"train": (inputs, targets), "held-out": held_out}
    found = [measure(model, *examples[measure.part]) for measure in settings["measures"]]
    assert mechanism
    return float(found[0])


def overhead(wanted: list[Trial]) -> None:
    torch.set_num_threads(1)
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        bare(wanted[0].call, 10_000)  # warms the kernels and the data cache
        for trial in wanted:
            began = time.perf_counter()
            bare(trial.call, trial.seed)
            middle = time.perf_counter()
            perform(trial, store, lambda *_: True)
            ratios.append((time.perf_counter() - middle) / (middle - began))
            print(
                f"{trial.arm:12} seed {trial.seed}: bare {middle - began:.2f} s, engine / bare {ratios[-1]:.3f}",
                flush=True,
            )
    print(f"engine / bare: median {statistics.median(ratios):.3f} over {len(ratios)} trials")


def workers(seeds: int) -> None:
    study = studies.find("shortcut-depth")
    ratios = []
    for repeat in range(2):
        seconds = {}
        for count in (1, 2):
            with tempfile.TemporaryDirectory() as folder:
                began = time.perf_counter()
                ask(
                    study,
                    seeds=seeds,
                    first_seed=100 * repeat,
                    workers=count,
                    store=RunStore(Path(folder)),
                    stop_early=False,
                )
                seconds[count] = time.perf_counter() - began
        ratios.append(seconds[1] / seconds[2])
        print(f"one worker {seconds[1]:.1f} s, two {seconds[2]:.1f} s, ratio {ratios[-1]:.2f}", flush=True)
    print(f"two workers are {statistics.median(ratios):.2f} times as fast as one")


def main(seeds: int = 2) -> None:
    study = studies.find("shortcut-depth")
    overhead(trials(study.plan("quick", seeds=seeds)))
    workers(max(seeds, 4))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
