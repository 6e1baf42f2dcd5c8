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
SEEDS = {"smoke": 1, "quick": 21, "full": 24}
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
        arms=[eigenvectors(scale), iteration(scale), plane(scale), tsne(scale, "random")],
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
            Better("eigenvectors", than="iteration", on=evaluate.last_axis_turned, by=1.0),
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
    chapter="inside",
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
        idea=Text(
            en="Ask two people to draw a map of the same table by PCA, and they draw the same one. They may have the "
            "rows in another order, another program, another way of computing: one finds the axes by algebra, the "
            "other by trial from a random start. At most an axis points the other way, since a direction and its "
            "opposite are equally wide. Ask two people for a map by t-SNE, which pulls rows that are alike "
            "together and pushes all others apart, step by step from a start drawn by chance, and they draw two "
            "maps.\n\n"
            "Why is PCA unique? Not because it seeks the best: t-SNE does that, too, and finds one of many bests. "
            "PCA seeks the plane nearest to all rows, and of such planes there is one, without hills on the way "
            "where a search could get stuck. But a plane has no axes: any two directions in it at right angles do. "
            "They become unique because PCA demands an order: the first axis the widest, the second the widest of "
            "what is left. And that holds only as long as no two are equally wide.",
            zh="请两个人用 PCA 给同一张表画图，画出来的是同一张。行的顺序可以不同，程序可以不同，算法也可以不同：一个"
            "用代数求轴，另一个从随机的起点一步步逼近。最多是某根轴指向相反，因为一个方向和它的反方向一样宽。换成 "
            "t-SNE，它从随机抽取的起点出发，一步步把相像的行拉近，把其余的推开；请两个人来画，得到的就是两张图。\n\n"
            "PCA 为什么唯一？不是因为它求最优：t-SNE 也求最优，找到的却只是许多最优中的一个。PCA 求的是离所有行最近"
            "的平面，这样的平面只有一个，一路上也没有会把搜索困住的山头。可是平面本身没有轴：其中任何两个互相垂直的"
            "方向都可以。轴之所以唯一，是因为 PCA 还要求次序：第一根最宽，第二根是余下的里面最宽的。而这只在没有两"
            "根轴同样宽时才成立。",
        ),
        formula=Text(
            en="d = 100 * (1 - (|a1'b1| + |a2'b2|)^2)\n"
            "after t steps: angle to the true axis k shrinks like (L(k+1) / Lk)^t\n\n"
            "a1, a2: the two coordinates of all rows on the one map, shifted to mean 0 and scaled together so that "
            "all their squares add up to 1; b1, b2: those on the other. a1'b1: products row by row, added up. d: "
            "the difference of the two maps in per cent, 0 for the same map up to signs, place and size. For the "
            "difference after the best turn the sum in brackets is the largest that turning and mirroring the "
            "second map can reach.\n"
            "Lk: the k-th largest eigenvalue of the covariance, the variance along axis k. Iteration multiplies "
            "random directions by the matrix of covariances again and again; what is wider grows faster. Where "
            "L(k+1) is nearly Lk, hardly anything is gained by a step, and where they are equal the axes k and k + "
            "1 never settle: any turn of the two is as good.",
            zh="d = 100 * (1 - (|a1'b1| + |a2'b2|)^2)\n"
            "t 步之后：与真正的第 k 根轴的夹角按 (L(k+1) / Lk)^t 缩小\n\n"
            "a1、a2：一张图上所有行的两个坐标，先平移到均值 0，再一起缩放，使平方之和为 1；b1、b2：另一张图上的。"
            "a1'b1：逐行相乘再相加。d：两张图的差别，以百分比计；除正负号、位置、大小之外相同，则为 0。求“转到最合"
            "之后”的差别时，括号里的和取转动与镜像第二张图所能达到的最大值。\n"
            "Lk：协方差矩阵第 k 大的特征值，即沿第 k 根轴的方差。迭代就是把随机的方向一遍遍乘以协方差矩阵，越宽的长"
            "得越快。若 L(k+1) 与 Lk 相近，每一步几乎没有进展；若两者相等，第 k 和第 k + 1 根轴永远定不下来：两者怎"
            "样转都一样好。",
        ),
        experiment=Text(
            en="From three real tables (wines, glass, body sizes) 150 rows are drawn, others for each seed, their "
            "columns scaled to variance 1. Each way to a map then gets these rows twice, in two random orders, and "
            "with two random starts if it has one. The arms: the eigenvectors by algebra; iteration from random "
            "axes, 30 steps; the nearest plane by least squares from a random start, with whatever axes the search "
            "ends at; t-SNE from a random start. Measured are the difference of the two maps when only flips of "
            "axes are allowed, the difference after the best turn and mirroring (which is kind to t-SNE, whose "
            "maps have no axes), and how many of a row's 10 nearest on the one map are among its 10 nearest on the "
            "other. A difference below 1 % is one that nobody sees; 10 % is one that anybody does.",
            zh="从三张真实的表（葡萄酒、玻璃、身体尺寸）里各抽 150 行，每个种子抽的不同，各列缩放到方差 1。每种画图的"
            "方法都把这些行拿到两次，行的顺序随机打乱两次，需要起点的也随机取两个起点。各组是：用代数求特征向量；从"
            "随机的轴出发迭代 30 步；从随机的起点用最小二乘求最近的平面，轴则听凭搜索停在哪里；从随机起点出发的 "
            "t-SNE。量的是：只许翻转轴时两张图的差别；转动、镜像到最合之后的差别（这对 t-SNE 是宽待，因为它的图没有"
            "轴）；以及一行在一张图上最近的 10 行，有多少也在另一张图上最近的 10 行之中。差别不到 1%，谁也看不出；"
            "到了 10%，谁都看得出。",
        ),
        meaning=Text(
            en="The claim holds. Two maps by eigenvectors differ by 0 %, and so do two by iteration (medians of 24 "
            "seeds): neither start nor order leaves a trace. Two maps of the nearest plane, whose axes have no "
            "order, differ by 39 % when only flips are allowed, and by 0 % after a turn: the plane is the same "
            "every time, its axes are not. Two by t-SNE from a random start differ by 61 %, and by 26 % even after "
            "the best turn; from seed to seed that runs from 5 to 32 %. Most of the near neighbours are the same "
            "nevertheless: 81 of 100. Chance decides where rows lie on the map more than who lies beside whom. "
            "With a fixed start much of it goes, as the second exercise shows.\n\n"
            "The mechanism shows where uniqueness ends. After 30 steps the first two axes of two runs agree within "
            "0.1 degrees, the fourth to the eighth are two to four degrees apart: later axes come later, and the "
            "more slowly, the closer the next eigenvalue is to their own (78 % of it at the fourth, 50 % at the "
            "first). Algebra has no such trouble: all eight of its axes agree. So they are unique, too, and a "
            "search only needs more steps to find them. What they would be for other rows this study does not ask. "
            '"Unique" means that the same rows give the same answer, not that the answer is sure.',
            zh="论断成立。两张用特征向量画的图差别为 0%，两张用迭代画的也是 0%（24 个种子的中位数）：起点和次序都没有"
            "留下痕迹。两张只求最近平面、不讲轴的次序的图，只许翻转时差别为 39%，转动之后为 0%：平面每次相同，轴却"
            "不同。两张从随机起点出发的 t-SNE 图，差别为 61%，转到最合之后仍有 26%；种子之间从 5% 到 32% 不等。不过"
            "近邻大多相同：100 个里有 81 个。偶然决定的，与其说是谁挨着谁，不如说是各行放在图上哪里。固定起点能去掉"
            "其中许多，见第二个练习。\n\n"
            "机理图显示唯一性到哪里为止。30 步之后，两次的前两根轴相差不超过 0.1 度，第四到第八根却相差两到四度：靠"
            "后的轴到得晚，后一个特征值与自己的越接近，到得越慢（第四根处为自己的 78%，第一根处为 50%）。代数没有这"
            "个麻烦：它的八根轴全都一致。可见那些轴也是唯一的，只是搜索要多走些步才找得到。换一些行，轴会怎样，本研"
            "究没有问。“唯一”是说同样的行给出同样的答案，不是说答案可靠。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Stop the iteration in between: choose a number of steps after which two runs draw the same map (within "
                "1 %) while their eighth axes still point at least 1 degree apart.",
                zh="让迭代停在半路：选一个步数，使两次画出的图已经相同（差别不超过 1%），而第八根轴仍相差至少 1 度。",
            ),
            design=halted,
            among={"steps": (1, 500)},
            solution={"steps": 24},
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
    published=Text(
        en="Baldi and Hornik prove that the squared error of a linear network with a narrow middle has no minima but "
        "the plane of the first principal axes, and that the axes in it are arbitrary: the third arm. Kobak and "
        "Berens show for t-SNE of cells that the start decides where groups lie, and advise to start from PCA. "
        "Neither gives a figure for the difference of two maps of one table.",
        zh="Baldi 与 Hornik 证明：中间窄的线性网络，其平方误差除了前几根主轴所张的平面之外没有别的极小，而平面里的轴是"
        "任意的，这就是第三组。Kobak 与 Berens 以细胞数据说明，t-SNE 的起点决定各群放在哪里，并建议从 PCA 起步。两"
        "篇都没有给出同一张表的两张图差别多少的数字。",
    ),
    next=(
        Text(
            en="Make two columns equally wide and unrelated to all others: do the eigenvectors still agree?",
            zh="造两列一样宽、又与其他列无关的数：特征向量还一致吗？",
        ),
        Text(
            en="Draw two maps of two halves of the rows instead of two orders: which axes turn, and by how much?",
            zh="不打乱次序，改用两半不同的行各画一张图：哪些轴会转，转多少？",
        ),
    ),
    design=design,
)
