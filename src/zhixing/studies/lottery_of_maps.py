"""How much of a t-SNE map is the seed?"""

from dataclasses import replace

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import measure
from zhixing.study import All, Arm, Design, Equivalent, Exercise, Explanation, Reaches, Scale, Study, Within

SEEDS = {"smoke": 2, "quick": 12, "full": 24}
ROWS = {"smoke": 60, "quick": 300, "full": 4_000}
STEPS = {"smoke": 50, "quick": 500, "full": 500}
PERPLEXITY = 30.0
PCA_START = Text("two seeds, PCA start", "两个种子，PCA 起点")
COLUMNS = 50
"""Principal axes that both maps are drawn of, and by which the loss is reckoned."""


@measure(label=Text("loss of the map", "地图的损失"), unit=Text("nats", "奈特"), better="lower", low=0.0)
def loss(losses: tuple[float, ...]) -> float:
    """What t-SNE makes small, the mean of both maps."""
    return sum(losses) / len(losses)


def drawn_twice(
    seeds: Seeds,
    watch: Watch,
    *,
    data: Spec,
    rows: int,
    method: Spec,
    perplexity: float = PERPLEXITY,
    seed: bool = True,
    others: bool = False,
) -> dict[str, float | Series]:
    """Two maps with half of the rows in common, by which they are compared; the other half is the same, too, or new.

    The maps differ in their seed, in their other rows, or in both.
    """
    import numpy as np

    part = train.drawn(data, rows // 2 * 3, seeds.numpy("rows"))
    half = len(part) // 3
    codes = models.fitted_axes(part.inputs, COLUMNS).codes(part.inputs)
    chosen = np.arange(2 * half), np.r_[:half, 2 * half : 3 * half] if others else np.arange(2 * half)
    streams = "map", "another map" if seed else "map"
    maps = [
        train.map_of(codes[rows_of], method.with_settings(perplexity=perplexity), seeds.numpy(stream)).places
        for rows_of, stream in zip(chosen, streams, strict=True)
    ]
    losses = [evaluate.map_loss(codes[of], places, perplexity) for of, places in zip(chosen, maps, strict=True)]
    common = evaluate.in_common(maps[0][:half], maps[1][:half], part.targets[:half])
    return {**common, loss.name: loss(tuple(losses))}


def by(scale: Scale, start: str, **settings: float) -> Spec:
    return spec(models.tsne_map, start=start, steps=STEPS[scale], **settings)


def design(scale: Scale) -> Design:
    measures, mechanism = (
        (evaluate.arrangement_in_common, evaluate.neighbours_in_common, loss),
        (evaluate.in_common_by_size,),
    )
    return Design(
        trial=spec(drawn_twice, data=spec(data.digits28), rows=ROWS[scale]),
        arms=[
            Arm("random", label=Text("two seeds, random start", "两个种子，随机起点"), method=by(scale, "random")),
            Arm("pca", label=PCA_START, method=by(scale, "pca")),
            Arm("rows", label=Text("half of the rows others, PCA start", "换掉一半的行，PCA 起点"),
                method=by(scale, "pca"), seed=False, others=True),
            Arm("gentle", label=Text("two seeds, random start, early exaggeration 4", "两个种子，随机起点，早期夸大 4"),
                method=by(scale, "random", early_exaggeration=4.0)),
        ],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Reaches("random", on=evaluate.neighbours_in_common, value=50.0),
            Within("random", on=evaluate.arrangement_in_common, low=-1.0, high=0.5),
            Reaches("pca", on=evaluate.arrangement_in_common, value=0.9),
            Equivalent("pca", to="random", on=loss, within=0.05),
        ),
    )  # fmt: skip


def of_table(scale: Scale, *, table: str) -> Design:
    """The learner's table, on which two seeds with a random start are claimed to share most neighbours."""
    whole = design(scale)
    source = spec(data.digits28) if table == "digits28" else spec(data.table, name=table)
    return replace(
        whole,
        trial=whole.trial.with_settings(data=source),
        arms=whole.arms[:1],
        verdict=Reaches("random", on=evaluate.neighbours_in_common, value=80.0),
    )


def squeezed(scale: Scale, *, early_exaggeration: float) -> Design:
    """The learner's squeeze at the beginning, with which two random starts are claimed to share the arrangement."""
    whole = design(scale)
    method = by(scale, "random", early_exaggeration=float(early_exaggeration))
    return replace(
        whole,
        arms=[Arm("random", label=whole.arms[0].label, method=method)],
        verdict=Reaches("random", on=evaluate.arrangement_in_common, value=0.9),
    )


study = Study(
    slug="lottery-of-maps",
    chapter="inside",
    after=("tsne-sensitive", "tsne-distances"),
    question=Text(en="How much of a t-SNE map is the seed?", zh="一张 t-SNE 图里，有多少是种子决定的？"),
    claim=Text(
        en="From a random start two seeds share at least half of the neighbourhoods, but hardly the arrangement of the "
        "classes (at most 0.5); from a PCA start they share it (at least 0.9), and the loss of the map is the same.",
        zh="从随机起点出发，两个种子至少共有一半的邻域，却几乎不共有各类的布局（至多 0.5）；从 PCA 起步则共有布局（至"
        "少 0.9），而图的损失相同。",
    ),
    source="Kobak and Linderman 2021, Nature Biotechnology 39, 156-157; Kobak and Berens 2019, Nature Communications "
    "10, 5416",
    explanation=Explanation(
        idea=Text(
            en="A seed is a number from which a program draws everything that it leaves to chance. Nobody chooses it "
            "with care, and it should not matter. With t-SNE it decides, from a random start, where every point "
            "lies in the beginning. The points then move until pulling and pushing are in balance. There are many "
            "such balances, and which one is reached depends on where one began, as with a ball that is let go in "
            "hilly country.\n\n"
            "So part of what one sees on a map is the data, and part is a ticket in a lottery. Which part? Draw the "
            "map twice with two seeds: what both show may be the data, what only one shows is the ticket. Kobak and "
            "Linderman advise to begin with a PCA map made tiny instead: then, they say, the large arrangement comes "
            "from the data, and not from chance.",
            zh="种子是一个数，程序把所有交给运气的事都从它抽出来。没有人精心挑选它，它也不该要紧。对 t-SNE 来说，如果"
            "随机起步，种子决定每个点一开始在哪里。然后各点移动，直到拉力与推力平衡。这样的平衡有很多，到达哪一个取"
            "决于从哪里出发，好比在丘陵上松手放开一个球。\n\n"
            "所以，图上看到的一部分是数据，一部分是一张彩票。哪一部分？用两个种子画两次：两张都有的，可能是数据；只有"
            "一张有的，就是彩票。Kobak 与 Linderman 建议改从缩得极小的 PCA 图起步：他们说，这样一来，大的布局就来自数"
            "据，而不是运气。",
        ),
        formula=Text(
            en="loss = sum over all pairs of p(i,j) log(p(i,j) / q(i,j))\n\n"
            "p(i,j): how strongly rows i and j attract each other, by all columns; nearly 0 unless one is among the "
            "nearest of the other. q(i,j): how near their points are on the map, as a share of all nearness: 1 / (1 + "
            "distance squared), divided by the sum over all pairs. The loss is what t-SNE makes small. A pair with p "
            "near 0 adds next to nothing, wherever its points lie: far pairs have little say in the loss, and it is "
            "they who make the arrangement.",
            zh="损失 = Σ p(i,j) log(p(i,j) / q(i,j))，对所有点对求和\n\n"
            "p(i,j)：按所有列来看，第 i 行与第 j 行互相吸引多强；除非一个是另一个的近邻，否则几乎为 0。q(i,j)：它们的"
            "点在图上有多近，占全部“近”的份额，即 1 / (1 + 距离的平方) 除以所有点对之和。t-SNE 要减小的就是损失。p 近"
            "于 0 的点对，不论放在哪里，对损失几乎没有贡献：相距远的点对在损失里没有多少发言权，而布局正是由它们构成"
            "的。",
        ),
        experiment=Text(
            en="Every seed draws 300 of the handwritten digits, and two maps of them (perplexity 30) by two numbers "
            "for chance: once from random starts, once from PCA starts, where chance is left a shake of one per "
            "cent. A third pair has one and the same number, but half of its images are exchanged for others: that "
            "is how much a map owes to the images that happened to be drawn. A fourth pair is like the first, but "
            "squeezes its points less during the first 250 steps: t-SNE multiplies all attractions by 12 there (early "
            "exaggeration), here by 4. The maps of a pair are compared by the "
            "150 images that all pairs have in common: of a point's ten nearest, how many are the same on both "
            "maps; do both agree on which of the ten digits lie far apart (the rank correlation of the 45 distances "
            "between their middles). And what is the loss?",
            zh="每个种子抽取 300 张手写数字，用两个随机数各画一张图（困惑度 30）：一次从随机起点，一次从 PCA 起点，后"
            "者只给运气留下百分之一的抖动。第三对图用同一个随机数，但有一半的图像换成别的：这说明一张图有多少要归于"
            "碰巧抽到的图像。第四对与第一对一样，只是前 250 步挤得轻些：t-SNE 在这时把所有吸引力乘上 12（早期夸大），"
            "这里乘 4。每对图都用各对共有的 150 张图像来比较：一个点最近的十个点，有多少在两张图上相同；十个"
            "数字里哪些相距远，两张图是否一致（45 个中心距离的秩相关）。还要看：损失是多少？",
        ),
        meaning=Text(
            en="Two seeds from random starts share 64 % of the ten nearest points, and agree on the arrangement by "
            "0.66 (medians of 24 seeds), somewhere between 0.23 and 0.95: the first is the part of a map that comes "
            "back, the second is indeed a lottery, though not as blind a one as claimed. With PCA starts it is 69 % "
            "and 0.76, from 0.26 to 0.99: little better, and whether the median reaches 0.9 was not settled. "
            "Exchanging half of the images costs more of the neighbourhoods, 58 % being shared, and about as much "
            "of the arrangement (0.69). The loss of both starts is the same to within 0.05, so it cannot tell which "
            "map to believe.\n\n"
            "The fourth pair shows where the chance comes in. It has random starts, too, and differs in one number: "
            "points are squeezed together four times as strongly in the first 250 steps, not twelve times. Now two "
            "seeds share 83 % of the neighbours and agree on the arrangement by 0.98, in no case below 0.89, and "
            "the loss is lower. So with 300 images it was not the start, but the violent beginning that dealt out "
            "the arrangement. Why, the study does not say: with so few points the usual squeeze may leave next to "
            "nothing of where they came from, but that was not measured.\n\n"
            "Nor is a map on which two seeds agree true for that reason; it is only no lottery. And tables of many "
            "thousands of rows may behave otherwise.",
            zh="两个种子都从随机起点出发，共有 64% 的最近十点，对布局的一致程度是 0.66（24 个种子的中位数），散布在 "
            "0.23 到 0.95 之间：前者是图中会重现的部分；后者确实是一张彩票，只是没有论断所说的那么盲目。从 PCA 起"
            "步，是 69% 和 0.76，后者从 0.26 到 0.99：好得有限，中位数能否达到 0.9，没有定论。换掉一半的图像，邻域"
            "损失更多，只共有 58%；布局的损失差不多（0.69）。两种起点的损失相差不到 0.05，所以损失说不出该相信哪张"
            "图。\n\n"
            "第四对图显示了运气从何处进来。它也从随机起点出发，只有一个数不同：前 250 步把点挤到一起的力量是四倍，"
            "而不是十二倍。这样一来，两个种子共有 83% 的邻居，对布局的一致程度是 0.98，最低也有 0.89，损失还更小。"
            "可见，在 300 张图像上，分发布局的不是起点，而是过于猛烈的开头。原因何在，这个研究没有说：点这么少，通"
            "常的挤压也许几乎抹掉了它们从哪里来，但这没有测量。\n\n"
            "两个种子说法一致，图也未必因此就真实，只是不再是彩票。另外，几万行的表也许不同。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Some tables leave less to chance. Find one on which two seeds, both from random starts, share at "
                "least 80 % of the ten nearest points.",
                zh="有些表留给运气的余地较小。找出一张表，使两个种子都从随机起点出发，仍共有至少 80% 的最近十点。",
            ),
            design=of_table,
            among={"table": ("digits28", "digits8", "olive-oil", "wine", "tumours")},
            solution={"table": "olive-oil"},
        ),
        Exercise(
            task=Text(
                en="During the first 250 steps t-SNE multiplies all attractions by 12 (early exaggeration), which "
                "squeezes the points together before they unfold. Choose another factor, with which two seeds from "
                "random starts agree on the arrangement by at least 0.9.",
                zh="在前 250 步里，t-SNE 把所有吸引力乘上 12（早期夸大），先把点挤到一起，再让它们展开。请换一个倍数，"
                "使两个从随机起点出发的种子，对布局的一致程度不低于 0.9。",
            ),
            design=squeezed,
            among={"early_exaggeration": (1.0, 12.0)},
            solution={"early_exaggeration": 4.0},
        ),
    ),
    published=Text(
        en="Kobak and Linderman compare t-SNE and UMAP on three tables of single cells, with random and with "
        "informative starts: with random ones neither keeps the large arrangement well, with informative ones both "
        "do. They hold a map against its table; here two maps are held against each other, on far fewer rows.",
        zh="Kobak 与 Linderman 在三张单细胞表上，用随机起点和有信息的起点比较 t-SNE 与 UMAP：随机起点下，二者都不能很"
        "好地保留大的布局；换成有信息的起点，二者都能。他们是拿图与表比，这里是拿两张图互相比，行数也少得多。",
    ),
    next=(
        Text(
            en="Let the maps run twenty times as long: do the two seeds come closer to each other?",
            zh="让图多跑二十倍的步数：两个种子会彼此靠近吗？",
        ),
        Text(
            en="Draw by 50 seeds and keep the map with the least loss: does it have the truest arrangement?",
            zh="用 50 个种子各画一张，留下损失最小的：它的布局也最真实吗？",
        ),
    ),
    design=design,
)
