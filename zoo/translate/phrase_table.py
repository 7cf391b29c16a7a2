"""Phrases and their translations, with what a decoder needs to know of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoo.translate.packing import deflated, looked_up, packed, quantised, unpacked

LONGEST = 7  # tokens of a phrase; three bits hold it


@dataclass(frozen=True)
class PhraseTable:
    """P source phrases and their O translations (options), those of one after the other.

    source_tokens: the source phrases, one after the other, in lexicographic order.
    source_offsets: [P + 1] where each begins.
    option_offsets: [P + 1] where the options of each begin.
    target_tokens: the target phrases; target_offsets: [O + 1] where each begins.
    scores: [O, 4] natural logarithms of p(f|e), lex(f|e), p(e|f), lex(e|f) of f in e's place
        (Koehn, Och & Marcu, "Statistical phrase-based translation", 2003).
    reordering: [O, 6] natural logarithms of p(monotone), p(swap), p(discontinuous) with regard to
        the phrase before, then the same to the phrase after (Koehn et al. 2005).
    """

    source_tokens: NDArray[np.int32]
    source_offsets: NDArray[np.int32]
    option_offsets: NDArray[np.int32]
    target_tokens: NDArray[np.int32]
    target_offsets: NDArray[np.int32]
    scores: NDArray[np.float32]
    reordering: NDArray[np.float32]

    def source(self, phrase: int) -> tuple[int, ...]:
        a, b = self.source_offsets[phrase : phrase + 2]
        return tuple(self.source_tokens[a:b].tolist())

    def target(self, option: int) -> tuple[int, ...]:
        a, b = self.target_offsets[option : option + 2]
        return tuple(self.target_tokens[a:b].tolist())

    def options_of(self, phrase: Sequence[int]) -> range:
        """The options of a source phrase; none if it is not known."""
        wanted = tuple(phrase)
        low, high = 0, len(self.source_offsets) - 1
        while low < high:
            middle = (low + high) // 2
            if self.source(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        if low == len(self.source_offsets) - 1 or self.source(low) != wanted:
            return range(0)
        return range(int(self.option_offsets[low]), int(self.option_offsets[low + 1]))

    def quantised(self) -> PhraseTable:
        """The table with 256 values for each score, and 256 triples for each three orientations."""
        return self.from_arrays(self.to_arrays())

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """What is stored: of a source phrase only where it differs from the one before it."""
        lengths = self.source_offsets[1:].astype(np.int64) - self.source_offsets[:-1]
        phrases = np.full((len(lengths) + 1, LONGEST), -1, np.int64)
        place = np.arange(len(self.source_tokens)) - np.repeat(self.source_offsets[:-1], lengths)
        phrases[1 + np.repeat(np.arange(len(lengths)), lengths), place] = self.source_tokens
        same = np.cumprod((phrases[1:] == phrases[:-1]) & (phrases[1:] >= 0), axis=1).sum(axis=1)
        arrays: dict[str, NDArray[Any]] = {
            "source_lengths": packed(same << 3 | lengths),
            "source_tokens": packed(self.source_tokens[place >= np.repeat(same, lengths)]),
            "option_counts": packed(np.diff(self.option_offsets)),
            "target_lengths": packed(np.diff(self.target_offsets)),
            "target_tokens": packed(self.target_tokens),
        }
        for name, columns in self._columns().items():
            codes, arrays[f"{name}_book"] = quantised(columns)
            arrays[name] = deflated(codes)
        return arrays

    def _columns(self) -> dict[str, NDArray[np.float32]]:
        """What is quantised together; the orientations of a rare phrase take few values."""
        scores = {f"score_{k}": self.scores[:, k : k + 1] for k in range(4)}
        return scores | {"previous": self.reordering[:, :3], "next": self.reordering[:, 3:]}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> PhraseTable:
        """The table that was stored, its values as of `quantised`.

        Raises ValueError if the arrays do not fit each other.
        """
        both = unpacked(arrays["source_lengths"])
        same, lengths = both >> 3, both & 7
        fresh = unpacked(arrays["source_tokens"])
        counts = unpacked(arrays["option_counts"])
        target_lengths = unpacked(arrays["target_lengths"])
        target_tokens = unpacked(arrays["target_tokens"])
        size = len(target_lengths)
        if (same >= lengths).any() or (same > np.append(0, lengths)[:-1]).any():
            raise ValueError("phrases that share more words than they have")
        if not ((target_lengths > 0) & (target_lengths <= LONGEST)).all() or (counts < 1).any():
            raise ValueError("phrases without words or without translations, or too long ones")
        for numbers, others in (
            ((lengths - same).sum(), len(fresh)),
            (len(counts), len(lengths)),
            (counts.sum(), size),
            (target_lengths.sum(), len(target_tokens)),
        ):
            if numbers != others:
                raise ValueError(f"{others} rows in place of {numbers}")
        source_offsets = _offsets(lengths)
        new = iter(fresh.tolist())
        tokens: list[int] = []
        for shared, length, begin in zip(
            same.tolist(), lengths.tolist(), [0, *source_offsets[:-2].tolist()], strict=False
        ):
            tokens += tokens[begin : begin + shared]
            tokens += [next(new) for _ in range(length - shared)]
        source_tokens = np.array(tokens, np.int32)
        if not _rise(source_tokens, source_offsets[:-1], lengths, same):
            raise ValueError("phrases in another order than that of their words")
        columns = {
            name: looked_up(arrays[name], arrays[f"{name}_book"], (size, width))
            for names, width in (
                (("score_0", "score_1", "score_2", "score_3"), 1),
                (("previous", "next"), 3),
            )
            for name in names
        }
        return cls(
            source_tokens=source_tokens,
            source_offsets=source_offsets,
            option_offsets=_offsets(counts),
            target_tokens=target_tokens.astype(np.int32),
            target_offsets=_offsets(target_lengths),
            scores=np.hstack([columns[f"score_{k}"] for k in range(4)]),
            reordering=np.hstack([columns["previous"], columns["next"]]),
        )


def _offsets(lengths: NDArray[Any]) -> NDArray[np.int32]:
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _rise(
    tokens: NDArray[np.int32],
    begins: NDArray[np.int32],
    lengths: NDArray[np.int64],
    same: NDArray[np.int64],
) -> bool:
    """Whether each phrase comes after the one before it, with which it shares its first words."""
    longer = same[1:] == lengths[:-1]
    greater = tokens[begins[1:] + same[1:]] > tokens[begins[:-1] + same[1:]]
    return bool((longer | greater).all())
