"""An experiment on a table in the order of time: the error that a division of the past reports, and the future's.

Source: Cerqueira, Torgo and Mozetic 2020, Machine Learning 109, 1997-2028 (how to divide series); Roberts et al. 2017,
Ecography 40, 913-929 (rows near each other in time or space).
Departs from them: one division instead of many folds, so that reported and true errors are of models alike in all else.
"""

from typing import Any

import numpy as np
from numpy.random import Generator

from zhixing.core import Seeds, Spec
from zhixing.data import Part
from zhixing.train.classical import scaled_by

FUTURE = 0.25
JUDGED = 0.25
STRETCHES = 4
"""Parts into which the future is cut, from the nearest to the farthest."""


def foretold(
    seeds: Seeds, *, data: Spec, model: Spec, division: Spec, most: int = 1_000, covers: float = 0.8
) -> dict[str, Any]:
    """Root mean square errors in standard deviations of the past's targets: "reported", "true", and by "stretches".

    "likeness" is the correlation of a target of the past with the next one.

    A window of the table's rows, the share `covers` or `most` of them, begins where the seed says; its last quarter is
    the future. `division` marks the rows of the past that judge; the model fitted to the others reports its error there.
    Fitted again to the whole past, as one would before it is used, it meets the future. Streams: "window", "division"
    and "model".
    """
    whole = data.build().train
    length = min(most, int(covers * len(whole)))
    begins = int(seeds.numpy("window").integers(len(whole) - length + 1))
    now = begins + length - round(FUTURE * length)
    past, future = (
        Part(whole.inputs[rows], whole.targets[rows]) for rows in (slice(begins, now), slice(now, begins + length))
    )
    judged = division.build(len(past), JUDGED, seeds.numpy("division"))
    scale = past.targets.std()
    reported = _errors(
        model, seeds, Part(past.inputs[~judged], past.targets[~judged]), Part(past.inputs[judged], past.targets[judged])
    )
    ahead = _errors(model, seeds, past, future)
    return {
        "reported": float(np.sqrt(np.mean(reported**2)) / scale),
        "true": float(np.sqrt(np.mean(ahead**2)) / scale),
        "likeness": float(np.corrcoef(past.targets[:-1], past.targets[1:])[0, 1]),
        "stretches": [float(np.sqrt(np.mean(part**2)) / scale) for part in np.array_split(ahead, STRETCHES)],
    }


def at_random(rows: int, share: float, generator: Generator) -> np.ndarray:
    """Which of so many rows judge, (rows,): a share drawn by lot."""
    judged = np.zeros(rows, dtype=bool)
    judged[generator.permutation(rows)[: round(share * rows)]] = True
    return judged


def at_the_end(rows: int, share: float, generator: Generator | None = None) -> np.ndarray:
    """Which of so many rows judge, (rows,): the last share of them."""
    return np.arange(rows) >= rows - round(share * rows)


def _errors(model: Spec, seeds: Seeds, known: Part, asked: Part) -> np.ndarray:
    """Answers less targets of the rows asked; columns and targets are scaled by the known rows."""
    known, asked = scaled_by(known, known, asked)
    centre, width = known.targets.mean(), known.targets.std() or 1.0
    regressor = model.build(generator=seeds.numpy("model"))
    regressor.fit(known.inputs, (known.targets - centre) / width)
    answers = centre + width * regressor.predict(asked.inputs)
    surplus: np.ndarray = answers - asked.targets
    return surplus
