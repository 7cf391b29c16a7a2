"""Connect Four by hand: alpha-beta search with a hand-written evaluation, and proof at the end.

The methods are those of the game's literature: Allis, "A Knowledge-Based Approach of Connect-Four"
(1988), for what threats are worth; Tromp's and Pons's solvers for bitboards and move ordering;
iterative deepening (Slate & Atkin 1977) with a transposition table for the use of time.
"""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from zoo.games.connect4 import (
    SQUARES,
    aligned,
    bitboards,
    column_of,
    legal_moves,
    safe_moves,
)
from zoo.games.connect4_search import (
    DEADLINE,
    DECIDED,
    LIMIT,
    NODES,
    PROOF_SIZE,
    SEARCH_SIZE,
    STOPPED,
    WIN,
    Table,
    exceeds,
    search,
)
from zoo.games.player import Budget, Player
from zoo.games.rules import Rules, State
from zoo.machine import usable_threads
from zoo.predictions import Move

# The evaluation's share of the budget: it orders the moves for the proof, and is the answer where
# the proof fails. Chosen on random positions; with fewer than _OPENING stones on the board a proof
# takes many seconds, so nearly all goes to the evaluation.
_SHARE, _OPENING_SHARE, _OPENING = 0.125, 0.75, 8
_ENDLESS = 1 << 60  # positions or nanoseconds, within 64 bits whatever is added
_LEAST = 2_000  # positions, of a budget too small to share
# A question of the proof gets so many positions at first, then _GROWTH times as many, and so on, so
# that one hard question doesn't starve the easy ones.
_PATIENCE, _GROWTH = 2_000, 4
# The evaluation, in points, at which a game is about as good as won: tanh(1) = 0.76.
_SCALE = 100.0


@dataclass
class Memory:
    """What searches keep: proofs hold for ever, the rest makes the next search start better."""

    proofs: Table = field(default_factory=lambda: np.zeros(PROOF_SIZE, np.int64))
    scores: Table = field(default_factory=lambda: np.zeros((SEARCH_SIZE, 2), np.int64))
    killers: Table = field(default_factory=lambda: np.zeros((SQUARES, 2), np.int64))
    history: Table = field(default_factory=lambda: np.zeros((2, 49), np.int64))


class AlphaBetaConnect4(Player):
    """Alpha-beta search of Connect Four that answers with a proven move where it can.

    One eighth of the budget (in the opening three quarters) goes to iterative deepening with the
    evaluation, the rest to proving what each move leads to: a win, a draw or a loss. `value` is
    that result where it is proven, and the squashed evaluation elsewhere. The policy is shared
    equally by the moves proven as good as the one chosen.

    A budget of a depth alone takes the time it needs; the proof, which looks to the end of the
    game, is then left out while more squares than that are empty.
    """

    default: ClassVar[Budget] = Budget(nodes=4_000_000)  # about half a second of one core of 2026
    predict_options: ClassVar[frozenset[str]] = frozenset({"seconds", "nodes", "depth"})
    batch_size = 32

    def __init__(self) -> None:
        super().__init__("connect_four")

    def _predict(self, batch: list[State], **options: Any) -> list[Move]:
        """Each position is searched by itself, as many at a time as `usable_threads` says."""
        budget = self.budget(options)
        with ThreadPoolExecutor(usable_threads()) as pool:
            return list(pool.map(lambda state: self.choose(state, budget, self.memory()), batch))

    def memory(self) -> Memory:
        return Memory()

    def choose(self, state: State, budget: Budget, memory: Memory) -> Move:
        return _Turn(state, budget, memory).play(self.rules)


class _Turn:
    """One search of one position.

    floor, ceiling: what is proven of the result of each move, by its bit.
    order: the moves that don't lose at once (all, if every move does), the best first.
    """

    def __init__(self, state: State, budget: Budget, memory: Memory) -> None:
        self.state = state
        self.memory = memory
        history = state.history()
        self.stones = len(history)
        self.own, self.mask = bitboards(history)
        self.depth_limit = min(budget.depth or SQUARES, SQUARES - self.stones)
        self.proves = (budget.depth or SQUARES) >= SQUARES - self.stones
        self.nodes = min(budget.nodes or _ENDLESS, _ENDLESS)
        self.start = time.perf_counter_ns()
        self.nanoseconds = int(min((budget.seconds or 0) * 1e9, _ENDLESS))
        self.control = np.zeros(4, np.int64)
        self.control[NODES] = 1  # this position
        legal = [1 << square for square in range(49) if legal_moves(self.mask) >> square & 1]
        self.floor = dict.fromkeys(legal, -1)
        self.ceiling = dict.fromkeys(legal, 1)
        self.order = sorted(legal, key=lambda move: abs(column_of(move) - 3))
        self.depth = 1
        self.score = 0

    def play(self, rules: Rules) -> Move:
        self._look_one_move_ahead()
        if not self._settled():
            share = _OPENING_SHARE if self.stones < _OPENING else _SHARE
            self._spend(share if self.proves else 1.0)
            self._deepen()
            if self.proves and not self._settled():
                self._spend(1.0)
                self._prove()
        return self._answer(rules)

    def _look_one_move_ahead(self) -> None:
        """Wins at once, losses at once and replies that are forced."""
        safe = safe_moves(self.own, self.mask)
        for move in self.order:
            if aligned(self.own | move):
                self.floor[move] = 1
            elif self.stones == SQUARES - 1:
                self.floor[move] = self.ceiling[move] = 0
            elif not move & safe:
                self.ceiling[move] = -1
        if safe == 0:
            # Block one threat at least: the other player may not see his second.
            threats = [move for move in self.order if aligned((self.own ^ self.mask) | move)]
            self.order = threats + [move for move in self.order if move not in threats]

    def _settled(self) -> bool:
        """Whether the value and a move that reaches it are proven."""
        return max(self.floor.values()) == max(self.ceiling.values())

    def _spend(self, share: float) -> None:
        """Let the searches go on until this share of the whole budget is gone."""
        self.control[LIMIT] = min(self.nodes, max(int(self.nodes * share), _LEAST))
        if self.nanoseconds:
            self.control[DEADLINE] = self.start + int(self.nanoseconds * share)
        self.control[STOPPED] = 0

    def _deepen(self) -> None:
        """Iterative deepening over the moves that don't lose at once; the best move moves first."""
        moves = [move for move in self.order if self.ceiling[move] > -1]
        for depth in range(1, self.depth_limit + 1):
            best = -WIN
            for move in moves.copy():
                score = self._score(move, depth - 1, best)
                if self.control[STOPPED]:
                    break
                if score <= -DECIDED:
                    self.ceiling[move] = -1
                if score > best:
                    best = score
                    moves.remove(move)
                    moves.insert(0, move)
            if best > -WIN:
                # Of an unfinished depth the moves searched so far are still the better informed.
                self.order = moves + [move for move in self.order if move not in moves]
                self.score = best
            if best >= DECIDED:
                self.floor[moves[0]] = 1
            if self.control[STOPPED]:
                break
            self.depth = depth
            if abs(best) < DECIDED and depth == SQUARES - self.stones:
                self.floor[moves[0]] = 0
                self.ceiling = {move: min(bound, 0) for move, bound in self.ceiling.items()}
            if self._settled():
                break

    def _score(self, move: int, depth: int, best: int) -> int:
        """The value of a move: exact if above `best`, else at most that."""
        memory = self.memory

        def ask(alpha: int, beta: int) -> int:
            return -search(
                self.own ^ self.mask, self.mask | move, self.stones + 1, depth, -beta, -alpha,
                memory.scores, memory.killers, memory.history, self.control,
            )  # fmt: skip

        if best > -WIN:
            score = ask(best, best + 1)
            if score <= best or self.control[STOPPED]:
                return score
        return ask(best, WIN)

    def _prove(self) -> None:
        """Ask of every move whether it wins, and whether it holds the draw, until that is enough.

        Both are null-window questions (Pearl's test, 1980); the answers to them bound the values.
        """
        whole = int(self.control[LIMIT])
        patience = _PATIENCE
        while True:
            for move in self.order:
                for bar in (0, -1):
                    # Whether it exceeds the bar is open, and would tell something new.
                    open_ = self.floor[move] <= bar < self.ceiling[move]
                    if not open_ or bar < max(self.floor.values()):
                        continue
                    spent = int(self.control[NODES])
                    self.control[LIMIT] = min(whole, spent + patience)
                    self.control[STOPPED] = 0
                    reply = exceeds(
                        self.own ^ self.mask, self.mask | move, self.stones + 1, -bar - 1,
                        self.memory.proofs, self.control,
                    )  # fmt: skip
                    if reply == 0:
                        self.floor[move] = bar + 1
                    elif reply == 1:
                        self.ceiling[move] = bar
                    if self._settled() or self._spent(whole):
                        return
            patience *= _GROWTH

    def _spent(self, nodes: int) -> bool:
        if self.control[NODES] >= nodes:
            return True
        deadline = int(self.control[DEADLINE])
        return deadline > 0 and time.perf_counter_ns() >= deadline

    def _answer(self, rules: Rules) -> Move:
        floor = max(self.floor.values())
        proven = self._settled()
        ceiling = max(self.ceiling.values())
        if proven or (floor == 0 and self.score <= 0):
            # A draw in hand, and an evaluation that promises no more than that.
            good = [move for move in self.order if self.floor[move] == floor]
        else:
            # What may still be better than the best that is proven comes first.
            good = [move for move in self.order if self.ceiling[move] == ceiling]
        chosen = good[0]
        shares = {move: 1.0 / len(good) for move in good} if proven else {chosen: 1.0}
        legal = self.state.legal_actions()
        return Move(
            action=rules.text(self.state, column_of(chosen)),
            index=column_of(chosen),
            value=float(min(max(math.tanh(self.score / _SCALE), floor), ceiling)),
            actions=tuple(rules.text(self.state, action) for action in legal),
            policy=tuple(
                sum(share for move, share in shares.items() if column_of(move) == action)
                for action in legal
            ),
            nodes=int(self.control[NODES]),
            depth=self.depth,
            proven=proven,
        )
