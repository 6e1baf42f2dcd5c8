"""Does a quick run give the verdict that the band gives? Over subsets of every band's seeds, and at fresh seeds.

    python benchmarks/reproducibility.py            all bands, and four studies asked again at seeds from 1000
    python benchmarks/reproducibility.py --bands    the bands alone: seconds

A subset holds as many seeds as a quick run may take, drawn without repetition and in random order, and is decided as a
quick run is: at the first look that settles it. Writes benchmarks/tables/reproducibility.md.
"""

import json
import math
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zhixing import studies
from zhixing.core import Text
from zhixing.core.store import RunStore
from zhixing.study import Claim, Table
from zhixing.study.answer import VERDICTS
from zhixing.study.ask import ask
from zhixing.study.band import band_file
from zhixing.study.decide import decide

SUBSETS = 1000
FRESH = ("covariance", "precision-recall", "roc-or-pr", "vanishing-gradients")
FIRST_FRESH_SEED = 1000
TABLE = Path(__file__).parent / "tables" / "reproducibility.md"


class Recorded:
    """The rule whose claims a band recorded, over the seeds at these places in that order."""

    def __init__(self, claims: Sequence[dict[str, Any]], places: Sequence[int]):
        self._claims, self._places = claims, places

    def claims(self, table: Table) -> list[Claim]:
        places = self._places[: len(table.seeds)]
        return [
            Claim(
                id=claim["text"],
                text=Text(claim["text"], claim["text"]),
                values=tuple(math.nan if (v := claim["values"][place]) is None else v for place in places),
                region=_ends(claim["region"]),
                unit=Text("", ""),
                bounds=_ends(claim["bounds"]),
            )
            for claim in self._claims
        ]


def main(bands_alone: bool) -> None:
    lines = [
        "# Verdicts that come again",
        "",
        f"Made by `python benchmarks/reproducibility.py`: {SUBSETS:,} subsets of each band's seeds, each as large as a quick "
        "run may be, decided as a quick run is.",
        "",
        "| study | verdict of the band | its seeds | seeds of a quick run | same | cannot tell | another | same or cannot tell |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for slug in studies.slugs():
        lines.append(_row(slug))
        print(lines[-1])
    if not bands_alone:
        lines += [
            "",
            f"Asked again at fresh seeds, from {FIRST_FRESH_SEED}:",
            "",
            "| study | band | fresh |",
            "|---|---|---|",
        ]
        with tempfile.TemporaryDirectory() as home:
            for slug in FRESH:
                answer = ask(studies.find(slug), first_seed=FIRST_FRESH_SEED, store=RunStore(Path(home)))
                known = json.loads(band_file(studies.find(slug)).read_text())["verdict"]
                lines.append(f"| {slug} | {VERDICTS[known].en} | {answer.sentence.en} |")
                print(lines[-1])
    elif TABLE.exists():
        kept = TABLE.read_text(encoding="utf-8").partition("\nAsked again")
        lines += ["", (kept[1] + kept[2]).strip()]
    TABLE.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _row(slug: str) -> str:
    record = json.loads(band_file(studies.find(slug)).read_text(encoding="utf-8"))
    draw = np.random.default_rng(0)
    size = min(record["quick_seeds"], len(record["seeds"]))
    verdicts = Counter(
        decide(
            Recorded(record["claims"], draw.permutation(len(record["seeds"]))[:size].tolist()), Table(range(size), {})
        ).verdict
        for _ in range(SUBSETS)
    )
    known = record["verdict"]
    same, open_ = verdicts[known] / SUBSETS, 0 if known == "undecided" else verdicts["undecided"] / SUBSETS
    shares = " | ".join(f"{100 * share:.1f} %" for share in (same, open_, max(0.0, 1 - same - open_), same + open_))
    return f"| {slug} | {VERDICTS[known].en} | {len(record['seeds'])} | {size} | {shares} |"


def _ends(ends: Sequence[float | None]) -> tuple[float, float]:
    low, high = ends
    return -math.inf if low is None else low, math.inf if high is None else high


if __name__ == "__main__":
    main(bands_alone="--bands" in sys.argv)
