"""Neural matrix factorisation: a network in place of the inner product, or beside it.

Source: He et al. 2017, Neural Collaborative Filtering, arXiv:1708.05031, Eq. 8 to 12 and Fig. 3 (NeuMF). Departs from it:
the output is an amount, not a probability, so that it has biases of users and of items (as Koren 2009 has) and no
sigmoid; the two embeddings begin small and together, without training each half alone first.
Parity: torch.nn.functional on the same weights.
Axes: b batch | f factors of the product | w width of the embeddings that the network reads
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.models.mlp import MLP

SPREAD = 0.05
"""Standard deviation of the first embeddings."""


class NeuralFactorisation(nn.Module):
    """b_user + c_item + the sum of w p q over `factors` + what an MLP of `widths` makes of both embeddings side by side.

    Input are rows of a user's number and an item's; of numbers below 0, and of those too large, nothing is added. Either
    half may be left out: `factors=0` is a network alone, `widths=()` a factorisation trained by gradient steps.
    """

    def __init__(
        self,
        *,
        users: int,
        items: int,
        factors: int = 8,
        embedding: int = 16,
        widths: Sequence[int] = (32, 16),
        dropout: float = 0.0,
        generator: Generator | None = None,
    ):
        super().__init__()
        self.factors, wide = factors, factors + (embedding if widths else 0)
        self.user, self.item = (_embedding(size, 1 + wide, generator) for size in (users, items))
        self.mix = nn.Parameter(torch.ones(factors))
        self.mean = nn.Parameter(torch.zeros(1))
        self.network = (
            MLP(features_in=2 * embedding, widths=widths, classes=1, dropout=dropout, generator=generator)
            if widths
            else None
        )

    def forward(self, x: Float[Tensor, "b 2"]) -> Float[Tensor, "b 1"]:
        user, item = (_looked_up(table, x[:, place]) for place, table in enumerate((self.user, self.item)))
        answer = self.mean + user[:, :1] + item[:, :1]
        of_product, of_network = slice(1, 1 + self.factors), slice(1 + self.factors, None)
        answer = answer + (self.mix * user[:, of_product] * item[:, of_product]).sum(dim=1, keepdim=True)
        if self.network is not None:
            answer = answer + self.network(torch.cat([user[:, of_network], item[:, of_network]], dim=1))
        return answer


def _embedding(size: int, wide: int, generator: Generator | None) -> nn.Parameter:
    """A row for each number; the first entry is a bias, and begins at nothing."""
    table = SPREAD * torch.randn(size, wide, generator=generator)
    table[:, 0] = 0.0
    return nn.Parameter(table)


def _looked_up(table: Tensor, numbers: Tensor) -> Tensor:
    """Rows (b, wide) of the table; zeros where it has no such row."""
    rows = numbers.long()
    there = (rows >= 0) & (rows < len(table))
    return nn.functional.embedding(rows * there, table) * there[:, None]
