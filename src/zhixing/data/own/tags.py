"""The user's own tagged sentences as a data set: tokens, and a tag for each."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from zhixing.core import BadData, BadSetting, Text
from zhixing.data.own import divide
from zhixing.data.own.conll import UNIVERSAL, Columns, read_columns
from zhixing.data.own.files import checked_path, in_file
from zhixing.data.own.loose import listed

FEWEST = 8
"""The fewest sentences that differ, so that each of three parts has some."""
MOST_TAGS = 500
"""Above so many, a column is not taken for tags: a chain of tags has the square of them."""

Scheme = Literal["entities", "words", "tags"]
"""What tags mark: spans among tokens outside (O), the words that characters make up, or each token alone."""


class TagSequences(np.ndarray):
    """An array (n,) of arrays of int64, the tags of each sentence, that knows their names; parts of it do, too."""

    classes: tuple[str, ...]

    def __array_finalize__(self, whole: Any) -> None:
        self.classes = getattr(whole, "classes", ())


@dataclass(frozen=True, eq=False)
class OwnTags:
    """Sentences of tokens with a tag for each."""

    sentences: tuple[tuple[str, ...], ...]
    targets: TagSequences
    classes: tuple[str, ...]
    """The tags by name; a target is the place of its tag here."""
    scheme: Scheme
    fingerprint: str
    """64 hexadecimal digits over the file as it was read."""
    told: Text
    notes: tuple[Text, ...]
    copies: np.ndarray
    """(n,) int64: sentences of the same tokens have the same number."""
    target: str | None = None
    """The number of the column of tags, where the user chose it."""

    def __len__(self) -> int:
        return len(self.sentences)

    @property
    def card(self) -> dict[str, Any]:
        """What must be known to read further sentences; given one by one, they come in a column `tokens`."""
        columns = {"tokens": ("words", "", ())}
        return {"kind": "tags", "target": self.target, "classes": list(self.classes), "columns": columns}

    def take(self, rows: np.ndarray) -> list[tuple[str, ...]]:
        """The tokens of these sentences."""
        return [self.sentences[row] for row in rows]

    def split(self, rows: np.ndarray, share: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Sentence numbers cut in two at random, the second with `share` of them; copies stay together."""
        return divide.by_group(rows, share, generator, self.copies)


def own_tags(*, path: str, target: str | None = None) -> OwnTags:
    """The sentences of a CoNLL file, whose tags are in its last column, or of a CoNLL-U file, whose tags are in the fourth.

    `target` is the number of another column, counted from 1. Raises BadData as `read_columns` does, and for a column that
    holds no tags, or too few sentences; BadSetting for a target that is no other column of the file.
    """
    place = checked_path(path)
    stamp = place.stat()
    return _read(str(place), target, (stamp.st_mtime_ns, stamp.st_size))


@lru_cache(maxsize=2)
def _read(path: str, target: str | None, stamp: tuple[int, int]) -> OwnTags:
    """As `own_tags`; `stamp` changes with the file, so that another file is read anew."""
    place = Path(path)
    found = read_columns(place)
    tag = _tag_column(found, target)
    sentences = tuple(tuple(row[found.token] for row in sentence) for sentence in found.sentences)
    tags = [[row[tag] for row in sentence] for sentence in found.sentences]
    counts = Counter(each for sentence in tags for each in sentence)
    numbers: dict[tuple[str, ...], int] = {}
    copies = np.asarray([numbers.setdefault(sentence, len(numbers)) for sentence in sentences], dtype=np.int64)
    if problem := _problem(counts, tag, len(numbers), len(sentences)):
        raise in_file(place, problem)
    classes = tuple(sorted(counts))
    targets = _numbered(tags, classes)
    scheme = scheme_of(classes)
    with place.open("rb") as file:
        fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
    notes = _notes(found, target, tag, len(sentences) - len(numbers))
    told = _told(found, sentences, scheme, classes)
    return OwnTags(sentences, targets, classes, scheme, fingerprint, told, notes, copies, target)


def later_sentences(card: Mapping[str, Any], path: str) -> Iterator[list[tuple[str, ...]]]:
    """The tokens of the sentences of a file, which may have tags or not: all at once."""
    found = read_columns(path, tagged=False)
    yield [tuple(row[found.token] for row in sentence) for sentence in found.sentences]


def later_tags(card: Mapping[str, Any], path: str) -> Iterator[TagSequences]:
    """The tags of the same sentences as the run counts them, -1 for one that it does not know."""
    found = read_columns(path)
    tag = _tag_column(found, card["target"])
    yield _numbered([[row[tag] for row in sentence] for sentence in found.sentences], card["classes"])


def later_tokens(card: Mapping[str, Any], columns: Mapping[str, Sequence[Any]]) -> list[tuple[str, ...]]:
    """The same of values that are there already: "tokens" is a list of lists of words, or of texts, blanks between words.

    Raises BadData for anything else.
    """
    given = columns.get("tokens")
    if not isinstance(given, list) or not all(isinstance(each, list | str) for each in given):
        raise _no_tokens()
    found = [tuple(each.split() if isinstance(each, str) else each) for each in given]
    if not all(each and all(isinstance(token, str) and token for token in each) for each in found):
        raise _no_tokens()
    return found


def scheme_of(classes: Sequence[str]) -> Scheme:
    """What these tags mark: spans where each is B, I, E, S, M, L or U, alone or before a name (B-PER), or is O."""
    parts = [re.fullmatch(r"([BIESMLU])(?:[-_](.+))?", name, re.IGNORECASE) for name in classes if name.upper() != "O"]
    begins = {part[1].upper() for part in parts if part}
    if not all(parts) or not begins & {"B", "I"}:
        return "tags"
    outside = len(parts) < len(classes)
    return "entities" if outside else "words" if "B" in begins and len(begins) > 1 else "tags"


def _numbered(tags: Sequence[Sequence[str]], classes: Sequence[str]) -> TagSequences:
    """The place of each tag among the classes, -1 where it is not among them."""
    index = {name: number for number, name in enumerate(classes)}
    whole = np.empty(len(tags), dtype=object)
    for row, sentence in enumerate(tags):
        whole[row] = np.asarray([index.get(name, -1) for name in sentence], dtype=np.int64)
    targets = whole.view(TagSequences)
    targets.classes = tuple(classes)
    return targets


def _tag_column(found: Columns, target: str | None) -> int:
    if target is None:
        if found.width != UNIVERSAL or not found.token:
            return found.width - 1
        filled = (place for place in (3, 4) if any(row[place] != "_" for each in found.sentences for row in each))
        return next(filled, 3)
    others = [str(place + 1) for place in range(found.width) if place != found.token]
    if target not in others:
        raise BadSetting(
            Text(
                en=f"target {target!r}: no column of tags; give the number of one, counted from 1 ({', '.join(others)})",
                zh=f"目标 {target!r} 不是标签列；请给出列号，从 1 数起（{'、'.join(others)}）",
            )
        )
    return int(target) - 1


def _problem(counts: Counter[str], tag: int, different: int, sentences: int) -> BadData | None:
    """What stands in the way of learning, if anything."""
    if len(counts) == 1:
        (only,) = counts
        return BadData(
            Text(
                en=f"every token has the tag {only!r} (column {tag + 1}); there is nothing to tell apart, choose another column",
                zh=f"所有词的标签都是 {only!r}（第 {tag + 1} 列），没有可区分的内容；请换一列",
            )
        )
    if len(counts) > MOST_TAGS:
        some = listed([name for name, _ in counts.most_common(3)])
        return BadData(
            Text(
                en=f"column {tag + 1} holds {len(counts):,} different values ({some.en}); the most tags are {MOST_TAGS}, so "
                "choose the column of tags by its number",
                zh=f"第 {tag + 1} 列有 {len(counts):,} 个不同的值（{some.zh}），标签最多 {MOST_TAGS} 种；请用列号指明标签列",
            )
        )
    if different < FEWEST:
        lone = Text("; a blank line ends a sentence", "；句子之间要空一行") if sentences < FEWEST else Text("", "")
        return BadData(
            Text(
                en=f"{different} different sentences in {sentences}, at least {FEWEST} are needed{lone.en}",
                zh=f"{sentences} 句中只有 {different} 句互不相同，至少需要 {FEWEST} 句{lone.zh}",
            )
        )
    return None


def _notes(found: Columns, target: str | None, tag: int, repeated: int) -> tuple[Text, ...]:
    notes = []
    if target is None and found.width > 2:
        notes.append(
            Text(
                en=f"tokens are in column {found.token + 1}, tags in column {tag + 1} of {found.width}; --target names another",
                zh=f"共 {found.width} 列，词在第 {found.token + 1} 列，标签在第 {tag + 1} 列；可用 --target 指定其他列",
            )
        )
    if repeated:
        notes.append(
            Text(
                en=f"{repeated:,} sentences repeat an earlier one; copies stay on one side of every division",
                zh=f"{repeated:,} 句与前面某句完全相同；划分时相同的句子总在同一边",
            )
        )
    if not found.encoding.startswith("UTF"):
        notes.append(
            Text(
                en=f"the text is not UTF-8 and is read as {found.encoding}",
                zh=f"文本不是 UTF-8，按 {found.encoding} 读取",
            )
        )
    return tuple(notes)


def _told(found: Columns, sentences: Sequence[Sequence[str]], scheme: Scheme, classes: Sequence[str]) -> Text:
    tokens = sum(map(len, sentences))
    kinds = listed(sorted({name[2:] for name in classes if name[2:]}) if scheme == "entities" else list(classes))
    marks = {
        "entities": Text(f"tags mark spans: {kinds.en or '-'}", f"标签标出片段：{kinds.zh or '-'}"),
        "words": Text(f"tags mark the words: {kinds.en}", f"标签标出词的边界：{kinds.zh}"),
        "tags": Text(f"{len(classes)} tags: {kinds.en}", f"{len(classes)} 种标签：{kinds.zh}"),
    }[scheme]
    return Text(
        en=f"{found.form.en}: {len(sentences):,} sentences, {tokens:,} tokens; {marks.en}",
        zh=f"{found.form.zh}：{len(sentences):,} 句，{tokens:,} 个词；{marks.zh}",
    )


def _no_tokens() -> BadData:
    return BadData(
        Text(
            en="the tokens are missing: a sentence has `tokens`, its words in a list or in one text with blanks between",
            zh="缺少词：每句要有 `tokens`，即词的列表，或一段以空格隔开各词的文字",
        )
    )
