"""Errors that are the user's to mend: one clear line, no traceback. A bug keeps its traceback."""

import difflib
from collections.abc import Iterable, Sequence

from zhixing.core.text import Text


def meant_by(name: str, known: Sequence[str]) -> Text | None:
    """The known name that is nearest to another, as a question; None where none is near."""
    near = [other for other in known if other.casefold() == name.casefold()]
    near = near or difflib.get_close_matches(name, known, n=1)
    return Text(en=f"did you mean {near[0]!r}?", zh=f"是否想写 {near[0]!r}？") if near else None


class ZhixingError(Exception):
    """Says what came, what was expected and the likely cure, in both languages."""

    def __init__(self, message: Text):
        super().__init__(message.en)
        self.message = message


class UnknownName(ZhixingError):
    """A name that nothing here carries; proposes the nearest one that does."""

    def __init__(self, kind: Text, name: object, known: Iterable[str]):
        names = sorted(known)
        near = meant_by(str(name), names)
        meant = Text(en=f"; {near.en}", zh=f"；{near.zh}") if near else Text("", "")
        listed = ", ".join(names)
        super().__init__(
            Text(
                en=f"{kind.en} {name!r} is unknown{meant.en} (known: {listed})",
                zh=f"没有名为 {name!r} 的{kind.zh}{meant.zh}（可用：{listed}）",
            )
        )


class BadSetting(ZhixingError):
    """A value that cannot be used where it was given."""


class BadData(ZhixingError):
    """The user's data cannot be used as they are."""


class StoreError(ZhixingError):
    """The run store cannot be read or written; nothing that was measured is lost."""


class MissingPackage(ZhixingError):
    """A command needs an optional package; the message carries the line that installs it."""


class Interrupted(ZhixingError):
    """Stopped at the user's wish; the message says how to go on."""
