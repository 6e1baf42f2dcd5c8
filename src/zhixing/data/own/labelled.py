"""Arrays of one shape, or texts, with the class of each: what becomes of the user's own class folders."""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np

from zhixing.core import BadData, Text
from zhixing.data.own.divide import by_group
from zhixing.data.own.folders import Shelf, Wanted, shelf
from zhixing.data.own.leaks import leaks
from zhixing.data.own.loose import clean
from zhixing.data.own.remarks import RARE

Item = TypeVar("Item")
Read = Callable[[IO[bytes]], np.ndarray]
"""Makes the array of a file; raises Unusable, or whatever else a decoder does."""

FEWEST = 5
"""Different things that a class must have: fewer cannot be learned from, chosen by and judged by."""
MOST_BYTES = 2_000_000_000
"""The size of the array of all of them."""
LARGEST_FILE = 200_000_000
TEXT = "text"
"""The column of texts."""
BLOCK = 256
"""Later files that are in memory at a time."""


class Unusable(Exception):
    """A file that is left out, with the reason."""

    def __init__(self, why: Text):
        super().__init__(why.en)
        self.why = why


BROKEN = Text("broken or cut short", "已损坏或不完整")


@dataclass(frozen=True, eq=False)
class OwnFolder:
    """Pictures or sounds of the user's own, all of one shape, or texts, with classes as targets (n,) int64."""

    arrays: np.ndarray
    """(n, ...); of texts (n,) strings."""
    names: tuple[str, ...]
    """Of each file, below the folder."""
    targets: np.ndarray
    classes: tuple[str, ...]
    """Name of each class, in the order of the targets."""
    copies: np.ndarray
    """(n,) int64: equal numbers for equal content; a split keeps these together."""
    fingerprint: str
    """64 hexadecimal digits over arrays, targets and names of classes."""
    told: Text
    """What is there, in one line."""
    notes: tuple[Text, ...]
    """What was decided in reading it, and what would spoil a comparison."""
    card: dict[str, Any]
    """What must be known to read further ones alike."""

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: np.ndarray) -> Any:
        """These rows, as they were read; of texts a table of one column."""
        chosen: np.ndarray = self.arrays[rows]
        if chosen.dtype != object:
            return chosen
        import pandas

        return pandas.DataFrame({TEXT: pandas.Series(chosen, dtype=object)})

    def split(self, rows: np.ndarray, share: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers cut in two at random, the second with about `share` of every class.

        Equal content stays together, so that nothing is judged by what was learned; a class that has one content only
        among these rows stays in the first part.
        """
        _, first, groups = np.unique(self.copies[rows], return_index=True, return_inverse=True)
        kinds = self.targets[rows][first][groups]  # a content that two classes share counts for the first of them
        parts = [by_group(rows[kinds == kind], share, generator, self.copies) for kind in np.unique(kinds)]
        return np.concatenate([one for one, _ in parts]), np.concatenate([other for _, other in parts])


class Reading:
    """Reads one file after the other, and keeps the names of those that are left out, by reason."""

    def __init__(self, source: Shelf, things: Text):
        self.source, self.things = source, things
        self.left: dict[Text, list[str]] = {}

    def each(self, names: Iterable[str], read: Callable[[IO[bytes]], Item]) -> Iterator[tuple[str, Item]]:
        """Name and what `read` makes of the file, for each that can be read; raises BadData where none can."""
        found = False
        for name in names:
            try:
                if self.source.sizes[name] > LARGEST_FILE:
                    raise Unusable(Text(f"above {LARGEST_FILE:,} bytes", f"超过 {LARGEST_FILE:,} 字节"))
                with self.source.open(name) as file:
                    item = read(file)
            except Unusable as error:
                self.left.setdefault(error.why, []).append(name)
            except Exception:  # decoders meet broken bytes with errors of many kinds
                self.left.setdefault(BROKEN, []).append(name)
            else:
                found = True
                yield name, item
        if not found:
            note = self.notes()[0]
            raise BadData(
                Text(
                    en=f"nothing in {self.source.name} can be used; {note.en}",
                    zh=f"{self.source.name} 中没有可用的文件；{note.zh}",
                )
            )

    def fill(self, array: np.ndarray, names: Iterable[str], read: Read) -> list[str]:
        """Puts what `read` makes of each file into the next row of the array; the names of those that are there."""
        kept: list[str] = []
        for name, item in self.each(names, read):
            array[len(kept)] = item
            kept.append(name)
        return kept

    def notes(self) -> list[Text]:
        """One for each reason."""
        return [
            Text(
                en=f"{len(names):,} {self.things.en} left out, {why.en} (first: {clean(names[0])!r})",
                zh=f"略去 {len(names):,} 个{self.things.zh}：{why.zh}（第一个：{clean(names[0])!r}）",
            )
            for why, names in self.left.items()
        ]


def checked_bytes(name: str, things: Text, count: int, size: int) -> None:
    """Raises BadData where so many things of `size` bytes together would take more memory than is promised."""
    if size > MOST_BYTES:
        raise BadData(
            Text(
                en=f"{count:,} {things.en} of {name} take {size:,} bytes of memory, the most is {MOST_BYTES:,}; give a "
                "folder with a sample of them",
                zh=f"{name} 的 {count:,} 个{things.zh}要占 {size:,} 字节内存，上限为 {MOST_BYTES:,}；请抽取一部分另存",
            )
        )


def labelled(
    arrays: np.ndarray,
    names: Sequence[str],
    *,
    classes: Mapping[str, str],
    source: Shelf,
    things: Text,
    traits: Mapping[Text, Sequence[object]],
    notes: Sequence[Text],
    card: Mapping[str, Any],
) -> OwnFolder:
    """The arrays (n, ...) of the files `names`; `classes` are those of every file, also of those that were left out.

    `traits` are facts of each file that say nothing of what is in it, such as its rate: one that tells the classes is
    noted. Raises BadData for a class with fewer than FEWEST different contents.
    """
    kinds = tuple(sorted(set(classes.values())))
    targets = np.searchsorted(kinds, [classes[name] for name in names]).astype(np.int64)
    digests = [
        hashlib.sha256(row.encode() if isinstance(row, str) else np.ascontiguousarray(row).data).hexdigest()
        for row in arrays
    ]
    _, first, copies = np.unique(digests, return_index=True, return_inverse=True)
    counts = np.bincount(targets, minlength=len(kinds))
    _check_classes(source.name, things, kinds, np.bincount(targets[first], minlength=len(kinds)), counts)
    digest = hashlib.sha256(repr((kinds, arrays.shape, arrays.dtype.str, dict(card))).encode())
    digest.update(targets.data)
    digest.update("".join(digests).encode())
    told = Text(
        en=f"{len(targets):,} {things.en} of {len(kinds)} classes: {_counted(kinds, counts).en}",
        zh=f"{len(kinds)} 类共 {len(targets):,} 个{things.zh}：{_counted(kinds, counts).zh}",
    )
    found = [*notes, *_leaks(traits, targets, len(kinds)), *_copies(copies, targets, things)]
    found += _rare(kinds, counts, things)
    return OwnFolder(
        arrays,
        tuple(map(clean, names)),
        targets,
        tuple(map(clean, kinds)),
        copies.astype(np.int64),
        digest.hexdigest(),
        told,
        tuple(found),
        {**card, "classes": [clean(kind) for kind in kinds]},
    )


def _check_classes(name: str, things: Text, classes: Sequence[str], different: np.ndarray, counts: np.ndarray) -> None:
    few = [
        f"{clean(kind)!r} ({number})" + ("" if number == count else f" of {count}")
        for kind, number, count in zip(classes, different, counts, strict=True)
        if number < FEWEST
    ]
    if few:
        some = Text(", ".join(few[:5]), "、".join(few[:5]))
        raise BadData(
            Text(
                en=f"classes of {name} have fewer than {FEWEST} different {things.en} that can be read: {some.en}; add more, "
                "merge each with another class, or take its folder out",
                zh=f"{name} 有类别的可读且互不相同的{things.zh}不足 {FEWEST} 个：{some.zh}；请补充、合并类别或去掉文件夹",
            )
        )


def _counted(classes: Sequence[str], counts: np.ndarray) -> Text:
    pairs = [f"{clean(kind)} {count:,}" for kind, count in zip(classes, counts, strict=True)]
    more = len(pairs) - 10
    shown = pairs[:10]
    return Text(
        ", ".join(shown) + (f" and {more} more" if more > 0 else ""), "、".join(shown) + ("等" if more > 0 else "")
    )


def _leaks(traits: Mapping[Text, Sequence[object]], targets: np.ndarray, classes: int) -> list[Text]:
    import pandas

    named = list(traits)
    frame = pandas.DataFrame({str(place): list(traits[name]) for place, name in enumerate(named)})
    return [
        Text(
            en="{trait} of a file alone tells its class almost exactly; if that is how the files were made and not what "
            "they show, a model will learn it all the same",
            zh="仅凭文件的{trait}就几乎能准确得出类别；如果这只是文件的制作方式，与内容无关，模型也照样会学到它",
        ).format(trait=named[int(leak.name)])
        for leak in leaks(frame, targets, classes=classes)
    ]


def _copies(copies: np.ndarray, targets: np.ndarray, things: Text) -> list[Text]:
    _, first, group = np.unique(copies, return_index=True, return_inverse=True)
    again, notes = len(copies) - len(first), []
    if again:
        notes.append(
            Text(
                en=f"{again:,} of {len(copies):,} {things.en} repeat another one exactly; copies stay in the same part of "
                "every division",
                zh=f"{len(copies):,} 个{things.zh}中有 {again:,} 个与另一个完全相同；每次划分时，相同的都留在同一部分",
            )
        )
    mixed = np.zeros(len(first), dtype=bool)
    mixed[group[targets != targets[first][group]]] = True
    if mixed.any():
        notes.append(
            Text(
                en=f"{int(mixed[group].sum()):,} {things.en} are the same in two classes: no model can tell them all right",
                zh=f"有 {int(mixed[group].sum()):,} 个{things.zh}在两个类别中完全相同：没有模型能全部答对",
            )
        )
    return notes


def _rare(classes: Sequence[str], counts: np.ndarray, things: Text) -> list[Text]:
    rarest = int(counts.argmin())
    if counts[rarest] >= RARE * counts.sum():
        return []
    name, share = clean(classes[rarest]), f"{counts[rarest] / counts.sum():.2%}"
    return [
        Text(
            en=f"class {name!r} is rare: {counts[rarest]:,} of {counts.sum():,} {things.en} ({share})",
            zh=f"类别 {name!r} 很少见：{counts.sum():,} 个{things.zh}中只有 {counts[rarest]:,} 个（{share}）",
        )
    ]


def later_files(path: str, wanted: Wanted, read: Read) -> Iterator[np.ndarray]:
    """Further files (k, ...) in blocks, as `later_items`."""
    return map(np.stack, later_items(path, wanted, read))


def later_items(path: str, wanted: Wanted, read: Callable[[IO[bytes]], Item]) -> Iterator[list[Item]]:
    """What `read` makes of further files in blocks, in the order of their names: one file, or all wanted in a folder.

    Raises BadData for a file that cannot be read, since every file must have its answer.
    """
    for source, names in _later(path, wanted):
        reading = Reading(source, wanted.things)
        found = [item for _, item in reading.each(names, read)]
        if reading.left:
            note = reading.notes()[0]
            raise BadData(
                Text(
                    en=f"every file must have its answer: {note.en}; take it out",
                    zh=f"每个文件都应有答案：{note.zh}；请移走它",
                )
            )
        yield found


def later_classes(path: str, wanted: Wanted, classes: Sequence[str]) -> Iterator[np.ndarray]:
    """The targets (k,) of the same blocks: the class folder of each file, -1 where it is none of these."""
    places = {name: place for place, name in enumerate(classes)}
    for _, names in _later(path, wanted):
        yield np.array([places.get(clean(name.split("/")[0]), -1) for name in names], dtype=np.int64)


def later_contents(contents: Sequence[Any], thing: str, wanted: Wanted, read: Read) -> np.ndarray:
    """Further files (k, ...) whose bytes are there already; raises BadData for the first that cannot be read."""
    found = []
    for number, content in enumerate(contents, start=1):
        try:
            found.append(read(io.BytesIO(content)))
            continue
        except Unusable as error:
            why = error.why
        except Exception:  # as in Reading.each; what is no bytes fails as well
            why = BROKEN
        expected = ", ".join(wanted.endings)
        raise BadData(
            Text(
                en=f"row {number}: the {thing} cannot be used, {why.en}; expected are the bytes of a whole file ({expected})",
                zh=f"第 {number} 行：{wanted.things.zh}无法使用，{why.zh}；应为完整文件的字节（{expected}）",
            )
        )
    return np.stack(found)


def later_names(path: str, wanted: Wanted) -> Iterator[list[str]]:
    """The paths of the files of the same blocks, inside of the folder."""
    for _, names in _later(path, wanted):
        yield [clean(name) for name in names]


def _later(path: str, wanted: Wanted) -> Iterator[tuple[Shelf, list[str]]]:
    place = Path(path).expanduser()
    alone = place.is_file() and place.suffix.lower() in wanted.endings
    source = shelf(place.parent if alone else place, wanted)
    names = [place.name] if alone else sorted(name for name in source.sizes if name.lower().endswith(wanted.endings))
    if not names:
        raise BadData(
            Text(
                en=f"{source.name} holds no {wanted.things.en}; they end in {', '.join(wanted.endings)}",
                zh=f"{source.name} 中没有{wanted.things.zh}；扩展名应为 {'、'.join(wanted.endings)}",
            )
        )
    for start in range(0, len(names), BLOCK):
        yield source, names[start : start + BLOCK]
