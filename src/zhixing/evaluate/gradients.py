"""How much of the gradient reaches each layer.

Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks", Fig. 6 and
7, which look at gradients layer by layer at initialisation.
Departs from it: one norm per layer, of the gradient of a batch's mean loss, rather than a histogram.
"""

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
    was_training = model.training
    model.train()
    try:
        own_copies = {name: buffer.clone() for name, buffer in model.named_buffers()}
        logits = functional_call(model, own_copies, (inputs[:EXAMPLES],))
    finally:
        model.train(was_training)
    gradients = torch.autograd.grad(cross_entropy(logits, targets[:EXAMPLES]), weights)
    norms = torch.stack([torch.linalg.vector_norm(gradient) for gradient in gradients]).tolist()
    return Series("layer", tuple(float(n) for n in range(1, len(norms) + 1)), tuple(norms))
