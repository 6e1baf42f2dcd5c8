"""What everything else stands on: frozen calls, seeds, text, errors, the contract of a trial, the run store."""

from zhixing.core.errors import BadData, BadSetting, Interrupted, MissingPackage, StoreError, UnknownName, ZhixingError
from zhixing.core.seeds import Seeds
from zhixing.core.spec import Spec, parsed, spec
from zhixing.core.text import Language, Text, language
from zhixing.core.trial import Measures, Series, State, Watch

__all__ = [
    "BadData",
    "BadSetting",
    "Interrupted",
    "Language",
    "Measures",
    "MissingPackage",
    "Seeds",
    "Series",
    "Spec",
    "State",
    "StoreError",
    "Text",
    "UnknownName",
    "Watch",
    "ZhixingError",
    "language",
    "parsed",
    "spec",
]
