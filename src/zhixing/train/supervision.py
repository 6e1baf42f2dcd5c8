"""The common trial: train one model on labelled examples, then measure it."""

from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zhixing.core import BadSetting, Seeds, Series, Spec, Text, Watch, spec
from zhixing.data import Part, split
from zhixing.train.augmentation import Augmented
from zhixing.train.batches import Batches
from zhixing.train.course import Course, EarlyStopping
from zhixing.train.loop import Stateful, fit, restore, snapshot
from zhixing.train.minimise import Loss, Minimise
from zhixing.train.schedules import constant

ROWS = 64
"""Rows kept of a run, about: enough for a curve, too few to cost time."""

LOOKS = 32
"""Times that a run is looked at on the way, about, where somebody wants to see it."""

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

    def step(self, model: nn.Module, *, loss: Loss = cross_entropy, kind: type[Minimise] = Minimise) -> Minimise:
        """The step that trains `model` by this recipe."""
        return kind(
            model,
            self.optimiser.build(model),
            total=self.steps,
            loss=loss,
            schedule=partial(self.schedule.function, **self.schedule.settings),
            clip=self.clip,
        )


class Measurement(Protocol):
    """What the trial asks of a measure; `zhixing.evaluate` makes such."""

    @property
    def name(self) -> str: ...

    @property
    def part(self) -> Literal["train", "held-out", "both"]: ...

    @property
    def when(self) -> Literal["initialisation", "on the way", "end"]: ...

    def __call__(self, model: nn.Module, /, *examples: Tensor) -> float | Series: ...


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
    examples: int | None = None,
    augment: Spec | None = None,
    early_stopping: float = 0.0,
    device: str = "cpu",
) -> dict[str, float | Series]:
    """Trains a classifier by cross entropy and returns every measure, outcome and mechanism alike, by its name.

    `data` builds a Dataset, `model` a module when given a `generator`, `recipe` a Recipe. Training keeps `examples` of
    the training part, others for each seed, and all where it is left out; `augment` changes their inputs each time they
    are drawn, such as `spec(shifted, pixels=2)`. `early_stopping` is the share of them that does not train, but
    chooses among the weights on the way those that the trial ends with. A tuning trial judges on
    `held_out="validation"`. The streams of randomness are "initialisation", "order", "examples", "augmentation" and
    "held back". The watch sees every step, about 64 rows (loss, gradient_norm, lr) and the trained weights; a
    cancelling watch raises through here.

    A run that diverges goes on to its end and is measured like any other. Raises BadSetting where the data have no
    examples in `held_out`.
    """
    plan: Recipe = recipe.build()
    known, judged = _divided(data, held_out)
    if examples is not None and examples < len(known):
        _, known = split(known, examples / len(known), seeds.numpy("examples"))
    held_back: Part | None = None
    if early_stopping:
        known, held_back = split(known, early_stopping, seeds.numpy("held back"))

    def placed(part: Part) -> tuple[Tensor, Tensor]:
        return torch.tensor(part.inputs, device=device), torch.tensor(part.targets, device=device)

    of_part: dict[str, tuple[Tensor, ...]] = {"train": placed(known), "held-out": placed(judged)}
    of_part["both"] = (*of_part["train"], *of_part["held-out"])
    network: nn.Module = model.build(generator=seeds.torch("initialisation"))
    # Convolutions on small maps are a tenth faster with the channels together; other weights are not touched.
    network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def measured(when: str) -> dict[str, float | Series]:
        due = [measure for measure in (*measures, *mechanism) if measure.when == when]
        return {measure.name: measure(network, *of_part[measure.part]) for measure in due}

    found = measured("initialisation")
    step, course = plan.step(network), Course()
    plain = Batches(*of_part["train"], size=plan.batch, generator=seeds.torch("order"))
    batches = plain if augment is None else Augmented(plain, augment, generator=seeds.torch("augmentation"))
    resumable: dict[str, Stateful] = {"model": network, "step": step, "batches": batches, "course": course}
    if held_back is not None:
        stopping = resumable["stopping"] = EarlyStopping(network, *placed(held_back))
    done = restore(resumable, watch.resume())
    for record in fit(network, batches, step, total=plan.steps, done=done):
        if _due(record.step, plan.steps, ROWS):
            watch.row(step=record.step, **record.numbers())
        if _due(record.step, plan.steps, LOOKS):
            course.note(record.step, measured("on the way"))
            if held_back is not None:
                stopping.look()
        watch.step(record.step, plan.steps, partial(snapshot, resumable, record.step))
    if held_back is not None:
        stopping.restore()
    watch.weights(network.state_dict())
    return found | course.series() | measured("end")


def _due(step: int, total: int, times: int) -> bool:
    """Whether this is the first step, the last, or one of about so many between."""
    return step % max(1, total // times) == 0 or step in (1, total)


def _divided(data: Spec, held_out: Literal["test", "validation"]) -> tuple[Part, Part]:
    """The training part, and the one to judge by; raises BadSetting where that is empty."""
    parts = data.build()
    judged: Part = getattr(parts, held_out)
    if not len(judged):
        raise BadSetting(
            Text(
                en=f"{data!r} has no {held_out} examples to measure on; give it some, such as {held_out}=500",
                zh=f"{data!r} 没有可用于测量的 {held_out} 部分；请为它留一些样本，例如 {held_out}=500",
            )
        )
    return parts.train, judged
