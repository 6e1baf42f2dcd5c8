"""Does clipping tame a recurrent network?"""

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from zhixing import data, evaluate, models, nn, train
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Reaches, Scale, Study

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

LENGTH = {"smoke": 6, "quick": 30, "full": 100}
STEPS = {"smoke": 8, "quick": 600, "full": 10_000}
SEEDS = {"smoke": 2, "quick": 13, "full": 20}
RATES = (0.00005, 0.0005, 0.005, 0.05)
CLIP = 1.0
LOOKS, WATCHED = 30, 64
"""How often the gradient is followed back in time during training, and over how many sequences."""


@measure(
    label=Text("error left, against always answering the mean", "剩余误差（总是回答平均值为 100%）"), unit=PER_CENT,
    difference_unit=POINTS, better="lower", low=0.0, high=100.0,
)  # fmt: skip
def error_left(network: "Module", inputs: "Tensor", targets: "Tensor") -> float:
    """Mean squared error in per cent of the targets' variance; 100 where it is more than that, or no number at all."""
    import torch

    with torch.no_grad():
        error = (network(inputs).squeeze(1) - targets).square().mean() / targets.var(correction=0)
    return 100 * min(1.0, float(error.nan_to_num(nan=1.0)))


@measure(
    label=Text("largest gradient norm", "最大的梯度范数"),
    unit=Text("", ""),
    low=0.0,
    axis=Text("step", "步数"),
    log=True,
)
def largest_norm_by_step(norms: list[float], every: int) -> Series:
    """The largest finite norm of the gradient, before clipping, among each `every` steps; NaN where none was finite."""
    starts = range(0, len(norms), every)
    largest = [max(filter(math.isfinite, norms[start : start + every]), default=math.nan) for start in starts]
    return Series("step", tuple(float(min(start + every, len(norms))) for start in starts), tuple(largest))


@measure(
    label=Text("gradient at an earlier state over that at the last", "较早状态与最后状态的梯度之比"),
    unit=Text("times, when it grew most", "倍，增长最猛时"), low=0.0, axis=Text("steps back in time", "往回数的步数"), log=True,
)  # fmt: skip
def growth_back_in_time(ratios: list[float]) -> Series:
    """The norm of the gradient at the state 0, 1, 2, ... steps before the last one, over that at the last."""
    return Series("steps back", tuple(map(float, range(len(ratios)))), tuple(ratios))


class Lookout:
    """What is kept of the gradient while a network trains: its norm at each step, and its steepest growth back in time."""

    def __init__(self) -> None:
        self.norms: list[float] = []
        self.steepest: list[float] = []

    def look(self, network: Any, inputs: "Tensor", targets: "Tensor") -> None:
        """Follows the gradient back through time, and keeps its growth where it is the steepest so far."""
        states = network.states(inputs)
        loss = (network.head(states[-1]).squeeze(1) - targets).square().mean()
        norms = evaluate.gradient_norm_by_steps_back(states, loss).values
        ratios = [norm / norms[0] if norms[0] else math.nan for norm in norms]
        if all(map(math.isfinite, ratios)) and (not self.steepest or max(ratios) > max(self.steepest)):
            self.steepest = ratios

    def state_dict(self) -> dict[str, list[float]]:
        return {"norms": self.norms, "steepest": self.steepest}

    def load_state_dict(self, state: dict[str, list[float]]) -> None:
        self.norms, self.steepest = list(state["norms"]), list(state["steepest"])


def squared(outputs: "Tensor", targets: "Tensor") -> "Tensor":
    """Mean squared error of one output for each example."""
    return (outputs.squeeze(1) - targets).square().mean()


def remember(seeds: Seeds, watch: Watch, *, data: Spec, model: Spec, recipe: Spec) -> dict[str, float | Series]:
    """Trains a recurrent network to answer after the last step, and watches its gradient meanwhile."""
    import torch

    from zhixing.train.loop import restore, snapshot

    parts, plan = data.build(), recipe.build()
    known = [torch.tensor(array) for array in (parts.train.inputs, parts.train.targets)]
    some = [tensor[:WATCHED] for tensor in known]
    network, lookout = model.build(generator=seeds.torch("initialisation")), Lookout()
    step = plan.step(network, loss=squared)
    batches = train.Batches(*known, size=plan.batch, generator=seeds.torch("order"))
    resumable = {"model": network, "step": step, "batches": batches, "lookout": lookout}
    done, every = restore(resumable, watch.resume()), max(1, plan.steps // LOOKS)
    if not done:
        lookout.look(network, *some)
    for record in train.fit(network, batches, step, total=plan.steps, done=done):
        lookout.norms.append(record.numbers()["gradient_norm"])
        if record.step % every == 0 or record.step <= LOOKS:
            watch.row(step=record.step, **record.numbers())
            lookout.look(network, *some)
        watch.step(record.step, plan.steps, partial(snapshot, resumable, record.step))
    watch.weights(network.state_dict())
    return {
        error_left.name: error_left(network, *(torch.tensor(a) for a in (parts.test.inputs, parts.test.targets))),
        largest_norm_by_step.name: largest_norm_by_step(lookout.norms, every),
        growth_back_in_time.name: growth_back_in_time(lookout.steepest),
    }


def recipe(scale: Scale, rate: float, clip: float | None) -> Spec:
    return spec(
        train.Recipe,
        optimiser=spec(train.sgd, lr=rate, momentum=0.9),
        schedule=spec(train.cosine),
        steps=STEPS[scale],
        batch=32,
        clip=clip,
    )


def arm(scale: Scale, rate: float, clip: float | None) -> Arm:
    kind = Text("unclipped", "不裁剪") if clip is None else Text("clipped", "裁剪")
    label = Text("{kind}, rate {rate}", "{kind}，学习率 {rate}").format(kind=kind, rate=f"{rate:.9f}".rstrip("0"))
    return Arm(f"{kind.en}-{rate:g}", label=label, recipe=recipe(scale, rate, clip))


def design(scale: Scale) -> Design:
    from torch.nn import ReLU

    model = spec(models.RNN, width=50, activation=ReLU, init=nn.fan_in_normal, recurrent_init=nn.identity)
    return Design(
        trial=spec(remember, data=spec(data.adding, length=LENGTH[scale]), model=model),
        arms=[arm(scale, rate, clip) for clip in (None, CLIP) for rate in RATES],
        seeds=SEEDS[scale],
        measures=(error_left,),
        mechanism=(largest_norm_by_step, growth_back_in_time),
        verdict=All(
            Reaches(f"clipped-{RATES[-1]:g}", on=error_left, value=25.0),
            *(Better(f"clipped-{RATES[-1]:g}", than=f"unclipped-{rate:g}", on=error_left, by=30.0) for rate in RATES),
        ),
    )


def with_limit(scale: Scale, *, rate: float, limit: float) -> Design:
    """The learner's learning rate and limit on the gradient's length, claimed to learn the task."""
    chosen = arm(scale, rate, limit)
    return replace(design(scale), arms=[chosen], verdict=Reaches(chosen.name, on=error_left, value=25.0))


def without_limit(scale: Scale, *, length: int, rate: float) -> Design:
    """Sequences of the learner's length, claimed to be learned without any clipping."""
    usual, chosen = design(scale), arm(scale, rate, None)
    trial = usual.trial.with_settings(data=spec(data.adding, length=length))
    return replace(usual, trial=trial, arms=[chosen], verdict=Reaches(chosen.name, on=error_left, value=25.0))


study = Study(
    slug="exploding-gradients",
    chapter="depth",
    after=("backpropagation", "vanishing-gradients"),
    question=Text("Does clipping tame a recurrent network?", "梯度裁剪能驯服循环网络吗？"),
    claim=Text(
        en="A recurrent network that reads 30 steps learns to add two of them when its gradient is clipped; without "
        "clipping it does not, at any of four learning rates.",
        zh="循环网络读入 30 步、把其中两步的数相加：裁剪梯度就能学会；不裁剪，四种学习率都学不会。",
    ),
    source="Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063, Algorithm 1; Le, Jaitly and Hinton 2015, "
    "arXiv:1504.00941",
    explanation=Explanation(
        idea=Text(
            en="A recurrent network reads a sequence one step at a time. It keeps a list of numbers, its state, and "
            "at each step multiplies the state by the same table of weights and mixes in what it has just read. The "
            "table is learned: the gradient says how fast the error changes with each weight, and the weights take a "
            "step downhill whose size is the gradient times a number called the learning rate.\n\n"
            "To reach the first steps of the sequence the gradient must pass the same table again and again. If the "
            "table stretches by a tenth, 30 passes make 17 times, and if it doubles, a thousand million times. One "
            "such gradient throws the weights so far off that nothing that was learned remains. Clipping leaves the "
            "gradient's direction as it is and cuts its length to a limit.",
            zh="循环网络一步一步地读序列。它保存一串数，叫做状态；每一步都用同一张权重表去乘状态，再掺入刚读到的东西。"
            "这张表是要学的：梯度说的是误差随每个权重变化得多快，权重就朝下坡方向走一步，步子的大小等于梯度乘以一个叫"
            "学习率的数。\n\n"
            "要到达序列开头的几步，梯度得一次又一次穿过同一张表。表每次只放大十分之一，穿 30 次就是 17 倍；每次翻倍，"
            "就是十亿倍。这样的梯度只要来一次，就会把权重甩得老远，学到的全都没了。梯度裁剪不改变梯度的方向，只把它的"
            "长度截到一个上限。",
        ),
        formula=Text(
            en="h[t] = relu(U x[t] + W h[t-1] + b)\nclipping:  if |g| > limit,  g <- limit g / |g|\n\n"
            "x[t]: what is read at step t, a number and its mark. h[t]: the state after it. U, W, b: weights, the "
            "same at every step. relu: keeps positive numbers, turns negative ones into 0. g: the gradient, all of it "
            "as one long arrow. |g|: its length. <-: is replaced by. A clipped gradient alone moves the weights by at "
            "most the learning rate times the limit. Here each step also keeps nine tenths of the one before "
            "(momentum), so that it may be up to ten times as long.",
            zh="h[t] = relu(U x[t] + W h[t-1] + b)\n裁剪：若 |g| > 上限，则 g <- 上限 × g / |g|\n\n"
            "x[t]：第 t 步读到的数和它的标记。h[t]：读完后的状态。U、W、b：权重，每一步都相同。relu：留下正数，把负数"
            "变成 0。g：梯度，把它的所有分量看作一支长箭头。|g|：箭头的长度。<-：换成。裁剪后的梯度本身最多让权重移动"
            "学习率乘以上限那么远；这里每一步还保留上一步的十分之九（动量），所以一步最多可达它的十倍。",
        ),
        experiment=Text(
            en="A sequence has 30 numbers between 0 and 1; one in its first half and one in its second carry a mark, "
            "and the answer is the sum of these two. Networks whose state is 50 numbers learn from 4,000 sequences in "
            "600 steps, with the gradient's length clipped at 1 or not at all, at four learning rates from 0.00005 to "
            "0.05, each of which falls to nearly nothing by the end, from the same starting numbers (the seed). W "
            "begins as the table that changes nothing, so that the network begins by remembering. The mean squared "
            "error is taken on 1,000 other sequences: 100 % is what always answering the mean would leave, or worse. "
            "The limit and the fastest rate were chosen on other seeds.",
            zh="每个序列有 30 个 0 到 1 之间的数；前半段和后半段各有一个带标记，答案是这两个数之和。状态为 50 个数的网"
            "络用 600 步学习 4,000 个序列，梯度长度裁剪到 1 或完全不裁剪，学习率取 0.00005 到 0.05 之间的四种，训练中"
            "逐渐降到接近零；都从相同的起始数（种子）出发。W 一开始是什么都不改变的那张表，因此网络从“记住”开始。误差"
            "取另外 1,000 个序列上的均方误差：100% 等于总是回答平均值时的误差，或者更糟。上限和最快的学习率是在别的种"
            "子上选定的。",
        ),
        meaning=Text(
            en="If the claim holds, the failure without clipping is not a matter of choosing badly among these rates. "
            "Even at the lowest rate some of the first gradients are tens of thousands to hundreds of millions of "
            "times as long as later ones, and a lower rate would be too slow to learn anything in this time. The "
            "figure of steps back in time shows how: at its steepest the gradient often grows by much the same factor "
            "at every step back. Networks at the fastest unclipped rates are thrown off within a step or two, before "
            "one can look. With clipping the gradient is still long at first, and does no harm, since only its "
            "direction counts. But the rate must suit the limit: with clipping 6 % of the error is left at the "
            "fastest rate, half at the next one, and nearly all at the two slowest.\n\n"
            "Clipping cures explosion, not forgetting: where the gradient dies away on its way back, there is nothing "
            "to clip. Rate and limit belong together: while gradients are longer than the limit, a limit ten times "
            "lower wants a rate ten times higher. And the network was chosen to be able to explode: units bent by the "
            "S-shaped curve tanh, whose outputs are bounded, may do so less readily.",
            zh="如果论断成立，那么不裁剪时的失败，就不是在这几种学习率里没选好。即使学习率最低，开头也会有梯度比后来的"
            "长几万倍到几亿倍；学习率再低，这点时间里就什么也学不会了。“往回数的步数”那幅图说明了缘由：在最陡的时候，"
            "梯度往往每往回一步都乘上差不多同一个倍数。学习率最快而又不裁剪的网络，一两步之内就被甩飞，来不及看。裁剪"
            "之后，梯度起初仍然很长，却不造成伤害，因为只有它的方向还算数。不过学习率要配得上上限：裁剪之后，学习率最"
            "快时误差只剩 6%，次快的剩一半，最慢的两种几乎原样剩下。\n\n"
            "裁剪治的是爆炸，不是遗忘：梯度若在往回走的路上消失了，就没有什么可裁。学习率和上限要配合着选：只要梯度比"
            "上限长，上限降到十分之一，学习率就要升到十倍。另外，这个网络是特意选来会爆炸的：换成 S 形曲线 tanh，单元"
            "的输出有界，也许没那么容易爆炸。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="The limit may be 0.2 at most now. Which limit and learning rate still bring the error down to 25 "
                "% or less?",
                zh="现在上限最多只能取 0.2。哪种上限和学习率仍能把误差降到不超过 25%？",
            ),
            design=with_limit,
            among={"rate": (0.0001, 10.0), "limit": (0.001, 0.2)},
            solution={"rate": 0.5, "limit": 0.1},
        ),
        Exercise(
            task=Text(
                en="Without any clipping, find a length and a learning rate at which the error falls to 25 % or less.",
                zh="完全不裁剪，找一个序列长度和学习率，让误差降到不超过 25%。",
            ),
            design=without_limit,
            among={"length": (4, 30), "rate": (0.00001, 0.1)},
            solution={"length": 4, "rate": 0.005},
        ),
    ),
    published=Text(
        en="Pascanu et al. report the share of runs that solve the temporal order task (which of two symbols came "
        "first?): without clipping hardly any succeeds beyond some 20 steps, with clipping more do, and with their "
        "second remedy, against vanishing gradients, nearly all. Le et al. solve the adding task at 150 steps with "
        "this kind of network, clipping, and far longer training. The direction here is theirs; the length is what "
        "600 steps allow.",
        zh="Pascanu 等人报告的是时间顺序任务（两个符号谁先出现）的成功率：不裁剪时，序列超过 20 步左右就几乎都失败；裁"
        "剪后成功的更多；再加上他们针对梯度消失的第二种办法，则几乎全部成功。Le 等人用这种网络，加上裁剪和长得多的训"
        "练，解决了 150 步的加法任务。这里得到的方向与他们相同，序列长度则受 600 步训练所限。",
    ),
    next=(
        Text(
            "Give the unclipped network Adam, which rescales every weight's step: does it still explode?",
            "给不裁剪的网络换上 Adam，它会重新缩放每个权重的步子：还会爆炸吗？",
        ),
        Text(
            "Replace ReLU by tanh: does the gradient explode less, and does the network learn faster?",
            "把 ReLU 换成 tanh：梯度爆炸会减轻吗？网络学得更快吗？",
        ),
    ),
    design=design,
)
