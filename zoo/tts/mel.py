"""Sound as a vocoder knows it: log mel frames on one side, µ-law codes on the other.

Frame t describes the samples from t·hop up to (t+1)·hop: its window lies symmetrically about them,
and what it covers beyond either end of the sound is silence.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.signal import lfilter

CODES = 256  # of the µ-law
_MU = CODES - 1
_FRAMES = 10_000  # worked off at once

Frames = NDArray[np.float32]  # [T, mels]
Samples = NDArray[np.float32]  # [N], full scale being -1..1
Codes = NDArray[np.uint8]  # [N]


@dataclass(frozen=True, slots=True, kw_only=True)
class MelSpectrum:
    """How sound becomes frames; stored with the weights.

    rate: in Hz. hop, window, points: of the frames and their Fourier transform, in samples.
    mels: triangular filters, evenly spaced on the mel scale between `low` and `high` Hz, each with
        weights that sum to 1.
    floor: the least magnitude, where a full-scale sine has about 0.5; below it is coding noise.
    """

    rate: int = 16_000
    hop: int = 200
    window: int = 800
    points: int = 1024
    mels: int = 80
    low: float = 50.0
    high: float = 7600.0
    floor: float = 1e-5

    def __post_init__(self) -> None:
        if not 0 < self.hop <= self.window <= self.points or (self.window - self.hop) % 2:
            raise ValueError(f"frames of {self.hop} in windows of {self.window} samples")
        if not 0 <= self.low < self.high <= self.rate / 2 or not 1 < self.mels < self.points // 2:
            raise ValueError(f"{self.mels} filters from {self.low} to {self.high} Hz")
        if not self.floor > 0:
            raise ValueError(f"a floor of {self.floor}")

    def frames(self, samples: int) -> int:
        """How many frames describe so many samples; the last one may be partly beyond the end."""
        return -(-samples // self.hop)

    def log_mel(self, samples: Samples) -> Frames:
        """Natural logarithms of the filters' mean magnitudes, [T, mels], of samples [N]."""
        count = self.frames(len(samples))
        if not count:
            return np.empty((0, self.mels), np.float32)
        around = (self.window - self.hop) // 2
        padded = np.pad(
            np.asarray(samples, np.float32), (around, count * self.hop - len(samples) + around)
        )
        every = np.lib.stride_tricks.sliding_window_view(padded, self.window)[:: self.hop]
        parts = range(0, count, _FRAMES)  # an hour at once would take gigabytes
        return np.concatenate([self._log_mel(every[start : start + _FRAMES]) for start in parts])

    def _log_mel(self, every: NDArray[np.float32]) -> Frames:
        hann = _hann(self.window)
        # Divided by the window's sum, so that a magnitude does not depend on the window's length.
        magnitudes = np.abs(rfft(every * (hann / hann.sum()), self.points, axis=1))
        means = magnitudes.astype(np.float32) @ _filters(self)
        return np.asarray(np.log(np.maximum(means, self.floor)), np.float32)

    def to_settings(self) -> dict[str, Any]:
        """As JSON-able values; `of` is the inverse."""
        return asdict(self)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        return cls(**settings)


@functools.cache
def _hann(size: int) -> NDArray[np.float32]:
    # Periodic about the middle of the hop: sample n of the window lies n + 1/2 steps from its edge.
    return (0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(size) + 0.5) / size)).astype(np.float32)


@functools.cache
def _filters(how: MelSpectrum) -> NDArray[np.float32]:
    """[points / 2 + 1, mels]: triangles whose feet are the peaks of their neighbours."""

    def mel(hertz: Any) -> Any:
        return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)

    edges = 700.0 * np.expm1(np.linspace(mel(how.low), mel(how.high), how.mels + 2) / 1127.0)
    # Triangles narrower than the spacing of the transform still have to meet a point of it.
    spacing = how.rate / how.points
    left = np.minimum(edges[:-2], edges[1:-1] - spacing)
    right = np.maximum(edges[2:], edges[1:-1] + spacing)
    at = np.arange(how.points // 2 + 1)[:, None] * spacing
    rising = (at - left) / (edges[1:-1] - left)
    falling = (right - at) / (right - edges[1:-1])
    filters = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(filters / filters.sum(axis=0), np.float32)


def companded(samples: Samples) -> Codes:
    """The µ-law code of each sample (ITU-T G.711's curve in its continuous form, 256 steps).

    F(x) = sgn(x) ln(1 + µ |x|) / ln(1 + µ) with µ = 255; what is beyond full scale is clipped.
    """
    x = np.clip(np.asarray(samples, np.float64), -1, 1)
    curve = np.sign(x) * np.log1p(_MU * np.abs(x)) / np.log1p(_MU)
    return np.asarray(np.clip(np.floor((curve + 1) * (CODES / 2)), 0, CODES - 1), np.uint8)


@functools.cache
def code_edges() -> NDArray[np.float64]:
    """[CODES + 1]: the amplitudes from which to which each code stands."""
    y = np.arange(CODES + 1) / (CODES / 2) - 1
    return np.asarray(np.sign(y) * np.expm1(np.abs(y) * np.log1p(_MU)) / _MU)


def expanded(codes: NDArray[np.integer[Any]]) -> Samples:
    """The middle of each code's step, of which `companded` makes the same code again."""
    return np.take(_middles(), codes)


@functools.cache
def _middles() -> Samples:
    y = (np.arange(CODES) + 0.5) / (CODES / 2) - 1
    return np.asarray(np.sign(y) * np.expm1(np.abs(y) * np.log1p(_MU)) / _MU, np.float32)


def emphasised(samples: Samples, share: float) -> Samples:
    """Each sample less a share of the one before: x[n] - a x[n-1].

    Undone by `Deemphasis`, which gives the noise of the codes the slope of speech, so that speech
    masks it (Valin and Skoglund, "LPCNet", ICASSP 2019, section 3.3).
    """
    samples = np.asarray(samples, np.float32)
    before = np.concatenate((np.zeros(1, np.float32), samples[:-1]))
    return samples - np.float32(share) * before


class Deemphasis:
    """Undoes `emphasised`, chunk after chunk: y[n] = x[n] + a y[n-1]."""

    def __init__(self, share: float) -> None:
        self.share = share
        self._last = np.zeros(1)

    def __call__(self, samples: Samples) -> Samples:
        if not len(samples):
            return samples
        filtered, self._last = lfilter([1.0], [1.0, -self.share], samples, zi=self._last)
        return np.asarray(filtered, np.float32)
