"""How often does an untuned rival make a false winner?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from zhixing import data, evaluate, models, train
from zhixing.core import Spec, Text, spec
from zhixing.evaluate.measure import Measure
from zhixing.study import All, Arm, Claim, Design, Exercise, Explanation, Scale, Study, Table, Within

TABLES = (
    "penguins", "olive-oil", "iris", "biopsies", "tumours", "crabs", "card-default", "churn", "spam", "juice",
    "diabetes", "glass",
)  # fmt: skip
FAMILIES = {
    "tree": Text("one tree", "单棵决策树"),
    "neighbours": Text("nearest neighbours", "近邻法"),
    "vectors": Text("support vectors", "支持向量机"),
    "logistic": Text("logistic regression", "逻辑回归"),
}
ITSELF = ("tree", "neighbours", "vectors")
"""Families that meet themselves."""
SEEDS = {"smoke": 1, "quick": 12, "full": 24}
DIVISIONS = {"smoke": 6, "quick": 9, "full": 9}
ROWS = 200
"""Rows that are learned from and validated on, at most."""


@dataclass(frozen=True)
class OnAverage:
    """A measure, averaged over several arms, lies between `low` and `high`."""

    arms: Sequence[str]
    on: Measure
    low: float
    high: float
    text: Text

    def claims(self, table: Table) -> list[Claim]:
        by_arm = [table.values(arm, self.on.name) for arm in self.arms]
        means = tuple(float(sum(values) / len(values)) for values in zip(*by_arm, strict=True))
        bounds = (self.on.low, self.on.high)
        return [Claim(f"{self.on.name} on average", self.text, means, (self.low, self.high), self.on.unit, bounds)]


def settings(family: str) -> tuple[Spec, ...]:
    """Four settings of a family; the first is scikit-learn's default."""
    return {
        "tree": tuple(spec(models.tree, leaf=leaf) for leaf in (1, 3, 10, 30)),
        "neighbours": tuple(spec(models.nearest_neighbours, neighbours=number) for number in (5, 1, 15, 45)),
        "vectors": tuple(spec(models.support_margins, strength=strength) for strength in (1.0, 0.1, 10.0, 100.0)),
        "logistic": tuple(spec(models.logistic, strength=strength) for strength in (1.0, 0.01, 0.1, 10.0)),
    }[family]


def arm(scale: Scale, first: str, second: str, rival: tuple[Spec, ...] | None = None) -> Arm:
    label = (
        Text("{family} against itself", "{family}对自己").format(family=FAMILIES[first])
        if first == second
        else Text("{one} against {other}", "{one}对{other}").format(one=FAMILIES[first], other=FAMILIES[second])
    )
    each = spec(
        train.duelled,
        first=settings(first),
        second=rival or settings(second),
        error=evaluate.error,
        divisions=DIVISIONS[scale],
        examples=ROWS,
    )
    return Arm(f"{first}-{second}", label=label, each=each)


def design(scale: Scale) -> Design:
    measures = (
        evaluate.false_winners,
        evaluate.false_winners_over_default,
        evaluate.winners_when_equal,
        evaluate.taken_back,
    )
    mechanism = (evaluate.wins_by_tries, evaluate.lead_by_tries)
    tables = TABLES[:3] if scale == "smoke" else TABLES
    itself = tuple(f"{family}-{family}" for family in ITSELF)
    return Design(
        trial=spec(
            train.across, data=tuple(spec(data.table, name=name) for name in tables), measures=(*measures, *mechanism)
        ),
        arms=[*(arm(scale, family, family) for family in ITSELF), arm(scale, "vectors", "neighbours")],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            OnAverage(
                itself,
                evaluate.false_winners,
                10.0,
                100.0,
                Text(
                    en="a tuned family beats itself untuned on at least 10 % of the tables",
                    zh="调优的一方在至少 10% 的表上胜过未调优的自己",
                ),
            ),
            OnAverage(
                itself,
                evaluate.winners_when_equal,
                0.0,
                5.0,
                Text(
                    en="after equal tuning a family beats itself on at most 5 % of the tables",
                    zh="同等调优之后，至多 5% 的表上有一方胜过自己",
                ),
            ),
            Within("vectors-neighbours", on=evaluate.taken_back, low=33.0, high=100.0),
        ),
    )


def one_setting(scale: Scale, *, neighbours: int) -> Design:
    """Nearest neighbours meet themselves, left with the learner's number: claimed to be beaten on few tables."""
    rival = (spec(models.nearest_neighbours, neighbours=neighbours),)
    never = Within("neighbours-neighbours", on=evaluate.winners_when_equal, low=0.0, high=20.0)
    return replace(design(scale), arms=[arm(scale, "neighbours", "neighbours", rival)], verdict=never)


def true_winners(scale: Scale, *, first: str, second: str) -> Design:
    """Two families, tuned equally: one is claimed to be the winner on at least 20 % of the tables."""
    duel = arm(scale, first, second)
    told = Within(duel.name, on=evaluate.winners_when_equal, low=20.0, high=100.0)
    return replace(design(scale), arms=[duel], verdict=told)


study = Study(
    slug="tune-equally",
    chapter="own",
    after=("model-families", "learning-rate"),
    question=Text("How often does an untuned rival make a false winner?", "没调过的对手多常造出假赢家？"),
    claim=Text(
        en="A tuned family beats itself, left with one setting of four, on at least 10 % of small tables, and on at "
        "most 5 % after equal tuning; of the wins of tuned support vectors over untuned neighbours at least a "
        "third are taken back when the neighbours are tuned as well.",
        zh="在小表上，调优的模型至少在 10% 的表上胜过只有一种设置（四种之一）的自己，同等调优之后至多 5%；调优的支持向"
        "量机对未调优的近邻法的胜利，在近邻法也调优之后至少有三分之一被收回。",
    ),
    source="Dodge et al. 2019, arXiv:1909.03004; Hand 2006, Statistical Science 21, 1-14",
    explanation=Explanation(
        idea=Text(
            en="Whoever proposes a new model compares it with older ones. Every model has settings: how many "
            "neighbours vote, how large a leaf of a tree must be. The new one is dear to its author, who tries "
            "many settings and keeps the best. For the old one he takes whatever is at hand. Then the new one "
            "wins. But what has won, the model or the trying?\\n\\nTo find out we let a family compete with "
            "itself. Both sides are the same thing, so that every winner is false by construction. One side may "
            "choose the best of four settings, the other is left with one of the four. If the tuned side is then "
            "declared the winner on many tables, the same must happen between different families, and the name of "
            "the winner would say who has been tuned, not who is better.",
            zh="提出新模型的人会拿它与旧模型比较。每个模型都有设置：由几个近邻投票，树的一片叶子至少要有几行。新模型是"
            "作者的心头肉，他试许多设置，留下最好的；旧模型则手边有什么就用什么。于是新模型赢了。可是赢的究竟是模"
            "型，还是那番尝试？\\n\\n为了弄清楚，我们让一类模型与自己比赛。两边是同一个东西，所以按构造每个赢家都"
            "是假的。一边可以从四种设置中挑最好的，另一边只有四种之一。如果调优的一边在许多表上被宣布为赢家，那么"
            "不同的模型之间也会如此，赢家的名字说的就不是谁更好，而是谁调过。",
        ),
        formula=Text(
            en="winner: ahead in at least 8 of 9 divisions, since 2 (C(9,8) + C(9,9)) / 2^9 = 0.04\\nfalse winners = "
            "100 (tables with a winner against the untuned, and without one after equal tuning) / "
            "tables\\n\\nC(9,8) = 9: in how many ways 8 of 9 can be chosen. If both sides were equally good and "
            "the divisions independent, one of them would be ahead so often in only 4 of 100 comparisons. "
            "Divisions of one table are not quite independent; therefore equal tuning is measured, too. Taken "
            "back: of all wins over one setting, the share that equal tuning does not confirm.",
            zh="赢家：9 次划分中至少 8 次领先，因为 2 (C(9,8) + C(9,9)) / 2^9 = 0.04\\n假赢家 = 100（对未调优者有赢家、"
            "同等调优后没有的表数）/ 表数\\n\\nC(9,8) = 9：从 9 个中选 8 个的方法数。如果两边一样好且各次划分独立，"
            "那么一百次比较中只有 4 次会有一边领先这么多次。同一张表的划分并不完全独立，所以也测量同等调优的情形。"
            "收回：在对单一设置的所有胜利中，同等调优不予确认的比例。",
        ),
        experiment=Text(
            en="Twelve real tables, those of the study of model families. Each is divided nine times into rows to "
            "learn from (200 at most) and rows to judge by. Both sides get the same division, and each draws 30 % "
            "of its rows for validation, by itself. A tree, nearest neighbours and support vectors each meet "
            "themselves, and support vectors meet neighbours. Every family has four settings that people do use, "
            "the first of them being scikit-learn's default. The first side takes in every division the setting "
            "that errs least on its validation rows. The second side is left with one setting; we do this with "
            "each of the four and average, as if it were drawn by lot. Then it may choose among all four as well. "
            "The mechanism is the whole way in between: the second side may try one, two, three or four settings.",
            zh="十二张真实的表，与“模型家族”研究相同。每张划分九次，分成学习用的行（最多 200 行）和评判用的行。两边用"
            "同一个划分，各自再抽 30% 的行作验证。一棵决策树、近邻法、支持向量机各与自己比赛，支持向量机再与近邻法"
            "比赛。每类有四种确实有人用的设置，第一种是 scikit-learn 的默认值。第一方在每次划分中取验证行上错误最"
            "少的设置。第二方只有一种设置；四种各做一遍再平均，相当于抽签决定。然后它也可以在全部四种中挑选。机制"
            "是这中间的全过程：第二方可试一种、两种、三种或四种设置。",
        ),
        meaning=Text(
            en="Every winner of a family over itself is false, and there are many: support vectors are declared "
            "better than support vectors on 23 % of the tables, neighbours on 28, a tree on 15 (medians), as soon "
            "as the other side is left with one setting of four. After equal tuning it is none or one of twelve "
            "tables, which is about what the sign test promises. So the test is not to blame; it proves that the "
            "two sides differ, and they do, in how much was tried.\n\n"
            "The curves along the tries show how. With the second setting that the untuned side may try its error "
            "falls by about two points, with the third and fourth hardly any more; and the false winners go the "
            "same way: a quarter, some five per cent, two, none. The first few tries are worth more than most "
            "differences between families. Between different families the same thing mixes with real differences: "
            "of the wins of tuned support vectors over untuned neighbours about two thirds are taken back once "
            "the neighbours are tuned, one third is real.\n\n"
            "One consolation: against scikit-learn's defaults false winners are much rarer, 0 to 8 %, since a default "
            "is a setting that somebody has tuned on many tables. Only for trees, whose default is the full-grown "
            "tree, is it not much better than a lot, 8 % against 15. What this does not say: four settings are "
            "few, and with forty the tuned side might gain more; on larger tables, where test rows are many, "
            "small leads would be declared more often.",
            zh="一类模型对自己的每个赢家都是假的，而假赢家很多：只要另一边只有四种设置之一，支持向量机就在 23% 的表上"
            "被宣布胜过支持向量机，近邻法在 28% 的表上胜过近邻法，树在 15% 的表上胜过树（中位数）。同等调优之后，"
            "十二张表里只有零张或一张，大致就是符号检验所许诺的。所以错不在检验：它证明两边有差别，而两边确实有差"
            "别，差在试了多少。\n\n"
            "沿尝试次数画的曲线说明了过程。未调优的一方可以试第二种设置时，错误率下降约两个百分点，第三、第四种就"
            "几乎不再下降；假赢家也是如此：四分之一，百分之五左右，百分之二，没有。最初的几次尝试，比大多数模型之"
            "间的差别更值钱。在不同的模型之间，同样的事与真实的差别混在一起：调优的支持向量机对未调优的近邻法的胜"
            "利，在近邻法调优之后约有三分之二被收回，三分之一是真的。\n\n"
            "有一点可以宽慰：面对 scikit-learn 的默认设置，假赢家少得多，0 到 8%，因为默认值就是有人在许多表上调过的设"
            "置。只有树的默认值（长到底的树）比抽签好不了多少，8% 对 15%。这没有说明的是：四种设置很少，换成四十种，"
            "调优的一方也许得益更多；在更大的表上测试行多，很小的领先也会更常被宣布。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="A rival without time to tune wants one number of neighbours that is hardly ever far off. Which "
                "number is beaten by tuned neighbours on at most 20 % of the tables?",
                zh="没有时间调参的对手想要一个几乎从不离谱的近邻数。哪个数至多在 20% 的表上败给调优的近邻法？",
            ),
            design=one_setting,
            among={"neighbours": (1, 60)},
            solution={"neighbours": 7},
        ),
        Exercise(
            task=Text(
                en="Find two families of which, after equal tuning, one is still the winner on at least 20 % of the "
                "tables: a difference that is not due to trying.",
                zh="找出两类模型，同等调优之后仍有一方在至少 20% 的表上是赢家：这样的差别不是靠尝试得来的。",
            ),
            design=true_winners,
            among={
                "first": ("neighbours", "tree", "vectors", "logistic"),
                "second": ("neighbours", "vectors", "logistic", "tree"),
            },
            solution={"first": "logistic", "second": "tree"},
        ),
    ),
    published=Text(
        en="Hand argues that reported advantages of new classifiers are in part those of the experimenter, who knows "
        "his own method best; he gives no rate. Dodge and others show for language models that the order of two "
        "models can turn round with the number of settings tried, and propose to report the expected best score "
        "by tries: our curve along the tries is theirs, drawn for the winner. There is no published figure for "
        "this quarter of the tables; it belongs to these four settings and these twelve tables.",
        zh="Hand 认为，新分类器被报告的优势有一部分其实是实验者的优势，因为他最懂自己的方法；他没有给出比例。Dodge 等"
        "人就语言模型指出，两个模型的高下会随试过的设置数而颠倒，并建议报告“按尝试次数的期望最好成绩”：我们沿尝试"
        "次数画的曲线就是这样，只是画的是赢家。“四分之一的表”没有已发表的数字可比；它属于这四种设置和这十二张表。",
    ),
    next=(
        Text(
            "Give the first side forty settings and the second four: how much does the larger number of tries still "
            "buy?",
            "让第一方有四十种设置，第二方四种：多出来的尝试还能换来多少？",
        ),
        Text(
            "Declare a winner only where the lead is at least one point: how many false winners are left?",
            "只有领先至少一个百分点才宣布赢家：还剩多少假赢家？",
        ),
        Text(
            "Choose the settings on the test rows instead: how many winners are false then, with equal tries?",
            "改在测试行上挑选设置：尝试次数相同，又有多少赢家是假的？",
        ),
    ),
    design=design,
)
