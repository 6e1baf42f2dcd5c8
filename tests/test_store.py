"""The run store: folders are the truth, the index can always be made again, refusals are one clear line."""

import json
import os
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from zhixing.core import Series, StoreError
from zhixing.core.store import Result, RunStore, default_home, write_result

RESULT = Result(
    digest="d1",
    study="toy",
    scale="quick",
    arm="a",
    seed=3,
    status="done",
    measures={"error": 1.5, "norm": Series("layer", (1.0, 2.0), (0.1, float("nan")))},
    seconds=2.0,
    peak_bytes=1000,
    finished="2026-01-01T00:00:00+00:00",
    call="toy.trial(x=1)",
    call_digest="c1",
    data="",
    code="k1",
)


def put(store: RunStore, digest: str = "d1", **changes: object) -> Result:
    """A finished trial, as a worker leaves it."""
    result = replace(RESULT, digest=digest, **changes)  # type: ignore[arg-type]
    store.folder(digest).mkdir()
    write_result(store.folder(digest), result)
    return result


def test_a_result_comes_back_as_it_was(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    put(store)
    found = store.result("d1")
    assert found is not None
    assert found.measures["error"] == 1.5
    assert repr(found) == repr(RESULT)  # repr, since NaN is not equal to itself
    assert store.result("d2") is None


def test_home_is_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIXING_HOME", str(tmp_path / "here"))
    assert RunStore().home == tmp_path / "here"
    monkeypatch.delenv("ZHIXING_HOME")
    assert "zhixing" in str(default_home())


def test_the_index_lists_newest_first_and_prices(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    for day, seconds in (("01", 2.0), ("02", 4.0)):
        store.add(put(store, f"d{day}", seconds=seconds, finished=f"2026-01-{day}", peak_bytes=int(seconds)))
    store.add(put(store, "bad", status="failed", seconds=99.0, finished="2026-01-03"))
    assert [row["digest"] for row in store.listed()] == ["bad", "d02", "d01"]
    assert store.typical("c1") == (3.0, 4)
    assert store.typical("other") is None


@pytest.mark.parametrize(
    "content", [b"", b"not a database, but long enough to be read as one " * 40, b"SQLite format 3\0"]
)
def test_a_broken_index_is_set_aside_and_made_again(tmp_path: Path, content: bytes) -> None:
    store = RunStore(tmp_path)
    store.add(put(store))
    index = next(tmp_path.glob("index*.sqlite"))
    for extra in tmp_path.glob("index*.sqlite-*"):
        extra.unlink()
    index.write_bytes(content)
    again = RunStore(tmp_path)
    again.refresh()
    assert [row["digest"] for row in again.listed()] == ["d1"]


def test_a_missing_index_is_made_again(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.add(put(store))
    for file in tmp_path.glob("index*"):
        file.unlink()
    again = RunStore(tmp_path)
    assert again.repaired
    assert [row["digest"] for row in again.listed()] == ["d1"]


def test_a_trial_that_the_index_missed_is_taken_in(tmp_path: Path) -> None:
    """As after a crash between the rename and the index."""
    store = RunStore(tmp_path)
    put(store)
    assert store.listed() == []
    store.refresh()
    assert [row["digest"] for row in store.listed()] == ["d1"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"digest": "d1"}', "\0\0"])
def test_a_damaged_result_is_set_aside_and_runs_again(tmp_path: Path, content: str) -> None:
    store = RunStore(tmp_path)
    put(store)
    (store.folder("d1") / "result.json").write_text(content)
    assert store.result("d1") is None
    assert not store.folder("d1").exists()
    assert (tmp_path / "aside" / "d1" / "result.json").read_text() == content


def test_a_record_of_another_layout_is_kept_aside(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    put(store)
    record = json.loads((store.folder("d1") / "result.json").read_text())
    (store.folder("d1") / "result.json").write_text(json.dumps({**record, "colour": "red"}))
    assert store.result("d1") is None
    assert (tmp_path / "aside" / "d1").exists()


def test_a_store_from_a_newer_version_is_refused_and_kept(tmp_path: Path) -> None:
    RunStore(tmp_path)
    (tmp_path / "store.json").write_text('{"version": 99}')
    with pytest.raises(StoreError, match=r"made by a newer Zhixing \(layout 99, this one reads 1\); update Zhixing"):
        RunStore(tmp_path)


def test_an_index_of_an_older_shape_is_left_alone(tmp_path: Path) -> None:
    """An older version's index has another name; the trials are taken from their folders."""
    store = RunStore(tmp_path)
    put(store)
    for file in tmp_path.glob("index*"):
        file.unlink()
    with sqlite3.connect(tmp_path / "index.v0.sqlite") as old:
        old.execute("CREATE TABLE trials (digest TEXT)")
    old.close()
    assert [row["digest"] for row in RunStore(tmp_path).listed()] == ["d1"]


def test_a_home_that_is_a_file_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"a file stands where a folder is needed.*What was measured is kept"):
        RunStore(tmp_path / "file")


@pytest.mark.skipif(not Path("/proc/1").exists(), reason="needs a folder in which nobody may write")
def test_a_home_that_cannot_be_written_is_one_clear_line() -> None:
    with pytest.raises(StoreError, match="cannot write to the run store at /proc/zhixing"):
        RunStore(Path("/proc/zhixing"))


def test_remove_frees_space_and_forgets(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.add(put(store))
    (store.folder("d1") / "weights").write_bytes(b"0" * 5000)
    assert store.remove("d1") >= 5000
    assert store.result("d1") is None
    assert store.listed() == []
    assert list((tmp_path / "desks").iterdir()) == []


def test_many_writers_at_once(tmp_path: Path) -> None:
    RunStore(tmp_path)
    errors: list[Exception] = []

    def write(start: int) -> None:
        try:
            store = RunStore(tmp_path)
            for number in range(start, start + 20):
                store.add(put(store, f"d{number}"))
        except Exception as error:
            errors.append(error)

    writers = [threading.Thread(target=write, args=(100 * k,)) for k in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert errors == []
    assert len(RunStore(tmp_path).listed()) == 80


def test_rows_of_a_damaged_file_are_empty(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    put(store)
    assert store.rows("d1") == {}
    (store.folder("d1") / "rows.parquet").write_bytes(os.urandom(50))
    assert store.rows("d1") == {}
