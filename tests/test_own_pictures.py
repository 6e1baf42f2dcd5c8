"""Pictures of the user's own: every kind of file and folder is read right, or refused in one clear line."""

import io
import os
import re
import shutil
import struct
import subprocess
import sys
import textwrap
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zhixing import comparison, data, evaluate, models, train
from zhixing.comparison.families import CHOICES
from zhixing.comparison.folders import STEPS, for_pictures, of_folder
from zhixing.core import BadData, BadSetting, Seeds, spec
from zhixing.data.own import archive, folders, labelled, pictures
from zhixing.data.own.pictures import own_pictures
from zhixing.train.keeping import as_bytes, from_bytes
from zhixing.train.learner import Lesson


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def save(place: Path, pixels: np.ndarray, **options: object) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(place, **options)
    return place


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six grey pictures of 12 x 10 (width x height) in each of two classes."""
    for number in range(12):
        save(tmp_path / "photos" / ("cat", "dog")[number % 2] / f"{number:02}.png", noise(number, 10, 12))
    return tmp_path / "photos"


def read(place: Path) -> data.OwnFolder:
    return own_pictures(path=str(place))


def refused(place: Path) -> str:
    with pytest.raises(BadData) as caught:
        read(place)
    for half in (caught.value.message.en, caught.value.message.zh):
        assert "\n" not in half
        assert len(half) < 400
    assert re.search("[\u4e00-\u9fff]", caught.value.message.zh)
    return caught.value.message.en


def one(place: Path) -> np.ndarray:
    """The picture alone in two classes of its own kind, as it is read: (channels, h, w)."""
    content = place.read_bytes()
    shape = pictures.decoded(io.BytesIO(content), 3, 10, 12)
    return np.asarray(shape)


# What is read ---------------------------------------------------------------------------------------------------


def test_pictures_are_kept_pixel_by_pixel(photos):
    own = read(photos)
    assert own.arrays.shape == (12, 1, 10, 12)
    assert own.arrays.dtype == np.uint8
    assert own.classes == ("cat", "dog")
    assert own.targets.tolist() == [0] * 6 + [1] * 6
    assert own.names[:2] == ("cat/00.png", "cat/02.png")
    np.testing.assert_array_equal(own.take(np.array([1]))[0, 0], noise(2, 10, 12))
    assert own.told.en == "12 pictures of 2 classes: cat 6, dog 6"
    assert own.told.zh == "2 类共 12 个图片：cat 6、dog 6"
    assert own.notes == ()
    assert own.card == {"kind": "pictures", "channels": 1, "height": 10, "width": 12, "classes": ["cat", "dog"]}


def test_the_fingerprint_is_of_the_content(photos, tmp_path):
    first = read(photos).fingerprint
    shutil.copytree(photos, tmp_path / "copy")
    assert read(tmp_path / "copy").fingerprint == first
    save(photos / "cat" / "00.png", noise(99, 10, 12))
    assert read(photos).fingerprint != first  # and nothing old was served
    shutil.move(tmp_path / "copy" / "cat", tmp_path / "copy" / "cow")
    assert read(tmp_path / "copy").fingerprint != first


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("a.png", "L", {}),
        ("a.png", "RGB", {}),
        ("a.png", "P", {}),
        ("a.png", "1", {}),
        ("a.png", "RGBA", {}),
        ("a.png", "LA", {}),
        ("a.bmp", "RGB", {}),
        ("a.gif", "L", {}),
        ("a.webp", "RGB", {"lossless": True}),
    ],
)
def test_every_mode_and_lossless_kind_is_read_as_it_is_seen(tmp_path, name, mode, options):
    seen = Image.fromarray(noise(1, 10, 12, 3)).convert(mode)
    if mode == "RGBA":
        seen.putalpha(255)
    seen.save(tmp_path / name, **options)
    expected = np.asarray(seen.convert("RGB")).transpose(2, 0, 1)
    np.testing.assert_array_equal(one(tmp_path / name), expected)


def test_a_jpeg_is_read_and_a_large_one_decoded_small(tmp_path):
    slope = np.tile(np.linspace(0, 255, 1200).astype(np.uint8), (1000, 1))
    save(tmp_path / "a.jpg", slope)
    found = one(tmp_path / "a.jpg")
    expected = slope.reshape(10, 100, 12, 100).mean(axis=(1, 3))
    assert np.abs(found - expected).max() < 12
    with Image.open(tmp_path / "a.jpg") as image:
        pictures._made_small(image, 64)
        assert image.size == (300, 250)


def test_cmyk_is_read(tmp_path):
    Image.new("CMYK", (12, 10), (0, 255, 255, 0)).save(tmp_path / "a.jpg")
    red = one(tmp_path / "a.jpg").mean(axis=(1, 2))
    assert red[0] > 200 > 100 > red[1]


def test_sixteen_bits_keep_their_upper_eight(tmp_path):
    save(tmp_path / "a.png", (np.arange(120, dtype=np.uint16) * 500).reshape(10, 12))
    np.testing.assert_array_equal(one(tmp_path / "a.png")[0], (np.arange(120) * 500 // 256).reshape(10, 12))


@pytest.mark.parametrize("ink", [0, 255])
def test_what_is_transparent_is_seen_on_middle_grey(tmp_path, ink):
    pixels = np.zeros((10, 12, 4), dtype=np.uint8)
    pixels[..., :3] = ink
    pixels[2:5, 3:6, 3] = 255
    save(tmp_path / "a.png", pixels)
    seen = one(tmp_path / "a.png")
    assert (seen[:, 2:5, 3:6] == ink).all()
    assert (seen[:, 6:] == 128).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_set_upright_by_its_exif(tmp_path, orientation):
    """Stored as the camera held it; upright, the dark corner is at the upper left."""
    upright = np.full((10, 12, 3), 200, dtype=np.uint8)
    upright[:3, :6] = 0
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: upright.transpose(1, 0, 2)[::-1],
        7: upright.transpose(1, 0, 2)[::-1, ::-1],
        8: upright.transpose(1, 0, 2)[:, ::-1],
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    for name in ("a.png", "a.webp"):
        save(
            tmp_path / name,
            np.ascontiguousarray(stored),
            exif=exif.tobytes(),
            **({"lossless": True} if "w" in name else {}),
        )
        np.testing.assert_array_equal(one(tmp_path / name), upright.transpose(2, 0, 1))
        with (tmp_path / name).open("rb") as file:
            assert (pictures.header(file).width, pictures.header(file).height) == (12, 10)


def test_broken_exif_leaves_a_picture_as_it_lies(tmp_path):
    save(
        tmp_path / "a.jpg",
        np.full((10, 12, 3), 90, dtype=np.uint8),
        exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40,
    )
    assert one(tmp_path / "a.jpg").shape == (3, 10, 12)


def test_colour_and_grey_together_have_three_channels_and_grey_alone_one(photos):
    for place in photos.rglob("*.png"):
        Image.open(place).convert("RGB").save(place)
    assert read(photos).arrays.shape[1] == 1  # three equal channels are grey
    save(photos / "cat" / "red.png", noise(50, 10, 12, 3))
    assert read(photos).arrays.shape == (13, 3, 10, 12)


def test_many_sizes_become_the_median_one_and_the_note_says_so(tmp_path):
    for number in range(12):
        size = (400, 300) if number < 8 else (40 + number, 90)
        save(tmp_path / "p" / ("cat", "dog")[number % 2] / f"{number}.png", noise(number, size[1], size[0]))
    own = read(tmp_path / "p")
    assert own.arrays.shape == (12, 1, 48, 64)
    assert own.notes[0].en == "pictures of 48 x 90 - 400 x 300 pixels are scaled to 64 x 48"
    assert own.notes[0].zh == "图片原为 48 x 90 - 400 x 300 像素，统一缩放为 64 x 48"
    assert own.notes[1].en == "4 pictures are of another shape, and stretched"


def test_tiny_pictures_are_made_as_large_as_a_network_needs(tmp_path):
    for number in range(12):
        save(tmp_path / "p" / ("cat", "dog")[number % 2] / f"{number}.png", noise(number, 1, 3))
    assert read(tmp_path / "p").arrays.shape == (12, 1, 8, 8)


def test_scaling_averages_what_falls_on_a_pixel(tmp_path):
    board = np.indices((100, 120)).sum(axis=0) % 2 * 255
    save(tmp_path / "a.png", board.astype(np.uint8))
    assert np.abs(one(tmp_path / "a.png").astype(int) - 127).max() <= 3


def test_the_first_frame_of_a_moving_picture_is_used(photos):
    frames = [Image.fromarray(noise(seed, 10, 12)) for seed in (70, 71, 72)]
    frames[0].save(photos / "cat" / "moving.gif", save_all=True, append_images=frames[1:])
    own = read(photos)
    assert "1 pictures are moving; the first frame is used" in [note.en for note in own.notes]
    np.testing.assert_array_equal(own.arrays[own.names.index("cat/moving.gif"), 0], noise(70, 10, 12))


# What is left out, and said -------------------------------------------------------------------------------------


def test_broken_pictures_are_left_out_and_counted(photos):
    whole = (photos / "cat" / "00.png").read_bytes()
    (photos / "cat" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (photos / "cat" / "empty.png").write_bytes(b"")
    (photos / "dog" / "text.jpg").write_text("no picture at all")
    (photos / "dog" / "postscript.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    own = read(photos)
    assert len(own) == 12
    assert [note.en for note in own.notes] == ["4 pictures left out, broken or cut short (first: 'cat/empty.png')"]
    assert [note.zh for note in own.notes] == ["略去 4 个图片：已损坏或不完整（第一个：'cat/empty.png'）"]


def test_where_all_are_broken_there_is_nothing(photos):
    for place in photos.rglob("*.png"):
        place.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 50)
    assert refused(photos) == (
        "nothing in photos can be used; 12 pictures left out, broken or cut short (first: 'cat/00.png')"
    )


def test_hidden_files_and_those_of_systems_are_passed_over_in_silence(photos):
    for name in ("Thumbs.db", ".DS_Store", "desktop.ini", ".hidden.png", "cat/.picture.png", "cat/Thumbs.db"):
        (photos / name).write_bytes(b"x")
    (photos / "__MACOSX").mkdir()
    shutil.copy(photos / "cat" / "00.png", photos / "__MACOSX" / "00.png")
    assert read(photos).notes == ()


def test_empty_folders_other_files_and_loose_pictures_are_said(photos):
    (photos / "empty").mkdir()
    (photos / "words").mkdir()
    (photos / "words" / "a.txt").write_text("x")
    (photos / "labels.csv").write_text("x")
    shutil.copy(photos / "cat" / "00.png", photos / "loose.png")
    own = read(photos)
    assert own.classes == ("cat", "dog")
    assert [note.en for note in own.notes] == [
        "1 file left out, outside the class folders (first: 'loose.png')",
        "2 files left out, of other kinds (.csv, .txt) (first: 'labels.csv')",
        "folders without pictures are no classes: 'words'",
    ]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_links_are_not_followed(photos, tmp_path):
    save(tmp_path / "secret" / "a.png", noise(5, 10, 12))
    (photos / "cat" / "out.png").symlink_to(tmp_path / "secret" / "a.png")
    (photos / "bird").symlink_to(tmp_path / "secret")
    (photos / "cat" / "round").symlink_to(photos)
    own = read(photos)
    assert len(own) == 12
    assert own.classes == ("cat", "dog")
    assert own.notes[0].en == "3 files left out, links are not followed (first: 'bird')"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_does_not_hang(photos):
    os.mkfifo(photos / "cat" / "pipe.png")
    assert len(read(photos)) == 12


def test_a_file_that_may_not_be_read_is_left_out(photos, monkeypatch):
    opened = folders.Folder.open

    def denied(self, name):
        if name == "cat/00.png":
            raise PermissionError(name)
        return opened(self, name)

    monkeypatch.setattr(folders.Folder, "open", denied)
    assert [note.en for note in read(photos).notes] == [
        "1 pictures left out, broken or cut short (first: 'cat/00.png')"
    ]


def test_a_name_that_no_encoding_holds_is_read(photos):
    shutil.copy(photos / "cat" / "00.png", os.fsencode(photos / "cat") + b"/\xff.png")
    own = read(photos)
    assert len(own) == 13
    assert own.names[-7] == "cat/?.png"


# What is refused ------------------------------------------------------------------------------------------------


def test_one_class_is_not_two(photos):
    shutil.rmtree(photos / "dog")
    assert refused(photos) == (
        "photos holds pictures of one class only, 'cat'; expected is one folder for each class, such as photos/cat/1.png, "
        "photos/dog/1.png"
    )


def test_a_folder_too_high_is_told_the_one_that_was_meant(photos):
    assert refused(photos.parent) == (
        f"{photos.parent.name} holds pictures of one class only, 'photos'; did you mean {photos.parent.name}/photos? expected "
        f"is one folder for each class, such as {photos.parent.name}/cat/1.png, {photos.parent.name}/dog/1.png"
    )


def test_parts_are_no_classes(photos):
    for part in ("train", "test"):
        shutil.copytree(photos, photos.parent / "set" / part)
    assert refused(photos.parent / "set") == (
        "set is divided into 'test', 'train' already; give one of them, such as set/test: rows that judge are set aside from it"
    )


def test_pictures_without_class_folders(photos):
    assert refused(photos / "cat") == (
        "cat holds no pictures in class folders: 6 lie in it without a class folder; expected is one folder for each class, "
        "such as cat/cat/1.png, cat/dog/1.png"
    )


def test_a_wrong_folder_says_what_was_expected(tmp_path):
    place = tmp_path / "notes"
    place.mkdir()
    expected = "; expected is one folder for each class, such as notes/cat/1.png, notes/dog/1.png"
    assert refused(place) == "notes holds no pictures in class folders: it is empty" + expected
    (place / "a.txt").write_text("x")
    assert refused(place) == "notes holds no pictures in class folders: it holds .txt" + expected


def test_a_file_is_no_folder(photos):
    file = photos / "cat" / "00.png"
    assert refused(file) == (
        f"{file} is a file; pictures are read from a folder with one folder for each class, such as FOLDER/cat/1.png, "
        "FOLDER/dog/1.png, or from a .zip of it"
    )


def test_a_folder_that_is_not_there_is_told_the_nearest(photos):
    assert refused(photos.parent / "photo") == f"{photos.parent / 'photo'} is not there; did you mean 'photos'?"
    assert refused(Path("/no/such/place")) == "/no/such/place is not there; check the path"
    assert "is not there" in refused(Path("bad\0name"))


def test_a_class_needs_five_different_pictures(photos):
    (photos / "dog" / "01.png").unlink()
    (photos / "dog" / "03.png").write_bytes((photos / "dog" / "05.png").read_bytes())
    (photos / "cow").mkdir()
    (photos / "cow" / "a.png").write_bytes(b"broken")
    assert refused(photos) == (
        "classes of photos have fewer than 5 different pictures that can be read: 'cow' (0), 'dog' (4) of 5; add more, merge "
        "each with another class, or take its folder out"
    )


def test_too_many_files_or_bytes_are_refused(photos, monkeypatch):
    monkeypatch.setattr(folders, "MOST_FILES", 11)
    assert refused(photos) == "photos holds more than 11 files; give a folder with a sample of them"
    monkeypatch.undo()
    monkeypatch.setattr(labelled, "MOST_BYTES", 1000)
    pictures._read.cache_clear()
    assert refused(photos) == (
        "12 pictures of photos take 1,440 bytes of memory, the most is 1,000; give a folder with a sample of them"
    )


# Bombs ----------------------------------------------------------------------------------------------------------


def png(width: int, height: int, rows: int) -> bytes:
    """A white PNG of one bit a pixel with so many of its rows, packed without ever being whole in memory."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * (-(-width // 8))
    packed = b"".join(packer.compress(row) for _ in range(rows)) + packer.flush()
    start = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", start) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def peak(place: Path) -> tuple[float, str]:
    """Megabytes that a fresh process needs beyond its start, and what it prints of the folder."""
    program = textwrap.dedent(
        """
        import resource, sys
        from zhixing.core import BadData
        from zhixing.data.own.pictures import own_pictures
        import PIL.Image, PIL.PngImagePlugin, numpy, pandas
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            told = " | ".join(note.en for note in own_pictures(path=sys.argv[1]).notes)
        except BadData as error:
            told = error.message.en
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, told)
        """
    )
    done = subprocess.run([sys.executable, "-c", program, str(place)], capture_output=True, text=True, check=True)
    megabytes, told = done.stdout.split(" ", 1)
    return float(megabytes), told


@pytest.mark.skipif(sys.platform == "win32", reason="the peak is asked of Unix")
def test_a_picture_50_000_pixels_wide_costs_little(photos):
    """One of 2.5 thousand million pixels is left out by its header; a flat one is read."""
    (photos / "cat" / "huge.png").write_bytes(png(50_000, 50_000, 100))
    (photos / "cat" / "large.png").write_bytes(png(13_000, 13_000, 100))
    (photos / "dog" / "wide.png").write_bytes(png(50_000, 20, 20))
    megabytes, told = peak(photos)
    assert "2 pictures left out, above 50,000,000 pixels (first: 'cat/huge.png')" in told
    assert "1 pictures are of another shape, and stretched" in told
    assert megabytes < 60


def packed(place: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as file:
        for name, each in content.items():
            file.writestr(name, each)
    return place


@pytest.fixture
def content(photos) -> dict[str, bytes]:
    return {str(each.relative_to(photos)): each.read_bytes() for each in sorted(photos.rglob("*.png"))}


@pytest.mark.parametrize("around", ["", "photos/"])
def test_an_archive_is_read_as_its_folder(photos, content, tmp_path, around):
    place = packed(tmp_path / "a.zip", {around + name: each for name, each in content.items()})
    before = sorted(tmp_path.rglob("*"))
    own = read(place)
    assert own.fingerprint == read(photos).fingerprint
    assert own.classes == ("cat", "dog")
    assert sorted(tmp_path.rglob("*")) == before  # nothing is unpacked


def test_chinese_names_of_an_old_archive_are_read(content, tmp_path):
    names = {"cat": "猫", "dog": "狗"}
    place = packed(tmp_path / "a.zip", {names[name[:3]] + name[3:]: each for name, each in content.items()})
    assert read(place).classes == ("狗", "猫")
    old = place.read_bytes()
    for name in names.values():  # two bytes a character where three were, and no mark of UTF-8
        old = old.replace(name.encode(), name.encode("gb18030") + b"_")
    marked = re.sub(rb"(PK\x01\x02.{4}).\x08", rb"\1\0\0", old, flags=re.S)
    (tmp_path / "b.zip").write_bytes(re.sub(rb"(PK\x03\x04.{2}).\x08", rb"\1\0\0", marked, flags=re.S))
    assert read(tmp_path / "b.zip").classes == ("狗_", "猫_")


@pytest.mark.parametrize("name", ["../out.png", "cat/../../out.png", "/etc/out.png", "..\\out.png", "C:/out.png"])
def test_a_name_that_leads_out_of_an_archive_is_refused(content, tmp_path, name):
    place = packed(tmp_path / "a.zip", {**content, name: b"x"})
    assert (
        refused(place) == f"a.zip holds the name {name!r}, which leads out of it; make it again from the folder itself"
    )


def test_a_link_in_an_archive_is_refused(content, tmp_path):
    place = packed(tmp_path / "a.zip", content)
    link = zipfile.ZipInfo("cat/link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(place, "a") as file:
        file.writestr(link, "/etc/passwd")
    assert refused(place) == "a.zip holds the link 'cat/link.png'; links are not followed, so pack the files themselves"


def test_a_bomb_is_refused_by_what_it_would_unpack_to(content, tmp_path, monkeypatch):
    place = packed(tmp_path / "a.zip", {**content, "cat/zeros.png": b"\0" * 5_000_000})
    assert place.stat().st_size < 20_000
    monkeypatch.setattr(archive, "MOST_UNPACKED", 1_000_000)
    assert re.fullmatch(
        r"a\.zip unpacks to 5,0\d\d,\d{3} bytes, as a bomb does; the most is 1,000,000; give a folder with a sample",
        refused(place),
    )


def test_files_that_share_their_bytes_are_a_bomb(content, tmp_path):
    place = packed(tmp_path / "a.zip", content)
    with zipfile.ZipFile(place) as file:
        start = file.start_dir
    whole = place.read_bytes()
    directory, end = whole[start:-22], whole[-22:]
    many = directory * 40  # every file forty times, at the same place
    size = struct.pack("<HHII", 480, 480, len(many), start)
    place.write_bytes(whole[:start] + many + end[:8] + size + end[20:])
    assert "as a bomb does" in refused(place)


def test_a_forged_size_asks_for_no_memory(content, tmp_path):
    """A file that says it is packed in 2 GB, which zipfile would ask for at once."""
    place = packed(tmp_path / "a.zip", content)
    whole = bytearray(place.read_bytes())
    entry = whole.index(b"PK\x01\x02")
    whole[entry + 20 : entry + 24] = struct.pack("<I", 2**31 - 1)
    place.write_bytes(whole)
    assert "as a bomb does" in refused(place)


def test_an_archive_with_a_list_too_long_for_memory_is_refused(content, tmp_path, monkeypatch):
    place = packed(tmp_path / "a.zip", content)
    monkeypatch.setattr(archive, "MOST_DIRECTORY", 100)
    assert refused(place) == ("a.zip lists more files than are read from an archive; unpack it and give the folder")


@pytest.mark.parametrize("broken", [b"", b"PK\x05\x06", b"no archive " * 30, "half"])
def test_a_broken_archive_is_refused(content, tmp_path, broken):
    place = packed(tmp_path / "a.zip", content)
    place.write_bytes(place.read_bytes()[:900] if broken == "half" else broken)
    assert refused(place) == (
        "a.zip is no whole zip archive: broken, cut short or of another kind; pack it again, or give the folder"
    )


def test_a_protected_archive_is_refused(content, tmp_path):
    place = packed(tmp_path / "a.zip", content)
    whole = bytearray(place.read_bytes())
    at = whole.index(b"PK\x01\x02")
    whole[at + 8] |= 1
    place.write_bytes(whole)
    assert refused(place) == "a.zip is protected by a password; unpack it and give the folder"


def test_a_damaged_picture_of_an_archive_is_left_out(content, tmp_path):
    place = packed(tmp_path / "a.zip", {**content, "cat/zz.png": noise(3, 300).tobytes()})
    whole = bytearray(place.read_bytes())
    whole[whole.index(b"cat/00.png") + 60] ^= 0xFF
    place.write_bytes(whole)
    assert "2 pictures left out, broken or cut short" in read(place).notes[0].en


# Copies and divisions -------------------------------------------------------------------------------------------


def test_copies_stay_on_one_side_of_every_division(tmp_path):
    for number in range(60):
        save(tmp_path / "p" / ("cat", "dog")[number % 2] / f"{number}.png", noise(number // 4 * 2 + number % 2, 9, 9))
    own = read(tmp_path / "p")
    assert own.notes[0].en == (
        "30 of 60 pictures repeat another one exactly; copies stay in the same part of every division"
    )
    for seed in range(20):
        first, second = own.split(np.arange(60), 0.25, np.random.default_rng(seed))
        assert sorted([*first, *second]) == list(range(60))
        assert not set(own.copies[first]) & set(own.copies[second])
        assert (np.bincount(own.targets[second]) >= 6).all()
        again, _ = own.split(first, 0.25, np.random.default_rng(seed))
        assert set(again) < set(first)


def test_the_same_picture_in_two_classes_is_said_and_kept_together(photos):
    shutil.copy(photos / "cat" / "00.png", photos / "dog" / "same.png")
    Image.open(photos / "cat" / "02.png").save(photos / "dog" / "same.bmp")
    own = read(photos)
    assert [note.en for note in own.notes] == [
        "2 of 14 pictures repeat another one exactly; copies stay in the same part of every division",
        "4 pictures are the same in two classes: no model can tell them all right",
    ]
    for seed in range(10):
        first, second = own.split(np.arange(14), 0.3, np.random.default_rng(seed))
        assert not set(own.copies[first]) & set(own.copies[second])
        assert set(own.targets[second]) == {0, 1}


def test_a_fact_of_the_file_that_tells_the_class_is_said(tmp_path):
    for number in range(40):
        size = (20, 30) if number % 2 else (20, 40)
        save(tmp_path / "p" / ("cat", "dog")[number % 2] / f"{number}.png", noise(number, *size))
    notes = [note.en for note in read(tmp_path / "p").notes]
    assert notes[-1].startswith("the width of a file alone tells its class almost exactly")


# Through the contest --------------------------------------------------------------------------------------------


def test_a_folder_enters_the_contest(photos):
    call = data.own_data(photos)
    assert call == spec(own_pictures, path=str(photos))
    with pytest.raises(BadSetting, match="--target kind does not suit a folder, whose classes are the names"):
        data.own_data(photos, target="kind")
    (photos.parent / "nothing").mkdir()
    with pytest.raises(
        BadData, match="holds neither pictures nor sounds nor texts: it is empty; expected is one folder"
    ):
        data.own_data(photos.parent / "nothing")
    task = of_folder(call.build(), photos)
    assert [family.name for family in task.families] == ["linear", "neighbours", "vectors", "forest", "cnn", "resnet"]
    for family in task.families:
        assert len(family.settings("quick")) == len(family.settings("full")) == CHOICES
    recipes = [for_pictures(28, 28, 4_000)[-1].settings(scale)[0].settings["recipe"] for scale in STEPS]
    assert [recipe.settings["steps"] for recipe in recipes] == list(STEPS.values())
    few = [family.settings("full")[0].settings["recipe"].settings["steps"] for family in for_pictures(28, 28, 117)[-2:]]
    assert few == [400 * 117 // 64] * 2
    assert task.families[-1].settings("full")[0].settings["recipe"].settings["steps"] == STEPS["quick"]
    assert task.measures[0] is evaluate.error
    assert comparison.contest(photos).question.en == "Which family tells the pictures of photos apart best?"


@pytest.fixture(scope="module")
def bars(tmp_path_factory) -> data.OwnFolder:
    """Lying and standing bars, moved about, in colour, with noise."""
    place, generator = tmp_path_factory.mktemp("bars"), np.random.default_rng(0)
    for number in range(80):
        picture = generator.integers(0, 60, (16, 16, 3), dtype=np.uint8)
        at = generator.integers(3, 12)
        picture[(slice(at, at + 3), slice(2, 14)) if number % 2 else (slice(2, 14), slice(at, at + 3))] = 200
        save(place / ("lying" if number % 2 else "standing") / f"{number:02}.png", picture)
    return read(place)


@pytest.mark.parametrize("family", ["linear", "neighbours", "vectors", "forest", "cnn", "resnet"])
def test_every_family_learns_is_kept_and_answers_alike(bars, family, tmp_path):
    """A kept learner answers pictures that are read later exactly as it answered them in the contest."""
    families = {each.name: each for each in of_folder(bars, Path("bars")).families}
    known, judged = bars.split(np.arange(len(bars)), 0.25, np.random.default_rng(0))
    chosen = families[family].candidates()[1]
    if "recipe" in chosen.settings:
        chosen = chosen.with_settings(recipe=chosen.settings["recipe"].with_settings(steps=40, batch=16))
    lesson = Lesson(families[family].preparation, bars.take(known), bars.targets[known], bars.classes)
    learner = lesson.learner(chosen, np.random.default_rng(0))
    answers = learner.answers(bars.take(judged))
    assert answers.shape == (20, 2)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-6)
    assert evaluate.error(answers, bars.targets[judged]) <= (50 if family in ("linear", "neighbours") else 15)
    kept = from_bytes(as_bytes(learner))
    for number, row in enumerate(judged):
        save(tmp_path / f"{number:02}.png", bars.arrays[row].transpose(1, 2, 0))
    later = np.concatenate([kept.answers(block) for block in data.later(bars.card, str(tmp_path))])
    np.testing.assert_array_equal(later, answers)
    alone = kept.answers(next(data.later(bars.card, str(tmp_path / "03.png"))))
    np.testing.assert_array_equal(alone[0], answers[3])


def test_later_pictures_have_the_classes_of_their_folders(bars, tmp_path):
    for number, place in enumerate(("lying/a.png", "standing/b.png", "unknown/c.png", "d.png")):
        save(tmp_path / place, bars.arrays[number].transpose(1, 2, 0))
    found = np.concatenate(list(data.later_answers(bars.card, str(tmp_path))))
    assert found.tolist() == [-1, 0, 1, -1]  # by their names: d.png, lying/a.png, ...
    with pytest.raises(BadData, match="missing: 'picture', from which the run learned"):
        data.later_values(bars.card, {"a": [b""]})


def test_later_pictures_must_all_be_read(bars, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"x")
    with pytest.raises(BadData, match=r"nothing in .* can be used; 1 pictures left out, broken"):
        list(data.later(bars.card, str(tmp_path)))
    save(tmp_path / "good.png", bars.arrays[0].transpose(1, 2, 0))
    with pytest.raises(BadData, match=r"every file must have its answer: 1 pictures left out, broken or cut short"):
        list(data.later(bars.card, str(tmp_path)))
    (tmp_path / "none").mkdir()
    with pytest.raises(BadData, match=r"holds no pictures; they end in \.png"):
        list(data.later(bars.card, str(tmp_path / "none")))


# Preparations ---------------------------------------------------------------------------------------------------


def test_standard_pictures_have_mean_0_and_variance_1_by_channel():
    known, asked = noise(0, 50, 3, 6, 5), noise(1, 4, 3, 6, 5)
    known[:, 2] = 7  # a channel that never changes
    prepared = models.StandardPictures().fit(known)
    numbers = prepared.transform(known)
    assert numbers.dtype == np.float32
    np.testing.assert_allclose(numbers.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(numbers.std(axis=(0, 2, 3)), [1, 1, 0], atol=1e-5)
    expected = (asked[:, 0] - known[:, 0].mean()) / known[:, 0].std()
    np.testing.assert_allclose(prepared.transform(asked)[:, 0], expected, atol=1e-5)


@pytest.mark.parametrize(("rows", "kept"), [(60, 7), (20, 7), (60, 100)])
def test_flat_pictures_lie_along_the_axes_of_the_covariance(rows, kept):
    known, asked = noise(0, rows, 1, 6, 5), noise(1, 4, 1, 6, 5)
    numbers = models.FlatPictures(kept=kept).fit(known).transform(asked)
    flat, other = (each.reshape(len(each), -1).astype(float) for each in (known, asked))
    values, axes = np.linalg.eigh(np.cov(flat.T, bias=True))
    if kept >= 30:
        np.testing.assert_allclose(numbers, (other - flat.mean(axis=0)) / np.sqrt(values.mean()), rtol=1e-4, atol=1e-5)
        return
    along = (other - flat.mean(axis=0)) @ axes[:, ::-1][:, :kept] / np.sqrt(values[::-1][:kept].mean())
    np.testing.assert_allclose(np.abs(numbers), np.abs(along), rtol=2e-3, atol=1e-3)


# Augmentation ---------------------------------------------------------------------------------------------------


def test_warped_turns_by_pixels_and_fills_with_the_edge():
    """A quarter turn of a picture that is not square, against numpy; and what must not change."""
    import torch

    square = torch.tensor(noise(0, 1, 1, 9, 9).astype(np.float32))
    generator = torch.Generator().manual_seed(0)
    still = train.warped(square, generator, turn=0.0, scale=0.0, shift=0.0)
    torch.testing.assert_close(still, square, atol=1e-3, rtol=0)
    wide = torch.zeros(400, 1, 20, 40)
    wide[:, :, 8:12, 18:22] = 1.0  # a square in the middle stays one, however it is turned
    turned = train.warped(wide, generator, turn=np.pi, scale=0.0, shift=0.0)
    torch.testing.assert_close(turned.sum(dim=(1, 2, 3)), wide.sum(dim=(1, 2, 3)), atol=1.0, rtol=0)
    rows, columns = (turned.mean(dim=0)[0].sum(dim=side) for side in (1, 0))
    spread = [
        float((each * (torch.arange(len(each)) - (len(each) - 1) / 2) ** 2).sum() / each.sum())
        for each in (rows, columns)
    ]
    assert abs(spread[0] - spread[1]) < 0.15
    bright = train.warped(torch.full((8, 3, 7, 5), 4.0), generator)
    torch.testing.assert_close(bright, torch.full((8, 3, 7, 5), 4.0))


def test_warped_draws_as_it_says(global_randomness_untouched):
    import torch

    point = torch.zeros(500, 1, 41, 41)
    point[:, :, 20, 20] = 1.0
    moved = train.warped(point, torch.Generator().manual_seed(0), turn=0.0, scale=0.0, shift=0.1)
    at = torch.arange(41.0)
    centre = (moved.sum(dim=2)[:, 0] * at).sum(dim=1) / moved.sum(dim=(1, 2, 3)) - 20
    assert 3.7 < float(centre.abs().max()) < 4.2  # a tenth of 41 pixels
    assert abs(float(centre.mean())) < 0.4
    left = torch.zeros(200, 1, 8, 8)
    left[..., :2] = 1.0
    mirrored = train.warped(left, torch.Generator().manual_seed(1), turn=0.0, scale=0.0, shift=0.0, mirror=True)
    sides = mirrored[:, 0, 0, 0].round()
    assert 60 < int(sides.sum()) < 140
    torch.testing.assert_close(mirrored[sides == 0], left[sides == 0].flip(3), atol=1e-4, rtol=0)
    again = [train.warped(point, torch.Generator().manual_seed(3)) for _ in range(2)]
    torch.testing.assert_close(*again)


def test_warped_bends_neighbours_together_and_as_far_as_it_says():
    """A picture whose brightness says where each pixel came from shows how far it was moved."""
    import torch

    side, still = 30, {"turn": 0.0, "scale": 0.0, "shift": 0.0}
    ramp = torch.arange(float(side)).expand(400, 1, side, side)
    bent = train.warped(ramp, torch.Generator().manual_seed(0), **still, bend=0.02)
    moved = (bent - ramp)[:, 0, 8:22, 8:22]  # far from the edge, which repeats
    assert abs(float(moved.std()) - 0.02 * side) < 0.03
    assert abs(float(moved.mean())) < 0.05
    near = torch.corrcoef(torch.stack([moved[:, 5, 5], moved[:, 5, 6]]))[0, 1]
    far = torch.corrcoef(torch.stack([moved[:, 0, 0], moved[:, 13, 13]]))[0, 1]
    assert float(near) > 0.95  # exp(-0.25 * (7 / 30) ** 2) = 0.99
    assert abs(float(far)) < 0.2  # exp(-0.25 * 2 * (13 * 7 / 30) ** 2) = 0.01


def test_augmentation_decides_what_a_network_learns(bars):
    recipe = spec(train.Recipe, optimiser=spec(train.adamw, lr=0.005), steps=5, batch=16)
    model = spec(models.CNN, depth=4, patch=2, grid=2, channels=4)
    inputs = models.StandardPictures().fit(bars.arrays).transform(bars.arrays)
    answers = [
        train.network_classifier(model=model, recipe=recipe, augment=augment, generator=np.random.default_rng(0))
        .fit(inputs, bars.targets)
        .predict_proba(inputs)
        for augment in (None, spec(train.warped), spec(train.warped))
    ]
    assert np.abs(answers[0] - answers[1]).max() > 1e-4
    np.testing.assert_array_equal(answers[1], answers[2])


def test_a_trial_of_a_folder_is_tuned_and_judged(bars, memory_watch, tmp_path):
    found = train.tuned(
        Seeds(0),
        memory_watch(),
        data=spec(own_pictures, path=_place(bars, tmp_path)),
        candidates=tuple(spec(models.support_vectors, strength=strength) for strength in (1e-3, 10.0)),
        preparation=spec(models.FlatPictures),
        measures=(evaluate.error, evaluate.error_by_class),
    )
    assert found["error"] <= 15


def _place(own: data.OwnFolder, place: Path) -> str:
    for name, picture in zip(own.names, own.arrays, strict=True):
        save(place / name, picture.transpose(1, 2, 0))
    return str(place)
