"""The classical families of classifiers, each as a function that makes one; scikit-learn does the work.

Every function takes the family's main settings and the `generator` of whatever chance it needs, and returns an
estimator with `fit(inputs, targets)` and `predict_proba(inputs)`; pictures are flattened first, and rows may be sparse
where the family can learn from such. Settings that are left out are scikit-learn's.
"""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.random import Generator

from zhixing.core import BadSetting, Text


@runtime_checkable
class Estimator(Protocol):
    """What a classifier of any family can do; arrays are (n, ...), (n,) and (n, classes)."""

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> Any: ...

    def predict_proba(self, inputs: np.ndarray, /) -> np.ndarray: ...


def logistic(*, strength: float = 1.0, generator: Generator | None = None) -> Estimator:
    """Logistic regression, softmax for many classes; weights are held small by 1 / strength."""
    from sklearn.linear_model import LogisticRegression

    return _OfRows(LogisticRegression(C=strength, max_iter=1000))


def naive_bayes(*, smoothing: float = 1e-9, generator: Generator | None = None) -> Estimator:
    """Features are taken as independent and normal within each class.

    Every variance is raised by `smoothing` times the largest.
    """
    from sklearn.naive_bayes import GaussianNB

    return _OfRows(GaussianNB(var_smoothing=smoothing))


def nearest_neighbours(*, neighbours: int = 5, generator: Generator | None = None) -> Estimator:
    """The classes of the nearest training rows vote."""
    from sklearn.neighbors import KNeighborsClassifier

    return _OfRows(KNeighborsClassifier(neighbours))


def support_vectors(*, strength: float = 1.0, generator: Generator) -> Estimator:
    """The widest margin after a Gaussian kernel (Cortes and Vapnik 1995); errors cost `strength` each.

    A margin is no probability: a logistic curve from one to the other is fitted to margins of rows left out of the
    fit (Platt 1999), in as many folds as the rarest class has rows, at most 5. Raises BadSetting where it has one.
    """
    return _OfRows(_SupportVectors(strength, number_from(generator)))


def support_margins(*, strength: float = 1.0, generator: Generator | None = None) -> Estimator:
    """`support_vectors` without the curves, fitted once instead of six times: right answers, no probabilities.

    What `predict_proba` gives are softmaxes of the margins: they rank the classes, and are not calibrated.
    """
    return _OfRows(_SupportMargins(strength))


def gaussian_process(*, length: float | None = None, iterations: int = 20, generator: Generator) -> Estimator:
    """A smooth random function for each class, squashed to a probability (Rasmussen and Williams 2006, Algorithm 3.2).

    The kernel is a variance times a Gaussian of length `length`, at first the square root of the number of columns,
    which is the scale of distances between standardised rows; `iterations` of L-BFGS choose both by the evidence, none
    keep them. Work grows with the cube of the rows.
    """
    return _OfRows(_GaussianProcess(length, iterations, number_from(generator)))


def tree(*, depth: int | None = None, leaf: int = 1, generator: Generator) -> Estimator:
    """One decision tree (CART, Breiman et al. 1984)."""
    from sklearn.tree import DecisionTreeClassifier

    return _OfRows(DecisionTreeClassifier(max_depth=depth, min_samples_leaf=leaf, random_state=number_from(generator)))


def forest(*, trees: int = 100, leaf: int = 1, generator: Generator) -> Estimator:
    """Trees on resampled rows and sampled columns, averaged (Breiman 2001); a leaf has `leaf` rows or more."""
    from sklearn.ensemble import RandomForestClassifier

    return _OfRows(RandomForestClassifier(trees, min_samples_leaf=leaf, random_state=number_from(generator)))


def boosting(*, rounds: int = 100, rate: float = 0.1, generator: Generator) -> Estimator:
    """Trees that each mend `rate` of what the sum so far gets wrong (Friedman 2001), on histograms of the columns."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    boosted = HistGradientBoostingClassifier(
        max_iter=rounds, learning_rate=rate, early_stopping=False, random_state=number_from(generator)
    )
    return _OfRows(boosted)


class _SupportVectors:
    def __init__(self, strength: float, number: int):
        self.strength, self.number = strength, number

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "_SupportVectors":
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.model_selection import StratifiedKFold
        from sklearn.svm import SVC

        rarest = int(np.unique(targets, return_counts=True)[1].min())
        if rarest < 2:
            raise BadSetting(
                Text(
                    en="support vectors learn probabilities from rows left out of the fit, and a class has one row only; "
                    "give every class two or more",
                    zh="支持向量机要从留在拟合之外的样本学概率，而有一类只有一行；请让每一类至少有两行",
                )
            )
        machine = SVC(C=self.strength, random_state=self.number)  # it would else draw from the global generator
        folds = StratifiedKFold(min(5, rarest), shuffle=True, random_state=self.number)
        self._fitted = CalibratedClassifierCV(machine, cv=folds, ensemble=False).fit(inputs, targets)
        return self

    def predict_proba(self, inputs: np.ndarray, /) -> np.ndarray:
        probabilities: np.ndarray = self._fitted.predict_proba(inputs)
        return probabilities


class _SupportMargins:
    def __init__(self, strength: float):
        self.strength = strength

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "_SupportMargins":
        from sklearn.svm import SVC

        self._fitted = SVC(C=self.strength).fit(inputs, targets)
        return self

    def predict_proba(self, inputs: np.ndarray, /) -> np.ndarray:
        from scipy.special import softmax

        margins = self._fitted.decision_function(inputs)
        by_class = margins if margins.ndim > 1 else np.column_stack([-margins, margins])
        probabilities: np.ndarray = softmax(by_class, axis=1)
        return probabilities


class _GaussianProcess:
    def __init__(self, length: float | None, iterations: int, number: int):
        self.length, self.iterations, self.number = length, iterations, number

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "_GaussianProcess":
        from sklearn.gaussian_process import GaussianProcessClassifier
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel

        kernel = ConstantKernel(1.0) * RBF(self.length or float(np.sqrt(inputs.shape[1])))
        search = _HighestEvidence(self.iterations)
        process = GaussianProcessClassifier(kernel, optimizer=search, random_state=self.number)
        self._fitted = process.fit(inputs, targets)
        return self

    def predict_proba(self, inputs: np.ndarray, /) -> np.ndarray:
        probabilities: np.ndarray = self._fitted.predict_proba(inputs)
        return probabilities


class _HighestEvidence:
    """L-BFGS that may stop early and stays within a factor of 50 of the start; scikit-learn's own would warn."""

    def __init__(self, iterations: int):
        self.iterations = iterations

    def __call__(self, loss: Callable[..., Any], start: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, float]:
        from scipy.optimize import minimize

        if not self.iterations:
            return start, float(loss(start, eval_gradient=False))
        found = minimize(
            loss, start, jac=True, bounds=[(at - 4, at + 4) for at in start], options={"maxiter": self.iterations}
        )
        return found.x, float(found.fun)


class _OfRows:
    """The estimator, given pictures as rows of numbers."""

    def __init__(self, estimator: Estimator):
        self.estimator = estimator

    def fit(self, inputs: Any, targets: np.ndarray, /) -> "_OfRows":
        self.estimator.fit(_rows(inputs), targets)
        return self

    def predict_proba(self, inputs: Any, /) -> np.ndarray:
        return np.asarray(self.estimator.predict_proba(_rows(inputs)))


def _rows(inputs: Any) -> Any:
    """Pictures flattened; rows, sparse ones too, as they are."""
    return inputs if inputs.ndim == 2 else inputs.reshape(len(inputs), -1)


def number_from(generator: Generator) -> int:
    """A seed for scikit-learn, drawn from the generator."""
    return int(generator.integers(2**31))
