"""A row of a table in `tables` that is measured anew, while the others stay."""

from pathlib import Path


def renewed(table: Path, row: str) -> list[str]:
    """The table's rows and this one by the name in their first column, which decides the order; it replaces an older one."""
    known = table.read_text(encoding="utf-8").splitlines() if table.exists() else []
    rows = [line for line in known if line.startswith("| ")][1:]  # below the head
    found = {line.split(" | ")[0]: line for line in [*rows, row]}
    return [found[name] for name in sorted(found)]
