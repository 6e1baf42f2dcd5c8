"""Sounds of the user's own in class folders, as one array of waveforms: WAV files of any rate, depth and channels.

Source: IBM and Microsoft 1991, "Multimedia Programming Interface and Data Specifications 1.0", for the chunks of a WAV.
SciPy decodes the samples; what a file claims of its size is checked here before anything is read.
"""

import io
import struct
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from typing import IO, Any

import numpy as np

from zhixing.core import Text
from zhixing.data.own.folders import Wanted, by_class, shelf
from zhixing.data.own.labelled import BROKEN, OwnFolder, Read, Reading, Unusable, checked_bytes, labelled, later_files

THINGS = Text("sounds", "录音")
WANTED = Wanted(THINGS, (".wav", ".wave"))
FASTEST = 16_000
"""Samples a second that are kept, at most."""
LONGEST = 4.0
"""Seconds that are kept, at most, from the beginning."""
RATES = 1_000, 768_000
"""Samples a second of a file, outside of which it is taken for broken."""
_STREAMED = 0xFFFFFFFF
_MOST_CHUNKS = 1_000


@dataclass(frozen=True)
class Header:
    """What a sound says of itself before it is decoded."""

    rate: int
    channels: int
    depth: int
    """Bits of a sample."""
    frames: int
    """Samples of one channel."""
    form: bytes
    """The chunk that says all this, as it stands."""
    block: int
    """Bytes of one frame."""
    begin: int
    """Where the samples begin in the file."""

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


def own_sounds(*, path: str) -> OwnFolder:
    """The sounds of a folder with one folder for each class, or of a zip archive of it: (n, samples) float32 in -1 to 1.

    Channels are averaged. All are brought to the commonest rate, at most FASTEST, and to the length that 95 % of them
    keep within, at most LONGEST: longer ones are cut, shorter ones end in zeros. Raises BadData where nothing can be
    used, a class has fewer than FEWEST different sounds, or memory would not hold them.
    """
    return _read(path, shelf(path, WANTED).stamp)


@lru_cache(maxsize=2)
def _read(path: str, stamp: str) -> OwnFolder:
    """As `own_sounds`; `stamp` changes with the folder, so that another content is read anew."""
    source = shelf(path, WANTED)
    classes, notes = by_class(source, WANTED)
    reading = Reading(source, THINGS)
    headers = dict(reading.each(classes, header))
    rate, samples = rate_and_samples(tuple(headers.values()))
    checked_bytes(source.name, THINGS, len(headers), len(headers) * samples * 4)
    sounds = np.zeros((len(headers), samples), dtype=np.float32)
    kept = reading.fill(sounds, headers, partial(decoded, rate=rate, samples=samples))
    heard = [headers[name] for name in kept]
    return labelled(
        sounds[: len(kept)],
        kept,
        classes=classes,
        source=source,
        things=THINGS,
        traits={
            Text("the rate", "采样率"): [each.rate for each in heard],
            Text("the number of channels", "声道数"): [each.channels for each in heard],
            Text("the depth in bits", "位深"): [each.depth for each in heard],
        },
        notes=[*notes, *reading.notes(), *_notes(heard, rate, samples)],
        card={"kind": "sounds", "rate": rate, "samples": samples},
    )


def rate_and_samples(headers: Sequence[Header]) -> tuple[int, int]:
    """The rate and the length in samples that suit these sounds."""
    rates, counts = np.unique([each.rate for each in headers], return_counts=True)
    rate = min(FASTEST, int(rates[counts.argmax()]))
    usual = float(np.quantile([each.seconds for each in headers], 0.95, method="higher"))
    return rate, max(1, round(min(LONGEST, usual) * rate))


def header(file: IO[bytes]) -> Header:
    """Raises Unusable for what is no WAV, is cut short, holds nothing or has no rate that can be."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    start = file.read(12)
    if start[:4] != b"RIFF" or start[8:] != b"WAVE":
        raise Unusable(Text("no WAV, whatever the ending says", "不是 WAV，尽管扩展名如此"))
    form = b""
    for _ in range(_MOST_CHUNKS):
        name, length = struct.unpack("<4sI", file.read(8))
        if name == b"data":
            break
        if name == b"fmt ":
            form = file.read(min(length, 64))
        file.seek(length + length % 2 - (len(form) if name == b"fmt " else 0), io.SEEK_CUR)
    if name != b"data":
        raise Unusable(BROKEN)
    _, channels, rate, _, block, depth = struct.unpack("<HHIIHH", form[:16])
    begin = file.tell()
    there = size - begin
    length = there if length == _STREAMED else length  # a recorder that could not go back leaves it open
    if length > there or not channels or not block:
        raise Unusable(BROKEN)
    if not RATES[0] <= rate <= RATES[1]:
        raise Unusable(Text("at a rate that no recorder has", "采样率不可能存在"))
    if length < block:
        raise Unusable(Text("of no length", "长度为零"))
    return Header(rate, channels, depth, length // block, form, block, begin)


def decoded(file: IO[bytes], rate: int, samples: int) -> np.ndarray:
    """The beginning of the sound at another rate, (samples,) float32, zeros behind its end; raises as `header`."""
    own = header(file)
    frames = min(own.frames, int((samples / rate + 0.1) * own.rate) + 1)
    file.seek(own.begin)
    wave = _wave(own, file.read(frames * own.block))
    change = Fraction(rate, own.rate).limit_denominator(1_000)  # the filter is as long as its larger half
    if change != 1:
        from scipy.signal import resample_poly  # takes a second to load

        wave = resample_poly(wave, change.numerator, change.denominator)
    if not np.isfinite(wave).all():
        raise Unusable(Text("with values that are no numbers", "含有不是数字的值"))
    sound = np.zeros(samples, dtype=np.float32)
    sound[: len(wave)] = wave[:samples]
    return sound


def _wave(own: Header, content: bytes) -> np.ndarray:
    """The samples of some whole frames, channels averaged, in -1 to 1."""
    from scipy.io import wavfile

    chunks = (
        struct.pack("<4sI", b"fmt ", len(own.form)) + own.form + struct.pack("<4sI", b"data", len(content)) + content
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, values = wavfile.read(io.BytesIO(struct.pack("<4sI4s", b"RIFF", 4 + len(chunks), b"WAVE") + chunks))
    if values.dtype == np.uint8:
        values = values.astype(np.float32) - 128
        largest = 128.0
    else:
        largest = 1.0 if values.dtype.kind == "f" else float(2 ** (8 * values.dtype.itemsize - 1))
    wave: np.ndarray = values.reshape(len(values), -1).mean(axis=1, dtype=np.float64) / largest
    return wave


def _notes(heard: Sequence[Header], rate: int, samples: int) -> Iterator[Text]:
    if others := sorted({each.rate for each in heard} - {rate}):
        rates = [f"{each:,}" for each in others[:5]]
        yield Text(
            en=f"sounds at {', '.join(rates)} samples a second are brought to {rate:,}",
            zh=f"采样率为 {'、'.join(rates)} 的录音统一为每秒 {rate:,} 个采样",
        )
    if several := sum(each.channels > 1 for each in heard):
        yield Text(
            en=f"{several:,} sounds have several channels, which are averaged",
            zh=f"{several:,} 段录音有多个声道，已取平均",
        )
    seconds = samples / rate
    cut = sum(each.seconds > seconds + 0.5 / rate for each in heard)
    least, most = min(each.seconds for each in heard), max(each.seconds for each in heard)
    if most > least or cut:
        yield Text(
            en=f"sounds of {least:.2f} to {most:.2f} seconds become {seconds:.2f}: {cut:,} are cut at the end, shorter ones "
            "end in silence",
            zh=f"录音长 {least:.2f} 至 {most:.2f} 秒，统一为 {seconds:.2f} 秒：{cut:,} 段的结尾被截去，较短的以静音补齐",
        )


def later_sounds(card: Mapping[str, Any], path: str) -> Iterator[np.ndarray]:
    """Further sounds (k, samples), read as those of the card were; raises as `later_files`."""
    return later_files(path, WANTED, sound_reader(card))


def sound_reader(card: Mapping[str, Any]) -> Read:
    """Reads sounds as those of the card were."""
    return partial(decoded, rate=card["rate"], samples=card["samples"])
