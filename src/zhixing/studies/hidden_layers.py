"""Do classes separate layer by layer?"""

from dataclasses import replace

from zhixing import data, evaluate, models, train
from zhixing.core import Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Reaches, Rises, Scale, Study, Within

STEPS = {"smoke": 10, "quick": 200, "full": 3_000}
SEEDS = {"smoke": 2, "quick": 12, "full": 20}
RATES = {"mlp": 0.05, "cnn": 0.1}
KINDS = {"mlp": Text("fully connected", "全连接网络"), "cnn": Text("convolution", "卷积网络")}
RANDOM = Text("{kind}, random weights", "{kind}，随机权重")


def network(kind: str) -> Spec:
    """Five hidden layers of either kind; those of the convolutional network hold 392 numbers each."""
    return spec(models.MLP, widths=(128,) * 5) if kind == "mlp" else spec(models.CNN, depth=10)


def recipe(kind: str, steps: int) -> Spec:
    return spec(
        train.Recipe,
        optimiser=spec(train.sgd, lr=RATES[kind], momentum=0.9),
        schedule=spec(train.cosine, warm_up=0.1),
        steps=steps,
        batch=64,
        clip=1.0,
    )


def arm(kind: str, steps: int) -> Arm:
    """A network after so many steps; after none its weights are those that it began with."""
    settings = {"model": network(kind), "recipe": recipe(kind, steps)}
    if steps:
        return Arm(kind, label=KINDS[kind], **settings)
    return Arm(f"{kind}-random", label=RANDOM.format(kind=KINDS[kind]), **settings)


def design(scale: Scale) -> Design:
    digits = spec(data.digits28, train=200, test=100) if scale == "smoke" else spec(data.digits28)
    measures = (evaluate.last_probe_error, evaluate.saved_by_depth, evaluate.test_error)
    mechanism = (evaluate.probe_error_by_layer, evaluate.neighbour_error_by_layer)
    return Design(
        trial=spec(train.supervised, data=digits, measures=measures, mechanism=mechanism),
        arms=[arm(kind, steps) for kind in KINDS for steps in (STEPS[scale], 0)],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Reaches("mlp", evaluate.saved_by_depth, 1.0),
            Reaches("cnn", evaluate.saved_by_depth, 1.0),
            Rises(evaluate.probe_error_by_layer, along="mlp-random", by=1.0),
            Better("cnn", than="cnn-random", on=evaluate.last_probe_error, by=5.0),
        ),
    )


def wide_and_untrained(scale: Scale, *, width: int) -> Design:
    """One hidden layer of the learner's width with random weights, claimed to serve a probe nearly as well as training."""
    label, model = RANDOM.format(kind=KINDS["mlp"]), spec(models.MLP, widths=(width,))
    arms = [Arm("mlp-random", label=label, model=model, recipe=recipe("mlp", 0))]
    return replace(design(scale), arms=arms, verdict=Reaches("mlp-random", evaluate.last_probe_error, 9.0))


def stopped_after(scale: Scale, *, steps: int) -> Design:
    """Training that stops after the learner's steps, claimed to leave all hidden layers about equally good."""
    tie = Within("mlp", evaluate.saved_by_depth, -3.0, 3.0)
    return replace(design(scale), arms=[arm("mlp", steps)], verdict=tie)


study = Study(
    slug="hidden-layers",
    chapter="inside",
    after=("convolution",),
    question=Text("Do classes separate layer by layer?", "类别是一层一层分开的吗？"),
    claim=Text(
        en="In a trained network they do: deeper hidden layers let a linear classifier err less. In the same network with "
        "random weights they come to lie ever more mixed.",
        zh="训练过的网络里是的：隐藏层越深，线性分类器错得越少。同样的网络若是随机权重，越深类别反而混得越厉害。",
    ),
    source="Alain and Bengio 2016, Understanding intermediate layers using linear classifier probes, arXiv:1610.01644",
    explanation=Explanation(
        idea=Text(
            en="A network turns a picture into numbers, these into other numbers, and so on; what stands between the "
            "picture and the answer are its hidden layers. Only the last layer names the digit, and it can do no more than "
            "weigh the numbers that it is given and add up: it is linear. So by then the ten digits must lie apart, such "
            "that a flat cut can part one from the rest. Where on the way does that happen: all at once, or a little at "
            "each layer?\n\n"
            "To see it, a probe is put to every layer: a linear classifier of its own, which learns from what the layer "
            "gives out and tells the network nothing. How often it errs on digits that are new to it says how far the "
            "classes lie apart there, to a linear eye. A second look asks for neighbours: how often do the five digits "
            "that lie nearest, in the numbers of a layer, belong to another class? Both need a control. Layers change "
            "numbers even when nobody has trained them, so the same networks are looked at with the random weights that "
            "they began with.",
            zh="网络把图像变成一组数，再变成另一组数，如此下去；图像与答案之间的各层，就是隐藏层。只有最后一层说出是哪个"
            "数字，而它能做的只是把拿到的数加权、相加：它是线性的。所以到那里，十个数字必须已经分开，平平地切一刀就能把一"
            "个与其余分开。这是在途中哪里发生的：一下子，还是每层一点？\n\n"
            "为了看清，我们给每一层装一个探针：一个单独的线性分类器，从这一层输出的数来学，而不告诉网络任何东西。它在新"
            "数字上错多少，就说明在线性的眼光下，类别在那里分得多开。第二种看法是问邻居：按某一层的数来量，最近的五个数字"
            "有多少次多数属于别的类？两者都需要对照。没有训练过的层也会改变数，所以同样的网络还要用起始的随机权重来看一遍。",
        ),
        formula=Text(
            en="probe:  y = W h + b, the digit is the largest of y;  W, b minimise  sum of (y - t)^2 + c (size of W)^2\n\n"
            "h: the numbers that one layer gives out for a picture. t: ten numbers, 1 for the right digit and 0 for the "
            "others. c: a small fixed weight, the same for all layers, that keeps W from growing. Such a minimum can be "
            "written down (ridge regression): no probe is better trained than another.",
            zh="探针：y = W h + b，取 y 中最大者为数字；W、b 使 (y − t)² 之和 + c（W 的大小）² 最小\n\n"
            "h：某一层对一张图输出的数。t：十个数，正确的数字为 1，其余为 0。c：一个固定的小权重，各层相同，使 W 不致太"
            "大。这样的最小值可以直接写出来（岭回归）：没有哪个探针训练得比别的更好。",
        ),
        experiment=Text(
            en="A fully connected network with five hidden layers of 128 units, and a convolutional one with a stem and four "
            "residual blocks that each give out 392 numbers, learn 4,000 handwritten digits in 200 steps. Every layer is "
            "as large as the one before it, so that no layer has an advantage by its size alone. Each network is also taken "
            "before the first step, with random weights. Probes learn from 2,000 of the training digits and are judged by "
            "1,000 test digits; neighbours are looked for among 500 of these. Compared are the probe's error at the last "
            "hidden layer, and how much of it was saved since the first one.",
            zh="一个全连接网络有五个 128 单元的隐藏层；一个卷积网络有首层和四个残差块，各输出 392 个数。它们用 200 步学习 "
            "4,000 个手写数字。每一层都和前一层一样大，谁也不会只因大小而占便宜。两个网络还各取一次第一步之前的样子，即随机"
            "权重。探针用 2,000 个训练数字来学，用 1,000 个测试数字来评判；邻居在其中的 500 个里找。比较的是：最后一个隐藏层"
            "上探针的错误率，以及它从第一个隐藏层起省下了多少。",
        ),
        meaning=Text(
            en="Look at the probe's error by layer (medians of 24 seeds). On the pixels it is 16 %. In the trained fully "
            "connected network it falls at every layer, from 10 % at the first to 7 % at the fifth. The trained convolutional "
            "one does most of it in its stem and its first block, down to 8 %, and gains one point in the three blocks after "
            "that: layer by layer, yes, but not evenly. With random weights the fully connected network mixes the classes "
            "further at each layer, up to 36 %. So the order is the work of training and not of depth.\n\n"
            "The random convolutional network is the surprise: its first two layers help the probe, 16 to 13 %, before the "
            "others take it back. A random layer cannot know the digits; but it bends the numbers, and bent numbers may be "
            "easier to cut than flat ones. The neighbours are not fooled: with random weights they get worse at every layer of "
            "both networks. To be cut apart and to lie in clumps are two things.\n\n"
            "What a probe can read need not be what the network uses, and the last layer is bound to separate the classes, "
            "for it was taught to. The experiment is about digits and small networks; in deeper ones there may be "
            "layers that change nothing.",
            zh="看各层上探针的错误率（24 个种子的中位数）。直接看像素是 16%。训练过的全连接网络里，它每层都下降，从第一层的 "
            "10% 到第五层的 7%。训练过的卷积网络在首层和第一个块里就完成了大半，降到 8%，之后三个块只再降一个百分点：确实是一"
            "层一层，但并不均匀。随机权重的全连接网络每层都把类别混得更厉害，直到 36%。可见这个次序是训练造成的，而不是深度。"
            "\n\n"
            "出人意料的是随机的卷积网络：它的前两层竟帮了探针，从 16% 降到 13%，后面的层才又还回去。随机的层不可能认识数字，"
            "但它把数弯折了，而弯折的数有时比平直的更容易切开。邻居没有上当：随机权重时，两个网络都是越深邻居越差。切得开与"
            "聚成团，是两回事。\n\n"
            "探针读得出的，不一定是网络在用的；最后一层分得开是必然的，因为它就是这样教出来的。这个实验只关乎手写数字和小网"
            "络；更深的网络里，也许有些层什么也没改变。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Train nothing at all: give a network one hidden layer of random weights, so wide that a probe of it errs "
                "on at most 9 % of the digits (on the pixels themselves it errs on 16 %).",
                zh="什么也不训练：给网络一个随机权重的隐藏层，宽到探针只错至多 9% 的数字（直接看像素要错 16%）。",
            ),
            design=wide_and_untrained,
            among={"width": (16, 2048)},
            solution={"width": 1536},
        ),
        Exercise(
            task=Text(
                en="Depth costs before training and pays after it. Stop the fully connected network at the step between "
                "where its first and its last hidden layer tie: their probes' errors differ by at most 3 points.",
                zh="训练之前深度是负担，训练之后才有回报。让全连接网络停在两者之间，使首末两个隐藏层打平：探针错误率相差不"
                "超过 3 个百分点。",
            ),
            design=stopped_after,
            among={"steps": (1, 200)},
            solution={"steps": 65},
        ),
    ),
    published=Text(
        en="Alain and Bengio report that in Inception v3 and ResNet-50 the error of probes falls monotonically with depth. The "
        "direction is the same here. They train their probes by gradient descent; ours are solved in closed form, and learn "
        "from 2,000 digits instead of all training data.",
        zh="Alain 与 Bengio 报告，在 Inception v3 和 ResNet-50 中，探针的错误率随深度单调下降，这里方向相同。他们用梯度下降训"
        "练探针；我们的探针直接解出，并且只用 2,000 个数字来学，而不是全部训练数据。",
    ),
    next=(
        Text(
            "Look at your own network: `zhixing look RUN --view layers` measures neighbours layer by layer at nine moments.",
            "看看你自己的网络：`zhixing look 运行 --view layers` 在九个时刻逐层测量邻居。",
        ),
        Text(
            "Train on digits with shuffled labels: do the true classes still separate, and up to which layer?",
            "用打乱的标签训练：真正的类别还会分开吗？到哪一层为止？",
        ),
        Text(
            "Take the shortcuts out of the convolutional network and make it 32 layers deep: where do the probes stop "
            "getting better?",
            "拿掉卷积网络的捷径并加深到 32 层：探针从哪一层起不再变好？",
        ),
    ),
    design=design,
)
