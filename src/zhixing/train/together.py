"""Weights of counts, learned vectors and a reader asked together: ways of reading a text err in different places.

Source: Hansen and Salamon 1990, IEEE Transactions on Pattern Analysis and Machine Intelligence 12(10), for the ensemble;
the mean is taken of log probabilities (Hinton 2002, Neural Computation 14(8), products of experts).
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from zhixing.core import Spec
from zhixing.train.learner import padded


class together:  # noqa: N801 - called as the functions that make the other families are
    """Several `kinds` of estimators, each with one voice; each sees one of the parts that sparse rows consist of.

    The last parts have `columns` columns each, in their order; part 0 is all that stands before them. `parts` says for
    each kind which it sees.
    """

    def __init__(
        self,
        *,
        kinds: tuple[tuple[Spec, ...], ...],
        parts: tuple[int, ...],
        columns: tuple[int, ...],
        generator: np.random.Generator,
    ):
        self.parts, self.columns = parts, columns
        self._kinds: list[list[Any]] = [[member.build(generator=generator) for member in kind] for kind in kinds]

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        # KeyError for a state of another version
        self.parts, self.columns, self._kinds = state["parts"], state["columns"], state["_kinds"]

    def fit(self, inputs: Any, targets: np.ndarray, /) -> "together":
        coded = np.unique(targets, return_inverse=True)[1]
        for kind, rows in zip(self._kinds, self._divided(inputs), strict=True):
            for member in kind:
                member.fit(rows[: len(coded)], coded)
        return self

    def predict_proba(self, inputs: Any, /) -> np.ndarray:
        few = 1e-12  # the logarithm of a probability that is rounded to 0
        voices = [
            np.mean([np.log(member.predict_proba(rows)[: inputs.shape[0]] + few) for member in kind], axis=0)
            for kind, rows in zip(self._kinds, self._divided(inputs), strict=True)
        ]
        logs = np.mean(voices, axis=0)
        odds = np.exp(logs - logs.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def _divided(self, inputs: Any) -> list[Any]:
        """Rows as each kind takes them: part 0 sparse, the others as arrays, padded as a learner's are."""
        ends = inputs.shape[1] - np.cumsum((0, *reversed(self.columns)))[::-1]
        parts = [inputs[:, : ends[0]], *(padded(inputs[:, first:last].toarray()) for first, last in pairwise(ends))]
        return [parts[part] for part in self.parts]
