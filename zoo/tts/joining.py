"""Pieces of recordings put one after the other without a click.

Waveform-similarity overlap-add (Verhelst and Roelands, "An Overlap-Add Technique Based on Waveform
Similarity (WSOLA)", ICASSP 1993): each piece begins where it is most like what it takes over from,
within a period, so that periods stay in step across the join.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_FADE = 160  # samples over which one piece gives way to the next, where it is not voiced
_EDGE = 80  # samples over which the first comes and the last goes


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples start to end of the recordings. period: in samples, at its start; 0 if unvoiced."""

    start: int
    end: int
    period: int


def join(samples: Samples, pieces: Sequence[Piece]) -> Samples:
    """One sound of pieces of the recordings `samples`."""
    found = samples[pieces[0].start : pieces[0].end].copy()
    before = pieces[0]
    for piece in pieces[1:]:
        fade = max(_FADE, piece.period)
        half = fade // 2
        # Both go on a little beyond the join, as they did in the recordings.
        tail = samples[before.end : before.end + half]
        found = np.concatenate([found, tail])
        fade = min(fade, len(found), len(tail) + half)
        reach = piece.period // 2
        start = max(
            0, piece.start - half + _shift(samples, found[-fade:], piece.start - half, reach)
        )
        after = samples[start : max(piece.end, start + fade)]
        fade = min(fade, len(after))
        rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)).astype(np.float32)
        mixed = found[len(found) - fade :] * (1 - rise) + after[:fade] * rise
        found = np.concatenate([found[: len(found) - fade], mixed, after[fade:]])
        before = piece
    edge = min(_EDGE, len(found) // 2)
    ramp = np.linspace(0, 1, edge, dtype=np.float32)
    found[:edge] *= ramp
    found[len(found) - edge :] *= ramp[::-1]
    return found


def _shift(samples: Samples, tail: Samples, start: int, reach: int) -> int:
    """By how much to begin earlier or later than `start` to be most like `tail`."""
    low = max(0, start - reach)
    region = samples[low : start + reach + len(tail)].astype(np.float64)
    if reach == 0 or len(region) < len(tail):
        return 0
    like = np.correlate(region, tail.astype(np.float64), mode="valid")
    power = np.convolve(region**2, np.ones(len(tail)), mode="valid")
    return int(np.argmax(like / np.sqrt(power + 1e-6))) + low - start
