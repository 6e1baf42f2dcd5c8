"""An experiment on one table: two families, every setting of each, on divisions of the table that both share.

Source: Dodge et al. 2019, EMNLP, arXiv:1909.03004 (what is reported depends on how much was tried); Hand 2006,
Statistical Science 21, 1-14 (who is tuned by whom).
Departs from them: nothing is chosen here; the measures choose, by the errors on validation rows.
"""

from typing import Any

import numpy as np
from numpy.random import Generator

from zhixing.core import Seeds, Spec
from zhixing.data import Part, split
from zhixing.train.classical import at_most, scaled_by
from zhixing.train.tuned import OfAnswers


def duelled(
    seeds: Seeds,
    *,
    data: Spec,
    first: tuple[Spec, ...],
    second: tuple[Spec, ...],
    error: OfAnswers,
    divisions: int = 9,
    held_out: float = 0.3,
    examples: int | None = None,
    most_judged: int = 400,
) -> dict[str, Any]:
    """The errors of both families, "first" and "second": lists (divisions, settings, 2), on validation and on test rows.

    Every division holds out the share `held_out` for both, of which `most_judged` at most are asked; of the rest,
    `examples` at most, each family draws validation rows of its own, the same share. Streams of randomness: "split",
    "first", "second" and "model".
    """
    whole = data.build().train
    split_by, model = seeds.numpy("split"), seeds.numpy("model")
    draws = {"first": (first, seeds.numpy("first")), "second": (second, seeds.numpy("second"))}
    found: dict[str, Any] = {side: [] for side in draws}
    for _ in range(divisions):
        known, judged = split(whole, held_out, split_by)
        judged, known = at_most(judged, most_judged, split_by), at_most(known, examples, split_by)
        for side, (candidates, validation) in draws.items():
            learned, checked = split(known, held_out, validation)
            found[side].append(_errors(candidates, error, model, *scaled_by(learned, learned, checked, judged)))
    return found


def _errors(
    candidates: tuple[Spec, ...], error: OfAnswers, generator: Generator, learned: Part, *asked: Part
) -> list[list[float]]:
    """Of every candidate, on each of the parts asked."""
    errors: list[list[float]] = []
    for candidate in candidates:
        estimator = candidate.build(generator=generator)
        estimator.fit(learned.inputs, learned.targets)
        judged = np.array([error(estimator.predict_proba(part.inputs), part.targets) for part in asked], dtype=float)
        errors.append(judged.tolist())
    return errors
