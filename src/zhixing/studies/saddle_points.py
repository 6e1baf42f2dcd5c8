"""Does descent stall at saddles, and what frees it?"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from zhixing import data, evaluate, models, nn, train
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import measure
from zhixing.study import All, Arm, Contrast, Design, Exercise, Explanation, Reaches, Scale, Study

if TYPE_CHECKING:
    from torch import Tensor
    from torch import nn as torch_nn

    from zhixing.core.trial import State

RATE, NEAR = 0.2, 1e-5
"""The rate of every arm but Adam's, and how near the saddle they begin: weights as a share of the usual ones."""
EXAMPLES = {"smoke": 100, "quick": 500, "full": 4000}
STEPS = {"smoke": 10, "quick": 240, "full": 2000}
UNITS = {"smoke": 2, "quick": 6, "full": 16}
SEEDS = {"smoke": 2, "quick": 12, "full": 20}
LEFT = 2.0
"""A loss well below that of guessing, ln 10 = 2.30, at which the saddle lies."""
LOOKS, ROWS = 8, 64
"""How often the Hessian is worked out, and the loss noted, on the way."""
STEP = Text("step", "步数")
STEPS_UNIT = Text("steps", "步")


@measure(label=Text("steps until the saddle is left (or all)", "离开鞍点的步数（未离开则为全部）"), unit=STEPS_UNIT,
         better="lower", low=0.0, log=True)  # fmt: skip
def steps_to_leave(losses: Sequence[float], steps: int) -> float:
    """Steps taken when the loss over all examples was first below 2; all of `steps` where it never was."""
    return float(next((taken for taken, loss in enumerate(losses) if loss < LEFT), steps))


@measure(label=Text("smallest eigenvalue of the Hessian", "海森矩阵的最小特征值"), unit=Text("", ""), axis=STEP)
def smallest_along(eigenvalues: "Sequence[Tensor]", every: int) -> Series:
    """How strongly the loss bends down where it bends down most, along the path."""
    return _along(every, [float(found.min()) for found in eigenvalues])


@measure(
    label=Text("directions in which the loss bends down", "损失向下弯的方向数"), unit=Text("", ""), low=0.0, axis=STEP
)
def index_along(eigenvalues: "Sequence[Tensor]", every: int) -> Series:
    """The index of the Hessian along the path: how many of its eigenvalues are negative."""
    return _along(every, [float(evaluate.directions_down(found)) for found in eigenvalues])


def _along(every: int, values: Sequence[float]) -> Series:
    return Series("step", tuple(float(every * place) for place in range(len(values))), tuple(values))


def escape(
    seeds: Seeds, watch: Watch, *, data: Spec, units: int, near: float, optimiser: Spec, steps: int, batch: int,
    jolt: float = 0.0,
) -> dict[str, float | Series]:  # fmt: skip
    """Begins beside the saddle at which every weight is zero, and counts the steps until the loss falls.

    The first weights are the usual ones times `near`; after each step every weight is jolted by a normal number times
    `jolt`. A step sees `batch` examples, the loss that is judged sees all.
    """
    import torch
    from torch.nn.functional import cross_entropy

    from zhixing.train.loop import Stateful, restore, snapshot

    part = data.build().train
    inputs, targets = torch.tensor(part.inputs), torch.tensor(part.targets)
    network = _beside(near, features_in=inputs[0].numel(), units=units, generator=seeds.torch("initialisation"))
    step = train.Minimise(network, optimiser.build(network), total=steps)
    batches = train.Batches(inputs, targets, size=min(batch, len(inputs)), generator=seeds.torch("order"))
    jolts, every = seeds.torch("jolts"), max(1, steps // LOOKS)
    losses, bends = [], []

    def look(done: int) -> None:
        loss = cross_entropy(network(inputs), targets)
        losses.append(loss.item())
        if done % every == 0:
            bends.append(torch.linalg.eigvalsh(evaluate.hessian(loss, network.parameters())))
        if done % max(1, steps // ROWS) == 0:
            watch.row(step=done, loss=losses[-1])

    parts: dict[str, Stateful] = {"model": network, "step": step, "batches": batches}

    def state(done: int) -> "State":
        looked = {"losses": losses, "bends": bends, "jolts": jolts.get_state()}
        return snapshot(parts, done) | looked

    held = watch.resume()
    done = restore(parts, held)
    if held:
        losses, bends = held["losses"], held["bends"]
        jolts.set_state(held["jolts"])
    else:
        look(0)
    for record in train.fit(network, batches, step, total=steps, done=done):
        with torch.no_grad():
            for weight in network.parameters():
                weight.add_(torch.randn(weight.shape, generator=jolts), alpha=jolt)
        look(record.step)
        watch.step(record.step, steps, partial(state, record.step))
    return {
        steps_to_leave.name: steps_to_leave(losses, steps),
        smallest_along.name: smallest_along(bends, every),
        index_along.name: index_along(bends, every),
    }


def _beside(near: float, *, features_in: int, units: int, generator: Any) -> "torch_nn.Module":
    import torch

    network = models.MLP(
        features_in=features_in, widths=(units,), activation=torch.nn.Tanh, init=nn.glorot_uniform, generator=generator
    )
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(near)
    return network


def design(scale: Scale) -> Design:
    pictures = spec(data.reduced, source=spec(data.digits28, train=EXAMPLES[scale]), by=4)
    plain = spec(train.sgd, lr=RATE)
    return Design(
        trial=spec(
            escape,
            data=pictures,
            units=UNITS[scale],
            near=NEAR,
            optimiser=plain,
            steps=STEPS[scale],
            batch=EXAMPLES[scale],
        ),
        arms=[
            Arm("usual", label=Text("plain, usual start", "普通下降，通常起点"), near=1.0),
            Arm("plain", label=Text("plain, beside the saddle", "普通下降，鞍点旁")),
            Arm("mini-batches", label=Text("mini-batches of 50", "每批 50 个样本"), batch=50),
            Arm("jolts", label=Text("random jolts", "随机扰动"), jolt=2e-3),
            Arm("momentum", label=Text("momentum 0.9", "动量 0.9"), optimiser=plain.with_settings(momentum=0.9)),
            Arm("Adam", label=Text("Adam", "Adam"), optimiser=spec(train.adamw, lr=0.01, weight_decay=0.0)),
        ],
        seeds=SEEDS[scale],
        measures=(steps_to_leave,),
        mechanism=(smallest_along, index_along),
        verdict=All(stalls, *(frees(arm) for arm in ("jolts", "momentum", "Adam"))),
    )


stalls = Contrast(
    {"plain": 1.0, "usual": -5.0}, on=steps_to_leave, by=0.0,
    text=Text("steps of plain descent beside the saddle, less five times those of the usual start, are not below 0",
              "普通下降在鞍点旁的步数，减去通常起点步数的五倍，不小于 0"),
)  # fmt: skip


def frees(arm: str) -> Contrast:
    """The arm leaves in at most half the steps of plain descent."""
    text = Text(
        "half the steps of plain descent, less those of {arm}, are not below 0",
        "普通下降步数的一半，减去{arm}的步数，不小于 0",
    )
    names = {
        "jolts": Text("random jolts", "随机扰动"),
        "momentum": Text("momentum", "动量"),
        "Adam": Text("Adam", " Adam "),
    }
    return Contrast({"plain": 0.5, arm: -1.0}, on=steps_to_leave, by=0.0, text=text.format(arm=names[arm]))


def hurried(scale: Scale, *, rate: float) -> Design:
    """Plain descent at the learner's rate, claimed to leave in 40 steps."""
    arms = [Arm("plain", label=Text("plain", "普通下降"), optimiser=spec(train.sgd, lr=rate))]
    return replace(design(scale), arms=arms, verdict=Reaches("plain", on=steps_to_leave, value=40.0))


def nearer(scale: Scale, *, near: float) -> Design:
    """Plain descent from nearer to the saddle, claimed to take twice the steps."""
    arms = [
        Arm("plain", label=Text("beside the saddle", "鞍点旁")),
        Arm("nearer", label=Text("nearer", "更近"), near=near),
    ]
    text = Text(
        "the steps from nearer, less twice those of the study, are not below 0",
        "从更近处出发的步数，减去研究中步数的两倍，不小于 0",
    )
    twice = Contrast({"nearer": 1.0, "plain": -2.0}, on=steps_to_leave, by=0.0, text=text)
    return replace(design(scale), arms=arms, verdict=twice)


study = Study(
    slug="saddle-points",
    chapter="descent",
    after=("learning-rate",),
    question=Text("Does descent stall at saddles, and what frees it?", "下降会困在鞍点吗？什么能让它脱身？"),
    claim=Text(
        en="Beside a saddle plain descent stalls; random jolts, momentum and Adam each free it in half the steps or "
        "fewer.",
        zh="在鞍点旁，普通下降会停滞；随机扰动、动量和 Adam 都能让它用不到一半的步数脱身。",
    ),
    source="Dauphin et al. 2014, arXiv:1406.2572; Jin et al. 2017, arXiv:1703.00887; Saxe et al. 2014, arXiv:1312.6120",
    explanation=Explanation(
        idea=Text(
            en="Training goes downhill: every step moves the weights of the network, the numbers that it learns, "
            "against the slope of its loss, the number that says how wrong it is. Where the ground is level there is "
            "no slope to follow. Level ground may be the bottom of a valley, where one wants to be, or a saddle: a "
            "mountain pass, from which the ground rises in some directions and falls in others. Exactly on the pass "
            "descent stands still for ever; beside it, the slope is small and steps are short. A network with a "
            "hidden layer, a row of units between pixels and answers, has such a place: all weights zero. Nothing "
            "passes through, so no weight has a reason to change; that is why training never begins there.",
            zh="训练是下山：每一步都让网络的权重（要学的那些数）逆着损失的坡度移动，损失是说明错得多厉害的数。地面是平"
            "的，就没有坡可循。平地可能是谷底，那正是想去的地方；也可能是鞍点，像山口一样，往有些方向走是上坡，往另一"
            "些方向走是下坡。正好站在山口，下降会永远停住；站在旁边，坡很缓，步子很小。有隐藏层（像素与答案之间的一排"
            "单元）的网络都有这样一处：所有权重都为零。什么都传不过去，也就没有哪个权重有理由改变，所以训练从不从那里"
            "开始。",
        ),
        formula=Text(
            en="distance after k steps = start x (1 + r c)^k\nso k = ln(goal / start) / ln(1 + r c)\n\n"
            "r: learning rate, the length of a step for a slope of 1. ln: the natural logarithm. c: how strongly the "
            "ground bends down in the steepest direction off the pass (minus the smallest eigenvalue of the Hessian, "
            "the table of second derivatives; an eigenvalue is the bend along one of the table's own directions, and "
            "below zero it bends down). start, goal: how far off the pass one begins, and where the ground is steep. "
            "Each halving of the start costs the same number of steps more.",
            zh="k 步之后的距离 = 起点距离 × (1 + r c)^k\n所以 k = ln(目标距离/起点距离) / ln(1 + r c)\n\n"
            "r：学习率，即坡度为 1 时步子的长短。ln：自然对数。c：离开山口最陡的方向上，地面向下弯得多厉害（海森矩阵，"
            "即二阶导数排成的数表，其最小特征值的相反数；特征值就是沿这张表自身某个方向的弯曲程度，小于零表示向下"
            "弯）。起点距离、目标距离：出发时离山口多远，以及地面变陡处离山口多远。起点距离每减半一次，多花的步数总是"
            "一样。",
        ),
        experiment=Text(
            en="A network with one hidden layer of 6 units learns 500 handwritten digits of 7 x 7 pixels, for 240 "
            "steps. Its first weights are the usual random ones (the seed) divided by 100,000: beside the saddle at "
            "zero. One arm begins at the usual size, to show what the saddle costs. The others begin beside it and "
            "differ in one thing: mini-batches, which are steps on 50 digits instead of all; a random jolt to each "
            "weight after every step, of about a hundredth of a usual weight; momentum, which keeps nine tenths of "
            "the last step; or Adam, which gives each weight a step of its own that does not depend on how small its "
            "slope is. All but Adam have the same rate, 0.2. We count the steps until the loss is below 2; guessing "
            "has 2.30. On the way the whole Hessian is worked out: its smallest eigenvalue, and in how many "
            "directions the ground bends down, the index.",
            zh="一个有 6 个隐藏单元的单隐层网络学习 500 个 7×7 像素的手写数字，共 240 步。最初的权重是通常的随机数（种"
            "子）再除以 100,000，也就是紧挨着零处的鞍点。有一组从通常大小出发，用来看鞍点的代价。其余各组都从鞍点旁出"
            "发，只差一处：小批量，即每步只用 50 个数字；每步之后给每个权重一个随机扰动，约为通常权重的百分之一；动"
            "量，保留上一步的九成；或者 Adam，它给每个权重各自的步长，与坡度多小无关。除 Adam 外学习率都是 0.2。我们数"
            "出损失降到 2 以下所需的步数；乱猜的损失是 2.30。途中算出整个海森矩阵：最小特征值，以及地面向下弯的方向数"
            "（称为指标）。",
        ),
        meaning=Text(
            en="The learning curves show the stall: a flat line at the loss of guessing, then a sudden fall. At its "
            "start the Hessian has one negative eigenvalue for each of the 6 units and each of the nine differences "
            "between ten digits, 54 in all: a true saddle, with many ways down. Once it is left, the smallest "
            "eigenvalue draws nearer to zero, and the ways down become fewer, though some remain. From the usual "
            "start it takes 8 steps (the median of 24 seeds), from beside the saddle 100; with jolts 44, with "
            "momentum 39, with Adam 14. Momentum frees because it adds up small slopes that agree, jolts because they "
            "move the network off the pass, Adam because it does not care how small a slope is. Mini-batches do not "
            "(102 steps): near zero weights every batch says almost nothing to every hidden weight, so their noise "
            "vanishes where it would be needed. Descent does not stay for ever, only longer, the nearer it began; and "
            "from the usual start it hardly notices the saddle.",
            zh="学习曲线显示出停滞：先是一条与乱猜持平的直线，然后突然下落。起初，对 6 个隐藏单元中的每一个和十个数字"
            "之间九种差别中的每一种，海森矩阵都有一个负特征值，共 54 个：这是真正的鞍点，下山的路很多。离开之后，最小"
            "特征值逐渐靠近零，下山的路也变少，但不会全部消失。从通常起点出发要 8 步（24 个种子的中位数），从鞍点旁出"
            "发要 100 步；有扰动 44 步，有动量 39 步，用 Adam 14 步。动量能脱身，因为它把方向一致的小坡度累加起来；扰"
            "动能脱身，因为它把网络推离山口；Adam 能脱身，因为它不在乎坡度多小。小批量却不能（102 步）：权重接近零时，"
            "每一批对隐藏层的每个权重都几乎不说什么，噪声恰恰在需要它的地方消失了。下降不会永远停住，只是出发时离得越"
            "近，停得越久；而从通常的起点出发，几乎察觉不到鞍点。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Let plain descent leave the saddle within 40 steps by its rate alone.",
                zh="只靠学习率，让普通下降在 40 步以内离开鞍点。",
            ),
            design=hurried,
            among={"rate": (0.05, 20.0)},
            solution={"rate": 1.0},
        ),
        Exercise(
            task=Text(
                en="How much nearer must descent begin to need at least twice the steps? Weights begin at `near` "
                "times their usual size, 0.00001 in the study. The formula answers before you try, with r = 0.2 and c "
                "read from the study's picture of the smallest eigenvalue.",
                zh="出发点要再近多少，步数才至少翻一倍？权重从通常大小的 `near` 倍开始，研究中是 0.00001。动手之前，公"
                "式就能回答：r = 0.2，c 从研究的最小特征值图上读出。",
            ),
            design=nearer,
            among={"near": (1e-14, 1e-5)},
            solution={"near": 1e-12},
        ),
    ),
    published=Text(
        en="Saxe et al. derive, for networks whose units only add up and bend nothing, that a small start delays "
        "learning by a time that grows as the logarithm of how small it is, divided by the strength of the pattern to "
        "be learned: the formula above. Here too it speaks for as long as the smallest eigenvalue stays what it was "
        "at the start. Jin et al. prove that jolts free descent quickly at every saddle that bends down; we know no "
        "published count for this network.",
        zh="Saxe 等人对单元只求和、不弯折的网络推出：起点越小，学习推迟得越久，推迟的时间与起点大小的倒数的对数成正"
        "比，与要学的模式的强度成反比，也就是上面的公式。在这里，只要最小特征值还是起初的大小，这个公式也说得通。Jin "
        "等人证明，凡是有向下弯的方向的鞍点，随机扰动都能使下降很快脱身；就我们所知，没有针对这种网络的已发表步数。",
    ),
    next=(
        Text(
            "Add a second hidden layer: at zero its Hessian is zero in all hidden weights. How much longer is the "
            "stall?",
            "再加一个隐藏层：在零点，海森矩阵对所有隐藏权重都是零。停滞会长多少？",
        ),
        Text(
            "Begin with all hidden units equal instead of tiny: which of the cures still work?",
            "改为让所有隐藏单元完全相同（而不是很小）：哪些办法仍然有效？",
        ),
    ),
    design=design,
)
