"""Search trees of several games at once, as arrays, and what is done to them, compiled.

A node is a row number; the root of every tree is row 0, and the children of a node are a block of
rows, one for each legal action in the rules' order. Values are seen from player 0: a result is -1,
0 or 1 (or between), and which sign is good depends on who moves at the node.

Selection: PUCT (Silver et al., "A general reinforcement learning algorithm that masters chess,
shogi, and Go through self-play", Science 2018, methods) or UCB1 (Kocsis & Szepesvári, ECML 2006).
Proven results are passed up (Winands, Björnsson & Saito, "Monte-Carlo Tree Search Solver", CG
2008, with draws proven, too). Pending visits count as losses, so that several leaves of one tree
can be evaluated together (Chaslot, Winands & van den Herik, "Parallel Monte-Carlo Tree Search",
CG 2008).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zoo.compiled import compiled

# The growth of PUCT's exploration with the number of visits (Silver et al. 2018).
_BASE = 19652.0


class Trees(NamedTuple):
    """Trees of B games; all arrays but the first are [B, rows].

    used: rows in use [B]. first, size: the block of children; none: not expanded.
    parent: -1 at the root. action: the one that leads here. prior: its probability.
    visits, total: how many values came through here, and their sum. pending: visits under way.
    mover: who moves here, -1 before that is known. proven: the result, NaN while unknown.
    """

    used: NDArray[np.int32]
    first: NDArray[np.int32]
    size: NDArray[np.int32]
    parent: NDArray[np.int32]
    action: NDArray[np.int32]
    visits: NDArray[np.int32]
    pending: NDArray[np.int32]
    mover: NDArray[np.int8]
    prior: NDArray[np.float32]
    total: NDArray[np.float64]
    proven: NDArray[np.float32]

    @classmethod
    def empty(cls, games: int, rows: int) -> Trees:
        """Trees of one unexpanded root each."""

        def whole() -> NDArray[np.int32]:
            return np.zeros((games, rows), np.int32)

        trees = cls(
            used=np.zeros(games, np.int32),
            first=whole(),
            size=whole(),
            parent=whole(),
            action=whole(),
            visits=whole(),
            pending=whole(),
            mover=np.zeros((games, rows), np.int8),
            prior=np.zeros((games, rows), np.float32),
            total=np.zeros((games, rows)),
            proven=np.zeros((games, rows), np.float32),
        )
        for game in range(games):
            plant(trees, game)
        return trees

    def with_rows(self, rows: int) -> Trees:
        """The same trees with room for more rows."""
        more = ((0, 0), (0, rows - self.first.shape[1]))
        tables = {
            name: np.pad(table, more) for name, table in self._asdict().items() if name != "used"
        }
        return self._replace(**tables)


@compiled
def _clear(trees: Trees, game: int, row: int, parent: int, action: int, prior: float) -> None:
    trees.first[game, row] = 0
    trees.size[game, row] = 0
    trees.parent[game, row] = parent
    trees.action[game, row] = action
    trees.visits[game, row] = 0
    trees.pending[game, row] = 0
    trees.mover[game, row] = -1
    trees.prior[game, row] = prior
    trees.total[game, row] = 0.0
    trees.proven[game, row] = np.nan


@compiled
def plant(trees: Trees, game: int) -> None:
    """Leave nothing of a tree but an unexpanded root."""
    _clear(trees, game, 0, -1, -1, 1.0)
    trees.used[game] = 1


@compiled
def value_of(trees: Trees, game: int, row: int, sign: float, unseen: float) -> float:
    """The mean value of a row for the player of that sign, its pending visits taken as lost."""
    if not np.isnan(trees.proven[game, row]):
        return float(sign * trees.proven[game, row])
    visits, pending = trees.visits[game, row], trees.pending[game, row]
    if visits + pending == 0:
        return unseen
    return float((sign * trees.total[game, row] - pending) / (visits + pending))


@compiled
def _select(trees: Trees, game: int, row: int, exploration: float, ucb1: bool) -> int:
    """The child to look at next: the first of those with the highest bound."""
    first, count = trees.first[game, row], trees.size[game, row]
    sign = 1.0 if trees.mover[game, row] == 0 else -1.0
    visits = trees.visits[game, row] + trees.pending[game, row]
    # A move that was never looked at is held to be a little worse than the position itself.
    mean = value_of(trees, game, row, sign, 0.0)
    unseen = max(mean - 0.2, -1.0)
    weight = exploration + np.log((1 + visits + _BASE) / _BASE)
    best, best_bound = first, -np.inf
    for child in range(first, first + count):
        tried = trees.visits[game, child] + trees.pending[game, child]
        known = not np.isnan(trees.proven[game, child])
        if ucb1:
            if tried == 0 and not known:
                return int(child)
            bonus = exploration * np.sqrt(np.log(max(visits, 1)) / max(tried, 1))
        else:
            bonus = weight * trees.prior[game, child] * np.sqrt(visits) / (1 + tried)
        # Nothing is left to find out below a proven move: it has its value and no bonus, and if
        # it is lost, it comes after all others.
        value = value_of(trees, game, child, sign, unseen)
        bound = value + bonus if not known else (value if value > -1 else -1e9)
        if bound > best_bound:
            best, best_bound = child, bound
    return int(best)


@compiled
def descend(
    trees: Trees,
    games: NDArray[np.int32],
    starts: NDArray[np.int32],
    exploration: float,
    ucb1: bool,
    leaves: NDArray[np.int32],
    deepest: NDArray[np.int32],
) -> None:
    """From each start down to a leaf, one after the other; written: leaves, greatest depths [B].

    A leaf is a row without children or one whose result is proven. All rows from the root to the
    leaf have one more pending visit afterwards.
    """
    for i in range(len(games)):
        game, row = games[i], starts[i]
        depth = 0
        above = row
        while above >= 0:
            trees.pending[game, above] += 1
            above = trees.parent[game, above]
            depth += 1
        while trees.size[game, row] > 0 and (np.isnan(trees.proven[game, row]) or row == starts[i]):
            row = _select(trees, game, row, exploration, ucb1)
            trees.pending[game, row] += 1
            depth += 1
        leaves[i] = row
        deepest[game] = max(deepest[game], depth - 1)


@compiled
def expand(
    trees: Trees,
    games: NDArray[np.int32],
    rows: NDArray[np.int32],
    movers: NDArray[np.int8],
    counts: NDArray[np.int32],
    actions: NDArray[np.int32],
    priors: NDArray[np.float32],
) -> None:
    """Give L leaves one child for each legal action.

    counts: legal actions of each leaf [L]; actions: all of them, leaf after leaf. priors: of all
    actions [L, A], here made to sum to 1 over the legal ones.
    """
    done = 0
    for i in range(len(games)):
        game, row, first = games[i], rows[i], trees.used[games[i]]
        legal = actions[done : done + counts[i]]
        done += counts[i]
        trees.first[game, row] = first
        trees.size[game, row] = len(legal)
        trees.mover[game, row] = movers[i]
        whole = 0.0
        for action in legal:
            whole += priors[i, action]
        for k, action in enumerate(legal):
            prior = priors[i, action] / whole if whole > 0 else 1.0 / len(legal)
            _clear(trees, game, first + k, row, action, prior)
        trees.used[game] = first + len(legal)


@compiled
def back_up(
    trees: Trees,
    games: NDArray[np.int32],
    leaves: NDArray[np.int32],
    values: NDArray[np.float64],
) -> None:
    """Add each leaf's value to all rows above it, which have one pending visit less then."""
    for i in range(len(games)):
        game, row = games[i], leaves[i]
        while row >= 0:
            trees.visits[game, row] += 1
            trees.total[game, row] += values[i]
            trees.pending[game, row] -= 1
            row = trees.parent[game, row]


@compiled
def prove(trees: Trees, game: int, row: int, result: float) -> None:
    """Note a row's result, and whatever follows from it for the rows above."""
    trees.proven[game, row] = result
    row = trees.parent[game, row]
    while row >= 0 and np.isnan(trees.proven[game, row]):
        sign = 1.0 if trees.mover[game, row] == 0 else -1.0
        first = trees.first[game, row]
        best, all_known = -np.inf, True
        for child in range(first, first + trees.size[game, row]):
            known = trees.proven[game, child]
            if np.isnan(known):
                all_known = False
            else:
                best = max(best, sign * known)
        if best < 1.0 and not all_known:
            return
        trees.proven[game, row] = sign * best
        row = trees.parent[game, row]


@compiled
def replant(trees: Trees, game: int, row: int, origin: NDArray[np.int32]) -> int:
    """Make a row the root and drop all that is not below it; how many rows are left.

    origin: written: the former row of each row that is left.
    """
    origin[0] = row
    kept = 1
    done = 0
    # Breadth first, so that a block of children stays a block.
    while done < kept:
        old = origin[done]
        first = trees.first[game, old]
        for child in range(first, first + trees.size[game, old]):
            origin[kept] = child
            kept += 1
        done += 1
    following = 1
    fresh = np.empty(kept, np.int32)
    for new in range(kept):
        fresh[new] = following
        following += trees.size[game, origin[new]]
    parents = np.full(kept, -1, np.int32)
    for new in range(kept):
        for child in range(fresh[new], fresh[new] + trees.size[game, origin[new]]):
            parents[child] = new
    kept_rows = origin[:kept]
    trees.size[game, :kept] = trees.size[game][kept_rows]
    trees.action[game, :kept] = trees.action[game][kept_rows]
    trees.visits[game, :kept] = trees.visits[game][kept_rows]
    trees.mover[game, :kept] = trees.mover[game][kept_rows]
    trees.prior[game, :kept] = trees.prior[game][kept_rows]
    trees.total[game, :kept] = trees.total[game][kept_rows]
    trees.proven[game, :kept] = trees.proven[game][kept_rows]
    trees.first[game, :kept] = fresh
    trees.parent[game, :kept] = parents
    trees.pending[game, :kept] = 0
    trees.used[game] = kept
    return kept
