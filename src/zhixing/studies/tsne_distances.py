"""Do the sizes of clusters on a t-SNE map, and the gaps between them, mean anything?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from numpy.random import Generator

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Series, Spec, Text, spec
from zhixing.evaluate.measure import measure
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Reaches, Scale, Study, Within

SEEDS = {"smoke": 2, "quick": 15, "full": 24}
POINTS = {"smoke": 20, "quick": 60, "full": 250}
"""Of each group."""
STEPS = {"smoke": 50, "quick": 500, "full": 500}
GROUPS, COLUMNS = 8, 10
SMALLEST, LARGEST = 0.5, 5.0
"""Standard deviation of the rows of a group, along every column."""
DISC, APART = 100.0, 35.0
"""Radius of the disc in which the centres lie, and the least distance between two of them."""
Found = Sequence[dict[str, Any]]
RANKS = Text("rank correlation", "秩相关系数")


@measure(
    label=Text("do sizes of groups come through", "组的大小是否如实"), unit=RANKS, better="higher", low=-1.0, high=1.0
)
def size_told(found: Found) -> float:
    """Spearman's correlation over the planted groups of their size and their size on the map."""
    return float(found[0]["sizes"])


@measure(label=Text("do gaps come through", "组间距离是否如实"), unit=RANKS, better="higher", low=-1.0, high=1.0)
def gap_told(found: Found) -> float:
    """Spearman's correlation over pairs of planted groups of the distance between centres, and that on the map."""
    return float(found[0]["gaps"])


@measure(label=Text("do gaps between digits come through", "数字间的距离是否如实"), unit=RANKS, better="higher",
         low=-1.0, high=1.0)  # fmt: skip
def gap_told_on_digits(found: Found) -> float:
    """The same, of the ten digits."""
    return float(found[-1]["gaps"])


@measure(
    label=Text("size on the map, planted groups", "图上的大小（人工组）"), unit=Text("of the mean size", "（平均大小为 1）"),
    low=0.0, axis=Text("group, from the smallest to the largest", "组，由小到大"), log=True,
)  # fmt: skip
def size_by_size(found: Found) -> Series:
    """Of the planted groups by rising true size, as a share of their mean size on the map."""
    return Series("group", tuple(range(1, GROUPS + 1)), tuple(found[0]["by size"]))


@measure(
    label=Text("widest group over narrowest, on the map", "图上最宽的组是最窄的几倍"), unit=Text("times", "倍"), better="higher",
    low=1.0,
)  # fmt: skip
def widest_over_narrowest(found: Found) -> float:
    """Of the planted groups."""
    return float(max(found[0]["by size"]) / min(found[0]["by size"]))


def told(seeds: Seeds, *, data: Spec, method: Spec) -> dict[str, Any]:
    """What a map by `method` tells of the sizes of the known groups, and of the distances between them."""
    part = data.build(generator=seeds.numpy("rows"))
    places = method.build(part.inputs, generator=seeds.numpy("map")).places
    meant = evaluate.meaning(part.inputs, places, part.targets, seeds.numpy("pairs"))
    true, seen = (evaluate.spreads(each, part.targets) for each in (part.inputs, places))
    return {"sizes": meant.sizes, "gaps": meant.gaps, "by size": (seen / seen.mean())[true.argsort()].tolist()}


def planted(*, points: int, uneven: float = 1.0, spread: float = LARGEST / SMALLEST, generator: Generator) -> Any:
    """Eight round groups whose centres lie in one plane of ten columns, so that a map could show all distances.

    The largest group is `spread` times as wide as the smallest and another one has `uneven` times the points of the
    smallest in number; both rise by equal factors, each in an order of its own.
    """
    import numpy as np

    ladder = np.arange(GROUPS) / (GROUPS - 1)
    wide = generator.permutation(SMALLEST * spread**ladder)
    many = generator.permutation(points * uneven ** (ladder - 0.5)).round().astype(int)
    groups = np.repeat(np.arange(GROUPS), many)
    plane = np.linalg.qr(generator.standard_normal((COLUMNS, 2)))[0]
    rows = centres(generator)[groups] @ plane.T + wide[groups, None] * generator.standard_normal((len(groups), COLUMNS))
    return data.Part(rows, groups)


def centres(generator: Generator) -> Any:
    """(8, 2): points of a disc, drawn anew until no two are close to each other."""
    import numpy as np

    found = np.zeros((0, 2))
    while len(found) < GROUPS:
        angle, share = generator.random(2)
        point = DISC * np.sqrt(share) * np.array([np.cos(2 * np.pi * angle), np.sin(2 * np.pi * angle)])
        if all(np.linalg.norm(found - point, axis=1) >= APART):
            found = np.vstack([found, point])
    return found


def digits(*, rows: int, generator: Generator) -> Any:
    return train.drawn(spec(data.digits28), rows, generator)


def tsne(scale: Scale, start: str, *, perplexity: float = 30.0) -> Arm:
    names = {
        "random": Text("t-SNE, random start", "t-SNE，随机起点"),
        "pca": Text("t-SNE, PCA start", "t-SNE，PCA 起点"),
    }
    method = spec(models.tsne_map, perplexity=float(perplexity), start=start, steps=STEPS[scale])
    return Arm(start, label=names[start], each=spec(told, method=method))


def design(scale: Scale) -> Design:
    measures, mechanism = (size_told, gap_told, gap_told_on_digits), (size_by_size,)
    points = POINTS[scale]
    return Design(
        trial=spec(
            train.across,
            data=(spec(planted, points=points), spec(digits, rows=GROUPS * points)),
            measures=(*measures, *mechanism),
        ),
        arms=[
            Arm("PCA", each=spec(told, method=spec(train.by_pca))),
            tsne(scale, "random"),
            tsne(scale, "pca"),
        ],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Within("random", on=size_told, low=-0.3, high=0.3),
            Better("PCA", than="random", on=size_told, by=0.3),
            Within("random", on=gap_told, low=-0.3, high=0.3),
            Better("pca", than="random", on=gap_told, by=0.3),
        ),
    )


def random_start_at(scale: Scale, *, perplexity: float) -> Design:
    """A random start with the learner's perplexity, which is claimed to tell gaps fairly well."""
    return replace(
        design(scale),
        arms=[tsne(scale, "random", perplexity=perplexity)],
        verdict=Reaches("random", on=gap_told, value=0.6),
    )


def numbers_of_points(scale: Scale, *, uneven: float) -> Design:
    """Groups all equally wide whose numbers of points differ: one is claimed to look much wider than another."""
    whole = design(scale)
    groups = spec(planted, points=POINTS[scale], uneven=float(uneven), spread=1.0)
    return replace(
        whole,
        trial=whole.trial.with_settings(data=(groups,), measures=(widest_over_narrowest,)),
        arms=[tsne(scale, "pca")],
        measures=(widest_over_narrowest,),
        mechanism=(),
        verdict=Reaches("pca", on=widest_over_narrowest, value=2.0),
    )


study = Study(
    slug="tsne-distances",
    chapter="inside",
    after=("tsne-neighbours",),
    question=Text(
        en="Do the sizes of clusters on a t-SNE map, and the gaps between them, mean anything?",
        zh="t-SNE 图上各簇的大小、簇与簇之间的空隙，有意义吗？",
    ),
    claim=Text(
        en="From a random start neither says anything: sizes and gaps on the map are no more in order than chance "
        "would have them. PCA gets the sizes right, and a start from PCA makes t-SNE's gaps much truer.",
        zh="从随机起点出发，两者都说明不了什么：图上的大小和空隙，次序并不比碰运气更对。PCA 能画对大小；而从 PCA 起"
        "步，能让 t-SNE 的空隙真实得多。",
    ),
    source="Wattenberg, Viégas and Johnson 2016, How to use t-SNE effectively, Distill; Kobak and Berens 2019, Nature "
    "Communications 10, 5416",
    explanation=Explanation(
        idea=Text(
            en="On a map of a country a large blot is a large town, and a wide gap is a long journey. On a map by "
            "t-SNE it is tempting to read the same: this group is tight, those two are related, that one is far "
            "from everything. Whether one may can be tested only where the truth is known. So we plant groups "
            "ourselves: eight round clouds of points, the widest ten times as wide as the narrowest, near each "
            "other or far apart, all without overlap.\n\n"
            "t-SNE looks at every point with its own lens: the lens is opened until it takes in about as many "
            "neighbours as the perplexity says (30 here). In a crowd it is nearly closed, in open country it is wide "
            "open. After that a point knows who is near, and no longer how near.",
            zh="在国家地图上，一大块是大城市，一大段空白是长路。看 t-SNE 图，人们也忍不住这样读：这一簇很紧，那两簇是"
            "亲戚，另一簇离谁都远。能不能这样读，只有在知道真相的地方才能检验。所以我们自己来布置：八团圆圆的点，最"
            "宽的是最窄的十倍宽，彼此有远有近，互不重叠。\n\n"
            "t-SNE 用各自的镜头看每一个点：把镜头一直张开，直到收进的邻居大约有困惑度所说的那么多（这里是 30）。人挤"
            "人的地方，镜头几乎合上；空旷的地方，镜头大开。此后，一个点知道谁在近旁，却不再知道有多近。",
        ),
        formula=Text(
            en="p(j|i) = exp(-d(i,j)^2 / 2 s(i)^2) / sum over k of exp(-d(i,k)^2 / 2 s(i)^2)\nsize of a group = square "
            "root of the mean squared distance from its middle\n\n"
            "d(i,j): the distance of points i and j by all columns. s(i): the opening of the lens of point i, chosen "
            "so that the p(j|i) spread over about as many j as the perplexity says. p(j|i): how strongly i is drawn "
            "to j. Blow a group up to ten times its width: every d and every s grows tenfold, d / s stays, and so "
            "does every p. What t-SNE is given is the p; a group's own width is not in them.",
            zh="p(j|i) = exp(-d(i,j)^2 / 2 s(i)^2) / Σk exp(-d(i,k)^2 / 2 s(i)^2)\n组的大小 = 到组中心距离平方的平均"
            "值，再开方\n\n"
            "d(i,j)：点 i 与 j 按所有列算的距离。s(i)：点 i 的镜头张开多大，其取法是让 p(j|i) 分布在大约与困惑度一样"
            "多的 j 上。p(j|i)：i 被 j 吸引的强度。把一个组放大到十倍宽：每个 d 和每个 s 都变成十倍，d / s 不变，于是"
            "所有的 p 也不变。t-SNE 拿到的只有 p；组本身有多宽，不在其中。",
        ),
        experiment=Text(
            en="For every seed eight groups of 60 points are planted in ten columns. Their middles lie in one plane, "
            "so that a flat map could show every distance faithfully: there is no excuse. Widths and places are "
            "drawn anew each time. PCA draws a map, and t-SNE (perplexity 30) two, from a random start and from the "
            "PCA map made tiny. Two questions: does the order of the groups by size on the map follow the true "
            "order (a rank correlation: 1 the same order, 0 no relation, -1 the reverse)? And does the order of the "
            "28 pairs of groups by distance follow the true one? Beside them the ten kinds of real handwritten "
            "digits are drawn (480 images), whose distances we did not choose. Chance is allowed 0.3 to either "
            "side; a difference of 0.3 counts.",
            zh="每个种子在十列的空间里布置八组点，每组 60 个。各组的中心在同一个平面上，所以平面图本可以如实画出所有的"
            "距离，没有借口。宽度和位置每次重新抽取。PCA 画一张图，t-SNE（困惑度 30）画两张：一张从随机起点出发，一"
            "张从缩得极小的 PCA 图出发。问两件事：图上各组的大小次序，与真实次序一致吗（秩相关：1 为次序相同，0 为"
            "无关，-1 为相反）？28 对组的远近次序，与真实的一致吗？旁边再画十种真实的手写数字（480 张），它们的距离"
            "不由我们决定。运气允许有正负 0.3；相差 0.3 才算数。",
        ),
        meaning=Text(
            en="The sizes are gone. Whatever a group's true width, on the t-SNE map it is as wide as every other: over "
            "24 seeds none differs from the mean by more than 4 %, though the widest is ten times as wide as the "
            "narrowest. The picture of sizes shows it as a flat line, where PCA's climbs tenfold. Their order "
            "cannot mean anything, then, and in the median it agrees with the truth by 0.12 from a random start; "
            "from seed to seed it swings between -0.8 and 0.9, as the order of eight nearly equal numbers would. "
            "That is why the claim that it lies between -0.3 and 0.3 stays undecided: it is very likely, and 24 "
            "seeds do not prove it.\n\n"
            "The gaps are another matter. From a random start their order is chance (-0.06), from a PCA start it is "
            "nearly right (0.80). Nothing else differs, so it is the start that the arrangement comes from. But do "
            "not trust it on account of that: our groups lie in a plane and well apart, which is the easiest case. "
            "On the digits the order of the gaps agrees by about 0.6 from both starts, and PCA alone does better, "
            "0.83. What the exercises add: with a perplexity of more points than a group has, gaps come through "
            "even from a random start; and the size of a group on the map tells how many points it has.\n\n"
            "The experiment does not say that groups on a map are invented: these were all real. It says that a map "
            "answers which rows belong together, and not how tightly or how far apart.",
            zh="大小全没了。一个组原本有多宽都无所谓，到了 t-SNE 图上都与别的组一样宽：24 个种子里，没有一个组偏离平均"
            "值超过 4%，而最宽的其实是最窄的十倍宽。在大小的图里，它是一条平线，PCA 那条则上升约十倍。既然如此，大"
            "小的次序就不可能有什么意义：从随机起点出发，与真实次序的一致程度中位数为 0.12；换一个种子，就在 -0.8 "
            "与 0.9 之间摇摆，给八个几乎相等的数排次序，正会如此。因此“它在 -0.3 与 0.3 之间”这一条没有定论：很可能"
            "如此，但 24 个种子证明不了。\n\n"
            "空隙则不同。从随机起点出发，次序只是碰运气（-0.06）；从 PCA 起步，次序几乎是对的（0.80）。其余都一样，"
            "可见布局来自起点。但不要因此就信任它：我们的组都在一个平面上，又彼此分开，这是最容易的情形。在真实的数"
            "字上，两种起点的次序都只有 0.6 左右的一致，单用 PCA 反而更好，为 0.83。练习还补充了两点：困惑度若超过"
            "一个组的点数，即使从随机起点出发，空隙也能如实显出；而一个组在图上的大小，说明的是它有多少个点。\n\n"
            "这个实验并不是说图上的组是凭空捏造的：这里的组都是真的。它说的是，图能回答哪些行属于一起，不能回答它们"
            "有多紧密、相距多远。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="With another perplexity even a random start tells something of the gaps. Choose one with which the "
                "order of gaps on the map agrees with the true one by at least 0.6. (A group has 60 points.)",
                zh="换一个困惑度，从随机起点出发也能看出些空隙的远近。请选一个，使图上空隙的次序与真实次序的秩相关不低"
                "于 0.6。（每组有 60 个点。）",
            ),
            design=random_start_at,
            among={"perplexity": (3.0, 150.0)},
            solution={"perplexity": 130.0},
        ),
        Exercise(
            task=Text(
                en="If it is not the width of a group, what does its size on the map show? Here all eight groups are "
                "equally wide; choose how many times as many points the fullest has as the emptiest, so that on the "
                "map the widest is at least twice as wide as the narrowest.",
                zh="图上一个组的大小若不表示宽度，那表示什么？这里八个组一样宽；请选择点数最多的组是最少的几倍，使图上"
                "最宽的组至少是最窄的两倍宽。",
            ),
            design=numbers_of_points,
            among={"uneven": (1.0, 9.0)},
            solution={"uneven": 6.0},
        ),
    ),
    published=Text(
        en="Wattenberg, Viégas and Johnson show by pictures that two clouds of very different width come out equally "
        "wide, and that gaps look alike at one perplexity and not at another; they give no figures. Kobak and "
        "Berens report that a start from PCA keeps the order of distances between classes far better than a random "
        "one.",
        zh="Wattenberg、Viégas 与 Johnson 用图说明：宽窄悬殊的两团点，画出来一样宽；空隙在这个困惑度下看起来相同，换一"
        "个又不同。他们没有给出数字。Kobak 与 Berens 报告：从 PCA 起步，远比随机起点更能保留类与类之间的远近次序。",
    ),
    next=(
        Text(
            en="Let two of the groups overlap a little: does the map still part them, and how much overlap does it "
            "hide?",
            zh="让其中两组稍稍重叠：图上还会分开吗？它能掩盖多少重叠？",
        ),
        Text(
            en="Draw points of a single cloud with perplexity 2, 5 and 30: which of the clumps are real?",
            zh="只有一团点，用困惑度 2、5、30 各画一张：那些小团，哪些是真的？",
        ),
    ),
    design=design,
)
