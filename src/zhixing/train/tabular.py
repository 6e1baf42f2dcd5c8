"""The network for tables as an estimator: its columns are described when the rows are known, each member has its own loss.

Source: Gorishniy, Kotelnikov and Babenko 2024, arXiv:2410.24210, Section 3 (losses and answers of the members).
Departs from it: a fixed number of steps that end at a rate of 0, instead of patience on a part held back.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from zhixing.core import Spec
from zhixing.models.tabular import TabularNetwork, described
from zhixing.train.batches import Batches
from zhixing.train.loop import fit
from zhixing.train.minimise import Loss
from zhixing.train.supervision import Recipe

BATCH = 1000
"""Rows at a time when predicting: bounds the memory."""


class _Tabular:
    """What classes and amounts share: `recipe` leaves its steps open, every row is seen `rounds` times within `steps`."""

    def __init__(
        self,
        *,
        model: Spec,
        recipe: Spec,
        rounds: int = 40,
        steps: tuple[int, int] = (400, 1600),
        generator: np.random.Generator,
    ):
        self.model, self.recipe, self.rounds, self.steps, self.generator = model, recipe, rounds, steps, generator

    def _train(self, inputs: np.ndarray, targets: Tensor, outputs: int, loss: Loss) -> None:
        first, order = (torch.Generator().manual_seed(int(self.generator.integers(2**63))) for _ in range(2))
        self.network: TabularNetwork = self.model.build(columns=described(inputs), classes=outputs, generator=first)
        batch = self.recipe.build(steps=0).batch
        total = int(np.clip(self.rounds * len(inputs) / batch, *self.steps))
        plan: Recipe = self.recipe.build(steps=total)
        batches = Batches(torch.tensor(inputs, dtype=torch.float32), targets, size=batch, generator=order)
        for _ in fit(self.network, batches, plan.step(self.network, loss=loss), total=total):
            pass

    @torch.no_grad()
    def _outputs(self, inputs: np.ndarray) -> Tensor:
        """Of every member: (n, members, outputs)."""
        self.network.eval()
        rows = torch.tensor(inputs, dtype=torch.float32)
        return torch.cat([self.network(some) for some in torch.split(rows, BATCH)]).double()


class tabular_classifier(_Tabular):  # noqa: N801 - called as the functions that make the other families are
    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "tabular_classifier":
        self._train(inputs, torch.tensor(targets), int(targets.max()) + 1, member_cross_entropy)
        return self

    def predict_proba(self, inputs: np.ndarray, /) -> np.ndarray:
        return self._outputs(inputs).softmax(dim=2).mean(dim=1).numpy()


class tabular_regressor(_Tabular):  # noqa: N801 - as above
    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "tabular_regressor":
        self._train(inputs, torch.tensor(targets, dtype=torch.float32), 1, member_squares)
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        return self._outputs(inputs)[:, :, 0].mean(dim=1).numpy()


def member_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean over members and rows, of outputs (b, m, k) and classes (b,)."""
    return cross_entropy(outputs.flatten(0, 1), targets.repeat_interleave(outputs.shape[1]))


def member_squares(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error over members and rows, of outputs (b, m, 1) and amounts (b,)."""
    return mse_loss(outputs[..., 0], targets[:, None].expand(-1, outputs.shape[1]))
