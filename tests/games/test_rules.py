"""Positions as people write them, and games that the players cannot play."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pyspiel
import pytest

from zoo.errors import InputError, UnknownNameError
from zoo.games.rules import Rules

CONNECT4 = Rules("connect_four")
TICTACTOE = Rules("tic_tac_toe")
BREAKTHROUGH = Rules("breakthrough(rows=6,columns=6)")
HISTORY = [3, 3, 2, 4, 1]


def test_every_way_to_write_a_position_is_the_same_position() -> None:
    state = pyspiel.load_game("connect_four").new_initial_state()
    for action in HISTORY:
        state.apply_action(action)
    both = pyspiel.serialize_game_and_state(state.get_game(), state)
    for x in (
        "44352",
        " 44352 ",
        "4 4 3 5 2",
        HISTORY,
        tuple(HISTORY),
        np.array(HISTORY),
        state,
        state.serialize(),
        both,
    ):
        assert CONNECT4.state(x).history() == HISTORY


def test_the_empty_board_can_be_written_too() -> None:
    empty = pyspiel.load_game("connect_four").new_initial_state()
    for x in ("", [], empty, empty.serialize(), np.array([], int)):
        assert CONNECT4.state(x).history() == []


def test_a_single_serialised_move_counts_from_0_and_a_written_one_from_1() -> None:
    assert CONNECT4.state("3\n").history() == [3]
    assert CONNECT4.state("3").history() == [2]


def test_the_state_given_is_left_alone() -> None:
    state = CONNECT4.state("44")
    CONNECT4.state(state).apply_action(0)
    assert state.history() == [3, 3]


def test_moves_of_other_games_are_written_as_openspiel_writes_them() -> None:
    state = BREAKTHROUGH.state("a5a4 a2a3")
    assert len(state.history()) == 2
    words = [BREAKTHROUGH.text(state, action) for action in state.legal_actions()]
    assert "a4b3" in words
    for action, word in zip(state.legal_actions(), words, strict=True):
        assert BREAKTHROUGH.parse(state, word) == action


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ("48", "'8' is illegal as move 2; legal are 1, 2, 3, 4, 5, 6, 7."),
        ("4444444", "'4' is illegal as move 7; legal are 1, 2, 3, 5, 6, 7."),
        ("11223344", "The game is over after 7 moves (the first player won), but more moves came."),
        ([3, 9], "Action 9 is illegal as move 2; legal are 0, 1, 2, 3, 4, 5, 6."),
        ([3, -1], "Action -1 is illegal as move 2; legal are 0, 1, 2, 3, 4, 5, 6."),
        ([3.0], "Actions are whole numbers; move 1 is 3.0."),
        ([True], "Actions are whole numbers; move 1 is True."),
        (["4"], "Actions are whole numbers; move 1 is '4'."),
        ([[3]], "Actions are whole numbers; move 1 is [3]."),
        ("3\nx\n", "'3\\nx\\n' is no serialised state: it has a line that is no number."),
        ("🙂", "'🙂' is illegal as move 1; legal are 1, 2, 3, 4, 5, 6, 7."),
    ],
)
def test_a_broken_position_is_refused_with_the_reason(x: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        CONNECT4.state(x)
    assert str(caught.value) == message


@pytest.mark.parametrize("x", [None, 7, 3.5, b"44", bytearray(b"44"), {3: 3}, np.zeros((2, 2))])
def test_what_is_no_position_is_refused_by_its_type(x: Any) -> None:
    with pytest.raises(InputError, match=rf"; {type(x).__name__} came\.$"):
        CONNECT4.state(x)


def test_another_games_state_is_refused() -> None:
    other = TICTACTOE.state("5")
    with pytest.raises(InputError, match=r"is of tic_tac_toe.*plays connect_four"):
        CONNECT4.state(other)
    text = pyspiel.serialize_game_and_state(other.get_game(), other)
    with pytest.raises(InputError, match=r"is of tic_tac_toe.*plays connect_four"):
        CONNECT4.state(text)
    small = Rules("connect_four(rows=4,columns=5,x_in_row=3)").state([0, 1])
    with pytest.raises(InputError, match=r"rows=4.*plays connect_four"):
        CONNECT4.state(small)


def test_a_state_with_a_start_of_its_own_is_refused() -> None:
    """Its moves alone would say that the board is empty."""
    text = CONNECT4.state("44352").to_json()
    state = CONNECT4.game.new_initial_state(text)
    assert state.history() == []
    with pytest.raises(InputError, match="does not begin at the start of the game"):
        CONNECT4.state(state)


def test_a_serialised_state_with_an_empty_start_is_read() -> None:
    chess = Rules("chess")
    state = chess.initial()
    for _ in range(4):
        state.apply_action(state.legal_actions()[0])
    assert chess.state(state.serialize()).history() == state.history()


def test_a_finished_game_has_no_move() -> None:
    with pytest.raises(InputError, match=r"over: the first player won\.$"):
        CONNECT4.open_state("1122334")
    with pytest.raises(InputError, match=r"over: a draw\.$"):
        TICTACTOE.open_state("159287364")


@pytest.mark.parametrize(
    ("game", "message"),
    [
        ("morpion_solitaire", "is for 1 players"),
        ("backgammon", "has chance in it"),
        ("phantom_ttt", "hides information"),
        ("goofspiel", "has simultaneous moves"),
        ("tic_tac_toe(rows=3)", "cannot be made: Unknown parameter 'rows'"),
        ("breakthrough(rows", "cannot be made: Missing closing bracket"),
        ("nfg_game", "cannot be made"),
        (["connect_four"], "A game is named by text"),
    ],
)
def test_a_game_of_another_kind_is_refused(game: Any, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        Rules(game)


def test_an_unknown_game_is_met_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean connect_four"):
        Rules("connect_for")


def test_both_players_see_their_own_pieces_in_the_same_plane() -> None:
    first, second = CONNECT4.observe([CONNECT4.state("41"), CONNECT4.state("4")])
    assert first[0].sum() == 1
    assert first[0, 0, 3] == 1  # the first player's own, to move
    assert first[1, 0, 0] == 1
    assert second[0].sum() == 0  # the second player has no piece yet
    assert second[1, 0, 3] == 1
    squares = TICTACTOE.observe([TICTACTOE.state("519"), TICTACTOE.state("51")])
    # Empty, the opponent's, one's own: X opened in the centre and O answered in the corner.
    assert squares[0, 2, 0, 0] == 1  # O to move sees its corner
    assert squares[0, 1].sum() == 2
    assert squares[1, 2, 1, 1] == 1  # X to move sees its centre


@pytest.mark.parametrize(
    ("rules", "move"),
    [(BREAKTHROUGH, "a5a4"), (CONNECT4, "4"), (TICTACTOE, "5")],
    ids=["breakthrough", "connect4", "tictactoe"],
)
def test_a_plane_tells_who_moves(rules: Rules, move: str) -> None:
    boards = rules.observe([rules.initial(), rules.state(move)])
    assert boards.shape == (2, *rules.shape)
    assert boards[0, -1].max() == 0
    assert boards[1, -1].min() == 1


@pytest.mark.parametrize("rules", [CONNECT4, TICTACTOE], ids=lambda rules: rules.kind)
def test_symmetric_views_are_positions_whose_moves_are_moved_alike(rules: Rules) -> None:
    """Play a random game, and the same game seen through each symmetry: the boards agree."""
    rng = np.random.default_rng(0)
    numbers = np.arange(rules.actions, dtype=np.float32)[None]
    blank = rules.observe([rules.initial()])
    views = rules.symmetries(blank, numbers)
    state, others = rules.initial(), [rules.initial() for _ in views]
    for _ in range(5):
        action = int(rng.choice(state.legal_actions()))
        state.apply_action(action)
        for other, (_, moved) in zip(others, views, strict=True):
            other.apply_action(int(np.flatnonzero(moved[0] == action)[0]))
        seen = rules.symmetries(rules.observe([state]), numbers)
        for other, (board, _) in zip(others, seen, strict=True):
            assert np.array_equal(rules.observe([other])[0], board[0])


def test_rules_can_be_sent_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(BREAKTHROUGH))
    assert again.name == BREAKTHROUGH.name
    assert again.shape == BREAKTHROUGH.shape
