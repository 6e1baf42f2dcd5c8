"""What does moving the threshold do?"""

from dataclasses import replace
from typing import Any

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Spec, Text, spec
from zhixing.study import All, Arm, Design, Exercise, Explanation, Reaches, Scale, Study

TABLE = "churn"
SEEDS = {"smoke": 2, "quick": 12, "full": 23}
HELD_OUT = 0.5
"""Half of the rows judge, so that the curve is drawn from many positives."""


def scored(seeds: Seeds, *, data: Spec, model: Spec) -> dict[str, Any]:
    """The curve of one classifier on one table."""
    known, judged = train.divided(data, seeds, HELD_OUT)
    estimator = model.build(generator=seeds.numpy("model")).fit(known.inputs, known.targets)
    scores = estimator.predict_proba(judged.inputs)[:, 1]
    return evaluate.curves(evaluate.sweep(scores, judged.targets))


def families() -> dict[str, tuple[Text, Spec]]:
    return {
        "forest": (Text("forest of trees", "随机森林"), spec(models.forest, trees=50)),
        "logistic": (Text("logistic regression", "逻辑回归"), spec(models.logistic)),
        "naive Bayes": (Text("naive Bayes", "朴素贝叶斯"), spec(models.naive_bayes)),
    }


def design(scale: Scale) -> Design:
    measures = (evaluate.least_bought, evaluate.average_precision)
    mechanism = (evaluate.precision_by_recall, evaluate.bought_by_recall)
    known = families()
    return Design(
        trial=spec(train.across, data=(spec(data.rare, name=TABLE),), measures=(*measures, *mechanism)),
        arms=[Arm(name, label=label, each=spec(scored, model=model)) for name, (label, model) in known.items()],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(*(Reaches(name, on=evaluate.least_bought, value=1.0) for name in known)),
    )


def at_threshold(seeds: Seeds, *, data: Spec, model: Spec, threshold: float) -> dict[str, Any]:
    """What one classifier answers at one threshold."""
    known, judged = train.divided(data, seeds, HELD_OUT)
    estimator = model.build(generator=seeds.numpy("model")).fit(known.inputs, known.targets)
    counts = evaluate.confusion(estimator.predict_proba(judged.inputs)[:, 1] >= threshold, judged.targets)
    return {"precision": 100 * counts.precision, "recall": 100 * counts.recall}


def useful(scale: Scale, *, threshold: float) -> Design:
    """The forest at the learner's threshold, claimed to find most and to be right most of the time."""
    whole, model = design(scale), families()["forest"][1]
    measures = (evaluate.precision_here, evaluate.recall_here)
    return replace(
        whole,
        trial=whole.trial.with_settings(measures=measures),
        arms=[
            Arm(
                "forest",
                label=families()["forest"][0],
                each=spec(at_threshold, model=model, threshold=float(threshold)),
            )
        ],
        measures=measures,
        mechanism=(),
        verdict=All(
            Reaches("forest", on=evaluate.recall_here, value=75.0),
            Reaches("forest", on=evaluate.precision_here, value=80.0),
        ),
    )


def fair_trade(scale: Scale, *, table: str, family: str) -> Design:
    """The learner's classifier on the learner's table, claimed to give 3 points of precision for half of the finds."""
    whole, (label, model) = design(scale), families()[family]
    return replace(
        whole,
        trial=whole.trial.with_settings(data=(spec(data.rare, name=table),)),
        arms=[Arm(family, label=label, each=spec(scored, model=model))],
        verdict=Reaches(family, on=evaluate.least_bought, value=3.0),
    )


study = Study(
    slug="precision-recall",
    chapter="measuring",
    question=Text("What does moving the threshold do?", "移动阈值会怎样？"),
    claim=Text(
        en="Raising the threshold buys precision with recall: whoever gives up half of the finds gets a point of "
        "precision or more in return, at any recall from 40 to 80 %.",
        zh="提高阈值，就是用召回率换精确率：无论召回率在 40% 到 80% 之间的何处，放弃一半找到的正类，总能换来至少一个百"
        "分点的精确率。",
    ),
    source="A common account of the precision-recall curve; the curves: Davis and Goadrich 2006, ICML",
    explanation=Explanation(
        idea=Text(
            en="A classifier that looks for customers about to leave gives each one a score, such as a probability of "
            "70 %. Somebody has to say from which score on to act: the threshold. Every customer at or above it is "
            "answered yes. Recall is the share of the leaving customers that are found in this way; precision is the "
            "share of those answered yes who really leave.\n\n"
            "Move the threshold down, and more are answered yes: recall can only rise. The precision-recall curve "
            "shows what happens to precision meanwhile, one point for each threshold. It is usually told as a trade: "
            "a higher threshold raises precision and lowers recall. The second half is true by counting. The first "
            "half is a promise about the scores, namely that the higher ones are the more reliable ones, and a "
            "promise can be broken.",
            zh="一个寻找将要流失的客户的分类器，会给每位客户打一个分，比如 70% 的概率。从多少分起采取行动，要由人来"
            "定，这个分数就是阈值。达到阈值的客户一律答“是”。召回率是将要流失的客户中这样被找到的比例；精确率是答“是”"
            "的客户中真正流失的比例。\n\n"
            "阈值往下移，答“是”的人就更多，召回率只升不降。精确率-召回率曲线（PR 曲线）画的是这时精确率怎样变化，每个"
            "阈值一个点。通常的说法是一笔交易：阈值提高，精确率上升，召回率下降。后一半靠数数就知道成立；前一半却是对"
            "分数的一个承诺，即分数越高越可靠，而承诺是可能落空的。",
        ),
        formula=Text(
            en="precision = t / (t + a)\nrecall = t / (t + m)\nbought = precision at recall R/2 - precision at recall "
            "R\n\n"
            "t: customers who leave (positives) answered yes. a: customers who stay (negatives) answered yes, false "
            "alarms. m: positives answered no. R: a recall of 40, 50, 60, 70 or 80 %.\nLower the threshold past one "
            "row, which is one customer: if it is a positive, precision and recall both rise; if it is a negative, "
            "precision falls and recall stays. So the curve is a saw, and only on the large scale can it be a trade.",
            zh="精确率 = t / (t + a)\n召回率 = t / (t + m)\n换来的 = 召回率 R/2 处的精确率 - 召回率 R 处的精确率\n\n"
            "t：答“是”的正类（流失的客户）数。a：答“是”的负类（留下的客户）数，即误报。m：答“否”的正类数。R：召回率，"
            "取 40%、50%、60%、70%、80%。\n阈值降过一行（一行是一位客户）时：若它是正类，精确率和召回率一起升；若是负"
            "类，精确率降，召回率不变。所以曲线是锯齿形的，只有从大尺度看，才谈得上交易。",
        ),
        experiment=Text(
            en="A real table of 5,000 customers of a telephone company, of whom 14 in a hundred left. Three "
            "classifiers learn from one half of it: a forest of 50 decision trees (chains of yes-or-no questions) "
            "that vote, logistic regression, which adds up the columns with weights, and naive Bayes, which "
            "multiplies the evidence of the columns as if they knew nothing of each other. On the other half every "
            "score is tried as a threshold. Starting from a recall of 40, 50, 60, 70 and 80 %, the threshold is "
            "raised until half of the finds are left; the worst of these five trades counts. Even the smallest still "
            "rests on some 70 finds, so that no single row decides. Another seed is another cut.",
            zh="一张真实的表：某电话公司的 5,000 位客户，每百人有 14 人流失。三种分类器用其中一半学习：50 棵决策树（一"
            "连串是非题）一起投票的随机森林；把各列加权求和的逻辑回归；把各列当作互不相干、将证据连乘的朴素贝叶斯。在"
            "另一半上，把每个分数都当阈值试一遍。从召回率 40%、50%、60%、70%、80% 出发，把阈值提高到只剩一半所得，取五"
            "笔交易中最差的一笔。其中最小的也有 70 个左右的正类，不会由个别的行决定。换一个种子，就换一种划分。",
        ),
        meaning=Text(
            en="Logistic regression keeps the promise in all of 24 seeds. Naive Bayes keeps it in 3 and the forest in "
            "1, for opposite reasons. Naive Bayes has a stretch between a recall of 25 and 60 % where its curve lies "
            "flat, and in 19 of 24 seeds at least one of its trades even loses precision: a stricter threshold throws "
            "away more than half of the finds, nearly every second alarm is still false, and nothing is gained. A "
            "likely reason is that it counts twice what two columns say, such as minutes and the charge for them, so "
            "that in this stretch a higher score is not a surer one. The forest breaks the promise from above: up to "
            "a recall of 40 % it is right nearly always, so that strictness has nothing left to buy.\n\n"
            "So the threshold is to be chosen with the curve in hand, never by the saying. Over the whole length the "
            "saying holds: from a recall of 80 % to 40 % all three gain a good deal. And a curve that breaks the "
            "promise need not be a bad one: the forest's is by far the best, and that of naive Bayes lies above that "
            "of logistic regression in the middle.",
            zh="在 24 个种子里，逻辑回归次次守住承诺，朴素贝叶斯只守住 3 次，随机森林只有 1 次，而且后两者的原因相反。"
            "朴素贝叶斯在召回率 25% 到 60% 之间有一段曲线是平的，而且 24 个种子里有 19 个，五笔交易中至少有一笔反而赔"
            "了精确率：阈值提得更严，丢掉一半以上所得，警报仍有近一半是假的，一无所获。一个可能的原因是：它把说同一件"
            "事的列算了两遍，例如通话分钟数和相应的话费，于是在这一段里，分数更高并不等于更有把握。随机森林则是从上面"
            "打破承诺：召回率到 40% 为止，它几乎百发百中，再严也没有什么可换的了。\n\n"
            "所以，阈值要看着曲线来选，不能只凭那句口诀。从全长来看，口诀是对的：从召回率 80% 提到 40%，三者都有不小的"
            "收获。打破承诺的曲线也不一定差：随机森林的曲线遥遥领先，朴素贝叶斯的中段也在逻辑回归之上。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Choose a threshold for the forest at which it finds at least 75 % of the leaving customers and at "
                "least 80 % of its answers yes are true.",
                zh="为随机森林选一个阈值：至少找到 75% 的流失客户，而且答“是”的客户中至少有 80% 是对的。",
            ),
            design=useful,
            among={"threshold": (0.05, 0.95)},
            solution={"threshold": 0.35},
        ),
        Exercise(
            task=Text(
                en="Where is every trade a fair one? Find a classifier and a table on which giving up half of the "
                "finds always buys at least 3 points of precision. The classifier with the best curve need not be it.",
                zh="哪里的交易笔笔公平？找一个分类器和一张表，使放弃一半所得总能换来至少 3 个百分点的精确率。曲线最好"
                "的分类器不一定就是答案。",
            ),
            design=fair_trade,
            among={"table": ("churn", "credit", "cells"), "family": ("forest", "logistic", "naive Bayes")},
            solution={"table": "churn", "family": "logistic"},
        ),
    ),
    published=Text(
        en="scikit-learn's guide says of the curve that precision need not fall as recall rises, because its "
        "denominator moves with the threshold. Our curves equal scikit-learn's to the last digit on random cases with "
        "ties (a test holds it). Published accounts give no figure for how much the trade can fail; this is a "
        "measurement of it.",
        zh="scikit-learn 的文档指出：召回率上升时，精确率不一定下降，因为它的分母也随阈值变化。在带有同分的随机例子"
        "上，我们的曲线与 scikit-learn 的一字不差（由测试保证）。已发表的资料没有给出交易会落空到什么程度，这里就是一"
        "次测量。",
    ),
    next=(
        Text(
            "Take out the columns of charges, which repeat the minutes: does naive Bayes keep the promise then?",
            "去掉与通话分钟数重复的话费各列：朴素贝叶斯就能守住承诺吗？",
        ),
        Text(
            "Draw the curve from 50 test rows, many times: how much of the saw is chance?",
            "只用 50 个测试行反复画曲线：锯齿有多少出于偶然？",
        ),
    ),
    design=design,
)
