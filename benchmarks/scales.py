"""How long does each study take at scale smoke and at scale quick, from the command to the report?

    python benchmarks/scales.py [SLUG ...]

Each is a process of its own with an empty store and warm code; the wall clock of the whole command. Writes
benchmarks/tables/scales.md when all are run. The machine should have nothing else to do.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from zhixing import studies

TABLE = Path(__file__).parent / "tables" / "scales.md"
LIMITS = {"smoke": 5.0, "quick": 120.0}


def main(slugs: list[str]) -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    lines = [
        "# What each study takes",
        "",
        f"Made by `python benchmarks/scales.py` on {cores} cores: seconds of `zhixing ask SLUG`, from an empty store.",
        "",
        "| study | smoke | quick | trials of quick | verdict of quick |",
        "|---|---|---|---|---|",
    ]
    over = []
    for slug in slugs or studies.slugs():
        seconds, answer = {}, {}
        for scale, limit in LIMITS.items():
            seconds[scale], answer = asked(slug, scale)
            if seconds[scale] > limit:
                over.append(f"{slug} at {scale}")
        trials = len(answer["trials"])
        lines.append(f"| {slug} | {seconds['smoke']:.1f} | {seconds['quick']:.0f} | {trials} | {answer['verdict']} |")
        print(lines[-1], flush=True)
    lines += [
        "",
        f"Over {LIMITS['smoke']:g} s of smoke or {LIMITS['quick']:g} s of quick: {', '.join(over) or 'none'}.",
    ]
    print(lines[-1])
    if not slugs:
        TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


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
