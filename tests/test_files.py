"""Whole or absent: atomic writes, states without pickle, refusals of the system in one clear line."""

import errno
import os
from pathlib import Path

import pytest
import torch

from zhixing.core import StoreError
from zhixing.core.files import read_state, write_state, write_table, write_whole, writing

STATE = {
    "numbers": [1, 2.5, float("inf"), 2**100, True, None, "text"],
    "tuple": (1, (2,)),
    "by number": {0: torch.arange(3), "1": torch.tensor(2.0)},
    "half": torch.ones(2, dtype=torch.bfloat16),
    "generator": torch.Generator().manual_seed(5).get_state(),
    "empty": {},
}


def same(one: object, other: object) -> bool:
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return isinstance(other, dict) and list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    write_state(tmp_path / "state", STATE)
    assert same(read_state(tmp_path / "state"), STATE)


def test_tied_tensors_are_kept(tmp_path: Path) -> None:
    tied = torch.ones(3)
    write_state(tmp_path / "state", {"a": tied, "b": tied, "part": torch.arange(6)[::2]})
    read = read_state(tmp_path / "state")
    assert same(read, {"a": torch.ones(3), "b": torch.ones(3), "part": torch.tensor([0, 2, 4])})


def test_a_state_refuses_what_would_need_pickle(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="a state cannot hold a object"):
        write_state(tmp_path / "state", {"a": object()})


@pytest.mark.parametrize("kept", [0, 5, 40, 200, -1])
def test_a_damaged_state_reads_as_none(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "state"
    write_state(path, STATE)
    path.write_bytes(path.read_bytes()[:kept])
    assert read_state(path) is None


@pytest.mark.parametrize("content", [b"\x80\x04\x95", b"{}", b"\0" * 100, b"\xff" * 64])
def test_a_foreign_file_reads_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state").write_bytes(content)
    assert read_state(tmp_path / "state") is None
    assert read_state(tmp_path / "absent") is None


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "file", "old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="no space is left there; `zhixing runs rm` frees some"), writing(tmp_path):
        write_whole(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_rows_with_different_columns(tmp_path: Path) -> None:
    import pyarrow.parquet

    write_table(tmp_path / "rows", [{"step": 1, "loss": 0.5}, {"step": 2, "rate": 0.1}])
    assert pyarrow.parquet.read_table(tmp_path / "rows").to_pylist() == [
        {"step": 1, "loss": 0.5, "rate": None},
        {"step": 2, "loss": None, "rate": 0.1},
    ]
