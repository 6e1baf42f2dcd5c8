"""What is there and what is not, each weighed by how much more one class has it, and then a logistic regression.

Source: Wang and Manning 2012, ACL 2012 short papers, pages 90-94, Section 2 (NBSVM). Departs from it: logistic regression
stands for the support vector machine and there is no mean with naive Bayes; of many classes each is told from the rest.
Axes: n rows | f features | k classes
"""

from typing import Any

import numpy as np
from numpy.random import Generator


class presences:  # noqa: N801 - called as the functions that make the other families are
    """A classifier of rows (n, f), sparse ones too, that sees only which features are above 0.

    A feature's weight is the logarithm of its share among the presences of the class over that among the others'
    (each counted once more than it was met); regression then starts from there, held to it by 1 / strength.
    """

    def __init__(self, *, strength: float = 0.1, generator: Generator | None = None):
        self.strength = strength

    def fit(self, inputs: Any, targets: np.ndarray, /) -> "presences":
        from sklearn.linear_model import LogisticRegression

        there, classes = _present(inputs), np.unique(targets)
        own = [targets == name for name in (classes if len(classes) > 2 else classes[1:])]
        self.ratios = [_log_ratio(there, rows) for rows in own]
        self.told = [
            LogisticRegression(C=self.strength, max_iter=1000).fit(there.multiply(ratio), rows)
            for ratio, rows in zip(self.ratios, own, strict=True)
        ]
        return self

    def predict_proba(self, inputs: Any, /) -> np.ndarray:
        """Probabilities (n, k) in the classes' order."""
        there = _present(inputs)
        found = np.stack(
            [one.predict_proba(there.multiply(ratio))[:, 1] for one, ratio in zip(self.told, self.ratios, strict=True)],
            axis=1,
        )
        if found.shape[1] == 1:
            return np.concatenate([1 - found, found], axis=1)
        return np.asarray(found / found.sum(axis=1, keepdims=True))


def _present(inputs: Any) -> Any:
    from scipy.sparse import csr_array

    return (csr_array(inputs) > 0).astype(np.float64)


def _log_ratio(there: Any, rows: np.ndarray) -> Any:
    """The weights, as a sparse row, by which each feature is multiplied."""
    own, others = (1 + np.asarray(there[chosen].sum(axis=0)).ravel() for chosen in (rows, ~rows))
    return np.log(own / own.sum()) - np.log(others / others.sum())
