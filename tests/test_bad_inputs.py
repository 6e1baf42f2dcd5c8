"""Whatever a user may send: each is right, or one clear line; memory stays bounded, and nothing is written.

Every kind of data has a file of tests with its own bad inputs in depth; this is the list of them side by side, through the
one door that all commands use.
"""

import io
import json
import os
import struct
import wave
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas
import pytest

from zhixing import data
from zhixing.core import BadData, BadSetting, UnknownName
from zhixing.core.machine import peak_bytes

Make = Callable[[Path], Path]
LINES = "\n".join(f"{i},{i % 3},{'ab'[i % 2]}" for i in range(40))
GOOD = f"x,z,y\n{LINES}\n"


def text(content: str | bytes, name: str = "t.csv") -> Make:
    def make(place: Path) -> Path:
        path = place / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def table(**columns: object) -> Make:
    return text(pandas.DataFrame(columns).to_csv(index=False))


def pictures(*odd: tuple[str, bytes], classes: int = 2, each: int = 6) -> Make:
    def make(place: Path) -> Path:
        from PIL import Image

        for kind in range(classes):
            (place / "photos" / f"k{kind}").mkdir(parents=True)
            for number in range(each):
                pixels = np.random.default_rng(10 * kind + number).integers(0, 255, (12, 12), dtype=np.uint8)
                Image.fromarray(pixels).save(place / "photos" / f"k{kind}" / f"{number}.png")
        for name, content in odd:
            (place / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
            (place / "photos" / name).write_bytes(content)
        return place / "photos"

    return make


def sound(rate: int = 8000, channels: int = 1, seconds: float = 0.1, seed: int = 0) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        samples = np.random.default_rng(seed).integers(-9000, 9000, int(rate * seconds) * channels)
        file.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()


def sounds(*odd: tuple[str, bytes]) -> Make:
    def make(place: Path) -> Path:
        for kind in range(2):
            (place / "words" / f"k{kind}").mkdir(parents=True)
            for number in range(6):
                (place / "words" / f"k{kind}" / f"{number}.wav").write_bytes(sound(seed=10 * kind + number))
        for name, content in odd:
            (place / "words" / name).write_bytes(content)
        return place / "words"

    return make


def archive(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Make:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return text(out.getvalue(), "photos.zip")


def wide_picture(width: int, height: int) -> bytes:
    """The head of a PNG that claims this size, with a little of its content."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def sparse(place: Path) -> Path:
    with (place / "large.csv").open("wb") as file:
        file.truncate(4_000_000_000)
    return place / "large.csv"


def folder(place: Path) -> Path:
    (place / "empty").mkdir()
    return place / "empty"


def workbook(place: Path) -> Path:
    (place / "t.xlsx").write_bytes(b"PK\x03\x04 this is no workbook")
    return place / "t.xlsx"


def pipe(place: Path) -> Path:
    os.mkfifo(place / "pipe.csv")
    return place / "pipe.csv"


def no_pixels(content: bytes) -> bytes:
    return content[: len(content) // 2]


PNG = wide_picture(12, 12)
ALL_WORDS = {"x": [f"w{i}" for i in range(40)], "y": ["a", "b"] * 20}
RIGHT = ""
INPUTS: dict[str, tuple[Make, dict[str, str], str]] = {
    "good": (text(GOOD), {"target": "y"}, RIGHT),
    "binary under .csv": (text(bytes(range(256)) * 20), {"target": "y"}, "binary content"),
    "a program under .csv": (text(b"\x7fELF\2\1\1\0" + b"\0" * 60), {"target": "y"}, "binary content"),
    "a zip under .csv": (text(b"PK\x03\x04" + b"x" * 99), {"target": "y"}, "under the ending of a text file"),
    "an empty file": (text(""), {"target": "y"}, "the file is empty"),
    "blanks only": (text("  \n\n \n"), {"target": "y"}, "the file is empty"),
    "a header only": (text("x,y\n"), {"target": "y"}, "no row below the header"),
    "one row": (text("x,y\n1,2\n"), {"target": "y"}, "there is one row"),
    "five rows": (text("x,y\n" + "1,2\n" * 5), {"target": "y"}, "at least 20"),
    "a constant target": (table(x=range(40), y=["a"] * 40), {"target": "y"}, "in every row"),
    "a constant amount": (table(x=range(40), y=[1.5] * 40), {"target": "y"}, "in every row"),
    "a target that is never there": (table(x=range(40), y=[None] * 40), {"target": "y"}, "is there in 0 of 40 rows"),
    "a target missing in half": (table(x=range(80, 0, -1), y=["a", None, "b", None] * 20), {"target": "y"}, RIGHT),
    "another target": (text(GOOD), {"target": "Y"}, "did you mean 'y'"),
    "a target far from all": (text(GOOD), {"target": "revenue"}, "is not in the table"),
    "another task": (text(GOOD), {"target": "y", "task": "clases"}, "classes"),
    "words as amounts": (text(GOOD), {"target": "y", "task": "regression"}, "regression needs numbers"),
    "a class of one row": (table(x=range(41), y=["a", "b"] * 20 + ["c"]), {"target": "y"}, "fewer than 5 rows"),
    "too many columns": (
        text(",".join(f"c{i}" for i in range(10_000)) + "\n" + (",".join("1" * 10_000) + "\n") * 3),
        {"target": "c0"}, "columns are too many",
    ),
    "all numbers as text": (table(x=[f"'{i}" for i in range(40)], y=["a", "b"] * 20), {"target": "y"}, "can be learnt"),
    "numbers in quotes": (text('"x","y"\n' + '"1,5","a"\n"2,5","b"\n' * 20), {"target": "y"}, RIGHT),
    "names of rows only": (table(**ALL_WORDS), {"target": "y"}, "can be learnt"),
    "duplicate headers": (text("x,x,y\n" + "1,2,a\n3,4,b\n" * 20), {"target": "y"}, RIGHT),
    "headers without names": (text(",,y\n" + "1,2,a\n3,4,b\n" * 20), {"target": "y"}, RIGHT),
    "NUL bytes": (text(b"x,y\n1,a\0\n" * 20), {"target": "y"}, "zero bytes"),
    "ragged rows": (text(GOOD + "1,2\n"), {"target": "y"}, "has 2 cells"),
    "a quote that stays open": (text(GOOD + '1,2,"a\n'), {"target": "y"}, "stays open"),
    "infinite numbers": (table(x=[1e308, -1e308, 1.0, 2.0] * 10, y=["a", "b"] * 20), {"target": "y"}, RIGHT),
    "numbers too large": (table(x=["9" * 400, "1"] * 20, z=range(40), y=["a", "b"] * 20), {"target": "y"}, RIGHT),
    "formulas": (table(x=["=1+1", '=cmd|"/c calc"!A1'] * 20, z=range(40), y=["a", "b"] * 20), {"target": "y"}, RIGHT),
    "markup in names": (table(**{"<script>": [i % 7 for i in range(40)], "y": ["[red]", "b"] * 20}), {"target": "y"}, RIGHT),
    "Chinese headers": (table(长=[i % 7 for i in range(40)], 类=["甲", "乙"] * 20), {"target": "类"}, RIGHT),
    "half a character": (text(GOOD.encode("gb18030") + b"\x81"), {"target": "y"}, "cells|text"),
    "a sparse file of 4 GB": (sparse, {"target": "y"}, "the most is"),
    "a pipe": (pipe, {"target": "y"}, "no ordinary file"),
    "a device": (lambda _: Path("/dev/zero"), {"target": "y"}, "no ordinary file"),
    "nothing there": (lambda place: place / "no.csv", {"target": "y"}, "is not there"),
    "an address": (lambda _: Path("https://x.org/a.csv"), {"target": "y"}, "address|is not there"),
    "a path with a zero": (lambda place: place / "a\0.csv", {"target": "y"}, "cannot be read"),
    "another ending": (text(GOOD, "t.cvs"), {"target": "y"}, r"did you mean \.csv"),
    "a broken gzip": (text(b"\x1f\x8b\x08\0broken", "t.csv.gz"), {"target": "y"}, "no whole gzip file"),
    "a broken Parquet": (text(b"PAR1 and no more", "t.parquet"), {"target": "y"}, "no Parquet file"),
    "a broken workbook": (workbook, {"target": "y"}, "no Excel workbook"),
    "JSON that is cut": (text('{"x": 1, "y": 2}\n{"x": 1', "t.jsonl"), {"target": "y"}, "line 2 is no JSON"),
    "JSON too deep": (text('{"x": ' + "[" * 9_000, "t.jsonl"), {"target": "y"}, "line 1 is no JSON"),
    "JSON of lists": (text('{"x": [1]}\n' * 40, "t.jsonl"), {"target": "x"}, "holds a list"),
    "time that is words": (text(GOOD), {"target": "x", "time": "y"}, "holds words"),
    "groups that are two": (text(GOOD), {"target": "x", "group": "y"}, "has 2 values"),
    "time and groups": (text(GOOD), {"target": "x", "time": "z", "group": "y"}, "not by both"),
    "no target, an option of one": (text(GOOD), {"time": "z"}, "--time"),
    "an empty folder": (folder, {}, "neither pictures nor sounds"),
    "pictures": (pictures(), {}, RIGHT),
    "pictures with a target": (pictures(), {"target": "y"}, "does not suit a folder"),
    "one class of pictures": (pictures(classes=1), {}, "one class|a single class|at least two|only"),
    "three pictures a class": (pictures(each=3), {}, "at least|fewer"),
    "a truncated picture": (pictures(("k0/cut.png", no_pixels(PNG))), {}, RIGHT),
    "a text under .png": (pictures(("k0/no.png", b"no picture")), {}, RIGHT),
    "a picture 50,000 pixels wide": (pictures(("k0/wide.png", wide_picture(50_000, 50_000))), {}, RIGHT),
    "a name with ../ in an archive": (archive({"../k0/a.png": PNG}), {}, "leads out|outside|name"),
    "an archive bomb": (archive({f"k{i % 2}/{i}.png": b"\0" * 40_000_000 for i in range(60)}), {}, "unpack|left out"),
    "a broken archive": (text(b"PK\x03\x04 broken", "photos.zip"), {}, "zip|archive"),
    "sounds": (sounds(), {}, RIGHT),
    "a stereo sound at 96 kHz": (sounds(("k0/hi.wav", sound(96_000, 2))), {}, RIGHT),
    "a truncated sound": (sounds(("k0/cut.wav", sound()[:50])), {}, RIGHT),
    "a sound of no length": (sounds(("k0/none.wav", sound(seconds=0))), {}, RIGHT),
    "a text under .wav": (sounds(("k0/no.wav", b"no sound at all")), {}, RIGHT),
    "tags without a second column": (text("a\nb\n\nc\n" * 30, "t.conll"), {}, "column"),
    "an empty CoNLL file": (text("", "t.conll"), {}, "no token is in the file"),
    "binary CoNLL": (text(b"a\tN\0\n" * 30, "t.conll"), {}, "zero bytes|binary"),
    "tags with a time": (text("a\tN\nb\tV\n\n" * 30, "t.conll"), {"time": "x"}, "--time"),
    "ratings of one user": (table(user=[1] * 40, item=range(40), rating=[1, 2] * 20), {}, "one user|user"),
}  # fmt: skip


def test_there_are_sixty_and_more():
    assert len(INPUTS) >= 70


@pytest.mark.parametrize("name", INPUTS)
def test_each_is_right_or_one_clear_line(name, tmp_path, monkeypatch):
    make, options, message = INPUTS[name]
    path = make(tmp_path)
    before, peak = _listing(tmp_path), peak_bytes()
    monkeypatch.chdir(tmp_path)
    if message:
        with pytest.raises((BadData, BadSetting, UnknownName), match=message) as error:
            data.own_data(path, **options).build()
        for line in (error.value.message.en, error.value.message.zh):
            assert line.strip()
            assert "\n" not in line
            assert len(line) < 700
    else:
        own = data.own_data(path, **options).build()
        assert len(own) >= 10
        assert own.told.en
        assert json.dumps(own.card)
        first, second = own.split(np.arange(len(own)), 0.25, np.random.default_rng(0))
        assert len(first) + len(second) == len(own)
    assert _listing(tmp_path) == before, "something was written"
    assert peak_bytes() - peak < 1_500_000_000


def _listing(place: Path) -> set[Path]:
    return set(place.rglob("*"))
