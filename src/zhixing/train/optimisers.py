"""Optimisers of a whole model, each of them its update rule, as functions whose settings a spec can name.

They call the fused kernels of torch.optim, one call for all weights, and leave out its classes, which load two
seconds of compiler before the first step. Parity: the formulae, and torch.optim.SGD, AdamW and Muon on equal gradients.
Symbols: w weight | g gradient | lr learning rate | t steps taken, the present one included
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from zhixing.core import Text, UnknownName

Weights = list[Tensor]
Memory = Mapping[str, list[Tensor]]
"""What a rule remembers of each weight, by name: a velocity, a mean of squares."""
Rule = Callable[[Weights, list[Tensor], Memory, float, int], None]
"""Changes w in place, given g, memory, lr and t."""

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of Jordan 2024: they bring singular values near 1 in five steps, and never exactly to 1."""


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
) -> Optimiser:
    """Gradient descent with momentum: v <- momentum v + g, w <- w - lr v (Sutskever et al. 2013, ICML, Eq. 1 and 2,
    with v counted in gradients rather than steps). `weight_decay` w is added to the gradient g."""
    rule = partial(_descend, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay)
    return ByRule(model.parameters(), rule, lr=lr, remembers=("velocity",) if momentum else ())


def adamw(
    model: nn.Module,
    *,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> Optimiser:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101, Algorithm 2)."""
    return _adamw(model.parameters(), lr, betas=betas, eps=eps, weight_decay=weight_decay)


def muon(
    model: nn.Module,
    *,
    lr: float = 1e-3,
    momentum: float = 0.95,
    weight_decay: float = 0.01,
    adamw_for: Sequence[str] = (),
) -> Optimiser:
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
    matrices = [p for p in model.parameters() if p.ndim >= 2 and id(p) not in left]
    taken = {id(p) for p in matrices}
    rule = partial(_orthogonal, momentum=momentum, weight_decay=weight_decay)
    rest = [p for p in model.parameters() if id(p) not in taken]
    return Together(ByRule(matrices, rule, lr=lr, remembers=("velocity",)), _adamw(rest, lr, weight_decay=weight_decay))


def _adamw(
    weights: Iterable[nn.Parameter],
    lr: float,
    *,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float,
) -> "ByRule":
    rule = partial(_adapt, betas=betas, eps=eps, weight_decay=weight_decay)
    return ByRule(weights, rule, lr=lr, remembers=("mean", "square"))


class ByRule:
    """An optimiser made of a rule; weights that have no gradient at a step are left as they are."""

    def __init__(self, weights: Iterable[nn.Parameter], rule: Rule, *, lr: float, remembers: Sequence[str]):
        self._weights = [weight for weight in weights if weight.requires_grad]
        self._rule = rule
        self._memory = {name: [torch.zeros_like(weight) for weight in self._weights] for name in remembers}
        self._taken = 0
        self.param_groups: list[dict[str, Any]] = [{"params": self._weights, "lr": lr}]

    def zero_grad(self) -> None:
        for weight in self._weights:
            weight.grad = None

    @torch.no_grad()
    def step(self) -> None:
        self._taken += 1
        live = [(place, weight) for place, weight in enumerate(self._weights) if weight.grad is not None]
        if not live:
            return
        weights: Weights = [weight for _, weight in live]
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        memory = {name: [kept[place] for place, _ in live] for name, kept in self._memory.items()}
        self._rule(weights, gradients, memory, self.param_groups[0]["lr"], self._taken)

    def state_dict(self) -> dict[str, Any]:
        return {"taken": self._taken, "memory": self._memory}

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        self._taken = state_dict["taken"]
        for name, kept in self._memory.items():
            for tensor, saved in zip(kept, state_dict["memory"][name], strict=True):
                tensor.copy_(saved)


class Together:
    """Several optimisers, each of its own weights, behind the face of one."""

    def __init__(self, *optimisers: ByRule):
        self._optimisers = optimisers

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        return [group for optimiser in self._optimisers for group in optimiser.param_groups]

    def zero_grad(self) -> None:
        for optimiser in self._optimisers:
            optimiser.zero_grad()

    def step(self) -> None:
        for optimiser in self._optimisers:
            optimiser.step()

    def state_dict(self) -> dict[str, Any]:
        return {str(place): optimiser.state_dict() for place, optimiser in enumerate(self._optimisers)}

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        for place, optimiser in enumerate(self._optimisers):
            optimiser.load_state_dict(state_dict[str(place)])


# The rules ----------------------------------------------------------------------------------------------------


def _descend(
    w: Weights, g: list[Tensor], memory: Memory, lr: float, t: int,
    *, momentum: float, nesterov: bool, weight_decay: float,
) -> None:  # fmt: skip
    """v <- momentum v + g, w <- w - lr v; Nesterov's looks one step ahead, w <- w - lr (g + momentum v)."""
    torch._fused_sgd_(
        w, g, memory.get("velocity", []),
        lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay,
        dampening=0.0, maximize=False, is_first_step=t == 1,
    )  # fmt: skip


def _adapt(
    w: Weights, g: list[Tensor], memory: Memory, lr: float, t: int,
    *, betas: tuple[float, float], eps: float, weight_decay: float,
) -> None:  # fmt: skip
    """m <- b1 m + (1 - b1) g, s <- b2 s + (1 - b2) g², w <- w - lr (m' / (sqrt(s') + eps) + decay w), where m' and s'
    are divided by 1 - b1^t and 1 - b2^t."""
    torch._fused_adamw_(
        w, g, memory["mean"], memory["square"], [], [torch.tensor(float(t))] * len(w),
        lr=lr, beta1=betas[0], beta2=betas[1], eps=eps, weight_decay=weight_decay, amsgrad=False, maximize=False,
    )  # fmt: skip


def _orthogonal(
    w: Weights, g: list[Tensor], memory: Memory, lr: float, t: int, *, momentum: float, weight_decay: float
) -> None:
    """v <- momentum v + (1 - momentum) g; w moves against the orthogonal matrix nearest to Nesterov's look ahead.

    Its length is 0.2 sqrt(max(rows, columns)), about that of a step of AdamW.
    """
    velocity = memory["velocity"]
    torch._foreach_lerp_(velocity, g, 1 - momentum)
    torch._foreach_mul_(w, 1 - lr * weight_decay)
    for weight, ahead in zip(w, torch._foreach_lerp(g, velocity, momentum), strict=True):
        matrix = ahead.flatten(1)
        length = 0.2 * math.sqrt(max(matrix.shape))
        weight.add_(orthogonalised(matrix).view(ahead.shape), alpha=-lr * length)


def orthogonalised(matrix: Tensor, steps: int = 5) -> Tensor:
    """A matrix (m, n) with singular values between about 0.7 and 1.2 in the place of its own, by Newton-Schulz steps.

    Computed in bfloat16, as the source does: the steps need no more.
    """
    a, b, c = NEWTON_SCHULZ
    x = matrix.bfloat16()
    x = x.T if len(matrix) > matrix.shape[1] else x
    x = x / x.norm().clamp(min=1e-7)  # no singular value is above 1 now
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    upright: Tensor = x.T if len(matrix) > matrix.shape[1] else x
    return upright.to(matrix.dtype)
