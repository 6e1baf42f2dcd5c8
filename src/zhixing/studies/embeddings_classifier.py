"""Do vectors of meaning beat counts of words?"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from zhixing import data, evaluate, models
from zhixing.core import Seeds, Series, Spec, Text, Watch, spec
from zhixing.evaluate.measure import PER_CENT, POINTS, Measure, measure
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Scale, Study, Within

if TYPE_CHECKING:
    import numpy as np
    import pandas

ROWS = {"smoke": (20, 40), "quick": (50, 100, 200, 400, 1_000), "full": (50, 100, 200, 400, 1_000)}
FEW = 100
SEEDS = {"smoke": 2, "quick": 12, "full": 21}
JUDGED = {"smoke": 40, "quick": 400, "full": 400}
MOST = {"smoke": 80, "quick": 1_424, "full": 1_424}
WORDS = {"smoke": 25, "quick": 60, "full": 60}
LATENT = {"smoke": 10, "quick": 100, "full": 200}
POOL = {"smoke": 300, "quick": 8_661, "full": 8_661}
STRENGTHS = {"counts": (1.0, 4.0, 16.0, 64.0), "vectors": (0.001, 0.01, 0.1, 1.0)}
FOLDS = 3
TEXT = ("text",)
PAIRS = {"coffee or tea": ("coffee", "tea"), "chocolate or dog": ("chocolate", "dog")}
Errors = Mapping[int, float]


@measure(
    label=Text("error with 100 labelled rows", "100 行标签时的错误率"), unit=PER_CENT, difference_unit=POINTS, better="lower",
    low=0.0, high=100.0,
)  # fmt: skip
def error_with_few(errors: Errors) -> float:
    """On rows that were not learned from, half of them of each class; with the number of rows that is nearest to 100."""
    return errors[min(errors, key=lambda rows: abs(rows - FEW))]


@measure(
    label=Text("error with all labelled rows", "全部标签行时的错误率"), unit=PER_CENT, difference_unit=POINTS,
    better="lower", low=0.0, high=100.0,
)  # fmt: skip
def error_with_most(errors: Errors) -> float:
    """As `error_with_few`, with the most rows."""
    return errors[max(errors)]


@measure(
    label=Text("error", "错误率"), unit=PER_CENT, low=0.0, high=100.0, axis=Text("labelled rows", "有标签的行数")
)  # fmt: skip
def error_by_rows(errors: Errors) -> Series:
    """As `error_with_few`, by how many rows were learned from."""
    return Series("rows", tuple(map(float, errors)), tuple(errors.values()))


def learned(
    seeds: Seeds,
    watch: Watch,
    *,
    data: Spec,
    reader: Spec,
    strengths: tuple[float, ...],
    rows: tuple[int, ...],
    judged: int,
    measures: tuple[Measure, ...],
) -> dict[str, float | Series]:
    """Logistic regression on what the reader makes of texts, learned from more and more rows, judged on the same ones."""
    import numpy as np
    import pandas

    found = data.build()
    texts, targets = pandas.DataFrame({"text": found.texts}), found.targets
    generator = seeds.numpy("rows")
    kinds = [generator.permutation(np.flatnonzero(targets == kind)) for kind in (0, 1)]
    each = min(map(len, kinds))
    order = np.column_stack([kind[:each] for kind in kinds]).ravel()  # half of each kind, however many are taken
    asked, known = order[:judged], order[judged:]
    errors: dict[int, float] = {}
    for count in rows:
        taken = known[:count]
        preparation = reader.build().fit(texts.iloc[taken])
        classifier = _chosen(
            preparation.transform(texts.iloc[taken]), targets[taken], strengths, seeds.numpy(f"folds of {count}")
        )
        answers = classifier.predict_proba(preparation.transform(texts.iloc[asked]))
        errors[count] = float(100 * (answers.argmax(axis=1) != targets[asked]).mean())
        watch.step(len(errors), len(rows), dict)
    return {measure.name: measure(errors) for measure in measures}


def _chosen(inputs: Any, targets: "np.ndarray", strengths: tuple[float, ...], generator: "np.random.Generator") -> Any:
    """The strength with the lowest log loss on rows left out, fitted to all."""
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    from zhixing.models.classical import number_from

    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=number_from(generator))
    losses = np.zeros(len(strengths))
    for fitted, checked in folds.split(np.zeros(len(targets)), targets):
        for place, strength in enumerate(strengths):
            classifier = models.logistic(strength=strength).fit(inputs[fitted], targets[fitted])
            losses[place] += evaluate.log_loss(classifier.predict_proba(inputs[checked]), targets[checked])
    return models.logistic(strength=strengths[int(losses.argmin())]).fit(inputs, targets)


def food(*, words: int, most: int) -> data.Reviews:
    """English reviews of at most so many words, as many good ones as bad ones; `most` in all."""
    whole = data.reviews(name="food")
    short = [place for place, text in enumerate(whole.texts) if len(text.split()) <= words]
    kinds = [[place for place in short if whole.targets[place] == kind] for kind in (0, 1)]
    each = min(most // 2, *map(len, kinds))
    kept = sorted([*kinds[0][:each], *kinds[1][:each]])
    return data.Reviews(tuple(whole.texts[place] for place in kept), whole.targets[kept])


def about(*, pair: str) -> data.Reviews:
    """English reviews that name one of two things and not the other, with its name taken out: which was it?"""
    import numpy as np

    whole = data.reviews(name="food")
    names = [re.compile(rf"\b{word}s?\b", re.IGNORECASE) for word in PAIRS[pair]]
    texts, targets = [], []
    for text in whole.texts:
        named = [name.search(text) is not None for name in names]
        if sum(named) == 1 and len(text.split()) <= WORDS["quick"]:
            texts.append(names[named.index(True)].sub("it", text))
            targets.append(named.index(True))
    return data.Reviews(tuple(texts), np.array(targets, dtype=np.int64))


def shops() -> data.Reviews:
    """Every second Chinese review; the others are `UnlabelledVectors`' to learn from, without their labels."""
    whole = data.reviews(name="shops")
    return data.Reviews(whole.texts[1::2], whole.targets[1::2])


class UnlabelledVectors:
    """Texts as their places along the axes in which counts of unlabelled texts vary most (Deerwester et al. 1990)."""

    def __init__(self, *, pool: int, width: int):
        self.pool, self.width = pool, width

    def fit(self, features: "pandas.DataFrame") -> "UnlabelledVectors":
        """Learns nothing from labelled rows."""
        return self

    def transform(self, features: "pandas.DataFrame") -> "np.ndarray":
        """Rows (n, width), of length sqrt(width)."""
        from sklearn.preprocessing import normalize

        counts, axes = _latent(self.pool, self.width)
        rows: np.ndarray = normalize(axes.transform(counts.transform(features))) * self.width**0.5
        return rows


@lru_cache(maxsize=1)
def _latent(pool: int, width: int) -> tuple[Any, Any]:
    import pandas
    from sklearn.decomposition import TruncatedSVD

    unlabelled = pandas.DataFrame({"text": data.reviews(name="shops").texts[::2][:pool]})
    counts = models.WordCounts(columns=TEXT).fit(unlabelled)
    return counts, TruncatedSVD(width, n_iter=2, random_state=0).fit(counts.transform(unlabelled))


def counted(name: str, label: Text, **settings: Any) -> Arm:
    return Arm(
        name, label=label, reader=spec(models.WordCounts, columns=TEXT), strengths=STRENGTHS["counts"], **settings
    )


def vectors(name: str, label: Text, reader: Spec, **settings: Any) -> Arm:
    return Arm(name, label=label, reader=reader, strengths=STRENGTHS["vectors"], **settings)


def english(source: Spec) -> list[Arm]:
    return [
        counted("counts", Text("word counts, English", "词频（英文）"), data=source),
        vectors(
            "sentences", Text("sentence vectors, English", "句向量（英文）"), spec(models.SentenceVectors, columns=TEXT),
            data=source,
        ),
    ]  # fmt: skip


def chinese(scale: Scale) -> list[Arm]:
    source, reader = spec(shops), spec(UnlabelledVectors, pool=POOL[scale], width=LATENT[scale])
    return [
        counted("zh-counts", Text("word counts, Chinese", "词频（中文）"), data=source),
        vectors(
            "zh-unlabelled",
            Text("vectors of unlabelled text, Chinese", "无标签文本的向量（中文）"),
            reader,
            data=source,
        ),
    ]


def design(scale: Scale) -> Design:
    measures, mechanism = (error_with_few, error_with_most), (error_by_rows,)
    source = spec(food, words=WORDS[scale], most=MOST[scale])
    return Design(
        trial=spec(learned, rows=ROWS[scale], judged=JUDGED[scale], measures=(*measures, *mechanism)),
        arms=[*english(source), *chinese(scale)],
        seeds=SEEDS[scale],
        measures=measures,
        mechanism=mechanism,
        verdict=All(
            Better("sentences", than="counts", on=error_with_few, by=2.0),
            Better("zh-unlabelled", than="zh-counts", on=error_with_few, by=2.0),
        ),
    )


def a_quarter(scale: Scale, *, rows: int) -> Design:
    """The learner's number of labelled Chinese reviews, with which counts are claimed to err on about a quarter."""
    whole = design(scale)
    return replace(
        whole,
        trial=whole.trial.with_settings(rows=(rows,), judged=1_000),
        arms=chinese(scale)[:1],
        verdict=Within("zh-counts", on=error_with_most, low=23.5, high=27.5),
    )


def what_about(scale: Scale, *, task: str) -> Design:
    """The learner's task, on which sentence vectors are claimed to be far ahead of counts with few rows."""
    whole = design(scale)
    source = spec(food, words=WORDS[scale], most=MOST[scale]) if task == "praise or blame" else spec(about, pair=task)
    return replace(
        whole,
        trial=whole.trial.with_settings(
            rows=(50,) if scale != "smoke" else (20,), judged=40 if scale == "smoke" else 100
        ),
        arms=english(source),
        verdict=Better("sentences", than="counts", on=error_with_most, by=5.0),
    )


study = Study(
    slug="embeddings-classifier",
    chapter="own",
    after=("machine-or-deep",),
    question=Text("Do vectors of meaning beat counts of words?", "表示意义的向量胜过数词频吗？"),
    claim=Text(
        en="With 100 labelled reviews, logistic regression on vectors learned from other text errs on at least 2 points "
        "fewer than on counts of words: in English with vectors that others trained, in Chinese with vectors of the "
        "reviews that nobody labelled.",
        zh="只有 100 条有标签的评论时，用从别的文本学来的向量做逻辑回归，错误率比用词频至少低 2 个百分点：英文用别人训练好的"
        "向量，中文用从没有标签的评论学来的向量。",
    ),
    source="Reimers and Gurevych 2019, arXiv:1908.10084; Deerwester, Dumais, Furnas, Landauer and Harshman 1990, Journal of "
    "the American Society for Information Science 41(6), 391-407",
    explanation=Explanation(
        idea=Text(
            en="A program that sorts reviews into praise and blame needs numbers. The simplest are counts: how often does "
            "each word, each pair of words and each run of a few letters occur? A word that stands in nearly every text says "
            "little, so rare ones count more. The weakness: to counts *tasty* and *delicious* are strangers. Whoever has seen "
            "one of them praised knows nothing about the other, and with few labelled texts most words were never seen.\n\n"
            "A vector of meaning is a list of numbers for the whole text, made so that texts of like meaning get like lists. "
            "A network learns it from very many texts without your labels: ours read a billion pairs of sentences that belong "
            "together. Then *tasty* and *delicious* are neighbours from the start, and a hundred labels should go a long way. "
            "For Chinese there is no such network here; there a cheaper way is tried. Words that occur in the same "
            "unlabelled texts are pulled together, by keeping only the directions in which the counts vary most.\n\n"
            "But what is *like meaning*? *The coffee is great* and *The coffee is awful* are both about coffee.",
            zh="要让程序把评论分成好评和差评，先得把文字变成数。最简单的是计数：每个词、每对相邻的词、每串几个字符各出现几次？"
            "几乎每篇都有的词说明不了什么，所以越少见的词权重越大。它的弱点是：在计数看来，“好吃”和“美味”互不相识。只见过其"
            "中一个受到称赞，对另一个就一无所知；而有标签的文本很少时，大多数词从没见过。\n\n"
            "意义的向量是整段文字的一串数，做法是让意思相近的文字得到相近的数。网络从海量文本中学会它，不需要你的标签：我们用"
            "的网络读过十亿对彼此相关的句子。这样“好吃”和“美味”一开始就是邻居，一百个标签应该就能走得很远。中文在这里没有现"
            "成的网络，就试一个便宜的办法：常在同一批无标签文本里出现的词被拉到一起，做法是只保留计数变化最大的那些方向。\n\n"
            "可是，什么叫“意思相近”？“这咖啡真棒”和“这咖啡真糟”，说的都是咖啡。",
        ),
        formula=Text(
            en="count weight = (1 + ln c) (1 + ln((1 + N) / (1 + n)))\np = 1 / (1 + exp(-(b + w1 x1 + w2 x2 + ...)))\n\n"
            "c: how often the word stands in this text. N: the number of training texts, n: in how many of them the word "
            "stands. ln: the natural logarithm; exp: powers of e = 2.718. The weights of a text are divided by the root of the "
            "sum of their squares, so that long texts do not shout. x1, x2, ...: the numbers of a text, either count weights "
            "or the numbers of its vector. w1, w2, ... and b: what logistic regression learns. p: the probability that the "
            "text praises.",
            zh="计数的权重 = (1 + ln c) (1 + ln((1 + N) / (1 + n)))\np = 1 / (1 + exp(-(b + w1 x1 + w2 x2 + ...)))\n\n"
            "c：这个词在这段文字里出现的次数。N：训练文本的篇数，n：其中含有这个词的篇数。ln：自然对数；exp：e = 2.718 的幂。"
            "一段文字的各个权重要除以它们的平方和的平方根，免得长文字声音太大。x1、x2……：一段文字的各个数，或者是计数的权重，"
            "或者是它的向量中的数。w1、w2……和 b：逻辑回归要学的。p：这段文字是好评的概率。",
        ),
        experiment=Text(
            en="English: 1,422 reviews of food of at most 60 words, half of them with the highest mark. Chinese: 17,321 reviews "
            "of books, goods and hotels, copies taken out; every second one lends its text without its label, the others are "
            "learned from and judged on. Each seed draws 400 reviews to judge, half praise and half blame, and 50, 100, 200, "
            "400 and 1,000 others to learn from, the same for both kinds of numbers. How small the weights are held is chosen "
            "among four strengths by three-fold validation on the rows learned from, for both kinds alike. Guessing "
            "errs on 50 %.",
            zh="英文：1,422 条不超过 60 个词的食品评论，一半给了最高分。中文：17,321 条图书、商品和酒店评论，已去掉重复；每隔一"
            "条只借用文字、不用标签，其余的用来学习和评判。每个种子抽 400 条来评判，好评差评各半，再抽 50、100、200、400 和 "
            "1,000 条来学习，两种数字用的完全一样。权重压到多小，由三折验证在学习用的行上从四种强度中选，两种数字一视同仁。瞎猜"
            "的错误率是 50%。",
        ),
        meaning=Text(
            en="Look at the curves of errors by labelled rows. In English the vectors that a billion pairs of sentences taught "
            "do not beat counts at telling praise from blame, however many labels there are: with 50, 100, 400 and 1,000 rows "
            "they err on 41, 37, 31 and 29 %, counts on 38, 33, 27 and 24 % (medians of 24 seeds). They were made so that "
            "texts about the same thing lie together, and praise and blame of one coffee are about the same thing. Ask "
            "instead what a review is about, as the second exercise does, and with 50 labels they err about half as often as "
            "counts (in three seeds 9 to 13 % against 19 to 26 %, for chocolate or dog food). So the question to a vector made "
            "by others is: alike in what?\n\n"
            "In Chinese the directions learned from unlabelled reviews make next to no difference either: with 100 rows 32.1 % "
            "against 32.5, with 200 a point better, with 1,000 two points worse. What the "
            "experiment does not say: a network that is trained on, to its last layer, with your own labels would learn what "
            "matters here; that is dearer by far, and is not tried.",
            zh="请看错误率随标签行数变化的曲线。英文里，十亿对句子教出来的向量在区分好评和差评上并不胜过词频，无论标签多少："
            "用 50、100、400、1,000 行标签时，它们错 41%、37%、31%、29%，词频错 38%、33%、27%、24%（24 个种子的中位数）。"
            "它们的目标是让说同一件事的文字靠在一起，"
            "而夸一杯咖啡和骂一杯咖啡，说的是同一件事。如果改问评论说的是什么，如第二道练习那样，那么只用 50 个标签，它们的错误"
            "就只有词频的一半左右（巧克力还是狗粮，三个种子为 9% 到 13%，词频为 19% 到 26%）。所以面对别人做好的向量，要问一句："
            "它说的相近，是哪方面相近？\n\n"
            "中文里，从无标签评论学来的方向也几乎没有差别：100 行标签时错 32.1%，词频错 32.5%；200 行时好一个百分点，1,000 行时差"
            "两个百分点。实验没有说的是：如果用自己的标签把整个网络接着训练下去，它会学到这里要紧的东西；那要贵得"
            "多，这里没有试。",
        ),
    ),
    exercises=(
        Exercise(
            task=Text(
                en="Labels cost time. How many labelled Chinese reviews do counts of words need to err on about a quarter, "
                "between 23.5 and 27.5 %, of the rest?",
                zh="打标签很费时间。要让词频在其余的中文评论上大约错四分之一，也就是 23.5% 到 27.5%，需要多少条有标签的评论？",
            ),
            design=a_quarter,
            among={"rows": (50, 2_000)},
            solution={"rows": 400},
        ),
        Exercise(
            task=Text(
                en="Find what vectors of meaning are good for: a task on which, with 50 labelled reviews, they err on at least "
                "5 points fewer than counts. In two of the tasks the name of the thing was replaced by *it*, and the question "
                "is which of two things the review is about.",
                zh="意义的向量擅长什么？找一个任务：只有 50 条有标签的评论时，它的错误率比词频至少低 5 个百分点。其中两个任务把东"
                "西的名字换成了 it，问评论说的是两样东西中的哪一样。",
            ),
            design=what_about,
            among={"task": ("praise or blame", *PAIRS)},
            solution={"task": "chocolate or dog"},
        ),
    ),
    published=Text(
        en="The benchmark MTEB (Muennighoff et al. 2023, arXiv:2210.07316) measures these very vectors, all-MiniLM-L6-v2, on "
        "AmazonPolarity, praise and blame in half a million reviews of all goods: 64.3 % right, that is 35.7 % wrong, learned "
        "from eight reviews of each kind.",
        zh="基准测试 MTEB（Muennighoff 等 2023，arXiv:2210.07316）在 AmazonPolarity（各类商品的好评与差评）上测过同一套向量 "
        "all-MiniLM-L6-v2：每类只学八条评论，正确率 64.3%，即错误率 35.7%。",
    ),
    next=(
        Text(
            "Put counts and vectors side by side into one row: do they err in different places?",
            "把词频和向量并排放进同一行：它们错的地方不同吗？",
        ),
        Text(
            "Learn the vectors of Chinese from 1,000 unlabelled reviews instead of 8,661: what is lost?",
            "中文向量改用 1,000 条无标签评论来学，而不是 8,661 条：会损失什么？",
        ),
    ),
    design=design,
)
