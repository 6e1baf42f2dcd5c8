"""The networks for tables as estimators: `models.TabularNetwork`, whose members each learn by their own loss."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from zhixing.core import Spec
from zhixing.models.tabular import described
from zhixing.train.minimise import Loss
from zhixing.train.network import Network, outputs


class _Tabular(Network):
    """A network with members, each of which learns by its own loss: `models.TabularNetwork` or one like it.

    Its module takes `columns`, which are described when the rows are known, and gives (n, members, outputs). `recipe`
    leaves its steps open: every row is seen `rounds` times, in at least `least` steps and at most `most`.
    """

    def __init__(
        self,
        *,
        model: Spec,
        recipe: Spec,
        rounds: int = 40,
        least: int = 400,
        most: int = 1600,
        generator: np.random.Generator,
    ):
        super().__init__(model=model, recipe=recipe, generator=generator)
        self.rounds, self.least, self.most = rounds, least, most

    def _train(self, inputs: np.ndarray, targets: Tensor, loss: Loss, classes: int) -> None:
        steps = self.rounds * len(inputs) // self.recipe.build(steps=0).batch
        recipe = self.recipe.with_settings(steps=min(max(steps, self.least), self.most))
        sized = self.model.with_settings(columns=described(inputs), classes=classes)
        self._learn(sized, recipe, inputs, targets, loss)


class tabular_classifier(_Tabular):  # noqa: N801 - as above
    """A classifier whose probabilities are those of its members, averaged."""

    def task(self, targets: np.ndarray) -> tuple[Tensor, Loss, int]:
        known, codes = np.unique(targets, return_inverse=True)
        return torch.tensor(codes), members_cross_entropy, len(known)

    def predict_proba(self, inputs: np.ndarray, /) -> np.ndarray:
        return outputs(self.network, inputs).softmax(dim=2).mean(dim=1).numpy()


class tabular_regressor(_Tabular):  # noqa: N801 - as above
    """A regressor whose answers are those of its members, averaged; each is trained to least squares."""

    def task(self, targets: np.ndarray) -> tuple[Tensor, Loss, int]:
        return torch.tensor(targets, dtype=torch.float32), members_squares, 1

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        return outputs(self.network, inputs)[:, :, 0].mean(dim=1).numpy()


def members_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean over rows and members, of outputs (b, m, k) and classes (b,)."""
    return cross_entropy(outputs.flatten(0, 1), targets.repeat_interleave(outputs.shape[1]))


def members_squares(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error over rows and members, of outputs (b, m, 1) and amounts (b,)."""
    return mse_loss(outputs[..., 0], targets[:, None].expand(-1, outputs.shape[1]))
