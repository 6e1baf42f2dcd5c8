"""Sounds of the user's own: every kind of WAV is read right, or refused in one clear line; spectra by the formula."""

import io
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from zhixing import data, evaluate, models
from zhixing.comparison.families import CHOICES
from zhixing.comparison.folders import of_folder
from zhixing.core import BadData, spec
from zhixing.data.own import labelled, sounds
from zhixing.data.own.sounds import own_sounds
from zhixing.models.sounds import FLOOR, log_mel, mel_filters
from zhixing.train.keeping import as_bytes, from_bytes
from zhixing.train.learner import Lesson

RATE = 8_000


def tone(pitch: float, *, seconds: float = 0.5, rate: int = RATE, loud: float = 0.5) -> np.ndarray:
    return loud * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)


def wav(samples: np.ndarray, rate: int = RATE, *, tag: int = 1, bits: int = 16, channels: int = 1) -> bytes:
    """A WAV of samples in -1 to 1, written out byte by byte; (frames,) or (frames, channels)."""
    values = samples.reshape(-1)
    if tag == 3:
        content = values.astype({32: "<f4", 64: "<f8"}[bits]).tobytes()
    elif bits == 8:
        content = np.round(values * 127 + 128).astype(np.uint8).tobytes()
    else:
        whole = np.round(values * (2 ** (bits - 1) - 1)).astype("<i8").reshape(-1, 1).view(np.uint8)
        content = whole[:, : bits // 8].tobytes()
    block = channels * bits // 8
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, tag, channels, rate, rate * block, block, bits)
    body = b"WAVE" + form + struct.pack("<4sI", b"data", len(content)) + content
    return struct.pack("<4sI", b"RIFF", len(body)) + body


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """Six tones of half a second in each of two classes, low and high."""
    for number in range(12):
        place = tmp_path / "words" / ("high", "low")[number % 2] / f"{number:02}.wav"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(wav(tone((1000, 200)[number % 2] + 10 * number)))
    return tmp_path / "words"


def read(place: Path) -> data.OwnFolder:
    return own_sounds(path=str(place))


def refused(place: Path) -> str:
    with pytest.raises(BadData) as caught:
        read(place)
    for half in (caught.value.message.en, caught.value.message.zh):
        assert "\n" not in half
    assert re.search("[\u4e00-\u9fff]", caught.value.message.zh)
    return caught.value.message.en


def one(content: bytes, *, rate: int = RATE, samples: int = 4_000) -> np.ndarray:
    return sounds.decoded(io.BytesIO(content), rate=rate, samples=samples)


# What is read ---------------------------------------------------------------------------------------------------


def test_sounds_are_read_as_waveforms(words):
    own = read(words)
    assert own.arrays.shape == (12, 4_000)
    assert own.arrays.dtype == np.float32
    assert own.classes == ("high", "low")
    np.testing.assert_allclose(own.take(np.array([0]))[0], tone(1000), atol=1e-4)
    assert own.told.en == "12 sounds of 2 classes: high 6, low 6"
    assert own.notes == ()
    assert own.card == {"kind": "sounds", "rate": 8_000, "samples": 4_000, "classes": ["high", "low"]}


@pytest.mark.parametrize(("tag", "bits"), [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_every_depth_and_number_of_channels_is_read(tag, bits, channels):
    parts = np.stack([tone(300 + 50 * channel) for channel in range(channels)], axis=1)
    found = one(wav(parts, tag=tag, bits=bits, channels=channels))
    np.testing.assert_allclose(found, parts.mean(axis=1), atol=1.5 / 2 ** min(bits - 1, 22))


def test_an_extensible_header_and_other_chunks_are_read():
    plain = wav(tone(300), bits=24)
    form = plain[20:36]
    guid = struct.pack("<HHI", 22, 24, 4) + struct.pack("<H", 1) + b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
    extended = struct.pack("<H", 0xFFFE) + form[2:] + guid
    body = b"WAVE" + struct.pack("<4sI", b"LIST", 5) + b"INFOx\0" + struct.pack("<4sI", b"fmt ", 40) + extended
    body += plain[36:] + struct.pack("<4sI", b"id3 ", 3) + b"abc\0"
    np.testing.assert_allclose(one(struct.pack("<4sI", b"RIFF", len(body)) + body), tone(300), atol=1e-6)


def test_a_stereo_sound_at_96_kilohertz_is_right(words):
    left, right = tone(440, rate=96_000, seconds=0.5), tone(440, rate=96_000, seconds=0.5, loud=0.3)
    content = wav(np.stack([left, right], axis=1), 96_000, bits=24, channels=2)
    (words / "low" / "stereo.wav").write_bytes(content)
    own = read(words)
    found = own.arrays[own.names.index("low/stereo.wav")]
    inner = slice(100, 3_900)  # at its ends a filter hears the silence beyond
    np.testing.assert_allclose(found[inner], tone(440, loud=0.4)[inner], atol=2e-3)
    assert [note.en for note in own.notes] == [
        "sounds at 96,000 samples a second are brought to 8,000",
        "1 sounds have several channels, which are averaged",
    ]


@pytest.mark.parametrize(("rates", "kept"), [((44_100,) * 12, 16_000), ((11_025,) * 8 + (44_100,) * 4, 11_025)])
def test_the_rate_is_the_commonest_and_at_most_16_kilohertz(tmp_path, rates, kept):
    for number, rate in enumerate(rates):
        place = tmp_path / "ab"[number % 2] / f"{number}.wav"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(wav(tone(300 + number, rate=rate), rate))
    own = read(tmp_path)
    assert own.card["rate"] == kept
    inner = slice(200, kept // 2 - 200)
    expected = tone(300, rate=kept)
    np.testing.assert_allclose(own.arrays[own.names.index("a/0.wav")][inner], expected[inner], atol=3e-3)


def test_what_cannot_be_heard_at_the_new_rate_is_filtered_out():
    assert np.abs(one(wav(tone(7_000, rate=48_000), 48_000))[100:-100]).max() < 0.01


def test_the_length_is_that_of_most_and_the_note_says_what_was_cut(tmp_path):
    for number in range(40):
        place = tmp_path / "s" / "ab"[number % 2] / f"{number:02}.wav"
        place.parent.mkdir(parents=True, exist_ok=True)
        seconds = 3.0 if number == 7 else 0.2 + 0.01 * (number % 20)
        place.write_bytes(wav(tone(200 + number, seconds=seconds)))
    own = read(tmp_path / "s")
    assert own.arrays.shape == (40, 3_120)
    assert own.notes[0].en == (
        "sounds of 0.20 to 3.00 seconds become 0.39: 1 are cut at the end, shorter ones end in silence"
    )
    assert own.notes[0].zh == "录音长 0.20 至 3.00 秒，统一为 0.39 秒：1 段的结尾被截去，较短的以静音补齐"
    assert (own.arrays[0, 1_600:] == 0).all()
    long = own.arrays[own.names.index("b/07.wav")]
    np.testing.assert_allclose(long, tone(207, seconds=3.0)[:3_120], atol=1e-4)


def test_no_sound_is_longer_than_four_seconds(words):
    for place in words.rglob("*.wav"):
        place.write_bytes(wav(tone(200 + int(place.stem), seconds=6)))
    assert read(words).arrays.shape == (12, 32_000)


# What is left out -----------------------------------------------------------------------------------------------


def changed(content: bytes, at: int, form: str, value: int) -> bytes:
    return content[:at] + struct.pack(form, value) + content[at + struct.calcsize(form) :]


WHOLE = wav(tone(300))
BROKEN = "broken or cut short"
BAD = {
    "cut short": (WHOLE[:-100], BROKEN),
    "only a head": (WHOLE[:40], BROKEN),
    "nothing": (b"", "no WAV, whatever the ending says"),
    "an MP3": (b"ID3\x04" + b"\0" * 400, "no WAV, whatever the ending says"),
    "an AVI": (b"RIFF\0\0\0\0AVI " + b"\0" * 400, "no WAV, whatever the ending says"),
    "of no length": (wav(np.zeros(0)), "of no length"),
    "no data": (WHOLE[:36], BROKEN),
    "no form": (WHOLE[:12] + WHOLE[36:], BROKEN),
    "no channels": (changed(WHOLE, 22, "<H", 0), BROKEN),
    "60,000 channels": (changed(WHOLE, 22, "<H", 60_000), BROKEN),
    "one frame, it says": (changed(changed(WHOLE, 34, "<H", 0), 32, "<H", 65_535), "of no length"),
    "no rate": (changed(WHOLE, 24, "<I", 0), "at a rate that no recorder has"),
    "a rate without end": (changed(WHOLE, 24, "<I", 2**32 - 1), "at a rate that no recorder has"),
    "4 GB, it says": (changed(WHOLE, 40, "<I", 2**32 - 2), BROKEN),
    "a chunk without end": (WHOLE[:12] + b"LIST\xff\xff\xff\xff" + WHOLE[12:], BROKEN),
    "packed": (changed(WHOLE, 20, "<H", 0x11), BROKEN),
    "not a number": (wav(np.full(4_000, np.nan), tag=3, bits=32), "with values that are no numbers"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_file_is_left_out_and_said(words, bad):
    content, reason = BAD[bad]
    (words / "high" / "bad.wav").write_bytes(content)
    own = read(words)
    assert len(own) == 12
    assert own.card["rate"] == RATE
    assert [note.en for note in own.notes] == [f"1 sounds left out, {reason} (first: 'high/bad.wav')"]


def test_a_recorder_that_left_the_size_open_is_read():
    np.testing.assert_allclose(one(changed(WHOLE, 40, "<I", 2**32 - 1)), tone(300), atol=1e-4)


def test_a_long_recording_is_read_at_its_beginning_only(words, monkeypatch):
    """An hour that fills no disk: the bytes behind the first seconds are not asked for."""
    head = changed(changed(WHOLE, 40, "<I", 180_000_000), 4, "<I", 180_000_036)
    place = words / "low" / "long.wav"
    place.write_bytes(head)
    with place.open("r+b") as file:
        file.truncate(180_000_044)
    asked = []
    decode = sounds._wave
    monkeypatch.setattr(sounds, "_wave", lambda own, content: asked.append(len(content)) or decode(own, content))
    own = read(words)
    assert len(own) == 13
    assert max(asked) < 2 * 8_000 * 4.2
    place.unlink()
    with place.open("wb") as file:
        file.truncate(4_000_000_000)
    assert read(words).notes[0].en == "1 sounds left out, above 200,000,000 bytes (first: 'low/long.wav')"


def test_where_all_are_broken_there_is_nothing(words):
    for place in words.rglob("*.wav"):
        place.write_bytes(WHOLE[:-100])
    assert refused(words) == (
        "nothing in words can be used; 12 sounds left out, broken or cut short (first: 'high/00.wav')"
    )


def test_a_wrong_folder_says_what_was_expected(words):
    assert refused(words / "low") == (
        "low holds no sounds in class folders: 6 lie in it without a class folder; expected is one folder for each class, "
        "such as low/cat/1.wav, low/dog/1.wav"
    )
    file = words / "low" / "01.wav"
    assert refused(file) == (
        f"{file} is a file; sounds are read from a folder with one folder for each class, such as FOLDER/cat/1.wav, "
        "FOLDER/dog/1.wav, or from a .zip of it"
    )


def test_more_sounds_than_memory_holds_are_refused(words, monkeypatch):
    monkeypatch.setattr(labelled, "MOST_BYTES", 100_000)
    assert refused(words) == (
        "12 sounds of words take 192,000 bytes of memory, the most is 100,000; give a folder with a sample of them"
    )


# Spectra --------------------------------------------------------------------------------------------------------


def test_a_spectrogram_is_the_transform_written_out():
    """Every frame, frequency and band as a sum, by the formulae alone."""
    rate, window, hop, bands = 2_000, 64, 20, 7
    sound = np.random.default_rng(0).normal(0, 0.1, 200)

    def mel(frequency):
        return 2595 * np.log10(1 + frequency / 700)

    corners = [700 * (10 ** (mel(rate / 2) * place / (bands + 1) / 2595) - 1) for place in range(bands + 2)]
    frames = 1 + (len(sound) - window) // hop
    expected = np.zeros((bands, frames))
    for frame in range(frames):
        for band in range(bands):
            below, peak, above = corners[band : band + 3]
            total = 0.0
            for frequency in range(window // 2 + 1):
                hertz = frequency * rate / window
                weight = max(0.0, min((hertz - below) / (peak - below), (above - hertz) / (above - peak)))
                shape = [0.5 - 0.5 * np.cos(2 * np.pi * t / window) for t in range(window)]
                wave = sum(
                    shape[t] * sound[frame * hop + t] * np.exp(-2j * np.pi * frequency * t / window)
                    for t in range(window)
                )
                total += weight * abs(wave) ** 2 / sum(each**2 for each in shape)
            expected[band, frame] = np.log(max(total, FLOOR))
    found = log_mel(sound[None].astype(np.float32), rate=rate, bands=bands)
    assert found.shape == (1, bands, frames)
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=1e-4)


def test_filters_cover_every_frequency_between_the_outermost_peaks():
    weights = mel_filters(rate=16_000, window=512, bands=40)
    assert weights.shape == (40, 257)
    assert (weights >= 0).all()
    assert weights.max() <= 1
    assert (weights.sum(axis=1) > 0).all()  # a narrow band takes the nearest frequency
    peaks = weights.argmax(axis=1)
    assert (np.diff(peaks) >= 0).all()
    inner = weights[:, peaks[10] : peaks[-1]]
    np.testing.assert_allclose(inner.sum(axis=0), 1, atol=1e-6)  # neighbours share what lies between their peaks


def test_a_tone_is_seen_in_its_band_and_a_long_sound_in_as_many_frames():
    peaks = [
        log_mel(tone(pitch)[None].astype(np.float32), rate=RATE)[0].mean(axis=1).argmax() for pitch in (200, 800, 3000)
    ]
    assert peaks[0] < peaks[1] < peaks[2]
    assert log_mel(np.zeros((2, 64_000), np.float32), rate=16_000).shape[2] <= 64
    assert log_mel(np.zeros((2, 3), np.float32), rate=RATE).shape == (2, 40, 1)
    np.testing.assert_allclose(log_mel(np.zeros((1, 900), np.float32), rate=RATE), np.log(FLOOR), rtol=1e-6)


def test_prepared_sounds_are_standard_by_band():
    known = np.random.default_rng(0).normal(0, 0.1, (30, 3_000)).astype(np.float32)
    maps = models.LogMel(rate=RATE).fit(known).transform(known)
    assert maps.shape[:3] == (30, 1, 40)
    assert maps.dtype == np.float32
    np.testing.assert_allclose(maps.mean(axis=(0, 1, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(maps.std(axis=(0, 1, 3)), 1, atol=1e-3)


def test_flat_sounds_are_means_and_deviations_of_stretches_of_the_sound_alone():
    sound = np.zeros((3, 4_000), dtype=np.float32)
    sound[0, :2_000] = tone(300)[:2_000]
    sound[1] = tone(500)
    sound[2, :1_000] = tone(900)[:1_000]
    prepared = models.FlatSounds(rate=RATE, bands=6, parts=2).fit(sound)
    rows = prepared.transform(sound) * prepared.deviation + prepared.mean
    assert rows.shape == (3, 2 * 2 * 6 + 1)
    spectrum = log_mel(sound, rate=RATE, bands=6)[1]
    half = spectrum.shape[1] // 2
    expected = [
        part for each in (spectrum[:, :half], spectrum[:, half:]) for part in (each.mean(axis=1), each.std(axis=1))
    ]
    np.testing.assert_allclose(rows[1, :-1], np.concatenate(expected), atol=1e-4)
    np.testing.assert_allclose(rows[:, -1], [0.5, 1.0, 0.25], atol=2e-3)
    silent = models.FlatSounds(rate=RATE).fit(np.zeros((5, 300), np.float32)).transform(np.zeros((5, 300), np.float32))
    np.testing.assert_array_equal(silent, 0)


# Through the contest --------------------------------------------------------------------------------------------


def test_a_folder_of_sounds_enters_the_contest(words):
    assert data.own_data(words) == spec(own_sounds, path=str(words))
    task = of_folder(read(words), words)
    assert task.question.zh == "哪一类模型最能分清 words 中的录音？"
    for family in task.families:
        assert len(family.settings("quick")) == len(family.settings("full")) == CHOICES


@pytest.mark.parametrize("family", ["linear", "neighbours", "vectors", "forest", "cnn", "resnet"])
def test_every_family_learns_is_kept_and_answers_alike(words, family):
    own = read(words)
    chosen = {each.name: each for each in of_folder(own, words).families}[family]
    candidate = chosen.candidates()[0]
    if "recipe" in candidate.settings:
        candidate = candidate.with_settings(recipe=candidate.settings["recipe"].with_settings(steps=25, batch=8))
    known = np.setdiff1d(np.arange(12), [0, 6])
    lesson = Lesson(chosen.preparation, own.take(known), own.targets[known], own.classes)
    learner = lesson.learner(candidate, np.random.default_rng(0))
    answers = learner.answers(own.take(np.array([0, 6])))
    assert evaluate.error(answers, own.targets[[0, 6]]) <= (50 if family == "forest" else 0)
    later = [from_bytes(as_bytes(learner)).answers(block) for block in data.later(own.card, str(words))]
    np.testing.assert_array_equal(np.concatenate(later)[[0, 6]], answers)


@pytest.mark.needs_shared
def test_spoken_digits_are_told_apart(tmp_path):
    """A linear model on the means and deviations, official split: takes 0 to 4 of each speaker judge."""
    source = Path(__file__).parents[2] / "shared" / "data" / "spoken_digits.npz"
    if not source.exists():
        pytest.skip("no shared data here")
    whole = dict(np.load(source))
    ends = np.cumsum(whole["lengths"])
    for number, end in enumerate(ends):
        if whole["takes"][number] < 10:
            place = (
                tmp_path / str(whole["labels"][number]) / f"{whole['speakers'][number]}-{whole['takes'][number]}.wav"
            )
            place.parent.mkdir(exist_ok=True)
            wavfile.write(place, 8_000, whole["samples"][end - whole["lengths"][number] : end])
    own = read(tmp_path)
    assert len(own) == 600
    judged = np.array([int(Path(name).stem[-1]) < 5 for name in own.names])
    chosen = of_folder(own, tmp_path).families[0]
    lesson = Lesson(chosen.preparation, own.take(~judged), own.targets[~judged], own.classes)
    learner = lesson.learner(chosen.candidates()[2], np.random.default_rng(0))
    assert evaluate.error(learner.answers(own.take(judged)), own.targets[judged]) < 10
