"""Do wider networks have fewer bad minima?"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, repeat
from statistics import median

from zhixing import data, evaluate, models, nn, train
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import measure
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Reaches, Scale, Study

WIDTHS = (2, 4, 8, 16, 32)
NARROW, WIDE = "4", "32"
EXAMPLES = {"smoke": 100, "quick": 500, "full": 4000}
STEPS = {"smoke": 20, "quick": 400, "full": 5000}
STARTS = {"smoke": 2, "quick": 5, "full": 20}
SEEDS = {"smoke": 2, "quick": 12, "full": 20}
PLACES = tuple(place / 10 for place in range(11))
NATS = Text("nats", "奈特")
WAY = Text("way from one solution to the other", "从一个解到另一个解的路程")


@measure(
    label=Text("worst start's loss above the best one's", "最差起点的损失高出最好起点"),
    unit=NATS,
    better="lower",
    low=0.0,
)
def spread(losses: Sequence[float]) -> float:
    """The largest final loss less the smallest."""
    return max(losses) - min(losses)


@measure(label=Text("typical final loss", "典型的末尾损失"), unit=NATS, better="lower", low=0.0, log=True)
def typical(losses: Sequence[float]) -> float:
    """The median of the starts."""
    return median(losses)


@measure(label=Text("barrier between two solutions", "两个解之间的壁垒"), unit=NATS, better="lower", low=0.0)
def raw_barrier(rises: Sequence[Sequence[float]]) -> float:
    """How far the loss on the straight line rises above its ends at most; the median of the pairs."""
    return median(map(max, rises))


@measure(label=Text("barrier after the units are matched", "隐藏单元配对后的壁垒"), unit=NATS, better="lower", low=0.0)
def matched_barrier(rises: Sequence[Sequence[float]]) -> float:
    """The same when the units of one network are first renumbered to lie nearest to the other's."""
    return median(map(max, rises))


@measure(label=Text("rise of the loss on the line between two solutions", "两解连线上损失的升高"), unit=NATS, axis=WAY)
def raw_line(rises: Sequence[Sequence[float]]) -> Series:
    """The median of the pairs at each place."""
    return Series("way", PLACES, tuple(map(median, zip(*rises, strict=True))))


@measure(label=Text("the same after the units are matched", "单元配对后，两解连线上损失的升高"), unit=NATS, axis=WAY)
def matched_line(rises: Sequence[Sequence[float]]) -> Series:
    """The median of the pairs at each place."""
    return Series("way", PLACES, tuple(map(median, zip(*rises, strict=True))))


@measure(
    label=Text("final loss", "末尾损失"),
    unit=NATS,
    low=0.0,
    axis=Text("start, best first", "起点（由好到差）"),
    log=True,
)
def losses_by_rank(losses: Sequence[float]) -> Series:
    """The final loss of every start, in rising order."""
    return Series("start", tuple(float(rank) for rank in range(1, len(losses) + 1)), tuple(sorted(losses)))


def minima(seeds: Seeds, watch: Watch, *, data: Spec, width: int, starts: int, steps: int) -> dict[str, float | Series]:
    """Trains one network from several starts on all examples at once, and walks from each solution to the next.

    A trial that was stopped goes on with the start that it had not finished.
    """
    import torch

    part = data.build().train
    inputs, targets = torch.tensor(part.inputs), torch.tensor(part.targets)
    adam = spec(train.adamw, lr=0.03, weight_decay=0.0)
    recipe = train.Recipe(optimiser=adam, steps=steps, schedule=spec(train.cosine))
    networks = [
        models.MLP(
            features_in=inputs[0].numel(), widths=(width,), activation=torch.nn.Tanh, init=nn.glorot_uniform,
            generator=seeds.torch(f"start {start}"),
        )
        for start in range(starts)
    ]  # fmt: skip
    solutions = list((watch.resume() or {"solutions": []})["solutions"])
    for network, solution in zip(networks, solutions, strict=False):
        network.load_state_dict(solution)
    for network in networks[len(solutions) :]:
        for record in train.fit(network, repeat((inputs, targets)), recipe.step(network), total=steps):
            watch.step(len(solutions) * steps + record.step, starts * steps, lambda: {"solutions": solutions})
        solutions.append(network.state_dict())

    def rises(one: torch.nn.Module, other: torch.nn.Module) -> list[float]:
        losses = evaluate.losses_between(one, other, inputs, targets, places=PLACES)
        return evaluate.rise_above_ends(losses, PLACES)

    ends = [evaluate.losses_between(network, network, inputs, targets, places=(0.0,))[0] for network in networks]
    raw = [rises(one, other) for one, other in pairwise(networks)]
    matched = [rises(one, evaluate.matched(one, other)) for one, other in pairwise(networks)]
    return {
        spread.name: spread(ends),
        typical.name: typical(ends),
        raw_barrier.name: raw_barrier(raw),
        matched_barrier.name: matched_barrier(matched),
        losses_by_rank.name: losses_by_rank(ends),
        raw_line.name: raw_line(raw),
        matched_line.name: matched_line(matched),
    }


def design(scale: Scale) -> Design:
    pictures = spec(data.reduced, source=spec(data.digits28, train=EXAMPLES[scale]), by=4)
    return Design(
        trial=spec(minima, data=pictures, starts=STARTS[scale], steps=STEPS[scale]),
        arms=[arm(width) for width in WIDTHS],
        seeds=SEEDS[scale],
        measures=(spread, typical, raw_barrier, matched_barrier),
        mechanism=(losses_by_rank, raw_line, matched_line),
        verdict=All(
            Better(WIDE, than=NARROW, on=spread, by=0.05),
            Better(WIDE, than=NARROW, on=matched_barrier, by=0.1),
        ),
    )


def arm(width: int) -> Arm:
    return Arm(f"{width}", label=Text(f"{width} units", f"{width} 个单元"), width=width)


def agreeing(scale: Scale, *, width: int) -> Design:
    """A network of the learner's width, whose starts are claimed to end alike."""
    return replace(design(scale), arms=[arm(width)], verdict=Reaches(f"{width}", on=spread, value=0.03))


def connected(scale: Scale, *, width: int) -> Design:
    """A network of the learner's width, whose matched solutions are claimed to be joined by almost level ground."""
    return replace(design(scale), arms=[arm(width)], verdict=Reaches(f"{width}", on=matched_barrier, value=0.02))


study = Study(
    slug="local-minima",
    chapter="descent",
    after=("saddle-points",),
    question=Text("Do wider networks have fewer bad minima?", "更宽的网络，坏的极小值更少吗？"),
    claim=Text(
        en="The starts of a network of 32 units end more alike than those of one of 4, and the barrier between two of "
        "its solutions is lower, once their units are matched.",
        zh="与 4 个单元的网络相比，32 个单元的网络从不同起点出发，结局更接近；把隐藏单元配对之后，两个解之间的壁垒也更"
        "低。",
    ),
    source="Choromanska et al. 2015, arXiv:1412.0233; Ainsworth et al. 2023, arXiv:2209.04836; Entezari et al. 2022, "
    "arXiv:2110.06296",
    explanation=Explanation(
        idea=Text(
            en="Training goes downhill until it finds a place that is lower than all around it: a minimum. Height "
            "here is the loss, a number that says how wrong the network is, and one walks by changing its weights, "
            "the numbers that it learns. Hilly ground has many, some high up and some low, and one who only ever goes "
            "down ends in the one below the start. If networks were like that, training would be a matter of luck. A "
            "network has as many directions to go in as it has weights, though. To be stuck, it must be stuck in all "
            "of them at once, and with more units in the hidden layer, the row between pixels and answers, there are "
            "more ways round. So one would expect luck to matter in narrow networks, and hardly in wide ones.",
            zh="训练就是下山，直到找到一处比四周都低的地方：极小值。这里的高度是损失，即说明网络错得多厉害的数；走路就"
            "是改变权重，也就是网络要学的那些数。崎岖的地面有许多极小值，有的高，有的低，只会下山的人，最后停在起点下"
            "方的那一个。如果网络也是这样，训练就全凭运气。不过，网络有多少权重，就有多少个可走的方向。要被困住，必须"
            "在所有方向上同时被困住；隐藏层（像素与答案之间的一排单元）的单元越多，绕过去的路也越多。所以可以预料：窄"
            "网络要看运气，宽网络几乎不用。",
        ),
        formula=Text(
            en="spread = worst final loss - best final loss\nbarrier = highest of  loss((1 - t) A + t B) - ((1 - t) "
            "loss(A) + t loss(B)),  t from 0 to 1\n\n"
            "loss: how wrong the network is on the digits that it learns. A, B: all weights of two trained networks. "
            "t: how far one has gone from A to B in a straight line. The hidden units of a network have no order: "
            "renumbering them changes the weights and not the answers. To match is to renumber the units of B so that "
            "each lies nearest to one of A. The units here bend their sums by tanh, whose value changes sign with the "
            "sum: a unit whose weights all change sign, into it and out of it, does what it did, and so counts as the "
            "same.",
            zh="差距 = 最差的末尾损失 − 最好的末尾损失\n壁垒 = loss((1 − t) A + t B) − ((1 − t) loss(A) + t loss(B)) "
            "的最大值，t 从 0 到 1\n\n"
            "loss（损失）：网络在所学数字上错得多厉害。A、B：两个训练好的网络的全部权重。t：从 A 沿直线走向 B 走了多"
            "远。网络的隐藏单元没有先后：重新编号会改变权重，却不改变回答。配对，就是给 B 的单元重新编号，让每一个都"
            "离 A 的某一个最近。这里的单元用 tanh 弯折它的和，和变号，结果也只是变号：一个单元进出的权重全部变号，作用"
            "并不改变，所以算作同一个。",
        ),
        experiment=Text(
            en="Networks with one hidden layer of 2, 4, 8, 16 or 32 units learn 500 handwritten digits of 7 x 7 "
            "pixels, all digits at every step, for 400 steps. (The steps are Adam's, which gives each weight a step "
            "of its own, and shrink to nothing by the end. The loss is counted in nats: guessing has 2.3.) Each seed "
            "gives five random starts of each width. We compare the losses at which the five end. Then we walk in a "
            "straight line from each solution to the next and note how high the loss climbs: once with the weights as "
            "they are, and once with the units matched.",
            zh="单隐层网络，隐藏单元 2、4、8、16 或 32 个，学习 500 个 7×7 像素的手写数字，每一步都用全部数字，共 400 "
            "步。（步子由 Adam 决定，它给每个权重各自的步长；步子逐渐缩小，到末尾缩到零。损失以奈特为单位：瞎猜是 "
            "2.3。）每个种子给每种宽度五个随机起点。我们比较五次训练末尾的损失，再从一个解沿直线走到下一个解，记下途中"
            "损失升得多高：一次用原来的权重，一次先把单元配对。",
        ),
        meaning=Text(
            en="Look at the final losses, best start first. The axis grows by factors, and on it all lines are nearly "
            "level: as a share of its own loss, luck decides about as much in a wide network as in a narrow one (the "
            "spread is 21 % of the typical loss at 32 units, 36 % at 4, 13 % at 2). What falls is the loss itself, by "
            "a factor of nearly 200 from 4 units to 32, and the spread with it: a bad start of a wide network is "
            "still far better than the best of a narrow one. The barrier says more. As they stand, two solutions are "
            "parted by a ridge at every width, and one might take them for separate valleys. Matching the units takes "
            "86 % of the ridge away at 32 units and about half of it at 4: wide solutions come much nearer to being "
            "the same one, numbered differently. They are not quite: what is left of the ridge, 0.055, is still about "
            "thirty times the loss at its ends. The experiment does not say that wide networks have one minimum, nor "
            "that the lowest loss is the best answer on new digits. And it stops after a set number of steps, so that "
            "some starts of the narrow ones may be slow rather than stuck.",
            zh="看末尾损失（由好到差）。纵轴按倍数增长，在这样的轴上，各条线都近乎水平：按占自身损失的比例来说，运气在"
            "宽网络里的作用与在窄网络里差不多（差距占典型损失的比例，32 个单元时是 21%，4 个时是 36%，2 个时是 13%）。"
            "下降的是损失本身，从 4 个单元到 32 个，降到将近二百分之一，差距也随之缩小：宽网络的坏起点，仍远好于窄网络"
            "最好的起点。壁垒说明得更多。照原样看，不论宽窄，两个解之间都隔着一道脊，好像是各自独立的山谷。把单元配对"
            "之后，32 个单元时脊消失了 86%，4 个时只消失一半左右：宽网络的各个解更接近于同一个，只是编号不同。但还不完"
            "全是：剩下的脊高 0.055，仍是两端损失的三十倍左右。这个实验并不是说宽网络只有一个极小值，也不是说损失最低"
            "就最会认新的数字。训练到固定步数就停，所以窄网络的某些起点也许只是慢，而不是被困住。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="How many units, 12 at most, make the worst of five starts end within 0.03 of the best?",
                zh="隐藏单元不超过 12 个时，取多少个才能让五个起点中最差的与最好的相差不超过 0.03？",
            ),
            design=agreeing,
            among={"width": (2, 12)},
            solution={"width": 10},
        ),
        Exercise(
            task=Text(
                en="Read from the study how the barrier after matching falls each time the width doubles, from four "
                "units on, and find a width, 128 at most, at which it is 0.02 at most.",
                zh="从研究结果看，宽度每翻一倍，配对后的壁垒降到几分之几？据此找出一个不超过 128 的宽度，使壁垒不超过 "
                "0.02。",
            ),
            design=connected,
            among={"width": (2, 128)},
            solution={"width": 100},
        ),
    ),
    published=Text(
        en="Choromanska et al. train networks with one hidden layer on digits of 10 x 10 pixels from many starts: the "
        "test losses gather in a narrower and lower band the more units there are. We see the same in the training "
        "loss. Ainsworth et al. report that the barrier after matching falls with the width; here too.",
        zh="Choromanska 等人在 10×10 像素的数字上，从许多起点训练单隐层网络：单元越多，测试损失聚集的范围越窄，也越"
        "低。我们在训练损失上看到同样的现象。Ainsworth 等人报告，配对之后壁垒随宽度下降；这里也是如此。",
    ),
    next=(
        Text(
            "Train for 5,000 steps on 4,000 digits (--scale full): which of the narrow networks were slow, and which "
            "stuck?",
            "用 4,000 个数字训练 5,000 步（--scale full）：窄网络里哪些只是慢，哪些真被困住？",
        ),
        Text(
            "Average two matched solutions: does the network halfway make fewer errors on new digits than either?",
            "把两个配对后的解取平均：处在中点的网络，在新数字上会比两者错得更少吗？",
        ),
    ),
    design=design,
)
