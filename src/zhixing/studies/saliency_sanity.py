"""Do saliency maps change when the weights are made random?"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import measure
from zhixing.study import All, Arm, Better, Contrast, Design, Exercise, Explanation, Reaches, Scale, Study

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

STEPS = {"smoke": 4, "quick": 150, "full": 1_500}
EXAMPLES = {"smoke": 100, "quick": 2_000, "full": 4_000}
ASKED = {"smoke": 10, "quick": 100, "full": 500}
SEEDS = {"smoke": 2, "quick": 12, "full": 16}
LAYERS, TOP = 5, 3
"""Layers of the network, and how many of them are the upper ones."""
NOTHING = Text("", "")
FROM_TOP = Text("layers made random, from the top", "从上往下，变为随机的层数")

Pixels = Literal["all", "ink"]
Heat = Callable[..., "Tensor"]
"""A method: a network, pictures (b, c, h, w), their classes (b,) and a torch generator to heat (b, h, w)."""


@measure(
    label=Text("likeness, all layers random", "所有层随机后的相似度"), unit=NOTHING, better="lower", low=-1.0, high=1.0
)
def likeness_all(likenesses: "list[float]") -> float:
    """Rank correlation of the maps of the trained network and of one whose weights are all random, mean over pictures."""
    return likenesses[-1]


@measure(
    label=Text("likeness, upper layers random", "上面几层随机后的相似度"),
    unit=NOTHING,
    better="lower",
    low=-1.0,
    high=1.0,
)
def likeness_top(likenesses: "list[float]", top: int) -> float:
    """The same where only the `top` upper layers are random."""
    return likenesses[top - 1]


@measure(
    label=Text("likeness by layers made random", "相似度与变为随机的层数"),
    unit=NOTHING,
    low=-1.0,
    high=1.0,
    axis=FROM_TOP,
)
def likeness_by_layers(likenesses: "list[float]") -> Series:
    """The same, layer after layer from the top; 1 where none is random."""
    values = [1.0, *likenesses]
    return Series("layers", tuple(map(float, range(len(values)))), tuple(values))


@measure(
    label=Text("likeness to the picture's edges", "与图像边缘的相似度"), unit=NOTHING, low=-1.0, high=1.0, axis=FROM_TOP
)
def edges_by_layers(edges: "list[float]") -> Series:
    """Rank correlation of the map with how far each pixel differs from its neighbours, which no network has a part in."""
    return Series("layers", tuple(map(float, range(len(edges)))), tuple(edges))


def slope(model: "nn.Module", pictures: "Tensor", classes: "Tensor", generator: Any) -> "Tensor":
    """The size of the gradient."""
    return evaluate.over_channels(evaluate.gradient(evaluate.of_class(model, classes), pictures))


def smoothed(model: "nn.Module", pictures: "Tensor", classes: "Tensor", generator: Any) -> "Tensor":
    """SmoothGrad over ten noisy copies."""
    score = evaluate.of_class(model, classes)
    return evaluate.over_channels(evaluate.smooth_gradient(score, pictures, samples=10, generator=generator))


def integrated(model: "nn.Module", pictures: "Tensor", classes: "Tensor", generator: Any) -> "Tensor":
    """Integrated gradients on the way from black."""
    score, black = evaluate.of_class(model, classes), pictures.min()
    return evaluate.over_channels(evaluate.integrated_gradients(score, pictures, baseline=black, steps=10))


def guided(model: "nn.Module", pictures: "Tensor", classes: "Tensor", generator: Any) -> "Tensor":
    """Guided backpropagation."""
    return evaluate.over_channels(evaluate.guided_gradient(model, evaluate.of_class(model, classes), pictures))


METHODS: dict[str, tuple[Text, Heat]] = {
    "gradient": (Text("gradient", "梯度"), slope),
    "smoothed": (Text("SmoothGrad", "SmoothGrad"), smoothed),
    "guided": (Text("guided backpropagation", "导向反向传播"), guided),
    "integrated": (Text("integrated gradients", "积分梯度"), integrated),
}


def randomised(
    seeds: Seeds,
    watch: Watch,
    *,
    data: Spec,
    model: Spec,
    recipe: Spec,
    heat: Heat,
    asked: int,
    top: int = TOP,
    pixels: Pixels = "all",
) -> dict[str, float | Series]:
    """Trains a network, then gives it the weights of a fresh one, layer by layer from the top, and compares its maps.

    Maps are of the first `asked` test pictures and their true classes, compared at all `pixels` or at those with ink.
    """
    import torch

    parts, plan = data.build(), recipe.build()
    known, judged = ((torch.tensor(part.inputs), torch.tensor(part.targets)) for part in (parts.train, parts.test))
    network, fresh = (model.build(generator=seeds.torch(stream)) for stream in ("initialisation", "fresh"))
    batches = train.Batches(*known, size=plan.batch, generator=seeds.torch("order"))
    for _ in train.fit(network, batches, plan.step(network), total=plan.steps):
        pass
    error = evaluate.test_error(network, *judged)
    pictures, classes = judged[0][:asked], judged[1][:asked]
    counted = (pictures[:, 0] > pictures.min() if pixels == "ink" else torch.ones_like(pictures[:, 0])).bool().numpy()

    def map_now() -> "np.ndarray":
        return heat(network, pictures, classes, seeds.torch("noise")).numpy()

    outline, before = edges(pictures), map_now()
    likenesses, like_edges = [], [likeness(before, outline, counted)]
    for name in reversed(evaluate.layers(network)):
        network.get_submodule(name).load_state_dict(fresh.get_submodule(name).state_dict())
        found = map_now()
        likenesses.append(likeness(before, found, counted))
        like_edges.append(likeness(found, outline, counted))
        watch.step(len(likenesses), LAYERS, dict)
    return {
        likeness_all.name: likeness_all(likenesses),
        likeness_top.name: likeness_top(likenesses, top),
        evaluate.test_error.name: error,
        likeness_by_layers.name: likeness_by_layers(likenesses),
        edges_by_layers.name: edges_by_layers(like_edges),
    }


def edges(pictures: "Tensor") -> "np.ndarray":
    """How far each pixel differs from the one to its right and the one below, (b, h, w)."""
    import torch

    grey = pictures[:, 0]
    across = torch.diff(grey, dim=2, append=grey[:, :, -1:]).abs()
    found: np.ndarray = (across + torch.diff(grey, dim=1, append=grey[:, -1:]).abs()).numpy()
    return found


def likeness(one: "np.ndarray", other: "np.ndarray", counted: "np.ndarray") -> float:
    """Rank correlation of two maps (h, w) over the pixels that count, mean over pictures; 0 for a map that is all the same."""
    import numpy as np
    from scipy.stats import rankdata

    found = []
    for first, second, there in zip(one, other, counted, strict=True):
        ranks = np.stack([rankdata(each[there]) for each in (first, second)])
        flat = np.ptp(ranks, axis=1).min() == 0
        found.append(0.0 if flat else float(np.corrcoef(ranks)[0, 1]))
    return float(np.mean(found))


def arm(method: str, **settings: Any) -> Arm:
    label, heat = METHODS[method]
    return Arm(method, label=label, heat=heat, **settings)


def design(scale: Scale) -> Design:
    recipe = spec(
        train.Recipe,
        optimiser=spec(train.adamw, lr=0.01),
        schedule=spec(train.cosine, warm_up=0.1),
        steps=STEPS[scale],
        batch=64,
    )
    return Design(
        trial=spec(
            randomised,
            data=spec(data.digits28, train=EXAMPLES[scale], test=500),
            model=spec(models.StridedCNN, channels=12, kernels=(5, 3, 3, 3)),
            recipe=recipe,
            asked=ASKED[scale],
        ),
        arms=[arm(method) for method in METHODS],
        seeds=SEEDS[scale],
        measures=(likeness_all, likeness_top, evaluate.test_error),
        mechanism=(likeness_by_layers, edges_by_layers),
        verdict=All(
            Reaches("gradient", likeness_all, 0.35),
            Better("gradient", than="guided", on=likeness_top, by=0.1),
            Contrast({"integrated": 1.0}, on=likeness_all, by=0.9, text=STAYS),
        ),
    )


STAYS = Text(
    "the likeness of integrated gradients is at least 0.9 when all layers are random",
    "所有层都随机后，积分梯度的相似度仍至少为 0.9",
)


def counted_at(scale: Scale, *, pixels: Pixels) -> Design:
    """Maps compared at the learner's choice of pixels; integrated gradients are claimed to change."""
    arms = [arm("integrated", pixels=pixels)]
    return replace(design(scale), arms=arms, verdict=Reaches("integrated", likeness_all, 0.5))


def down_to(scale: Scale, *, layers: int) -> Design:
    """So many layers from the top made random, claimed to change the guided map."""
    return replace(design(scale), arms=[arm("guided", top=layers)], verdict=Reaches("guided", likeness_top, 0.4))


study = Study(
    slug="saliency-sanity",
    chapter="inside",
    after=("convolution",),
    question=Text("Do saliency maps change when the weights are made random?", "权重变成随机数，显著图会跟着变吗？"),
    claim=Text(
        en="The gradient's map does. The map of guided backpropagation outlives random upper layers far better, and that "
        "of integrated gradients hardly changes even where nothing learned is left.",
        zh="梯度的图会变。导向反向传播的图，在上面几层变成随机之后保留得多得多；积分梯度的图，哪怕学到的东西一点不剩，也几"
        "乎不变。",
    ),
    source="Adebayo, Gilmer, Muelly, Goodfellow, Hardt and Kim 2018, Sanity checks for saliency maps, arXiv:1810.03292",
    explanation=Explanation(
        idea=Text(
            en="A saliency map colours the pixels of a picture by how much they are said to matter to a network's answer. "
            "The simplest is the gradient: how far the score of the answer moves when a pixel gets a little brighter. "
            "Such maps often look noisy, and there are methods whose maps look better. SmoothGrad takes the mean over "
            "noisy copies of the picture. Guided backpropagation sends only positive slopes back through the network. "
            "Integrated gradients add up the slopes on the way from a black picture to this one, and multiply by how "
            "bright the pixel became.\n\n"
            "A map that looks good to us need not say anything about the network: it may show edges or ink, which "
            "anybody finds without a network. Here is a test. A trained network knows what it knows by its weights. "
            "Replace them by random numbers, and it knows nothing. A map that explains what the network learned must "
            "then change; a map that stays as it was has never been about that.",
            zh="显著图按每个像素对网络回答的“重要程度”给图像上色。最简单的是梯度：像素亮一点点，回答的得分会移动多少。这"
            "样的图往往杂乱，于是有了看上去更好的方法。SmoothGrad 对图像的许多加噪副本取平均；导向反向传播只让正的坡度往回"
            "传；积分梯度把从全黑图像到这幅图像一路上的坡度加起来，再乘以像素变亮了多少。\n\n"
            "看起来好的图，未必说明网络的什么事：它画的可能只是边缘或笔迹，这些不用网络也找得到。可以这样检验：训练好的网络，"
            "所知道的一切都在权重里；把权重换成随机数，它就什么都不知道了。真正解释网络所学的图，这时必须改变；若还是老样子，"
            "那它从来就不是在说网络学到了什么。",
        ),
        formula=Text(
            en="gradient:     |d s / d x|\nintegrated:   |(x - b) times the mean of d s / d x from b to x|\n"
            "likeness:     rank correlation of the map before and the map after\n\n"
            "s: the network's score of the true class. x: a pixel. b: black. Ranks: the coldest pixel gets 1, the next 2, "
            "and so on; their correlation is 1 for the same order, 0 for orders that have nothing to do with each other.\n"
            "Where a pixel is black, x - b is 0 and so is the integrated gradient, whatever the weights are.",
            zh="梯度：    |d s / d x|\n积分梯度：|(x − b) 乘以从 b 到 x 一路上 d s / d x 的平均|\n"
            "相似度：  前后两幅图的秩相关\n\n"
            "s：网络给真实类别的得分。x：一个像素。b：黑色。秩：最冷的像素记 1，其次记 2，依此类推；次序相同则相关为 1，次序"
            "毫不相干则为 0。\n像素为黑色时 x − b = 0，积分梯度也为 0，不管权重是什么。",
        ),
        experiment=Text(
            en="A network of four convolutions and a linear layer learns 2,000 handwritten digits in 150 steps. Then its "
            "layers are given the first weights of another network of the same kind, one after the other, beginning at "
            "the top: the linear layer first, the convolution that sees the picture last. After each we draw the maps of "
            "100 test digits again, for their true classes, and compare them with the maps of the trained network. The "
            "four methods look at the same networks. Beside it we measure how much each map is like the edges of the "
            "picture, found without any network.",
            zh="一个有四层卷积和一层线性层的网络，用 150 步学习 2,000 个手写数字。然后从上往下，一层接一层地换成另一个同样的"
            "网络的初始权重：先换线性层，最后换直接看图像的卷积层。每换一层，就对 100 个测试数字的真实类别重新画图，与训练好"
            "的网络的图比较。四种方法看的是同样的网络。此外还测量每幅图与图像边缘的相似度，而边缘不用任何网络就能找到。",
        ),
        meaning=Text(
            en="Read the curves from left to right. (Medians of 24 seeds.) The gradient's map falls to a likeness of 0.37 as "
            "soon as the linear layer on top is random, and to 0.19 when all is; SmoothGrad does the same at 0.39 and 0.22. "
            "Guided backpropagation still has 0.73 and, with three of five layers random, 0.56: it looks mostly at what the "
            "lower layers do with the picture, and the answer that it is said to explain hardly enters. Integrated gradients "
            "stay at 0.99 to the end. The other curve says why: their map is like the edges of the picture by 0.78, trained or "
            "not. Digits stand on black, where the product with the brightness is 0 for every network, and four pixels of five "
            "are black. The first exercise takes these away.\n\n"
            "So a map may be faithful in one sense and say little in another: integrated gradients do add up to the score, and "
            "still most of what the eye sees in them is the ink. A method that passes is not thereby right; it only has not "
            "failed this test. And nothing here says which map a person understands best.",
            zh="从左往右看曲线（24 个种子的中位数）。最上面的线性层一变成随机，梯度图的相似度就降到 0.37，全部随机时为 0.19；"
            "SmoothGrad 相仿，为 0.39 和 0.22。导向反向传播此时仍有 0.73，五层中三层随机后还有 0.56：它主要看下面几层怎样处理"
            "图像，而它号称要解释的那个回答几乎没有参与。积分梯度自始至终都是 0.99。另一条曲线说明了原因：无论训练与否，它的图与"
            "图像边缘的相似度都是 0.78。数字写在黑底上，黑色像素与亮度相乘，对任何网络都是 0，而五个像素里有四个是黑的。第一个练"
            "习会把它们去掉。\n\n"
            "可见一幅图可以在一种意义上忠实，在另一种意义上却没说多少：积分梯度加起来确实等于得分，但眼睛在其中看到的主要是笔迹。"
            "通过检验的方法也不因此就正确，只是没有在这项检验上失败。至于人最看得懂哪种图，这里没有回答。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="At which pixels must the maps be compared for integrated gradients to show that all layers are random, "
                "with a likeness of at most 0.5?",
                zh="比较哪些像素，才能让积分梯度显出所有层都已随机，相似度不超过 0.5？",
            ),
            design=counted_at,
            among={"pixels": ("all", "ink")},
            solution={"pixels": "ink"},
        ),
        Exercise(
            task=Text(
                en="How many of the five layers, from the top, must be random for the likeness of the guided map to fall to "
                "at most 0.4?",
                zh="五层之中，从上往下要有多少层变成随机，导向反向传播的图的相似度才会降到 0.4 以下？",
            ),
            design=down_to,
            among={"layers": (1, LAYERS)},
            solution={"layers": 5},
        ),
    ),
    published=Text(
        en="Adebayo and others show curves of the same rank correlation and pictures, mostly of a large network, Inception v3, "
        "on photographs; they find that the gradient passes and guided backpropagation fails, and that products with the input "
        "are dominated by it. The direction is the same here. Their networks are deeper, so that more layers can be made random "
        "before the guided map notices; ours, of five layers, notices partly at once.",
        zh="Adebayo 等人给出的是同一种秩相关的曲线和图片，主要来自识别照片的大网络（Inception v3）；他们发现梯度通过检验、导向"
        "反向传播没有通过，而与输入相乘的方法受输入支配。这里方向相同。他们的网络更深，可以有更多层变成随机而导向的图仍无察觉；我"
        "们的网络只有五层，立刻就有所察觉。",
    ),
    next=(
        Text(
            "Give the network random labels to learn instead of random weights: do its maps differ from the true ones?",
            "不换权重，改让网络学习随机的标签：它的图与真的有什么不同？",
        ),
        Text(
            "Plant a patch that decides the class: which method puts the most heat inside of it?",
            "在图中放一小块决定类别的图案：哪种方法把最多的热量放在里面？",
        ),
    ),
    design=design,
)
