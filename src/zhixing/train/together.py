"""Weights of counts and learned vectors asked together: two ways of reading a text err in different places.

Source: Hansen and Salamon 1990, IEEE Transactions on Pattern Analysis and Machine Intelligence 12(10), for the ensemble;
the mean is taken of log probabilities (Hinton 2002, Neural Computation 14(8), products of experts).
"""

from typing import Any

import numpy as np

from zhixing.core import Spec


class together:  # noqa: N801 - called as the functions that make the other families are
    """One `weights` on the first columns of sparse rows, and `networks` of `network` on the last `names` of them."""

    def __init__(self, *, weights: Spec, network: Spec, names: int, networks: int = 3, generator: np.random.Generator):
        self.names = names
        self._members: list[Any] = [
            weights.build(generator=generator),
            *(network.build(generator=generator) for _ in range(networks)),
        ]

    def fit(self, inputs: Any, targets: np.ndarray, /) -> "together":
        coded = np.unique(targets, return_inverse=True)[1]
        for member, rows in zip(self._members, self._divided(inputs), strict=True):
            member.fit(rows, coded)
        return self

    def predict_proba(self, inputs: Any, /) -> np.ndarray:
        said = [member.predict_proba(rows) for member, rows in zip(self._members, self._divided(inputs), strict=True)]
        few = 1e-12  # the logarithm of a probability that is rounded to 0
        # The networks have one voice between them, the weights the other.
        logs = (np.log(said[0] + few) + np.mean([np.log(each + few) for each in said[1:]], axis=0)) / 2
        odds = np.exp(logs - logs.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def _divided(self, inputs: Any) -> list[Any]:
        counts, names = inputs[:, : -self.names], inputs[:, -self.names :].toarray()
        return [counts, *([names] * (len(self._members) - 1))]
