"""Do axes learned from some rows serve new rows as well as their own?"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Equivalent, Exercise, Explanation, Scale, Study

if TYPE_CHECKING:
    from zhixing.data import Part

TABLES = ("body-size", "olive-oil", "tumours", "biopsies", "cells", "digits8")
ROWS = (5, 10, 20, 50, 100)
SEEDS = {"smoke": 2, "quick": 16, "full": 24}
MAP = 2
Kind = Literal["learned", "new", "other"]
MEASURES = (evaluate.lost_with_many, evaluate.lost_with_few)
MECHANISM = (evaluate.lost_by_rows, evaluate.lost_to_middle_by_rows)


def reused(seeds: Seeds, *, data: Spec, learn: Kind, judge: Kind, rows: tuple[int, ...] = ROWS) -> dict[str, Any]:
    """What is lost of some rows along two axes learned from 5, 10, ... rows, which may be the same rows.

    Every column is scaled to variance 1 over the whole table. "other" rows are of the first half of the classes; those
    of the second half are cut in two at random, "learned" and "new". Axes of the "new" rows are learned from all.
    """

    whole: Part = data.build().train
    (whole,) = train.scaled_by(whole, whole)
    later = whole.targets > whole.targets.max() // 2
    order = seeds.numpy("rows").permutation(len(whole))
    kind = order[later[order]]
    halves = {"learned": kind[: len(kind) // 2], "new": kind[len(kind) // 2 :], "other": order[~later[order]]}
    lost, middle = [], []
    for count in rows:
        known = whole.inputs[halves[learn][: len(whole) if learn == "new" else count]]
        judged = whole.inputs[halves[judge][: count if judge == "learned" else len(whole)]]
        both = evaluate.lost_off_axes(judged, known.mean(axis=0), models.principal_axes(known, MAP))
        lost.append(both[0])
        middle.append(both[1])
    return {"rows": list(rows), "lost": lost, "middle": middle}


def arm(name: str, label: Text, learn: Kind, judge: Kind, **settings: Any) -> Arm:
    return Arm(name, label=label, each=spec(reused, learn=learn, judge=judge, **settings))


def own(**settings: Any) -> Arm:
    return arm("own", Text("judged by the rows that learned", "由学习的行自己评判"), "learned", "learned", **settings)


def new(**settings: Any) -> Arm:
    return arm("new", Text("judged by new rows", "由新的行评判"), "learned", "new", **settings)


def best(**settings: Any) -> Arm:
    return arm("best", Text("new rows, their own axes", "新的行，用自己的轴"), "new", "new", **settings)


def shifted(**settings: Any) -> Arm:
    return arm("shifted", Text("new rows, axes of another kind", "新的行，用另一类的轴"), "other", "new", **settings)


def named(*tables: str) -> tuple[Spec, ...]:
    return tuple(spec(data.table, name=name) for name in tables)


def design(scale: Scale) -> Design:
    tables = TABLES[:1] if scale == "smoke" else TABLES
    return Design(
        trial=spec(train.across, data=named(*tables), measures=(*MEASURES, *MECHANISM)),
        arms=[own(), new(), best(), shifted()],
        seeds=SEEDS[scale],
        measures=MEASURES,
        mechanism=MECHANISM,
        verdict=All(
            Equivalent("new", to="best", on=evaluate.lost_with_many, within=3.0),
            Better("own", than="new", on=evaluate.lost_with_few, by=10.0),
            Better("new", than="shifted", on=evaluate.lost_with_many, by=10.0),
        ),
    )


def from_rows(scale: Scale, *, rows: int) -> Design:
    """Axes of so many olive oils, claimed to lose as much of new ones as of their own."""
    whole = design(scale)
    return replace(
        whole,
        trial=whole.trial.with_settings(data=named("olive-oil"), measures=(evaluate.lost_with_many, *MECHANISM)),
        arms=[own(rows=(rows,)), new(rows=(rows,))],
        measures=(evaluate.lost_with_many,),
        verdict=Equivalent("new", to="own", on=evaluate.lost_with_many, within=4.0),
    )


def of_two_kinds(scale: Scale, *, table: str) -> Design:
    """The learner's table, whose two kinds are claimed to share their axes within 12 points."""
    whole = design(scale)
    rows = (10, 50)
    return replace(
        whole,
        trial=whole.trial.with_settings(data=named(table), measures=(evaluate.lost_with_many, *MECHANISM)),
        arms=[new(rows=rows), shifted(rows=rows)],
        measures=(evaluate.lost_with_many,),
        verdict=Equivalent("shifted", to="new", on=evaluate.lost_with_many, within=12.0),
    )


study = Study(
    slug="pca-reuse",
    chapter="measuring",
    after=("principal-axes",),
    question=Text(
        "Do axes learned from some rows serve new rows as well as axes of their own?",
        "从一些行学到的轴，用在新的行上，能像新行自己的轴一样好吗？",
    ),
    claim=Text(
        en="Axes learned from 100 rows lose at most 3 points more of new rows of the same kind than the new rows' own axes; "
        "learned from 10, they flatter their own rows; and axes of another kind serve badly.",
        zh="用 100 行学到的轴，在同类的新行上比新行自己的轴最多多丢 3 个百分点；只用 10 行学，则会美化自己的行；另一类数据的轴"
        "不好用。",
    ),
    source="Krzanowski 1979, Journal of the American Statistical Association 74, 703-707; Flury 1984, the same 79, 892-898",
    explanation=Explanation(
        idea=Text("TODO", "待"), formula=Text("TODO", "待"), experiment=Text("TODO", "待"), meaning=Text("TODO", "待")
    ),
    exercises=(
        Exercise(
            task=Text(
                en="From how many olive oils must axes be learned, so that they lose of new ones as much as of their own, "
                "within 4 points?",
                zh="要用多少种橄榄油来学轴，才能在新的油上与在自己的油上丢得一样多（相差不超过 4 个百分点）？",
            ),
            design=from_rows,
            among={"rows": (5, 160)},
            solution={"rows": 150},
        ),
        Exercise(
            task=Text(
                en="Axes need not be strangers to another kind. Find a table in which axes of 50 rows of the one kind lose of "
                "the other at most 12 points more than axes of its own kind do.",
                zh="另一类的轴也未必不能用。找出一张表，用其中一类的 50 行学到的轴，在另一类上比同类的轴最多多丢 12 个百分点。",
            ),
            design=of_two_kinds,
            among={"table": ("body-size", "olive-oil", "crabs", "tumours", "penguins")},
            solution={"table": "crabs"},
        ),
    ),
    next=(Text("TODO", "待"), Text("TODO", "待")),
    design=design,
)
