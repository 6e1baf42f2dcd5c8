"""Does a neural model beat tuned matrix factorisation?"""

from dataclasses import replace

from zhixing import data, evaluate, models, train
from zhixing.core import Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Equivalent, Exercise, Explanation, Scale, Study, Tuning, tune
from zhixing.study.rules import Rule

SEEDS = {"smoke": 2, "quick": 12, "full": 24}
USERS = {"smoke": 40, "quick": None, "full": None}
TURNS = {"smoke": 2, "quick": 12, "full": 30}
STEPS = {"smoke": 20, "quick": 700, "full": 1_400}
TRIALS = {"smoke": 1, "quick": 1, "full": 3}
LABELS = {
    "biases": Text("biases alone", "仅有偏置"),
    "factors": Text("matrix factorisation", "矩阵分解"),
    "network": Text("network alone", "单用网络"),
    "both": Text("product and network (NeuMF)", "内积加网络（NeuMF）"),
}
SIZES = {
    "network": {"factors": 0, "embedding": 8, "widths": (32,)},
    "both": {"factors": 32, "embedding": 8, "widths": (32, 16)},
}
"""The best of twenty to thirty that were tried at random beforehand, for each."""


def among(scale: Scale, *values: float) -> Spec:
    """To be tuned among the values; at the smallest scale among one or two of them."""
    return tune(*(values[1:3] if scale == "smoke" else values))


def factorised(scale: Scale, penalty: float | Spec, count: int | Spec) -> Arm:
    """Matrix factorisation with `count` factors."""
    model = spec(models.factorisation, penalty=penalty, factors=count, turns=TURNS[scale])
    return Arm("factors", label=LABELS["factors"], model=model)


def neural(scale: Scale, kind: str, rate: float | Spec, decay: float | Spec) -> Arm:
    """A neural model of the sizes of `kind`."""
    recipe = spec(
        train.Recipe,
        optimiser=spec(train.adamw, lr=rate, weight_decay=decay),
        schedule=spec(train.cosine, warm_up=0.1),
        steps=STEPS[scale],
        batch=512,
    )
    model = spec(models.NeuralFactorisation, dropout=0.2, **SIZES[kind])
    return Arm(kind, label=LABELS[kind], model=spec(train.rating_network, model=model, recipe=recipe))


def biased(users: float | Spec, items: float | Spec) -> Arm:
    """Biases alone, with these penalties."""
    return Arm("biases", label=LABELS["biases"], model=spec(models.rating_biases, users=users, items=items))


def design(scale: Scale) -> Design:
    error = evaluate.rating_error
    return Design(
        trial=spec(
            train.rated,
            data=spec(data.movielens, users=USERS[scale]),
            measures=(error, evaluate.error_by_ratings_of_item),
        ),
        arms=[
            biased(among(scale, 1.0, 2.0, 4.0, 8.0), among(scale, 1.5, 3.0)),
            factorised(scale, among(scale, 7.0, 10.0, 13.0, 17.0), among(scale, 10, 25)),
            neural(scale, "network", among(scale, 0.002, 0.005, 0.013, 0.03), among(scale, 1.5, 2.0)),
            neural(scale, "both", among(scale, 0.004, 0.008, 0.016, 0.032), among(scale, 1.0, 1.5)),
        ],
        seeds=SEEDS[scale],
        measures=[error],
        mechanism=[evaluate.error_by_ratings_of_item],
        tuning=Tuning(on=error, settings={"held_out": "validation"}, seeds=TRIALS[scale]),
        verdict=All(
            Better("factors", than="network", on=error, by=0.005),
            Equivalent("both", to="factors", on=error, within=0.005),
        ),
    )


def untuned(scale: Scale, *, penalty: float, factors: int) -> Design:
    """The learner's factorisation; biases alone are claimed to err less by 0.01 stars or more."""
    ahead = Better("biases", than="factors", on=evaluate.rating_error, by=0.01)
    return against_biases(scale, factorised(scale, penalty, factors), ahead)


def mended(scale: Scale, *, rate: float, decay: float) -> Design:
    """The learner's product and network; they are claimed to err less than biases alone by 0.005 stars or more."""
    ahead = Better("both", than="biases", on=evaluate.rating_error, by=0.005)
    return against_biases(scale, neural(scale, "both", rate, decay), ahead)


def against_biases(scale: Scale, chosen: Arm, verdict: Rule) -> Design:
    """One arm against biases with penalties that suit these ratings; nothing is tuned."""
    return replace(design(scale), arms=[biased(4.0, 2.0), chosen], verdict=verdict, tuning=None)


study = Study(
    slug="recommender-baselines",
    chapter="own",
    after=("model-families",),
    question=Text("Does a neural model beat tuned matrix factorisation?", "神经模型能胜过调好的矩阵分解吗？"),
    claim=Text(
        en="When all get equally many tuning trials, matrix factorisation foretells ratings better than a network alone, "
        "by at least 0.005 stars, and differs from product and network together (NeuMF) by no more than that.",
        zh="各得同样多次调优试验时，矩阵分解预测评分比单用网络好，至少相差 0.005 星；与内积加网络（NeuMF）的差别则不超"
        "过 0.005 星。",
    ),
    source="He et al. 2017, arXiv:1708.05031; Rendle, Krichene, Zhang and Anderson 2020, arXiv:2005.09683; Ferrari Dacrema, "
    "Cremonesi and Jannach 2019, arXiv:1907.06902",
    explanation=Explanation(
        idea=Text(
            en="A web site knows what some people thought of some films, and wants to foretell the rest. The plainest "
            "answer adds two numbers to the mean: how kindly this user rates in general, and how well this film is "
            "liked in general. These are called biases. Matrix factorisation adds taste: every user and every film "
            "gets a short row of numbers (factors). You may think of them as the amount of action, of romance, of "
            "jokes, though nobody names them: they are learned from the ratings. Multiplied place by place and summed "
            "up, which is called the inner product, they say how well the two suit each other.\n\n"
            "In 2017 a neural network was put in the place of this product. It reads both rows and can learn nearly "
            "any function of them, the product among others; it was reported to do better. Later authors gave the old "
            "methods the same care in tuning (choosing the settings that are not learned, such as how strongly "
            "numbers are held small) as the new ones got, and the order turned round. So the question is about tuning "
            "as much as about models, and here all of them get equally many trials.",
            zh="一个网站知道一些人对一些电影的看法，想预测其余的。最朴素的答案是在总平均上加两个数：这位用户打分一般"
            "偏宽还是偏严，这部电影一般受不受欢迎。这两个数叫偏置。矩阵分解再加上口味：每位用户、每部电影各有一小排数"
            "（因子），不妨想成动作、爱情、笑料各占多少，但没有人给它们命名，它们是从评分里学来的。两排数逐位相乘再相"
            "加，叫做内积，它说明二者有多合得来。\n\n"
            "2017 年有人用神经网络取代了这个内积。网络读入两排数，几乎能学会它们的任何函数，内积也在其中；报告说效果"
            "更好。后来的作者让旧方法得到与新方法同样用心的调优（即选定那些不靠学习得来的设置，例如把数压得多小），次"
            "序便倒了过来。所以，这个问题问的既是模型，也是调优；这里让各个模型得到同样多次的试验。",
        ),
        formula=Text(
            en="r = m + b + c + p1 q1 + ... + pk qk    (matrix factorisation)\n"
            "r = m + b + c + f(p, q)    (network alone)\n\n"
            "r: the rating that is foretold. m: the mean of all known ratings. b, c: the biases of the user and of "
            "the film. p, q: their k factors. f: a network. Product and network together add both, each with factors "
            "of its own. Matrix factorisation makes the sum of squared errors as small as it can, plus a penalty "
            "times the squares of all factors, so that numbers for which few ratings speak stay near 0.",
            zh="r = m + b + c + p1 q1 + ... + pk qk    （矩阵分解）\n"
            "r = m + b + c + f(p, q)    （单用网络）\n\n"
            "r：预测的评分。m：全部已知评分的平均。b、c：用户与电影的偏置。p、q：二者各自的 k 个因子。f：网络。“内积"
            "加网络”把两者都加上，各用各的因子。矩阵分解要让误差平方和尽可能小，另加“惩罚 × 所有因子的平方和”，于是没"
            "有多少评分支持的数会留在 0 附近。",
        ),
        experiment=Text(
            en="100,004 ratings from half a star to five, which 671 users of MovieLens gave to 9,066 films. For every "
            "seed four fifths of them teach and one fifth judges, the same for all models. Beforehand each model "
            "tries eight settings on divisions that no verdict sees: biases their two penalties, factorisation its "
            "penalty and the number of factors, the networks the learning rate and the weight decay (how fast numbers "
            "shrink that nothing holds up). Factorisation is solved by turns: once the films' factors are taken as "
            "known, each user's follow from a small system of equations, and the other way round. The networks take "
            "700 steps of AdamW (a kind of gradient descent) with 512 ratings each, while a fifth of their hidden "
            "units rests at random; their sizes are the best of twenty to thirty that we had tried at random, on "
            "other divisions. The error is the root of the mean squared error, in stars. As the smallest difference "
            "that matters we took 0.005 stars, about a third of what factorisation gains over biases. Beside it "
            "stands the error of films with 0, 1 to 2, 3 to 7, 8 to 20, 21 to 54, and 55 or more known ratings.",
            zh="数据是 MovieLens 的 671 位用户给 9,066 部电影打的 100,004 个评分，从半星到五星。每个种子用其中五分之"
            "四来学习，五分之一来评判，各模型完全相同。在此之前，每个模型在结论看不到的划分上试八种设置：偏置试两个惩"
            "罚，矩阵分解试惩罚和因子数，两种网络试学习率和权重衰减（没有依据的数缩小得多快）。矩阵分解轮流求解：把电"
            "影的因子当作已知，每位用户的因子便由一个小方程组得出，反过来也一样。网络用 AdamW（一种梯度下降）走 700 "
            "步，每步 512 个评分，其间随机让五分之一的隐藏单元休息；网络的大小是我们事先在别的划分上随机试过的二三十"
            "种中最好的。误差取均方根，单位是星。最小的有意义的差别定为 0.005 星，约为矩阵分解相对偏置所得的三分之一。"
            "另外画出已有 0、1–2、3–7、8–20、21–54 和 55 个以上评分的电影各自的误差。",
        ),
        meaning=Text(
            en="In the band (medians of 24 seeds) biases alone are off by 0.885 stars, the network alone by 0.882, "
            "product and network by 0.870, matrix factorisation by 0.869. So what was said to be better is not: the "
            "network that replaces the product gains a fifth of what the product gains, and the network beside the "
            "product adds nothing. That a network can learn nearly any function does not mean that it finds the right "
            "one from these examples, while the product, which has nothing to find, is already a good guess at how "
            "taste works. The curve shows where: for films with at most two known ratings all are about equally off "
            "(0.97 to 1.05), since hardly more than the mean is known of them; for films with 55 or more, the product "
            "has 0.823, the network alone 0.845.\n\n"
            "Tuning is the other half. With too small a penalty factorisation is worse than biases alone (the first "
            "exercise), and so are the neural models with a learning rate or a decay that does not suit them (the "
            "second). Whoever tunes one side only can have the winner of her choice. The experiment is about one "
            "small set of ratings and two neural models. It does not speak of networks that read the words, pictures "
            "or order in time of what was liked, which a product of factors cannot use at all, nor of lists of the "
            "best films, for which models of ratings are poor guides, whichever they are.",
            zh="在参考结果中（24 个种子的中位数），仅有偏置的误差是 0.885 星，单用网络 0.882，内积加网络 0.870，"
            "矩阵分解 0.869。可见所谓更好并不成立：取代内积的网络，改进只有内积的五分之一；加在内积旁边的网络什么也没"
            "有增添。网络几乎能学会任何函数，不等于它能从这些样本里找到对的那一个；而内积不用去找，本来就是对口味的一"
            "个好猜测。曲线说明差在哪里：至多有两个已知评分的电影，各模型的误差相近（0.97 到 1.05），因为除了平均，人"
            "们对它们一无所知；有 55 个以上评分的电影，内积是 0.823，单用网络是 0.845。\n\n"
            "另一半是调优。惩罚太小，矩阵分解还不如仅有偏置（见第一道练习）；学习率或衰减不合适，神经模型也一样（见第"
            "二道）。谁只调一边，想让谁赢就能让谁赢。这个实验只涉及一份不大的评分数据和两种神经模型。它没有谈到会读文"
            "字、图像或先后次序的网络，那些东西因子的内积根本用不上；也没有谈到推荐清单，评分模型不管哪一种，都不善于"
            "列清单。",
        ),
    ),
    design=design,
    exercises=(
        Exercise(
            task=Text(
                en="Spoil matrix factorisation: find a penalty and a number of factors with which it errs more than "
                "biases alone, by at least 0.01 stars.",
                zh="把矩阵分解弄坏：找一个惩罚和一个因子数，使它的误差比仅有偏置时大至少 0.01 星。",
            ),
            design=untuned,
            among={"penalty": (0.5, 30.0), "factors": (1, 50)},
            solution={"penalty": 3.0, "factors": 20},
        ),
        Exercise(
            task=Text(
                en="Product and network overfit easily: find a learning rate and a weight decay with which they err less "
                "than biases alone, by at least 0.005 stars.",
                zh="内积加网络很容易过拟合：找一个学习率和一个权重衰减，使它的误差比仅有偏置时小至少 0.005 星。",
            ),
            design=mended,
            among={"rate": (0.0003, 0.3), "decay": (0.003, 30.0)},
            solution={"rate": 0.016, "decay": 1.5},
        ),
    ),
    published=Text(
        en="No figure of the sources can be set beside ours: they judge lists of films by the share of hits, on the "
        "larger MovieLens set of a million ratings; we judge foretold stars. The order can. He et al. report NeuMF "
        "ahead of the network alone and of the product alone; Rendle et al. find the tuned product ahead of both. "
        "Here the product is far ahead of the network alone, as with Rendle, and no difference to NeuMF matters: ours "
        "has biases as well, and a decay that was tuned.",
        zh="这些文献的数字不能与我们的直接相比：它们在更大的、一百万个评分的 MovieLens 上按命中率评判电影清单，我们评"
        "判的是预测的星数。可以比的是次序。He 等人报告 NeuMF 领先于单用网络和单用内积；Rendle 等人发现调好的内积领先"
        "于两者。在这里，内积远远领先于单用网络，与 Rendle 一致；与 NeuMF 则没有大到要紧的差别：我们的 NeuMF 也有偏置，"
        "衰减也经过调优。",
    ),
    next=(
        Text(
            "Average many likely factorisations instead of taking the best one (models.bayesian_factorisation): how "
            "much is left to gain, and does it need any tuning?",
            "不取最好的一个分解，而把许多可能的分解平均（models.bayesian_factorisation）：还能改进多少？它还需要调优吗？",
        ),
        Text(
            "Judge lists of ten films instead of stars (benchmarks/recommender.py): which order do the models come in then?",
            "改为评判十部电影的清单，而不是星数（benchmarks/recommender.py）：这时模型的次序如何？",
        ),
        Text(
            "Compare the models on ratings of your own: zhixing compare FILE.",
            "在你自己的评分表上比较这些模型：zhixing compare 文件。",
        ),
    ),
)
