"""Does a shortcut rescue a deep network?"""

from dataclasses import replace

from zhixing import data, evaluate, models, nn, train
from zhixing.core import Text, spec
from zhixing.study import All, Arm, Better, Design, Equivalent, Exercise, Explanation, Scale, Study

SHALLOW, DEEP = 8, 32
STEPS = {"smoke": 10, "quick": 200, "full": 3_000}
SEEDS = {"smoke": 2, "quick": 12, "full": 20}


def arm(depth: int, shortcut: bool, normalisation: str = "none") -> Arm:
    kind = Text("residual", "残差") if shortcut else Text("plain", "普通")
    label = Text("{kind}, {depth} layers", "{kind}网络 {depth} 层").format(kind=kind, depth=depth)
    around = nn.projection_shortcut if shortcut else None
    model = spec(models.CNN, depth=depth, shortcut=around)
    if normalisation == "batch":
        from torch.nn import BatchNorm2d

        model = model.with_settings(normalisation=BatchNorm2d)
    return Arm(f"{kind.en}-{depth}", label=label, model=model)


def design(scale: Scale) -> Design:
    recipe = spec(
        train.Recipe,
        optimiser=spec(train.sgd, lr=0.1, momentum=0.9),
        schedule=spec(train.cosine, warm_up=0.1),
        steps=STEPS[scale],
        batch=64,
        clip=1.0,
    )
    digits = spec(data.digits28, train=200, test=100) if scale == "smoke" else spec(data.digits28)
    measures, mechanism = (evaluate.test_error, evaluate.train_error), (evaluate.gradient_norm_by_layer,)
    return Design(
        trial=spec(train.supervised, data=digits, recipe=recipe, measures=measures, mechanism=mechanism),
        arms=[arm(depth, shortcut) for depth in (SHALLOW, DEEP) for shortcut in (False, True)],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Better("residual-32", than="plain-32", on=evaluate.test_error, by=10.0),
            Better("plain-8", than="plain-32", on=evaluate.test_error, by=10.0),
        ),
    )


def tie_at(scale: Scale, *, depth: int) -> Design:
    """Plain and residual of the learner's depth, claimed to be equally good."""
    tie = Equivalent(f"plain-{depth}", to=f"residual-{depth}", on=evaluate.test_error, within=3.0)
    return replace(design(scale), arms=[arm(depth, False), arm(depth, True)], verdict=tie)


def normalised(scale: Scale, *, depth: int, normalisation: str) -> Design:
    """Plain networks of 8 layers and of the learner's depth, claimed to suffer from depth only so much."""
    tie = Equivalent(f"plain-{depth}", to="plain-8", on=evaluate.test_error, within=60.0)
    arms = [arm(SHALLOW, False, normalisation), arm(depth, False, normalisation)]
    return replace(design(scale), arms=arms, verdict=tie)


study = Study(
    slug="shortcut-depth",
    chapter="depth",
    after=("vanishing-gradients",),
    question=Text("Does a shortcut rescue a deep network?", "捷径连接能救回深层网络吗？"),
    claim=Text(
        en="Stacked 32 layers deep, a plain network does worse than one of 8 layers; shortcuts take back most of the "
        "loss.",
        zh="普通网络叠到 32 层，反而不如 8 层；加上捷径连接，就能把损失大半夺回来。",
    ),
    source="He et al. 2015, arXiv:1512.03385, Fig. 6 and Table 6",
    explanation=Explanation(
        idea=Text(
            en="A deep network is a chain of layers: each takes the numbers that the one before it made, and makes "
            "new ones. A deep chain could always copy a short one by letting its extra layers pass their input on "
            "unchanged, so more layers should never hurt. In practice they can. A layer that changes nothing is hard "
            "to find by small steps, and while the network looks for it, the signal is multiplied by one random table "
            "of numbers after another. A shortcut adds the input of a block (here two layers) to its output: now "
            "changing nothing is the easy thing to do, since the block only has to answer zero.",
            zh="深层网络是一串层：每一层拿到前一层算出的数，再算出新的数。长的一串只要让多出来的层原样传递输入，就能照"
            "抄短的，所以加深本不该变差，实际却可能变差。“什么都不改”的层很难靠一小步一小步的调整找到，而在寻找的过程"
            "中，信号要接连乘上一张又一张随机的数表。捷径连接把一个模块（这里是两层）的输入直接加到输出上：这样“什么都"
            "不改”反而最容易，模块只要回答零就行。",
        ),
        formula=Text(
            en="plain:     y = f(x)\nresidual:  y = x + f(x)\n\n"
            "x: what enters the block. y: what leaves it. f: two layers with weights that are learned. (Whatever "
            "leaves a block has its negative numbers set to 0 in both; that is left out here.)\nWith f' for the slope "
            "of f, the slope of y along x is f'(x) for the plain block and 1 + f'(x) for the residual one: multiplied "
            "over many blocks, the first dies away where f' is small, the second does not.",
            zh="普通：y = f(x)\n残差：y = x + f(x)\n\n"
            "x：进入模块的数。y：离开模块的数。f：两层，权重要学。（两种模块最后都把负数变成 0，这里略去。）\n用 f' 表"
            "示 f 的斜率，则 y 对 x 的斜率，普通模块是 f'(x)，残差模块是 1 + f'(x)：许多模块连乘起来，f' 很小时前者逐"
            "渐消失，后者不会。",
        ),
        experiment=Text(
            en="Plain networks and residual ones, which have shortcuts, of 8 and 32 layers, equal in everything else, "
            "learn the same 4,000 handwritten digits in 200 steps from the same starting numbers (the seed), and are "
            "judged by their errors on 1,000 other digits. Batch normalisation, a brick that rescales the signal, is "
            "left out because it hides the effect. The recipe (how long the steps are, and how they change) was "
            "chosen on the networks of 8 layers.",
            zh="8 层和 32 层的普通网络与残差网络（带捷径的网络），其余条件完全相同，从相同的起始数（种子）出发，用 "
            "200 步学习同一批 4,000 个手写数字，再看它们在另外 1,000 个数字上的错误率。批归一化会重新缩放信号，从而掩"
            "盖这一效应，所以不用。训练配方（步子多大、如何变化）是用 8 层网络选定的。",
        ),
        meaning=Text(
            en="If the claim holds, depth itself did the harm and the shortcut undid most of it, since nothing else "
            "differs. Not all: in our runs half of the residual networks of 32 layers err on more than 12 % of the "
            "digits, the plain ones of 8 layers on 7 %. And 2 of 24 of these residual networks ended at guessing, an "
            "error of 90 %, as did 16 of 24 plain ones of 32 layers. Look at the mechanism: it shows how strongly "
            "each layer is told to change before the first step. With 32 plain layers that message is weak at every "
            "layer, not only at the first ones: a weight's message is the signal that arrives times the error that "
            "comes back, and one of the two is always small. With shortcuts it is large, and the recipe's limit on "
            "its length keeps it usable. The experiment does not say that a plain deep network can never learn: a "
            "step length chosen for it, or normalisation, may help.",
            zh="如果论断成立，那么造成损害的就是深度本身，而挽回大部分损失的就是捷径，因为别的都一样。但没有全部挽回："
            "在我们的运行中，32 层残差网络有一半错误率超过 12%，8 层普通网络约为 7%；24 个 32 层残差网络中还有 2 个等"
            "于乱猜（错误率 90%），32 层普通网络则有 16 个。看机理图：它画的是第一步之前，每一层被要求改动得多强烈。"
            "32 层普通网络里，这个信息在每一层都很弱，不只是最前面几层：一个权重得到的信息等于传来的信号乘以传回的误"
            "差，二者总有一个很小。有了捷径，它就很大，配方里对其长度的限制使它仍然好用。这个实验并不是说普通深层网络"
            "永远学不会：为它专门挑选步长，或加上归一化，也许有用。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Find a depth, an even number, at which plain and residual networks tie: their errors differ by at "
                "most 3 points.",
                zh="找出普通与残差打平的深度（偶数）：二者的错误率相差不超过 3 个百分点。",
            ),
            design=tie_at,
            among={"depth": (4, 40)},
            solution={"depth": 4},
        ),
        Exercise(
            task=Text(
                en="Let a plain network of 32 layers or more (an even number) lose at most 60 points against one of 8 "
                "with the same normalisation: which normalisation does it? (It halves the loss, and does not mend it.)",
                zh="让 32 层或更深（层数为偶数）的普通网络，比用同样归一化的 8 层网络最多差 60 个百分点：要用哪种归一"
                "化？（它只能把损失减半，不能补全。）",
            ),
            design=normalised,
            among={"depth": (32, 40), "normalisation": ("none", "batch")},
            solution={"depth": 32, "normalisation": "batch"},
        ),
    ),
    published=Text(
        en="He et al. report the same direction on the small photographs of CIFAR-10 with batch normalisation: 56 "
        "plain layers have a higher error than 20, and residual networks of 56 a lower one (6.97 % against 8.75 %, "
        "Table 6). The gap here is far larger, 82 points. With batch normalisation it is 46 (the second exercise, "
        "medians of six seeds), so that about half of it is normalisation's; training of only 200 steps may be the "
        "other half.",
        zh="He 等人在 CIFAR-10 的小照片上，用批归一化得到同样方向的结果：普通网络 56 层的错误率高于 20 层，残差网络 "
        "56 层则更低（6.97% 对 8.75%，表 6）。这里差距大得多，有 82 个百分点。用上批归一化，差距是 46 个百分点（见第二"
        "个练习，六个种子的中位数），可见约有一半在于归一化；另一半也许在于只训练了 200 步。",
    ),
    next=(
        Text(
            "Train fifteen times as long (--scale full): does the plain network catch up?",
            "训练十五倍的步数（--scale full）：普通网络会追上来吗？",
        ),
        Text(
            "Give the plain network of 32 layers a step length of its own: how much of the gap remains?",
            "给 32 层普通网络挑一个专门的步长：差距还剩多少？",
        ),
    ),
    design=design,
)
