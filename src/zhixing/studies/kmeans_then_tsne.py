"""Cluster first and draw afterwards, or cluster the picture?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Series, Spec, Text, spec
from zhixing.evaluate.measure import measure
from zhixing.study import Arm, Better, Design, Exercise, Explanation, Scale, Study

TABLES = ("digits28", "olive-oil", "penguins", "wine", "glass")
SEEDS = {"smoke": 2, "quick": 12, "full": 24}
ROWS = {"smoke": 60, "quick": 300, "full": 1_500}
STEPS = {"smoke": 50, "quick": 500, "full": 500}
DRAWN = Text("k-means on the t-SNE map", "在 t-SNE 图上做 k 均值")
Found = Sequence[dict[str, Any]]


@measure(
    label=Text("how clear the groups look on the t-SNE map", "在 t-SNE 图上各组看起来多分明"),
    unit=Text("silhouette", "轮廓系数"), better="higher", low=-1.0, high=1.0,
)  # fmt: skip
def clear_on_map(found: Found) -> float:
    """Silhouette of the groups found, with distances on the t-SNE map, averaged over tables."""
    return float(sum(each["clear on map"] for each in found) / len(found))


@measure(
    label=Text("how clear the groups are in the columns", "在原来各列中各组有多分明"), unit=Text("silhouette", "轮廓系数"),
    better="higher", low=-1.0, high=1.0,
)  # fmt: skip
def clear_in_columns(found: Found) -> float:
    """The same with distances between the rows."""
    return float(sum(each["clear in columns"] for each in found) / len(found))


@measure(
    label=Text("agreement with the known classes", "与已知类别的一致程度"), unit=Text("adjusted Rand index", "调整兰德指数"),
    low=-1.0, high=1.0, axis=Text("table", "表"),
)  # fmt: skip
def agreement_by_table(found: Found) -> Series:
    """Adjusted Rand index, one table after the other."""
    return Series("table", tuple(range(1, len(found) + 1)), tuple(each["agreement"] for each in found))


def grouped(
    seeds: Seeds, *, data: Spec, of: str, method: Spec, rows: int, perplexity: float, steps: int
) -> dict[str, Any]:
    """Groups by `method` of the rows, of their map by PCA or of that by t-SNE, and how they look on the latter."""
    part = train.drawn(data, rows, seeds.numpy("rows"))
    drawn = train.map_of(part.inputs, spec(models.tsne_map, perplexity=perplexity, steps=steps), seeds.numpy("map"))
    spaces = {"columns": part.inputs, "t-SNE": drawn.places, "PCA": models.pca_map(part.inputs).places}
    groups = method.build(spaces[of], len(set(part.targets.tolist())), generator=seeds.numpy("groups"))
    return {
        "agreement": evaluate.adjusted_rand(groups, part.targets),
        "clear on map": evaluate.silhouette_of(drawn.places, groups),
        "clear in columns": evaluate.silhouette_of(part.inputs, groups),
    }


def arm(scale: Scale, of: str, label: Text, *, perplexity: float = 30.0) -> Arm:
    each = spec(
        grouped, of=of, method=spec(models.k_means), rows=ROWS[scale], perplexity=float(perplexity), steps=STEPS[scale]
    )
    return Arm(of, label=label, each=each)


def design(scale: Scale) -> Design:
    measures = (evaluate.agreement, clear_on_map, clear_in_columns)
    names = ("wine",) if scale == "smoke" else TABLES
    return Design(
        trial=spec(train.across, data=tuple(map(named, names)), measures=(*measures, agreement_by_table)),
        arms=[
            arm(scale, "columns", Text("k-means first, then t-SNE", "先 k 均值，再 t-SNE")),
            arm(scale, "t-SNE", DRAWN),
            arm(scale, "PCA", Text("k-means on the PCA map", "在 PCA 图上做 k 均值")),
        ],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=(agreement_by_table,),
        verdict=Better("columns", than="t-SNE", on=evaluate.agreement, by=0.05),
    )


def named(table: str) -> Spec:
    return spec(data.digits28) if table == "digits28" else spec(data.table, name=table)


def one_table(scale: Scale, *, table: str) -> Design:
    """The learner's table, where clustering first is claimed to be clearly better."""
    whole = design(scale)
    return replace(
        whole,
        trial=whole.trial.with_settings(data=(named(table),)),
        arms=whole.arms[:2],
        verdict=Better("columns", than="t-SNE", on=evaluate.agreement, by=0.1),
    )


def picture_wins(scale: Scale, *, table: str) -> Design:
    """The learner's table, where clustering the picture is claimed to be better."""
    return replace(
        one_table(scale, table=table), verdict=Better("t-SNE", than="columns", on=evaluate.agreement, by=0.03)
    )


study = Study(
    slug="kmeans-then-tsne",
    chapter="inside",
    after=("clustering", "tsne-distances"),
    question=Text(
        en="Cluster first and draw afterwards, or cluster the picture?",
        zh="先聚类再画图，还是先画图再对图聚类？",
    ),
    claim=Text(
        en="K-means on all columns, drawn afterwards by t-SNE, finds the known classes better than k-means on the "
        "t-SNE map, by at least 0.05 of the adjusted Rand index.",
        zh="对全部列做 k 均值、再用 t-SNE 画出来，比在 t-SNE 图上做 k 均值更能找出已知的类别，调整兰德指数至少高 "
        "0.05。",
    ),
    source="Linderman and Steinerberger 2019, Clustering with t-SNE, provably, SIAM Journal on Mathematics of Data "
    "Science 1(2), 313-332; Wattenberg, Viégas and Johnson 2016, How to use t-SNE effectively, Distill",
    explanation=Explanation(
        idea=Text(
            en="There is a table without labels and you want groups and a picture. One order of work: let k-means find "
            "groups among all columns, then draw a map and colour it by them. The other: draw the map first and let "
            "k-means cut up the picture, as the eye would. The first is the usual advice. A map throws away nearly "
            "all columns, its distances mean little, and t-SNE is known to make clumps where there are none.\n\n"
            "There is something to be said for the other order, too. K-means believes that groups are round and "
            "equally large, which real groups in hundreds of columns are not. t-SNE ties every row to its nearest "
            "ones, so that a long or bent group is pulled together into a clump, and a clump is just what k-means can "
            "find. Which of the two counts for more?",
            zh="有一张没有标签的表，想要分组，也想要一张图。一种次序：让 k 均值在全部列里找组，再画图，按组上色。另一"
            "种：先画图，再让 k 均值把图切开，就像眼睛会做的那样。通常的建议是前一种：图丢掉了几乎所有的列，图上的"
            "距离没多大意义，而且大家知道，t-SNE 会在没有团的地方画出团来。\n\n"
            "后一种次序也有道理。k 均值认定各组是圆的、一样大的，而几百列里真实的组并非如此。t-SNE 把每一行与最近的那"
            "些行拴在一起，长的、弯的组也就被拉成一团，而一团一团正是 k 均值找得到的。哪一面更要紧？",
        ),
        formula=Text(
            en="k-means makes the sum of |x - c(x)|^2 small\nARI = (a - E) / (m - E)\n\n"
            "x: a row, by its columns or by its place on the map. c(x): the middle of the group that it is in. a: "
            "pairs of rows that are together in the groups found and in the known classes. E: how many there would be "
            "if the groups were dealt out at random. m: the mean of the pairs together in the one and in the other. "
            "ARI, the adjusted Rand index, is 1 for the same groups and 0 for chance.",
            zh="k 均值让 Σ |x - c(x)|^2 尽量小\nARI = (a - E) / (m - E)\n\n"
            "x：一行数据，用各列表示，或用图上的位置表示。c(x)：它所在组的中心。a：在找到的组和已知的类里都在一起的行"
            "对数。E：假如随机分组，这样的行对会有多少。m：两边各自在一起的行对数的平均。ARI 即调整兰德指数，分组相同"
            "为 1，碰运气为 0。",
        ),
        experiment=Text(
            en="Five real tables whose classes are known but kept from the methods: digits of 28 by 28 pixels, olive "
            "oils by region, kinds of penguins, of wine and of glass. Every seed draws up "
            "to 300 rows. K-means is told the number of classes and looks for groups in three places: among all "
            "columns, on the t-SNE map (perplexity 30), and on the PCA map. The rows, the maps and k-means (the "
            "best of ten beginnings) are the same. The groups are held against the classes. Beside that, the "
            "silhouette tells how clear the same groups look: a row's distance to its own group against that to the "
            "next, from -1 to 1, once by distances on the t-SNE map and once by those in the columns.",
            zh="五张真实的表，类别已知，但不告诉方法：28×28 像素的数字，按产区分的橄榄油，企鹅、葡萄酒和玻璃的种类。每"
            "个种子最多抽取 300 行。k 均值知道有几类，在三处找组：全部列、t-SNE 图（困惑度 "
            "30）、PCA 图。行、图和 k 均值（取十次开局中最好的）都一样。再拿找到的组与类别对照。此外用轮廓系数说明"
            "这些组看起来多分明：一行到本组的距离与到最近的另一组的距离相比，从 -1 到 1；一次用 t-SNE 图上的距离，"
            "一次用各列中的距离。",
        ),
        meaning=Text(
            en="Over the five tables neither order is better: an agreement of 0.50 for clustering first and 0.50 for "
            "clustering the picture (medians of 24 seeds), and the usual advice, an advantage of 0.05, is refuted. "
            "Even the PCA map gives 0.50. But equal on average hides two opposite worlds; look at the curve over "
            "the tables. On the olive oils the picture finds the regions (0.85 against 0.47), on the digits it is "
            "ahead, too (0.39 against 0.30). On the penguins it is far behind (0.31 against 0.65), and on the wines "
            "(0.79 against 0.90). Which table is of which kind one does not know when there are no labels.\n\n"
            "What the picture does without fail is to look convincing. The groups cut out of it have a silhouette "
            "of 0.55 there, those that k-means found among the columns 0.40 on the same map. By the distances in "
            "the columns it is the other way round: 0.22 for the picture's groups, 0.29 for the others. So how "
            "clear groups look on the map they were cut from says little of how right they are.\n\n"
            "The experiment told k-means the right number of classes, which in real work nobody does, and it knows "
            "only one judge, classes that somebody named. If you cluster, draw the groups on a map that did not "
            "make them: then the map can contradict them.",
            zh="五张表平均起来，两种次序不分高下：先聚类的一致程度是 0.50，对图聚类也是 0.50（24 个种子的中位数），通"
            "常的建议，即至少好 0.05，被推翻了。连 PCA 图也是 0.50。但平均相等，掩盖了两种相反的情形；请看按表画的"
            "曲线。在橄榄油上，图找出了产区（0.85 对 0.47），在数字上也领先（0.39 对 0.30）；在企鹅上却远远落后"
            "（0.31 对 0.65），葡萄酒也落后（0.79 对 0.90）。没有标签的时候，你并不知道手里的表属于哪一种。\n\n"
            "图每次都能做到的，是看上去令人信服。从图上切出的组，在图上的轮廓系数是 0.55；在各列中找到的组，在同一"
            "张图上是 0.40。按各列中的距离则反过来：图上的组是 0.22，另一种是 0.29。可见，组在切出它的那张图上多么"
            "分明，说明不了它对不对。\n\n"
            "实验把正确的类别数告诉了 k 均值，实际工作中没有人会告诉你；评判也只有一种，即有人命名过的类别。如果要"
            "聚类，请把组画在一张没有参与分组的图上：那样，图才有可能反驳它。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="The better order depends on the table. Find one on which clustering first agrees with the known "
                "classes at least 0.1 better than clustering the picture.",
                zh="哪种次序好，要看表。找出一张表，使先聚类的结果与已知类别的一致程度，比对图聚类至少高 0.1。",
            ),
            design=one_table,
            among={"table": TABLES},
            solution={"table": "penguins"},
        ),
        Exercise(
            task=Text(
                en="And the other way round: find a table on which clustering the picture agrees with the known "
                "classes at least 0.03 better than clustering first.",
                zh="再反过来：找出一张表，使对图聚类的结果与已知类别的一致程度，比先聚类至少高 0.03。",
            ),
            design=picture_wins,
            among={"table": TABLES[::-1]},
            solution={"table": "olive-oil"},
        ),
    ),
    published=Text(
        en="Linderman and Steinerberger prove that t-SNE pulls well parted groups together into clumps of their own, "
        "under conditions that they name, and so lends itself to clustering; they give no figures for such tables.",
        zh="Linderman 与 Steinerberger 证明：在他们列出的条件下，t-SNE 会把彼此分得开的组各自拉成一团，因而可以用来聚"
        "类；他们没有给出这类表格上的数字。",
    ),
    next=(
        Text(
            en="Use density clustering on the map instead of k-means: does it find the number of classes by itself?",
            zh="把图上的 k 均值换成密度聚类：它能自己找到类别数吗？",
        ),
        Text(
            en="Draw a map of six axes instead of two and cluster that: where is the best number?",
            zh="不画两根轴，画六根轴再聚类：几根最好？",
        ),
    ),
    design=design,
)
