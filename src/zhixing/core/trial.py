"""The contract of a trial: a function of settings and a seed that returns measures and reports to a watch.

    def trial(seeds: Seeds, watch: Watch, **settings) -> Mapping[str, float | Series]

Everything that the engine does (pricing, resuming, drawing) it does through the watch, so a trial may be
anything that can be measured: training a network, timing PCA, counting won games.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

State = dict[str, Any]


@dataclass(frozen=True)
class Series:
    """A measure along a named axis: layer, lag, length, step, number of examples."""

    axis: str
    at: tuple[float, ...]
    values: tuple[float, ...]


Measures = Mapping[str, float | Series]


class Watch(Protocol):
    """What a trial reports to as it goes."""

    def resume(self) -> State | None:
        """The state that `step` saved last, of an earlier attempt at this very trial; None at a first attempt."""

    def step(self, done: int, total: int, state: Callable[[], State]) -> None:
        """Says that `done` of `total` steps are done; `state` is called only when a checkpoint is due.

        A state is a tree of dicts, lists, tensors, numbers, strings and None. To be cancelled is to see
        this call raise; a trial lets it pass.
        """

    def row(self, **values: float) -> None:
        """One row of the trial's record, such as step=100, loss=0.4; rows are kept with checkpoints."""

    def array(self, name: str, values: "np.ndarray") -> None:
        """An array to keep with the result, such as a confusion matrix or examples that went wrong."""

    def weights(self, tensors: Mapping[str, Any]) -> None:
        """The trained weights by name, kept with the result as safetensors."""

    def file(self, name: str, content: bytes) -> None:
        """A file to keep with the result, such as a fitted model."""
