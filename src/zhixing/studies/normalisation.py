"""What does batch normalisation change?"""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import mean, median
from typing import TYPE_CHECKING, Any, cast

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.study import All, Arm, Better, Contrast, Design, Exercise, Explanation, Scale, Study

if TYPE_CHECKING:
    from torch import nn

DEPTH, RATE = 4, 0.1
RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
EXAMPLES = {"smoke": 200, "quick": 2000, "full": 4000}
STEPS = {"smoke": 5, "quick": 60, "full": 1000}
SEEDS = {"smoke": 2, "quick": 12, "full": 20}
LEARNS, LOST, LAST = math.log(10) / 2, 10.0, 10
"""A loss that shows learning, half that of guessing; the most that an end counts; how many last steps are the end."""


@measure(label=Text("largest rate that still learns", "还能学习的最大学习率"), unit=Text("", ""), better="higher",
         low=0.0, log=True)  # fmt: skip
def largest_rate(rate: float) -> float:
    """The rate up to which training from this start ends below half the loss of guessing."""
    return rate


@measure(label=Text("change of the gradient along a step", "走一步后梯度的变化"), unit=Text("of its length", "倍原长"),
         better="lower", low=0.0)  # fmt: skip
def gradient_change(changes: Sequence[float]) -> float:
    """How far a step moves the gradient of its own examples, counted in the gradient's length; median of the steps."""
    return median(changes)


@measure(label=Text("test error at the best rate", "最佳学习率下的测试错误率"), unit=PER_CENT, difference_unit=POINTS,
         better="lower", low=0.0, high=100.0)  # fmt: skip
def error_at_best(losses: Sequence[float], errors: Sequence[float]) -> float:
    """The test error of the run of the ladder that ended with the lowest training loss."""
    return errors[losses.index(min(losses))]


@measure(label=Text("training loss at the end", "末尾的训练损失"), unit=Text("nats", "奈特"), low=0.0, high=LOST,
         axis=Text("learning rate", "学习率"), log=True)  # fmt: skip
def loss_by_rate(losses: Sequence[float]) -> Series:
    """Where each rate of the ladder ends; 10 where the run was given up."""
    return Series("rate", RATES, tuple(losses))


@measure(label=Text("change of the gradient along a step", "走一步后梯度的变化"), unit=Text("of its length", "倍原长"),
         low=0.0, axis=Text("step", "步数"))  # fmt: skip
def change_by_step(changes: Sequence[float]) -> Series:
    """The same as training goes."""
    return Series("step", tuple(float(step) for step in range(1, len(changes) + 1)), tuple(changes))


class Run:
    """Training from the seed's own start and order, at any rate: every run of a trial differs in its rate alone."""

    def __init__(self, seeds: Seeds, *, data: Spec, model: Spec, steps: int):
        import torch

        parts = data.build()
        self.known, self.judged = (
            (torch.tensor(part.inputs), torch.tensor(part.targets)) for part in (parts.train, parts.test)
        )
        self.seeds, self.model, self.steps = seeds, model, steps

    def trained(self, rate: float) -> "tuple[nn.Module, float]":
        """The network and its training loss over the last steps; a run whose loss leaves all bounds is given up."""
        network, batches = self._begin()
        step, losses = train.Minimise(network, train.sgd(network, lr=rate), total=self.steps), []
        for record in train.fit(network, batches, step, total=self.steps):
            losses.append(float(record.seen["loss"]))
            if not losses[-1] < 1e3:
                return network, LOST
        return network, min(LOST, mean(losses[-LAST:]))

    def changes(self, rate: float) -> list[float]:
        """At each step, how far it moves the gradient of its own examples, counted in the gradient's length."""
        import torch
        from torch.nn.functional import cross_entropy

        network, batches = self._begin()
        weights, found = list(network.parameters()), []

        def gradient(inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            parts = torch.autograd.grad(cross_entropy(network(inputs), targets), weights)
            return torch.cat([part.flatten() for part in parts])

        for _ in range(self.steps):
            batch = next(batches)
            before = gradient(*batch)
            with torch.no_grad():
                torch.nn.utils.vector_to_parameters(
                    torch.nn.utils.parameters_to_vector(weights) - rate * before, weights
                )
            found.append(float((gradient(*batch) - before).norm() / before.norm()))
        return found

    def _begin(self) -> "tuple[nn.Module, train.Batches]":
        network = self.model.build(generator=self.seeds.torch("initialisation"))
        return network, train.Batches(*self.known, size=64, generator=self.seeds.torch("order"))


def ladder(
    seeds: Seeds, watch: Watch, *, data: Spec, model: Spec, steps: int, rate: float = RATE
) -> dict[str, float | Series]:
    """Trains at a ladder of rates, seeks the largest that learns, and follows the gradient at one `rate`.

    A trial that was stopped goes on with the rate of the ladder that it had not finished.
    """
    run = Run(seeds, data=data, model=model, steps=steps)
    held = watch.resume() or {"losses": [], "errors": []}
    losses, errors = held["losses"], held["errors"]
    for tried in RATES[len(losses) :]:
        network, loss = run.trained(tried)
        losses.append(loss)
        errors.append(cast(float, evaluate.test_error(network, *run.judged)))
        watch.step(len(losses), len(RATES) * 2, lambda: {"losses": losses, "errors": errors})
    largest = train.largest_rate(lambda tried: run.trained(tried)[1] < LEARNS, low=RATE, high=100.0, within=1.1)
    changes = run.changes(rate)
    return {
        largest_rate.name: largest_rate(largest),
        gradient_change.name: gradient_change(changes),
        error_at_best.name: error_at_best(losses, errors),
        loss_by_rate.name: loss_by_rate(losses),
        change_by_step.name: change_by_step(changes),
    }


def arm(kind: str, depth: int = DEPTH, **more: Any) -> Arm:
    from torch.nn import BatchNorm1d, LayerNorm

    kinds = {
        "none": (Text("no normalisation", "不归一化"), None),
        "batch": (Text("batch normalisation", "批归一化"), BatchNorm1d),
        "layer": (Text("layer normalisation", "层归一化"), LayerNorm),
    }
    label, normalisation = kinds[kind]
    model = spec(models.MLP, features_in=196, widths=(64,) * depth, normalisation=normalisation)
    return Arm(kind, label=label, model=model, **more)


def design(scale: Scale) -> Design:
    pictures = spec(data.reduced, source=spec(data.digits28, train=EXAMPLES[scale]), by=2)
    return Design(
        trial=spec(ladder, data=pictures, steps=STEPS[scale]),
        arms=[arm(kind) for kind in ("none", "batch", "layer")],
        seeds=SEEDS[scale],
        measures=(largest_rate, gradient_change, error_at_best),
        mechanism=(loss_by_rate, change_by_step),
        verdict=All(bears(4), Better("batch", than="none", on=gradient_change, by=0.1)),
    )


def bears(times: int) -> Contrast:
    """Batch normalisation bears at least so many times the rate."""
    text = Text(
        "the largest rate of batch normalisation, less {times} times that of no normalisation, is not below 0",
        "批归一化的最大学习率，减去不归一化的 {times} 倍，不小于 0",
    )
    return Contrast({"batch": 1.0, "none": -float(times)}, on=largest_rate, by=0.0, text=text.format(times=times))


def deeper(scale: Scale, *, depth: int) -> Design:
    """Networks of the learner's depth, with and without; batch normalisation is claimed to bear twelve times the rate."""
    return replace(design(scale), arms=[arm(kind, depth) for kind in ("none", "batch")], verdict=bears(12))


def rougher(scale: Scale, *, rate: float) -> Design:
    """The gradient followed at another rate, where batch normalisation is claimed to be the rougher."""
    arms = [arm(kind, rate=rate) for kind in ("none", "batch")]
    return replace(design(scale), arms=arms, verdict=Better("none", than="batch", on=gradient_change, by=0.02))


study = Study(
    slug="normalisation",
    chapter="depth",
    after=("learning-rate", "vanishing-gradients"),
    question=Text("What does batch normalisation change?", "批归一化改变了什么？"),
    claim=Text(
        en="It bears at least four times the learning rate, and the gradient changes less along each step.",
        zh="它能承受至少四倍的学习率，而且每走一步，梯度的变化更小。",
    ),
    source="Ioffe and Szegedy 2015, arXiv:1502.03167; Santurkar et al. 2018, arXiv:1805.11604, Fig. 4",
    explanation=Explanation(
        idea=Text(
            en="A network is a chain of layers, each working on the numbers that the one before it made. While a "
            "network learns, all layers change at once, and what a layer was tuned to yesterday may be twice as large "
            "today. Batch normalisation steps in between: for each unit (what makes one of a layer's numbers) it "
            "takes the numbers of all examples that are being looked at together, the batch, subtracts their mean and "
            "divides by their spread (standard deviation), so that the next layer always gets numbers of one size. "
            "That it often helps is well known. What it changes can be measured: how long the steps may be, the "
            "learning rate, and how far the slope that one steps along, the gradient, can be trusted.",
            zh="网络是一串层，每一层都用前一层算出的数来工作。学习的时候，所有层同时在变，某一层昨天适应的数，今天可能"
            "大了一倍。批归一化插在中间：对每个单元（给出一层中一个数的部件），取同时处理的一批样本的数，减去平均值，"
            "再除以离散程度（标准差），这样下一层得到的数大小总是一样。它往往有用，这是众所周知的。它到底改变了什么，"
            "可以测出来：步子能走多大，也就是学习率；迈步所依据的坡度，也就是梯度，能信多远。",
        ),
        formula=Text(
            en="y = a (x - m) / s + b\nchange of the gradient = |g(w - r g(w)) - g(w)| / |g(w)|\n\n"
            "x: a unit's number for one example. y: what is passed on instead. m, s: mean and spread of that unit "
            "over the batch. a, b: two numbers that are learned. w: all weights. g(w): the gradient there. r: the "
            "learning rate. | |: length, the square root of the sum of the squares.\nAt 0 the slope after the step is "
            "what it was, and the step kept its promise; at 1 it has changed by its whole length.",
            zh="y = a (x − m)/s + b\n梯度的变化 = |g(w − r g(w)) − g(w)| / |g(w)|\n\n"
            "x：某个单元对一个样本给出的数。y：代替它往下传的数。m、s：该单元在这一批上的平均值与离散程度。a、b：要学"
            "的两个数。w：全部权重。g(w)：该处的梯度。r：学习率。| |：长度，即各数平方和的平方根。\n等于 0，走一步后坡"
            "度不变，这一步说到做到；等于 1，坡度的变化已有它自身那么长。",
        ),
        experiment=Text(
            en="Networks of four layers of 64 units between picture and answer, with no normalisation, with batch "
            "normalisation, and with layer normalisation (which takes mean and spread over the units of one example "
            "instead), learn 2,000 handwritten digits of 14 x 14 pixels, 64 at a time, from the same start and in the "
            "same order (the seed), for 60 steps. We train each at eight rates from 0.01 to 30, then halve the gap "
            "between a rate that learns (the loss, which says how wrong the answers are, ends below half that of "
            "guessing) and one that does not, until the largest is known within a tenth. At the rate 0.1, at which "
            "all of them learn, we look at every step at the gradient before and after it, on the same digits. The "
            "test errors are those of the rate with the lowest training loss.",
            zh="图像与答案之间有四层、每层 64 个单元的网络，分别不归一化、用批归一化、用层归一化（改为对一个样本的各单"
            "元取平均值与离散程度），从同样的起点、按同样的顺序（种子）学习 2,000 个 14×14 像素的手写数字，每步 64 "
            "个，共 60 步。先用 0.01 到 30 的八种学习率各训练一遍，再在能学（损失说明答得有多错；末尾低于乱猜的一半）"
            "与不能学的学习率之间反复折半，直到最大学习率精确到一成以内。在大家都能学的学习率 0.1 下，每一步都用同一批"
            "数字，比较迈步前后的梯度。测试错误率取训练损失最低的那个学习率。",
        ),
        meaning=Text(
            en="The picture of loss against rate is a valley for every network; normalisation moves its right wall to "
            "larger rates and widens the floor. The left wall stays: at small rates it is no faster, even a little "
            "slower. If the second claim holds, the other picture offers a reason: with batch normalisation a step "
            "changes the slope less, so that longer steps can be trusted. Look where that is so: in the first few "
            "steps the gradient of the normalised network is no smoother, and an exercise finds a rate at which it is "
            "rougher. So smoothness is not a property of the network alone, but of network, place and step. In the "
            "largest rate and in the change of the gradient layer normalisation lies between the two others. The "
            "table also shows the test errors when each network has its own best rate: about 10 % with batch "
            "normalisation, 12 to 13 % without it. Nothing here says why it works; that it keeps the layers' inputs "
            "steady is another claim, which this experiment does not test.",
            zh="损失随学习率变化的图，对每个网络都是一个山谷；归一化把右壁移向更大的学习率，谷底也更宽。左壁没有动：学"
            "习率小时，它并不更快，甚至稍慢。如果第二个论断成立，另一张图给出了一个可能的原因：用了批归一化，走一步后"
            "坡度变化更小，所以步子可以更大。但要看在哪里成立：最初几步，归一化网络的梯度并不更平滑，有一道练习还能找"
            "到它更粗糙的学习率。所以平滑不只是网络的性质，而取决于网络、位置和步长。就最大学习率和梯度的变化而言，层"
            "归一化介于另外两者之间。表中还列出各自用最佳学习率时的测试错误率：批归一化约 10%，另外两者为 12% 到 13%。"
            "这里没有说明它为什么有效；“让各层的输入保持稳定”是另一个论断，这个实验并不检验。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Find a depth at which batch normalisation bears at least twelve times the rate of a network "
                "without it.",
                zh="找出一个深度，使批归一化能承受的学习率至少是不归一化的十二倍。",
            ),
            design=deeper,
            among={"depth": (1, 12)},
            solution={"depth": 10},
        ),
        Exercise(
            task=Text(
                en="Find a rate at which the gradient changes more with batch normalisation than without, by at least "
                "0.02 of its length.",
                zh="找出一个学习率，使批归一化网络的梯度变化反而比不归一化的更大，至少大 0.02 倍原长。",
            ),
            design=rougher,
            among={"rate": (0.005, 0.5)},
            solution={"rate": 0.02},
        ),
    ),
    published=Text(
        en="Ioffe and Szegedy train Inception, a deep network, on the photographs of ImageNet at five and at thirty "
        "times the rate of the network without normalisation, which could not be trained at five times. The factor "
        "here is of the size of the first; the exercise shows that it grows with depth, and theirs is far deeper. "
        "Santurkar et al. measure that the gradient of a VGG network, another one for photographs, changes less along "
        "a step with batch normalisation.",
        zh="Ioffe 和 Szegedy 在 ImageNet 照片上，用五倍和三十倍的学习率训练带归一化的深层网络 Inception；不归一化的网"
        "络用五倍就训练不了。这里的倍数与前者相近；练习表明倍数随深度增大，而他们的网络深得多。Santurkar 等人测得，带"
        "批归一化的 VGG 网络（也是识别照片的），梯度沿一步的变化更小。",
    ),
    next=(
        Text(
            "Train with batches of 4: does batch normalisation keep its advantage when the batch says little about "
            "the mean?",
            "每批只用 4 个样本：当一批样本说不准平均值时，批归一化还有优势吗？",
        ),
        Text(
            "Add noise to the normalised numbers, so that they are no longer steady: does the larger rate survive? "
            "(Santurkar et al. say that it does.)",
            "给归一化后的数加噪声，使其不再稳定：大的学习率还能用吗？（Santurkar 等人说能。）",
        ),
    ),
    design=design,
)
