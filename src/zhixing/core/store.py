"""The run store: one folder per finished trial, and an index that can always be made again from them.

    store.json            the version of this layout
    index.v1.sqlite       what `zhixing runs` lists; only parent processes write it
    trials/DIGEST/        a finished trial: result.json, rows.parquet, arrays and weights as safetensors
    desks/DIGEST/         a trial at work: its last checkpoint; renamed into trials/ when it finishes
    locks/DIGEST          held by the process that works at that desk
    plans/ answers/       studies frozen before their first trial; what they answered
    guesses.jsonl         what the user thought before looking

The folders are the truth. A crash at any instant leaves either a desk with its last checkpoint or a finished
trial; a finished trial that the index does not know yet is taken in when it is next asked for.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zhixing.core.errors import StoreError
from zhixing.core.files import write_whole, writing
from zhixing.core.text import Text
from zhixing.core.trial import Series

VERSION = 1
_INDEX = "index.v1.sqlite"  # an index of another shape has another name, and is made from the folders

_TABLE = """CREATE TABLE IF NOT EXISTS trials (
    digest TEXT PRIMARY KEY, study TEXT, scale TEXT, arm TEXT, seed INTEGER, status TEXT, seconds REAL,
    peak_bytes INTEGER, bytes INTEGER, finished TEXT, call TEXT, call_digest TEXT)"""


@dataclass(frozen=True)
class Result:
    """A finished trial: what ran, what it measured, what it cost."""

    digest: str
    study: str
    scale: str
    arm: str
    seed: int
    status: str
    """done, or failed when the trial itself raised; a worker that died leaves no result."""
    measures: Mapping[str, float | Series]
    seconds: float
    """Processor-side wall clock over all attempts, in seconds."""
    peak_bytes: int
    """Largest resident memory of the process that ran it."""
    finished: str
    """ISO 8601, UTC."""
    call: str
    call_digest: str
    data: str
    code: str
    machine: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None


class RunStore:
    """The store in one folder; by default ZHIXING_HOME, else the platform's user data folder.

    Raises StoreError where the folder cannot be used; a broken index is set aside and made again.
    """

    def __init__(self, home: Path | None = None):
        self.home = home or default_home()
        with writing(self.home):
            for name in ("trials", "desks", "locks", "plans", "answers"):
                (self.home / name).mkdir(parents=True, exist_ok=True)
            self._check_version()
        self.repaired = False
        """True when the index was broken or missing and has been made again."""
        try:
            self._open_index()
        except sqlite3.DatabaseError:
            self._set_index_aside()

    # Trials ---------------------------------------------------------------------------------------------

    def folder(self, digest: str) -> Path:
        """Where a finished trial is, or will be."""
        return self.home / "trials" / digest

    def desk(self, digest: str) -> Path:
        """Where a trial is at work."""
        return self.home / "desks" / digest

    def lock(self, digest: str) -> Path:
        """The file whose lock says that somebody works at this desk."""
        return self.home / "locks" / digest

    def result(self, digest: str) -> Result | None:
        """The finished trial, taken into the index if it is not there yet; None when it must (still) run.

        A folder whose record is damaged is moved to `aside/` and counts as not finished.
        """
        folder = self.folder(digest)
        if not folder.exists():
            return None
        try:
            return read_result(folder)
        except (OSError, ValueError, KeyError, TypeError):
            aside = self.home / "aside" / digest
            with writing(self.home):
                aside.parent.mkdir(exist_ok=True)
                shutil.rmtree(aside, ignore_errors=True)
                folder.replace(aside)
            return None

    def rows(self, digest: str) -> dict[str, list[float]]:
        """The rows that the trial recorded, as columns; empty when it recorded none."""
        path = self.folder(digest) / "rows.parquet"
        if not path.exists():
            return {}
        import pyarrow
        import pyarrow.parquet

        try:
            columns: dict[str, list[float]] = pyarrow.parquet.read_table(path).to_pydict()
        except (OSError, pyarrow.ArrowException):
            return {}
        return columns

    def remove(self, digest: str) -> int:
        """Deletes a finished trial and returns the bytes freed; atomic, so that no half of it remains."""
        freed = _bytes_in(self.folder(digest))
        bin_ = self.home / "desks" / f".removed-{digest}-{os.getpid()}"
        with writing(self.home):
            self.folder(digest).replace(bin_)
            shutil.rmtree(bin_, ignore_errors=True)
            self.lock(digest).unlink(missing_ok=True)
            with self._index() as index:
                index.execute("DELETE FROM trials WHERE digest = ?", (digest,))
        return freed

    # Index ----------------------------------------------------------------------------------------------

    def add(self, result: Result) -> None:
        """Takes a finished trial into the index; called by parent processes only."""
        with writing(self.home), self._index() as index:
            self._insert(index, result)

    def listed(self) -> list[dict[str, Any]]:
        """Every trial in the index, newest first, as dictionaries of its columns."""
        with self._index() as index:
            index.row_factory = sqlite3.Row
            return [dict(row) for row in index.execute("SELECT * FROM trials ORDER BY finished DESC, digest")]

    def typical(self, call_digest: str) -> tuple[float, int] | None:
        """Mean seconds and largest peak bytes of finished trials of this very call; None when there are none."""
        query = "SELECT AVG(seconds), MAX(peak_bytes) FROM trials WHERE call_digest = ? AND status = 'done'"
        with self._index() as index:
            seconds, peak = index.execute(query, (call_digest,)).fetchone()
        return None if seconds is None else (seconds, peak)

    def refresh(self) -> None:
        """Makes the index agree with the folders: takes in what it misses, forgets what is gone."""
        present = {path.name for path in (self.home / "trials").iterdir() if path.is_dir()}
        known = {row["digest"] for row in self.listed()}
        found = [result for digest in sorted(present - known) if (result := self.result(digest))]
        with writing(self.home), self._index() as index:
            for result in found:
                self._insert(index, result)
            index.executemany("DELETE FROM trials WHERE digest = ?", [(gone,) for gone in known - present])

    def _insert(self, index: sqlite3.Connection, result: Result) -> None:
        columns = (result.digest, result.study, result.scale, result.arm, result.seed, result.status, result.seconds)
        more = (result.peak_bytes, _bytes_in(self.folder(result.digest)), result.finished)
        index.execute(
            "INSERT OR IGNORE INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*columns, *more, result.call, result.call_digest),
        )

    @contextmanager
    def _index(self) -> Iterator[sqlite3.Connection]:
        """One transaction; another process that writes is waited for."""
        try:
            with closing(sqlite3.connect(self.home / _INDEX, timeout=60)) as index, index:
                yield index
        except sqlite3.OperationalError as error:
            raise StoreError(
                Text(
                    en=f"the index of the run store at {self.home} cannot be used: {error}. The trials are kept",
                    zh=f"运行库 {self.home} 的索引无法使用：{error}。试验结果都还在",
                )
            ) from error

    def _open_index(self) -> None:
        is_new = not (self.home / _INDEX).exists()
        with self._index() as index:
            index.execute("PRAGMA journal_mode=WAL")
            index.execute(_TABLE)
            index.execute("SELECT digest, call_digest FROM trials LIMIT 1").fetchall()
        if is_new and any((self.home / "trials").iterdir()):
            self.repaired = True
            self.refresh()

    def _set_index_aside(self) -> None:
        self.repaired = True
        with writing(self.home):
            for suffix in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    (self.home / f"{_INDEX}{suffix}").replace(self.home / f"broken-{_INDEX}{suffix}")
        self._open_index()

    def _check_version(self) -> None:
        marker = self.home / "store.json"
        try:
            found = int(json.loads(marker.read_text())["version"])
        except FileNotFoundError:
            found = 0
        except (ValueError, KeyError, TypeError):
            found = VERSION
        if found > VERSION:
            raise StoreError(
                Text(
                    en=f"the run store at {self.home} was made by a newer Zhixing (layout {found}, this one reads "
                    f"{VERSION}); update Zhixing, or choose another place with ZHIXING_HOME=FOLDER",
                    zh=f"运行库 {self.home} 由更新的版本写成（布局 {found}，本版本只读到 {VERSION}）；"
                    "请升级，或用 ZHIXING_HOME=文件夹 换一个位置",
                )
            )
        if found < VERSION:
            write_whole(marker, json.dumps({"version": VERSION}))


def default_home() -> Path:
    """ZHIXING_HOME if it is set, else the platform's folder for user data."""
    import platformdirs

    named = os.environ.get("ZHIXING_HOME")
    return Path(named).expanduser() if named else Path(platformdirs.user_data_dir("zhixing", appauthor=False))


def read_result(folder: Path) -> Result:
    """The record of a finished trial; raises ValueError, KeyError or TypeError when it is damaged."""
    record = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    measures = {name: _measure(v) for name, v in record.pop("measures").items()}
    return Result(**record, measures=measures)


def _measure(value: Any) -> float | Series:
    if isinstance(value, dict):
        return Series(value["axis"], tuple(value["at"]), tuple(value["values"]))
    return float(value)


def write_result(folder: Path, result: Result) -> None:
    """Writes the record of a finished trial into its folder."""
    write_whole(folder / "result.json", json.dumps(asdict(result)))


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*") if path.is_file()) if folder.exists() else 0
