"""The two searches of Connect Four in machine code: by evaluation to a depth, and for proof.

Both share the conventions of `zoo.games.connect4` and expect that the player to move can't
complete four at once; they play safe moves only, so that this holds all the way down. Both count
positions in a control array and stop when its limit, or its deadline, is reached.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zoo.compiled import compiled
from zoo.games.connect4 import (
    BOARD,
    SQUARES,
    aligned,
    clock,
    count,
    evaluate,
    safe_moves,
    winning_squares,
)

Table = NDArray[np.int64]

# A win is worth WIN less the number of stones on the board when it comes, so a score means the
# same wherever in the tree it was found. Scores beyond DECIDED are wins, no evaluations.
WIN = 10_000
DECIDED = WIN - 100

NODES, LIMIT, DEADLINE, STOPPED = range(4)  # of a control array; the deadline is 0 for none
_CLOCK_EVERY = 4096

_PROOF_BITS, _SEARCH_BITS = 22, 18
PROOF_SIZE, SEARCH_SIZE = 1 << _PROOF_BITS, 1 << _SEARCH_BITS
_MIX = 0x9E3779B97F4A7C15 - (1 << 64)  # Knuth's multiplicative hash, as a signed number
_EXACT, _AT_LEAST, _AT_MOST = range(3)


@compiled
def _count_node(control: Table) -> bool:
    """Count one position; whether the search must stop, the position uncounted."""
    if control[STOPPED]:
        return True
    if control[NODES] >= control[LIMIT]:
        control[STOPPED] = 1
        return True
    control[NODES] += 1
    if control[DEADLINE] and control[NODES] % _CLOCK_EVERY == 0 and clock() >= control[DEADLINE]:
        control[STOPPED] = 1
        return True
    return False


@compiled
def exceeds(own: int, mask: int, stones: int, bar: int, table: Table, control: Table) -> int:
    """Whether the player to move does better than `bar`: 1 yes, 0 no, -1 stopped before knowing.

    The values are -1, 0 and 1 (lost, drawn, won) and the bar is -1 or 0: a null-window alpha-beta
    search of the outcome alone, with a transposition table [PROOF_SIZE] of proven bounds.
    An entry is, from the lowest bit: 1 if the value is known to exceed -1, to exceed 0, not to
    exceed -1, not to exceed 0; three bits for the column that refuted last, plus one; the key.
    """
    if _count_node(control):
        return -1
    moves = safe_moves(own, mask)
    if moves == 0:
        return 0
    if stones >= SQUARES - 2:
        return 1 if bar < 0 else 0  # too few squares are left for either to win
    key = own + mask
    slot = ((key * _MIX) >> (63 - _PROOF_BITS)) & (PROOF_SIZE - 1)
    entry = table[slot]
    known, first = 0, -1
    if entry >> 8 == key:
        known = entry & 15
        if known & (1 << (bar + 1)):
            return 1
        if known & (4 << (bar + 1)):
            return 0
        first = ((entry >> 4) & 15) - 1
    other = own ^ mask
    # Who can't align four even if he got every empty square can't win.
    if bar == 0:
        if not aligned(BOARD ^ other):
            return 0
    elif not aligned(BOARD ^ own):
        return 1

    order = 0  # the moves' columns, the last to be tried in the lowest three bits
    scores = 0
    length = 0
    for rank in range(7):
        column = 3 + ((rank + 1) >> 1 if rank & 1 else -(rank >> 1))
        move = moves & (63 << 7 * column)
        if move == 0:
            continue
        score = 63 if column == first else count(winning_squares(own | move, mask | move))
        place = 0  # among the better ones, found from the worst on
        while place < length and ((scores >> 6 * place) & 63) < score:
            place += 1
        low = (1 << 6 * place) - 1
        scores = (scores & low) | (score << 6 * place) | ((scores & ~low) << 6)
        low = (1 << 3 * place) - 1
        order = (order & low) | (column << 3 * place) | ((order & ~low) << 3)
        length += 1

    answer, best = 0, 0
    for place in range(length - 1, -1, -1):
        column = (order >> 3 * place) & 7
        move = moves & (63 << 7 * column)
        reply = exceeds(other, mask | move, stones + 1, -bar - 1, table, control)
        if reply < 0:
            return -1
        if reply == 0:
            answer, best = 1, column + 1
            break
    # To exceed 0 is to exceed -1; not to exceed -1 is not to exceed 0.
    if answer:
        known |= 1 if bar < 0 else 3
    else:
        known |= 12 if bar < 0 else 8
    table[slot] = key << 8 | best << 4 | known
    return answer


@compiled
def search(
    own: int,
    mask: int,
    stones: int,
    depth: int,
    alpha: int,
    beta: int,
    table: Table,
    killers: Table,
    history: Table,
    control: Table,
) -> int:
    """The value for the player to move, as of `evaluate` or `WIN`, at least `depth` moves ahead.

    Principal variation search (Marsland & Campbell 1982), fail-soft, with a transposition table
    [SEARCH_SIZE, 2] (key; score, depth, kind of bound and move), killer moves [SQUARES, 2]
    (Akl & Newborn 1977) and the history heuristic [2, 49] (Schaeffer 1989). A reply that is forced
    costs no depth, so the evaluation sees quiet positions. Worthless once control says stopped.
    """
    if _count_node(control):
        return 0
    moves = safe_moves(own, mask)
    if moves == 0:
        return stones + 2 - WIN
    if stones >= SQUARES - 2:
        return 0
    if moves & (moves - 1) == 0:
        depth += 1
    if depth <= 0:
        return evaluate(own, mask, stones)
    # The soonest win is two moves after this one, the soonest loss one move earlier.
    alpha, beta = max(alpha, stones + 4 - WIN), min(beta, WIN - stones - 3)
    if alpha >= beta:
        return alpha

    key = own + mask
    slot = ((key * _MIX) >> (63 - _SEARCH_BITS)) & (SEARCH_SIZE - 1)
    first = 0
    if table[slot, 0] == key:
        entry = table[slot, 1]
        first = 1 << (entry & 63)
        kind, score = (entry >> 6) & 3, int(entry >> 16) - WIN
        if ((entry >> 8) & 63) >= depth and (
            kind == _EXACT
            or (kind == _AT_LEAST and score >= beta)
            or (kind == _AT_MOST and score <= alpha)
        ):
            return score

    other = own ^ mask
    side = stones & 1
    best, best_move, floor = -WIN, 0, alpha
    while moves:
        # Of at most seven moves the next is looked for each time: most are cut off before.
        move, promise, rest = 0, -1, moves
        while rest:
            each = rest & -rest
            rest ^= each
            if each == first:
                score = 1 << 40
            elif each == killers[stones, 0] or each == killers[stones, 1]:
                score = 1 << 39
            else:
                threats = count(winning_squares(own | each, mask | each))
                score = (threats << 32) + history[side, count(each - 1)]
            if score > promise:
                move, promise = each, score
        moves ^= move
        after = mask | move
        if best_move == 0:
            score = -search(
                other, after, stones + 1, depth - 1, -beta, -alpha, table, killers, history, control
            )
        else:
            score = -search(
                other, after, stones + 1, depth - 1, -alpha - 1, -alpha,
                table, killers, history, control,
            )  # fmt: skip
            if alpha < score < beta:
                score = -search(
                    other, after, stones + 1, depth - 1, -beta, -score,
                    table, killers, history, control,
                )  # fmt: skip
        if control[STOPPED]:
            return 0
        if score > best:
            best, best_move = score, move
        alpha = max(alpha, score)
        if alpha >= beta:
            if killers[stones, 0] != move:
                killers[stones, 1] = killers[stones, 0]
                killers[stones, 0] = move
            history[side, count(move - 1)] += depth * depth
            break
    kind = _AT_LEAST if best >= beta else _EXACT if best > floor else _AT_MOST
    table[slot, 0] = key
    table[slot, 1] = (best + WIN) << 16 | depth << 8 | kind << 6 | count(best_move - 1)
    return best
