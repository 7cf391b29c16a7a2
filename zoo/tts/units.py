"""Speech put together from pieces of recordings, chosen to fit the text and each other.

Hunt and Black, "Unit Selection in a Concatenative Speech Synthesis System Using a Large Speech
Database", ICASSP 1996. The units are halves of phones (Conkie, "Robust Unit Selection System for
Speech Synthesis", 1999): where a diphone was recorded its halves are neighbours and cost nothing
to join, and where none was, there is still something to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from zoo.pitch import pitch
from zoo.tts.alignment import HOP as FEATURE_HOP
from zoo.tts.alignment import PAUSE, RATE, Segment, features
from zoo.tts.contexts import SYMBOLS, Context, contexts, regressors, spoken_contexts
from zoo.tts.joining import Piece, join
from zoo.tts.pronunciation import BreathGroup

Floats = NDArray[np.float64]
Samples = NDArray[np.float32]

_HOP = 80  # samples between values of pitch
_CEPSTRA = 13  # of the features at a join
_CANDIDATES = 60  # units of a target that are compared by how they join
_RIDGE = 3.0  # by which the predictions of duration and pitch are held back
_PAUSES = {
    **{"": 0.12, ",": 0.22, ";": 0.3, ":": 0.3},  # seconds after a breath group
    **{".": 0.45, "?": 0.45, "!": 0.45},
}
# Costs of a unit that is not what is wanted.
_NEIGHBOUR, _FAR_NEIGHBOUR = 1.0, 0.3  # another phone on the side of this half, on the other
_KIN = 0.4  # the share of that where it is a phone of the same kind
_STRESS, _PLACE, _EDGE, _LEFT = 0.5, 0.2, 0.25, 0.3
_DURATION, _PITCH = 0.6, 1.5  # of one nat
# Costs of units that were not spoken one after the other.
_JOIN_MIDDLE, _JOIN_EDGE = 0.4, 1.2
_CEPSTRUM, _JOIN_PITCH = 0.6, 3.0

_KINDS = (
    *(("P", "B"), ("T", "D"), ("K", "G"), ("CH", "JH", "SH", "ZH"), ("F", "V"), ("TH", "DH")),
    *(("S", "Z"), ("M", "N", "NG"), ("L",), ("R", "ER"), ("W", "UW", "UH", "OW"), ("Y", "IY")),
    *(("IH", "EH", "AE", "EY"), ("AH", "AA", "AO"), ("AY", "AW", "OY"), ("HH", PAUSE)),
)
_KIND = np.array([
    next(number for number, kind in enumerate(_KINDS) if symbol in kind) for symbol in SYMBOLS
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Inventory:
    """N units, in the order in which they were spoken.

    context: [N, 9], as `Context.numbers`. half: [N], 0 the first of its phone, 1 the second.
    start, end: [N], samples of the recordings, one after the other. follows: [N], whether the
    unit before was spoken just before. log_pitch: [N], of its middle; NaN where it is not voiced.
    at_start, at_end: [N, 14], cepstra in standard deviations and log pitch, where it may join.
    """

    context: Floats
    half: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    follows: NDArray[np.bool_]
    log_pitch: Floats
    at_start: Floats
    at_end: Floats


class UnitVoice:
    """Speaks breath groups by what was recorded."""

    def __init__(
        self, samples: Samples, inventory: Inventory, duration: Floats, melody: Floats
    ) -> None:
        """samples: of all recordings at `RATE`. duration, melody: weights of `regressors`."""
        self.samples, self.inventory = samples, inventory
        self._duration, self._melody = duration, melody
        key = inventory.context[:, 0].astype(int) * 2 + inventory.half
        self._units = [np.flatnonzero(key == one) for one in range(2 * len(SYMBOLS))]
        self._log_duration = np.log((inventory.end - inventory.start) / RATE)

    @classmethod
    def learn(cls, recordings: Iterable[tuple[Samples, Sequence[Segment]]]) -> Self:
        """From recordings at `RATE`, each with its segments."""
        sounds, parts, offset = [], [], 0
        for samples, segments in recordings:
            parts.append(_units(samples, segments, offset))
            sounds.append(samples)
            offset += len(samples)
        inventory = Inventory(*(np.concatenate(each) for each in zip(*parts, strict=True)))
        deviation = inventory.at_start[:, :_CEPSTRA].std(axis=0)
        inventory.at_start[:, :_CEPSTRA] /= deviation
        inventory.at_end[:, :_CEPSTRA] /= deviation
        spoken = inventory.context[:, 0] < len(SYMBOLS) - 1
        voiced = spoken & ~np.isnan(inventory.log_pitch)
        length = np.log((inventory.end - inventory.start) / RATE)
        return cls(
            np.concatenate(sounds),
            inventory,
            _ridge(inventory.context[spoken], length[spoken]),
            _ridge(inventory.context[voiced], inventory.log_pitch[voiced]),
        )

    def speak(self, groups: Sequence[BreathGroup]) -> Samples:
        """The sound of breath groups, [N] at `RATE`, with the pauses between them."""
        parts: list[Samples] = []
        for number, group in enumerate(groups):
            wanted = contexts([word.phones for word in group.words])
            parts.append(join(self.samples, self.pieces(self.select(wanted))))
            if number + 1 < len(groups):
                parts.append(np.zeros(round(_PAUSES[group.mark] * RATE), np.float32))
        return np.concatenate(parts)

    def select(self, wanted: Sequence[Context]) -> NDArray[np.int64]:
        """The units of the halves of all phones, in order, whose costs are least in sum."""
        numbers = np.array([one.numbers() for one in wanted])
        inputs = regressors(numbers)
        lengths, tones = inputs @ self._duration, inputs @ self._melody
        rows, costs = [], []
        for at in range(2 * len(wanted)):
            phone, half = divmod(at, 2)
            found, cost = self._candidates(numbers[phone], half, lengths[phone], tones[phone])
            rows.append(found)
            costs.append(cost)
        total, came = costs[0], []
        for at in range(1, len(rows)):
            joined = total[:, None] + self._join_costs(rows[at - 1], rows[at], edge=at % 2 == 0)
            best = joined.argmin(axis=0)
            came.append(best)
            total = joined[best, np.arange(len(best))] + costs[at]
        path = [int(total.argmin())]
        for best in reversed(came):
            path.append(int(best[path[-1]]))
        return np.array([row[one] for row, one in zip(rows, reversed(path), strict=True)])

    def pieces(self, units: NDArray[np.int64]) -> list[Piece]:
        """Units that follow one another, as one."""
        found: list[Piece] = []
        for before, unit in zip([-2, *units.tolist()], units.tolist(), strict=False):
            start, end = int(self.inventory.start[unit]), int(self.inventory.end[unit])
            if unit == before + 1 and self.inventory.follows[unit]:
                found[-1] = Piece(found[-1].start, end, found[-1].period)
            else:
                tone = self.inventory.at_start[unit, _CEPSTRA]
                found.append(Piece(start, end, 0 if np.isnan(tone) else round(RATE / np.exp(tone))))
        return found

    def _candidates(
        self, wanted: Floats, half: int, length: float, tone: float
    ) -> tuple[NDArray[np.int64], Floats]:
        units = self._units[int(wanted[0]) * 2 + half]
        has = self.inventory.context[units]
        near, far = (1, 2) if half == 0 else (2, 1)
        cost = _NEIGHBOUR * _unlike(has[:, near], wanted[near])
        cost += _FAR_NEIGHBOUR * _unlike(has[:, far], wanted[far])
        cost += _STRESS * (has[:, 3] != wanted[3]) + _PLACE * (has[:, 4] != wanted[4])
        cost += _EDGE * ((has[:, 5] != wanted[5]) * 1.0 + (has[:, 6] != wanted[6]))
        cost += _LEFT * np.abs(has[:, 7] - wanted[7])
        cost += _DURATION * np.abs(self._log_duration[units] - length)
        cost += _PITCH * np.abs(np.nan_to_num(self.inventory.log_pitch[units] - tone))
        best = np.argsort(cost, kind="stable")[:_CANDIDATES]
        return units[best], cost[best]

    def _join_costs(
        self, first: NDArray[np.int64], second: NDArray[np.int64], *, edge: bool
    ) -> Floats:
        """[A, B]; edge: whether the join is between phones rather than within one."""
        a, b = self.inventory.at_end[first], self.inventory.at_start[second]
        apart = a[:, None, :] - b[None, :, :]
        cost = _CEPSTRUM * np.sqrt((apart[..., :_CEPSTRA] ** 2).mean(axis=2))
        cost += _JOIN_PITCH * np.abs(np.nan_to_num(apart[..., _CEPSTRA]))
        cost += _JOIN_EDGE if edge else _JOIN_MIDDLE
        neighbours = (first[:, None] + 1 == second[None, :]) & self.inventory.follows[second]
        return np.where(neighbours, 0.0, cost)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All there is."""
        one = self.inventory
        return {
            "samples": np.clip(np.rint(self.samples * 32768), -32768, 32767).astype(np.int16),
            "units.context": one.context.astype(np.float32),
            "units.half": one.half.astype(np.uint8),
            "units.start": one.start.astype(np.int32),
            "units.end": one.end.astype(np.int32),
            "units.follows": one.follows,
            "units.log_pitch": one.log_pitch.astype(np.float32),
            "units.at_start": one.at_start.astype(np.float16),
            "units.at_end": one.at_end.astype(np.float16),
            "duration": self._duration.astype(np.float32),
            "melody": self._melody.astype(np.float32),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `arrays`, but for their rounding."""

        def floats(name: str) -> Floats:
            return arrays[name].astype(np.float64)

        def integers(name: str) -> NDArray[np.int64]:
            return arrays[name].astype(np.int64)

        inventory = Inventory(
            *(floats("units.context"), integers("units.half"), integers("units.start")),
            *(integers("units.end"), arrays["units.follows"].astype(bool)),
            *(floats("units.log_pitch"), floats("units.at_start"), floats("units.at_end")),
        )
        samples = (arrays["samples"] / np.float32(32768)).astype(np.float32)
        return cls(samples, inventory, floats("duration"), floats("melody"))


def _units(samples: Samples, segments: Sequence[Segment], offset: int) -> tuple[NDArray[Any], ...]:
    """The fields of an `Inventory` of one recording, whose first sample is at `offset`."""
    numbers = [one.numbers() for one in spoken_contexts(segments)]
    ends = np.array([[(one.start + one.end) / 2, one.end] for one in segments]).reshape(-1)
    edges = np.rint(np.append(segments[0].start, ends) * RATE).astype(np.int64)
    edges = np.clip(edges, 0, len(samples))
    cepstra = features(samples)[:, :_CEPSTRA]
    contour = pitch(samples, RATE, _HOP)
    tones = np.where(contour.voiced, np.log(contour.hertz), np.nan)

    def at(places: NDArray[np.int64]) -> Floats:
        frames = np.minimum(places // FEATURE_HOP, len(cepstra) - 1)
        tone = tones[np.minimum(places // _HOP, len(tones) - 1)]
        return np.concatenate([cepstra[frames], tone[:, None]], axis=1)

    start, end = edges[:-1], edges[1:]
    middle = np.minimum((start + end) // 2 // _HOP, len(tones) - 1)
    follows = np.ones(len(start), bool)
    follows[0] = False
    return (
        np.repeat(np.array(numbers), 2, axis=0),
        np.tile(np.array([0, 1]), len(segments)),
        *(start + offset, end + offset, follows, tones[middle], at(start), at(end)),
    )


def _ridge(context: Floats, values: Floats) -> Floats:
    """Weights w by which regressors x predict values: (x'x + r) w = x'v."""
    x = regressors(context)
    square = x.T @ x + _RIDGE * np.eye(x.shape[1])
    return np.asarray(np.linalg.solve(square, x.T @ values), np.float64)


def _unlike(has: Floats, wanted: float) -> Floats:
    """0 for the same phone, a little for one of its kind, 1 for any other."""
    kin = _KIND[has.astype(int)] == _KIND[int(wanted)]
    return np.asarray(np.where(has == wanted, 0.0, np.where(kin, _KIN, 1.0)), np.float64)
