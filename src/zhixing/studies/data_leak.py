"""How much does a leak flatter?"""

from dataclasses import replace

from zhixing import data, evaluate, models, train
from zhixing.core import Spec, Text, spec
from zhixing.evaluate.measure import Measure
from zhixing.study import All, Arm, Contrast, Design, Equivalent, Exercise, Explanation, Scale, Study

TABLES = ("speech", "alzheimer", "liver", "cells")
"""Two-class questions with 56 to 751 columns."""
FAMILIES = ("logistic", "neighbours", "tree")
ROWS = {"smoke": (80,), "quick": (80, 160), "full": (80, 160)}
DRAWS = {"smoke": 1, "quick": 6, "full": 24}
SEEDS = {"smoke": 1, "quick": 16, "full": 24}
LABELS = {
    "honest": Text("honest", "诚实的做法"),
    "scaling": Text("columns scaled with all rows", "用全部行缩放各列"),
    "choosing": Text("columns chosen with all rows", "用全部行挑选各列"),
    "copies": Text("copies on both sides", "两边有副本"),
    "encoding": Text("names encoded with all rows", "用全部行给名称编码"),
    "afterwards": Text("a column written afterwards", "事后填写的列"),
}


def model(family: str) -> Spec:
    return {
        "logistic": spec(models.logistic),
        "neighbours": spec(models.nearest_neighbours, neighbours=3),
        "tree": spec(models.tree),
    }[family]


def leaks() -> dict[str, Spec]:
    return {
        "honest": spec(train.honest),
        "scaling": spec(train.scaled_by_all),
        "choosing": spec(train.chosen_by_all),
        "copies": spec(train.copied),
        "encoding": spec(train.encoded_by_all),
        "afterwards": spec(train.written_afterwards),
    }


def arm(scale: Scale, name: str, leak: Spec, *, rows: tuple[int, ...] | None = None, columns: int = 10) -> Arm:
    each = spec(
        train.flattered,
        leak=leak,
        error=evaluate.balanced_error,
        families=tuple(model(family) for family in FAMILIES),
        rows=rows or ROWS[scale],
        columns=columns,
        draws=DRAWS[scale],
    )
    return Arm(name, label=LABELS[name], each=each)


def flatters(name: str, on: Measure, by: float) -> Contrast:
    """The flattery of this leak above that of the honest analysis of the same rows."""
    text = Text("{leak}: at least {by:g} points more {measure}", "{leak}：{measure}至少多出 {by:g} 个百分点")
    told = text.format(leak=LABELS[name], by=by, measure=on.label)
    return Contrast({name: 1.0, "honest": -1.0}, on=on, by=by, text=told)


def design(scale: Scale) -> Design:
    measures = (evaluate.flattery, evaluate.flattery_of_nothing, evaluate.reported_error, evaluate.fresh_error)
    mechanism = (evaluate.flattery_by_rows, evaluate.flattery_by_family)
    tables = TABLES[:1] if scale == "smoke" else TABLES
    return Design(
        trial=spec(
            train.across, data=tuple(spec(data.rare, name=name) for name in tables), measures=(*measures, *mechanism)
        ),
        arms=[arm(scale, name, leak) for name, leak in leaks().items()],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Equivalent("scaling", to="honest", on=evaluate.flattery, within=1.0),
            flatters("choosing", evaluate.flattery_of_nothing, by=5.0),
            flatters("copies", evaluate.flattery, by=5.0),
        ),
    )


def out_of_nothing(scale: Scale, *, rows: int, columns: int) -> Design:
    """So many rows of the voices, and so many columns kept: chosen with all rows they are claimed to flatter by 12."""
    whole = design(scale)
    arms = [arm(scale, name, leaks()[name], rows=(rows,), columns=columns) for name in ("honest", "choosing")]
    return replace(
        whole,
        trial=whole.trial.with_settings(data=(spec(data.rare, name="speech"),)),
        arms=arms,
        verdict=flatters("choosing", evaluate.flattery_of_nothing, by=12.0),
    )


def names_shared(scale: Scale, *, each: int) -> Design:
    """A name stands for so many rows: its mean answer over all of them is claimed to flatter by 3 points at most."""
    arms = [arm(scale, "honest", spec(train.honest)), arm(scale, "encoding", spec(train.encoded_by_all, each=each))]
    tie = Equivalent("encoding", to="honest", on=evaluate.flattery_of_nothing, within=3.0)
    return replace(design(scale), arms=arms, verdict=tie)


study = Study(
    slug="data-leak",
    chapter="own",
    after=("bias-variance",),
    question=Text("How much does a leak flatter?", "数据泄漏会把结果美化多少？"),
    claim=Text(
        en="Scaling the columns with all rows flatters by less than 1 point; choosing them with all rows makes at "
        "least 5 points out of nothing, and so do copies on both sides of the division on real answers.",
        zh="用全部行缩放各列，美化不到 1 个百分点；用全部行挑选各列，能无中生有地美化至少 5 个百分点；划分两边有副本，"
        "在真实答案上也美化至少 5 个百分点。",
    ),
    source="Ambroise and McLachlan 2002, PNAS 99, 6562-6566; Kaufman, Rosset, Perlich and Stitelman 2012, ACM TKDD 6(4), 15",
    explanation=Explanation(
        idea=Text(
            en="To know how often a model will err, one hides some rows from it, the test rows, and counts its errors "
            "there. The count is honest only if nothing of the test rows reached the model. A leak is any path by "
            "which it did. Some paths are easy to overlook: the columns were shifted and scaled with the mean of "
            "all rows; the ten best of 700 columns were picked by looking at all answers; the same customer "
            "stands in the table twice, once on each side; each shop was replaced by the mean sales of all its "
            "rows; a column was filled in after the answer was known.\n\n"
            "In all these cases the reported error is too low, and nobody notices until new rows come. Then it is "
            "as high as it always was. So the question is not only whether something leaks, but how much: some "
            "leaks are harmless, others invent knowledge where there is none.",
            zh="想知道模型多久错一次，就要把一些行藏起来不让它看，即测试行，再数它在那里的错误。只有测试行的任何东西都"
            "没有传到模型那里，这个数才诚实。泄漏就是传过去的任何一条路。有些路很容易忽视：用全部行的平均值平移和"
            "缩放各列；看着全部答案从 700 列里挑出最好的十列；同一个客户在表里出现两次，划分两边各一次；每家店换成"
            "它所有行的平均销量；有一列是答案已知之后才填的。\n\n"
            "在这些情形里，报告的错误率都太低，而且直到新的行到来才有人发觉，那时错误率还是它本来的样子。所以要问"
            "的不只是有没有泄漏，还要问泄漏了多少：有的无害，有的能在一无所知之处捏造出知识。",
        ),
        formula=Text(
            en="flattery = error on fresh rows - error reported\nF = (variance between the classes' means) / "
            "(variance within the classes)\n\n"
            "Both errors are of the same fitted model. Each is the error of each class, averaged over the "
            "classes, so that guessing has 50 %. Fresh rows: rows of the same table that nobody has touched. F: "
            "how far a column by itself tells the classes apart; the ten columns with the largest F are kept. Of "
            "700 columns of pure chance some have a large F on any given rows; if the test rows had their say in "
            "F, it is large on them, too.",
            zh="美化的幅度 = 在全新行上的错误率 - 报告的错误率\nF =（各类均值之间的方差）/（各类内部的方差）\n\n"
            "两个错误率属于同一个拟合好的模型。每个都是先求各类的错误率再平均，所以瞎猜是 50%。全新行：同一张表里"
            "谁也没有碰过的行。F：单凭一列能把两类分得多开；F 最大的十列留下。700 列纯属偶然的数，在任何给定的行上"
            "总有几列 F 很大；如果测试行参与了 F 的计算，它在测试行上也就大。",
        ),
        experiment=Text(
            en="Four real tables with two classes and many columns: voices with and without Parkinson's disease (751 "
            "columns), proteins of impaired patients (135), substances that injure the liver (376), cells that a "
            "program outlined well (56). Eighty rows are the analyst's own, the rest are fresh. He divides his "
            "rows at random, 30 % for testing, keeps the ten columns with the largest F, scales them, and fits "
            "logistic regression, the vote of the 3 nearest rows and a decision tree. Six analysts do the same on "
            "the same rows. One is honest: F and scale come from the rows to learn from. One scales with all his "
            "rows. One chooses the columns with all his rows. One has 30 % of the rows entered twice before he "
            "divides them. One adds a column of names drawn by lot (four rows each, knowing nothing), each "
            "replaced by the mean answer of all his rows of that name. One has a column that was written "
            "afterwards and is the answer in nine rows of ten; fresh rows do not have it yet. Everything is done "
            "a second time with the answers of the whole table dealt out at random: then there is nothing to "
            "learn, and 50 % is the truth.",
            zh="四张两类、多列的真实表：有无帕金森病的嗓音（751 列）、认知受损病人的蛋白质（135 列）、伤肝的物质（376 "
            "列）、由程序勾画良好的细胞（56 列）。其中 80 行归分析者所有，其余是全新的。他把自己的行随机划分，30% "
            "用于测试，留下 F 最大的十列，缩放，再拟合逻辑回归、最近 3 行投票和一棵决策树。六位分析者在同样的行上"
            "做同样的事。一位诚实：F 和缩放都只来自学习用的行。一位用自己的全部行缩放。一位用自己的全部行挑列。一"
            "位有 30% 的行在划分之前被录入了两次。一位加了一列抽签得来的名称（每个名称四行，毫无意义），再把名称换"
            "成他所有同名行的平均答案。一位有一列是事后填写的，十行里有九行就是答案；全新行还没有这一列。所有这些"
            "又在答案随机分发的表上再做一遍：那时无可学，真相就是 50%。",
        ),
        meaning=Text(
            en="Leaks differ by orders of magnitude, and not as their reputation has it. Scaling with all rows is "
            "told to every beginner as a sin; here it flatters by less than 0.1 points more than the honest analysis, which "
            "is nothing: a mean and a deviation say next to nothing about any one answer. Choosing columns with "
            "all rows looks just as innocent and makes 7 points out of nothing, and still 4 on the real answers "
            "(medians). The difference is that F has seen the answers of the test rows, and that 700 columns give "
            "it much to choose from.\n\n"
            "Copies flatter by 8 points. The curve by family shows the path: a tree grown until every row is "
            "right knows its rows by heart, so copies give it 16 points, twice what they give the others. The "
            "encoded names, which know nothing, give 5 points, since in every mean one answer in four is the "
            "row's own. The column written afterwards makes a splendid report, 24 % errors instead of 38, and the "
            "worst model of all: 42 % on fresh rows, because it has learned to lean on what will not be there.\n\n"
            "The curve by rows says what helps. More rows shrink the flattery of chosen columns, since chance "
            "fits many rows less well. They do not shrink that of names, as long as each name keeps four rows, "
            "nor that of a column written afterwards. The way out is the same for all: whatever is learned from "
            "the data, a mean, a choice, a code, is learned anew from the rows to learn from. What this does not "
            "say: larger tables, other shares of copies and other classifiers give other figures, and 80 rows are "
            "few.",
            zh="泄漏之间相差好几个数量级，而且与它们的名声并不相符。“用全部行缩放”是每个初学者都被告诫过的罪过；在这里，"
            "它只比诚实的做法多美化不到 0.1 个百分点，等于没有：平均值和标准差几乎不透露任何一个答案。用全部行挑列看上"
            "去同样无辜，却能无中生有 7 个百分点，在真实答案上也还有 4 个（中位数）。区别在于：F 看过测试行的答案，"
            "而且有几百列可供它挑选。\n\n"
            "副本美化 8 个百分点。按家族画的曲线指出了路径：一棵长到每行都对的树把自己的行背了下来，所以副本给它"
            " 16 个百分点，是给其他家族的两倍。毫无意义的名称编码后给出 5 个百分点，因为每个平均值里有四分之一是这"
            "一行自己的答案。事后填写的列使报告光彩照人，错误率 24%（本应是 38%），模型却是最差的：在全新行上错 "
            "42%，因为它学会了依靠将来不会有的东西。\n\n"
            "按行数画的曲线说明什么有帮助。行数变多，挑列的美化变小，因为偶然更难迎合许多行。但只要每个名称仍是四"
            "行，名称的美化就不会变小，事后填写的列也不会。出路对所有泄漏都一样：凡是从数据里学来的东西，平均值也"
            "好，挑选也好，编码也好，都只用学习用的行重新学。这没有说明的是：表更大、副本比例不同、分类器不同，数"
            "字就不同；80 行是很少的。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Make 12 points out of nothing: on the voices with answers dealt at random, choose how many rows "
                "you own and how many columns you keep, so that choosing with all rows flatters by at least 15 "
                "points.",
                zh="无中生有 12 个百分点：在答案随机分发的嗓音表上，选你有多少行、留多少列，使用全部行挑列美化至少 15 "
                "个百分点。",
            ),
            design=out_of_nothing,
            among={"rows": (30, 160), "columns": (2, 50)},
            solution={"rows": 30, "columns": 10},
        ),
        Exercise(
            task=Text(
                en="How many rows must share a name before its mean answer over all rows leaks little: at most 3 "
                "points more or less than the honest analysis, where there is nothing to learn?",
                zh="一个名称要有多少行共用，它在全部行上的平均答案才泄漏很少，即在无可学时与诚实的做法相差不超过 3 个"
                "百分点？",
            ),
            design=names_shared,
            among={"each": (2, 40)},
            solution={"each": 40},
        ),
    ),
    published=Text(
        en="Ambroise and McLachlan take two sets of tissues with thousands of genes, on which others had reported no "
        "errors at all with a few chosen genes: once the choice is made inside every division, the error is no "
        "longer zero. Hastie, Tibshirani and Friedman (The Elements of Statistical Learning, section 7.10.2) "
        "choose 100 of 5,000 columns of pure chance with all 50 rows: the nearest neighbour then reports 3 % "
        "errors where 50 are true; a test rebuilds this with our pieces. Our 7 points are fewer because our "
        "tables have 56 to 751 columns, many of them alike, and 80 rows.",
        zh="Ambroise 与 McLachlan 用的是两组有上千个基因的组织样本，别人用挑出的几个基因报告过零错误；把挑选放进每一次"
        "划分之内，错误率就不再是零。Hastie、Tibshirani 与 Friedman（The Elements of Statistical Learning，7.10.2 "
        "节）用全部 50 行从 5,000 列纯属偶然的数里挑 100 列：最近邻报告 3% 的错误率，而真相是 50%；有一个测试用我"
        "们的部件重做了它。我们的 7 个百分点较小，因为我们的表只有 56 到 751 列，其中许多彼此相像，而且有 80 行。",
    ),
    next=(
        Text(
            "Fill gaps and cut off outliers with all rows: are they as harmless as scaling?",
            "用全部行填补缺失、截去离群值：它们也像缩放一样无害吗？",
        ),
        Text(
            "Choose the settings of the model on the test rows, among 4, 40 and 400: from when on does that flatter "
            "as much as choosing columns?",
            "在测试行上从 4、40、400 种设置中挑选：从多少种起，美化得和挑列一样厉害？",
        ),
        Text(
            "Divide rows so that all rows of one person stay on one side: how much of the error of your own table was "
            "flattery?",
            "划分时让同一个人的所有行留在同一边：你自己的表上，错误率有多少是美化出来的？",
        ),
    ),
    design=design,
)
