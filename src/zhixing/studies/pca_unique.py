"""Is the answer of PCA the same, whatever the seed, the order of the rows and the start?"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Reaches, Scale, Study

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator

    from zhixing.models.maps import Start

TABLES = ("wine", "glass", "body-size")
ROWS = {"smoke": 60, "quick": 150, "full": 1_000}
SEEDS = {"smoke": 1, "quick": 16, "full": 24}
AXES = 8
STEPS = 30
NEAREST = 10
SAME = 1.0
"""Per cent of a map's variance: less than this nobody sees in the picture."""
ON_MAPS = (evaluate.map_difference, evaluate.map_difference_after_turn, evaluate.neighbours_shared)
ON_AXES = (evaluate.turned_by_axis, evaluate.next_eigenvalue_by_axis)


def drawn_twice(seeds: Seeds, *, data: Spec, rows: int, method: Spec) -> dict[str, Any]:
    """Two maps of the same rows, drawn from two orders of the rows and two starts, and how they differ."""
    import numpy as np

    part = train.at_most(data.build().train, rows, seeds.numpy("rows"))
    (part,) = train.scaled_by(part, part)
    maps, axes = [], []
    for run in ("one", "other"):
        order = seeds.numpy(f"{run} order").permutation(len(part))
        places, directions = method.build(part.inputs[order], generator=seeds.numpy(f"{run} start"))
        maps.append(places[np.argsort(order)])
        axes.append(directions)
    values = np.append(np.linalg.eigvalsh(evaluate.covariances(part.inputs))[::-1], 0.0)
    return {
        "flipped": evaluate.left_after_flips(*maps),
        "turned": evaluate.left_after_turn(*maps),
        "neighbours": 100 * float(evaluate.neighbours_shown(maps[0], maps[1], NEAREST).mean()),
        "degrees": evaluate.degrees_between(*axes).tolist(),
        "ratios": (100 * values[1 : AXES + 1] / values[:AXES]).tolist(),
    }


def along_axes(rows: "np.ndarray", *, axes: Spec, kept: int, generator: "Generator") -> "tuple[np.ndarray, np.ndarray]":
    """The places of rows (n, 2) along the first two of `kept` axes, and all of these axes (columns, kept)."""
    directions = axes.build(rows, kept, generator=generator)
    return rows @ directions[:, :2], directions


def by_neighbours(rows: "np.ndarray", *, start: "Start", generator: "Generator") -> "tuple[np.ndarray, np.ndarray]":
    """The places of rows (n, 2) on a map by t-SNE, which has no axes."""
    return models.tsne_map(rows, start=start, generator=generator).places, rows[:0, :0].T


def arm(scale: Scale, name: str, label: Text, method: Spec, *, on_axes: bool = False) -> Arm:
    measures = (*ON_MAPS, *ON_AXES, evaluate.last_axis_turned) if on_axes else ON_MAPS
    return Arm(name, label=label, each=spec(drawn_twice, rows=ROWS[scale], method=method), measures=measures)


def eigenvectors(scale: Scale) -> Arm:
    method = spec(along_axes, axes=spec(models.principal_axes), kept=AXES)
    return arm(scale, "eigenvectors", Text("eigenvectors", "特征向量"), method, on_axes=True)


def iteration(scale: Scale, steps: int = STEPS) -> Arm:
    method = spec(along_axes, axes=spec(models.iterated_axes, steps=steps), kept=AXES)
    return arm(scale, "iteration", Text(f"iteration, {steps} steps", f"迭代 {steps} 步"), method, on_axes=True)


def plane(scale: Scale) -> Arm:
    method = spec(along_axes, axes=spec(models.plane_axes), kept=2)
    return arm(scale, "plane", Text("nearest plane, any axes", "最近的平面，轴任意"), method)


def tsne(scale: Scale, start: str) -> Arm:
    label = {
        "random": Text("t-SNE, random start", "t-SNE，随机起点"),
        "pca": Text("t-SNE, start from PCA", "t-SNE，从 PCA 起步"),
    }
    return arm(scale, f"t-SNE {start}", label[start], spec(by_neighbours, start=start))


def named(*tables: str) -> tuple[Spec, ...]:
    return tuple(spec(data.table, name=name) for name in tables)


def design(scale: Scale) -> Design:
    return Design(
        trial=spec(train.across, data=named(*(TABLES[:1] if scale == "smoke" else TABLES))),
        arms=[eigenvectors(scale), iteration(scale), plane(scale), tsne(scale, "random"), tsne(scale, "pca")],
        seeds=SEEDS[scale],
        measures=ON_MAPS,
        mechanism=ON_AXES,
        verdict=All(
            Reaches("eigenvectors", on=evaluate.map_difference, value=SAME),
            Reaches("iteration", on=evaluate.map_difference, value=SAME),
            Better("iteration", than="plane", on=evaluate.map_difference, by=10.0),
            Better("eigenvectors", than="t-SNE random", on=evaluate.map_difference_after_turn, by=10.0),
        ),
    )


def halted(scale: Scale, *, steps: int) -> Design:
    """Iteration for the learner's number of steps, claimed to agree on the map and not yet on the last axis."""
    return replace(
        design(scale),
        arms=[eigenvectors(scale), iteration(scale, steps)],
        verdict=All(
            Reaches("iteration", on=evaluate.map_difference, value=SAME),
            Better("eigenvectors", than="iteration", on=evaluate.last_axis_turned, by=5.0),
        ),
    )


def one_table(scale: Scale, *, table: str, start: str) -> Design:
    """t-SNE of the learner's table from the learner's start, claimed to draw nearly the same map twice."""
    whole = design(scale)
    return replace(
        whole,
        trial=whole.trial.with_settings(data=named(table)),
        arms=[tsne(scale, start)],
        mechanism=(),
        verdict=Reaches(f"t-SNE {start}", on=evaluate.map_difference_after_turn, value=10.0),
    )


study = Study(
    slug="pca-unique",
    chapter="measuring",
    after=("principal-axes",),
    question=Text(
        "Is the answer of PCA the same, whatever the start and the order of the rows?",
        "换个起点、打乱行的顺序，PCA 的答案还一样吗？",
    ),
    claim=Text(
        en="Up to the signs of its axes PCA draws the same map every time, by eigenvectors or by iteration from a "
        "random start; the nearest plane alone does not settle the axes, and t-SNE from a random start draws another "
        "map.",
        zh="除了轴的正负号，PCA 每次画出同一张图，不论是求特征向量，还是从随机起点迭代；只求最近的平面，轴定不下来；t-SNE "
        "从随机起点出发，画出的则是另一张图。",
    ),
    source="Baldi and Hornik 1989, Neural Networks 2(1), 53-58; Kobak and Berens 2019, Nature Communications 10, 5416",
    explanation=Explanation(
        idea=Text("TODO", "待"), formula=Text("TODO", "待"), experiment=Text("TODO", "待"), meaning=Text("TODO", "待")
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Stop the iteration in between: choose a number of steps after which two runs draw the same map (within "
                "1 %) while their eighth axes still point at least 5 degrees apart.",
                zh="让迭代停在半路：选一个步数，使两次画出的图已经相同（差别不超过 1%），而第八根轴仍相差至少 5 度。",
            ),
            design=halted,
            among={"steps": (1, 500)},
            solution={"steps": 20},
        ),
        Exercise(
            task=Text(
                en="t-SNE can repeat itself, too. Find a table and a start (random, or pca: from the principal axes) with "
                "which two maps differ by at most 10 % after the best turn.",
                zh="t-SNE 也能重复自己。找出一张表和一种起点（random 随机，pca 从主轴起步），使两张图转到最合之后的差别不超过 "
                "10%。",
            ),
            design=one_table,
            among={"table": ("glass", "wine", "tumours"), "start": ("random", "pca")},
            solution={"table": "wine", "start": "pca"},
        ),
    ),
    next=(Text("TODO", "待"), Text("TODO", "待")),
    design=design,
)
