"""A static evaluation for any game, learned from random games.

Abramson, "Expected-Outcome: A General Model of Static Evaluation" (IEEE PAMI 12(2), 1990): a
position is worth what games that go on from it by random moves bring on average, and a linear
function of what stands on which square is a cheap, rough estimate of that.
"""

from __future__ import annotations

import random
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoo.games.rules import State

_SEED = 1990
_RIDGE = 10.0  # in observations: how many it takes to believe a weight half
_STRIDE = 4  # one position in four is learned from
_FADE = 0.8  # what the games from an earlier position count, beside those from a later one


class ExpectedOutcome:
    """The expected result for player 0, linear in player 0's observation and in whose turn it is.

    unit: the utility of a win.
    """

    def __init__(self, unit: float) -> None:
        self.unit = unit
        self._rng = random.Random(_SEED)
        # Of observations [N, D + 2] (the turn and a constant behind the board) and results [N].
        self._gram: NDArray[Any] | None = None
        self._moment: NDArray[Any] = np.zeros(0)
        self._weights: NDArray[Any] | None = None

    def __call__(self, state: State) -> float:
        """The result, -1 to 1, that player 0 can expect; 0 before anything was learned."""
        if self._weights is None:
            return 0.0
        return max(-1.0, min(1.0, float(self._weights @ np.array(_observe(state)))))

    def learn(self, root: State, positions: int, deadline: float | None) -> int:
        """Play random games from `root` and learn from them; how many positions that took.

        positions: how many at most. deadline: when to stop, on the clock of `time.perf_counter`.
        """
        rows: list[list[float]] = []
        results: list[float] = []
        seen = 0
        while seen < positions and (deadline is None or time.perf_counter() < deadline):
            state = root.clone()
            while not state.is_terminal() and seen < positions:
                state.apply_action(self._rng.choice(state.legal_actions()))
                seen += 1
                # Games are what tells; positions next to each other tell nearly the same.
                if seen % _STRIDE == 0 and not state.is_terminal():
                    rows.append(_observe(state))
            if not state.is_terminal():  # cut short: of no known result
                del rows[len(results) :]
                break
            result = state.player_return(0) / self.unit
            results += [result] * (len(rows) - len(results))
        if results:
            self._fit(np.array(rows), np.array(results))
        return seen

    def _fit(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        gram, moment = x.T @ x, x.T @ y
        if self._gram is not None:
            gram += _FADE * self._gram
            moment += _FADE * self._moment
        self._gram, self._moment = gram, moment
        ridge = np.full(len(gram), _RIDGE)
        ridge[-1] = 1e-6  # the constant is believed at once
        self._weights = np.linalg.solve(gram + np.diag(ridge), moment)


def _observe(state: State) -> list[float]:
    row: list[float] = state.observation_tensor(0)
    row += (-1.0 if state.current_player() else 1.0, 1.0)
    return row
