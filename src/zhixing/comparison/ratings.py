"""The contest on ratings: models that foretell what a user will think of an item."""

from itertools import product
from pathlib import Path

from zhixing import evaluate, models, train
from zhixing.comparison.families import Family, Task, choices, tuned
from zhixing.core import Spec, Text, spec
from zhixing.data import OwnRatings
from zhixing.study import Scale

CODES = spec(models.RatingCodes)
OF_LISTS = (evaluate.discounted_gain, evaluate.recall_of_lists)
MOST = 100_000
"""Ratings at the quick scale: of fewer, what tells one taste from another is lost first."""


def of_ratings(ratings: OwnRatings, place: Path) -> Task:
    """The contest on these ratings, which were read from `place`."""
    return Task(
        question=Text(
            "Which model foretells {target} of {file} best?", "预测 {file} 的 {target}，哪一类模型最好？"
        ).format(target=ratings.found.target, file=place.name),
        families=for_ratings(),
        measures=(evaluate.root_mean_square, evaluate.mean_absolute, evaluate.explained),
        of_lists=OF_LISTS,
        prepared=Text(
            "Of a user or an item without a training row a model knows what holds of all. Lists hold the ten items that a "
            "model rates highest, of all that a user had not rated before; right are those that she rated in the judging rows "
            "at least as high as half of the known ratings are.",
            "对训练行中没有出现过的用户或物品，模型只知道对全体都成立的东西。推荐列表是在用户此前没有评过的全部物品中，模型预测评分"
            "最高的十个；其中用户在评判行里给出不低于已知评分中位数的，算推荐对了。",
        ),
        items=Text("ratings", "条评分"),
        most={"smoke": 2_000, "quick": MOST, "full": None},
        trial=_trial,
        keeping=train.kept_ratings,
    )


def _trial(scale: Scale) -> Spec:
    return spec(train.listed, lists=spec(evaluate.lists), of_lists=OF_LISTS, **tuned(scale).settings)


def for_ratings() -> tuple[Family, ...]:
    """The families that answer with a rating."""
    shrinkages = (1.0, 3.0, 10.0, 30.0)
    return (
        Family("mean", Text("mean of the item", "物品均值"), choices(models.item_mean, items=shrinkages), CODES),
        Family(
            "biases",
            Text("biases of user and item", "用户与物品偏置"),
            choices(models.rating_biases, users=(3.0, 10.0), items=(2.0, 5.0)),
            CODES,
        ),
        Family(
            "neighbours",
            Text("item neighbours", "物品近邻"),
            choices(models.item_neighbours, shrink=(3.0, 10.0), trust=(0.3, 1.0)),
            CODES,
        ),
        Family(
            "factors",
            Text("matrix factorisation", "矩阵分解"),
            choices(models.factorisation, penalty=(6.0, 10.0, 14.0, 20.0)),
            CODES,
        ),
        Family(
            "bayesian",
            Text("Bayesian factorisation", "贝叶斯矩阵分解"),
            choices(models.bayesian_factorisation, factors=(2, 4, 8, 12), sweeps=(100,), kept=(25,)),
            CODES,
        ),
        Family("neural", Text("neural factorisation", "神经矩阵分解"), _neural, CODES),
    )


def _neural() -> tuple[Spec, ...]:
    """Product and network side by side, with two rates and two sizes of weight decay."""
    model = spec(models.NeuralFactorisation, factors=16, embedding=8, widths=(32,), dropout=0.2)
    return tuple(
        spec(
            train.rating_network,
            model=model,
            recipe=spec(
                train.Recipe,
                optimiser=spec(train.adamw, lr=rate, weight_decay=decay),
                schedule=spec(train.cosine, warm_up=0.1),
                steps=700,
                batch=512,
            ),
        )
        for rate, decay in product((0.01, 0.02), (1.0, 2.0))
    )
