"""How far speech is from a recording of the same words: spectrum, pitch and voicing.

Kubichek, "Mel-Cepstral Distance Measure for Objective Speech Quality Assessment", PACRIM 1993. Of
the many ways to compute it, this one takes mel cepstra 1 to 24 (not 0, so that loudness does not
count) of frames 10 ms apart, aligns both sounds by dynamic time warping over them, and takes the
mean over the pairs of the path. Silence before and after the speech is cut off, and what lies 50 dB
below the loudest frame counts as silence. Pitch is compared along the same path.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, rfft

from zoo.audio import Audio
from zoo.compiled import compiled
from zoo.pitch import pitch

RATE, HOP = 16_000, 160  # Hz, and samples between frames
ORDER = 24  # the highest cepstrum
_WINDOW, _POINTS, _MELS = 400, 512, 40
_LOW, _HIGH = 60.0, 7600.0  # Hz
_FLOOR = 50.0  # dB below the loudest frame
_DECIBELS = 10.0 / math.log(10.0) * math.sqrt(2.0)  # of the distance of cepstra of natural logs

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Distance:
    """Sums over the pairs of frames of a path.

    distortion: of the mel-cepstral distances, in dB. pairs: how many there are. pitch: of the
    squared differences in semitones, over the pairs that are voiced in both; voiced: how many these
    are. unlike: the pairs that are voiced in one of the two only.
    """

    distortion: float
    pairs: int
    pitch: float
    voiced: int
    unlike: int


@dataclass(frozen=True, slots=True)
class _Track:
    """cepstra: [T, ORDER]. tones: [T], pitch in semitones. voiced: [T]."""

    cepstra: Floats
    tones: Floats
    voiced: NDArray[np.bool_]


def distance(spoken: Audio, recorded: Audio) -> Distance:
    """How far speech is from a recording; silence is as far from all speech as it sounds."""
    a, b = _track(spoken), _track(recorded)
    first, second = warped(a.cepstra, b.cepstra)
    apart = np.sqrt(((a.cepstra[first] - b.cepstra[second]) ** 2).sum(axis=1))
    voiced, other = a.voiced[first], b.voiced[second]
    both = voiced & other
    tones = (a.tones[first] - b.tones[second])[both]
    return Distance(
        float(_DECIBELS * apart.sum()),
        len(first),
        float((tones**2).sum()),
        int(both.sum()),
        int((voiced != other).sum()),
    )


def warped(a: Floats, b: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of `a` and of `b` that go together: the path of least total distance.

    It begins with both first rows and ends with both last; each step goes on by one row in one of
    the two or in both (Sakoe and Chiba 1978, without slope constraint).
    """
    path = _path(a, b)
    return path[:, 0], path[:, 1]


def _track(audio: Audio) -> _Track:
    samples = audio.at(RATE).samples
    padded = np.pad(samples, _WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP]
    power = np.abs(rfft(frames * np.hanning(_WINDOW), _POINTS, axis=1)) ** 2
    loudness = power.sum(axis=1)
    floor = float(loudness.max()) * 10 ** (-_FLOOR / 10) + 1e-12
    loud = np.flatnonzero(loudness > floor)
    kept = slice(int(loud[0]), int(loud[-1]) + 1) if len(loud) else slice(0, 1)
    # The floor of a band is that of a frame, spread over all bands.
    bands = np.maximum(power[kept] @ _filters(), floor / _MELS)
    # Of magnitudes, whose logarithms are half of those of power.
    cepstra = dct(0.5 * np.log(bands), type=2, axis=1) / _MELS
    contour = pitch(samples, RATE, HOP)
    tones = 12.0 * np.log2(contour.hertz.astype(np.float64))
    return _Track(
        np.ascontiguousarray(cepstra[:, 1 : ORDER + 1]), tones[kept], contour.voiced[kept]
    )


@functools.cache
def _filters() -> Floats:
    """[points / 2 + 1, mels]: triangles that overlap by half on the mel scale."""
    low, high = (1127.0 * math.log1p(hertz / 700.0) for hertz in (_LOW, _HIGH))
    edges = 700.0 * np.expm1(np.linspace(low, high, _MELS + 2) / 1127.0)
    at = np.arange(_POINTS // 2 + 1)[:, None] * RATE / _POINTS
    rising = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    filters: Floats = np.maximum(0.0, np.minimum(rising, falling))
    return filters


@compiled
def _path(a: Floats, b: Floats) -> NDArray[np.int64]:
    """[P, 2]: the pairs of rows, from the first to the last."""
    rows, columns = len(a), len(b)
    came = np.zeros((rows, columns), np.int8)  # 0 from both, 1 from the row before, 2 the column
    before = np.full(columns, np.inf)
    now = np.empty(columns)
    for i in range(rows):
        for j in range(columns):
            apart = 0.0
            for k in range(a.shape[1]):
                apart += (a[i, k] - b[j, k]) ** 2
            least, which = np.inf, 0
            if i == 0 and j == 0:
                least = 0.0
            if i > 0 and j > 0:
                least = before[j - 1]
            if i > 0 and before[j] < least:
                least, which = before[j], 1
            if j > 0 and now[j - 1] < least:
                least, which = now[j - 1], 2
            now[j] = least + math.sqrt(apart)
            came[i, j] = which
        before[:] = now
    path = np.empty((rows + columns - 1, 2), np.int64)
    i, j, count = rows - 1, columns - 1, 0
    while True:
        path[count, 0], path[count, 1] = i, j
        count += 1
        if i == 0 and j == 0:
            break
        which = came[i, j]
        if which != 2:
            i -= 1
        if which != 1:
            j -= 1
    return path[:count][::-1].copy()
