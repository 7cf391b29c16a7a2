"""Monte Carlo tree search with any evaluator: rollouts, a heuristic or a network.

One class serves play (one tree, many leaves at once), self-play (many trees, one leaf each) and
batches of positions (many of both).
The statistics are in `zoo.games.tree`; the rules are OpenSpiel's.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from zoo.games import tree
from zoo.games.evaluators import Evaluator
from zoo.games.player import Budget
from zoo.games.rules import Rules, State
from zoo.games.tree import Trees
from zoo.predictions import Move

_ALIKE = 1e-8  # visits, of which priors are a thousandth: what is closer differs by rounding


@dataclass(frozen=True, slots=True)
class Selection:
    """How a search weighs what it knows against what it has hardly looked at.

    exploration: the constant of PUCT, or of UCB1 if `ucb1`. leaves: evaluated at once in a single
    tree; more are faster and a little less well chosen.
    """

    exploration: float = 1.5
    ucb1: bool = False
    leaves: int = 16


class Search:
    """Trees of `games` games under the same rules, grown by `simulate`.

    root_evaluator: another evaluator for the positions that a search begins with.
    """

    def __init__(
        self,
        rules: Rules,
        evaluator: Evaluator,
        selection: Selection,
        *,
        games: int = 1,
        root_evaluator: Evaluator | None = None,
    ) -> None:
        self.rules = rules
        self.selection = selection
        # The greatest depth reached in each tree [games].
        self.depth = np.zeros(games, np.int32)
        self._evaluator = evaluator
        self._root_evaluator = root_evaluator or evaluator
        self.trees = Trees.empty(games, 256)
        # The position of each expanded row.
        self.states: list[dict[int, State]] = [{} for _ in range(games)]

    def reset(self, game: int, state: State) -> None:
        """Begin a tree anew at a position."""
        tree.plant(self.trees, game)
        self.depth[game] = 0
        self.states[game] = {0: state}

    def simulate(
        self, games: Sequence[int], starts: Sequence[int] | NDArray[np.int32] | None = None
    ) -> None:
        """Look at one more leaf for each entry of `games`; a game may be named several times.

        starts: the row from which to descend in each, instead of the root.
        """
        rows = np.array(games, np.int32)
        begin = np.zeros_like(rows) if starts is None else np.array(starts, np.int32)
        leaves = np.empty_like(rows)
        how = self.selection
        tree.descend(self.trees, rows, begin, how.exploration, how.ucb1, leaves, self.depth)
        values = self.trees.proven[rows, leaves].astype(float)
        unknown = np.flatnonzero(np.isnan(values)).tolist()
        if unknown:
            self._judge(rows, leaves, unknown, values)
        tree.back_up(self.trees, rows, leaves, values)

    def _judge(
        self,
        games: NDArray[np.int32],
        leaves: NDArray[np.int32],
        unknown: list[int],
        values: NDArray[np.float64],
    ) -> None:
        """Write the values for player 0 of the leaves at the positions `unknown` of the list.

        A leaf where the game is over is proven by that; the others are evaluated and opened.
        """
        trees = self.trees
        parents = trees.parent[games, leaves].tolist()
        actions = trees.action[games, leaves].tolist()
        # A single tree may offer the same leaf twice.
        seen: dict[int, int] = {}
        opened, states, again = [], [], []
        for i in unknown:
            game, row = int(games[i]), int(leaves[i])
            key = (game << 32) + row
            earlier = seen.setdefault(key, i)
            if earlier != i:
                again.append((i, earlier))
                continue
            if row == 0:
                state = self.states[game][0]
            else:
                state = self.states[game][parents[i]].child(actions[i])
                if state.is_terminal():
                    values[i] = self.rules.result(state, 0)
                    tree.prove(trees, game, row, values[i])
                    continue
                self.states[game][row] = state
            opened.append(i)
            states.append(state)
        if states:
            values[opened] = self._open(games[opened], leaves[opened], states)
        for i, earlier in again:
            values[i] = values[earlier]

    def _open(
        self, games: NDArray[np.int32], leaves: NDArray[np.int32], states: list[State]
    ) -> NDArray[np.float64]:
        """Evaluate positions and give their rows children; their values for player 0."""
        at_roots = not leaves.any()
        priors, values = (self._root_evaluator if at_roots else self._evaluator)(states)
        legal = [state.legal_actions() for state in states]
        movers = np.array([state.current_player() for state in states], np.int8)
        actions = np.array(list(chain.from_iterable(legal)), np.int32)
        room, needed = self.trees.first.shape[1], int(self.trees.used.max()) + len(actions)
        if needed > room:
            self.trees = self.trees.with_rows(max(needed, 2 * room))
        counts = np.array([len(each) for each in legal], np.int32)
        tree.expand(self.trees, games, leaves, movers, counts, actions, priors)
        return np.where(movers == 0, values, -values).astype(float)

    def grow(self, budget: Budget) -> None:
        """Look at leaves until each tree has spent the budget or its root's result is proven.

        The trees grow in step, so that their leaves can be evaluated together; each grows as it
        would alone. Only time is that of all of them.
        """
        began = time.perf_counter()
        while True:
            spent = time.perf_counter() - began
            wave = [
                game
                for game in range(len(self.states))
                for _ in range(self._due(game, budget, spent))
            ]
            if not wave:
                return
            self.simulate(wave)

    def _due(self, game: int, budget: Budget, spent: float) -> int:
        """How many leaves of a tree to look at next; none where its search is over."""
        if not np.isnan(self.trees.proven[game, 0]):
            return 0
        done = int(self.trees.visits[game, 0])
        # However little time there is, the root itself is looked at.
        if budget.seconds is not None and done > 0 and spent >= budget.seconds:
            return 0
        if budget.depth is not None and self.depth[game] >= budget.depth:
            return 0
        # While the tree is small, a batch would spread over leaves not worth a look.
        batch = max(1, min(self.selection.leaves, done // 8))
        return batch if budget.nodes is None else max(0, min(batch, budget.nodes - done))

    def moves(self, states: Sequence[State], budget: Budget) -> list[Move]:
        """The best move in each position, one for every game, after searches from the start."""
        for game, state in enumerate(states):
            self.reset(game, state)
        self.grow(budget)
        return [self.move(game) for game in range(len(states))]

    def _advance(self, game: int, action: int) -> None:
        """Go on from the position after an action, keeping what is known below it."""
        trees = self.trees
        first, count = trees.first[game, 0], trees.size[game, 0]
        found = [r for r in range(first, first + count) if trees.action[game, r] == action]
        if not found or trees.size[game, found[0]] == 0:
            self.reset(game, self.states[game][0].child(action))
            return
        origin = np.empty(int(trees.used[game]), np.int32)
        kept = tree.replant(trees, game, found[0], origin)
        states = self.states[game]
        self.states[game] = {
            new: states[old] for new, old in enumerate(origin[:kept].tolist()) if old in states
        }

    def move_to(self, state: State, game: int = 0) -> None:
        """Make a position the root; what was found out about it in the same game is kept."""
        self.depth[game] = 0
        now, before = state.history(), None
        if 0 in self.states[game]:
            before = self.states[game][0].history()
        if before is None or now[: len(before)] != before:
            self.reset(game, state)
            return
        for action in now[len(before) :]:
            self._advance(game, action)

    def move(self, game: int = 0) -> Move:
        """The best move at the root: a win if one is proven, else the most visited.

        Moves proven to lose are taken only if all do.
        """
        trees, state = self.trees, self.states[game][0]
        first = int(trees.first[game, 0])
        rows = np.arange(first, first + int(trees.size[game, 0]))
        sign = 1.0 if trees.mover[game, 0] == 0 else -1.0
        visits = trees.visits[game, rows].astype(float)
        proven = sign * trees.proven[game, rows]
        known = not np.isnan(trees.proven[game, 0])
        value = tree.value_of(trees, game, 0, sign, 0.0)
        # A proven result decides; among equals, what the search preferred.
        candidates = proven == value if known else ~(proven == -1)
        share = np.where(candidates, visits + 1e-3 * trees.prior[game, rows], 0.0)
        # Of moves that mirror each other the first, not the one that rounding favours.
        best = int((candidates & (share >= share.max() - _ALIKE)).argmax())
        actions = trees.action[game, rows].tolist()
        return Move(
            action=self.rules.text(state, actions[best]),
            index=actions[best],
            value=value,
            actions=tuple(self.rules.text(state, action) for action in actions),
            policy=tuple((share / share.sum()).tolist()),
            nodes=int(trees.visits[game, 0]),
            depth=int(self.depth[game]),
            proven=known,
        )
