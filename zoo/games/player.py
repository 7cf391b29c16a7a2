"""What all players share: positions in, a `Move` out, a budget, and memory within one game."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from zoo.errors import InputError
from zoo.games.rules import Rules, State
from zoo.model import Model
from zoo.predictions import Move


@dataclass(frozen=True, slots=True)
class Budget:
    """What a search may spend on one move; it ends at whatever is spent first.

    seconds: wall-clock time; the answer then depends on how fast the machine is.
    nodes: positions to look at; of a tree search, simulations.
    depth: moves to look ahead.

    Raises InputError for a budget of nothing.
    """

    seconds: float | None = None
    nodes: int | None = None
    depth: int | None = None

    def __post_init__(self) -> None:
        for name in ("nodes", "depth"):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise InputError(f"{name} is a whole number of at least 1; {value!r} came.")
        seconds = self.seconds
        if seconds is not None and (
            isinstance(seconds, bool)
            or not isinstance(seconds, int | float | np.floating)
            or not (seconds > 0 and math.isfinite(seconds))
        ):
            raise InputError(f"seconds is a number greater than 0; {seconds!r} came.")


class Player(Model):
    """A player of one game. A subclass supplies `choose` and its `default` budget.

    game: as OpenSpiel names it, parameters included.
    """

    task: ClassVar[str] = "board-game"
    batch_size = 1  # every position is searched by itself
    unit: ClassVar[str] = "position"  # that a budget counts
    default: ClassVar[Budget]

    def __init__(self, game: str) -> None:
        super().__init__()
        self.rules = Rules(game)

    def predict(self, x: Any, **options: Any) -> Move:
        """The move for a position: see `Rules.state` for what a position is.

        options: what the search may spend, instead of the player's own default; see
        `predict_options`.
        """
        prediction = super().predict(x, **options)
        assert isinstance(prediction, Move)
        return prediction

    def _check_options(self, options: Mapping[str, Any]) -> None:
        super()._check_options(options)
        self.budget(options)

    def budget(self, options: Mapping[str, Any]) -> Budget:
        """The budget that options mean; without any, the default. Raises InputError."""
        given = {name: value for name, value in options.items() if value is not None}
        if "simulations" not in given:
            return Budget(**given) if given else self.default
        try:
            return Budget(nodes=given.pop("simulations"), **given)
        except InputError as error:
            raise InputError(str(error).replace("nodes is", "simulations is")) from None

    def _prepare(self, x: Any) -> State:
        return self.rules.open_state(x)

    def _predict(self, batch: list[State], **options: Any) -> list[Move]:
        budget = self.budget(options)
        return [self.choose(state, budget, self.memory()) for state in batch]

    @abstractmethod
    def memory(self) -> Any:
        """A fresh, empty memory: what the search may keep from one move of a game to the next."""

    @abstractmethod
    def choose(self, state: State, budget: Budget, memory: Any) -> Move:
        """The move in a position that is not over; `memory` is read and changed."""

    def seat(self, **options: Any) -> Seat:
        """Sit down for one game, with one budget for every move."""
        self._check_options(options)
        return Seat(self, self.budget(options))


class Seat:
    """A player in one game: what it found out on one move helps it on the next."""

    def __init__(self, player: Player, budget: Budget) -> None:
        self.player = player
        self.budget = budget
        self._memory = player.memory()

    def move(self, state: State) -> Move:
        """The move in a position of this game."""
        return self.player.choose(state, self.budget, self._memory)
