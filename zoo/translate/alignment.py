"""Which words of a sentence and of its translation belong together.

IBM Model 1 (Brown et al., "The mathematics of statistical machine translation", 1993) starts the
hidden Markov model of Vogel, Ney & Tillmann, "HMM-based word alignment" (1996), with the empty
words of Och & Ney, "A systematic comparison of various statistical alignment models" (2003). Both
are trained in both directions, and what they find is joined by grow-diag-final-and (Koehn, Och &
Marcu 2003).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoo.compiled import compiled
from zoo.progress import Progress
from zoo.translate.corpus import Corpus
from zoo.translate.hmm_alignment import WIDEST, baum_welch, grow_diag_final_and, viterbi

_LEAST = 1e-12  # of p(word | word)


@dataclass(frozen=True)
class Links:
    """Which positions of sentence pairs are linked, sorted by source, then by target position.

    source, target: [L] positions in the sentence; offsets: [N + 1] where each pair's links begin.
    """

    source: NDArray[np.int32]
    target: NDArray[np.int32]
    offsets: NDArray[np.int64]

    def of(self, pair: int) -> list[tuple[int, int]]:
        """The links (source position, target position) of one sentence pair."""
        a, b = self.offsets[pair : pair + 2]
        return list(zip(self.source[a:b].tolist(), self.target[a:b].tolist(), strict=True))


@dataclass(frozen=True)
class Lexicon:
    """t(translation | word), the most probable translation first.

    offsets: [V + 2] where the translations of each word begin; those of the empty word come last.
    words: [T] the translations; probabilities: [T].
    """

    offsets: NDArray[np.int64]
    words: NDArray[np.int32]
    probabilities: NDArray[np.float32]

    def of(self, word: int) -> dict[int, float]:
        a, b = self.offsets[word : word + 2]
        return dict(zip(self.words[a:b].tolist(), self.probabilities[a:b].tolist(), strict=True))

    def pruned(self, most: int = 10, least: float = 0.01) -> Lexicon:
        """The `most` most probable translations of each word, of at least `least`."""
        lengths = np.diff(self.offsets)
        rank = np.arange(len(self.words)) - np.repeat(self.offsets[:-1], lengths)
        kept = (rank < most) & (self.probabilities >= least)
        origin = np.repeat(np.arange(len(lengths)), lengths)[kept]
        return Lexicon(
            _starts(np.bincount(origin, minlength=len(lengths))),
            self.words[kept],
            self.probabilities[kept],
        )


@dataclass(frozen=True)
class Alignment:
    """The links of a parallel corpus, and what Model 1 says that words mean.

    forward: t(target word | source word); backward: t(source word | target word).
    """

    links: Links
    forward: Lexicon
    backward: Lexicon


@dataclass(frozen=True)
class WordPairs:
    """Which words meet, for one direction: every word of an `output` comes from one of an `input`.

    cells: for each sentence pair, output position and input position (last: the empty word), the
        number of the word pair; offsets: [N + 1] where those of a sentence pair begin.
    inputs, outputs: [C] the words of a word pair, sorted by both.
    """

    cells: NDArray[np.int32]
    offsets: NDArray[np.int64]
    inputs: NDArray[np.int32]
    outputs: NDArray[np.int32]


def align(
    source: Corpus,
    target: Corpus,
    *,
    model1: int = 5,
    hmm: int = 10,
    progress: Progress | None = None,
) -> Alignment:
    """Align a corpus with its translation, sentence by sentence.

    model1, hmm: how often each model is trained on all of it.
    """
    progress = progress or Progress()
    best = []
    lexicons = []
    for name, given, other in (("forward", source, target), ("backward", target, source)):
        pairs = _pairs(given, other)
        table = np.full(len(pairs.inputs), 1.0)
        for _ in progress.track(range(model1), f"Model 1 {name}"):
            table = _shares(pairs, _model1(pairs.cells, pairs.offsets, given.lengths, table))
        lexicons.append(_lexicon(pairs, table))
        jumps = np.ones(2 * WIDEST + 1)
        for _ in progress.track(range(hmm), f"HMM {name}"):
            counts, jumps = baum_welch(
                pairs.cells, pairs.offsets, given.lengths, other.lengths, table, jumps
            )
            table = _shares(pairs, counts)
        best.append(viterbi(pairs.cells, pairs.offsets, given.lengths, other.lengths, table, jumps))
    origins, goals = best
    linked = grow_diag_final_and(origins, goals, source.offsets, target.offsets)
    return Alignment(Links(*linked), *lexicons)


def lexical_weights(
    source: Corpus, target: Corpus, links: Links
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ln of how well each word is explained by those that it is linked to: [S] and [T].

    w(f|e) is the share of f among the links of e, words without a link being linked to the empty
    word; a word's weight is the mean of w over its links (Koehn, Och & Marcu 2003, section 3.4).
    """
    pair = np.repeat(np.arange(len(source)), np.diff(links.offsets))
    at = source.offsets[pair] + links.source, target.offsets[pair] + links.target
    found = []
    for own, other, mine, theirs in (
        (source.tokens, target.tokens, at[0], at[1]),
        (target.tokens, source.tokens, at[1], at[0]),
    ):
        linked = np.bincount(mine, minlength=len(own))
        alone = np.flatnonzero(linked == 0)
        empty = int(other.max(initial=0)) + 1
        words = np.concatenate((own[mine], own[alone])).astype(np.int64)
        origins = np.concatenate((other[theirs], np.full(len(alone), empty)))
        keys = origins * (int(own.max(initial=0)) + 1) + words
        _, which, counts = np.unique(keys, return_inverse=True, return_counts=True)
        shares = counts[which] / np.bincount(origins)[origins]
        places = np.concatenate((mine, alone))
        sums = np.bincount(places, shares, minlength=len(own))
        found.append(np.log(sums / np.maximum(linked, 1)))
    return found[0], found[1]


def _starts(lengths: NDArray[Any]) -> NDArray[np.int64]:
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def _pairs(given: Corpus, other: Corpus) -> WordPairs:
    size = int(other.tokens.max(initial=0)) + 1
    empty = int(given.tokens.max(initial=0)) + 1
    offsets = _starts((given.lengths + 1) * other.lengths)
    keys = np.empty(offsets[-1], np.int64)
    _meet(given.tokens, given.offsets, other.tokens, other.offsets, empty, size, offsets, keys)
    distinct, cells = np.unique(keys, return_inverse=True)
    return WordPairs(
        cells.astype(np.int32),
        offsets,
        (distinct // size).astype(np.int32),
        (distinct % size).astype(np.int32),
    )


@compiled
def _meet(
    inputs: NDArray[np.int32],
    input_offsets: NDArray[np.int64],
    outputs: NDArray[np.int32],
    output_offsets: NDArray[np.int64],
    empty: int,
    size: int,
    offsets: NDArray[np.int64],
    keys: NDArray[np.int64],
) -> None:
    for pair in range(len(offsets) - 1):
        at = offsets[pair]
        for j in range(output_offsets[pair], output_offsets[pair + 1]):
            for i in range(input_offsets[pair], input_offsets[pair + 1]):
                keys[at] = np.int64(inputs[i]) * size + outputs[j]
                at += 1
            keys[at] = np.int64(empty) * size + outputs[j]
            at += 1


def _shares(pairs: WordPairs, counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """t(output | input) from expected counts."""
    totals = np.bincount(pairs.inputs, counts)
    shares: NDArray[np.float64] = counts / np.maximum(totals[pairs.inputs], 1e-300)
    return np.maximum(shares, _LEAST)


def _lexicon(pairs: WordPairs, table: NDArray[np.float64]) -> Lexicon:
    order = np.lexsort((pairs.outputs, -table, pairs.inputs))
    size = int(pairs.inputs.max(initial=-1)) + 1
    return Lexicon(
        _starts(np.bincount(pairs.inputs, minlength=size)),
        pairs.outputs[order],
        table[order].astype(np.float32),
    )


@compiled
def _model1(
    cells: NDArray[np.int32],
    offsets: NDArray[np.int64],
    lengths: NDArray[np.int64],
    table: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The expected counts of word pairs (Brown et al. 1993, eq. 14); [C]."""
    counts = np.zeros(len(table))
    for pair in range(len(lengths)):
        width = lengths[pair] + 1
        for start in range(offsets[pair], offsets[pair + 1], width):
            total = 0.0
            for cell in cells[start : start + width]:
                total += table[cell]
            for cell in cells[start : start + width]:
                counts[cell] += table[cell] / total
    return counts
