"""The families that enter a contest, each with the same number of settings to choose from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from zhixing import models, train
from zhixing.core import Spec, Text, spec

CHOICES = 4
"""Settings that every family may choose from; a test counts them."""


@dataclass(frozen=True)
class Family:
    """One way of learning from a table, for classes or for amounts."""

    name: str
    label: Text
    candidates: Callable[[], tuple[Spec, ...]]
    most: int | None = None
    """The most rows that it learns from, where its work grows faster than they do; None for all."""


def _of(function: Callable[..., object], **settings: Sequence[float | int]) -> Callable[[], tuple[Spec, ...]]:
    """Every combination of the settings."""

    def candidates() -> tuple[Spec, ...]:
        named = [dict(zip(settings, values, strict=True)) for values in product(*settings.values())]
        return tuple(spec(function, **chosen) for chosen in named)

    return candidates


def _networks(estimator: Callable[..., object]) -> Callable[[], tuple[Spec, ...]]:
    """An MLP with two rates and two sizes of weight decay."""

    def candidates() -> tuple[Spec, ...]:
        model = spec(models.MLP, widths=(64, 64), dropout=0.1)
        recipes = [
            spec(
                train.Recipe,
                optimiser=spec(train.adamw, lr=rate, weight_decay=decay),
                schedule=spec(train.cosine, warm_up=0.1),
                steps=600,
                batch=64,
            )
            for rate, decay in product((0.001, 0.005), (0.01, 1.0))
        ]
        return tuple(spec(estimator, model=model, recipe=recipe) for recipe in recipes)

    return candidates


def for_classes() -> tuple[Family, ...]:
    """The families that answer with the probability of each class."""
    strengths, leaves = (0.01, 0.1, 1.0, 10.0), (1, 3, 10, 30)
    return (
        Family("linear", Text("logistic regression", "逻辑回归"), _of(models.logistic, strength=strengths)),
        Family("bayes", Text("naive Bayes", "朴素贝叶斯"), _of(models.naive_bayes, smoothing=(1e-9, 1e-3, 1e-2, 0.1))),
        Family(
            "neighbours",
            Text("nearest neighbours", "近邻法"),
            _of(models.nearest_neighbours, neighbours=(3, 7, 15, 31)),
        ),
        Family(
            "vectors",
            Text("support vectors", "支持向量机"),
            _of(models.support_vectors, strength=(0.1, 1.0, 10.0, 100.0)),
            most=3_000,
        ),
        Family(
            "process",
            Text("Gaussian process", "高斯过程"),
            _of(models.gaussian_process, length=(1.0, 3.0, 9.0, 27.0), iterations=(0,)),
            most=600,
        ),
        Family("tree", Text("one tree", "单棵决策树"), _of(models.tree, leaf=leaves)),
        Family("forest", Text("forest", "随机森林"), _of(models.forest, leaf=(1, 2, 5, 10))),
        Family("boosting", Text("boosted trees", "提升树"), _of(models.boosting, rounds=(60, 200), rate=(0.05, 0.15))),
        Family("network", Text("neural network", "神经网络"), _networks(train.network_classifier)),
    )


def for_amounts() -> tuple[Family, ...]:
    """The families that answer with an amount."""
    leaves = (1, 3, 10, 30)
    return (
        Family("linear", Text("ridge regression", "岭回归"), _of(models.ridge, strength=(0.001, 0.01, 0.1, 1.0))),
        Family(
            "neighbours", Text("nearest neighbours", "近邻法"), _of(models.neighbour_mean, neighbours=(3, 7, 15, 31))
        ),
        Family(
            "vectors",
            Text("support vectors", "支持向量机"),
            _of(models.support_regression, strength=(0.1, 1.0, 10.0, 100.0)),
            most=3_000,
        ),
        Family(
            "process",
            Text("Gaussian process", "高斯过程"),
            _of(models.process_mean, noise=(0.01, 0.1, 0.3, 1.0)),
            most=600,
        ),
        Family("tree", Text("one tree", "单棵决策树"), _of(models.regression_tree, leaf=leaves)),
        Family("forest", Text("forest", "随机森林"), _of(models.regression_forest, leaf=(1, 2, 5, 10))),
        Family(
            "boosting",
            Text("boosted trees", "提升树"),
            _of(models.regression_boosting, rounds=(60, 200), rate=(0.05, 0.15)),
        ),
        Family("network", Text("neural network", "神经网络"), _networks(train.network_regressor)),
    )
