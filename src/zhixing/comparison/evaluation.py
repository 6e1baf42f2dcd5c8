"""A run judged on data that it has not seen: every measure of its contest, each with an interval."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from zhixing import data
from zhixing.comparison.costs import Costs, Decision, decision
from zhixing.comparison.runs import Run
from zhixing.core import BadData, Series, Text
from zhixing.evaluate import error
from zhixing.evaluate.measure import Measure

LEVEL = 0.95
RESAMPLES = 400


@dataclass(frozen=True)
class Found:
    """One measure on these rows, and where it may lie on others that come from the same place."""

    measure: Measure
    value: float
    low: float
    high: float
    """Ends of the interval at 95 %: of an error that of Clopper and Pearson (1934), else percentiles over resampled rows
    (Efron and Tibshirani 1993, chapter 13), NaN where all resamples agree, since then they tell nothing.
    """
    before: float
    """The same on the rows that judged the run when it was trained."""


@dataclass(frozen=True)
class Evaluation:
    """What a run gets wrong on some data."""

    rows: int
    left_out: int
    """Rows whose target is missing or is a class that the run does not know."""
    found: tuple[Found, ...]
    confusion: Mapping[tuple[str, str], int]
    """How often the first class was taken for the second; empty for amounts and for several labels at once."""
    decided: Decision | None = None
    """The threshold that costs asked for."""
    cost: float = float("nan")
    """What the mistakes cost with it, for each hundred rows."""
    cost_at_half: float = float("nan")
    """What they would cost, were the likelier class taken."""


def evaluate_run(run: Run, path: str | Path, *, costs: Costs | None = None, seed: int = 0) -> Evaluation:
    """Judges the run on data with known targets; `seed` decides the resamples alone.

    With `costs`, two classes are decided between by the threshold that was cheapest on the run's validation rows.

    Raises BadData where the data cannot be read, or no row has a target that the run knows.
    """
    answers = _whole(list(run.answers(path)))
    targets = _whole(list(data.later_answers(run.card, str(path))))
    known = _known(run.classes, targets)
    if not known.any():
        raise BadData(
            Text(
                en=f"no row of {Path(path).name} has a target that this run knows, so that nothing can be judged",
                zh=f"{Path(path).name} 中没有一行的目标是这次运行认识的，无法评判",
            )
        )
    answers, targets = answers[known], targets[known]
    generator = np.random.default_rng(seed)
    draws = [generator.integers(len(targets), size=len(targets)) for _ in range(RESAMPLES)]
    measures = [measure for measure in run.trial.settings["measures"] if not measure.axis]
    found = tuple(_found(run, measure, answers, targets, draws) for measure in measures)
    decided = decision(run, costs)
    taken = decided.taken(answers) if decided else answers.argmax(axis=1) if answers.ndim == 2 else answers
    judged = Evaluation(len(targets), int((~known).sum()), found, _confusion(run.classes, taken, targets), decided)
    if decided is None:
        return judged
    half = replace(decided, threshold=0.5).per_hundred(answers, targets)
    return replace(judged, cost=decided.per_hundred(answers, targets), cost_at_half=half)


def _found(run: Run, measure: Measure, answers: np.ndarray, targets: np.ndarray, draws: list[np.ndarray]) -> Found:
    value = _number(measure(answers, targets))
    before = _number(run.result.measures.get(measure.name, float("nan")))
    if measure is error:
        return Found(measure, value, *_of_share(value, len(targets)), before)
    with np.errstate(divide="ignore", invalid="ignore"):  # a resample may hold one amount only
        resampled = [_number(measure(answers[draw], targets[draw])) for draw in draws]
    low, high = np.nanpercentile(resampled, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return (
        Found(measure, value, float(low), float(high), before)
        if low < high
        else Found(measure, value, float("nan"), float("nan"), before)
    )


def _of_share(per_cent: float, count: int) -> tuple[float, float]:
    from scipy.stats import binomtest

    found = binomtest(round(per_cent * count / 100), count).proportion_ci(LEVEL)
    return 100 * float(found.low), 100 * float(found.high)


def _number(value: float | Series) -> float:
    return float("nan") if isinstance(value, Series) else float(value)


def _whole(blocks: list[np.ndarray]) -> np.ndarray:
    """Blocks as one array; a single one stays as it is, since one of sentences knows the names of its tags."""
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _known(classes: tuple[str, ...], targets: np.ndarray) -> np.ndarray:
    """Which targets the run knows; of a sentence it must know every tag."""
    if targets.dtype == object:
        return np.asarray([bool((tags >= 0).all()) for tags in targets])
    return np.asarray((targets >= 0).reshape(len(targets), -1).all(axis=1) if classes else np.isfinite(targets))


def _confusion(classes: tuple[str, ...], taken: np.ndarray, targets: np.ndarray) -> dict[tuple[str, str], int]:
    if not classes or targets.ndim > 1:
        return {}
    both = [np.concatenate(list(each)) for each in (targets, taken)] if targets.dtype == object else [targets, taken]
    pairs, counts = np.unique(np.column_stack(both), axis=0, return_counts=True)
    return {(classes[true], classes[other]): int(count) for (true, other), count in zip(pairs, counts, strict=True)}
