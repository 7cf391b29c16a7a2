"""A player that learned the game by playing against itself.

Silver et al., "Mastering the game of Go without human knowledge", Nature 2017, and "A general
reinforcement learning algorithm that masters chess, shogi, and Go through self-play", Science
2018: a network that names likely moves and the expected result guides a tree search, and learns
from what the search finds out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import torch
from numpy.typing import NDArray

from zoo.data import Example
from zoo.errors import InputError
from zoo.games.learning import Course
from zoo.games.network import NetworkEvaluator, PolicyValueNetwork, RememberingEvaluator
from zoo.games.player import Budget, Player
from zoo.games.rules import Rules, State
from zoo.games.run import Gate, Run, Stage, weights_of
from zoo.games.search import Search, Selection
from zoo.games.self_play import SelfPlay
from zoo.parallel import side_by_side
from zoo.predictions import Move
from zoo.weights import half

_SHARE = 4  # positions of a thread, at least, whose leaves are evaluated together


class AlphaZeroPlayer(Player):
    """A tree search that asks a network.

    game: as OpenSpiel names it. exploration: the constant of PUCT.
    """

    batch_size = 64  # shared by the threads; on two cores, more are no faster
    devices = ("cpu", "cuda", "mps")
    default = Budget(nodes=800)
    unit = "simulation"
    predict_options = frozenset({"simulations", "seconds"})

    def __init__(
        self,
        game: str = "connect_four",
        network: PolicyValueNetwork | None = None,
        *,
        architecture: Mapping[str, Any] | None = None,
        exploration: float = 1.5,
        device: str = "cpu",
    ) -> None:
        super().__init__(game)
        if network is None or architecture is None:
            raise InputError(
                f"An AlphaZero player of {self.rules.name} has to be trained first: "
                f"zoo train games/alphazero --game '{self.rules.name}', then load its folder."
            )
        shape = tuple(architecture["shape"])
        if shape != self.rules.shape or architecture["actions"] != self.rules.actions:
            raise ValueError(f"the network is not for {self.rules.name}")
        self.network = network
        self.architecture = dict(architecture)
        self.exploration = exploration
        self.device = device
        self._evaluator = NetworkEvaluator(self.rules, network, device=device)
        # The priors of the position asked about matter most; averaged over all views they cost
        # next to nothing. A position that the search has met before keeps what it had then.
        self._root = NetworkEvaluator(self.rules, network, device=device, symmetric=True)

    def memory(self) -> Search:
        return self._search(1)

    def _search(self, games: int) -> Search:
        selection = Selection(exploration=self.exploration)
        evaluator = RememberingEvaluator(self.rules, self._evaluator)
        return Search(self.rules, evaluator, selection, games=games, root_evaluator=self._root)

    def _predict(self, batch: list[State], **options: Any) -> list[Move]:
        budget = self.budget(options)
        if budget.seconds is not None:  # each position has them to itself
            return super()._predict(batch, **options)
        shares = torch.get_num_threads() if self.device == "cpu" else 1
        size = max(_SHARE, -(-len(batch) // shares))
        parts = [batch[first : first + size] for first in range(0, len(batch), size)]

        def searched(part: list[State]) -> list[Move]:
            return self._search(len(part)).moves(part, budget)

        with side_by_side(len(parts) > 1) as each:
            return [move for moves in each(searched, parts) for move in moves]

    def choose(self, state: State, budget: Budget, memory: Search) -> Move:
        """Search from a position; what a search of the same game found before is used again."""
        memory.move_to(state)
        memory.grow(budget)
        return memory.move()

    def _to_weights(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        settings = {
            "game": self.rules.name,
            "architecture": self.architecture,
            "exploration": self.exploration,
        }
        return settings, weights_of(self.network)

    @classmethod
    def _from_weights(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], device: str
    ) -> Self:
        network = PolicyValueNetwork(**settings["architecture"]).folded()
        network.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
        return cls(
            settings["game"],
            network,
            architecture=settings["architecture"],
            exploration=settings["exploration"],
            device=device,
        )

    # --- learning --------------------------------------------------------------------------------

    @classmethod
    def fit(
        cls,
        train: Iterable[Example] = (),
        validation: Iterable[Example] | None = None,
        *,
        seed: int = 0,
        progress: bool = True,
        workspace: Path | None = None,
        excluded: Iterable[Any] = (),
        game: str = "connect_four",
        device: str = "auto",
        workers: int = 1,
        width: int = 64,
        blocks: int = 6,
        gate_games: int = 200,
        gate_simulations: int = 32,
        probe: str = "",
        then: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Self:
        """Learn by self-play alone: examples are refused.

        Each iteration plays games, learns from a window of them, and lets the new network play
        the best one so far; the winner goes on to play. With a workspace it can be interrupted
        at any moment and goes on from the last whole iteration; a learning curve is drawn there.

        excluded: positions that nothing may be learned from, known by their boards whatever the
            moves that led there.
        workers: processes that play. gate_games: of each gate, gate_simulations: for each move.
        probe: a data set of positions with known answers, on which strength is logged; nothing
            is chosen by it.
        options: fields of `SelfPlay` and `Course`. then: those that differ in a second stage,
            which goes on with the network of the first one, but not with its experience.
        """
        if list(train) or list(validation or ()):
            raise InputError(f"{cls.__name__} learns by playing against itself, not from examples.")
        stages = _stages(options, then)
        rules = Rules(game)
        for name, value in (("width", width), ("blocks", blocks), ("workers", workers)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(f"{name} is a whole number of at least 1; {value!r} came.")
        architecture: dict[str, Any] = {
            "shape": list(rules.shape),
            "actions": rules.actions,
            "width": width,
            "blocks": blocks,
        }
        device = cls.pick_device(device)
        run = Run(
            rules,
            architecture,
            stages,
            Gate(games=gate_games, simulations=gate_simulations),
            seed=seed,
            device=device,
            excluded=excluded,
            probe=probe,
            progress=progress,
            workspace=workspace,
        )
        best = run.go(workers).cpu()
        with torch.no_grad():
            for parameter in best.parameters():
                parameter.copy_(torch.from_numpy(half(parameter.numpy())))
        return cls(rules.name, best, architecture=architecture, device=device)

    @classmethod
    def fit_options(cls) -> set[str]:
        """The names of the options that `fit` takes."""
        own = {"game", "device", "workers", "width", "blocks", "gate_games", "gate_simulations"}
        return own | {"probe", "then"} | _STAGED

    @classmethod
    def tiny_options(cls) -> dict[str, Any]:
        """Options with which a run of self-play takes about a second."""
        return {
            "game": "tic_tac_toe",
            "iterations": 2,
            "games": 16,
            "width": 8,
            "blocks": 1,
            "simulations": 8,
            "fast_simulations": 4,
            "gate_games": 4,
            "gate_simulations": 4,
            "batch_size": 32,
            "precision": "float32",
        }


_STAGED = {one.name for kind in (SelfPlay, Course) for one in dataclasses.fields(kind)}


def _stages(first: Mapping[str, Any], then: Any) -> list[Stage]:
    """The stages of a run; the second is like the first, but for the options of `then`."""
    if not isinstance(then, Mapping | None):
        raise InputError(f"then is a set of options; {then!r} came.")
    unknown = sorted({*first, *(then or {})} - _STAGED)
    if unknown:
        raise InputError(f"There is no option {unknown[0]!r} of learning to play.")
    if then is not None and "precision" in then:
        raise InputError("precision is one for the whole training.")
    return [
        Stage(SelfPlay(**_only(SelfPlay, options)), Course(**_only(Course, options)))
        for options in ([first] if then is None else [first, {**first, **then}])
    ]


def _only(kind: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name for one in dataclasses.fields(kind)}
    return {name: value for name, value in options.items() if name in names}
