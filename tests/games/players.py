"""Players simple enough that the outcome of their games is known, and what they may ask."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from zoo.games.player import Budget, Player
from zoo.games.rules import Rules, State
from zoo.predictions import Move


class Fake(Player):
    """Plays what `pick` says; the memory is the list of the positions that it was asked about."""

    default: ClassVar[Budget] = Budget(nodes=7)
    predict_options: ClassVar[frozenset[str]] = frozenset({"seconds", "nodes"})

    def __init__(self, game: str = "tic_tac_toe") -> None:
        super().__init__(game)
        self.memories: list[list[str]] = []

    def memory(self) -> list[str]:
        self.memories.append([])
        return self.memories[-1]

    def choose(self, state: State, budget: Budget, memory: Any) -> Move:
        memory.append(str(state))
        index = self.pick(state)
        legal = state.legal_actions()
        return Move(
            action=self.rules.text(state, index) if index in legal else "?",
            index=index,
            value=0.3,
            actions=tuple(self.rules.text(state, action) for action in legal),
            policy=tuple(float(action == index) for action in legal),
            nodes=budget.nodes or 1,
            depth=1,
        )

    def pick(self, state: State) -> int:
        """The first legal action."""
        first: int = state.legal_actions()[0]
        return first


class Random(Fake):
    """Any legal move; the same in the same position."""

    def __init__(self, game: str = "tic_tac_toe", seed: int = 0) -> None:
        super().__init__(game)
        self.seed = seed

    def pick(self, state: State) -> int:
        rng = np.random.default_rng([self.seed, *state.history()])
        return int(rng.choice(state.legal_actions()))


class Greedy(Random):
    """A move that wins at once if there is one, else any."""

    def pick(self, state: State) -> int:
        for action in state.legal_actions():
            child = state.child(action)
            if child.is_terminal() and child.player_return(state.current_player()) > 0:
                return int(action)
        return super().pick(state)


class Perfect(Fake):
    """The best move of tic-tac-toe."""

    def pick(self, state: State) -> int:
        actions: list[int] = state.legal_actions()
        return max(actions, key=lambda action: self.worth(state, action))

    def worth(self, state: State, action: int) -> float:
        player = state.current_player()
        return (1 if player == 0 else -1) * solve((*state.history(), action))


class Hopeless(Perfect):
    """The worst move of tic-tac-toe."""

    def worth(self, state: State, action: int) -> float:
        return -super().worth(state, action)


@functools.cache
def solve(history: tuple[int, ...]) -> float:
    """The result of tic-tac-toe for the first player, both playing their best from here."""
    state = Rules("tic_tac_toe").state(list(history))
    if state.is_terminal():
        return float(state.player_return(0))
    best = max if state.current_player() == 0 else min
    return best(solve((*history, action)) for action in state.legal_actions())


class Opinionated:
    """An evaluator with its own random view of every board, whatever else it is asked with it.

    calls: the positions of each call.
    """

    def __init__(self, rules: Rules) -> None:
        self._actions = rules.actions
        self.calls: list[list[State]] = []

    def __call__(self, states: Sequence[State]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        self.calls.append(list(states))
        seeds = [zlib.crc32(str(state).encode()) for state in states]
        drawn = np.array([np.random.default_rng(seed).random(self._actions + 1) for seed in seeds])
        return drawn[:, 1:].astype(np.float32), (drawn[:, 0] - 0.5).astype(np.float32)
