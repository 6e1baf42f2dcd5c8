"""Divide rows at random or by time?"""

from dataclasses import replace

from zhixing import data, evaluate, models, train
from zhixing.core import Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Reaches, Scale, Study, Within

TABLES = ("unemployed", "riders", "electricity", "macro", "spending", "nitrogen", "shares", "drivers")
SEEDS = {"smoke": 1, "quick": 14, "full": 24}
ROWS = {"smoke": 200, "quick": 800, "full": 2_000}
"""Rows of a window, at most."""
FAMILIES = {
    "linear": Text("ridge regression", "岭回归"),
    "neighbours": Text("nearest neighbours", "近邻法"),
    "forest": Text("forest", "随机森林"),
}
DIVISIONS = {
    "random": Text("{family}, divided at random", "{family}，随机划分"),
    "time": Text("{family}, divided by time", "{family}，按时间划分"),
}


def model(family: str) -> Spec:
    return {
        "linear": spec(models.ridge),
        "neighbours": spec(models.neighbour_mean),
        "forest": spec(models.regression_forest, trees=30),
    }[family]


def arm(scale: Scale, family: str, division: str) -> Arm:
    divide = {"random": spec(train.at_random), "time": spec(train.at_the_end)}[division]
    return Arm(
        f"{family}-{division}",
        label=DIVISIONS[division].format(family=FAMILIES[family]),
        each=spec(train.foretold, model=model(family), division=divide, most=ROWS[scale]),
    )


def design(scale: Scale) -> Design:
    measures = (evaluate.unforetold, evaluate.error_ahead)
    mechanism = (evaluate.error_by_distance, evaluate.unforetold_by_table, evaluate.likeness_by_table)
    tables = TABLES[:2] if scale == "smoke" else TABLES
    return Design(
        trial=spec(
            train.across,
            data=tuple(spec(data.dated_table, name=name) for name in tables),
            measures=(*measures, *mechanism),
        ),
        arms=[arm(scale, family, division) for family in FAMILIES for division in DIVISIONS],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            *(Better(f"{family}-time", than=f"{family}-random", on=evaluate.unforetold, by=50.0) for family in FAMILIES)
        ),
    )


def on(scale: Scale, table: str, only: Arm) -> Design:
    """One arm on one table."""
    whole = design(scale)
    return replace(whole, trial=whole.trial.with_settings(data=(spec(data.dated_table, name=table),)), arms=[only])


def random_is_honest(scale: Scale, *, table: str) -> Design:
    """On the learner's table a random division of a forest is claimed to promise nearly what the future holds."""
    return replace(
        on(scale, table, arm(scale, "forest", "random")),
        verdict=Reaches("forest-random", on=evaluate.unforetold, value=15.0),
    )


def time_is_not_enough(scale: Scale, *, family: str, table: str) -> Design:
    """On the learner's table the future of the family is claimed to be far worse than a division by time promises."""
    promised = Within(f"{family}-time", on=evaluate.unforetold, low=5.0, high=10_000.0)
    return replace(on(scale, table, arm(scale, family, "time")), verdict=promised)


study = Study(
    slug="split-by-time",
    chapter="own",
    after=("data-leak",),
    question=Text("Divide rows at random or by time?", "行该随机划分，还是按时间划分？"),
    claim=Text(
        en="On tables in the order of time, a random division promises far too small an error for every family of "
        "models, linear ones as well as neighbours and forests; a division by time promises at least 50 points "
        "less too little.",
        zh="在按时间排列的表上，随机划分对每一类模型都许诺了过小的误差，线性模型、近邻法和随机森林都一样；按时间划分，"
        "少报的幅度至少减少 50 个百分点。",
    ),
    source="Cerqueira, Torgo and Mozetic 2020, Machine Learning 109, 1997-2028; Roberts et al. 2017, Ecography 40, 913-929",
    explanation=Explanation(
        idea=Text(
            en="A model is to say how many people will be out of work next year. To know how well it will do, one "
            "hides some rows, lets it learn from the others, and looks at its error on the hidden ones. Usually "
            "the hidden rows are drawn by lot. In a table whose rows are in the order of time this is a strange "
            "examination: March is asked, and February and April are among the rows that it has learned from. It "
            "need only take the middle between them. The future has no April.\n\n"
            "The alternative is to hide the last rows: learn from the years before, be asked about the last one. "
            "That is an examination of what will be needed. But it has a price: the newest rows, which may be the "
            "most useful, are not learned from while one tests. So we measure both against the truth: what the "
            "model does in a future that nobody has touched.",
            zh="要让模型说出明年有多少人失业。想知道它会做得多好，就藏起一些行，让它从其余的行学习，再看它在藏起的行上"
            "的误差。通常藏哪些行由抽签决定。可是在按时间排列的表里，这是一场奇怪的考试：考三月，而二月和四月都在"
            "它学过的行里，它只要取两者的中间就行了。未来可没有四月。\n\n"
            "另一种办法是藏最后的行：从前些年学习，考最后一年。这才是考将来用得着的本事。但它有代价：最新的、也许"
            "最有用的行，在测试时没有用来学习。所以我们把两种办法都与真相对照，即模型在谁也没有碰过的未来里的表现。",
        ),
        formula=Text(
            en="too little promised = 100 (true error / reported error - 1)\nerror = square root of the mean of "
            "(answer - truth)^2\n\n"
            "reported: on the rows that judge, a quarter of the past, drawn by lot or the last quarter. true: on "
            "the rows after the past, of the same kind of model, fitted to the whole past, as one would before "
            "using it. Over several tables the factors true / reported are multiplied and the root is taken, so "
            "that no table outweighs the others. 0 is an honest report, 100 means twice the error that was "
            "promised.",
            zh="少报的幅度 = 100 (真实误差 / 报告的误差 - 1)\n误差 =（回答 - 真值）的平方的平均，再开方\n\n"
            "报告的误差：在评判的行上，即过去的四分之一，由抽签决定，或取最后的四分之一。真实误差：同样的模型用全"
            "部过去重新拟合（使用之前都会这样做），在过去之后的行上的误差。对几张表，把“真实 / 报告”的倍数相乘再开"
            "方，使任何一张表都不会压倒其他表。0 是诚实的报告，100 意味着误差是许诺的两倍。",
        ),
        experiment=Text(
            en="Eight real tables in the order of time: people out of work by month, riders of a train station by "
            "day, electricity by day, unemployment among other accounts by quarter, changes of spending by "
            "quarter, nitrogen oxides beside a motorway by hour, a share index by day, drivers killed or hurt by "
            "month. The row's place in time is a column like the others. Every seed cuts out another stretch of "
            "the table, 800 rows at most; its last quarter is the future and is hidden from everybody. Three "
            "families learn from the past: ridge regression (a weighted sum of the columns), the mean of the 5 "
            "nearest rows, and a forest of 30 trees. Each reports its error twice, once with judging rows drawn "
            "by lot, once with the last ones, and then meets the future. The models, the past and the future are "
            "the same for both divisions.",
            zh="八张按时间排列的真实表：逐月的失业人数、逐日的车站乘客、逐日的用电、逐季的失业率与其他经济账目、逐季的"
            "消费变化、逐时的公路旁氮氧化物、逐日的股价指数、逐月的驾驶员死伤数。行在时间上的位置也作为一列。每个"
            "种子从表里截取另一段，最多 800 行；最后四分之一是未来，对所有人隐藏。三类模型从过去学习：岭回归（各列"
            "加权求和）、最近 5 行的平均、30 棵树的随机森林。每类都报告两次误差，一次由抽签取评判的行，一次取最后"
            "的行，然后面对未来。两种划分所用的模型、过去和未来都相同。",
        ),
        meaning=Text(
            en="Divided at random, every family promised about half of the error that came: the future was 94 % worse "
            "than promised for ridge regression, 100 % for neighbours, 133 % for the forest (medians). Divided by "
            "time, the promises fell short by 2, 13 and 13 %. The weighted sum is no exception: it needs no "
            "neighbour in time to profit, since a line through January and March also hits February. That the "
            "forest was flattered most should not be read as a law, as the seeds scatter widely.\n\n"
            "The curve by distance shows the mechanism. Rows drawn by lot lie at distance nothing from rows "
            "learned from, and there the error is small. In the first quarter of the future it is already much "
            "larger, and it grows from quarter to quarter. A random division measures the first point of this "
            "curve; what you need is the rest. The curves by table say where it matters: where a value resembles "
            "the next one (people out of work, shares: correlation 99 %), the future was several times worse than "
            "promised. Where it hardly does (changes of spending, 20 %), a random division was nearly right. "
            "Likeness alone does not decide, since nitrogen oxides resemble the hour before (84 %) and were "
            "promised well by the weighted sum: what matters is whether the level wanders off.\n\n"
            "Dividing by time is not proof against everything. On shares even it promised too little, since the "
            "index went where it had never been. Its single quarter is also a small sample of the ways in which "
            "things change, so that one seed may promise too much and the next too little.",
            zh="随机划分时，每一类模型都只许诺了实际误差的一半左右：未来比许诺的差，岭回归差 94%，近邻法差 100%，随机"
            "森林差 133%（中位数）。按时间划分时，分别只少报 2%、13% 和 13%。加权求和并不例外：它不需要时间上的近"
            "邻也能得利，因为穿过一月和三月的直线也会碰到二月。随机森林被美化得最多，但不要当作定律，因为各种子之"
            "间相差很大。\n\n"
            "按距离画的曲线说明了机制。抽签取出的行与学过的行毫无距离，那里误差小。到了未来的第一个四分之一，误差"
            "已大得多，此后一段比一段大。随机划分量的是这条曲线的第一个点，而你需要的是其余部分。按表画的曲线说明"
            "在哪里要紧：一个值与下一个值相像的地方（失业人数、股价，相关 99%），未来比许诺的差好几倍；几乎不像的"
            "地方（消费的变化，20%），随机划分差不多是对的。但单凭相像还不能定论：氮氧化物与前一小时相像（84%），"
            "加权求和的许诺却不差；要紧的是水平会不会渐渐走远。\n\n"
            "按时间划分也不能防住一切。在股价上，连它也少报了，因为指数走到了从未到过的地方。而且它那一个四分之一，"
            "只是事物变化方式的一个小样本，所以一个种子可能多报，另一个又少报。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Not every table in the order of time is spoiled by a random division. Find one on which the "
                "future of a forest is at most 15 % worse than a random division promises.",
                zh="并非每张按时间排列的表都会被随机划分弄坏。找出一张表，使随机森林的未来误差最多比随机划分所许诺的大"
                " 15%。",
            ),
            design=random_is_honest,
            among={"table": TABLES},
            solution={"table": "spending"},
        ),
        Exercise(
            task=Text(
                en="Dividing by time is no guarantee. Find a family and a table for which the future is still at "
                "least 10 % worse than a division by time promises.",
                zh="按时间划分也不是保证。找出一类模型和一张表，使未来的误差仍比按时间划分所许诺的至少大 5%。",
            ),
            design=time_is_not_enough,
            among={"family": tuple(FAMILIES), "table": TABLES[::-1]},
            solution={"family": "neighbours", "table": "spending"},
        ),
    ),
    published=Text(
        en="The literature disagrees, and ours tells why. Roberts and others find errors underestimated by random "
        "division wherever rows near each other are alike. Bergmeir and Benitez find no practical harm, on "
        "stationary series, whose level does not wander. Cerqueira, Torgo and Mozetic look at both kinds, with "
        "174 real series: on stationary ones divisions in blocks will do, on the others reports from the end of "
        "the series are the most accurate. Here, too, the tables whose level wanders are spoiled, and that of "
        "changes is not.",
        zh="文献说法不一，我们的结果说明了原因。Roberts 等人发现，只要邻近的行彼此相像，随机划分就低估误差。Bergmeir "
        "与 Benitez 在平稳的（水平不会走远的）序列上没有发现实际的害处。Cerqueira、Torgo 与 Mozetic 用 174 个真实"
        "序列考察了两种情形：平稳时分块划分即可，不平稳时以序列末尾来报告最准。在这里也一样：水平会走远的表受害，"
        "变化量的表没有。",
    ),
    next=(
        Text(
            "Choose among families by each division: which one chooses the family that is best in the future?",
            "分别用两种划分来挑选家族：哪种挑出的家族在未来最好？",
        ),
        Text(
            "Leave a gap between the rows learned from and those that judge: how long must it be for the report to be "
            "honest?",
            "在学习用的行与评判的行之间留一段空隙：空隙要多长，报告才诚实？",
        ),
        Text(
            "Ask for the change since the last row instead of the amount: how much of the flattery is left?",
            "不问数量，改问与上一行相比的变化：美化还剩多少？",
        ),
    ),
    design=design,
)
