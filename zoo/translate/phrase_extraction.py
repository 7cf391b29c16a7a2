"""Phrase pairs from an aligned corpus: counted, weighed, and sieved.

Koehn, Och & Marcu, "Statistical phrase-based translation" (2003): a pair of phrases is consistent
with an alignment if some of their words are linked, and none to a word outside of the pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zoo.compiled import compiled
from zoo.translate.alignment import Links, lexical_weights
from zoo.translate.corpus import Corpus, grams
from zoo.translate.phrase_table import LONGEST, PhraseTable
from zoo.translate.significance import postings, significances

_ORIENTATIONS = 3  # monotone, swap, discontinuous
_SMOOTHING = 0.5  # occurrences added to each orientation


@dataclass(frozen=True)
class Occurrences:
    """Where phrase pairs occur: all [M].

    source, target: the first token of each side, in the corpus; their lengths in tokens.
    previous, following: the orientation with regard to what the target has before and after it.
    """

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    source_lengths: NDArray[np.int8]
    target_lengths: NDArray[np.int8]
    previous: NDArray[np.int8]
    following: NDArray[np.int8]


def extract(source: Corpus, target: Corpus, links: Links, longest: int = LONGEST) -> Occurrences:
    """All phrase pairs of at most `longest` tokens a side that are consistent with the links."""
    given = (source.offsets, target.offsets, links.source, links.target, links.offsets, longest)
    nothing = np.empty((0, 6), np.int64)
    rows = np.empty((_extract(*given, nothing), 6), np.int64)
    _extract(*given, rows)
    small = rows[:, 2:].astype(np.int8)
    return Occurrences(rows[:, 0].copy(), rows[:, 1].copy(), *small.T)


def phrase_table(
    source: Corpus,
    target: Corpus,
    links: Links,
    *,
    longest: int = LONGEST,
    options: int = 20,
    largest: int | None = None,
) -> PhraseTable:
    """The phrase pairs of a corpus that are no accident, with their scores.

    Johnson, Martin, Foster & Kuhn, "Improving translation quality by discarding most of the
    phrasetable" (2007): a pair is kept if it is more significant than one of phrases that occur
    once each, and together. All pairs with a single source token pass, for what is known of a rare
    word is better than nothing; a word that is never a phrase of its own gets those that it is
    linked to.

    options: the translations of a source phrase that are kept, by p(e|f).
    largest: how many pairs are kept in all, about: the most significant.
    """
    where = _with_lone_words(extract(source, target, links, longest), source, target, links)
    f, f_postings = _numbered(source, where.source, where.source_lengths, longest)
    e, e_postings = _numbered(target, where.target, where.target_lengths, longest)
    targets = int(e.max(initial=0)) + 1
    keys, first, which = np.unique(f * targets + e, return_index=True, return_inverse=True)
    counts = np.bincount(which)
    f, e = keys // targets, keys % targets
    scores = np.empty((len(keys), 4))
    scores[:, 0] = np.log(counts / np.bincount(e, counts)[e])
    scores[:, 2] = np.log(counts / np.bincount(f, counts)[f])
    words = lexical_weights(source, target, links)
    for column, weight, begin, length in (
        (1, words[0], where.source, where.source_lengths),
        (3, words[1], where.target, where.target_lengths),
    ):
        sums = np.concatenate(([0.0], np.cumsum(weight)))
        # Of several alignments the one that explains the words best.
        scores[:, column] = -np.inf
        np.maximum.at(scores[:, column], which, sums[begin + length] - sums[begin])
    orientations = (where.previous, where.following)
    reordering = np.hstack([_orientations(which, one, len(keys)) for one in orientations])
    single = where.source_lengths[first] == 1
    significance = significances(f, e, f_postings, e_postings, len(source))
    kept = single | (significance > np.log(len(source)) + 1e-6)
    kept &= _rank(f, -scores[:, 2], -scores[:, 3], kept) < options
    if largest is not None and kept.sum() > largest:
        free = np.sort(significance[kept & ~single])
        if len(free):
            kept &= single | (significance > free[min(kept.sum() - largest, len(free)) - 1])
    return _table(source, target, where, first[kept], f[kept], scores[kept], reordering[kept])


def _with_lone_words(
    where: Occurrences, source: Corpus, target: Corpus, links: Links
) -> Occurrences:
    """The occurrences, and the links of words that are in longer phrases only, as if monotone."""
    alone = np.zeros(int(source.tokens.max(initial=0)) + 1, bool)
    alone[source.tokens[where.source[where.source_lengths == 1]]] = True
    pair = np.repeat(np.arange(len(source)), np.diff(links.offsets))
    begin = source.offsets[pair] + links.source
    lacking = ~alone[source.tokens[begin]]
    one = np.ones(lacking.sum(), np.int8)
    return Occurrences(
        np.concatenate((where.source, begin[lacking])),
        np.concatenate((where.target, (target.offsets[pair] + links.target)[lacking])),
        np.concatenate((where.source_lengths, one)),
        np.concatenate((where.target_lengths, one)),
        np.concatenate((where.previous, 0 * one)),
        np.concatenate((where.following, 0 * one)),
    )


def _numbered(
    corpus: Corpus, begin: NDArray[np.int64], lengths: NDArray[np.int8], longest: int
) -> tuple[NDArray[np.int64], tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """Equal numbers for equal phrases, [M], and the sentences in which each number occurs."""
    levels = grams(corpus, longest, int(corpus.tokens.max(initial=0)) + 1)
    bases = np.cumsum([0, *(len(level.words) for level in levels)])
    places = np.array([level.at for level in levels])
    raw = bases[lengths - 1] + places[lengths - 1, begin]
    distinct, numbers = np.unique(raw, return_inverse=True)
    everywhere = np.where(places >= 0, bases[:-1, None] + places, -1)
    return numbers, postings(everywhere, corpus.sentence_of, distinct, int(bases[-1]))


def _orientations(
    which: NDArray[np.int64], orientations: NDArray[np.int8], pairs: int
) -> NDArray[np.float64]:
    """Ln p(orientation | pair) [pairs, 3], of the orientation of each occurrence."""
    seen = np.bincount(which * _ORIENTATIONS + orientations, minlength=pairs * _ORIENTATIONS)
    shares = seen.reshape(-1, _ORIENTATIONS) + _SMOOTHING
    found: NDArray[np.float64] = np.log(shares / shares.sum(axis=1, keepdims=True))
    return found


def _rank(
    group: NDArray[np.int64],
    cost: NDArray[np.float64],
    second: NDArray[np.float64],
    among: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """The place of each pair in its group by cost, from 0; behind all others if not `among`."""
    order = np.lexsort((second, cost, ~among, group))
    sizes = np.bincount(group)
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return rank


def _table(
    source: Corpus,
    target: Corpus,
    where: Occurrences,
    sample: NDArray[np.int64],
    f: NDArray[np.int64],
    scores: NDArray[np.float64],
    reordering: NDArray[np.float64],
) -> PhraseTable:
    """The table of some pairs, of each of which `sample` tells one occurrence."""
    phrases = _tokens(source, where.source[sample], where.source_lengths[sample])
    columns = [-scores[:, 3], -scores[:, 2], *phrases.T[::-1]]
    order = np.lexsort(columns)
    fresh = np.flatnonzero(np.diff(f[order], prepend=-1))
    phrases = phrases[order][fresh]
    goals = _tokens(target, where.target[sample], where.target_lengths[sample])[order]
    return PhraseTable(
        source_tokens=phrases[phrases >= 0],
        source_offsets=_ends((phrases >= 0).sum(axis=1)),
        option_offsets=np.append(fresh, len(order)).astype(np.int32),
        target_tokens=goals[goals >= 0],
        target_offsets=_ends((goals >= 0).sum(axis=1)),
        scores=scores[order].astype(np.float32),
        reordering=reordering[order].astype(np.float32),
    )


def _tokens(
    corpus: Corpus, begin: NDArray[np.int64], lengths: NDArray[np.int8]
) -> NDArray[np.int32]:
    """Phrases as rows, -1 behind their end."""
    widest = int(lengths.max(initial=1))
    place = begin[:, None] + np.arange(widest)
    inside = np.arange(widest) < lengths[:, None]
    return np.where(inside, corpus.tokens[np.where(inside, place, 0)], -1).astype(np.int32)


def _ends(lengths: NDArray[np.int64]) -> NDArray[np.int32]:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)


@compiled
def _extract(
    source_offsets: NDArray[np.int64],
    target_offsets: NDArray[np.int64],
    link_sources: NDArray[np.int32],
    link_targets: NDArray[np.int32],
    link_offsets: NDArray[np.int64],
    longest: int,
    rows: NDArray[np.int64],
) -> int:
    """The number of phrase pairs; `rows` gets as many of them as it has place for."""
    found = 0
    for pair in range(len(link_offsets) - 1):
        height = source_offsets[pair + 1] - source_offsets[pair]
        width = target_offsets[pair + 1] - target_offsets[pair]
        # A frame of one: what is before the first words is linked, as is what is after the last.
        linked = np.zeros((height + 2, width + 2), np.bool_)
        linked[0, 0] = linked[height + 1, width + 1] = True
        first, last = np.full(height, width), np.full(height, -1)  # linked targets of a source
        top, bottom = np.full(width, height), np.full(width, -1)  # linked sources of a target
        for at in range(link_offsets[pair], link_offsets[pair + 1]):
            i, j = link_sources[at], link_targets[at]
            linked[i + 1, j + 1] = True
            first[i], last[i] = min(first[i], j), max(last[i], j)
            top[j], bottom[j] = min(top[j], i), max(bottom[j], i)
        for i1 in range(height):
            low, high = width, -1
            for i2 in range(i1, min(i1 + longest, height)):
                low, high = min(low, first[i2]), max(high, last[i2])
                if high < 0 or high - low >= longest:
                    continue
                consistent = True
                for j in range(low, high + 1):
                    if bottom[j] >= 0 and (top[j] < i1 or bottom[j] > i2):
                        consistent = False
                        break
                if not consistent:
                    continue
                j1 = low
                while j1 >= 0 and (j1 == low or bottom[j1] < 0):
                    j2 = high
                    while j2 < min(width, j1 + longest) and (j2 == high or bottom[j2] < 0):
                        if found < len(rows):
                            row = rows[found]
                            row[0], row[1] = source_offsets[pair] + i1, target_offsets[pair] + j1
                            row[2], row[3] = i2 - i1 + 1, j2 - j1 + 1
                            row[4] = 0 if linked[i1, j1] else 1 if linked[i2 + 2, j1] else 2
                            row[5] = 0 if linked[i2 + 2, j2 + 2] else 1 if linked[i1, j2 + 2] else 2
                        found += 1
                        j2 += 1
                    j1 -= 1
    return found
