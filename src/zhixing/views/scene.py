"""What is looked at: rows, and the run that learned from rows like them where there is one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing import comparison, data
from zhixing.core import BadData, BadSetting, Text, ZhixingError
from zhixing.core.store import RunStore
from zhixing.study.events import Listen, nobody

if TYPE_CHECKING:
    from zhixing.comparison import Run


@dataclass(frozen=True, eq=False)
class Scene:
    """Rows to be looked at, and all that a view may need to know of them."""

    name: str
    """Of the file, or of the run."""
    features: Any
    """(n, ...) as preparations take them: a table of columns, an array of pictures or sounds, or sentences."""
    targets: np.ndarray | None
    """(n, ...) as `zhixing.data` counts them; None where nothing is foretold or known."""
    classes: tuple[str, ...]
    """Names of the classes of the targets; empty where these are amounts or none."""
    own: data.Own | None
    """The whole data set; None where other rows than those that the run learned from are looked at."""
    run: "Run | None" = None
    layer: str | None = None
    """Of a network, the one to be looked at; None for all."""
    onto: str | None = None
    """A file or run on whose map the rows are to be placed."""
    seed: int = 0
    store: RunStore = field(default_factory=RunStore)
    listen: Listen = nobody

    def __len__(self) -> int:
        return len(self.features)

    @property
    def card(self) -> Mapping[str, Any]:
        """How the rows were read, as the data set or else the run has it."""
        source = self.own if self.own is not None else self.run
        return {"kind": "table"} if source is None else source.card


def is_data(subject: str) -> bool:
    """Whether this is a file, a folder or a data set of the hub, and not the name of a run."""
    return subject.startswith("hub:") or Path(subject).expanduser().exists()


def found_run(subject: str, store: RunStore) -> "Run":
    """The run of this name; raises BadSetting, which says that there is no such file either."""
    try:
        return comparison.find(subject, store)
    except BadSetting as error:
        why = Text("there is no such file, and of runs: {why}", "没有这个文件；就运行而言：{why}")
        raise BadSetting(why.format(why=error.message)) from None


def of_file(path: str, *, target: str | None = None, options: Mapping[str, Any], **rest: Any) -> Scene:
    """The rows of a file or folder; `options` are those of `zhixing.data.own_data`. Raises as that does."""
    own: data.Own = data.own_data(path, target=target, **options).build()
    if isinstance(own, data.OwnUnlabelled):
        features, known = own.take(np.arange(own.rows)), own.targets[: own.rows] if own.known else None
        return Scene(Path(path).name, features, known, (), own, **rest)
    return Scene(Path(path).name, own.take(np.arange(len(own))), own.targets, own.classes, own, **rest)


def of_run(run: "Run", path: str | None, **rest: Any) -> Scene:
    """The rows that a run learned from and was judged by; of those at the path where one is given.

    Raises BadData where they cannot be read, for the first with what to do about it.
    """
    if path is not None:
        features = joined(data.later(run.card, path))
        return Scene(run.name, features, _later_targets(run, path), run.classes, None, run, **rest)
    try:
        own: data.Own = run.trial.settings["data"].build()
    except ZhixingError as error:
        raise BadData(
            Text(
                en=f"the rows that {run.name} learned from cannot be read ({error.message.en}); name such rows by --data PATH",
                zh=f"无法读取 {run.name} 学习时所用的行（{error.message.zh}）；请用 --data 路径 给出同样的数据",
            )
        ) from None
    return Scene(run.name, own.take(np.arange(len(own))), own.targets, own.classes, own, run, **rest)


def _later_targets(run: "Run", path: str) -> np.ndarray | None:
    """The targets of these rows; None where no row has one that the run knows."""
    try:
        targets: np.ndarray = joined(data.later_answers(run.card, path))
    except (BadData, BadSetting):  # no such column
        return None
    known = targets.dtype == object or (np.isfinite(targets) if targets.dtype.kind == "f" else targets >= 0).any()
    return targets if known else None


def joined(blocks: Iterable[Any]) -> Any:
    """Blocks of rows as one, of the kind that they are."""
    import pandas

    parts = list(blocks)
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], pandas.DataFrame):
        return pandas.concat(parts, ignore_index=True)
    return np.concatenate(parts)
