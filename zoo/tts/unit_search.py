"""The choice of units: those that are nearest to what is wanted and join best.

Hunt and Black, "Unit Selection in a Concatenative Speech Synthesis System Using a Large Speech
Database", ICASSP 1996: the path of the least sum of target and join costs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zoo.tts.alignment import PAUSE
from zoo.tts.contexts import SYMBOLS, Context, regressors
from zoo.tts.overlap_add import Piece
from zoo.tts.units import CEPSTRA, Inventory

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_CANDIDATES = 60  # units of a target that are compared by how they join
# Costs of a unit that is not what is wanted.
_NEIGHBOUR, _FAR_NEIGHBOUR = 1.0, 0.3  # another phone on the side of this half, on the other
_KIN = 0.4  # the share of that where it is a phone of the same kind
_STRESS, _PLACE, _EDGE, _LEFT = 0.5, 0.2, 0.25, 0.3
_DURATION, _PITCH = 0.6, 1.5  # of one nat
# Costs of units that were not spoken one after the other.
_JOIN_MIDDLE, _JOIN_EDGE = 0.4, 1.2
_CEPSTRUM, _JOIN_PITCH = 0.6, 3.0
# How far a unit is brought from its own duration and pitch towards those of the rules, and how far
# at most, as logarithms.
_DURATION_SHARE, _MOST_DURATION = 0.4, 0.2
_PITCH_SHARE, _MOST_PITCH = 0.3, 0.12

_KINDS = (
    *(("P", "B"), ("T", "D"), ("K", "G"), ("CH", "JH", "SH", "ZH"), ("F", "V"), ("TH", "DH")),
    *(("S", "Z"), ("M", "N", "NG"), ("L",), ("R", "ER"), ("W", "UW", "UH", "OW"), ("Y", "IY")),
    *(("IH", "EH", "AE", "EY"), ("AH", "AA", "AO"), ("AY", "AW", "OY"), ("HH", PAUSE)),
)
_KIND = np.array([
    next(number for number, kind in enumerate(_KINDS) if symbol in kind) for symbol in SYMBOLS
])  # fmt: skip


class UnitSearch:
    """Chooses units of an inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._units, self._log_duration = inventory.units, inventory.units.log_duration
        key = self._units.context[:, 0].astype(int) * 2 + self._units.half
        by_key = [np.flatnonzero(key == one) for one in range(2 * len(SYMBOLS))]
        self._of = [by_key[_stand_in(one, by_key)] for one in range(2 * len(SYMBOLS))]

    def pieces(self, wanted: Sequence[Context]) -> list[Piece]:
        """What is cut from the recordings for a row of phones, a piece for each half of a phone."""
        numbers = np.array([one.numbers() for one in wanted])
        lengths, tones = self._rules(numbers)
        found = []
        for at, unit in enumerate(self.select(wanted).tolist()):
            longer = _DURATION_SHARE * (lengths[at // 2] - self._log_duration[unit])
            higher = np.nan_to_num(_PITCH_SHARE * (tones[at // 2] - self._units.log_pitch[unit]))
            found.append(
                Piece(
                    int(self._units.start[unit]),
                    int(self._units.end[unit]),
                    float(np.exp(np.clip(longer, -_MOST_DURATION, _MOST_DURATION))),
                    float(np.clip(higher, -_MOST_PITCH, _MOST_PITCH)),
                )
            )
        return found

    def select(self, wanted: Sequence[Context]) -> Integers:
        """The units of the halves of all phones, in order, whose costs are least in sum."""
        numbers = np.array([one.numbers() for one in wanted])
        lengths, tones = self._rules(numbers)
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

    def _rules(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Logarithms of the duration of half a phone and of its pitch, of each phone."""
        inputs = regressors(numbers)
        return inputs @ self._inventory.duration, inputs @ self._inventory.melody

    def _candidates(
        self, wanted: Floats, half: int, length: float, tone: float
    ) -> tuple[Integers, Floats]:
        units = self._of[int(wanted[0]) * 2 + half]
        has = self._units.context[units]
        near, far = (1, 2) if half == 0 else (2, 1)
        cost = _NEIGHBOUR * _unlike(has[:, near], wanted[near])
        cost += _FAR_NEIGHBOUR * _unlike(has[:, far], wanted[far])
        cost += _STRESS * (has[:, 3] != wanted[3]) + _PLACE * (has[:, 4] != wanted[4])
        cost += _EDGE * ((has[:, 5] != wanted[5]) * 1.0 + (has[:, 6] != wanted[6]))
        cost += _LEFT * np.abs(has[:, 7] - wanted[7])
        cost += _DURATION * np.abs(self._log_duration[units] - length)
        cost += _PITCH * np.abs(np.nan_to_num(self._units.log_pitch[units] - tone))
        best = np.argsort(cost, kind="stable")[:_CANDIDATES]
        return units[best], cost[best]

    def _join_costs(self, first: Integers, second: Integers, *, edge: bool) -> Floats:
        """[A, B]; edge: whether the join is between phones rather than within one."""
        a, b = self._units.at_end[first], self._units.at_start[second]
        apart = a[:, None, :] - b[None, :, :]
        cost = _CEPSTRUM * np.sqrt((apart[..., :CEPSTRA] ** 2).mean(axis=2))
        cost += _JOIN_PITCH * np.abs(np.nan_to_num(apart[..., CEPSTRA]))
        cost += _JOIN_EDGE if edge else _JOIN_MIDDLE
        neighbours = (first[:, None] + 1 == second[None, :]) & self._units.follows[second]
        return np.where(neighbours, 0.0, cost)


def _stand_in(key: int, units: Sequence[Integers]) -> int:
    """The phone and half that is spoken for one: itself, or where there is none, of its kin.

    key: twice the phone, and one for its second half.
    """
    symbol, half = divmod(key, 2)
    order = sorted(
        range(len(SYMBOLS)), key=lambda one: (one != symbol, _KIND[one] != _KIND[symbol], one)
    )
    return next(2 * one + half for one in order if len(units[2 * one + half]))


def _unlike(has: Floats, wanted: float) -> Floats:
    """0 for the same phone, a little for one of its kind, 1 for any other."""
    kin = _KIND[has.astype(int)] == _KIND[int(wanted)]
    return np.asarray(np.where(has == wanted, 0.0, np.where(kin, _KIN, 1.0)), np.float64)
