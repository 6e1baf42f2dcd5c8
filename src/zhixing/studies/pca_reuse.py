"""Do axes learned from some rows serve new rows as well as their own?"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Equivalent, Exercise, Explanation, Scale, Study

if TYPE_CHECKING:
    from zhixing.data import Part

TABLES = ("body-size", "olive-oil", "tumours", "biopsies", "cells", "digits8")
ROWS = (5, 10, 20, 50, 100)
SEEDS = {"smoke": 2, "quick": 16, "full": 24}
MAP = 2
Kind = Literal["learned", "new", "other"]
MEASURES = (evaluate.lost_with_many, evaluate.lost_with_few)
MECHANISM = (evaluate.lost_by_rows, evaluate.lost_to_middle_by_rows)


def reused(seeds: Seeds, *, data: Spec, learn: Kind, judge: Kind, rows: tuple[int, ...] = ROWS) -> dict[str, Any]:
    """What is lost of some rows along two axes learned from 5, 10, ... rows, which may be the same rows.

    Every column is scaled to variance 1 over the whole table. "other" rows are of the first half of the classes; those
    of the second half are cut in two at random, "learned" and "new". Axes of the "new" rows are learned from all.
    """

    whole: Part = data.build().train
    (whole,) = train.scaled_by(whole, whole)
    later = whole.targets > whole.targets.max() // 2
    order = seeds.numpy("rows").permutation(len(whole))
    kind = order[later[order]]
    halves = {"learned": kind[: len(kind) // 2], "new": kind[len(kind) // 2 :], "other": order[~later[order]]}
    lost, middle = [], []
    for count in rows:
        known = whole.inputs[halves[learn][: len(whole) if learn == "new" else count]]
        judged = whole.inputs[halves[judge][: count if judge == "learned" else len(whole)]]
        both = evaluate.lost_off_axes(judged, known.mean(axis=0), models.principal_axes(known, MAP))
        lost.append(both[0])
        middle.append(both[1])
    return {"rows": list(rows), "lost": lost, "middle": middle}


def arm(name: str, label: Text, learn: Kind, judge: Kind, **settings: Any) -> Arm:
    return Arm(name, label=label, each=spec(reused, learn=learn, judge=judge, **settings))


def own(**settings: Any) -> Arm:
    return arm("own", Text("learned axes, old rows", "学到的轴，旧的行"), "learned", "learned", **settings)


def new(**settings: Any) -> Arm:
    return arm("new", Text("learned axes, new rows", "学到的轴，新的行"), "learned", "new", **settings)


def best(**settings: Any) -> Arm:
    return arm("best", Text("own axes, new rows", "自己的轴，新的行"), "new", "new", **settings)


def shifted(**settings: Any) -> Arm:
    return arm("shifted", Text("axes of another kind, new rows", "另一类的轴，新的行"), "other", "new", **settings)


def named(*tables: str) -> tuple[Spec, ...]:
    return tuple(spec(data.table, name=name) for name in tables)


def design(scale: Scale) -> Design:
    tables = TABLES[:1] if scale == "smoke" else TABLES
    return Design(
        trial=spec(train.across, data=named(*tables), measures=(*MEASURES, *MECHANISM)),
        arms=[own(), new(), best(), shifted()],
        seeds=SEEDS[scale],
        measures=MEASURES,
        mechanism=MECHANISM,
        verdict=All(
            Equivalent("new", to="best", on=evaluate.lost_with_many, within=3.0),
            Better("own", than="new", on=evaluate.lost_with_few, by=10.0),
            Better("new", than="shifted", on=evaluate.lost_with_many, by=10.0),
        ),
    )


def from_rows(scale: Scale, *, rows: int) -> Design:
    """Axes of so many olive oils, claimed to lose as much of new ones as of their own."""
    whole = design(scale)
    return replace(
        whole,
        trial=whole.trial.with_settings(data=named("olive-oil"), measures=(evaluate.lost_with_many, *MECHANISM)),
        arms=[own(rows=(rows,)), new(rows=(rows,))],
        measures=(evaluate.lost_with_many,),
        verdict=Equivalent("new", to="own", on=evaluate.lost_with_many, within=4.0),
    )


def of_two_kinds(scale: Scale, *, table: str) -> Design:
    """The learner's table, whose two kinds are claimed to share their axes within 12 points."""
    whole = design(scale)
    rows = (10, 50)
    return replace(
        whole,
        trial=whole.trial.with_settings(data=named(table), measures=(evaluate.lost_with_many, *MECHANISM)),
        arms=[new(rows=rows), shifted(rows=rows)],
        measures=(evaluate.lost_with_many,),
        verdict=Equivalent("shifted", to="new", on=evaluate.lost_with_many, within=12.0),
    )


study = Study(
    slug="pca-reuse",
    chapter="inside",
    after=("principal-axes",),
    question=Text(
        "Do axes learned from some rows serve new rows as well as axes of their own?",
        "从一些行学到的轴，用在新的行上，能像新行自己的轴一样好吗？",
    ),
    claim=Text(
        en="Axes learned from 100 rows lose at most 3 points more of new rows of the same kind than the new rows' own axes; "
        "learned from 10, they flatter their own rows; and axes of another kind serve badly.",
        zh="用 100 行学到的轴，在同类的新行上比新行自己的轴最多多丢 3 个百分点；只用 10 行学，则会美化自己的行；另一类数据的轴"
        "不好用。",
    ),
    source="Krzanowski 1979, Journal of the American Statistical Association 74, 703-707; Flury 1984, the same 79, 892-898",
    explanation=Explanation(
        idea=Text(
            en="PCA looks at rows and finds axes: the directions in which these rows spread most, and the middle "
            "through which the axes go. Whoever keeps axes and middle can place rows that come later without "
            "looking for axes again. That is what makes PCA a tool and not only a picture: the axes of last year's "
            "customers place today's.\n\n"
            "But axes are learned from the rows that happened to be there, chance included. With few rows the "
            "widest direction is wide partly because of one odd row or two, and the axes follow. Such axes look "
            "excellent on the rows that they were learned from, since they were chosen to suit them; how they suit "
            "others is another question. And where the new rows are of another kind, the widest direction of the "
            "old ones need not be wide at all.",
            zh="PCA 看着一批行，找出轴：这些行在哪些方向上铺得最开，以及轴要穿过的中心。把轴和中心留下来，以后来的行不"
            "必重新找轴就能放上去。正因如此，PCA 才是工具，而不只是一张图：去年顾客的轴，可以用来放置今天的顾客。\n\n"
            "可是，轴是从碰巧在场的行里学来的，偶然也一并学了进去。行数少时，最宽的方向之所以宽，有一部分只是因为一"
            "两行与众不同，轴就跟着它们走了。这样的轴在学它的那些行上显得极好，因为本来就是照着它们挑的；放到别的行"
            "上如何，是另一回事。如果新来的行属于另一类，那么旧的行最宽的方向，在新的行里也许根本不宽。",
        ),
        formula=Text(
            en="lost = 100 * (sum of |x - y|^2) / (sum of |x - m|^2)\n"
            "y = c + ((x - c)'v1) v1 + ((x - c)'v2) v2\n\n"
            "x: a row that is judged, m: the mean of all rows judged; both sums go over these rows. c, v1, v2: "
            "middle and the two axes, learned from other rows or from the same. (x - c)'v1: how far x lies along "
            "v1 from the middle, the products of their numbers added up. y: what is known of x once only its two "
            "places along the axes are kept. |x - y|^2: squared distance of the two.\n"
            "The sum of |x - y|^2 has two parts: what lies beside the axes even if they are moved through m, and n "
            "times the squared distance of m from the plane of the axes, n being the number of rows. The second is "
            "the price of a wrong middle.",
            zh="丢失 = 100 * (|x - y|^2 之和) / (|x - m|^2 之和)\n"
            "y = c + ((x - c)'v1) v1 + ((x - c)'v2) v2\n\n"
            "x：被评判的一行，m：所有被评判行的均值；两个和都对这些行求。c、v1、v2：中心和两根轴，从别的行或同样的"
            "行学来。(x - c)'v1：从中心沿 v1 量，x 走了多远，即各数相乘再相加。y：只留下 x 在两根轴上的位置时，还能"
            "知道的 x。|x - y|^2：两者距离的平方。\n"
            "|x - y|^2 之和分成两部分：即使把轴移到穿过 m，仍在轴外的部分；以及 n 乘以 m 到两轴所在平面的距离平方，"
            "n 是行数。后一部分就是中心不对的代价。",
        ),
        experiment=Text(
            en="Six real tables whose rows are of two kinds: body sizes of women and men, olive oils of the north of "
            "Italy with Sardinia and of the south, malignant and benign tumours, harmless and malignant biopsies, "
            "cells that a program outlined badly or well, handwritten digits 0 to 4 and 5 to 9. Every column is "
            "scaled to variance 1 over the whole table. The rows of the second kind are cut in two halves at "
            "random, another cut for each seed. From the first half 5, 10, 20, 50 and 100 rows are taken, and "
            "middle and two axes are learned from them. They are judged by the very rows that they were learned "
            "from, and by all rows of the other half, which are new. Held against this: the new rows' own middle "
            "and axes, which no others can beat on them, and those of as many rows of the first kind.",
            zh="用六张真实的表，每张的行都分两类：女性与男性的身体尺寸，意大利北部（连同撒丁岛）与南部的橄榄油，恶性与"
            "良性肿瘤，良性与恶性的活检，程序勾画得差与好的细胞，手写数字 0 到 4 与 5 到 9。每一列都在整张表上缩放"
            "到方差 1。第二类的行随机分成两半，每个种子一种分法。从前一半取 5、10、20、50、100 行，学出中心和两根轴"
            "。评判它们的，一是学它们的那些行自己，二是另一半的全部行，也就是新的行。再拿两样来比较：新的行自己的中"
            "心和轴，在这些行上没有别的能胜过它；以及用第一类的同样多的行学到的中心和轴。",
        ),
        meaning=Text(
            en="The claim fails at its first part, and narrowly: with 100 rows learned axes lose 51 % of new rows, "
            "the new rows' own axes 47 %, a difference of 4 points (medians of 24 seeds) where 3 were allowed. It "
            "is not the middle: of the 51 points a wrong middle costs 0.7. The curve shows what more rows buy: the "
            "difference is 29 points with 5 rows, 18 with 10, 11 with 20, 6 with 50. Ten times the rows leave "
            "about a fifth of it. Part of the rest is not to be had: the new rows' own axes were chosen to suit "
            "these very rows, so they flatter themselves, too.\n\n"
            "The other curve is the warning. The rows that 10-row axes were learned from lose only 31 %, new ones "
            "66 %. Whoever judges axes by the rows that chose them believes that few rows are better than many, "
            "for that curve rises. The two curves come closer to each other from below and from above.\n\n"
            "Axes of another kind are a different matter, and no number of rows mends them: with 100 rows they "
            "lose 125 %, more than if every new row were replaced by the mean of the new rows (100 %). Look at the "
            "second mechanism: 56 of these points are due to the wrong middle. Moved to the new rows' mean, the "
            "same axes would lose about 70 %, against 47 % for the best. So the middle does most of the harm here, "
            "and it is the part that is learned soonest: of the same kind, the middle of ten rows costs only 5.5 "
            "points. This does not say that new rows are always of another kind; these tables were divided by the "
            "very thing that they tell apart, which is a hard test. The second exercise has a gentler one.",
            zh="论断败在第一部分，而且只差一点：用 100 行学到的轴，在新的行上丢失 51%，新的行自己的轴丢失 47%，相差 4 "
            "个百分点（24 个种子的中位数），而论断只许 3 个。问题不在中心：在 51 个百分点里，中心不对只占 0.7 个。"
            "曲线说明多用些行能换来什么：用 5 行时相差 29 个百分点，10 行 18，20 行 11，50 行 6。行数增到十倍，差距"
            "约剩五分之一。余下的有一部分怎么也得不到：新的行自己的轴正是照着这些行挑的，它们也在美化自己。\n\n"
            "另一条曲线是个警告。用 10 行学到的轴，在这 10 行上只丢 31%，在新的行上却丢 66%。谁用挑轴的那些行来评判"
            "轴，谁就会以为行越少越好，因为那条曲线是上升的。两条曲线一条从下、一条从上，彼此靠拢。\n\n"
            "另一类的轴则是另一回事，行再多也补救不了：用 100 行，它们丢失 125%，比把每个新行都换成新行的均值（100%"
            "）还多。看第二张机理图：其中 56 个百分点是中心不对造成的。若把同样的轴移到新行的均值上，大约丢 70%，而"
            "最好的轴丢 47%。所以在这里，中心造成了大部分损害，而它恰恰最快就能学会：同类的数据，十行的中心只多丢 "
            "5.5 个百分点。这并不是说新来的行总是另一类：这些表正是按它们要区分的东西切开的，这是很苛刻的考验。第二"
            "个练习里有一个较温和的。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="From how many olive oils must axes be learned, so that they lose of new ones as much as of their own, "
                "within 4 points?",
                zh="要用多少种橄榄油来学轴，才能在新的油上与在自己的油上丢得一样多（相差不超过 4 个百分点）？",
            ),
            design=from_rows,
            among={"rows": (5, 160)},
            solution={"rows": 150},
        ),
        Exercise(
            task=Text(
                en="Axes need not be strangers to another kind. Find a table in which axes of 50 rows of the one kind lose of "
                "the other at most 12 points more than axes of its own kind do.",
                zh="另一类的轴也未必不能用。找出一张表，用其中一类的 50 行学到的轴，在另一类上比同类的轴最多多丢 12 个百分点。",
            ),
            design=of_two_kinds,
            among={"table": ("body-size", "olive-oil", "crabs", "tumours", "penguins")},
            solution={"table": "crabs"},
        ),
    ),
    published=Text(
        en="Krzanowski compares axes of groups by the angles between the planes that they span, Flury 1984 fits axes "
        "that groups share while their variances differ. Neither has a figure for what is lost with the axes of "
        "others, so there is none to hold ours against; that crabs of both sexes come near to sharing their axes "
        "is measured in the second exercise.",
        zh="Krzanowski 用各组轴所张平面之间的夹角来比较各组的轴，Flury 1984 则拟合各组共有、只是方差不同的轴。两篇都没"
        "有给出用别人的轴会丢失多少，所以没有数字可供对照；雌雄两种螃蟹的轴近乎共有，是在第二个练习里量出来的。",
    ),
    next=(
        Text(
            en="Keep the axes of the other kind but take the middle of ten new rows: how much of the loss is won back?",
            zh="保留另一类的轴，但中心改用十个新行的均值：损失能挽回多少？",
        ),
        Text(
            en="Keep five axes instead of two, or as many as there are columns: from how many rows on are new rows as "
            "well served?",
            zh="把两根轴换成五根，或与列数一样多：要多少行，新的行才同样受用？",
        ),
    ),
    design=design,
)
