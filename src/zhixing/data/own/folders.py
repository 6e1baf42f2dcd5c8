"""Files of the user's own in folders that name their classes: FOLDER/CLASS/FILE, at any depth below the class.

Nothing outside the folder is read: links are not followed. A zip archive of such a folder is read where it lies.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from zhixing.core import BadData, Text
from zhixing.core.errors import meant_by
from zhixing.data.own.archive import Archive
from zhixing.data.own.loose import clean, listed

MOST_FILES = 200_000
DEEPEST = 8
"""Folders within folders that are looked into."""
PARTS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"})
"""Names of folders that divide the data and are no classes."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for: its name in messages, and the endings of its files."""

    things: Text
    endings: tuple[str, ...]

    def layout(self, name: str) -> Text:
        """How the folder should look."""
        first = f"{name}/cat/1{self.endings[0]}, {name}/dog/1{self.endings[0]}"
        return Text(f"one folder for each class, such as {first}", f"每个类别一个文件夹，例如 {first}")


class Shelf(Protocol):
    """A folder or an archive. Names of files are written with / and begin below it."""

    name: str
    stamp: str
    """Changes with what lies in it."""
    sizes: dict[str, int]
    """Bytes of each file."""
    links: list[str]

    def open(self, name: str, /) -> IO[bytes]: ...


class Folder:
    """A folder of this machine; links, hidden files and whatever is no ordinary file stay closed."""

    def __init__(self, place: Path):
        self.place, self.name = place, clean(place.name)
        self.sizes: dict[str, int] = {}
        self.links: list[str] = []
        self._digest = hashlib.sha256()
        self._walk("", 0)
        self.stamp = self._digest.hexdigest()

    def open(self, name: str, /) -> IO[bytes]:
        return (self.place / name).open("rb")

    def _walk(self, below: str, depth: int) -> None:
        place = self.place / below
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            shown = repr(clean(str(place)))
            raise BadData(
                Text(
                    en=f"{shown} cannot be read ({error.strerror}); check its permissions",
                    zh=f"无法读取 {shown}（{error.strerror}）；请检查权限",
                )
            ) from None
        for entry in entries:
            name = below + entry.name
            if hidden(entry.name):
                continue
            if entry.is_symlink():
                self.links.append(name)
            elif entry.is_dir(follow_symlinks=False) and depth < DEEPEST:
                self._walk(f"{name}/", depth + 1)
            elif entry.is_file(follow_symlinks=False):
                found = entry.stat(follow_symlinks=False)
                self.sizes[name] = found.st_size
                self._digest.update(f"{name!r} {found.st_size} {found.st_mtime_ns}\n".encode())
                checked_number(self.name, len(self.sizes))


def hidden(name: str) -> bool:
    """Whether a file is an operating system's own and no data."""
    return name.startswith(".") or name in ("Thumbs.db", "desktop.ini", "__MACOSX")


def checked_number(name: str, files: int) -> None:
    """Raises BadData for more files than are looked at."""
    if files > MOST_FILES:
        raise BadData(
            Text(
                en=f"{name} holds more than {MOST_FILES:,} files; give a folder with a sample of them",
                zh=f"{name} 中的文件超过 {MOST_FILES:,} 个；请抽取一部分放到另一个文件夹",
            )
        )


def shelf(path: str | Path, wanted: Wanted) -> Shelf:
    """The folder or the zip archive at a path; raises BadData for anything else."""
    place = Path(path).expanduser()
    try:
        if place.is_dir():
            return Folder(place.resolve())
        file = place.is_file()
    except (OSError, ValueError):
        file = False
    shown = clean(str(place))
    if not file:
        try:
            meant = meant_by(place.name, os.listdir(place.parent))
        except (OSError, ValueError):
            meant = None
        meant = meant or Text("check the path", "请检查路径")
        raise BadData(Text(en=f"{shown} is not there; {meant.en}", zh=f"找不到 {shown}；{meant.zh}"))
    if place.suffix.lower() != ".zip":
        layout = wanted.layout("FOLDER")
        raise BadData(
            Text(
                en=f"{shown} is a file; {wanted.things.en} are read from a folder with {layout.en}, or from a .zip of it",
                zh=f"{shown} 是文件；{wanted.things.zh}应放在文件夹（或其 .zip 压缩包）中，{layout.zh}",
            )
        )
    archive = Archive(place.resolve(), hidden=hidden)
    checked_number(archive.name, len(archive.sizes))
    return archive


def by_class(source: Shelf, wanted: Wanted) -> tuple[dict[str, str], list[Text]]:
    """Class folder of each file that is wanted, by name; and notes of what was left out.

    Raises BadData where the wanted files do not lie in two class folders or more.
    """
    suited = sorted(name for name in source.sizes if name.lower().endswith(wanted.endings))
    classes = {name: name.split("/", 1)[0] for name in suited if "/" in name}
    kinds = set(classes.values())
    divided = {kind.lower() for kind in kinds} <= PARTS and all(name.count("/") > 1 for name in classes)
    if len(kinds) < 2 or divided:
        raise _misplaced(source, wanted, suited, sorted(kinds), divided=divided)
    notes = []
    others = sorted(source.sizes.keys() - set(suited))
    if source.links:
        notes.append(_left_out(source.links, Text("links are not followed", "不跟随链接")))
    if loose := [name for name in suited if "/" not in name]:
        notes.append(_left_out(loose, Text("outside the class folders", "不在类别文件夹中")))
    if others:
        endings = _endings(others)
        notes.append(_left_out(others, Text(f"of other kinds ({endings.en})", f"属于其他类型（{endings.zh}）")))
    if empty := sorted({name.split("/", 1)[0] for name in others if "/" in name} - kinds):
        some = listed([clean(name) for name in empty])
        notes.append(
            Text(
                en=f"folders without {wanted.things.en} are no classes: {some.en}",
                zh=f"没有{wanted.things.zh}的文件夹不算类别：{some.zh}",
            )
        )
    return classes, notes


def _left_out(names: Sequence[str], why: Text) -> Text:
    first = repr(clean(names[0]))
    many = f"{len(names):,} files" if len(names) > 1 else "1 file"
    return Text(
        en=f"{many} left out, {why.en} (first: {first})",
        zh=f"略去 {len(names):,} 个文件，{why.zh}（第一个：{first}）",
    )


def _endings(names: Iterable[str]) -> Text:
    """The commonest endings of files, or their names where they have none."""
    counts = Counter(PurePosixPath(name).suffix.lower() or PurePosixPath(name).name for name in names)
    common = [clean(ending) for ending, _ in counts.most_common(3)]
    return Text(", ".join(common), "、".join(common))


def _misplaced(source: Shelf, wanted: Wanted, suited: Sequence[str], kinds: Sequence[str], *, divided: bool) -> BadData:
    """The error of a folder whose files do not lie in class folders, with what was found and what was expected."""
    things, layout, name = wanted.things, wanted.layout(source.name), source.name
    if divided and kinds:
        parts = listed([clean(kind) for kind in kinds])
        return BadData(
            Text(
                en=f"{name} is divided into {parts.en} already; give one of them, such as {name}/{kinds[0]}: rows that "
                "judge are set aside from it",
                zh=f"{name} 已经划分为 {parts.zh}；请给出其中一个，例如 {name}/{kinds[0]}：用来评判的部分会从中留出",
            )
        )
    if kinds:
        inner = {inside.split("/")[1] for inside in suited if inside.count("/") > 1}
        meant = f"{name}/{clean(kinds[0])}"
        cure = Text(f"did you mean {meant}? ", f"是否想写 {meant}？") if len(inner) > 1 else Text("", "")
        return BadData(
            Text(
                en=f"{name} holds {things.en} of one class only, {clean(kinds[0])!r}; {cure.en}expected is {layout.en}",
                zh=f"{name} 中的{things.zh}只有一个类别 {clean(kinds[0])!r}；{cure.zh}应为{layout.zh}",
            )
        )
    if suited:
        found = Text(
            f"{len(suited):,} lie in it without a class folder", f"有 {len(suited):,} 个直接放在里面，没有类别文件夹"
        )
    else:
        found = contents(source)
    return BadData(
        Text(
            en=f"{name} holds no {things.en} in class folders: {found.en}; expected is {layout.en}",
            zh=f"{name} 的类别文件夹中没有{things.zh}：{found.zh}；应为{layout.zh}",
        )
    )


def contents(source: Shelf) -> Text:
    """What lies there instead of what is wanted: `it holds .txt, .csv`."""
    if source.sizes:
        endings = _endings(source.sizes)
        return Text(f"it holds {endings.en}", f"里面是 {endings.zh}")
    if source.links:
        return Text("it holds links only, which are not followed", "里面只有链接，而链接不会被跟随")
    return Text("it is empty", "它是空的")
