"""Cutting long sound into chunks that a network can take, and putting the answers together.

A cut goes through words, so that what is heard near it is not to be trusted. There are three ways
around that, by what a network tells. One that answers frame by frame hears each chunk with a margin
on either side, and the margins' frames are dropped (`cut`). One that says when what it heard was
said is continued where its last whole phrase ended (`phrases`: Radford et al., Robust Speech
Recognition via Large-Scale Weak Supervision, 2022, section 4.5). Of one that gives bare text, two
answers are joined where both say the same (`seam`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_ALIKE = 2  # tokens; a single one is alike by chance


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples start..stop, of which the first `left` and the last `right` are heard for context."""

    start: int
    stop: int
    left: int
    right: int


def cut(length: int, size: int, margin: int) -> list[Chunk]:
    """Chunks of at most `size` samples; without their margins they are the whole sound, once.

    Every chunk but the last has `size` samples, and every margin is `margin` samples, except at
    the ends of the sound, where there is none.
    """
    step = size - 2 * margin
    if step < 1:
        raise ValueError(f"margins of {margin} leave nothing of {size}")
    chunks = []
    start = 0
    while True:
        stop = min(start + size, length)
        last = stop == length
        chunks.append(Chunk(start, stop, margin if start else 0, 0 if last else margin))
        if last:
            return chunks
        start += step


def phrases(tokens: Sequence[int], zero: int, least: int) -> tuple[int, int | None]:
    """How many tokens of a chunk to keep, and at which timestamp to go on; None: after the chunk.

    tokens: text and timestamps in turn, a phrase standing between two timestamps.
    zero: the first timestamp; what is at least that is one, and counts from there.
    least: timestamps smaller than that are not gone on from, so that each chunk is a step ahead.

    Two timestamps in a row mean that a phrase ended and another began, which may have been cut.
    """
    stamps = [token >= zero for token in tokens]
    if stamps[-2:] == [False, True]:  # the last phrase ended, and nothing was said after it
        return len(tokens), None
    ends = [i + 1 for i in range(len(tokens) - 1) if stamps[i] and stamps[i + 1]]
    if not ends or tokens[ends[-1] - 1] - zero < least:
        return len(tokens), None
    return ends[-1], tokens[ends[-1] - 1] - zero


def seam(left: Sequence[int], right: Sequence[int]) -> tuple[int, int]:
    """How many tokens to keep of `left`, and how many to drop of `right`, which overlap in sound.

    The seam is in the middle of the longest run of tokens that both have, sought in the second
    half of the one and the first half of the other; without one, nothing is dropped.
    """
    tail = len(left) // 2
    head = len(right) - len(right) // 2
    match = SequenceMatcher(None, left, right, autojunk=False).find_longest_match(
        tail, len(left), 0, head
    )
    if match.size < _ALIKE:
        return len(left), 0
    half = match.size // 2
    return match.a + half, match.b + half
