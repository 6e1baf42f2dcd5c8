"""Shape annotations are checked in every test, where there are any: in the modules that compute with tensors.

The hook must stand before anything of ours is imported. Other modules are left to mypy, which knows protocols and
that an int will do for a float.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jaxtyping
import numpy as np
import pytest
import sklearn.ensemble  # noqa: F401 - so that the limit below holds for it
import threadpoolctl
import torch

shaped = [
    "zhixing.nn",
    "zhixing.models",
    *(
        f"zhixing.evaluate.{name}"
        for name in (
            "classification",
            "gradients",
            "derivatives",
            "shifts",
            "neighbours",
            "curvature",
            "landscape",
            "probes",
            "training",
            "noise_scale",
            "saliency",
            "units",
        )
    ),
]
jaxtyping.install_import_hook(shaped, "beartype.beartype")
threadpoolctl.threadpool_limits(1)  # as a worker runs, and faster on models as small as these


@pytest.fixture(autouse=True, scope="session")
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A run store of the tests' own: none of them reads or writes the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZHIXING_HOME", str(tmp_path_factory.mktemp("home")))
        yield


class Stopped(Exception):
    """What a MemoryWatch raises at the step where it was told to stop."""


class MemoryWatch:
    """A watch that keeps everything in memory; `stop_at=k` saves the state after step k and cancels the trial."""

    def __init__(self, *, resume_from: Mapping[str, Any] | None = None, stop_at: int | None = None):
        self.resume_from, self.stop_at = resume_from, stop_at
        self.state: dict[str, Any] | None = None
        self.steps: list[tuple[int, int]] = []
        self.rows: list[dict[str, float]] = []
        self.arrays: dict[str, np.ndarray] = {}
        self.tensors: dict[str, torch.Tensor] = {}
        self.files: dict[str, bytes] = {}

    def resume(self) -> dict[str, Any] | None:
        return None if self.resume_from is None else _kept(self.resume_from)

    def step(self, done: int, total: int, state: Callable[[], dict[str, Any]]) -> None:
        self.steps.append((done, total))
        if done == self.stop_at:
            self.state = _kept(state())
            raise Stopped

    def row(self, **values: float) -> None:
        self.rows.append(values)

    def array(self, name: str, values: np.ndarray) -> None:
        self.arrays[name] = values

    def file(self, name: str, content: bytes) -> None:
        self.files[name] = content

    def weights(self, tensors: Mapping[str, Any]) -> None:
        self.tensors = _kept(dict(tensors))


def _kept(tree: Any) -> Any:
    """A copy as a file would give it back: contiguous tensors that nobody else holds."""
    if isinstance(tree, torch.Tensor):
        return tree.detach().cpu().contiguous().clone()
    if isinstance(tree, Mapping):
        return {key: _kept(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(_kept(value) for value in tree)
    return copy.deepcopy(tree)


@pytest.fixture
def memory_watch() -> type[MemoryWatch]:
    return MemoryWatch


@pytest.fixture
def stopped() -> type[Stopped]:
    return Stopped


@pytest.fixture
def global_randomness_untouched():
    """Fails the test that moves the global generators of torch or NumPy."""
    before = torch.random.get_rng_state(), np.random.get_state()  # noqa: NPY002 - the very thing that is watched
    yield
    after = torch.random.get_rng_state(), np.random.get_state()  # noqa: NPY002
    assert torch.equal(before[0], after[0]), "torch's global generator was used"
    assert before[1][2] == after[1][2], "NumPy's global generator was used"
    np.testing.assert_array_equal(before[1][1], after[1][1])
