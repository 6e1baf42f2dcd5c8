"""The rows that a model finds hardest, and what it takes for what.

Source: Shannon 1948, Bell System Technical Journal 27(3), Section 6: a row surprises by -log of what its class was given.
In NumPy; probabilities (n, k) with classes (n,), amounts (n,) with amounts (n,).
"""

import numpy as np

from zhixing.evaluate.importance import log_losses


def surprises(answers: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """How little each row (n,) was expected: of classes in nats, of amounts how far off, in deviations of the targets."""
    if answers.ndim == 2:
        return log_losses(answers, targets)
    found: np.ndarray = np.abs(answers - targets) / (float(np.std(targets)) or 1.0)
    return found


def hardest(answers: np.ndarray, targets: np.ndarray, count: int) -> np.ndarray:
    """The places of the most surprising rows, the most surprising first."""
    return np.argsort(-surprises(answers, targets), kind="stable")[:count]


def confident_mistakes(probabilities: np.ndarray, targets: np.ndarray, count: int) -> np.ndarray:
    """The places of the rows that were told wrong, the surest first; fewer than `count` where fewer are wrong."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != targets)
    order = np.argsort(-probabilities[wrong].max(axis=1), kind="stable")
    return wrong[order[:count]]


def counts_of(probabilities: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Rows by what they are and what they are taken for, (k, k)."""
    classes = probabilities.shape[1]
    taken = probabilities.argmax(axis=1)
    return np.bincount(targets * classes + taken, minlength=classes**2).reshape(classes, classes)


def taken_for(probabilities: np.ndarray, targets: np.ndarray, true: int, taken: int, count: int) -> np.ndarray:
    """The places of rows of the class `true` that are taken for `taken`, the surest first."""
    answers = probabilities.argmax(axis=1)
    rows = np.flatnonzero((targets == true) & (answers == taken))
    return rows[np.argsort(-probabilities[rows, taken], kind="stable")[:count]]
