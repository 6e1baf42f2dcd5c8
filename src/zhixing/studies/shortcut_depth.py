"""Does a shortcut rescue a deep network?"""

from zhixing import data, evaluate, models, nn, train
from zhixing.core import Text, spec
from zhixing.study import All, Arm, Better, Design, Scale, Study

SHALLOW, DEEP = 8, 32
STEPS = {"smoke": 10, "quick": 200, "full": 3_000}
SEEDS = {"smoke": 2, "quick": 12, "full": 20}


def arm(depth: int, shortcut: bool) -> Arm:
    kind = Text("residual", "残差") if shortcut else Text("plain", "普通")
    label = Text("{kind}, {depth} layers", "{kind}网络 {depth} 层").format(kind=kind, depth=depth)
    around = nn.projection_shortcut if shortcut else None
    return Arm(f"{kind.en}-{depth}", label=label, model=spec(models.CNN, depth=depth, shortcut=around))


def design(scale: Scale) -> Design:
    recipe = spec(
        train.Recipe,
        optimiser=spec(train.sgd, lr=0.1, momentum=0.9),
        schedule=spec(train.cosine, warm_up=0.1),
        steps=STEPS[scale],
        batch=64,
        clip=1.0,
    )
    measures, mechanism = (evaluate.test_error, evaluate.train_error), (evaluate.gradient_norm_by_layer,)
    return Design(
        trial=spec(train.supervised, data=spec(data.digits28), recipe=recipe, measures=measures, mechanism=mechanism),
        arms=[arm(depth, shortcut) for depth in (SHALLOW, DEEP) for shortcut in (False, True)],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Better("residual-32", than="plain-32", on=evaluate.test_error, by=10.0),
            Better("plain-8", than="plain-32", on=evaluate.test_error, by=10.0),
        ),
    )


study = Study(
    slug="shortcut-depth",
    chapter="depth",
    question=Text("Does a shortcut rescue a deep network?", "捷径连接能救回深层网络吗？"),
    claim=Text(
        en="Stacked 32 layers deep, a plain network does worse than one of 8 layers; shortcuts take back the loss.",
        zh="普通网络叠到 32 层，反而不如 8 层；加上捷径连接，就能把损失夺回来。",
    ),
    source="He et al. 2015, arXiv:1512.03385, Fig. 6 and Table 6",
    explanation=Text(
        en="A deep network could always copy a shallow one by letting its extra layers do nothing, so depth should never "
        "hurt. In practice it does. A plain layer that does nothing is hard to find by small steps, and while the network "
        "looks for it, signal and gradient are multiplied by one random matrix after another. A shortcut adds each "
        "block's input to its output, y = x + f(x): doing nothing is f = 0, and the gradient always has a way around. "
        "Look at the mechanism below: with 32 plain layers the gradient is weak at every layer, not only at the first "
        "ones, since each weight's gradient is the signal that arrives times the error that comes back, and one of the two "
        "is always small. With shortcuts and no normalisation it is large, and clipping its norm keeps it usable. "
        "Plain and residual networks of 8 and 32 layers, equal in everything else, learn the same handwritten digits from "
        "the same seeds; batch normalisation is left out because it hides the effect. The recipe was chosen on the networks "
        "of 8 layers.",
        zh="深层网络只要让多出来的层什么都不做，就能照抄浅层网络，所以加深本不该变差，实际却会变差。普通的层要靠一小步一小步地"
        "调整，才能学会“什么都不做”，这很难；而在摸索的过程中，信号和梯度要接连乘上一个又一个随机矩阵。捷径连接把每个模块的输入"
        "直接加到输出上，y = x + f(x)：“什么都不做”就是 f = 0，梯度也总有一条绕过去的路。请看下面的机理图：32 层普通网络的"
        "梯度在每一层都很弱，不只是最前面几层，因为每个权重的梯度等于传来的信号乘以传回的误差，二者总有一个很小。"
        "有捷径而没有归一化时，梯度很大，靠限制梯度的范数才好用。这里让 8 层和 32 层的普通网络与残差网络，在其余条件完全相同的"
        "情况下，用相同的种子学习同一批手写数字；不用批归一化，因为它会掩盖这一效应。训练配方是用 8 层网络选定的。",
    ),
    published=Text(
        en="He et al. report the same direction on CIFAR-10 with batch normalisation: 56 plain layers have a higher error "
        "than 20, and residual networks of 56 a lower one (6.97 % against 8.75 %, Table 6). The gap here is far larger "
        "because no normalisation softens it and training is short.",
        zh="He 等人在带批归一化的 CIFAR-10 上得到同样方向的结果：普通网络 56 层的错误率高于 20 层，残差网络 56 层则更低"
        "（6.97% 对 8.75%，表 6）。这里差距大得多，因为没有归一化缓和，训练也短。",
    ),
    next=(
        Text(
            "Find the depth at which plain and residual tie: ask with other depths.",
            "找出普通与残差打平的深度：换几个深度再问。",
        ),
        Text(
            "Put batch normalisation into both: how much of the gap remains?",
            "两边都加上批归一化：差距还剩多少？",
        ),
        Text(
            "Train ten times as long (--scale full): does the plain network catch up?",
            "训练十倍的步数（--scale full）：普通网络会追上来吗？",
        ),
    ),
    design=design,
)
