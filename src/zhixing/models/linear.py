"""Softmax regression: the linear classifier.

Source: Bishop 2006, Pattern Recognition and Machine Learning, Eq. 4.104 and 4.105.
Departs from it: returns the logits a_k; the loss takes the softmax. Parity: torch.nn.functional.linear.
Axes: b batch | k classes
"""

from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.nn import glorot_uniform, linear


class SoftmaxRegression(nn.Module):
    """Logits of each class, linear in the features; pictures are flattened first."""

    def __init__(self, *, features_in: int = 784, classes: int = 10, generator: Generator | None = None):
        super().__init__()
        self.linear = linear(features_in, classes, init=glorot_uniform, generator=generator)

    def forward(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b k"]:
        logits: Tensor = self.linear(x.flatten(1))
        return logits
