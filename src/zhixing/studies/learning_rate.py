"""Where is the edge between too small, right and too large a learning rate?"""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import repeat
from statistics import median
from typing import TYPE_CHECKING

from zhixing import data, evaluate, models, nn, train
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import measure
from zhixing.study import All, Arm, Design, Exercise, Explanation, Reaches, Scale, Study, Within

if TYPE_CHECKING:
    from torch import Tensor

    from zhixing.core.trial import State

RATES = (0.0125, 0.05, 0.1, 0.2, 0.4, 1.6)
ON, ABOVE = ("0.2", "0.4"), "1.6"
"""The arms that come to the edge, and the one that is thrown off it."""
EXAMPLES = {"smoke": 100, "quick": 500, "full": 4000}
STEPS = {"smoke": 4, "quick": 800, "full": 10_000}
SEEDS = {"smoke": 2, "quick": 12, "full": 20}
TARGET, BROKEN_OFF = 0.06, 1e3
LOOKS, ROWS = 16, 64
"""How often the sharpness is measured, and the loss noted, on the way."""
EDGES = Text("edges", "倍边界")


@measure(label=Text("steps until the loss is 0.06 (or all)", "损失降到 0.06 的步数（未达到则为全部）"),
         unit=Text("steps", "步"), better="lower", low=0.0, log=True)  # fmt: skip
def steps_to_target(losses: Sequence[float], steps: int) -> float:
    """Steps taken when the training loss was first at most the target; all of `steps` where it never was."""
    return float(next((taken for taken, loss in enumerate(losses) if loss <= TARGET), steps))


@measure(label=Text("sharpness x rate / 2 at the end", "末尾的 锐度×学习率/2"), unit=EDGES, low=0.0)
def edge_at_end(edges: Sequence[float]) -> float:
    """The median over the last quarter of the looks: 1 on the edge, less below it."""
    return median(edges[-(len(edges) // 4) :])


@measure(
    label=Text("highest loss", "最高损失"),
    unit=Text("times the first", "倍起始值"),
    low=1.0,
    log=True,
)
def climb(losses: Sequence[float]) -> float:
    """The highest training loss over the first; a run is broken off, and counts, at a thousand."""
    highest = max(loss if math.isfinite(loss) else math.inf for loss in losses)
    return min(highest / losses[0], BROKEN_OFF)


@measure(label=Text("sharpness x rate / 2", "锐度×学习率/2"), unit=EDGES, low=0.0,
         axis=Text("step", "步数"), log=True)  # fmt: skip
def edge_along(edges: Sequence[float], every: int) -> Series:
    """Sharpness as training goes, counted in 2 / rate; a run that diverged breaks off."""
    return Series("step", tuple(float(every * place) for place in range(len(edges))), tuple(edges))


def half_square(outputs: "Tensor", targets: "Tensor") -> "Tensor":
    """Half the squared distance from the outputs to a 1 for the right class and 0 for the others, on average."""
    from torch.nn.functional import one_hot

    return (outputs - one_hot(targets, outputs.shape[1])).square().sum(dim=1).mean() / 2


def descent(
    seeds: Seeds, watch: Watch, *, data: Spec, model: Spec, rate: float, steps: int, momentum: float = 0.0
) -> dict[str, float | Series]:
    """Descends over all examples at once at a fixed rate, and compares the rate with the sharpness as it goes."""
    import torch

    from zhixing.train.loop import Stateful, restore, snapshot

    part = data.build().train
    inputs, targets = torch.tensor(part.inputs), torch.tensor(part.targets)
    network = model.build(generator=seeds.torch("initialisation"))
    step = train.Minimise(network, train.sgd(network, lr=rate, momentum=momentum), total=steps, loss=half_square)
    every = max(1, steps // LOOKS)

    def edge() -> float:
        return evaluate.sharpness(half_square(network(inputs), targets), network.parameters()) * rate / 2

    held = watch.resume()
    losses, edges = (held["losses"], held["edges"]) if held else ([], [edge()])
    parts: dict[str, Stateful] = {"model": network, "step": step}

    def state(done: int) -> "State":
        return snapshot(parts, done) | {"losses": losses, "edges": edges}

    done = restore(parts, held)
    for record in train.fit(network, repeat((inputs, targets)), step, total=steps, done=done):
        losses.append(float(record.seen["loss"]))
        if not losses[-1] < BROKEN_OFF * losses[0]:
            break
        if record.step % every == 0:
            edges.append(edge())
        if record.step % max(1, steps // ROWS) == 0:
            watch.row(step=record.step, loss=losses[-1])
        watch.step(record.step, steps, partial(state, record.step))
    found = {
        steps_to_target.name: steps_to_target(losses, steps),
        climb.name: climb(losses),
        edge_along.name: edge_along(edges, every),
    }
    return found if len(losses) < steps else found | {edge_at_end.name: edge_at_end(edges)}


def design(scale: Scale) -> Design:
    from torch.nn import Tanh

    pictures = spec(data.reduced, source=spec(data.digits28, train=EXAMPLES[scale]), by=2)
    model = spec(models.MLP, features_in=196, widths=(32, 32, 32), activation=Tanh, init=nn.fan_in_uniform)
    return Design(
        trial=spec(descent, data=pictures, model=model, steps=STEPS[scale]),
        arms=[arm(rate) for rate in RATES],
        seeds=SEEDS[scale],
        measures=(steps_to_target, edge_at_end, climb),
        mechanism=(edge_along,),
        verdict=All(
            *(Within(name, on=edge_at_end, low=0.9, high=1.1) for name in ON),
            Reaches(ABOVE, on=climb, value=100.0),
        ),
    )


def arm(rate: float, **more: float) -> Arm:
    return Arm(f"{rate:g}", label=Text(f"rate {rate:g}", f"学习率 {rate:g}"), rate=rate, **more)


def comes_to_rest(scale: Scale, *, rate: float) -> Design:
    """One run at the learner's rate, claimed to end on the edge."""
    return replace(
        design(scale), arms=[arm(rate)], verdict=Within(f"{rate:g}", on=edge_at_end, low=0.9, high=1.1)
    )  # fmt: skip


def with_momentum(scale: Scale, *, edge: float) -> Design:
    """Rate 0.4 with momentum 0.5, whose edge the learner foretells."""
    run = arm(0.4, momentum=0.5)
    return replace(
        design(scale), arms=[run], verdict=Within(run.name, on=edge_at_end, low=0.95 * edge, high=1.05 * edge)
    )


study = Study(
    slug="learning-rate",
    chapter="descent",
    after=("backpropagation",),
    question=Text(
        "Where is the edge between too small, right and too large a learning rate?",
        "学习率太小、合适与太大之间，边界在哪里？",
    ),
    claim=Text(
        en="The edge is 2 / sharpness: a rate far above it throws descent off, and at a rate that works well the "
        "network itself sharpens until it stands on the edge, within 10 %.",
        zh="边界是 2/锐度：学习率远超它，下降就会失控；学习率合适时，网络自己会变得越来越锐，直到恰好停在这条边界上，"
        "误差在 10% 以内。",
    ),
    source="Cohen et al. 2021, arXiv:2103.00065, Section 3; Lewkowycz et al. 2020, arXiv:2003.02218, on rates above "
    "the edge",
    explanation=Explanation(
        idea=Text(
            en="A network is trained by going downhill. Its loss, a number that says how wrong its answers are, "
            "depends on thousands of weights, the numbers that the network learns; each step moves every weight "
            "against its slope, and the learning rate says how far. Picture a ball in a valley. Short steps crawl to "
            "the bottom. Longer ones get there sooner. Steps so long that each lands higher on the opposite wall than "
            "the last one climb out of the valley altogether. How long is too long depends on how sharply the valley "
            "curves, not on how deep it is. The curvature of the most curved direction is called the sharpness.",
            zh="训练网络就是下山。损失是一个数，说明回答错得多厉害；它取决于几千个权重，也就是网络要学的那些数。每一步"
            "都让每个权重逆着坡度移动，走多远由学习率决定。想象一个球在山谷里：步子小，就慢慢挪到谷底；步子大些，到得"
            "更快；步子太大，每一步都落在对面比刚才更高的坡上，最后就翻出山谷。多大算太大，要看山谷弯得多急，而不是有"
            "多深。弯得最急的那个方向的弯曲程度，叫做锐度。",
        ),
        formula=Text(
            en="loss = s w² / 2,   slope = s w\nnew w = w - r s w = (1 - r s) w\ncomes nearer to 0 only if r < 2 / "
            "s\n\n"
            "w: distance from the bottom of a valley shaped like a parabola. s: its sharpness. r: the learning rate.\n"
            "Each step multiplies w by 1 - r s. Below r s = 1 the ball comes down one wall; between 1 and 2 it "
            "crosses over and still comes nearer; above 2 the factor is below -1, and w grows, on the other side at "
            "every step. So r s / 2 = 1 is the edge.",
            zh="损失 = s w²/2，坡度 = s w\n新的 w = w − r s w = (1 − r s) w\n只有 r < 2/s 时才会越走越近\n\n"
            "w：离谷底的距离，山谷形如抛物线。s：锐度。r：学习率。\n每一步把 w 乘以 1 − r s。r s 小于 1 时，球沿一侧滑"
            "下；在 1 与 2 之间，会越过谷底，但仍越来越近；大于 2 时，倍数小于 −1，w 每一步换到另一侧，并且越来越远。"
            "所以边界就是 r s/2 = 1。",
        ),
        experiment=Text(
            en="The same network of three hidden layers (each a row of 32 units) learns the same 500 handwritten "
            "digits of 14 x 14 pixels from the same start (the seed) at six rates from 0.0125 to 1.6, for 800 steps. "
            "Every step sees all digits, so that nothing but the rate decides the path; the loss is half the squared "
            "distance to the right answer. We count the steps to a loss of 0.06, and sixteen times on the way we "
            "measure the sharpness: the largest eigenvalue of the Hessian, the table of second derivatives, which "
            "says how each slope changes with each weight. (An eigenvalue is the curvature along one of the table's "
            "own directions.) It is found by multiplying a vector by the table again and again, which turns it "
            "towards the most curved direction. The picture shows the sharpness counted in 2 / rate, so that 1 is the "
            "edge for every rate.",
            zh="同一个有三个隐藏层（每层是一排 32 个单元）的网络，从同一个起点（种子）出发，用 0.0125 到 1.6 的六种学"
            "习率，学习同一批 500 个 14×14 像素的手写数字，各走 800 步。每一步都用全部数字，所以走哪条路只由学习率决"
            "定；损失是与正确答案距离平方的一半。我们数出损失降到 0.06 所需的步数，并在途中测十六次锐度：海森矩阵（二"
            "阶导数排成的数表，说明每个坡度随每个权重怎样变化）的最大特征值。（特征值就是沿这张表自身某个方向的弯曲程"
            "度。）做法是拿一个向量反复与它相乘，向量就会转向弯得最急的方向。图中以 2/学习率 为单位画出锐度，这样对每"
            "种学习率，边界都是 1。",
        ),
        meaning=Text(
            en="Look at the curves of sharpness. If the claim holds, the larger of the rates that work, 0.2 and 0.4, "
            "both end at 1: training makes the valley narrower until it is as narrow as the rate can bear, and stays "
            "there while the loss goes on falling, not smoothly. So the edge is not a wall that was there before; the "
            "rate decides where it comes to stand. One can also see that the largest rate that works begins above 1 "
            "and is not lost: the first steps throw it into a flatter place. Only far above does it fly off. Too "
            "small is safe and wastes steps: 0.1 takes nearly twice as many as 0.2 to a loss of 0.06, and the two "
            "smallest rates do not get there in 800. What is shown holds for steps over all examples and this loss. "
            "With few examples a step, Cohen et al. report, sharpness stops lower; with cross entropy, the loss that "
            "is usual where a network chooses among classes, it falls again once everything is learned.",
            zh="看锐度曲线。如果论断成立，那么管用的学习率中较大的两个，0.2 与 0.4，最后都停在 1：训练让山谷越来越窄，"
            "窄到这个学习率刚好承受得住，就停在那里，而损失继续下降，只是不再平滑。所以边界不是事先立好的墙，它停在哪"
            "里由学习率决定。还可以看到，管用的最大学习率起初在 1 以上，却没有失控：头几步把它甩到了更平坦的地方。只有"
            "远远超过时才会飞出去。太小则安全，但浪费步数：降到损失 0.06，学习率 0.1 所用的步数几乎是 0.2 的两倍，最小"
            "的两种走完 800 步也没降到。这里的结果适用于每步用全部样本、用这种损失的情形。据 Cohen 等人报告，每步只用"
            "少量样本时，锐度会停在更低处；用交叉熵（网络在几类中选一类时常用的损失）时，全部学会之后锐度又会下降。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Find a rate at which training ends on the edge: sharpness x rate / 2 between 0.9 and 1.1.",
                zh="找出一个学习率，使训练停在边界上：锐度×学习率/2 在 0.9 与 1.1 之间。",
            ),
            design=comes_to_rest,
            among={"rate": (0.01, 2.0)},
            solution={"rate": 0.3},
        ),
        Exercise(
            task=Text(
                en="Momentum lets each step keep half of the one before (new step = slope x rate + half the last "
                "step). On the edge, w changes its sign at every step and nothing else. Work out for the parabola "
                "where the edge now lies, counted in 2 / rate, and foretell within 5 % where training at rate 0.4 "
                "ends.",
                zh="动量让每一步保留上一步的一半（新的一步 = 坡度×学习率 + 上一步的一半）。刚好在边界上时，w 每一步只"
                "改变正负号。请就抛物线算出此时边界在 2/学习率 的几倍处，并预言学习率为 0.4 的训练停在哪里，误差不超"
                "过 5%。",
            ),
            design=with_momentum,
            among={"edge": (0.5, 4.0)},
            solution={"edge": 1.5},
        ),
    ),
    published=Text(
        en="Cohen et al. see the sharpness of networks trained on 5,000 pictures of CIFAR-10 (small photographs of "
        "ten kinds of things) rise to 2 / rate and hover just above it. So it is here, at 1.02 and 1.03 times 2 / "
        "rate, with a tenth of the examples and a much smaller network.",
        zh="Cohen 等人用 5,000 张 CIFAR-10 图片（十类事物的小照片）训练网络，看到锐度升到 2/学习率，并在略高处徘徊。这"
        "里也一样，停在 2/学习率 的 1.02 和 1.03 倍处，而样本只有其十分之一，网络也小得多。",
    ),
    next=(
        Text(
            "Take steps on 50 digits at a time: how far below the edge does the sharpness stop?",
            "每步只用 50 个数字：锐度会停在边界以下多远？",
        ),
        Text(
            "Halve the rate once a run stands on the edge: does the sharpness rise to the new edge?",
            "等训练停在边界上，再把学习率减半：锐度会升到新的边界吗？",
        ),
        Text(
            "Use cross entropy for the loss (see above): when does the sharpness leave the edge again?",
            "改用交叉熵：锐度什么时候又离开边界？",
        ),
    ),
    design=design,
)
