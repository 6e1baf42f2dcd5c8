"""Does a larger batch need a larger rate, and where does it stop helping?"""

from collections.abc import Sequence
from dataclasses import replace

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import measure
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Reaches, Scale, Study, Within

BATCHES = {
    "smoke": (8, 32, 128),
    "quick": (8, 16, 32, 64, 128, 256, 512),
    "full": (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048),
}
TARGET = {"smoke": 1.5, "quick": 0.2, "full": 0.1}
LIMIT = {"smoke": 40, "quick": 3_000, "full": 30_000}
WIDTH = {"smoke": 16, "quick": 64, "full": 256}
SEEDS = {"smoke": 2, "quick": 12, "full": 20}
START = 1 / 32
"""The rate from which the search for the smallest batch sets out."""
LOOKS = 16
"""Places on the way at which the noise scale is measured."""
BATCH, TIMES, EXAMPLES = Text("batch size", "批大小"), Text("times", "倍"), Text("examples", "个样本")
Found = Sequence[Sequence[float]]
"""Batch, rate and steps to the target, for each batch."""


@measure(label=Text("saving by the largest batch", "最大批的节省倍数"), unit=TIMES, better="higher", low=0.0)
def saving(found: Found) -> float:
    """Steps of the smallest batch over those of the largest."""
    return found[0][2] / found[-1][2]


@measure(label=Text("saving by the last fourfold", "最后增大四倍的节省倍数"), unit=TIMES, better="higher", low=0.0)
def last_saving(found: Found) -> float:
    """Steps two batches before the largest over those of the largest; 4 were perfect, each batch being twice the last."""
    return found[-3][2] / found[-1][2]


@measure(label=Text("critical batch seen", "实测的临界批大小"), unit=EXAMPLES, low=0.0)
def critical_batch(found: Found) -> float:
    """c of the curve steps = s (1 + c / batch) that fits best, misses counted in shares of the steps (Eq. 2.11 there)."""
    return _critical(found)


@measure(label=Text("noise scale, mean of the way", "噪声尺度（途中平均）"), unit=EXAMPLES, low=0.0)
def noise_scale(noise: Sequence[float]) -> float:
    """Mean over the steps of the largest batch's run: the critical batch that theory predicts (Appendix D there)."""
    return sum(noise) / len(noise)


@measure(
    label=Text("factor between critical batch and noise scale", "临界批大小与噪声尺度相差的倍数"),
    unit=TIMES,
    better="lower",
    low=1.0,
)
def factor_between(found: Found, noise: Sequence[float]) -> float:
    """The larger over the smaller: 1 where the prediction is exact."""
    ratio = _critical(found) * len(noise) / sum(noise)
    return max(ratio, 1 / ratio)


@measure(label=Text("steps to the target", "达到目标的步数"), unit=Text("steps", "步"), low=0.0, log=True, axis=BATCH)
def steps_by_batch(found: Found) -> Series:
    """At the rate of the arm."""
    return Series("batch", tuple(batch for batch, _, _ in found), tuple(steps for *_, steps in found))


@measure(label=Text("learning rate", "学习率"), unit=Text("", ""), low=0.0, log=True, axis=BATCH)
def rate_by_batch(found: Found) -> Series:
    """The best one found, or the one that was given."""
    return Series("batch", tuple(batch for batch, _, _ in found), tuple(rate for _, rate, _ in found))


@measure(label=Text("examples to the target", "达到目标用的样本数"), unit=EXAMPLES, low=0.0, log=True, axis=BATCH)
def examples_by_batch(found: Found) -> Series:
    """Steps times batch: what the machine has to compute."""
    return Series("batch", tuple(b for b, _, _ in found), tuple(batch * steps for batch, _, steps in found))


@measure(
    label=Text("noise scale", "噪声尺度"), unit=EXAMPLES, low=0.0, log=True,
    axis=Text("share of the largest batch's run, in %", "最大批训练的进度（%）"),
)  # fmt: skip
def noise_by_progress(noise: Sequence[float]) -> Series:
    """How many examples' gradients must be averaged until noise and signal are equally large."""
    return Series("progress", tuple(100 * place / len(noise) for place in range(len(noise))), tuple(noise))


def _critical(found: Found) -> float:
    import numpy as np

    batch, _, steps = np.array(found).T
    (least, slope), *_ = np.linalg.lstsq(np.stack([1 / steps, 1 / (batch * steps)], axis=1), np.ones(len(batch)))
    return float(slope / least)


def sweep(
    seeds: Seeds,
    watch: Watch,
    *,
    data: Spec,
    model: Spec,
    target: float,
    batches: tuple[int, ...],
    limit: int,
    own_rate: bool,
) -> dict[str, float | Series]:
    """Trains to a loss at every batch size, at the best rate for each or, without `own_rate`, at the first one's."""
    import torch

    part = data.build().train
    examples = torch.tensor(part.inputs), torch.tensor(part.targets)

    def start(batch: int, rate: float) -> train.Run:
        recipe = spec(train.Recipe, optimiser=spec(train.sgd, lr=rate), steps=limit, batch=batch)
        return train.Run(seeds, examples, model=model, recipe=recipe)

    def best(batch: int, rate: float, search: bool) -> train.Best:
        def steps(rate: float, limit: float) -> float:
            return train.steps_to(target, start(batch, rate).looks(limit=limit))

        return train.best_rate(steps, rate) if search else train.Best(rate, steps(rate, limit))

    found: list[list[float]] = (watch.resume() or {"found": []})["found"]
    for place, batch in enumerate(batches[len(found) :], len(found)):
        chosen = best(batch, found[-1][1] if found else START, own_rate or not found)
        found.append([batch, *chosen])
        watch.step(place + 1, len(batches) + 1, lambda: {"found": found})
    _, rate, steps = found[-1]
    run = start(batches[-1], rate)
    every = max(1, round(min(steps, limit) / LOOKS))
    noise = [evaluate.simple_noise_scale(run.network, *examples)]
    noise += [
        evaluate.simple_noise_scale(run.network, *examples)
        for record in run.records(limit=steps)
        if record.step % every == 0
    ]
    return {
        **{of.name: of(found) for of in (saving, last_saving, critical_batch)},
        **{of.name: of(noise) for of in (noise_scale, noise_by_progress)},
        **{of.name: of(found) for of in (steps_by_batch, rate_by_batch, examples_by_batch)},
        factor_between.name: factor_between(found, noise),
    }


def swept(scale: Scale, *, target: float, batches: tuple[int, ...]) -> Design:
    return Design(
        trial=spec(
            sweep,
            data=spec(data.digits28),
            model=spec(models.MLP, widths=(WIDTH[scale],)),
            target=target,
            batches=batches,
            limit=LIMIT[scale],
        ),
        arms=[
            Arm("own", label=Text("a rate for each batch", "每个批各有学习率"), own_rate=True),
            Arm("shared", label=Text("one rate for all", "共用一个学习率"), own_rate=False),
        ],
        seeds=SEEDS[scale],
        measures=(saving, last_saving, critical_batch, noise_scale, factor_between),
        mechanism=(steps_by_batch, rate_by_batch, examples_by_batch, noise_by_progress),
        verdict=All(
            Better("own", than="shared", on=saving, by=4.0),
            Within("own", on=last_saving, low=0.0, high=2.0),
            Reaches("own", on=factor_between, value=10.0),
        ),
    )


def design(scale: Scale) -> Design:
    return swept(scale, target=TARGET[scale], batches=BATCHES[scale])


def halfway(scale: Scale, *, batch: int) -> Design:
    """The learner's batch, four times which is claimed to save about half of what a perfect saving would be."""
    usual = swept(scale, target=TARGET[scale], batches=(batch, 2 * batch, 4 * batch))
    return replace(usual, arms=usual.arms[:1], verdict=Within("own", on=saving, low=1.4, high=2.8))


def moved(scale: Scale, *, loss: float) -> Design:
    """The target of the learner, claimed to bring the critical batch down to 40 examples or fewer."""
    usual = swept(scale, target=loss, batches=BATCHES[scale])
    return replace(usual, arms=usual.arms[:1], verdict=Within("own", on=critical_batch, low=0.0, high=40.0))


study = Study(
    slug="batch-size",
    chapter="descent",
    after=("learning-rate",),
    question=Text(
        "Does a larger batch need a larger rate, and where does it stop helping?",
        "批越大，学习率也要越大吗？大到哪里就不再有用？",
    ),
    claim=Text(
        en="A larger batch saves many steps only with a rate of its own; beyond a critical size it saves few, and the "
        "noise of the gradient foretells that size to within a factor of ten.",
        zh="批变大时，只有配上自己的学习率才能省下许多步；超过临界大小后就省得很少，而梯度的噪声能预告这个大小，误差在"
        "十倍以内。",
    ),
    source="McCandlish et al. 2018, arXiv:1812.06162, Eq. 2.9 and 2.11, Appendix D; Goyal et al. 2017, "
    "arXiv:1706.02677, Section 2.1; Shallue et al. 2019, arXiv:1811.03600",
    explanation=Explanation(
        idea=Text(
            en="A network learns in steps. At each step it looks at a handful of examples, the batch, and works out "
            "from them the gradient: the direction in which its weights, the numbers that it learns, would have to "
            "move for its error to grow fastest. It then moves them the other way; how far is set by the learning "
            "rate. A handful gives only a rough idea of the direction that all examples together would give, as a "
            "poll of ten people gives a rough idea of an election. What is rough about it is called noise.\n\n"
            "A larger batch gives a truer direction, and whoever knows the way can stride out: the rate may grow. But "
            "once the direction is true, asking still more examples tells nothing new, and the length of the stride "
            "is limited by the bends of the road instead. So there should be a critical size: far below it, twice the "
            "batch saves nearly half of the steps; far above it, hardly any.",
            zh="网络一步一步地学习。每一步只看一小把样本，叫做一批，由它们算出梯度，也就是权重（网络要学的那些数）往哪"
            "个方向变，误差增大得最快；然后让权重朝反方向走，走多远由学习率决定。一小把样本只能粗略地指出全体样本会指"
            "的方向，好比问十个人只能粗略地猜测选举结果。这种粗略叫做噪声。\n\n"
            "批越大，方向越准；认得路的人可以大步走，学习率也就可以增大。但方向一旦够准，再多问样本也没有新的消息，步"
            "长便改由路的弯曲来限制。所以应当有一个临界大小：比它小得多时，批翻一倍，步数几乎减半；比它大得多时，步数"
            "几乎不再减少。",
        ),
        formula=Text(
            en="S(B) = S_min (1 + B_c / B)\nB_noise = tr(C) / |G|^2\n\n"
            "B: examples in a batch. S: steps to the target. S_min: the steps that even endless batches would need. "
            "B_c: the critical batch, where S is twice S_min. B_noise: the noise scale. G: the gradient of all "
            "examples, |G|^2 the sum of its squared entries, one for each weight. tr(C): how far the gradient of a "
            "single example lies from G, squared, on average. The theory says: B_c is about the mean of B_noise on "
            "the way.",
            zh="S(B) = S_min (1 + B_c / B)\nB_noise = tr(C) / |G|^2\n\n"
            "B：一批的样本数。S：达到目标的步数。S_min：批无穷大时仍需的步数。B_c：临界批大小，此时 S 是 S_min 的两"
            "倍。B_noise：噪声尺度。G：全体样本的梯度，|G|^2 是它各分量（每个权重一个）的平方之和。tr(C)：单个样本的梯"
            "度与 G 之差，其各分量平方之和的平均。理论说：B_c 大约等于 B_noise 在途中的平均。",
        ),
        experiment=Text(
            en="A network with 64 hidden units (a row of them between pixels and answers) learns 4,000 handwritten "
            "digits until its loss (a measure of how wrong its answers are) on 500 of them is down to 0.2, with "
            "batches of 8 to 512. In one arm each batch size gets the rate that needs fewest steps, found by doubling "
            "and halving until neither helps; in the other, the best rate of the smallest batch serves all. Descent "
            "is plain: a step is the gradient times the rate, and keeps nothing of the steps before. The noise scale "
            "is measured on the way of the largest batch: G from all 4,000 digits, C from 256 of them.",
            zh="一个有 64 个隐藏单元（像素与答案之间的一排单元）的网络学习 4,000 个手写数字，直到其中 500 个上的损失"
            "（衡量答案错得多厉害）降到 0.2，批大小从 8 到 512。一组里，每种批大小都用所需步数最少的学习率，用不断加"
            "倍、减半直到都无益的办法找到；另一组里，大家都用最小批的最佳学习率。下降法是最普通的：一步就是梯度乘学习"
            "率，不保留以前的步子。噪声尺度在最大批的训练途中测量：G 取自全部 4,000 个数字，C 取自其中 256 个。",
        ),
        meaning=Text(
            en="If the claim holds, both halves of the question are answered by one quantity. Follow the best rate "
            "along the batch: at first it grows about as the batch does, then it stays, and the steps stop falling at "
            "the same place. With the small batch's rate for all, a larger batch buys little almost from the start: "
            "the direction is truer, and nobody strides out. From 8 to 512 the steps fall by a factor of 2.3, against "
            "9.8 with a rate for each. The figure of examples tells the price: where steps no longer fall, each "
            "doubling doubles the work.\n\n"
            "The noise scale is no constant. By and large it grows as the loss falls, since the examples agree less "
            "and less about what is left to improve, so late in training larger batches pay. The prediction lies "
            "above what is seen, about three times over (261 examples against 80), perhaps because it takes no "
            "account of how the bends of the road differ by direction. It is a rule for the order of magnitude (tens, "
            "hundreds or thousands), and speaks of steps, not of the error on new digits.",
            zh="如果论断成立，问题的两半就由同一个量来回答。顺着批大小看最佳学习率：起初它大致随批一起增长，然后不再"
            "变，而步数也在同一处停止下降。若大家都用小批的学习率，批再大几乎从一开始就没什么好处：方向更准了，却没有"
            "人迈开大步。批从 8 增到 512，步数只除以 2.3，各用自己的学习率则除以 9.8。样本数的图显示了代价：步数不再下"
            "降之后，批每翻一倍，计算量就翻一倍。\n\n"
            "噪声尺度不是常数。它大体上随损失下降而增大，因为剩下该改进什么，样本之间越来越不一致，所以训练后期更适合"
            "大批。预测值约为实测值的三倍（261 个样本对 80 个），也许是因为它没有考虑路的弯曲在各个方向上并不相同。这"
            "是一条估计数量级（几十、几百还是几千）的规则，说的是步数，而不是新数字上的错误率。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Find a batch that stands half-way: with four times as many examples, each batch at its best rate, "
                "the steps fall by a factor of 1.4 to 2.8, where 4 would be perfect and 1 no use at all.",
                zh="找一个处于半途的批：样本增到四倍，大小两种批各用最佳学习率，步数除以 1.4 至 2.8；除以 4 是完美，除"
                "以 1 则毫无用处。",
            ),
            design=halfway,
            among={"batch": (4, 500)},
            solution={"batch": 32},
        ),
        Exercise(
            task=Text(
                en="Stop the training earlier or later: choose the loss to reach so that the critical batch falls to "
                "40 or fewer.",
                zh="让训练早些或晚些停下：选择要达到的损失，使临界批大小不超过 40。",
            ),
            design=moved,
            among={"loss": (0.15, 1.0)},
            solution={"loss": 0.6},
        ),
    ),
    published=Text(
        en="McCandlish et al. find on tasks from MNIST (digits as here) to ImageNet (a million photographs) and "
        "beyond that the noise scale predicts the critical batch at the level of the order of magnitude, and that it "
        "grows as training goes on; both are seen here. Goyal et al. scale the rate in proportion to the batch up to "
        "8,192 pictures of ImageNet; here proportion ends near a hundred, perhaps because the digits are easy and the "
        "run is short.",
        zh="McCandlish 等人在从 MNIST（也就是这里的手写数字）到 ImageNet（上百万张照片）等任务上发现，噪声尺度能在数量"
        "级上预测临界批大小，而且随训练增大；这里两点都看到了。Goyal 等人在 ImageNet 上让学习率与批大小成正比，直到 "
        "8,192 张图；这里的正比在一百左右就结束，也许是因为数字简单，训练也短。",
    ),
    next=(
        Text(
            "Give the descent momentum (each step keeps part of the last): does the critical batch grow, as Shallue "
            "et al. report?",
            "给下降法加上动量（每一步保留上一步的一部分）：临界批大小会像 Shallue 等人报告的那样变大吗？",
        ),
        Text(
            "Grow the batch during training along with the noise scale: how many examples does it save?",
            "训练中让批随噪声尺度一起变大：能省下多少样本？",
        ),
    ),
    design=design,
)
