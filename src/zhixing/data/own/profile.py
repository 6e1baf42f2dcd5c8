"""What a table holds, before anything is learnt from it: kinds of columns, the task, and what would spoil a comparison."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from zhixing.core import BadData, Text, UnknownName
from zhixing.data.own.columns import Column, columns_of, learnable, named_frame, no_column
from zhixing.data.own.leaks import Leak as Leak
from zhixing.data.own.leaks import leaks
from zhixing.data.own.loose import listed
from zhixing.data.own.remarks import remarks

if TYPE_CHECKING:
    import pandas

Task = Literal["regression", "classes"]

FEWEST_ROWS = 20
FEWEST_OF_A_CLASS = 5


@dataclass(frozen=True)
class Profile:
    """What a table holds for one target."""

    target: str
    task: Task
    classes: tuple[str, ...]
    """The names of the classes as `class_names` writes them, sorted as strings; empty for regression."""
    counts: tuple[int, ...]
    """The rows of each class."""
    rows: int
    """Rows whose target is there; all that follows is about them."""
    unlabelled: int
    """Rows whose target is missing; they are left out."""
    columns: tuple[Column, ...]
    leaks: tuple[Leak, ...]
    """Columns that alone tell the target nearly exactly."""
    duplicates: int
    """Rows that repeat an earlier row in every column, the target included."""
    contradictions: int
    """Rows whose features equal those of a row with another target."""
    notes: tuple[Text, ...]

    @property
    def told(self) -> Text:
        """The target in words: what kind of amount or which classes it holds."""
        if not self.classes:
            return Text(f"{self.target!r} is an amount (regression)", f"{self.target!r} 是数量（回归）")
        each = listed([f"{name!r} ({count:,})" for name, count in zip(self.classes, self.counts, strict=True)])
        return Text(
            en=f"{self.target!r} has {len(self.classes)} classes: {each.en}",
            zh=f"{self.target!r} 有 {len(self.classes)} 个类别：{each.zh}",
        )

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns that can be learnt from: all but constants and identifiers."""
        return learnable(self.columns)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The names of constants and identifiers."""
        return tuple(each.name for each in self.columns if each.kind in ("constant", "identifier"))


def profile(frame: "pandas.DataFrame", target: str, task: str | None = None) -> Profile:
    """The profile of a frame as `read_table` gives it. `task` is "regression" or "classes" where it is not to be found.

    A target of numbers is taken for amounts when it has more than 20 distinct values, or more than 10 and not all
    whole; every other target for classes.

    Raises BadData for a target that is not there and for a table from which nothing can be learnt about it; UnknownName
    for another task.
    """
    import pandas

    frame = named_frame(frame)
    if target not in frame:
        raise no_column(target, [str(name) for name in frame.columns])
    there = frame[target].notna().to_numpy()
    kept = frame.loc[there].reset_index(drop=True)
    answers, rows = kept.pop(target), len(kept)
    if rows < FEWEST_ROWS:
        raise BadData(
            Text(
                en=f"the target {target!r} is there in {rows} of {len(frame)} rows; at least {FEWEST_ROWS} are needed",
                zh=f"目标 {target!r} 只在 {len(frame)} 行中的 {rows} 行有值；至少需要 {FEWEST_ROWS} 行",
            )
        )
    chosen = _task(answers, target, task)
    classes, counts = _classes(answers, target) if chosen == "classes" else ((), ())
    columns = columns_of(kept)
    usable = list(learnable(columns))
    if not usable:
        raise BadData(
            Text(
                en=f"no column besides {target!r} can be learnt from; a table needs one that is neither constant nor a row's "
                "own name",
                zh=f"除 {target!r} 外没有可供学习的列；至少要有一列既不是常数，也不是行编号",
            )
        )
    coded = np.searchsorted(classes, class_names(answers)) if classes else answers.to_numpy(dtype=np.float64)
    whole = pandas.util.hash_pandas_object(frame.loc[there], index=False)
    alike = pandas.DataFrame(
        {"features": pandas.util.hash_pandas_object(kept[usable], index=False).to_numpy(), "target": coded}
    )
    other = alike.groupby("features")["target"].transform("nunique")
    found = Profile(
        target=target,
        task=chosen,
        classes=classes,
        counts=counts,
        rows=rows,
        unlabelled=len(frame) - rows,
        columns=columns,
        leaks=leaks(kept[usable], coded, classes=len(classes)),
        duplicates=int(whole.duplicated().sum()),
        contradictions=int((other > 1).sum()),
        notes=(),
    )
    return replace(found, notes=tuple(remarks(found)))


def class_names(answers: "pandas.Series") -> "pandas.Series":
    """The name of each row's class: 3 and 3.0 are "3", a word is itself. No value may be missing."""
    if _holds_numbers(answers):
        return answers.map(lambda value: str(int(value)) if float(value).is_integer() else str(value)).astype(object)
    return answers.astype(str).astype(object)


def _holds_numbers(cells: "pandas.Series") -> bool:
    import pandas

    return pandas.api.types.is_numeric_dtype(cells) and not pandas.api.types.is_bool_dtype(cells)


def _task(answers: "pandas.Series", target: str, task: str | None) -> Task:
    if task not in (None, "regression", "classes"):
        raise UnknownName(Text("task", "任务"), task, ("regression", "classes"))
    numbers = _holds_numbers(answers)
    distinct = answers.nunique()
    if distinct < 2:
        raise BadData(
            Text(
                en=f"the target {target!r} is {answers.iloc[0]!s} in every row; there is nothing to tell apart",
                zh=f"目标 {target!r} 在每一行都是 {answers.iloc[0]!s}；没有可以区分的内容",
            )
        )
    if task == "regression" and not numbers:
        raise BadData(
            Text(
                en=f"the target {target!r} holds words as {answers.iloc[0]!s}; regression needs numbers, classes do not",
                zh=f"目标 {target!r} 的值是 {answers.iloc[0]!s} 之类的文字；回归需要数字，文字请作为类别",
            )
        )
    if task is not None:
        return cast(Task, task)
    whole = numbers and bool((answers.astype(float) % 1 == 0).all())
    return "regression" if numbers and distinct > (20 if whole else 10) else "classes"


def _classes(answers: "pandas.Series", target: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    counts = class_names(answers).value_counts()
    if rare := [f"{name!r} ({count})" for name, count in counts.items() if count < FEWEST_OF_A_CLASS]:
        some = listed(rare)
        amounts = _holds_numbers(answers)
        other = Text(", or name the task regression", "，或把任务指定为 regression") if amounts else Text("", "")
        raise BadData(
            Text(
                en=f"classes of the target {target!r} have fewer than {FEWEST_OF_A_CLASS} rows: {some.en}; merge each with "
                f"another class, or take its rows out{other.en}",
                zh=f"目标 {target!r} 有类别不足 {FEWEST_OF_A_CLASS} 行：{some.zh}；请与其他类别合并，或去掉这些行{other.zh}",
            )
        )
    names = tuple(sorted(counts.index))
    return names, tuple(int(counts[name]) for name in names)
