"""How much does a t-SNE map change with perplexity, seed and start, and which matters most?"""

from dataclasses import replace

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.study import All, Arm, Better, Design, Equivalent, Exercise, Explanation, Reaches, Scale, Study

SEEDS = {"smoke": 2, "quick": 12, "full": 24}
ROWS = {"smoke": 60, "quick": 300, "full": 2_000}
STEPS = {"smoke": 50, "quick": 500, "full": 500}


def changed(
    seeds: Seeds, watch: Watch, *, data: Spec, rows: int, first: Spec, second: Spec, same_seed: bool
) -> dict[str, float | Series]:
    """Draws two maps of the same rows, and measures what they share."""
    part = train.drawn(data, rows, seeds.numpy("rows"))
    streams = ("map", "map" if same_seed else "another map")
    one, other = (
        train.map_of(part.inputs, method, seeds.numpy(stream)).places
        for method, stream in zip((first, second), streams, strict=True)
    )
    return evaluate.in_common(one, other, part.targets)


def drawn_by(scale: Scale, *, perplexity: float = 30.0, start: str = "pca") -> Spec:
    return spec(models.tsne_map, perplexity=float(perplexity), start=start, steps=STEPS[scale])


def arm(name: str, label: Text, first: Spec, second: Spec, *, same_seed: bool = True) -> Arm:
    return Arm(name, label=label, first=first, second=second, same_seed=same_seed)


def design(scale: Scale) -> Design:
    usual = drawn_by(scale)
    measures, mechanism = (evaluate.neighbours_in_common, evaluate.arrangement_in_common), (evaluate.in_common_by_size,)
    return Design(
        trial=spec(changed, data=spec(data.digits28), rows=ROWS[scale]),
        arms=[
            arm("seed", Text("another seed", "换种子"), usual, usual, same_seed=False),
            arm("start", Text("random start", "随机起点"), usual, drawn_by(scale, start="random")),
            arm("low", Text("perplexity 5", "困惑度 5"), usual, drawn_by(scale, perplexity=5)),
        ],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Better("seed", than="start", on=evaluate.arrangement_in_common, by=0.1),
            Better("low", than="start", on=evaluate.arrangement_in_common, by=0.1),
            Better("start", than="low", on=evaluate.neighbours_in_common, by=5.0),
        ),
    )


def like_a_seed(scale: Scale, *, perplexity: float) -> Design:
    """The learner's perplexity instead of 30, claimed to change neighbours no more and no less than another seed."""
    whole = design(scale)
    label = Text(f"perplexity {perplexity:g}", f"困惑度 {perplexity:g}")
    return replace(
        whole,
        arms=[whole.arms[0], arm("perplexity", label, drawn_by(scale), drawn_by(scale, perplexity=perplexity))],
        verdict=Equivalent("perplexity", to="seed", on=evaluate.neighbours_in_common, within=3.0),
    )


def starts_at(scale: Scale, *, perplexity: float) -> Design:
    """PCA start and random start at the learner's perplexity, claimed to end in maps that share most neighbours."""
    whole = design(scale)
    maps = (drawn_by(scale, perplexity=perplexity, start=start) for start in ("pca", "random"))
    return replace(
        whole,
        arms=[arm("start", Text("random start", "随机起点"), *maps)],
        verdict=Reaches("start", on=evaluate.neighbours_in_common, value=80.0),
    )


study = Study(
    slug="tsne-sensitive",
    chapter="inside",
    after=("tsne-neighbours",),
    question=Text(
        en="How much does a t-SNE map change with perplexity, seed and start, and which matters most?",
        zh="困惑度、种子、起点，会让 t-SNE 图改变多少？哪一个最要紧？",
    ),
    claim=Text(
        en="The start decides which classes lie far apart, more than a perplexity of 5 instead of 30 and more than the "
        "seed; the perplexity decides who is near whom, more than the start.",
        zh="哪些类相距远，主要由起点决定，其作用超过把困惑度从 30 改成 5，也超过换种子；谁与谁靠近，则由困惑度决定，其"
        "作用超过起点。",
    ),
    source="Kobak and Berens 2019, Nature Communications 10, 5416; Kobak and Linderman 2021, Nature Biotechnology 39, "
    "156-157",
    explanation=Explanation(
        idea=Text(
            en="Two people draw the same table by t-SNE and get two maps. Is that alarming? A map may be turned or "
            "mirrored and still say the same; what counts is whether it says the same of the rows. There are two "
            "things to ask. Near: are the ten points around a point the same on both maps? Far: do both maps agree "
            "on which classes lie close to each other and which at opposite ends?\n\n"
            "Three things usually differ between two people. The perplexity: how many neighbours a point attends to. "
            "The start: where the points lie before they move, at random or as a PCA map made tiny. And the seed, "
            "from which every bit of chance is drawn; with a start from PCA all that is left to it is a shake of one "
            "per cent, which keeps equal rows apart.",
            zh="两个人用 t-SNE 画同一张表，得到两张图。该担心吗？图可以旋转、可以翻面，说的仍是一回事；要紧的是，关于"
            "这些行，它说的是否一样。有两件事可问。近处：一个点周围的十个点，在两张图上相同吗？远处：哪些类挨着，哪"
            "些类各在一头，两张图说法一致吗？\n\n"
            "两个人之间通常有三处不同。困惑度：一个点顾及多少个邻居。起点：点在移动之前放在哪里，是随机放，还是照缩得"
            "极小的 PCA 图放。种子：一切偶然都出自它；从 PCA 起步时，留给它的只剩百分之一的抖动，用来把相同的行分开。",
        ),
        formula=Text(
            en="near = |A(10) ∩ B(10)| / 10, averaged over all rows\nfar = rank correlation of a(1), ..., a(45) with "
            "b(1), ..., b(45)\n\n"
            "A(10), B(10): the ten points nearest to a point on the first map and on the second; ∩: those on both. "
            "a(1) to a(45): the distances on the first map between the middles of ten classes, one for each of the 45 "
            "pairs; b: the same on the second. A rank correlation looks only at the order, from the nearest pair to "
            "the farthest: 1 is the same order, 0 no relation. Neither number changes when a map is turned, mirrored "
            "or blown up.",
            zh="近 = |A(10) ∩ B(10)| / 10，对所有行取平均\n远 = a(1), ..., a(45) 与 b(1), ..., b(45) 的秩相关系数\n\n"
            "A(10)、B(10)：第一张、第二张图上离某点最近的十个点；∩：两边都有的。a(1) 到 a(45)：第一张图上十个类的中心"
            "两两之间的距离，45 对各一个；b：第二张图上的。秩相关只看从最近一对到最远一对的次序：1 是次序相同，0 是无"
            "关。旋转、翻面、放大，两个数都不变。",
        ),
        experiment=Text(
            en="Every seed draws 300 of the handwritten digits and a map in the usual way: perplexity 30, start from "
            "PCA. Then a second map of the same images, with one thing changed: another seed; a random start; "
            "or perplexity 5. (5 to 50 is the range that the inventors of t-SNE recommend.) Number "
            "of steps, step length and everything else stay. Each second map is compared with the first, near and "
            "far. A difference counts from 5 points of the neighbours on, or from 0.1 of the rank correlation. And "
            "for neighbourhoods of every size it is noted how much of them both maps share.",
            zh="每个种子抽取 300 张手写数字，按通常的办法画一张图：困惑度 30，从 PCA 起步。再给同样的图像画第二张，只"
            "改一处：换种子；随机起点；或困惑度 5。（5 到 50 是 t-SNE 的发明者推荐的范围。）步数、步长和"
            "其余一切照旧。每个第二张图都与第一张比较近处和远处。邻居相差 5 个百分点，或秩相关相差 0.1，才算数。此"
            "外，对各种大小的邻域，记下两张图共有多少。",
        ),
        meaning=Text(
            en="Nothing stands out, because everything changes the map by about as much. Another seed leaves 70 % of "
            "the ten nearest points in place, and so does a random start; perplexity 5 leaves 67 (medians of 24 "
            "seeds). On which classes lie far apart the two maps agree by 0.72 with another seed, 0.72 with a "
            "random start, 0.77 with the other perplexity, and from one drawing of images to the next these numbers "
            "swing between 0.3 and 0.9. That the start outweighs the seed is refuted, and so is it that perplexity "
            "changes neighbours by 5 points more than the start: it is 3. Whether the start moves classes more than "
            "perplexity does stays open.\n\n"
            "The surprise is the seed. With a start from PCA it has nothing to decide but a shake of one per cent, "
            "and yet two seeds end as far from each other as two different starts. So with 300 images one of these "
            "maps is one of many that could as well have been, and starting from PCA does not change that. The "
            "curve over sizes shows that nothing is spared: of neighbourhoods of every size up to half of the table "
            "both maps share 65 to 80 %.\n\n"
            "So before you compare perplexities, draw the same map by two seeds: a difference not larger than that "
            "is none. The study does not say where the shake is blown up (lottery-of-maps looks there), nor that it "
            "is so with thousands of rows.",
            zh="没有哪一样特别突出，因为每一样对图的改变都差不多大。换一个种子，最近的十个点有 70% 还在；随机起点也是 "
            "70%；困惑度 5 是 67%（24 个种子的中位数）。关于哪些类相距远，两张图的一致程度，换种子是 0.72，换随机起"
            "点是 0.72，换困惑度是 0.77；而换一批图像，这些数就在 0.3 与 0.9 之间摇摆。“起点的作用超过种子”被推翻；"
            "“困惑度对邻居的改变比起点多 5 个百分点”也被推翻，实际只多 3 个。起点对各类远近的改变是否大于困惑度，仍"
            "无定论。\n\n"
            "出人意料的是种子。从 PCA 起步，种子只能决定百分之一的抖动，可两个种子的结果彼此相差之大，与两种不同的"
            "起点一样。所以，只有 300 张图像时，这样的一张图不过是许多张可能的图中的一张，从 PCA 起步也改变不了这一"
            "点。按大小画的曲线表明，远近无一幸免：直到半张表那么大的邻域，两张图共有的都只有 65% 到 80%。\n\n"
            "所以，在比较困惑度之前，先用两个种子画同一张图：差别若不比这更大，就等于没有差别。这个研究没有说抖动是"
            "在哪里被放大的（lottery-of-maps 会去看），也没有说几千行的表也是这样。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Choose a perplexity that changes who is near whom, against 30, just as much as another seed does, "
                "to within 3 points.",
                zh="请选一个困惑度，使它与 30 相比对谁与谁靠近的改变，恰与换一个种子一样大，相差不超过 3 个百分点。",
            ),
            design=like_a_seed,
            among={"perplexity": (2.0, 90.0)},
            solution={"perplexity": 25.0},
        ),
        Exercise(
            task=Text(
                en="At which perplexity does the start hardly matter for who is near? Choose one at which a random "
                "start and one from PCA have at least 80 % of the ten nearest points in common.",
                zh="困惑度取多少时，起点对谁与谁靠近几乎没有影响？请选一个，使随机起点与 PCA 起点的图共有至少 80% 的最"
                "近十点。",
            ),
            design=starts_at,
            among={"perplexity": (2.0, 99.0)},
            solution={"perplexity": 2.0},
        ),
    ),
    published=Text(
        en="Kobak and Berens start from PCA because a random start leaves the arrangement to chance, and report that "
        "PCA starts keep the order of class distances far better on tables of thousands to tens of thousands of "
        "cells. Ours has 300 rows, which is the first thing that differs; and what a shake of one per cent does is "
        "not among their figures.",
        zh="Kobak 与 Berens 主张从 PCA 起步，因为随机起点会把布局交给运气；他们在几千到几万个细胞的表上报告，从 PCA 起"
        "步远比随机起点更能保留各类的远近次序。我们的表只有 300 行，这是首先不同的地方；而百分之一的抖动会造成什"
        "么，不在他们给出的数字之中。",
    ),
    next=(
        Text(
            en="Draw ten maps with ten seeds and colour each point by how often its neighbours agree: where is the map "
            "firm?",
            zh="用十个种子画十张图，按各点的邻居有多一致上色：图在哪些地方站得稳？",
        ),
        Text(
            en="Halve the step length during the first 250 steps: does a shake of one per cent still change the map?",
            zh="把前 250 步的步长减半：百分之一的抖动还会改变这张图吗？",
        ),
    ),
    design=design,
)
