"""From text to counts of its words and of its runs of characters, weighed by how rare each is.

Source: Salton and Buckley 1988, Information Processing and Management 24(5), for the weights; n-grams of characters:
Cavnar and Trenkle 1994. Runs of one to four characters need no words, so that Chinese is read like English.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.models.columns import Others, joined

if TYPE_CHECKING:
    import pandas
    import scipy.sparse

COLUMNS = 2**31 - 1
"""Places that names of n-grams are hashed to: so many that two of a corpus hardly ever meet."""


class WordCounts:
    """Words and pairs of words, runs of one to four characters: those that two training texts or more hold."""

    def __init__(self, *, columns: tuple[str, ...]):
        self.columns = list(columns)
        self.others = Others(columns)

    def fit(self, features: "pandas.DataFrame") -> "WordCounts":
        """Learns from training rows which n-grams there are and how rare each is."""
        self.others.fit(features)
        self.known, self.rarity = [], []
        for counts in self._counted(features):
            places, texts = np.unique(counts.indices, return_counts=True)
            several = texts > (1 if (texts > 1).any() else 0)  # of a few texts none may share anything
            self.known.append(places[several])
            self.rarity.append(1 + np.log((1 + len(features)) / (1 + texts[several])))
        return self

    def transform(self, features: "pandas.DataFrame") -> "scipy.sparse.csr_array":
        """Rows (n, n-grams and other columns), sparse: words and characters have length 1 each, others variance 1."""
        from scipy.sparse import csr_array, hstack

        parts = [
            self._weighed(counts, known, rarity)
            for counts, known, rarity in zip(self._counted(features), self.known, self.rarity, strict=True)
        ]
        rows: csr_array = hstack([*parts, csr_array(self.others.transform(features))], format="csr")
        return rows

    def _counted(self, features: "pandas.DataFrame") -> list[Any]:
        """Counts of words and of characters, each (n, COLUMNS), sparse."""
        from scipy.sparse import csr_array
        from sklearn.feature_extraction.text import HashingVectorizer

        if not len(features):
            return [csr_array((0, COLUMNS))] * 2
        texts = joined(features, self.columns)
        plain = {"n_features": COLUMNS, "alternate_sign": False, "norm": None}
        words = HashingVectorizer(ngram_range=(1, 2), token_pattern=r"\w+", **plain)
        characters = HashingVectorizer(analyzer="char", ngram_range=(1, 4), **plain)
        return [words.transform(texts), characters.transform(texts)]

    def _weighed(self, counts: Any, known: np.ndarray, rarity: np.ndarray) -> "scipy.sparse.csr_array":
        """(1 + log count) times the rarity, of the n-grams that are known; every row then has length 1, or 0."""
        from scipy.sparse import csr_array

        rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        places = np.searchsorted(known, counts.indices)
        there = known[np.minimum(places, len(known) - 1)] == counts.indices if len(known) else np.zeros(len(rows), bool)
        weights = (1 + np.log(counts.data[there])) * rarity[places[there]]
        lengths = np.sqrt(np.bincount(rows[there], weights**2, counts.shape[0]))
        return csr_array(
            (weights / lengths[rows[there]], (rows[there], places[there])), shape=(counts.shape[0], len(known))
        )
