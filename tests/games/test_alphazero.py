"""The trained players: what they must know, position by position."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

import zoo
from tests.games.players import Opinionated
from zoo.games.alphazero import AlphaZeroPlayer
from zoo.games.rules import Rules, State
from zoo.predictions import Move

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


# The second and the last are proven while the others have most of their searches before them.
BATCH = ("", "5123", "1", "51", "9", "25", "519", "51234678")


@pytest.fixture
def judge(player: AlphaZeroPlayer, monkeypatch: pytest.MonkeyPatch) -> Opinionated:
    """What the player asks instead of its network."""
    asked = Opinionated(player.rules)
    monkeypatch.setattr(player, "_evaluator", asked)
    monkeypatch.setattr(player, "_root", asked)
    return asked


@pytest.mark.parametrize("size", [1, 3, 5, None])
def test_a_batch_is_answered_as_each_position_alone(
    player: AlphaZeroPlayer, size: int | None
) -> None:
    alone = [player.predict(x, simulations=60) for x in BATCH]
    assert [x for x, move in zip(BATCH, alone, strict=True) if move.nodes < 30] == [
        "5123",
        "51234678",
    ]
    together = player.predict_batch(BATCH, batch_size=size, simulations=60)
    for one, other in zip(alone, together, strict=True):
        assert isinstance(other, Move)
        assert one.index == other.index
        assert (one.nodes, one.depth, one.proven) == (other.nodes, other.depth, other.proven)
        assert other.value == pytest.approx(one.value, abs=1e-5)
        assert other.policy == pytest.approx(one.policy, abs=1e-5)


def test_one_call_of_the_network_serves_all_positions_of_a_batch(
    player: AlphaZeroPlayer, judge: Opinionated, threads: Callable[[int], None]
) -> None:
    threads(1)
    alone, calls = [], []
    for x in BATCH:
        before = len(judge.calls)
        alone.append(player.predict(x, simulations=60))
        calls.append(len(judge.calls) - before)
    judge.calls.clear()
    assert player.predict_batch(BATCH, simulations=60) == alone
    assert len(judge.calls) <= max(calls) + 1 < sum(calls) / 4
    judge.calls.clear()
    assert player.predict_batch(BATCH, batch_size=3, simulations=60) == alone
    assert len(judge.calls[0]) == 3


def test_every_thread_has_a_share_of_the_batch(
    player: AlphaZeroPlayer, judge: Opinionated, threads: Callable[[int], None]
) -> None:
    alone = [player.predict(x, simulations=60) for x in BATCH]
    threads(3)
    assert player.predict_batch(BATCH, simulations=60) == alone
    judge.calls.clear()
    player.predict_batch(BATCH, simulations=1)
    assert sorted(map(len, judge.calls)) == [4, 4]
    assert torch.get_num_threads() == 3


def test_with_seconds_to_spend_each_position_has_them_to_itself(
    player: AlphaZeroPlayer, judge: Opinionated
) -> None:
    positions = ["1", "5", "9"]
    assert len(player.predict_batch(positions, seconds=0.01)) == 3
    begun = [{state.history()[0] for state in call} for call in judge.calls]
    assert all(len(first) == 1 for first in begun)
    assert {min(first) for first in begun} == {0, 4, 8}


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
    moves = player.predict_batch(boards.values(), simulations=200)
    for (board, state), move in zip(boards.items(), moves, strict=True):
        assert isinstance(move, Move)
        truth = _truth(state, known)
        if _truth(state.child(move.index), known) != truth:
            wrong.append(board)
        if move.proven:
            assert move.value == (truth if state.current_player() == 0 else -truth)
    assert wrong == []
