"""K-means, hierarchical or density clustering?"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from numpy.random import Generator

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Series, Spec, Text, spec
from zhixing.evaluate.measure import measure
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Reaches, Scale, Study

SHAPES = ("round", "long", "rings", "uneven")
TABLES = ("penguins", "iris", "wine", "olive-oil", "biopsies", "tumours", "body-size", "glass")
SEEDS = {"smoke": 2, "quick": 12, "full": 21}
MOST = 7
Found = Sequence[dict[str, Any]]
RAND = Text("adjusted Rand index", "调整兰德指数")


@measure(label=Text("agreement on rings", "圆环上的一致程度"), unit=RAND, better="higher", low=-1.0, high=1.0)
def on_rings(found: Found) -> float:
    """Adjusted Rand index for the ring around a ring."""
    return float(found[SHAPES.index("rings")]["agreement"])


@measure(label=Text("agreement on real tables", "真实表格上的一致程度"), unit=RAND, better="higher", low=-1.0, high=1.0)
def on_tables(found: Found) -> float:
    """Adjusted Rand index, averaged over the real tables."""
    of_tables = found[len(SHAPES) :]
    return float(sum(each["agreement"] for each in of_tables) / len(of_tables))


@measure(
    label=Text("agreement", "一致程度"), unit=RAND, low=-1.0, high=1.0,
    axis=Text("data, 1-4 shapes, 5-12 real tables", "数据，1-4 为形状，5-12 为真实的表"),
)  # fmt: skip
def agreement_by_data(found: Found) -> Series:
    """Adjusted Rand index, one data set after the other."""
    return Series("data", tuple(range(1, len(found) + 1)), tuple(each["agreement"] for each in found))


def grouped(seeds: Seeds, *, data: Spec, method: Spec) -> dict[str, Any]:
    """Groups by `method`, told the known number of groups; then whether it ends with that number when it is not told.

    Of 2 to MOST groups the clearest by the silhouette count. A method that heeds no number finds the same each time.
    """
    part = data.build(generator=seeds.numpy("rows"))
    rows = (part.inputs - part.inputs.mean(axis=0)) / part.inputs.std(axis=0)
    known = int(part.targets.max()) + 1
    found = {k: method.build(rows, k, generator=seeds.numpy("method")) for k in range(2, MOST + 1)}
    clearest = max(found.values(), key=lambda groups: evaluate.silhouette(rows, groups))
    return {
        "agreement": evaluate.adjusted_rand(found[known], part.targets),
        "right_number": int(clearest.max()) + 1 == known,
    }


def sample(name: str, *, rows: int, generator: Generator) -> Any:
    """So many rows of a shape or, drawn at random, of a real table, with their known groups."""
    if name in SHAPES:
        return data.shape(name, points=rows, generator=generator)
    whole = data.table(name).train
    chosen = generator.permutation(len(whole))[:rows]
    return data.Part(whole.inputs[chosen], whole.targets[chosen])


METHODS = {
    "k-means": Text("k-means", "k 均值"),
    "ward": Text("hierarchical, Ward", "层次聚类（Ward）"),
    "single link": Text("hierarchical, single link", "层次聚类（单链）"),
    "density": Text("density", "密度聚类"),
}


def arm(name: str, **settings: Any) -> Arm:
    functions: dict[str, Callable[..., Any]] = {
        "k-means": models.k_means, "ward": models.ward, "single link": models.single_link, "density": models.density
    }  # fmt: skip
    method = spec(functions[name], **settings)
    return Arm(name, label=METHODS[name], each=spec(grouped, method=method))


def design(scale: Scale) -> Design:
    measures = (evaluate.agreement, on_rings, on_tables, evaluate.right_number)
    rows = {"smoke": 60, "quick": 300, "full": 1_500}[scale]
    return Design(
        trial=spec(
            train.across,
            data=tuple(spec(sample, name=name, rows=rows) for name in (*SHAPES, *TABLES)),
            measures=(*measures, agreement_by_data),
        ),
        arms=[arm(name) for name in METHODS],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=(agreement_by_data,),
        verdict=All(
            Better("density", than="k-means", on=on_rings, by=0.5),
            Better("k-means", than="density", on=on_tables, by=0.1),
            Reaches("k-means", on=evaluate.right_number, value=50.0),
        ),
    )


def crowds_of(scale: Scale, *, smallest: int) -> Design:
    """Density with the learner's smallest group, claimed to find the species of penguins fairly well."""
    whole = design(scale)
    return replace(
        whole,
        trial=whole.trial.with_settings(
            data=(whole.trial.settings["data"][len(SHAPES)],), measures=(evaluate.agreement,)
        ),
        arms=[arm("density", smallest=smallest)],
        measures=(evaluate.agreement,),
        mechanism=(),
        verdict=Reaches("density", on=evaluate.agreement, value=0.5),
    )


def uneven_by(scale: Scale, *, method: str) -> Design:
    """The learner's method, claimed to part groups of uneven density almost without error."""
    whole = design(scale)
    return replace(
        whole,
        trial=whole.trial.with_settings(
            data=(whole.trial.settings["data"][SHAPES.index("uneven")],), measures=(evaluate.agreement,)
        ),
        arms=[arm(method)],
        measures=(evaluate.agreement,),
        mechanism=(),
        verdict=Reaches(method, on=evaluate.agreement, value=0.95),
    )


study = Study(
    slug="clustering",
    chapter="families",
    after=("principal-axes",),
    question=Text("K-means, hierarchical or density clustering?", "聚类用 k 均值、层次法还是密度法？"),
    claim=Text(
        en="It depends on the shape of the groups: density finds rings and k-means does not, k-means is ahead on real "
        "tables, and the silhouette tells it the right number of groups at least half of the time.",
        zh="要看组的形状：密度法能分开圆环而 k 均值不能，在真实表格上 k 均值领先，而轮廓系数至少有一半情况能为它选对组"
        "数。",
    ),
    source="Jain 2010, Pattern Recognition Letters 31(8), 651-666; Hubert and Arabie 1985, Journal of Classification "
    "2, 193-218; Rousseeuw 1987, Journal of Computational and Applied Mathematics 20, 53-65",
    explanation=Explanation(
        idea=Text(
            en="Clustering sorts rows into groups when nobody has told which row belongs where. What a group is, "
            "every method decides for itself. K-means: a group is what is nearest to one centre, so groups are round "
            "and of like size. Hierarchical: every row begins alone, and the two groups that fit best are joined, "
            "again and again; Ward's rule joins those whose union stays compact, single link those that come closest "
            "at any point, so that a group may be a chain. Density: a group is a crowd with emptier space around it, "
            "of any shape, and whoever stands in the empty space belongs to nobody. K-means and both hierarchical "
            "methods must be told how many groups there are; density must be told how small a crowd may be.",
            zh="聚类是在没人告知归属的情况下把各行分组。什么算一组，由每种方法自己决定。k 均值：离同一个中心最近的算一"
            "组，所以组是圆的，大小也差不多。层次法：一开始每行自成一组，然后一次次把最合适的两组并到一起；Ward 规则合"
            "并后仍紧凑的两组，单链则合并在某一点上靠得最近的两组，于是一组可以是一条长链。密度法：一组就是一群挤在一"
            "起、周围较空的点，什么形状都行，而站在空处的点不属于任何一组。k 均值和两种层次法要先知道有几组；密度法要"
            "先知道一群最少有多少点。",
        ),
        formula=Text(
            en="ARI = (a - E) / (m - E)\n\n"
            "Take every pair of rows. a: the number of pairs that are together both in the groups found and in the "
            "known ones. E: what a would be on average if the groups found were dealt out like cards. m: the most "
            "that a could be, the mean of the pairs together in the one and in the other.\nARI, the adjusted Rand "
            "index, is 1 for the same groups, whatever they are called, and 0 for chance.",
            zh="ARI = (a - E) / (m - E)\n\n"
            "考虑所有的行对。a：在找到的组和已知的组里都同组的行对数。E：假如找到的组像发牌一样随机分配，a 的平均值。"
            "m：a 最多能有多大，取两边各自同组行对数的平均。\nARI 即调整兰德指数：分组相同为 1（组叫什么名字无所谓），"
            "碰运气为 0。",
        ),
        experiment=Text(
            en="Twelve data sets whose groups are known but kept from the methods: four shapes of 300 points drawn "
            "anew for every seed (three round groups, three long ones, a ring around a ring, groups of uneven "
            "density), and eight real tables, of which up to 300 rows are drawn (species of penguins and flowers, "
            "kinds of wine and oil, harmless and malignant tumours twice, women and men by size, kinds of glass). "
            "Columns are scaled alike. K-means and the two hierarchical methods are told the known number of groups, "
            "density only that a crowd has at least 15 rows; the rows that it leaves over count as one more group. "
            "Then every method must find the number itself: k-means and the hierarchical methods try 2 to 7 and keep "
            "the one with the highest silhouette, which compares a row's mean distance to its own group with that to "
            "the next; density has its own number.",
            zh="十二份数据，组是已知的，但不告诉各方法：四种形状各 300 个点，每个种子重新生成（三个圆团、三个长条、环"
            "套环、疏密不均），以及八张真实的表，各抽取最多 300 行（企鹅和鸢尾花的种，葡萄酒和橄榄油的类别，两张表的良"
            "性与恶性肿瘤，按体型分的女性与男性，玻璃的类别）。各列缩放相同。k 均值和两种层次法被告知组数；密度法只知"
            "道一群至少 15 行，剩下不归组的行算作另一组。然后各方法要自己找组数：k 均值和层次法从 2 试到 7，取轮廓系数"
            "最高的，轮廓系数比较的是一行到本组的平均距离与到最近的另一组的平均距离；密度法本来就自己定组数。",
        ),
        meaning=Text(
            en="Look at the curve over the data. No method is high everywhere: each is right where its idea of a "
            "group is that of the data. K-means cuts across both rings: a centre equally near to all of the outer "
            "ring would be the middle, and that is nearer still to the inner one. Single link follows the rings "
            "without a fault. Density keeps the inner ring whole, but breaks the outer one into pieces and leaves "
            "some rows over: an agreement of 0.64 (medians of 24 seeds). On the real tables single link fails, with "
            "0.12 on average: one row between two groups is a bridge, and one row far away is a group by itself. "
            "Density reaches 0.19. It needs emptier space between crowds: the generated shapes have it, tables with "
            "many columns and few rows often do not, and there most or all rows are left over. K-means reaches 0.60 "
            "and Ward's rule 0.58.\n\n"
            "The silhouette gave k-means the known number on 6 of the 12 data sets in nearly every seed: the half "
            "that was claimed, and not one more. Nor does the right number make the right groups: single link, too, "
            "ends with two groups on some tables where two are known, and they are others.\n\n"
            "So the familiar pictures with rings speak for density, and real tables for compact groups. That holds "
            "for groups that somebody named: species differ in the mean of many columns, which makes them compact. A "
            "low agreement is not always an error, either: the rows may fall into other groups than those that we "
            "asked about.",
            zh="请看按数据画的曲线。没有哪种方法处处都高：它对“组”的设想与数据相符，它才对。k 均值把两个环都切断：到外"
            "环各处一样近的中心只能在正中，可那里离内环更近。单链沿着圆环走，毫无差错。密度法让内环保持完整，却把外环"
            "断成几截，还剩下一些行，一致程度为 0.64（24 个种子的中位数）。在真实表格上，单链失败了，平均只有 0.12：两"
            "组之间只要有一行，就成了一座桥；远处的一行，又会自成一组。密度法为 0.19：它要求群与群之间较空，生成的形状"
            "里有这样的空地，列多行少的表里却常常没有，于是大多数行甚至所有行都被剩下。k 均值为 0.60，Ward 为 "
            "0.58。\n\n"
            "轮廓系数让 k 均值在 12 份数据中的 6 份上选对了组数，几乎每个种子都是如此：正好是论断所说的一半，一份也不"
            "多。组数对了，组也未必对：在有些本来就是两组的表上，单链最后也得到两组，却是另外的两组。\n\n"
            "所以，常见的圆环图支持密度法，真实表格则支持紧凑的组。这是就有人命名过的组而言：物种之间在许多列的均值上"
            "都不同，因而是紧凑的。一致程度低也未必是错：这些行也许本来就分成另一些组，只是不是我们问的那些。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="With crowds of at least 15 rows, density does not find the species of penguins. Choose how small "
                "a crowd may be, so that the agreement reaches at least 0.5.",
                zh="规定一群至少 15 行时，密度法找不出企鹅的种。请选择一群最少有多少行，使一致程度不低于 0.5。",
            ),
            design=crowds_of,
            among={"smallest": (2, 100)},
            solution={"smallest": 60},
        ),
        Exercise(
            task=Text(
                en="A dense, a middling and a loose group lie side by side. Which method parts them with an agreement "
                "of at least 0.95?",
                zh="一个密的、一个中等的和一个松散的组并排在一起。哪种方法能把它们分开，使一致程度不低于 0.95？",
            ),
            design=uneven_by,
            among={"method": ("k-means", "ward", "single link", "density")},
            solution={"method": "ward"},
        ),
    ),
    published=Text(
        en="Jain 2010 concludes that no method is best: each imposes a structure on the data, and does well where the "
        "two match. scikit-learn's 'Comparing different clustering algorithms on toy datasets' shows rings that "
        "density parts and k-means does not, its 'Comparing different hierarchical linkage methods on toy datasets' "
        "rings that single link parts. They are pictures without figures. The direction returns here, though density "
        "parts our rings less cleanly; the real tables, which such pictures leave out, turn the order round.",
        zh="Jain 2010 的结论是没有最好的方法：每种方法都给数据强加一种结构，二者相符，效果才好。scikit-learn 的"
        "“Comparing different clustering algorithms on toy datasets”用图展示了密度法能分开、k 均值分不开的圆环，"
        "“Comparing different hierarchical linkage methods on toy datasets”则展示了单链能分开的圆环，都没有给出数字。"
        "方向在这里重现，只是密度法分得没那么干净；而这类图里没有的真实表格，把次序颠倒了过来。",
    ),
    next=(
        Text(
            "Cluster the first two principal axes instead of all columns: which method gains?",
            "不用全部列，只用前两根主轴来聚类：哪种方法受益？",
        ),
        Text(
            "Fit a mixture of long clouds, each thinning out from its middle as a bell curve does: does it part the "
            "three long groups that k-means cuts across?",
            "换成拟合几团可以是长形的正态分布（钟形曲线）：它能分开被 k 均值横切的三个长条吗？",
        ),
    ),
    design=design,
)
