"""What is there and what is not, weighed: against an independent minimisation, and which rows it tells apart."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_array

from zhixing import models


def rows(count=90, features=12, classes=2, *, seed=0):
    """Sparse amounts; the first features are met with the classes more often than with the others."""
    generator = np.random.default_rng(seed)
    targets = generator.integers(0, classes, count)
    shares = np.full((count, features), 0.2)
    shares[np.arange(count), targets] = 0.8
    return csr_array(
        (generator.random((count, features)) < shares) * generator.exponential(size=(count, features))
    ), targets


def by_descent(inputs, own, strength):
    """Wang and Manning 2012, Section 2.1 to 2.3, with the logistic loss, feature by feature and by another minimiser."""
    there = [[float(value > 0) for value in row] for row in inputs.toarray()]
    met = [[1 + sum(row[f] for row in np.array(there)[own == side]) for f in range(len(there[0]))] for side in (1, 0)]
    ratio = [np.log((p / sum(met[0])) / (q / sum(met[1]))) for p, q in zip(*met, strict=True)]
    seen, sign = np.array(there) * ratio, 2.0 * own - 1

    def price(weights):
        return (
            weights[:-1] @ weights[:-1] / 2
            + strength * np.logaddexp(0, -sign * (seen @ weights[:-1] + weights[-1])).sum()
        )

    best = minimize(price, np.zeros(seen.shape[1] + 1), tol=1e-10).x
    return 1 / (1 + np.exp(-(seen @ best[:-1] + best[-1])))


@pytest.mark.parametrize("strength", [0.1, 2.0])
def test_two_classes_are_told_apart_as_by_a_minimisation_of_the_formula(strength):
    inputs, targets = rows()
    found = models.presences(strength=strength).fit(inputs, targets + 5).predict_proba(inputs)
    np.testing.assert_allclose(found[:, 1], by_descent(inputs, targets, strength), atol=2e-3)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_of_many_classes_each_is_told_from_the_rest():
    inputs, targets = rows(classes=4)
    found = models.presences(strength=0.5).fit(inputs, targets).predict_proba(inputs)
    each = np.stack([by_descent(inputs, (targets == name).astype(int), 0.5) for name in range(4)], axis=1)
    np.testing.assert_allclose(found, each / each.sum(axis=1, keepdims=True), atol=2e-3)
    assert (found.argmax(axis=1) == targets).mean() > 0.6


def test_amounts_above_0_count_alike_and_rows_may_be_dense():
    inputs, targets = rows()
    fitted = models.presences().fit(inputs, targets)
    np.testing.assert_array_equal(fitted.predict_proba(inputs.toarray() * 7), fitted.predict_proba(inputs))
    np.testing.assert_array_equal(fitted.predict_proba(-inputs), fitted.predict_proba(0 * inputs))
