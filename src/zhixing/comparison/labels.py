"""The contest on a table whose rows carry several labels at once."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from zhixing import evaluate, models, train
from zhixing.comparison.families import Family, Task, by_scale, choices, networks
from zhixing.core import Spec, Text, spec
from zhixing.data import OwnLabels


def of_labels(table: OwnLabels, place: Path) -> Task:
    """The contest on this table, which was read from `place`."""
    return Task(
        question=Text(
            "Which family tells the {count} labels of {file} best?", "判断 {file} 的 {count} 个标签，哪一类模型最好？"
        ).format(count=len(table.classes), file=place.name),
        families=for_labels(),
        measures=(
            evaluate.hamming_loss,
            evaluate.not_exact,
            evaluate.label_macro_f1,
            evaluate.label_micro_f1,
            evaluate.label_log_loss,
        ),
        mechanism=(evaluate.f1_by_label,),
        prepared=Text(
            "A label is said where its probability is a half or more. Gaps, dates and words become numbers by what the "
            "training rows teach.",
            "概率达到一半就判为有该标签。缺失值、日期和文字如何变成数字，只由训练行决定。",
        ),
        least=50 / table.targets.size,  # half of what one label of one row can change
    )


def for_labels() -> tuple[Family, ...]:
    """The families that answer with the probability of each label."""
    linear = choices(models.logistic, strength=(0.01, 0.1, 1.0, 10.0))
    nearest = choices(models.nearest_neighbours, neighbours=(3, 7, 15, 31))
    boosted = choices(models.boosting, rounds=(30, 100), rate=(0.05, 0.15))
    forest = choices(models.forest, leaf=(1, 2, 5, 10))
    return (
        Family(
            "linear", Text("logistic regression, each label", "逻辑回归，逐个标签"), _with(models.each_label, linear)
        ),
        Family("chain", Text("logistic regression, in a chain", "逻辑回归，链式"), _with(models.label_chain, linear)),
        Family("neighbours", Text("nearest neighbours", "近邻法"), _with(models.labels_together, nearest)),
        Family("forest", Text("forest, all labels", "随机森林，全部标签"), _with(models.labels_together, forest)),
        Family(
            "boosting",
            Text("boosted trees, each label", "提升树，逐个标签"),
            _with(models.each_label, boosted),
            most=2_000,
        ),
        by_scale(
            "network",
            Text("neural network, all labels", "神经网络，全部标签"),
            partial(networks, train.network_labels),
        ),
    )


def _with(method: Callable[..., object], classifiers: Callable[[], tuple[Spec, ...]]) -> Callable[[], tuple[Spec, ...]]:
    def candidates() -> tuple[Spec, ...]:
        return tuple(spec(method, model=classifier) for classifier in classifiers())

    return candidates
