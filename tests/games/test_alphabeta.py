"""Alpha-beta against brute force: proofs, budgets, bitboards."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pyspiel
import pytest

from zoo.errors import InputError
from zoo.games import connect4
from zoo.games.alphabeta import AlphaBetaPlayer
from zoo.games.alphabeta_connect4 import AlphaBetaConnect4
from zoo.games.connect4_search import LIMIT, PROOF_SIZE, exceeds
from zoo.games.expected_outcome import ExpectedOutcome
from zoo.games.rules import Rules

CONNECT4 = pyspiel.load_game("connect_four")


def random_game(seed: int, plies: int = 42, game: Any = CONNECT4) -> Any:
    """A state after at most so many random moves."""
    rng = random.Random(seed)
    state = game.new_initial_state()
    while not state.is_terminal() and state.move_number() < plies:
        state.apply_action(rng.choice(state.legal_actions()))
    return state


def unfinished(count: int, plies: range, game: Any = CONNECT4) -> list[Any]:
    """Random positions, each before the end of its game."""
    found: list[Any] = []
    seed = 0
    while len(found) < count:
        state = random_game(seed, plies[seed % len(plies)], game)
        seed += 1
        if not state.is_terminal():
            found.append(state)
    return found


@cache
def brute_force(game: str, moves: tuple[int, ...]) -> float:
    """The result for player 0 if both play their best: plain minimax over OpenSpiel's rules."""
    state = Rules(game).state(list(moves))
    results: dict[str, float] = {}

    def solve(state: Any) -> float:
        if state.is_terminal():
            return float(state.player_return(0))
        key = f"{state.current_player()} {state}"
        if key not in results:
            children = [solve(state.child(action)) for action in state.legal_actions()]
            results[key] = max(children) if state.current_player() == 0 else min(children)
        return results[key]

    return solve(state)


def outcomes(game: str, state: Any) -> dict[int, float]:
    """The result of each legal move for the player to move."""
    sign = 1 if state.current_player() == 0 else -1
    return {
        action: sign * brute_force(game, (*state.history(), action))
        for action in state.legal_actions()
    }


@pytest.fixture(scope="module")
def player() -> AlphaBetaConnect4:
    return AlphaBetaConnect4()


# --- bitboards --------------------------------------------------------------------------------


def test_bitboards_see_wins_and_moves_as_openspiel_does() -> None:
    wins = 0
    for seed in range(150):
        state = CONNECT4.new_initial_state()
        for action in random_game(seed).history():
            own, mask = connect4.bitboards(state.history())
            legal = connect4.legal_moves(mask)
            columns = [column for column in range(7) if legal & (63 << 7 * column)]
            assert columns == state.legal_actions()
            move = legal & (63 << 7 * action)
            assert connect4.column_of(move) == action
            threatened = bool(connect4.winning_squares(own, mask) & move)
            mover = state.current_player()
            state.apply_action(action)
            won = state.is_terminal() and state.player_return(mover) > 0
            assert connect4.aligned(own | move) == threatened == won
            wins += won
    assert wins > 100


def test_safe_moves_are_those_without_an_immediate_answer() -> None:
    checked = 0
    for state in unfinished(200, range(6, 36)):
        own, mask = connect4.bitboards(state.history())
        if connect4.winning_squares(own, mask) & connect4.legal_moves(mask):
            continue
        other = 1 - state.current_player()
        expected = set()
        for action in state.legal_actions():
            child = state.child(action)
            answers = [] if child.is_terminal() else child.legal_actions()
            if not any(child.child(answer).player_return(other) > 0 for answer in answers):
                expected.add(action)
        safe = connect4.safe_moves(own, mask)
        assert {column for column in range(7) if safe & (63 << 7 * column)} == expected
        checked += 1
    assert checked > 60


@pytest.mark.parametrize("seed", range(5))
def test_the_evaluation_is_mirror_invariant(seed: int) -> None:
    moves = random_game(seed, 12).history()
    own, mask = connect4.bitboards(moves)
    mirrored = connect4.bitboards(6 - move for move in moves)
    assert connect4.evaluate(own, mask, len(moves)) == connect4.evaluate(*mirrored, len(moves))


def test_the_evaluation_knows_the_odd_threat() -> None:
    # The first player's three in row 3 (odd in Allis's count) and the same three in row 2, by hand.
    mask = sum(1 << 7 * column + row for column in range(1, 4) for row in range(4))
    odd = sum(1 << 7 * column + 2 for column in range(1, 4))
    even = sum(1 << 7 * column + 1 for column in range(1, 4))
    assert connect4.evaluate(odd, mask, 12) > connect4.evaluate(even, mask, 12)


@pytest.mark.parametrize("bar", [-1, 0])
def test_proofs_agree_with_brute_force(bar: int) -> None:
    table, asked = np.zeros(PROOF_SIZE, np.int64), 0
    for state in unfinished(80, range(32, 42)):
        own, mask = connect4.bitboards(state.history())
        if connect4.winning_squares(own, mask) & connect4.legal_moves(mask):
            continue
        control = np.zeros(4, np.int64)
        control[LIMIT] = 10**9
        best = max(outcomes("connect_four", state).values())
        found = exceeds(own, mask, len(state.history()), bar, table, control)
        assert found == (best > bar)
        asked += 1
    assert asked > 20


# --- the player of Connect Four ---------------------------------------------------------------


def test_late_positions_are_answered_with_the_exact_result(player: AlphaBetaConnect4) -> None:
    seen = set()
    for state in unfinished(60, range(32, 42)):
        truth = outcomes("connect_four", state)
        move = player.predict(state)
        assert move.proven
        assert move.value == max(truth.values()) == truth[move.index]
        seen.add(move.value)
        for share, action in zip(move.policy, state.legal_actions(), strict=True):
            assert share == 0 or truth[action] == move.value
        assert sum(move.policy) == pytest.approx(1)
    assert seen == {-1.0, 0.0, 1.0}


@pytest.mark.parametrize(
    ("moves", "answer"),
    [
        ("112233", "4"),  # the first player's fourth in the bottom row
        ("414141", "4"),  # his fourth in a column
        ("1424147", "4"),  # the second player's
    ],
)
def test_a_win_in_one_is_taken(player: AlphaBetaConnect4, moves: str, answer: str) -> None:
    move = player.predict(moves, nodes=1)
    assert (move.action, move.value, move.proven) == (answer, 1.0, True)


@pytest.mark.parametrize("nodes", [1, 100, 100_000])
def test_a_threat_is_blocked(player: AlphaBetaConnect4, nodes: int) -> None:
    assert player.predict("41424", nodes=nodes).action == "4"


def test_a_lost_position_is_known_and_still_defended(player: AlphaBetaConnect4) -> None:
    # The first player holds 3, 4 and 5 of the bottom row with both ends open.
    move = player.predict("33445", nodes=10)
    assert (move.value, move.proven) == (-1.0, True)
    assert move.action in ("2", "6")


def test_the_value_is_mirror_invariant(player: AlphaBetaConnect4) -> None:
    for state in unfinished(15, range(18, 30)):
        mirrored = [6 - action for action in state.history()]
        move, other = player.predict(state), player.predict(mirrored)
        assert move.proven
        assert other.proven
        assert move.value == other.value


@pytest.mark.parametrize("options", [{"nodes": 3_000}, {"depth": 5}, {"seconds": 0.005}])
def test_less_effort_never_proves_something_else(
    player: AlphaBetaConnect4, options: dict[str, Any]
) -> None:
    proven = 0
    for state in unfinished(25, range(22, 30)):
        quick = player.predict(state, **options)
        assert quick.index in state.legal_actions()
        if quick.proven:
            proven += 1
            assert quick.value == player.predict(state).value
    assert proven > 5


@pytest.mark.parametrize("moves", ["", "4444", "4432561236"])
def test_a_node_budget_is_kept_and_repeatable(
    player: AlphaBetaConnect4, moves: str, threads: Callable[[int], None]
) -> None:
    threads(3)
    for nodes in (1, 2, 50, 20_000):
        move = player.predict(moves, nodes=nodes)
        assert 1 <= move.nodes <= nodes
        player.predict("1234567", nodes=500)
        assert player.predict(moves, nodes=nodes) == move
        assert player.predict_batch(["123", moves], nodes=nodes)[1] == move


def test_a_deeper_budget_looks_deeper(player: AlphaBetaConnect4) -> None:
    depths = [player.predict("44", depth=depth).depth for depth in (1, 2, 5, 9)]
    assert depths == [1, 2, 5, 9]


def test_seconds_are_kept(player: AlphaBetaConnect4) -> None:
    player.predict("", seconds=0.01)  # compiled from here on
    start = time.perf_counter()
    move = player.predict("", seconds=0.2)
    assert 0.15 < time.perf_counter() - start < 0.5
    assert move.nodes > 1_000
    assert not move.proven


def test_a_seat_that_remembers_plays_as_well(player: AlphaBetaConnect4) -> None:
    seat = player.seat(nodes=30_000)
    proofs = 0
    for seed in range(3):
        state = unfinished(3, range(12, 16))[seed]
        while not state.is_terminal():
            move = seat.move(state)
            if move.proven:
                assert move.value == player.predict(state).value
                proofs += 1
            state.apply_action(move.index)
    assert proofs > 10


# --- the player of any game -------------------------------------------------------------------


BOXES = "dots_and_boxes(num_rows=2,num_cols=2)"  # who closes a box moves again


@pytest.mark.parametrize(
    ("game", "plies"),
    [("tic_tac_toe", range(9)), ("connect_four", range(34, 42)), (BOXES, range(5, 12))],
)
def test_any_game_is_solved_near_its_end(game: str, plies: range) -> None:
    player = AlphaBetaPlayer(game)
    results = []
    for state in unfinished(14, plies, player.rules.game):
        move = player.predict(state, nodes=20_000)
        truth = outcomes(player.rules.name, state)
        assert move.proven
        assert move.nodes <= 20_000
        assert move.value == max(truth.values()) == truth[move.index]
        results.append(move.value)
    assert len(set(results)) > 1


@pytest.mark.parametrize(
    ("game", "moves", "answer"),
    [
        ("tic_tac_toe", "1425", "3"),  # the row is completed
        ("tic_tac_toe", "142", "3"),  # or blocked
        ("connect_four", "41424", "4"),
    ],
)
def test_any_game_sees_one_move_ahead(game: str, moves: str, answer: str) -> None:
    player = AlphaBetaPlayer(game)
    assert player.predict(moves, depth=2).action == answer
    assert player.predict(moves, nodes=8_000).action == answer


def test_any_game_takes_a_win_at_depth_one() -> None:
    move = AlphaBetaPlayer("tic_tac_toe").predict("1425", depth=1)
    assert (move.action, move.value, move.proven, move.depth) == ("3", 1.0, True, 1)


def test_any_game_keeps_its_budget_and_repeats_itself() -> None:
    player = AlphaBetaPlayer("breakthrough(rows=6,columns=6)")
    for nodes in (1, 10, 3_000):
        move = player.predict("", nodes=nodes)
        assert 1 <= move.nodes <= nodes
        assert player.predict("", nodes=nodes) == move
    start = time.perf_counter()
    assert player.predict("", seconds=0.15).depth >= 1
    assert 0.1 < time.perf_counter() - start < 0.5


def test_any_game_remembers_without_harm() -> None:
    player = AlphaBetaPlayer("tic_tac_toe")
    seat = player.seat(nodes=3_000)
    proofs = 0
    for seed in range(6):
        state = random_game(seed, 1 + seed % 3, player.rules.game)
        while not state.is_terminal():
            move = seat.move(state)
            truth = outcomes("tic_tac_toe", state)
            if move.proven:
                assert move.value == max(truth.values()) == truth[move.index]
                proofs += 1
            state.apply_action(move.index)
    assert proofs > 30


def test_the_expected_outcome_knows_who_is_ahead() -> None:
    game = pyspiel.load_game("breakthrough(rows=6,columns=6)")
    evaluation = ExpectedOutcome(1.0)
    root = game.new_initial_state()
    assert evaluation(root) == 0
    assert 15_900 < evaluation.learn(root, 16_000, None) <= 16_000
    values: dict[float, list[float]] = {-1.0: [], 1.0: []}
    for seed in range(100, 300):
        end = random_game(seed, 400, game)
        middle = game.new_initial_state()
        for action in end.history()[: 3 * len(end.history()) // 4]:
            middle.apply_action(action)
        values[end.player_return(0)].append(evaluation(middle))
    assert np.mean(values[1.0]) > np.mean(values[-1.0]) + 0.1


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [AlphaBetaConnect4, AlphaBetaPlayer])
@pytest.mark.parametrize(
    "options", [{"nodes": 0}, {"depth": 0}, {"seconds": 0}, {"simulations": 5}]
)
def test_a_budget_of_nothing_is_refused(make: Any, options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        make().predict("44", **options)


@pytest.mark.parametrize("make", [AlphaBetaConnect4, AlphaBetaPlayer])
def test_a_finished_game_is_refused(make: Any) -> None:
    with pytest.raises(InputError, match="the first player won"):
        make().predict("1122334")
