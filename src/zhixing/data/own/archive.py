"""A zip archive, read where it lies: nothing is unpacked to disk, and what it may take of memory is bounded.

Source: PKWARE, APPNOTE.TXT 6.3.10, Sections 4.3.16 (end of central directory) and 4.4.2 (external attributes).
"""

import hashlib
import stat
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from zhixing.core import BadData, Text
from zhixing.data.own.loose import clean

MOST_UNPACKED = 20_000_000_000
"""Bytes of all files together that an archive may unpack to."""
MOST_DIRECTORY = 50_000_000
"""Bytes of an archive's own list of files, which is read whole."""
_END, _END_SIZE = b"PK\x05\x06", 22


class Archive:
    """The files of a zip archive by name; a single folder around all class folders is no part of the names.

    Raises BadData for an archive that is broken, protected, or unpacks to too much, for a name that leads out of it and
    for a link.
    """

    def __init__(self, place: Path, *, hidden: Callable[[str], bool]):
        self.name = clean(place.name)
        self.links: list[str] = []
        found = place.stat()
        self.stamp = hashlib.sha256(f"{found.st_size} {found.st_mtime_ns}".encode()).hexdigest()
        self._checked_directory(place, found.st_size)
        try:
            self._archive = zipfile.ZipFile(place)
            entries = [entry for entry in self._archive.infolist() if not entry.is_dir()]
        except Exception:  # zipfile meets broken bytes with errors of many kinds
            raise self._broken() from None
        names = _names(entries)
        for name, entry in zip(names, entries, strict=True):
            self._check(name, entry)
        unpacked = sum(entry.file_size for entry in entries)
        # Files that share bytes, the way to pack a bomb, are together longer than the archive that holds them.
        if unpacked > MOST_UNPACKED or sum(entry.compress_size for entry in entries) > found.st_size:
            raise self._bad(
                Text(f"unpacks to {unpacked:,} bytes, as a bomb does", f"解压后有 {unpacked:,} 字节，疑似压缩炸弹"),
                Text(
                    f"the most is {MOST_UNPACKED:,}; give a folder with a sample",
                    f"上限为 {MOST_UNPACKED:,}；请给出抽样后的文件夹",
                ),
            )
        by_name = dict(zip(names, entries, strict=True))
        named = {name: entry for name, entry in by_name.items() if not any(map(hidden, name.split("/")))}
        tops = {name.split("/", 1)[0] for name in named}
        around = f"{tops.pop()}/" if len(tops) == 1 and all(name.count("/") > 1 for name in named) else ""
        self._entries = {name.removeprefix(around): entry for name, entry in named.items()}
        self.sizes = {name: entry.file_size for name, entry in self._entries.items()}

    def open(self, name: str, /) -> IO[bytes]:
        """Gives no more bytes than `sizes` says."""
        return self._archive.open(self._entries[name])

    def _checked_directory(self, place: Path, size: int) -> None:
        """The size of the list of files stands at the end of the archive, and is read before the list is."""
        with place.open("rb") as file:
            file.seek(max(0, size - _END_SIZE - 0xFFFF))
            tail = file.read()
        at = tail.rfind(_END)
        if at < 0 or len(tail) - at < _END_SIZE:
            raise self._broken()
        directory = int.from_bytes(tail[at + 12 : at + 16], "little")
        if directory > MOST_DIRECTORY or b"PK\x06\x07" in tail[max(0, at - 20) : at]:
            raise self._bad(
                Text("lists more files than are read from an archive", "列出的文件多于可从压缩包读取的数量"),
                Text("unpack it and give the folder", "请解压后给出文件夹"),
            )

    def _check(self, name: str, entry: zipfile.ZipInfo) -> None:
        shown = repr(clean(name))
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]):
            raise self._bad(
                Text(f"holds the name {shown}, which leads out of it", f"包含指向外部的名称 {shown}"),
                Text("make it again from the folder itself", "请从文件夹本身重新压缩"),
            )
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise self._bad(
                Text(f"holds the link {shown}", f"包含链接 {shown}"),
                Text("links are not followed, so pack the files themselves", "不跟随链接，请打包文件本身"),
            )
        if entry.flag_bits & 0x1:
            raise self._bad(
                Text("is protected by a password", "有密码保护"),
                Text("unpack it and give the folder", "请解压后给出文件夹"),
            )

    def _bad(self, found: Text, cure: Text) -> BadData:
        return BadData(Text(f"{self.name} {found.en}; {cure.en}", f"{self.name} {found.zh}；{cure.zh}"))

    def _broken(self) -> BadData:
        return self._bad(
            Text(
                "is no whole zip archive: broken, cut short or of another kind",
                "不是完整的 zip 压缩包：已损坏、不完整或属于其他类型",
            ),
            Text("pack it again, or give the folder", "请重新压缩，或给出文件夹"),
        )


def _names(entries: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The names as they were written: archives of older systems hold UTF-8 or GB18030 without saying so.

    All names that do not say it are of one encoding, since a few letters of the one can also be read as the other.
    """
    silent = [entry for entry in entries if not entry.flag_bits & 0x800]
    for encoding in ("utf-8", "gb18030"):
        try:
            meant = {id(entry): entry.filename.encode("cp437").decode(encoding) for entry in silent}
        except UnicodeError:
            continue
        return [meant.get(id(entry), entry.filename) for entry in entries]
    return [entry.filename for entry in entries]
