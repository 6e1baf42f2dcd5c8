"""Why the harmonic mean of precision and recall?"""

from dataclasses import replace
from typing import Any

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Scale, Study

TABLES = ("card-default", "caravan", "churn", "credit", "cells")
SEEDS = {"smoke": 2, "quick": 20, "full": 23}
HARMONIC, ARITHMETIC = Text("harmonic mean", "调和平均"), Text("arithmetic mean", "算术平均")
THRESHOLDS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)


def chosen(seeds: Seeds, *, data: Spec, by: Spec, cost: Spec, families: tuple[Spec, ...]) -> dict[str, Any]:
    """What the model costs on test rows to which `by`, a mark for counts of answers, gives the best mark on others."""
    import numpy as np

    from zhixing.data import split

    known, judged = train.divided(data, seeds)
    known, validation = split(known, 0.3, seeds.numpy("validation"))
    candidates = [(np.full(len(validation), answer), np.full(len(judged), answer)) for answer in (True, False)]
    for family in reversed(families):
        estimator = family.build(generator=seeds.numpy("model")).fit(known.inputs, known.targets)
        scores = [estimator.predict_proba(part.inputs)[:, 1] for part in (validation, judged)]
        candidates += [(scores[0] >= threshold, scores[1] >= threshold) for threshold in THRESHOLDS]
    marks = [by.build(evaluate.confusion(answers, validation.targets)) for answers, _ in candidates]
    counts = evaluate.confusion(candidates[int(np.argmax(marks))][1], judged.targets)
    swept = [by.build(evaluate.confusion(scores[1] >= threshold, judged.targets)) for threshold in evaluate.THRESHOLDS]
    return {
        "mark_by_threshold": [100 * mark for mark in swept],
        "cost": cost.build(counts),
        "cost_by_ratio": [evaluate.relative_cost(counts, ratio) for ratio in evaluate.RATIOS],
    }


def families() -> tuple[Spec, ...]:
    """The first is the one whose marks are drawn along the threshold."""
    return (
        spec(models.logistic),
        spec(models.naive_bayes),
        spec(models.nearest_neighbours, neighbours=25),
        spec(models.tree, depth=5),
        spec(models.boosting, rounds=30),
    )


def arm(name: str, label: Text, by: Spec, cost: Spec | None = None) -> Arm:
    each = spec(chosen, by=by, cost=cost or spec(evaluate.mean_cost), families=families())
    return Arm(name, label=label, each=each)


def design(scale: Scale) -> Design:
    measures = (evaluate.cost_of_choice, evaluate.worse_than_lazy)
    mechanism = (evaluate.mark_by_threshold, evaluate.cost_by_ratio)
    tables = ("churn",) if scale == "smoke" else TABLES
    return Design(
        trial=spec(
            train.across, data=tuple(spec(data.rare, name=name) for name in tables), measures=(*measures, *mechanism)
        ),
        arms=[
            arm("harmonic", HARMONIC, spec(evaluate.harmonic_mean)),
            arm("geometric", Text("geometric mean", "几何平均"), spec(evaluate.geometric_mean)),
            arm("arithmetic", ARITHMETIC, spec(evaluate.arithmetic_mean)),
            arm("accuracy", Text("share of right answers", "答对的比例"), spec(evaluate.accuracy)),
        ],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Better("harmonic", than="arithmetic", on=evaluate.cost_of_choice, by=10.0),
            Better("harmonic", than="geometric", on=evaluate.cost_of_choice, by=1.0),
        ),
    )


def at_one_cost(scale: Scale, *, ratio: float) -> Design:
    """One miss costs the learner's number of false alarms: the arithmetic mean is claimed to choose better."""
    cost = spec(evaluate.relative_cost, ratio=float(ratio))
    arms = [
        arm("harmonic", HARMONIC, spec(evaluate.harmonic_mean), cost),
        arm("arithmetic", ARITHMETIC, spec(evaluate.arithmetic_mean), cost),
    ]
    cheaper = Better("arithmetic", than="harmonic", on=evaluate.cost_of_choice, by=10.0)
    return replace(design(scale), arms=arms, verdict=cheaper)


def weighted(scale: Scale, *, beta: float) -> Design:
    """One miss costs ten false alarms: the F measure of the learner's beta is claimed to choose better than F1."""
    cost = spec(evaluate.relative_cost, ratio=10.0)
    label = Text("F with beta {beta}", "F 值（beta = {beta}）").format(beta=f"{beta:g}")
    arms = [
        arm("weighted", label, spec(evaluate.f_measure, beta=float(beta)), cost),
        arm("harmonic", HARMONIC, spec(evaluate.harmonic_mean), cost),
    ]
    return replace(
        design(scale), arms=arms, verdict=Better("weighted", than="harmonic", on=evaluate.cost_of_choice, by=5.0)
    )


study = Study(
    slug="harmonic-mean",
    chapter="measuring",
    after=("precision-recall",),
    question=Text("Why the harmonic mean of precision and recall?", "精确率和召回率为什么要取调和平均？"),
    claim=Text(
        en="Of many classifiers, the one with the best harmonic mean of precision and recall costs less than the one "
        "that the arithmetic or the geometric mean would choose.",
        zh="从许多分类器中挑一个，按精确率与召回率的调和平均来挑，比按算术平均或几何平均来挑，代价更低。",
    ),
    source="van Rijsbergen 1979, Information Retrieval, 2nd ed., chapter 7",
    explanation=Explanation(
        idea=Text(
            en="Some customers will not pay back, and a classifier is to find them. Call them the positives. It makes "
            "two kinds of mistake: it misses a positive, or it raises a false alarm about somebody harmless. Recall "
            "is the share of the positives that it finds; precision is the share of its alarms that are true. Whoever "
            "answers yes to everybody has a recall of 100 % and a tiny precision.\n\n"
            "To choose among classifiers one wants a single mark made of the two. There are three classical ways to "
            "average two numbers. The arithmetic mean is half of the sum: a great number makes up for a tiny one. The "
            "geometric mean is the root of the product. The harmonic mean is the strictest: it always stays below "
            "twice the smaller number, so that nothing makes up for being bad at one of the two. But being strict is "
            "no merit in itself. The question is whether what it chooses is cheaper to use.",
            zh="有些客户将来不还款，要用分类器把他们找出来，称他们为正类。分类器会犯两种错：漏掉一个正类，或者对无辜的"
            "人误报。召回率是正类中被找到的比例；精确率是报出来的人里确属正类的比例。对所有人都说“是”，召回率就是 "
            "100%，精确率却小得可怜。\n\n"
            "要从许多分类器中挑一个，就想把两个数合成一个分数。两个数的平均有三种经典算法。算术平均是和的一半：一个数"
            "很大，就能弥补另一个很小。几何平均是积的平方根。调和平均最严格：它总小于较小那个数的两倍，任何一项差了，"
            "另一项都补不回来。不过，严格本身并不是优点。要问的是：它挑出来的分类器，用起来是否真的更省。",
        ),
        formula=Text(
            en="arithmetic: (P + R) / 2\ngeometric:  sqrt(P R)\nharmonic:   2 / (1/P + 1/R) = 2 t / (2 t + a + m)\n"
            "cost: (a + r m) / min(r (t + m), n)\n\n"
            "P: precision, t / (t + a). R: recall, t / (t + m). t: positives found. a: false alarms. m: positives "
            "missed. n: all negatives. r: how many false alarms one miss is worth. The cost is divided by that of the "
            "lazy answer, no to all or yes to all, whichever is cheaper; sqrt is the square root, min the smaller of "
            "the two.",
            zh="算术平均：(P + R) / 2\n几何平均：sqrt(P R)\n调和平均：2 / (1/P + 1/R) = 2 t / (2 t + a + m)\n代价：(a "
            "+ r m) / min(r (t + m), n)\n\n"
            "P：精确率，t / (t + a)。R：召回率，t / (t + m)。t：找到的正类数。a：误报数。m：漏掉的正类数。n：负类总"
            "数。r：一次漏报抵得上几次误报。代价要除以懒答案的代价，即全答“否”与全答“是”中较便宜的那个；sqrt 是平方"
            "根，min 是两者中较小的。",
        ),
        experiment=Text(
            en="Five real tables in which positives are rare, from 3 to 36 in a hundred: unpaid cards (simulated "
            "after real accounts), buyers of caravan insurance, customers who leave, bad loans, and cells that a "
            "program outlined well in pictures from a microscope. A row is one case. Five kinds of classifier give "
            "each row a score; from a threshold on, the answer is yes. They are logistic regression, which adds up "
            "the columns with weights; naive Bayes, which multiplies their evidence as if they knew nothing of each "
            "other; the vote of the 25 rows most alike; a decision tree, a chain of yes-or-no questions; and "
            "boosting, 30 small trees that mend each other. Each at six thresholds, and the two lazy answers, stand "
            "for choice: 32 candidates. Each mean chooses the best by its own mark on validation rows, which were not "
            "learned from, and the choice is then charged on other rows. What a miss costs is not known beforehand, "
            "so the cost is averaged over a whole range, evenly by factors: from as much as one false alarm up to "
            "where answering yes to everybody becomes as cheap as answering no. Beyond that nobody needs a "
            "classifier. This range was fixed before anything was measured and is not made for any of the means. 100 "
            "% is the cost of the lazy answer. A fourth judge, the plain share of right answers, is there for "
            "comparison.",
            zh="用五张正类较少的真实表格（每百行 3 到 36 个正类）：信用卡欠款（据真实账户模拟）、购买房车保险、客户流"
            "失、坏账、显微镜图像中由程序勾画良好的细胞。一行是一个事例。五种分类器给每一行打分，达到阈值就答“是”：逻"
            "辑回归，把各列加权求和；朴素贝叶斯，把各列当作互不相干、将证据连乘；由最相像的 25 行投票；一棵决策树，即"
            "一连串是非题；提升法，30 棵小树逐棵修补前面的错误。每种各取六个阈值，再加两个懒答案，共 32 个候选。三种平"
            "均各自在没有参与学习的验证行上打分，选出最高的，再到另外的行上结算代价。一次漏报值多少钱事先并不知道，所"
            "以代价对一整段范围取平均，按倍数均匀：从一次漏报等于一次误报，到对所有人说“是”与说“否”一样便宜为止；再往"
            "上就不需要分类器了。这段范围在测量之前就已定好，并不偏袒任何一种平均。100% 就是懒答案的代价。第四位评委是"
            "最朴素的“答对的比例”，供对照。",
        ),
        meaning=Text(
            en="The picture of marks shows why. Follow the threshold of one classifier down to 0, where it says yes "
            "to all: the arithmetic mean rises all the way and is highest at an answer worth nothing. The harmonic "
            "mean has its peak in between, where the two shares are of like size. Where the table is hard, the "
            "arithmetic mean therefore chooses something close to yes to all and pays for it: its choice costs 162 % "
            "(the median of 24 seeds), that of the geometric mean 83 %, that of the harmonic mean 68 %. Most of the "
            "difference comes from one table, the hardest, caravan insurance. In the first seed the arithmetic mean's "
            "choice there says yes to 1,741 of 1,746 rows and costs 544 %, and even the harmonic mean's costs some "
            "145 %, more than a lazy answer; on each of the other four tables the three choices lie within 12 "
            "points.\n\n"
            "Two warnings. The curve of costs turns round: where a miss is worth more than about ten false alarms, "
            "the harmonic mean is too strict about alarms, and there the F measure is better, a harmonic mean in "
            "which recall weighs more: beta squared times as much as precision, with a beta above 1. And the plain "
            "share of right answers, so often called useless for rare classes, costs even less here than the harmonic "
            "mean, 63 % against 68 %: in this range of costs saying no is not such a bad answer. The harmonic mean is "
            "the best of the three means, not a law. If you know what a miss costs, choose by the cost itself.",
            zh="看打分的图就明白原因。让一个分类器的阈值一路降到 0，也就是对所有人说“是”：算术平均一路升高，在毫无价值"
            "的答案处最高。调和平均的峰在中间，那里两个比例大小相近。所以在难的表上，算术平均会选中接近全答“是”的东"
            "西，并为此付出代价：它选中的要花 162%（24 个种子的中位数），几何平均选中的花 83%，调和平均选中的花 68%。"
            "差距大半来自最难的那张表，即房车保险。在第一个种子里，算术平均在那里选中的对 1,746 行中的 1,741 行答"
            "“是”，代价是 544%；就连调和平均选中的也要 145% 左右，比懒答案还贵。其余四张表，每张表上三种选择的代价相差"
            "都不超过 12 个百分点。\n\n"
            "有两点要当心。代价曲线会反转：一次漏报若抵得上十次左右以上的误报，调和平均就对误报过于苛刻了，这时 F 值更"
            "好：它是加权的调和平均，召回率的权重是精确率的 beta 平方倍，取 beta 大于 1。另外，常被说成对稀有类毫无用"
            "处的“答对的比例”，在这里的代价比调和平均还低，是 63% 对 68%：在这段代价范围内，回答“否”并没有那么糟。调和"
            "平均是三种平均中最好的，却不是定律。如果知道漏报值多少，就直接按代价来挑。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Defend the arithmetic mean: how many false alarms must a miss be worth for it to choose better "
                "than the harmonic mean, by at least 10 points of cost?",
                zh="为算术平均辩护：一次漏报抵几次误报时，它选得比调和平均更好，代价至少低 10 个百分点？",
            ),
            design=at_one_cost,
            among={"ratio": (1.0, 100.0)},
            solution={"ratio": 30.0},
        ),
        Exercise(
            task=Text(
                en="A miss costs ten false alarms. Which beta of the F measure, in which recall weighs beta squared "
                "times as much as precision, chooses at least 5 points cheaper than beta = 1 does?",
                zh="一次漏报抵十次误报。F 值中召回率的权重是精确率的 beta 平方倍；beta 取多少，选出来的代价比 beta = "
                "1 至少低 5 个百分点？",
            ),
            design=weighted,
            among={"beta": (0.2, 20.0)},
            solution={"beta": 2.0},
        ),
    ),
    published=Text(
        en="van Rijsbergen derives the measure from axioms (rules that one starts from) about how a user trades "
        "precision against recall, without an experiment, so there is no figure to compare with. That a user's costs "
        "are what matters, and that F1, the plain harmonic mean, is right for one trade only, is his own point: the "
        "weight is a parameter there.",
        zh="van Rijsbergen 是从“使用者如何在精确率与召回率之间取舍”的公理（作为出发点的规则）推出这个指标的，没有做实"
        "验，因此没有数字可比。要紧的是使用者的代价，F1（不加权的调和平均）只适合其中一种取舍，这正是他本人的意思：在"
        "他那里权重是一个参数。",
    ),
    next=(
        Text(
            "Choose by the cost itself on the validation rows: how much of what is left above the best candidate does "
            "that save?",
            "直接按验证行上的代价来挑：与最好的候选之间剩下的差距，能省下多少？",
        ),
        Text(
            "Give the choice only 50 validation rows: which mean suffers most from the noise?",
            "只给 50 个验证行来挑：哪种平均最受噪声之害？",
        ),
    ),
    design=design,
)
