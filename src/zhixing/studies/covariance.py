"""What do the sign and size of covariance tell, and what not?"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zhixing import data, evaluate, train
from zhixing.core import Seeds, Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Equivalent, Exercise, Explanation, Reaches, Scale, Study, Within

if TYPE_CHECKING:
    import numpy as np

TABLES = ("wine", "body-size", "tumours", "olive-oil", "glass")
HALFWAY = 75.0
"""Per cent of right answers between a coin's and certainty."""
SEEDS = {"smoke": 2, "quick": 12, "full": 21}


def compared(seeds: Seeds, *, data: Spec, units: Spec, number: Spec) -> dict[str, Any]:
    """How well `number`, for every two columns in these units, tells direction and strength on the other rows."""
    import numpy as np

    known, judged = train.divided(data, seeds, 0.5, standardised=False)
    scale = units.build(known.inputs.shape[1], seeds.numpy("units"))
    one, other = np.triu_indices(known.inputs.shape[1], 1)
    numbers = number.build(known.inputs * scale)[one, other]
    moves = evaluate.directions(judged.inputs, seeds.numpy("pairs"))[one, other]
    foretold = evaluate.variance_foretold(known.inputs, judged.inputs)
    strength = (foretold + foretold.T)[one, other] / 2
    tenths = np.array_split(strength[np.argsort(np.abs(numbers))], len(evaluate.TENTHS))
    return {
        "signs_right": float(np.mean(np.sign(numbers) == np.sign(moves))),
        "sizes_right": evaluate.same_order(np.abs(numbers), strength),
        "foretold_by_size": [100 * float(np.mean(tenth)) for tenth in tenths],
    }


def own_units(columns: int, generator: "np.random.Generator") -> "np.ndarray":
    """Every column as its table has it."""
    import numpy as np

    return np.ones(columns)


def other_units(columns: int, generator: "np.random.Generator") -> "np.ndarray":
    """Every column in a unit drawn at random: a thousandth, a hundredth, ... of its own, up to a thousand times it."""
    import numpy as np

    return np.asarray(10.0 ** generator.integers(-3, 4, size=columns))


def paired(seeds: Seeds, *, data: Spec, columns: tuple[str, str], order: Spec, unit: float = 1.0) -> dict[str, Any]:
    """How two columns go together in a random half of a table's rows.

    The first column is in units so large, the second in this order.
    """
    import numpy as np

    table = data.build()
    rows = seeds.numpy("rows").permutation(len(table.train))[: len(table.train) // 2]
    x, y = (table.train.inputs[rows, table.columns.index(name)] for name in columns)
    x, y = x / unit, y[order.build(len(y), seeds.numpy("order"))]
    tenths = np.array_split(((y - y.mean()) / y.std())[np.argsort(x, kind="stable")], len(evaluate.TENTHS))
    both = np.stack([x, y], axis=1)
    return {
        "dependence": evaluate.distance_correlation(x, y),
        "correlation": float(abs(evaluate.correlations(both)[0, 1])),
        "covariance": float(abs(evaluate.covariances(both)[0, 1])),
        "chance": evaluate.chance_of_dependence(x, y, seeds.numpy("shuffles")),
        "mean_by_tenth": [float(tenth.mean()) for tenth in tenths],
    }


def as_measured(rows: int, generator: "np.random.Generator") -> "np.ndarray":
    """Each row keeps its own."""
    import numpy as np

    return np.arange(rows)


def shuffled(rows: int, generator: "np.random.Generator") -> "np.ndarray":
    """Each row gets another's, so that nothing is left to find."""
    return generator.permutation(rows)


def of_sizes(name: str, label: Text, units: Spec, number: Spec, tables: tuple[Spec, ...]) -> Arm:
    measures = (evaluate.sizes_right, evaluate.signs_right, evaluate.foretold_by_size)
    return Arm(name, label=label, data=tables, each=spec(compared, units=units, number=number), measures=measures)


def of_pair(name: str, label: Text, table: str, columns: tuple[str, str], order: Spec, unit: float = 1.0) -> Arm:
    measures = (
        evaluate.dependence, evaluate.correlation_size, evaluate.covariance_size, evaluate.shuffles_as_close,
        evaluate.mean_by_tenth,
    )  # fmt: skip
    each = spec(paired, columns=columns, order=order, unit=unit)
    return Arm(name, label=label, data=(spec(data.table, name=table),), each=each, measures=measures)


def design(scale: Scale) -> Design:
    tables = tuple(spec(data.table, name=name) for name in (TABLES[:1] if scale == "smoke" else TABLES))
    covariances, correlations = spec(evaluate.covariances), spec(evaluate.correlations)
    week, price = "WeekofPurchase", "PriceDiff"
    return Design(
        trial=spec(train.across),
        arms=[
            of_sizes(
                "own units", Text("covariance, own units", "协方差，原单位"), spec(own_units), covariances, tables
            ),
            of_sizes(
                "other units", Text("covariance, other units", "协方差，换单位"), spec(other_units), covariances, tables
            ),
            of_sizes("correlation", Text("correlation", "相关系数"), spec(other_units), correlations, tables),
            of_pair(
                "week and price", Text("week and price gap", "周次与差价"), "juice", (week, price), spec(as_measured)
            ),
            of_pair("shuffled", Text("the same, shuffled", "同样两列，打乱"), "juice", (week, price), spec(shuffled)),
        ],
        seeds=SEEDS[scale],
        measures=(
            evaluate.sizes_right,
            evaluate.signs_right,
            evaluate.dependence,
            evaluate.correlation_size,
            evaluate.shuffles_as_close,
        ),
        mechanism=(evaluate.foretold_by_size, evaluate.mean_by_tenth),
        verdict=All(
            Reaches("own units", on=evaluate.signs_right, value=HALFWAY),
            Reaches("own units", on=evaluate.sizes_right, value=HALFWAY),
            Equivalent("week and price", to="shuffled", on=evaluate.dependence, within=0.05),
        ),
    )


def in_units(scale: Scale, *, centimetres: float) -> Design:
    """Height in the learner's unit: its covariance with weight is claimed to be the smaller one, its correlation not."""
    strong = Text("height and weight", "身高与体重")
    weak = Text("age and waist", "年龄与腰围")
    return replace(
        design(scale),
        arms=[
            of_pair("height", strong, "body-size", ("hgt", "wgt"), spec(as_measured), float(centimetres)),
            of_pair("age", weak, "body-size", ("age", "wai_gi"), spec(as_measured)),
        ],
        verdict=All(
            Better("age", than="height", on=evaluate.covariance_size, by=20.0),
            Better("height", than="age", on=evaluate.correlation_size, by=0.2),
        ),
    )


def dependent_pair(scale: Scale, *, pair: str) -> Design:
    """Two columns of the table of glass, claimed to depend on each other without a correlation to speak of."""
    one, other = pair.split("-")
    label = Text("{pair}", "{pair}").format(pair=pair)
    arms = [
        of_pair("pair", label, "glass", (one, other), spec(as_measured)),
        of_pair("shuffled", Text("the same, shuffled", "同样两列，打乱"), "glass", (one, other), spec(shuffled)),
    ]
    return replace(
        design(scale),
        arms=arms,
        verdict=All(
            Within("pair", on=evaluate.correlation_size, low=0.0, high=0.3),
            Better("pair", than="shuffled", on=evaluate.dependence, by=0.2),
        ),
    )


study = Study(
    slug="covariance",
    chapter="measuring",
    question=Text(
        "What do the sign and size of covariance tell, and what not?", "协方差的正负和大小说明什么，不说明什么？"
    ),
    claim=Text(
        en="The sign of a covariance tells whether two columns rise together, its size how closely they go together, "
        "and a covariance of zero means that one says nothing of the other.",
        zh="协方差的正负说明两列是否同涨同落，大小说明关系有多密切，协方差为零则说明两者互不相干。",
    ),
    source="A common reading of covariance; against its last part: Székely, Rizzo and Bakirov 2007, arXiv:0803.4101",
    explanation=Explanation(
        idea=Text(
            en="Take the heights and weights of many people. For each person, look how far the height lies above or "
            "below the mean and how far the weight does, and multiply the two. Where both are above, or both below, "
            "the product is positive; where one is above and the other below, it is negative. The mean of these "
            "products is the covariance.\n\n"
            "Three things are commonly read from it: its sign is the direction, its size the strength of the "
            "relation, and zero means that there is none. Each of the three can be tested. A strong relation is one "
            "in which knowing one column helps to foretell the other for people never seen before. And whether two "
            "columns have anything to do with each other can be seen by shuffling: if the second column, dealt out "
            "among the rows at random, goes with the first just as closely, there was nothing there.",
            zh="量许多人的身高和体重。对每个人，看身高比平均高出或低了多少，体重比平均高出或低了多少，把两个差相乘。两"
            "者都高于平均，或都低于平均，乘积为正；一高一低，乘积为负。这些乘积的平均就是协方差。\n\n"
            "人们常从它读出三件事：正负是方向，大小是关系的强弱，零表示没有关系。三件事都可以检验。关系强，是说知道一"
            "列，就能更好地推知没见过的人的另一列。两列是否有关，则可以用打乱来看：把第二列随机发给各行，如果它与第一"
            "列依然同样密切，那就说明本来什么也没有。",
        ),
        formula=Text(
            en="cov(X, Y) = sum of (x - mx)(y - my) / (n - 1)\ncov(c X, Y) = c cov(X, Y)\ncorrelation = cov(X, Y) / "
            "(sx sy)\n\n"
            "x, y: one row's values in the columns X and Y. mx, my: their means. n: how many rows; n - 1 instead of "
            "n, because mx and my were taken from the same rows. c: a change of unit, such as 100 from metres to "
            "centimetres. sx, sy: the standard deviations, the square roots of cov(X, X) and cov(Y, Y), which are the "
            "usual distance from the mean, in the column's own unit: dividing by them takes the units out, so that "
            "the correlation lies between -1 and 1.",
            zh="cov(X, Y) = Σ (x - mx)(y - my) / (n - 1)\ncov(c X, Y) = c cov(X, Y)\n相关系数 = cov(X, Y) / (sx "
            "sy)\n\n"
            "Σ：对各行求和。x、y：某一行在 X、Y 两列的值。mx、my：两列的均值。n：行数；除以 n - 1 而不是 n，因为 mx、"
            "my 也是从同样这些行算出的。c：单位的换算，例如从米到厘米是 100。sx、sy：标准差，即 cov(X, X)、cov(Y, Y) "
            "的平方根，也就是到均值的通常距离，带着该列自己的单位；除以它们就消去了单位，所以相关系数在 -1 与 1 之间。",
        ),
        experiment=Text(
            en="Sign and size: five real tables (wines, body sizes, tumours, olive oils, glass) and every pair of "
            "their columns, more than 800 pairs. Covariances come from one half of the rows; the other half judges. "
            "Does the sign say how most pairs of other rows move? And of two pairs of columns, does the larger "
            "covariance belong to the one whose columns foretell each other better there? To foretell is to say the "
            "mean, learned from the first half, of one column among the tenth of the rows that are most alike in the "
            "other, so that a curve of any shape counts; it is the better, the smaller the squared errors are beside "
            "those of always saying the plain mean. A coin is right in 50 cases of 100; the claim asks for halfway to "
            "certainty, 75. The same is done with every column in another unit, drawn at random between a thousandth "
            "and a thousand times its own, and with the correlation.\n\n"
            "Zero: 1,070 purchases of orange juice, half of them drawn at random for each seed; the week and the "
            "difference between the prices of two brands, whose covariance is almost zero (a correlation of 0.015, "
            "median). How closely they go together is told by the distance correlation. It asks of every two rows "
            "whether those that lie far apart in one column do so in the other; it is 0 for columns that have nothing "
            "to do with each other, but for chance, and 1 for a straight line. It is compared with that of the same "
            "column shuffled; a difference of more than 0.05 counts.",
            zh="正负与大小：五张真实的表（葡萄酒、身体尺寸、肿瘤、橄榄油、玻璃），取其中任意两列，共八百多对。用一半的"
            "行算协方差，用另一半的行评判。正负是否说对了另一半中多数两行之间的走向？对于两对列，协方差较大的那一对，"
            "是否就是在那里彼此推得更准的那一对？所谓推知，是在前一半行里按一列排序分成十份，说出另一列在同一份里的均"
            "值，因此任何形状的曲线都算数；与总是说总均值相比，误差的平方越小，推得越准。抛硬币能答对 50%，论断要求达"
            "到硬币与全对的中点，即 75%。然后每一列随机换一个单位，从原单位的千分之一到一千倍，再做一遍；也用相关系数"
            "做一遍。\n\n"
            "零：1,070 条橙汁购买记录，每个种子随机取其中一半；看周次和两个品牌的差价，两者的协方差几乎为零（相关系数"
            "的中位数为 0.015）。用距离相关系数衡量它们有多密切：它对任意两行看，在一列里相距远的，在另一列里是否也相"
            "距远；毫不相干的两列，除去偶然就是 0，恰在一条直线上则是 1。再与打乱后的同一列比较，相差超过 0.05 才算"
            "数。",
        ),
        meaning=Text(
            en="The three readings fare differently. The sign does tell the direction, for 90 of 100 pairs (this and "
            "what follows are medians of 24 seeds), and units do not matter to it. The size does not tell the "
            "strength: covariances in the tables' own units order the relations only somewhat better than a coin (63 "
            "comparisons of 100 are right), and other units, which change nothing in the world, deal out another "
            "order (54). Divided by the standard deviations the same numbers order them well (82); the picture of "
            "tenths shows it, as a line that climbs all the way.\n\n"
            "And zero does not mean nothing. The difference of prices first rises and later falls as the weeks go by: "
            "rising and falling cancel in the covariance, but the week tells something about the price: the distance "
            "correlation is 0.29, after shuffling 0.06, and of 99 shuffles none came as close, in any of the 24 "
            "seeds. What zero covariance excludes is a straight trend. Only for special clouds of points, such as the "
            "two-dimensional normal one (a bell curve from whatever side one looks), does it exclude the rest.",
            zh="三种读法，结局不同。正负确实说明方向，一百对里说对 90 对（此处及以下都是 24 个种子的中位数），而且与单"
            "位无关。大小却不说明强弱：用表中原来的单位，协方差给关系排的次序比抛硬币强不了太多（100 次比较对 63 "
            "次）；换一套单位，世界丝毫未变，次序却变了（对 54 次）。除以标准差之后，同样的数就能排得很好（对 82 "
            "次）；十等分的图里，那条线一路上升。\n\n"
            "零也不等于没有关系。随着周次推移，差价先升后降：一升一降在协方差里相互抵消，可周次仍能说明差价的一些情"
            "况：距离相关系数是 0.29，打乱后是 0.06；24 个种子里，99 次打乱没有一次同样密切。协方差为零只排除了直线式"
            "的趋势。只有对特殊的点云，例如二维正态分布（无论从哪一侧看都是钟形曲线），才能把其余的也一并排除。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Height and weight go together far more closely than age and waist. Choose a unit for height, in "
                "centimetres, that makes their covariance the smaller one by at least 20, while their correlation "
                "stays the larger one by at least 0.2.",
                zh="身高与体重的关系，远比年龄与腰围密切。给身高选一个单位（用厘米表示），使身高与体重的协方差反而比后"
                "者至少小 20，而相关系数仍比后者至少大 0.2。",
            ),
            design=in_units,
            among={"centimetres": (0.1, 1000.0)},
            solution={"centimetres": 100.0},
        ),
        Exercise(
            task=Text(
                en="Find two columns of a table of glass (chemical elements, and RI, which is how strongly the glass "
                "bends light) that depend on each other clearly, by a distance correlation at least 0.2 above that of "
                "a shuffle, although their correlation, whatever its sign, is at most 0.3.",
                zh="在玻璃的表格（各种化学元素，以及折射率 RI，即玻璃使光偏折的程度）中找出两列：它们明显有关，距离相"
                "关系数比打乱后至少高 0.2，而相关系数的大小不超过 0.3。",
            ),
            design=dependent_pair,
            among={"pair": ("RI-Ca", "Na-Fe", "Al-Si", "Mg-K")},
            solution={"pair": "Mg-K"},
        ),
    ),
    published=Text(
        en="Székely, Rizzo and Bakirov prove that the distance covariance (what the distance correlation is made of) "
        "is zero only for independent columns, of which one tells nothing of the other (Theorem 3), and give the "
        "distance correlation of a normal pair in closed form (Theorem 7), which our code meets within 0.03 on 1,500 "
        "rows (a test holds it). They show dependent pairs whose correlation says nothing; the pair here is of real "
        "prices.",
        zh="Székely、Rizzo 与 Bakirov 证明，距离协方差（距离相关系数由它算出）只在两列独立、互不透露信息时为零（定理 "
        "3），并给出正态的一对变量的距离相关系数的公式（定理 7）；我们的代码在 1,500 行上与之相差不到 0.03（由测试保"
        "证）。他们展示了相关系数看不出的依赖；这里的一对来自真实的价格。",
    ),
    next=(
        Text(
            "Replace every column by its ranks: does the size of the covariance then tell the strength?",
            "把每一列换成名次：协方差的大小这时能说明强弱吗？",
        ),
        Text(
            "Add one row a hundred times as far out as any other: what happens to covariance, correlation and ranks?",
            "加入一行比其他远一百倍的数据：协方差、相关系数和名次各会怎样？",
        ),
    ),
    design=design,
)
