"""A game on the terminal: the commands, and what is said."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from tests.games.players import Fake, Greedy, Perfect, Random
from zoo.entries import Generation, ModelInfo, Reference
from zoo.errors import InputError, UnknownNameError
from zoo.games.commands import COMMANDS
from zoo.games.play import Sitting, default_opponent, load_player, rules_of
from zoo.games.player import Player
from zoo.games.rules import Rules
from zoo.predictions import Move
from zoo.registry import Registry

# --- a game ---------------------------------------------------------------------------------------


@dataclass
class Played:
    sitting: Sitting
    text: str
    unread: list[str]

    @property
    def history(self) -> list[int]:
        history: list[int] = self.sitting.state.history()
        return history


def sit(player: Player, *lines: str, human: int = 0, **options: Any) -> Played:
    """A game in which the person says these lines, and then no more."""
    left = list(lines)

    def ask(prompt: str) -> str:
        if not left:
            raise EOFError
        return left.pop(0)

    file = io.StringIO()
    out = Console(file=file, width=200, color_system=None)
    sitting = Sitting(player, name="the model", options=options, human=human, out=out, ask=ask)
    sitting.play()
    return Played(sitting, file.getvalue(), left)


def test_a_game_that_the_person_wins() -> None:
    played = sit(Fake("connect_four"), "4", "5", "6", "7")  # it stacks column 1
    assert played.history == [3, 0, 4, 0, 5, 0, 6]
    assert "You play Connect Four against the model; you are ● and move first." in played.text
    assert "[●][●][●][●]" in played.text
    assert played.text.endswith("You win!\n")
    assert played.text.count("the model plays 1: it is ahead (+0.30), after looking at ") == 3


def test_a_game_that_the_model_wins_from_the_first_seat() -> None:
    played = sit(Perfect(), "2", "4", "9", "8", "6", human=1)
    assert played.sitting.state.player_return(0) == 1
    assert "you are O and move second." in played.text
    assert played.text.endswith("the model wins.\n")


def test_a_draw() -> None:
    played = sit(Perfect(), "5", "9", "2", "7", "4", "6", "3", "8", "1", human=0)
    assert played.text.endswith("A draw.\n")


def test_an_illegal_move_costs_nothing() -> None:
    played = sit(Fake("connect_four"), "9", "fly", "", "4", "quit")
    assert "'9' is illegal as move 1; legal are 1, 2, 3, 4, 5, 6, 7." in played.text
    assert "'fly' is illegal as move 1" in played.text
    assert played.history == [3, 0]


def test_undo_takes_both_moves_back() -> None:
    player = Fake("connect_four")
    played = sit(player, "4", "5", "undo", "6", "quit")
    assert played.history == [3, 0, 5, 0]
    # The search remembers nothing of the game that was taken back.
    assert [len(memory) for memory in player.memories] == [2, 1]
    nothing = sit(Fake("connect_four"), "UNDO", "quit", human=1)
    assert "nothing to take back" in nothing.text
    assert nothing.history == [0]
    assert sit(Fake("connect_four"), "4", "5", "undo", "undo", "undo").history == []


def test_a_hint_changes_nothing() -> None:
    player = Greedy("connect_four")
    hinted = sit(player, "4", "hint", "hint", "5", "quit")
    assert hinted.history == sit(Greedy("connect_four"), "4", "5", "quit").history
    assert len(player.memories[0]) == 2
    said = sit(Fake("connect_four"), "hint", nodes=1234).text
    assert "would play 1 for you: you are ahead (+0.30)" in said
    assert "1,234 positions, 1 move ahead" in said
    assert "It likes best: 1 100%" in said


def test_resigning_and_leaving_end_the_game() -> None:
    resigned = sit(Fake(), "5", "resign", "6")
    assert resigned.text.endswith("You resign: the model wins.\n")
    assert resigned.unread == ["6"]
    assert sit(Fake(), "quit", "6").text.endswith("Goodbye.\n")
    assert sit(Fake(), "5").text.endswith("Goodbye.\n")


def test_moves_and_help_are_listed() -> None:
    played = sit(Fake(), "5", "moves", "help")
    assert "Legal moves: 2, 3, 4, 6, 7, 8, 9." in played.text
    for word in ("undo", "hint", "moves", "resign", "help", "quit"):
        assert f"\n{word}" in played.text


def test_a_move_with_spaces_is_understood() -> None:
    rules = Rules("quoridor(board_size=3)")
    word = rules.text(rules.initial(), rules.initial().legal_actions()[-1])
    assert len(sit(Random("quoridor(board_size=3)"), word.replace("_", " ")).history) == 2


def test_a_person_may_move_twice_in_a_row() -> None:
    # Who completes a box of dots and boxes moves again; the model takes the first legal move.
    lines = "P1(h,0,0)", "P1(v,0,0)", "P1(v,0,1)", "undo", "quit"
    played = sit(Fake("dots_and_boxes"), *lines[:3])
    order = [move.player for move in played.sitting.state.full_history()]
    assert order == [0, 1, 0, 1, 0]
    assert played.sitting.state.current_player() == 0
    assert sit(Fake("dots_and_boxes"), *lines).history == played.history[:4]


@pytest.mark.parametrize(
    ("value", "proven", "words"),
    [
        (1.0, True, "it has a proven win"),
        (0.0, True, "it has a proven draw"),
        (-1.0, True, "it has a proven loss"),
        (0.9, False, "it is winning (+0.90)"),
        (0.0, False, "it is level (+0.00)"),
        (-0.4, False, "it is behind (-0.40)"),
        (-1.0, False, "it is losing (-1.00)"),
    ],
)
def test_values_in_words(value: float, proven: bool, words: str) -> None:
    class Sure(Fake):
        def choose(self, *arguments: Any) -> Move:
            move = super().choose(*arguments)
            return Move(
                move.action, move.index, value, move.actions, move.policy, 1, 2, proven=proven
            )

    said = sit(Sure(), "5").text
    assert f"plays 1: {words}, after looking at 1 position, 2 moves ahead." in said


# --- the commands ---------------------------------------------------------------------------------

app = typer.Typer()
for command in COMMANDS:
    app.command()(command)


def entry(name: str, kind: str) -> ModelInfo:
    return ModelInfo(
        name=name,
        summary="Plays for a test.",
        task="board-game",
        generation=Generation.SOFTWARE_1,
        entry=f"tests.games.players:{kind}",
        weights=None,
        license="apache-2.0",
        parameters=0,
        references=(Reference("The test suite of zoo", "https://example.org"),),
        limits="Knows nothing.",
    )


@pytest.fixture
def players(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry of fake players that take any game."""
    models = (
        entry("games/alphabeta", "Greedy"),
        entry("games/random", "Random"),
        entry("games/perfect", "Perfect"),
    )
    fake = Registry({model.name: model for model in models}, {}, ())
    monkeypatch.setattr("zoo.registry.registry", lambda: fake)


Zoo = Callable[..., Any]


@pytest.fixture
def zoo(players: None, monkeypatch: pytest.MonkeyPatch) -> Zoo:
    monkeypatch.setenv("COLUMNS", "200")
    runner = CliRunner()

    def run(*arguments: str, said: str = "") -> Any:
        return runner.invoke(app, arguments, input=said)

    return run


def test_games_have_common_names() -> None:
    assert rules_of("connect4").name == "connect_four()"
    assert rules_of("tictactoe").name == "tic_tac_toe()"
    assert rules_of("hex(board_size=4)").name == "hex(board_size=4)"
    with pytest.raises(UnknownNameError):
        rules_of("chequers4")


def test_the_default_opponent(monkeypatch: pytest.MonkeyPatch, players: None) -> None:
    assert default_opponent(rules_of("othello")) == "games/alphabeta"
    both = "games/alphazero-connect4", "games/alphabeta-connect4"
    for known, expected in ((both, both[0]), (both[1:], both[1]), ((), "games/alphabeta")):
        made = Registry({name: entry("games/x", "Fake") for name in known}, {}, ())
        monkeypatch.setattr("zoo.registry.registry", lambda made=made: made)
        assert default_opponent(rules_of("connect4")) == expected
    monkeypatch.undo()
    assert default_opponent(rules_of("tictactoe")) == "games/alphazero-tictactoe"


def test_a_player_is_loaded_for_the_game(players: None) -> None:
    assert load_player("games/random", rules_of("othello")).rules.name == "othello()"
    assert load_player("games/random").rules.name == "tic_tac_toe()"


def test_play(zoo: Zoo) -> None:
    done = zoo("play", "tictactoe", "--nodes", "5", said="5\nhint\nquit\n")
    assert done.exit_code == 0
    assert "games/alphabeta plays" in done.output
    assert "Your move: 5\n" in done.output
    assert "5 positions" in done.output
    assert done.output.endswith("Goodbye.\n")
    second = zoo("play", "tictactoe", "--second", "--against", "games/perfect")
    assert second.exit_code == 0
    assert "games/perfect plays" in second.output


def test_what_cannot_be_played_is_refused(zoo: Zoo) -> None:
    assert isinstance(zoo("play", "chequers4").exception, UnknownNameError)
    assert isinstance(zoo("play", "--against", "games/nobody").exception, UnknownNameError)
    assert isinstance(
        zoo("play", "--nodes", "0", "--against", "games/random").exception, InputError
    )
    assert isinstance(zoo("play", "kuhn_poker").exception, InputError)


def test_ctrl_c_in_a_game(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(prompt: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupt)
    done = zoo("play", "tictactoe")
    assert done.exit_code == 130
    assert done.output.endswith("Interrupted; goodbye.\n")


def test_arena(zoo: Zoo, tmp_path: Path) -> None:
    arguments = ("arena", "games/alphabeta", "games/random", "--pairs", "5", "--nodes", "9")
    done = zoo(*arguments, "--game", "connect4", "--out", str(tmp_path))
    assert done.exit_code == 0
    assert "games/alphabeta scores " in done.output
    assert "against games/random over 10 games (5 openings of 4 plies" in done.output
    (path,) = tmp_path.iterdir()
    assert path.name == "alphabeta-vs-random-9n-10games-4plies-seed0.json"
    shown = json.loads(zoo(*arguments, "--game", "connect4", "--json").stdout)
    written = json.loads(path.read_text())
    assert [game["moves"] for pair in shown["pairs"] for game in pair] == [
        game["moves"] for pair in written["pairs"] for game in pair
    ]


def test_ctrl_c_in_the_arena_tells_what_is_finished(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = 0
    choose = Random.choose

    def impatient(self: Random, *arguments: Any) -> Move:
        nonlocal asked
        asked += 1
        if asked > 40:
            raise KeyboardInterrupt
        return choose(self, *arguments)

    monkeypatch.setattr(Random, "choose", impatient)
    arguments = ("arena", "games/random", "games/random", "--opening-plies", "3")
    done = zoo(*arguments, "--out", str(tmp_path))
    assert done.exit_code == 130
    assert "games/random scores 50.0 %" in done.output
    assert "Interrupted after " in done.output
    assert len(list(tmp_path.iterdir())) == 1
    asked = 40
    done = zoo(*arguments)
    assert done.exit_code == 130
    assert "Interrupted after 0 of 100 pairs" in done.output


def test_the_commands_cost_no_heavy_import() -> None:
    script = "import sys, zoo.games.commands; print({'pyspiel', 'torch', 'numpy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_every_command_ends_its_help_with_an_example() -> None:
    for command in COMMANDS:
        assert command.__doc__ is not None
        assert (
            command.__doc__.strip()
            .split("\n")[-1]
            .strip()
            .startswith(f"Example: zoo {command.__name__} ")
        )
