"""Weight decay, dropout, augmentation, early stopping: which narrows the gap?"""

from dataclasses import replace
from typing import Any

from zhixing import data, evaluate, models, train
from zhixing.core import Spec, Text, spec
from zhixing.study import (
    All,
    Arm,
    Better,
    Design,
    Equivalent,
    Exercise,
    Explanation,
    Scale,
    Study,
    Tuning,
    tune,
)

STEPS = {"smoke": 10, "quick": 500, "full": 5_000}
WIDTHS = {"smoke": (16,), "quick": (256,), "full": (512, 512)}
SEEDS = {"smoke": 2, "quick": 13, "full": 22}
EXAMPLES = 300


def arm(
    name: str,
    label: Text,
    scale: Scale,
    *,
    weight_decay: float | Spec = 0.0,
    dropout: float | Spec = 0.0,
    **settings: Any,
) -> Arm:
    recipe = spec(
        train.Recipe,
        optimiser=spec(train.sgd, lr=0.02, momentum=0.9, weight_decay=weight_decay),
        schedule=spec(train.cosine, warm_up=0.05),
        steps=STEPS[scale],
    )
    return Arm(
        name, label=label, recipe=recipe, model=spec(models.MLP, widths=WIDTHS[scale], dropout=dropout), **settings
    )


def none(scale: Scale, **settings: Any) -> Arm:
    return arm("none", Text("nothing", "什么都不用"), scale, **settings)


def shifts(scale: Scale) -> Arm:
    augment = spec(train.shifted, pixels=tune(1, 2, 3))
    return arm("augmentation", Text("augmentation", "数据增强"), scale, augment=augment)


def design(scale: Scale) -> Design:
    measures = (evaluate.generalisation_gap, evaluate.test_error, evaluate.train_error, evaluate.test_loss)
    mechanism = (evaluate.test_loss_by_step,)
    means = [
        arm("weight-decay", Text("weight decay", "权重衰减"), scale, weight_decay=tune(0.003, 0.01, 0.03)),
        arm("dropout", Text("dropout", "随机失活"), scale, dropout=tune(0.5, 0.75, 0.9)),
        shifts(scale),
        arm("early-stopping", Text("early stopping", "早停"), scale, early_stopping=tune(0.1, 0.2, 0.3)),
    ]
    return Design(
        trial=spec(
            train.supervised, data=spec(data.digits28), examples=EXAMPLES, measures=measures, mechanism=mechanism
        ),
        arms=[none(scale), *means],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(*(Better(each.name, than="none", on=evaluate.generalisation_gap, by=1.0) for each in means)),
        tuning=Tuning(
            on=evaluate.test_error,
            settings={"held_out": "validation", "data": spec(data.digits28, train=3500, validation=500)},
        ),
    )


def moved(scale: Scale) -> Arm:
    augment = spec(train.shifted, pixels=2)
    return arm("augmentation", Text("300 digits, shifted", "300 个数字，加平移"), scale, augment=augment)


def together(scale: Scale, *, weight_decay: float, dropout: float, pixels: int) -> Design:
    """The learner's mixture, claimed to do better than shifts by themselves."""
    augment = spec(train.shifted, pixels=pixels) if pixels else None
    label = Text("your mixture", "你的组合")
    chosen = arm("chosen", label, scale, weight_decay=weight_decay, dropout=dropout, augment=augment)
    better = Better("chosen", than="augmentation", on=evaluate.test_error, by=0.3)
    return replace(design(scale), arms=[chosen, moved(scale)], verdict=better)


def collected(scale: Scale, *, digits: int) -> Design:
    """So many digits without any means, claimed to be worth as much as 300 that are shifted."""
    more = none(scale, examples=digits)
    tie = Equivalent("none", to="augmentation", on=evaluate.test_error, within=2.0)
    return replace(design(scale), arms=[more, moved(scale)], verdict=tie)


study = Study(
    slug="regularisation",
    chapter="seeing",
    after=("convolution",),
    question=Text(
        "Weight decay, dropout, augmentation, early stopping: which narrows the gap?",
        "权重衰减、随机失活、数据增强、早停：哪一种能缩小差距？",
    ),
    claim=Text(
        en="With 300 training digits, each of the four narrows the gap between test and training error by at least 1 "
        "point.",
        zh="只有 300 个训练数字时，四种方法各自都能把测试与训练错误率之差缩小至少 1 个百分点。",
    ),
    source="Goodfellow, Bengio and Courville 2016, Deep Learning, chapter 7; Srivastava et al. 2014, JMLR 15; Simard "
    "et al. 2003, ICDAR; Prechelt 1998",
    explanation=Explanation(
        idea=Text(
            en="A network that has seen only a few examples can learn them by heart: it makes no error on them and "
            "many on new ones. The distance between the two is the gap. Whatever is done in training to make it "
            "smaller is called regularisation, and four means are in every textbook.\n\n"
            "Weight decay pulls all weights (the numbers that the network learns) a little towards zero at each step, "
            "so that no answer hangs on a few large ones. Dropout silences a random part of the units (the network's "
            "small calculators) at each step, so that none can rely on another. Augmentation shows every example a "
            "little changed, here moved by a few pixels, and so invents new ones. Early stopping keeps some examples "
            "aside, watches how wrong the network is on them, and takes the network as it was at the best moment.",
            zh="网络若只见过少量样本，就可能把它们死记下来：在这些样本上毫无差错，遇到新样本却错很多。两者之间的距离就"
            "是“差距”。训练中凡是用来缩小它的做法，统称正则化，教科书里总有这四种。\n\n"
            "权重衰减：每一步都把所有权重（网络学到的数）往零拉一点，免得答案全靠几个大数。随机失活：每一步随机让一部"
            "分单元（网络里的小计算器）不出声，谁也不能只依赖别人。数据增强：每次都把样本稍作改动再拿出来，这里是平移"
            "几个像素，等于造出新样本。早停：留出一些样本，盯住网络在它们上面错得多厉害，取最好那一刻的网络。",
        ),
        formula=Text(
            en="gap = test error - training error\n\n"
            "weight decay:   w <- w - r (g + d w)\ndropout:        h <- 0 with probability p, else h / (1 - p)\n\n"
            "test error: share of new digits that are classified wrongly. training error: the same for those learned. "
            "w: a weight. g: its slope, how fast the loss grows with it; the loss says how wrong the answers are, and "
            "counts a wrong answer the more, the surer it is. r: the learning rate. d: the strength of decay. h: the "
            "output of a unit. p: the share of units that are silenced. <-: is replaced by. (Each step also keeps "
            "nine tenths of the one before, momentum, which is left out in the formula.)",
            zh="差距 = 测试错误率 - 训练错误率\n\n"
            "权重衰减：w <- w - r (g + d w)\n随机失活：以概率 p 令 h <- 0，否则 h <- h / (1 - p)\n\n"
            "测试错误率：新数字中分错的比例。训练错误率：学过的数字中分错的比例。w：一个权重。g：它的斜率，即损失随它"
            "增大的快慢；损失说明答得有多错，错答越笃定，算得越重。r：学习率。d：衰减强度。h：一个单元的输出。p：不出"
            "声的单元所占比例。<-：换成。（每一步还保留上一步的十分之九，即动量，公式里略去。）",
        ),
        experiment=Text(
            en="The same network, with one layer of 256 units between picture and answer, learns 300 handwritten "
            "digits, others for each seed, in 500 steps: once with nothing, and once with each of the four. Each of "
            "the four is tried in three strengths on validation digits, which are neither learned nor tested on, and "
            "enters with the one of least error; the learning rate was chosen in the same way for the network with "
            "nothing. Early stopping has to pay for the examples that it keeps aside: a tenth to three tenths of its "
            "300. The test is on 1,000 other digits.",
            zh="同一个网络（图像与答案之间有一层 256 个单元），用 500 步学习 300 个手写数字（每个种子换一批）：一次什"
            "么都不用，另外四次各用一种方法。每种方法先在验证数字（既不用来学习也不用来测试）上试三种强度，取错误率最"
            "低的一种参赛；学习率也以同样办法为什么都不用的网络选定。早停要自己承担留出样本的代价：300 个里的一成到三"
            "成。测试用另外 1,000 个数字。",
        ),
        meaning=Text(
            en="The claim speaks of all four, so one that fails refutes it; look at the claims one by one. Nearly "
            "every network here makes no error on its 300 digits, so that the gap is the test error itself. "
            "Augmentation adds something that the 300 digits do not hold, the knowledge that a moved digit stays the "
            "same digit, and it narrows the gap most: in our runs by 5 points of nearly 16. Dropout narrows it by 2, "
            "weight decay by half a point, which is less than the claim asks, and with early stopping it is 1.5 "
            "points wider. The figure of the test loss shows what decay is good at: without any means that loss falls "
            "and climbs again a little, as wrong answers become ever more certain, and decay holds it down. But an "
            "answer that is wrong with less certainty is still wrong, and the error hardly notices. Early stopping "
            "takes the network from before the climb; but with few examples, those that it keeps aside are missed "
            "more than its advice is worth.\n\n"
            "The experiment does not say that these two are useless: where examples abound, keeping some aside costs "
            "little, and larger networks trained for longer may need them more.",
            zh="论断说的是四种全部，所以只要一种做不到就被推翻；请逐条来看。这里几乎每个网络在自己的 300 个数字上都毫"
            "无差错，所以差距就是测试错误率本身。数据增强带来了 300 个数字里没有的东西：数字挪动之后还是同一个数字；它"
            "缩小差距也最多：在我们的运行中，从将近 16 个百分点缩小了 5 个。随机失活缩小 2 个；权重衰减只有半个，不够"
            "论断要求的幅度；用了早停，差距反而大 1.5 个。测试损失图显示了权重衰减的长处：什么都不用时，测试损失先降后"
            "又略升，因为错误的答案变得越来越笃定，而权重衰减能压住它。可是不那么笃定的错答仍然是错答，错误率几乎不受"
            "影响。早停取的是回升之前的网络；但在样本很少时，它留出的那些样本比它的建议更值钱。\n\n"
            "这个实验并不是说权重衰减和早停没有用：样本充足时，留出一些代价很小；更大、训练更久的网络也许更需要它们。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Mix weight decay, dropout and shifts so that 300 digits err less often than with shifts of up to "
                "2 pixels by themselves, by at least 0.3 points.",
                zh="把权重衰减、随机失活和平移组合起来，让 300 个数字的测试错误率比单用平移（至多 2 个像素）还低至少 "
                "0.3 个百分点。",
            ),
            design=together,
            among={"weight_decay": (0.0, 0.3), "dropout": (0.0, 0.9), "pixels": (0, 6)},
            solution={"weight_decay": 0.0, "dropout": 0.5, "pixels": 2},
        ),
        Exercise(
            task=Text(
                en="How many digits without any means are worth as much as 300 that are shifted by up to 2 pixels? "
                "Their test errors may differ by at most 2 points.",
                zh="什么都不用时，要多少个数字才抵得上平移至多 2 个像素的 300 个？测试错误率最多可相差 2 个百分点。",
            ),
            design=collected,
            among={"digits": (100, 4000)},
            solution={"digits": 900},
        ),
    ),
    published=Text(
        en="Simard et al. (2003, MNIST) call a larger training set, made by distorting the digits, the most important "
        "practice of all, which agrees with the first place of augmentation here. Srivastava et al. (2014) report "
        "that dropout lowers the MNIST error of a standard network from 1.60 to 1.35 % with 60,000 digits, about a "
        "sixth of it; here, with 300 digits, it is about a ninth.",
        zh="Simard 等人（2003，MNIST）把“用变形扩充训练集”称为最重要的做法，这与数据增强在这里居首一致。Srivastava 等"
        "人（2014）报告，用 60,000 个数字时，随机失活把标准网络的 MNIST 错误率从 1.60% 降到 1.35%，约少六分之一；这里"
        "只有 300 个数字，约少九分之一。",
    ),
    next=(
        Text(
            "Teach 3,000 digits instead of 300: does early stopping still cost more than it gives?",
            "把 300 个数字换成 3,000 个：早停还会得不偿失吗？",
        ),
        Text(
            "Give the four a convolutional network, which knows about shifts by itself: how much of augmentation's "
            "gain is left?",
            "换成本来就懂平移的卷积网络：数据增强的好处还剩多少？",
        ),
        Text(
            "Train ten times as long, with two layers of 512 units (--scale full): which of the four changes its "
            "place?",
            "训练十倍的步数，并改用两层、每层 512 个单元（--scale full）：四种方法的名次会变吗？",
        ),
    ),
    design=design,
)
