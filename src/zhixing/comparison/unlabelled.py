"""The contest on a table without a target: who enters for each task, and what judges without being told the answer."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from zhixing import evaluate, models, train
from zhixing.comparison.families import Family, Task, by_scale, choices, recipes
from zhixing.comparison.ranking import sentence
from zhixing.core import Spec, Text, spec
from zhixing.data import OwnUnlabelled
from zhixing.study import Scale
from zhixing.study.answer import ClaimResult

GROUPS = (2, 3, 4, 5, 6, 7, 8, 9)
CROWDS = (0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.16, 0.2)
"""The smallest crowd that counts, as a share of the rows."""
HEAP = "heap"
HEAPS = 2
"""Heaps in each division, of which that which looks most like clusters counts. Were the table one heap as well, it would
be the best of all 2 x 9 heaps and itself once in 19 times: so seldom does chance pass for clusters in nine divisions."""
MOST = 1_000
"""Rows that a clustering learns from: it is fitted some hundreds of times in a division."""
IN_UNITS = spec(models.Numbers)


def of_unlabelled(table: OwnUnlabelled, place: Path) -> Task:
    """The contest on this table, which was read from `place`."""
    tasks = {"clusters": _clusters, "density": _density, "anomalies": _anomalies, "reduction": _reduction}
    return tasks[table.task](table, place)


def _clusters(table: OwnUnlabelled, place: Path) -> Task:
    entered = clusterings()
    everyone = Family(
        HEAP,
        Text("no clusters: one heap", "没有聚类：一整堆"),
        _all_of(entered),
        most=MOST,
        besides={"heaps": HEAPS},
    )
    main = evaluate.unsteadiness if table.known is None else evaluate.disagreement
    others = (evaluate.steadiness, evaluate.silhouette_held_out, evaluate.groups_found)
    return Task(
        question=Text(
            "Are there clusters in {file}, and which family tells them best from one heap?",
            "{file} 里有聚类吗？哪一类方法最能把它们与一整堆区分开？",
        ).format(file=place.name),
        families=(*entered, everyone),
        measures=(main, *others) if table.known is None else (main, evaluate.unsteadiness, *others),
        mechanism=(evaluate.group_sizes,),
        trial=lambda _: spec(train.clustered, chosen_by=evaluate.unsteadiness),
        keeping=train.kept_groups,
        tell=told_of_clusters,
        prepared=Text(
            "Two halves of the rows teach a clustering each, and both place the rows that judge; the more they agree, the "
            "steadier the groups. One heap can be cut steadily, too: so the same is done with rows drawn from one heap of "
            "the same size, direction and skewness, and only what is beyond that counts. One of the families stands for "
            "finding nothing: it is the more cluster-like of {heaps} such heaps, and who is not ahead of it has found no "
            "clusters.",
            "把行分成两半，各学一个聚类，再让两者去划分用来评判的行；二者越一致，聚类越稳定。一整堆数据也可能被稳定地切开，所"
            "以对同样大小、方向、偏度的一整堆随机行也做一遍，只有超出它的部分才算数。其中一项代表“什么也没找到”：它是 {heaps} "
            "个这样的堆中最像聚类的一个，没有领先于它，就是没有找到聚类。",
        ).format(heaps=HEAPS),
    )


def told_of_clusters(claims: Sequence[ClaimResult], labels: Mapping[str, Text]) -> Text:
    """What a contest of clusterings found: none where the leader is one heap or cannot be told from it."""
    known = {name: label for name, label in labels.items() if name != HEAP}
    against = [claim for claim in claims if claim.id.endswith(f" over {HEAP}")]
    if not against or against[0].verdict != "supported":
        return Text(
            "No clusters: no family finds groups that can be told from one heap cut in pieces.",
            "没有聚类：没有哪一类方法找到的组能与“切开的一整堆”区分开。",
        )
    others = [claim for claim in claims if claim is not against[0]]
    among = sentence(others, known)
    return Text(f"There are clusters. {among.en}", f"有聚类。{among.zh}")


def clusterings() -> tuple[Family, ...]:
    """The families that make groups, each with eight settings; all columns at variance 1."""
    return (
        Family("k-means", Text("k-means", "k 均值"), choices(models.k_means_groups, groups=GROUPS), most=MOST),
        Family(
            "mixture", Text("Gaussian mixture", "高斯混合"), choices(models.mixture_groups, groups=GROUPS), most=MOST
        ),
        Family(
            "ward", Text("hierarchy (Ward)", "层次聚类（Ward）"), choices(models.ward_groups, groups=GROUPS), most=MOST
        ),
        Family(
            "crowds",
            Text("density (HDBSCAN)", "密度聚类（HDBSCAN）"),
            choices(models.crowded_groups, smallest=CROWDS),
            most=MOST,
        ),
    )


def _all_of(families: tuple[Family, ...]) -> Callable[[], tuple[Spec, ...]]:
    def candidates() -> tuple[Spec, ...]:
        return tuple(candidate for family in families for candidate in family.candidates())

    return candidates


def _density(table: OwnUnlabelled, place: Path) -> Task:
    return Task(
        question=Text("Which density suits the rows of {file} best?", "哪一种密度最适合 {file} 的行？").format(
            file=place.name
        ),
        families=densities(),
        measures=(evaluate.surprise, evaluate.surprise_at_oddest),
        prepared=Text(
            "A density is judged by how probable it makes rows that it has not seen; each number is first moved at random "
            "within the step in which it is written, so that a value that occurs twice is no point of infinite density.",
            "密度好不好，看它给没见过的行多大的概率；每个数先在书写精度之内随机移动，免得重复出现的值成为密度无穷大的点。",
        ),
    )


def densities() -> tuple[Family, ...]:
    """The families that answer with the logarithm of a density, in the columns' own units."""
    widths = (0.25, 0.5, 0.75, 1.0)
    return (
        Family(
            "gaussian",
            Text("one Gaussian", "单个高斯分布"),
            choices(models.one_gaussian, shrinkage=(0.0, 0.03, 0.1, 0.3)),
            preparation=IN_UNITS,
        ),
        Family(
            "factors",
            Text("factor analysis", "因子分析"),
            choices(models.factor_analysis, factors=(1, 2, 4, 8)),
            preparation=IN_UNITS,
        ),
        Family(
            "mixture",
            Text("Gaussian mixture", "高斯混合"),
            choices(models.gaussian_mixture, parts=(2, 4, 8, 16)),
            preparation=IN_UNITS,
        ),
        Family(
            "kernel",
            Text("kernel density", "核密度"),
            choices(models.kernel_density, width=widths),
            preparation=IN_UNITS,
            most=3_000,
        ),
        Family(
            "separate",
            Text("each column on its own", "各列独立"),
            choices(models.separate_kernels, width=widths),
            preparation=IN_UNITS,
            most=3_000,
        ),
    )


def _anomalies(table: OwnUnlabelled, place: Path) -> Task:
    return Task(
        question=Text("Which family finds odd rows in {file}?", "哪一类方法能找出 {file} 中的异常行？").format(
            file=place.name
        ),
        families=detectors(),
        measures=(evaluate.planted_missed,),
        prepared=Text(
            "Planted among the rows are copies in which half of the cells are those of other rows. No family is told which "
            "they are, and each is judged by how high it ranks them. Other kinds of anomalies may have another winner.",
            "行中混入了一些副本，其中一半的单元格换成别的行的值。不告诉任何方法是哪些行，只看它们把这些行排得多靠前。换成别的"
            "异常，胜者可能不同。",
        ),
    )


def detectors() -> tuple[Family, ...]:
    """The families that answer with a score, the higher the odder."""
    return (
        Family(
            "isolation", Text("isolation forest", "孤立森林"), choices(models.isolation, rows=(64, 256, 1024, 4096))
        ),
        Family(
            "sparsity",
            Text("local outlier factor", "局部离群因子"),
            choices(models.local_sparsity, neighbours=(5, 10, 20, 40)),
            most=3_000,
        ),
        Family(
            "covariance",
            Text("robust covariance", "稳健协方差"),
            choices(models.far_from_centre, kept=(0.6, 0.75, 0.9, 1.0)),
        ),
        Family(
            "one-class",
            Text("one-class support vectors", "单类支持向量机"),
            choices(models.one_class, width=(0.25, 0.5, 1.0, 2.0)),
            most=3_000,
        ),
        Family(
            "neighbour",
            Text("distance to a neighbour", "近邻距离"),
            choices(models.far_neighbour, neighbours=(1, 3, 10, 30)),
            most=3_000,
        ),
    )


def _reduction(table: OwnUnlabelled, place: Path) -> Task:
    return Task(
        question=Text(
            "Which family keeps most of {file} in few dimensions?", "哪一类方法用很少的维数保留 {file} 最多的信息？"
        ).format(file=place.name),
        families=reductions(),
        measures=(evaluate.lost, evaluate.neighbours_kept),
        mechanism=(evaluate.lost_by_dimensions, evaluate.kept_by_dimensions),
        prepared=Text(
            "Columns are brought to variance 1, rows to 2, 5 and 10 dimensions, as far as there are more columns, and back; "
            "what rows that taught nothing lose on the way is compared.",
            "各列方差化为 1，每行压到 2、5、10 维（不超过列数），再还原；比较的是没有参与学习的行在来回途中损失了多少。",
        ),
    )


def reductions() -> tuple[Family, ...]:
    """The families that bring rows to few dimensions and back."""

    def autoencoders(scale: Scale) -> tuple[Spec, ...]:
        return tuple(
            spec(train.network_reduction, model=spec(models.Autoencoder), recipe=recipe) for recipe in recipes(scale)
        )

    return (
        Family(
            "components",
            Text("principal components", "主成分"),
            choices(models.principal_components, pulled=(2.0, 3.0, 4.0, 1e9)),
        ),
        Family(
            "kernel",
            Text("kernel components", "核主成分"),
            choices(models.kernel_components, width=(0.5, 1.0, 2.0, 4.0)),
            most=1_000,
        ),
        by_scale("autoencoder", Text("autoencoder", "自编码器"), autoencoders),
    )
