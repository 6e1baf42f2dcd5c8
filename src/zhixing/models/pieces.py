"""From text to the numbers of its pieces, which the training texts teach: no dictionary and no rules of a language.

Source: Sennrich, Haddow and Birch 2016, arXiv:1508.07909, Section 3.2 (byte pair encoding, here of characters); the package
tokenizers does the work. A Chinese sentence has no spaces, so that its pieces are words and phrases that are often met.
"""

import importlib.util
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.models.columns import joined
from zhixing.models.grams import CountsAndGrams

if TYPE_CHECKING:
    import pandas
    import scipy.sparse

PIECES = 12_000
"""Different pieces at most, number 0 included, which stands for none and for what is not known."""
PLACES = 128
"""Pieces of a text that are read."""
OFTEN = 4
"""How often two pieces must stand side by side to become one."""
NONE = "[UNK]"


def has_pieces() -> bool:
    """Whether what cuts texts is installed."""
    return importlib.util.find_spec("tokenizers") is not None


class Pieces:
    """Texts in small letters, cut at spaces and signs; what often stands side by side within such a part is one piece."""

    def __init__(self, *, columns: tuple[str, ...]):
        self.columns = list(columns)

    def __getstate__(self) -> dict[str, Any]:
        return {"columns": self.columns, "known": self.known, "joins": self.joins}

    def learn(self, features: "pandas.DataFrame") -> "Pieces":
        """Learns from the text of training rows which pieces there are. Raises ImportError without the package."""
        from tokenizers import Tokenizer, models, trainers

        tokenizer = _cutting(Tokenizer(models.BPE(unk_token=NONE)))
        trainer = trainers.BpeTrainer(
            vocab_size=PIECES, min_frequency=OFTEN, special_tokens=[NONE], show_progress=False
        )
        tokenizer.train_from_iterator(joined(features, self.columns), trainer)
        learned = json.loads(tokenizer.to_str())["model"]
        self.known = "\n".join(sorted(learned["vocab"], key=learned["vocab"].get))
        """The pieces by their numbers, a line each."""
        self.joins = "\n".join(" ".join(pair) for pair in learned["merges"])
        """Two pieces a line, the earlier the sooner they become one."""
        return self

    def numbered(self, features: "pandas.DataFrame") -> np.ndarray:
        """Whole numbers (n, PLACES): which piece stands at each place, 0 for none."""
        found = np.zeros((len(features), PLACES), dtype=np.int64)
        for row, cut in zip(found, self._tokenizer.encode_batch(joined(features, self.columns)), strict=True):
            row[: len(cut.ids)] = cut.ids[:PLACES]
        return found

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer, models

        numbers = {piece: number for number, piece in enumerate(self.known.split("\n"))}
        joins = [
            (first, second) for line in self.joins.split("\n") for first, _, second in [line.partition(" ")] if line
        ]
        return _cutting(Tokenizer(models.BPE(numbers, joins, unk_token=NONE)))


class CountsGramsAndPieces(CountsAndGrams):
    """As `CountsAndGrams` gives them, and then the numbers that `Pieces` gives: for three readers of one text."""

    def __init__(self, *, columns: tuple[str, ...]):
        super().__init__(columns=columns)
        self.pieces = Pieces(columns=columns)

    def fit(self, features: "pandas.DataFrame") -> "CountsGramsAndPieces":
        """Learns from training rows."""
        super().fit(features)
        self.pieces.learn(features)
        return self

    def transform(self, features: "pandas.DataFrame") -> "scipy.sparse.csr_array":
        """Rows (n, columns of CountsAndGrams, then PLACES numbers of pieces), sparse."""
        from scipy.sparse import csr_array, hstack

        numbers = csr_array(self.pieces.numbered(features).astype(np.float64))
        rows: csr_array = hstack([super().transform(features), numbers], format="csr")
        return rows


def _cutting(tokenizer: Any) -> Any:
    from tokenizers import normalizers, pre_tokenizers

    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()])
    return tokenizer
