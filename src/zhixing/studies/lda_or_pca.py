"""For telling classes apart on few axes: LDA or PCA?"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Scale, Study

if TYPE_CHECKING:
    import numpy as np

    from zhixing.data import Part

TABLES = ("digits8", "olive-oil", "wine", "penguins", "iris", "tumours", "body-size", "cells", "biopsies", "crabs")
"""The pictures, then every table of measured columns, up to 100 of them, whose rarest class has 45 rows or more."""
EXAMPLES = (2, 3, 5, 10, 20, 30)
DRAWS = {"smoke": 1, "quick": 4, "full": 16}
SEEDS = {"smoke": 1, "quick": 16, "full": 24}
MEASURES = (evaluate.many_error, evaluate.few_error_on_digits, evaluate.few_error_on_tables)
MECHANISM = (evaluate.error_by_class_examples, evaluate.apart_promised, evaluate.apart_held)


def classified(
    seeds: Seeds, *, data: Spec, axes: Spec, draws: int, examples: tuple[int, ...] = EXAMPLES
) -> dict[str, Any]:
    """Errors of the nearest neighbour on axes chosen from 2, 3, ... examples of each class, averaged over draws of them.

    Columns are scaled by the examples. Also how far apart the classes lie along the axes, among the examples and others.
    """
    import numpy as np

    from zhixing.data import Part

    known, judged = train.divided(data, seeds, standardised=False)
    generator = seeds.numpy("examples")
    orders = [each_class(known.targets, generator) for _ in range(draws)]

    def tried(order: "list[np.ndarray]", count: int) -> tuple[float, float, float]:
        rows = np.concatenate([of_class[:count] for of_class in order])
        few = Part(known.inputs[rows], known.targets[rows])
        learned, asked = train.scaled_by(few, few, judged)
        directions = axes.build(learned, kept=len(order) - 1)
        near, far = learned.inputs @ directions, asked.inputs @ directions
        error = evaluate.nearest_error(near, learned.targets, far, asked.targets)
        return error, evaluate.apart(near, learned.targets), evaluate.apart(far, asked.targets)

    found = np.array([[tried(order, count) for count in examples] for order in orders]).mean(axis=0).T.tolist()
    return {"examples": list(examples), "errors": found[0], "promised": found[1], "held": found[2]}


def each_class(targets: "np.ndarray", generator: "np.random.Generator") -> "list[np.ndarray]":
    """The rows of each class in random order."""
    import numpy as np

    return [generator.permutation(np.flatnonzero(targets == kind)) for kind in np.unique(targets)]


def widest(part: "Part", *, kept: int, most: int | None = None) -> "np.ndarray":
    """(columns, kept) principal axes of the rows, or `most` of them."""
    return models.principal_axes(part.inputs, most or kept)


def separating(part: "Part", *, kept: int, shrinkage: float = 0.0) -> "np.ndarray":
    """(columns, kept) axes of LDA."""
    return models.discriminant_axes(part.inputs, part.targets, kept, shrinkage=shrinkage)


def untouched(part: "Part", *, kept: int) -> "np.ndarray":
    """(columns, columns): every column is an axis."""
    import numpy as np

    return np.eye(part.inputs.shape[1])


def arm(scale: Scale, name: str, label: Text, axes: Spec) -> Arm:
    return Arm(name, label=label, each=spec(classified, axes=axes, draws=DRAWS[scale]))


def pca(scale: Scale, most: int | None = None) -> Arm:
    label = Text("PCA", "PCA") if most is None else Text(f"PCA, {most} axes", f"PCA，{most} 根轴")
    return arm(scale, "PCA", label, spec(widest, most=most))


def lda(scale: Scale, shrinkage: float = 0.0) -> Arm:
    label = Text(f"LDA, shrunk by {shrinkage:g}", f"LDA，收缩 {shrinkage:g}") if shrinkage else Text("LDA", "LDA")
    return arm(scale, f"LDA {shrinkage:g}" if shrinkage else "LDA", label, spec(separating, shrinkage=shrinkage))


def named(*tables: str) -> tuple[Spec, ...]:
    return tuple(spec(data.table, name=name) for name in tables)


def design(scale: Scale) -> Design:
    tables = ("wine", "iris") if scale == "smoke" else TABLES
    return Design(
        trial=spec(train.across, data=named(*tables), measures=(*MEASURES, *MECHANISM)),
        arms=[
            lda(scale),
            pca(scale),
            lda(scale, 0.5),
            arm(scale, "all", Text("all columns", "全部列"), spec(untouched)),
        ],
        seeds=SEEDS[scale],
        measures=MEASURES,
        mechanism=MECHANISM,
        verdict=All(
            Better("LDA", than="PCA", on=evaluate.many_error, by=3.0),
            Better("PCA", than="LDA", on=evaluate.few_error_on_digits, by=5.0),
            Better("PCA", than="LDA", on=evaluate.few_error_on_tables, by=1.0),
        ),
    )


def on_digits(scale: Scale, *, axes: int) -> Design:
    """The learner's number of principal axes of the digits, claimed to be as good as LDA's nine with 30 examples."""
    whole = design(scale)
    each = (evaluate.many_error, *MECHANISM)
    return replace(
        whole,
        trial=whole.trial.with_settings(data=named("digits8"), measures=each),
        arms=[lda(scale), pca(scale, axes)],
        measures=(evaluate.many_error,),
        verdict=Better("PCA", than="LDA", on=evaluate.many_error, by=0.0),
    )


def shrunk(scale: Scale, *, shrinkage: float) -> Design:
    """LDA shrunk as the learner says, claimed to lose at most 3 points to PCA with two examples of each digit."""
    whole, on = design(scale), evaluate.few_error_on_digits
    return replace(
        whole,
        trial=whole.trial.with_settings(data=named("digits8"), measures=(on, *MECHANISM)),
        arms=[lda(scale, shrinkage), pca(scale)],
        measures=(on,),
        verdict=Better(lda(scale, shrinkage).name, than="PCA", on=on, by=-3.0),
    )


study = Study(
    slug="lda-or-pca",
    chapter="families",
    after=("principal-axes",),
    question=Text("For telling classes apart on few axes: LDA or PCA?", "要用少数几根轴分类：LDA 还是 PCA？"),
    claim=Text(
        en="With 30 examples of each class the axes of LDA err less than those of PCA; with 2 it is the other way round, on "
        "digits and on tables of measured columns alike.",
        zh="每类有 30 个样本时，LDA 的轴比 PCA 的轴错得少；只有 2 个时反过来，手写数字如此，由测量值组成的表格也如此。",
    ),
    source="Martinez and Kak 2001, IEEE Transactions on Pattern Analysis and Machine Intelligence 23(2), 228-233",
    explanation=Explanation(
        idea=Text("TODO", "待"), formula=Text("TODO", "待"), experiment=Text("TODO", "待"), meaning=Text("TODO", "待")
    ),
    exercises=(
        Exercise(
            task=Text(
                en="PCA may have more axes than LDA, which on ten digits has nine. Choose how many it gets, so that with 30 "
                "examples of each digit it errs no more often.",
                zh="PCA 的轴可以比 LDA 多；十种数字，LDA 只有九根。给 PCA 选一个轴数，使每种数字有 30 个样本时它错得不比 LDA "
                "多。",
            ),
            design=on_digits,
            among={"axes": (2, 50)},
            solution={"axes": 30},
        ),
        Exercise(
            task=Text(
                en="Choose how far the covariance within the classes is shrunk towards a ball (0 not at all, 1 fully), so that "
                "with 2 examples of each digit LDA errs on at most 3 points more than PCA.",
                zh="选择把类内协方差向球形收缩多少（0 完全不收缩，1 完全收缩成球），使每种数字只有 2 个样本时，LDA 的错误率最多"
                "比 PCA 高 3 个百分点。",
            ),
            design=shrunk,
            among={"shrinkage": (0.0, 1.0)},
            solution={"shrinkage": 0.5},
        ),
    ),
    next=(Text("TODO", "待"), Text("TODO", "待")),
    design=design,
)
