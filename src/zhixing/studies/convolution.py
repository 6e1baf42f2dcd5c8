"""What do weight sharing and locality buy?"""

from dataclasses import replace

from zhixing import data, evaluate, models, nn, train
from zhixing.core import Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Scale, Study

STEPS = {"smoke": 10, "quick": 400, "full": 6_000}
SEEDS = {"smoke": 2, "quick": 13, "full": 13}
RATES = {"mlp": 0.01, "local": 0.02, "cnn": 0.05}
"""Chosen by training on 3,500 signals and judging on 500 others of the training part, in their order."""
KINDS = {
    "mlp": Text("fully connected", "全连接"),
    "local": Text("locally connected", "局部连接"),
    "cnn": Text("convolution", "卷积"),
}
SHUFFLED = Text("{kind}, shuffled", "{kind}，打乱")
DIGITS = Text("digits, {kind}", "手写数字，{kind}")


def network(kind: str) -> Spec:
    """40 samples to layers of 475, 250 and 125 units, whatever connects them."""
    if kind == "mlp":
        return spec(models.MLP, features_in=40, widths=(475, 250, 125))
    layer = {"local": nn.LocallyConnected, "cnn": nn.shared}[kind]
    return spec(models.StridedCNN, shape=(1, 1, 40), layer=layer)


def recipe(scale: Scale, rate: float) -> Spec:
    return spec(
        train.Recipe,
        optimiser=spec(train.adamw, lr=rate, weight_decay=0.0),
        schedule=spec(train.cosine, warm_up=0.1),
        steps=STEPS[scale],
        batch=100,
    )


def arm(scale: Scale, kind: str, run: int | None = None, **network_settings: object) -> Arm:
    """A network on the signals as they are, or shuffled in runs of so many samples."""
    signals = spec(data.mnist1d)
    return Arm(
        kind if run is None else f"{kind}-shuffled",
        label=KINDS[kind] if run is None else SHUFFLED.format(kind=KINDS[kind]),
        model=network(kind).with_settings(**network_settings),
        recipe=recipe(scale, RATES[kind]),
        data=signals if run is None else spec(data.shuffled, source=signals, run=run),
    )


def digits_arm(scale: Scale, shuffled: bool) -> Arm:
    """A convolutional network on handwritten digits, a second kind of data."""
    digits, label = spec(data.digits28), DIGITS.format(kind=KINDS["cnn"])
    return Arm(
        "digits-shuffled" if shuffled else "digits",
        label=SHUFFLED.format(kind=label) if shuffled else label,
        model=spec(models.StridedCNN, channels=6, kernels=(5, 3)),
        recipe=recipe(scale, 0.01),
        data=spec(data.shuffled, source=digits) if shuffled else digits,
    )


def design(scale: Scale) -> Design:
    measures, mechanism = (
        (evaluate.test_error, evaluate.train_error, evaluate.weights),
        (evaluate.correlation_by_distance,),
    )
    return Design(
        trial=spec(train.supervised, measures=measures, mechanism=mechanism),
        arms=[
            *(arm(scale, kind, run) for run in (None, 1) for kind in KINDS),
            *(digits_arm(scale, shuffled) for shuffled in (False, True)),
        ],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Better("local", than="mlp", on=evaluate.test_error, by=3.0),
            Better("cnn", than="local", on=evaluate.test_error, by=3.0),
            Better("mlp-shuffled", than="cnn-shuffled", on=evaluate.test_error, by=3.0),
            Better("digits", than="digits-shuffled", on=evaluate.test_error, by=2.0),
        ),
    )


def kept_in_runs(scale: Scale, *, run: int) -> Design:
    """Signals shuffled in runs of the learner's length; sharing small windows is claimed to pay all the same."""
    pays = Better("cnn-shuffled", than="mlp-shuffled", on=evaluate.test_error, by=5.0)
    return replace(design(scale), arms=[arm(scale, kind, run) for kind in ("mlp", "cnn")], verdict=pays)


def windows_of(scale: Scale, *, width: int) -> Design:
    """Windows of the learner's width in all three layers, claimed to be worth their sharing."""
    pays = Better("cnn", than="mlp", on=evaluate.test_error, by=15.0)
    arms = [arm(scale, "mlp"), arm(scale, "cnn", kernels=(width,) * 3)]
    return replace(design(scale), arms=arms, verdict=pays)


study = Study(
    slug="convolution",
    chapter="seeing",
    after=("backpropagation",),
    question=Text("What do weight sharing and locality buy?", "权重共享和局部连接换来了什么？"),
    claim=Text(
        en="Small windows lower the error on signals, sharing their weights lowers it again; once the samples are "
        "shuffled, the two together cost instead of paying.",
        zh="小窗口降低信号识别的错误率，共享权重再降一次；一旦把样点打乱，两者合起来就由赚变赔。",
    ),
    source="Greydanus and Kobak 2020, arXiv:2011.14439; LeCun 1989, Generalization and network design strategies",
    explanation=Explanation(
        idea=Text(
            en="A network for pictures or sounds is made of units. Each multiplies every number that it sees by a "
            "weight, which is learned, and adds up. In the plainest network, fully connected, each unit sees the "
            "whole input. A convolution ties it down twice. Locality: a unit sees only a small window, because what "
            "lies close together usually belongs together; with this tie alone a network is called locally connected. "
            "Weight sharing: all windows use the same weights, because an edge is an edge wherever it stands. Neither "
            "tie lets the network do more; both forbid things, and what is forbidden need not be learned from "
            "examples.\n\n"
            "Whether that helps depends on the input being as the ties suppose. So the same networks also learn from "
            "an input whose places were all exchanged in one fixed way: nothing is lost, but neighbours are no longer "
            "neighbours.",
            zh="识别图像或声音的网络由许多单元组成，每个单元把看到的数各乘一个学来的权重，再相加。最朴素的是全连接网"
            "络，每个单元都看得到整个输入。卷积加了两道约束。局部性：一个单元只看一个小窗口，因为靠得近的东西往往属于"
            "一体；只有这一道约束的，叫局部连接网络。权重共享：所有窗口用同一组权重，因为一条边缘出现在哪里都是边缘。"
            "两道约束都不会让网络多会些什么，只是排除了一些可能；被排除的，就不必再从样本里学。\n\n"
            "这有没有用，取决于输入是否真如约束所设想。所以同样的网络还要学另一份输入：所有位置按同一种固定的方式互"
            "换，信息一点没丢，但邻居不再是邻居。",
        ),
        formula=Text(
            en="fully connected:    y[i] = sum over all j of  w[i, j] x[j]\nlocally connected:  y[i] = sum over k < K "
            "of  w[i, k] x[i + k]\nconvolution:        y[i] = sum over k < K of  w[k] x[i + k]\n\n"
            "x: the input. y: the output. i, j: places. K: width of a window; k: place in it. w: weights. To make n "
            "numbers out of n takes n times n weights when fully connected, n times K when locally, and K for a "
            "convolution.",
            zh="全连接：  y[i] = 对所有 j 求和 w[i, j] x[j]\n局部连接：y[i] = 对 k < K 求和 w[i, k] x[i + k]\n卷"
            "积：    y[i] = 对 k < K 求和 w[k] x[i + k]\n\n"
            "x：输入。y：输出。i、j：位置。K：窗口宽度；k：窗口内的位置。w：权重。从 n 个数算出 n 个数，分别需要 n×n、"
            "n×K 和 K 个权重。",
        ),
        experiment=Text(
            en="Three networks with the same number of units in each of three layers, 475, 250 and 125, differ only "
            "in what a unit sees and whether windows share weights. (With windows of 5, 3 and 3 there are 19, 10 and "
            "5 places, and 25 units at each.) In 400 steps they learn 4,000 signals of 40 samples, numbers in a row, "
            "each with the outline of one of ten digits among noise, at a place, height and slant of its own "
            "(MNIST-1D), and are judged on 1,000 others; then the same with the samples of all signals shuffled in "
            "one way. The learning rate of each kind was chosen beforehand by its errors on 500 of the training "
            "signals, unshuffled and held back from learning. A small convolutional network also learns 4,000 "
            "handwritten digits, as they are and shuffled, to see whether it is the same on real pictures.",
            zh="三个网络的三层单元数完全相同（475、250、125），差别只在每个单元看到什么、各窗口是否共享权重。（窗口宽 "
            "5、3、3，分别有 19、10、5 个位置，每个位置 25 个单元。）它们用 400 步学习 4,000 条信号，每条是一列 40 个"
            "样点，噪声中藏着十个数字之一的轮廓，位置、高度和倾斜各不相同（MNIST-1D），再用另外 1,000 条评判；然后把所"
            "有信号的样点按同一种方式打乱，再来一遍。每种网络的学习率，都是用从训练信号中留出的 500 条（未打乱）选定"
            "的。另有一个小卷积网络学习 4,000 个手写数字，原样与打乱各一遍，看真实图像上是否也如此。",
        ),
        meaning=Text(
            en="On signals in order, all three networks learn nearly all their training examples by heart (see the "
            "training error), so what sets them apart is not what they can express but what they make of signals that "
            "they have not seen: each tie stands in for examples. The mechanism shows what the ties bet on: "
            "neighbouring samples have much in common, and less the further apart they are; after shuffling, "
            "neighbours have no more in common than any two. Then windows look at things that do not belong together, "
            "and sharing insists that they are alike, so that the convolution errs on 23 % even of the training "
            "signals, while the network that sees everything notices no difference and comes out ahead. On digits in "
            "the middle of their pictures shuffling costs the convolution less: its error rises from 5 to 9 %. How a "
            "fully connected network does there was not asked. It does not follow that convolution is best for every "
            "picture: with far more examples a network may learn the ties for itself.",
            zh="信号未打乱时，三个网络几乎都把训练样本背了下来（看训练错误率），所以差别不在于能表示什么，而在于遇到没"
            "见过的信号会怎样：每道约束都顶替了一批样本。机理图画的正是约束所押的注：相邻样点有很多共同之处，离得越远"
            "越少；打乱以后，邻居之间并不比任意两点更相关。这时窗口看的是互不相干的东西，共享又硬说它们一样，结果卷积"
            "网络连训练信号也错了 23%；看得到全部输入的网络却毫无察觉，反而领先。在居中的手写数字上，打乱让卷积网络付"
            "出的代价小一些，错误率从 5% 升到 9%；全连接网络在那里如何，这里没有测。这并不是说凡是图像都数卷积最好：样"
            "本多得多时，网络也许能自己学会这些约束。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Shuffle the samples in runs whose samples keep together. How long must a run be for the "
                "convolutional network to beat the one that sees everything by at least 5 points?",
                zh="打乱时让一段段相邻样点保持在一起。每段要多长，卷积网络才会比全连接网络低至少 5 个百分点？",
            ),
            design=kept_in_runs,
            among={"run": (1, 20)},
            solution={"run": 14},
        ),
        Exercise(
            task=Text(
                en="Choose one width for the windows of all three layers so that the convolutional network beats the "
                "one that sees everything by at least 15 points.",
                zh="给三层选同一个窗口宽度，使卷积网络的错误率比全连接网络低至少 15 个百分点。",
            ),
            design=windows_of,
            among={"width": (1, 7)},
            solution={"width": 5},
        ),
    ),
    published=Text(
        en="Greydanus and Kobak, after 6,000 steps, in errors: fully connected (MLP) 32 %, convolution (CNN) 6 %; "
        "shuffled, 32 % and 44 %. The order is the same and our errors lie within 4 points of theirs: 400 steps with "
        "a falling rate stand in for 6,000 at a constant one, and our fully connected network is wider than theirs, "
        "so as to have the convolution's number of units. They did not measure the locally connected network. "
        "benchmarks/mnist1d.py repeats their table with their models and their recipe.",
        zh="Greydanus 与 Kobak 训练 6,000 步后的错误率：全连接（MLP）32%，卷积（CNN）6%；打乱后 32% 和 44%。次序相同，"
        "我们的错误率与之相差在 4 个百分点以内：这里以 400 步、逐渐降低的学习率代替 6,000 步、固定的学习率；全连接网络"
        "比他们的宽，因为要与卷积的单元数相同。局部连接网络他们没有测。benchmarks/mnist1d.py 用他们的模型和配方重做了"
        "整张表。",
    ),
    next=(
        Text(
            "Train with 1,000 and with 16,000 signals: does the gap between the three close as examples grow?",
            "改用 1,000 条和 16,000 条信号训练：样本越多，三者的差距会缩小吗？",
        ),
        Text(
            "Copy the weights of the convolution into the network of small windows and train on: does it stay as good?",
            "把卷积的权重抄进局部连接网络再继续训练：它会一直那么好吗？",
        ),
        Text(
            "Move the handwritten digits about on a larger canvas: does sharing buy more there?",
            "让手写数字在更大的画布上四处移动：共享权重会换来更多吗？",
        ),
    ),
    design=design,
)
