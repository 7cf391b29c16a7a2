"""Connect Four on bitboards: alignments, moves, threats and a hand-written evaluation.

The board is 7 columns of 6 rows. Square (column, row) is bit `7 * column + row`, row 0 at the
bottom; the seventh bit of a column is always empty, so that no alignment runs from one column into
the next (J. Tromp's layout). A position is `own`, the stones of the player to move, and `mask`, all
stones; both fit 49 bits of a 64-bit integer.

Sources: J. D. Allis, "A Knowledge-Based Approach of Connect-Four" (1988), for threats and their
parity; P. Pons, "Solving Connect 4" (2015-), for the arithmetic of `winning_squares` and
`safe_moves`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import numba
import numpy as np

from zoo.compiled import compiled

WIDTH, HEIGHT = 7, 6
SQUARES = WIDTH * HEIGHT
_COLUMN = (1 << HEIGHT) - 1
BOTTOM = sum(1 << 7 * column for column in range(WIDTH))
BOARD = BOTTOM * _COLUMN

# Rows are numbered from 1 in Allis's text: its odd rows are 0, 2 and 4 here. The bottom row is left
# out, since a threat there is carried out at once and decides nothing about who runs out of moves.
_ODD_ROWS = BOTTOM << 2 | BOTTOM << 4
_EVEN_ROWS = BOTTOM << 1 | BOTTOM << 3 | BOTTOM << 5

# Squares by how many of the 69 alignments run through them, in steps: a square in 13 alignments is
# in all four sets, one in 3 is in none.
_THROUGH = [
    [3, 4, 5, 5, 4, 3],
    [4, 6, 8, 8, 6, 4],
    [5, 8, 11, 11, 8, 5],
    [7, 10, 13, 13, 10, 7],
    [5, 8, 11, 11, 8, 5],
    [4, 6, 8, 8, 6, 4],
    [3, 4, 5, 5, 4, 3],
]


def _squares_through(least: int) -> int:
    return sum(
        1 << 7 * column + row
        for column, counts in enumerate(_THROUGH)
        for row, count in enumerate(counts)
        if count >= least
    )


_GOOD, _BETTER, _BEST, _CENTRE = (_squares_through(least) for least in (5, 7, 10, 13))


def bitboards(columns: Iterable[int]) -> tuple[int, int]:
    """(own, mask) after stones were dropped into columns, 0 to 6, by turns."""
    own = mask = 0
    for column in columns:
        own ^= mask  # the stones of the player who moves next, after the move below
        mask |= mask + (1 << 7 * column)
    return own, mask


def column_of(move: int) -> int:
    """The column, 0 to 6, of a square's bit."""
    return (move.bit_length() - 1) // 7


# Not `compiled`: Python's own clock is read under Python's lock.
@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def clock() -> int:
    """Nanoseconds on the same clock as `time.perf_counter_ns`."""
    with numba.objmode(now="int64"):
        now = time.perf_counter_ns()
    return now  # noqa: RET504 (Numba lets no block in object mode return)


@compiled
def count(squares: int) -> int:
    """How many bits are set."""
    n = np.uint64(squares)
    n -= (n >> np.uint64(1)) & np.uint64(0x5555555555555555)
    n = (n & np.uint64(0x3333333333333333)) + ((n >> np.uint64(2)) & np.uint64(0x3333333333333333))
    n = (n + (n >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int(np.int64((n * np.uint64(0x0101010101010101)) >> np.uint64(56)))


@compiled
def aligned(stones: int) -> bool:
    """Whether four of the stones stand in a row, a column or a diagonal."""
    pairs = stones & (stones >> 7)
    if pairs & (pairs >> 14):
        return True
    pairs = stones & (stones >> 6)
    if pairs & (pairs >> 12):
        return True
    pairs = stones & (stones >> 8)
    if pairs & (pairs >> 16):
        return True
    pairs = stones & (stones >> 1)
    return (pairs & (pairs >> 2)) != 0


@compiled
def winning_squares(own: int, mask: int) -> int:
    """The empty squares, reachable now or not, where a stone would complete four of `own`."""
    found = (own << 1) & (own << 2) & (own << 3)
    for step in (6, 7, 8):
        pair = (own << step) & (own << 2 * step)
        found |= pair & (own << 3 * step)
        found |= pair & (own >> step)
        pair = (own >> step) & (own >> 2 * step)
        found |= pair & (own << step)
        found |= pair & (own >> 3 * step)
    return found & (BOARD ^ mask)


@compiled
def legal_moves(mask: int) -> int:
    """The lowest empty square of every column that is not full."""
    return (mask + BOTTOM) & BOARD


@compiled
def safe_moves(own: int, mask: int) -> int:
    """The moves after which the other player can't complete four at once; none if lost.

    The player to move must have no alignment to complete himself.
    """
    moves = legal_moves(mask)
    threats = winning_squares(own ^ mask, mask)
    forced = moves & threats
    if forced:
        if forced & (forced - 1):
            return 0
        moves = forced
    # Nor may a stone be put under a square where the other player completes four.
    return moves & ~(threats >> 1)


@compiled
def evaluate(own: int, mask: int, stones: int) -> int:
    """What a quiet position promises the player to move, well within -1000 to 1000.

    Allis (1988): when everything else is filled, the first player gets the odd squares and the
    second the even ones, so an odd threat of the first player decides the game unless the second
    has an even threat below it; the second player wins by an even threat as long as the first has
    no odd one. Else: open threats, and squares that many alignments run through.
    """
    other = own ^ mask
    mine, theirs = winning_squares(own, mask), winning_squares(other, mask)
    first, second = (theirs, mine) if stones & 1 else (mine, theirs)
    odd, even = first & _ODD_ROWS, second & _EVEN_ROWS
    # A threat counts if none of the other player's comes due below it in the same column.
    good_odd = odd & ~(even << 1) & ~(even << 3)
    good_even = even & ~(odd << 1) & ~(odd << 3)
    parity = 0
    if good_odd:
        parity = 60 + 12 * count(good_odd)
    elif odd == 0 and good_even:
        parity = -45 - 10 * count(good_even)
    score = -parity if stones & 1 else parity
    score += 14 * (count(mine) - count(theirs))
    score += 2 * (count(own & _GOOD) - count(other & _GOOD))
    score += 2 * (count(own & _BETTER) - count(other & _BETTER))
    score += 3 * (count(own & _BEST) - count(other & _BEST))
    return score + 2 * (count(own & _CENTRE) - count(other & _CENTRE))
