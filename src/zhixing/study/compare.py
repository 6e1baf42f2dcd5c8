"""Two runs side by side: what differs in what was run, and in what came of it."""

import ast
import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from zhixing.core import BadSetting, Series, Text
from zhixing.core.store import Result, RunStore

SHORTEST = 4
"""Characters of a digest that are enough to name a run."""


@dataclass(frozen=True)
class Difference:
    """One setting in which two runs differ; None where a run has no such setting."""

    name: str
    a: str | None
    b: str | None


@dataclass(frozen=True)
class Outcome:
    """One number that two runs measured: the median over seeds, NaN where a run has none."""

    name: str
    a: float
    b: float
    difference: float
    """Median over the seeds that both have of b - a; of the two medians where they share no seed."""
    seeds: int
    """How many seeds both have."""


@dataclass(frozen=True)
class Comparison:
    """`a` and `b` name the runs as STUDY/ARM/SEEDS."""

    a: str
    b: str
    differences: tuple[Difference, ...]
    outcomes: tuple[Outcome, ...]


def compare(store: RunStore, a: str, b: str) -> Comparison:
    """Compares two runs, each named by the beginning of its digest, STUDY/ARM/SEED, or STUDY/ARM for all seeds.

    Raises BadSetting for a name that stands for no run, or for runs of several kinds.
    """
    store.refresh()
    first, second = named(store, a), named(store, b)
    own, other = _stated(first[0]), _stated(second[0])
    if first[0].call == second[0].call:  # other settings reach other code anyway
        own["code"], other["code"] = first[0].code[:10], second[0].code[:10]
    names = sorted({*own, *other}, key=lambda name: (name.count("."), name))
    return Comparison(
        _title(first),
        _title(second),
        tuple(Difference(n, own.get(n), other.get(n)) for n in names if own.get(n) != other.get(n)),
        tuple(_outcomes(first, second)),
    )


def named(store: RunStore, name: str) -> list[Result]:
    """The runs of one call that a name stands for, by seed: of the scale and code that ran last.

    Raises BadSetting for a name that stands for no run, or for runs of several kinds.
    """
    rows = store.listed()
    if "/" in name:
        wanted = name.split("/")
        found = [row for row in rows if [row["study"], row["arm"], str(row["seed"])][: len(wanted)] == wanted]
        found = [row for row in found if row["call_digest"] == found[0]["call_digest"]]
        if len(wanted) not in (2, 3):
            found = []
    else:
        found = [row for row in rows if len(name) >= SHORTEST and row["digest"].startswith(name)]
    results = [result for row in found if (result := store.result(row["digest"]))]
    results = [result for result in results if result.code == results[0].code and result.data == results[0].data]
    if not results or ("/" not in name and len(results) > 1):
        raise BadSetting(
            Text(
                en=f"{name!r} stands for {'several runs' if results else 'no run'}; name one by the first {SHORTEST} or "
                "more characters of its digest, as STUDY/ARM/SEED, or as STUDY/ARM for all seeds; "
                "`zhixing runs --study STUDY` lists them",
                zh=f"{name!r} {'对应多次运行' if results else '没有对应的运行'}；请给出摘要的前 {SHORTEST} 个或更多字符，"
                "或写成 研究/组/种子，或 研究/组（全部种子）；`zhixing runs --study 研究` 会列出",
            )
        )
    return sorted(results, key=lambda result: result.seed)


def _title(runs: list[Result]) -> str:
    seeds = ",".join(str(run.seed) for run in runs)
    return f"{runs[0].study}/{runs[0].arm}/{seeds}"


def _stated(run: Result) -> dict[str, str]:
    """What decided a run, by name: its settings at any depth, its scale, data and machine."""
    stated = dict(_settings("", ast.parse(run.call, mode="eval").body))
    stated |= {"scale": run.scale, **({"data.fingerprint": run.data[:10]} if run.data else {})}
    return stated | {f"machine.{name}": value for name, value in run.machine.items()}


def _settings(name: str, node: ast.expr) -> Iterator[tuple[str, str]]:
    """The settings of a printed call, each under the names that lead to it; parsed, never evaluated."""
    if isinstance(node, ast.Call):
        yield name or "trial", ast.unparse(node.func)
        for word in node.keywords:
            yield from _settings(f"{name}.{word.arg}" if name else str(word.arg), word.value)
    else:
        yield name, ast.unparse(node)


def _outcomes(first: list[Result], second: list[Result]) -> Iterator[Outcome]:
    own, other = ({run.seed: _numbers(run) for run in runs} for runs in (first, second))
    names = dict.fromkeys(name for numbers in [*own.values(), *other.values()] for name in numbers)
    shared = [seed for seed in own if seed in other]
    for name in names:
        a, b = (_middle([numbers.get(name, math.nan) for numbers in runs.values()]) for runs in (own, other))
        paired = [other[seed].get(name, math.nan) - own[seed].get(name, math.nan) for seed in shared]
        yield Outcome(name, a, b, _middle(paired) if shared else b - a, len(shared))


def _numbers(run: Result) -> dict[str, float]:
    """Every number that a run measured, and what it cost; of a series its last value."""
    measured = {name: v.values[-1] if isinstance(v, Series) else v for name, v in run.measures.items()}
    return {**measured, "seconds": run.seconds, "peak_bytes": float(run.peak_bytes)}


def _middle(values: list[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return median(finite) if finite else math.nan
