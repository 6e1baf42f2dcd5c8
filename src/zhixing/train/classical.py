"""The common trial of the classical families: fit an estimator to a table, then measure its probabilities."""

from typing import Protocol

import numpy as np

from zhixing.core import Seeds, Series, Spec, Watch
from zhixing.data import Part, split


class OfProbabilities(Protocol):
    """A measure of probabilities (n, classes) against targets (n,)."""

    @property
    def name(self) -> str: ...

    def __call__(self, probabilities: np.ndarray, targets: np.ndarray, /) -> float | Series: ...


def fitted(
    seeds: Seeds,
    watch: Watch,
    *,
    data: Spec,
    model: Spec,
    measures: tuple[OfProbabilities, ...],
    held_out: float = 0.3,
    examples: int | None = None,
) -> dict[str, float | Series]:
    """Fits the estimator that `model` builds with a NumPy `generator`, and returns every measure on rows held out.

    Data without a test part give up the share `held_out` of each class, another one for each seed; every column of a
    table is shifted and scaled to mean 0 and variance 1 by the training rows, while pictures stay as their source
    scaled them. `examples` keeps so many training rows at most, in the classes' shares. The streams of randomness are
    "split", "examples" and "model".
    """
    known, judged = divided(data, seeds, held_out, examples)
    estimator = model.build(generator=seeds.numpy("model"))
    estimator.fit(known.inputs, known.targets)
    probabilities = estimator.predict_proba(judged.inputs)
    watch.step(1, 1, dict)
    return {measure.name: measure(probabilities, judged.targets) for measure in measures}


def divided(
    data: Spec, seeds: Seeds, held_out: float = 0.3, examples: int | None = None, *, standardised: bool = True
) -> tuple[Part, Part]:
    """The training and the test rows of a trial; see `fitted`. Columns may keep their own units."""
    whole = data.build()
    known, judged = whole.train, whole.test
    if not len(judged):
        known, judged = split(known, held_out, seeds.numpy("split"))
    known = at_most(known, examples, seeds.numpy("examples"))
    if known.inputs.ndim > 2 or not standardised:
        return known, judged
    known, judged = scaled_by(known, known, judged)
    return known, judged


def at_most(part: Part, rows: int | None, generator: np.random.Generator) -> Part:
    """So many rows of a part at random, in its classes' shares; all of them where they are fewer, or `rows` is None."""
    if rows is None or rows >= len(part):
        return part
    return split(part, rows / len(part), generator)[1]


def scaled_by(by: Part, *parts: Part) -> tuple[Part, ...]:
    """Parts whose columns (n, columns) are shifted and scaled to mean 0 and variance 1 over the rows of `by`."""
    mean, deviation = by.inputs.mean(axis=0), by.inputs.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)
    return tuple(Part((part.inputs - mean) / scale, part.targets) for part in parts)
