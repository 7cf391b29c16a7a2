"""Games of a player against itself, many at once, as experience to learn from.

Silver et al. 2017, methods, with Gumbel root selection (see `zoo.games.gumbel`) and playout cap
randomisation: only a share of the moves is searched thoroughly and teaches the policy, so that
more games, and so more results, come from the same time (Wu, "Accelerating Self-Play Learning in
Go", arXiv:1902.10565, section 3.1).

A worker is a function of values to values: weights and settings in, experience out. It can run
here, in another process or on another machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from zoo.games import gumbel
from zoo.games.checks import check_real, check_whole
from zoo.games.evaluators import Evaluator
from zoo.games.network import NetworkEvaluator, PolicyValueNetwork, RememberingEvaluator
from zoo.games.rules import Rules, State
from zoo.games.search import Search, Selection
from zoo.precision import check_precision


@dataclass(frozen=True, kw_only=True)
class SelfPlay:
    """How games are played.

    simulations: of a thorough search. fast_simulations: of the others. thorough: the share of
        moves that get a thorough search; chance decides for all games of a round of moves alike,
        so that they stay in step and their leaves can be evaluated together.
    random_openings: the share of games that begin with random moves, up to opening_plies of them,
        so that positions are seen which good play never reaches.
    slots: games at once, whose leaves are evaluated together.
    precision: of the network, "float32" or "bfloat16".
    """

    simulations: int = 64
    fast_simulations: int = 16
    thorough: float = 0.3
    random_openings: float = 0.7
    opening_plies: int = 20
    exploration: float = 1.5
    slots: int = 256
    precision: str = "bfloat16"

    def __post_init__(self) -> None:
        check_whole(self, simulations=1, fast_simulations=1, opening_plies=0, slots=1)
        check_real(self, thorough=(0, 1), random_openings=(0, 1), exploration=(0, None))
        check_precision(self.precision)


@dataclass(frozen=True, kw_only=True)
class Experience:
    """Positions of finished games, N of them.

    boards: what the player to move saw [N, planes, H, W]. policies: of the search [N, actions].
    taught: whether the policy comes from a thorough search [N]. results: of the game, for the
    player to move [N]; if this or a later one is proven, then that. values: of the search [N].
    games: how many games they are from.
    """

    boards: NDArray[np.float16]
    policies: NDArray[np.float16]
    taught: NDArray[np.bool_]
    results: NDArray[np.float16]
    values: NDArray[np.float16]
    games: int

    def arrays(self) -> dict[str, NDArray[Any]]:
        """As named arrays, to be stored."""
        return {one.name: np.asarray(getattr(self, one.name)) for one in fields(self)}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `arrays`."""
        columns: dict[str, Any] = {**arrays, "games": int(arrays["games"])}
        return cls(**columns)

    @classmethod
    def joined(cls, parts: Sequence[Experience]) -> Experience:
        """Several experiences as one."""
        columns: dict[str, Any] = {
            one.name: np.concatenate([getattr(part, one.name) for part in parts])
            for one in fields(cls)
            if one.name != "games"
        }
        return cls(games=sum(part.games for part in parts), **columns)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a worker is asked for. All of it is plain data, to be sent anywhere.

    game: as OpenSpiel names it. architecture, arrays: of a folded network.
    excluded: boards, as bytes of float16, of which no experience may be made.
    """

    game: str
    architecture: Mapping[str, Any]
    arrays: Mapping[str, NDArray[np.float32]]
    how: SelfPlay
    games: int
    seed: int
    excluded: frozenset[bytes] = frozenset()
    device: str = "cpu"


def work(order: Order) -> Experience:
    """Play the games of an order. The same order gives the same experience."""
    # Two processes with two threads each on two cores get in each other's way.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rules = Rules(order.game)
        network = PolicyValueNetwork(**order.architecture).folded()
        network.load_state_dict({k: torch.from_numpy(v) for k, v in order.arrays.items()})
        precision = getattr(torch, order.how.precision)
        evaluator = NetworkEvaluator(rules, network, device=order.device, precision=precision)
        return _Table(rules, RememberingEvaluator(rules, evaluator), order).play()
    finally:
        torch.set_num_threads(threads)


@dataclass
class _Record:
    """One game in progress: the position and what has been seen of it."""

    state: State
    movers: list[int] = field(default_factory=list)
    boards: list[NDArray[np.float16]] = field(default_factory=list)
    policies: list[NDArray[np.float32]] = field(default_factory=list)
    taught: list[bool] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    proven: list[float] = field(default_factory=list)  # for player 0, NaN where it is not


class _Table:
    """All games of one order: as many at once as there are slots."""

    def __init__(self, rules: Rules, evaluator: Evaluator, order: Order) -> None:
        self.rules = rules
        self.order = order
        self.random = np.random.default_rng(order.seed)
        slots = min(order.how.slots, order.games)
        selection = Selection(exploration=order.how.exploration)
        self.search = Search(rules, evaluator, selection, games=slots)
        self.open: dict[int, _Record] = {}
        self.started = 0

    def play(self) -> Experience:
        order, how = self.order, self.order.how
        done: list[Experience] = []
        slots = min(how.slots, order.games)
        for slot in range(slots):
            self.open[slot] = self._deal()
        while self.open:
            thorough = bool(self.random.random() < how.thorough)
            self._move(how.simulations if thorough else how.fast_simulations, thorough)
            for slot, record in list(self.open.items()):
                if not record.state.is_terminal():
                    continue
                done.append(self._finished(record))
                if self.started < order.games:
                    self.open[slot] = self._deal()
                else:
                    del self.open[slot]
        return Experience.joined(done)

    def _deal(self) -> _Record:
        """A game at its beginning or after some random moves."""
        self.started += 1
        how, random = self.order.how, self.random
        while True:
            state = self.rules.initial()
            if random.random() < how.random_openings:
                for _ in range(int(random.integers(how.opening_plies + 1))):
                    if state.is_terminal():
                        break
                    state.apply_action(int(random.choice(state.legal_actions())))
            if not state.is_terminal():
                return _Record(state)

    def _move(self, simulations: int, thorough: bool) -> None:
        """One move in every open game."""
        search, slots = self.search, list(self.open)
        games = np.array(slots, np.int32)
        for slot in slots:
            search.reset(slot, self.open[slot].state)
        search.simulate(slots)  # opens the roots
        movers = np.array([self.open[slot].state.current_player() for slot in slots])
        signs = np.where(movers == 0, 1.0, -1.0)
        roots = signs * search.trees.total[games, 0]
        # Drawn for all slots, so that one game's luck does not hang on when another ended.
        noise = self.random.gumbel(size=(len(slots), self.rules.actions))
        counts = search.trees.size[games, 0]
        tried = np.stack([gumbel.schedule(count, simulations) for count in counts.tolist()])
        rows = np.empty(len(slots), np.int32)
        for step in range(simulations):
            wanted = np.ascontiguousarray(tried[:, step])
            gumbel.choose(search.trees, games, noise, roots, wanted, rows)
            search.simulate(slots, rows)
        trees = search.trees
        gumbel.choose(trees, games, noise, roots, np.full(len(slots), -1, np.int32), rows)
        policies = np.empty((len(slots), self.rules.actions), np.float32)
        gumbel.improved(trees, games, roots, policies)
        boards = self.rules.observe([self.open[slot].state for slot in slots]).astype(np.float16)
        for i, slot in enumerate(slots):
            record = self.open[slot]
            proven = float(trees.proven[slot, 0])
            mean = float(trees.total[slot, 0] / trees.visits[slot, 0])
            record.movers.append(int(movers[i]))
            record.boards.append(boards[i])
            record.policies.append(policies[i])
            record.taught.append(thorough)
            record.proven.append(proven)
            record.values.append(signs[i] * (mean if np.isnan(proven) else proven))
            # States in the tree are not used again, so the game may go on in the child's own.
            record.state = record.state.child(int(trees.action[slot, rows[i]]))

    def _finished(self, record: _Record) -> Experience:
        # What is proven counts, even if it was thrown away afterwards: as when the games of chess
        # engines are corrected by endgame tables.
        first, results = self.rules.result(record.state, 0), []
        for mover, proven in zip(reversed(record.movers), reversed(record.proven), strict=True):
            first = first if np.isnan(proven) else proven
            results.append(first if mover == 0 else -first)
        results.reverse()
        keep = [i for i, b in enumerate(record.boards) if b.tobytes() not in self.order.excluded]
        planes = self.rules.shape
        return Experience(
            boards=np.array([record.boards[i] for i in keep], np.float16).reshape(-1, *planes),
            policies=np.array([record.policies[i] for i in keep], np.float16).reshape(
                -1, self.rules.actions
            ),
            taught=np.array([record.taught[i] for i in keep], np.bool_),
            results=np.array([results[i] for i in keep], np.float16),
            values=np.array([record.values[i] for i in keep], np.float16),
            games=1,
        )
