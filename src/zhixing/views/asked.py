"""Rows that a run did not learn from, and what it says of them: what every view of its mistakes and reasons looks at."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.core import BadData, Seeds, Text
from zhixing.views.scene import Scene
from zhixing.views.view import CannotShow

if TYPE_CHECKING:
    from zhixing.comparison import Run

UNLEARNED = Text(
    "the {count:,} {things} that judged the run and taught it nothing", "没有参与学习、只用来评判的 {count:,} {things}"
)
GIVEN = Text("the {count:,} {things} given", "给出的 {count:,} {things}")
THINGS = {
    "pictures": Text("pictures", "张图片"),
    "sounds": Text("sounds", "段录音"),
    "texts": Text("texts", "篇文本"),
}
"""What is counted, by the kind of data; rows in a table."""
FORETELLS_NOT = {
    "unlabelled": Text("a run without a target foretells nothing", "没有目标的运行不作预测"),
    "tags": Text("a tagger answers with a tag for each word", "标注模型对每个词各给一个标签"),
    "ratings": Text("a recommender knows its users and items by name alone", "推荐模型只凭名字认识用户和物品"),
}


@dataclass(frozen=True, eq=False)
class Asked:
    """Rows with the answers to them."""

    run: "Run"
    places: np.ndarray
    """Of the rows (n,) in the scene."""
    features: Any
    """(n, ...) as preparations take them."""
    targets: np.ndarray | None
    answers: np.ndarray
    """Probabilities (n, classes), of one class or of several labels, or amounts (n,)."""
    which: Text
    """Which rows these are."""

    @property
    def one_class(self) -> bool:
        """Whether each row has exactly one class."""
        return bool(self.run.classes) and self.run.card["kind"] != "labels"

    def among(self, rows: np.ndarray) -> Any:
        """The features of some of the rows."""
        return taken(self.features, rows)


def asked(scene: Scene) -> Asked:
    """The judging rows of the run of a scene, or all rows where others were given.

    Raises CannotShow where there is no run, it answers with something else than classes, labels or amounts, or its data
    have changed; BadData for a damaged run.
    """
    if scene.run is None:
        raise CannotShow(
            Text("a reason or a mistake is of a run; data alone have none", "缘由和错误属于某次运行，数据本身没有")
        )
    kind = scene.run.card["kind"]
    if kind in FORETELLS_NOT:
        why = FORETELLS_NOT[kind]
        raise CannotShow(Text(f"{why.en}, so that this view has nothing to show", f"{why.zh}，此视图没有可显示的内容"))
    return _asked(scene)


@lru_cache(maxsize=1)
def _asked(scene: Scene) -> Asked:
    assert scene.run is not None
    places = np.arange(len(scene)) if scene.own is None else judging_rows(scene)
    features = taken(scene.features, places)
    targets = None if scene.targets is None else scene.targets[places]
    things = THINGS.get(scene.run.card["kind"], Text("rows", "行"))
    which = (GIVEN if scene.own is None else UNLEARNED).format(count=len(places), things=things)
    return Asked(scene.run, places, features, targets, scene.run.learner.answers(features), which)


def judging_rows(scene: Scene) -> np.ndarray:
    """Places in the scene of the rows that judged its run; of a scene of the run's own data.

    Raises CannotShow where the data are no longer those that the run divided, or it has lost which rows judged.
    """
    assert scene.run is not None
    assert scene.own is not None
    if scene.own.fingerprint != scene.run.result.data:
        raise CannotShow(
            Text(
                en="the data have changed since the run learned from them, so that nobody knows which rows taught it; train it "
                "again, or name rows by --data PATH",
                zh="该运行学习之后，数据有过改动，已无法知道哪些行参与了学习；请重新训练，或用 --data 路径 给出数据",
            )
        )
    try:
        return scene.run.array("judged")
    except BadData as error:
        raise CannotShow(error.message) from None


def known(seen: Asked) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places among the rows asked (n,), their targets and answers, where the target is one that the run knows.

    Raises CannotShow where there is none.
    """
    if seen.targets is None:
        raise CannotShow(Text("these rows have no targets to be held against", "这些行没有可供对照的目标"))
    flat = seen.targets.reshape(len(seen.targets), -1)
    there = np.flatnonzero(np.isfinite(flat).all(axis=1) & ((flat >= 0).all(axis=1) if seen.run.classes else True))
    if not len(there):
        raise CannotShow(Text("no row has a target that the run knows", "没有一行的目标是该运行认识的"))
    return there, seen.targets[there], seen.answers[there]


def taken(features: Any, rows: np.ndarray) -> Any:
    """Some rows of a table or an array."""
    return features.iloc[rows] if hasattr(features, "iloc") else features[rows]


def some(count: int, most: int, scene: Scene, stream: str) -> np.ndarray:
    """At most so many of the places 0 to count - 1, drawn by the scene's seed, in order."""
    drawn = Seeds(scene.seed).numpy(stream).permutation(count)[:most]
    return np.sort(drawn)


def answers_of(run: "Run") -> Callable[[Any], np.ndarray]:
    """What the run says of raw features."""

    def answers(features: Any) -> np.ndarray:
        told: np.ndarray = run.learner.answers(features)
        return told

    return answers
