"""Why are eigenvectors of the covariance the right axes?"""

from dataclasses import replace
from typing import Any

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Equivalent, Exercise, Explanation, Scale, Study

TABLES = ("olive-oil", "glass", "wine", "body-size", "tumours", "digits8")
SEEDS = {"smoke": 2, "quick": 12, "full": 21}
KEPT = 8


def projected(
    seeds: Seeds, *, data: Spec, axes: Spec, examples: int | None = None, own_units: bool = False
) -> dict[str, Any]:
    """What axes, learned on the training rows of one table, keep of its test rows."""
    known, judged = train.divided(data, seeds, examples=examples, standardised=not own_units)
    directions = axes.build(known.inputs, KEPT, generator=seeds.numpy("axes"))
    return {
        "kept": evaluate.kept_by_first(judged.inputs, directions).tolist(),
        "correlation": evaluate.mean_correlation(judged.inputs @ directions),
        "turned": evaluate.most_after_turn(judged.inputs, directions[:, 0], seeds.numpy("turns")).tolist(),
    }


def arm(name: str, label: Text, axes: Spec, **settings: Any) -> Arm:
    return Arm(name, label=label, each=spec(projected, axes=axes, **settings))


def eigenvectors(**settings: Any) -> Arm:
    return arm("eigenvectors", Text("eigenvectors", "特征向量"), spec(models.principal_axes), **settings)


def columns(**settings: Any) -> Arm:
    return arm("columns", Text("own columns", "原有的列"), spec(models.widest_columns), **settings)


def random_axes(**settings: Any) -> Arm:
    return arm("random", Text("random axes", "随机的轴"), spec(models.random_axes), **settings)


def named(*tables: str) -> tuple[Spec, ...]:
    return tuple(spec(data.table, name=name) for name in tables)


def design(scale: Scale) -> Design:
    measures = (evaluate.variance_kept, evaluate.correlation_left)
    mechanism = (evaluate.variance_kept_by_axes, evaluate.variance_after_turn)
    blind = spec(models.searched_axes, tries={"smoke": 100, "quick": 3_000, "full": 30_000}[scale])
    tables = TABLES[:1] if scale == "smoke" else TABLES
    return Design(
        trial=spec(train.across, data=named(*tables), measures=(*measures, *mechanism)),
        arms=[eigenvectors(), arm("searched", Text("blind search", "盲目搜索"), blind), columns(), random_axes()],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Better("eigenvectors", than="columns", on=evaluate.variance_kept, by=10.0),
            Equivalent("searched", to="eigenvectors", on=evaluate.variance_kept, within=1.0),
            Better("eigenvectors", than="columns", on=evaluate.correlation_left, by=0.1),
        ),
    )


def from_few_rows(scale: Scale, *, rows: int) -> Design:
    """Axes learned from the learner's number of rows, claimed to lose something and still be far better than chance."""
    whole = design(scale)
    few = arm("few rows", Text(f"{rows} rows", f"{rows} 行"), spec(models.principal_axes), examples=rows)
    return replace(
        whole,
        trial=whole.trial.with_settings(data=named("olive-oil", "wine", "body-size", "tumours")),
        arms=[eigenvectors(), few, random_axes()],
        verdict=All(
            Better("eigenvectors", than="few rows", on=evaluate.variance_kept, by=5.0),
            Better("few rows", than="random", on=evaluate.variance_kept, by=30.0),
        ),
    )


def one_table(scale: Scale, *, table: str, units: str) -> Design:
    """The learner's table in the learner's units, where two of its own columns are claimed to be enough."""
    whole = design(scale)
    own = units == "own"
    return replace(
        whole,
        trial=whole.trial.with_settings(data=named(table)),
        arms=[eigenvectors(own_units=own), columns(own_units=own)],
        verdict=Equivalent("columns", to="eigenvectors", on=evaluate.variance_kept, within=3.0),
    )


study = Study(
    slug="principal-axes",
    chapter="inside",
    after=("covariance",),
    question=Text(
        "Why are eigenvectors of the covariance the right axes?", "为什么协方差矩阵的特征向量是合适的坐标轴？"
    ),
    claim=Text(
        en="Along two eigenvectors rows never seen before keep more of their spread than along two columns of the "
        "table, blind search finds nothing better, and the new columns say less of the same thing twice.",
        zh="在没见过的数据上，两个特征向量保留的方差多于表中原有的两列，盲目搜索也找不到更好的，而且新的列彼此更少重"
        "复。",
    ),
    source="Pearson 1901, Philosophical Magazine 2(11), 559-572; Hotelling 1933, Journal of Educational Psychology "
    "24(6), 417-441",
    explanation=Explanation(
        idea=Text(
            en="A table with 30 columns is a cloud of points: each row is a point, and its 30 numbers say how far it "
            "lies along 30 directions. Nobody can look at that. A map has two axes. Which two should they be? Take "
            "the direction in which the cloud is widest, then, at a right angle to it, the next widest: what is lost "
            "is as little as possible. How wide a cloud is along a direction is measured by the variance, the mean "
            "squared distance from the middle along it.\n\n"
            "The covariance of two columns says how far they rise and fall together: take each one's distance from "
            "its mean, below the mean with a minus, multiply the two, and average over the rows. All covariances of a "
            "table make a square of numbers, a matrix. A matrix takes a direction and gives back another, as a rule "
            "stretched and turned. The few directions that it only stretches are its eigenvectors, and the factor of "
            "the stretching is the eigenvalue. The surprise is that the widest direction of the cloud is one of them, "
            "and its variance the largest eigenvalue.",
            zh="一张 30 列的表是一团点：每一行是一个点，它的 30 个数说明它在 30 个方向上各走了多远。这样的点云谁也没法"
            "直接看。地图只有两根轴，该选哪两根？先取点云最宽的方向，再取与它垂直的方向中最宽的：这样丢掉的最少。点云"
            "沿某个方向有多宽，用方差来量，也就是沿这个方向到中心的距离平方的平均值。\n\n"
            "两列的协方差，说的是它们一起涨落的程度：各自减去均值（低于均值为负），相乘，再对所有行取平均。一张表的所"
            "有协方差排成一个方阵，即矩阵。矩阵作用在一个方向上，一般会把它拉长并转向。只被拉长而不转向的少数方向，叫"
            "做特征向量，拉长的倍数叫做特征值。奇妙之处在于：点云最宽的方向正是其中之一，而它的方差就是最大的特征值。",
        ),
        formula=Text(
            en="C v = L v\nvariance along w = w' C w\nw = v1 cos(a) + v2 sin(a):   w' C w = L1 cos(a)^2 + L2 "
            "sin(a)^2\n\n"
            "C: the matrix of covariances. C v: the direction that C makes of v; its first number is the first row of "
            "C times v, number by number, added up, and so on. v: an eigenvector, L: its eigenvalue. w: any direction "
            "of length 1; w' C w: w times C w, number by number, added up. v1, L1: the eigenvector with the largest "
            "eigenvalue; v2, L2: another one. Eigenvectors of C are at right angles to each other, and here all have "
            "length 1. a: the angle by which w is turned away from v1.\nThe last line is a mixture of L1 and L2: "
            "since cos(a)^2 + sin(a)^2 = 1, it can never exceed L1. Turning towards several eigenvectors at once "
            "mixes in more of their eigenvalues, and none is larger than L1.",
            zh="C v = L v\n沿 w 的方差 = w' C w\nw = v1 cos(a) + v2 sin(a)：w' C w = L1 cos(a)^2 + L2 sin(a)^2\n\n"
            "C：协方差矩阵。C v：C 把 v 变成的方向，它的第一个数是 C 的第一行与 v 逐个相乘再相加，其余类推。v：特征向"
            "量，L：对应的特征值。w：任一长度为 1 的方向；w' C w：w 与 C w 逐个相乘再相加。v1、L1：特征值最大的特征向"
            "量及其特征值；v2、L2：另一个。C 的特征向量彼此垂直，这里长度都取 1。a：w 偏离 v1 的角度。\n最后一行是 L1 "
            "与 L2 的混合：因为 cos(a)^2 + sin(a)^2 = 1，所以绝不会超过 L1。同时转向几个特征向量，无非是把更多的特征值"
            "混进来，而它们都不大于 L1。",
        ),
        experiment=Text(
            en="Six real tables: olive oils, glass splinters, wines, body sizes, tumours and handwritten digits of 8 "
            "by 8 pixels. Every column is shifted and scaled to mean 0 and variance 1, so that grams and centimetres "
            "count alike. Seven rows of ten choose eight axes, in four ways: by eigenvectors; by a blind search that "
            "turns a direction a little at random and stays where the variance grew; as the widest of the table's own "
            "columns, which after the scaling are all equally wide, so that any will do; at random. The other rows "
            "judge: how much of their variance the first two axes keep, and how strongly the eight new columns are "
            "still correlated, that is, how far one foretells another along a straight line (0 not at all, 1 fully, "
            "whatever the sign), averaged over all pairs. Another seed is another cut of the rows.",
            zh="用六张真实的表：橄榄油、玻璃碎片、葡萄酒、身体尺寸、肿瘤，以及 8×8 像素的手写数字。每一列都平移并缩放"
            "成均值 0、方差 1，这样克与厘米才能相提并论。用十分之七的行来选八根轴，共四种选法：特征向量；盲目搜索，即"
            "随机地把方向转动一点，方差变大就留下；表中原有的最宽的列（缩放之后各列一样宽，所以取哪几列都行）；完全随"
            "机。其余的行用来评判：前两根轴保留了多少方差；八个新列之间还剩多大的相关，即一列能在多大程度上用一条直线"
            "推知另一列（0 为完全不能，1 为完全能，不计正负），对所有列对取平均。换一个种子，就换一种划分。",
        ),
        meaning=Text(
            en="On the rows that chose the axes the formula leaves nothing to test: no direction is wider. The test "
            "rows were not asked, and that the axes keep their lead there is what the experiment adds: two "
            "eigenvectors keep 54 % of the variance, two own columns 14 and two random axes 13 (medians of 24 seeds). "
            "Blind search knows nothing of matrices and ends in the same place after thousands of tries for each "
            "axis; the eigenvectors are found at once. The picture of turning shows why: away from a column or a "
            "random axis the best of 200 turns widens the view at every angle; away from the first eigenvector even "
            "the best narrows it, except for small turns, where the test rows' widest direction differs a little from "
            "the training rows'.\n\n"
            "The correlations left are small, 0.11 on average against 0.34 between own columns, but not zero: rows "
            "are limited in number, and what is uncorrelated in the training rows is only nearly so in others. Nor is "
            "wide the same as important: if a column counts in other units the axes move, as the second exercise "
            "shows, and a narrow direction may hold the very thing that you look for.",
            zh="在用来选轴的那些行上，公式已经说死了：没有更宽的方向，无须检验。测试的行没有参与选择，轴在那里依然领"
            "先，才是实验的新内容：两个特征向量保留 54% 的方差，两个原有的列保留 14%，两根随机的轴保留 13%（24 个种子"
            "的中位数）。盲目搜索对矩阵一无所知，每根轴试上几千次，最后也到了同一个地方；特征向量则一步求得。看转动的"
            "图就明白原因：从原有的列或随机的轴转开，无论转多少度，200 种转法中最好的一种都会看到更宽的点云；从第一特"
            "征向量转开，最好的一种也只会变窄，只有转角很小时例外，因为测试行最宽的方向与训练行的略有不同。\n\n"
            "剩下的相关很小，平均 0.11，而原有的列之间为 0.34；但它不为零，因为行数有限，在训练行上不相关，在别的行上"
            "只是近乎不相关。另外，宽不等于重要：换一种单位，轴就会移动，见第二个练习；而你要找的东西，也可能恰恰藏在"
            "很窄的方向上。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="How few rows are enough to find axes? Choose a number at which two axes keep at least 5 points "
                "less of the variance than those from all training rows and still at least 30 points more than random "
                "ones, averaged over four of the tables.",
                zh="找轴最少需要多少行？选一个行数，使两根轴保留的方差比用全部训练行得到的至少少 5 个百分点，却仍比随"
                "机的轴至少多 30 个百分点（对其中四张表取平均）。",
            ),
            design=from_few_rows,
            among={"rows": (4, 100)},
            solution={"rows": 9},
        ),
        Exercise(
            task=Text(
                en="Eigenvectors are not always worth the trouble. Find a table and units (each column's own, or all "
                "scaled to variance 1) in which the two widest columns keep as much as two eigenvectors, within 3 "
                "points.",
                zh="特征向量并非总值得费事。找出一张表和一种单位（各列自己的单位 own，或统一缩放到方差 1 的 scaled），"
                "使最宽的两列与两个特征向量保留得一样多，相差不超过 3 个百分点。",
            ),
            design=one_table,
            among={"table": TABLES, "units": ("own", "scaled")},
            solution={"table": "wine", "units": "own"},
        ),
    ),
    published=Text(
        en="scikit-learn's example 'Comparison of LDA and PCA 2D projection of Iris dataset' prints 0.92461872 and "
        "0.05306648 as the shares of variance along the first two axes of the iris table. Our eigendecomposition "
        "gives the same eight digits there (a test holds it). The shares here are lower: these tables have more "
        "columns, each is scaled to variance 1, and the rows measured did not choose the axes.",
        zh="scikit-learn 的示例“Comparison of LDA and PCA 2D projection of Iris dataset”给出鸢尾花表前两根轴的方差占比"
        "为 0.92461872 和 0.05306648。我们的特征分解在那里得到同样的八位数字（由测试保证）。这里的占比较低：这些表的列"
        "更多，各列都缩放到方差 1，而且被测量的行没有参与选轴。",
    ),
    next=(
        Text(
            "Classify by the first 2, 5 and 10 new columns only: is the widest view also the most useful one?",
            "只用前 2、5、10 个新列来分类：最宽的视角也最有用吗？",
        ),
        Text(
            "Add one row a hundred times as far away as any other: how far do the axes turn, and what would hold them?",
            "加入一行比其他远一百倍的数据：轴会转多少？怎样才能稳住它？",
        ),
    ),
    design=design,
)
