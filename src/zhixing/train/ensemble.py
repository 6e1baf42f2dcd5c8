"""Networks that say how sure they are, alone or several together.

Source: Lakshminarayanan, Pritzel and Blundell 2017, arXiv:1612.01474, Sections 2.2 and 2.4.
Departs from it: no adversarial training, which the paper counts as optional. Parity: the loss against scipy's normal.
Axes: b batch
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from zhixing.core import Spec
from zhixing.train.batches import Batches
from zhixing.train.loop import fit
from zhixing.train.supervision import Recipe

LEAST = 1e-6
"""What is added to every variance, as in the paper, so that none is 0."""


class NetworkEnsemble:
    """`members` networks, each from its own first weights and in its own order of the same rows, for regression.

    `recipe` leaves its steps open: every network sees every row `rounds` times, 40 as in the paper.

    `model` builds a module with `features_in` and two outputs (`classes=2`): a mean, and a number whose softplus is the
    variance. The answer is the normal distribution with the mean and the variance of the mixture of all members.
    """

    def __init__(
        self, *, model: Spec, recipe: Spec, members: int = 5, rounds: int = 40, generator: np.random.Generator
    ):
        self.model, self.recipe, self.members, self.rounds = model, recipe, members, rounds
        self.generator = generator

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "NetworkEnsemble":
        """Takes rows (n, columns) and targets (n,)."""
        rows, wanted = torch.tensor(inputs, dtype=torch.float32), torch.tensor(targets, dtype=torch.float32)
        self.networks = [self._trained(rows, wanted) for _ in range(self.members)]
        return self

    @torch.no_grad()
    def predict(self, inputs: np.ndarray, /) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation (n,) of the targets of rows."""
        rows = torch.tensor(inputs, dtype=torch.float32)
        outputs = torch.stack([network.eval()(rows) for network in self.networks]).double()
        means, variances = outputs[..., 0], _variance(outputs)
        mean = means.mean(dim=0)
        variance = (variances + means**2).mean(dim=0) - mean**2
        return mean.numpy(), variance.sqrt().numpy()

    def _trained(self, rows: Tensor, targets: Tensor) -> nn.Module:
        first, order = (torch.Generator().manual_seed(int(self.generator.integers(2**63))) for _ in range(2))
        network: nn.Module = self.model.build(features_in=rows.shape[1], classes=2, generator=first)
        batch = self.recipe.build(steps=0).batch
        plan: Recipe = self.recipe.build(steps=-(-self.rounds * len(rows) // batch))
        batches = Batches(rows, targets, size=batch, generator=order)
        for _ in fit(network, batches, plan.step(network, loss=surprise), total=plan.steps):
            pass
        return network


def surprise(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean of -log of the density of targets (b,) under the normal distributions of outputs (b, 2), in nats."""
    variance = _variance(outputs)
    return 0.5 * ((2 * torch.pi * variance).log() + (targets - outputs[..., 0]) ** 2 / variance).mean()


def _variance(outputs: Tensor) -> Tensor:
    return softplus(outputs[..., 1]) + LEAST
