"""How far the sequential verdicts can be trusted, measured: error rates, seeds saved, power, forecasts, spending.

    python benchmarks/statistics_table.py      writes benchmarks/tables/statistics.md (about two minutes on one core)

Everything is simulated from seeded generators or counted exactly, so that every machine writes the same table.
"""

import math
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from scipy import stats
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from zhixing.evaluate.sequential import (
    Array,
    Region,
    _crossed,
    boundary,
    decide,
    earliest,
    intervals,
    more_seeds,
    per_claim,
    power,
)

TABLE = Path(__file__).parent / "tables" / "statistics.md"
LOOKS = (3, 5, 6, 8, 10, 15, 20, 30)
ALPHA = per_claim(0.95, 1)
ABOVE_ZERO: Region = (math.nextafter(0, 1), math.inf)
SAMPLES = 20_000

Draw = Callable[[np.random.Generator, tuple[int, int]], Array]


def two_humps(share: float, apart: float) -> Draw:
    """A normal hump and a second one `apart` standard deviations further, holding `share`."""
    return lambda rng, shape: rng.normal(np.where(rng.random(shape) < share, apart, 0), 1)


DRAWS: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "skewed (lognormal)": lambda rng, shape: rng.lognormal(size=shape),
    "heavy tails (t, 2 degrees)": lambda rng, shape: rng.standard_t(2, size=shape),
    "heavy tails (Cauchy)": lambda rng, shape: rng.standard_cauchy(size=shape),
    "two humps, 50/50": two_humps(0.5, 6),
    "two humps, 90/10": two_humps(0.1, 6),
    "ties (-1, 0, 0, 1, 2)": lambda rng, shape: rng.choice([-1.0, 0, 0, 1, 2], size=shape),
}
MEDIANS = {
    "skewed (lognormal)": 1.0,
    "two humps, 50/50": 3.0,
    "two humps, 90/10": float(ndtri(0.5 / 0.9)),  # the far hump is all but wholly above
}
MEANS = {
    "skewed (lognormal)": math.exp(0.5),
    "two humps, 50/50": 3.0,
    "two humps, 90/10": 0.6,
    "ties (-1, 0, 0, 1, 2)": 0.4,
}


def percent(share: float) -> str:
    return "—" if math.isnan(share) else f"{100 * share:.1f}"


def markdown(head: list[str], rows: list[list[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def first(hits: np.ndarray, never: float = math.inf) -> np.ndarray:
    """The first column, counted from 1, in which each row is true."""
    return np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, never)


def t_test_rejects(x: Array, mean: float) -> np.ndarray:
    """Whether the two-sided 5 % t test on the first n seeds, for each n, finds a mean other than `mean`."""
    n = np.arange(1, x.shape[1] + 1)
    total, squares = np.cumsum(x - mean, axis=1), np.cumsum((x - mean) ** 2, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (squares - total**2 / n) / (n - 1)
        t = np.abs(total) / np.sqrt(n * variance)
        return (t > stdtrit(n - 1, 0.975)) & (n > 1)


def sign_test_rejects(x: Array, median: float) -> np.ndarray:
    """Whether the exact two-sided 5 % sign test on the first n seeds, for each n, finds another median."""
    n = np.arange(1, x.shape[1] + 1)
    more = np.maximum(np.cumsum(x > median, axis=1), np.cumsum(x < median, axis=1))
    return more >= stats.binom.isf(ALPHA, n, 0.5) + 1


def error_rates() -> str:
    rows: list[list[object]] = []
    for index, (name, draw) in enumerate(DRAWS.items()):
        x = draw(np.random.default_rng([1, index]), (SAMPLES, max(LOOKS)))
        centred = x - MEDIANS.get(name, 0.0)
        listed = centred.tolist()
        supported, refuted = (
            np.array([stop if verdict == wrong else math.inf for stop, verdict in (stopping(v, r) for v in listed)])
            for wrong, r in (("supported", ABOVE_ZERO), ("refuted", (0.0, math.inf)))
        )
        missed = first(np.array([[not e.low <= 0 <= e.high for e in intervals(v, ALPHA)][1:] for v in listed]))
        ordered = {n: np.sort(centred[:, :n], axis=1) for n in LOOKS}
        t_median, t_mean = t_test_rejects(centred, 0.0), t_test_rejects(x, MEANS.get(name, 0.0))
        naive = first(sign_test_rejects(centred, 0.0))
        for n in LOOKS:
            c = boundary(n, ALPHA)
            low, high = (
                (ordered[n][:, -c], ordered[n][:, c - 1]) if c else (np.array([-math.inf]), np.array([math.inf]))
            )
            rows.append(
                [
                    name, n, percent(float(np.mean(low > 0) + np.mean(high < 0))),
                    percent(np.mean(supported <= n)), percent(np.mean(refuted <= n)),
                    percent(float(np.mean((low <= 0) & (high >= 0)))), percent(np.mean(missed > n)),
                    percent(np.mean(naive <= n)), percent(np.mean(t_median[:, n - 1])),
                    percent(np.mean(first(t_median) <= n)), percent(np.mean(t_mean[:, n - 1])),
                    percent(np.mean(first(t_mean) <= n)),
                ]
            )  # fmt: skip
    head = [
        "differences", "seeds", "false verdicts, one look", "falsely supported, every look",
        "falsely refuted, every look", "coverage, one look", "coverage at every look so far",
        "sign test at 5 %, every look", "t on the median, one look", "t on the median, every look",
        "t on the mean, one look", "t on the mean, every look",
    ]  # fmt: skip
    return markdown(head, rows)


def stopping(values: list[float], region: Region = (0.0, math.inf)) -> tuple[float, str]:
    """After how many seeds a verdict falls, infinity for never, and which."""
    decision = decide(values, region, ALPHA)
    return (math.inf if decision.verdict == "undecided" else decision.stopped_at), decision.verdict


def seeds_saved() -> str:
    cases: list[tuple[str, float, str, Region]] = [
        ("clear effect, 3 sd", 3, "better by at least 0", (0, math.inf)),
        ("clear effect, 3 sd", 3, "better by at least 2 sd", (2, math.inf)),
        ("effect of 1 sd", 1, "better by at least 0", (0, math.inf)),
        ("effect of 0.5 sd", 0.5, "better by at least 0", (0, math.inf)),
        ("no effect", 0, "better by more than 0", ABOVE_ZERO),
        ("no effect", 0, "better by at least 1 sd", (1, math.inf)),
        ("no effect", 0, "better by at least 3 sd", (3, math.inf)),
        ("no effect", 0, "equivalent within 1 sd", (-1, 1)),
        ("no effect", 0, "equivalent within 2 sd", (-2, 2)),
    ]
    rows: list[list[object]] = []
    for index, (effect, shift, claim, region) in enumerate(cases):
        x = np.random.default_rng([2, index]).normal(shift, 1, size=(SAMPLES // 4, 30))
        stops, verdicts = map(np.array, zip(*(stopping(v, region) for v in x.tolist()), strict=True))
        wrong = "refuted" if region[0] <= shift <= region[1] else "supported"
        for limit in (20, 30):
            used = np.minimum(stops, limit).mean()
            shares = {v: float(np.mean((verdicts == v) & (stops <= limit))) for v in ("supported", "refuted")}
            rows.append(
                [
                    effect, claim, limit, f"{used:.1f}", percent(1 - used / limit), percent(shares["supported"]),
                    percent(shares["refuted"]), percent(1 - sum(shares.values())), percent(shares[wrong]),
                ]
            )  # fmt: skip
    head = ["truth", "claim", "limit", "mean seeds used", "saved", "supported", "refuted", "cannot tell", "wrong"]
    return markdown(head, rows)


def power_table() -> str:
    rows: list[list[object]] = []
    for index, p in enumerate((0.6, 0.7, 0.8, 0.9, 0.95, 0.99)):
        x = np.random.default_rng([3, index]).normal(ndtri(p), 1, size=(SAMPLES // 2, 50)).tolist()
        stops = np.array([stop for stop, verdict in map(stopping, x) if verdict == "supported"])
        for n in (6, 10, 20, 30, 50):
            once = stats.binom.sf(stats.binom.isf(ALPHA, n, 0.5), n, p)
            found = np.sum(stops <= n) / len(x)
            rows.append([p, f"{ndtri(p):.2f}", n, percent(power(p, n, ALPHA)), percent(found), percent(once)])
    head = [
        "chance that a seed is on the claim's side", "as a normal effect, sd", "seeds",
        "power predicted", "power simulated", "sign test with one look",
    ]  # fmt: skip
    return markdown(head, rows)


# Forecasts

HORIZON = 1000
CROSSING = np.array([boundary(n, ALPHA) or math.inf for n in range(1, HORIZON + 31)])
Rule = Callable[[Array, int, float], float | None]


def settled_at(x: Array) -> np.ndarray:
    """The number of seeds at which a claim of [0, inf) settles, for each row."""
    ups = np.cumsum(x >= 0, axis=1)
    return first(np.maximum(ups, np.arange(1, x.shape[1] + 1) - ups) >= CROSSING[: x.shape[1]])


@cache
def forecast(ups: int, n: int, wanted: float, centre: float, weight: float) -> float:
    """More seeds until a claim settles with chance `wanted`, from an urn whose share starts at `centre`.

    It learns as though it had seen `weight` seeds; infinite weight is a fixed share. The limit where it is not reached.
    """

    def side(signs: int, share: float) -> Array:
        def chance(seen: int, walk: Array) -> Array:
            learned = (np.arange(len(walk)) - signs) / weight + share
            return np.clip(learned / (1 + (seen - n) / weight), 0, 1)

        return _crossed(np.append(np.zeros(signs), 1.0), n, n + HORIZON, ALPHA, chance)

    enough = np.flatnonzero(side(ups, centre) + side(n - ups, 1 - centre) >= wanted)
    return max(1, int(enough[0])) if len(enough) else math.inf


def urn(added: float) -> Callable[[Array, float], float]:
    def rule(x: Array, wanted: float) -> float:
        n, ups = len(x), int(np.sum(x >= 0))
        return forecast(ups, n, wanted, (ups + added) / (n + 2 * added), n + 2 * added)

    return rule


def fixed(share: Callable[[Array], float]) -> Callable[[Array, float], float]:
    return lambda x, wanted: forecast(int(np.sum(x >= 0)), len(x), wanted, in_fiftieths(share(x)), math.inf)


def in_fiftieths(share: float) -> float:
    """So that few forecasts differ, and the cache answers most."""
    return round(50 * share) / 50


def normal_share(x: Array) -> float:
    return float(np.clip(ndtr(np.mean(x) / np.std(x, ddof=1)), 0.01, 0.99))


def student_share(x: Array) -> float:
    """The predictive chance that the next normal value is positive."""
    n = len(x)
    return float(np.clip(stdtr(n - 1, np.mean(x) / np.std(x, ddof=1) / math.sqrt(1 + 1 / n)), 0.01, 0.99))


def counted_share(x: Array) -> float:
    return float(np.sum(x >= 0) + 0.5) / (len(x) + 1)


FORECASTS: dict[str, Callable[[Array, float], float]] = {
    "**urn, 1 added on each side (ours)**": urn(1),
    "urn, 1/2 added on each side": urn(0.5),
    "urn, 2 added on each side": urn(2),
    "share fixed at (count + 1/2) / (n + 1)": fixed(counted_share),
    "share fixed by the normal distribution": fixed(normal_share),
    "share fixed by Student's predictive": fixed(student_share),
    "mean of the count's and Student's": fixed(lambda x: (counted_share(x) + student_share(x)) / 2),
    "urn at Student's, weight n": lambda x, wanted: forecast(
        int(np.sum(x >= 0)), len(x), wanted, in_fiftieths(student_share(x)), len(x)
    ),
}
SHAPES = {
    "normal": DRAWS["normal"],
    "skewed": lambda rng, shape: rng.lognormal(size=shape) - 1,
    "heavy tails (t, 2 degrees)": DRAWS["heavy tails (t, 2 degrees)"],
    "two humps, 50/50": lambda rng, shape: two_humps(0.5, 6)(rng, shape) / 2 - 1.5,
}


def rules_compared() -> str:
    losses: dict[str, list[list[float]]] = {name: [] for name in FORECASTS}
    for index, draw in enumerate(SHAPES.values()):
        rng = np.random.default_rng([4, index])
        for spread in (0.5, 1, 2):
            for n in (6, 10, 20):
                x = rng.normal(0, spread, size=(300, 1)) + draw(rng, (300, n + HORIZON))
                took = settled_at(x) - n
                studies = [(v[:n], min(float(t), HORIZON)) for v, t in zip(x, took, strict=True) if t > 0]
                for name, rule in FORECASTS.items():
                    logs = [math.log(t / min(rule(v, 0.8), HORIZON)) for v, t in studies]
                    losses[name].append([float(index), float(np.mean([max(0.8 * u, -0.2 * u) for u in logs]))])
    rows: list[list[object]] = []
    for name, lost in losses.items():
        table = np.array(lost)
        by_shape = [table[table[:, 0] == index, 1].mean() for index in range(len(SHAPES))]
        rows.append([name, *(f"{loss:.3f}" for loss in by_shape), f"{np.mean(by_shape):.3f}"])
    return markdown(["rule", *SHAPES, "all"], rows)


def calibration() -> str:
    studies = 5000
    effects: dict[str, Callable[[np.random.Generator], Array | float]] = {
        **{f"p = {p}": lambda rng, p=p: p for p in (0.5, 0.6, 0.7, 0.8, 0.9)},
        **{f"normal, sd {sd}": lambda rng, sd=sd: ndtr(rng.normal(0, sd, size=(studies, 1))) for sd in (0.5, 1, 2)},
        "half none, half normal, sd 1": lambda rng: ndtr(rng.normal(0, rng.choice([0, 1], size=(studies, 1)))),
    }
    rows: list[list[object]] = []
    for index, (effect, shares) in enumerate(effects.items()):
        rng = np.random.default_rng([6, index])
        signs = rng.random((studies, 20 + HORIZON)) < shares(rng)
        ends, ups = settled_at(np.where(signs, 1.0, -1.0)), np.cumsum(signs, axis=1)
        for n in (6, 10, 20):
            open_still = ends > n
            took = (ends - n)[open_still]
            row: list[object] = [effect, n, percent(float(np.mean(open_still)))]
            for wanted in (0.5, 0.8):
                more = np.array([forecasts(int(up), n, wanted) for up in ups[open_still, n - 1]])
                told = np.isfinite(more)
                row += [
                    percent(float(np.mean(took[told] <= more[told]))) if told.sum() >= 100 else "—",
                    percent(1 - float(np.mean(told))),
                    at_share(more, 0.5),
                ]
            rows.append([*row, at_share(took, 0.5), at_share(took, 0.8)])
    head = [
        "effect", "seeds so far", "still undecided",
        "settled by the 50 % forecast", "without one", "median forecast",
        "settled by the 80 % forecast", "without one", "median forecast",
        "truly took, half of them", "truly took, 80 % of them",
    ]  # fmt: skip
    return markdown(head, rows)


def at_share(numbers: Array, share: float) -> str:
    """The smallest of the numbers that a share of them do not exceed."""
    value = float(np.sort(numbers)[math.ceil(share * len(numbers)) - 1])
    return f"{value:.0f}" if value <= HORIZON else f"> {HORIZON}"


@cache
def forecasts(ups: int, n: int, wanted: float) -> float:
    """What `more_seeds` says after `ups` of n, signs in an order that leaves the claim open; inf for None."""
    fewer, sign = min(ups, n - ups), 1.0 if 2 * ups >= n else -1.0
    more = more_seeds([-sign, sign] * fewer + [sign] * (n - 2 * fewer), (0, math.inf), ALPHA, power=wanted)
    return math.inf if more is None else more


# Spending

SPENDING: dict[str, Callable[[int], float]] = {
    "**n / (n + 3.5) (ours)**": lambda n: n / (n + 3.5),
    "1 - 2 / n": lambda n: max(0.0, 1 - 2 / n),
    "1 - sqrt(0.84 / n)": lambda n: max(0.0, 1 - math.sqrt(0.84 / n)),
    "1 - (3.67 / n) ** 2": lambda n: max(0.0, 1 - (3.67 / n) ** 2),
    "1 - 1 / log2(n + 1)": lambda n: 1 - 1 / math.log2(n + 1),
    "0.63 at 6 seeds, the rest evenly by 30": lambda n: 0.0 if n < 6 else min(1.0, 0.63 + 0.37 * (n - 6) / 24),
    "all at 6 seeds": lambda n: float(n >= 6),
}


def boundaries(share: Callable[[int], float], alpha: float, last: int) -> list[int]:
    """The smallest crossing counts that a spending function allows, by the distribution of the walk."""
    walk, spent, found = np.ones(1), 0.0, [1]
    for n in range(1, last + 1):
        walk = (np.append(walk, 0) + np.append(0, walk)) / 2
        tails = np.append(np.cumsum(walk[::-1])[::-1], 0)
        crossing = int(np.argmax(spent + tails <= alpha * share(n)))
        spent, walk = spent + tails[crossing], walk[:crossing]
        found.append(crossing)
    return found


def power_curve(crossing: list[int], p: float) -> Array:
    walk, curve = np.ones(1), [0.0]
    for c in crossing[1:]:
        walk = np.append(walk * (1 - p), 0) + np.append(0, walk * p)
        curve.append(curve[-1] + float(walk[c:].sum()))
        walk = walk[:c]
    return np.array(curve)


def seeds_for(curve: Array, wanted: float) -> object:
    return int(np.argmax(curve >= wanted)) if curve[-1] >= wanted else f"> {len(curve) - 1}"


def spending_compared() -> str:
    shares, rows = (0.7, 0.8, 0.9, 0.95), []
    for claims in (1, 5):
        alpha = per_claim(0.95, claims)
        for name, share in SPENDING.items():
            crossing = boundaries(share, alpha, 500)
            if "ours" in name:
                assert all((c if c <= n else None) == boundary(n, alpha) for n, c in enumerate(crossing) if n)
            curves = [power_curve(crossing, p) for p in shares]
            rows.append(
                [
                    claims, name, next(n for n in range(1, 501) if crossing[n] <= n),
                    *(seeds_for(curve, 0.8) for curve in curves),
                    *(f"{np.sum(1 - curve[:100]):.1f}" for curve in curves), percent(curves[1][30]),
                ]
            )  # fmt: skip
        once = [np.array([stats.binom.sf(stats.binom.isf(alpha, n, 0.5), n, p) for n in range(501)]) for p in shares]
        rows.append(
            [claims, "a sign test with one look, for contrast", earliest(alpha) if claims == 1 else "—"]
            + [seeds_for(np.minimum.accumulate(curve[::-1])[::-1], 0.8) for curve in once]
            + ["—"] * 4
            + [percent(once[1][30])]
        )
    head = ["claims", "share of the error spent by n seeds", "earliest verdict"]
    head += [f"seeds for 80 % power, p = {p}" for p in shares]
    head += [f"mean seeds up to 100, p = {p}" for p in shares] + ["power at 30 seeds, p = 0.8"]
    return markdown(head, rows)


def worthwhile() -> str:
    rows: list[list[object]] = []
    for claims in (1, 2, 3, 4, 5, 10):
        counts = [boundary(n, per_claim(0.95, claims)) for n in range(51)]
        looks = [n for n in range(1, 51) if counts[n] is not None and counts[n - 1] in (None, counts[n])]
        rows.append([claims, ", ".join(map(str, looks))])
    return markdown(["claims", "numbers of seeds, up to 50, at which a verdict can newly fall"], rows)


def main() -> None:
    parts = [
        "# What the verdicts are worth",
        "Generated by `python benchmarks/statistics_table.py`; do not edit. Shares are percentages; the level is 95 %.",
        "## False verdicts and coverage",
        f"{SAMPLES:,} studies a row. **The claim is about the median paired difference**, here 0, and not about the mean. "
        '"Falsely supported" is the claim that the median is above 0, "falsely refuted" that it is at least 0: at most 2.5 '
        "each, together at most 5, however often one looks. One look uses the boundary that allows for looks at every "
        "earlier seed, and so has error to spare. For contrast: a sign test at 5 % that ignores how often it looks; the "
        "paired t test held against the median (the same question, answered with the mean); the paired t test held "
        "against the true mean (its own question). Where the mean is not the median (skew, a far hump, the ties) "
        '"t on the median" comes to find that they differ: no error of the t test, but another question. "t on the mean" '
        "shows how it does on its own. A Cauchy variable has no mean; its centre stands in.",
        error_rates(),
        "## Seeds saved by stopping early",
        f"{SAMPLES // 4:,} studies a row of normal differences with a standard deviation (sd) of 1; the limit is the "
        "fixed number of seeds that would otherwise be run.",
        seeds_saved(),
        "## Power",
        f"Predicted exactly by `power`, simulated over {SAMPLES // 2:,} studies that are looked at after every seed. The last "
        "column is the price: a sign test that may look only once, at a number of seeds chosen beforehand.",
        power_table(),
        "## How many more seeds",
        f'5,000 studies a row of "better by at least 0", followed for {HORIZON:,} more seeds: of those still undecided, the '
        "share that settled within the number that `more_seeds` named, how often it named none, and what it took in truth. "
        "p is the chance that a seed falls on the claim's side; a normal effect with sd 1 is one drawn anew for each study, "
        "in sd of the differences. A forecast from a few signs can only hold on average over the effects that one meets, "
        "and holds exactly for normal effects with sd 1, where every p is as likely as any other.",
        calibration(),
        "Rules compared: mean pinball loss of the 80 % forecast of the logarithm of the number of seeds (lower is better; "
        "it is least for the true 80 % point), over 6, 10 and 20 seeds so far and normal effects with sd 0.5, 1 and 2. No "
        f"forecast counts as {HORIZON:,}.",
        rules_compared(),
        "## Spending",
        "Counted exactly. p is the chance that a seed falls on the claim's side. All but the sign test allow a look after "
        "every seed, and a verdict for one claim at 6.",
        spending_compared(),
        "Because counts are whole, a verdict can newly fall at some numbers of seeds only; a limit between two of them is "
        "worth no more than the lower one.",
        worthwhile(),
    ]
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(f"wrote {TABLE}")


if __name__ == "__main__":
    main()
