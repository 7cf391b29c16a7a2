"""How unlikely it is that two phrases are met in the same sentences by chance.

Fisher's exact test, as Johnson, Martin, Foster & Kuhn, "Improving translation quality by discarding
most of the phrasetable" (2007), put it to phrase pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from zoo.compiled import compiled

Postings = tuple[NDArray[np.int64], NDArray[np.int32]]


def postings(
    occurrences: NDArray[np.int64],
    sentences: NDArray[np.int32],
    wanted: NDArray[np.int64],
    size: int,
) -> Postings:
    """The sentences in which each wanted number occurs, in order: where they begin, and they.

    occurrences: [L, T] numbers below `size` at each token, or -1; sentences: [T]; wanted: sorted.
    """
    place = np.full(size + 1, -1, np.int64)  # the last is that of -1
    place[wanted] = np.arange(len(wanted))
    numbers = place[occurrences]
    most = int(sentences.max(initial=0)) + 1
    keys = np.sort((numbers * most + sentences)[numbers >= 0])
    keys = keys[np.diff(keys, prepend=-1) > 0]
    starts = np.zeros(len(wanted) + 1, np.int64)
    np.cumsum(np.bincount(keys // most, minlength=len(wanted)), out=starts[1:])
    return starts, (keys % most).astype(np.int32)


def significances(
    f: NDArray[np.int64], e: NDArray[np.int64], f_in: Postings, e_in: Postings, sentences: int
) -> NDArray[np.float64]:
    """-ln p of each pair of phrases f and e among so many sentence pairs."""
    return _significances(f, e, *f_in, *e_in, gammaln(np.arange(sentences + 2) + 1.0))


@compiled
def minus_log_p(both: int, one: int, other: int, log_factorials: NDArray[np.float64]) -> float:
    """-ln p(at least `both` in common), of `one` and `other` of N drawn at random.

    log_factorials: [N + 2] ln n!.
    """
    every = len(log_factorials) - 2
    logs = log_factorials
    first = logs[one] + logs[every - one] + logs[other] + logs[every - other] - logs[every]
    first -= logs[both] + logs[one - both] + logs[other - both] + logs[every - one - other + both]
    total, term = 1.0, 1.0  # in units of the first term
    for k in range(both, min(one, other)):
        term *= (one - k) * (other - k) / ((k + 1.0) * (every - one - other + k + 1))
        total += term
        if term < 1e-12 * total:
            break
    return float(-first - np.log(total))


@compiled
def _common(one: NDArray[np.int32], other: NDArray[np.int32]) -> int:
    """How many numbers two sorted lists share; the first is the shorter one."""
    found, low = 0, 0
    for wanted in one:
        step = 1
        while low + step < len(other) and other[low + step] < wanted:
            step *= 2
        high = min(low + step, len(other))
        while low < high:
            middle = (low + high) >> 1
            if other[middle] < wanted:
                low = middle + 1
            else:
                high = middle
        if low == len(other):
            break
        if other[low] == wanted:
            found += 1
    return found


@compiled
def _significances(
    f: NDArray[np.int64],
    e: NDArray[np.int64],
    f_starts: NDArray[np.int64],
    f_sentences: NDArray[np.int32],
    e_starts: NDArray[np.int64],
    e_sentences: NDArray[np.int32],
    log_factorials: NDArray[np.float64],
) -> NDArray[np.float64]:
    found = np.empty(len(f))
    for pair in range(len(f)):
        one = f_sentences[f_starts[f[pair]] : f_starts[f[pair] + 1]]
        other = e_sentences[e_starts[e[pair]] : e_starts[e[pair] + 1]]
        both = _common(one, other) if len(one) < len(other) else _common(other, one)
        found[pair] = minus_log_p(both, len(one), len(other), log_factorials)
    return found
