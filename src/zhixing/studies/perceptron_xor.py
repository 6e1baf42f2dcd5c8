"""What can one layer not learn?"""

from dataclasses import replace
from typing import TYPE_CHECKING

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.study import All, Arm, Design, Exercise, Explanation, Reaches, Scale, Study, Within

if TYPE_CHECKING:
    import numpy as np

PASSES = {"smoke": 2, "quick": 50, "full": 500}
STEPS = {"smoke": 10, "quick": 400, "full": 4_000}
SEEDS = {"smoke": 2, "quick": 12, "full": 21}


@measure(
    label=Text("mistakes in each pass", "每一遍的错误次数"), unit=PER_CENT, difference_unit=POINTS, low=0.0, high=100.0,
    axis=Text("pass over the examples", "遍数"),
)  # fmt: skip
def mistakes_by_pass(mistakes: list[int], examples: int) -> Series:
    """Mistakes that the perceptron's rule mended, in per cent of the examples, by pass."""
    return Series("pass", tuple(map(float, range(1, len(mistakes) + 1))), tuple(100 * n / examples for n in mistakes))


@measure(
    label=Text("training error", "训练错误率"),
    unit=PER_CENT,
    difference_unit=POINTS,
    better="lower",
    low=0.0,
    high=100.0,
)
def error_on_known(probabilities: "np.ndarray", targets: "np.ndarray") -> float:
    """Training pairs answered wrongly, in per cent."""
    return float(100 * (probabilities.argmax(axis=1) != targets).mean())


def answer(seeds: Seeds, watch: Watch, *, data: Spec, model: Spec) -> dict[str, float | Series]:
    """Teaches a classifier the question and examines it on pairs of digits that it has not seen, in an order of the
    seed's own."""
    import numpy as np

    parts, classifier = data.build(), model.build(generator=seeds.numpy("model"))
    order = seeds.numpy("order").permutation(len(parts.train))
    inputs, targets = parts.train.inputs[order], parts.train.targets[order]
    classifier.fit(inputs, targets)
    watch.step(1, 1, dict)
    found: dict[str, float | Series] = {
        "error": evaluate.error(np.asarray(classifier.predict_proba(parts.test.inputs)), parts.test.targets),
        error_on_known.name: error_on_known(classifier.predict_proba(inputs), targets),
    }
    if isinstance(classifier, models.Perceptron):
        found[mistakes_by_pass.name] = mistakes_by_pass(classifier.mistakes, len(targets))
    return found


def network(scale: Scale, hidden: int) -> Spec:
    """One hidden layer of so many tanh units, none for 0, trained by gradient descent."""
    from torch.nn import Tanh

    model = spec(models.MLP, widths=(hidden,) if hidden else (), activation=Tanh)
    recipe = spec(train.Recipe, optimiser=spec(train.adamw, lr=0.01), steps=STEPS[scale])
    return spec(train.network_classifier, model=model, recipe=recipe)


def arm(scale: Scale, question: str, hidden: int | None) -> Arm:
    asked = {"and": Text("both ones", "都是一"), "or": Text("a one", "有一"), "xor": Text("different", "不同")}[
        question
    ]
    if hidden is None:
        name, kind = "perceptron", Text("perceptron", "感知机")
        model = spec(models.Perceptron, passes=PASSES[scale])
    else:
        name, kind = f"hidden-{hidden}", Text(f"{hidden} hidden units", f"{hidden} 个隐藏单元")
        model = network(scale, hidden)
    label = Text("{asked}: {kind}", "{asked}：{kind}").format(asked=asked, kind=kind)
    return Arm(f"{question}-{name}", label=label, data=spec(data.digit_pairs, question=question), model=model)


def design(scale: Scale) -> Design:
    arms = [arm(scale, "and", None), arm(scale, "xor", None)]
    arms += [arm(scale, "xor", hidden) for hidden in (0, 1, 2, 3, 4)]
    return Design(
        trial=spec(answer),
        arms=arms,
        seeds=SEEDS[scale],
        measures=(evaluate.error, error_on_known),
        mechanism=(mistakes_by_pass,),
        verdict=All(
            Reaches("and-perceptron", on=evaluate.error, value=5.0),
            Within("xor-perceptron", on=evaluate.error, low=40.0, high=60.0),
            Reaches("xor-hidden-4", on=evaluate.error, value=5.0),
        ),
    )


def fewest(scale: Scale, *, hidden: int) -> Design:
    """The learner's number of hidden units, claimed to answer "different"."""
    chosen = arm(scale, "xor", hidden)
    return replace(design(scale), arms=[chosen], verdict=Reaches(chosen.name, on=evaluate.error, value=5.0))


def learnable(scale: Scale, *, question: str, passes: int) -> Design:
    """The learner's question and number of passes, claimed to leave the perceptron without a single mistake."""
    chosen = arm(scale, question, None)
    chosen.settings["model"] = spec(models.Perceptron, passes=passes)
    return replace(design(scale), arms=[chosen], verdict=Reaches(chosen.name, on=error_on_known, value=0.0))


study = Study(
    slug="perceptron-xor",
    chapter="descent",
    question=Text("What can one layer not learn?", "单层网络学不会什么？"),
    claim=Text(
        en="Shown two digits, one layer learns to say whether both are ones, but never whether they differ; four "
        "hidden units are enough for that.",
        zh="给单层网络看两个数字，它能学会判断“是否都是一”，却永远学不会判断“是否不同”；加四个隐藏单元就够了。",
    ),
    source="Rosenblatt 1958; Novikoff 1962; Minsky and Papert 1969, Perceptrons; Rumelhart, Hinton and Williams 1986",
    explanation=Explanation(
        idea=Text(
            en="One of the first learning machines, Rosenblatt's perceptron of 1958, weighs the evidence: it "
            "multiplies each pixel (a dot of the picture, as a number) by a weight, a number of that pixel's own, "
            "adds everything up, and says yes if the sum is positive. This is a network of one layer: between pixels "
            "and answer lies one weighing. Whenever it errs, it adds the picture to its weights if it should have "
            "said yes, or takes it away if it should have said no. If any weights answer all examples rightly, this "
            "rule finds such weights after a finite number of mistakes.\n\n"
            "But weighing means that each piece of evidence speaks for yes or for no, always. Are the two digits "
            "different? Then a one on the left speaks for yes if the right one is a zero, and for no if it is a one. "
            "No weight can do both. Computer scientists call this question XOR, exclusive or: one or the other, and "
            "not both. A hidden layer is a row of further units. Each weighs the pixels for itself, bends its sum by "
            "a curve (here tanh, which runs from -1 to 1) and hands it to the unit that answers. So the question can "
            "be turned into questions that add up.",
            zh="最早会学习的机器之一，是罗森布拉特 1958 年的感知机。它的做法是掂量证据：把每个像素（图上的一个点，用一"
            "个数表示）乘上它自己的权重（也是一个数），全部加起来，和为正就回答“是”。这就是单层网络：从像素到回答，只"
            "掂量一次。每当答错，如果本该答“是”，就把这幅图加进权重；如果本该答“否”，就从权重里减去它。只要存在能答对"
            "全部例子的权重，这条规则犯过有限次错误之后就一定能找到。\n\n"
            "但掂量意味着每一份证据要么总是支持“是”，要么总是支持“否”。两个数字不同吗？左边是一，若右边是零，就该支持"
            "“是”；若右边也是一，就该支持“否”。没有一个权重能两头兼顾。计算机科学把这个问题叫做异或（XOR）：两者之中有"
            "且只有一个。隐藏层是另外一排单元：每个单元先自己掂量一遍像素，把得到的和用一条曲线弯一弯（这里是 tanh，取"
            "值在 -1 到 1 之间），再交给负责回答的单元。这样就能把异或改写成几个可以相加的问题。",
        ),
        formula=Text(
            en="yes if  w1 x1 + w2 x2 + ... + b > 0\non a mistake:  w <- w + x (should be yes),  w <- w - x (should "
            "be no)\nmistakes in all <= (R / m)^2\n\n"
            "x: the pixels. w: their weights. b: one more weight, of an input that is always 1. <-: becomes. R: the "
            "length of the longest example, the root of the sum of its squared inputs. m: the margin. The inputs "
            "whose sum is 0 form a plane that parts yes from no; m is the distance from the best such plane to the "
            "nearest example. The bound (Novikoff 1962) holds where a plane can part them.\nFor XOR none can. Put one "
            "picture of a zero and one of a one together in all four ways, and let s(00), s(01), s(10), s(11) be the "
            "sums; then s(00) + s(11) = s(01) + s(10), for the same pixels are on both sides. So the first two cannot "
            "both be negative while the last two are positive.",
            zh="若 w1 x1 + w2 x2 + ... + b > 0，就答“是”\n答错时：w <- w + x（本该答“是”），w <- w - x（本该答“否”）\n"
            "错误总次数 <= (R / m)^2\n\n"
            "x：像素。w：像素的权重。b：另一个权重，它的输入恒为 1。<-：变成。R：最长的例子的长度，即各输入平方和的平"
            "方根。m：间隔。和为 0 的那些输入构成一个平面，把“是”与“否”分开；m 就是最佳的分界面到最近的例子的距离。只"
            "要有平面能把例子分开，这个上界就成立（诺维科夫，1962）。\n异或没有这样的平面。取一幅零、一幅一，拼成四种"
            "数对，设各自的和为 s(00)、s(01)、s(10)、s(11)，那么 s(00) + s(11) = s(01) + s(10)，因为两边用到的像素相"
            "同。所以前两个不可能都为负，而后两个都为正。",
        ),
        experiment=Text(
            en="Each example is two real handwritten digits side by side, each a zero or a one, 7 by 7 pixels; all "
            "four kinds of pairs are equally frequent. There are 1,000 pairs to learn from and 1,000 with other "
            "digits to be examined on. On the same pairs two questions are asked: are both ones, and are they "
            "different? The perceptron goes over the pairs up to 50 times, in an order that the seed decides. "
            "Networks with 0 to 4 hidden units learn the second question by gradient descent: 400 steps, each of "
            "which changes all weights a little, so that the answers to 64 of the pairs become less wrong. The recipe "
            "is the same for all.",
            zh="每个例子是并排的两个真实手写数字，每个是零或一，7×7 像素；四种数对同样多。有 1,000 对用来学习，另外 "
            "1,000 对用别的数字组成，用来考试。对同样的数对问两个问题：都是一吗？两个不同吗？感知机按种子决定的次序把"
            "数对过最多 50 遍。有 0 到 4 个隐藏单元的网络用梯度下降学第二个问题：共 400 步，每一步取 64 对，把所有权重"
            "都改动一点，使对它们的回答错得少一些。配方全都一样。",
        ),
        meaning=Text(
            en="If the claim holds, the pairs are not what is hard, for they are the same for both questions; it is "
            "the question. Look at the mistakes by pass: on the first question they soon become few and then stop, as "
            "the bound in the formula promises; on the second they go on to the last pass, for there is nothing to "
            "find. The network without hidden units shows that it is not the fault of Rosenblatt's rule: any single "
            "layer is at a loss.\n\n"
            "The hidden units form a staircase. With one, only one kind of pair in four is wrong: an error of about "
            "25 %. Two would be enough, and 4 of our 24 runs show it; the other 20 are still near 25 % after their "
            "400 steps. With three or four units, 21 of 24 find the way out. So what a network can represent and what "
            "it learns are two questions.",
            zh="如果论断成立，难的就不是这些数对，因为两个问题用的数对相同；难的是问题本身。看每一遍的错误次数：学第一"
            "个问题时，错误很快变少，然后不再出现，正如公式里的上界所保证的；学第二个问题时，直到最后一遍还在错，因为"
            "根本没有可找的权重。没有隐藏单元的网络表明，这不怪罗森布拉特的规则：任何单层都无能为力。\n\n"
            "隐藏单元排成一级级台阶。有一个时，四种数对里只错一种，错误率约 25%。两个其实就够了，我们的 24 次运行里有 "
            "4 次做到了；其余 20 次走完 400 步仍在 25% 左右。有三个或四个单元时，24 次里有 21 次找到了出路。可见，网络"
            "能表示什么和网络学得到什么，是两个问题。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en='Find a number of hidden units with which the error on "different" is 5 % at most. How few will do?',
                zh="找一个隐藏单元数，使“是否不同”的错误率不超过 5%。最少要几个？",
            ),
            design=fewest,
            among={"hidden": (0, 16)},
            solution={"hidden": 4},
        ),
        Exercise(
            task=Text(
                en="Choose a question (both ones, at least one, or different) and a number of passes after which the "
                "perceptron makes no mistake on any pair that it learned from.",
                zh="选一个问题（都是一、至少有一个一、或两个不同）和一个遍数，使感知机对学过的数对一个也不答错。",
            ),
            design=learnable,
            among={"question": ("and", "or", "xor"), "passes": (1, 50)},
            solution={"question": "or", "passes": 50},
        ),
    ),
    published=Text(
        en="Minsky and Papert prove that no perceptron computes XOR; the error of one layer here is that of guessing, "
        "about 50 %. Rumelhart et al. learn XOR with two hidden units and report that getting stuck is rare. Here 20 "
        "of 24 runs with two units end stuck; but they see noisy pixels rather than two clean numbers, 0 or 1, and "
        "train for 400 steps only.",
        zh="明斯基和佩珀特证明了感知机算不出异或；这里单层网络的错误率就等于瞎猜，约 50%。Rumelhart 等人用两个隐藏单元"
        "学会了异或，并说卡住很少见。这里有两个单元的 24 次运行，最后有 20 次卡住；不过它们看到的是带噪声的像素，而不"
        "是两个干净的 0 或 1，而且只训练 400 步。",
    ),
    next=(
        Text(
            "Train the network of two hidden units ten times as long (--scale full): do more runs find the way out?",
            "让有两个隐藏单元的网络训练十倍的步数（--scale full）：会有更多的运行找到出路吗？",
        ),
        Text(
            'Give one layer the products of all pairs of pixels as well: can it answer "different" now?',
            "把所有像素两两相乘的积也交给单层网络：它现在能回答“不同”了吗？",
        ),
    ),
    design=design,
)
