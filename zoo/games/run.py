"""A run of self-play: play, learn, let the new network play the old one, again and again.

Silver et al. 2017, methods. Whatever one iteration does follows from the seed, the options and the
checkpoint before it, so that a run that was interrupted ends like one that was not.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from zoo.errors import InputError
from zoo.games import gate
from zoo.games.arena import openings
from zoo.games.curve import draw
from zoo.games.evaluators import Evaluator, Rollout
from zoo.games.learning import REPLAY, Course, Learner, Replay
from zoo.games.network import NetworkEvaluator, PolicyValueNetwork, RememberingEvaluator
from zoo.games.rules import Rules, State
from zoo.games.self_play import Experience, Order, SelfPlay, work
from zoo.predictions import Move
from zoo.progress import LOG, Progress
from zoo.registry import data_set
from zoo.tasks import task

_ORDERS = 2  # of one iteration; a run does not depend on how many workers share them
_STRENGTH_EVERY = 5  # iterations
_FIXED_PAIRS, _FIXED_SIMULATIONS = 25, 50  # of the match against search with random games
_PROBE_SIMULATIONS = 100

Work = Callable[[Sequence[Order]], Iterator[Experience]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gate:
    """The match that a new network has to hold its own in before it plays on.

    games: an even number, each opening played from either side. simulations: for each move.
    """

    games: int = 200
    simulations: int = 32

    def __post_init__(self) -> None:
        for name, value, least in (("games", self.games, 2), ("simulations", self.simulations, 1)):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(
                    f"gate_{name} is a whole number of at least {least}; {value!r} came."
                )


@dataclasses.dataclass(frozen=True)
class Stage:
    """A part of a run: how games are played in it, and how the network learns from them."""

    how: SelfPlay
    course: Course


class Run:
    """One run of self-play, one stage after the other, from where its workspace left off."""

    def __init__(
        self,
        rules: Rules,
        architecture: Mapping[str, Any],
        stages: Sequence[Stage],
        barrier: Gate,
        *,
        seed: int,
        device: str,
        excluded: Iterable[Any],
        probe: str,
        progress: bool,
        workspace: Path | None,
    ) -> None:
        self.rules = rules
        self.architecture = architecture
        self.stages = stages
        self.iterations = sum(stage.course.iterations for stage in stages)
        self.barrier = barrier
        self.seed = seed
        self.device = device
        self.workspace = workspace
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = PolicyValueNetwork(**architecture)
        network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.learner = Learner(rules, network, stages[0].how.precision)
        self.banned = _boards(rules, excluded)
        self.fingerprint = self._fingerprint()
        if workspace is not None:
            workspace.mkdir(parents=True, exist_ok=True)
            self.learner.read(workspace, self.fingerprint)
        self.report = Progress.kept_in(workspace, show=progress)
        done = self.learner.iteration
        self.replay = Replay.opened(
            None if workspace is None else workspace / REPLAY,
            self._first_of_window(done),
            done,
        )
        self.known = _known_positions(rules, probe)
        # In a short game four random moves may leave nothing to decide.
        plies = 2 if rules.game.max_game_length() < 20 else 4
        self.openings = openings(rules, barrier.games // 2, plies, seed, or_fewer=True)

    def _fingerprint(self) -> str:
        """What the run depends on, as hexadecimal text."""
        facts = [
            self.rules.name,
            dict(self.architecture),
            *(dataclasses.asdict(stage) for stage in self.stages),
            dataclasses.asdict(self.barrier),
            self.seed,
        ]
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
        for board in sorted(self.banned):
            digest.update(board)
        return digest.hexdigest()

    def _stage(self, iteration: int) -> tuple[Stage, int]:
        """The stage that an iteration is in, and how many of the run's come before that."""
        before = 0
        for stage in self.stages[:-1]:
            if iteration < before + stage.course.iterations:
                return stage, before
            before += stage.course.iterations
        return self.stages[-1], before

    def _first_of_window(self, iteration: int) -> int:
        stage, before = self._stage(iteration)
        return before + stage.course.first_of_window(iteration - before)

    def go(self, workers: int) -> PolicyValueNetwork:
        """Iterate to the end; the folded network that won the gate last."""
        with _workers(workers) as work_off:
            while self.learner.iteration < self.iterations:
                self._iterate(work_off)
        return self.learner.best

    def _iterate(self, work_off: Work) -> None:
        learner, iteration = self.learner, self.learner.iteration
        stage, before = self._stage(iteration)
        played = self._play(work_off)
        self.replay.add(iteration, played)
        window = self.replay.window(self._first_of_window(iteration))
        random = np.random.default_rng((self.seed, iteration))
        losses = learner.learn(
            window, len(played.results), stage.course, iteration - before, random, self.report
        )
        candidate = learner.average.folded()
        ours, theirs = self._evaluator(candidate), self._evaluator(learner.best)
        against = gate.score(self.rules, ours, theirs, self.openings, self.barrier.simulations)
        if against >= 0.5:
            learner.best = candidate
        learner.iteration += 1
        self.report.log(
            iteration=learner.iteration,
            games=played.games,
            positions=len(played.results),
            window=len(window.results),
            **losses,
            gate=against,
            **self._strength(self._evaluator(learner.best)),
        )
        if self.workspace is not None:
            learner.write(self.workspace, self.fingerprint)
            draw(self.workspace / LOG, self.workspace / "learning-curve.png")

    def _play(self, work_off: Work) -> Experience:
        iteration = self.learner.iteration
        stage, _ = self._stage(iteration)
        orders = [
            Order(
                game=self.rules.name,
                architecture=self.architecture,
                arrays=weights_of(self.learner.best),
                how=stage.how,
                games=stage.course.games // _ORDERS,
                seed=int(np.random.SeedSequence((self.seed, iteration, part)).generate_state(1)[0]),
                excluded=self.banned,
                device=self.device,
            )
            for part in range(_ORDERS)
        ]
        label = f"playing {iteration + 1}/{self.iterations}"
        return Experience.joined(
            list(self.report.track(work_off(orders), label, total=len(orders)))
        )

    def _evaluator(self, network: PolicyValueNetwork) -> RememberingEvaluator:
        precision = getattr(torch, self.stages[0].how.precision)
        plain = NetworkEvaluator(self.rules, network, device=self.device, precision=precision)
        return RememberingEvaluator(self.rules, plain)

    def _strength(self, ours: Evaluator) -> dict[str, float]:
        """How strong the player is: only logged, nothing is chosen by it."""
        rules, values = self.rules, {}
        now, last = self.learner.iteration, self.iterations
        seldom = now % _STRENGTH_EVERY == 0 or now == last
        if self.known:
            values["outcome_kept_policy"] = gate.kept(rules, ours, self.known, 1)
        if self.known and seldom:
            values["outcome_kept_100"] = gate.kept(rules, ours, self.known, _PROBE_SIMULATIONS)
        if seldom:
            values["score_against_mcts"] = gate.score(
                rules,
                ours,
                Rollout(rules, seed=self.seed),
                self.openings[:_FIXED_PAIRS],
                _FIXED_SIMULATIONS,
            )
        return values


def weights_of(network: PolicyValueNetwork) -> dict[str, NDArray[np.float32]]:
    """A network's weights by name."""
    return {name: value.float().cpu().numpy() for name, value in network.state_dict().items()}


def _boards(rules: Rules, positions: Iterable[Any]) -> frozenset[bytes]:
    """Positions and all their symmetric views, as `Order.excluded` takes them."""
    states = []
    for position in positions:
        # One that is illegal here is of another game and cannot come up.
        with suppress(InputError):
            states.append(rules.state(position))
    if not states:
        return frozenset()
    boards = rules.observe(states)
    blank = np.zeros((len(boards), rules.actions), np.float32)
    return frozenset(
        board.astype(np.float16).tobytes()
        for view, _ in rules.symmetries(boards, blank)
        for board in view
    )


def _known_positions(rules: Rules, name: str) -> list[tuple[State, Any]]:
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
    return [(rules.state(example.input), check(example.label)) for example in examples]


def _ignore_interrupts() -> None:
    # Ctrl-C reaches every process of the terminal; the one that waits for the workers ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _workers(count: int) -> Iterator[Work]:
    """Who works orders off, this process or others, and gives what came of them in their order."""
    if count == 1:
        yield lambda orders: map(work, orders)
        return
    # Not forked: threads of torch and of OpenSpiel would not survive that.
    with multiprocessing.get_context("spawn").Pool(count, _ignore_interrupts) as pool:
        yield lambda orders: pool.imap(work, orders)
