"""The contest on a table: the families that suit its target, and the measures that rank them."""

from pathlib import Path

import numpy as np

from zhixing import evaluate, models, train
from zhixing.comparison.families import Family, Task, choices, networks
from zhixing.comparison.words import for_text
from zhixing.core import Text
from zhixing.data import OwnTable
from zhixing.evaluate.measure import Measure

RARE = 0.2
"""Where the rarest class has a smaller share than this of an even one's, classes are weighed equally."""


def of_table(table: OwnTable, place: Path) -> Task:
    """The contest on this table, which was read from `place`."""
    return Task(
        question=Text(
            "Which family is best at {target} of {file}?", "预测 {file} 的 {target}，哪一类模型最好？"
        ).format(target=table.found.target, file=place.name),
        families=(*(for_classes() if table.classes else for_amounts()), *for_text(table)),
        measures=_measures(table),
        mechanism=(evaluate.error_by_class,) if table.classes else (),
        prepared=Text(
            "Gaps, dates and words become numbers by what the training rows teach.",
            "缺失值、日期和文字如何变成数字，只由训练行决定。",
        ),
        # Half of what one row of one class can change, so that equally good is not ahead; amounts never tie.
        least=50 / len(table.classes) / len(table) if table.classes else 0.0,
    )


def _measures(table: OwnTable) -> tuple[Measure, ...]:
    """The measure that ranks, and the others."""
    if not table.classes:
        return evaluate.root_mean_square, evaluate.mean_absolute, evaluate.explained
    shares = np.bincount(table.targets) * len(table.classes) / len(table)
    if shares.min() < RARE:
        return evaluate.balanced_error, evaluate.error, evaluate.log_loss
    return evaluate.error, evaluate.balanced_error, evaluate.log_loss


def for_classes() -> tuple[Family, ...]:
    """The families that answer with the probability of each class."""
    strengths, leaves = (0.01, 0.1, 1.0, 10.0), (1, 3, 10, 30)
    return (
        Family("linear", Text("logistic regression", "逻辑回归"), choices(models.logistic, strength=strengths)),
        Family(
            "bayes", Text("naive Bayes", "朴素贝叶斯"), choices(models.naive_bayes, smoothing=(1e-9, 1e-3, 1e-2, 0.1))
        ),
        Family(
            "neighbours",
            Text("nearest neighbours", "近邻法"),
            choices(models.nearest_neighbours, neighbours=(3, 7, 15, 31)),
        ),
        Family(
            "vectors",
            Text("support vectors", "支持向量机"),
            choices(models.support_vectors, strength=(0.1, 1.0, 10.0, 100.0)),
            most=3_000,
        ),
        Family(
            "process",
            Text("Gaussian process", "高斯过程"),
            choices(models.gaussian_process, length=(1.0, 3.0, 9.0, 27.0), iterations=(0,)),
            most=600,
        ),
        Family("tree", Text("one tree", "单棵决策树"), choices(models.tree, leaf=leaves)),
        Family("forest", Text("forest", "随机森林"), choices(models.forest, leaf=(1, 2, 5, 10))),
        Family(
            "boosting", Text("boosted trees", "提升树"), choices(models.boosting, rounds=(60, 200), rate=(0.05, 0.15))
        ),
        Family("network", Text("neural network", "神经网络"), networks(train.network_classifier)),
    )


def for_amounts() -> tuple[Family, ...]:
    """The families that answer with an amount."""
    leaves = (1, 3, 10, 30)
    return (
        Family("linear", Text("ridge regression", "岭回归"), choices(models.ridge, strength=(0.001, 0.01, 0.1, 1.0))),
        Family(
            "neighbours",
            Text("nearest neighbours", "近邻法"),
            choices(models.neighbour_mean, neighbours=(3, 7, 15, 31)),
        ),
        Family(
            "vectors",
            Text("support vectors", "支持向量机"),
            choices(models.support_regression, strength=(0.1, 1.0, 10.0, 100.0)),
            most=3_000,
        ),
        Family(
            "process",
            Text("Gaussian process", "高斯过程"),
            choices(models.process_mean, noise=(0.01, 0.1, 0.3, 1.0)),
            most=600,
        ),
        Family("tree", Text("one tree", "单棵决策树"), choices(models.regression_tree, leaf=leaves)),
        Family("forest", Text("forest", "随机森林"), choices(models.regression_forest, leaf=(1, 2, 5, 10))),
        Family(
            "boosting",
            Text("boosted trees", "提升树"),
            choices(models.regression_boosting, rounds=(60, 200), rate=(0.05, 0.15)),
        ),
        Family("network", Text("neural network", "神经网络"), networks(train.network_regressor)),
    )
