"""The trained players: what they must know, position by position."""

from __future__ import annotations

import pytest

import zoo
from zoo.games.alphazero import AlphaZeroPlayer
from zoo.games.rules import Rules, State

TICTACTOE = Rules("tic_tac_toe")


def _truth(state: State, known: dict[str, float]) -> float:
    """The exact result for player 0, by looking at every game; kept in `known` by the board."""
    board = str(state)
    if board not in known:
        best = max if state.current_player() == 0 else min
        known[board] = (
            TICTACTOE.result(state, 0)
            if state.is_terminal()
            else best(_truth(state.child(action), known) for action in state.legal_actions())
        )
    return known[board]


def _walk(player: AlphaZeroPlayer, side: int, simulations: int | None) -> tuple[int, float]:
    """Let it play against every possible reply: how many boards it met, its worst result."""
    met: dict[str, int] = {}
    worst = 1.0
    options = {} if simulations is None else {"simulations": simulations}
    waiting = [TICTACTOE.initial()]
    while waiting:
        state = waiting.pop()
        if state.is_terminal():
            worst = min(worst, TICTACTOE.result(state, side))
            continue
        if state.current_player() != side:
            waiting += [state.child(action) for action in state.legal_actions()]
            continue
        board = str(state)
        if board not in met:
            met[board] = player.predict(state, **options).index
            waiting.append(state.child(met[board]))
    return len(met), worst


@pytest.fixture(scope="module")
def player() -> AlphaZeroPlayer:
    loaded = zoo.load("games/alphazero-tictactoe", device="cpu")
    assert isinstance(loaded, AlphaZeroPlayer)
    return loaded


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("simulations", [1, None], ids=["network alone", "default"])
def test_it_never_loses_whatever_the_other_plays(
    player: AlphaZeroPlayer, side: int, simulations: int | None
) -> None:
    met, worst = _walk(player, side, simulations)
    assert met > 50
    assert worst >= 0


def test_its_values_are_true_and_its_moves_keep_them_on_every_reachable_board(
    player: AlphaZeroPlayer,
) -> None:
    """All 4,520 boards on which a game is not over, whether good play leads there or not."""
    boards: dict[str, State] = {}
    waiting = [TICTACTOE.initial()]
    while waiting:
        state = waiting.pop()
        if not state.is_terminal() and str(state) not in boards:
            boards[str(state)] = state
            waiting += [state.child(action) for action in state.legal_actions()]
    assert len(boards) == 4520
    known: dict[str, float] = {}
    wrong = []
    for board, state in boards.items():
        truth = _truth(state, known)
        move = player.predict(state, simulations=200)
        if _truth(state.child(move.index), known) != truth:
            wrong.append(board)
        if move.proven:
            assert move.value == (truth if state.current_player() == 0 else -truth)
    assert wrong == []
