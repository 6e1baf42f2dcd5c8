"""Two vectors for each word, one for where it stands and one for where it stands around others.

Source: Mikolov, Sutskever, Chen, Corrado and Dean 2013, arXiv:1310.4546, Section 2.2, Eq. 4. Departs from it: the words of a
batch share those that they are told apart from, so that this is one product of matrices. Parity: a loop over the pairs.
Axes: b pairs | s shared
"""

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn

from zhixing.nn import Initialiser, table, table_normal


class SkipGram(nn.Module):
    """Says how likely words with numbers below `count` stand near each other."""

    def __init__(
        self, *, count: int, width: int = 96, init: Initialiser = table_normal, generator: Generator | None = None
    ):
        super().__init__()
        self.centres = table(count, width, init=init, generator=generator)
        self.contexts = table(count, width, init=lambda weight, _: nn.init.zeros_(weight))

    def forward(
        self, centres: Int[Tensor, " b"], contexts: Int[Tensor, " b"], others: Int[Tensor, " s"]
    ) -> tuple[Float[Tensor, " b"], Float[Tensor, "b s"]]:
        """Logits of each word with the one around it, and with each of the others."""
        there = self.centres(centres)
        return torch.linalg.vecdot(there, self.contexts(contexts)), there @ self.contexts(others).T
