"""One file per question: a file `shortcut_depth.py` here states the study `shortcut-depth`, and that is all it takes."""

import importlib
import pkgutil
from typing import Any

from zhixing.core import Text, UnknownName
from zhixing.study import Answer, Study

CHAPTERS = {"depth": Text("Depth", "深度")}
"""The chapters in the order of the learning path."""


def slugs() -> list[str]:
    """The name of every study, without importing any."""
    return sorted(name.replace("_", "-") for _, name, is_package in pkgutil.iter_modules(__path__) if not is_package)


def find(slug: str) -> Study:
    """The study of this name; raises UnknownName, with the nearest name, where there is none."""
    if slug not in slugs():
        raise UnknownName(Text("study", "研究"), slug, slugs())
    study: Study = importlib.import_module(f"{__name__}.{slug.replace('-', '_')}").study
    return study


def path() -> list[Study]:
    """Every study, in the order of the chapters."""
    return sorted(map(find, slugs()), key=lambda study: (list(CHAPTERS).index(study.chapter), study.slug))


def ask(study: str | Study, **options: Any) -> Answer:
    """Answers a study, given by its name or as one of your own; the options are those of `zhixing.study.ask.ask`."""
    from zhixing.study.ask import ask as answer_study

    return answer_study(find(study) if isinstance(study, str) else study, **options)
