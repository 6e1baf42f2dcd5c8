"""Texts of the user's own in class folders, a .txt file each, in whatever encoding: a table of one column."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import IO, Any

from zhixing.core import BadData, Text
from zhixing.data.own.cells import MISSING, Form
from zhixing.data.own.delimited import as_utf8, stated
from zhixing.data.own.folders import Wanted, by_class, shelf
from zhixing.data.own.labelled import TEXT, OwnFolder, Reading, Unusable, checked_bytes, labelled, later_items
from zhixing.data.own.later import as_learned

THINGS = Text("texts", "文本")
WANTED = Wanted(THINGS, (".txt",))
FORMS = {TEXT: Form("words", "", MISSING)}
"""What stands for a gap in a cell, such as NA, is a text in a file."""
_SAMPLE = 1 << 20  # bytes that decide the encoding
_NO_TEXT = Text("no text in any encoding", "不是任何编码的文本")


def own_texts(*, path: str) -> OwnFolder:
    """The texts of a folder with one folder for each class, or of a zip archive of it: (n,) strings.

    A file is UTF-8, or marked as UTF-16; all others are of one encoding, which is found from them together. Blanks at the
    ends of a text are dropped. Raises BadData where nothing can be used, a class has fewer than FEWEST different texts, or
    memory would not hold them.
    """
    return _read(path, shelf(path, WANTED).stamp)


@lru_cache(maxsize=2)
def _read(path: str, stamp: str) -> OwnFolder:
    """As `own_texts`; `stamp` changes with the folder, so that another content is read anew."""
    source = shelf(path, WANTED)
    classes, notes = by_class(source, WANTED)
    checked_bytes(source.name, THINGS, len(classes), sum(source.sizes[name] for name in classes))
    encoding = _common(source, classes)
    reading = Reading(source, THINGS)

    def text(file: IO[bytes]) -> str:
        found = _decoded(file.read(), encoding)
        if not found or found.isspace():
            raise Unusable(Text("empty", "内容为空"))
        return found

    found = dict(reading.each(classes, text))
    if encoding:
        notes.append(
            Text(f"texts that are not in UTF-8 are read as {encoding}", f"不是 UTF-8 的文本按 {encoding} 读取")
        )
    return labelled(
        _frame(list(found.values()))[TEXT].to_numpy(dtype=object),
        list(found),
        classes=classes,
        source=source,
        things=THINGS,
        traits={},
        notes=[*notes, *reading.notes()],
        card={"kind": "texts", "columns": {TEXT: [*vars(FORMS[TEXT]).values()]}, "encoding": encoding},
    )


def _common(source: Any, names: Mapping[str, str]) -> str | None:
    """The encoding of the files that do not say it themselves; None where all do."""
    others = bytearray()

    def silent(file: IO[bytes]) -> bytes:
        content = file.read()
        return b"" if stated(content) else content

    for _, content in Reading(source, THINGS).each(names, silent):
        if len(others) < _SAMPLE and content:
            others += content + b"\n"
    return as_utf8(bytes(others), None)[1] if others else None


def _decoded(content: bytes, encoding: str | None) -> str:
    try:
        return as_utf8(content, stated(content) or encoding)[0].decode()
    except BadData:
        raise Unusable(_NO_TEXT) from None


def _frame(texts: list[str]) -> Any:
    return as_learned({TEXT: texts}, FORMS)


def later_texts(card: Mapping[str, Any], path: str) -> Iterator[Any]:
    """Further texts as a table of one column, in blocks; raises BadData for a file that is no text."""

    def read(file: IO[bytes]) -> str:
        return _decoded(file.read(), card["encoding"])

    for texts in later_items(path, WANTED, read):
        yield _frame(texts)
