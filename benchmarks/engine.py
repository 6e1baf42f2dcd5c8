"""What the engine costs: against a bare PyTorch loop over the same trials, and one worker against two.

    python benchmarks/engine.py [SEEDS]

The bare loop uses the same models, data and optimisers, and writes nothing; both run one thread in one process, in
turn, so that the ratio holds when the machine's speed drifts. Workers are compared by whole askings.
"""

import statistics
import sys
import tempfile
import time
from dataclasses import replace
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
    model.to(memory_format=torch.channels_last)
    mechanism = [measure(model, inputs, targets) for measure in settings["mechanism"]]
    optimiser, rate = recipe.optimiser.build(model), recipe.optimiser.settings["lr"]
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
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip, foreach=True)
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
        for arm in wanted[: len({trial.arm for trial in wanted})]:  # warms the kernels, imports and the data cache
            bare(arm.call, 10_000)
            perform(replace(arm, seed=10_000), store, lambda *_: True)
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
    seconds = {}
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            ask(study, seeds=seeds, workers=count, store=RunStore(Path(folder)))
            seconds[count] = time.perf_counter() - began
    print(f"flagship: one worker {seconds[1]:.1f} s, two {seconds[2]:.1f} s, ratio {seconds[1] / seconds[2]:.2f}")


def main(seeds: int = 2) -> None:
    study = studies.find("shortcut-depth")
    overhead(trials(study.plan("quick", seeds=seeds)))
    workers(max(seeds, 7))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
