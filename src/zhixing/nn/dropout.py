"""Dropout whose masks come from a generator of its own.

Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, JMLR 15, Section 4.
Departs from it: what is kept is scaled up in training instead of down in use, as everybody does now.
Parity: torch.nn.functional.dropout, by the share of zeros and by the mean.
"""

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.core import BadSetting, Text


class Dropout(nn.Module):
    """In training, sets each number to 0 with probability `share` and multiplies the others by 1 / (1 - share).

    torch's own draws from the global generator; this one draws from `generator`, a CPU generator whose state is saved
    and restored with the weights. Raises BadSetting for a share that is not at least 0 and below 1.
    """

    def __init__(self, share: float, *, generator: Generator | None = None):
        super().__init__()
        if not 0 <= share < 1:
            raise BadSetting(
                Text(
                    en=f"a dropout of {share}: the share of numbers set to 0 is at least 0 and below 1",
                    zh=f"随机失活比例为 {share}：置零的比例应不小于 0 且小于 1",
                )
            )
        self.share = share
        self.generator = torch.Generator() if generator is None else generator

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        if not self.training:
            return x
        kept = torch.rand(x.shape, generator=self.generator).to(x.device) >= self.share
        return x * kept / (1 - self.share)

    def get_extra_state(self) -> Tensor:
        return self.generator.get_state()

    def set_extra_state(self, state: Tensor) -> None:
        self.generator.set_state(state)
