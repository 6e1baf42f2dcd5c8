"""Gated recurrent units and long short-term memory, whose first weights come from a generator.

Sources: Cho et al. 2014, arXiv:1406.1078, Eq. 5 to 8; Gers, Schmidhuber and Cummins 2000, Neural Computation 12(10), for
memory with a forget gate. Departs from the first: the reset gate acts after the recurrent matrix, as in torch, which
computes both. Parity: the equations step by step on the same weights.
"""

import torch
from torch import Generator, nn


def gru(features_in: int, width: int, *, generator: Generator | None = None) -> nn.GRU:
    """A `torch.nn.GRU`, both directions: (b, t, features_in) to states (b, t, 2 width)."""
    # torch's own constructor draws from the global generator; on the meta device it draws nothing.
    units = nn.GRU(features_in, width, batch_first=True, bidirectional=True, device="meta")
    _draw(units, generator)
    return units


def lstm(features_in: int, width: int, *, generator: Generator | None = None) -> nn.LSTM:
    """A `torch.nn.LSTM`, one direction: (b, t, features_in) to states (b, t, width)."""
    units = nn.LSTM(features_in, width, batch_first=True, device="meta")
    _draw(units, generator)
    return units


def _draw(units: nn.RNNBase, generator: Generator | None) -> None:
    """Weights uniform within 1 / sqrt(width)."""
    bound = units.hidden_size**-0.5
    for name, planned in list(units.named_parameters()):
        weight = nn.init.uniform_(torch.empty(planned.shape), -bound, bound, generator=generator)
        setattr(units, name, nn.Parameter(weight))
