"""Files that are whole or absent: each write is one atomic rename, each tree of tensors one safetensors file."""

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zhixing.core.errors import StoreError
from zhixing.core.text import Text
from zhixing.core.trial import State

_CAUSES = {
    errno.ENOSPC: Text("no space is left there; `zhixing runs rm` frees some", "磁盘已满；可用 `zhixing runs rm` 清理"),
    errno.EDQUOT: Text(
        "the disk quota is used up; `zhixing runs rm` frees some", "磁盘配额已用完；可用 `zhixing runs rm` 清理"
    ),
    errno.EROFS: Text("the file system is read-only", "该文件系统是只读的"),
    errno.EACCES: Text("you may not write there", "没有写入权限"),
    errno.ENOTDIR: Text("a file stands where a folder is needed", "需要文件夹的位置上是一个文件"),
    errno.EEXIST: Text("a file stands where a folder is needed", "需要文件夹的位置上是一个文件"),
}


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turns the operating system's refusals to write at `place` into one StoreError that names the cure."""
    try:
        yield
    except OSError as error:
        cause = _CAUSES.get(error.errno or 0, Text(str(error), str(error)))
        raise StoreError(
            Text(
                en=f"cannot write to the run store at {place}: {cause.en}. What was measured is kept; "
                "ZHIXING_HOME=FOLDER chooses another place",
                zh=f"无法写入运行库 {place}：{cause.zh}。已测得的结果都还在；可用 ZHIXING_HOME=文件夹 换一个位置",
            )
        ) from error


def write_whole(path: Path, content: bytes | str) -> None:
    """Writes the file so that a reader sees either the old content or the new, whatever happens meanwhile."""
    half_done = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with half_done.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        half_done.replace(path)
    finally:
        half_done.unlink(missing_ok=True)


def write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows as Parquet; the columns are those of all rows."""
    import pyarrow
    import pyarrow.parquet

    names = dict.fromkeys(name for row in rows for name in row)
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table({name: [row.get(name) for row in rows] for name in names}), sink)
    write_whole(path, sink.getvalue().to_pybytes())


def write_state(path: Path, state: State) -> None:
    """Writes a tree of dicts, lists, tuples, tensors, numbers, strings, booleans and None; nothing is pickled."""
    import safetensors.torch
    import torch

    tensors: dict[str, torch.Tensor] = {}

    def encode(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            tensors[str(len(tensors))] = value.detach().cpu().contiguous().clone()
            return {"tensor": str(len(tensors) - 1)}
        if isinstance(value, dict):
            return {"dict": [[key, encode(item)] for key, item in value.items()]}
        if isinstance(value, tuple):
            return {"tuple": [encode(item) for item in value]}
        if isinstance(value, list):
            return [encode(item) for item in value]
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise TypeError(f"a state cannot hold a {type(value).__name__}")

    tree = json.dumps(encode(state))
    write_whole(path, safetensors.torch.save(tensors, metadata={"tree": tree}))


def read_state(path: Path) -> State | None:
    """The tree that `write_state` wrote; None where there is none or the file is damaged."""
    import safetensors

    try:
        with safetensors.safe_open(path, framework="pt") as file:
            tree = json.loads(file.metadata()["tree"])
            state: State = _decode(tree, file)
            return state
    except (OSError, safetensors.SafetensorError, KeyError, TypeError, ValueError):
        return None


def _decode(value: Any, file: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item, file) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return file.get_tensor(content)
    if kind == "dict":
        return {key: _decode(item, file) for key, item in content}
    return tuple(_decode(item, file) for item in content)
