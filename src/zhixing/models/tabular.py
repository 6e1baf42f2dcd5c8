"""A network for tables: every column has an embedding, and several members share the weights of one network.

Sources: Gorishniy, Rubachev and Babenko 2022, arXiv:2203.05556, Eq. 1 (piecewise linear encoding, edges at quantiles);
Guo and Berkhahn 2016, arXiv:1604.06737 (embeddings of categories); Wen, Tran and Ba 2020, arXiv:2002.06715, Eq. 3 and
5 (members that share a matrix); Gorishniy, Kotelnikov and Babenko 2024, arXiv:2410.24210, Section 3 (TabM: each member
is trained by its own loss; only the first scaling begins at random, and it begins at 1 or -1).
Departs from them: a number reaches its embedding beside its encoding, an unseen category is the zero vector, and the sizes suit
tables of thousands of rows on one core. Parity: numpy.interp for the encoding, a loop over columns for the
embeddings, a loop over members with a matrix each for the ensemble.
Axes: b batch | c columns | n number columns | t bins | e embedding | m members | i, o features in, out | k outputs
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.nn import Dropout, fan_in_uniform

Column = int | tuple[float, ...]
"""A column of codes by how many there are, the one never seen included; one of numbers by the edges of its bins."""


def described(inputs: np.ndarray, *, bins: int = 16) -> tuple[Column, ...]:
    """What each column of training rows (n, c) holds: codes where it has only whole numbers from 0 on, else numbers.

    The bins of a column of numbers hold equally many rows, as far as its values are distinct.
    """
    whole = (inputs == np.round(inputs)).all(axis=0) & (inputs >= 0).all(axis=0)
    quantiles = np.quantile(inputs, np.linspace(0, 1, bins + 1), axis=0)
    return tuple(
        int(inputs[:, place].max()) + 1 if whole[place] else tuple(np.unique(quantiles[:, place]).tolist())
        for place in range(inputs.shape[1])
    )


class PiecewiseLinear(nn.Module):
    """For each bin the share of it that lies below x: 1 for bins below x, 0 for bins above it, (b, n) to (b, n, t).

    Values beyond the outermost edges go on in a straight line. A column with fewer bins than the others has zeros in
    the places of those that it lacks.
    """

    def __init__(self, edges: Sequence[Sequence[float]]):
        super().__init__()
        most = max((len(each) - 1 for each in edges), default=0)
        low, width, lowest, highest = (torch.zeros(len(edges), most) for _ in range(4))
        width += 1
        for place, each in enumerate(edges):
            ends, bins = torch.tensor(each, dtype=torch.float64), len(each) - 1
            low[place, :bins], width[place, :bins] = ends[:-1], ends.diff()
            highest[place, :bins] = 1
            if bins:
                lowest[place, 0], highest[place, bins - 1] = -torch.inf, torch.inf
        for name, value in (("low", low), ("width", width), ("lowest", lowest), ("highest", highest)):
            self.register_buffer(name, value)

    low: Tensor
    width: Tensor
    lowest: Tensor
    highest: Tensor

    def forward(self, x: Float[Tensor, "b n"]) -> Float[Tensor, "b n t"]:
        shares = (x[..., None] - self.low) / self.width
        return torch.minimum(torch.maximum(shares, self.lowest), self.highest)


class ColumnEmbeddings(nn.Module):
    """Every column as a vector of `size`, one after the other: (b, c) to (b, c * e), numbers first, then codes.

    A number is a linear function of itself and of its piecewise linear encoding, with weights of its own column. A
    code has a vector of its own; code 0, and every code that is out of range, is the zero vector.
    """

    def __init__(self, columns: Sequence[Column], *, size: int = 8, generator: Generator | None = None):
        super().__init__()
        numbers = {place: edges for place, edges in enumerate(columns) if isinstance(edges, tuple)}
        counts = {place: count for place, count in enumerate(columns) if isinstance(count, int)}
        self.register_buffer("numbers", torch.tensor(list(numbers), dtype=torch.int64))
        self.register_buffer("codes", torch.tensor(list(counts), dtype=torch.int64))
        first = np.cumsum([0, *counts.values()])
        self.register_buffer("first", torch.tensor(first[:-1], dtype=torch.int64))
        self.register_buffer("counts", torch.tensor(list(counts.values()), dtype=torch.int64))
        self.encoding = PiecewiseLinear(list(numbers.values()))
        bins = self.encoding.low.shape[1]

        def normal(*shape: int, scale: float) -> nn.Parameter:
            return nn.Parameter(scale * torch.randn(shape, generator=generator))

        self.slope = normal(len(numbers), size, scale=1.0)
        self.bias = nn.Parameter(torch.zeros(len(numbers), size))
        self.of_bins = nn.Parameter(torch.zeros(len(numbers), bins, size))
        self.of_codes = normal(int(first[-1]), size, scale=1.0)
        self.size = size * len(columns)

    numbers: Tensor
    codes: Tensor
    first: Tensor
    counts: Tensor

    def forward(self, x: Float[Tensor, "b c"]) -> Float[Tensor, "b f"]:
        numbers, codes = x[:, self.numbers], x[:, self.codes].long()
        bent = torch.einsum("bnt,nte->bne", self.encoding(numbers), self.of_bins)
        of_numbers = numbers[..., None] * self.slope + bent + self.bias
        known = (codes > 0) & (codes < self.counts)
        of_codes = self.of_codes[self.first + torch.where(known, codes, 0)] * known[..., None]
        return torch.cat([of_numbers.flatten(1), of_codes.flatten(1)], dim=1)


class SharedLinear(nn.Module):
    """Linear layers of several members that share one matrix: (b, m, i) to (b, m, o).

    Member m computes s_m * (W (r_m * x)) + b_m, so that its matrix is W with rows scaled by s_m and columns by r_m.
    `random` begins r at 1 or -1, which makes the members differ; s always begins at 1.
    """

    def __init__(
        self, features_in: int, features_out: int, *, members: int, random: bool, generator: Generator | None = None
    ):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(features_out, features_in))
        fan_in_uniform(self.weight, generator)
        signs = 2.0 * torch.randint(2, (members, features_in), generator=generator) - 1
        self.scale_in = nn.Parameter(signs if random else torch.ones(members, features_in))
        self.scale_out = nn.Parameter(torch.ones(members, features_out))
        self.bias = nn.Parameter(torch.zeros(members, features_out))

    def forward(self, x: Float[Tensor, "b m i"]) -> Float[Tensor, "b m o"]:
        return (x * self.scale_in) @ self.weight.T * self.scale_out + self.bias


class TabularNetwork(nn.Module):
    """Embeddings of the columns, hidden layers that the members share, a head for each member: (b, c) to (b, m, k).

    What the members say is to be averaged after the softmax, and each is to be trained by its own loss. `columns` is
    what `described` finds in the training rows. Vectors of columns have `embedding` numbers, or as few as it takes, but
    one at least, that those of all columns together are `widest` at most, so that wide tables do not take hours.
    """

    def __init__(
        self,
        *,
        columns: Sequence[Column],
        classes: int,
        widths: Sequence[int] = (96, 96),
        members: int = 4,
        embedding: int = 8,
        widest: int = 512,
        dropout: float = 0.1,
        generator: Generator | None = None,
    ):
        super().__init__()
        self.members = members
        size = max(1, min(embedding, widest // max(1, len(columns))))
        self.embeddings = ColumnEmbeddings(columns, size=size, generator=generator)
        wide = [self.embeddings.size, *widths]
        bricks: list[nn.Module] = []
        for place, (wide_in, wide_out) in enumerate(pairwise(wide)):
            bricks += [
                SharedLinear(wide_in, wide_out, members=members, random=place == 0, generator=generator),
                nn.ReLU(),
                Dropout(dropout, generator=generator),
            ]
        self.hidden = nn.Sequential(*bricks)
        self.head = nn.Parameter(torch.empty(members, classes, wide[-1]))
        for matrix in self.head.detach():
            fan_in_uniform(matrix, generator)
        self.bias = nn.Parameter(torch.zeros(members, classes))

    def forward(self, x: Float[Tensor, "b c"]) -> Float[Tensor, "b m k"]:
        embedded = self.embeddings(x)[:, None].expand(-1, self.members, -1)
        return torch.einsum("bmi,mki->bmk", self.hidden(embedded), self.head) + self.bias
