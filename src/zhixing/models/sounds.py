"""From sounds to numbers: log-mel spectrograms for networks, their means and deviations for the classical families.

Source: Stevens, Volkmann and Newman 1937 for the mel scale, in the formula of O'Shaughnessy 1987, mel = 2595 log10(1 +
f / 700); Davis and Mermelstein 1980, Section II, for triangles that are even on it. Departs from them: a triangle is
taken at the frequencies of the transform and weighs at most 1. Parity: a transform written out as a sum.
Axes: n sounds | t samples | f frequencies | m bands | k frames
"""

import numpy as np

WINDOW, HOP = 0.032, 0.010
"""Seconds that a frame sees, and from one frame to the next."""
BANDS = 40
FRAMES = 64
"""About the most frames of a spectrogram: longer sounds are seen at longer hops."""
FLOOR = 1e-6
"""Power below which nothing is heard: 60 decibels under full scale."""
BLOCK = 256
"""Sounds at a time: bounds the memory."""


class LogMel:
    """(n, t) waveforms to (n, 1, bands, frames) float32, each band mean 0 and variance 1 over the training sounds.

    `rate` is samples a second. Frequencies go up to half of it.
    """

    def __init__(self, *, rate: int, bands: int = BANDS):
        self.rate, self.bands = rate, bands

    def fit(self, features: np.ndarray) -> "LogMel":
        spectra = log_mel(features, rate=self.rate, bands=self.bands)
        self.mean = spectra.mean(axis=(0, 2), dtype=np.float64)
        self.deviation = np.maximum(spectra.std(axis=(0, 2), dtype=np.float64), 1e-3)
        return self

    def transform(self, features: np.ndarray) -> np.ndarray:
        spectra = log_mel(features, rate=self.rate, bands=self.bands)
        numbers: np.ndarray = (spectra - self.mean[:, None]) / self.deviation[:, None]
        return numbers[:, None].astype(np.float32)


class FlatSounds:
    """(n, t) to rows: mean and deviation of each band in `parts` equal stretches of the sound, and its length.

    The sound ends with its last sample that is not 0. Every column has mean 0 and variance 1 over the training sounds.
    """

    def __init__(self, *, rate: int, bands: int = BANDS, parts: int = 4):
        self.rate, self.bands, self.parts = rate, bands, parts

    def fit(self, features: np.ndarray) -> "FlatSounds":
        rows = self._rows(features)
        self.mean, self.deviation = rows.mean(axis=0), rows.std(axis=0)
        self.deviation[self.deviation == 0] = 1.0
        return self

    def transform(self, features: np.ndarray) -> np.ndarray:
        numbers: np.ndarray = (self._rows(features) - self.mean) / self.deviation
        return numbers

    def _rows(self, features: np.ndarray) -> np.ndarray:
        spectra = log_mel(features, rate=self.rate, bands=self.bands)
        frames = spectra.shape[2]
        heard = features != 0
        samples = np.where(heard.any(axis=1), features.shape[1] - heard[:, ::-1].argmax(axis=1), features.shape[1])
        lengths = samples / features.shape[1]
        rows = []
        for spectrum, length in zip(spectra, lengths, strict=True):
            cuts = np.linspace(0, length * frames, self.parts + 1).astype(int)
            starts = np.minimum(cuts[:-1], frames - 1)  # a very short sound has one frame for several stretches
            stretches = [spectrum[:, at : max(at + 1, end)] for at, end in zip(starts, cuts[1:], strict=True)]
            rows.append([part for each in stretches for part in (each.mean(axis=1), each.std(axis=1))])
        return np.column_stack([np.array(rows, dtype=np.float64).reshape(len(features), -1), lengths])


def log_mel(sounds: np.ndarray, *, rate: int, bands: int = BANDS) -> np.ndarray:
    """Log power of waveforms (n, t) in mel bands and frames, (n, bands, frames) float32."""
    window = max(16, round(WINDOW * rate))
    hop = max(1, round(HOP * rate), -(-sounds.shape[1] // FRAMES))
    weights = mel_filters(rate=rate, window=window, bands=bands).astype(np.float32)
    padded = np.pad(sounds, ((0, 0), (0, max(0, window - sounds.shape[1]))))
    shape = np.hanning(window + 1)[:-1].astype(np.float32)
    blocks = []
    for start in range(0, len(sounds), BLOCK):
        frames = np.lib.stride_tricks.sliding_window_view(padded[start : start + BLOCK], window, axis=1)[:, ::hop]
        power = np.abs(np.fft.rfft(frames * shape, axis=2)).astype(np.float32) ** 2 / np.square(shape).sum()
        blocks.append(np.log(np.maximum(power @ weights.T, FLOOR)).transpose(0, 2, 1))
    return np.concatenate(blocks)


def mel_filters(*, rate: int, window: int, bands: int) -> np.ndarray:
    """Weights (bands, frequencies) of triangles whose corners are even on the mel scale, from 0 to half the rate.

    A band between two frequencies of the transform, which none would fall into, takes the nearest one.
    """
    frequencies = np.fft.rfftfreq(window, 1 / rate)
    corners = hertz(np.linspace(0, mel(rate / 2), bands + 2))
    below, peak, above = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    weights = np.clip(
        np.minimum((frequencies - below) / (peak - below), (above - frequencies) / (above - peak)), 0, None
    )
    for band in np.flatnonzero(weights.sum(axis=1) == 0):
        weights[band, np.abs(frequencies - peak[band]).argmin()] = 1.0
    found: np.ndarray = weights
    return found


def mel(frequency: float) -> float:
    """How high a frequency in hertz sounds."""
    return float(2595 * np.log10(1 + frequency / 700))


def hertz(mels: np.ndarray) -> np.ndarray:
    """The frequencies that sound so high."""
    frequencies: np.ndarray = 700 * (10 ** (mels / 2595) - 1)
    return frequencies
