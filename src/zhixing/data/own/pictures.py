"""Pictures of the user's own in class folders, as one array: PNG, JPEG, BMP, WebP and the first frame of a GIF.

Source of the limits: Pillow's handbook, "Security": decoders for other kinds stay shut, whatever a file calls itself,
and a picture's size is read before its pixels. Orientation: EXIF 2.32 (CIPA DC-008-2019), tag 0x0112.
"""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from zhixing.core import Text
from zhixing.data.own.folders import Wanted, by_class, shelf
from zhixing.data.own.labelled import OwnFolder, Read, Reading, Unusable, checked_bytes, labelled, later_files

if TYPE_CHECKING:
    from PIL.Image import Image

THINGS = Text("pictures", "图片")
WANTED = Wanted(THINGS, (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"))
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
LONGEST, SHORTEST = 64, 8
"""Pixels of a side: no picture is kept larger than the one, or smaller than the other."""
MOST_PIXELS = 50_000_000
"""Pixels of a picture as it is decoded; a JPEG is decoded small."""
BEHIND = 128
"""What is seen through transparent pixels: middle grey, on which neither black nor white ink is lost."""
_GREY = ("1", "L", "LA", "I;16", "I;16B", "I;16L", "I;16N", "I")
_TURNED = 5
"""Orientations from here on lie on their side."""


@dataclass(frozen=True)
class Header:
    """What a picture says of itself before it is decoded."""

    width: int
    """Upright, as it is seen."""
    height: int
    mode: str
    format: str
    moving: bool
    see_through: bool

    @property
    def grey(self) -> bool:
        return self.mode in _GREY


def own_pictures(*, path: str) -> OwnFolder:
    """The pictures of a folder with one folder for each class, or of a zip archive of it: (n, channels, h, w) uint8.

    All have the median height and width, their long side at most LONGEST pixels; one of another shape is stretched to
    theirs. One channel where every picture is grey, else three. Raises BadData where nothing can be used, a class has
    fewer than FEWEST different pictures, or memory would not hold them.
    """
    return _read(path, shelf(path, WANTED).stamp)


@lru_cache(maxsize=2)
def _read(path: str, stamp: str) -> OwnFolder:
    """As `own_pictures`; `stamp` changes with the folder, so that another content is read anew."""
    source = shelf(path, WANTED)
    classes, notes = by_class(source, WANTED)
    reading = Reading(source, THINGS)
    headers = dict(reading.each(classes, header))
    height, width = size_for(tuple(headers.values()))
    channels = 1 if all(each.grey for each in headers.values()) else 3
    checked_bytes(source.name, THINGS, len(headers), len(headers) * channels * height * width)
    pixels = np.empty((len(headers), channels, height, width), dtype=np.uint8)
    kept = reading.fill(pixels, headers, partial(decoded, channels=channels, height=height, width=width))
    pixels = pixels[: len(kept)]
    seen = [headers[name] for name in kept]
    grey = channels == 3 and bool((pixels == pixels[:, :1]).all())
    return labelled(
        pixels[:, :1].copy() if grey else pixels,
        kept,
        classes=classes,
        source=source,
        things=THINGS,
        traits={
            Text("the width", "宽度"): [each.width for each in seen],
            Text("the height", "高度"): [each.height for each in seen],
            Text("the format", "格式"): [each.format for each in seen],
            Text("the colour mode", "颜色模式"): [each.mode for each in seen],
        },
        notes=[*notes, *reading.notes(), *_notes(seen, height, width)],
        card={"kind": "pictures", "channels": 1 if grey else channels, "height": height, "width": width},
    )


def size_for(headers: Sequence[Header]) -> tuple[int, int]:
    """Height and width that suit pictures of many sizes: their medians, within LONGEST and SHORTEST."""
    height, width = (float(np.median([getattr(each, side) for each in headers])) for side in ("height", "width"))
    scale = min(1.0, LONGEST / max(height, width))
    return max(SHORTEST, round(scale * height)), max(SHORTEST, round(scale * width))


def header(file: IO[bytes]) -> Header:
    """Raises Unusable for a picture of more pixels than are decoded, and whatever Pillow does for a broken one."""
    image = _opened(file)
    size = image.size
    _made_small(image, LONGEST)
    width, height = reversed(size) if _orientation(image) >= _TURNED else size
    moving = bool(getattr(image, "is_animated", False))
    return Header(width, height, image.mode, image.format or "", moving, _see_through(image))


def decoded(file: IO[bytes], channels: int, height: int, width: int) -> np.ndarray:
    """The picture upright, with so many channels and of this size, (channels, height, width) uint8; raises as `header`.

    A picture that has the size is kept pixel by pixel; any other is averaged over the pixels that fall on one.
    """
    from PIL import Image

    image = _opened(file)
    _made_small(image, max(height, width))
    image.load()
    turn, see_through, colours = _orientation(image), _see_through(image), "L" if channels == 1 else "RGB"
    if image.mode.startswith("I"):  # 16 bits: Pillow would clip them, so the upper 8 are kept
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    image = image.convert("RGBA" if see_through else colours)
    if turn in _UPRIGHT:
        image = image.transpose(Image.Transpose[_UPRIGHT[turn]])
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    if see_through:
        behind = Image.new("RGBA", image.size, (BEHIND, BEHIND, BEHIND, 255))
        image = Image.alpha_composite(behind, image).convert(colours)
    pixels = np.atleast_3d(np.asarray(image)).transpose(2, 0, 1)
    return np.ascontiguousarray(pixels)  # the order in memory would else decide how a network adds up


def _opened(file: IO[bytes]) -> "Image":
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is broken but can be read, and of sizes, which are checked here
        try:
            return Image.open(file, formats=FORMATS)
        except Image.DecompressionBombError:
            raise Unusable(_TOO_LARGE) from None


def _made_small(image: "Image", side: int) -> None:
    """Has a JPEG decoded at about twice the side that is wanted; raises Unusable where even that is too much."""
    image.draft(None, (2 * side, 2 * side))
    if math.prod(image.size) > MOST_PIXELS:
        raise Unusable(_TOO_LARGE)


_TOO_LARGE = Text(f"above {MOST_PIXELS:,} pixels", f"超过 {MOST_PIXELS:,} 像素")
_TOO_LARGE_TOGETHER = Text(
    f"above {MOST_PIXELS:,} pixels with those before it", f"连同前面的图片超过 {MOST_PIXELS:,} 像素"
)


def _see_through(image: "Image") -> bool:
    return "transparency" in image.info or image.mode in ("LA", "PA", "RGBA")


def _orientation(image: "Image") -> int:
    """1 to 8; 1, upright, where nothing is said or what is said is broken."""
    if "exif" not in image.info:  # asking for it would decode a PNG
        return 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            said = image.getexif().get(0x0112)
    except Exception:  # cameras and editors break it in many ways, and the picture is whole all the same
        return 1
    return said if isinstance(said, int) and 1 <= said <= 8 else 1


def _notes(seen: Sequence[Header], height: int, width: int) -> Iterator[Text]:
    sizes = sorted({(each.width * each.height, each.width, each.height) for each in seen})
    if sizes != [(width * height, width, height)]:
        (_, *least), (_, *most) = sizes[0], sizes[-1]
        span = f"{least[0]:,} x {least[1]:,}" + (f" - {most[0]:,} x {most[1]:,}" if len(sizes) > 1 else "")
        yield Text(
            en=f"pictures of {span} pixels are scaled to {width} x {height}",
            zh=f"图片原为 {span} 像素，统一缩放为 {width} x {height}",
        )
    ratios = np.array([each.width * height / (each.height * width) for each in seen])
    for number, text in (
        (int((np.abs(np.log(ratios)) > 0.1).sum()), Text("of another shape, and stretched", "长宽比不同，被拉伸")),
        (
            sum(each.see_through for each in seen),
            Text("with an alpha channel; what is transparent is seen on middle grey", "带透明通道；透明处以中灰为底"),
        ),
        (sum(each.moving for each in seen), Text("moving; the first frame is used", "是动图；只用第一帧")),
        (
            sum(each.mode.startswith("I") for each in seen),
            Text("of 16 bits, of which the upper 8 are used", "为 16 位，只用高 8 位"),
        ),
    ):
        if number:
            yield Text(f"{number:,} pictures are {text.en}", f"{number:,} 张图片{text.zh}")


_UPRIGHT = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""How a picture of each EXIF orientation is set upright."""


def later_pictures(card: Mapping[str, Any], path: str) -> Iterator[np.ndarray]:
    """Further pictures (k, channels, h, w), read as those of the card were; raises as `later_files`."""
    return later_files(path, WANTED, _decoder(card))


def picture_reader(card: Mapping[str, Any]) -> Read:
    """Reads the bytes of pictures as those of the card were; all that it reads have MOST_PIXELS pixels at most."""
    decode, left = _decoder(card), MOST_PIXELS

    def read(file: IO[bytes]) -> np.ndarray:
        nonlocal left
        seen = header(file)
        left -= seen.width * seen.height
        if left < 0:
            raise Unusable(_TOO_LARGE_TOGETHER)
        file.seek(0)
        return decode(file)

    return read


def _decoder(card: Mapping[str, Any]) -> Read:
    return partial(decoded, channels=card["channels"], height=card["height"], width=card["width"])
