"""Is a CNN really indifferent to where the object is?"""

from dataclasses import replace
from typing import Any

from zhixing import data, evaluate, models, nn, train
from zhixing.core import Text, spec
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Reaches, Scale, Study

STEPS = {"smoke": 4, "quick": 200, "full": 3_000}
SEEDS = {"smoke": 2, "quick": 8, "full": 16}
CHANNELS = {"smoke": 2, "quick": 6, "full": 16}
TEST = {"smoke": 50, "quick": 500, "full": 1_000}
MARGIN = 6
SIDE = 28 + 2 * MARGIN
HALVINGS = {"strided": Text("no blur", "不模糊"), "blurred": Text("blur", "先模糊")}
HEADS = {
    "flat": Text("{halving}, places", "{halving}，看位置"),
    "pooled": Text("{halving}, averages", "{halving}，取平均"),
}


def arm(scale: Scale, halving: str, head: str, **settings: Any) -> Arm:
    brick = {"strided": nn.Subsample, "blurred": nn.BlurPool}[halving]
    network = spec(models.HalvingCNN, size=SIDE, channels=CHANNELS[scale], halving=brick, pooled=head == "pooled")
    label = HEADS[head].format(halving=HALVINGS[halving])
    return Arm(f"{halving}-{head}", label=label, model=network, **settings)


def centred(scale: Scale, moved: int = 0) -> Any:
    """Digits in the middle of a larger canvas; those for training may be moved."""
    return spec(data.on_canvas, source=spec(data.digits28, test=TEST[scale]), margin=MARGIN, moved=moved)


def design(scale: Scale) -> Design:
    recipe = spec(
        train.Recipe,
        optimiser=spec(train.adamw, lr=0.02, weight_decay=0.0),
        schedule=spec(train.cosine, warm_up=0.1),
        steps=STEPS[scale],
        batch=32,
    )
    measures = (evaluate.accuracy_lost, evaluate.answers_changed, evaluate.accuracy_by_shift)
    mechanism = (evaluate.feature_change_by_shift,)
    return Design(
        trial=spec(train.supervised, data=centred(scale), recipe=recipe, measures=measures, mechanism=mechanism),
        arms=[arm(scale, halving, head) for halving in HALVINGS for head in HEADS],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Better("blurred-pooled", than="strided-flat", on=evaluate.accuracy_lost, by=30.0),
            Better("blurred-pooled", than="strided-pooled", on=evaluate.accuracy_lost, by=10.0),
            Reaches("blurred-pooled", evaluate.accuracy_lost, 10.0),
        ),
    )


def trained_moved(scale: Scale, *, moved: int) -> Design:
    """The usual network, its training digits moved by up to so many pixels, claimed to stand every shift."""
    found = replace(design(scale), arms=[arm(scale, "strided", "flat", data=centred(scale, moved))])
    return replace(found, verdict=Reaches("strided-flat", evaluate.accuracy_lost, 50.0))


def blurred_by(scale: Scale, *, halving: str, head: str) -> Design:
    """The learner's choice of both bricks, claimed to change few answers from one pixel to the next."""
    found = replace(design(scale), arms=[arm(scale, halving, head)])
    return replace(found, verdict=Reaches(f"{halving}-{head}", evaluate.answers_changed, 8.0))


study = Study(
    slug="translation",
    chapter="seeing",
    after=("convolution",),
    question=Text("Is a CNN really indifferent to where the object is?", "CNN 真的不在乎物体在哪里吗？"),
    claim=Text(
        en="Not by convolution alone: a usual CNN fails on digits moved by a few pixels, and averaging over the map "
        "does not mend that; with a blur before every halving as well it hardly notices.",
        zh="单靠卷积并非如此：数字移动几个像素，普通 CNN 就认错了，对整张图取平均也补不回来；再加上每次减半之前先模糊"
        "一下，它才几乎察觉不到。",
    ),
    source="Zhang 2019, Making convolutional networks shift-invariant again, arXiv:1904.11486",
    explanation=Explanation(
        idea=Text(
            en="A convolution looks at a picture through the same small window everywhere. Move the object, and what "
            "the windows find moves along with it. From this it is often said that convolutional networks (CNNs) do "
            "not care where an object is. But a usual CNN does two more things. It halves its maps (what the windows "
            "found, laid out as a picture) again and again, by keeping every second row and column, to save work. And "
            "its last layer, the head, weighs every place of the final map by itself: it may learn that ink in the "
            "upper left means a five.\n\n"
            "Halving has a trap of its own. A thin line on an even column is kept; moved by one pixel, it stands on "
            "an odd one and is thrown away. Every wheel that seems to turn backwards in a film is this fault, called "
            "aliasing. The cure is as old as signal processing: blur first, then throw away.",
            zh="卷积在图像各处都用同一个小窗口去看。物体移动，各窗口看到的东西也跟着移动，所以常有人说卷积网络（CNN）"
            "不在乎物体在哪里。但普通的 CNN 还做两件事：为了省计算，它一次次把特征图（各窗口的所得，按位置排成的图）减"
            "半，只留下隔行隔列的点；它的最后一层（头部）给最终特征图的每个位置单独加权，于是可能学会“左上角有墨迹就"
            "是 5”。\n\n"
            "减半还有自己的陷阱：细线落在偶数列上就保留，移动一个像素到了奇数列，就被丢掉。电影里车轮看似倒转也是这个"
            "毛病，叫做混叠。药方和信号处理一样老：先模糊，再丢弃。",
        ),
        formula=Text(
            en="usual:    y[i] = x[2 i]\nblurred:  y[i] = (x[2 i - 1] + 2 x[2 i] + x[2 i + 1]) / 4\naveraged: m = "
            "(y[1] + ... + y[n]) / n\n\n"
            "x: one row of a map before halving. y: after it. i: place. m: what a head sees that does not look at "
            "places. Let x be 0 but for a single 4 at place j. Usual: y holds a 4 if j is even, and nothing if it is "
            "odd. Blurred: y sums to 2 for either. After three halvings the usual network sees the same only at "
            "shifts of 8, 16, ...",
            zh="普通：y[i] = x[2 i]\n模糊：y[i] = (x[2 i - 1] + 2 x[2 i] + x[2 i + 1]) / 4\n平均：m = (y[1] + ... + "
            "y[n]) / n\n\n"
            "x：减半之前特征图的一行。y：减半之后。i：位置。m：不看位置的头部所看到的数。设 x 只在第 j 个位置是 4，其"
            "余为 0。普通：j 为偶数时 y 里有一个 4，为奇数时什么都没有。模糊：两种情况下 y 之和都是 2。减半三次以后，"
            "普通网络只有平移 8、16…… 个像素时才看到同样的东西。",
        ),
        experiment=Text(
            en="Four networks of three convolutions, each followed by halving, learn from 4,000 handwritten digits, "
            "all in the middle of a canvas of 40 by 40 pixels, in 200 steps of 32 digits. Two halve by keeping every "
            "second pixel, two blur first; of each two, one head sees every place and one only the average of each "
            "map. The learning rate, the size of a step, was chosen on validation digits, kept apart for that, in the "
            "middle. Then 500 other digits are moved by 0 to 8 pixels, a quarter each up, down, left and right. "
            "Measured are the most accuracy (share of digits recognised) that a shift costs, and how many answers "
            "change when a digit moves by one pixel more.",
            zh="四个网络都有三层卷积，每层之后减半一次；用 4,000 个手写数字学习，全都在 40×40 像素画布的正中，共走 "
            "200 步，每步 32 个数字。两个网络用隔点取样减半，两个先模糊；每两个之中，一个头部看得到各个位置，一个只看"
            "每张特征图的平均。学习率（每一步的大小）是在居中的验证数字（专门留作此用）上选定的。然后把另外 500 个数字"
            "移动 0 到 8 个像素，上下左右各四分之一。测量的是：平移最多损失多少准确率（认对的比例），以及数字每多移一"
            "个像素，有多少回答会改变。",
        ),
        meaning=Text(
            en="Look at accuracy by shift. With a head that sees places it falls and never comes back: the head was "
            "taught the middle. With averages and no blur it falls for four pixels, by about 50 points, then climbs "
            "again and is whole at eight, the product of three halvings: nothing but the lost pixels can do that. "
            "With both cures the line is nearly flat: at worst it loses 4 points (the median of 24 seeds), where "
            "averages alone lose 49, blur alone 78 and the usual network 86. The mechanism shows the same one step "
            "earlier, in the numbers that the head is given. The price: after so short a training a head of averages "
            "knows less about a digit in the middle than one of places does (see the accuracy at shift 0). What still "
            "changes with blur and averages comes from the border, where windows look past the edge, and from what a "
            "blur of three pixels lets through. A network that was shown moved digits in training would do better, "
            "without being indifferent.",
            zh="看准确率随平移的曲线。头部看得到位置时，它一路下跌，再不回升：头部只学过正中。只取平均、不模糊时，四个"
            "像素之内跌去约 50 个百分点，随后又升上来，到八个像素完全恢复，而 8 正是三次减半的乘积：只有丢掉的像素才会"
            "造成这样的起伏。两味药都用，曲线几乎是平的：最多损失 4 个百分点（24 个种子的中位数），而只取平均损失 49 "
            "个，只模糊损失 78 个，普通网络损失 86 个。机理图在前一步就看到同样的事：头部拿到的数随平移怎样改变。代价"
            "是：训练这么短，对居中的数字，看平均的头部还不如看位置的（看平移为 0 时的准确率）。模糊加平均之后剩下的改"
            "变，来自边界（窗口探出了画布）和三像素模糊没有滤净的部分。若训练时就见过移动的数字，网络会好一些，但仍谈"
            "不上不在乎。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Mend the usual network by its examples: by up to how many pixels, at random, must the training "
                "digits be moved for no shift to cost more than 50 points of accuracy?",
                zh="用样本来治普通网络：训练数字要随机移动，幅度以多少像素为限，才能使任何平移损失的准确率都不超过 50 "
                "个百分点？",
            ),
            design=trained_moved,
            among={"moved": (0, MARGIN)},
            solution={"moved": 6},
        ),
        Exercise(
            task=Text(
                en="Choose the halving and the head so that one pixel more changes at most 8 % of the answers.",
                zh="选择减半方式和头部，使数字多移一个像素时，改变的回答不超过 8%。",
            ),
            design=blurred_by,
            among={"halving": ("strided", "blurred"), "head": ("flat", "pooled")},
            solution={"halving": "blurred", "head": "pooled"},
        ),
    ),
    published=Text(
        en="Zhang reports for ResNet-50, a network of 50 layers that ends in averages, on the photographs of "
        "ImageNet, that two shifted crops of a picture got the same answer in 89.2 % of cases, and in 90.9 % with the "
        "blur of three pixels that is used here; accuracy rose from 76.2 to 76.8 %. The direction is the same. The "
        "gap here is many times as large. One likely reason is that our digits for training all stand in the middle, "
        "while theirs were cropped at random places: the first exercise measures how much moved training digits mend "
        "by themselves.",
        zh="Zhang 报告：在 ImageNet 的照片上，50 层的网络 ResNet-50（以取平均结尾）对同一图像的两个错位裁剪给出相同回"
        "答的比例是 89.2%，换成这里所用的三像素模糊则为 90.9%；准确率从 76.2% 升到 76.8%。方向相同。这里的差距大许多"
        "倍，一个可能的原因是：我们的训练数字都在正中，而他们的训练图像是在随机位置裁剪的：第一个练习测量的，就是只靠"
        "移动训练数字能补回多少。",
    ),
    next=(
        Text(
            "Halve by the largest of four pixels (max pooling), the usual choice: between which two does it lie?",
            "改用四个像素取最大（最大池化）来减半，这是常见的做法：它落在哪两者之间？",
        ),
        Text(
            "Blur over five pixels instead of three: does what is left of the change go away, and what does it cost?",
            "模糊五个像素而不是三个：剩下的改变会消失吗，代价是什么？",
        ),
        Text(
            "Train on moved digits with blur and without: is the blur still worth anything?",
            "用移动过的数字训练，加模糊和不加模糊：模糊还有用吗？",
        ),
    ),
    design=design,
)
