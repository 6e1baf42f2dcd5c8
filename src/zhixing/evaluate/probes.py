"""How far classes lie apart in what a layer gives out: by the nearest rows, by silhouette, and by a linear probe.

Sources: Alain and Bengio 2016, arXiv:1610.01644, Section 3 (a linear classifier for each layer, which the network does not
hear of); Rousseeuw 1987, Journal of Computational and Applied Mathematics 20, for the silhouette.
Departs from them: the probe is a ridge regression on the classes, in closed form, so that no step length is chosen for any
layer. Parity: scikit-learn.
Axes: n, m rows | d numbers that a layer gives out for a row
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor, nn

from zhixing.core import Series, Text
from zhixing.evaluate.maps import nearest_class_right, neighbours_of, silhouette_of
from zhixing.evaluate.measure import PER_CENT, POINTS, measure
from zhixing.nn import activations

NEAREST = 5
"""Rows that vote."""
LEARNED, NEIGHBOURS = 2_000, 500
"""Rows that teach a probe, and held-out rows among which neighbours are looked for, by the measures of a trial."""
RIDGE = 0.1
"""Of a probe, when its columns have variance 1 on average: for each row that teaches it."""
_LAYER = Text("layer, counted from the input", "层（从输入数起）")


class Separation(NamedTuple):
    """How far the classes of rows lie apart."""

    neighbours: float
    """What the 5 nearest other rows know of a row, in per cent: right classes, or the variance of amounts explained."""
    silhouette: float
    """From -1 to 1; NaN of amounts."""


def separation(rows: Float[np.ndarray, "n d"], targets: Float[np.ndarray, " n"] | Int[np.ndarray, " n"]) -> Separation:
    """How far classes, or amounts, lie apart in rows."""
    if targets.dtype.kind == "f":
        return Separation(neighbours_explain(rows, targets), float("nan"))
    return Separation(
        100 * nearest_class_right(rows, targets, min(NEAREST, len(rows) - 1)), silhouette_of(rows, targets)
    )


def neighbours_explain(rows: Float[np.ndarray, "n d"], amounts: Float[np.ndarray, " n"]) -> float:
    """Of the variance of amounts, what the mean of the 5 nearest other rows explains, in per cent; it may be negative."""
    errors = amounts - amounts[neighbours_of(rows, min(NEAREST, len(rows) - 1))].mean(axis=1)
    return 100 * float(1 - (errors**2).sum() / max(((amounts - amounts.mean()) ** 2).sum(), 1e-300))


def probe_error(
    known: Float[np.ndarray, "n d"],
    classes: Int[np.ndarray, " n"],
    asked: Float[np.ndarray, "m d"],
    wanted: Int[np.ndarray, " m"],
) -> float:
    """Rows that a linear classifier of the known ones gets wrong, in per cent."""
    names, own = np.unique(classes, return_inverse=True)
    mean, one_hot = known.mean(axis=0, dtype=np.float64), np.eye(len(names))[own]
    rows, others = known - mean, asked - mean
    scale = np.sqrt((rows**2).mean()) or 1.0
    rows, others, shares = rows / scale, others / scale, one_hot.mean(axis=0)
    ridge = RIDGE * len(rows)
    if rows.shape[1] <= len(rows):
        weights = np.linalg.solve(rows.T @ rows + ridge * np.eye(rows.shape[1]), rows.T @ (one_hot - shares))
    else:
        weights = rows.T @ np.linalg.solve(rows @ rows.T + ridge * np.eye(len(rows)), one_hot - shares)
    return 100 * float((names[(others @ weights + shares).argmax(axis=1)] != wanted).mean())


def hidden_layers(network: nn.Module, inputs: Float[Tensor, "n ..."]) -> dict[str, Float[np.ndarray, "n d"]]:
    """What the input and each hidden layer hold of every row; the last layer, which names the classes, is left out."""
    found = {name: given.flatten(1).cpu().numpy() for name, given in activations(network, inputs).items()}
    return dict(list(found.items())[:-1])


@measure(
    label=Text("probe error at the last hidden layer", "最后一个隐藏层的探针错误率"), unit=PER_CENT,
    difference_unit=POINTS, better="lower", low=0.0, high=100.0, part="both",
)  # fmt: skip
def last_probe_error(model: nn.Module, *examples: Tensor) -> float:
    """Held-out examples that a linear probe of the last hidden layer gets wrong, in per cent."""
    return _probe_errors(model, *examples)[-1]


@measure(
    label=Text("probe error saved between the first and the last hidden layer", "从第一个到最后一个隐藏层省下的探针错误率"),
    unit=POINTS, better="higher", low=-100.0, high=100.0, part="both",
)  # fmt: skip
def saved_by_depth(model: nn.Module, *examples: Tensor) -> float:
    """How much lower a probe's error is at the last hidden layer than at the first; the input does not count."""
    errors = _probe_errors(model, *examples)
    return errors[1] - errors[-1]


@measure(
    label=Text("probe error", "探针错误率"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0, high=100.0,
    axis=_LAYER, part="both",
)  # fmt: skip
def probe_error_by_layer(model: nn.Module, *examples: Tensor) -> Series:
    """As `last_probe_error`, of the input (layer 0) and each hidden layer."""
    errors = _probe_errors(model, *examples)
    return Series("layer", tuple(map(float, range(len(errors)))), tuple(errors))


@measure(
    label=Text("examples among neighbours of another class", "近邻多为他类的样本"), unit=PER_CENT, difference_unit=POINTS,
    better="lower", low=0.0, high=100.0, axis=_LAYER,
)  # fmt: skip
def neighbour_error_by_layer(model: nn.Module, inputs: Float[Tensor, "n ..."], targets: Int[Tensor, " n"]) -> Series:
    """Held-out examples whose class is not the commonest among their 5 nearest others, at the input and by hidden layer."""
    layers, classes = hidden_layers(model, inputs[:NEIGHBOURS]), targets[:NEIGHBOURS].cpu().numpy()
    errors = [100 * (1 - nearest_class_right(rows, classes, NEAREST)) for rows in layers.values()]
    return Series("layer", tuple(map(float, range(len(errors)))), tuple(errors))


def _probe_errors(model: nn.Module, inputs: Tensor, targets: Tensor, asked: Tensor, wanted: Tensor) -> list[float]:
    known, held_out = hidden_layers(model, inputs[:LEARNED]), hidden_layers(model, asked)
    classes, right = targets[:LEARNED].cpu().numpy(), wanted.cpu().numpy()
    return [probe_error(known[name], classes, held_out[name], right) for name in known]
