"""What a search has looked at, and the best derivations in it, in machine code.

Hypotheses that nothing later can tell apart are one *node*; the ways to reach it are its *arcs*,
and all of them are kept, so that the best derivations can be read off backwards, in their order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from zoo.compiled import compiled
from zoo.translate.phrase_options import Floats, Ints

_MOST_STEPS = 300_000  # from node to node, for a list of the best derivations


class Nodes(NamedTuple):
    """What is known of the phrases chosen so far; node 0 is before the first.

    coverage: the source words that they translate. state: of the language model.
    begins, ends: where the last of them is in the source. last: the option that it is.
    best: the best score of all ways to the node. arc: the first of them.
    """

    coverage: Ints
    state: Ints
    begins: Ints
    ends: Ints
    last: Ints
    best: Floats
    arc: Ints


class Arcs(NamedTuple):
    """The ways to nodes. before: the node that one comes from. option: that it adds, -1 at the end.

    gain: what that adds to the score. following: the next arc to the same node, or -1.
    """

    before: Ints
    option: Ints
    gain: Floats
    following: Ints


@compiled
def push(heap: Ints, length: int, scores: Floats, item: int) -> None:
    """Put an item on a heap of so many, the best on top; of equals, the earlier."""
    place = length
    while place > 0:
        above = (place - 1) >> 1
        if scores[heap[above]] >= scores[item]:
            break
        heap[place] = heap[above]
        place = above
    heap[place] = item


@compiled
def pop(heap: Ints, length: int, scores: Floats) -> int:
    """Take the best item off a heap of so many."""
    top, item = heap[0], heap[length - 1]
    length -= 1
    place = 0
    while 2 * place + 1 < length:
        below = 2 * place + 1
        if below + 1 < length and scores[heap[below + 1]] > scores[heap[below]]:
            below += 1
        if scores[item] >= scores[heap[below]]:
            break
        heap[place] = heap[below]
        place = below
    heap[place] = item
    return int(top)


@compiled
def _grown(array: Any, size: int) -> Any:
    larger = np.zeros(size, array.dtype)
    larger[: len(array)] = array
    return larger


@compiled
def best_paths(nodes: Nodes, arcs: Arcs, goal: int, count: int) -> tuple[Ints, Ints]:
    """The options of the best derivations, [K, N], and how many each has, [K]; the best first.

    A* backwards from the goal, with exact estimates.

    count: how many are wanted; there may be fewer.
    """
    size = 0
    while (nodes.coverage[arcs.before[nodes.arc[goal]]] >> size) & 1:
        size += 1
    paths, lengths = np.full((count, size), -1, np.int64), np.zeros(count, np.int64)
    # A step leads to a node; the steps after it, up to the goal, are its parents.
    most = 256
    node, arc, parent = np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most, np.int64)
    after, score = np.zeros(most), np.zeros(most)
    heap = np.zeros(most, np.int64)
    node[0], arc[0], parent[0], score[0] = goal, -1, -1, nodes.best[goal]
    steps, waiting, found = 1, 1, 0
    while waiting > 0 and found < count:
        step = pop(heap, waiting, score)
        waiting -= 1
        if node[step] == 0:
            place = step
            while arc[place] >= 0 and arcs.option[arc[place]] >= 0:
                paths[found, lengths[found]] = arcs.option[arc[place]]
                lengths[found] += 1
                place = parent[place]
            found += 1
            continue
        way = nodes.arc[node[step]]
        while way >= 0 and steps < _MOST_STEPS:
            if steps == most:
                most *= 4
                node, arc, parent = _grown(node, most), _grown(arc, most), _grown(parent, most)
                heap = _grown(heap, most)
                after, score = _grown(after, most), _grown(score, most)
            node[steps], arc[steps], parent[steps] = arcs.before[way], way, step
            after[steps] = after[step] + arcs.gain[way]
            score[steps] = nodes.best[node[steps]] + after[steps]
            push(heap, waiting, score, steps)
            waiting += 1
            steps += 1
            way = arcs.following[way]
    return paths[:found], lengths[:found]
