"""What happens on the terminal: a game of a person against a model, and a match that is watched."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.status import Status
from rich.table import Table
from rich.text import Text

from zoo import registry
from zoo.errors import InputError
from zoo.games.arena import Match, answer, elo_words
from zoo.games.board import draw, piece
from zoo.games.player import Player
from zoo.games.rules import Rules
from zoo.predictions import Move
from zoo.terminal import console, watched

ALIASES = {"connect4": "connect_four", "tictactoe": "tic_tac_toe"}
# The players made for one game, the learned one first.
_OPPONENTS = {
    "connect_four()": ("games/alphazero-connect4", "games/alphabeta-connect4"),
    "tic_tac_toe()": ("games/alphazero-tictactoe",),
}
_ANY_GAME = "games/alphabeta"
# The least expected result for each word.
_STANDING = ((0.6, "winning"), (0.2, "ahead"), (-0.2, "level"), (-0.6, "behind"), (-1.0, "losing"))
_HELP = (
    ("undo", "take back your last move and the answer to it"),
    ("hint", "ask the opponent what it would play in your place"),
    ("moves", "list the legal moves"),
    ("resign", "give the game up"),
    ("help", "show this"),
    ("quit", "leave; so does Ctrl-D"),
)


def rules_of(game: str) -> Rules:
    """The rules of a game by OpenSpiel's name or a common one. Raises ZooError."""
    name, bracket, parameters = game.partition("(")
    return Rules(ALIASES.get(name.strip(), name) + bracket + parameters)


def default_opponent(rules: Rules) -> str:
    """The model to play against where none is named: the learned one where there is one."""
    known = registry.registry().models
    made_for_it = _OPPONENTS.get(rules.name, ())
    return next((name for name in made_for_it if name in known), _ANY_GAME)


def load_player(name: str, rules: Rules | None = None) -> Player:
    """Load a player; one that takes any game is told which. Raises ZooError."""
    entry = registry.registry().models.get(name)
    options = {}
    if rules is not None and entry is not None and entry.weights is None:
        made_with = inspect.signature(registry.model_class_of(entry)).parameters
        options = {"game": rules.name} if "game" in made_with else {}
    model = registry.load(name, **options)
    if not isinstance(model, Player):
        raise InputError(f"{name} is for {model.task}: it plays no games.")
    if rules is not None and model.rules.name != rules.name:
        raise InputError(f"{name} plays {model.rules.name}, not {rules.name}.")
    return model


class Sitting:
    """One game of a person against a model.

    name: how the model is called. options: what it may spend on a move.
    human: 0 if the person moves first, else 1.
    ask: gives the person's next line for a prompt; raises EOFError where there is none.
    """

    def __init__(
        self,
        player: Player,
        *,
        name: str,
        options: Mapping[str, Any],
        human: int,
        out: Console,
        ask: Callable[[str], str],
    ) -> None:
        self.player = player
        self.rules = player.rules
        self.name = name
        self.options = dict(options)
        self.human = human
        self.out = out
        self.ask = ask
        self.state = self.rules.initial()
        self._seat = player.seat(**self.options)

    def play(self) -> None:
        """Play until the game is over or the person leaves it."""
        mine = piece(self.rules, self.human, self.out)
        self._say(
            f"You play {self.rules.game.get_type().long_name} against {self.name}; "
            f"you {f'are {mine} and ' if mine else ''}move {'second' if self.human else 'first'}."
        )
        self._say('Type a move, or "help".')
        self._show()
        while not self.state.is_terminal():
            if self.state.current_player() != self.human:
                self._reply()
            elif not self._turn():
                return
        winner = self.state.player_return(self.human)
        self._say(
            "A draw." if winner == 0 else "You win!" if winner > 0 else f"{self.name} wins.",
            style="bold",
        )

    def _turn(self) -> bool:
        """Do what the person says; whether the game goes on."""
        try:
            line = self.ask("Your move: ").strip()
        except EOFError:
            self.out.print()
            line = "quit"
        match line.lower():
            case "":
                pass
            case "undo":
                self._undo()
            case "hint":
                self._hint()
            case "moves":
                self._say(f"Legal moves: {', '.join(self._legal())}.")
            case "help":
                self._help()
            case "resign":
                self._say(f"You resign: {self.name} wins.", style="bold")
                return False
            case "quit":
                self._say("Goodbye.")
                return False
            case _:
                self._move(line)
        return True

    def _move(self, word: str) -> None:
        try:
            action = self.rules.parse(self.state, word.replace(" ", "_"))
        except InputError as error:
            self._say(f'{error} Type "help" for what else you can say.', style="yellow")
            return
        self.state.apply_action(action)
        # Mostly the answer follows at once, and the board is shown after it.
        if self.state.is_terminal() or self.state.current_player() == self.human:
            self._show()

    def _reply(self) -> None:
        with self._thinking():
            move = answer(self._seat, self.state)
        self.state.apply_action(move.index)
        self._show()
        self._say(
            f"{self.name} plays {move.action}: {_standing(move, 'it is', 'it has')}, "
            f"after looking at {_looked_at(move)}."
        )

    def _undo(self) -> None:
        history = self.state.full_history()
        own = [i for i, played in enumerate(history) if played.player == self.human]
        if not own:
            self._say("You have not moved yet: there is nothing to take back.", style="yellow")
            return
        self.state = self.rules.state([played.action for played in history[: own[-1]]])
        # What the search remembers is of a game that goes another way now.
        self._seat = self.player.seat(**self.options)
        self._show()

    def _hint(self) -> None:
        # In a seat of its own: what it finds out for the person must not help it in the game.
        with self._thinking():
            move = answer(self.player.seat(**self.options), self.state)
        shares = sorted(zip(move.actions, move.policy, strict=True), key=lambda pair: -pair[1])
        best = ", ".join(f"{action} {share:.0%}" for action, share in shares[:3] if share >= 0.005)
        self._say(
            f"{self.name} would play {move.action} for you: "
            f"{_standing(move, 'you are', 'you have')}, after looking at {_looked_at(move)}. "
            f"It likes best: {best}."
        )

    def _help(self) -> None:
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        legal = self._legal()
        table.add_row(legal[len(legal) // 2], "a move: play it")
        for word, meaning in _HELP:
            table.add_row(word, meaning)
        self.out.print(table)

    def _legal(self) -> list[str]:
        return [self.rules.text(self.state, action) for action in self.state.legal_actions()]

    def _thinking(self) -> Status:
        return self.out.status(
            Text(f"{self.name} is thinking")
        )  # as text: a name may have brackets

    def _show(self) -> None:
        self.out.print()
        self.out.print(draw(self.rules, self.state))
        self.out.print()

    def _say(self, text: str, style: str | None = None) -> None:
        self.out.print(text, style=style, soft_wrap=not watched(self.out))


def _standing(move: Move, be: str, have: str) -> str:
    """The value of a move in words, of the one who plays it."""
    if move.proven:
        result = "draw" if move.value == 0 else "win" if move.value > 0 else "loss"
        return f"{have} a proven {result}"
    word = next((word for least, word in _STANDING if move.value >= least), _STANDING[-1][1])
    return f"{be} {word} ({move.value:+.2f})"


def _looked_at(move: Move) -> str:
    return (
        f"{move.nodes:,} position{'' if move.nodes == 1 else 's'}, "
        f"{move.depth} move{'' if move.depth == 1 else 's'} ahead"
    )


def watch(rounds: Iterator[Match], pairs: int) -> tuple[Match | None, bool]:
    """Play a match under a bar with the score so far: the match, and whether Ctrl-C ended it.

    None: no pair of games was finished.
    """
    out = console(stderr=True)
    so_far: Match | None = None
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=out,
        transient=True,
        disable=not watched(out),
    ) as progress:
        task = progress.add_task("pairs of games", total=pairs)
        try:
            for so_far in rounds:
                won, drawn, lost = so_far.tally
                progress.update(
                    task,
                    description=f"+{won} ={drawn} -{lost}  {elo_words(so_far.score)}",
                    completed=len(so_far.pairs),
                )
        except KeyboardInterrupt:
            return so_far, True
    return so_far, False
