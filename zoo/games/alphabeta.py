"""Alpha-beta search for any game that is known by its rules alone.

Knuth & Moore, "An Analysis of Alpha-Beta Pruning" (1975), with what the field added: iterative
deepening and transposition tables (Slate & Atkin 1977), principal variation search (Marsland &
Campbell 1982), killer moves (Akl & Newborn 1977) and the history heuristic (Schaeffer 1989).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from zoo.games.expected_outcome import ExpectedOutcome
from zoo.games.player import Budget, Player
from zoo.games.rules import Rules, State
from zoo.predictions import Move

# Results are scaled to -1 ... 1, evaluations to less, so that a certain win is worth more than any
# hope. Of equal results the sooner win and the later loss is better, by at most _HASTE.
_HOPE, _CERTAIN, _HASTE = 0.9, 0.99, 1e-6
_EPSILON = 1e-9  # the width of a null window
_SHARE = 5  # one part in five of the budget goes to learning the evaluation
_SAMPLES = 16_000  # positions that are enough to learn it from
_DEEPEST = 200  # moves; Python's stack bears no more
_ENTRIES = 1_000_000  # of the table: a few hundred megabytes


class _Bound(NamedTuple):
    """What the table knows of a position, for the player to move.

    complete: the bound rests on finished games alone, so it holds at any depth.
    """

    depth: int
    low: float
    high: float
    action: int
    complete: bool


@dataclass
class Memory:
    """What one search leaves to the next: evaluation, table, and what proved to be good moves."""

    evaluation: ExpectedOutcome
    table: dict[Hashable, _Bound] = field(default_factory=dict)
    killers: dict[int, int] = field(default_factory=dict)
    history: defaultdict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))


class AlphaBetaPlayer(Player):
    """Alpha-beta search of any game of `Rules`; players need not alternate.

    Where the depth ends, the evaluation is Abramson's expected outcome, learned anew for each
    move; see `zoo.games.expected_outcome`. A game known by its rules alone has no notion of a noisy
    move but one: a move that wins at once. Such wins are looked for below the last depth.

    Positions are told apart by `str(state)`, the player to move and the number of the move. In a
    game whose text leaves out what matters (the repetitions of chess, a ko), values can be wrong.

    `nodes` counts the positions of the search and of the games that the evaluation is learned from.
    """

    default: ClassVar[Budget] = Budget(nodes=30_000)  # half a second or so of Connect Four
    predict_options: ClassVar[frozenset[str]] = frozenset({"seconds", "nodes", "depth"})

    def __init__(self, game: str = "connect_four") -> None:
        super().__init__(game)

    def memory(self) -> Memory:
        return Memory(ExpectedOutcome(_unit(self.rules)))

    def choose(self, state: State, budget: Budget, memory: Memory) -> Move:
        return _Search(self.rules, budget, memory).play(state)


def _unit(rules: Rules) -> float:
    """The utility of the best result that the game knows."""
    return max(abs(float(rules.game.max_utility())), abs(float(rules.game.min_utility())))


class _OutOfBudget(Exception):  # noqa: N818 (nothing went wrong)
    """Raised from the depth of a search to its root."""


class _Search:
    """One search of one position. Scores are for the player to move at the position in question."""

    def __init__(self, rules: Rules, budget: Budget, memory: Memory) -> None:
        self.rules = rules
        self.memory = memory
        self.length: int = rules.game.max_game_length()
        self.depth_limit = min(budget.depth or self.length, _DEEPEST)
        self.nodes_limit = budget.nodes
        self.seconds = budget.seconds
        self.start = time.perf_counter()
        self.nodes = 1  # the root
        self.unit = _unit(rules)
        self.ordered: list[int] = []  # the root's actions, the best first
        self.score = 0.0
        self.proven = False

    def play(self, root: State) -> Move:
        self.nodes += self.memory.evaluation.learn(
            root,
            _SAMPLES if self.nodes_limit is None else min(_SAMPLES, self.nodes_limit // _SHARE),
            None if self.seconds is None else self.start + self.seconds / _SHARE,
        )
        # Scores by another evaluation don't compare with these; proofs hold for ever.
        table = self.memory.table
        self.memory.table = {key: bound for key, bound in table.items() if bound.complete}
        actions = root.legal_actions()
        player, depth = root.current_player(), 1
        self.ordered = self._ordered(actions, player, root.move_number(), -1)
        self.score = self._evaluate(root, player)
        for deeper in range(1, self.depth_limit + 1):
            try:
                self._deepen(root, deeper)
            except _OutOfBudget:
                break
            depth = deeper
            if self.proven:
                break
        chosen = self.ordered[0]
        return Move(
            action=self.rules.text(root, chosen),
            index=chosen,
            value=max(-1.0, min(1.0, round(self.score, 5))),
            actions=tuple(self.rules.text(root, action) for action in actions),
            policy=tuple(float(action == chosen) for action in actions),
            nodes=self.nodes,
            depth=depth,
            proven=self.proven,
        )

    def _deepen(self, root: State, depth: int) -> None:
        """Search the root to one depth. What was found before the budget ended is kept."""
        best, all_proven = -2.0, True
        for action in self.ordered.copy():
            score, proven = self._after(root, action, depth, best, 2.0)
            all_proven &= proven
            if score > best:
                best = self.score = score
                self.ordered.remove(action)
                self.ordered.insert(0, action)
                if proven and best > _CERTAIN:
                    self.proven = True
                    return
        self.proven = all_proven

    def _after(
        self, state: State, action: int, depth: int, alpha: float, beta: float
    ) -> tuple[float, bool]:
        """The score of a move for who makes it: exact within the window, else a bound."""
        child = state.child(action)
        player = state.current_player()
        if child.is_terminal():
            self._count()
            return self._result(child, player), True
        same = child.current_player() == player

        def ask(alpha: float, beta: float) -> tuple[float, bool]:
            if same:
                return self._search(child, depth - 1, alpha, beta)
            score, complete = self._search(child, depth - 1, -beta, -alpha)
            return -score, complete

        if alpha > -2.0 and beta - alpha > 2 * _EPSILON:
            score, complete = ask(alpha, alpha + _EPSILON)
            if score <= alpha or score >= beta:
                return score, complete
        return ask(alpha, beta)

    def _result(self, state: State, player: int) -> float:
        """A finished game's result, a win the better and a loss the worse for coming soon."""
        result: float = state.player_return(player) / self.unit
        return result * (1.0 - _HASTE * int(state.move_number()) / self.length)

    def _evaluate(self, state: State, player: int) -> float:
        value = self.memory.evaluation(state)
        return (value if player == 0 else -value) * _HOPE

    def _count(self) -> None:
        if self.nodes_limit is not None and self.nodes >= self.nodes_limit:
            raise _OutOfBudget
        if self.seconds is not None and time.perf_counter() - self.start >= self.seconds:
            raise _OutOfBudget
        self.nodes += 1

    def _search(self, state: State, depth: int, alpha: float, beta: float) -> tuple[float, bool]:
        """(score, whether it rests on finished games alone) of a position that is not over."""
        self._count()
        player, number = state.current_player(), state.move_number()
        if depth <= 0:
            return self._leaf(state, player)
        key = (str(state), player, number)
        known = self.memory.table.get(key)
        first = -1
        if known is not None:
            first = known.action
            if known.depth >= depth or known.complete:
                if known.low >= beta or known.low == known.high:
                    return known.low, known.complete
                if known.high <= alpha:
                    return known.high, known.complete
        best, best_action, proven, all_proven = -2.0, -1, False, True
        floor = alpha
        for action in self._ordered(state.legal_actions(), player, number, first):
            score, complete = self._after(state, action, depth, alpha, beta)
            all_proven &= complete
            if score > best:
                best, best_action, proven = score, action, complete
            alpha = max(alpha, score)
            if alpha >= beta:
                self.memory.killers[number] = action
                self.memory.history[player, action] += depth * depth
                break
        # One proven move is proof enough that the position is worth no less.
        complete = proven if best >= beta or best > _CERTAIN else all_proven
        if known is not None or len(self.memory.table) < _ENTRIES:
            low = best if best > floor else -2.0
            high = best if best < beta else 2.0
            self.memory.table[key] = _Bound(depth, low, high, best_action, complete)
        return best, complete

    def _leaf(self, state: State, player: int) -> tuple[float, bool]:
        for action in state.legal_actions():
            child = state.child(action)
            if child.is_terminal() and child.player_return(player) >= self.unit:
                return self._result(child, player), True
        return self._evaluate(state, player), False

    def _ordered(self, actions: list[int], player: int, number: int, first: int) -> list[int]:
        """Actions with the most promising first: the table's, the killer, then by history."""
        history = self.memory.history
        killer = self.memory.killers.get(number, -1)

        def promise(action: int) -> tuple[bool, bool, int]:
            return action == first, action == killer, history.get((player, action), 0)

        return sorted(actions, key=promise, reverse=True)
