"""Estimating n-gram models: interpolated modified Kneser-Ney, pruned by relative entropy.

Chen & Goodman, "An empirical study of smoothing techniques for language modeling" (1999);
Stolcke, "Entropy-based pruning of backoff language models" (1998).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zoo.compiled import compiled
from zoo.translate.corpus import START, UNKNOWN, Corpus, Grams, grams
from zoo.translate.ngrams import NgramModel, Trie, advance, child_counts, masses, normalised

_UNUSUAL = (0.5, 1.0, 1.5)  # discounts where a text is too small or too odd to say


def estimate(
    corpus: Corpus,
    size: int,
    *,
    order: int = 4,
    largest: int | None = None,
) -> NgramModel:
    """The model of a corpus in a vocabulary of `size` words.

    largest: how many n-grams of two words or more are kept at most, about: those without which the
        model would change most.
    """
    return NgramModel(_pruned(*_estimated(corpus, size, order), size, largest), size)


def _estimated(corpus: Corpus, size: int, order: int) -> tuple[Trie, NDArray[np.float64]]:
    """The trie of all n-grams, and the relative frequency of each node."""
    bounded = corpus.bounded()
    levels = grams(bounded, order, size)
    shorter = [_without_first(level, levels[n - 1]) for n, level in enumerate(levels) if n]
    probabilities = _probabilities(levels, shorter, size)
    trie, occurrences = _trie(levels, probabilities)
    return trie, occurrences / len(bounded.tokens)


def _pruned(trie: Trie, frequencies: NDArray[np.float64], size: int, largest: int | None) -> Trie:
    """The trie with about the `largest` longer n-grams that matter most.

    Kneser-Ney estimates of short n-grams are no good guess of how frequent a context is (Chelba et
    al. 2010), so that the frequencies in the corpus say that.
    """
    longer = len(trie.words) - 1 - size
    if largest is None or longer <= largest:
        return trie
    losses = _losses(trie, frequencies)
    return _restricted(trie, losses >= np.sort(losses[1 + size :])[longer - largest], size)


def _without_first(level: Grams, below: Grams) -> NDArray[np.int64]:
    """[G] The number of each n-gram's last n - 1 words."""
    places = np.flatnonzero(level.at >= 0)
    found = np.zeros(len(level.words), np.int64)
    found[level.at[places]] = below.at[places + 1]
    return found


def _probabilities(
    levels: Sequence[Grams], shorter: Sequence[NDArray[np.int64]], size: int
) -> list[NDArray[np.float64]]:
    """p(w | h) of the n-grams of each length, none left out (Chen & Goodman 1999, eq. 23)."""
    found: list[NDArray[np.float64]] = []
    starting = np.arange(size) == START
    for n, level in enumerate(levels):
        counts = level.counts
        if n:
            starting = starting[level.prefixes]
        if n + 1 < len(levels):
            # How many words it follows; nothing comes before START, so that there counts count.
            preceding = np.bincount(shorter[n], minlength=len(counts))
            counts = np.where(starting, counts, preceding)
        if n == 0:
            counts = np.where(starting, 0, counts)
        discounts = np.array([0.0, *_discounts(counts)])[np.minimum(counts, 3)]
        totals = np.bincount(level.prefixes, counts)
        spared = np.bincount(level.prefixes, discounts)
        lower = found[-1][shorter[n - 1]] if n else np.full(size, 1 / (size - 1))
        found.append((counts - discounts + spared[level.prefixes] * lower) / totals[level.prefixes])
    found[0][START] = found[0][UNKNOWN]  # no word: its probability is never asked for
    return found


def _discounts(counts: NDArray[np.int64]) -> tuple[float, float, float]:
    """D1, D2, D3+ (eq. 26)."""
    n1, n2, n3, n4 = (int((counts == k).sum()) for k in (1, 2, 3, 4))
    if not (n1 and n2 and n3 and n4):
        return _UNUSUAL
    y = n1 / (n1 + 2 * n2)
    found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
    return found if all(0 < d < k for k, d in enumerate(found, 1)) else _UNUSUAL


def _trie(
    levels: Sequence[Grams], probabilities: Sequence[NDArray[np.float64]]
) -> tuple[Trie, NDArray[np.float64]]:
    """The trie of the n-grams, and how often each node occurs."""
    size = len(levels[0].words)
    words, logs, occurrences = [np.zeros(1, np.int32)], [np.zeros(1)], [np.zeros(1, np.int64)]
    children = [np.array([size])]
    for n, level in enumerate(levels):
        words.append(level.words)
        logs.append(np.log(probabilities[n]))
        occurrences.append(level.counts)
        grown = levels[n + 1].prefixes if n + 1 < len(levels) else np.zeros(0, np.int64)
        children.append(np.bincount(grown, minlength=len(level.words)))
    return (
        normalised(
            np.concatenate(words), np.concatenate(children), np.concatenate(logs).astype(np.float32)
        ),
        np.concatenate(occurrences).astype(np.float64),
    )


@compiled
def _losses(trie: Trie, frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """By how much the relative entropy grows if a node alone is left out (Stolcke 1998, eq. 5).

    frequencies: p(n-gram) of each node.
    """
    losses = np.full(len(trie.words), np.inf)
    for node in range(1, len(trie.words)):
        if trie.children[node + 1] == trie.children[node]:
            continue
        left, lower = masses(trie, node)
        old = np.log(left / lower)
        for child in range(trie.children[node], trie.children[node + 1]):
            known = trie.log_probabilities[child]
            guess = advance(trie, trie.suffixes[node], trie.words[child])[0]
            new = np.log((left + np.exp(known)) / (lower + np.exp(guess)))
            gain = np.exp(known) * (guess + new - known) + left * (new - old)
            losses[child] = -frequencies[node] * gain
    return losses


def _restricted(trie: Trie, wanted: NDArray[np.bool_], size: int) -> Trie:
    """The trie with the wanted nodes, all words, and what leads to them."""
    counts = child_counts(trie)
    parents = np.repeat(np.arange(len(trie.words)), counts)  # of node 1, 2, ...
    keep = wanted.copy()
    keep[: 1 + size] = True
    new = parents[keep[1:]]
    while len(new):
        keep[new] = True
        above = parents[new[new > 0] - 1]
        new = np.unique(above[~keep[above]])
    kept_counts = np.bincount(parents[keep[1:]], minlength=len(keep))[keep]
    return normalised(trie.words[keep], kept_counts, trie.log_probabilities[keep])
