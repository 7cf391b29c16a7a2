"""Translation by phrases that were found in parallel texts.

Koehn, Och and Marcu, "Statistical Phrase-Based Translation", NAACL 2003; lexicalised reordering:
Koehn et al., "Edinburgh System Description for the 2005 IWSLT Speech Translation Evaluation".
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from zoo.translate.alignment import Alignment
from zoo.translate.corpus import UNKNOWN, Corpus
from zoo.translate.phrase_extraction import phrase_table
from zoo.translate.phrase_options import FEATURES
from zoo.translate.phrase_table import PhraseTable
from zoo.translate.statistical import StatisticalTranslator

_MEANINGS = 3  # of a word that is no phrase by itself
_LEAST_MEANING = 0.01  # t(target | source) t(source | target)


class PhraseBasedTranslator(StatisticalTranslator):
    """Covers a text with phrases that it has seen, in an order that their neighbours like.

    stack and distortion, as options of `predict`: how many beginnings of a translation are followed
    for each number of words, and how many words may be skipped at once.
    """

    predict_options: ClassVar[frozenset[str]] = StatisticalTranslator.predict_options | {
        "distortion"
    }
    tuned: ClassVar[tuple[str, ...]] = tuple(name for name in FEATURES if name != "unknown words")

    @classmethod
    def _table(cls, source: Corpus, target: Corpus, alignment: Alignment, most: int) -> PhraseTable:
        table = phrase_table(source, target, alignment.links, largest=most)
        return with_single_words(table, alignment, int(source.tokens.max()) + 1)


def with_single_words(table: PhraseTable, alignment: Alignment, words: int) -> PhraseTable:
    """The table, and what Model 1 knows of source words that are in longer phrases only.

    Words whose links never part them from their neighbours make no phrase of their own; without
    one they could not be translated where these neighbours are missing. words: the first numbers,
    which are source words.
    """
    alone = np.diff(table.source_offsets) == 1
    known = set(table.source_tokens[table.source_offsets[:-1][alone]].tolist())
    origins: list[int] = []
    goals: list[int] = []
    scores: list[tuple[float, float]] = []  # t(source | target), t(target | source)
    backward: dict[int, dict[int, float]] = {}
    for word in range(UNKNOWN + 1, words):
        if word in known:
            continue
        found = []
        for goal, forward in alignment.forward.of(word).items():
            if goal not in backward:
                backward[goal] = alignment.backward.of(goal)
            back = backward[goal].get(word, 0.0)
            if forward * back >= _LEAST_MEANING:
                found.append((forward * back, goal, back, forward))
        for _, goal, back, forward in sorted(found, reverse=True)[:_MEANINGS]:
            origins.append(word)
            goals.append(goal)
            scores.append((back, forward))
    if not origins:
        return table
    new, counts = np.unique(origins, return_counts=True)
    size = len(origins)
    logs = np.log(np.array(scores, np.float32))
    usual = np.log(np.exp(table.reordering).mean(axis=0, keepdims=True))
    merged = _joined(
        table,
        PhraseTable(
            source_tokens=new.astype(np.int32),
            source_offsets=np.arange(len(new) + 1, dtype=np.int32),
            option_offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
            target_tokens=np.array(goals, np.int32),
            target_offsets=np.arange(size + 1, dtype=np.int32),
            scores=logs[:, [0, 0, 1, 1]],
            reordering=np.repeat(usual, size, axis=0).astype(np.float32),
        ),
    )
    phrases = [merged.source(number) for number in range(len(merged.source_offsets) - 1)]
    return _ordered(merged, np.array(sorted(range(len(phrases)), key=phrases.__getitem__)))


def _joined(one: PhraseTable, other: PhraseTable) -> PhraseTable:
    """The phrases of both, those of the other behind those of the one."""
    columns = {}
    for name, first in vars(one).items():
        second = getattr(other, name)
        if name.endswith("offsets"):
            columns[name] = np.concatenate((first, first[-1] + second[1:]))
        else:
            columns[name] = np.concatenate((first, second))
    return PhraseTable(**columns)


def _ordered(table: PhraseTable, order: NDArray[np.int64]) -> PhraseTable:
    """The table with its source phrases in another order."""
    options, option_offsets = _gathered(table.option_offsets, order)
    sources, source_offsets = _gathered(table.source_offsets, order)
    targets, target_offsets = _gathered(table.target_offsets, options)
    return PhraseTable(
        source_tokens=table.source_tokens[sources],
        source_offsets=source_offsets,
        option_offsets=option_offsets,
        target_tokens=table.target_tokens[targets],
        target_offsets=target_offsets,
        scores=table.scores[options],
        reordering=table.reordering[options],
    )


def _gathered(
    offsets: NDArray[np.int32], order: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Where what belongs to rows is found, in another order of these, and where each's begins."""
    lengths = np.diff(offsets)[order].astype(np.int64)
    ends = np.cumsum(lengths)
    places = np.arange(int(lengths.sum())) + np.repeat(offsets[order] - (ends - lengths), lengths)
    return places, np.concatenate(([0], ends)).astype(np.int32)
