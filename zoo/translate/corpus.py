"""Tokenised text as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zoo.translate.packing import deflated, inflated

UNKNOWN, START, END = range(3)
_RESERVED = ("<unk>", "<s>", "</s>")


@dataclass(frozen=True)
class Vocabulary:
    """Tokens and their numbers; the first three stand for an unknown token, start and end.

    The others come in order of their frequency, so that small numbers are the common ones.
    """

    words: tuple[str, ...]

    @classmethod
    def of(cls, sentences: Iterable[Iterable[str]]) -> Vocabulary:
        counts = Counter(word for sentence in sentences for word in sentence)
        ranked = sorted(set(counts) - set(_RESERVED), key=lambda word: (-counts[word], word))
        return cls((*_RESERVED, *ranked))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        numbers = {word: number for number, word in enumerate(self.words)}
        # A text that spells a reserved token out means no such thing.
        return numbers | dict.fromkeys(_RESERVED, UNKNOWN)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return self._numbers.get(word, UNKNOWN) != UNKNOWN

    def ids(self, sentence: Iterable[str]) -> list[int]:
        """The numbers of the tokens, UNKNOWN for those that it has not."""
        numbers = self._numbers
        return [numbers.get(word, UNKNOWN) for word in sentence]

    def to_array(self) -> NDArray[np.uint8]:
        """The words but the reserved ones as lines of UTF-8, deflated; none has a line break."""
        text = "\n".join(self.words[len(_RESERVED) :])
        return deflated(np.frombuffer(text.encode(), np.uint8))

    @classmethod
    def from_array(cls, array: NDArray[np.uint8]) -> Vocabulary:
        text = inflated(array).tobytes().decode()
        return cls((*_RESERVED, *text.split("\n"))) if text else cls(_RESERVED)


@dataclass(frozen=True)
class Corpus:
    """Sentences as numbers of a vocabulary, one after the other.

    tokens: [T]; offsets: [N + 1], where each sentence begins, and T.
    """

    tokens: NDArray[np.int32]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, sentences: Iterable[Iterable[str]], vocabulary: Vocabulary) -> Corpus:
        return cls.of_ids([vocabulary.ids(sentence) for sentence in sentences])

    @classmethod
    def of_ids(cls, sentences: Sequence[Sequence[int]]) -> Corpus:
        offsets = np.zeros(len(sentences) + 1, np.int64)
        np.cumsum([len(sentence) for sentence in sentences], out=offsets[1:])
        tokens = np.fromiter((i for sentence in sentences for i in sentence), np.int32, offsets[-1])
        return cls(tokens, offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[NDArray[np.int32]]:
        return (self.tokens[a:b] for a, b in zip(self.offsets[:-1], self.offsets[1:], strict=True))

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.offsets)

    @property
    def sentence_of(self) -> NDArray[np.int32]:
        """[T] The sentence of each token."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.lengths)

    def bounded(self) -> Corpus:
        """The sentences with START before and END after them."""
        shift = 2 * np.arange(len(self) + 1)
        tokens = np.empty(len(self.tokens) + 2 * len(self), np.int32)
        tokens[np.arange(len(self.tokens)) + 2 * self.sentence_of + 1] = self.tokens
        offsets = self.offsets + shift
        tokens[offsets[:-1]] = START
        tokens[offsets[1:] - 1] = END
        return Corpus(tokens, offsets)


@dataclass(frozen=True)
class Grams:
    """The distinct runs of n tokens within the sentences of a corpus, in lexicographic order.

    prefixes: [G] the number of each one's first n - 1 tokens among the runs of n - 1.
    words: [G] its last token.
    at: [T] which of them begins at a token; -1 where its sentence ends too soon.
    """

    prefixes: NDArray[np.int64]
    words: NDArray[np.int32]
    at: NDArray[np.int64]

    @property
    def counts(self) -> NDArray[np.int64]:
        return np.bincount(self.at[self.at >= 0], minlength=len(self.words))


def grams(corpus: Corpus, longest: int, size: int) -> list[Grams]:
    """The runs of 1, 2, ... `longest` tokens; those of one are all `size` tokens there are."""
    found = [
        Grams(
            np.zeros(size, np.int64),
            np.arange(size, dtype=np.int32),
            corpus.tokens.astype(np.int64),
        )
    ]
    left = np.repeat(corpus.offsets[1:], corpus.lengths) - np.arange(len(corpus.tokens))
    for length in range(2, longest + 1):
        places = np.flatnonzero(left >= length)
        keys = found[-1].at[places] * size + corpus.tokens[places + length - 1]
        distinct, inverse = np.unique(keys, return_inverse=True)
        at = np.full(len(corpus.tokens), -1, np.int64)
        at[places] = inverse
        found.append(Grams(distinct // size, (distinct % size).astype(np.int32), at))
    return found
