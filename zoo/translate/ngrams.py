"""A back-off n-gram model of a language: how probable a sentence is, word by word.

Katz, "Estimation of probabilities from sparse data" (1987): p(w | h) is known, or it is the
back-off weight of h times p(w | h without its first word). The n-grams form a trie, and a state is
the node of the longest context that can matter for what follows, so that equal states have equal
futures. `zoo.translate.kneser_ney` estimates it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zoo.compiled import compiled
from zoo.translate.corpus import END, START
from zoo.translate.packing import deflated, inflated, looked_up, packed, quantised, unpacked

_SMALLEST = 1e-6  # of a mass of probability, against rounding


class Trie(NamedTuple):
    """N-grams as nodes, for compiled functions: 0 the empty one, 1 + w the word w, then the longer.

    words: [M] the last word of each.
    children: [M + 1] where the n-grams that are one word longer begin, sorted by that word; they
        end where those of the next node begin.
    log_probabilities: [M] log p(last word | those before).
    back_offs: [M] log of the back-off weight of the n-gram as a context; 0 if it has no children.
    suffixes: [M] its longest proper suffix that is a node, too.
    states: [M] its longest suffix, if not itself, that has children.
    """

    words: NDArray[np.int32]
    children: NDArray[np.int32]
    log_probabilities: NDArray[np.float32]
    back_offs: NDArray[np.float32]
    suffixes: NDArray[np.int32]
    states: NDArray[np.int32]


@compiled
def find(words: NDArray[np.int32], children: NDArray[np.int32], node: int, word: int) -> int:
    """The child of a node by a word; -1 if it has none."""
    if node == 0:
        return 1 + word
    low, high = children[node], children[node + 1]
    while low < high:
        middle = (low + high) >> 1
        if words[middle] < word:
            low = middle + 1
        else:
            high = middle
    return low if low < children[node + 1] and words[low] == word else -1


def child_counts(trie: Trie) -> NDArray[np.int64]:
    """[M] How many n-grams are one word longer than each."""
    return trie.children[1:].astype(np.int64) - trie.children[:-1]


@compiled
def advance(trie: Trie, state: int, word: int) -> tuple[float, int]:
    """Log p(word | state), and the state after it."""
    total = 0.0
    node = state
    while True:
        child = find(trie.words, trie.children, node, word)
        if child >= 0:
            return total + trie.log_probabilities[child], trie.states[child]
        total += trie.back_offs[node]
        node = trie.suffixes[node]


@compiled
def _linked(
    words: NDArray[np.int32], children: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The suffixes and states of a trie (the failure links of Aho & Corasick 1975)."""
    suffixes = np.zeros(len(words), np.int32)
    states = np.zeros(len(words), np.int32)
    for parent in range(len(words)):
        for node in range(children[parent], children[parent + 1]):
            if parent:
                shorter = suffixes[parent]
                found = find(words, children, shorter, words[node])
                while found < 0:
                    shorter = suffixes[shorter]
                    found = find(words, children, shorter, words[node])
                suffixes[node] = found
            grown = children[node + 1] > children[node]
            states[node] = node if grown else states[suffixes[node]]
    return suffixes, states


def make_trie(
    words: NDArray[np.int32],
    counts: NDArray[np.int64],
    log_probabilities: NDArray[np.float32],
    back_offs: NDArray[np.float32],
) -> Trie:
    """A trie from what is stored of it: all [M], nodes in the order of `Trie`."""
    children = np.ones(len(words) + 1, np.int32)
    children[1:] += np.cumsum(counts).astype(np.int32)
    return Trie(words, children, log_probabilities, back_offs, *_linked(words, children))


def normalised(
    words: NDArray[np.int32], counts: NDArray[np.int64], logs: NDArray[np.float32]
) -> Trie:
    """A trie with the back-off weights with which the probabilities of all words sum to one."""
    trie = make_trie(words, counts, logs, np.zeros(len(words), np.float32))
    _weigh(trie)
    return trie


@compiled
def masses(trie: Trie, node: int) -> tuple[float, float]:
    """1 - sum of p(w | h), and of p(w | shorter h), over the words w that follow the context h."""
    left, lower = 1.0, 1.0
    for child in range(trie.children[node], trie.children[node + 1]):
        left -= np.exp(trie.log_probabilities[child])
        lower -= np.exp(advance(trie, trie.suffixes[node], trie.words[child])[0])
    return max(left, _SMALLEST), max(lower, _SMALLEST)


@compiled
def _weigh(trie: Trie) -> None:
    # Contexts of fewer words come first, so that what is shorter is complete.
    for node in range(1, len(trie.words)):
        if trie.children[node + 1] > trie.children[node]:
            left, lower = masses(trie, node)
            trie.back_offs[node] = np.log(left / lower)


@dataclass(frozen=True)
class NgramModel:
    """log p(word | words before), in natural logarithms, of every word of a vocabulary and END.

    START is no word: nothing that is asked for it means anything.

    size: how many words the vocabulary has.
    """

    trie: Trie
    size: int

    @property
    def arrays(self) -> Trie:
        """What compiled functions take; see `advance`."""
        return self.trie

    @property
    def start_state(self) -> int:
        return int(self.trie.states[1 + START])

    def advance(self, state: int, word: int) -> tuple[float, int]:
        """Log p(word | state), and the state after it; 0 is the state that knows nothing."""
        log_probability, after = advance(self.trie, state, word)
        return float(log_probability), int(after)

    def score(self, sentence: Iterable[int]) -> float:
        """Log p of a whole sentence, its end included."""
        total, state = 0.0, self.start_state
        for word in (*sentence, END):
            gain, state = self.advance(state, word)
            total += gain
        return total

    def quantised(self) -> NgramModel:
        """The model with 256 values each for words, longer n-grams and back-off weights.

        The sum of what the words got and the back-off weights make up for the rounding.
        """
        split = 1 + self.size
        rounded = np.zeros_like(self.trie.log_probabilities)
        for part in (slice(1, split), slice(split, None)):
            codes, book = quantised(self.trie.log_probabilities[part, None])
            rounded[part] = book[codes, 0]
        words = np.delete(rounded[1:split].astype(np.float64), START)
        rounded[1:split] -= np.log(np.exp(words).sum())
        counts = child_counts(self.trie)
        trie = normalised(self.trie.words, counts, rounded)
        return self.from_arrays(replace(self, trie=trie).to_arrays())

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """What is stored: two to three bytes an n-gram."""
        words, children = self.trie.words, self.trie.children
        counts = child_counts(self.trie)
        first = np.zeros(len(words), bool)
        first[children[:-1][counts > 0]] = True
        steps = np.where(first, words, words - np.roll(words, 1) - 1)[1 + self.size :]
        word_codes, word_book = quantised(self.trie.log_probabilities[1 : 1 + self.size, None])
        codes, book = quantised(self.trie.log_probabilities[1 + self.size :, None])
        weights, weight_book = quantised(self.trie.back_offs[counts > 0][:, None])
        return {
            "child_counts": packed(np.trim_zeros(counts[1:], "b")),
            "words": packed(steps),
            "word_logs": deflated(word_codes),
            "word_log_book": word_book[:, 0],
            "longer_logs": deflated(codes),
            "longer_log_book": book[:, 0],
            "back_offs": deflated(weights),
            "back_off_book": weight_book[:, 0],
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> NgramModel:
        """The model that was stored, its values as of `quantised`.

        Raises ValueError if the arrays do not fit each other.
        """
        size = len(inflated(arrays["word_logs"]))
        stored = unpacked(arrays["child_counts"])
        steps = unpacked(arrays["words"])
        if size <= END:
            raise ValueError(f"a language model of {size} words")
        if len(stored) > size + len(steps) or stored.sum() != len(steps):
            raise ValueError(f"{stored.sum()} n-grams in place of {len(steps)}")
        counts = np.zeros(1 + size + len(steps), np.int64)
        counts[0] = size
        counts[1 : 1 + len(stored)] = stored
        if (1 + np.cumsum(counts)[:-1] <= np.arange(1, len(counts)))[counts[1:] > 0].any():
            raise ValueError("n-grams before those that they begin with")
        # The steps add up from the first child of each node on.
        longer = counts[1:][counts[1:] > 0]
        starts = np.cumsum(longer) - longer
        sums = np.cumsum(steps + 1) - 1
        before = np.zeros(len(longer), np.int64)
        before[1:] = sums[starts[1:] - 1] + 1
        words = np.concatenate(([0], np.arange(size), sums - np.repeat(before, longer)))
        if words.max() >= size:
            raise ValueError(f"n-grams of more than {size} words")
        values = {
            name: looked_up(arrays[name], arrays[f"{name[:-1]}_book"], (length,))
            for name, length in (
                ("word_logs", size),
                ("longer_logs", len(steps)),
                ("back_offs", int((counts > 0).sum())),
            )
        }
        logs = np.concatenate((np.zeros(1, np.float32), values["word_logs"], values["longer_logs"]))
        back_offs = np.zeros(len(counts), np.float32)
        back_offs[counts > 0] = values["back_offs"]
        return cls(make_trie(words.astype(np.int32), counts, logs, back_offs), size)
