"""Text in two languages: every sentence that a user reads exists in English and in Chinese."""

import os
from dataclasses import dataclass
from typing import Literal, cast

Language = Literal["en", "zh"]


@dataclass(frozen=True)
class Text:
    """One sentence, written natively in each language; `text["zh"]` picks one."""

    en: str
    zh: str

    def __getitem__(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en

    def __str__(self) -> str:
        return self[language()]

    def format(self, **values: object) -> "Text":
        """Fill the braces of both halves; a value that is itself a Text gives each half its own."""

        def half(which: Language) -> str:
            own = {name: v[which] if isinstance(v, Text) else v for name, v in values.items()}
            return self[which].format(**own)

        return Text(en=half("en"), zh=half("zh"))


def language(choice: str | None = None) -> Language:
    """The user's language: the choice if there is one, then ZHIXING_LANG, then the locale, then English."""
    candidates = (
        choice,
        *(os.environ.get(name) for name in ("ZHIXING_LANG", "LC_ALL", "LC_MESSAGES", "LANG")),
    )
    chosen = next((c for c in candidates if c), "en")[:2].lower()
    return cast(Language, chosen) if chosen in ("en", "zh") else "en"
