"""A classifier of text that learns a vector for each word or character, pair and triple.

Source: Joulin et al. 2017, arXiv:1607.01759, for mean vectors of n-grams and a linear layer; Srivastava et al. 2014, JMLR 15, for
dropout. Departs from them: the vectors of a place are summed and bent by tanh before the mean is taken, and the largest of
every number is kept beside it; whole names are dropped. Parity: a loop over the places of each text.
Axes: b batch | f features | o orders | p places that are there | d width | k classes
"""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.models.grams import NAMES, ORDERS, PLACES
from zhixing.nn import Dropout, Initialiser, glorot_uniform, linear, table, table_normal


class GramVectors(nn.Module):
    """Reads rows as `models.Grams` gives them: numbers of names, then the other columns, which go to the last layer.

    There are vectors for numbers of names below `names`. In training the share `lost` of the names is not seen, and the
    share `dropout` of the numbers that describe a text.
    """

    def __init__(
        self,
        *,
        features_in: int = ORDERS * PLACES,
        names: int = NAMES,
        width: int = 48,
        classes: int = 2,
        lost: float = 0.2,
        dropout: float = 0.5,
        init: Initialiser = table_normal,
        generator: Generator | None = None,
    ):
        super().__init__()
        self.table = table(names, width, init=init, generator=generator)
        self.bias = nn.Parameter(torch.zeros(width))
        self.losing = Dropout(lost, generator=generator)
        self.dropout = Dropout(dropout, generator=generator)
        self.head = linear(2 * width + features_in - ORDERS * PLACES, classes, init=glorot_uniform, generator=generator)

    @staticmethod
    def sizes(inputs: np.ndarray) -> Mapping[str, int]:
        """The settings that training rows (n, features_in) decide: most texts hold far fewer than `NAMES` names."""
        return {"names": int(inputs[:, : ORDERS * PLACES].max()) + 1}

    def forward(self, x: Float[Tensor, "b f"]) -> Float[Tensor, "b k"]:
        names = x[:, : ORDERS * PLACES].long().reshape(len(x), ORDERS, PLACES).transpose(1, 2)
        text, place = (names > 0).any(dim=2).nonzero(as_tuple=True)  # padding is left out instead of computed
        seen = names[text, place]
        kept = self.losing((seen > 0).to(x.dtype))
        bent = torch.tanh(self.bias + (self.table(seen) * kept[:, :, None]).sum(dim=1))
        empty = bent.new_zeros(len(x), bent.shape[1])
        count = bent.new_zeros(len(x)).index_add(0, text, bent.new_ones(len(text)))
        mean = (
            empty.index_add(0, text, bent) / count.clamp(min=1).sqrt()[:, None]
        )  # longer texts say more, but not as much
        largest = empty.scatter_reduce(0, text[:, None].expand_as(bent), bent, "amax", include_self=False)
        described = torch.cat([mean, largest, x[:, ORDERS * PLACES :]], dim=1)
        logits: Tensor = self.head(self.dropout(described))
        return logits
