"""Monte Carlo tree search with random games at its leaves: no knowledge of any game but its rules.

Kocsis & Szepesvári, "Bandit Based Monte-Carlo Planning", ECML 2006 (UCT); results that are certain
are passed up the tree as certain (Winands, Björnsson & Saito, CG 2008).
"""

from __future__ import annotations

from zoo.games.checks import check_real, check_whole
from zoo.games.evaluators import Rollout
from zoo.games.player import Budget, Player
from zoo.games.rules import State
from zoo.games.search import Search, Selection
from zoo.predictions import Move


class MctsPlayer(Player):
    """UCT with one random game at each leaf.

    game: as OpenSpiel names it. exploration: the constant of UCB1, for results from -1 to 1.
    seed: of the random games; the same position is answered the same.
    """

    default = Budget(nodes=2000)
    unit = "simulation"
    predict_options = frozenset({"simulations", "seconds"})

    def __init__(
        self, game: str = "connect_four", *, exploration: float = 1.0, seed: int = 0
    ) -> None:
        super().__init__(game)
        self.exploration = exploration
        check_real(self, exploration=(0, None))
        self.seed = seed
        check_whole(self, seed=0)

    def memory(self) -> Search:
        selection = Selection(exploration=self.exploration, ucb1=True, leaves=1)
        return Search(self.rules, Rollout(self.rules, seed=self.seed), selection)

    def choose(self, state: State, budget: Budget, memory: Search) -> Move:
        memory.move_to(state)
        memory.grow(budget)
        return memory.move()
