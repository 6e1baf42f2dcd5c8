"""The sequential sign test: exact counts by enumeration, laws by hypothesis, error rates by simulation."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator
from scipy import stats

from zhixing.core import BadSetting
from zhixing.evaluate.sequential import (
    EVERYWHERE,
    Estimate,
    boundary,
    decide,
    earliest,
    interval,
    intervals,
    mean_interval,
    more_seeds,
    per_claim,
    power,
)

INF, NAN = math.inf, math.nan
ALPHA = 0.025
FROM_ZERO = (0.0, INF)
ABOVE_ZERO = (math.nextafter(0, 1), INF)
"""Claims a median above 0, which is false when it is 0 exactly."""


def all_signs(n: int) -> np.ndarray:
    """Every sequence of n signs, one per row."""
    return (np.arange(2**n)[:, None] >> np.arange(n)) & 1


def coin_walk(alpha: float, last: int) -> tuple[list[int | None], list[Fraction]]:
    """Boundary and error spent by n seeds, in whole numbers of equally likely sequences: the reference."""
    ways, spent, found, errors = [1], Fraction(0), [None], [Fraction(0)]
    for n in range(1, last + 1):
        ways = [a + b for a, b in zip([*ways, 0], [0, *ways], strict=True)]
        allowed = Fraction(alpha) * Fraction(2 * n, 2 * n + 7)
        crossing = len(ways)
        while crossing and spent + Fraction(sum(ways[crossing - 1 :]), 2**n) <= allowed:
            crossing -= 1
        spent += Fraction(sum(ways[crossing:]), 2**n)
        ways = ways[:crossing]
        found.append(crossing if crossing <= n else None)
        errors.append(spent)
    return found, errors


# Exact numbers


@pytest.mark.parametrize("alpha", [0.1, 0.05, 0.025, 0.0125, 0.005, 0.001])
def test_boundary_by_enumeration_of_all_sign_sequences(alpha: float) -> None:
    counts = np.cumsum(all_signs(14), axis=1)
    crossed = np.zeros(len(counts), dtype=bool)
    for n in range(1, 15):
        allowed = Fraction(alpha) * Fraction(2 * n, 2 * n + 7) * 2**14
        fits = [c for c in range(n + 1) if int((crossed | (counts[:, n - 1] >= c)).sum()) <= allowed]
        assert boundary(n, alpha) == min(fits, default=None)
        if fits:
            crossed |= counts[:, n - 1] >= min(fits)
        assert power(0.5, n, alpha) == crossed.mean()


@pytest.mark.parametrize("alpha", [0.05, 0.025, 0.0125, 0.005])
def test_chance_ever_to_cross_stays_below_alpha(alpha: float) -> None:
    found, spent = coin_walk(alpha, 300)
    assert [boundary(n, alpha) for n in range(1, 301)] == found[1:]
    assert 0.97 * alpha < spent[300] < alpha
    assert power(0.5, 300, alpha) == pytest.approx(float(spent[300]), rel=1e-12)


def test_one_claim_takes_six_equal_signs_and_more_claims_more() -> None:
    assert [boundary(n, ALPHA) for n in range(1, 13)] == [None] * 5 + [6, 7, 8, 9, 10, 10, 11]
    assert [n for n in range(7, 30) if boundary(n, ALPHA) == boundary(n - 1, ALPHA)] == [11, 15, 19, 22, 25, 28]
    assert [earliest(per_claim(0.95, claims)) for claims in range(1, 7)] == [6, 7, 8, 8, 9, 9]
    assert (earliest(per_claim(0.9, 1)), earliest(per_claim(0.99, 1)), earliest(1e-30)) == (6, 9, 100)


def test_signs_that_looking_after_every_seed_costs_against_one_look() -> None:
    def once(n: int) -> int:
        return min(c for c in range(n + 1) if stats.binomtest(c, n, alternative="greater").pvalue <= ALPHA)

    assert [boundary(n, ALPHA) - once(n) for n in (6, 8, 10, 15, 20, 30)] == [0, 0, 1, 1, 2, 3]


@pytest.mark.parametrize("n", [6, 11, 20, 33, 60])
def test_own_interval_is_that_of_the_quantile_test(n: int) -> None:
    x = np.sort(np.random.default_rng(n).standard_cauchy(n))
    ends_first = np.stack([x, x[::-1]], axis=1).ravel()[:n].tolist()  # so that no earlier prefix is narrower
    level = 1 - 2 * stats.binomtest(boundary(n, ALPHA), n, alternative="greater").pvalue
    expected = stats.quantile_test(x, p=0.5).confidence_interval(level - 1e-9)
    found = interval(ends_first, ALPHA)
    assert (found.low, found.high, found.estimate) == (expected.low, expected.high, np.median(x))


@pytest.mark.parametrize("p", [0.0, 0.3, 0.8, 1.0])
def test_power_by_enumeration(p: float) -> None:
    signs = all_signs(12)
    counts = np.cumsum(signs, axis=1)
    chance = np.where(signs, p, 1 - p).prod(axis=1)
    crossed = np.zeros(len(signs), dtype=bool)
    for n in range(1, 13):
        crossed |= counts[:, n - 1] >= (boundary(n, ALPHA) or INF)
        assert power(p, n, ALPHA) == pytest.approx(chance[crossed].sum(), abs=1e-14)
    assert power(p, 0, ALPHA) == 0


def test_intervals_by_hand() -> None:
    six = [3.0, 1.0, 2.0, 6.0, 4.0, 5.0]
    assert interval(six, ALPHA) == Estimate(3.5, 1.0, 6.0, n=6, level=0.95)
    assert interval(six[:5], ALPHA) == Estimate(3.0, -INF, INF, n=5, level=0.95)
    assert interval([*six[:5], NAN], ALPHA, (0.0, 10.0)) == Estimate(3.0, 0.0, 10.0, n=6, level=0.95)
    assert interval([*six, 0.5], ALPHA) == Estimate(3.0, 1.0, 6.0, n=7, level=0.95)  # the first six still hold
    assert [(e.low, e.high) for e in intervals(six, ALPHA)] == [EVERYWHERE] * 6 + [(1, 6)]
    lost = interval([NAN] * 9, ALPHA, (0.0, 1.0))
    assert (lost.low, lost.high, lost.n) == (0, 1, 9)
    assert math.isnan(lost.estimate)
    assert math.isnan(interval([], ALPHA).estimate)


def test_infinite_values_are_values() -> None:
    assert interval([INF] * 4 + [1.0, 2.0], ALPHA) == Estimate(INF, 1.0, INF, n=6, level=0.95)


def test_an_empty_intersection_gives_way_to_the_latest_interval() -> None:
    moved = interval([10.0] * 6 + [0.0] * 40, ALPHA)
    assert (moved.low, moved.high) == (0, 0)


def test_ties_lie_in_a_closed_region() -> None:
    equal = [0.0] * 6
    assert decide(equal, FROM_ZERO, ALPHA).verdict == "supported"
    assert decide(equal, (0.0, 0.0), ALPHA).verdict == "supported"
    assert decide(equal, ABOVE_ZERO, ALPHA).verdict == "refuted"
    assert decide([1.0] * 5 + [0.0], (1.0, INF), ALPHA).verdict == "undecided"


def test_verdicts_on_either_side_and_between() -> None:
    six = [3.0, 1.0, 2.0, 6.0, 4.0, 5.0]
    verdicts = {
        (1.0, INF): "supported", (1.0, 6.0): "supported", (-INF, 6.0): "supported",
        (1.5, INF): "undecided", (1.5, 9.0): "undecided", (0.0, 3.0): "undecided", (2.0, 3.0): "undecided",
        (6.5, INF): "refuted", (-INF, 0.5): "refuted", (7.0, 8.0): "refuted", (-1.0, 0.5): "refuted",
    }  # fmt: skip
    assert {region: decide(six, region, ALPHA).verdict for region in verdicts} == verdicts
    assert decide(six, (1.0, 9.0), ALPHA, (0.0, 9.0)).verdict == "supported"
    assert (decide(six[:5], (1.0, INF), ALPHA).stopped_at, decide([*six, -9.0], (1.0, INF), ALPHA).stopped_at) == (5, 6)
    assert decide([], FROM_ZERO, ALPHA).stopped_at == 0


def test_several_claims_share_the_error() -> None:
    assert per_claim(0.95, 1) == pytest.approx(0.025)
    assert per_claim(0.9, 5) == pytest.approx(0.01)
    six = [1.0] * 6
    assert decide(six, FROM_ZERO, per_claim(0.95, 1)).verdict == "supported"
    assert decide(six, FROM_ZERO, per_claim(0.95, 2)).verdict == "undecided"
    assert decide([*six, 1.0], FROM_ZERO, per_claim(0.95, 2)).stopped_at == 7


def test_mean_interval_is_students() -> None:
    x = np.random.default_rng(0).normal(3, 2, size=9)
    expected = stats.ttest_1samp(x, 0).confidence_interval(0.9)
    found = mean_interval([*x, NAN, INF], 0.9)
    assert found.n == 9
    assert (found.estimate, found.low, found.high) == pytest.approx((x.mean(), expected.low, expected.high), rel=1e-12)
    one, none = mean_interval([2.0, NAN], 0.9), mean_interval([], 0.9)
    assert (one.estimate, one.n, none.n) == (2, 1, 0)
    assert all(math.isnan(end) for end in (one.low, one.high, none.estimate, none.low, none.high))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: per_claim(95.0, 1), r"level 95 for 1 claims: the level lies between 0 and 1, such as 0\.95"),
        (lambda: per_claim(0.95, 0), r"level 0\.95 for 0 claims"),
        (lambda: boundary(6, 0.95), r"alpha 0\.95 is no one-sided error .*per_claim\(0\.95, claims=1\) gives 0\.025"),
        (lambda: decide([1.0], (2.0, 1.0), ALPHA), r"the region \[2, 1\] leaves nothing to test"),
        (lambda: decide([1.0], (NAN, 1.0), ALPHA), r"the region \[nan, 1\] leaves nothing to test"),
        (lambda: decide([1.0], EVERYWHERE, ALPHA), r"leaves nothing to test where values lie in \[-inf, inf\]"),
        (lambda: decide([1.0], (-1.0, 1.0), ALPHA, (0.0, 1.0)), r"nothing to test where values lie in \[0, 1\]"),
        (lambda: decide([1.0], (2.0, INF), ALPHA, (0.0, 1.0)), r"\[2, inf\] leaves nothing to test"),
        (lambda: interval([0.5, -0.5], ALPHA, (0.0, 1.0)), r"value -0\.5 of seed number 2 lies outside .* \[0, 1\]"),
    ],
)  # fmt: skip
def test_errors_say_what_came_and_what_to_do(call: Callable[[], object], message: str) -> None:
    with pytest.raises(BadSetting, match=message):
        call()


# Laws

patient = settings(deadline=None)  # other processes may hold the machine
steps = st.integers(-4, 4).map(float)
seeds = st.lists(steps | st.just(NAN), max_size=40)
one_ended = st.tuples(st.integers(-4, 4).map(lambda end: end - 0.5), st.just(INF))
two_ended = st.tuples(st.integers(-4, 0), st.integers(0, 4)).map(lambda ends: (ends[0] - 0.5, ends[1] + 0.5))
alphas = st.sampled_from([0.1, 0.025, 0.0125])


@patient
@given(values=seeds, alpha=alphas)
def test_interval_holds_exactly_the_medians_that_no_look_rejects(values: list[float], alpha: float) -> None:
    found = interval(values, alpha)

    def rejected(median: float) -> bool:
        above = accumulate(int(value > median) for value in values)
        below = accumulate(int(value < median) for value in values)
        looks = enumerate(zip(above, below, strict=True), 1)
        return any(max(counts) >= (boundary(n, alpha) or INF) for n, counts in looks)

    kept = [median for median in np.arange(-5, 5.25, 0.25) if not rejected(median)]
    if kept:  # else empty, and the latest look alone speaks
        assert kept == [median for median in np.arange(-5, 5.25, 0.25) if found.low <= median <= found.high]


@patient
@given(values=seeds, region=one_ended | two_ended, alpha=alphas)
def test_verdict_is_that_of_the_first_look_that_has_one(values: list[float], region: tuple, alpha: float) -> None:
    decision = decide(values, region, alpha)
    for n in range(len(values) + 1):
        now = decide(values[:n], region, alpha)
        if n < decision.stopped_at:
            assert now.verdict == "undecided"
        elif decision.verdict != "undecided":
            assert (now.verdict, now.stopped_at, now.estimate.low, now.estimate.high) == (
                decision.verdict, decision.stopped_at, decision.estimate.low, decision.estimate.high,
            )  # fmt: skip


@patient
@given(values=seeds, region=one_ended | two_ended, alpha=alphas)
def test_a_lost_trial_more_never_turns_a_verdict_decisive(values: list[float], region: tuple, alpha: float) -> None:
    if decide(values, region, alpha).verdict == "undecided":
        assert decide([*values, NAN], region, alpha).verdict == "undecided"


@patient
@given(values=seeds, region=one_ended, alpha=alphas, data=st.data())
def test_losing_trials_never_turns_a_verdict_decisive(values: list, region: tuple, alpha: float, data) -> None:
    if decide(values, region, alpha).verdict == "undecided":
        lost = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
        fewer = [NAN if gone else value for value, gone in zip(values, lost, strict=True)]
        assert decide(fewer, region, alpha).verdict == "undecided"
        inserted = data.draw(st.integers(0, len(values)))
        assert decide([*values[:inserted], NAN, *values[inserted:]], region, alpha).verdict == "undecided"


@patient
@given(values=seeds, region=one_ended | two_ended, alpha=alphas, shift=st.integers(-9, 9))
def test_values_and_region_shift_together(values: list[float], region: tuple, alpha: float, shift: int) -> None:
    here = decide(values, region, alpha)
    there = decide([value + shift for value in values], (region[0] + shift, region[1] + shift), alpha)
    assert (here.verdict, here.stopped_at) == (there.verdict, there.stopped_at)
    assert (here.estimate.low + shift, here.estimate.high + shift) == (there.estimate.low, there.estimate.high)


@patient
@given(values=seeds, alpha=alphas)
def test_intervals_mirror(values: list[float], alpha: float) -> None:
    here, there = interval(values, alpha, (-4.0, 5.0)), interval([-value for value in values], alpha, (-5.0, 4.0))
    assert (there.low, there.high) == (-here.high, -here.low)
    assert there.estimate == pytest.approx(-here.estimate, nan_ok=True, abs=0)


@patient
@given(values=st.lists(st.floats(-1e3, 1e3), max_size=3), region=one_ended | two_ended)
def test_three_seeds_never_decide(values: list[float], region: tuple) -> None:
    assert decide(values, region, ALPHA).verdict == "undecided"


# Error rates

DISTRIBUTIONS: dict[str, Callable[[Generator, tuple[int, int]], np.ndarray]] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "lognormal": lambda rng, shape: rng.lognormal(size=shape) - 1,
    "student t, 2 degrees": lambda rng, shape: rng.standard_t(2, size=shape),
    "cauchy": lambda rng, shape: rng.standard_cauchy(size=shape),
    "two humps, 50/50": lambda rng, shape: rng.normal(rng.choice([-2, 2], size=shape), 0.5),
    "two humps, 90/10": lambda rng, shape: (
        rng.normal(np.where(rng.random(shape) < 0.1, 6, 0), 1) - stats.norm.ppf(0.5 / 0.9)  # the far hump is past it
    ),
    "ties": lambda rng, shape: rng.choice([-1.0, 0, 0, 1, 2], size=shape),
}
"""Each has a median of 0, the ties not in their middle."""


def tolerance(rate: float, samples: int) -> float:
    """A rate that a simulation of a true rate exceeds about once in 10 000."""
    return rate + 3.7 * math.sqrt(rate * (1 - rate) / samples)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_false_verdicts_and_coverage_when_looking_after_every_seed(name: str) -> None:
    samples = DISTRIBUTIONS[name](np.random.default_rng(7), (3000, 30)).tolist()
    supported = [decide(x, ABOVE_ZERO, ALPHA).verdict == "supported" for x in samples]
    refuted = [decide(x, FROM_ZERO, ALPHA).verdict == "refuted" for x in samples]
    covered = [all(look.low <= 0 <= look.high for look in intervals(x, ALPHA)) for x in samples]
    assert np.mean(supported) <= tolerance(ALPHA, 3000)
    assert np.mean(refuted) <= tolerance(ALPHA, 3000)
    assert 1 - np.mean(covered) <= tolerance(2 * ALPHA, 3000)
    if name != "ties":  # exact, and so neither cautious
        exact = power(0.5, 30, ALPHA)
        assert abs(np.mean(supported) - exact) < tolerance(exact, 3000) - exact
        assert abs(1 - np.mean(covered) - 2 * exact) < tolerance(2 * exact, 3000) - 2 * exact


def test_equivalence_is_falsely_supported_or_refuted_within_its_level() -> None:
    at_the_edge = np.random.default_rng(8).normal(1, 0.3, size=(3000, 30)).tolist()
    supported = [decide(x, (-1.0, math.nextafter(1, 0)), ALPHA).verdict == "supported" for x in at_the_edge]
    refuted = [decide(x, (-1.0, 1.0), ALPHA).verdict == "refuted" for x in at_the_edge]
    assert 0 < np.mean(supported) <= tolerance(ALPHA, 3000)
    assert 0 < np.mean(refuted) <= tolerance(ALPHA, 3000)
    centred = np.random.default_rng(9).normal(0, 0.3, size=(200, 30)).tolist()
    assert {decide(x, (-1.0, 1.0), ALPHA).verdict for x in centred} == {"supported"}


@pytest.mark.parametrize("n", [6, 10, 20, 30])
@pytest.mark.parametrize("effect", [0.5, 1.0, 1.5])
def test_power_is_what_simulation_finds(n: int, effect: float) -> None:
    samples = np.random.default_rng(n).normal(effect, 1, size=(1500, n)).tolist()
    found = np.mean([decide(x, FROM_ZERO, ALPHA).verdict == "supported" for x in samples])
    expected = power(float(stats.norm.cdf(effect)), n, ALPHA)
    assert abs(found - expected) < tolerance(expected, 1500) - expected


# How many more seeds


@cache
def settles(above: int, below: int, lost: int, more: int) -> float:
    """The chance that a claim about one end settles within `more` seeds, by following every sequence of signs."""
    n = above + below + lost
    if max(above, below) >= (boundary(n, ALPHA) or INF):
        return 1.0
    if not more:
        return 0.0
    up, down = (above + 1) / (n + 2), (below + 1) / (n + 2)
    return (
        up * settles(above + 1, below, lost, more - 1)
        + down * settles(above, below + 1, lost, more - 1)
        + max(0.0, 1 - up - down) * settles(above, below, lost + 1, more - 1)
    )


@pytest.mark.parametrize(("above", "below", "lost"), [(5, 0, 0), (4, 1, 0), (1, 8, 0), (7, 1, 1), (7, 2, 0), (0, 0, 0)])
def test_forecast_follows_every_sequence_of_signs(above: int, below: int, lost: int) -> None:
    values = [1.0, -1.0] * min(above, below) + [math.copysign(1.0, above - below)] * abs(above - below)
    values = values[:1] + [NAN] * lost + values[1:]
    for wanted in (0.2, 0.35, 0.5, 0.65, 0.8):
        reached = [more for more in range(1, 31) if settles(above, below, lost, more) >= wanted]
        found = more_seeds(values, FROM_ZERO, ALPHA, power=wanted, limit=30)
        assert found == min(reached, default=None)


def test_settled_claims_need_none_and_ties_too_many() -> None:
    assert more_seeds([1.0] * 6, FROM_ZERO, ALPHA) == 0
    assert more_seeds([-1.0] * 9, FROM_ZERO, ALPHA) == 0
    assert more_seeds([1.0] * 5, FROM_ZERO, ALPHA) == 1
    assert more_seeds([1.0, -1.0] * 5, FROM_ZERO, ALPHA) is None
    assert more_seeds([NAN], FROM_ZERO, ALPHA, limit=4) is None
    tied, clear = [0.0, 0.0, -1.0, 0.0, 0.0], [1.0, 1.0, -1.0, 1.0, 1.0]
    assert more_seeds(tied, FROM_ZERO, ALPHA, power=0.5) == more_seeds(clear, FROM_ZERO, ALPHA, power=0.5)
    assert more_seeds(tied, (-INF, 0.0), ALPHA) == 1  # all five lie in it
    mirrored, region = [-value for value in tied], (-INF, 0.0)
    assert more_seeds(mirrored, region, ALPHA, power=0.5) == more_seeds(tied, FROM_ZERO, ALPHA, power=0.5)


def test_forecast_of_a_region_with_two_ends() -> None:
    assert more_seeds([0.5, -0.5] * 3, (-1.0, 1.0), ALPHA) == 0
    assert more_seeds([0.5, -0.5, 0.5, -0.5, 0.5], (-1.0, 1.0), ALPHA) == 1
    assert more_seeds([2.0, -2.0] * 4, (-1.0, 1.0), ALPHA) is None  # far off, yet on neither side
    assert more_seeds([2.0] * 5, (-1.0, 1.0), ALPHA, power=0.78) == 1  # far off on one: 5 1/2 of 7, or 0.786
    assert more_seeds([2.0] * 5, (-1.0, 1.0), ALPHA, power=0.79) != 1
    inside = [0.5, -0.5, 2.0, -0.5, 0.5, -2.0, 0.5, 0.5, 0.5]
    above, below = (more_seeds(inside, region, ALPHA, power=0.5) for region in ((-1.0, INF), (-INF, 1.0)))
    assert more_seeds(inside, (-1.0, 3.0), ALPHA, (-3.0, 3.0), power=0.5) == above > 0
    assert more_seeds(inside, (-3.0, 1.0), ALPHA, (-3.0, 3.0), power=0.5) == below > 0
    assert more_seeds(inside, (-1.0, 1.0), ALPHA, power=0.5) > above


@pytest.mark.parametrize("wanted", [0.5, 0.8])
def test_forecasts_over_effects_of_all_sizes_come_true_as_often_as_promised(wanted: float) -> None:
    rng = np.random.default_rng(4)
    signs = rng.normal(rng.normal(size=(4000, 1)), 1, size=(4000, 1010)) >= 0
    ups = np.cumsum(signs, axis=1)
    crossing = [boundary(n, ALPHA) or INF for n in range(1, 1011)]
    settled = np.maximum(ups, np.arange(1, 1011) - ups) >= crossing
    end = np.where(settled.any(axis=1), settled.argmax(axis=1) + 1, INF)
    forecasts: dict[int, int | None] = {}
    kept = []
    for i in np.flatnonzero(end > 10):
        if ups[i, 9] not in forecasts:
            forecasts[ups[i, 9]] = more_seeds(
                np.where(signs[i, :10], 1.0, -1.0).tolist(), FROM_ZERO, ALPHA, power=wanted
            )
        forecast = forecasts[ups[i, 9]]
        if forecast is not None:
            kept.append(end[i] <= 10 + forecast)
    assert len(kept) > 500
    assert abs(np.mean(kept) - wanted) < 0.1
