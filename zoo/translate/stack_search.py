"""The search for the best derivation of a sentence from phrases, in machine code.

Hypotheses wait in stacks by the number of source words that they cover (Koehn, Och and Marcu 2003);
each stack is filled by cube pruning (Huang and Chiang, "Forest Rescoring", ACL 2007).

Coverage is a set of bits in a signed number of 64, of which the sign is not used.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zoo.compiled import compiled
from zoo.translate.corpus import END
from zoo.translate.lattice import Arcs, Nodes, pop, push
from zoo.translate.ngrams import Trie, advance
from zoo.translate.phrase_options import (
    DISTORTION,
    MODEL,
    Floats,
    Ints,
    Options,
    orientation,
)

LONGEST_SENTENCE = 62  # words: bits of a coverage
_MIX = 0x9E3779B97F4A7C15 - (1 << 64)  # Knuth's multiplicative hash, as a signed number


class _Edges(NamedTuple):
    """A group of nodes with the options of a span that they can be continued with.

    group, begins, ends: which, and where the span is. turn: its orientation. cost: of the
    distortion. hope: what the words then left can hope for.
    """

    group: Ints
    begins: Ints
    ends: Ints
    turn: Ints
    cost: Floats
    hope: Floats


class _Groups(NamedTuple):
    """Nodes of one coverage and one place of the last phrase, the best first.

    members: the nodes, one group's after the other; first, sizes: of each group.
    """

    members: Ints
    first: Ints
    sizes: Ints


class _Queue(NamedTuple):
    """Candidates: the `row`th node of an edge's group with the `column`th option of its span.

    state, gain: that the arc would lead to, and add. score: with the hope for the rest.
    heap: those that wait. used: [2] how many candidates there are, and how many wait.
    """

    edge: Ints
    row: Ints
    column: Ints
    state: Ints
    gain: Floats
    score: Floats
    heap: Ints
    used: Ints


@compiled
def _hope(coverage: int, future: Floats) -> float:
    total, start, size = 0.0, 0, len(future)
    while start < size:
        end = start
        while end < size and not (coverage >> end) & 1:
            end += 1
        if end > start:
            total += future[start, end]
        start = end + 1
    return total


@compiled
def _offer(
    options: Options,
    trie: Trie,
    weight: float,
    nodes: Nodes,
    groups: _Groups,
    edges: _Edges,
    queue: _Queue,
    edge: int,
    row: int,
    column: int,
) -> None:
    """Score a candidate and let it wait. weight: of the language model."""
    node = groups.members[groups.first[edges.group[edge]] + row]
    begins = edges.begins[edge]
    option = options.first[begins, edges.ends[edge] - begins] + column
    state, log_probability = nodes.state[node], 0.0
    for place in range(options.offsets[option], options.offsets[option + 1]):
        one, state = advance(trie, state, options.words[place])
        log_probability += one
    turn = edges.turn[edge]
    gain = options.static[option] + edges.cost[edge] + weight * log_probability
    gain += options.reordering[option, turn] + options.reordering[nodes.last[node], 3 + turn]
    item, waiting = queue.used[0], queue.used[1]
    queue.edge[item], queue.row[item], queue.column[item] = edge, row, column
    queue.state[item], queue.gain[item] = state, gain
    queue.score[item] = nodes.best[node] + gain + edges.hope[edge]
    push(queue.heap, waiting, queue.score, item)
    queue.used[0], queue.used[1] = item + 1, waiting + 1


@compiled
def _same(nodes: Nodes, options: Options, node: int, other: int) -> bool:
    """Whether nothing that follows can tell two nodes apart."""
    if (
        nodes.coverage[node] != nodes.coverage[other]
        or nodes.state[node] != nodes.state[other]
        or nodes.begins[node] != nodes.begins[other]
        or nodes.ends[node] != nodes.ends[other]
    ):
        return False
    for k in range(3, 6):
        one = options.reordering[nodes.last[node], k]
        if one != options.reordering[nodes.last[other], k]:
            return False
    return True


@compiled
def _edges_to(
    covered: int,
    options: Options,
    nodes: Nodes,
    groups: _Groups,
    groups_of: Ints,
    weight: float,
    limit: int,
    edges: _Edges,
) -> int:
    """Find what can be continued to so many covered words; how many edges there are."""
    size, longest = len(options.future), options.counts.shape[1] - 1
    found = 0
    for length in range(1, min(longest, covered) + 1):
        for group in range(groups_of[covered - length], groups_of[covered - length + 1]):
            node = groups.members[groups.first[group]]
            coverage, before = nodes.coverage[node], nodes.ends[node]
            gap = 0
            while (coverage >> gap) & 1:
                gap += 1
            for begins in range(max(gap, before - limit), min(size - length, before + limit) + 1):
                ends = begins + length
                span = ((1 << length) - 1) << begins
                if options.counts[begins, length] == 0 or coverage & span:
                    continue
                if begins != gap and ends - gap > limit:  # no way back would be left
                    continue
                edges.group[found], edges.begins[found], edges.ends[found] = group, begins, ends
                edges.turn[found] = orientation(begins, ends, nodes.begins[node], before)
                edges.cost[found] = -weight * abs(begins - before)
                edges.hope[found] = _hope(coverage | span, options.future)
                found += 1
    return found


@compiled
def _grouped(nodes: Nodes, first: int, count: int, groups: _Groups, known: int) -> int:
    """Put nodes into groups, the best first; how many groups there are then."""
    order = np.argsort(-nodes.best[first : first + count], kind="mergesort")
    group_of = np.zeros(count, np.int64)
    begin = known
    for place in order:
        node = first + place
        group = begin
        while group < known:
            other = groups.first[group]  # for now its best node
            if (
                nodes.coverage[node] == nodes.coverage[other]
                and nodes.begins[node] == nodes.begins[other]
                and nodes.ends[node] == nodes.ends[other]
            ):
                break
            group += 1
        if group == known:
            groups.first[known] = node
            groups.sizes[known] = 0
            known += 1
        groups.sizes[group] += 1
        group_of[place] = group
    at = first
    for group in range(begin, known):
        groups.first[group] = at
        at += groups.sizes[group]
        groups.sizes[group] = 0
    for place in order:
        group = group_of[place]
        groups.members[groups.first[group] + groups.sizes[group]] = first + place
        groups.sizes[group] += 1
    return known


@compiled
def search(
    options: Options, trie: Trie, start: int, weights: Floats, stack: int, limit: int
) -> tuple[Nodes, Arcs, int]:
    """The nodes and arcs that were looked at, and the node of whole derivations.

    start: the language model's state at the start. stack: how many ways are taken to each stack.
    limit: how many words a phrase may begin from where the one before it ended, and how far the
    way back to the first word that is left may be.
    """
    size, longest = len(options.future), options.counts.shape[1] - 1
    most = size * stack + 2
    nodes = Nodes(
        np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most, np.int64),
        np.zeros(most, np.int64), np.zeros(most, np.int64), np.full(most, -np.inf),
        np.full(most, -1, np.int64),
    )  # fmt: skip
    ways = (size + 1) * stack + 1
    arcs = Arcs(
        np.zeros(ways, np.int64), np.full(ways, -1, np.int64), np.zeros(ways),
        np.full(ways, -1, np.int64),
    )  # fmt: skip
    groups = _Groups(np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most, np.int64))
    most = stack * longest * min(2 * limit + 1, size) + 1
    edges = _Edges(
        np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most, np.int64),
        np.zeros(most, np.int64), np.zeros(most), np.zeros(most),
    )  # fmt: skip
    most += 2 * stack
    queue = _Queue(
        np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most, np.int64),
        np.zeros(most, np.int64), np.zeros(most), np.zeros(most), np.zeros(most, np.int64),
        np.zeros(2, np.int64),
    )  # fmt: skip
    bits = 4
    while 1 << bits < 4 * stack:
        bits += 1
    table = np.zeros(1 << bits, np.int64)  # from what nodes are told apart by to the node
    groups_of = np.zeros(size + 2, np.int64)
    nodes.best[0], nodes.state[0], nodes.last[0] = 0.0, start, len(options.chosen)
    groups.sizes[0], groups_of[1] = 1, 1
    known, ways, at = 1, 0, 1
    for covered in range(1, size + 1):
        first = at
        found = _edges_to(
            covered, options, nodes, groups, groups_of, weights[DISTORTION], limit, edges
        )
        queue.used[:] = 0
        for edge in range(found):
            _offer(options, trie, weights[MODEL], nodes, groups, edges, queue, edge, 0, 0)
        table[:] = -1
        for _ in range(stack):
            if queue.used[1] == 0:
                break
            item = pop(queue.heap, queue.used[1], queue.score)
            queue.used[1] -= 1
            edge, row, column = queue.edge[item], queue.row[item], queue.column[item]
            begins, ends = edges.begins[edge], edges.ends[edge]
            before = groups.members[groups.first[edges.group[edge]] + row]
            option = options.first[begins, ends - begins] + column
            nodes.coverage[at] = nodes.coverage[before] | ((1 << (ends - begins)) - 1) << begins
            nodes.state[at], nodes.last[at] = queue.state[item], option
            nodes.begins[at], nodes.ends[at] = begins, ends
            key = (nodes.coverage[at] * _MIX) ^ (nodes.state[at] * 31 + begins * 64 + ends) * _MIX
            slot = (key >> (63 - bits)) & ((1 << bits) - 1)
            while table[slot] >= 0 and not _same(nodes, options, table[slot], at):
                slot = (slot + 1) & ((1 << bits) - 1)
            if table[slot] < 0:
                table[slot] = at
                at += 1
            node = table[slot]
            arcs.before[ways], arcs.option[ways] = before, option
            arcs.gain[ways], arcs.following[ways] = queue.gain[item], nodes.arc[node]
            nodes.arc[node] = ways
            ways += 1
            nodes.best[node] = max(nodes.best[node], nodes.best[before] + queue.gain[item])
            if row + 1 < groups.sizes[edges.group[edge]] and column == 0:
                _offer(options, trie, weights[MODEL], nodes, groups, edges, queue, edge, row + 1, 0)
            if column + 1 < options.counts[begins, ends - begins]:
                _offer(
                    options, trie, weights[MODEL], nodes, groups, edges, queue,
                    edge, row, column + 1,
                )  # fmt: skip
        known = _grouped(nodes, first, at - first, groups, known)
        groups_of[covered + 1] = known
    for node in range(first, at):
        turn = 0 if nodes.ends[node] == size else 2
        gain = weights[MODEL] * advance(trie, nodes.state[node], END)[0]
        gain += options.reordering[nodes.last[node], 3 + turn]
        arcs.before[ways], arcs.option[ways], arcs.gain[ways] = node, -1, gain
        arcs.following[ways] = nodes.arc[at]
        nodes.arc[at] = ways
        ways += 1
        nodes.best[at] = max(nodes.best[at], nodes.best[node] + gain)
    return nodes, arcs, at
