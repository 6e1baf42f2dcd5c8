"""The common step: lower a loss by its gradient."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from zhixing.train.loop import Batch
from zhixing.train.optimisers import Optimiser
from zhixing.train.schedules import constant

Loss = Callable[[Tensor, Tensor], Tensor]
Schedule = Callable[[int, int], float]


class Minimise:
    """One update of `model` on a batch (inputs, targets): backward, clip, learning rate of this step, optimiser.

    Gradients whose norm over all parameters exceeds `clip` are scaled down to it (Pascanu, Mikolov and Bengio 2013,
    arXiv:1211.5063, Algorithm 1). Each parameter group's own learning rate is multiplied by `schedule(done, total)`.
    Reports loss, gradient_norm (before clipping) and lr (of the first group).
    """

    def __init__(
        self,
        model: nn.Module,
        optimiser: Optimiser,
        *,
        total: int,
        loss: Loss = cross_entropy,
        schedule: Schedule = constant,
        clip: float | None = None,
    ):
        self.model, self.optimiser, self.loss, self.total = model, optimiser, loss, total
        self.schedule, self.clip = schedule, clip
        self._parameters = [p for p in model.parameters() if p.requires_grad]
        self._rates = [group["lr"] for group in optimiser.param_groups]

    def __call__(self, batch: Batch, done: int) -> Mapping[str, Tensor | float]:
        inputs, targets = batch
        factor = self.schedule(done, self.total)
        for group, rate in zip(self.optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        self.optimiser.zero_grad()
        loss = self.differentiate(inputs, targets)
        norm = get_total_norm([p.grad for p in self._parameters if p.grad is not None], foreach=True)
        if self.clip is not None:
            clip_grads_with_norm_(self._parameters, self.clip, norm, foreach=True)
        self.optimiser.step()
        return {"loss": loss.detach(), "gradient_norm": norm, "lr": self._rates[0] * factor}

    def differentiate(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Adds the gradient of what is lowered to that of the parameters, and returns the loss on the batch."""
        loss = self.loss(self.model(inputs), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    def state_dict(self) -> dict[str, Any]:
        return {"optimiser": self.optimiser.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.optimiser.load_state_dict(state["optimiser"])
