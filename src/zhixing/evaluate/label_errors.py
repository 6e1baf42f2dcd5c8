"""Which labels are probably wrong: confident learning, and the vote of the nearest neighbours.

Source: Northcutt, Jiang and Chuang 2021, arXiv:1911.00068, Eq. 1 and 2 (thresholds and confident joint), Section 3.2
(what follows of them); Wilson 1972, IEEE Transactions on Systems, Man, and Cybernetics 2(3) (the vote of neighbours).
Departs from them: rows are ranked by one score, whatever class they are called. Parity: the confident joint by hand.
In NumPy; probabilities (n, k) must come from models that did not learn from the row.
"""

import numpy as np

LEAST = 1e-12
NEIGHBOURS = 10
SPREAD = 1e-3
"""The share of a vote that goes to all classes alike, so that none is impossible."""


def self_confidence(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """What a class is given on average by rows that are called it, (k,); 1 for a class that no row is called."""
    own = probabilities[np.arange(len(labels)), labels]
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    sums = np.bincount(labels, weights=own, minlength=probabilities.shape[1])
    found: np.ndarray = np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)
    return found


def confident_classes(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The class (n,) that each row most probably is, of those that reach their threshold; -1 where none does."""
    sure = np.where(probabilities >= self_confidence(probabilities, labels), probabilities, -1.0)
    return np.where(sure.max(axis=1) >= 0, sure.argmax(axis=1), -1)


def confident_joint(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Rows by what they are called and what they confidently are, (k, k) whole numbers."""
    classes = probabilities.shape[1]
    sure = confident_classes(probabilities, labels)
    there = sure >= 0
    return np.bincount(labels[there] * classes + sure[there], minlength=classes**2).reshape(classes, classes)


def estimated_joint(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Shares (k, k) of all rows by what they are called and what they are; rows sum to the shares of the labels.

    A class of which no row is sure counts as told rightly.
    """
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    joint = confident_joint(probabilities, labels).astype(np.float64)
    unsure = joint.sum(axis=1) == 0
    joint[unsure, unsure] = 1.0
    shares: np.ndarray = joint / joint.sum(axis=1, keepdims=True) * counts[:, None] / len(labels)
    return shares


def errors_expected(probabilities: np.ndarray, labels: np.ndarray) -> int:
    """How many of the labels are wrong, as the estimated joint has it."""
    joint = estimated_joint(probabilities, labels)
    return round(float(len(labels) * (joint.sum() - np.trace(joint))))


def suspicion(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How much each label (n,) is to be doubted: the log odds of the likeliest other class against it, (n,).

    Above 0 another class is the more probable.
    """
    logs = np.log(np.maximum(probabilities, LEAST))
    rows = np.arange(len(labels))
    own = logs[rows, labels]
    logs[rows, labels] = -np.inf
    doubts: np.ndarray = logs.max(axis=1) - own
    return doubts


def neighbour_votes(
    inputs: np.ndarray, labels: np.ndarray, *, classes: int, neighbours: int = NEIGHBOURS
) -> np.ndarray:
    """What the nearest other rows of inputs (n, ...) are called, the nearer the heavier, as probabilities (n, classes).

    Rows weigh by 1 / distance; a thousandth of all the weight is spread over the classes. A label has no vote about itself.
    """
    from sklearn.neighbors import NearestNeighbors

    rows = inputs.reshape(len(inputs), -1)
    nearest = min(neighbours, len(rows) - 1)
    distances, places = NearestNeighbors(n_neighbors=nearest).fit(rows).kneighbors()  # a row is not its own neighbour
    weights = 1 / np.maximum(distances, LEAST)
    weights /= weights.sum(axis=1, keepdims=True)
    votes = np.full((len(rows), classes), SPREAD / classes)
    np.add.at(votes, (np.arange(len(rows))[:, None], labels[places]), (1 - SPREAD) * weights)
    return votes
