"""The hidden Markov model of word alignment, trained and asked for the best path.

Every output word comes from a position of the input, or from the empty word. Where it comes from
depends on the position before by the width of the jump alone; the empty word has a state at each
position, so that a jump starts from the last position that was no empty word (Vogel, Ney &
Tillmann 1996; Och & Ney 2003, section 2.1.4). State 0 is before the first position, 1 + i at i.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zoo.compiled import compiled

WIDEST = 20  # positions of a jump; wider ones count as this wide
EMPTY = 0.2  # p0 of Och & Ney: how probable it is that a word comes from the empty word
_SMOOTHING = 1.0  # occurrences added to each width


@compiled
def _transitions(length: int, jumps: NDArray[np.float64]) -> NDArray[np.float64]:
    """p(position | state before) [1 + length, length] (Och & Ney 2003, eq. 15)."""
    found = np.empty((length + 1, length))
    for state in range(length + 1):
        total = 0.0
        for i in range(length):
            width = min(max(i - state + 1, -WIDEST), WIDEST)
            found[state, i] = jumps[width + WIDEST]
            total += found[state, i]
        for i in range(length):
            found[state, i] *= (1 - EMPTY) / total
    return found


@compiled
def baum_welch(
    cells: NDArray[np.int32],
    offsets: NDArray[np.int64],
    input_lengths: NDArray[np.int64],
    output_lengths: NDArray[np.int64],
    table: NDArray[np.float64],
    jumps: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The expected counts of word pairs [C] and the new p(width) [2 WIDEST + 1].

    cells, offsets: as of `zoo.translate.alignment.WordPairs`; table: [C] p(output | input).
    """
    counts = np.zeros(len(table))
    widths = np.full(2 * WIDEST + 1, _SMOOTHING)
    for pair in range(len(input_lengths)):
        length, steps = input_lengths[pair], output_lengths[pair]
        if length == 0 or steps == 0:
            continue
        moves = _transitions(length, jumps)
        here = cells[offsets[pair] : offsets[pair + 1]].reshape(steps, length + 1)
        forward = np.zeros((steps + 1, length + 1))
        real = np.zeros((steps, length))  # the part of it that is no empty word's
        scales = np.zeros(steps)
        forward[0, 0] = 1.0
        for j in range(steps):
            for state in range(length + 1):
                before = forward[j, state]
                if before > 0:
                    for i in range(length):
                        real[j, i] += before * moves[state, i]
            empty = EMPTY * table[here[j, length]]
            for state in range(length + 1):
                forward[j + 1, state] = forward[j, state] * empty
            for i in range(length):
                real[j, i] *= table[here[j, i]]
                forward[j + 1, i + 1] += real[j, i]
            scales[j] = forward[j + 1].sum()
            forward[j + 1] /= scales[j]
            real[j] /= scales[j]
        after = np.ones(length + 1)
        for j in range(steps - 1, -1, -1):
            empty = EMPTY * table[here[j, length]] / scales[j]
            weights = np.empty(length)
            for i in range(length):
                counts[here[j, i]] += real[j, i] * after[i + 1]
                weights[i] = table[here[j, i]] * after[i + 1] / scales[j]
            for state in range(length + 1):
                before = forward[j, state]
                counts[here[j, length]] += before * empty * after[state]
                after[state] *= empty
                for i in range(length):
                    onward = moves[state, i] * weights[i]
                    after[state] += onward
                    width = min(max(i - state + 1, -WIDEST), WIDEST)
                    widths[width + WIDEST] += before * onward
    return counts, widths / widths.sum()


@compiled
def viterbi(
    cells: NDArray[np.int32],
    offsets: NDArray[np.int64],
    input_lengths: NDArray[np.int64],
    output_lengths: NDArray[np.int64],
    table: NDArray[np.float64],
    jumps: NDArray[np.float64],
) -> NDArray[np.int32]:
    """The input position of each output word, one sentence after the other; -1 for the empty."""
    origins = np.full(output_lengths.sum(), -1, np.int32)
    end = 0
    for pair in range(len(input_lengths)):
        length, steps = input_lengths[pair], output_lengths[pair]
        end += steps
        if length == 0 or steps == 0:
            continue
        moves = np.log(_transitions(length, jumps))
        here = cells[offsets[pair] : offsets[pair + 1]].reshape(steps, length + 1)
        best = np.full(length + 1, -np.inf)
        best[0] = 0.0
        came = np.empty((steps, length + 1), np.int32)  # -1: the empty word, the state unchanged
        for j in range(steps):
            grown = best + np.log(EMPTY * table[here[j, length]])
            came[j] = -1
            for i in range(length):
                gain = np.log(table[here[j, i]])
                for state in range(length + 1):
                    score = best[state] + moves[state, i] + gain
                    if score > grown[i + 1]:
                        grown[i + 1] = score
                        came[j, i + 1] = state
            best = grown
        state = int(np.argmax(best))
        for j in range(steps - 1, -1, -1):
            if came[j, state] >= 0:
                origins[end - steps + j] = state - 1
                state = came[j, state]
    return origins


@compiled
def grow_diag_final_and(
    origins: NDArray[np.int32],
    goals: NDArray[np.int32],
    source_offsets: NDArray[np.int64],
    target_offsets: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """The links that two alignments share, grown by neighbours that one of them has.

    Koehn, Och & Marcu 2003, section 4.2. What neither side has linked yet is linked at the end
    where either alignment does so.

    origins: the source position of each target word, or -1; goals: the target position of each
        source word. Returns source and target positions and where each sentence pair's begin.
    """
    most = len(origins) + len(goals)
    source, target = np.empty(most, np.int32), np.empty(most, np.int32)
    offsets = np.zeros(len(source_offsets), np.int64)
    found = 0
    for pair in range(len(source_offsets) - 1):
        goal = goals[source_offsets[pair] : source_offsets[pair + 1]]
        origin = origins[target_offsets[pair] : target_offsets[pair + 1]]
        rows, columns = len(goal), len(origin)
        votes = np.zeros((rows, columns), np.int8)
        for j in range(columns):
            if origin[j] >= 0:
                votes[origin[j], j] += 1
        for i in range(rows):
            if goal[i] >= 0:
                votes[i, goal[i]] += 1
        linked = votes == 2
        row_used, column_used = np.zeros(rows, np.bool_), np.zeros(columns, np.bool_)
        for i in range(rows):
            for j in range(columns):
                if linked[i, j]:
                    row_used[i] = column_used[j] = True
        growing = True
        while growing:
            growing = False
            for i in range(rows):
                for j in range(columns):
                    if not linked[i, j]:
                        continue
                    for a in range(max(i - 1, 0), min(i + 2, rows)):
                        for b in range(max(j - 1, 0), min(j + 2, columns)):
                            free = not (row_used[a] and column_used[b])
                            if free and votes[a, b] and not linked[a, b]:
                                linked[a, b] = row_used[a] = column_used[b] = True
                                growing = True
        for j in range(columns):
            i = origin[j]
            if i >= 0 and not row_used[i] and not column_used[j]:
                linked[i, j] = row_used[i] = column_used[j] = True
        for i in range(rows):
            j = goal[i]
            if j >= 0 and not row_used[i] and not column_used[j]:
                linked[i, j] = row_used[i] = column_used[j] = True
        for i in range(rows):
            for j in range(columns):
                if linked[i, j]:
                    source[found], target[found] = i, j
                    found += 1
        offsets[pair + 1] = found
    return source[:found].copy(), target[:found].copy(), offsets
