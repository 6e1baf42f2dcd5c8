"""How long does each study take at scale smoke and at scale quick, from the command to the report?

    python benchmarks/scales.py [SLUG ...]

Each is a process of its own with an empty store and warm code; the wall clock of the whole command. Writes
benchmarks/tables/scales.md, where the rows of studies that are not named stay. The machine should have nothing else to do.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from renewed import renewed
from zhixing import studies

TABLE = Path(__file__).parent / "tables" / "scales.md"
LIMITS = {"smoke": 5.0, "quick": 120.0}


def main(slugs: list[str]) -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    head = [
        "# What each study takes",
        "",
        f"Made by `python benchmarks/scales.py` on {cores} cores: seconds of `zhixing ask SLUG`, from an empty store.",
        "",
        "| study | smoke | quick | trials of quick | verdict of quick |",
        "|---|---|---|---|---|",
    ]
    for slug in slugs or studies.slugs():
        seconds, answer = {}, {}
        for scale in LIMITS:
            seconds[scale], answer = asked(slug, scale)
        trials = len(answer["trials"])
        row = f"| {slug} | {seconds['smoke']:.1f} | {seconds['quick']:.0f} | {trials} | {answer['verdict']} |"
        print(row, flush=True)
        rows = renewed(TABLE, row)
        TABLE.write_text("\n".join([*head, *rows, "", _over(rows)]) + "\n", encoding="utf-8")
    print(_over(rows))


def _over(rows: list[str]) -> str:
    """Which of the rows are over a limit."""
    over = []
    for row in rows:
        slug, *seconds = row.strip("| ").split(" | ")[:3]
        over += [
            f"{slug} at {scale}"
            for (scale, limit), took in zip(LIMITS.items(), seconds, strict=True)
            if float(took) > limit
        ]
    return f"Over {LIMITS['smoke']:g} s of smoke or {LIMITS['quick']:g} s of quick: {', '.join(over) or 'none'}."


def asked(slug: str, scale: str) -> tuple[float, dict]:
    """Wall clock of the command in seconds, and its answer."""
    with tempfile.TemporaryDirectory() as home:
        command = [Path(sys.executable).with_name("zhixing"), "ask", slug, "--scale", scale, "--json"]
        begun = time.perf_counter()
        done = subprocess.run(
            command, env={**os.environ, "ZHIXING_HOME": home}, capture_output=True, text=True, check=True
        )
        return time.perf_counter() - begun, json.loads(done.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
