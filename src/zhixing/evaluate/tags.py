"""How well sentences were tagged: token by token, and span by span.

Source: Tjong Kim Sang and De Meulder 2003, "Introduction to the CoNLL-2003 shared task", for F1 over exact spans, and its
script conlleval for where a span begins and ends in tags that are not well formed. For words the same rules cut a sentence
into words: Sproat and Emerson 2003, "The first international Chinese word segmentation bakeoff".

Answers are arrays (n,) of arrays of int64, targets TagSequences of equal lengths, which name the tags.
"""

import re
from collections.abc import Collection, Sequence

import numpy as np

from zhixing.core import Series, Text
from zhixing.data import TagSequences
from zhixing.evaluate.measure import PER_CENT, POINTS, measure

Tags = Sequence[np.ndarray]

OUT, BEGIN, INSIDE, END, SINGLE = range(5)
LETTERS = {"O": OUT, "B": BEGIN, "I": INSIDE, "M": INSIDE, "E": END, "L": END, "S": SINGLE, "U": SINGLE}
"""BMES and BILOU say the same as BIOES in other letters."""
_PART = re.compile(r"([BIESMLU])(?:[-_](.+))?|(O)", re.IGNORECASE)


@measure(
    label=Text("tokens tagged wrongly", "标错的词"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0,
    high=100.0,
)  # fmt: skip
def token_error(answers: Tags, targets: TagSequences) -> float:
    """Tokens with another tag than theirs, in per cent of all tokens."""
    return float(100 * np.mean(np.concatenate(list(answers)) != np.concatenate(list(targets))))


@measure(
    label=Text("100 - F1 of spans", "100 − 片段 F1"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0,
    high=100.0,
)  # fmt: skip
def span_shortfall(answers: Tags, targets: TagSequences) -> float:
    """What is missing to an F1 of 100 over spans, each right only where its begin, its end and its name are."""
    return 100.0 - _f1(*_counted(answers, targets).sum(axis=0))


@measure(
    label=Text("100 - F1 of words", "100 − 分词 F1"), unit=PER_CENT, difference_unit=POINTS, better="lower", low=0.0,
    high=100.0,
)  # fmt: skip
def word_shortfall(answers: Tags, targets: TagSequences) -> float:
    """What is missing to an F1 of 100 over the words that the tags cut sentences into."""
    return 100.0 - _f1(*_counted(answers, targets).sum(axis=0))


@measure(
    label=Text("F1 of each kind of span", "每种片段的 F1"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("kind, in the order of their names", "种类（按名称排序）"),
)  # fmt: skip
def f1_by_kind(answers: Tags, targets: TagSequences) -> Series:
    """F1 over the spans of one name, for each name that a tag has, in per cent."""
    counts = _counted(answers, targets)
    return Series("kind", tuple(float(place + 1) for place in range(len(counts))), tuple(_f1(*each) for each in counts))


@measure(
    label=Text("error of each tag", "每种标签的错误率"), unit=PER_CENT, low=0.0, high=100.0,
    axis=Text("tag, in the order of their names", "标签（按名称排序）"),
)  # fmt: skip
def error_by_tag(answers: Tags, targets: TagSequences) -> Series:
    """Of the tokens of each tag that occurs, the share in per cent that is given another."""
    right, given = np.concatenate(list(targets)), np.concatenate(list(answers))
    there = np.unique(right)
    wrong = tuple(float(100 * np.mean(given[right == tag] != tag)) for tag in there)
    return Series("tag", tuple(float(tag + 1) for tag in there), wrong)


def unknown_error(answers: Tags, targets: Tags, sentences: Sequence[Sequence[str]], known: Collection[str]) -> float:
    """`token_error` over the tokens that are not among the known ones; not a number where there are none."""
    strange = np.asarray([token not in known for sentence in sentences for token in sentence])
    wrong = np.concatenate(list(answers)) != np.concatenate(list(targets))
    return float(100 * wrong[strange].mean()) if strange.any() else float("nan")


def spans(tags: np.ndarray, classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where spans begin, where they end (behind their last token) and the numbers of their names, all (spans,).

    A span begins at B and S, at I and E behind O, behind an end (E, S) and behind another name; it ends before each
    begin, before O, behind E and S, and at the end of the sentence. Names are numbered in their order, "" of bare tags
    among them. A tag of another form is a B with the whole tag for its name.
    """
    letters, names, _ = _parts(classes)
    letter, name = letters[tags], names[tags]
    before, name_before = np.concatenate([[OUT], letter[:-1]]), np.concatenate([[-1], name[:-1]])
    inside = letter != OUT
    behind_end = (before == OUT) | (before == END) | (before == SINGLE)
    begins = inside & ((letter == BEGIN) | (letter == SINGLE) | behind_end | (name != name_before))
    ends = inside & np.concatenate([begins[1:] | ~inside[1:], [True]])
    return np.flatnonzero(begins), np.flatnonzero(ends) + 1, name[begins]


def _parts(classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray, int]:
    """The letter and the number of the name of each tag, -1 of O, and how many names there are."""
    found = [_PART.fullmatch(each) for each in classes]
    letters = np.asarray([LETTERS[part[0][0].upper()] if part else BEGIN for part in found])
    written = [(part[2] or "") if part else each for part, each in zip(found, classes, strict=True)]
    known = sorted({each for each, letter in zip(written, letters, strict=True) if letter != OUT})
    names = [known.index(each) if letter != OUT else -1 for each, letter in zip(written, letters, strict=True)]
    return letters, np.asarray(names), len(known)


def _counted(answers: Tags, targets: TagSequences) -> np.ndarray:
    """For each name: spans that are right, that were given, that there are (names, 3)."""
    classes = (*targets.classes, "O")  # what stands between sentences, so that all are cut at once
    keys = []
    for sequences in (answers, targets):
        tags = np.concatenate([part for each in sequences for part in (each, [len(classes) - 1])])
        begins, ends, names = spans(tags, classes)
        keys.append(((begins * len(tags) + ends), names))
    (given, names_given), (there, names_there) = keys
    number = _parts(classes)[2]
    right = np.isin(given * number + names_given, there * number + names_there)
    counted = (names_given[right], names_given, names_there)
    return np.stack([np.bincount(names, minlength=number) for names in counted], axis=1)


def _f1(right: int, given: int, there: int) -> float:
    """In per cent; 100 where there is nothing to find and nothing was found."""
    return 100.0 if given + there == 0 else float(200 * right / (given + there))
