"""Networks that rate, as estimators, so that they pass through the same trials as other models of ratings."""

from typing import Any

import numpy as np

from zhixing.core import Spec
from zhixing.train.network import network_regressor
from zhixing.train.trace import Trace


class rating_network:  # noqa: N801 - called as the functions that make the other families are
    """Trains the module of `model` by `recipe` to least squares, on rows (n, 2) of a user's number and an item's.

    The module is built when the data are known, with their `users` and `items`. First weights and order of examples
    come from `generator`.
    """

    def __init__(self, *, model: Spec, recipe: Spec, generator: np.random.Generator):
        self.model, self.recipe, self.generator = model, recipe, generator

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "rating_network":
        users, items = (int(each) + 1 for each in inputs.max(axis=0))
        sized = self.model.with_settings(users=users, items=items)
        self.mean, self.scale = float(targets.mean()), float(targets.std()) or 1.0
        self.regressor = network_regressor(model=sized, recipe=self.recipe, generator=self.generator)
        self.regressor.fit(inputs, (targets - self.mean) / self.scale)
        return self

    @property
    def trace(self) -> Trace:
        """What its training looked like, where it was fitted here."""
        return self.regressor.trace

    def __getstate__(self) -> dict[str, Any]:
        return {"mean": self.mean, "scale": self.scale, "regressor": self.regressor}

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        return self.mean + self.scale * self.regressor.predict(inputs)
