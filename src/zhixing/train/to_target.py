"""How many steps a recipe takes to bring the training loss down to a target, and what a step costs."""

import math
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zhixing.core import Seeds, Spec
from zhixing.train.batches import Batches
from zhixing.train.loop import Record, fit
from zhixing.train.supervision import Recipe

JUDGED = 500
"""Training examples whose mean loss must reach the target: the first so many, a fair mixture."""
GROWTH = 1.05
"""Each look comes so many times later than the one before, so that a long run is not looked at more closely."""
TIMED = 20
"""Pairs of steps that are timed."""


class Run:
    """One network trained by a recipe on tensors (n, ...) and (n,), and watched on its way to a training loss.

    First weights and order of examples come from the streams "initialisation" and "order" of `seeds`, so that runs with
    equal seeds differ in their recipe alone.
    """

    def __init__(self, seeds: Seeds, examples: tuple[Tensor, Tensor], *, model: Spec, recipe: Spec):
        self.examples = examples
        self.network: nn.Module = model.build(generator=seeds.torch("initialisation"))
        plan: Recipe = recipe.build()
        self.limit = plan.steps
        self.step = plan.step(self.network)
        self.batches = Batches(*examples, size=plan.batch, generator=seeds.torch("order"))

    def records(self, *, limit: float = math.inf) -> Iterator[Record]:
        """Trains for the recipe's steps, or for `limit` of them where that is less."""
        return fit(self.network, self.batches, self.step, total=int(min(limit, self.limit)))

    def looks(self, *, limit: float = math.inf) -> Iterator[tuple[int, float]]:
        """Trains, and yields step and loss before the first step and then at growing distances."""
        yield 0, self.loss()
        due = 1.0
        for record in self.records(limit=limit):
            if record.step >= due:
                due = max(record.step + 1, record.step * GROWTH)
                yield record.step, self.loss()

    @torch.no_grad()
    def loss(self) -> float:
        """Mean cross entropy of the first JUDGED examples, in nats."""
        inputs, targets = self.examples
        return cross_entropy(self.network.eval()(inputs[:JUDGED]), targets[:JUDGED]).item()


def steps_to(target: float, looks: Iterator[tuple[int, float]]) -> float:
    """Steps until the loss first is at the target, on a straight line through its logarithm between two looks.

    Infinite where the looks end before, or the loss is no longer a number.
    """
    before = (0, math.nan)
    for step, loss in looks:
        if loss <= target:
            way = 1.0 if step == 0 else math.log(before[1] / target) / math.log(before[1] / loss)
            return before[0] + way * (step - before[0])
        if not math.isfinite(loss):
            break
        before = step, loss
    return math.inf


class Best(NamedTuple):
    """A learning rate and what it takes to the target."""

    rate: float
    steps: float


def best_rate(steps: Callable[[float, float], float], start: float) -> Best:
    """The rate of fewest `steps(rate, limit)`, found by doubling from `start` as long as that helps, and then by halving.

    A rate is given up after as many steps as the best one took, so the search costs little more than its best runs.
    """
    best = Best(start, steps(start, math.inf))
    for factor in (2.0, 0.5):
        while (other := Best(best.rate * factor, steps(best.rate * factor, best.steps))).steps < best.steps:
            best = other
    return best


def relative_cost(run: Run, than: Run) -> float:
    """Processor time of a step of one run in steps of the other: both by turns, the median over the pairs."""
    return median(_seconds(run, done) / _seconds(than, done) for done in range(TIMED))


def _seconds(run: Run, done: int) -> float:
    batch = next(run.batches)
    began = time.process_time()  # what other programs take of the machine does not count
    run.step(batch, done)
    return time.process_time() - began
