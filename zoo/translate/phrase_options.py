"""What the phrases of a sentence may become, and how promising that is, in machine code."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from zoo.compiled import compiled
from zoo.translate.corpus import END
from zoo.translate.ngrams import Trie, advance
from zoo.translate.phrase_table import PhraseTable

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

# What a derivation is scored by, in order: the number of each is that of its weight.
FEATURES = (
    "p(source | target)", "lex(source | target)", "p(target | source)", "lex(target | source)",
    "phrases", "words", "distortion",
    "monotone, previous", "swap, previous", "discontinuous, previous",
    "monotone, next", "swap, next", "discontinuous, next",
    "language model", "unknown words",
)  # fmt: skip
PHRASES, WORDS, DISTORTION, REORDERING, MODEL, UNKNOWNS = 4, 5, 6, 7, 13, 14
_FEATURES = len(FEATURES)
COPY = -1  # in place of an option of the table: the source word is copied


class Table(NamedTuple):
    """The arrays of a `PhraseTable`, for compiled functions."""

    source_tokens: NDArray[np.int32]
    source_offsets: NDArray[np.int32]
    option_offsets: NDArray[np.int32]
    target_tokens: NDArray[np.int32]
    target_offsets: NDArray[np.int32]
    scores: NDArray[np.float32]
    reordering: NDArray[np.float32]

    @classmethod
    def of(cls, table: PhraseTable) -> Table:
        return cls(*(getattr(table, name) for name in cls._fields))


class Options(NamedTuple):
    """The M options of the spans of a sentence of N words, the most promising of a span first.

    first, counts: [N, longest + 1] of those that begin at a word and are so many words long.
    begins, ends: [M] their spans. chosen: [M] the option of the table, or COPY.
    static: [M] the weighted score that does not depend on what is around.
    reordering: [M + 1, 6] weighted; the last row is that of no phrase at all.
    words: what they become, one after the other; offsets: [M + 1].
    future: [N, N + 1] the best score that the words from one place to another can hope for.
    """

    first: Ints
    counts: Ints
    begins: Ints
    ends: Ints
    chosen: Ints
    static: Floats
    reordering: Floats
    words: Ints
    offsets: Ints
    future: Floats


@compiled
def orientation(begins: int, ends: int, earlier_begins: int, earlier_ends: int) -> int:
    """Of a phrase to the one before it: 0 follows it, 1 swaps with it, 2 neither."""
    if begins == earlier_ends:
        return 0
    return 1 if ends == earlier_begins else 2


@compiled
def _phrases(sentence: NDArray[np.int32], table: Table, longest: int) -> Ints:
    """[N, longest + 1] The phrase that begins at a word and is so many words long; -1 for none.

    Phrases are in lexicographic order, so that each further word narrows a range of them.
    """
    tokens, offsets = table.source_tokens, table.source_offsets
    size = len(sentence)
    found = np.full((size, longest + 1), -1, np.int64)
    for start in range(size):
        low, high = 0, len(offsets) - 1
        for depth in range(min(longest, size - start)):
            word = sentence[start + depth]
            if word == 0:  # unknown
                break
            a, b = low, high
            while a < b:  # the first phrase with this word here
                middle = (a + b) >> 1
                at = offsets[middle] + depth
                if at >= offsets[middle + 1] or tokens[at] < word:
                    a = middle + 1
                else:
                    b = middle
            low, b = a, high
            while a < b:  # the first phrase with a later one
                middle = (a + b) >> 1
                if tokens[offsets[middle] + depth] <= word:
                    a = middle + 1
                else:
                    b = middle
            high = a
            if low == high:
                break
            if offsets[low + 1] - offsets[low] == depth + 1:
                found[start, depth + 1] = low
    return found


@compiled
def _static(table: Table, option: int, weights: Floats) -> float:
    total: float = weights[PHRASES]
    total += weights[WORDS] * (table.target_offsets[option + 1] - table.target_offsets[option])
    for k in range(4):
        total += weights[k] * table.scores[option, k]
    return total


@compiled
def _unaided(trie: Trie, words: NDArray[np.int32]) -> float:
    """Log p of words without what goes before them."""
    total, state = 0.0, 0
    for word in words:
        gain, state = advance(trie, state, word)
        total += gain
    return total


@compiled
def options_of(
    sentence: NDArray[np.int32],
    table: Table,
    trie: Trie,
    weights: Floats,
    longest: int,
    most: int,
) -> Options:
    """The options of a sentence: the `most` best of each span, by score and language model.

    A word that is no phrase by itself may be copied.
    """
    size = len(sentence)
    phrases = _phrases(sentence, table, longest)
    space, letters = size, size
    for phrase in phrases.ravel():
        if phrase >= 0:
            a, b = table.option_offsets[phrase], table.option_offsets[phrase + 1]
            space += min(b - a, most)
            letters += table.target_offsets[b] - table.target_offsets[a]
    first = np.zeros((size, longest + 1), np.int64)
    count = np.zeros((size, longest + 1), np.int64)
    begins, ends = np.zeros(space, np.int64), np.zeros(space, np.int64)
    chosen, static = np.full(space, COPY, np.int64), np.zeros(space)
    reordering = np.zeros((space + 1, 6))
    words, offsets = np.zeros(letters, np.int64), np.zeros(space + 1, np.int64)
    estimates = np.full((size, longest + 1), -np.inf)
    found = 0
    for start in range(size):
        for length in range(1, min(longest, size - start) + 1):
            phrase = phrases[start, length]
            first[start, length] = found
            if phrase < 0:
                if length == 1:
                    static[found] = weights[PHRASES] + weights[WORDS] + weights[UNKNOWNS]
                    gain = _unaided(trie, np.zeros(1, np.int32))
                    estimates[start, 1] = static[found] + weights[MODEL] * gain
                    offsets[found + 1] = offsets[found] + 1
                    begins[found], ends[found] = start, start + 1
                    count[start, 1] = 1
                    found += 1
                continue
            a, b = table.option_offsets[phrase], table.option_offsets[phrase + 1]
            promise = np.zeros(b - a)
            for option in range(a, b):
                target = table.target_tokens[
                    table.target_offsets[option] : table.target_offsets[option + 1]
                ]
                promise[option - a] = _static(table, option, weights) + weights[MODEL] * _unaided(
                    trie, target
                )
            order = np.argsort(-promise, kind="mergesort")[:most]
            estimates[start, length] = promise[order[0]]
            count[start, length] = len(order)
            for place in order:
                option = a + place
                begins[found], ends[found], chosen[found] = start, start + length, option
                static[found] = _static(table, option, weights)
                for k in range(6):
                    reordering[found, k] = weights[REORDERING + k] * table.reordering[option, k]
                at = offsets[found]
                for token in range(table.target_offsets[option], table.target_offsets[option + 1]):
                    words[at] = table.target_tokens[token]
                    at += 1
                found += 1
                offsets[found] = at
    reordering[found] = 0.0
    return Options(
        first,
        count,
        begins[:found],
        ends[:found],
        chosen[:found],
        static[:found],
        reordering[: found + 1],
        words,
        offsets[: found + 1],
        _future(count, estimates),
    )


@compiled
def _future(count: Ints, estimates: Floats) -> Floats:
    """estimates: [N, longest + 1] of the most promising option of each span."""
    size, longest = count.shape[0], count.shape[1] - 1
    future = np.full((size, size + 1), -np.inf)
    for length in range(1, size + 1):
        for start in range(size - length + 1):
            best = estimates[start, length] if length <= longest else -np.inf
            for cut in range(start + 1, start + length):
                best = max(best, future[start, cut] + future[cut, start + length])
            future[start, start + length] = best
    return future


@compiled
def features_of(path: Ints, options: Options, table: Table, trie: Trie, state: int) -> Floats:
    """[S, F] The unweighted features of each option of a derivation, the end with the last.

    state: of the language model at the start.
    """
    size = len(options.future)
    found = np.zeros((len(path), _FEATURES))
    begins, ends = 0, 0
    for step, option in enumerate(path):
        chosen = options.chosen[option]
        turn = orientation(options.begins[option], options.ends[option], begins, ends)
        found[step, PHRASES] = 1.0
        found[step, WORDS] = options.offsets[option + 1] - options.offsets[option]
        found[step, DISTORTION] = -abs(options.begins[option] - ends)
        if step > 0 and options.chosen[path[step - 1]] != COPY:
            before = options.chosen[path[step - 1]]
            found[step - 1, REORDERING + 3 + turn] = table.reordering[before, 3 + turn]
        if chosen == COPY:
            found[step, UNKNOWNS] = 1.0
        else:
            found[step, :PHRASES] = table.scores[chosen]
            found[step, REORDERING + turn] = table.reordering[chosen, turn]
        for place in range(options.offsets[option], options.offsets[option + 1]):
            gain, state = advance(trie, state, options.words[place])
            found[step, MODEL] += gain
        begins, ends = options.begins[option], options.ends[option]
    found[-1, MODEL] += advance(trie, state, END)[0]
    if options.chosen[path[-1]] != COPY:
        turn = 0 if ends == size else 2
        found[-1, REORDERING + 3 + turn] = table.reordering[options.chosen[path[-1]], 3 + turn]
    return found
