"""What all commands share: the language of their words, their common options, and how they print."""

import json
import math
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhixing.core import Text, UnknownName, language

if TYPE_CHECKING:
    from rich.console import Console


def say(en: str, zh: str) -> str:
    """One of the two, in the user's language; help texts are written when the program starts."""
    return Text(en, zh)[language()]


def choose_language(choice: str | None) -> str | None:
    """Makes `--lang` the language of everything printed after it; raises UnknownName for another one."""
    if choice is not None:
        if choice not in ("en", "zh"):
            raise UnknownName(Text("language", "语言"), choice, ("en", "zh"))
        os.environ["ZHIXING_LANG"] = choice
    return choice


def _language_of_help() -> None:
    """Help is made before options are parsed, so that its language is looked for in the words of the command."""
    words = sys.argv[1:]
    for at, word in enumerate(words):
        chosen = word.removeprefix("--lang=") if word.startswith("--lang=") else None
        chosen = words[at + 1] if word == "--lang" and at + 1 < len(words) else chosen
        if chosen in ("en", "zh"):
            os.environ["ZHIXING_LANG"] = chosen


_language_of_help()

Lang = Annotated[
    str | None,
    typer.Option("--lang", help=say("en or zh.", "en 或 zh。"), callback=choose_language, metavar="en|zh"),
]
Json = Annotated[bool, typer.Option("--json", help=say("One JSON object on standard output.", "以 JSON 输出。"))]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=say("Do not ask.", "不再询问。"))]


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1 if sys.stdout.isatty() else None) + "\n")
    sys.stdout.flush()


def finite(value: Any) -> Any:
    """The value as JSON can hold it: a number that is not finite is None."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def console() -> "Console":
    """Standard output; colours only in a terminal."""
    from rich.console import Console

    return Console(highlight=False)
