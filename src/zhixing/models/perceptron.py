"""The perceptron, with the rule by which it learned.

Source: Rosenblatt 1958, Psychological Review 65(6). Departs from it: the bias is one more weight, of an input that is
always 1. Parity: scikit-learn's Perceptron without shuffling, and Novikoff's bound of 1962 on its mistakes.
"""

import numpy as np
from numpy.random import Generator


class Perceptron:
    """Yes where w x + b > 0; whenever it errs, the example is added to w for a yes, and taken away for a no.

    It goes over the examples in their order until a pass brings no mistake, `passes` times at most. The rule needs no
    chance, and `generator` is not used.
    """

    def __init__(self, *, passes: int = 50, generator: Generator | None = None):
        self.passes = passes
        self.mistakes: list[int] = []
        """How many mistakes each pass brought, one entry for each pass that was made."""

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "Perceptron":
        """Learns rows (n, f) with targets (n,) of 0 and 1."""
        rows, signs = _with_bias(inputs), np.where(targets == 1, 1.0, -1.0)
        self.weights, self.mistakes = np.zeros(rows.shape[1]), []
        while len(self.mistakes) < self.passes and 0 not in self.mistakes:
            self.mistakes.append(0)
            for row, sign in zip(rows, signs, strict=True):
                if sign * (row @ self.weights) <= 0:
                    self.weights += sign * row
                    self.mistakes[-1] += 1
        return self

    def predict_proba(self, inputs: np.ndarray, /) -> np.ndarray:
        """Probabilities (n, 2) of 0 and 1: it is always sure."""
        yes = (_with_bias(inputs) @ self.weights > 0).astype(float)
        return np.column_stack([1 - yes, yes])


def _with_bias(inputs: np.ndarray) -> np.ndarray:
    return np.column_stack([inputs.reshape(len(inputs), -1).astype(np.float64), np.ones(len(inputs))])
