"""Syllables of English words: as many consonants as can begin a word begin a syllable."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

VOWELS = frozenset(
    ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
)
_STOPS_BEFORE = {
    **{"R": ("P", "B", "T", "D", "K", "G", "F", "TH", "SH"), "L": ("P", "B", "K", "G", "F", "S")},
    **{"W": ("T", "D", "K", "G", "S", "HH", "TH")},
    **{"Y": ("P", "B", "K", "G", "F", "V", "M", "HH")},
    **{"M": ("S",), "N": ("S",), "P": ("S",), "T": ("S",), "K": ("S",)},
}


class Place(StrEnum):
    """Where in its syllable a phone is."""

    ONSET = "onset"
    NUCLEUS = "nucleus"
    CODA = "coda"


def syllabify(phones: Sequence[str]) -> list[tuple[int, Place]]:
    """The syllable, from 0, and the place of each phone of a word; phones are without stress."""
    nuclei = [index for index, phone in enumerate(phones) if phone in VOWELS]
    if not nuclei:
        return [(0, Place.ONSET)] * len(phones)
    found = [(0, Place.ONSET)] * nuclei[0]
    for number, nucleus in enumerate(nuclei):
        found.append((number, Place.NUCLEUS))
        last = number + 1 == len(nuclei)
        after = len(phones) if last else nuclei[number + 1]
        onset = after if last else _onset(phones, nucleus + 1, after)
        found += [(number, Place.CODA)] * (onset - nucleus - 1)
        found += [(number + 1, Place.ONSET)] * (after - onset)
    return found


def _onset(phones: Sequence[str], first: int, after: int) -> int:
    """Where the longest beginning of a syllable starts that fits before the vowel `after`."""
    start = after
    while start > first and _begins(phones[start - 1 : after]):
        start -= 1
    return start


def _begins(consonants: Sequence[str]) -> bool:
    if consonants[0] == "NG":
        return False
    pairs = pairwise(consonants)
    if len(consonants) > 2 and consonants[0] != "S":
        return False
    return all(first in _STOPS_BEFORE.get(second, ()) for first, second in pairs)
