"""When does the ROC curve flatter?"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Equivalent, Exercise, Explanation, Scale, Study, Within

if TYPE_CHECKING:
    import numpy as np

TABLES = ("spam", "churn", "credit", "cells")
SEEDS = {"smoke": 2, "quick": 12, "full": 20}
DRAWS = 20


def thinned(seeds: Seeds, *, data: Spec, model: Spec, one_in: int) -> dict[str, Any]:
    """The curves of one classifier when one test row in `one_in` is positive, averaged over draws of the test rows."""
    import numpy as np

    known, judged = train.divided(data, seeds, 0.5)
    scores = model.build(generator=seeds.numpy("model")).fit(known.inputs, known.targets).predict_proba(judged.inputs)
    generator = seeds.numpy("thinning")
    drawn = [rows_with_one_in(one_in, judged.targets, generator) for _ in range(DRAWS)]
    found = [evaluate.curves(evaluate.sweep(scores[rows, 1], judged.targets[rows])) for rows in drawn]
    return {key: np.mean([each[key] for each in found], axis=0).tolist() for key in found[0]}


def rows_with_one_in(number: int, targets: "np.ndarray", generator: "np.random.Generator") -> "np.ndarray":
    """As many rows as can be had of which one in `number` has target 1, at random, each at most once."""
    import numpy as np

    of_class = [generator.permutation(np.flatnonzero(targets == kind)) for kind in (1, 0)]
    positives = min(len(of_class[0]), max(1, len(of_class[1]) // (number - 1)))
    return np.concatenate([of_class[0][:positives], of_class[1][: positives * (number - 1)]])


def arm(one_in: int) -> Arm:
    label = Text("1 in {n} positive", "每 {n} 行 1 个正类").format(n=one_in)
    return Arm(f"1 in {one_in}", label=label, each=spec(thinned, model=spec(models.boosting, rounds=30), one_in=one_in))


def design(scale: Scale) -> Design:
    measures = (evaluate.average_precision, evaluate.roc_area, evaluate.alarms_per_find)
    mechanism = (evaluate.precision_by_recall, evaluate.recall_by_alarm_rate)
    tables = TABLES[:1] if scale == "smoke" else TABLES
    return Design(
        trial=spec(
            train.across, data=tuple(spec(data.rare, name=name) for name in tables), measures=(*measures, *mechanism)
        ),
        arms=[arm(one_in) for one_in in (2, 10, 100)],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Equivalent("1 in 100", to="1 in 2", on=evaluate.roc_area, within=2.0),
            Better("1 in 2", than="1 in 100", on=evaluate.average_precision, by=30.0),
        ),
    )


def priced(scale: Scale, *, one_in: int) -> Design:
    """One row in the learner's number is positive: a find is claimed to cost about five false alarms."""
    price = Within(f"1 in {one_in}", on=evaluate.alarms_per_find, low=4.0, high=6.0)
    return replace(design(scale), arms=[arm(one_in)], verdict=price)


def two_families(scale: Scale, *, first: str, second: str) -> Design:
    """Two families on one table: the first is claimed to tie on one area and to be ahead on the other."""
    whole = design(scale)
    known = {
        "logistic": spec(models.logistic),
        "naive_bayes": spec(models.naive_bayes),
        "neighbours": spec(models.nearest_neighbours, neighbours=25),
        "tree": spec(models.tree, depth=5),
        "boosting": spec(models.boosting, rounds=30),
    }
    names = (first, second) if first != second else (first, f"{second} again")
    return replace(
        whole,
        trial=whole.trial.with_settings(data=(spec(data.rare, name="card-default"),)),
        arms=[
            Arm(name, each=spec(thinned, model=known[family], one_in=30))
            for name, family in zip(names, (first, second), strict=True)
        ],
        verdict=All(
            Equivalent(names[0], to=names[1], on=evaluate.roc_area, within=3.0),
            Better(names[0], than=names[1], on=evaluate.average_precision, by=5.0),
        ),
    )


study = Study(
    slug="roc-or-pr",
    chapter="measuring",
    after=("precision-recall",),
    question=Text("When does the ROC curve flatter?", "ROC 曲线什么时候会美化结果？"),
    claim=Text(
        en="When positives become rare, the area under the ROC curve stays as it was while that under the "
        "precision-recall curve falls by 30 points or more.",
        zh="正类变得稀少时，ROC 曲线下的面积保持不变，而 PR 曲线下的面积下降 30 个百分点以上。",
    ),
    source="Davis and Goadrich 2006, ICML; Saito and Rehmsmeier 2015, PLOS ONE 10(3), e0118432",
    explanation=Explanation(
        idea=Text(
            en="A classifier scores each row, and from a threshold on it answers yes. The rows for which yes is right "
            "are the positives, the others the negatives. Two curves show all thresholds at once. Both look at the "
            "recall, the share of the positives that are answered yes. The ROC curve (receiver operating "
            "characteristic, a name from the days of radar) sets it against the share of the negatives that raise a "
            "false alarm; the precision-recall curve against the precision, the share of the answers yes that are "
            "right. The area below a curve, at most 100 %, sums it up in a number.\n\n"
            "A false alarm in 20 negatives sounds little. But with a thousand healthy people for every ten ill ones "
            "it makes fifty alarms, and even if all ten are found, five of six alarms are false. The ROC curve "
            "divides by the number of negatives and never sees how many they are; precision does.",
            zh="分类器给每一行打分，达到阈值就答“是”。应当答“是”的行叫正类，其余的叫负类。有两种曲线把所有阈值一次画出"
            "来。两者都看召回率，即正类中答“是”的比例。ROC 曲线（全称“受试者工作特征曲线”，得名于雷达时代）拿它与负类"
            "中误报的比例对照；精确率-召回率曲线（PR 曲线）拿它与精确率对照，即答“是”的行中答对的比例。曲线下的面积最"
            "多为 100%，用一个数概括整条曲线。\n\n"
            "二十个负类中误报一个，听起来不多。可是如果每十个病人对应一千个健康的人，那就是五十次误报，即使十个病人全"
            "部找到，六次警报里仍有五次是假的。ROC 曲线除以负类的总数，看不见负类有多少；精确率看得见。",
        ),
        formula=Text(
            en="ROC: recall = t / p against alarm rate = a / n\nprecision = t / (t + a) = 1 / (1 + (n / p) (alarm "
            "rate / recall))\n\n"
            "t: positives answered yes. a: negatives answered yes. p, n: how many positives and negatives there are. "
            "n / p is the balance of the classes: where it grows tenfold, recall and alarm rate stay and precision "
            "drops.",
            zh="ROC：召回率 = t / p，对照误报率 = a / n\n精确率 = t / (t + a) = 1 / (1 + (n / p)(误报率 / 召回率))\n\n"
            "t：答“是”的正类数。a：答“是”的负类数。p、n：正类、负类的总数。n / p 就是两类的比例：它变成十倍时，召回率"
            "和误报率不变，精确率下降。",
        ),
        experiment=Text(
            en="Boosted trees, many small decision trees (questions about one column after another) each mending what "
            "those before got wrong, learn from one half of each of four real tables. Positive is the rarer class: "
            "unwanted mail, customers who leave, bad loans, and cells under a microscope that a program outlined "
            "well. The same scores of the other half are then judged three times, on rows drawn at random so that one "
            "in 2, one in 10 or one in 100 is positive; twenty draws are averaged. Nothing but the balance of the "
            "test rows differs.",
            zh="提升树由许多小决策树组成（一棵树就是一连串提问，每次只问一列），每一棵修补前面的错误。它在四张真实的表"
            "上各用一半的行学习，较少的那一类为正类：垃圾邮件、流失的客户、坏账，以及显微镜下由程序勾画得好的细胞。另"
            "一半的同一批分数评判三次：随机抽取一些行，使正类占每 2 行、每 10 行或每 100 行中的 1 行；各抽二十次取平"
            "均。除了测试行中两类的比例，其余完全相同。",
        ),
        meaning=Text(
            en="That the ROC area stays is a law, as the formula shows, and the experiment only confirms it up to the "
            "chance of the draw: 89 % at every balance. What had to be measured is how far the other area falls for "
            "real classifiers: from 89 % at one in 2 to 62 at one in 10 and 34 at one in 100. And what it means in "
            "work: count the false alarms for each positive found, at the threshold that finds 80 in a hundred. They "
            "are 0.2, 1.6 and 20 (medians of 24 seeds). The same classifier, with the same fine ROC curve, is a "
            "pleasure at one in two and a burden at one in a hundred.\n\n"
            "The ROC curve is not wrong; it answers whether the scores put positives above negatives. It flatters "
            "when its reader takes it as an answer about the alarms. The falling area has a floor, too: random scores "
            "get an area equal to the share of positives, so areas from tables of different balance must not be "
            "compared with each other. And of two curves from the same rows, one that lies above the other in one "
            "picture does so in the other picture as well, but the areas may disagree, as the second exercise shows.",
            zh="ROC 面积不变是公式说明的定律，实验只是在抽样的偶然之内印证了它：无论比例如何都是 89%。需要测量的是：对"
            "真实的分类器，另一个面积下降多少。答案是：二分之一时 89%，十分之一时 62%，百分之一时 34%。还要看这在实际"
            "工作中意味着什么：在能找到八成正类的阈值上，数一数每找到一个正类要付出多少次误报，依次是 0.2、1.6 和 20 "
            "次（24 个种子的中位数）。同一个分类器、同一条漂亮的 ROC 曲线，在二分之一时好用，在百分之一时就成了负"
            "担。\n\n"
            "ROC 曲线并没有错，它回答的是分数是否把正类排在负类之上。读者把它当成关于警报的回答时，它就美化了结果。下"
            "降的面积也有底：随机打分的面积等于正类的比例，所以两类比例不同的表，面积不能相互比较。此外，对同一批行，"
            "一条曲线若在一种图里处处高于另一条，在另一种图里也是如此，但两种面积的高下可以不一致，见第二个练习。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Someone will accept between 4 and 6 false alarms for each positive found, averaged over the four "
                "tables, when 80 in a hundred are to be found. How rare may the positives be? Choose n where one row "
                "in n is positive.",
                zh="有人愿意为每找到一个正类承受 4 到 6 次误报（对四张表取平均），并要求找到八成正类。正类可以稀少到什"
                "么程度？选 n，即每 n 行有 1 个正类。",
            ),
            design=priced,
            among={"one_in": (2, 100)},
            solution={"one_in": 27},
        ),
        Exercise(
            task=Text(
                en="On the table of unpaid cards, one row in 30 positive, find two families whose ROC areas differ by "
                "at most 3 points while the first has at least 5 points more under its precision-recall curve.",
                zh="在信用卡欠款表上，每 30 行 1 个正类，找出两类模型：ROC 面积相差不超过 3 个百分点，而第一类的 PR 面"
                "积至少高 5 个百分点。",
            ),
            design=two_families,
            among={
                "first": ("logistic", "naive_bayes", "neighbours", "tree", "boosting"),
                "second": ("logistic", "naive_bayes", "neighbours", "tree", "boosting"),
            },
            solution={"first": "logistic", "second": "boosting"},
        ),
    ),
    published=Text(
        en="Saito and Rehmsmeier draw scores between 0 and 1 at random: positives from Beta(4, 1), which leans "
        "towards 1, and negatives evenly (poor early retrieval: the highest scores hold many negatives), or positives "
        "evenly and negatives from Beta(1, 4), which leans towards 0 (good early retrieval: the highest scores are "
        "nearly all positives). Rebuilt here, both have a ROC area of 80 % at any balance, while the precision-recall "
        "area falls from 74 to 23 % and from 84 to 51 % as negatives become ten times as many (a test holds it "
        "against the exact integral). Ours falls from 89 to 62 % between one in 2 and one in 10, and on to 34 % at "
        "one in 100.",
        zh="Saito 与 Rehmsmeier 用 0 到 1 之间的随机分数：正类取偏向 1 的 Beta(4, 1) 分布、负类均匀分布（早期检索差："
        "分数最高的行里混着许多负类），或正类均匀分布、负类取偏向 0 的 Beta(1, 4) 分布（早期检索好：分数最高的几乎全是"
        "正类）。在这里重做，两者的 ROC 面积无论比例如何都是 80%，而负类增到十倍时，PR 面积从 74% 降到 23%、从 84% 降"
        "到 51%（由测试对照精确积分保证）。我们这里从二分之一到十分之一是由 89% 降到 62%，到百分之一再降到 34%。",
    ),
    next=(
        Text(
            "Thin the training rows as well: does the ROC area still stay?",
            "把训练行里的正类也减少：ROC 面积还会不变吗？",
        ),
        Text(
            "Choose among families by each area on validation rows: which choice raises fewer alarms on test rows?",
            "在验证行上分别按两种面积挑模型：哪种挑法在测试行上误报更少？",
        ),
    ),
    design=design,
)
