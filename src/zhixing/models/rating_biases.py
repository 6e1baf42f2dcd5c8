"""The baselines of recommendation: the mean, and how far each user and each item lies from it.

Source: Koren, Bell and Volinsky 2009, Matrix Factorization Techniques for Recommender Systems, Eq. 3.
Departs from it: the penalty of users and that of items may differ, and the least squares are solved exactly, by turns.
Inputs of every model of ratings are rows (n, 2) of numbers: the user's and the item's, -1 for one that is new. Tables
of users and items end with one row more, which is what holds of a new one, so that -1 finds it.
"""

import numpy as np
from numpy.random import Generator

from zhixing.models.regressors import Regressor

TURNS = 30


def rating_mean(*, generator: Generator | None = None) -> Regressor:
    """The mean of all ratings, whoever asks."""
    return RatingBiases(np.inf, np.inf)


def item_mean(*, items: float = 3.0, generator: Generator | None = None) -> Regressor:
    """The item's mean, as if it had `items` more ratings at the mean of all."""
    return RatingBiases(np.inf, items)


def rating_biases(*, users: float = 5.0, items: float = 3.0, generator: Generator | None = None) -> Regressor:
    """The mean plus the user's bias plus the item's, each as if `users` or `items` more ratings had been at the mean."""
    return RatingBiases(users, items)


class RatingBiases:
    """r = mean + b_user + c_item; minimises the squared errors + `users` |b|^2 + `items` |c|^2."""

    def __init__(self, users: float, items: float):
        self.users, self.items = users, items

    def fit(self, inputs: np.ndarray, targets: np.ndarray, /) -> "RatingBiases":
        user, item = inputs.T
        self.mean = float(targets.mean())
        self.of_user, self.of_item = (np.zeros(codes.max() + 2) for codes in (user, item))
        centred = targets - self.mean
        for _ in range(TURNS):
            self.of_item = _shrunk(item, centred - self.of_user[user], self.items, len(self.of_item))
            self.of_user = _shrunk(user, centred - self.of_item[item], self.users, len(self.of_user))
        return self

    def predict(self, inputs: np.ndarray, /) -> np.ndarray:
        user, item = known(inputs, len(self.of_user), len(self.of_item))
        answers: np.ndarray = self.mean + self.of_user[user] + self.of_item[item]
        return answers


def known(inputs: np.ndarray, users: int, items: int) -> tuple[np.ndarray, np.ndarray]:
    """Users (n,) and items (n,); one whose number the tables of these lengths do not hold becomes their last row."""
    user, item = inputs.T
    return np.where(user < users - 1, user, -1), np.where(item < items - 1, item, -1)


def _shrunk(codes: np.ndarray, left: np.ndarray, penalty: float, length: int) -> np.ndarray:
    sums: np.ndarray = np.bincount(codes, left, length)
    counts = np.bincount(codes, minlength=length)
    shrunk: np.ndarray = np.divide(sums, counts + penalty, out=np.zeros(length), where=counts > 0)
    return shrunk
