"""Where to put the threshold when the two errors cost different amounts?"""

from collections.abc import Sequence
from dataclasses import replace

from zhixing import data, evaluate, models, train
from zhixing.core import Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Equivalent, Exercise, Explanation, Scale, Study

TABLES = ("card-default", "caravan", "churn", "credit", "cells")
FAMILIES = ("logistic", "naive_bayes", "forest", "boosting")
SEEDS = {"smoke": 1, "quick": 12, "full": 24}
ROWS = {"smoke": 1_000, "quick": 3_000, "full": 7_000}
"""Rows that are learned from and validated on, at most."""
MISS = 10.0
"""False alarms that a miss is worth."""
HALF, THEORY = Text("threshold 0.5", "阈值 0.5"), Text("threshold of theory", "理论阈值")
CALIBRATED = Text("threshold of theory after calibration", "校准后用理论阈值")
SEARCHED = Text("threshold searched", "搜索出的阈值")


def model(family: str) -> Spec:
    return {
        "logistic": spec(models.logistic),
        "naive_bayes": spec(models.naive_bayes),
        "forest": spec(models.forest, trees=60),
        "boosting": spec(models.boosting, rounds=30),
    }[family]


def arm(
    scale: Scale,
    name: str,
    label: Text,
    rule: Spec,
    *,
    miss: float = MISS,
    rows: int | None = None,
    families: Sequence[str] = FAMILIES,
) -> Arm:
    each = spec(
        train.decided,
        families=tuple(map(model, families)),
        rule=rule,
        bill=spec(evaluate.charged),
        fn=float(miss),
        validation=rows,
        examples=ROWS[scale],
    )
    return Arm(name, label=label, each=each)


def design(scale: Scale) -> Design:
    measures = (evaluate.cost_of_decisions, evaluate.dishonesty)
    mechanism = (evaluate.cost_by_family, evaluate.cost_by_threshold)
    tables = ("churn",) if scale == "smoke" else TABLES
    return Design(
        trial=spec(
            train.across, data=tuple(spec(data.rare, name=name) for name in tables), measures=(*measures, *mechanism)
        ),
        arms=[
            arm(scale, "half", HALF, spec(evaluate.at_half)),
            arm(scale, "theory", THEORY, spec(evaluate.by_theory)),
            arm(scale, "calibrated", CALIBRATED, spec(evaluate.by_calibration)),
            arm(scale, "searched", SEARCHED, spec(evaluate.by_search)),
        ],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Better("searched", than="half", on=evaluate.cost_of_decisions, by=10.0),
            Equivalent("calibrated", to="searched", on=evaluate.cost_of_decisions, within=5.0),
        ),
    )


def half_is_right(scale: Scale, *, family: str, miss: float) -> Design:
    """One family and the price of a miss: 0.5 is claimed to cost as much as the threshold searched."""
    arms = [
        arm(scale, "half", HALF, spec(evaluate.at_half), miss=miss, families=(family,)),
        arm(scale, "searched", SEARCHED, spec(evaluate.by_search), miss=miss, families=(family,)),
    ]
    tie = Equivalent("half", to="searched", on=evaluate.cost_of_decisions, within=3.0)
    return replace(design(scale), arms=arms, verdict=tie)


def too_few_rows(scale: Scale, *, rows: int) -> Design:
    """So many validation rows: the threshold of theory, which needs none, is claimed to cost less than the search."""
    arms = [
        arm(scale, "theory", THEORY, spec(evaluate.by_theory)),
        arm(scale, "searched", SEARCHED, spec(evaluate.by_search), rows=rows),
    ]
    cheaper = Better("theory", than="searched", on=evaluate.cost_of_decisions, by=2.0)
    return replace(design(scale), arms=arms, verdict=cheaper)


study = Study(
    slug="thresholds-and-costs",
    chapter="own",
    after=("precision-recall", "calibration"),
    question=Text(
        en="Where to put the threshold when the two errors cost different amounts?",
        zh="两种错误的代价不同时，阈值该定在哪里？",
    ),
    claim=Text(
        en="Where a miss costs ten false alarms, a threshold searched on validation rows is far cheaper than 0.5; the "
        "threshold that theory gives, on calibrated probabilities, is as cheap as the search.",
        zh="一次漏报抵十次误报时，在验证行上搜索出的阈值远比 0.5 便宜；概率校准之后，理论给出的阈值与搜索出的一样便宜。",
    ),
    source="Elkan 2001, The foundations of cost-sensitive learning, IJCAI, 973-978; Sheng and Ling 2006, AAAI, 476-481",
    explanation=Explanation(
        idea=Text(
            en="A classifier gives each customer a probability of leaving, and you must say yes (call him) or no. "
            "Usually one says yes from 0.5 on. That is right if both mistakes cost the same. But a customer lost "
            "may cost ten times as much as a needless call. Then it pays to call somebody who leaves with a "
            "probability of only 0.2: of five such calls four are needless and cost 4, the fifth saves 10.\n\n"
            "Two ways lead to a better threshold. One is a calculation: if a probability of 0.2 means that 20 of "
            "100 such customers really leave (one says that the probabilities are honest, or calibrated), the "
            "costs alone give the threshold. The other asks nothing of the probabilities: take rows whose answers "
            "are known and which the classifier has not learned from (validation rows), try every threshold on "
            "them, and keep the cheapest. The first trusts the probabilities, the second trusts a few hundred "
            "rows.",
            zh="分类器给每个客户一个“会流失”的概率，你得回答“是”（给他打电话）或“否”。通常从 0.5 起就答“是”。两种错误"
            "代价相同时，这样做是对的。可是，丢掉一个客户的损失也许抵得上十次白打的电话。那么，流失概率只有 0.2 的"
            "人也值得打：五个这样的电话里，四个白打，花 4；第五个省下 10。\n\n"
            "有两条路能找到更好的阈值。一条是计算：如果 0.2 的概率意味着一百个这样的客户中真有 20 个流失（这时说概"
            "率是诚实的，或校准过的），那么单凭代价就能算出阈值。另一条对概率毫无要求：拿一些答案已知、分类器又没"
            "有学过的行（验证行），把所有阈值都试一遍，留下最便宜的。前者相信概率，后者相信那几百行数据。",
        ),
        formula=Text(
            en="yes is cheaper when (1 - p) fp < p fn, that is from p = fp / (fp + fn) on\ncost = 100 (a fp + m fn) / "
            "min(P fn, N fp)\n\n"
            "p: the probability that the row is positive, a customer who leaves. fn: the cost of a miss, here 10. "
            "fp: the cost of a false alarm, here 1. With these, yes pays from 1 / 11 = 0.09 on. a: false alarms. "
            "m: misses. P, N: how many rows are positive and negative. min: the smaller of the two, which is what "
            "a lazy answer costs, no to all or yes to all; so 100 % is worth nothing.",
            zh="当 (1 - p) fp < p fn 时答“是”更便宜，即从 p = fp / (fp + fn) 起\n代价 = 100 (a fp + m fn) / min(P fn, "
            "N fp)\n\n"
            "p：这一行是正类（会流失的客户）的概率。fn：一次漏报的代价，这里是 10。fp：一次误报的代价，这里是 1。"
            "于是从 1 / 11 = 0.09 起答“是”就划算。a：误报数。m：漏报数。P、N：正类、负类的行数。min：两者中较小的，"
            "即懒答案（全答“否”或全答“是”）的代价；所以 100% 等于毫无价值。",
        ),
        experiment=Text(
            en="Five real tables in which 3 to 36 rows of 100 are positive: unpaid cards (simulated after real "
            "accounts), buyers of caravan insurance, customers who leave, bad loans, cells that a program "
            "outlined well. Four families of classifiers learn from the same rows: logistic regression (a "
            "weighted sum), naive Bayes (multiplies the evidence of the columns as if they knew nothing of each "
            "other), a forest (60 trees vote) and boosting (30 small trees mend each other). Their probabilities "
            "are then turned into answers in four ways: from 0.5 on; from 0.09 on, as theory says; the same after "
            "the probabilities were made honest by a curve with two numbers fitted to validation rows (Platt's "
            "calibration: the logarithm of p / (1 - p) is stretched and shifted); and from the threshold that was "
            "cheapest on the validation rows. The bill is made out on test rows that chose nothing. Models, rows "
            "and costs are the same for all four.",
            zh="用五张真实的表，每百行有 3 到 36 个正类：信用卡欠款（据真实账户模拟）、购买房车保险、客户流失、坏账、"
            "由程序勾画良好的细胞。四类分类器从同样的行学习：逻辑回归（加权求和）、朴素贝叶斯（把各列当作互不相干，"
            "将证据连乘）、随机森林（60 棵树投票）和提升法（30 棵小树逐棵修补）。然后用四种办法把它们的概率变成回"
            "答：从 0.5 起答“是”；照理论从 0.09 起；先在验证行上拟合一条只有两个数的曲线、把概率变诚实（Platt 校准："
            "把 p / (1 - p) 的对数拉伸并平移），再从 0.09 起；从验证行上最便宜的阈值起。账单在没有参与任何选择的测"
            "试行上结算。四种办法的模型、行和代价完全相同。",
        ),
        meaning=Text(
            en="Saying yes from 0.5 on costs 122 %, more than asking no classifier at all. The threshold searched "
            "costs 69 %, that of theory on calibrated probabilities 70 %: which of the two ways you take "
            "hardly matters. What matters is that the costs are looked at. The curve over the thresholds shows "
            "why: its valley lies near 0.1 and its right slope is steep, since every step to the right misses "
            "positives at ten apiece.\n\n"
            "The costs by family show when the calculation may be trusted. Logistic regression and boosting give "
            "nearly honest probabilities, and 0.09 is right for them as they are. Naive Bayes counts the same "
            "evidence several times and is far too sure of itself; there theory on the raw probabilities costs "
            "100 %, and 81 once they are calibrated. The second measure says the same of all: calibration lowers "
            "the distance between what was said and what came true from 9 to 3 points. So without validation rows "
            "use the threshold of theory with a family that is honest; with some hundred of them calibrate or "
            "search, both will do. Calibrated probabilities have one advantage: when the costs change, the new "
            "threshold is a division, not a new search.\n\n"
            "What this does not say: the costs were the same for every row and known beforehand, and the share of "
            "positives was the same in learning and in use. And no threshold makes a classifier better at telling "
            "rows apart; it only makes the best of what the classifier knows.",
            zh="从 0.5 起答“是”要花 122%，比不用分类器还贵。搜索出的阈值花 69%，校准之后用理论阈值是 70%：走哪条路几"
            "乎无所谓，要紧的是把代价算进去。阈值曲线说明了原因：谷底在 0.1 附近，右坡很陡，因为每向右一步就会漏掉"
            "一些正类，每个值十。\n\n"
            "按家族看代价，就知道什么时候可以相信计算。逻辑回归和提升法的概率差不多是诚实的，0.09 直接就对。朴素贝"
            "叶斯把同样的证据数了好几遍，过于自信；直接在原样的概率上用理论阈值要花 100%，校准之后是 81%。第二个指"
            "标对全体说的是同一件事：校准把“说的”与“发生的”之间的距离从 9 个百分点降到 3 个。所以，没有验证行时，"
            "挑一个诚实的家族，用理论阈值；有几百行验证行时，校准或搜索都行。校准过的概率还有一个好处：代价变了，"
            "新阈值做一次除法就有，不必重新搜索。\n\n"
            "这没有说明的是：这里每一行的代价相同且事先知道，学习时与使用时正类的比例也相同。而且，阈值不会让分类"
            "器更会分辨，只是把它已知的东西用到最好。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="When is 0.5 right? Choose a family, and how many false alarms a miss is worth, so that 0.5 costs "
                "as much as the threshold searched, within 3 points.",
                zh="什么时候 0.5 是对的？选一类分类器，再选一次漏报抵几次误报，使 0.5 的代价与搜索出的阈值相差不超过"
                " 3 个百分点。",
            ),
            design=half_is_right,
            among={"family": FAMILIES[::-1], "miss": (0.5, 50.0)},
            solution={"family": "logistic", "miss": 1.0},
        ),
        Exercise(
            task=Text(
                en="How few validation rows make the search worse than no search: at least 2 points dearer than the "
                "threshold of theory on the probabilities as they are?",
                zh="验证行少到多少，搜索就还不如不搜，也就是比直接在原样的概率上用理论阈值至少贵 2 个百分点？",
            ),
            design=too_few_rows,
            among={"rows": (10, 1_000)},
            solution={"rows": 12},
        ),
    ),
    published=Text(
        en="Elkan derives the threshold and gives no experiment with it. Sheng and Ling search the threshold on the "
        "rows learned from, and report it cheaper than the threshold of theory on almost all of their tables. "
        "Here the search is cheaper by 5 points on raw probabilities, nearly all of it from naive Bayes (19 "
        "points), and by nothing once the probabilities are calibrated. So a likely reason for the difference is "
        "that their advantage is one over probabilities that are not honest.",
        zh="Elkan 推导出阈值，没有为它做实验。Sheng 与 Ling 在学习用的行上搜索阈值，报告说在几乎所有表上都比理论阈值便"
        "宜。在这里，对原样的概率，搜索便宜 5 个百分点，几乎全来自朴素贝叶斯（19 个百分点）；概率校准之后就没有差"
        "别了。所以，不同的原因很可能是：他们的优势是相对于不诚实的概率而言的。",
    ),
    next=(
        Text(
            "Make positives ten times as rare in the test rows as in those learned from: which threshold has to move, "
            "and can it know?",
            "让测试行里的正类比学习用的行稀少十倍：哪个阈值必须移动？它能知道吗？",
        ),
        Text(
            "Give every row a cost of its own, such as the amount of the loan: does one threshold for all still do?",
            "让每一行有自己的代价，例如贷款金额：所有行共用一个阈值还行吗？",
        ),
    ),
    design=design,
)
