"""Which cure for vanishing and exploding gradients works, and which work together?"""

from dataclasses import replace
from itertools import product

from zhixing import data, evaluate, models, nn, train
from zhixing.core import Text, spec
from zhixing.study import All, Arm, Contrast, Design, Exercise, Explanation, Reaches, Scale, Study

LAYERS, WIDTH = 20, 32
STEPS = {"smoke": 2, "quick": 150, "full": 3_000}
SEEDS = {"smoke": 2, "quick": 12, "full": 20}

CURES = (
    Text("He's weights", "He 初始化"),
    Text("ReLU", "ReLU"),
    Text("normalisation", "归一化"),
    Text("shortcuts", "捷径"),
)
HE, RELU, NORMALISATION, SHORTCUT = range(4)
ARMS = list(product((False, True), repeat=4))
"""Every combination of the four cures, in their order."""


def name(he: bool, relu: bool, normalised: bool, shortcut: bool) -> str:
    parts = ["ReLU" if relu else "sigmoid", "He" * he, "norm" * normalised, "shortcut" * shortcut]
    return "+".join(part for part in parts if part)


def arm(he: bool, relu: bool, normalised: bool, shortcut: bool) -> Arm:
    from torch.nn import BatchNorm1d, ReLU, Sigmoid

    words = name(he, relu, normalised, shortcut)
    chinese = words.replace("norm", "归一化").replace("shortcut", "捷径")
    return Arm(
        words,
        label=Text(words.replace("+", " + "), chinese.replace("+", " + ")),
        model=spec(
            models.MLP,
            widths=(WIDTH,) * LAYERS,
            init=nn.he_normal if he else nn.fan_in_uniform,
            activation=ReLU if relu else Sigmoid,
            normalisation=BatchNorm1d if normalised else None,
            shortcut=nn.Shortcut if shortcut else None,
        ),
    )


def effect(text: Text, *cures: int, by: float, given: tuple[int, ...] = (), without: tuple[int, ...] = ()) -> Contrast:
    """What cures, by their places, take off the error, averaged over the arms that have all of `given` and none of
    `without`: of one cure its effect, of two what they take off together beyond what each takes off alone."""
    arms = [on for on in ARMS if all(on[g] for g in given) and not any(on[w] for w in without)]
    signs = {name(*on): -1.0 if sum(on[c] for c in cures) % 2 == len(cures) % 2 else 1.0 for on in arms}
    weight = 2 ** len(cures) / len(arms)
    return Contrast({arm: sign * weight for arm, sign in signs.items()}, evaluate.test_error, by, text)


def design(scale: Scale) -> Design:
    optimiser = spec(train.sgd, lr=0.01, momentum=0.9)
    recipe = spec(train.Recipe, optimiser=optimiser, steps=STEPS[scale])
    measures, mechanism = (evaluate.test_error,), (evaluate.gradient_norm_by_layer,)
    return Design(
        trial=spec(train.supervised, data=spec(data.digits28), recipe=recipe, measures=measures, mechanism=mechanism),
        arms=[arm(*cures) for cures in ARMS],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            effect(
                Text(
                    "normalisation takes at least 20 points off the error, averaged over everything else",
                    "对其余一切取平均，归一化使错误率至少降低 20 个百分点",
                ),
                NORMALISATION,
                by=20.0,
            ),
            effect(
                Text(
                    "without the other two, He's weights and ReLU take off at least 10 points more together than "
                    "singly",
                    "没有另外两种时，He 初始化与 ReLU 合用，比各自单用之和至少多降 10 个百分点",
                ),
                HE,
                RELU,
                by=10.0,
                without=(NORMALISATION, SHORTCUT),
            ),
            effect(
                Text(
                    "with ReLU, normalisation and shortcuts take off at least 10 points more together than singly",
                    "用 ReLU 时，归一化与捷径合用，比各自单用之和至少多降 10 个百分点",
                ),
                NORMALISATION,
                SHORTCUT,
                by=10.0,
                given=(RELU,),
            ),
        ),
    )


def one_cure(scale: Scale, *, cure: str) -> Design:
    """The learner's cure, claimed to take 30 points off the error, averaged over everything else."""
    place = [each.en for each in CURES].index(cure)
    text = Text(
        "{cure} takes at least 30 points off the error, averaged over everything else",
        "对其余一切取平均，{cure}使错误率至少降低 30 个百分点",
    )
    return replace(design(scale), verdict=effect(text.format(cure=CURES[place]), place, by=30.0))


def beside_relu(scale: Scale, *, first: str, second: str) -> Design:
    """ReLU with two more cures, claimed to err on one test digit in five at most."""
    cures = arm(*(cure.en in ("ReLU", first, second) for cure in CURES))
    return replace(design(scale), arms=[cures], verdict=Reaches(cures.name, on=evaluate.test_error, value=20.0))


study = Study(
    slug="curing-gradients",
    chapter="depth",
    after=("vanishing-gradients", "normalisation", "shortcut-depth"),
    question=Text(
        "Which cure for sick gradients works, and which work together?", "治梯度的病，哪种办法有效？哪些要合用？"
    ),
    claim=Text(
        en="In a network of 20 layers normalisation helps, on average over whatever else is there; where nothing else "
        "is, He's weights and ReLU need each other; with ReLU, shortcuts help only beside normalisation.",
        zh="在 20 层的网络里，对其余一切取平均，归一化有帮助；没有别的帮手时，He 初始化与 ReLU 互相成就；用 ReLU 时，"
        "捷径要和归一化合用才有效。",
    ),
    source="Glorot and Bengio 2010; He et al. 2015, arXiv:1502.01852 and arXiv:1512.03385; Ioffe and Szegedy 2015, "
    "arXiv:1502.03167",
    explanation=Explanation(
        idea=Text(
            en="A deep network is a chain of many layers. Each multiplies the numbers it gets by numbers of its own, "
            "the weights, adds them up and bends the sums. It is told how to change them by a message that passes "
            "back through all layers, the gradient. Each layer multiplies this, too, so that after many layers it is "
            "nearly nothing or far too much. Four cures are known. He's weights (after Kaiming He): begin with random "
            "weights of just the size at which ReLU layers multiply by one. ReLU: bend the sums with a curve that is "
            "straight for positive numbers, instead of the S-shaped sigmoid, which is flat nearly everywhere. "
            "Normalisation: rescale each layer's sums to mean 0 and spread (standard deviation) 1, here over the "
            "digits that are learned from at once. Shortcuts: add the input of each layer to its output, so that the "
            "message has a way past it.\n\n"
            "Textbooks list the four side by side. But a cure may do nothing alone and much in company, or stand in "
            "for another one. Only a trial of every combination can tell.",
            zh="深层网络是长长的一串层：每一层把得到的数乘上自己的一些数（权重），加起来，再把各个和弯一下。权重该如何"
            "改动，网络靠一条从后往前穿过所有层的消息得知，这就是梯度。它每穿过一层，也会乘上一个数，层数一多，它不是"
            "几乎没了，就是大得离谱。已知的办法有四种。He 初始化（以何恺明的姓命名）：让权重从一个恰到好处的随机大小开"
            "始，使 ReLU 层乘的数正好是一。ReLU：用一条在正数处笔直的曲线来弯折每个和，代替几乎处处平坦的 S 形 "
            "sigmoid。归一化：把每一层的和重新缩放到均值 0、标准差 1，这里是在同时学习的那一批数字上做。捷径：把每一层"
            "的输入加到它的输出上，让消息有路可绕。\n\n"
            "教科书把四者并排罗列。可一种办法也许单用无效、合用大有作用，也许能顶替另一种。要弄清楚，只有把每种组合都"
            "试一遍。",
        ),
        formula=Text(
            en="effect of A = mean error without A - mean error with A\nA and B together, beyond each alone = (e0 - "
            "eAB) - (e0 - eA) - (e0 - eB) = eA + eB - e0 - eAB\n\n"
            "e0, eA, eB, eAB: the error with neither cure, with A only, with B only, with both, each averaged over "
            "the other cures, or over those that the claim lets vary. The second number is called the interaction: "
            "above 0 the two help each other, at 0 they simply add up, below 0 each does less beside the other.",
            zh="A 的效应 = 不用 A 时的平均错误率 - 用 A 时的平均错误率\nA 与 B 合用超出各自单用的部分 = (e0 - eAB) - "
            "(e0 - eA) - (e0 - eB) = eA + eB - e0 - eAB\n\n"
            "e0、eA、eB、eAB：都不用、只用 A、只用 B、两者都用时的错误率，各自对其余办法（或论断中允许变动的那些）取平"
            "均。第二个数叫做交互作用：大于 0 表示两者互相促进，等于 0 表示各算各的，小于 0 表示有了一个，另一个的用处"
            "就变小。",
        ),
        experiment=Text(
            en="All 16 combinations of the four cures, in networks of 20 layers of 32 units (a unit makes one sum), "
            "learn the same 4,000 handwritten digits for 150 steps from the same starting numbers (the seed), and are "
            "judged on 1,000 others. Where a cure is left out the older custom stands in its place: sigmoid for ReLU, "
            "and for He's weights uniform ones within 1 / sqrt(n), n being a unit's number of inputs. Step size and "
            "number of steps are the same for all: of five step sizes tried on validation digits, which are neither "
            "learned nor tested on, no combination gained more than 8 points by another one than this.",
            zh="四种办法的全部 16 种组合，都用 20 层、每层 32 个单元（一个单元算一个和）的网络，从相同的起始数（种子）"
            "出发，用 150 步学习同一批 4,000 个手写数字，再用另外 1,000 个来评判。不用某种办法时，就用更早的惯例代替："
            "sigmoid 代替 ReLU；He 初始化则换成 1 / sqrt(n) 以内的均匀随机数，n 是一个单元的输入个数。所有组合的步长和"
            "步数都相同：在验证数字（既不用来学习也不用来测试）上试过五种步长，没有哪种组合改用别的步长能再降 8 个百分"
            "点以上。",
        ),
        meaning=Text(
            en="Look at the dots first: the bare sigmoid network answers no better than by guessing one digit always, "
            "which is an error of 90 %. If the claim holds, combinations tell more than a ranking of single cures. In "
            "our runs, averaged over all that may stand beside it, normalisation takes 43 points off the error, "
            "shortcuts 22, He's weights 3, and ReLU adds 20. But normalisation takes more than 70 points off sigmoid "
            "alone and only 2 or 3 off sigmoid with shortcuts, and from ReLU with He's weights and without shortcuts "
            "it takes nothing: the error is 52 % without it and 54 % with it. ReLU alone, without the weights that "
            "were made for it, is as sick as sigmoid; beside normalisation those weights no longer help. Shortcuts "
            "around ReLU layers add numbers that are never negative, layer upon layer, until the signal is large: "
            "they rescue sigmoid, whose outputs are bounded, and they rescue ReLU only where normalisation keeps "
            "small what each layer adds. The gradient's size by layer, measured before the first step, shows both "
            "sicknesses: lines that fall away towards the input or lie near nothing all along, and one far above all "
            "others.\n\n"
            "Training is short here, so the experiment says what lets a deep network begin to learn, not which one is "
            "best in the end. Cutting long gradients to a limit (clipping) and starting with short steps are further "
            "cures, and are left out.",
            zh="先看散点：什么都不加的 sigmoid 网络，和永远只猜同一个数字一样差，错误率 90%。如果论断成立，那么看组合"
            "比给单个办法排名次更有意义。在我们的运行中，对所有可能的搭配取平均，归一化使错误率降低 43 个百分点，捷径"
            "降低 22 个，He 初始化降低 3 个，ReLU 反而升高 20 个。可是归一化让单独的 sigmoid 降低七十多个百分点，在带"
            "捷径的 sigmoid 上却只降低两三个；对用 He 初始化而没有捷径的 ReLU 则毫无帮助：不用时错误率 52%，用了 54%。"
            "单独的 ReLU 若没有为它量身定做的权重，和 sigmoid 一样病重；有归一化在旁，这些权重就不再有用。绕过 ReLU 层"
            "的捷径把从不为负的数一层层往上加，直到信号变得很大：捷径救得了输出有界的 sigmoid，而 ReLU 只有在归一化压"
            "住每层所加的数时才救得了。第一步之前各层的梯度大小显示了两种病：有的线朝输入方向一路下降，或者处处接近"
            "零；有一条远远高出其他所有线。\n\n"
            "这里训练很短，所以实验说的是什么能让深层网络学得起来，而不是最终谁最好。把过长的梯度截短（梯度裁剪）、起"
            "步时用小步子，也是办法，这里没有用。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Choose a cure that takes at least 30 points off the error, averaged over all that may stand "
                "beside it.",
                zh="选一种办法：对所有可能的搭配取平均，它能使错误率至少降低 30 个百分点。",
            ),
            design=one_cure,
            among={"cure": tuple(cure.en for cure in CURES)},
            solution={"cure": "normalisation"},
        ),
        Exercise(
            task=Text(
                en="Bring 20 layers of ReLU to an error of 20 % or less with two more cures. Which two?",
                zh="再选两种办法，让 20 层的 ReLU 网络错误率不超过 20%。选哪两种？",
            ),
            design=beside_relu,
            among={
                "first": tuple(cure.en for cure in CURES if cure.en != "ReLU"),
                "second": tuple(cure.en for cure in CURES if cure.en != "ReLU"),
            },
            solution={"first": "normalisation", "second": "shortcuts"},
        ),
    ),
    published=Text(
        en="He et al. (arXiv:1502.01852, Fig. 3) show a network of 30 ReLU layers that learns with their weights and "
        "stalls with Glorot's smaller ones; here, too, He's weights decide for ReLU alone. Ioffe and Szegedy report "
        "that batch normalisation lets even sigmoid networks train: seen here at 20 layers. Neither paper crosses all "
        "four.",
        zh="He 等人（arXiv:1502.01852，图 3）展示了一个 30 层的 ReLU 网络：用他们的权重能学，用 Glorot 较小的权重则停"
        "滞不前；这里对单独的 ReLU 也是 He 初始化起决定作用。Ioffe 和 Szegedy 报告，批归一化甚至能让 sigmoid 网络训练"
        "起来：这里在 20 层上同样看到。两篇论文都没有把四种办法全部交叉。",
    ),
    next=(
        Text(
            "Normalise over the units of one digit (layer normalisation) instead of over a batch of digits: do the "
            "same pairs still work?",
            "改为对一个数字的各单元归一化（层归一化），不再对一批数字：有效的还是这些组合吗？",
        ),
        Text(
            "Clip the gradient of the ReLU network with shortcuts and without normalisation: does it begin to learn?",
            "给有捷径、无归一化的 ReLU 网络加上梯度裁剪：它会开始学习吗？",
        ),
    ),
    design=design,
)
