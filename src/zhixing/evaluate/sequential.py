"""Is the median where the claim says? Answered for any distribution, however often one looks, seed by seed.

A claim is one number per seed and a closed region [a, b] in which it says that the median of that number lies:
"better by at least d" is [d, inf), "equivalent within e" is [-e, e]. Whatever the distribution, a seed falls above
its median with chance one half at most (ties make it less), so the count of seeds above is a coin-tossing walk, and
what it may reach is counted exactly. Seeds must be independent of each other; they need not be alike in spread.

Spending: of the one-sided error `alpha`, the part alpha * n / (n + 3.5) may have been used once n seeds are seen,
with a look after every one. No last n enters, so a study can always be given more seeds. Six equal signs settle one
claim at 95 %. Against 1 - 2 / n, 1 - sqrt(0.84 / n) and others that also allow this, it needs the fewest seeds on
average for moderate effects and is within half a seed of the best for clear ones. The price of looking always is 1.2
(clear) to 1.8 times (slight effects) the seeds of a sign test that looks once: benchmarks/tables/statistics.md.

Lost trials (NaN) count as -inf for the lower end and inf for the upper, so that losing a trial never helps a claim.

Source: Lan and DeMets 1983 (spending), Jennison and Turnbull 1989 (repeated intervals), Spiegelhalter et al. 1986
(predictive power). Departs from them: the walk is counted exactly, not by its normal limit.
Symbols: n seeds seen | c the count that crosses | walk[s] the chance of s signs so far, none of them across
"""

import math
from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zhixing.core import BadSetting, Text

Verdict = Literal["supported", "refuted", "undecided"]
Region = tuple[float, float]
"""A closed interval (a, b); either end may be infinite."""
Array = NDArray[np.float64]

EVERYWHERE: Region = (-math.inf, math.inf)


@dataclass(frozen=True)
class Estimate:
    """A value in the unit of the measure, the closed interval [low, high] around it, and how sure that interval is."""

    estimate: float
    low: float
    high: float
    n: int
    level: float


@dataclass(frozen=True)
class Decision:
    """The verdict on one claim, with the estimate and interval that the claim had when the verdict fell."""

    verdict: Verdict
    estimate: Estimate

    @property
    def stopped_at(self) -> int:
        """The first number of seeds at which the verdict fell; all of them when it has not."""
        return self.estimate.n


def per_claim(level: float, claims: int) -> float:
    """The one-sided error of each claim so that all of them hold together at `level` (Bonferroni).

    Raises BadSetting for a level outside (0, 1) or fewer than one claim.
    """
    if not (0 < level < 1 and claims >= 1):
        raise BadSetting(
            Text(
                en=f"level {level:g} for {claims} claims: the level lies between 0 and 1, such as 0.95, for 1 claim or more",
                zh=f"{claims} 个论断、置信水平 {level:g}：置信水平应在 0 与 1 之间（如 0.95），且至少有 1 个论断",
            )
        )
    return (1 - level) / 2 / claims


def boundary(n: int, alpha: float) -> int | None:
    """The least c such that c of n seeds on one side reject, with a look after every seed; None where all n are too few.

    Its chance ever to be reached, when seeds fall on either side like a fair coin, is below `alpha`. Where it grows
    with n no verdict newly falls: for one claim at 95 % that leaves 6, 11, 15, 19, 22, 25, ... seeds.
    """
    crossing = _boundaries(alpha, n)[n]
    return crossing if crossing <= n else None


def earliest(alpha: float) -> int:
    """The fewest seeds at which any verdict can fall, whatever the region: 6 for one claim at 95 %, 7 for two."""
    return next(n for n in count(1) if boundary(n, alpha) is not None)


def power(p: float, n: int, alpha: float) -> float:
    """The exact chance of having crossed by `n` seeds when each falls on the claim's side with chance `p`.

    A region with two ends is supported with at least the power at the chance of falling between them.
    """
    return float(_crossed(np.ones(1), 0, n, alpha, lambda _, walk: np.full(len(walk), p))[-1])


def intervals(values: Sequence[float], alpha: float, bounds: Region = EVERYWHERE) -> Iterator[Estimate]:
    """The median and its interval before the first seed and after each, at level 1 - 2 alpha for all of them at once.

    `values` are in seed order and in the unit of the measure, NaN where a trial was lost; `bounds` are what that
    number can be. Each interval is the intersection of what the seeds so far allow at each look; where that is empty
    (which is rarer than 2 alpha), what the last look allows. The estimate is the plain median of what was not lost,
    NaN if all was, and can lie outside an interval that was narrow early. Raises BadSetting for a value outside `bounds`.
    """
    crossing, level, (lowest, highest) = _boundaries(alpha, len(values)), 1 - 2 * alpha, bounds
    known: list[float] = []
    low, high = bounds
    yield Estimate(math.nan, low, high, 0, level)
    for n, value in enumerate(map(float, values), 1):
        if value < lowest or highest < value:
            raise BadSetting(
                Text(
                    en=f"value {value:g} of seed number {n} lies outside the bounds [{lowest:g}, {highest:g}]; they are "
                    "those of the number that is tested: a difference of two shares lies in [-1, 1]",
                    zh=f"第 {n} 个种子的值 {value:g} 超出范围 [{lowest:g}, {highest:g}]；"
                    "范围指被检验的数的范围：两个比例之差在 [-1, 1] 之内",
                )
            )
        if not math.isnan(value):
            insort(known, value)
        c, m = crossing[n], len(known)
        own = (known[-c], known[c - 1]) if c <= m else bounds
        low, high = max(low, own[0]), min(high, own[1])
        if low > high:
            low, high = own
        median = (known[(m - 1) // 2] + known[m // 2]) / 2 if m else math.nan
        yield Estimate(median, low, high, n, level)


def interval(values: Sequence[float], alpha: float, bounds: Region = EVERYWHERE) -> Estimate:
    """The last of `intervals`: the median of all the values and its interval."""
    return list(intervals(values, alpha, bounds))[-1]


def decide(values: Sequence[float], region: Region, alpha: float, bounds: Region = EVERYWHERE) -> Decision:
    """Looks after every seed and stops at the first verdict, so that seeds run since then cannot change the answer.

    Supported when the interval lies within the region, refuted when it lies outside. Either is wrong with chance
    `alpha` at most; refuting a region with two ends, which can go wrong on each side, with 2 alpha. A seed that ties
    with an end lies in the region: equal arms are "better by at least 0", so ask for more than 0 where that matters.
    Raises BadSetting for a region that `bounds` alone settle, or a value outside `bounds`.
    """
    (a, b), (lowest, highest) = region, bounds
    if not (lowest < a <= min(b, highest) or a <= lowest <= b < highest):
        raise BadSetting(
            Text(
                en=f"the region [{a:g}, {b:g}] leaves nothing to test where values lie in [{lowest:g}, {highest:g}]; "
                "give one that holds some possible values and not others",
                zh=f"取值范围是 [{lowest:g}, {highest:g}]，区域 [{a:g}, {b:g}] 无须检验；请给出只包含其中一部分取值的区域",
            )
        )
    for now in intervals(values, alpha, bounds):
        if a <= now.low and now.high <= b:
            return Decision("supported", now)
        if now.high < a or b < now.low:
            return Decision("refuted", now)
    return Decision("undecided", now)


def more_seeds(
    values: Sequence[float],
    region: Region,
    alpha: float,
    bounds: Region = EVERYWHERE,
    *,
    power: float = 0.8,
    limit: int = 1000,
) -> int | None:
    """How many more seeds settle the claim with chance `power`, going by the signs so far; 0 if it is settled.

    None when `limit` more would not. The next seed falls inside the region with the share of seeds seen there, after
    one more is counted inside and one outside (Laplace): an urn that goes on learning, so that the forecast allows for
    what few seeds leave unknown. It is right as often as it says on average over effects of all sizes, not for each.
    Fixed shares forecast worse for every shape of difference tried, an urn that starts at a normal fit for every shape
    but the normal (benchmarks/tables/statistics.md). At `power` 0.8 few signs often give None; at 0.5 they give a
    number. Raises as `decide` does.
    """
    if decide(values, region, alpha, bounds).verdict != "undecided":
        return 0
    x, (a, b) = np.asarray(values, dtype=float), region
    outside = [x < a] * (bounds[0] < a) + [x > b] * (b < bounds[1])
    settled = _forecast((a <= x) & (x <= b), 1.0, alpha, limit)
    for side in outside:
        settled = settled + _forecast(side, 1 / len(outside), alpha, limit)
    enough = np.flatnonzero(settled >= power)
    return max(1, int(enough[0])) if len(enough) else None


def mean_interval(values: Sequence[float], level: float) -> Estimate:
    """The mean of the finite values with Student's interval, for descriptive tables; ends are NaN below two values.

    It supposes a normal mean and a single look, so no verdict rests on it.
    """
    from scipy.special import stdtrit

    x = np.asarray(values, dtype=float)
    x = x[np.isfinite(x)]
    mean = float(x.mean()) if len(x) else math.nan
    half = float(stdtrit(len(x) - 1, (1 + level) / 2) * x.std(ddof=1)) / len(x) ** 0.5 if len(x) > 1 else math.nan
    return Estimate(mean, mean - half, mean + half, len(x), level)


def _boundaries(alpha: float, n: int) -> tuple[int, ...]:
    """The crossing count by number of seeds, from 0 to `n` at least; more than the number of seeds where there is none."""
    return _boundaries_to(max(64, 1 << n.bit_length()), alpha)


@lru_cache(maxsize=256)
def _boundaries_to(horizon: int, alpha: float) -> tuple[int, ...]:
    if not 0 < alpha < 0.5:
        raise BadSetting(
            Text(
                en=f"alpha {alpha:g} is no one-sided error between 0 and 0.5; per_claim(0.95, claims=1) gives 0.025",
                zh=f"alpha {alpha:g} 不是 0 与 0.5 之间的单侧错误率；per_claim(0.95, claims=1) 给出 0.025",
            )
        )
    walk, spent, crossing = np.ones(1), 0.0, [1]
    for n in range(1, horizon + 1):
        walk = _step(walk, np.full(len(walk), 0.5))
        if spent + walk[-1] <= alpha * n / (n + 3.5):
            spent += float(walk[-1])
            walk = walk[:-1]
        crossing.append(len(walk))
    return tuple(crossing)


def _step(walk: Array, p: Array) -> Array:
    """One seed more, on the side that is counted with chance p[s] after s signs."""
    after = np.append(walk * (1 - p), 0.0)
    after[1:] += walk * p
    return after


def _crossed(walk: Array, n: int, last: int, alpha: float, chance: Callable[[int, Array], Array]) -> Array:
    """The chance of having crossed after n, n + 1, ..., `last` seeds, from `walk` at n and `chance(n, walk)` from then on."""
    crossing, crossed = _boundaries(alpha, last), [0.0]
    for seen in range(n, last):
        walk = _step(walk, chance(seen, walk))
        crossed.append(crossed[-1] + float(walk[crossing[seen + 1] :].sum()))
        walk = walk[: crossing[seen + 1]]
    return np.array(crossed)


def _forecast(signs: NDArray[np.bool_], prior: float, alpha: float, limit: int) -> Array:
    """The chance that these signs have crossed after 0, 1, ..., `limit` more seeds; `prior` of two more count as signs."""
    n, counts = len(signs), np.cumsum(signs)
    if np.any(counts >= _boundaries(alpha, n)[1 : n + 1]):
        return np.ones(limit + 1)
    return _urn(int(counts[-1]) if n else 0, n, prior, alpha, limit)


@lru_cache(maxsize=1024)
def _urn(signs: int, n: int, prior: float, alpha: float, limit: int) -> Array:
    here = np.append(np.zeros(signs), 1.0)
    return _crossed(here, n, n + limit, alpha, lambda seen, walk: (np.arange(len(walk)) + prior) / (seen + 2))
