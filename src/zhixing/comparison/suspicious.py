"""The rows of a table that a detector finds oddest, each scored by models that have not seen it."""

from dataclasses import dataclass

import numpy as np

from zhixing.comparison.families import Family
from zhixing.core import Seeds
from zhixing.data import OwnUnlabelled

SHOWN = 10


@dataclass(frozen=True)
class Suspicious:
    """One odd row."""

    row: int
    """Its place in the file, from 1, the line of names not counted."""
    odder_than: float
    """The share of the other rows that are less odd, averaged over the family's settings."""
    cells: dict[str, str]
    """What it holds, by column."""


def suspicious(own: OwnUnlabelled, family: Family, *, count: int = SHOWN, seed: int = 0) -> tuple[Suspicious, ...]:
    """The oddest rows of the table, planted ones left aside, by a family of detectors in all of its settings.

    Two halves of the rows score each other; a row's place is its mean rank over the settings, since nothing is there to
    choose one by.
    """
    from scipy.stats import rankdata

    seeds = Seeds(seed)
    halves = np.array_split(seeds.numpy("split").permutation(own.rows), 2)
    scores = np.zeros((len(family.candidates()), own.rows))
    for taught, asked in (halves, halves[::-1]):
        preparation = family.preparation.build().fit(own.take(taught))
        inputs, rows = preparation.transform(own.take(taught)), preparation.transform(own.take(asked))
        for place, candidate in enumerate(family.candidates()):
            scores[place, asked] = candidate.build(generator=seeds.numpy("model")).fit(inputs).predict(rows)
    ranks = rankdata(scores, axis=1).mean(axis=0)
    oddest = np.argsort(-ranks, kind="stable")[:count]
    return tuple(
        Suspicious(
            row=int(own.places[place]),
            odder_than=float((ranks[place] - 1) / (own.rows - 1)),
            cells={name: str(cell) for name, cell in own.features.iloc[place].items()},
        )
        for place in oddest
    )
