"""Does test error turn up again, and then down?"""

from collections.abc import Sequence
from dataclasses import replace

from zhixing import data, evaluate, models
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.study import All, Arm, Design, Exercise, Explanation, Reaches, Scale, Study, Within

EXAMPLES = {"smoke": 50, "quick": 200, "full": 1_000}
SAMPLES = {"smoke": 2, "quick": 6, "full": 20}
SEEDS = {"smoke": 2, "quick": 12, "full": 20}
WIDTHS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 4.0, 8.0)
"""Features for each training example."""
WIDTH = Text("number of features", "特征个数")
SQUARES = Text("squared units of output", "输出单位的平方")
CLASSES = 10
WRONG, PENALTY = 0.2, 10.0


@measure(label=Text("how far the error turns up", "错误率回升多少"), unit=POINTS, low=0.0, high=100.0)
def turn_up(widths: Sequence[float], errors: Sequence[float]) -> float:
    """The most that the error lies above the lowest one at a smaller width, in percentage points."""
    return _peak(errors)[1]


@measure(label=Text("width of the peak", "峰值处的宽度"), unit=Text("features", "个特征"), low=0.0)
def peak_width(widths: Sequence[float], errors: Sequence[float]) -> float:
    """The width at which the error lies most above the lowest one at a smaller width."""
    return widths[_peak(errors)[0]]


@measure(
    label=Text("what the second descent gains", "第二次下降的收获"), unit=POINTS, better="higher", low=-100.0, high=100.0
)  # fmt: skip
def second_descent(widths: Sequence[float], errors: Sequence[float]) -> float:
    """The lowest error before the peak minus that of the widest model, in percentage points."""
    return min(errors[: _peak(errors)[0] + 1]) - errors[-1]


@measure(
    label=Text("error of the widest model", "最宽模型的错误率"), unit=PER_CENT, better="lower", low=0.0, high=100.0
)
def widest_error(widths: Sequence[float], errors: Sequence[float]) -> float:
    """Test digits that the widest model gets wrong, in per cent."""
    return errors[-1]


@measure(label=Text("test error", "测试错误率"), unit=PER_CENT, low=0.0, high=100.0, axis=WIDTH)
def error_by_width(widths: Sequence[float], errors: Sequence[float]) -> Series:
    """Averaged over the training samples."""
    return Series("width", tuple(widths), tuple(errors))


@measure(label=Text("training error", "训练错误率"), unit=PER_CENT, low=0.0, high=100.0, axis=WIDTH)
def training_error_by_width(widths: Sequence[float], errors: Sequence[float]) -> Series:
    """Against the labels that were learned, wrong ones included."""
    return Series("width", tuple(widths), tuple(errors))


@measure(label=Text("bias, squared", "偏差的平方"), unit=SQUARES, log=True, axis=WIDTH)
def bias_by_width(widths: Sequence[float], parts: "Sequence[evaluate.Parts]", examples: int) -> Series:
    """Left out at the peak itself, where the variance is too large for it to be estimated."""
    return _aside(widths, [part.bias for part in parts], examples)


@measure(label=Text("variance", "方差"), unit=SQUARES, low=0.0, log=True, axis=WIDTH)
def variance_by_width(widths: Sequence[float], parts: "Sequence[evaluate.Parts]", examples: int) -> Series:
    """Left out where the bias is."""
    return _aside(widths, [part.variance for part in parts], examples)


def _aside(widths: Sequence[float], values: Sequence[float], peak: int) -> Series:
    kept = [(width, value) for width, value in zip(widths, values, strict=True) if width != peak]
    return Series("width", *map(tuple, zip(*kept, strict=True)))


def _peak(errors: Sequence[float]) -> tuple[int, float]:
    """Where the error lies most above the lowest one before, and by how much."""
    rises = [error - min(errors[: place + 1]) for place, error in enumerate(errors)]
    return max(enumerate(rises), key=lambda found: found[1])


def widening(
    seeds: Seeds, watch: Watch, *, data: Spec, examples: int, wrong: float, penalty: float, samples: int
) -> dict[str, float | Series]:
    """Fits models of growing width to several training samples, a share `wrong` of whose labels is another digit."""
    import numpy as np

    whole = data.build()
    known, judged = (part.inputs.reshape(len(part), -1).astype(float) for part in (whole.train, whole.test))
    widths = [round(share * examples) for share in WIDTHS]
    directions = models.random_directions(known.shape[1], widths[-1], seeds.numpy("features"))
    asked = models.random_features(judged, directions)
    chance = seeds.numpy("samples")
    outputs = np.empty((len(widths), samples, len(judged), CLASSES))
    missed = np.empty((len(widths), samples))
    for sample in range(samples):
        rows = chance.choice(len(known), examples, replace=False)
        others = chance.integers(1, CLASSES, examples) * (chance.random(examples) < wrong)
        labels = (whole.train.targets[rows] + others) % CLASSES
        features = models.random_features(known[rows], directions)
        for place, width in enumerate(widths):
            weights = models.least_squares(features[:, :width], np.eye(CLASSES)[labels], penalty=penalty)
            outputs[place, sample] = asked[:, :width] @ weights
            missed[place, sample] = 100 * np.mean((features[:, :width] @ weights).argmax(axis=1) != labels)
        watch.step(sample + 1, samples, dict)
    errors = (100 * np.mean(outputs.argmax(axis=3) != whole.test.targets, axis=(1, 2))).tolist()
    parts = [evaluate.bias_and_variance(given, np.eye(CLASSES)[whole.test.targets]) for given in outputs]
    return {
        **{of.name: of(widths, errors) for of in (turn_up, peak_width, second_descent, widest_error, error_by_width)},
        training_error_by_width.name: training_error_by_width(widths, missed.mean(axis=1).tolist()),
        bias_by_width.name: bias_by_width(widths, parts, examples),
        variance_by_width.name: variance_by_width(widths, parts, examples),
    }


def arm(name: str, label: Text, *, wrong: float = WRONG, penalty: float = 0.0) -> Arm:
    return Arm(name, label=label, wrong=wrong, penalty=penalty)


def design(scale: Scale) -> Design:
    examples = EXAMPLES[scale]
    return Design(
        trial=spec(widening, data=spec(data.digits28), examples=examples, samples=SAMPLES[scale]),
        arms=[
            arm("noisy", Text("a fifth of labels wrong", "五分之一标签错")),
            arm("clean", Text("all labels right", "标签全对"), wrong=0.0),
            arm("penalised", Text("a fifth wrong, penalised", "五分之一错，加惩罚"), penalty=PENALTY),
        ],
        seeds=SEEDS[scale],
        measures=(turn_up, peak_width, second_descent, widest_error),
        mechanism=(error_by_width, training_error_by_width, bias_by_width, variance_by_width),
        verdict=All(
            Reaches("noisy", on=turn_up, value=10.0),
            Within("noisy", on=peak_width, low=0.9 * examples, high=1.1 * examples),
            Reaches("noisy", on=second_descent, value=5.0),
        ),
    )


def moved(scale: Scale, *, examples: int) -> Design:
    """The learner's number of examples, claimed to put the peak at twice the usual width."""
    usual = design(scale)
    twice = 2 * EXAMPLES[scale]
    return replace(
        usual,
        trial=usual.trial.with_settings(examples=examples),
        arms=usual.arms[:1],
        verdict=Within("noisy", on=peak_width, low=0.9 * twice, high=1.1 * twice),
    )


def flattened(scale: Scale, *, penalty: float) -> Design:
    """The learner's penalty, claimed to take the peak away and to leave the widest model at least as good."""
    usual = design(scale)
    chosen = arm("chosen", Text(f"penalty {penalty:g}", f"惩罚 {penalty:g}"), penalty=penalty)
    flat = Within("chosen", on=turn_up, low=0.0, high=2.0)
    return replace(usual, arms=[chosen], verdict=All(flat, Reaches("chosen", on=widest_error, value=30.0)))


study = Study(
    slug="bias-variance",
    chapter="seeing",
    after=("regularisation",),
    question=Text("Does test error turn up again, and then down?", "测试误差会先回升、再下降吗？"),
    claim=Text(
        en="As a model is given more features, its test error falls, turns up by 10 points or more to a peak where "
        "there are as many features as examples, and then falls at least 5 points below its lowest value before.",
        zh="给模型越来越多的特征，测试错误率先降，再回升至少 10 个百分点，在特征与样本一样多处到达峰值，此后又降到比此"
        "前最低点还低至少 5 个百分点。",
    ),
    source="Belkin et al. 2019, arXiv:1812.11118; Nakkiran et al. 2020, arXiv:1912.02292; Yang et al. 2020, "
    "arXiv:2002.11328",
    explanation=Explanation(
        idea=Text(
            en="A model learns from examples and is then asked about new ones. If it has too few adjustable numbers, "
            "it cannot express the rule behind the examples, and errs in the same way whatever it was shown: that "
            "part of the error is called bias. If it has many, it can follow every accident of its examples, wrong "
            "labels included, and had it seen others, it would answer otherwise: that part is called variance. "
            "Textbooks conclude that there is a best size in the middle, and that beyond it the error only grows.\n\n"
            "But what happens beyond the size at which the model already fits every example? From there on there is "
            "not one way to fit them all but endlessly many, and the usual method takes the one with the smallest "
            "numbers. The more there are to choose from, the smaller and smoother the choice.",
            zh="模型从样本中学习，然后要回答没见过的样本。可调的数太少，它就表达不出样本背后的规律，无论看到哪些样本都"
            "会犯同样的错：这部分误差叫偏差。可调的数很多，它便能迁就样本里的每个偶然，连错误的标签也照学；换一批样"
            "本，答案就变了：这部分误差叫方差。教科书由此得出：中间有一个最佳大小，再大误差就只会增加。\n\n"
            "可是，当模型大到足以拟合每个样本之后，又会怎样？从那里开始，能全部拟合的办法不止一种，而是无穷多种，通常"
            "的算法会取其中数值最小的一种。可供挑选的越多，挑出来的就越小、越平滑。",
        ),
        formula=Text(
            en="mean of (f - y)^2 = (m - y)^2 + mean of (f - m)^2\n\n"
            "f: the model's output after one training sample. y: the right output. There are ten of each, one for "
            "every digit: y is 1 for the right digit and 0 for the others, and the digit with the largest f is the "
            "answer. m: the mean of f over all training samples of the same size. The first part on the right is the "
            "squared bias, the second the variance.\nA feature is max(0, w . x), the larger of 0 and w . x: x is the "
            "picture as a list of brightnesses, w a random direction that is never trained, and w . x the sum of "
            "their products. Only the weights that add the features up are learned.",
            zh="(f - y)^2 的平均 = (m - y)^2 + (f - m)^2 的平均\n\n"
            "f：模型用某一份训练样本学习后的输出。y：正确的输出。两者都有十个，每个数字一个：正确的数字 y 为 1，其余"
            "为 0；f 最大的那个数字就是模型的回答。m：f 在所有同样大小的训练样本上的平均。右边第一项是偏差的平方，第二"
            "项是方差。\n一个特征是 max(0, w · x)，即 0 与 w · x 中较大的一个：x 是把图像写成的一串亮度，w 是随机而从"
            "不训练的方向，w · x 是对应乘积之和。学习的只是把特征加起来的权重。",
        ),
        experiment=Text(
            en="Models with 10 to 1,600 random features learn 200 handwritten digits; a fifth of these carry the "
            "label of another digit. The learned weights are those that fit best by least squares, which means that "
            "the sum of the squared errors on the training sample is the least possible; where many fit equally well, "
            "the smallest are taken. Each model is fitted to six training samples drawn at random from 4,000 digits, "
            "so that bias and variance can be told apart, and judged by 1,000 other digits with their right labels. "
            "Two more arms show the same with right labels only, and with the wrong labels but a penalty on large "
            "weights: 10 times the sum of their squares counts as error too.",
            zh="让含 10 到 1,600 个随机特征的模型学习 200 个手写数字，其中五分之一标成了别的数字。权重用最小二乘法求"
            "出，也就是使训练样本上误差的平方和最小；若有许多组同样好，就取数值最小的一组。每个模型分别用从 4,000 个数"
            "字中随机抽取的六份训练样本拟合，这样才能把偏差与方差分开，再用另外 1,000 个标签正确的数字评判。另有两组作"
            "对照：一组标签全对；一组仍有五分之一标错，但对大的权重施加惩罚，把权重平方和的 10 倍也算作误差。",
        ),
        meaning=Text(
            en="If the claim holds, the error has two valleys, and the second is the deeper one. (Medians of 24 "
            "seeds: down to 49 % wrong, up to 88 % at the peak, down to 37 % with 1,600 features.) Look at the parts: "
            "the bias falls almost all the way, while the variance has a peak of its own where features and examples "
            "are equal in number; the picture leaves that very place out, since six samples are too few to tell the "
            "parts there. Just one set of weights fits every label at the peak, it must bend itself violently to do "
            "so, and another sample would bend it otherwise. With more features the smallest of many fits is chosen, "
            "and the variance falls again. So the U of the textbooks is not wrong: it is the left half of the "
            "picture.\n\n"
            "Wrong labels are not what makes the peak: with right ones only it is almost as high, 86 %, since no sum "
            "of features gives the right labels of all digits exactly. A penalty on large weights takes the peak "
            "away. The experiment does not say that bigger is always better: it speaks of models that are fitted to "
            "the end, and with a penalty the same data are learned better at all but the narrowest widths, also at "
            "the widest (34 % wrong instead of 37 %).",
            zh="如果论断成立，误差就有两个谷，而第二个更深。（24 个种子的中位数：错误率先降到 49%，在峰处升到 88%，有 "
            "1,600 个特征时降到 37%。）看两部分：偏差几乎一路下降，方差却在特征与样本一样多处另有一个高峰；图中略去了"
            "这一处，因为六份样本太少，在那里分不清两部分。在峰处，能拟合每个标签的权重只有一组，它必须猛烈扭曲自己才"
            "能做到，换一份样本又会是另一种扭曲。特征再多，便可从许多拟合中挑最小的一组，方差于是回落。所以教科书上的 "
            "U 形并没有错：它只是图的左半边。\n\n"
            "峰并非错误的标签造成的：标签全对时，峰也几乎一样高（86%），因为没有哪种特征之和能恰好给出所有数字的正确标"
            "签。惩罚大的权重，就能把峰抹平。这个实验并不是说越大越好：它说的是拟合到底的模型，而同样的数据加上惩罚，"
            "除了最窄的几处，都学得更好，最宽处也是（错误率 34%，而不是 37%）。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="The peak stands at 200 features. Move it to 400 (between 360 and 440) by the number of training "
                "digits.",
                zh="峰在 200 个特征处。请改变训练数字的个数，把它移到 400 处（360 到 440 之间）。",
            ),
            design=moved,
            among={"examples": (50, 600)},
            solution={"examples": 400},
        ),
        Exercise(
            task=Text(
                en="A fifth of the labels are wrong. Choose a penalty on large weights that leaves no peak (the error "
                "turns up by 2 points at most) and brings the widest model's error to 30 % or less.",
                zh="五分之一的标签是错的。请选一个对大权重的惩罚，使峰消失（回升不超过 2 个百分点），并让最宽模型的错"
                "误率不高于 30%。",
            ),
            design=flattened,
            among={"penalty": (0.0, 100_000.0)},
            solution={"penalty": 500.0},
        ),
    ),
    published=Text(
        en="Belkin et al. show the peak on 10,000 MNIST digits at 10,000 random features, one for each example, and "
        "beyond it a risk (the mean error on new examples) that falls below the lowest before. Here it stands at 200 "
        "features for 200 digits, as the same arithmetic demands; errors are far higher because digits are few and "
        "labels partly wrong. Yang et al. find the same two parts: a bias that falls and a variance with one peak.",
        zh="Belkin 等人用 10,000 个 MNIST 数字，在 10,000 个随机特征处（每个样本一个）看到峰，此后的风险（在新样本上的"
        "平均误差）降到比此前最低点更低。这里 200 个数字的峰在 200 个特征处，这正是同一算术的要求；错误率高得多，因为"
        "数字少，且部分标签是错的。Yang 等人看到同样的两部分：偏差下降，方差有一个单峰。",
    ),
    next=(
        Text(
            "Train the first weights too: where does the peak of a real network with one hidden layer stand?",
            "把第一层权重也训练起来：真正的单隐层网络的峰会在哪里？",
        ),
        Text(
            "Hold the width at 200 and add examples: is there a place where more data make the error worse?",
            "把宽度固定为 200 而增加样本：会不会在某处数据越多反而越糟？",
        ),
    ),
    design=design,
)
