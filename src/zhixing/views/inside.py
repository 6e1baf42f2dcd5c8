"""The network of a run that is looked at: how it was trained, and rows as it takes them."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.core import Text
from zhixing.views.asked import judging_rows, taken
from zhixing.views.scene import Scene
from zhixing.views.view import CannotShow

if TYPE_CHECKING:
    from torch import Tensor

    from zhixing.evaluate.training import Loss
    from zhixing.train import Trace


@dataclass(frozen=True, eq=False)
class Inside:
    """A network, the trace of its training, and the scene that it is looked at in."""

    scene: Scene
    estimator: Any
    """Whose `network` and `sized` they are."""
    trace: "Trace"

    def learned_from(self, most: int) -> np.ndarray:
        """Places in the scene of rows that it learned from, at most so many, at random by the scene's seed."""
        rows = np.setdiff1d(np.arange(len(self.scene)), self._judged)
        return np.sort(np.random.default_rng(self.scene.seed).permutation(rows if len(rows) else self._judged)[:most])

    def judged_by(self, most: int) -> np.ndarray:
        """Places in the scene of rows that judged it and taught it nothing, or of any other rows, chosen likewise."""
        return np.sort(np.random.default_rng(self.scene.seed).permutation(self._judged)[:most])

    def inputs(self, rows: np.ndarray) -> "Tensor":
        """Rows as the network takes them; raises CannotShow where these are lists of unequal length."""
        import torch

        features = self.scene.features
        prepared = None
        if not isinstance(features, list):
            prepared = self.scene.run.learner.preparation.transform(taken(features, rows))  # type: ignore[union-attr]
        if not isinstance(prepared, np.ndarray) or prepared.dtype == object:
            raise CannotShow(
                Text(
                    "the network reads sentences token by token; layers and losses are shown of rows of one size only",
                    "该网络逐个词元读句子；层与损失只能用大小相同的行来显示",
                )
            )
        return torch.from_numpy(prepared.astype(np.float32))

    def wanted(self, rows: np.ndarray) -> tuple["Tensor", "Loss"]:
        """The targets of rows as its loss takes them, and that loss. Raises CannotShow where targets are unknown."""
        import torch

        targets, learner = self._targets[rows], self.scene.run.learner  # type: ignore[union-attr]
        if learner.known is None:
            tensor, loss, _ = self.estimator.task((targets - learner.centre) / learner.scale)
            return tensor, loss
        _, loss, _ = self.estimator.task(learner.known)
        return torch.from_numpy(np.searchsorted(learner.known, targets)), loss

    @property
    def _targets(self) -> np.ndarray:
        if self.scene.targets is None:
            raise CannotShow(Text("the targets of these rows are not known", "这些行的目标未知"))
        return self.scene.targets

    @cached_property
    def _judged(self) -> np.ndarray:
        if self.scene.own is None:
            known = (
                np.ones(len(self.scene), dtype=bool) if self.scene.targets is None else _is_known(self.scene.targets)
            )
            return np.flatnonzero(known)
        return np.sort(judging_rows(self.scene))


def inside(scene: Scene) -> Inside:
    """The network of the scene's run; raises CannotShow where there is none, or no trace of its training."""
    from zhixing.train import read_trace

    if scene.run is None:
        raise CannotShow(
            Text(
                "this is seen of a network only, and data alone have none: name a run, such as `zhixing train network` makes",
                "这只能在神经网络上看，单有数据不够：请给一次运行，例如 `zhixing train network` 的结果",
            )
        )
    whole = scene.run.learner.estimator
    estimator = getattr(whole, "regressor", whole)
    if not hasattr(estimator, "network"):
        raise CannotShow(
            Text(
                "{arm} is no network trained step by step: it has neither layers nor a course of training",
                "{arm} 不是逐步训练的神经网络，没有层，也没有训练过程可看",
            ).format(arm=scene.run.result.arm)
        )
    trace = read_trace(scene.run.folder)
    if trace is None:
        raise CannotShow(
            Text(
                "the run kept no trace of its training, as older ones did not; train it again",
                "该运行没有保存训练过程（旧版本不保存）；请重新训练",
            )
        )
    return Inside(scene, estimator, trace)


def _is_known(targets: np.ndarray) -> np.ndarray:
    if targets.dtype.kind == "O":
        return np.ones(len(targets), dtype=bool)
    known = np.isfinite(targets) if targets.dtype.kind == "f" else (targets >= 0).reshape(len(targets), -1).all(axis=1)
    return np.asarray(known)
