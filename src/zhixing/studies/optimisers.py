"""Do momentum, Adam and Muon earn their cost?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from zhixing import data, models, train
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import Measure, measure
from zhixing.study import All, Arm, Claim, Design, Exercise, Explanation, Scale, Study, Table, Tuning, tune

LIMIT = {"smoke": 20, "quick": 500, "full": 5_000}
TARGET = {"smoke": 1.5, "quick": 0.1, "full": 0.01}
SEEDS = {"smoke": 2, "quick": 12, "full": 20}
TUNING_SEEDS = {"smoke": 1, "quick": 2, "full": 2}
WIDTHS = {"smoke": (16,), "quick": (128, 128), "full": (256, 256)}
PLAIN_STEPS = Text("steps of plain descent", "普通下降的步数")


@measure(label=Text("computing time to the target", "达到目标的计算时间"), unit=PLAIN_STEPS, better="lower", low=0.0)
def cost_to_target(steps: float, cost: float) -> float:
    """Steps to the target times what one of them costs: plain steps that take as long."""
    return steps * cost


@measure(label=Text("steps to the target", "达到目标的步数"), unit=Text("steps", "步"), better="lower", low=0.0)
def steps_to_target(steps: float, cost: float) -> float:
    """Steps until the loss is at the target; infinite where it never is."""
    return steps


@measure(label=Text("time of one step", "一步的时间"), unit=PLAIN_STEPS, better="lower", low=0.0)
def step_cost(steps: float, cost: float) -> float:
    """Both measured by turns in the same trial."""
    return cost


@measure(
    label=Text("training loss on the way", "途中的训练损失"), unit=Text("nats", "奈特"), low=0.0, log=True,
    axis=Text("step", "步数"),
)  # fmt: skip
def loss_by_step(looks: Sequence[tuple[int, float]]) -> Series:
    """Until the target is reached."""
    return Series("step", *map(tuple, zip(*looks, strict=True)))


@dataclass(frozen=True)
class Saves:
    """`than` takes at least `times` as much of a measure as `arm`, seed by seed."""

    arm: str
    than: str
    on: Measure
    times: float

    def claims(self, table: Table) -> list[Claim]:
        ratios = table.values(self.than, self.on.name) / table.values(self.arm, self.on.name)
        text = Text(
            en="{than} takes at least {times:g} times the {measure} of {arm}",
            zh="{than}的{measure}至少是{arm}的 {times:g} 倍",
        ).format(than=table.label(self.than), arm=table.label(self.arm), measure=self.on.label, times=self.times)
        return [
            Claim(
                id=f"{self.arm} saves over {self.than} on {self.on.name}",
                text=text,
                values=tuple(float(ratio) for ratio in ratios),
                region=(self.times, math.inf),
                unit=Text("times", "倍"),
                bounds=(0.0, math.inf),
            )
        ]


def race(
    seeds: Seeds,
    watch: Watch,
    *,
    data: Spec,
    model: Spec,
    recipe: Spec,
    plain: Spec,
    target: float,
) -> dict[str, float | Series]:
    """Trains by `recipe` until the training loss is at the target, and times its steps against those of `plain`."""
    import torch

    part = data.build().train
    examples = torch.tensor(part.inputs), torch.tensor(part.targets)

    def start(recipe: Spec) -> train.Run:
        return train.Run(seeds, examples, model=model, recipe=recipe)

    looks, run = [], start(recipe)
    for step, loss in run.looks():
        watch.step(step, run.limit, dict)
        looks.append((step, loss))
        if loss <= target:
            break
    found = train.steps_to(target, iter(looks)), train.relative_cost(start(recipe), than=start(plain))
    return {
        **{of.name: of(*found) for of in (cost_to_target, steps_to_target, step_cost)},
        loss_by_step.name: loss_by_step(looks),
    }


def arm(name: str, label: Text, optimiser: Spec, scale: Scale, batch: int = 256) -> Arm:
    return Arm(name, label=label, recipe=spec(train.Recipe, optimiser=optimiser, steps=LIMIT[scale], batch=batch))


def compared(scale: Scale, *, batch: int) -> Design:
    """The four optimisers at a batch size, each tuned over four rates."""
    plain = spec(train.sgd, lr=tune(0.05, 0.1, 0.2, 0.4))
    momentum = spec(train.sgd, lr=tune(0.02, 0.05, 0.1, 0.2), momentum=0.9, nesterov=True)
    adam = spec(train.adamw, lr=tune(0.001, 0.002, 0.005, 0.01), weight_decay=0.0)
    muon = spec(train.muon, lr=tune(0.005, 0.01, 0.02, 0.04), weight_decay=0.0, adamw_for=("head",))
    return Design(
        trial=spec(
            race,
            data=spec(data.digits28),
            model=spec(models.MLP, widths=WIDTHS[scale]),
            plain=spec(train.Recipe, optimiser=spec(train.sgd, lr=0.1), steps=LIMIT[scale], batch=batch),
            target=TARGET[scale],
        ),
        arms=[
            arm("plain", Text("plain descent", "普通下降"), plain, scale, batch),
            arm("momentum", Text("momentum", "动量法"), momentum, scale, batch),
            arm("Adam", Text("Adam", "Adam"), adam, scale, batch),
            arm("Muon", Text("Muon", "Muon"), muon, scale, batch),
        ],
        seeds=SEEDS[scale],
        measures=(cost_to_target, steps_to_target, step_cost),
        mechanism=(loss_by_step,),
        verdict=All(
            *(Saves(name, than="plain", on=cost_to_target, times=1.1) for name in ("momentum", "Adam", "Muon"))
        ),
        tuning=Tuning(
            on=steps_to_target,
            settings={"data": spec(data.digits28, train=3500, validation=500)},
            seeds=TUNING_SEEDS[scale],
        ),
    )


def design(scale: Scale) -> Design:
    return compared(scale, batch=256)


def cheaper(scale: Scale, *, batch: int) -> Design:
    """Momentum and Muon at the learner's batch size, claimed to end with Muon the cheaper one."""
    usual = compared(scale, batch=batch)
    return replace(
        usual, arms=[usual.arms[1], usual.arms[3]], verdict=Saves("Muon", than="momentum", on=cost_to_target, times=1.0)
    )


def carried(scale: Scale, *, rate: float, momentum: float) -> Design:
    """The learner's rate and momentum, claimed to save a third of the steps of plain descent at its best rate."""
    plain = arm("plain", Text("plain descent, rate 0.2", "普通下降，学习率 0.2"), spec(train.sgd, lr=0.2), scale)
    optimiser = spec(train.sgd, lr=rate, momentum=momentum, nesterov=True)
    chosen = arm("chosen", Text("your choice", "你的选择"), optimiser, scale)
    return replace(
        design(scale), arms=[plain, chosen], verdict=Saves("chosen", than="plain", on=steps_to_target, times=1.5)
    )


study = Study(
    slug="optimisers",
    chapter="descent",
    after=("learning-rate", "batch-size"),
    question=Text("Do momentum, Adam and Muon earn their cost?", "动量法、Adam 和 Muon 值得它们的代价吗？"),
    claim=Text(
        en="Each at its best rate, momentum, Adam and Muon all bring the training loss to 0.1 in less computing time "
        "than plain descent: by a factor of at least 1.1.",
        zh="各用最佳学习率时，动量法、Adam 和 Muon 把训练损失降到 0.1 都更省计算时间：普通下降要用它们至少 1.1 倍的时"
        "间。",
    ),
    source="Sutskever et al. 2013, ICML; Kingma and Ba 2015, arXiv:1412.6980; Jordan 2024, "
    "kellerjordan.github.io/posts/muon",
    explanation=Explanation(
        idea=Text(
            en="A network learns by walking downhill: at each step it works out the gradient, the direction in which "
            "its error grows fastest, and moves the other way. Plain descent does just that, and in a long narrow "
            "valley it is clumsy: it bounces from wall to wall and hardly advances along the floor.\n\n"
            "Three inventions mend this. Momentum keeps part of its last move, like a heavy ball: the bounces cancel, "
            "the advance adds up. Adam gives every weight (a number that the network learns) a step of its own, long "
            "where gradients have been small. Muon looks at the move of a whole table of weights at once and makes it "
            "equally long in all directions. Each has to compute more per step than plain descent. So fewer steps are "
            "not enough: they must save more time than they cost.",
            zh="网络的学习好比下山：每一步算出梯度，也就是误差增大最快的方向，再往反方向走。普通下降只做这件事，在狭长"
            "的山谷里很笨拙：总在两壁之间来回弹，沿谷底却几乎不前进。\n\n"
            "有三种办法改进它。动量法保留上一步的一部分，像一个沉重的球：来回的弹跳互相抵消，前进则不断累积。Adam 给每"
            "个权重（网络学到的数）各自的步长，以往梯度小的就走得大些。Muon 把一整张权重表的移动放在一起看，让它在各个"
            "方向上一样长。它们每一步都比普通下降要算得多。所以光是步数少还不够：省下的时间必须多于花掉的时间。",
        ),
        formula=Text(
            en="plain:     w <- w - r g\nmomentum:  v <- 0.9 v + g,   w <- w - r (g + 0.9 v)\nAdam:      w <- w - r m "
            "/ sqrt(s)\nMuon:      W <- W - r O,   O: the turning nearest to V\n\n"
            "<-: becomes. w: a weight. g: its gradient, how fast the loss grows with it. r: the learning rate, which "
            "sets the length of a step. v: the velocity, what is kept of earlier steps. m and s: running means of g "
            "and of g^2, in which older values fade. W: a whole table of weights, V its velocity. A turning is a "
            "table that changes no length: multiplied with a column of numbers, it leaves the sum of their squares as "
            "it is. Muon's O comes near to that, as far as the shape of the table allows.",
            zh="普通：  w <- w - r g\n动量：  v <- 0.9 v + g，   w <- w - r (g + 0.9 v)\nAdam：  w <- w - r m / "
            "sqrt(s)\nMuon：  W <- W - r O，   O：离 V 最近的旋转\n\n"
            "<-：变成。w：一个权重。g：它的梯度，即损失随它增大得多快。r：学习率，决定步子的长短。v：速度，即以往步子"
            "留下来的部分。m 与 s：g 与 g^2 的滑动平均，越旧的值分量越轻。W：一整张权重表，V 是它的速度。旋转：不改变"
            "任何长度的数表，它与一列数相乘，不改变各数的平方和；Muon 的 O 在数表形状允许的范围内接近这一点。",
        ),
        experiment=Text(
            en="The same network, two hidden layers of 128 units between pixels and answers, learns 4,000 handwritten "
            "digits, 256 at a step (a batch), until its loss on 500 of them is 0.1. The loss measures how wrong its "
            "answers are, in nats: guessing among ten digits has 2.3. Each way of stepping, or optimiser, may try "
            "four rates on two seeds of its own with 3,500 of the digits, and enters with the one of fewest steps. "
            "The time of a step is measured in steps of plain descent, by turns in the same trial, so that the speed "
            "of the computer largely cancels out. Steps times time is the computing time. Muon leaves the last table, "
            "and the numbers that are added to the sums, to Adam, as its inventor advises.",
            zh="同一个网络（像素与答案之间有两个隐藏层，每层 128 个单元）学习 4,000 个手写数字，每一步看 256 个（一"
            "批），直到其中 500 个上的损失降到 0.1。损失衡量答案错得多厉害，单位是奈特：在十个数字里瞎猜是 2.3。每种优"
            "化器（走步子的方法）都先用自己的两个种子、在 3,500 个数字上试四种学习率，取步数最少的一种参赛。一步的时间"
            "以普通下降的一步为单位，在同一次试验里轮流测量，所以计算机快慢的影响大致抵消。步数乘以每步时间就是计算时"
            "间。按发明者的建议，Muon 把最后一张表和加在各个和上的数交给 Adam。",
        ),
        meaning=Text(
            en="Compare the three measures. In steps Muon is far ahead, and momentum and Adam stand between it and "
            "plain descent. In time of a step Muon is far behind, and it is the product that is paid. Momentum and "
            "Adam cost next to nothing more (1 % and 4 %), for working out the gradient takes far longer than using "
            "it. Muon multiplies tables with each other at every step; on a network as small as this that makes a "
            "step 2.5 times as long, and eats up much of what it saves. So all three earn their cost: plain descent "
            "takes 2.1 times the computing time of momentum, and 1.6 times that of Adam or of Muon. The cheapest "
            "trick earns most.\n\n"
            "What the extra work is compared with depends on the batch: the gradient of more examples takes longer, "
            "Muon's tables stay the same. For language models whose batches hold half a million pieces of words or "
            "more, Jordan reckons the extra at less than one per cent; there steps alone count. The experiment speaks "
            "of reaching a training loss; it does not say which network then errs least on new digits.",
            zh="请比较三个量。按步数，Muon 遥遥领先，动量法和 Adam 介于它与普通下降之间。按每步时间，Muon 远远落后；而"
            "真正要付的是两者之积。动量法和 Adam 几乎不多花时间（多 1% 和 4%），因为算出梯度远比使用梯度费时。Muon 每"
            "一步都要做数表相乘，在这么小的网络上，一步因此长达 2.5 倍，把省下的花掉了许多。所以三者都值得：普通下降的"
            "计算时间是动量法的 2.1 倍，是 Adam 或 Muon 的 1.6 倍。最便宜的一招收益最大。\n\n"
            "多出来的计算贵不贵，还要看批大小：样本越多，梯度越费时，而 Muon 的数表不变。语言模型的一批有五十万个词片"
            "甚至更多，据 Jordan 估算，多出来的不到百分之一，那就只有步数要紧了。这个实验说的是达到某个训练损失，并不"
            "说明哪个网络在新数字上错得最少。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="With batches of 256, momentum is cheaper than Muon. Find a batch size with which Muon is the "
                "cheaper one.",
                zh="每批 256 个时，动量法比 Muon 便宜。找一个让 Muon 更便宜的批大小。",
            ),
            design=cheaper,
            among={"batch": (16, 4000)},
            solution={"batch": 2000},
        ),
        Exercise(
            task=Text(
                en="Choose rate and momentum so that plain descent at its best rate, 0.2, takes at least 1.5 times as "
                "many steps.",
                zh="选择学习率和动量，使普通下降（用最佳学习率 0.2）的步数至少是你的 1.5 倍。",
            ),
            design=carried,
            among={"rate": (0.001, 1.0), "momentum": (0.0, 0.99)},
            solution={"rate": 0.08, "momentum": 0.9},
        ),
    ),
    published=Text(
        en="On modded-nanogpt's optimiser track, a public list of language models trained in few steps, a loss of "
        "3.28 takes 5,625 steps with Adam, which the list calls probably not tuned to its best, and 3,250 with Muon, "
        "a factor of 1.7. The direction is the same here and the factor larger, 2.4, on a network and a run that are "
        "far smaller. Jordan puts Muon's extra work below 1 % for large batches; here it is one and a half plain "
        "steps, measured in the same trial, because the network is small and the batch has 256 pictures.",
        zh="在 modded-nanogpt 的优化器榜（比谁用更少的步数训练语言模型的公开榜单）上，降到损失 3.28，Adam 要 5,625 步"
        "（榜上注明它很可能没有调到最好），Muon 要 3,250 步，相差 1.7 倍。这里方向相同，倍数更大，是 2.4 倍，不过网络"
        "和训练都小得多。Jordan 说批很大时 Muon 多出的计算不到 1%；这里在同一试验中测得多出普通下降的一步半，因为网络"
        "小，每批只有 256 张图。",
    ),
    next=(
        Text(
            "Make the layers 1,024 units wide: does Muon's extra work grow faster than the gradient's?",
            "把每层改成 1,024 个单元：Muon 多出的计算会比梯度增长得更快吗？",
        ),
        Text(
            "Judge by the loss on new digits instead: which optimiser stops improving first?",
            "改用新数字上的损失来评判：哪种优化器最先不再进步？",
        ),
    ),
    design=design,
)
