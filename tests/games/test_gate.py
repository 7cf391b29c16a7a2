"""How strong an evaluator is, by matches and by positions with known answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from zoo.games import gate
from zoo.games.evaluators import Rollout, Uniform
from zoo.games.rules import Rules, State

CONNECT4 = Rules("connect_four")
TICTACTOE = Rules("tic_tac_toe")


class _Good:
    """Knows the centre to be good."""

    def __call__(self, states: Sequence[State]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        priors = np.full((len(states), 9), 0.01, np.float32)
        priors[:, 4] = 1
        return priors, np.zeros(len(states), np.float32)


def test_a_match_against_itself_is_even_and_sides_are_swapped() -> None:
    uniform = Uniform(CONNECT4)
    openings = [[3, 3], [2, 4], [0, 6]]
    assert gate.score(CONNECT4, uniform, uniform, openings, 20) == 0.5
    mine = gate.score(CONNECT4, Rollout(CONNECT4), uniform, openings, 40)
    theirs = gate.score(CONNECT4, uniform, Rollout(CONNECT4), openings, 40)
    assert mine > 0.7
    assert theirs < 0.3


def test_kept_counts_the_moves_that_pass() -> None:
    positions = [(TICTACTOE.state(x), lambda move: move.index == 4) for x in ("", "1", "5")]
    assert gate.kept(TICTACTOE, _Good(), positions, 1) == pytest.approx(2 / 3)
