"""Translation of sentences from phrases.

Koehn, Och and Marcu, "Statistical Phrase-Based Translation", NAACL 2003; Koehn, "Statistical
Machine Translation", Cambridge 2010, chapters 5 and 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zoo.translate.lattice import best_paths
from zoo.translate.ngrams import NgramModel
from zoo.translate.phrase_options import (
    COPY,
    Floats,
    Options,
    Table,
    features_of,
    options_of,
)
from zoo.translate.phrase_table import PhraseTable
from zoo.translate.stack_search import LONGEST_SENTENCE, search

STACK, LIMIT = 100, 6
_MOST_OPTIONS = 20  # of a source phrase


@dataclass(frozen=True)
class Step:
    """One phrase of a derivation.

    begins, ends: its place in the source. words: what it becomes, as numbers; None: it is copied.
    """

    begins: int
    ends: int
    words: tuple[int, ...] | None


@dataclass(frozen=True)
class Derivation:
    """How a translation was put together, in the order of the translation.

    features: [S, F] of each step, unweighted, in the order of `FEATURES`.
    score: their sum, weighted.
    """

    steps: tuple[Step, ...]
    features: Floats
    score: float


class StackDecoder:
    """Finds the best derivations of sentences by a phrase table and a language model."""

    def __init__(self, table: PhraseTable, model: NgramModel) -> None:
        self._table = Table.of(table)
        self._model = model
        self._longest = int(np.diff(table.source_offsets).max(initial=1))

    def decode(
        self,
        sentence: Sequence[int] | NDArray[np.int32],
        weights: Floats,
        *,
        stack: int = STACK,
        limit: int = LIMIT,
        count: int = 1,
    ) -> list[Derivation]:
        """The best derivations, the best first; at most `count`, of which some may read the same.

        sentence: source words as numbers, 1 to LONGEST_SENTENCE of them. weights: [F]. stack: how
        many ways are followed for each number of words. limit: of the distortion, in words.
        """
        words = np.asarray(sentence, np.int32)
        if not 1 <= len(words) <= LONGEST_SENTENCE:
            raise ValueError(f"a sentence of {len(words)} words")
        trie, start = self._model.arrays, self._model.start_state
        weights = np.asarray(weights, np.float64)
        options = options_of(words, self._table, trie, weights, self._longest, _MOST_OPTIONS)
        nodes, arcs, goal = search(options, trie, start, weights, stack, limit)
        derivations = []
        for path, length in zip(*best_paths(nodes, arcs, goal, count), strict=True):
            path = path[:length]
            features = features_of(path, options, self._table, trie, start)
            steps = tuple(_step(options, option) for option in path)
            derivations.append(Derivation(steps, features, float((features @ weights).sum())))
        return derivations


def _step(options: Options, option: int) -> Step:
    words = options.words[options.offsets[option] : options.offsets[option + 1]]
    return Step(
        int(options.begins[option]),
        int(options.ends[option]),
        None if options.chosen[option] == COPY else tuple(words.tolist()),
    )


def default_weights() -> Floats:
    """Weights to begin tuning with: about what it ends with for captions of pictures."""
    return np.array(
        [0.05, 0.1, 0.12, 0.03, 0.08, 0.07, 0.07, 0.1, 0.05, 0.02, 0.01, 0.06, 0.07, 0.17, -10.0]
    )
