"""Acoustic features: log mel energies and cepstra, the same in training and in prediction.

Davis and Mermelstein, "Comparison of Parametric Representations for Monosyllabic Word Recognition
in Continuously Spoken Sentences", IEEE Trans. ASSP 28, 1980; the constants are those that HTK and
Kaldi made customary. A frame needs its own samples only, so that sound can be worked off as it
comes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, rfft

Features = NDArray[np.float32]  # [T, D]: D numbers for each of T frames

_FRAMES = 10_000  # worked off at once
_KNEE = 0.8  # the share of the highest frequency up to which warping is proportional


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEnd:
    """How sound becomes features; stored with the weights.

    rate: in Hz, that sound is brought to. window, step: of the frames, in seconds.
    mels: triangular filters, evenly spaced on the mel scale between `low` and `high` Hz.
    preemphasis: the share of the sample before that is taken from each, to lift high frequencies.
    floor: the least energy of a filter, for full scale -1..1; below it is the noise of 16 bits.
    warp: a factor on the filters' frequencies, by which a voice sounds as from a vocal tract of
        another length; the highest stay where they are (Jaitly and Hinton, "Vocal Tract Length
        Perturbation (VTLP) Improves Speech Recognition", 2013).
    """

    rate: int = 8000
    window: float = 0.025
    step: float = 0.010
    mels: int = 26
    low: float = 64.0
    high: float = 3800.0
    preemphasis: float = 0.97
    floor: float = 1e-8
    warp: float = 1.0

    @classmethod
    def of_speech(cls, rate: int, mels: int) -> Self:
        """With filters as far up as a telephone lets pass, or as the rate has sound."""
        return cls(rate=rate, mels=mels, high=min(3800.0, 0.475 * rate))

    def __post_init__(self) -> None:
        if not self.floor > 0:
            raise ValueError(f"a floor of {self.floor}")
        if not 0 < self.low < self.high <= self.rate / 2 or not 0.5 <= self.warp <= 2:
            raise ValueError(f"filters from {self.low} to {self.high} Hz at {self.rate} Hz")
        if not (0 < self.step <= self.window <= 1 and 1 < self.mels < self.size // 2):
            raise ValueError(f"{self.mels} filters, windows of {self.window} s")

    @property
    def size(self) -> int:
        """Samples of a frame."""
        return round(self.window * self.rate)

    @property
    def hop(self) -> int:
        """Samples from the beginning of one frame to that of the next."""
        return round(self.step * self.rate)

    def frames(self, samples: int) -> int:
        """How many whole frames so many samples hold."""
        return max(0, 1 + (samples - self.size) // self.hop)

    def times(self, first: int, last: int, seconds: float) -> tuple[float, float]:
        """When frames `first` to `last` of so many seconds of sound begin and end, in seconds.

        Frames overlap; each stands for the time that is nearest to its middle.
        """
        margin = (self.window - self.step) / 2
        start = first * self.step + margin if first else 0.0
        return round(start, 4), round(min((last + 1) * self.step + margin, seconds), 4)

    def log_mel(self, samples: NDArray[np.float32]) -> Features:
        """Logarithms of the filters' energies [T, mels], of samples [N] at `rate`.

        Sound that is shorter than a frame is extended by silence to one.
        """
        if len(samples) < self.size:
            samples = np.pad(samples, (0, self.size - len(samples)))
        every = np.lib.stride_tricks.sliding_window_view(samples, self.size)[:: self.hop]
        parts = range(0, len(every), _FRAMES)  # an hour at once would take gigabytes
        return np.concatenate([self._log_mel(every[start : start + _FRAMES]) for start in parts])

    def _log_mel(self, every: NDArray[np.float32]) -> Features:
        """Of frames [T, size]."""
        frames = every - every.mean(axis=1, keepdims=True)
        before = np.concatenate((frames[:, :1], frames[:, :-1]), axis=1)
        emphasised = (frames - np.float32(self.preemphasis) * before) * _window(self.size)
        points = _points(self.size)
        power = np.abs(rfft(emphasised, points, axis=1)) ** 2 / points
        energies = power @ _filters(self, points)
        return np.log(np.maximum(energies, self.floor)).astype(np.float32)

    def to_settings(self) -> dict[str, Any]:
        """As JSON-able values; `of` is the inverse."""
        return asdict(self)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        return cls(**settings)


def cepstra(log_mel: Features, count: int, lifter: int = 22) -> Features:
    """The first `count` mel-frequency cepstral coefficients [T, count] of log mel energies.

    Liftered: raised by 1 + lifter / 2 sin(pi n / lifter), so that all vary about as much.
    """
    values = dct(log_mel, type=2, norm="ortho", axis=1)[:, :count]
    n = np.arange(count)
    return (values * (1 + lifter / 2 * np.sin(np.pi * n / lifter))).astype(np.float32)


def deltas(features: Features, reach: int = 2) -> Features:
    """How features change: the slope of a line through `reach` frames on either side [T, D]."""
    padded = np.pad(features, ((reach, reach), (0, 0)), mode="edge")
    steps = range(1, reach + 1)
    count = len(features)
    slope = sum(
        n * (padded[reach + n : reach + n + count] - padded[reach - n : reach - n + count])
        for n in steps
    )
    return np.asarray(slope / (2 * sum(n * n for n in steps)), np.float32)


@functools.cache
def _window(size: int) -> NDArray[np.float32]:
    # Kaldi's own: a Hann window to the power of 0.85, which does not reach zero as steeply.
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / (size - 1))
    return (hann**0.85).astype(np.float32)


def _points(size: int) -> int:
    """Of the Fourier transform: the next power of two."""
    return 1 << (size - 1).bit_length()


@functools.cache
def _filters(how: FrontEnd, points: int) -> NDArray[np.float32]:
    """[points / 2 + 1, mels]: triangles that overlap by half on the mel scale."""

    def mel(hertz: Any) -> Any:
        return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)

    hertz = 700.0 * np.expm1(np.linspace(mel(how.low), mel(how.high), how.mels + 2) / 1127.0)
    knee = _KNEE * how.high / max(how.warp, 1.0)
    above = how.high - (how.high - how.warp * knee) * (how.high - hertz) / (how.high - knee)
    edges = mel(np.where(hertz <= knee, how.warp * hertz, above))
    at = mel(np.arange(points // 2 + 1) * how.rate / points)[:, None]
    rising = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    filters: NDArray[np.float32] = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    return filters
