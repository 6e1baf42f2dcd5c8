"""A table of the Hugging Face hub, `hub:OWNER/NAME[/CONFIGURATION]`, copied once into the run store's home.

The only part of Zhixing that uses the network, and only for such a name. Tables are taken, never code or pickles:
https://huggingface.co/docs/dataset-viewer/parquet describes the hub's own copy of each data set as Parquet files.
"""

import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from zhixing.core import BadData, MissingPackage, Text
from zhixing.data.own.files import MOST_BYTES
from zhixing.data.own.hub_copies import COMMIT, Copy, hub_folder, kept, use_unconfirmed

PREFIX = "hub:"
CONVERTED = "refs/convert/parquet"
"""The branch on which the hub keeps its Parquet copy: CONFIGURATION/SPLIT/0000.parquet."""
ENDINGS = (".parquet", ".csv", ".jsonl")
"""What is taken of a repository without that branch, the first kind that it has."""
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"


class _NoAnswer(BadData):
    """Nobody answers, or the hub itself fails."""


@dataclass(frozen=True)
class _Repository:
    commit: str
    sizes: dict[str, int]
    """Bytes of each file by its path."""


def local(path: str | Path) -> str | Path:
    """The path itself, or for a name of the hub the path of its table's copy here, which is fetched if it is not there.

    Within one process a name stays at one commit. Where the hub gives no answer, the copy that was made last is used, and
    the table's notes say so. Raises BadData, in one line, for a name that is none, that the hub does not know or show,
    without tables or of too many bytes, and without an answer or a copy; MissingPackage without the extra `hub`.
    """
    name = str(path)
    return _local(name.removeprefix(PREFIX), hub_folder()) if name.startswith(PREFIX) else path


@lru_cache(maxsize=8)
def _local(name: str, home: Path) -> Path:
    parts = name.split("/")
    if len(parts) not in (2, 3) or not all(re.fullmatch(_PART, part) for part in parts):
        raise BadData(
            Text(
                en=f"{PREFIX}{name} names no data set of the hub; expected is hub:OWNER/NAME or hub:OWNER/NAME/CONFIGURATION",
                zh=f"{PREFIX}{name} 不是 hub 上数据集的名字；应为 hub:OWNER/NAME 或 hub:OWNER/NAME/配置名",
            )
        )
    title, config = "/".join(parts[:2]), parts[2] if len(parts) == 3 else None
    try:
        return _asked(home, title, config)
    except _NoAnswer:
        copies = kept(home, title, config, ENDINGS)
        if len({copy.file for copy in copies}) != 1:
            raise
        return use_unconfirmed(copies[0])


def _asked(home: Path, title: str, config: str | None) -> Path:
    """The path of the copy of what the hub has now, made if it is not there."""
    found = _repository(title)
    tables = _tables(found.sizes)
    config, files = _chosen(title, tables, config)
    size = sum(found.sizes[file] for file in files)
    if size > MOST_BYTES:
        raise BadData(
            Text(
                en=f"{PREFIX}{title}: its training split has {size:,} bytes, the most is {MOST_BYTES:,}; choose a smaller "
                "configuration, or save a sample as a file",
                zh=f"{PREFIX}{title}：训练部分有 {size:,} 字节，上限为 {MOST_BYTES:,}；请选较小的配置，或把一部分行存为文件",
            )
        )
    copy = Copy(home, title, found.commit, config + PurePosixPath(files[0]).suffix.lower())
    if not copy.place.is_file():
        _fetch(copy, files)
    return copy.place


def _repository(title: str) -> _Repository:
    """The Parquet copy of the data set of this name, else its main branch."""
    hub = _package()
    api = hub.HfApi()
    try:
        try:
            info = api.dataset_info(title, revision=CONVERTED, files_metadata=True)
        except hub.errors.RevisionNotFoundError:
            info = api.dataset_info(title, files_metadata=True)
    except (OSError, ValueError, _http_error()) as error:
        raise _unreached(title, error) from None
    if not re.fullmatch(COMMIT, str(info.sha)):
        raise _unreached(title, ValueError("no commit"))
    return _Repository(info.sha, {each.rfilename: each.size or 0 for each in info.siblings or ()})


def _package() -> Any:
    try:
        import huggingface_hub
        import huggingface_hub.errors
    except ImportError:
        raise MissingPackage(
            Text(
                "data sets of the hub take a package more: pip install 'zhixing[hub]'",
                "读取 hub 上的数据集还需要一个包：pip install 'zhixing[hub]'",
            )
        ) from None
    return huggingface_hub


def _http_error() -> type[Exception]:
    """What the client's own HTTP library raises where nobody answers."""
    import httpx2

    return httpx2.HTTPError


def _tables(files: Iterable[str]) -> dict[str, list[str]]:
    """The files of the training split by configuration, in order; the only table of a repository is one, too."""
    paths = [PurePosixPath(file) for file in sorted(files)]
    paths = [path for path in paths if all(re.fullmatch(_PART, part) for part in path.parts)]
    for ending in ENDINGS:
        kind = [path for path in paths if path.suffix.lower() == ending]
        train = [path for path in kind if re.match("(partial-)?train", _split(path))]
        tables: dict[str, list[str]] = {}
        for path in train or (kind if len(kind) == 1 else []):
            folders = [part for part in path.parts[:-1] if part != "data" and not _is_split(part)]
            tables.setdefault("-".join(folders) or "default", []).append(str(path))
        if tables:
            return tables
    return {}


def _is_split(folder: str) -> bool:
    return re.fullmatch("(partial-)?(train|test|validation)", folder) is not None


def _split(path: PurePosixPath) -> str:
    """The part of a path that names the split: the folder where it does, else the file."""
    return path.parent.name if _is_split(path.parent.name) else path.name


def _chosen(title: str, tables: dict[str, list[str]], config: str | None) -> tuple[str, list[str]]:
    if not tables:
        raise BadData(
            Text(
                en=f"{PREFIX}{title} holds no table with a training split ({', '.join(ENDINGS)}); save one as a file and "
                "give its path",
                zh=f"{PREFIX}{title} 中没有含训练部分的表格（{', '.join(ENDINGS)}）；请另存为文件，再给出路径",
            )
        )
    if config is None and len(tables) == 1:
        return next(iter(tables.items()))
    if config is None or config not in tables:
        names = ", ".join(tables)
        raise BadData(
            Text(
                en=f"{PREFIX}{title} has these configurations: {names}; choose one, such as "
                f"{PREFIX}{title}/{next(iter(tables))}",
                zh=f"{PREFIX}{title} 有这些配置：{names}；请选一个，如 {PREFIX}{title}/{next(iter(tables))}",
            )
        )
    return config, tables[config]


def _fetch(copy: Copy, files: Sequence[str]) -> None:
    """Fetches the files and writes them as one; a copy that is cut short leaves nothing behind."""
    hub, title, place = _package(), copy.title, copy.place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".") as folder:
        try:
            shards = [
                Path(hub.hf_hub_download(title, file, repo_type="dataset", revision=copy.commit, local_dir=folder))
                for file in files
            ]
        except (OSError, ValueError, _http_error()) as error:
            raise _unreached(title, error) from None
        whole = Path(folder, "whole")
        if len(shards) == 1:
            whole = shards[0]
        elif place.suffix == ".parquet":
            _join_parquet(title, shards, whole)
        else:
            _join_lines(title, shards, whole, headed=place.suffix == ".csv")
        whole.replace(place)


def _join_parquet(title: str, shards: Sequence[Path], whole: Path) -> None:
    """One row group in memory at a time."""
    import pyarrow
    from pyarrow import parquet

    try:
        schema = parquet.read_schema(shards[0]).remove_metadata()
        with parquet.ParquetWriter(whole, schema) as writer:
            for shard in shards:
                with parquet.ParquetFile(shard) as file:
                    for group in range(file.num_row_groups):
                        writer.write_table(file.read_row_group(group, use_threads=False).cast(schema))
    except (pyarrow.ArrowException, ValueError):
        raise _unlike(title) from None


def _join_lines(title: str, shards: Sequence[Path], whole: Path, *, headed: bool) -> None:
    first = b""
    with whole.open("wb") as out:
        for number, shard in enumerate(shards):
            with shard.open("rb") as file:
                if headed:
                    header = file.readline().rstrip(b"\r\n")
                    if number and header != first:
                        raise _unlike(title)
                    if not number:
                        first = header
                        out.write(header + b"\n")
                shutil.copyfileobj(file, out)
            out.write(b"\n")


def _unlike(title: str) -> BadData:
    return BadData(
        Text(
            en=f"the files of {PREFIX}{title} are broken or have different columns; save one of them and give its path",
            zh=f"{PREFIX}{title} 的各个文件已损坏或列不相同；请另存其中一个，再给出路径",
        )
    )


def _unreached(title: str, error: Exception) -> BadData:
    """Why the hub gave nothing: what it answered, or that nobody did."""
    status = None
    with suppress(AttributeError):
        status = error.response.status_code  # type: ignore[attr-defined]
    if status in (401, 403):
        return BadData(
            Text(
                en=f"the hub does not show {PREFIX}{title}: unknown, private or for members; check the name, or log in with "
                "`hf auth login`",
                zh=f"hub 不公开 {PREFIX}{title}：不存在、私有或需要授权；请检查名字，或先用 `hf auth login` 登录",
            )
        )
    if status == 404:
        return BadData(
            Text(
                f"the hub has no data set {PREFIX}{title}; check the name",
                f"hub 上没有数据集 {PREFIX}{title}；请检查名字",
            )
        )
    reason = f"HTTP {status}" if status else type(error).__name__
    return _NoAnswer(
        Text(
            en=f"the hub gave no answer for {PREFIX}{title} ({reason}); check the network, or save the table as a file",
            zh=f"没有从 hub 得到 {PREFIX}{title}（{reason}）；请检查网络，或把表格存为文件",
        )
    )
