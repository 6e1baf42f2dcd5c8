"""What is seen of a model on its way through training, besides what each step reports."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zhixing.core import Series


class Course:
    """Numbers noted at some steps, as series along them."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.noted: dict[str, list[float]] = {}

    def note(self, step: int, found: Mapping[str, float | Series]) -> None:
        self.steps.append(step)
        for name, value in found.items():
            assert not isinstance(value, Series), f"{name} is taken on the way, where a number is wanted"
            self.noted.setdefault(name, []).append(value)

    def series(self) -> dict[str, Series]:
        return {name: Series("step", tuple(self.steps), tuple(values)) for name, values in self.noted.items()}

    def state_dict(self) -> dict[str, Any]:
        return {"steps": self.steps, "noted": self.noted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.steps = list(state["steps"])
        self.noted = {name: list(values) for name, values in state["noted"].items()}


class EarlyStopping:
    """Of all the weights that it looked at, those that did best on examples held back from training.

    Source: Prechelt 1998, "Early stopping - but when?", Neural Networks: Tricks of the Trade. Departs from it: training
    goes on to its end and the best weights are taken afterwards, so that nobody has to choose how long to be patient.
    """

    def __init__(self, model: nn.Module, inputs: Tensor, targets: Tensor):
        self.model, self.inputs, self.targets = model, inputs, targets
        self.loss = math.inf
        self.weights: dict[str, Tensor] = {}

    @torch.no_grad()
    def look(self) -> None:
        """Judges the weights as they are by cross entropy; leaves the model in evaluation mode."""
        self.model.eval()
        loss = cross_entropy(self.model(self.inputs), self.targets).item()
        if loss < self.loss or not self.weights:
            self.loss = loss
            self.weights = {name: value.clone() for name, value in self.model.state_dict().items()}

    def restore(self) -> None:
        """Gives the model the best weights seen; leaves it alone if none were."""
        if self.weights:
            self.model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        return {"loss": self.loss, "weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.loss, self.weights = state["loss"], dict(state["weights"])
