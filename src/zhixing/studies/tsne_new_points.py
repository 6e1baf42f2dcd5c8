"""Can new points be placed on an old t-SNE map?"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.study import All, Arm, Better, Contrast, Design, Equivalent, Exercise, Explanation, Reaches, Scale, Study

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator

SEEDS = {"smoke": 2, "quick": 12, "full": 24}
OLD = {"smoke": 60, "quick": 300, "full": 3_000}
NEW = {"smoke": 20, "quick": 100, "full": 600}
STEPS = {"smoke": 50, "quick": 500, "full": 500}
NEAR = 10
PARTS = 5


@measure(
    label=Text("of the ten nearest old rows, kept", "最近十个旧行中保留的"), unit=PER_CENT, difference_unit=POINTS,
    better="higher", low=0.0, high=100.0,
)  # fmt: skip
def old_kept(kept: "np.ndarray", far: "np.ndarray", votes: "np.ndarray", classes: "np.ndarray") -> float:
    """Of a new row's ten nearest old rows, those among its ten nearest on the map."""
    return float(100 * kept.mean())


@measure(
    label=Text("new rows among old ones of their class", "落在同类旧行中的新行"), unit=PER_CENT, difference_unit=POINTS,
    better="higher", low=0.0, high=100.0,
)  # fmt: skip
def among_own(kept: "np.ndarray", far: "np.ndarray", votes: "np.ndarray", classes: "np.ndarray") -> float:
    """New rows whose ten nearest old rows on the map are mostly of their own class."""
    return float(100 * (votes == classes).mean())


@measure(
    label=Text("new rows in the commonest place", "落入同一类最多的新行"), unit=PER_CENT, difference_unit=POINTS,
    better="higher", low=0.0, high=100.0,
)  # fmt: skip
def in_one_place(kept: "np.ndarray", far: "np.ndarray", votes: "np.ndarray", classes: "np.ndarray") -> float:
    """The largest share of the new rows that lie among one and the same class of old rows."""
    return float(max(100 * (votes == name).mean() for name in set(votes.tolist())))


@measure(
    label=Text("neighbours kept by how odd the new row is", "保留的邻居与新行的奇特程度"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("fifth of the new rows, from the nearest to the farthest", "新行按离旧行的远近分成五份，由近到远"),
)  # fmt: skip
def kept_by_oddness(kept: "np.ndarray", far: "np.ndarray", votes: "np.ndarray", classes: "np.ndarray") -> Series:
    """In fifths by the mean distance from the ten nearest old rows."""
    import numpy as np

    fifths = np.array_split(kept[far.argsort()], PARTS)
    return Series("fifth", tuple(range(1, PARTS + 1)), tuple(float(100 * fifth.mean()) for fifth in fifths))


MEASURES = (old_kept, among_own, kept_by_oddness)


def placed(
    old: "np.ndarray", new: "np.ndarray", *, method: Spec, generator: "Generator"
) -> "tuple[np.ndarray, np.ndarray]":
    """The map of the old rows, and on it the new ones."""
    drawn = train.map_of(old, method, generator)
    return drawn.places, drawn.place(new)


def together(
    old: "np.ndarray", new: "np.ndarray", *, method: Spec, generator: "Generator"
) -> "tuple[np.ndarray, np.ndarray]":
    """One map of all rows: what placing is held against."""
    import numpy as np

    places = train.map_of(np.concatenate([old, new]), method, generator).places
    return places[: len(old)], places[len(old) :]


def beside_nearest(
    old: "np.ndarray", new: "np.ndarray", *, method: Spec, generator: "Generator"
) -> "tuple[np.ndarray, np.ndarray]":
    """The map of the old rows, and every new one where its nearest old row is."""
    places = train.map_of(old, method, generator).places
    return places, places[evaluate.nearness(old, new).argmin(axis=1)]


def set_down(
    seeds: Seeds,
    watch: Watch,
    *,
    data: Spec,
    way: Spec,
    old: int,
    new: int,
    measures: tuple[evaluate.Measure, ...],
    without: int | None = None,
) -> dict[str, float | Series]:
    """Sets new rows down among old ones, and measures the old neighbours that they have kept.

    Where a class is to be left out, the old rows have none of it and the new ones are all of it.
    """
    known, asked = divided(train.drawn(data, 10**9, seeds.numpy("rows")), old, new, without)
    places, set_places = way.build(known.inputs, asked.inputs, generator=seeds.numpy("map"))
    return judged(known, asked, places, set_places, measures)


def divided(part: data.Part, old: int, new: int, without: int | None) -> tuple[data.Part, data.Part]:
    """Old rows and new ones, in the order in which they come."""
    import numpy as np

    missing = part.targets == without
    first = np.flatnonzero(~missing)[:old]
    second = np.flatnonzero(missing)[:new] if missing.any() else np.arange(old, old + new)
    return data.Part(part.inputs[first], part.targets[first]), data.Part(part.inputs[second], part.targets[second])


def judged(
    old: data.Part,
    new: data.Part,
    places: "np.ndarray",
    set_places: "np.ndarray",
    measures: tuple[evaluate.Measure, ...],
) -> dict[str, float | Series]:
    """Every measure of new rows on a map, given where old and new ones lie on it."""
    import numpy as np

    known, shown = evaluate.nearness(old.inputs, new.inputs) < NEAR, evaluate.nearness(places, set_places) < NEAR
    kept = (known & shown).sum(axis=1) / NEAR
    far = (np.sqrt(evaluate.squared_distances(new.inputs, old.inputs)) * known).sum(axis=1) / NEAR
    ballots = np.stack([(shown & (old.targets == name)).sum(axis=1) for name in range(old.targets.max() + 1)], axis=1)
    given = kept, far, ballots.argmax(axis=1), new.targets
    return {each.name: each(*given) for each in measures}


def arm(scale: Scale, name: str, label: Text, way: Callable[..., object], method: Spec, **settings: int) -> Arm:
    return Arm(name, label=label, way=spec(way, method=method), **settings)


def arms(scale: Scale, **settings: int) -> list[Arm]:
    tsne = spec(models.tsne_map, perplexity=30.0, steps=STEPS[scale])
    return [
        arm(scale, "placed", Text("placed on the old map", "放到旧图上"), placed, tsne, **settings),
        arm(scale, "together", Text("drawn together", "一起重画"), together, tsne, **settings),
        arm(scale, "nearest", Text("on the nearest old point", "放在最近的旧点上"), beside_nearest, tsne, **settings),
        arm(scale, "PCA", Text("PCA", "PCA"), placed, spec(train.by_pca), **settings),
    ]


def design(scale: Scale) -> Design:
    return Design(
        trial=spec(set_down, data=spec(data.digits28), old=OLD[scale], new=NEW[scale], measures=MEASURES),
        arms=arms(scale),
        seeds=SEEDS[scale],
        measures=MEASURES[:2],
        mechanism=MEASURES[2:],
        verdict=All(
            Contrast(
                {"placed": 1.0, "together": -0.9}, on=old_kept, by=0.0,
                text=Text("new points keep at least nine tenths of the neighbours that drawing together keeps",
                          "放到旧图上的新点，至少保留一起重画时所保留邻居的九成"),
            ),
            Better("placed", than="PCA", on=old_kept, by=20.0),
        ),
    )  # fmt: skip


def from_few(scale: Scale, *, old: int) -> Design:
    """So few old rows that PCA is claimed to keep as many neighbours of new rows as the map by t-SNE."""
    whole = design(scale)
    settings = {"old": min(old, OLD[scale]) if scale == "smoke" else old}
    chosen = [arm for arm in arms(scale, **settings) if arm.name in ("placed", "PCA")]
    return replace(whole, arms=chosen, verdict=Equivalent("PCA", to="placed", on=old_kept, within=15.0))


def without(scale: Scale, *, digit: int) -> Design:
    """The old map has none of a digit and all new rows are of it: they are claimed to lie among one other digit."""
    measures = (in_one_place, old_kept)
    return replace(
        design(scale),
        trial=design(scale).trial.with_settings(measures=measures, without=digit),
        arms=arms(scale)[:1],
        measures=measures,
        mechanism=(),
        verdict=Reaches("placed", on=in_one_place, value=50.0),
    )


study = Study(
    slug="tsne-new-points",
    chapter="inside",
    after=("tsne-neighbours",),
    question=Text("Can new points be placed on an old t-SNE map?", "新的点能放到旧的 t-SNE 图上吗？"),
    claim=Text(
        en="They can: a new point placed on the old map keeps at least nine tenths of the neighbours that it would "
        "keep if everything were drawn anew, and at least 20 points more than on a PCA map.",
        zh="能：放到旧图上的新点，至少保留全部重画时所保留邻居的九成，而且比在 PCA 图上至少多 20 个百分点。",
    ),
    source="Poličar, Stražar and Zupan 2019, openTSNE, bioRxiv 731877; Poličar, Stražar and Zupan 2023, Machine "
    "Learning 112, 721-740; Kobak and Berens 2019, Nature Communications 10, 5416",
    explanation=Explanation(
        idea=Text(
            en="PCA is a formula: put in a new row, out comes its place. t-SNE is not. It pushes and pulls hundreds of "
            "points "
            "until they rest, and leaves their places behind, but no rule. Hence the saying that a t-SNE map cannot "
            "be used again: tomorrow's customers, the next patient, the test rows have no place on it.\n\n"
            "Yet one can leave the old points where they are, as if nailed down, and let only the new one move: drawn "
            "by those old points that are most like it, pushed off by the rest, as when the map was first made. The "
            "old map stays as it was, and people who know their way about on it need not learn it again. The question "
            "is what this costs against drawing old and new together from scratch.",
            zh="PCA 是一个公式：代入新的一行，就得到它的位置。t-SNE 不是：它把几百个点推来拉去，直到静止，留下的是一"
            "个个位置，而不是规则。于是常有人说，t-SNE 图不能重复使用：明天的顾客、下一位病人、测试的行，在图上都没"
            "有位置。\n\n"
            "可是，我们可以把旧的点当作钉死在原处，只让新的点移动：由与它最像的旧点拉近，被其余的推开，和当初画图时一"
            "样。旧图原封不动，认得路的人也不必重新认路。问题是：与新旧一起从头画相比，代价有多大？",
        ),
        formula=Text(
            en="cost(y) = sum over j of p(j) log(p(j) / q(j))\nq(j) = (1 + |y - y(j)|^2)^-1 / sum over k of (1 + |y - "
            "y(k)|^2)^-1\n\n"
            "y: the place of the new point, the only thing that moves. y(j), y(k): the places of old points. p(j): "
            "how strongly the new row is drawn to the old row j by what they have in all columns; it is 0 for all but "
            "the ten most alike. q(j): how near they are on the map, as a share of all nearness. The cost is 0 where "
            "both agree. It starts at the median place of those ten old points and goes downhill for 50 steps.",
            zh="cost(y) = Σj p(j) log(p(j) / q(j))\nq(j) = (1 + |y - y(j)|^2)^-1 / Σk (1 + |y - y(k)|^2)^-1\n\n"
            "y：新点的位置，只有它会动。y(j)、y(k)：旧点的位置。p(j)：按所有列来看，新的一行被旧的第 j 行吸引的强度；"
            "除了最像的十行，其余都是 0。q(j)：它们在图上有多近，占全部“近”的份额。二者一致时代价为 0。从那十个旧点位"
            "置的中位数出发，往下走 50 步。",
        ),
        experiment=Text(
            en="From the real handwritten digits every seed draws 300 old images and 100 new ones. The new ones come "
            "onto the map in four ways. Placed: t-SNE draws the 300, then the 100 are set down, each by itself. "
            "Drawn together: t-SNE draws all 400, the standard to be met. On the nearest old point: t-SNE draws the "
            "300, and a new image simply gets the place of the old one that is most like it. PCA: the formula. The "
            "measure is the same for all: of the ten old images most like a new one, how many are among its ten "
            "nearest old points on the map? And how often are most of those ten points of the digit that it is? "
            "Beside it: how much is kept by images that resemble old ones closely, and by odd ones?",
            zh="每个种子从真实的手写数字中抽取 300 张旧图像和 100 张新图像。新图像用四种办法上图。放上去：t-SNE 画好 "
            "300 张，再把 100 张各自放上去。一起画：t-SNE 画全部 400 张，这是要达到的标准。放在最近的旧点上：t-SNE "
            "画好 300 张，新图像直接占用与它最像的那张的位置。PCA：用公式。四种办法用同样的指标：与新图像最像的十张"
            "旧图像中，有多少是它在图上最近的十个旧点？这十个点中占多数的数字，又有多少次正是它自己的数字？此外还"
            "看：与旧图像很像的图像和奇特的图像，各保留多少？",
        ),
        meaning=Text(
            en="A t-SNE map can be used again. A new point placed on it keeps 53 of 100 nearest old rows, drawn "
            "together it would keep 55 (medians of 24 seeds): 97 % of it, and 92 in the worst seed. PCA, the map "
            "that is praised for being reusable, keeps 21. Being reusable is worth little when the map shows "
            "little.\n\n"
            "Look at the plainest way, too. To give a new point the place of the old one most like it keeps 49, "
            "only 4 less than moving it downhill, and less in every seed. So the largest part of the work is done "
            "by finding out whom a point resembles; the pulling and pushing adds the rest. By classes the order is "
            "another: 76 % of the images drawn together lie mostly among their own digit, 71 of those placed, 72 of "
            "those put on the nearest old point. Drawn together, the new images also tie the old ones to each "
            "other, which placing cannot do; whether that is the cause was not measured.\n\n"
            "The curve by oddness is the warning. All three ways by t-SNE keep 65 to 70 % for the fifth of the new "
            "images "
            "that resemble old ones most, and 40 to 44 for the oddest. Placing never refuses: what has no place on "
            "the map gets one all the same, as the second exercise shows. A map is an answer to the rows that made "
            "it, and a point unlike all of them should be reported and not placed.",
            zh="t-SNE 图可以重复使用。新点放上去，一百个最近的旧行里保留 53 个；一起重画，则保留 55 个（24 个种子的中"
            "位数）：相当于后者的 97%，最差的种子也有 92%。以“可复用”著称的 PCA 只保留 21 个。图上若看不出多少东"
            "西，可复用也就不值什么。\n\n"
            "再看最简单的办法：把新点放在与它最像的旧点上，能保留 49 个，只比一步步往下走少 4 个左右，不过每个种子"
            "都更少。可见大部分功劳在于弄清一个点像谁，推推拉拉补上其余。按类别来看，次序又不同：一起画的图像有 76% "
            "落在以自己的数字为主的地方，放上去的是 71%，放在最近旧点上的是 72%。一起画时，新图像还能把旧图像彼此连"
            "起来，放上去则做不到；这是不是原因，没有测量。\n\n"
            "按奇特程度画的曲线是一个警告。三种 t-SNE 办法，对与旧图像最像的那五分之一新图像保留 65% 到 70%，对最奇"
            "特的五分之一只有 40% 到 44%。放置从不拒绝：图上本没有位置的东西，照样会得到一个位置，见第二个练习。图"
            "回答的是画出它的那些行；与它们都不像的点，应该报告出来，而不是放上去。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="How few old points make placing on a t-SNE map no better than PCA? Choose a number with which both "
                "keep equally many of the ten nearest, to within 15 points.",
                zh="旧点少到什么程度，t-SNE 图就不比 PCA 强了？请选一个数目，使二者保留的最近十个邻居相差不超过 15 个"
                "百分点。",
            ),
            design=from_few,
            among={"old": (20, 300)},
            solution={"old": 25},
        ),
        Exercise(
            task=Text(
                en="Placing always finds a place, even for what the old map has never seen. Leave out one digit from "
                "the old map and place only that one: choose the digit of which at least half come to lie among one "
                "and the same other digit.",
                zh="总能放得下，哪怕旧图从没见过这种东西。让旧图里缺一个数字，再把这个数字全部放上去：请选一个数字，使"
                "其中至少一半落在同一个别的数字里。",
            ),
            design=without,
            among={"digit": (0, 9)},
            solution={"digit": 7},
        ),
    ),
    published=Text(
        en="Poličar, Stražar and Zupan place single cells of one experiment on the map of another and judge by eye and "
        "by cell type that they fall where they belong. They do not report neighbours kept, so there is no figure "
        "to compare with.",
        zh="Poličar、Stražar 与 Zupan 把一次实验的单细胞放到另一次实验的图上，凭眼睛和细胞类型判断它们落在了该落的地"
        "方。他们没有给出这里所说的“保留的邻居”，所以没有数字可比。",
    ),
    next=(
        Text(
            en="Place the same new points in groups of 1, 10 and 100: does it matter, when each is placed by itself?",
            zh="同样的新点，1 个、10 个、100 个一批地放：既然是各放各的，会有差别吗？",
        ),
        Text(
            en="Measure for every new point its distance to the nearest old one: can it tell which points have no "
            "place on the map?",
            zh="量出每个新点到最近旧点的距离：它能指出哪些点在图上其实没有位置吗？",
        ),
    ),
    design=design,
)
