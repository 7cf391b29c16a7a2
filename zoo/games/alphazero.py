"""A player that learned the game by playing against itself.

Silver et al., "Mastering the game of Go without human knowledge", Nature 2017, and "A general
reinforcement learning algorithm that masters chess, shogi, and Go through self-play", Science
2018: a network that names likely moves and the expected result guides a tree search, and learns
from what the search finds out.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import multiprocessing
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from zoo.data import Example
from zoo.errors import InputError
from zoo.games import gate
from zoo.games.arena import openings
from zoo.games.curve import draw
from zoo.games.evaluators import Rollout
from zoo.games.learning import REPLAY, Course, Learner, Replay
from zoo.games.network import NetworkEvaluator, PolicyValueNetwork
from zoo.games.player import Budget, Player
from zoo.games.rules import Rules, State
from zoo.games.search import Search, Selection
from zoo.games.self_play import Experience, Order, SelfPlay, work
from zoo.predictions import Move
from zoo.progress import Progress
from zoo.registry import data_set
from zoo.tasks import task
from zoo.weights import half

_ORDERS = 2  # of one iteration; a run does not depend on how many workers share them


class AlphaZeroPlayer(Player):
    """A tree search that asks a network.

    game: as OpenSpiel names it. exploration: the constant of PUCT.
    """

    devices = ("cpu", "cuda", "mps")
    default = Budget(nodes=800)
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
        self.network = network
        self.architecture = dict(architecture)
        self.exploration = exploration
        self.device = device
        self._evaluator = NetworkEvaluator(self.rules, network, device=device)
        # The root's priors matter most; averaged over all views they cost next to nothing.
        self._root = NetworkEvaluator(self.rules, network, device=device, symmetric=True)

    def memory(self) -> Search:
        selection = Selection(exploration=self.exploration)
        return Search(self.rules, self._evaluator, selection, root_evaluator=self._root)

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
        return settings, _arrays(self.network)

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
        options: fields of `SelfPlay` and `Course`.
        """
        if list(train) or list(validation or ()):
            raise InputError(f"{cls.__name__} learns by playing against itself, not from examples.")
        rules = Rules(game)
        device = cls.pick_device(device)
        how = SelfPlay(**_only(SelfPlay, options))
        course = Course(**_only(Course, options))
        unknown = sorted(set(options) - cls.fit_options())
        if unknown:
            raise InputError(f"There is no option {unknown[0]!r} of learning to play.")
        architecture: dict[str, Any] = {
            "shape": list(rules.shape),
            "actions": rules.actions,
            "width": width,
            "blocks": blocks,
        }
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = PolicyValueNetwork(**architecture)
        network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        learner = Learner(rules, network, course)
        banned = _boards(rules, excluded)
        facts = (rules.name, architecture, dataclasses.asdict(how), dataclasses.asdict(course))
        run = hashlib.sha256(json.dumps([*facts, seed, len(banned)]).encode()).hexdigest()
        if workspace is not None:
            workspace.mkdir(parents=True, exist_ok=True)
            learner.read(workspace, run)
        log_file = None if workspace is None else workspace / "log.jsonl"
        report = Progress(show=progress, log_file=log_file)
        replay = Replay.opened(
            None if workspace is None else workspace / REPLAY,
            course.first_of_window(learner.iteration) if learner.iteration else 0,
            learner.iteration,
        )
        positions = _probe(rules, probe)
        pairs = openings(
            rules, gate_games // 2, 2 if rules.game.max_game_length() < 20 else 4, seed
        )
        while learner.iteration < course.iterations:
            iteration = learner.iteration
            orders = [
                Order(
                    game=rules.name,
                    architecture=architecture,
                    arrays=_arrays(learner.best),
                    how=how,
                    games=course.games // _ORDERS,
                    seed=int(np.random.SeedSequence((seed, iteration, part)).generate_state(1)[0]),
                    excluded=banned,
                )
                for part in range(_ORDERS)
            ]
            played = Experience.joined(list(_played(orders, workers, report, iteration)))
            replay.add(iteration, played)
            window = replay.window(course.first_of_window(iteration))
            random = np.random.default_rng((seed, iteration))
            losses = learner.learn(window, len(played.results), random, report)
            candidate = learner.average.folded()
            narrow = torch.bfloat16 if how.precision == "bfloat16" else torch.float32
            ours, theirs = (
                NetworkEvaluator(rules, one, device=device, precision=narrow)
                for one in (candidate, learner.best)
            )
            against = gate.score(rules, ours, theirs, pairs, gate_simulations)
            if against >= 0.5:
                learner.best = candidate
            learner.iteration += 1
            values: dict[str, float] = {**losses, "gate": against}
            if positions:
                values["outcome_kept_policy"] = gate.kept(rules, ours, positions, 1)
            if learner.iteration % 5 == 0 or learner.iteration == course.iterations:
                fixed = Rollout(rules, seed=seed)
                values["score_against_rollouts"] = gate.score(rules, ours, fixed, pairs[:25], 50)
                if positions:
                    values["outcome_kept_100"] = gate.kept(rules, ours, positions, 100)
            report.log(
                iteration=learner.iteration,
                games=played.games,
                positions=len(played.results),
                window=len(window.results),
                moves_a_game=len(played.results) / played.games,
                **values,
            )
            if workspace is not None:
                learner.write(workspace, run)
                draw(workspace / "log.jsonl", workspace / "learning-curve.png")
        best = learner.best.cpu()
        with torch.no_grad():
            for parameter in best.parameters():
                parameter.copy_(torch.from_numpy(half(parameter.numpy())))
        return cls(rules.name, best, architecture=architecture, device=device)

    @classmethod
    def fit_options(cls) -> set[str]:
        """The names of the options that `fit` takes."""
        own = {"game", "device", "workers", "width", "blocks", "gate_games", "gate_simulations"}
        own |= {"probe"}
        return own | {one.name for kind in (SelfPlay, Course) for one in dataclasses.fields(kind)}

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


def _only(kind: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name for one in dataclasses.fields(kind)}
    return {name: value for name, value in options.items() if name in names}


def _arrays(network: PolicyValueNetwork) -> dict[str, NDArray[np.float32]]:
    return {name: value.float().cpu().numpy() for name, value in network.state_dict().items()}


def _boards(rules: Rules, positions: Iterable[Any]) -> frozenset[bytes]:
    """The boards of positions and of all their symmetric views, as `Order.excluded` takes them."""
    states = [rules.state(position) for position in positions]
    if not states:
        return frozenset()
    boards = rules.observe(states)
    blank = np.zeros((len(boards), rules.actions), np.float32)
    return frozenset(
        board.astype(np.float16).tobytes()
        for view, _ in rules.symmetries(boards, blank)
        for board in view
    )


def _probe(rules: Rules, name: str) -> list[tuple[State, Any]]:
    """Positions of a data set, each with a check whether a move keeps the outcome."""
    if not name:
        return []
    source = data_set(name)
    job = task(source.info.task)

    def check(target: str) -> Any:
        def good(move: Move) -> bool:
            record = job.record(move, target)
            columns = {key: [value] for key, value in record.items()}
            return bool(job.primary.statistics(columns)[0, 0])

        return good

    examples = list(source.examples(source.info.splits[0]))
    return [(rules.state(example.input), check(example.target)) for example in examples]


def _ignore_interrupts() -> None:
    # Ctrl-C reaches every process of the terminal; the one that waits for the workers ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _played(
    orders: Sequence[Order], workers: int, report: Progress, iteration: int
) -> Iterator[Experience]:
    """The experience of all orders, in their order, however many workers share them."""
    label = f"playing {iteration + 1}"
    if workers == 1:
        yield from (work(order) for order in report.track(orders, label))
        return
    # Not forked: threads of torch and of OpenSpiel would not survive that.
    with multiprocessing.get_context("spawn").Pool(workers, _ignore_interrupts) as pool:
        yield from report.track(pool.imap(work, orders), label, total=len(orders))
