"""Sentences of tagged tokens in a text file: a token and its tags on each line, a blank line behind each sentence.

Source: the formats of the CoNLL shared tasks (Tjong Kim Sang and Buchholz 2000; Tjong Kim Sang and De Meulder 2003,
whose -DOCSTART- lines separate documents) and CoNLL-U of Universal Dependencies, universaldependencies.org/format.html.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zhixing.core import BadData, Text
from zhixing.data.own.delimited import as_utf8
from zhixing.data.own.files import checked_path, content, in_file

ENDINGS = (".conll", ".conllu", ".conllx", ".iob", ".iob2", ".bio", ".bioes", ".bmes")
MOST_TOKENS = 10_000
"""The most tokens of a sentence, and the most characters of a token: a model's work grows with both."""
DOCUMENT = "-DOCSTART-"
UNIVERSAL = 10
"""Columns of CoNLL-U, of which the second is the token, the fourth and the fifth are parts of speech."""

Row = list[str]


@dataclass(frozen=True)
class Columns:
    """Sentences of rows of equally many cells, and how they were written."""

    sentences: list[list[Row]]
    tabs: bool
    encoding: str
    width: int
    token: int
    """Which cell is the token, from 0; universal files and files that count their tokens have it second."""

    @property
    def form(self) -> Text:
        """What the file was taken for."""
        if self.width == UNIVERSAL and self.token:
            return Text(f"CoNLL-U, {self.encoding}", f"CoNLL-U 格式，{self.encoding}")
        apart = Text("tabs", "制表符") if self.tabs else Text("blanks", "空格")
        return Text(
            en=f"text, {self.encoding}, {self.width} columns separated by {apart.en}",
            zh=f"文本，{self.encoding}，{self.width} 列，以{apart.zh}分隔",
        )


def read_columns(path: str | Path, *, tagged: bool = True) -> Columns:
    """The sentences of a file; comments, document marks and the joint tokens of CoNLL-U are left out.

    A line that begins with # is a token where it has as many cells as others and the last of them is that of another
    line, too; else a comment. Lines may be of a single cell where they need not be `tagged`.
    Raises BadData for a file that is no text, has no tokens, or has lines of another number of cells.
    """
    place = checked_path(path)
    try:
        text, encoding = _text(content(place))
        return _columns(text, encoding, tagged)
    except BadData as error:
        if error.message.en.startswith(place.name):
            raise
        raise in_file(place, error) from None


def _text(data: bytes) -> tuple[str, str]:
    if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _binary()
    plain, encoding = as_utf8(data, None)
    text = plain.decode()
    if "\0" in text:
        raise _binary()
    return text.replace("\r\n", "\n").replace("\r", "\n"), encoding


def _binary() -> BadData:
    return BadData(
        Text(
            en="binary content (zero bytes) where text was expected: a token and its tag on each line",
            zh="应为文本（每行一个词及其标签），却出现二进制内容（零字节）",
        )
    )


def _columns(text: str, encoding: str, tagged: bool) -> Columns:
    blocks = list(_blocks(text))
    written = [line for _, block in blocks for line in block if not line.startswith(("#", DOCUMENT))]
    if not written:
        raise BadData(
            Text(
                en="no token is in the file; write a token and its tag on each line, a blank line behind each sentence",
                zh="文件中没有任何词；请每行写一个词及其标签，句子之间空一行",
            )
        )
    tabs = 2 * sum("\t" in line for line in written) > len(written)
    rows = [_cells(line, tabs) for line in written]
    ((width, _),) = Counter(map(len, rows)).most_common(1)
    if width == 1 and tagged:
        raise BadData(
            Text(
                en="each line has one column; a tagged file has a token and its tag on each line, a tab or a blank between",
                zh="每行只有一列；标注文件每行应有一个词和它的标签，中间用制表符或空格隔开",
            )
        )
    known = {row[-1] for row in rows if len(row) == width > 1}
    sentences = []
    for first, block in blocks:
        sentence = []
        for number, line in enumerate(block, start=first):
            row = _cells(line, tabs)
            said = line.startswith("#") and (len(row) != width or (width > 1 and row[-1] not in known))
            if said or row[0] == DOCUMENT:
                continue
            if len(row) != width or not all(row):
                raise _ragged(number, row, width, tabs)
            sentence.append(row)
        if len(sentence) > MOST_TOKENS:
            raise _endless(first, len(sentence), len(blocks))
        if sentence:
            sentences.append(sentence)
    token = _token(sentences, width)
    if width == UNIVERSAL and token:
        sentences = [[row for row in sentence if row[0].isdecimal()] for sentence in sentences]
    return Columns([each for each in sentences if each], tabs, encoding, width, token)


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Lines between blank lines, and the number of the first."""
    block: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip(" \t"):
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []
    if block:
        yield text.count("\n") + 2 - len(block), block


def _cells(line: str, tabs: bool) -> Row:
    """The cells of a line. Only tabs and ASCII blanks separate, since a token may be a wide one."""
    return [cell.strip(" ") for cell in line.split("\t")] if tabs else re.split(r"[ \t]+", line.strip(" \t"))


def _token(sentences: list[list[Row]], width: int) -> int:
    """The column of tokens: the second where the first only counts them, as in CoNLL-U."""
    if width < 3:
        return 0
    counts = (
        row[0].isdecimal() or (width == UNIVERSAL and re.fullmatch(r"\d+[-.]\d+", row[0]))
        for sentence in sentences
        for row in sentence
    )
    begins = all(sentence[0][0].split("-")[0] in ("0", "1") for sentence in sentences)
    return int(begins and all(counts))


def _ragged(number: int, row: Row, width: int, tabs: bool) -> BadData:
    apart = Text("tabs", "制表符") if tabs else Text("blanks", "空格")
    if len(row) == width:
        place = row.index("") + 1
        return BadData(
            Text(
                en=f"line {number}: column {place} is empty; every token needs its tag (columns are separated by {apart.en})",
                zh=f"第 {number} 行的第 {place} 列是空的；每个词都要有标签（各列以{apart.zh}分隔）",
            )
        )
    return BadData(
        Text(
            en=f"line {number} has {len(row)} columns, most lines have {width}; columns are separated by {apart.en}",
            zh=f"第 {number} 行有 {len(row)} 列，多数行有 {width} 列；各列以{apart.zh}分隔",
        )
    )


def _endless(line: int, tokens: int, blocks: int) -> BadData:
    many = (
        Text("there is no blank line in the file", "文件中没有空行")
        if blocks == 1
        else Text(f"no blank line follows line {line} for long", f"从第 {line} 行起很久没有空行")
    )
    return BadData(
        Text(
            en=f"a sentence of {tokens:,} tokens, the most is {MOST_TOKENS:,}: {many.en}; put one behind each sentence",
            zh=f"有一句长达 {tokens:,} 个词，上限为 {MOST_TOKENS:,}：{many.zh}；请在句子之间空一行",
        )
    )
