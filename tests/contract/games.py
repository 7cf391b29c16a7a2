"""The contract of board-game: good input, bad input, and what an answer must be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.contract.case import Case
from zoo.predictions import Move

# Positions as people write them, by the game as OpenSpiel names it.
WRITTEN = {
    "connect_four()": ["44352", [3, 3, 3, 2, 4], "3\n3\n"],
    "tic_tac_toe()": ["5192", [4, 0, 8], "4\n0\n"],
}


def _play(model: Any, moves: int | None) -> Any:
    """An OpenSpiel state after so many random moves, or at the game's end."""
    rng = np.random.default_rng(0)
    state = model.rules.initial()
    while not state.is_terminal() if moves is None else state.move_number() < moves:
        action = int(rng.choice(state.legal_actions()))
        if moves is None or not state.child(action).is_terminal():
            state.apply_action(action)
    return state


def _good_positions(model: Any) -> list[Any]:
    state = _play(model, 4)
    return [
        "",
        state.history(),
        tuple(state.history()),
        np.array(_play(model, 2).history()),
        state,
        _play(model, 3).serialize(),
        *WRITTEN.get(model.rules.name, []),
    ]


def _bad_positions(model: Any) -> list[Any]:
    import pyspiel

    over = _play(model, None)
    other = "connect_four" if model.rules.kind == "tic_tac_toe" else "tic_tac_toe"
    return [
        "no-such-move",
        "x" * 1000,
        over,
        over.history(),
        over.serialize(),
        b"44352",
        None,
        3.5,
        [[1]],
        [3.5],
        [True],
        [-1],
        [model.rules.actions],
        [10**30],
        pyspiel.load_game(other).new_initial_state(),
    ]


def _check_move(prediction: Any) -> None:
    assert isinstance(prediction, Move)
    assert prediction.action in prediction.actions
    assert prediction.index >= 0
    assert len(set(prediction.actions)) == len(prediction.actions) == len(prediction.policy)
    assert sum(prediction.policy) == pytest.approx(1, abs=1e-5)
    assert min(prediction.policy) >= 0
    assert -1 <= prediction.value <= 1
    assert str(prediction).startswith(prediction.action)


CASE = Case(
    good=_good_positions,
    bad=_bad_positions,
    numbers=lambda prediction: [prediction.index, prediction.value, *prediction.policy],
    check=_check_move,
    fit=None,
)
