"""From sentences of tokens to numbers, for taggers: hand-made features, or the numbers of tokens and characters.

Sources: Ratnaparkhi 1996, "A maximum entropy model for part-of-speech tagging", Table 1, for words (neighbours, beginnings,
endings, the shape of the word); Xue 2003, "Chinese word segmentation as character tagging", and Low, Ng and Guo 2005 for
characters (one, two and three in a window, and their kinds). Departs from them: no earlier tag is a feature, since the
models know tags that follow each other themselves.
"""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np

Sentence = Sequence[str]
MOST = 1 << 20
"""The most features, and the most tokens, that are kept; the commonest are."""
EDGE = 2
"""Places before and behind a sentence that a feature can see."""
LETTERS = 12
"""Characters of a token that are numbered: so many of its beginning and end."""

# Each feature is a sum of attributes of a token at an offset: ((attribute, offset), ...).
WORD, LOWER, SHAPE = 0, 1, 2
AFFIXES = (3, 4, 5, 6, 7, 8)
OF_WORDS = (
    *(((WORD, offset),) for offset in (-2, -1, 0, 1, 2)),
    ((WORD, -1), (WORD, 0)),
    ((WORD, 0), (WORD, 1)),
    ((LOWER, 0),),
    *(((affix, 0),) for affix in AFFIXES),
    *(((SHAPE, offset),) for offset in (-1, 0, 1)),
)
OF_CHARACTERS = (
    *(((WORD, offset),) for offset in (-2, -1, 0, 1, 2)),
    *(((WORD, left), (WORD, left + 1)) for left in (-2, -1, 0, 1)),
    ((WORD, -1), (WORD, 1)),
    ((WORD, -1), (WORD, 0), (WORD, 1)),
    ((SHAPE, -1), (SHAPE, 0), (SHAPE, 1)),
    *(((SHAPE, left), (SHAPE, left + 1)) for left in (-1, 0)),
)


class TagFeatures:
    """Each token by the features that it and its neighbours have: numbers of those that training rows have twice or more.

    Where nearly all tokens are one character, features are of characters, else of words. A sentence becomes (tokens,
    features) of int64: the first column is 1, the others are 0 for a feature that is not known, else 2 or more.
    """

    def __init__(self, *, least: int = 2):
        self.least = least

    def fit(self, sentences: Sequence[Sentence]) -> "TagFeatures":
        """Learns from training sentences which features there are."""
        lengths = [len(token) for sentence in sentences for token in sentence]
        self.of_characters = bool(np.mean(np.asarray(lengths) == 1) > 0.95)
        keys = self._keys(sentences)
        known, counts = np.unique(keys, return_counts=True)
        known, counts = known[counts >= self.least], counts[counts >= self.least]
        if len(known) > MOST:
            known = np.sort(known[np.argsort(-counts, kind="stable")[:MOST]])
        self.known = known
        return self

    @property
    def size(self) -> int:
        """One more than the largest number that `transform` gives."""
        return len(self.known) + 2

    def transform(self, sentences: Sequence[Sentence]) -> np.ndarray:
        """The features of each sentence, as an array of arrays."""
        import pandas

        keys, known = self._keys(sentences), pandas.Index(self.known)
        numbers = np.ones((len(keys), keys.shape[1] + 1), dtype=np.int64)
        for place, column in enumerate(keys.T, start=1):
            found = known.get_indexer(column)  # -1 where it is not known
            numbers[:, place] = np.where(found < 0, 0, found + 2)
        return _cut(numbers, sentences)

    def _keys(self, sentences: Sequence[Sentence]) -> np.ndarray:
        """A 64-bit key of each feature of each token (tokens, features)."""
        types: dict[str, int] = {"": 0}  # no token is empty: this is what stands outside a sentence
        outside = [0] * EDGE
        flat: list[int] = []
        there: list[bool] = []
        for sentence in sentences:
            flat += outside
            flat += [types.setdefault(token, len(types)) for token in sentence]
            there += [False] * EDGE + [True] * len(sentence)
        places = np.flatnonzero(np.asarray(there, dtype=bool))
        kinds = np.asarray([*flat, *outside], dtype=np.int64)
        attributes = np.asarray([_attributes(token) for token in types], dtype=np.uint64)
        templates = OF_CHARACTERS if self.of_characters else OF_WORDS
        keys = np.empty((len(places), len(templates)), dtype=np.uint64)
        for column, template in enumerate(templates):
            key = np.full(len(places), column + 1, dtype=np.uint64)
            for attribute, offset in template:
                key = _mixed(key ^ attributes[kinds[places + offset], attribute])
            keys[:, column] = key
        return keys


class TokenNumbers:
    """Each token by its number and those of its characters; those that training rows have `least` times or more.

    A sentence becomes (tokens, 1 + LETTERS) of int64: the token, then its first and last characters; 0 is nothing, 1 a
    token or a character that is not known. Where nearly all tokens are one character, only the token is given.
    """

    def __init__(self, *, least: int = 2):
        self.least = least

    def fit(self, sentences: Sequence[Sentence]) -> "TokenNumbers":
        """Learns from training sentences which tokens and characters there are."""
        tokens = Counter(token for sentence in sentences for token in sentence)
        letters = Counter(letter for token in tokens for letter in token)
        common = [token for token, count in tokens.most_common(MOST) if count >= self.least]
        # One text each, which is kept in a file as it is; no token holds the end of a line.
        self.tokens, self.letters = "\n".join(common), "".join(letter for letter, _ in letters.most_common())
        alone = sum(count for token, count in tokens.items() if len(token) == 1)
        self.of_characters = bool(alone > 0.95 * tokens.total())
        return self

    def transform(self, sentences: Sequence[Sentence]) -> np.ndarray:
        """The numbers of each sentence, as an array of arrays."""
        of_token = {token: number for number, token in enumerate(self.tokens.split("\n"), start=2)}
        of_letter = {letter: number for number, letter in enumerate(self.letters, start=2)}
        rows: dict[str, int] = {}
        places = [rows.setdefault(token, len(rows)) for sentence in sentences for token in sentence]
        numbers = np.zeros((len(rows), 1 if self.of_characters else 1 + LETTERS), dtype=np.int64)
        for row, token in enumerate(rows):
            numbers[row, 0] = of_token.get(token, 1)
            if not self.of_characters:
                kept = token if len(token) <= LETTERS else token[: LETTERS // 2] + token[-LETTERS // 2 :]
                numbers[row, 1 : 1 + len(kept)] = [of_letter.get(letter, 1) for letter in kept]
        return _cut(numbers[places], sentences)


def _cut(rows: np.ndarray, sentences: Sequence[Sentence]) -> np.ndarray:
    """Rows of all tokens, given back to their sentences."""
    ends = np.cumsum([len(sentence) for sentence in sentences])
    found = np.empty(len(sentences), dtype=object)
    for place, part in enumerate(np.split(rows, ends[:-1])):
        found[place] = part
    return found


def _attributes(token: str) -> tuple[int, ...]:
    """64-bit keys of the word, the word in small letters, its shape, its beginnings and its ends."""
    affixes = [part for size in (1, 2, 3) for part in (f"{token[:size]}-", f"-{token[-size:]}")]
    return tuple(_key(part) for part in (token, token.lower(), shape(token), *affixes))


def shape(token: str) -> str:
    """The kinds of the characters, each run of a kind once: `Wang-5` is `Xx-9`, `１９９８年` is `9c`."""
    kinds = [_kind(letter) for letter in token]
    return "".join(kind for place, kind in enumerate(kinds) if not place or kinds[place - 1] != kind)


def _kind(letter: str) -> str:
    if unicodedata.numeric(letter, None) is not None:  # also of Chinese numerals
        return "9"
    category = unicodedata.category(letter)
    if category[0] == "P":
        return letter if letter in "-.,'" else "."
    wide = unicodedata.east_asian_width(letter) in "WF" and category == "Lo"
    return "c" if wide else {"Lu": "X", "Ll": "x"}.get(category, category[0])


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest(), "little")


def _mixed(key: np.ndarray) -> np.ndarray:
    """A one-to-one mixing of 64 bits (Stafford 2011, variant 13), so that sums of attributes do not meet by chance."""
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = key ^ (key >> np.uint64(31))
    return mixed
