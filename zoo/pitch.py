"""How high a voice is at every moment, where it is voiced, and where its periods are.

Talkin, "A Robust Algorithm for Pitch Tracking (RAPT)", in Speech Coding and Synthesis, 1995:
peaks of the normalised cross-correlation, of which dynamic programming takes the smoothest row.
Marks, one a period, are what pitch-synchronous overlap-add works on (Moulines and Charpentier,
"Pitch-Synchronous Waveform Processing Techniques", Speech Communication 9, 1990).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from zoo.compiled import compiled

Samples = NDArray[np.float32]
Floats = NDArray[np.float64]

LOWEST, HIGHEST = 60.0, 500.0  # Hz
_BAND = 1500.0  # Hz; above, harmonics say little, and noise much
_WINDOW = 0.02  # seconds that are compared
_CANDIDATES = 8  # periods of a frame
_LEAST_PEAK = 0.3  # of the highest peak
_LAG_WEIGHT = 0.3  # against periods that are multiples of the true one; (3) of the paper
_BIAS = 0.1  # towards voiced
_CHANGE_COST = 0.4  # of one nat between frames 10 ms apart
_VOICING_COST = 0.1  # of beginning or ending to be voiced
_DOUBLING_COST = 0.35  # of a jump by an octave, which the peaks themselves may do
_QUIET = 1e-4  # of the greatest power; what is below is silence
_LEAST_RUN = 0.025  # seconds that a voiced stretch lasts


@dataclass(frozen=True, slots=True)
class Contour:
    """hertz: [T], on either side of a frame that is not voiced carried on. voiced: [T]."""

    hertz: NDArray[np.float32]
    voiced: NDArray[np.bool_]


def pitch(
    samples: Samples, rate: int, hop: int, low: float = LOWEST, high: float = HIGHEST
) -> Contour:
    """The fundamental frequency of 1 + N // hop frames; frame t is around sample t * hop.

    Where nothing is voiced it is the geometric mean of `low` and `high` throughout.
    """
    band = butter(4, [0.5 * low, min(_BAND, 0.45 * rate)], "bandpass", fs=rate, output="sos")
    longest, shortest = math.ceil(rate / low), max(2, int(rate / high))
    size = round(_WINDOW * rate)
    margin = size + longest
    x = np.pad(samples.astype(np.float64), margin)
    x = np.asarray(sosfiltfilt(band, x))
    frames = 1 + len(samples) // hop
    lags, peaks, strongest = _candidates(x, frames, hop, margin, size, shortest, longest)
    step = hop / rate / 0.01
    path = _track(lags, peaks, strongest, longest, step)
    voiced = _without_short(path >= 0, round(_LEAST_RUN * rate / hop))
    period = lags[np.arange(frames), np.maximum(path, 0)]
    if not voiced.any():
        return Contour(np.full(frames, math.sqrt(low * high), np.float32), voiced)
    at = np.flatnonzero(voiced)
    log = np.interp(np.arange(frames), at, np.log(rate / period[at]))
    return Contour(np.exp(log).astype(np.float32), voiced)


def pitch_marks(
    samples: Samples, rate: int, contour: Contour, hop: int, unvoiced: float = 0.005
) -> NDArray[np.int64]:
    """Samples where periods are, in order.

    Through a voiced stretch they are alike from period to period, and on the side of the wave
    where its peaks are higher; elsewhere they are `unvoiced` seconds apart.
    """
    band = butter(4, min(_BAND, 0.45 * rate), "lowpass", fs=rate, output="sos")
    x = np.asarray(sosfiltfilt(band, np.pad(samples.astype(np.float64), rate // 10)))
    x = x[rate // 10 : -(rate // 10)]
    if (x**3).sum() < 0:
        x = -x
    found = []
    edges = np.flatnonzero(np.diff(np.concatenate(([0], contour.voiced, [0]))))
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        start = max(0, int((first - 0.5) * hop))
        end = min(len(x), int((after - 0.5) * hop))
        if end > start:
            found.append(_periods(x, start, end, rate / contour.hertz.astype(np.float64), hop))
    marks = np.concatenate(found) if found else np.empty(0, np.int64)
    return _filled(np.unique(marks), len(x), max(1, round(unvoiced * rate)))


def _filled(marks: NDArray[np.int64], length: int, gap: int) -> NDArray[np.int64]:
    """With marks a `gap` apart wherever none are for so long that no voice is so low."""
    parts, last = [], 0
    for mark in [*marks.tolist(), length]:
        if mark - last > 4 * gap or (not len(marks) and mark > last):
            parts.append(np.arange(last + gap, mark - gap // 2, gap))
        if mark < length:
            parts.append(np.array([mark]))
        last = mark
    return np.concatenate(parts) if parts else marks


def _without_short(voiced: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    kept = voiced.copy()
    edges = np.flatnonzero(np.diff(np.concatenate(([0], voiced, [0]))))
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        if after - first < least:
            kept[first:after] = False
    return kept


@compiled
def _candidates(
    x: Floats, frames: int, hop: int, margin: int, size: int, shortest: int, longest: int
) -> tuple[Floats, Floats, Floats]:
    """Periods in samples and their correlations, [T, C], and the greatest correlation [T]."""
    lags = np.zeros((frames, _CANDIDATES))
    peaks = np.full((frames, _CANDIDATES), -1.0)
    strongest = np.zeros(frames)
    squares = np.zeros(len(x) + 1)
    for i in range(len(x)):
        squares[i + 1] = squares[i] + x[i] * x[i]
    power = 0.0
    for t in range(frames):
        at = margin + t * hop - size // 2
        power = max(power, squares[at + size] - squares[at])
    least = _QUIET * power + 1e-12
    score = np.zeros(longest + 2)
    for t in range(frames):
        centre = margin + t * hop
        top = 0.0
        score[:] = 0.0
        for lag in range(shortest - 1, longest + 1):
            a = centre - (size + lag) // 2  # both stretches are equally far from the middle
            b = a + lag
            if a < 0 or b + size > len(x):
                continue
            dot = 0.0
            for i in range(size):
                dot += x[a + i] * x[b + i]
            first = squares[a + size] - squares[a]
            second = squares[b + size] - squares[b]
            score[lag] = dot / math.sqrt((first + least) * (second + least))
            top = max(top, score[lag])
        strongest[t] = top
        for lag in range(shortest, longest):
            middle = score[lag]
            if middle < _LEAST_PEAK * top or middle <= 0.0:
                continue
            if middle <= score[lag - 1] or middle < score[lag + 1]:
                continue
            curve = score[lag - 1] - 2 * middle + score[lag + 1]
            shift = 0.5 * (score[lag - 1] - score[lag + 1]) / curve if curve < 0 else 0.0
            weakest = 0
            for c in range(1, _CANDIDATES):
                if peaks[t, c] < peaks[t, weakest]:
                    weakest = c
            if middle > peaks[t, weakest]:
                peaks[t, weakest] = middle
                lags[t, weakest] = lag + shift
    return lags, peaks, strongest


@compiled
def _track(
    lags: Floats, peaks: Floats, strongest: Floats, longest: int, step: float
) -> NDArray[np.int32]:
    """The candidate of every frame, or -1 where it is not voiced; step: of the frames, in 10 ms."""
    frames, count = lags.shape
    total = np.zeros(count + 1)
    now = np.zeros(count + 1)
    came = np.zeros((frames, count + 1), np.int32)
    octave = math.log(2.0)
    for t in range(frames):
        for c in range(count + 1):
            if c == count:
                local = strongest[t] - _BIAS
            elif peaks[t, c] < 0:
                local = 10.0
            else:
                local = 1.0 - peaks[t, c] * (1.0 - _LAG_WEIGHT * lags[t, c] / longest)
            least, which = np.inf, 0
            for p in range(count + 1):
                if t == 0:
                    least = 0.0
                    break
                cost = total[p]
                if (c == count) != (p == count):
                    cost += _VOICING_COST
                elif c < count and peaks[t, c] >= 0 and peaks[t - 1, p] >= 0:
                    change = abs(math.log(lags[t, c] / lags[t - 1, p]))
                    jump = _DOUBLING_COST + abs(change - octave)
                    cost += _CHANGE_COST * min(change, jump) / step
                if cost < least:
                    least, which = cost, p
            now[c] = least + local
            came[t, c] = which
        total[:] = now
    path = np.empty(frames, np.int32)
    state = 0
    for c in range(count + 1):
        if total[c] < total[state]:
            state = c
    for t in range(frames - 1, -1, -1):
        path[t] = -1 if state == count else state
        state = came[t, state]
    return path


@compiled
def _periods(x: Floats, start: int, end: int, period: Floats, hop: int) -> NDArray[np.int64]:
    """Marks from start to end, outwards from the highest peak."""
    origin = start
    for i in range(start, end):
        if x[i] > x[origin]:
            origin = i
    marks = [origin]
    for direction in (1, -1):
        mark = origin
        while True:
            frame = min(len(period) - 1, int(mark / hop + 0.5))
            size = period[frame]
            half = int(size / 2)
            best, score = -1, -np.inf
            for lag in range(int(0.8 * size), int(1.25 * size) + 1):
                at = mark + direction * lag
                if at < start or at >= end or lag < 1:
                    continue
                dot, a, b = 0.0, 1e-12, 1e-12
                for i in range(-half, half + 1):
                    if 0 <= mark + i < len(x) and 0 <= at + i < len(x):
                        dot += x[mark + i] * x[at + i]
                        a += x[mark + i] ** 2
                        b += x[at + i] ** 2
                found = dot / math.sqrt(a * b) + 0.3 * x[at] / (abs(x[mark]) + 1e-9)
                if found > score:
                    best, score = at, found
            if best < 0:
                break
            mark = best
            marks.append(mark)
    return np.sort(np.array(marks))
