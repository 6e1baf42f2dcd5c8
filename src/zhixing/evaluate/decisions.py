"""From a probability to yes or no, when a miss (fn) and a false alarm (fp) cost different amounts, in NumPy.

Source: Elkan 2001, IJCAI, Eq. 2 (the threshold of honest probabilities); Platt 1999, "Probabilistic outputs for support
vector machines", Sec. 2 (the curve, its targets); Sheng and Ling 2006, AAAI (a threshold searched on known rows).
Departs from them: Platt's curve bends the log odds of probabilities instead of margins; the search takes the middle
between two neighbouring probabilities, and of equally cheap places the one nearest to Elkan's threshold.
Probabilities (n,) are those of a positive, targets (n,) are 0 and 1.
"""

import math
from typing import NamedTuple

import numpy as np

from zhixing.core import BadSetting, Text
from zhixing.evaluate.thresholds import Confusion, sweep

SUREST = 1e-6
"""No probability is taken as surer than this when its log odds are bent."""


def total_cost(counts: Confusion, fn: float, fp: float) -> float:
    """What the mistakes cost together: `fn` for each positive missed, `fp` for each false alarm."""
    return fn * counts.missed + fp * counts.alarms


def threshold_in_theory(fn: float, fp: float) -> float:
    """From which probability on yes is the cheaper answer, where probabilities are honest.

    Raises BadSetting for a cost that is not a positive number.
    """
    for name, cost in (("fn", fn), ("fp", fp)):
        if not 0 < cost < math.inf:
            raise BadSetting(
                Text(
                    en=f"{name}={cost:g}: a cost is a positive number, such as fn=10 for a miss, fp=1 for a false alarm",
                    zh=f"{name}={cost:g}：代价应为正数，例如漏报 fn=10、误报 fp=1",
                )
            )
    return fp / (fp + fn)


def threshold_for(probabilities: np.ndarray, targets: np.ndarray, fn: float, fp: float) -> float:
    """The threshold from which on yes is answered that costs least on these rows; 0 is yes to all, above 1 no to all.

    Choose it on rows that fitted nothing. Raises BadSetting where a class is missing or a cost is not positive.
    """
    theory = threshold_in_theory(fn, fp)
    curve = sweep(probabilities, targets)
    below = np.append(curve.thresholds[1:], -np.inf)
    cuts = np.append(np.nextafter(1.0, 2.0), (curve.thresholds + below) / 2)
    cuts[-1] = 0.0
    missed = curve.found[-1] - np.append(0.0, curve.found)
    costs = fn * missed + fp * np.append(0.0, curve.alarms)
    cheapest = cuts[np.isclose(costs, costs.min(), rtol=1e-12, atol=0.0)]
    return float(cheapest[np.argmin(np.abs(cheapest - theory))])


class Curve(NamedTuple):
    """Probabilities made honest: their log odds times `slope` plus `offset`."""

    slope: float
    offset: float

    def __call__(self, probabilities: np.ndarray) -> np.ndarray:
        """Probabilities (n,) bent; the order stays where the slope is positive."""
        bent: np.ndarray = 1 / (1 + np.exp(-(self.slope * log_odds(probabilities) + self.offset)))
        return bent


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)), for p at least `SUREST` from 0 and 1."""
    inside = np.clip(probabilities, SUREST, 1 - SUREST)
    odds: np.ndarray = np.log(inside / (1 - inside))
    return odds


def fitted_curve(probabilities: np.ndarray, targets: np.ndarray) -> Curve:
    """The curve under which these targets are most likely; each class counts as if one row of it were doubtful."""
    from scipy.optimize import minimize

    odds, positives = log_odds(probabilities), float(np.sum(targets))
    wanted = np.where(targets == 1, (positives + 1) / (positives + 2), 1 / (len(targets) - positives + 2))

    def loss(line: np.ndarray) -> tuple[float, np.ndarray]:
        bent = line[0] * odds + line[1]
        surplus = 1 / (1 + np.exp(-bent)) - wanted
        return float(np.mean(np.logaddexp(0, bent) - wanted * bent)), np.array([surplus @ odds, surplus.sum()]) / len(
            odds
        )

    slope, offset = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS").x
    return Curve(float(slope), float(offset))


class Decision(NamedTuple):
    """Probabilities (n,) and the threshold from which on the answer is yes."""

    probabilities: np.ndarray
    threshold: float

    @property
    def answers(self) -> np.ndarray:
        """True for yes, (n,)."""
        return self.probabilities >= self.threshold


def at_half(known: np.ndarray, targets: np.ndarray, asked: np.ndarray, fn: float, fp: float) -> Decision:
    """Yes where it is more likely than no: the costs are not looked at."""
    return Decision(asked, 0.5)


def by_theory(known: np.ndarray, targets: np.ndarray, asked: np.ndarray, fn: float, fp: float) -> Decision:
    """Elkan's threshold on the probabilities `asked` as they are."""
    return Decision(asked, threshold_in_theory(fn, fp))


def by_calibration(known: np.ndarray, targets: np.ndarray, asked: np.ndarray, fn: float, fp: float) -> Decision:
    """Elkan's threshold on probabilities made honest by the rows with probabilities `known`."""
    return Decision(fitted_curve(known, targets)(asked), threshold_in_theory(fn, fp))


def by_search(known: np.ndarray, targets: np.ndarray, asked: np.ndarray, fn: float, fp: float) -> Decision:
    """The threshold that was cheapest on the rows with probabilities `known`."""
    return Decision(asked, threshold_for(known, targets, fn, fp))
