"""Which of several methods is ahead over many data sets.

Source: Demsar 2006, Journal of Machine Learning Research 7, Section 3.2.2; Nemenyi 1963, thesis, Princeton.
Departs from it: nothing. `scores` are (data sets, methods), and lower is better.
"""

import numpy as np


def mean_ranks(scores: np.ndarray) -> np.ndarray:
    """The average place of each method, 1 being the best; equal scores share their places."""
    from scipy.stats import rankdata

    ranks: np.ndarray = rankdata(scores, axis=1).mean(axis=0)
    return ranks


def critical_difference(methods: int, data_sets: int, alpha: float = 0.05) -> float:
    """Two mean ranks this far apart would arise by chance in a share `alpha` of comparisons of all pairs at most."""
    from scipy.stats import studentized_range

    quantile = studentized_range.ppf(1 - alpha, methods, np.inf) / np.sqrt(2)
    return float(quantile * np.sqrt(methods * (methods + 1) / (6 * data_sets)))


def wins(scores: np.ndarray) -> np.ndarray:
    """The share of data sets, in per cent, on which each method is first; methods that are first together share one.

    NaN for all where any score is NaN: nobody can be said to be first among methods of which one is unknown.
    """
    if np.isnan(scores).any():
        return np.full(scores.shape[1], np.nan)
    first = scores == scores.min(axis=1, keepdims=True)
    shares: np.ndarray = 100 * (first / first.sum(axis=1, keepdims=True)).mean(axis=0)
    return shares
