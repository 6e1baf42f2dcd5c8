"""What each word of a text adds to an answer: the text is asked about again without it.

Source: Li, Monroe and Jurafsky 2016, arXiv:1612.08220, Section 3 (erasure). Departs from it: the difference of answers
themselves, in probabilities or amounts. Parity: a loop over words.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_WORD = re.compile(r"[\u2e80-\u2fff\u3040-\u9fff\uf900-\ufaff]|[^\W\u2e80-\u2fff\u3040-\u9fff\uf900-\ufaff]+")
"""A run of letters and digits, or a single character of a script that writes no blanks."""


@dataclass(frozen=True)
class Omission:
    """One word, where it stands in its text, and how much the answer falls without it."""

    word: str
    start: int
    fall: np.ndarray
    """() of an amount, (classes,) of probabilities; below 0 where the answer rises."""


def omissions(answers: Callable[[list[str]], np.ndarray], text: str, *, most: int = 80) -> tuple[Omission, ...]:
    """Every word of the text, the first `most` of them, in their order; answers take texts and give (n,) or (n, classes)."""
    found = list(_WORD.finditer(text))[:most]
    if not found:
        return ()
    told = answers([text, *(text[: word.start()] + text[word.end() :] for word in found)])
    return tuple(
        Omission(word.group(), word.start(), told[0] - without) for word, without in zip(found, told[1:], strict=True)
    )
