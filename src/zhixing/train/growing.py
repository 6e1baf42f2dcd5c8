"""The trial of growing data: one family fitted to more and more examples, judged on the same ones."""

import pickle
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from zhixing.core import Seeds, Series, Spec, Watch
from zhixing.data import Part
from zhixing.train.classical import divided


class OfGrowth(Protocol):
    """A measure of lists "error", "seconds" and "bytes", in step with the list "examples"."""

    @property
    def name(self) -> str: ...

    def __call__(self, growth: Mapping[str, Sequence[float]], /) -> float | Series: ...


def growing(
    seeds: Seeds,
    watch: Watch,
    *,
    data: tuple[Spec, ...],
    model: Spec,
    examples: tuple[int, ...],
    measures: tuple[OfGrowth, ...],
    held_out: float = 0.3,
) -> dict[str, float | Series]:
    """Fits the estimator that `model` builds to so many `examples` of each data set; returns every measure of the means.

    They are the error on the examples held out, in per cent, the processor seconds of the fit and the bytes that keep
    the fitted estimator, averaged over the data sets. Rows are split, kept and scaled as in `train.fitted`. A trial
    that was stopped goes on with the fit that it had not finished.
    """
    state = watch.resume() or {"found": []}
    found: list[list[float]] = list(state["found"])
    fits = [(number, source) for number in examples for source in data]
    for number, source in fits[len(found) :]:
        found.append(_fit(model, seeds, *divided(source, seeds, held_out, number)))
        watch.step(len(found), len(fits), lambda: {"found": found})
    means = np.array(found).reshape(len(examples), len(data), 3).mean(axis=1)
    growth = dict(zip(("error", "seconds", "bytes"), means.T.tolist(), strict=True))
    return {measure.name: measure({"examples": examples, **growth}) for measure in measures}


def _fit(model: Spec, seeds: Seeds, known: Part, judged: Part) -> list[float]:
    estimator = model.build(generator=seeds.numpy("model"))
    began = time.process_time()
    estimator.fit(known.inputs, known.targets)
    seconds = time.process_time() - began
    answers = estimator.predict_proba(judged.inputs).argmax(axis=1)
    return [float(100 * np.mean(answers != judged.targets)), seconds, float(len(pickle.dumps(estimator)))]
