"""The user's own table whose rows carry several labels at once: columns of two values each, or one column of lists.

A list is written in one cell: `Comedy|Drama`, `red; blue`, `a, b`. Its separator is found by the parts: they come again in
other cells, in other company.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.core import BadData, Text
from zhixing.data.own import divide
from zhixing.data.own.cells import Form, of_values, typed
from zhixing.data.own.columns import Column, columns_of, learnable, named_frame, no_column
from zhixing.data.own.files import checked_path, read_blocks, read_table
from zhixing.data.own.loose import listed
from zhixing.data.own.profile import FEWEST_ROWS, class_names
from zhixing.data.own.remarks import notes_of_columns
from zhixing.data.own.table import later_columns

if TYPE_CHECKING:
    import pandas

SEPARATORS = ("|", ";", "；", "、", ",", "，")
FEWEST_OF_A_LABEL = 10
MOST_LABELS = 200
LONGEST_LABEL = 40


@dataclass(frozen=True, eq=False)
class OwnLabels:
    """Rows with their features, and targets (n, labels) of int64: 1 where a row carries the label."""

    features: "pandas.DataFrame"
    targets: np.ndarray
    classes: tuple[str, ...]
    """The labels, in the order of the targets' columns."""
    answered: Mapping[str, Form]
    """How the cells of the columns that hold the labels were read."""
    separator: str | None
    """What stands between labels in one cell; None where each label has a column."""
    columns: tuple[Column, ...]
    fingerprint: str
    """64 hexadecimal digits over the file as it was read."""
    forms: Mapping[str, Form]
    """How the cells of each feature were read."""
    notes: tuple[Text, ...]
    """What was decided in reading it, and what would spoil a comparison."""

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def told(self) -> Text:
        """What is there, in one line."""
        counts, mean = self.targets.sum(axis=0), self.targets.sum(axis=1).mean()
        each = listed([f"{name!r} ({count:,})" for name, count in zip(self.classes, counts, strict=True)])
        return Text(
            en=f"{len(self):,} rows, {len(self.columns)} columns; {len(self.classes)} labels, {mean:.2g} to a row: {each.en}",
            zh=f"{len(self):,} 行，{len(self.columns)} 列；{len(self.classes)} 个标签，每行平均 {mean:.2g} 个：{each.zh}",
        )

    @property
    def card(self) -> dict[str, Any]:
        """What must be known to read further rows for what learned from these; plain values."""
        return {
            "kind": "labels",
            "task": "labels",
            "classes": list(self.classes),
            "separator": self.separator,
            "target": _plain(self.answered),
            "columns": _plain(self.forms),
        }

    def take(self, rows: np.ndarray) -> "pandas.DataFrame":
        """The features of these rows."""
        return self.features.iloc[rows]

    def split(self, rows: np.ndarray, share: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers cut in two at random, the second with `share` of them: of every set of labels that several carry."""
        sets = np.unique(self.targets, axis=0, return_inverse=True)[1].reshape(-1)
        common = np.bincount(sets, minlength=len(self))[sets] * share >= 1
        return divide.at_random(rows, share, generator, np.where(common, sets + 1, 0))


def own_labels(*, path: str, target: str) -> OwnLabels:
    """The rows of a table file that have labels: `target` is a column of lists, or names of columns, commas between them.

    Raises BadData as `read_table` does, for columns that are not there or hold no labels, and where nothing is left to
    learn from.
    """
    place = checked_path(path)
    stamp = place.stat()
    return _read(str(place), target, (stamp.st_mtime_ns, stamp.st_size))


def holds_labels(path: str, target: str) -> bool:
    """Whether `target` names several columns of a table file, or one whose first cells are lists of labels.

    False where it is not there, or the file cannot be read.
    """
    try:
        first = next(read_blocks(path), {})
    except BadData:
        return False
    if target in first:
        cells = of_values(first[target]) if isinstance(first[target], list) else first[target]
        return separator_of(typed({target: cells}, decimal=None, separator=None)[0][target]) is not None
    names = _named(target)
    return len(names) > 1 and any(name in first for name in names)


def separator_of(cells: "pandas.Series") -> str | None:
    """What stands between labels in the cells of a column, None where they are no lists.

    In one cell in ten or more it does; the parts are few and short, and half of them occur in several different cells.
    """
    import pandas

    if pandas.api.types.is_numeric_dtype(cells) or pandas.api.types.is_datetime64_any_dtype(cells):
        return None
    words = cells.dropna().astype(str)
    distinct = words.unique()
    for separator in SEPARATORS:
        if words.str.contains(separator, regex=False).mean() < 0.1:
            continue
        parts = Counter(part for cell in distinct for part in set(_parts(cell, separator)))
        repeated = sum(count > 1 for count in parts.values())
        short = max((len(part) for part in parts), default=0) <= LONGEST_LABEL
        if 2 <= len(parts) <= MOST_LABELS and short and 2 * repeated >= len(parts) and len(parts) <= len(distinct):
            return separator
    return None


@lru_cache(maxsize=2)
def _read(path: str, target: str, stamp: tuple[int, int]) -> OwnLabels:
    """As `own_labels`; `stamp` changes with the file, so that another file is read anew."""
    read = read_table(path)
    frame = named_frame(read.frame)
    names = [target] if target in frame else _named(target)
    for name in names:
        if name not in frame:
            raise no_column(name, [str(each) for each in frame.columns])
    kept = frame.dropna(subset=names).reset_index(drop=True)
    notes = [*read.notes]
    if out := len(frame) - len(kept):
        notes.append(Text(f"{out:,} rows without labels are left out", f"有 {out:,} 行没有标签，已略去"))
    if len(kept) < FEWEST_ROWS:
        raise BadData(
            Text(
                en=f"labels are there in {len(kept)} of {len(frame)} rows; at least {FEWEST_ROWS} are needed",
                zh=f"{len(frame)} 行中只有 {len(kept)} 行有标签；至少需要 {FEWEST_ROWS} 行",
            )
        )
    separator = separator_of(kept[target]) if len(names) == 1 else None
    classes, targets = _of_lists(kept[target], separator) if len(names) == 1 else _of_flags(kept, names)
    counts = targets.sum(axis=0)
    enough = np.minimum(counts, len(kept) - counts) >= FEWEST_OF_A_LABEL
    if rare := [f"{name!r} ({count})" for name, count, kept_ in zip(classes, counts, enough, strict=True) if not kept_]:
        some = listed(rare)
        notes.append(
            Text(
                f"labels of fewer than {FEWEST_OF_A_LABEL} rows, or of nearly all, are left out: {some.en}",
                f"出现不足 {FEWEST_OF_A_LABEL} 行、或几乎每行都有的标签已略去：{some.zh}",
            )
        )
    if enough.sum() < 2:
        raise BadData(
            Text(
                en=f"{int(enough.sum())} labels have {FEWEST_OF_A_LABEL} rows with and without them; two or more are needed",
                zh=f"只有 {int(enough.sum())} 个标签有、无各至少 {FEWEST_OF_A_LABEL} 行；至少需要两个这样的标签",
            )
        )
    columns = columns_of(kept.drop(columns=names))
    usable = learnable(columns)
    if not usable:
        raise BadData(
            Text(
                "no column besides the labels can be learnt from; one is needed that is neither constant nor a row's own name",
                "除标签外没有可供学习的列；至少要有一列既不是常数，也不是行编号",
            )
        )
    with Path(path).open("rb") as file:
        fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
    return OwnLabels(
        features=kept[list(usable)],
        targets=targets[:, enough],
        classes=tuple(name for name, kept_ in zip(classes, enough, strict=True) if kept_),
        answered={name: read.forms[name] for name in names},
        separator=separator,
        columns=columns,
        fingerprint=fingerprint,
        forms={name: read.forms[name] for name in usable},
        notes=(*notes, *notes_of_columns(columns)),
    )


def later_labels(card: Mapping[str, Any], path: str) -> Iterator[np.ndarray]:
    """The labels (rows, labels) of a table file, block after block, as the run of this card counts them; -1 in rows that
    have none."""
    for block in read_blocks(path):
        answers = later_columns({"columns": card["target"]}, block)
        there = answers.notna().all(axis=1).to_numpy()
        found = np.full((len(answers), len(card["classes"])), -1, dtype=np.int64)
        if card["separator"]:
            sets = [set(_parts(cell, card["separator"])) for cell in answers.iloc[:, 0][there].astype(str)]
            found[there] = [[name in one for name in card["classes"]] for one in sets]
        else:
            for place, name in enumerate(card["classes"]):
                column, _, yes = name.rpartition(": ")
                known = class_names(answers[column or name][there])
                found[there, place] = known == (yes if column else "1")
        yield found


def _named(target: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in target.split(",") if name.strip()))


def _parts(cell: str, separator: str) -> list[str]:
    return [part for part in (each.strip() for each in cell.split(separator)) if part]


def _of_lists(cells: "pandas.Series", separator: str | None) -> tuple[tuple[str, ...], np.ndarray]:
    if separator is None:
        first, marks = str(cells.iloc[0])[:40], " ".join(SEPARATORS)
        raise BadData(
            Text(
                en=f"{cells.name!r} holds no lists of labels (the first is {first!r}); write labels with one of {marks} between",
                zh=f"{cells.name!r} 不是标签列表（第一个值是 {first!r}）；请用 {marks} 之一分隔标签",
            )
        )
    sets = [set(_parts(cell, separator)) for cell in cells.astype(str)]
    classes = tuple(sorted(set().union(*sets)))
    places = {name: place for place, name in enumerate(classes)}
    targets = np.zeros((len(sets), len(classes)), dtype=np.int64)
    for row, one in enumerate(sets):
        targets[row, [places[name] for name in one]] = 1
    return classes, targets


def _of_flags(frame: "pandas.DataFrame", names: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """A label for each column of two values: its name where they are 0 and 1, else its name and the later of the two."""
    classes, targets = [], []
    for name in names:
        words = class_names(frame[name])
        values = sorted(words.unique())
        if len(values) != 2:
            raise BadData(
                Text(
                    en=f"{name!r} has {len(values):,} values; each of several target columns must hold two, as 0 and 1",
                    zh=f"{name!r} 有 {len(values):,} 个不同的值；多个目标列中的每一列都必须只有两个值，如 0 和 1",
                )
            )
        classes.append(name if values == ["0", "1"] else f"{name}: {values[1]}")
        targets.append((words == values[1]).to_numpy())
    return tuple(classes), np.stack(targets, axis=1).astype(np.int64)


def _plain(forms: Mapping[str, Form]) -> dict[str, list[Any]]:
    return {name: [form.kind, form.mark, list(form.values)] for name, form in forms.items()}
