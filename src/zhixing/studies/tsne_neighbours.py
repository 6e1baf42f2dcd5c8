"""Does t-SNE keep neighbourhoods better than PCA, and how large may they be?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Series, Spec, Text, spec
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.study import All, Arm, Better, Claim, Design, Equivalent, Exercise, Explanation, Scale, Study, Table

if TYPE_CHECKING:
    import numpy as np

TABLES = ("digits28", "olive-oil", "tumours")
SEEDS = {"smoke": 2, "quick": 12, "full": 24}
ROWS = {"smoke": 60, "quick": 400, "full": 400}
STEPS = {"smoke": 50, "quick": 500, "full": 500}
SHARES = (0.0025, 0.005, 0.0125, 0.025, 0.05, 0.075, 0.125, 0.1875, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875)
"""Sizes of a neighbourhood, as shares of the rows: 1 to 350 of 400."""
NEAR = SHARES.index(0.025)
PERPLEXITY = 30.0
Found = Sequence[dict[str, Any]]


@measure(
    label=Text("of the ten nearest rows, kept", "最近十行中保留的"), unit=PER_CENT, difference_unit=POINTS,
    better="higher", low=0.0, high=100.0,
)  # fmt: skip
def near_kept(found: Found) -> float:
    """Of a row's nearest 2.5 % of the rows, those among its nearest on the map, averaged over rows and tables."""
    return float(sum(each["kept"][NEAR] for each in found) / len(found))


@measure(label=Text("how near the ten nearest on the map are in the columns", "图上最近十行在原来各列中的名次"),
         unit=Text("th nearest", "名"), better="lower", low=1.0)  # fmt: skip
def rank_of_shown(found: Found) -> float:
    """Median over rows and their nearest 2.5 % on the map of the rank in the columns, averaged over tables."""
    return float(sum(each["rank"] for each in found) / len(found))


@measure(
    label=Text("neighbours kept", "保留的邻居"), unit=PER_CENT, difference_unit=POINTS, low=0.0, high=100.0,
    axis=Text("size of the neighbourhood, in % of all rows", "邻域大小，占全部行的百分比"),
)  # fmt: skip
def kept_by_size(found: Found) -> Series:
    """For neighbourhoods of every size, averaged over tables."""
    kept = [sum(of_size) / len(found) for of_size in zip(*(each["kept"] for each in found), strict=True)]
    return Series("size", tuple(100 * share for share in SHARES), tuple(kept))


def neighbours_kept(seeds: Seeds, *, data: Spec, method: Spec, rows: int) -> dict[str, Any]:
    """What the map of one table, drawn by `method`, keeps of the nearest rows of every row."""
    part = train.drawn(data, rows, seeds.numpy("rows"))
    places = method.build(part.inputs, generator=seeds.numpy("map")).places
    known, shown = evaluate.nearness(part.inputs), evaluate.nearness(places)
    sizes = [max(1, round(share * len(part))) for share in SHARES]
    return {
        "kept": evaluate.neighbours_in_both(known, shown, sizes).tolist(),
        "rank": _median(known[shown < sizes[NEAR]] + 1),
    }


def _median(values: "np.ndarray") -> float:
    import numpy as np

    return float(np.median(values))


@dataclass(frozen=True)
class LeadEnds:
    """The lead of `arm` over `than` in neighbours kept ends at a size between `low` and `high` per cent of the "
    "rows."""

    arm: str
    than: str
    low: float
    high: float

    def claims(self, table: Table) -> list[Claim]:
        pairs = zip(*(table.series(arm, kept_by_size.name) for arm in (self.arm, self.than)), strict=True)
        text = Text(
            en="{arm} keeps more than {than} up to neighbourhoods of {low:g} to {high:g} % of the rows",
            zh="{arm} 比 {than} 保留得多，直到邻域占全部行的 {low:g}% 到 {high:g}%",
        ).format(arm=table.label(self.arm), than=table.label(self.than), low=self.low, high=self.high)
        values = tuple(end_of_lead(*pair) for pair in pairs)
        return [
            Claim("lead ends", text, values, (self.low, self.high), Text("% of the rows", "%（占全部行）"), (0, 100))
        ]


def end_of_lead(first: Series | None, second: Series | None) -> float:
    """Where the first falls below the second for good, between two places by a straight line; 0 or 100 where never.

    NaN where a side is missing.
    """
    if first is None or second is None:
        return math.nan
    leads = [one - other for one, other in zip(first.values, second.values, strict=True)]
    ahead = [place for place, lead in enumerate(leads) if lead > 0]
    if not ahead:
        return 0.0
    last = ahead[-1]
    if last == len(leads) - 1:
        return 100.0
    share = leads[last] / (leads[last] - leads[last + 1])
    return first.at[last] + share * (first.at[last + 1] - first.at[last])


def tables(*names: str) -> tuple[Spec, ...]:
    return tuple(spec(data.digits28) if name == "digits28" else spec(data.table, name=name) for name in names)


def pca(scale: Scale) -> Arm:
    return Arm("PCA", each=spec(neighbours_kept, method=spec(train.by_pca), rows=ROWS[scale]))


def tsne(scale: Scale, name: str = "t-SNE", *, perplexity: float = PERPLEXITY) -> Arm:
    method = spec(models.tsne_map, perplexity=float(perplexity), steps=STEPS[scale])
    label = Text(f"t-SNE, perplexity {perplexity:g}", f"t-SNE（困惑度 {perplexity:g}）")
    return Arm(name, label=label, each=spec(neighbours_kept, method=method, rows=ROWS[scale]))


def design(scale: Scale) -> Design:
    measures, mechanism = (near_kept, rank_of_shown), (kept_by_size,)
    names = TABLES[1:2] if scale == "smoke" else TABLES
    return Design(
        trial=spec(train.across, data=tables(*names), measures=(*measures, *mechanism)),
        arms=[pca(scale), tsne(scale)],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(Better("t-SNE", than="PCA", on=near_kept, by=20.0), LeadEnds("t-SNE", "PCA", 7.5, 50.0)),
    )


def wider(scale: Scale, *, perplexity: float) -> Design:
    """The learner's perplexity, with which the lead of t-SNE is claimed to go on to a third of all rows."""
    return replace(
        design(scale),
        arms=[pca(scale), tsne(scale, perplexity=perplexity)],
        verdict=LeadEnds("t-SNE", "PCA", 33.0, 100.0),
    )


def one_table(scale: Scale, *, table: str) -> Design:
    """The learner's table, where PCA is claimed to keep nearly as many of the nearest rows."""
    whole = design(scale)
    return replace(
        whole,
        trial=whole.trial.with_settings(data=tables(table)),
        arms=[pca(scale), tsne(scale)],
        verdict=Equivalent("PCA", to="t-SNE", on=near_kept, within=20.0),
    )


study = Study(
    slug="tsne-neighbours",
    chapter="inside",
    after=("principal-axes",),
    question=Text(
        en="Does t-SNE keep neighbourhoods better than PCA, and how large may they be?",
        zh="t-SNE 比 PCA 更能保留邻域吗？邻域多大为止？",
    ),
    claim=Text(
        en="Of a row's ten nearest rows a t-SNE map keeps at least 20 points more than a PCA map does, but its lead "
        "ends before the neighbourhood is half of the table.",
        zh="一行数据最近的十行，t-SNE 图比 PCA 图至少多保留 20 个百分点；但邻域还没大到半张表，这个优势就没有了。",
    ),
    source="van der Maaten and Hinton 2008, JMLR 9, 2579-2605; Lee and Verleysen 2009, Neurocomputing 72, 1431-1443; "
    "Kobak and Berens 2019, Nature Communications 10, 5416",
    explanation=Explanation(
        idea=Text(
            en="A table with 784 columns cannot be drawn. A map gives every row a place on paper, and what one reads "
            "off it is mostly this: rows that lie together are alike. So ask of a map how much of that is true. "
            "Take a row, find the ten rows most like it in all columns, and see how many of them are among the ten "
            "nearest on the paper.\n\n"
            "PCA casts a shadow: it looks at the cloud of rows from the side from which it is widest. What lies "
            "behind one another falls on the same spot, so strangers become neighbours. t-SNE does not look from a "
            "side. It ties every row to its nearest ones by springs, pushes everything else away, and lets go. How "
            "many rows a spring reaches is set by the perplexity, here 30. The springs know nothing of rows farther "
            "off. Does that matter when one asks not for ten neighbours, but for a hundred, or for half the table?",
            zh="784 列的表没法直接画出来。地图给每一行在纸上安排一个位置，而我们从图上读到的，多半是“挨在一起的就相"
            "像”。那就问一问：这话有多少是真的？取一行，在所有列里找出与它最像的十行，再看其中有几行也在纸上离它最"
            "近的十行之中。\n\n"
            "PCA 好比投影：从点云最宽的一侧看过去，前后重叠的落在同一处，于是陌生的行成了邻居。t-SNE 不从任何一侧看："
            "它用弹簧把每一行与最近的那些行拴在一起，把其余的统统推开，然后松手。一根弹簧够得着多少行，由困惑度决定，"
            "这里是 30。更远的行，弹簧一无所知。那么，如果要的不是十个邻居，而是一百个，甚至半张表，会怎么样？",
        ),
        formula=Text(
            en="kept(k) = |N(k) ∩ M(k)| / k, averaged over all rows\nby chance: k / (n - 1)\n\n"
            "N(k): the k rows nearest to a row by all columns. M(k): the k rows nearest to it on the map. N ∩ M: "
            "those in both; |...| counts them. n: the number of rows. At k = n - 1 everybody is everybody's neighbour "
            "and every map keeps 100 %; what counts is which curve is above the other on the way there.",
            zh="kept(k) = |N(k) ∩ M(k)| / k，对所有行取平均\n碰运气：k / (n - 1)\n\n"
            "N(k)：按所有列算，离某行最近的 k 行。M(k)：在图上离它最近的 k 行。N ∩ M：两边都有的行，|…| 表示个数。n："
            "行数。k = n - 1 时人人互为邻居，任何图都保留 100%；要看的是在这之前，哪条曲线在上面。",
        ),
        experiment=Text(
            en="Three real tables: handwritten digits of 28 by 28 pixels, olive oils by eight fatty "
            "acids, tumours by thirty measurements. Every seed draws 400 rows of each. From these rows one map is "
            "drawn by PCA and one by t-SNE (openTSNE, perplexity 30, started from PCA). On each map the neighbours "
            "kept "
            "are counted for neighbourhoods of 1 to 350 rows. The lead ends where the curve of t-SNE falls below "
            "that of PCA for good. Also noted is who the ten nearest on the map are: where they stand in the true "
            "order of nearness.",
            zh="三张真实的表：28×28 像素的手写数字，用八种脂肪酸描述的橄榄油，用三十项测量描述的肿瘤。每个种子"
            "从每张表抽取 400 行，用这些行画两张图：一张用 PCA，一张用 t-SNE（openTSNE，困惑度 30，以 PCA 为起点）。"
            "在每张图上，对 1 到 350 行大小的邻域，数"
            "一数保留了多少邻居。t-SNE 的曲线从某处起一直低于 PCA，那里就是优势的终点。还记下图上最近的十行究竟是"
            "谁：它们在真正的远近次序里排第几。",
        ),
        meaning=Text(
            en="Of a row's ten nearest t-SNE keeps 58 %, PCA 30 (medians of 24 seeds). For the one nearest row it is "
            "56 against 9. The second measure says what that means to a reader: of the ten that lie nearest on the "
            "PCA map, half are only the 34th nearest in truth or worse; on the t-SNE map the middle one is about "
            "the 9th.\n\n"
            "Then the curves meet. PCA's rises steadily, that of t-SNE hardly moves, and at 18 % of the rows, 74 of "
            "400, they cross; in no seed before 16 or after 22 %. From there on PCA is ahead: of the half of the "
            "table that is nearest it keeps 81 %, t-SNE 73. So a t-SNE map answers who is closest to a row, and a "
            "PCA map which half of the table it belongs to; neither answers both.\n\n"
            "Is the reach of the springs the reason? That is put to the test in the first exercise: with a "
            "perplexity of 120 instead of 30 the lead should last far longer. And mind what even the better map "
            "loses: 4 of 10 nearest rows are no longer there. Two coordinates do not hold 784, and a neighbour on "
            "the map is a hint, not a fact.",
            zh="一行最近的十行，t-SNE 保留 58%，PCA 保留 30%（24 个种子的中位数）；只看最近的那一行，是 56% 对 9%。第"
            "二个指标说明这对读图的人意味着什么：PCA 图上最近的十行，有一半其实只排第 34 名或更后；t-SNE 图上，居中"
            "的那一行大约排第 9。\n\n"
            "接着两条曲线相遇。PCA 的稳步上升，t-SNE 的几乎不动，到全部行的 18%（400 行中的 74 行）时相交；没有一个"
            "种子早于 16% 或晚于 22%。从那以后 PCA 领先：最近的那半张表，它保留 81%，t-SNE 保留 73%。所以，t-SNE 图"
            "回答的是谁离这一行最近，PCA 图回答的是它属于哪半张表，没有哪张图两样都能回答。\n\n"
            "是因为弹簧够不着更远吗？第一个练习就来检验：把困惑度从 30 换成 120，优势应该保持得久得多。还要看清，较"
            "好的那张图也丢了多少：十个最近的行里，有 4 个已经不在旁边。两个坐标装不下 784 个，图上的邻居是线索，不"
            "是事实。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Choose a perplexity with which the lead of t-SNE over PCA lasts until a neighbourhood is at least "
                "33 % of all rows.",
                zh="选一个困惑度，使 t-SNE 对 PCA 的优势一直保持到邻域占全部行的 33% 以上。",
            ),
            design=wider,
            among={"perplexity": (3.0, 130.0)},
            solution={"perplexity": 120.0},
        ),
        Exercise(
            task=Text(
                en="A table with few columns casts a truer shadow. Find one on which PCA keeps as many of the ten "
                "nearest (or of the nearest 2.5 %) as t-SNE does, to within 20 points.",
                zh="列数少的表，影子也更真实。找出一张表，使 PCA 保留的最近十行（或最近的 2.5%）与 t-SNE 相差不超过 20 "
                "个百分点。",
            ),
            design=one_table,
            among={"table": ("wine", "glass", "crabs", "iris", "biopsies")},
            solution={"table": "iris"},
        ),
    ),
    published=Text(
        en="Kobak and Berens report for a t-SNE map of single cells (Tasic et al., 23,822 cells) that it keeps far "
        "more of the ten nearest neighbours than PCA does, and that PCA keeps distances better. The direction "
        "returns here; the figures cannot be compared, since of ten neighbours among 400 rows far more are found by "
        "chance, and easily, than among 23,822.",
        zh="Kobak 与 Berens 在单细胞数据（Tasic 等，23,822 个细胞）上报告：t-SNE 图保留的最近十个邻居远多于 PCA，而 "
        "PCA 更能保留距离。方向在这里重现；数字却不能相比，因为在 400 行里找十个邻居，比在 23,822 行里容易得多，碰"
        "巧找到的也多得多。",
    ),
    next=(
        Text(
            en="Count neighbours on a map of three axes instead of two: who gains more, PCA or t-SNE?",
            zh="把两根轴换成三根，再数邻居：PCA 和 t-SNE 谁的收获更大？",
        ),
        Text(
            en="Give t-SNE the first 5, 10 or 50 principal axes instead of all columns: when does it begin to lose "
            "neighbours?",
            zh="不给 t-SNE 全部列，只给前 5、10 或 50 根主轴：从何时起开始丢失邻居？",
        ),
    ),
    design=design,
)
