"""Are probabilities honest?"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Equivalent, Exercise, Explanation, Reaches, Scale, Study

if TYPE_CHECKING:
    import numpy as np

TABLES = ("spam", "credit", "cells", "churn")
SEEDS = {"smoke": 2, "quick": 12, "full": 21}
STEPS = {"smoke": 20, "quick": 1_000, "full": 5_000}


def answered(seeds: Seeds, *, data: Spec, model: Spec, mend: Spec) -> dict[str, Any]:
    """What one classifier said of the test rows of one table, and whether it was right."""
    from zhixing.data import split

    known, judged = train.divided(data, seeds)
    known, validation = split(known, 0.3, seeds.numpy("validation"))
    estimator = model.build(generator=seeds.numpy("model")).fit(known.inputs, known.targets)
    temperature = mend.build(estimator.predict_proba(validation.inputs), validation.targets)
    probabilities = evaluate.tempered(estimator.predict_proba(judged.inputs), temperature)
    said, right = evaluate.confidences(probabilities, judged.targets)
    return {
        "said": said.tolist(),
        "right": right.tolist(),
        "calibration_error": evaluate.expected_error(said, right),
        "error_by_chance": evaluate.error_by_chance(said, seeds.numpy("chance")),
    }


def as_said(probabilities: "np.ndarray", targets: "np.ndarray") -> float:
    """Temperature 1, whatever the validation rows show."""
    return 1.0


def family(name: str, *, steps: int) -> tuple[Text, Spec]:
    """A family by its name, with the label of its arm."""
    if name == "network":
        recipe = spec(train.Recipe, optimiser=spec(train.adamw, lr=1e-3), steps=steps, batch=64)
        model = spec(train.network_classifier, model=spec(models.MLP, widths=(128, 128)), recipe=recipe)
        return Text("neural network", "神经网络"), model
    return {
        "logistic": (Text("logistic regression", "逻辑回归"), spec(models.logistic)),
        "naive Bayes": (Text("naive Bayes", "朴素贝叶斯"), spec(models.naive_bayes)),
        "neighbours": (Text("15 neighbours", "15 近邻"), spec(models.nearest_neighbours, neighbours=15)),
        "forest": (Text("forest of trees", "随机森林"), spec(models.forest, trees=50)),
        "boosting": (Text("boosted trees", "提升树"), spec(models.boosting, rounds=100)),
    }[name]


def arms(name: str, *, steps: int) -> list[Arm]:
    """A family as it speaks, and the same with a temperature from the validation rows."""
    label, model = family(name, steps=steps)
    mended = Text("{label}, tempered", "{label}（调温）").format(label=label)
    return [
        Arm(name, label=label, each=spec(answered, model=model, mend=spec(as_said))),
        Arm(f"{name}, tempered", label=mended, each=spec(answered, model=model, mend=spec(evaluate.best_temperature))),
    ]


def design(scale: Scale) -> Design:
    measures = (
        evaluate.calibration_error,
        evaluate.calibration_error_by_chance,
        evaluate.overconfidence,
        evaluate.wrong_answers,
    )
    mechanism = (evaluate.honesty_by_confidence,)
    tables = TABLES[:1] if scale == "smoke" else TABLES
    steps = STEPS[scale]
    others = ("logistic", "naive Bayes", "neighbours", "forest", "boosting")
    return Design(
        trial=spec(
            train.across, data=tuple(spec(data.rare, name=name) for name in tables), measures=(*measures, *mechanism)
        ),
        arms=[*arms("network", steps=steps), *(arms(name, steps=steps)[0] for name in others)],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Better("logistic", than="network", on=evaluate.calibration_error, by=3.0),
            Better("network, tempered", than="network", on=evaluate.calibration_error, by=3.0),
            Equivalent("network, tempered", to="logistic", on=evaluate.calibration_error, within=1.5),
        ),
    )


def trained_for(scale: Scale, *, steps: int) -> Design:
    """The network trained for the learner's number of steps, claimed to be honest and good without a temperature."""
    return replace(
        design(scale),
        arms=arms("network", steps=steps)[:1],
        verdict=All(
            Reaches("network", on=evaluate.calibration_error, value=4.5),
            Reaches("network", on=evaluate.wrong_answers, value=17.0),
        ),
    )


def mended(scale: Scale, *, family: str) -> Design:
    """The learner's family, claimed to be mended by one temperature."""
    return replace(
        design(scale),
        arms=arms(family, steps=STEPS[scale]),
        verdict=All(
            Better(f"{family}, tempered", than=family, on=evaluate.calibration_error, by=2.0),
            Reaches(f"{family}, tempered", on=evaluate.calibration_error, value=4.0),
        ),
    )


study = Study(
    slug="calibration",
    chapter="measuring",
    question=Text("Are probabilities honest?", "模型给出的概率可信吗？"),
    claim=Text(
        en="A neural network boasts: its probabilities are further from the truth than those of logistic regression; "
        "one number, the temperature, makes them as honest.",
        zh="神经网络爱夸口：它的概率比逻辑回归的更偏离事实；只用一个数，即温度，就能让它同样可信。",
    ),
    source="Guo, Pleiss, Sun and Weinberger 2017, arXiv:1706.04599; Niculescu-Mizil and Caruana 2005, ICML",
    explanation=Explanation(
        idea=Text(
            en="A classifier is a program that sorts cases into classes. It says: this loan will go bad, with 90 %. "
            "Is that true? For a single loan nobody can tell. But collect all answers given with about 90 %: if nine "
            "of ten are right, the probabilities are honest, or calibrated, as one says. If only seven are right, the "
            "classifier is overconfident. A classifier may be right often and dishonest all the same, and whoever "
            "weighs risks by its probabilities is misled.\n\n"
            "A network makes its probabilities from scores, one for each class: the larger the difference, the surer "
            "it sounds. Trained for long, it goes on stretching the scores, since it gets most of the rows (cases) "
            "that it learned from right, and there being surer pays. The cure is simple: divide all scores by one "
            "number, the temperature. Above 1 it makes every answer more cautious and changes none of them. Which "
            "number? The one that fits best on rows that the network has not learned from.",
            zh="分类器是把事例分到各个类别的程序。它说：这笔贷款会坏，概率 90%。是真的吗？单看一笔贷款，谁也说不准。但"
            "把所有约 90% 的回答收集起来：如果十个中对了九个，概率就是可信的，也叫校准良好；如果只对了七个，分类器就过"
            "于自信了。一个分类器可以经常答对，却依然不可信；谁按它的概率来权衡风险，谁就会被误导。\n\n"
            "网络的概率来自分数，每一类一个：差得越多，口气越肯定。训练久了，它会不断把分数拉大，因为学过的行（一行是"
            "一个事例）它大多答对，在那里越肯定就越划算。补救的办法很简单：把所有分数除以同一个数，即温度。温度大于 "
            "1，每个回答都变得谨慎，而答案一个也不变。取多少呢？取在网络没有学过的行上最合适的那个。",
        ),
        formula=Text(
            en="p_k = exp(z_k / T) / sum over j of exp(z_j / T)\nerror = sum over bins of (n_b / n) |right_b - "
            "said_b|\n\n"
            "z_k: the score of class k. T: the temperature, 1 as trained. p_k: the probability of class k. j: every "
            "class in turn. exp: powers of e = 2.718. The answers are sorted by the probability that they were given "
            "with into 15 bins, equal parts of the way from 0 to 1; n_b: how many are in bin b, n: all. right_b: the "
            "share of them that are right. said_b: their mean probability. | |: the distance, without the sign.",
            zh="p_k = exp(z_k / T) / Σ_j exp(z_j / T)\n误差 = Σ_b (n_b / n) |right_b - said_b|\n\n"
            "Σ：求和。z_k：第 k 类的分数。T：温度，训练时为 1。p_k：第 k 类的概率。j：依次取每一类。exp：e = 2.718 的"
            "幂。把 0 到 1 等分成 15 个区间，回答按所说的概率分进去；n_b：第 b 个区间的个数，n：总数。right_b：其中答"
            "对的比例。said_b：其中概率的平均。| |：距离，不计正负。",
        ),
        experiment=Text(
            en="Four real tables of two classes: unwanted mail, loans, cells, customers who leave. Of each, 30 rows "
            "in a hundred judge; of the rest, 30 in a hundred are kept back for the temperature, and all families "
            "learn from what is left, also those that need no temperature. The network has two layers of 128 units "
            "(weighted sums, cut off at 0) and takes 1,000 steps of 64 rows with Adam, a form of gradient descent: "
            "that is 26 to 65 times through its training rows. Five other families stand beside it: logistic "
            "regression adds up the columns with weights; naive Bayes multiplies the evidence of the columns as if "
            "they knew nothing of each other; the 15 training rows most alike vote; a forest averages 50 decision "
            "trees, chains of yes-or-no questions; boosted trees are 100 small ones, each mending what the sum so far "
            "gets wrong. The calibration error is averaged over the tables. Beside it stands the error that chance "
            "alone gives: somebody perfectly honest, on so few rows, would show that much.",
            zh="四张两类的真实表格：垃圾邮件、贷款、细胞、客户流失。每张表留 30% 的行用于评判；其余的行中再留 30% 用来"
            "定温度，各类模型都只用剩下的学习，不需要温度的也一样。网络有两层、各 128 个单元（加权求和，负的取 0），"
            "用 Adam（梯度下降的一种）走 1,000 步，每步 64 行，相当于把训练行看了 26 到 65 遍。旁边还有五类模型：逻辑"
            "回归把各列加权求和；朴素贝叶斯把各列当作互不相干，将证据连乘；近邻法由最相像的 15 个训练行投票；随机森林"
            "对 50 棵决策树（一连串是非题）取平均；提升树由 100 棵小树相加，每一棵修补前面之和的错误。校准误差对各表取"
            "平均。旁边列出纯属偶然的误差：在这么少的行上，就算百分之百可信，也会显出这么多。",
        ),
        meaning=Text(
            en="Look at the picture of bins. On the line at 0 confidence and truth agree. The network lies below it "
            "where it is sure, and that is where most of its answers are; with the temperature it comes up to the "
            "line. Its answers, and so the share of wrong ones, are the same as before. In the median of 24 seeds its "
            "calibration error falls from 7.8 to 3.0 %; that of logistic regression is 3.8 %, and chance alone gives "
            "about 2.3 %.\n\n"
            "The other families are a lesson of their own. Naive Bayes boasts most, since it counts columns that say "
            "the same thing as if they were independent witnesses. Boosted trees boast like the network, and for the "
            "same reason: both go on lowering the loss of rows they know (the loss is what training makes small: it "
            "is large where little probability was given to the true class). The forest errs the other way in the "
            "middle, because an average of many trees seldom comes near 0 or 1. One number can stretch or shrink; a "
            "curve bent in other ways it cannot mend, as an exercise shows. And honest is not yet useful: whoever "
            "always says the share of the class is honest, and tells nothing.",
            zh="看分区间的图。在 0 那条线上，信心与事实相符。网络在很有把握的地方落在线下，而它的多数回答正在那里；调"
            "温之后，就回到线上。它的答案没有变，错误率也就没有变。24 个种子的中位数：它的校准误差从 7.8% 降到 3.0%；"
            "逻辑回归是 3.8%，纯属偶然的约有 2.3%。\n\n"
            "其他模型也各有教益。朴素贝叶斯夸口最厉害，因为它把说同一件事的各列当成互不相干的证人。提升树与网络一样爱"
            "夸口，原因也一样：二者都在不断降低已知行上的损失（训练就是要减小损失；给真实类别的概率越小，损失越大）。"
            "随机森林在中段偏向另一边，因为许多棵树的平均很少接近 0 或 1。一个数只能拉伸或压缩，弯成别的形状的曲线它修"
            "不好，见练习。此外，可信还不等于有用：总是报出类别比例的人是可信的，却什么也没说。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Let the network be honest without a temperature: choose a number of steps with a calibration "
                "error of at most 4.5 % and at most 17 % wrong answers.",
                zh="不用温度，也让网络可信：选一个训练步数，使校准误差不超过 4.5%，答错的不超过 17%。",
            ),
            design=trained_for,
            among={"steps": (1, 3000)},
            solution={"steps": 150},
        ),
        Exercise(
            task=Text(
                en="Which other family does one temperature mend? Its calibration error must fall by at least 2 "
                "points, and to 4 % or less.",
                zh="一个温度还能修好哪一类模型？校准误差至少要下降 2 个百分点，并降到 4% 或以下。",
            ),
            design=mended,
            among={"family": ("logistic", "naive Bayes", "neighbours", "forest", "boosting")},
            solution={"family": "boosting"},
        ),
    ),
    published=Text(
        en="Guo et al. report 16.53 % for a residual network (one with shortcuts past its layers) of 110 layers on "
        "CIFAR-100, small photographs of 100 classes, and 1.26 % with a temperature (Table 1). Ours begins lower, "
        "because with two classes and small tables there is less room for boasting, and ends higher: they measure on "
        "10,000 rows, where chance alone gives little, we on 606 to 1,500, where it gives most of what is left (the "
        "second measure shows it).",
        zh="Guo 等人报告：在 CIFAR-100（一百类小照片）上，110 层的残差网络（带有跨层捷径）误差为 16.53%，加上温度后为 "
        "1.26%（表 1）。我们的起点较低，因为只有两类，表也小，夸口的余地不大；终点较高，因为他们在 10,000 行上测量，偶"
        "然的误差很小，而我们只有 606 到 1,500 行，剩下的误差大半出于偶然（见第二个指标）。",
    ),
    next=(
        Text(
            "Fit the temperature on the training rows instead: what does it become, and why?",
            "改用训练行来定温度：它会变成多少？为什么？",
        ),
        Text(
            "Average the probabilities of five networks: are they honest without a temperature?",
            "把五个网络的概率取平均：不用温度也可信吗？",
        ),
    ),
    design=design,
)
