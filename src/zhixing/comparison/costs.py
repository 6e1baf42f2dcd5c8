"""Decisions between two classes when a miss and a false alarm cost different amounts: the threshold of a kept run."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zhixing.core import BadSetting, Text
from zhixing.evaluate.decisions import threshold_for

if TYPE_CHECKING:
    from zhixing.comparison.runs import Run


@dataclass(frozen=True)
class Costs:
    """What one mistake of either kind costs: `fn` the rarer class missed, `fp` a false alarm."""

    fn: float
    fp: float

    @classmethod
    def of(cls, words: str) -> "Costs":
        """The costs in words such as "fn=10,fp=1"; raises BadSetting for anything else."""
        try:
            found = {name.strip(): float(value) for name, value in (part.split("=") for part in words.split(","))}
            if set(found) != {"fn", "fp"} or not all(0 < cost < np.inf for cost in found.values()):
                raise ValueError
        except ValueError:
            raise BadSetting(
                Text(
                    f"--cost takes positive costs such as fn=10,fp=1; got {words!r}",
                    f"--cost 需要正的代价，如 fn=10,fp=1；得到 {words!r}",
                )
            ) from None
        return cls(found["fn"], found["fp"])


@dataclass(frozen=True)
class Decision:
    """From which probability on the answer is the rarer class."""

    costs: Costs
    positive: int
    """The place of the rarer class."""
    threshold: float

    def taken(self, answers: np.ndarray) -> np.ndarray:
        """The places (n,) of the classes that probabilities (n, 2) are taken for."""
        return np.where(answers[:, self.positive] >= self.threshold, self.positive, 1 - self.positive)

    def per_hundred(self, answers: np.ndarray, targets: np.ndarray) -> float:
        """What the mistakes on these rows cost, for each hundred of them."""
        wrong = self.taken(answers) != targets
        return float(100 * np.where(targets == self.positive, self.costs.fn, self.costs.fp)[wrong].sum() / len(targets))


def decision(run: "Run", costs: Costs | None) -> Decision | None:
    """The cheapest threshold on the validation rows of the run, which the model that gave it had not learned from.

    None without costs. Raises BadSetting for a run of more classes than two or of none, BadData for a damaged one.
    """
    if costs is None:
        return None
    if len(run.classes) != 2:
        raise BadSetting(
            Text(
                "--cost decides between two classes; this run has another task",
                "--cost 用于在两类之间作决定；这次运行是另一种任务",
            )
        )
    targets, answers = run.array("validation_targets"), run.array("validation_answers")
    positive = int(np.bincount(targets, minlength=2).argmin())
    return Decision(costs, positive, threshold_for(answers[:, positive], targets == positive, costs.fn, costs.fp))
