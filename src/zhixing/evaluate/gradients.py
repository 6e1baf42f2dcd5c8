"""How much of the gradient reaches each layer.

Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks", Fig. 6 and
7, which look at gradients layer by layer at initialisation.
Departs from it: one norm per layer, of the gradient of a batch's mean loss, rather than a histogram.
"""

from collections.abc import Sequence
from contextlib import ExitStack

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from zhixing.core import Series, Text
from zhixing.evaluate.measure import measure

EXAMPLES = 256
"""The fixed batch: the first so many training examples, which every source of data puts in a fair mixture."""


@measure(
    label=Text("gradient norm at initialisation", "初始化时的梯度范数"),
    unit=Text("nats per unit of weight", "奈特/单位权重"),
    low=0.0,
    axis=Text("layer, counted from the input", "层（从输入数起）"),
    log=True,
    part="train",
    when="initialisation",
)
def gradient_norm_by_layer(model: nn.Module, inputs: Float[Tensor, "n ..."], targets: Int[Tensor, " n"]) -> Series:
    """Euclidean norm of the gradient of cross entropy with respect to the weight of layer 1, 2, ...

    A layer is a parameter of two or more axes, in the order in which the model holds them; biases and gains are
    left out. The model runs as in training and is left unchanged, its running statistics and gradients included.
    """
    weights = [p for p in model.parameters() if p.ndim >= 2 and p.requires_grad]
    return _norms(torch.autograd.grad(_loss(model, inputs, targets), weights), "layer")


@measure(
    label=Text("gradient norm at each layer's output, at initialisation", "初始化时各层输出处的梯度范数"),
    unit=Text("nats per unit of output", "奈特/单位输出"),
    low=0.0,
    axis=Text("layer, counted from the input", "层（从输入数起）"),
    log=True,
    part="train",
    when="initialisation",
)
def output_gradient_norm_by_layer(
    model: nn.Module, inputs: Float[Tensor, "n ..."], targets: Int[Tensor, " n"]
) -> Series:
    """Euclidean norm, over all examples, of the gradient of cross entropy with respect to what layer 1, 2, ... gives
    out, before any activation: the error that backpropagation sends back to it.

    A layer is a module with a weight of two or more axes, in the order in which they are called.
    """
    outputs: list[Tensor] = []
    with ExitStack() as hooks:
        for module in model.modules():
            if getattr(module, "weight", torch.empty(0)).ndim >= 2:
                hooks.enter_context(module.register_forward_hook(lambda _, __, output: outputs.append(output)))
        loss = _loss(model, inputs, targets)
    return _norms(torch.autograd.grad(loss, outputs), "layer")


def gradient_norm_by_steps_back(states: Sequence[Float[Tensor, "b d"]], loss: Float[Tensor, ""]) -> Series:
    """Euclidean norm of the gradient of `loss` with respect to the state 0, 1, 2, ... steps before the last one."""
    return _norms(torch.autograd.grad(loss, list(reversed(states))), "steps back", first=0)


def _loss(model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
    """Cross entropy of the first examples; the model runs as in training, and its running statistics do not move."""
    was_training = model.training
    model.train()
    try:
        own_copies = {name: buffer.clone() for name, buffer in model.named_buffers()}
        logits = functional_call(model, own_copies, (inputs[:EXAMPLES],))
    finally:
        model.train(was_training)
    return cross_entropy(logits, targets[:EXAMPLES])


def _norms(gradients: Sequence[Tensor], axis: str, *, first: int = 1) -> Series:
    norms = torch.stack([torch.linalg.vector_norm(gradient) for gradient in gradients]).tolist()
    return Series(axis, tuple(float(n) for n in range(first, first + len(norms))), tuple(norms))
