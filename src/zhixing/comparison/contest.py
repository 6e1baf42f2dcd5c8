"""A contest of families on data of one's own, stated as a study: the engine prices, runs, decides and reports it."""

import hashlib
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zhixing import data, evaluate
from zhixing.comparison.families import Family, Task
from zhixing.comparison.folders import of_folder
from zhixing.comparison.labels import of_labels
from zhixing.comparison.ranking import Ranking, ranking
from zhixing.comparison.ratings import of_ratings
from zhixing.comparison.tables import of_table
from zhixing.comparison.tags import of_tags
from zhixing.comparison.unlabelled import of_unlabelled
from zhixing.core import Spec, Text
from zhixing.data import OwnFolder, OwnLabels, OwnRatings, OwnTable, OwnTags, OwnUnlabelled
from zhixing.evaluate.measure import Measure
from zhixing.study import Arm, Claim, Design, Explanation, Scale, Study, Table
from zhixing.study.ask import ask

SEEDS = {"smoke": 2, "quick": 9, "full": 30}
"""Divisions of the table; nine are the fewest after which so many claims can be decided."""

EFFORTS = (evaluate.on_validation, evaluate.fit_seconds, evaluate.answer_microseconds, evaluate.kept_bytes)


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

        def average(family: str) -> float:
            known = first.values(family, self.chosen_on.name)
            return float(known[np.isfinite(known)].mean()) if np.isfinite(known).any() else np.inf

        return min(self.families, key=average)

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


KINDS: Mapping[type, Callable[[Any, Path], Task]] = {
    OwnTable: of_table,
    OwnLabels: of_labels,
    OwnUnlabelled: of_unlabelled,
    OwnRatings: of_ratings,
    OwnTags: of_tags,
    OwnFolder: of_folder,
}
"""The contest on each kind of data of one's own, given the data set and where it was read from."""


def contest(path: str | Path, target: str | None = None, **options: Any) -> Study:
    """The study whose arms are the families that suit what is at the path.

    `options` are those of `zhixing.data.own_data`. Raises BadData where the data cannot be used, BadSetting for an option that
    does not suit them.
    """
    source = data.own_data(path, target=target, **options)
    own: data.Own = source.build()
    place = Path(path)
    task = task_of(own, place)
    main, *_ = task.measures
    rule = Leads([family.name for family in task.families], main, evaluate.on_validation, task.least)

    def design(scale: Scale) -> Design:
        return Design(
            trial=judging(task, source, scale),
            arms=[_arm(family, len(own), scale, task.most[scale]) for family in task.families],
            seeds=SEEDS[scale],
            measures=(*task.measures, *task.of_lists, *EFFORTS),
            mechanism=task.mechanism,
            verdict=rule,
        )

    labels = {family.name: family.label for family in task.families}
    return Study(
        slug=slug(source, own, place),
        chapter="own",
        question=task.question,
        claim=Text(
            "The family that leads on validation rows leads on rows never seen, too.",
            "在验证行上领先的模型，在从未见过的行上也领先。",
        ),
        source=place.name,
        explanation=_explanation(task, own),
        design=design,
        command=command("compare", str(path), target=target, **options),
        tell=lambda claims: task.tell(claims, labels),
    )


def judging(task: Task, source: Spec, scale: Scale) -> Spec:
    """The trial of one family on these data at this scale, its candidates and preparation left open."""
    return task.trial(scale).with_settings(data=source, measures=(*task.measures, *task.mechanism), efforts=EFFORTS)


def task_of(own: data.Own, place: Path) -> Task:
    """The contest on this data set, which was read from `place`."""
    return KINDS[type(own)](own, place)


def slug(source: Spec, own: data.Own, place: Path) -> str:
    """The name in the run store of everything that is learned from these data."""
    digest = hashlib.sha256(f"{own.fingerprint} {source!r}".encode()).hexdigest()
    name = re.sub(r"[^\w-]+", "_", place.stem)[:40]
    return f"own.{name}.{digest[:8]}"


def command(*words: str, **options: Any) -> str:
    """The words to type, as a shell takes them."""
    named = [word for name, value in options.items() if value for word in (f"--{name}", str(value))]
    return " ".join(shlex.quote(word) for word in (*words, *named))


def compare(
    path: str | Path,
    target: str | None = None,
    *,
    task: str | None = None,
    time: str | None = None,
    group: str | None = None,
    known: str | None = None,
    user: str | None = None,
    item: str | None = None,
    rating: str | None = None,
    **options: Any,
) -> Ranking:
    """Which family is best on data of one's own; further options are those of `zhixing.study.ask.ask`.

    Every family divides the same rows alike, chooses among equally many settings on validation rows, and is judged once
    a division on rows that chose nothing. Raises as `contest` and `ask` do.
    """
    roles = {"user": user, "item": item, "rating": rating}
    return ranking(ask(contest(path, target, task=task, time=time, group=group, known=known, **roles), **options))


def _arm(family: Family, count: int, scale: Scale, most: int | None) -> Arm:
    own = {"candidates": family.settings(scale), "preparation": family.prepared(scale), **family.besides}
    limits = [limit for limit in (family.most, most) if limit is not None and limit < count]
    if not limits:
        return Arm(family.name, label=family.label, **own)
    label = Text("{label}, at most {most:,} rows", "{label}（至多 {most:,} 行）").format(
        label=family.label, most=min(limits)
    )
    return Arm(family.name, label=label, **own, most=min(limits))


def _explanation(task: Task, own: data.Own) -> Explanation:
    choices = len(task.families[0].candidates())
    counted = {"count": len(own), "items": task.items, "families": len(task.families), "choices": choices}
    experiment = Text(
        "{families} families learn from the same {count:,} {items}. For each division a quarter of them judges. Of the "
        "rest a quarter chooses among {choices} settings of each family, which is then fitted to all of the rest; where that "
        "quarter is small, the better half of the settings is judged again on others like it. ",
        "{families} 类模型从同样的 {count:,} {items}数据学习。每次划分留出四分之一来评判；其余的数据里，再用四分之一为每类模型从 "
        "{choices} 种设置中选一种，然后用其余的全部重新拟合；这四分之一若太小，较好的一半设置还要在另几个这样的四分之一上再比。",
    ).format(**counted)
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
        experiment=Text("{how}{exceptions}{prepared}", "{how}{exceptions}{prepared}").format(
            how=experiment, exceptions=_without_choice(task, choices), prepared=task.prepared
        ),
        meaning=Text(
            "Families that cannot be told apart are named as a tie, and of those that err within one standard error of "
            "the leader the cheapest is recommended. The verdict is about models learned from this table: new rows that "
            "were gathered in another way, later or elsewhere, may change the order.",
            "分不出高下的几类模型记为并列，并在误差与领先者相差不到一个标准误的几类中推荐最省的一个。结论只针对从这张表学到的模"
            "型：如果新的行是以别的方式、在以后或别处收集的，次序可能会变。",
        ),
    )


def _without_choice(task: Task, choices: int) -> Text:
    """Says which families have fewer settings at full scale; nothing where none has."""
    labels = [family.label for family in task.families if len(family.settings("full")) < choices]
    said = Text(
        "At full scale there is nothing to choose for {label}: all of the settings are asked together. ",
        "在 full 规模下，“{label}”没有要选的设置：所有设置一起作答。",
    )
    found = [said.format(label=label) for label in labels]
    return Text("".join(each.en for each in found), "".join(each.zh for each in found))
