"""One file per question: a file `shortcut_depth.py` here states the study `shortcut-depth`, and that is all it takes."""

import importlib
import pkgutil
from collections.abc import Mapping
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from typing import Any

from zhixing.core import Text, UnknownName
from zhixing.study import Answer, Study

CHAPTERS = {
    "descent": Text("Descent", "下降"),
    "depth": Text("Depth", "深度"),
    "seeing": Text("Seeing", "视觉与泛化"),
    "measuring": Text("Measuring", "度量"),
    "families": Text("Families of models", "模型家族"),
    "inside": Text("Looking inside", "看进内部"),
    "own": Text("Your own data", "自己的数据"),
}
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
    """Every study in the order of learning: chapter by chapter, and none before those that it comes after.

    Raises graphlib.CycleError where studies come after each other in a circle.
    """
    studies = {slug: find(slug) for slug in slugs()}
    chapters = list(CHAPTERS)
    order = TopologicalSorter({slug: set(study.after) & set(studies) for slug, study in studies.items()})
    order.prepare()
    ready: list[tuple[int, str]] = []
    sorted_: list[Study] = []
    while order.is_active():
        for slug in order.get_ready():
            heappush(ready, (chapters.index(studies[slug].chapter), slug))
        _, slug = heappop(ready)
        sorted_.append(studies[slug])
        order.done(slug)
    return sorted_


def ask(study: str | Study, **options: Any) -> Answer:
    """Answers a study, given by its name or as one of your own; the options are those of `zhixing.study.ask.ask`."""
    from zhixing.study.ask import ask as answer_study

    return answer_study(find(study) if isinstance(study, str) else study, **options)


def exercise(study: str | Study, number: int, chosen: Mapping[str, int | float | str], **options: Any) -> Answer:
    """Runs your answer to an exercise: *supported* means that it holds; the options are those of `ask`."""
    from zhixing.study.ask import ask as answer_study
    from zhixing.study.exercise import attempt

    return answer_study(attempt(find(study) if isinstance(study, str) else study, number, chosen), **options)
