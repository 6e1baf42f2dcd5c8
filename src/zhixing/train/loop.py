"""The one training loop. What happens to a batch is a step's business: another kind of training is another step."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from torch import Tensor, nn

from zhixing.core import State

Batch = tuple[Tensor, ...]


class Stateful(Protocol):
    """Anything that can be put down and taken up again, as torch's modules and optimisers can."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: Any, /) -> Any: ...


class Step(Stateful, Protocol):
    """Learns from one batch, `done` steps having been taken, and says what it saw: loss, learning rate, ..."""

    def __call__(self, batch: Batch, done: int) -> Mapping[str, Tensor | float]: ...


class Record(NamedTuple):
    """What one step reported."""

    step: int
    """Steps taken so far, this one included."""
    seen: Mapping[str, Tensor | float]
    """Zero-dimensional tensors stay on their device, so that a step never waits for a number nobody reads."""

    def numbers(self) -> dict[str, float]:
        """What was seen, as plain numbers."""
        return {name: float(value) for name, value in self.seen.items()}


def fit(model: nn.Module, batches: Iterator[Batch], step: Step, *, total: int, done: int = 0) -> Iterator[Record]:
    """Takes steps `done` + 1 to `total`, one batch each, and yields a record after each.

    The caller decides between two records whether to look, to save or to stop; if it leaves the model in
    evaluation mode, the next step sets it back to training mode.
    """
    for taken in range(done, total):
        if not model.training:
            model.train()
        yield Record(taken + 1, step(next(batches), taken))


def snapshot(parts: Mapping[str, Stateful], done: int) -> State:
    """The state of every part after `done` steps. Its tensors are the live ones: whoever keeps them copies them."""
    return {"done": done, **{name: part.state_dict() for name, part in parts.items()}}


def restore(parts: Mapping[str, Stateful], state: State | None) -> int:
    """Takes every part back to a snapshot and returns the steps done by then; 0, and nothing, for None."""
    if state is None:
        return 0
    for name, part in parts.items():
        part.load_state_dict(state[name])
    done: int = state["done"]
    return done
