"""A shortcut around whatever keeps its input's shape.

Source: He et al. 2016, "Identity mappings in deep residual networks", arXiv:1603.05027, Eq. 1 and 2: nothing stands
on the way around. Departs from it: nothing. Parity: the sum, written out.
"""

from jaxtyping import Float
from torch import Tensor, nn


class Shortcut(nn.Module):
    """x + branch(x); the branch keeps the shape of x."""

    def __init__(self, branch: nn.Module):
        super().__init__()
        self.branch = branch

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        y: Tensor = x + self.branch(x)
        return y
