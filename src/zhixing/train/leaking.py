"""An experiment on one table: an analysis into which the answers of its own test rows leak, and what that flatters.

Source: Ambroise and McLachlan 2002, PNAS 99, 6562-6566 (columns chosen with all rows); Kaufman et al. 2012, ACM TKDD 6,
15 (other leaks).
Departs from them: rows that nobody has touched take the place of outer cross-validation.
A leak takes a table of one's own and fresh rows of the same kind, and gives rows to learn from, rows to judge by, and
the fresh ones, prepared as an analyst would who does not see the leak.
"""

from typing import Any

import numpy as np
from numpy.random import Generator

from zhixing.core import Seeds, Spec
from zhixing.data import Part, split
from zhixing.models import most_separating
from zhixing.train.classical import at_most, scaled_by
from zhixing.train.tuned import OfAnswers

JUDGED = 0.3
Parts = tuple[Part, Part, Part]


def flattered(
    seeds: Seeds,
    *,
    data: Spec,
    leak: Spec,
    families: tuple[Spec, ...],
    error: OfAnswers,
    rows: tuple[int, ...],
    columns: int = 10,
    draws: int = 1,
    most_fresh: int = 500,
) -> dict[str, Any]:
    """The `error` of each family on the rows that judged and on fresh ones, by so many `rows` of one's own.

    Every draw takes the own rows and their division anew; the analysis keeps `columns` columns, scales them and fits
    each family. "shuffled" is the same with the table's answers dealt out at random, for the first of `rows` only.
    Streams of randomness: "shuffled", "own", "leak" and "model".
    """
    whole = data.build().train
    dealt = Part(whole.inputs, seeds.numpy("shuffled").permutation(whole.targets))
    own, chance, fitted = seeds.numpy("own"), seeds.numpy("leak"), seeds.numpy("model")

    def errors(part: Part, count: int) -> np.ndarray:
        """Mean over the draws, (families, 2)."""
        found = []
        for _ in range(draws):
            fresh, mine = split(part, count / len(part), own)
            fresh = at_most(fresh, most_fresh, own)
            known, *asked = leak.build(mine, fresh, chance, columns)
            for family in families:
                estimator = family.build(generator=fitted)
                estimator.fit(known.inputs, known.targets)
                found.append([error(estimator.predict_proba(rows.inputs), rows.targets) for rows in asked])
        mean: np.ndarray = np.array(found, dtype=float).reshape(draws, len(families), 2).mean(axis=0)
        return mean

    by_rows, shuffled = [errors(whole, count) for count in rows], errors(dealt, rows[0])
    return {"rows": rows, "errors": np.array(by_rows).tolist(), "shuffled": shuffled.tolist()}


# Leaks -----------------------------------------------------------------------------------------------------


def honest(own: Part, fresh: Part, generator: Generator, columns: int) -> Parts:
    """No leak: columns are chosen and scaled by the rows to learn from."""
    known, judged = split(own, JUDGED, generator)
    return _prepared((known, judged, fresh), known, known, columns)


def scaled_by_all(own: Part, fresh: Part, generator: Generator, columns: int) -> Parts:
    """The rows that judge have their say in the mean and the deviation of every column."""
    known, judged = split(own, JUDGED, generator)
    return _prepared((known, judged, fresh), known, own, columns)


def chosen_by_all(own: Part, fresh: Part, generator: Generator, columns: int) -> Parts:
    """The rows that judge, with their answers, have their say in which columns are kept."""
    known, judged = split(own, JUDGED, generator)
    return _prepared((known, judged, fresh), own, known, columns)


def copied(own: Part, fresh: Part, generator: Generator, columns: int, share: float = 0.3) -> Parts:
    """The share of the rows was entered twice, and then all were divided at random."""
    twice = generator.random(len(own)) < share
    entered = Part(np.concatenate([own.inputs, own.inputs[twice]]), np.concatenate([own.targets, own.targets[twice]]))
    return honest(entered, fresh, generator, columns)


def encoded_by_all(own: Part, fresh: Part, generator: Generator, columns: int, each: int = 4) -> Parts:
    """Names drawn by lot, one for about `each` rows, became the mean answer of all own rows of that name."""
    names = max(2, len(own) // each)
    drawn, met = generator.integers(names, size=len(own)), generator.integers(names, size=len(fresh))
    counts, sums = np.bincount(drawn, minlength=names), np.bincount(drawn, own.targets, minlength=names)
    means = np.where(counts, sums / np.maximum(counts, 1), own.targets.mean())
    return honest(_beside(own, means[drawn]), _beside(fresh, means[met]), generator, columns)


def written_afterwards(own: Part, fresh: Part, generator: Generator, columns: int, right: float = 0.9) -> Parts:
    """A column was filled in when the answer, 0 or 1, was known, `right` so often; fresh rows do not have it yet."""
    told = np.where(generator.random(len(own)) < right, own.targets, 1 - own.targets).astype(float)
    return honest(_beside(own, told), _beside(fresh, np.full(len(fresh), told.mean())), generator, columns)


def _beside(part: Part, column: np.ndarray) -> Part:
    return Part(np.column_stack([part.inputs, column]), part.targets)


def _prepared(parts: Parts, choosing: Part, scaling: Part, columns: int) -> Parts:
    """The columns that differ most between the classes of `choosing`, at mean 0 and variance 1 over `scaling`."""
    kept = most_separating(choosing.inputs, choosing.targets, columns)
    scaling, *kept_parts = (Part(part.inputs[:, kept], part.targets) for part in (scaling, *parts))
    known, judged, fresh = scaled_by(scaling, *kept_parts)
    return known, judged, fresh
