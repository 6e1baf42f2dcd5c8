"""The user's own table without a target: which columns tell rows apart, and rows made ready for one of four tasks.

*clusters*, *density* and *reduction* are of columns of numbers. Rows with gaps are left out, and every number is moved at
random within the step in which its column is written, so that 5.1, which stands for all that rounds to it, is no point of
infinite density (Theis et al. 2016, arXiv:1511.01844, Section 3.1) and ties make no groups.
*anomalies* are of columns of all kinds. Since no row is known to be one, rows are planted: copies of rows in which half of
the cells are those of other rows. Each cell of such a row is usual, their combination is not.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.core import BadData, Text, UnknownName
from zhixing.data.own import divide
from zhixing.data.own.cells import Form
from zhixing.data.own.columns import Column, columns_of, learnable, named_frame, no_column
from zhixing.data.own.files import checked_path, read_table
from zhixing.data.own.loose import listed
from zhixing.data.own.remarks import notes_of_columns

if TYPE_CHECKING:
    import pandas

TASKS = ("clusters", "density", "anomalies", "reduction")
FEWEST_ROWS = 50
MOST_GAPS = 0.2
"""A column of numbers with a larger share of gaps is left out, so that few rows are."""
PLANTED = 0.1
"""Rows that are planted, as a share of those of the table."""


@dataclass(frozen=True, eq=False)
class OwnUnlabelled:
    """Rows with their features, and what judges: targets (n,) are known groups (int64), planted or not (bool), or 0.0."""

    features: "pandas.DataFrame"
    targets: np.ndarray
    task: str
    known: str | None
    """The column of known groups, which only judge."""
    rows: int
    """Rows of the table that are used; planted ones come after them."""
    places: np.ndarray
    """(rows,) the place of each in the file, from 1."""
    columns: tuple[Column, ...]
    fingerprint: str
    """64 hexadecimal digits over the file as it was read."""
    forms: dict[str, Form]
    """How the cells of each feature were read."""
    notes: tuple[Text, ...]
    """What was decided in reading it, and what would spoil a comparison."""

    classes = ()

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def told(self) -> Text:
        """What is there, in one line."""
        named = Text(f"; {self.known!r} judges", f"；用 {self.known!r} 评判") if self.known else Text("", "")
        return Text(
            "{rows:,} rows, {columns} columns of use; no target: {task}{named}",
            "{rows:,} 行，{columns} 列可用；没有目标列：{task}{named}",
        ).format(rows=self.rows, columns=self.features.shape[1], task=_SAID[self.task], named=named)

    @property
    def card(self) -> dict[str, Any]:
        """What must be known to read further rows for what learned from these; plain values."""
        forms = {name: [form.kind, form.mark, list(form.values)] for name, form in self.forms.items()}
        return {"kind": "unlabelled", "target": None, "task": self.task, "columns": forms}

    def take(self, rows: np.ndarray) -> "pandas.DataFrame":
        """The features of these rows."""
        return self.features.iloc[rows]

    def split(self, rows: np.ndarray, share: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers cut in two at random, the second with `share` of them; of planted rows and of others alike."""
        kinds = self.targets.astype(np.int64) if self.task == "anomalies" else None
        return divide.at_random(rows, share, generator, kinds)


_SAID = {
    "clusters": Text("clusters", "聚类"),
    "density": Text("density", "密度估计"),
    "anomalies": Text("anomalies", "异常检测"),
    "reduction": Text("reduction to few dimensions", "降维"),
}


def own_unlabelled(*, path: str, task: str | None = None, known: str | None = None, seed: int = 0) -> OwnUnlabelled:
    """The rows of a table file for one of TASKS, clusters if none is named; `known` names a column of groups that judge
    clusters and that nothing learns from. `seed` decides the rows that are planted and the moves within a step.

    Raises BadData as `read_table` does, where too few rows or columns of use are left, and for a column that is not there;
    UnknownName for another task.
    """
    if task not in (None, *TASKS):
        raise UnknownName(Text("task", "任务"), task, TASKS)
    place = checked_path(path)
    stamp = place.stat()
    return _read(str(place), task or "clusters", known, seed, (stamp.st_mtime_ns, stamp.st_size))


@lru_cache(maxsize=2)
def _read(path: str, task: str, known: str | None, seed: int, stamp: tuple[int, int]) -> OwnUnlabelled:
    """As `own_unlabelled`; `stamp` changes with the file, so that another file is read anew."""
    read = read_table(path)
    frame, notes = named_frame(read.frame), [*read.notes]
    groups = _groups(frame, known, task)
    if known is not None:
        frame, groups = frame.drop(columns=[known])[groups.notna()], groups.dropna()
    columns = columns_of(frame)
    notes += notes_of_columns(columns)
    names = learnable(columns)
    if task != "anomalies":
        names, more = _of_numbers(columns, task)
        notes += more
    if len(names) < (3 if task == "reduction" else 2):
        raise _too_narrow(names, task)
    kept = frame[list(names)]
    if task != "anomalies":
        kept = kept.dropna()
        if out := len(frame) - len(kept):
            notes.append(
                Text(f"{out:,} rows with gaps in these columns are left out", f"有 {out:,} 行在这些列中有缺失，已略去")
            )
    if len(kept) < FEWEST_ROWS:
        raise BadData(
            Text(
                en=f"{len(kept)} rows of {len(frame)} can be used; at least {FEWEST_ROWS} are needed without a target",
                zh=f"{len(frame)} 行中只有 {len(kept)} 行可用；没有目标列时至少需要 {FEWEST_ROWS} 行",
            )
        )
    generator, places = np.random.default_rng(seed), kept.index.to_numpy() + 1
    targets: np.ndarray = np.zeros(len(kept))
    if task == "anomalies":
        false = planted(kept, max(10, round(PLANTED * len(kept))), generator)
        notes.append(_of_planted(len(false)))
        targets = np.arange(len(kept) + len(false)) >= len(kept)
        features = _joined(kept, false)
    else:
        features = kept.astype(np.float64)
        features[:] = spread(features.to_numpy(), generator)
        if known is not None:
            targets = np.unique(groups[kept.index].astype(str), return_inverse=True)[1].astype(np.int64)
    with Path(path).open("rb") as file:
        fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
    return OwnUnlabelled(
        features=features.reset_index(drop=True),
        targets=targets,
        task=task,
        known=known,
        rows=len(kept),
        places=places,
        columns=columns,
        fingerprint=fingerprint,
        forms={name: read.forms[name] for name in names},
        notes=tuple(notes),
    )


def no_targets(card: Mapping[str, Any], path: str) -> Iterator[np.ndarray]:
    """Raises BadData: what was learned without a target cannot be held against one."""
    raise BadData(
        Text(
            en=f"the run learned {card['task']} without a target, so there is nothing to evaluate; use predict",
            zh=f"这次运行学的是{_SAID[card['task']].zh}，没有目标列，无从评判；请用 predict",
        )
    )


def planted(frame: "pandas.DataFrame", count: int, generator: np.random.Generator) -> "pandas.DataFrame":
    """So many copies of rows in which half of the columns, others each time, hold what another row holds there."""
    rows, columns = frame.shape
    source = np.repeat(generator.integers(rows, size=count)[:, None], columns, axis=1)
    order = generator.random((count, columns)).argsort(axis=1)
    others = (source + generator.integers(1, rows, size=(count, columns))) % rows
    source = np.where(order < columns // 2, others, source)
    import pandas

    return pandas.DataFrame(
        {name: frame[name].iloc[source[:, place]].to_numpy() for place, name in enumerate(frame.columns)}
    )


def spread(numbers: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Each number moved within half a step of its column, the least difference of two values there, either way."""
    moved: np.ndarray = numbers + _steps(numbers) * (generator.random(numbers.shape) - 0.5)
    return moved


def _steps(numbers: np.ndarray) -> np.ndarray:
    apart = [np.diff(np.unique(column)) for column in numbers.T]
    nothing = 1e-9 * np.abs(numbers).max(axis=0)  # what only rounding of binary numbers keeps apart
    return np.array(
        [min(each[each > least], default=0.0) for each, least in zip(apart, nothing, strict=True)], dtype=np.float64
    )


def _joined(kept: "pandas.DataFrame", false: "pandas.DataFrame") -> "pandas.DataFrame":
    import pandas

    whole = {name: np.concatenate([kept[name].to_numpy(), false[name].to_numpy()]) for name in kept.columns}
    return pandas.DataFrame({name: pandas.Series(cells, dtype=cells.dtype) for name, cells in whole.items()})


def _groups(frame: "pandas.DataFrame", known: str | None, task: str) -> Any:
    if known is None:
        return None
    if known not in frame:
        raise no_column(known, [str(name) for name in frame.columns])
    if task != "clusters":
        raise BadData(
            Text(
                en=f"known groups judge clusters; the task is {task}, so leave {known!r} unnamed",
                zh=f"已知分组只用来评判聚类；现在的任务是 {task}，请不要指定 {known!r}",
            )
        )
    groups = frame[known]
    if not 2 <= groups.nunique() <= len(groups.dropna()) / 5:
        raise BadData(
            Text(
                en=f"{known!r} has {groups.nunique():,} values in {len(groups.dropna()):,} rows; known groups are two or "
                "more, of five rows each at the mean",
                zh=f"{known!r} 在 {len(groups.dropna()):,} 行中有 {groups.nunique():,} 个不同的值；已知分组应至少两组，平均每组"
                "至少五行",
            )
        )
    return groups


def _of_numbers(columns: Sequence[Column], task: str) -> tuple[tuple[str, ...], list[Text]]:
    """The columns of numbers with few gaps, and what is said of the others that could be learnt from."""
    usable = [each for each in columns if each.name in learnable(columns)]
    chosen = tuple(each.name for each in usable if each.kind == "number" and each.missing <= MOST_GAPS)
    notes = []
    if others := [each.name for each in usable if each.kind != "number"]:
        some = listed(others)
        notes.append(
            Text(
                f"{task}: left out, since they hold no numbers, or two only: {some.en}",
                f"{_SAID[task].zh}：因不是数字、或只有两个取值而略去：{some.zh}",
            )
        )
    if gappy := [each.name for each in usable if each.kind == "number" and each.missing > MOST_GAPS]:
        some = listed(gappy)
        notes.append(
            Text(
                f"{task}: left out, since more than {MOST_GAPS:.0%} of the cells are missing: {some.en}",
                f"{_SAID[task].zh}：因缺失超过 {MOST_GAPS:.0%} 而略去：{some.zh}",
            )
        )
    return chosen, notes


def _of_planted(count: int) -> Text:
    return Text(
        f"no row is known to be odd, so {count:,} rows are planted, in which half of the cells are those of other rows: "
        "what is compared is how well this kind of anomaly is found, and it may say little of others",
        f"没有已知的异常行，所以混入 {count:,} 行：其中一半的单元格换成别的行的值。比较的是能否找出这一种异常，对别的异常可"
        "能说明不了什么",
    )


def _too_narrow(names: Sequence[str], task: str) -> BadData:
    needed = Text("columns", "列") if task == "anomalies" else Text("columns of numbers", "数值列")
    some = listed(names)
    return BadData(
        Text(
            en=f"{task} needs {'three' if task == 'reduction' else 'two'} {needed.en} or more that can be learnt from; "
            + (f"there is {some.en}" if names else "there is none"),
            zh=f"{_SAID[task].zh}至少需要{'三' if task == 'reduction' else '两'}个可用的{needed.zh}；"
            + (f"这里只有 {some.zh}" if names else "这里一个也没有"),
        )
    )
