"""Many labels at once, out of classifiers of two classes: each label apart, one after the other, or all together.

Every function takes `model`, the call that makes a classifier of `models.classical`, and a `generator`, and returns an
estimator with `fit(inputs, targets)` and `predict_proba(inputs)`, of rows (n, columns) and targets (n, labels) of 0 and 1
to the probability of each label (n, labels).
"""

from typing import Any

import numpy as np
from numpy.random import Generator

from zhixing.core import Spec


def each_label(*, model: Spec, generator: Generator) -> Any:
    """One classifier for each label, which knows nothing of the others (binary relevance)."""
    return _Labels(model, generator, chained=False)


def label_chain(*, model: Spec, generator: Generator) -> Any:
    """One classifier for each label in an order by chance, which is also told those before it (Read et al. 2011, Machine
    Learning 85(3)): the true ones when it learns, and when it answers the probabilities that were found for them."""
    return _Labels(model, generator, chained=True)


def labels_together(*, model: Spec, generator: Generator) -> Any:
    """One model for all labels, for families that take several targets: trees whose leaves, and neighbours who, say all."""
    return _Together(model, generator)


class _Labels:
    def __init__(self, model: Spec, generator: Generator, *, chained: bool):
        self.chained = chained
        self._making = (model, generator)

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "_Labels":
        model, generator = self._making
        labels = targets.shape[1]
        self.order = generator.permutation(labels) if self.chained else np.arange(labels)
        self.estimators, self.shares = [], targets.mean(axis=0)
        told = inputs
        for label in self.order:
            answers = targets[:, label]
            alike = len(np.unique(answers)) == 1  # all rows carry it or none does: there is nothing to learn
            self.estimators.append(None if alike else model.build(generator=generator).fit(told, answers))
            told = np.column_stack([told, answers]) if self.chained else told
        del self._making
        return self

    def predict_proba(self, inputs: np.ndarray, /) -> np.ndarray:
        found, told = np.empty((len(inputs), len(self.order))), inputs
        for label, estimator in zip(self.order, self.estimators, strict=True):
            found[:, label] = self.shares[label] if estimator is None else estimator.predict_proba(told)[:, 1]
            told = np.column_stack([told, found[:, label]]) if self.chained else told
        return found


class _Together:
    def __init__(self, model: Spec, generator: Generator):
        self._making = (model, generator)

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "_Together":
        model, generator = self._making
        self.shares = targets.mean(axis=0)
        self.learned = (self.shares > 0) & (self.shares < 1)
        self.estimator = model.build(generator=generator).fit(inputs, targets[:, self.learned])
        del self._making
        return self

    def predict_proba(self, inputs: np.ndarray, /) -> np.ndarray:
        found = np.tile(self.shares, (len(inputs), 1))
        answers = np.asarray(self.estimator.predict_proba(inputs))[..., 1]
        found[:, self.learned] = answers.T if answers.ndim > 1 else answers[:, None]
        return found
