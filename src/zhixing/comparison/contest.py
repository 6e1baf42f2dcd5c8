"""A contest of families on a table of one's own, stated as a study: the engine prices, runs, decides and reports it."""

import hashlib
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zhixing import data, evaluate, train
from zhixing.comparison.families import CHOICES, Family, for_amounts, for_classes
from zhixing.comparison.ranking import Ranking, ranking, sentence
from zhixing.core import Text, spec
from zhixing.data import OwnTable
from zhixing.evaluate.measure import Measure
from zhixing.study import Arm, Claim, Design, Explanation, Scale, Study, Table
from zhixing.study.ask import ask

SEEDS = {"smoke": 2, "quick": 9, "full": 30}
"""Divisions of the table; nine are the fewest after which so many claims can be decided."""
MOST: dict[Scale, int | None] = {"smoke": 500, "quick": 10_000, "full": None}
"""The most rows that any family learns from."""
RARE = 0.2
"""Where the rarest class has a smaller share than this of an even one's, classes are weighed equally."""


@dataclass(frozen=True)
class Leads:
    """The family that is ahead on validation rows is better on test rows than each other one, division by division.

    The leader is named by the first `SEEDS["quick"]` divisions, before any verdict can fall, and by validation rows
    alone, so that the test rows choose nothing.
    """

    families: Sequence[str]
    on: Measure
    chosen_on: Measure
    by: float
    """The least that counts as ahead."""

    def leader(self, table: Table) -> str:
        first = table.first(SEEDS["quick"])

        def middle(family: str) -> float:
            known = first.values(family, self.chosen_on.name)
            return float(np.median(known[np.isfinite(known)])) if np.isfinite(known).any() else np.inf

        return min(self.families, key=middle)

    def claims(self, table: Table) -> list[Claim]:
        leader = self.leader(table)
        return [self._over(table, leader, other) for other in self.families if other != leader]

    def _over(self, table: Table, leader: str, other: str) -> Claim:
        gain = table.values(other, self.on.name) - table.values(leader, self.on.name)
        text = Text("{leader} is ahead of {other}", "{leader}领先于{other}")
        return Claim(
            id=f"{leader} over {other}",
            text=text.format(leader=table.label(leader), other=table.label(other)),
            values=tuple(float(value) for value in np.round(gain, 9)),
            region=(self.by, np.inf),
            unit=self.on.difference_unit,
        )


def contest(path: str | Path, target: str, *, task: str | None = None) -> Study:
    """The study whose arms are the families that suit the target column of a table file.

    Raises BadData where the file, the column or the rows cannot be used; `task` is "classes" or "regression", and found
    by the column where it is left out.
    """
    place = data.checked_path(path)
    source = spec(data.own_table, path=str(place), target=target, task=task)
    table: OwnTable = source.build()
    families = for_classes() if table.classes else for_amounts()
    main, others = _measures(table)
    efforts = (evaluate.on_validation, evaluate.fit_seconds, evaluate.answer_microseconds, evaluate.kept_bytes)
    mechanism = (evaluate.error_by_class,) if table.classes else ()
    names = [family.name for family in families]
    # Half of what one row of one class can change, so that equally good is not ahead; amounts never tie.
    least = 50 / len(table.classes) / len(table) if table.classes else 0.0
    rule = Leads(names, on=main, chosen_on=evaluate.on_validation, by=least)

    def design(scale: Scale) -> Design:
        return Design(
            trial=spec(train.tuned, data=source, measures=(main, *others, *mechanism), efforts=efforts),
            arms=[_arm(family, table, MOST[scale]) for family in families],
            seeds=SEEDS[scale],
            measures=(main, *others, *efforts),
            mechanism=mechanism,
            verdict=rule,
        )

    name = re.sub(r"[^\w-]+", "_", place.stem)[:40]
    digest = hashlib.sha256(f"{table.fingerprint} {target} {task} {place}".encode()).hexdigest()
    labels = {family.name: family.label for family in families}
    chosen = ["--task", task] if task else []
    return Study(
        slug=f"own.{name}.{digest[:8]}",
        chapter="own",
        question=Text(
            "Which family is best at {target} of {file}?", "预测 {file} 的 {target}，哪一类模型最好？"
        ).format(target=target, file=place.name),
        claim=Text(
            "The family that leads on validation rows leads on rows never seen, too.",
            "在验证行上领先的模型，在从未见过的行上也领先。",
        ),
        source=place.name,
        explanation=_explanation(table, families),
        design=design,
        command=" ".join(["compare", shlex.quote(str(path)), "--target", shlex.quote(target), *chosen]),
        tell=lambda claims: sentence(claims, labels),
    )


def compare(path: str | Path, target: str, *, task: str | None = None, **options: Any) -> Ranking:
    """Which family is best on a table of one's own; the options are those of `zhixing.study.ask.ask`.

    Every family divides the same rows alike, chooses among equally many settings on validation rows, and is judged once
    a division on rows that chose nothing. Raises as `contest` and `ask` do.
    """
    return ranking(ask(contest(path, target, task=task), **options))


def _arm(family: Family, table: OwnTable, most: int | None) -> Arm:
    limits = [limit for limit in (family.most, most) if limit is not None and limit < len(table)]
    if not limits:
        return Arm(family.name, label=family.label, candidates=family.candidates())
    label = Text("{label}, at most {most:,} rows", "{label}（至多 {most:,} 行）").format(
        label=family.label, most=min(limits)
    )
    return Arm(family.name, label=label, candidates=family.candidates(), most=min(limits))


def _measures(table: OwnTable) -> tuple[Measure, tuple[Measure, ...]]:
    """The measure that ranks, and the others."""
    if not table.classes:
        return evaluate.root_mean_square, (evaluate.mean_absolute, evaluate.explained)
    shares = np.bincount(table.targets) * len(table.classes) / len(table)
    if shares.min() < RARE:
        return evaluate.balanced_error, (evaluate.error, evaluate.log_loss)
    return evaluate.error, (evaluate.balanced_error, evaluate.log_loss)


def _explanation(table: OwnTable, families: Sequence[Family]) -> Explanation:
    counted = {"rows": len(table), "columns": table.features.shape[1], "families": len(families), "choices": CHOICES}
    return Explanation(
        idea=Text(
            "A model that fits the rows it has seen may fail on others. So some rows are set aside, and judge at the end "
            "and only there. Which rows these are is chance: another division gives other figures. A difference between "
            "two families counts as real here when it returns, division after division, more often than chance allows.",
            "模型对见过的行拟合得好，对没见过的行却可能不行。所以要先留出一部分行，只在最后用来评判。留出哪些行是偶然的，"
            "换一种划分，数字就会不同。两类模型的差别，要在一次次划分中反复出现、多于偶然所能解释的，这里才算真的差别。",
        ),
        formula=Text(
            "d = error of the other family - error of the leader, one number for each division\n\nThe leader is ahead "
            "when the median of d is above 0; the interval says between which values it lies.",
            "d = 另一类模型的误差 − 领先者的误差，每次划分得到一个数\n\nd 的中位数大于 0，领先者才真的领先；区间说明这个中位"
            "数落在哪两个值之间。",
        ),
        experiment=Text(
            "{families} families learn from the same {rows:,} rows of {columns} columns. For each division a quarter of "
            "the rows judges. Of the rest a quarter chooses among {choices} settings of each family, which is then fitted "
            "to all of the rest. Gaps, dates and words become numbers by what the training rows teach.",
            "{families} 类模型用同样的 {rows:,} 行、{columns} 列来学习。每次划分留出四分之一的行来评判；其余的行里，再用四分"
            "之一为每类模型从 {choices} 种设置中选一种，然后用其余的全部行重新拟合。缺失值、日期和文字如何变成数字，只由训练"
            "行决定。",
        ).format(**counted),
        meaning=Text(
            "Families that cannot be told apart are named as a tie, and the cheapest of them is recommended. The verdict "
            "is about models learned from this table: new rows that were gathered in another way, later or elsewhere, may "
            "change the order.",
            "分不出高下的几类模型记为并列，并推荐其中最省的一个。结论只针对从这张表学到的模型：如果新的行是以别的方式、在以"
            "后或别处收集的，次序可能会变。",
        ),
    )
