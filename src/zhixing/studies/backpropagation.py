"""Is backpropagation just the chain rule?"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from zhixing import data, evaluate
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import measure
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Reaches, Scale, Study, Within

if TYPE_CHECKING:
    from torch import Tensor

HIDDEN = {"smoke": (1, 4), "quick": (1, 2, 4, 8, 16, 32), "full": (1, 2, 4, 8, 16, 32, 64, 128)}
SEEDS = {"smoke": 2, "quick": 13, "full": 21}
EXAMPLES, PATCH = 32, 4
STEPS = (1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
"""Step sizes of finite differences; 0.01 was the best on other seeds."""
EVALUATIONS = Text("loss evaluations", "次损失计算")


@measure(label=Text("right digits", "正确的位数"), unit=Text("decimal digits", "位十进制数字"), better="higher")
def right_digits(gradient: "Tensor", exact: "Tensor") -> float:
    """-log10 of the distance from the exact gradient over that gradient's length."""
    import math

    return -math.log10(_distance(gradient, exact))


@measure(label=Text("cost of one gradient", "一次梯度的代价"), unit=EVALUATIONS, better="lower", low=0.0, log=True)
def cost(costs: dict[int, float]) -> float:
    """Multiplications in matrix products that the gradient takes, over those that the loss takes; largest network."""
    return costs[max(costs)]


@measure(
    label=Text("cost of one gradient, by size", "一次梯度的代价与规模"), unit=EVALUATIONS, low=0.0,
    axis=Text("weights in the network", "网络中的权重个数"), log=True,
)  # fmt: skip
def cost_by_parameters(costs: dict[int, float]) -> Series:
    """The cost by the number of weights, biases included."""
    return Series("weights", tuple(map(float, costs)), tuple(costs.values()))


@measure(
    label=Text("relative error of finite differences", "有限差分的相对误差"), unit=Text("", ""), low=0.0,
    axis=Text("size of the step", "步子的大小"), log=True,
)  # fmt: skip
def error_by_step(network: Any, parameters: "Tensor", exact: "Tensor") -> Series:
    """The distance from the exact gradient over that gradient's length, by the size of the step."""
    found = [_distance(evaluate.finite_differences(network, parameters, step=step), exact) for step in STEPS]
    return Series("step", STEPS, tuple(found))


def _products(work: Callable[[], object]) -> int:
    """Operations inside the matrix products that are done in the course of some work."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


def _distance(gradient: "Tensor", exact: "Tensor") -> float:
    return float((gradient - exact).norm() / exact.norm())


def differentiate(
    seeds: Seeds, watch: Watch, *, data: Spec, method: Any, hidden: tuple[int, ...], step: float | None = None
) -> dict[str, float | Series]:
    """The gradient at random weights by `method`, in single precision as networks are trained; the exact one is
    reverse mode in double precision. Sizes grow along `hidden`, and accuracy and cost are those of the last."""
    import torch
    from torch.nn.functional import avg_pool2d

    part, method = data.build().train, method if step is None else partial(method, step=step)
    inputs = avg_pool2d(torch.tensor(part.inputs[:EXAMPLES]).double(), PATCH).flatten(1)
    targets, generator = torch.tensor(part.targets[:EXAMPLES]), seeds.torch("weights")
    costs: dict[int, float] = {}
    for place, units in enumerate(hidden):
        widths = (inputs.shape[1], units, 10)
        network, exact = (evaluate.TanhNetwork(widths, x, targets) for x in (inputs.float(), inputs))
        precise = torch.randn(network.parameters, generator=generator, dtype=torch.float64) / inputs.shape[1] ** 0.5
        weights = precise.float()
        spent, once = _products(partial(method, network, weights)), _products(partial(network, weights))
        costs[network.parameters] = spent / once
        watch.step(place + 1, len(hidden), dict)
    truth = evaluate.reverse_mode(exact, weights.double())
    found: dict[str, float | Series] = {
        right_digits.name: right_digits(method(network, weights), truth),
        cost.name: cost(costs),
        cost_by_parameters.name: cost_by_parameters(costs),
    }
    if step is not None:
        found[error_by_step.name] = error_by_step(network, weights, truth)
    return found


def design(scale: Scale) -> Design:
    return Design(
        trial=spec(differentiate, data=spec(data.digits28), hidden=HIDDEN[scale]),
        arms=[
            Arm("by hand", label=Text("chain rule by hand", "手写链式法则"), method=evaluate.by_hand),
            Arm("reverse mode", label=Text("backpropagation", "反向传播"), method=evaluate.reverse_mode),
            Arm("forward mode", label=Text("forward mode", "前向模式"), method=evaluate.forward_mode),
            Arm(
                "differences",
                label=Text("finite differences", "有限差分"),
                method=evaluate.finite_differences,
                step=0.01,
            ),
        ],
        seeds=SEEDS[scale],
        measures=(cost, right_digits),
        mechanism=(cost_by_parameters, error_by_step),
        verdict=All(
            Reaches("by hand", on=right_digits, value=6.0),
            Reaches("reverse mode", on=cost, value=4.0),
            Better("reverse mode", than="forward mode", on=cost, by=100.0),
            Better("reverse mode", than="differences", on=right_digits, by=2.0),
        ),
    )


def with_step(scale: Scale, *, step: float) -> Design:
    """Finite differences with the learner's step, claimed to get three digits right."""
    usual = design(scale)
    arm = Arm("differences", label=usual.arms[-1].label, method=evaluate.finite_differences, step=step)
    return replace(usual, arms=[arm], verdict=Reaches("differences", on=right_digits, value=3.0))


def of_cost(scale: Scale, *, units: int) -> Design:
    """Forward mode on so many hidden units, claimed to cost between 5,000 and 6,000 loss evaluations."""
    usual = design(scale)
    trial = usual.trial.with_settings(hidden=(units,))
    return replace(usual, trial=trial, arms=[usual.arms[2]], verdict=Within("forward mode", on=cost, low=5e3, high=6e3))


study = Study(
    slug="backpropagation",
    chapter="descent",
    after=("perceptron-xor",),
    question=Text("Is backpropagation just the chain rule?", "反向传播就是链式法则吗？"),
    claim=Text(
        en="The chain rule by hand gives backpropagation's gradient to six digits; what is special is the order: the "
        "slopes of all weights together cost no more than four loss evaluations, where other ways need thousands.",
        zh="手写链式法则得到的梯度与反向传播有六位数字一致；特别之处在于次序：所有权重的梯度合起来，代价不超过四次损失"
        "计算，而别的办法要几千次。",
    ),
    source="Rumelhart, Hinton and Williams 1986, Nature 323; Baydin et al. 2018, arXiv:1502.05767, Section 3",
    explanation=Explanation(
        idea=Text(
            en="A network computes in steps: it multiplies its inputs by numbers of its own, the weights, adds up, "
            "bends each sum by a curve, and does the same with what comes out, until one number says how wrong its "
            "answers are, the loss. To learn, it needs to know how the loss changes with every one of its weights; "
            "all these slopes together are the gradient. The chain rule of school says how slopes combine: if y "
            "follows x with slope 2 and z follows y with slope 3, then z follows x with slope 6. For a chain the "
            "product is all there is. But one may multiply it out from either end. From the weights on (forward "
            "mode), every weight needs a pass of its own. From the loss back, one pass serves all weights, since they "
            "share the last links of their chains: this is backpropagation, or reverse mode. A third way asks for no "
            "rule at all: move one weight a little, see how much the loss moves, and divide (finite differences).",
            zh="网络是一步步算的：把输入乘上自己的一些数（权重）再求和，用一条曲线把和弯一弯，对得到的结果再来一遍，最"
            "后得到一个数，说明答得有多错，这就是损失。要学习，就得知道损失随每个权重怎样变化；所有这些斜率合在一起，"
            "叫做梯度。学校里的链式法则说明了斜率如何合成：y 随 x 变化的斜率是 2，z 随 y 变化的斜率是 3，那么 z 随 x "
            "变化的斜率就是 6。一条链无非是个连乘积，不过可以从两头算起。从权重往后算（前向模式），每个权重都要单独走"
            "一遍。从损失往回算，一遍就够所有权重用，因为它们的链共享最后几环：这就是反向传播，也叫反向模式。还有一种"
            "办法什么法则都不用：把一个权重挪动一点，看损失变了多少，相除即可（有限差分）。",
        ),
        formula=Text(
            en="backward:     e[l] = (W[l+1]^T e[l+1]) x (1 - a[l]^2),   gradient of W[l] = e[l] a[l-1]^T\n"
            "differences:  (L(w + s) - L(w - s)) / (2 s)\n\n"
            "L: the loss. W[l]: the weights of layer l in a table, a row for each unit and a column for each input. "
            "a[l]: what layer l gives out, a column of numbers; 1 - a^2 is the slope of tanh, the bend used here, a "
            "curve from -1 to 1. e[l]: how the loss changes with the sums of layer l; for the last layer it is read "
            "off the loss itself. ^T: rows and columns exchanged. A table before a column: multiply each of its rows "
            "with the column number by number, and add up. A column before a row: the table of all products of one "
            "number each. x: number by number. w: one weight. s: the step by which it is moved. L(w + s): the loss "
            "once it is moved.",
            zh="往回传：e[l] = (W[l+1]^T e[l+1]) × (1 - a[l]^2)，  W[l] 的梯度 = e[l] a[l-1]^T\n有限差分：(L(w + s) - "
            "L(w - s)) / (2 s)\n\n"
            "L：损失。W[l]：第 l 层的权重，排成数表，每个单元一行，每个输入一列。a[l]：第 l 层的输出，是一列数；1 - "
            "a^2 是 tanh 的斜率，这里就用 tanh 来弯折，它的取值在 -1 到 1 之间。e[l]：损失随第 l 层的和怎样变化；最后"
            "一层的 e 直接由损失求出。^T：行列互换。数表后面跟一列数：把表的每一行与这列数逐个相乘，再加起来。一列数后"
            "面跟一行数：两边各取一个数相乘，所有乘积排成的数表。×：逐个相乘。w：一个权重。s：挪动它的步子。L(w + s)："
            "挪动之后的损失。",
        ),
        experiment=Text(
            en="Networks with one hidden layer (a row of units between pixels and answers) of 1 to 32 units, and with "
            "weights that the seed draws at random, look at 32 handwritten digits, shrunk to 7 by 7 pixels. Four "
            "programs compute the same gradient: the backward formulas above, written out; automatic backpropagation; "
            "automatic forward mode; finite differences with a step of 0.01. Each works with the seven digits in "
            "which networks are usually trained, and is held against backpropagation with sixteen. Cost is counted, "
            "not timed: the multiplications inside products of tables (matrices), divided by those that computing the "
            "loss once takes.",
            zh="网络只有一个隐藏层（像素与答案之间的一排单元），1 到 32 个单元，权重由种子随机抽取，看的是 32 个缩成 "
            "7×7 像素的手写数字。四个程序计算同一个梯度：把上面“往回传”的公式直接写成程序；自动的反向传播；自动的前向"
            "模式；有限差分，步子取 0.01。它们都用训练网络时常用的七位精度，再与十六位精度的反向传播对照。代价靠数而不"
            "靠计时：数出数表（矩阵）相乘里的乘法次数，除以算一次损失所需的次数。",
        ),
        meaning=Text(
            en="By hand, backward and forward agree as far as the computer's digits go: nothing but the chain rule is "
            "in them. They part at the price. In the figure of cost by size, the two that go backward lie level, "
            "however many weights there are; the others rise in step with the weights. Going forward, a network of a "
            "million weights would pay for about a million loss evaluations at every step of learning; going "
            "backward, for two or three. So backpropagation is the chain rule, evaluated from the end at which there "
            "is one number.\n\n"
            "Finite differences fail in accuracy as well. Their error makes a V: a large step measures a bend instead "
            "of a slope, a small one subtracts two numbers that are equal in nearly all of their digits. Even 0.01, "
            "the best of the steps tried, keeps about half of the seven digits. Finite differences are good for "
            "checking a program, not for learning. What is not counted here is memory: going backward, every layer's "
            "output has to be kept until the pass returns.",
            zh="手写的、反向的、前向的三种结果，在计算机精度所及之处完全一致：里面除了链式法则别无他物。差别在代价。看"
            "“代价与规模”那幅图：往回算的两种是平的，与权重多少无关；其余的与权重个数同步上升。有一百万个权重的网络，"
            "用前向模式每学一步就要付出约一百万次损失计算的代价，往回算只要两三次。所以说，反向传播就是链式法则，只不"
            "过从“只有一个数”的那一头算起。\n\n"
            "有限差分在精度上也不行。它的误差呈 V 形：步子大了，量到的是弯而不是斜率；步子小了，则是两个几乎每一位都相"
            "同的数相减。哪怕用试过的步子里最好的 0.01，七位里也只能保住一半左右。有限差分适合检查程序，不适合学习。这"
            "里没有算内存：往回算时，每一层的输出都得保留到回程经过它为止。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Find a step at which finite differences get at least three digits of the gradient right. Why is "
                "the smallest step not the best?",
                zh="找一个步子，让有限差分至少算对梯度的三位数字。为什么不是步子越小越好？",
            ),
            design=with_step,
            among={"step": (1e-7, 1.0)},
            solution={"step": 0.01},
        ),
        Exercise(
            task=Text(
                en="With how many hidden units does forward mode cost between 5,000 and 6,000 loss evaluations? The "
                "pictures have 49 pixels, and there are 10 answers.",
                zh="有多少个隐藏单元时，前向模式的代价在 5,000 到 6,000 次损失计算之间？图像有 49 个像素，答案有 10 "
                "种。",
            ),
            design=of_cost,
            among={"units": (1, 200)},
            solution={"units": 80},
        ),
    ),
    published=Text(
        en="Baydin et al. give reverse mode a cost of a small multiple of one evaluation, guaranteed below 6 and "
        "typically 2 to 3, whatever the number of inputs (here the weights), and forward mode that of one pass for "
        "each input. Counted in matrix products, reverse mode costs about 2.2 here: one forward pass and two products "
        "for each layer on the way back, less the one for the pictures, which nobody asks for.",
        zh="Baydin 等人指出，反向模式的代价是单次计算的一个小倍数，保证低于 6，通常为 2 到 3，与输入（这里就是权重）的"
        "个数无关；前向模式则是每个输入一遍。这里按矩阵乘法计数，反向模式约为 2.2：前向一遍，回程每层两次乘法，再省去"
        "没人需要的、对图像求梯度的那一次。",
    ),
    next=(
        Text(
            "Let the network give out a thousand numbers from one weight: which mode is cheap now?",
            "让网络由一个权重算出一千个数：这回哪种模式便宜？",
        ),
        Text(
            "Count the bytes that are kept for the way back as layers are added. Then keep every other layer's output "
            "only, and work out the rest again: what does it save, and what does it cost?",
            "逐层加深，数一数为回程保留了多少字节；再改成每隔一层才保留一次输出，其余的到时重算：省下多少，又多花多"
            "少？",
        ),
    ),
    design=design,
)
