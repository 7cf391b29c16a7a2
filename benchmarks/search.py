"""How many simulations a second the tree search makes, beside OpenSpiel's own in Python.

    python benchmarks/search.py

Both search the same position with the same evaluators, without random games: one that knows
nothing, so that the search alone is timed, and a network. OpenSpiel's MCTSBot asks its evaluator
about one position at a time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyspiel
import torch
from open_spiel.python.algorithms import mcts

from zoo.games.evaluators import Evaluator, Uniform
from zoo.games.network import NetworkEvaluator, PolicyValueNetwork, RememberingEvaluator
from zoo.games.player import Budget
from zoo.games.rules import Rules
from zoo.games.search import Search, Selection

POSITION = "44443"
ROUNDS = 5


class Adapter(mcts.Evaluator):
    """One of our evaluators, as MCTSBot asks it, one position at a time.

    MCTSBot asks for a position's value when it first comes there and for its priors when it comes
    again: what was answered is kept, so that each position is evaluated once, whatever moves led
    there, as on our side.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self.kept: dict[str, tuple[Any, float]] = {}

    def _ask(self, state: Any) -> tuple[Any, float]:
        key = str(state)
        if key not in self.kept:
            priors, values = self._evaluator([state])
            self.kept[key] = priors[0], float(values[0])
        return self.kept[key]

    def evaluate(self, state: Any) -> Any:
        value = self._ask(state)[1]
        return np.array([value, -value] if state.current_player() == 0 else [-value, value])

    def prior(self, state: Any) -> list[tuple[int, float]]:
        priors = self._ask(state)[0]
        return [(action, float(priors[action])) for action in state.legal_actions()]


class Nothing(mcts.Evaluator):
    """What `Uniform` says, without any array: MCTSBot at its fastest."""

    def evaluate(self, state: Any) -> Any:
        return (0.0, 0.0)

    def prior(self, state: Any) -> list[tuple[int, float]]:
        legal = state.legal_actions()
        return [(action, 1 / len(legal)) for action in legal]


def rate(simulations: int, run: Callable[[], None]) -> float:
    """Simulations a second, the median of some rounds."""
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return simulations / statistics.median(seconds)


def main() -> None:
    torch.set_num_threads(1)
    rules = Rules("connect_four")
    torch.manual_seed(0)
    network = PolicyValueNetwork(shape=rules.shape, actions=rules.actions).folded()
    learned = NetworkEvaluator(rules, network)
    state = rules.state(POSITION)
    for name, ours, theirs, simulations in (
        ("an evaluator that knows nothing", Uniform(rules), Nothing(), 10_000),
        ("a network", learned, Adapter(learned), 800),
    ):

        def grow(ours: Evaluator = ours, simulations: int = simulations) -> None:
            asked = ours if ours is not learned else RememberingEvaluator(rules, ours)
            search = Search(rules, asked, Selection())
            search.reset(0, state)
            search.grow(Budget(nodes=simulations))

        bot = mcts.MCTSBot(
            pyspiel.load_game("connect_four"),
            1.5,
            simulations,
            theirs,
            solve=True,
            child_selection_fn=mcts.SearchNode.puct_value,
        )

        def search_theirs(bot: Any = bot, theirs: Any = theirs) -> None:
            if isinstance(theirs, Adapter):
                theirs.kept.clear()
            bot.mcts_search(state)

        grow()  # compilation
        rates = rate(simulations, grow), rate(simulations, search_theirs)
        print(
            f"{name}: zoo {rates[0]:,.0f}, MCTSBot {rates[1]:,.0f} simulations a second, "
            f"ratio {rates[0] / rates[1]:.2f}"
        )


if __name__ == "__main__":
    main()
