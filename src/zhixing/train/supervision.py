"""The common trial: train one model on labelled examples, then measure it."""

from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from zhixing.core import BadSetting, Seeds, Series, Spec, Text, Watch, spec
from zhixing.train.batches import Batches
from zhixing.train.loop import Stateful, fit, restore, snapshot
from zhixing.train.minimise import Minimise
from zhixing.train.schedules import constant

ROWS = 64
"""Rows kept of a run, about: enough for a curve, too few to cost time."""

CONSTANT = spec(constant)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train, whatever is trained: written as `spec(Recipe, optimiser=spec(sgd, lr=0.05), steps=300, ...)`."""

    optimiser: Spec
    """Called with the model, such as `spec(sgd, lr=0.05, momentum=0.9)`."""
    steps: int
    batch: int = 64
    schedule: Spec = CONSTANT
    """Called with steps done and steps in all, such as `spec(cosine, warm_up=0.1)`."""
    clip: float | None = None
    """Largest norm of the gradient over all parameters; None leaves gradients as they are."""


class Measurement(Protocol):
    """What the trial asks of a measure; `zhixing.evaluate` makes such."""

    @property
    def name(self) -> str: ...

    @property
    def part(self) -> Literal["train", "held-out"]: ...

    @property
    def when(self) -> Literal["initialisation", "end"]: ...

    def __call__(self, model: nn.Module, inputs: Tensor, targets: Tensor, /) -> float | Series: ...


def supervised(
    seeds: Seeds,
    watch: Watch,
    *,
    data: Spec,
    model: Spec,
    recipe: Spec,
    measures: tuple[Measurement, ...] = (),
    mechanism: tuple[Measurement, ...] = (),
    held_out: Literal["test", "validation"] = "test",
    device: str = "cpu",
) -> dict[str, float | Series]:
    """Trains a classifier by cross entropy and returns every measure, outcome and mechanism alike, by its name.

    `data` builds a Dataset, `model` a module when given a `generator`, `recipe` a Recipe. The trial's streams of
    randomness are "initialisation" and "order". A tuning trial judges on `held_out="validation"`. The watch sees every
    step, about 64 rows (loss, gradient_norm, lr) and the trained weights; a cancelling watch raises through here.

    A run that diverges goes on to its end and is measured like any other. Raises BadSetting where the data have no
    examples in `held_out`.
    """
    plan: Recipe = recipe.build()
    parts = data.build()
    judged = getattr(parts, held_out)
    if not len(judged):
        raise BadSetting(
            Text(
                en=f"{data!r} has no {held_out} examples to measure on; give it some, such as {held_out}=500",
                zh=f"{data!r} 没有可用于测量的 {held_out} 部分；请为它留一些样本，例如 {held_out}=500",
            )
        )
    examples = {
        name: (torch.tensor(part.inputs, device=device), torch.tensor(part.targets, device=device))
        for name, part in (("train", parts.train), ("held-out", judged))
    }
    network: nn.Module = model.build(generator=seeds.torch("initialisation"))
    # Convolutions on small maps are a tenth faster with the channels together; other weights are not touched.
    network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def measured(when: str) -> dict[str, float | Series]:
        due = [measure for measure in (*measures, *mechanism) if measure.when == when]
        return {measure.name: measure(network, *examples[measure.part]) for measure in due}

    found = measured("initialisation")
    step = Minimise(
        network,
        plan.optimiser.build(network),
        total=plan.steps,
        schedule=partial(plan.schedule.function, **plan.schedule.settings),
        clip=plan.clip,
    )
    batches = Batches(*examples["train"], size=plan.batch, generator=seeds.torch("order"))
    resumable: dict[str, Stateful] = {"model": network, "step": step, "batches": batches}
    done = restore(resumable, watch.resume())
    every = max(1, plan.steps // ROWS)
    for record in fit(network, batches, step, total=plan.steps, done=done):
        if record.step % every == 0 or record.step in (1, plan.steps):
            watch.row(step=record.step, **record.numbers())
        watch.step(record.step, plan.steps, partial(snapshot, resumable, record.step))
    watch.weights(network.state_dict())
    return found | measured("end")
