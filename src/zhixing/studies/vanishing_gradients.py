"""Do gradients shrink geometrically with depth?"""

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from zhixing import data, evaluate, models, nn
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.study import All, Arm, Claim, Design, Exercise, Explanation, Reaches, Scale, Study, Table, Within

if TYPE_CHECKING:
    import numpy as np

WIDTH = {"smoke": 32, "quick": 256, "full": 1024}
LAYERS = {"smoke": 8, "quick": 20, "full": 40}
SEEDS = {"smoke": 2, "quick": 12, "full": 20}
HE = 2**0.5
TIMES = Text("times per layer", "倍/层")


@measure(label=Text("the gradient's factor per layer", "梯度每层的倍数"), unit=TIMES, low=0.0)
def factor(norms: "np.ndarray") -> float:
    """What multiplies a gradient norm on each layer back: the least-squares slope of its logarithm, undone."""
    return _factor(norms)


@measure(
    label=Text("distance between measured and predicted factor", "实测倍数与预测倍数之差"), unit=PER_CENT,
    difference_unit=POINTS, better="lower", low=0.0,
)  # fmt: skip
def miss(norms: "np.ndarray", predicted: "np.ndarray") -> float:
    """How far the measured factor lies from the predicted one, in per cent of that."""
    return 100 * abs(_factor(norms) / _factor(predicted) - 1)


@measure(
    label=Text("share of the fall that a straight line explains", "直线能解释的变化占比"), unit=PER_CENT,
    difference_unit=POINTS, better="higher", low=0.0, high=100.0,
)  # fmt: skip
def straightness(norms: "np.ndarray") -> float:
    """R squared of the logarithm of the norms against the layer, in per cent: 100 where the fall is geometric."""
    import numpy as np

    return float(100 * np.corrcoef(np.arange(len(norms)), np.log(norms))[0, 1] ** 2)


@measure(label=Text("powers of ten lost on the way back", "一路传回丢掉几个数量级"), unit=Text("", ""))
def decades(norms: "np.ndarray") -> float:
    """log10 of the last layer's gradient norm over the first one's: 6 where a millionth arrives."""
    import numpy as np

    return float(np.log10(norms[-1] / norms[0]))


@measure(
    label=Text("predicted gradient norm", "预测的梯度范数"), unit=Text("nats per unit of output", "奈特/单位输出"),
    low=0.0, axis=Text("layer, counted from the input", "层（从输入数起）"), log=True,
)  # fmt: skip
def predicted_norm_by_layer(norms: "np.ndarray", gains: "np.ndarray") -> Series:
    """What the theory makes of the last layer's norm on its way back; `gains` are those of squared gradients."""
    return Series("layer", tuple(map(float, range(1, len(norms) + 1))), tuple(_predicted(norms, gains).tolist()))


def _predicted(norms: "np.ndarray", gains: "np.ndarray") -> "np.ndarray":
    import numpy as np

    predicted: np.ndarray = norms[-1] * np.append(np.cumprod(np.sqrt(gains[:-1])[::-1])[::-1], 1.0)
    return predicted


def _factor(norms: "np.ndarray") -> float:
    import numpy as np

    return float(np.exp(-np.polyfit(np.arange(len(norms)), np.log(norms), 1)[0]))


def flow(
    seeds: Seeds, watch: Watch, *, data: Spec, activation: Any, scale: float, width: int, layers: int
) -> dict[str, float | Series]:
    """Sends one gradient back through an untrained network, and foretells it without the network."""
    import numpy as np
    import torch

    part = data.build().train
    inputs, targets = (torch.tensor(array[: evaluate.EXAMPLES]) for array in (part.inputs, part.targets))
    network = models.MLP(
        features_in=inputs[0].numel(),
        widths=(width,) * layers,
        activation=activation,
        init=partial(nn.fan_in_normal, scale=scale),
        generator=seeds.torch("initialisation"),
    )
    found = evaluate.output_gradient_norm_by_layer(network, inputs, targets)
    assert isinstance(found, Series)
    norms, length = np.array(found.values[:layers]), scale**2 * float(inputs.square().mean())
    gains = np.array(evaluate.squared_gradient_gains(activation(), scale=scale, length=length, layers=layers))
    watch.step(1, 1, dict)
    return {
        factor.name: factor(norms),
        miss.name: miss(norms, _predicted(norms, gains)),
        straightness.name: straightness(norms),
        decades.name: decades(norms),
        evaluate.output_gradient_norm_by_layer.name: Series("layer", found.at[:layers], found.values[:layers]),
        predicted_norm_by_layer.name: predicted_norm_by_layer(norms, gains),
    }


def arm(activation: str, scale: float, words: Text) -> Arm:
    from torch import nn

    kinds = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "ReLU": nn.ReLU}
    label = Text("{activation}, {words}", "{activation}，{words}").format(activation=activation, words=words)
    return Arm(f"{activation}-{scale:.3g}", label=label, activation=kinds[activation], scale=scale)


@dataclass(frozen=True)
class Predicted:
    """The network whose factor lies farthest from the predicted one misses it by no more than `within` per cent."""

    arms: tuple[str, ...]
    within: float

    def claims(self, table: Table) -> list[Claim]:
        import numpy as np

        text = Text(
            en=f"every network's factor is predicted to within {self.within:g} %; the farthest off",
            zh=f"每个网络的倍数都预测得准，误差不超过 {self.within:g}%；取偏得最远的",
        )
        worst = np.max([table.values(arm, miss.name) for arm in self.arms], axis=0)
        return [Claim("the farthest off", text, tuple(map(float, worst)), (0.0, self.within), miss.unit, (0.0, np.inf))]


def design(scale: Scale) -> Design:
    measures = (factor, miss, straightness, decades)
    mechanism = (evaluate.output_gradient_norm_by_layer, predicted_norm_by_layer)
    unit, he = Text("weights of scale 1", "权重尺度 1"), Text("He's weights (1.41)", "He 初始化（1.41）")
    arms = [
        arm("sigmoid", 1.0, unit),
        arm("tanh", 1.0, unit),
        arm("ReLU", 1.0, unit),
        arm("ReLU", HE, he),
        arm("ReLU", 2.0, Text("weights of scale 2", "权重尺度 2")),
    ]
    return Design(
        trial=spec(flow, data=spec(data.digits28), width=WIDTH[scale], layers=LAYERS[scale]),
        arms=arms,
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Within("sigmoid-1", on=factor, low=0.0, high=0.5),
            Reaches("sigmoid-1", on=straightness, value=99.0),
            Predicted(tuple(each.name for each in arms), within=5.0),
        ),
    )


def kept(scale: Scale, *, activation: str, weights: float) -> Design:
    """One network of the learner's, claimed to hand its gradient back neither weaker nor stronger."""
    chosen = arm(activation, weights, Text(f"weights of scale {weights:g}", f"权重尺度 {weights:g}"))
    return replace(design(scale), arms=[chosen], verdict=Within(chosen.name, on=factor, low=0.97, high=1.03))


def millionth(scale: Scale, *, layers: int) -> Design:
    """Sigmoid units in so many layers, claimed to let a millionth of the gradient through, give or take."""
    usual = design(scale)
    verdict = Within("sigmoid-1", on=decades, low=6.0, high=7.0)
    return replace(usual, trial=usual.trial.with_settings(layers=layers), arms=usual.arms[:1], verdict=verdict)


study = Study(
    slug="vanishing-gradients",
    chapter="depth",
    after=("backpropagation",),
    question=Text("Do gradients shrink geometrically with depth?", "梯度会随深度按几何级数缩小吗？"),
    claim=Text(
        en="Through sigmoid units the gradient loses the same share at every layer, and the factor of every network "
        "here can be calculated beforehand to within 5 %.",
        zh="梯度每穿过一层 sigmoid 单元就损失相同的比例；这里每个网络的倍数都能事先算出，误差不超过 5%。",
    ),
    source="Schoenholz et al. 2017, arXiv:1611.01232; Glorot and Bengio 2010, Fig. 7",
    explanation=Explanation(
        idea=Text(
            en="A network is a chain of layers. Each takes the numbers of the layer before it, multiplies them by "
            "numbers of its own, the weights, adds them up and bends each sum. The network learns by asking of every "
            "weight: if you were a little larger, would the error grow or shrink, and how fast? That rate is a slope, "
            "and all the slopes together are called the gradient. It is worked out from the last layer back to the "
            "first, and each layer on the way multiplies it by its own slope. Multiply by about a quarter twenty "
            "times and next to nothing is left: the first layers are no longer told how to change. That is what is "
            "meant by a vanishing gradient. If every layer multiplies by the same number, the gradient shrinks "
            "geometrically. Multiply by more than one each time, and it explodes instead.\n\n"
            "What a layer multiplies by depends on two things: how large its weights are, and how steep its "
            "activation is, the curve that bends each sum on its way on. Sigmoid and tanh are S-shaped curves; ReLU "
            "keeps positive numbers and turns negative ones into 0.",
            zh="网络是一串层：每一层把前一层给出的数乘上自己的一些数（权重），加起来，再把每个和弯一下。网络学习时，会"
            "对每个权重发问：你若变大一点点，误差是增是减，快慢如何？这个快慢就是斜率，所有斜率合在一起叫做梯度。它从"
            "最后一层往第一层倒着算，途中每一层都乘上自己的斜率。接连二十次都乘上大约四分之一，就几乎什么也不剩：前面"
            "的层再也收不到该如何改动的消息，这就是“梯度消失”。如果每一层乘的都是同一个数，梯度就是按几何级数缩小。倘"
            "若每次乘的数都大于一，它反而会爆炸。\n\n"
            "一层究竟乘上多少，取决于两样东西：权重有多大，以及激活函数（把每个和弯一下再送出去的曲线）有多陡。"
            "sigmoid 和 tanh 是 S 形曲线；ReLU 留下正数，把负数变成 0。",
        ),
        formula=Text(
            en="g[l] = c g[l+1],   c = s sqrt(mean of f'(u)^2)\n\n"
            "g[l]: the gradient's length at layer l, the square root (sqrt) of the sum of its squares. l: the layer, "
            "counted from the input. c: the factor per layer. s: the weights' scale; a weight into a layer with n "
            "inputs is drawn at random with standard deviation (spread) s / sqrt(n). f': the slope of the activation. "
            "u: the sums that enter it; in a wide layer they follow the bell curve, the normal distribution.\nFor "
            "sigmoid f' is 1/4 at most, so c is below s / 4. For ReLU f' is 1 for half of the sums and 0 for the "
            "other half, so c = s / sqrt(2), which is 1 for s = 1.41: He's weights, named after Kaiming He.",
            zh="g[l] = c g[l+1]，   c = s × sqrt(f'(u)^2 的平均)\n\n"
            "g[l]：梯度在第 l 层的长度，即各数平方和的平方根（sqrt）。l：从输入数起的层号。c：每层的倍数。s：权重的尺"
            "度；若一层有 n 个输入，其权重按标准差（离散程度）s / sqrt(n) 随机抽取。f'：激活函数的斜率。u：送进激活函"
            "数的和；层很宽时，它们服从正态分布（钟形曲线）。\nsigmoid 的 f' 最大为 1/4，所以 c 小于 s / 4。ReLU 的 "
            "f' 对一半的和是 1，对另一半是 0，所以 c = s / sqrt(2)，当 s = 1.41 时恰好为 1：这就是 He 初始化，以何恺明"
            "的姓命名。",
        ),
        experiment=Text(
            en="Networks of 20 layers, each of 256 units (a unit makes one sum), are drawn at random and not trained. "
            "256 handwritten digits pass through, and the gradient of their mean error is followed back to each "
            "layer's sums. The networks differ in activation and in the scale of their weights only. For each one, a "
            "straight line through the logarithm of the gradient's length gives the measured factor per layer. The "
            "predicted one comes from the formula, which is given the digits' brightness and never sees the network.",
            zh="随机抽取 20 层、每层 256 个单元（一个单元算一个和）的网络，不加训练。让 256 个手写数字通过网络，再把平"
            "均误差的梯度一路追回到每一层的和。各网络只在激活函数与权重尺度上不同。对每个网络，用一条直线拟合梯度长度"
            "的对数，就得到实测的每层倍数；预测的倍数则由公式算出，公式只知道这些数字图像的亮度，从未见过网络本身。",
        ),
        meaning=Text(
            en="On a logarithmic axis a geometric fall is a straight line, and sigmoid draws one: about three "
            "quarters of what is left are lost at every layer. The second figure shows the prediction, begun at the "
            "length measured at the last layer; hold it against the first. In our runs the factor of every network "
            "was foretold to within 2 %. Since the formula needs only the activation, the weight scale and the "
            "brightness of the digits, these decide the fate of the gradient before training, and a scale that makes "
            "the factor 1 is no trick but a solution of an equation.\n\n"
            "Not every fall is geometric. With tanh and a scale of 1 the line bends: the signal itself grows fainter "
            "from layer to layer, tanh is almost straight for faint signals, and so less and less is lost at each "
            "layer. The experiment looks at the moment before training; it does not say that training keeps these "
            "factors, nor that a small gradient cannot be made up for by other means.",
            zh="在对数轴上，按几何级数下降就是一条直线，sigmoid 画出的正是直线：每一层都会丢掉剩余部分的大约四分之三。"
            "第二幅图是预测，从实测的最后一层长度算起，不妨与第一幅对照。在我们的运行中，每个网络的倍数都预测得准，误"
            "差不到 2%。公式只需要激活函数、权重尺度和图像的亮度，可见训练之前，正是这几样决定了梯度的命运；让倍数等"
            "于 1 的尺度并不是什么窍门，而是一个方程的解。\n\n"
            "并非所有下降都是几何级数。tanh 配尺度 1 时线是弯的：信号本身一层比一层弱，而 tanh 对微弱信号几乎是直线，"
            "于是每层的损失越来越小。实验看的是训练之前的一刻；它不表示训练会保持这些倍数，也不表示小梯度无法用别的办"
            "法弥补。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Choose an activation and a scale of its weights that hand the gradient back unchanged: a factor "
                "between 0.97 and 1.03.",
                zh="选一种激活函数和它的权重尺度，让梯度原样传回：倍数在 0.97 与 1.03 之间。",
            ),
            design=kept,
            among={"activation": ("sigmoid", "tanh", "ReLU"), "weights": (0.5, 3.0)},
            solution={"activation": "ReLU", "weights": 1.41},
        ),
        Exercise(
            task=Text(
                en="How many sigmoid layers leave the first one between a millionth and a ten-millionth of the last "
                "one's gradient? Calculate before you choose.",
                zh="多少层 sigmoid 才会让第一层的梯度只剩最后一层的百万分之一到千万分之一？先算，再选。",
            ),
            design=millionth,
            among={"layers": (2, 40)},
            solution={"layers": 11},
        ),
    ),
    published=Text(
        en="Schoenholz et al. find that the gradient of wide random tanh networks on MNIST, handwritten digits, grows "
        "or decays exponentially (that is, geometrically) at the rate that mean-field theory gives, which, like the "
        "formula above, takes layers to be very wide. Here the same holds for sigmoid and ReLU; tanh is taken at the "
        "border between growth and decay, where theory says that the fall is no longer exponential. The prediction "
        "follows the signal from layer to layer instead of assuming that it has settled, as theirs does.",
        zh="Schoenholz 等人发现，在手写数字 MNIST 上，宽的随机 tanh 网络的梯度按平均场理论给出的速率指数增长或衰减（也"
        "就是按几何级数）；这种理论与上面的公式一样，假定层非常宽。这里 sigmoid 与 ReLU 也是如此；tanh 则取在增长与衰"
        "减的交界处，理论认为那里的下降不再是指数的。这里的预测逐层跟随信号，而不像他们那样假定信号已经稳定。",
    ),
    next=(
        Text(
            "Make the layers 16 units wide: how far from the predicted factor may one network lie?",
            "把每层改成 16 个单元：单个网络会偏离预测的倍数多远？",
        ),
        Text(
            "Measure the factor again after a hundred steps of training: does training move it towards 1?",
            "训练一百步后再测一次倍数：训练会让它靠近 1 吗？",
        ),
    ),
    design=design,
)
