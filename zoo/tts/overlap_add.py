"""Pieces of recordings put one after the other, period by period.

Time-domain pitch-synchronous overlap-add: Moulines and Charpentier, "Pitch-Synchronous Waveform
Processing Techniques for Text-to-Speech Synthesis Using Diphones", Speech Communication 9, 1990.
Periods are repeated or left out to make a piece longer or shorter, and moved closer together or
apart to make it higher or lower. At a join the last period of one piece gives way to the first of
the next, and what pitch and loudness differ by there is spread over the periods before and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_PITCH_SPREAD, _LEVEL_SPREAD = 0.08, 0.04  # seconds on either side of a join
_MOST_PITCH, _MOST_LEVEL = 0.15, 0.5  # of a logarithm, by which either side gives in
_EDGE = 0.005  # seconds over which the first piece comes and the last goes
_QUIET = 1e-4  # of full scale, below which levels are not compared


@dataclass(frozen=True, slots=True)
class Recorded:
    """samples: [N]. marks: [M], where periods are, in order. voiced: [M], whether they are ones."""

    samples: Samples
    rate: int
    marks: Integers
    voiced: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples start to end of the recordings; one that begins where another ends continues it.

    stretch: how many times as long it becomes. tone: by how much the logarithm of its pitch rises.
    """

    start: int
    end: int
    stretch: float = 1.0
    tone: float = 0.0


@dataclass(frozen=True, slots=True)
class _Periods:
    """P periods in the order in which they are spoken.

    marks: [P]. steps: [P], samples to the next. voiced: [P]. stretch: [P], times as long. tone,
    level: [P], by how much the logarithms of pitch and of loudness rise.
    """

    marks: Integers
    steps: Floats
    voiced: NDArray[np.bool_]
    stretch: Floats
    tone: Floats
    level: Floats


def join(recorded: Recorded, pieces: Sequence[Piece]) -> Samples:
    """One sound of pieces of the recordings, [N]."""
    first, last = pieces[0].start, pieces[-1].end
    periods = _periods(recorded, pieces)
    samples = recorded.samples
    if not len(periods.marks):
        found = np.concatenate([samples[one.start : one.end] for one in pieces])
    else:
        head = samples[first : periods.marks[0]] if periods.marks[0] > first else samples[:0]
        tail = samples[periods.marks[-1] : last] if last > periods.marks[-1] else samples[:0]
        gains = np.exp(periods.level)
        middle = _spoken(samples, periods, gains)
        found = np.concatenate([head * np.float32(gains[0]), middle, tail * np.float32(gains[-1])])
    edge = min(round(_EDGE * recorded.rate), len(found) // 2)
    ramp = np.linspace(0, 1, edge, dtype=np.float32)
    found[:edge] *= ramp
    found[len(found) - edge :] *= ramp[::-1]
    return np.asarray(found, np.float32)


def _periods(recorded: Recorded, pieces: Sequence[Piece]) -> _Periods:
    edges = np.searchsorted(recorded.marks, [(one.start, one.end) for one in pieces])
    which = np.concatenate([np.arange(first, after) for first, after in edges])
    of = np.repeat(np.arange(len(pieces)), edges[:, 1] - edges[:, 0])
    marks, voiced = recorded.marks[which], recorded.voiced[which]
    if not len(which):
        none = np.empty(0)
        return _Periods(marks, none, voiced, none, none, none)
    padded = np.concatenate([[0], recorded.marks, [len(recorded.samples)]])
    before, after = np.diff(padded)[which], np.diff(padded)[which + 1]
    steps = after.astype(np.float64)
    joins = np.flatnonzero(np.diff(which) != 1)
    # Across a join a period lasts as long as those on either side do in the mean.
    steps[joins] = np.sqrt(np.maximum(after[joins], 1) * np.maximum(before[joins + 1], 1))
    times = np.concatenate([[0.0], np.cumsum(steps[:-1])]) / recorded.rate
    tone = _between(times, of, np.array([one.tone for one in pieces]))
    level = np.zeros(len(which))
    heard = _levels(recorded, marks, before, after)
    for at in joins[voiced[joins] & voiced[joins + 1]].tolist():
        rise = np.log(max(1, after[at]) / max(1, before[at + 1]))
        _spread(tone, times, at, rise + tone[at + 1] - tone[at], _PITCH_SPREAD, _MOST_PITCH)
    for at in joins.tolist():
        if heard[at] > _QUIET and heard[at + 1] > _QUIET and voiced[at] == voiced[at + 1]:
            rise = np.log(heard[at + 1] / heard[at])
            _spread(level, times, at, rise, _LEVEL_SPREAD, _MOST_LEVEL)
    stretch = np.array([one.stretch for one in pieces])[of]
    return _Periods(marks, steps, voiced, stretch, tone, level)


def _between(times: Floats, of: Integers, values: Floats) -> Floats:
    """What holds in the middle of every piece, and in between on a straight line: [P]."""
    present = np.unique(of)
    middles = np.array([times[of == one].mean() for one in present])
    return np.interp(times, middles, values[present])


def _levels(recorded: Recorded, marks: Integers, before: Integers, after: Integers) -> Floats:
    """The root mean square of each period and the one before it, [P]."""
    low = np.maximum(marks - before, 0)
    high = np.minimum(marks + after, len(recorded.samples))
    squares = [
        float(np.square(recorded.samples[a:b], dtype=np.float64).mean()) if b > a else 0.0
        for a, b in zip(low.tolist(), high.tolist(), strict=True)
    ]
    return np.sqrt(squares)


def _spread(values: Floats, times: Floats, at: int, rise: float, reach: float, most: float) -> None:
    """Add to `values` what closes a gap of `rise` after the period `at`, half on either side."""
    half = float(np.clip(rise / 2, -most, most))
    left = np.clip(1 - (times[at] - times[: at + 1]) / reach, 0, 1)
    right = np.clip(1 - (times[at + 1 :] - times[at + 1]) / reach, 0, 1)
    values[: at + 1] += half * left
    values[at + 1 :] -= half * right


def _spoken(samples: Samples, periods: _Periods, gains: Floats) -> Samples:
    """From the first mark to the last."""
    wanted = np.concatenate([[0.0], np.cumsum(periods.steps[:-1] * periods.stretch[:-1])])
    middles = (wanted[1:] + wanted[:-1]) / 2
    factors = np.where(periods.voiced, np.exp(-periods.tone), 1.0)
    steps = np.maximum(periods.steps * factors, 1.0)
    parts, place, clock = [samples[:0]], 0, 0.0
    period = 0
    while clock < wanted[-1]:
        later = clock + steps[period]
        following = int(np.searchsorted(middles, later))
        size = round(later) - place
        if size > 0:
            parts.append(_faded(samples, periods.marks, gains, period, following, size))
        place, clock, period = place + max(size, 0), later, following
    return np.concatenate(parts)


def _faded(
    samples: Samples, marks: Integers, gains: Floats, period: int, following: int, size: int
) -> Samples:
    """From one mark to the next, `size` samples apart: the one period fades into the other.

    Periods that follow one another as they were recorded come out as they are.
    """
    first, second = marks[period], marks[following]
    going = _cut(samples, first, size) * np.float32(gains[period])
    coming = _cut(samples, second - size, size) * np.float32(gains[following])
    rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(size) + 0.5) / size)).astype(np.float32)
    return np.asarray(going + rise * (coming - going), np.float32)


def _cut(samples: Samples, start: int, size: int) -> Samples:
    """Samples from `start` on, silence beyond either end."""
    part = samples[max(0, start) : max(0, start + size)]
    return np.pad(part, (max(0, min(size, -start)), size - len(part) - max(0, min(size, -start))))
