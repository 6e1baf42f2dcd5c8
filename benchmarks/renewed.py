"""Rows of a table in `tables` that are measured anew, while the others stay."""

from collections.abc import Iterable
from pathlib import Path


def renewed(table: Path, rows: Iterable[str]) -> list[str]:
    """The table's rows and these by the name in their first column, which decides the order; a newer row replaces an older."""
    known = table.read_text(encoding="utf-8").splitlines() if table.exists() else []
    found = {row.split(" | ")[0]: row for row in [*[line for line in known if line.startswith("| ")][1:], *rows]}
    return [found[name] for name in sorted(found)]
