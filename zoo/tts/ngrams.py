"""A pruned n-gram model in a compact trie.

Kneser and Ney, "Improved Backing-Off for M-Gram Language Modeling", ICASSP 1995, interpolated;
pruned by how much each n-gram helps, as Stolcke, "Entropy-Based Pruning of Backoff Language
Models", 1998.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

START, END = 0, 1  # symbols that no sequence has in it
_STEPS = 16  # of a stored logarithm, in one nat; one byte reaches down to e^-15.9


@dataclass
class _Level:
    """All n-grams of one length.

    parents: each without its last symbol, as a row of the level below, by which and by `symbols`
    they are sorted. suffixes: each without its first symbol. counts: of occurrences.
    """

    parents: Integers
    symbols: Integers
    suffixes: Integers
    counts: Floats
    begins: NDArray[np.bool_]  # whether it starts with START
    logs: Floats
    backoffs: Floats  # of it as a context, a logarithm


class Ngrams:
    """Log probabilities of a symbol after those before it. Node 0 is the empty context."""

    def __init__(
        self, sizes: Sequence[int], children: Integers, symbols: Integers, logs: Floats,
        backoffs: Floats, vocabulary: int,
    ) -> None:  # fmt: skip
        """Nodes by level, then parent, then symbol; `children` counts those of every node."""
        self._sizes, self._vocabulary = tuple(sizes), vocabulary
        self._children, self._symbols = children, symbols
        parents = np.repeat(np.arange(len(children)), children)
        keys = parents * vocabulary + symbols[1:]
        nodes = range(1, len(symbols))
        self._node: dict[int, int] = dict(zip(keys.tolist(), nodes, strict=True))
        self._logs: list[float] = logs.tolist()
        self._backoffs: list[float] = backoffs.tolist()
        self._suffixes = [0] * len(symbols)
        for node, parent, symbol in zip(nodes, parents.tolist(), symbols[1:].tolist(), strict=True):
            if parent:
                self._suffixes[node] = self._node[self._suffixes[parent] * vocabulary + symbol]
        self._leaf: list[bool] = (children == 0).tolist()

    def state(self, symbols: Sequence[int]) -> int:
        """The node of what has come."""
        node = 0
        for symbol in symbols:
            node = self.step(node, symbol)[1]
        return node

    def step(self, node: int, symbol: int) -> tuple[float, int]:
        """The log probability of a symbol, and the node after it."""
        log, size = 0.0, self._vocabulary
        while True:
            found = self._node.get(node * size + symbol)
            if found is not None:
                log += self._logs[found]
                while self._leaf[found] and found:
                    found = self._suffixes[found]  # which knows as much of what follows
                return log, found
            if node == 0:
                return log - 255 / _STEPS, 0
            log += self._backoffs[node]
            node = self._suffixes[node]

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "ngrams.sizes": np.array(self._sizes, np.int32),
            "ngrams.children": self._children.astype(np.uint16),
            "ngrams.symbols": self._symbols.astype(np.uint16),
            "ngrams.logs": _stored(np.array(self._logs)),
            "ngrams.backoffs": _stored(np.array(self._backoffs)[: sum(self._sizes[:-1])]),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], vocabulary: int) -> Self:
        """The inverse of `arrays`."""
        logs = -arrays["ngrams.logs"].astype(float) / _STEPS
        backoffs = np.zeros(len(logs))
        stored = arrays["ngrams.backoffs"]
        backoffs[: len(stored)] = -stored.astype(float) / _STEPS
        return cls(
            arrays["ngrams.sizes"].tolist(),
            arrays["ngrams.children"].astype(np.int64),
            arrays["ngrams.symbols"].astype(np.int64),
            logs, backoffs, vocabulary,
        )  # fmt: skip

    @classmethod
    def learn(
        cls, rows: Sequence[Sequence[int]], vocabulary: int, order: int, least_gain: float
    ) -> Self:
        """From sequences of symbols END < s < vocabulary, with n-grams of up to `order`."""
        levels = _count(rows, vocabulary, order)
        _smooth(levels, vocabulary)
        _prune(levels, least_gain)
        children = [
            np.bincount(above.parents, minlength=len(level.symbols))
            for level, above in itertools.pairwise(levels)
        ]
        return cls(
            [len(level.symbols) for level in levels],
            np.concatenate([*children, np.zeros(len(levels[-1].symbols), np.int64)]),
            np.concatenate([level.symbols for level in levels]),
            _as_stored(np.concatenate([level.logs for level in levels])),
            _as_stored(np.concatenate([level.backoffs for level in levels])),
            vocabulary,
        )  # fmt: skip


def _stored(logs: Floats) -> NDArray[np.uint8]:
    return np.clip(np.rint(-logs * _STEPS), 0, 255).astype(np.uint8)


def _as_stored(logs: Floats) -> Floats:
    """What is learned answers as what is loaded."""
    return -_stored(logs).astype(float) / _STEPS


def _count(rows: Sequence[Sequence[int]], vocabulary: int, order: int) -> list[_Level]:
    """Levels 0, the empty n-gram, to `order`, without probabilities."""
    flat = np.array([one for row in rows for one in (START, *row, END)])
    place = np.concatenate([np.arange(len(row) + 2) for row in rows])
    empty = np.zeros(1, np.int64)
    levels = [_Level(empty, empty, empty, np.ones(1), empty > 0, np.zeros(1), np.zeros(1))]
    ending = np.zeros(len(flat), np.int64)  # the n-gram that ends at each place
    for length in range(1, order + 1):
        whole = np.flatnonzero(place >= length - 1)
        before = ending[whole - 1] if length > 1 else np.zeros(len(whole), np.int64)
        keys, which, counts = np.unique(
            before * vocabulary + flat[whole], return_inverse=True, return_counts=True
        )
        parents, symbols = np.divmod(keys, vocabulary)
        suffixes, begins = np.zeros(len(keys), np.int64), symbols == START
        if length > 1:
            below = levels[-1]
            begins = below.begins[parents]
            wanted = below.suffixes[parents] * vocabulary + symbols
            suffixes = np.searchsorted(below.parents * vocabulary + below.symbols, wanted)
        zeros = np.zeros(len(keys))
        ending = np.full(len(flat), -1)
        ending[whole] = which
        levels.append(
            _Level(parents, symbols, suffixes, counts.astype(float), begins, zeros, zeros.copy())
        )
    return levels


def _smooth(levels: list[_Level], vocabulary: int) -> None:
    """p(w | h) = max(c(h w) - D, 0) / c(h) + D n(h) / c(h) p(w | h'), c of kinds but at the top."""
    for length, level in enumerate(levels[1:], 1):
        if length == len(levels) - 1:
            counts = level.counts.copy()
        else:
            kinds = np.bincount(levels[length + 1].suffixes, minlength=len(level.symbols))
            counts = np.where(level.begins, level.counts, kinds)
        if length == 1:
            counts[level.symbols == START] = 0  # which is given, never told
        once, twice = (counts == 1).sum(), (counts == 2).sum()
        discount = once / max(once + 2 * twice, 1)
        below = levels[length - 1]
        size = len(below.symbols)
        total = np.maximum(np.bincount(level.parents, counts, size), 1e-9)
        kinds_after = np.bincount(level.parents, counts > 0, size)
        lower = np.exp(below.logs[level.suffixes]) if length > 1 else np.full(1, 1 / vocabulary)
        given = level.parents
        share = np.maximum(counts - discount, 0) / total[given]
        level.logs = np.log(share + (discount * kinds_after / total)[given] * lower + 1e-12)


def _prune(levels: list[_Level], least_gain: float) -> None:
    """Keep n-grams that help, and their prefixes and suffixes; then weigh what is left out."""
    needed = [np.zeros(len(level.symbols), bool) for level in levels]
    for length in range(len(levels) - 1, 1, -1):
        level = levels[length]
        _weigh(levels, length)
        lower = levels[length - 1].backoffs[level.parents] + levels[length - 1].logs[level.suffixes]
        gain = level.counts * (level.logs - lower)
        keep = needed[length] | (gain >= least_gain)
        needed[length - 1][level.parents[keep]] = True
        needed[length - 1][level.suffixes[keep]] = True
        needed[length] = keep
    needed[0][:] = needed[1][:] = True
    for length in range(2, len(levels)):
        level, keep = levels[length], needed[length]
        place = np.cumsum(needed[length - 1]) - 1
        level.parents, level.suffixes = place[level.parents[keep]], place[level.suffixes[keep]]
        level.symbols, level.counts = level.symbols[keep], level.counts[keep]
        level.logs, level.backoffs = level.logs[keep], level.backoffs[keep]
    for length in range(1, len(levels)):
        _weigh(levels, length)


def _weigh(levels: list[_Level], length: int) -> None:
    """The weight of shorter n-grams after every context: (1 - sum p(w|h)) / (1 - sum p(w|h'))."""
    level, below = levels[length], levels[length - 1]
    size = len(below.symbols)
    left = 1 - np.bincount(level.parents, np.exp(level.logs), size)
    lower = np.exp(below.logs[level.suffixes]) if length > 1 else np.zeros(len(level.symbols))
    free = 1 - np.bincount(level.parents, lower, size)
    below.backoffs = np.minimum(np.log(np.maximum(left, 1e-6) / np.maximum(free, 1e-6)), 0.0)
