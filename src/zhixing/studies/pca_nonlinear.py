"""Does PCA miss a curved structure that other ways into two dimensions keep?"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Equivalent, Exercise, Explanation, Reaches, Scale, Study

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator

    from zhixing.data import Part

TABLES = ("wine", "tumours", "olive-oil", "penguins")
ROWS = {"smoke": 40, "quick": 300, "full": 1_000}
STEPS = {"smoke": 20, "quick": 1_000, "full": 5_000}
SEEDS = {"smoke": 1, "quick": 12, "full": 24}
NEAREST = 10
WIDTH = 0.3
"""Of the kernel: scikit-learn's example of two rings, in these units."""
MEASURES = (evaluate.nearest_digit_error, evaluate.sheet_kept, evaluate.line_error, evaluate.nearest_row_error)
MECHANISM = (evaluate.strangers_by_place, evaluate.neighbours_kept_by_data)


def flattened(seeds: Seeds, *, data: Spec, method: Spec) -> dict[str, Any]:
    """What a map of two dimensions keeps of the rows of one data set, whose columns are scaled to variance 1."""
    part, name = data.build(generator=seeds.numpy("rows")), data.settings["name"]
    (scaled,) = train.scaled_by(part, part)
    places = method.build(scaled.inputs, seeds.numpy("method"))
    found: dict[str, Any] = {"neighbours": kept_near(scaled.inputs, places)}
    if name == "roll":
        found["sheet"] = kept_near(part.targets, places)
        found["strangers"] = evaluate.strangers(places, part.targets)
    elif name == "rings":
        found["line"] = line_error_of(places, part.targets, seeds.numpy("halves"))
    else:
        found["digit" if name == "digits8" else "row"] = 100 * (
            1 - evaluate.nearest_class_right(places, part.targets, count=1)
        )
    return found


def sample(*, name: str, rows: int, generator: "Generator") -> "Part":
    """So many rows of the roll, of the rings, or of a table."""
    if name == "roll":
        return data.rolled_sheet(points=rows, generator=generator)
    if name == "rings":
        return data.shape("rings", points=rows, generator=generator)
    return train.at_most(data.table(name).train, rows, generator)


def kept_near(rows: "np.ndarray", places: "np.ndarray") -> float:
    """Per cent of the nearest of rows (n, c) that are among the nearest of their places (n, 2)."""
    return 100 * float(evaluate.neighbours_shown(rows, places, NEAREST).mean())


def line_error_of(places: "np.ndarray", rings: "np.ndarray", generator: "Generator") -> float:
    """Per cent of one half of the points (n, 2) on the wrong side of the line that the other half drew."""
    from zhixing.data import Part

    learned, rest = data.split(Part(places, rings), 0.5, generator)
    known, asked = train.scaled_by(learned, learned, rest)
    answers = models.logistic().fit(known.inputs, known.targets).predict_proba(asked.inputs)
    return 100 * float((answers.argmax(axis=1) != asked.targets).mean())


def principal(rows: "np.ndarray", generator: "Generator", *, kept: int = 2) -> "np.ndarray":
    """(n, kept) places along the first principal axes."""
    places: np.ndarray = rows @ models.principal_axes(rows, kept)
    return places


def kernel(rows: "np.ndarray", generator: "Generator", *, width: float) -> "np.ndarray":
    """(n, 2) places along principal components after a Gaussian kernel."""
    codes: np.ndarray = models.kernel_components(width=width).method.fitted(rows, 2).codes(rows)
    return codes


def coded(rows: "np.ndarray", generator: "Generator", *, steps: int) -> "np.ndarray":
    """(n, 2) numbers through which an autoencoder says the rows again."""
    recipe = spec(
        train.Recipe, optimiser=spec(train.adamw, lr=0.01), schedule=spec(train.cosine), steps=steps, batch=64
    )
    reduction = train.network_reduction(model=spec(models.Autoencoder), recipe=recipe, generator=generator)
    codes: np.ndarray = reduction.method.fitted(rows, 2).codes(rows)
    return codes


def by_neighbours(rows: "np.ndarray", generator: "Generator") -> "np.ndarray":
    """(n, 2) places on a map by t-SNE."""
    return models.tsne_map(rows, start="random", generator=generator).places


def arm(name: str, label: Text, method: Spec) -> Arm:
    return Arm(name, label=label, each=spec(flattened, method=method))


def pca(kept: int = 2) -> Arm:
    label = Text("PCA", "PCA") if kept == 2 else Text(f"PCA, {kept} axes", f"PCA，{kept} 根轴")
    return arm("PCA", label, spec(principal, kept=kept))


def tsne() -> Arm:
    return arm("t-SNE", Text("t-SNE", "t-SNE"), spec(by_neighbours))


def kernels(width: float = WIDTH) -> Arm:
    return arm("kernel", Text("kernel PCA", "核 PCA"), spec(kernel, width=width))


def named(scale: Scale, *names: str) -> tuple[Spec, ...]:
    return tuple(spec(sample, name=name, rows=ROWS[scale]) for name in names)


def design(scale: Scale) -> Design:
    tables = TABLES[:1] if scale == "smoke" else TABLES
    autoencoder = arm("autoencoder", Text("autoencoder", "自编码器"), spec(coded, steps=STEPS[scale]))
    return Design(
        trial=spec(
            train.across,
            data=named(scale, "roll", "rings", "digits8", *tables),
            measures=(*MEASURES, *MECHANISM),
        ),
        arms=[pca(), kernels(), autoencoder, tsne()],
        seeds=SEEDS[scale],
        measures=MEASURES,
        mechanism=MECHANISM,
        verdict=All(
            Better("t-SNE", than="PCA", on=evaluate.sheet_kept, by=20.0),
            Better("kernel", than="PCA", on=evaluate.line_error, by=25.0),
            Better("t-SNE", than="PCA", on=evaluate.nearest_digit_error, by=10.0),
            Equivalent("PCA", to="t-SNE", on=evaluate.nearest_row_error, within=3.0),
        ),
    )


def more_axes(scale: Scale, *, axes: int) -> Design:
    """The learner's number of principal axes of the digits, claimed to be as good as a map by t-SNE."""
    on = evaluate.nearest_digit_error
    return replace(
        design(scale),
        trial=spec(train.across, data=named(scale, "digits8"), measures=(on, evaluate.neighbours_kept_by_data)),
        arms=[pca(axes), tsne()],
        measures=(on,),
        mechanism=(evaluate.neighbours_kept_by_data,),
        verdict=Better("PCA", than="t-SNE", on=on, by=-3.0),
    )


def as_wide(scale: Scale, *, width: float) -> Design:
    """A kernel of the learner's width, claimed to let a line part the rings."""
    on = evaluate.line_error
    return replace(
        design(scale),
        trial=spec(train.across, data=named(scale, "rings"), measures=(on, evaluate.neighbours_kept_by_data)),
        arms=[pca(), kernels(width)],
        measures=(on,),
        mechanism=(evaluate.neighbours_kept_by_data,),
        verdict=Reaches("kernel", on=on, value=25.0),
    )


study = Study(
    slug="pca-nonlinear",
    chapter="measuring",
    after=("principal-axes", "clustering"),
    question=Text("Does PCA miss what is curved?", "PCA 会漏掉弯曲的结构吗？"),
    claim=Text(
        en="In two dimensions t-SNE keeps far more neighbours of a rolled sheet than PCA and tells far more digits apart, a "
        "kernel lets a line part two rings; on tables of a few measured columns PCA does as well as t-SNE.",
        zh="降到二维，t-SNE 比 PCA 多保留卷起的纸上的大量近邻，也能多分清大量手写数字；加上核，一条直线就能分开两个圆环；而在"
        "只有几列测量值的表上，PCA 与 t-SNE 一样好。",
    ),
    source="van der Maaten, Postma and van den Herik 2009, Tilburg University TiCC TR 2009-005; Schölkopf, Smola and Müller "
    "1998, Neural Computation 10(5), 1299-1319",
    explanation=Explanation(
        idea=Text("TODO", "待"), formula=Text("TODO", "待"), experiment=Text("TODO", "待"), meaning=Text("TODO", "待")
    ),
    exercises=(
        Exercise(
            task=Text(
                en="How many principal axes tell the digits apart as well as the two dimensions of t-SNE: with an error of the "
                "nearest digit at most 3 points higher?",
                zh="要几根主轴，才能像 t-SNE 的二维那样分清手写数字，即最近的数字的错误率最多高 3 个百分点？",
            ),
            design=more_axes,
            among={"axes": (2, 30)},
            solution={"axes": 20},
        ),
        Exercise(
            task=Text(
                en="A kernel has a width (in units of the root of the number of columns). Choose one with which a line parts "
                "the rings with an error of at most 25 %.",
                zh="核有宽度（以列数的平方根为单位）。选一个宽度，使一条直线分开两环的错误率不超过 25%。",
            ),
            design=as_wide,
            among={"width": (0.05, 2.0)},
            solution={"width": 0.35},
        ),
    ),
    next=(Text("TODO", "待"), Text("TODO", "待")),
    design=design,
)
