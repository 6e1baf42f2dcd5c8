"""What the training of a network looked like: numbers noted on the way, and the weights at some moments.

Recorded, not retraced: a kept run says neither which candidate was chosen nor where the generator stood, so that
training again would have to try them all; and a trace is there when the data are gone. Nothing that is noted draws a random
number or changes a weight.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from zhixing.nn import weights_by_layer
from zhixing.train.loop import Record

TRACE = "trace.safetensors"
"""The file of a kept run."""
NOTES = 40
"""Notes on the way at most, besides those of the first step and the last."""
MOMENTS = 9
"""Moments of which the weights are kept, the last one included: before the first step, then ever farther apart."""
LARGEST = 64_000_000
"""Bytes that the weights of all moments take at most; of a network too large for all of them fewer are kept."""


@dataclass(frozen=True, eq=False)
class Trace:
    """The record of one training; every array has a row for each note."""

    layers: tuple[str, ...]
    steps: np.ndarray
    """Steps taken when it was noted, the last one included."""
    loss: np.ndarray
    """Mean since the note before."""
    gradient_norm: np.ndarray
    """Of the whole gradient, before it was clipped."""
    rate: np.ndarray
    gradients: np.ndarray
    """(notes, layers): norm of the gradient of a layer's weights, as the optimiser saw it."""
    updates: np.ndarray
    """(notes, layers): norm of a step's change to a layer's weights over the norm of these weights before it."""
    weights: Mapping[int, Mapping[str, np.ndarray]]
    """By steps taken: all of a network's weights and buffers. The last moment's are those of the fitted model."""

    def as_bytes(self) -> bytes:
        """The content of a file."""
        from safetensors.numpy import save

        weights = {f"{step}/{name}": value for step, moment in self.weights.items() for name, value in moment.items()}
        noted = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return save({**noted, **weights}, metadata={"layers": json.dumps(self.layers)})

    def networks(self, estimator: Any) -> Iterator[tuple[int, nn.Module]]:
        """Steps taken and the network as it then was, moment by moment, of the estimator that was fitted."""
        for step in sorted(self.weights):
            network: nn.Module = estimator.sized.build(generator=torch.Generator())
            network.load_state_dict({name: torch.from_numpy(value) for name, value in self.weights[step].items()})
            yield step, network.eval()
        yield int(self.steps[-1]), estimator.network.eval()


def read_trace(folder: Path) -> Trace | None:
    """The trace of a kept run; None where it has none, or it is damaged."""
    import safetensors

    try:
        with safetensors.safe_open(folder / TRACE, framework="np") as file:
            layers = tuple(json.loads(file.metadata()["layers"]))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
            weights: dict[int, dict[str, np.ndarray]] = {}
            for name in [name for name in arrays if "/" in name]:
                step, _, address = name.partition("/")
                weights.setdefault(int(step), {})[address] = arrays.pop(name)
            return Trace(layers=layers, weights=weights, **arrays)
    except (OSError, safetensors.SafetensorError, KeyError, TypeError, ValueError):
        return None


class Tracing:
    """Watches a network that is to be trained in `total` steps; made before the first, told after each."""

    def __init__(self, network: nn.Module, total: int):
        self._network, self._layers = network, weights_by_layer(network)
        self._noted = {step for step in range(1, total + 1) if step % -(-total // NOTES) == 0 or step in (1, total)}
        self._moments = moments(total, sum(value.nbytes for value in network.state_dict().values()))
        self._weights: dict[int, dict[str, np.ndarray]] = {}
        self._notes: list[dict[str, Any]] = []
        self._losses: list[Tensor | float] = []
        self._look(0)

    def note(self, record: Record) -> None:
        """Sees what a step did."""
        self._losses.append(record.seen["loss"])
        if record.step in self._noted:
            losses = torch.stack([torch.as_tensor(loss) for loss in self._losses])
            self._losses = []
            norms = {"gradients": self._norms(self._gradients()), "updates": self._updates()}
            numbers = {"loss": losses.mean(), "gradient_norm": record.seen["gradient_norm"], "rate": record.seen["lr"]}
            self._notes.append({"steps": record.step, **{name: float(each) for name, each in numbers.items()}, **norms})
        self._look(record.step)

    def trace(self) -> Trace:
        """What was seen."""
        columns = {name: np.array([note[name] for note in self._notes]) for name in self._notes[0]}
        return Trace(layers=tuple(self._layers), weights=self._weights, **columns)

    def _look(self, step: int) -> None:
        """Keeps the weights where this is a moment, and for the next step's change where that is noted."""
        if step in self._moments:
            state = self._network.state_dict().items()
            self._weights[step] = {name: value.detach().cpu().numpy().copy() for name, value in state}
        if step + 1 in self._noted:
            self._before = [[weight.detach().clone() for weight in layer] for layer in self._layers.values()]

    def _gradients(self) -> list[list[Tensor]]:
        return [
            [torch.zeros(()) if weight.grad is None else weight.grad for weight in layer]
            for layer in self._layers.values()
        ]

    def _updates(self) -> np.ndarray:
        changes = [
            [weight.detach() - before for weight, before in zip(layer, own, strict=True)]
            for layer, own in zip(self._layers.values(), self._before, strict=True)
        ]
        ratios: np.ndarray = self._norms(changes) / np.maximum(self._norms(self._before), np.finfo(np.float32).tiny)
        return ratios

    def _norms(self, layers: list[list[Tensor]]) -> np.ndarray:
        return np.array([torch.nn.utils.get_total_norm(layer).item() for layer in layers])


def moments(total: int, size: int) -> tuple[int, ...]:
    """Steps taken at the moments before the last: 0, 1 and on by equal factors, as many as `LARGEST` has room for.

    `size` is that of one network, in bytes.
    """
    even = [round(total ** (place / (MOMENTS - 2))) for place in range(MOMENTS - 2)]
    steps = sorted({0, *(step for step in even if step < total)})
    room = min(len(steps), LARGEST // max(1, size))
    chosen = np.linspace(0, len(steps) - 1, room).round().astype(int)
    return tuple(steps[place] for place in chosen)
