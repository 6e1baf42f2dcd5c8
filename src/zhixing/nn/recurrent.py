"""Gated recurrent units that read a sequence in both directions, whose first weights come from a generator.

Source: Cho et al. 2014, arXiv:1406.1078, Eq. 5 to 8. Departs from it: the reset gate acts after the recurrent matrix, as in
torch, which computes it. Parity: the equations step by step on the same weights.
"""

import torch
from torch import Generator, nn


def gru(features_in: int, width: int, *, generator: Generator | None = None) -> nn.GRU:
    """A `torch.nn.GRU`: (b, t, features_in) to states (b, t, 2 width), weights uniform within 1 / sqrt(width)."""
    # torch's own constructor draws from the global generator; on the meta device it draws nothing.
    units = nn.GRU(features_in, width, batch_first=True, bidirectional=True, device="meta")
    for name, planned in list(units.named_parameters()):
        weight = nn.init.uniform_(torch.empty(planned.shape), -(width**-0.5), width**-0.5, generator=generator)
        setattr(units, name, nn.Parameter(weight))
    return units
