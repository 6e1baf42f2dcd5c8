"""Probabilities of many labels at once, (n, labels), against targets (n, labels) of 0 and 1; a half or more says yes.

Source: Tsoumakas and Katakis 2007, International Journal of Data Warehousing and Mining 3(3). Parity: scikit-learn.
"""

import numpy as np

from zhixing.core import Series, Text
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.evaluate.thresholds import Confusion, confusion, f_measure


@measure(
    label=Text("labels told wrong", "标签错误率"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0, high=100.0
)  # fmt: skip
def hamming_loss(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Of all labels of all rows, the share in per cent that is told wrong."""
    return float(100 * np.mean(_said(probabilities) != targets))


@measure(
    label=Text("rows with any label wrong", "有任何标签错误的行"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0,
    high=100.0,
)  # fmt: skip
def not_exact(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """The share of the rows, in per cent, whose set of labels is not exactly right."""
    return float(100 * np.mean((_said(probabilities) != targets).any(axis=1)))


@measure(label=Text("F1 over labels", "各标签平均 F1"), unit=Text("", ""), better="higher", low=0.0, high=1.0)
def label_macro_f1(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """The harmonic mean of precision and recall, of each label, averaged: a rare label counts as much as a common one."""
    return float(np.mean([f_measure(counts) for counts in _by_label(probabilities, targets)]))


@measure(label=Text("F1 over all", "总体 F1"), unit=Text("", ""), better="higher", low=0.0, high=1.0)
def label_micro_f1(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """The same of all labels of all rows, counted together."""
    return f_measure(confusion(_said(probabilities).ravel(), targets.ravel()))


@measure(label=Text("log loss of a label", "每个标签的对数损失"), unit=Text("nats", "奈特"), better="lower", low=0.0)
def label_log_loss(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Mean of -log of the probability that was given to what is true of each label; 0 counts as 1e-15."""
    given = np.where(targets == 1, probabilities, 1 - probabilities)
    return float(-np.log(np.maximum(given, 1e-15)).mean())


@measure(
    label=Text("F1 of each label", "每个标签的 F1"), unit=Text("", ""), low=0.0, high=1.0,
    axis=Text("label, in the order of their names", "标签（按名称排序）"),
)  # fmt: skip
def f1_by_label(probabilities: np.ndarray, targets: np.ndarray) -> Series:
    """Of each label; 0 where it is never rightly said."""
    values = [f_measure(counts) for counts in _by_label(probabilities, targets)]
    return Series("label", tuple(map(float, range(1, len(values) + 1))), tuple(values))


def _said(probabilities: np.ndarray) -> np.ndarray:
    said: np.ndarray = probabilities >= 0.5
    return said


def _by_label(probabilities: np.ndarray, targets: np.ndarray) -> list[Confusion]:
    return [confusion(said, true) for said, true in zip(_said(probabilities).T, targets.T, strict=True)]
