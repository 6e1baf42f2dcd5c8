"""The contest on a table: the families that suit its target, and the measures that rank them."""

from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from zhixing import evaluate, models, train
from zhixing.comparison.families import Family, Task, by_scale, choices, least_of_classes, measures_of_classes, networks
from zhixing.comparison.words import for_text, reading
from zhixing.core import Spec, Text, spec
from zhixing.data import OwnFolder, OwnTable
from zhixing.evaluate.measure import Measure
from zhixing.study import Scale

TABULAR = Text("tabular network", "表格网络")
CODES = spec(models.Codes)
OF_CLASSES = (
    *(evaluate.error_by_class, evaluate.precision_by_class, evaluate.f1_by_class),
    *(evaluate.precision_of_classes, evaluate.recall_of_classes),
)
"""Where a family errs, and what it gives up for what as its threshold moves."""


def of_table(table: OwnTable, place: Path) -> Task:
    """The contest on this table, which was read from `place`."""
    return Task(
        question=Text(
            "Which family is best at {target} of {file}?", "预测 {file} 的 {target}，哪一类模型最好？"
        ).format(target=table.found.target, file=place.name),
        families=(*(for_classes() if table.classes else for_amounts()), *for_text(table)),
        measures=_of_classes(table.targets) if table.classes else _of_amounts(),
        mechanism=OF_CLASSES if table.classes else (),
        prepared=Text(
            "Gaps, dates and words become numbers by what the training rows teach.",
            "缺失值、日期和文字如何变成数字，只由训练行决定。",
        ),
        least=least_of_classes(table.targets) if table.classes else 0.0,  # amounts never tie
    )


def of_texts(own: OwnFolder, place: Path) -> Task:
    """The contest on texts in class folders, which were read from `place`: all who enter one on a table of text."""
    return Task(
        question=Text(
            "Which family tells the texts of {folder} apart best?", "哪一类模型最能分清 {folder} 中的文本？"
        ).format(folder=place.name),
        families=(*for_classes(), *reading(tuple(own.card["columns"]), classes=True, rows=len(own.targets))),
        measures=_of_classes(own.targets),
        mechanism=OF_CLASSES,
        prepared=Text(
            "Which words and runs of characters are known, the training texts alone decide.",
            "哪些词和字符片段算是已知的，只由训练文本决定。",
        ),
        items=Text("texts", "条文本"),
        least=least_of_classes(own.targets),
    )


def _of_amounts() -> tuple[Measure, ...]:
    intervals = (evaluate.interval_coverage, evaluate.interval_width)
    return evaluate.root_mean_square, evaluate.mean_absolute, evaluate.explained, *intervals


def _of_classes(targets: np.ndarray) -> tuple[Measure, ...]:
    """The measure that ranks answers about these classes, and the others."""
    first, second, loss = measures_of_classes(targets)
    by_threshold = (evaluate.macro_precision, evaluate.macro_recall, evaluate.macro_f1)
    areas = (evaluate.roc_area_of_classes, evaluate.average_precision_of_classes)
    return first, second, *by_threshold, *areas, evaluate.calibration_error_of_answers, loss


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
        by_scale("network", Text("neural network", "神经网络"), partial(networks, train.network_classifier)),
        by_scale("tabular", TABULAR, partial(_tabular, train.tabular_classifier), preparation=CODES),
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
        by_scale("network", Text("neural network", "神经网络"), partial(networks, train.network_regressor)),
        by_scale("tabular", TABULAR, partial(_tabular, train.tabular_regressor), preparation=CODES),
    )


def _tabular(estimator: Callable[..., object], scale: Scale) -> tuple[Spec, ...]:
    """A network with embeddings of the columns: two rates, held loosely (weight decay, dropout) and held tightly."""
    few = {"least": 40, "most": 40} if scale == "smoke" else {}
    return tuple(
        spec(
            estimator,
            model=spec(models.TabularNetwork, dropout=dropout),
            recipe=spec(
                train.Recipe,
                optimiser=spec(train.adamw, lr=rate, weight_decay=decay),
                schedule=spec(train.cosine, warm_up=0.1),
            ),
            **few,
        )
        for rate, (decay, dropout) in product((0.003, 0.01), ((0.01, 0.1), (1.0, 0.3)))
    )
