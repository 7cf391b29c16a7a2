"""The games: OpenSpiel's rules, checked to be of the kind that all players here can play.

Lanctot et al., "OpenSpiel: A Framework for Reinforcement Learning in Games" (arXiv:1908.09453).
OpenSpiel numbers a game's actions from 0; people write them in the game's own notation. Whatever
is not known to be legal is refused here, before it reaches OpenSpiel.
"""

from __future__ import annotations

import functools
import numbers
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyspiel
from numpy.typing import NDArray

from zoo.errors import InputError, UnknownNameError

_OWN_START = "FEN: "
State = Any  # pyspiel.State; pyspiel has no types

_KIND = pyspiel.GameType


@dataclass(frozen=True)
class _Lore:
    """What is known of one game beyond its rules.

    notation: the text of each action, where moves are single characters.
    relabel: the order of the observation's planes as player 1 sees them, so that a network always
        sees its own pieces in the same plane.
    symmetries: maps of the board onto itself that the rules do not notice: of [..., H, W] arrays.
    """

    notation: str
    relabel: tuple[int, ...]
    symmetries: tuple[Callable[[NDArray[Any]], NDArray[Any]], ...]


def _same(board: NDArray[Any]) -> NDArray[Any]:
    return board


def _mirror(board: NDArray[Any]) -> NDArray[Any]:
    return board[..., ::-1]


def _dihedral(turns: int, mirrored: bool) -> Callable[[NDArray[Any]], NDArray[Any]]:
    def move(board: NDArray[Any]) -> NDArray[Any]:
        return np.rot90(_mirror(board) if mirrored else board, turns, axes=(-2, -1))

    return move


_KNOWN = {
    "connect_four": _Lore("1234567", (1, 0, 2), (_same, _mirror)),
    "tic_tac_toe": _Lore(
        "123456789",
        (0, 2, 1),
        tuple(_dihedral(turns, mirrored) for mirrored in (False, True) for turns in range(4)),
    ),
}


class Rules:
    """One game: two players, alternating or not, no chance, nothing hidden, zero sum.

    name: OpenSpiel's, with its parameters. actions: how many distinct actions there are.
    shape: of `observe`.

    Raises UnknownNameError if OpenSpiel has no such game, InputError if it is of another kind or
    its parameters are wrong.
    """

    def __init__(self, game: str) -> None:
        self.game = _load_game(game)
        self.name = str(self.game)
        self.kind = self.game.get_type().short_name
        # What is known holds for the standard board only, so for a name without parameters.
        self._lore = _KNOWN.get(self.kind) if self.name in (self.kind, f"{self.kind}()") else None
        self.actions: int = self.game.num_distinct_actions()
        self._most = float(self.game.max_utility())
        shape = tuple(self.game.observation_tensor_shape())
        if len(shape) != 3:
            shape = (int(np.prod(shape)), 1, 1)
        self._planes = shape
        self.shape: tuple[int, int, int] = (shape[0] + 1, *shape[1:])

    def __reduce__(self) -> tuple[Any, ...]:
        return Rules, (self.name,)

    def initial(self) -> State:
        return self.game.new_initial_state()

    # --- positions and moves as people write them ------------------------------------------------

    def state(self, x: Any) -> State:
        """A position as a state of its own: from an OpenSpiel state, text or a list of actions.

        Text is either what OpenSpiel's `serialize` gives (the actions, one a line) or the moves in
        the game's notation: Connect Four's columns and tic-tac-toe's squares as one digit each
        ("44352"), any other game's moves separated by spaces. Numbers in a list are OpenSpiel's
        actions, from 0.

        Raises InputError for anything else, and for an illegal move.
        """
        if isinstance(x, pyspiel.State):
            if str(x.get_game()) != self.name:
                raise InputError(
                    f"The state is of {x.get_game()!s}, but this player plays {self.name}."
                )
            return self._from_state(x)
        if isinstance(x, str):
            return self._from_text(x)
        if isinstance(x, np.ndarray) and x.ndim == 1:
            x = x.tolist()
        if isinstance(x, Sequence) and not isinstance(x, bytes | bytearray):
            return self._from_actions(x)
        raise InputError(
            "A position is an OpenSpiel state, the moves as text, or a list of actions; "
            f"{type(x).__name__} came."
        )

    def _from_state(self, x: State) -> State:
        """A copy that is reached by its own moves: players look at those, too."""
        history = x.history()
        state = self.initial()
        for action in history:
            if state.is_terminal() or action not in state.legal_actions():
                break
            state.apply_action(action)
        if str(state) != str(x) or state.current_player() != x.current_player():
            raise InputError(
                "The state does not begin at the start of the game, as the players here need it."
            )
        return state

    def _from_text(self, text: str) -> State:
        if "[State]" in text:  # pyspiel.serialize_game_and_state
            head, _, body = text.partition("[State]")
            game = head.rpartition("[Game]")[2].strip()
            if str(_load_game(game)) != self.name:
                raise InputError(f"The position is of {game}, but this player plays {self.name}.")
            return self._from_text(body.strip() + "\n" if body.strip() else "")
        if "\n" in text:
            # Some games first name a start of their own, which is empty for the usual one.
            label, _, moves = text.partition("\n")
            try:
                actions = [int(line) for line in (moves if _OWN_START in label else text).split()]
            except ValueError:
                raise InputError(
                    f"{_short(text)} is no serialised state: it has a line that is no number."
                ) from None
            return self._from_actions(actions)
        separate = self._lore is not None and " " not in text.strip()
        state = self.initial()
        for word in text.strip() if separate else text.split():
            state.apply_action(self.parse(state, word))
        return state

    def _from_actions(self, actions: Iterable[Any]) -> State:
        state = self.initial()
        for position, action in enumerate(actions):
            if isinstance(action, bool) or not isinstance(action, numbers.Integral):
                raise InputError(f"Actions are whole numbers; move {position + 1} is {action!r}.")
            self._check_open(state, position)
            if int(action) not in state.legal_actions():
                raise InputError(
                    f"Action {action} is illegal as move {position + 1}; legal are "
                    f"{', '.join(map(str, state.legal_actions()))}."
                )
            state.apply_action(int(action))
        return state

    def parse(self, state: State, word: str) -> int:
        """The action that a word of the game's notation names. Raises InputError."""
        self._check_open(state, state.move_number())
        legal = {self.text(state, action): action for action in state.legal_actions()}
        try:
            return int(legal[word])
        except KeyError:
            raise InputError(
                f"{_short(word)} is illegal as move {state.move_number() + 1}; legal are "
                f"{', '.join(list(legal)[:12])}{', …' if len(legal) > 12 else ''}."
            ) from None

    def text(self, state: State, action: int) -> str:
        """An action in the game's notation."""
        if self._lore is not None:
            return self._lore.notation[action]
        text: str = state.action_to_string(state.current_player(), action)
        return text.replace(" ", "_")

    def open_state(self, x: Any) -> State:
        """As `state`, but the game must not be over. Raises InputError."""
        state = self.state(x)
        if state.is_terminal():
            raise InputError(f"The game is over: {self.outcome(state)}.")
        return state

    def result(self, state: State, player: int) -> float:
        """What a finished game gave a player, from -1 to 1."""
        returned: float = state.player_return(player)
        return returned / self._most

    def outcome(self, state: State) -> str:
        """How a finished game ended, in words."""
        first = state.player_return(0)
        return "a draw" if first == 0 else f"the {'first' if first > 0 else 'second'} player won"

    def _check_open(self, state: State, position: int) -> None:
        if state.is_terminal():
            raise InputError(
                f"The game is over after {position} moves ({self.outcome(state)}), "
                "but more moves came."
            )

    # --- what a network sees ---------------------------------------------------------------------

    def observe(self, states: Sequence[State]) -> NDArray[np.float32]:
        """The boards [B, planes, height, width], each as the player to move sees it.

        The last plane says who that is: it decides which threats count at the end of Connect Four,
        and a convolution can hardly count the pieces.
        """
        boards = np.array([state.observation_tensor(0) for state in states], np.float32)
        boards = boards.reshape(-1, *self._planes)
        second = np.array([state.current_player() for state in states]) == 1
        if self._lore is not None:
            boards[second] = boards[second][:, list(self._lore.relabel)]
        turn = np.broadcast_to(second[:, None, None, None], (len(states), 1, *self._planes[1:]))
        return np.concatenate((boards, turn.astype(np.float32)), axis=1)

    def symmetries(
        self, boards: NDArray[np.float32], policies: NDArray[np.float32]
    ) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Every symmetric view of boards [B, planes, H, W] and their policies [B, actions].

        The first is the boards as they are.
        """
        if self._lore is None:
            return [(boards, policies)]
        height, width = self.shape[1:]
        # An action is a column or a square, in reading order.
        rows = height if self.actions == height * width else 1
        grid = policies.reshape(-1, rows, width)
        return [
            (
                np.ascontiguousarray(move(boards)),
                np.ascontiguousarray(move(grid)).reshape(policies.shape),
            )
            for move in self._lore.symmetries
        ]


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def _load_game(text: Any) -> Any:
    if not isinstance(text, str):
        raise InputError(f"A game is named by text such as 'connect_four'; {text!r} came.")
    return _game_named(text)


@functools.cache
def _game_named(text: str) -> Any:
    name = text.partition("(")[0].strip()
    names = pyspiel.registered_names()
    if name not in names:
        raise UnknownNameError.of("game", name, names)
    try:
        game = pyspiel.load_game(text)
        game.new_initial_state()
    except (pyspiel.SpielError, ValueError, RuntimeError, LookupError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise InputError(f"The game {text!r} cannot be made: {reason}.") from error
    if game.num_distinct_actions() < 1:
        raise InputError(f"The game {text!r} has no moves.")
    kind = game.get_type()
    wrong = [
        what
        for what, right in (
            (f"is for {game.num_players()} players", game.num_players() == 2),
            ("has simultaneous moves", kind.dynamics == _KIND.Dynamics.SEQUENTIAL),
            ("has chance in it", kind.chance_mode == _KIND.ChanceMode.DETERMINISTIC),
            ("hides information", kind.information == _KIND.Information.PERFECT_INFORMATION),
            ("is not zero-sum", kind.utility == _KIND.Utility.ZERO_SUM),
            ("gives rewards before its end", kind.reward_model == _KIND.RewardModel.TERMINAL),
            ("shows no board", kind.provides_observation_tensor),
        )
        if not right
    ]
    if wrong:
        raise InputError(
            f"{name} {wrong[0]}; the players here play games for two with alternating moves, "
            "without chance, hidden information or rewards on the way."
        )
    return game
