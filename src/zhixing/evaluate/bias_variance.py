"""The two parts of a squared error: what a model gets wrong on average, and how much it depends on its sample.

Sources: Geman, Bienenstock and Doursat 1992, "Neural networks and the bias/variance dilemma", Neural Computation 4,
Section 2; Yang et al. 2020, arXiv:2002.11328, Section 2 (without bias from few training samples).
Departs from them: nothing. Parity: the definitions, on outputs whose distribution is known.
Axes: s training samples | n examples | k outputs
"""

from typing import NamedTuple

import numpy as np


class Parts(NamedTuple):
    """Their sum is the squared error of one model, averaged over examples and training samples."""

    bias: float
    """Squared distance of the mean output from the target; below 0 where few samples leave it uncertain."""
    variance: float
    """Mean squared distance of an output from the mean output."""


def bias_and_variance(outputs: np.ndarray, targets: np.ndarray) -> Parts:
    """Of outputs (s, n, k), one (n, k) for each training sample, and targets (n, k); s is 2 or more."""
    error = np.mean(np.sum((outputs - targets) ** 2, axis=2))
    variance = np.mean(np.sum(outputs.var(axis=0, ddof=1), axis=1))
    return Parts(bias=float(error - variance), variance=float(variance))
