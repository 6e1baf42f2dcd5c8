"""Our networks as estimators, so that they pass through the same trial as the classical families."""

import inspect
import math
from typing import Any

import numpy as np
import torch
from torch import nn

from zhixing.core import Spec
from zhixing.train.batches import Batches
from zhixing.train.loop import fit
from zhixing.train.supervision import Recipe

BATCH = 1000
"""Rows at a time when predicting: bounds the memory."""


class network_classifier:  # noqa: N801 - called as the functions that make the other families are
    """A classifier that trains the module of `model` by `recipe`; inputs are (n, ...) of any shape the module takes.

    The module is built when the data are known: with their `features_in`, `channels_in` and `classes` where it has
    such settings and `model` leaves them open. First weights and order of examples come from `generator`.
    """

    def __init__(self, *, model: Spec, recipe: Spec, generator: np.random.Generator):
        self.model, self.recipe = model, recipe
        self._initialisation, self._order = (
            torch.Generator().manual_seed(int(generator.integers(2**63))) for _ in range(2)
        )

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "network_classifier":
        rows, labels = torch.tensor(inputs, dtype=torch.float32), torch.tensor(targets)
        self.network: nn.Module = self.model.build(**self._sizes(inputs, targets), generator=self._initialisation)
        plan: Recipe = self.recipe.build()
        batches = Batches(rows, labels, size=plan.batch, generator=self._order)
        for _ in fit(self.network, batches, plan.step(self.network), total=plan.steps):
            pass
        return self

    @torch.no_grad()
    def predict_proba(self, inputs: np.ndarray, /) -> np.ndarray:
        self.network.eval()
        rows = torch.tensor(inputs, dtype=torch.float32)
        logits = torch.cat([self.network(some) for some in torch.split(rows, BATCH)])
        return logits.double().softmax(dim=1).numpy()

    def _sizes(self, inputs: np.ndarray, targets: np.ndarray) -> dict[str, Any]:
        known = {
            "features_in": math.prod(inputs.shape[1:]),
            "channels_in": inputs.shape[1],
            "classes": int(targets.max()) + 1,
        }
        open_ = inspect.signature(self.model.function).parameters.keys() - self.model.settings.keys()
        return {name: size for name, size in known.items() if name in open_}
