"""Optimisers of a whole model, as functions whose settings a spec can name.

They run fused, one call for all parameters: on networks of many small layers that is several times as fast as
torch's default on a CPU.
"""

from collections.abc import Collection, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Muon, Optimizer

from zhixing.core import Text, UnknownName


class Optimiser(Protocol):
    """What a training step asks of an optimiser; every torch.optim.Optimizer is one."""

    @property
    def param_groups(self) -> list[dict[str, Any]]: ...

    def zero_grad(self) -> None: ...

    def step(self) -> Any: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None: ...


def sgd(
    model: nn.Module, *, lr: float, momentum: float = 0.0, nesterov: bool = False, weight_decay: float = 0.0
) -> SGD:
    """Gradient descent with momentum: v <- momentum v + g, w <- w - lr v (Sutskever et al. 2013, ICML, Eq. 1 and 2,
    with v counted in gradients rather than steps). `weight_decay` w is added to the gradient g."""
    parameters = model.parameters()
    optimiser = SGD(parameters, lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay, fused=True)
    optimiser.register_load_state_dict_post_hook(_align)
    return optimiser


def adamw(
    model: nn.Module,
    *,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101, Algorithm 2)."""
    optimiser = AdamW(model.parameters(), lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, fused=True)
    optimiser.register_load_state_dict_post_hook(_align)
    return optimiser


def muon(
    model: nn.Module,
    *,
    lr: float = 1e-3,
    momentum: float = 0.95,
    weight_decay: float = 0.01,
    adamw_for: Sequence[str] = (),
) -> "MuonAndAdamW":
    """Momentum whose matrix is orthogonalised before it is applied; biases, gains and other vectors go to AdamW.

    Sources: Jordan 2024, kellerjordan.github.io/posts/muon; Liu et al. 2025, arXiv:2502.16982, Eq. 4, whose
    scaling lets both optimisers share `lr` and `weight_decay`. A convolution counts as the matrix (out, in * h * w).
    `adamw_for` names the modules whose matrices AdamW takes too: the sources advise it for embeddings and the output.

    Raises UnknownName for a module that the model does not have.
    """
    modules = dict(model.named_modules())
    for name in adamw_for:
        if name not in modules:
            raise UnknownName(Text(en="the model's part", zh="模型部件"), name, [n for n in modules if n])
    left = {id(p) for name in adamw_for for p in modules[name].parameters()}
    parameters = [p for p in model.parameters() if p.requires_grad]
    matrices = [p for p in parameters if p.ndim >= 2 and id(p) not in left]
    taken = {id(p) for p in matrices}
    rest = [p for p in parameters if id(p) not in taken]
    return MuonAndAdamW(matrices, rest, lr=lr, momentum=momentum, weight_decay=weight_decay)


class MuonAndAdamW:
    """Muon on weights of two or more axes, AdamW on the rest, behind the face of one optimiser."""

    def __init__(
        self,
        matrices: Collection[nn.Parameter],
        rest: Collection[nn.Parameter],
        *,
        lr: float,
        momentum: float,
        weight_decay: float,
    ):
        # torch's Muon takes parameters of two axes only; a convolution is worked on as a flattened copy.
        self._folded = [
            (weight, nn.Parameter(weight.detach().flatten(1).clone())) for weight in matrices if weight.ndim > 2
        ]
        two_axes = [weight for weight in matrices if weight.ndim == 2] + [matrix for _, matrix in self._folded]
        self._optimisers: dict[str, Optimizer] = {}
        if two_axes:
            self._optimisers["muon"] = Muon(
                two_axes, lr=lr, momentum=momentum, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"
            )
        if rest:
            self._optimisers["adamw"] = AdamW(rest, lr=lr, weight_decay=weight_decay)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        return [group for optimiser in self._optimisers.values() for group in optimiser.param_groups]

    def zero_grad(self) -> None:
        for optimiser in self._optimisers.values():
            optimiser.zero_grad()
        for weight, _ in self._folded:
            weight.grad = None

    @torch.no_grad()
    def step(self) -> None:
        for weight, matrix in self._folded:
            # The weight leads: it may have been restored or loaded since the last step.
            matrix.copy_(weight.flatten(1))
            matrix.grad = None if weight.grad is None else weight.grad.flatten(1)
        for optimiser in self._optimisers.values():
            optimiser.step()
        for weight, matrix in self._folded:
            weight.copy_(matrix.view_as(weight))

    def state_dict(self) -> dict[str, Any]:
        return {name: optimiser.state_dict() for name, optimiser in self._optimisers.items()}

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        for name, optimiser in self._optimisers.items():
            optimiser.load_state_dict(state_dict[name])


def _align(optimiser: Optimizer) -> None:
    """Copies restored state into the memory layout of its parameter.

    A checkpoint holds contiguous tensors, and a fused kernel pairs state with weights by position in memory: beside a
    channels-last weight it would silently take the momentum of another element.
    """
    for parameter, held in optimiser.state.items():
        for name, value in held.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                held[name] = torch.empty_like(parameter).copy_(value)
