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


_MINIMUM_COUNTS = (1,)


def estimate(
    corpus: Corpus,
    size: int,
    *,
    order: int = 4,
    minimum_counts: Sequence[int] = _MINIMUM_COUNTS,
    largest: int | None = None,
) -> NgramModel:
    """The model of a corpus in a vocabulary of `size` words.

    minimum_counts: how often an n-gram of 1, 2, ... words must occur to be kept, the last for all
        longer ones; not falling.
    largest: how many n-grams of two words or more are kept at most, about: those without which the
        model would change most.
    """
    return NgramModel(
        _pruned(*_estimated(corpus, size, order, minimum_counts), size, largest), size
    )


def mixture(
    corpora: tuple[Corpus, Corpus],
    share: float,
    size: int,
    *,
    order: int = 4,
    minimum_counts: Sequence[int] = _MINIMUM_COUNTS,
    largest: int | None = None,
) -> NgramModel:
    """One model of two corpora, of which the first is taken to be `share` of all text.

    What follows a context is mixed in the proportion in which the context is met in either: count
    merging (Bacchiani & Roark, "Unsupervised language model adaptation", 2003). All n-grams of
    either are kept, as far as the options of `estimate` let them.
    """
    (one, often), (other, seldom) = (
        _estimated(each, size, order, minimum_counts) for each in corpora
    )
    words, counts, logs, frequencies = _mixed(one, other, often, seldom, share)
    return NgramModel(_pruned(normalised(words, counts, logs), frequencies, size, largest), size)


def _estimated(
    corpus: Corpus, size: int, order: int, minimum_counts: Sequence[int]
) -> tuple[Trie, NDArray[np.float64]]:
    """The trie of the n-grams that occur often enough, and the relative frequency of each node."""
    bounded = corpus.bounded()
    levels = grams(bounded, order, size)
    shorter = [_without_first(level, levels[n - 1]) for n, level in enumerate(levels) if n]
    probabilities = _probabilities(levels, shorter, size)
    counts = [level.counts for level in levels]
    kept = [
        count >= minimum_counts[min(n, len(minimum_counts) - 1)] for n, count in enumerate(counts)
    ]
    kept[0][:] = True
    for n in range(order - 1, 0, -1):
        kept[n - 1][levels[n].prefixes[kept[n]]] = True
    trie, occurrences = _trie(levels, probabilities, counts, kept)
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
    levels: Sequence[Grams],
    probabilities: Sequence[NDArray[np.float64]],
    counts: Sequence[NDArray[np.int64]],
    kept: Sequence[NDArray[np.bool_]],
) -> tuple[Trie, NDArray[np.float64]]:
    """The trie of the n-grams that are kept, and how often each node occurs."""
    size = len(levels[0].words)
    words, logs, occurrences = [np.zeros(1, np.int32)], [np.zeros(1)], [np.zeros(1, np.int64)]
    children = [np.array([size])]
    for n, level in enumerate(levels):
        words.append(level.words[kept[n]])
        logs.append(np.log(probabilities[n][kept[n]]))
        occurrences.append(counts[n][kept[n]])
        if n + 1 < len(levels):
            grown = levels[n + 1].prefixes[kept[n + 1]]
            children.append(np.bincount(grown, minlength=len(level.words))[kept[n]])
        else:
            children.append(np.zeros(len(words[-1]), np.int64))
    return (
        normalised(
            np.concatenate(words), np.concatenate(children), np.concatenate(logs).astype(np.float32)
        ),
        np.concatenate(occurrences).astype(np.float64),
    )


@compiled
def _mixed(
    one: Trie,
    other: Trie,
    often: NDArray[np.float64],
    seldom: NDArray[np.float64],
    share: float,
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float32], NDArray[np.float64]]:
    """Words, counts of children, log probabilities and frequencies of all nodes of either trie.

    often, seldom: how frequent the nodes of each are.
    """
    most = len(one.words) + len(other.words)
    words, counts = np.zeros(most, np.int32), np.zeros(most, np.int64)
    logs, frequencies = np.zeros(most, np.float32), np.zeros((most, 2))
    # Of each node its own in both tries, or -1, and the states after its words.
    nodes, states = np.zeros((most, 2), np.int64), np.zeros((most, 2), np.int64)
    frequencies[0] = share, 1 - share
    end = 1
    for node in range(most):
        if node == end:
            break
        a, a_end, b, b_end = 0, 0, 0, 0
        if nodes[node, 0] >= 0:
            a, a_end = one.children[nodes[node, 0]], one.children[nodes[node, 0] + 1]
        if nodes[node, 1] >= 0:
            b, b_end = other.children[nodes[node, 1]], other.children[nodes[node, 1] + 1]
        start = end
        trust = frequencies[node, 0] / frequencies[node].sum() if a < a_end or b < b_end else 0.0
        while a < a_end or b < b_end:
            from_a = a < a_end and (b == b_end or one.words[a] <= other.words[b])
            from_b = b < b_end and (a == a_end or other.words[b] <= one.words[a])
            word = one.words[a] if from_a else other.words[b]
            first, states[end, 0] = advance(one, states[node, 0], word)
            second, states[end, 1] = advance(other, states[node, 1], word)
            words[end] = word
            logs[end] = np.log(trust * np.exp(first) + (1 - trust) * np.exp(second))
            nodes[end, 0], nodes[end, 1] = a if from_a else -1, b if from_b else -1
            if from_a:
                frequencies[end, 0] = share * often[a]
                a += 1
            if from_b:
                frequencies[end, 1] = (1 - share) * seldom[b]
                b += 1
            end += 1
        counts[node] = end - start
    return words[:end].copy(), counts[:end].copy(), logs[:end].copy(), frequencies[:end].sum(axis=1)


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
