"""Our networks as estimators, so that they pass through the same trials as the classical families."""

import inspect
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from zhixing.core import Spec, parsed
from zhixing.models.tabular import described
from zhixing.train.batches import Batches
from zhixing.train.loop import fit
from zhixing.train.minimise import Loss
from zhixing.train.supervision import Recipe

BATCH = 1000
"""Rows at a time when predicting: bounds the memory."""


class _Network:
    """What both kinds share; kept as arrays and the printed model, never as code."""

    def __init__(self, *, model: Spec, recipe: Spec, generator: np.random.Generator):
        self.model, self.recipe, self.generator = model, recipe, generator

    def __getstate__(self) -> dict[str, Any]:
        weights = {name: tensor.detach().cpu().numpy() for name, tensor in self.network.state_dict().items()}
        return {"model": repr(self.sized), "weights": weights}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.sized = parsed(state["model"])
        self.network: nn.Module = self.sized.build(generator=torch.Generator())
        self.network.load_state_dict({name: torch.from_numpy(array) for name, array in state["weights"].items()})

    def _train(self, inputs: np.ndarray, targets: Tensor, loss: Loss, classes: int) -> None:
        self.sized = _sized(self.model, inputs, classes=classes)
        self.network = _trained(self.sized, self.recipe, self.generator, inputs, targets, loss)


class network_classifier(_Network):  # noqa: N801 - called as the functions that make the other families are
    """A classifier that trains the module of `model` by `recipe`; inputs are (n, ...) of any shape the module takes.

    The module is built when the data are known: with their `features_in`, `channels_in` and `classes` where it has
    such settings and `model` leaves them open. First weights and order of examples come from `generator`. There is a
    probability for each class that is among the targets, in their order, as with scikit-learn.
    """

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "network_classifier":
        known, codes = np.unique(targets, return_inverse=True)
        self._train(inputs, torch.tensor(codes), cross_entropy, len(known))
        return self

    def predict_proba(self, inputs: np.ndarray, /) -> np.ndarray:
        return _outputs(self.network, inputs).softmax(dim=1).numpy()


class network_regressor(_Network):  # noqa: N801 - as above
    """As `network_classifier`, with one output, trained to least squares."""

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "network_regressor":
        self._train(inputs, torch.tensor(targets, dtype=torch.float32)[:, None], mse_loss, 1)
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        return _outputs(self.network, inputs)[:, 0].numpy()


class _Tabular(_Network):
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
        self.sized = self.model.with_settings(columns=described(inputs), classes=classes)
        steps = self.rounds * len(inputs) // self.recipe.build(steps=0).batch
        recipe = self.recipe.with_settings(steps=min(max(steps, self.least), self.most))
        self.network = _trained(self.sized, recipe, self.generator, inputs, targets, loss)


class tabular_classifier(_Tabular):  # noqa: N801 - as above
    """A classifier whose probabilities are those of its members, averaged."""

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "tabular_classifier":
        known, codes = np.unique(targets, return_inverse=True)
        self._train(inputs, torch.tensor(codes), members_cross_entropy, len(known))
        return self

    def predict_proba(self, inputs: np.ndarray, /) -> np.ndarray:
        return _outputs(self.network, inputs).softmax(dim=2).mean(dim=1).numpy()


class tabular_regressor(_Tabular):  # noqa: N801 - as above
    """A regressor whose answers are those of its members, averaged; each is trained to least squares."""

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "tabular_regressor":
        self._train(inputs, torch.tensor(targets, dtype=torch.float32), members_squares, 1)
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        return _outputs(self.network, inputs)[:, :, 0].mean(dim=1).numpy()


def members_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean over rows and members, of outputs (b, m, k) and classes (b,)."""
    return cross_entropy(outputs.flatten(0, 1), targets.repeat_interleave(outputs.shape[1]))


def members_squares(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error over rows and members, of outputs (b, m, 1) and amounts (b,)."""
    return mse_loss(outputs[..., 0], targets[:, None].expand(-1, outputs.shape[1]))


def _sized(model: Spec, inputs: np.ndarray, classes: int) -> Spec:
    """The model with the sizes of the data where it has such settings and leaves them open."""
    known = {"features_in": math.prod(inputs.shape[1:]), "channels_in": inputs.shape[1], "classes": classes}
    open_ = inspect.signature(model.function).parameters.keys() - model.settings.keys()
    return model.with_settings(**{name: size for name, size in known.items() if name in open_})


def _trained(
    model: Spec, recipe: Spec, generator: np.random.Generator, inputs: np.ndarray, targets: Tensor, loss: Loss
) -> nn.Module:
    initialisation, order = (torch.Generator().manual_seed(int(generator.integers(2**63))) for _ in range(2))
    network: nn.Module = model.build(generator=initialisation)
    plan: Recipe = recipe.build()
    rows = torch.tensor(inputs, dtype=torch.float32)
    batches = Batches(rows, targets, size=plan.batch, generator=order)
    for _ in fit(network, batches, plan.step(network, loss=loss), total=plan.steps):
        pass
    return network


@torch.no_grad()
def _outputs(network: nn.Module, inputs: np.ndarray) -> Tensor:
    network.eval()
    rows = torch.tensor(inputs, dtype=torch.float32)
    return torch.cat([network(some) for some in torch.split(rows, BATCH)]).double()
