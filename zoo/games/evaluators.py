"""What a tree search asks at a leaf: how likely each move is to be good, and who stands better.

A search takes any of these; a network is one, too (`zoo.games.network`).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from zoo.games.rules import Rules, State


class Evaluator(Protocol):
    """Judges positions that are not over."""

    def __call__(self, states: Sequence[State]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Prior probabilities [B, actions] and expected results [B].

        Priors need not be 0 for illegal actions, nor sum to 1 over the legal ones. Results are
        for the player to move, from -1 to 1.
        """


class Uniform:
    """Knows nothing: every move is as likely, every position a draw."""

    def __init__(self, rules: Rules) -> None:
        self._actions = rules.actions

    def __call__(self, states: Sequence[State]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        priors = np.ones((len(states), self._actions), np.float32)
        return priors, np.zeros(len(states), np.float32)


class Rollout:
    """The mean result of games played at random to their end, as UCT had it from the start.

    Kocsis & Szepesvári, "Bandit Based Monte-Carlo Planning", ECML 2006.
    """

    def __init__(self, rules: Rules, *, games: int = 1, seed: int = 0) -> None:
        self._rules = rules
        self._games = games
        self._random = random.Random(seed)

    def __call__(self, states: Sequence[State]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        priors = np.ones((len(states), self._rules.actions), np.float32)
        values = [
            sum(self._result(state) for _ in range(self._games)) / self._games for state in states
        ]
        return priors, np.array(values, np.float32)

    def _result(self, state: State) -> float:
        player = state.current_player()
        state = state.clone()
        choice = self._random.random
        while legal := state.legal_actions():  # none where the game is over
            state.apply_action(legal[int(choice() * len(legal))])
        return self._rules.result(state, player)
