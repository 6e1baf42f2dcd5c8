"""Our networks as estimators, so that they pass through the same trials as the classical families."""

import inspect
import math
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from zhixing.core import Spec, parsed
from zhixing.models import Reduction
from zhixing.train.augmentation import Augmented
from zhixing.train.batches import Batches
from zhixing.train.loop import Batch, fit
from zhixing.train.minimise import Loss, Minimise
from zhixing.train.supervision import Recipe
from zhixing.train.trace import Trace, Tracing

BATCH = 1024
"""Rows at a time when predicting: bounds the memory."""


class Network:
    """What all kinds share; kept as arrays and the printed model, never as code."""

    trace: Trace
    """What its training looked like, of one that was fitted here."""
    step: type[Minimise] = Minimise
    """What happens to each batch."""

    def __init__(self, *, model: Spec, recipe: Spec, augment: Spec | None = None, generator: np.random.Generator):
        self.model, self.recipe, self.augment, self.generator = model, recipe, augment, generator

    def __getstate__(self) -> dict[str, Any]:
        weights = {name: tensor.detach().cpu().numpy() for name, tensor in self.network.state_dict().items()}
        return {"model": repr(self.sized), "weights": weights}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.sized = parsed(state["model"])
        self.network: nn.Module = self.sized.build(generator=torch.Generator())
        self.network.load_state_dict({name: torch.from_numpy(array) for name, array in state["weights"].items()})

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> Self:
        """Trains the network; then `trace` says how that went."""
        self._train(inputs, *self.task(targets))
        return self

    def task(self, targets: np.ndarray) -> tuple[Tensor, Loss, int]:
        """The targets as the loss takes them, the loss, and how many outputs it asks for."""
        raise NotImplementedError

    def _train(self, inputs: np.ndarray, targets: Tensor, loss: Loss, classes: int) -> None:
        self._learn(_sized(self.model, inputs, classes=classes), self.recipe, inputs, targets, loss)

    def _learn(self, sized: Spec, recipe: Spec, inputs: np.ndarray, targets: Tensor, loss: Loss) -> None:
        self.sized = sized
        initialisation, order = (torch.Generator().manual_seed(int(self.generator.integers(2**63))) for _ in range(2))
        self.network = sized.build(generator=initialisation)
        plan: Recipe = recipe.build()
        plain = Batches(torch.tensor(inputs, dtype=torch.float32), targets, size=plan.batch, generator=order)
        batches = plain if self.augment is None else Augmented(plain, self.augment, generator=order)
        self._fit(batches, plan, loss)

    def _fit(self, batches: Iterator[Batch], plan: Recipe, loss: Loss) -> None:
        tracing = Tracing(self.network, plan.steps)
        for record in fit(self.network, batches, plan.step(self.network, loss=loss, kind=self.step), total=plan.steps):
            tracing.note(record)
        self.trace = tracing.trace()


class network_classifier(Network):  # noqa: N801 - called as the functions that make the other families are
    """A classifier that trains the module of `model` by `recipe`; inputs are (n, ...) of any shape the module takes.

    The module is built when the data are known: with their `features_in`, `channels_in` and `classes`, and what its own
    `sizes(inputs)` says, where it has such settings and `model` leaves them open. First weights, order of examples and
    whatever `augment`, such as `spec(warped)`, draws for them come from `generator`. There is a probability for each
    class that is among the targets, in their order, as with scikit-learn.
    """

    def task(self, targets: np.ndarray) -> tuple[Tensor, Loss, int]:
        known, codes = np.unique(targets, return_inverse=True)
        return torch.tensor(codes), cross_entropy, len(known)

    def predict_proba(self, inputs: np.ndarray, /) -> np.ndarray:
        return outputs(self.network, inputs).softmax(dim=1).numpy()


class network_regressor(Network):  # noqa: N801 - as above
    """As `network_classifier`, with one output, trained to least squares."""

    def task(self, targets: np.ndarray) -> tuple[Tensor, Loss, int]:
        return torch.tensor(targets, dtype=torch.float32)[:, None], mse_loss, 1

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        return outputs(self.network, inputs)[:, 0].numpy()


class network_labels(Network):  # noqa: N801 - as above
    """As `network_classifier`, for targets (n, labels) of 0 and 1: an output for each label, squashed on its own."""

    def task(self, targets: np.ndarray) -> tuple[Tensor, Loss, int]:
        return torch.tensor(targets, dtype=torch.float32), binary_cross_entropy_with_logits, targets.shape[1]

    def predict_proba(self, inputs: np.ndarray, /) -> np.ndarray:
        return outputs(self.network, inputs).sigmoid().numpy()


class network_reduction(Reduction):  # noqa: N801 - as above
    """Autoencoders of `model`, one for each number of dimensions, as a reduction."""

    def __init__(self, *, model: Spec, recipe: Spec, generator: np.random.Generator):
        super().__init__(_Autoencoding(model, recipe, generator))


class _Autoencoding:
    def __init__(self, model: Spec, recipe: Spec, generator: np.random.Generator):
        self.model, self.recipe, self.generator = model, recipe, generator

    def fitted(self, inputs: np.ndarray, dimensions: int) -> "_Autoencoded":
        coder = _Autoencoded(
            model=self.model.with_settings(dimensions=dimensions), recipe=self.recipe, generator=self.generator
        )
        return coder.fit(inputs, inputs)


class _Autoencoded(Network):
    def task(self, targets: np.ndarray) -> tuple[Tensor, Loss, int]:
        return torch.tensor(targets, dtype=torch.float32), mse_loss, targets.shape[1]

    def codes(self, rows: np.ndarray) -> np.ndarray:
        return outputs(self.network.encoder, rows).numpy()  # type: ignore[arg-type]

    def rows(self, codes: np.ndarray) -> np.ndarray:
        return outputs(self.network.decoder, codes).numpy()  # type: ignore[arg-type]


def _sized(model: Spec, inputs: np.ndarray, classes: int) -> Spec:
    """The model with the sizes of the data where it has such settings and leaves them open."""
    known = {"features_in": math.prod(inputs.shape[1:]), "channels_in": inputs.shape[1], "classes": classes}
    known |= getattr(model.function, "sizes", lambda _: {})(inputs)
    open_ = inspect.signature(model.function).parameters.keys() - model.settings.keys()
    return model.with_settings(**{name: size for name, size in known.items() if name in open_})


@torch.no_grad()
def outputs(network: nn.Module, inputs: np.ndarray) -> Tensor:
    network.eval()
    rows = torch.tensor(inputs, dtype=torch.float32)
    return torch.cat([network(some) for some in torch.split(rows, BATCH)]).double()
