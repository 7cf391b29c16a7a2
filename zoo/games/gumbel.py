"""Choosing moves at the root with few simulations: sequential halving of Gumbel-perturbed priors.

Danihelka, Guez, Schrittwieser & Silver, "Policy improvement by planning with Gumbel", ICLR 2022.
Even with a handful of simulations the policy that comes out is better than the prior in
expectation, which PUCT with noise at the root does not promise.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from zoo.compiled import compiled
from zoo.games.tree import Trees, value_of

# How many moves are considered at most, however many there are (their section 5).
_CONSIDERED = 16
# How much a difference of values counts against one of log priors (their equation 8), for values
# from -1 to 1.
_VISITS, _SCALE = 50.0, 0.3


@functools.cache
def schedule(actions: int, simulations: int) -> NDArray[np.int32]:
    """How often the action tried by each simulation has been tried before [simulations].

    Sequential halving (Karnin, Koren & Somekh, ICML 2013): all actions get an equal share of a
    phase, then the better half goes on.
    """
    actions = min(actions, _CONSIDERED)
    phases = max(1, math.ceil(math.log2(actions)))
    visits: list[int] = []
    left, tried = actions, 0
    while len(visits) < simulations:
        for _ in range(max(1, simulations // (phases * left))):
            visits += left * [tried]
            tried += 1
        left = max(min(2, actions), left // 2)
    return np.array(visits[:simulations], np.int32)


@compiled
def _scores(
    trees: Trees, game: int, gumbel: NDArray[np.float64], root: float
) -> NDArray[np.float64]:
    """Of each child of the root: gumbel + log prior + the transformed, completed value.

    root: what the evaluator said of the root itself, for the player to move.
    """
    first, count = trees.first[game, 0], trees.size[game, 0]
    sign = 1.0 if trees.mover[game, 0] == 0 else -1.0
    most, seen_prior, seen_value, visits = 0, 0.0, 0.0, 0
    for child in range(first, first + count):
        tried = trees.visits[game, child]
        most = max(most, tried)
        if tried > 0:
            visits += tried
            seen_prior += trees.prior[game, child]
            seen_value += trees.prior[game, child] * value_of(trees, game, child, sign, 0.0)
    # An action that was not tried has the mean of what the network said of the position and what
    # the tried ones gave (their appendix D).
    mixed = root
    if seen_prior > 0:
        mixed = (root + visits * seen_value / seen_prior) / (1 + visits)
    scores = np.empty(count)
    for i in range(count):
        child = first + i
        value = value_of(trees, game, child, sign, mixed)
        logit = np.log(max(trees.prior[game, child], 1e-12))
        scores[i] = gumbel[i] + logit + (_VISITS + most) * _SCALE * value
    return scores


@compiled
def choose(
    trees: Trees,
    games: NDArray[np.int32],
    gumbels: NDArray[np.float64],
    roots: NDArray[np.float64],
    tried: NDArray[np.int32],
    rows: NDArray[np.int32],
) -> None:
    """Write the best child of each root [L] among those tried so often before [L].

    gumbels: noise [L, at least the number of children]. roots: the evaluator's values of the
    roots for the player to move [L]. Where no child was tried so often, and
    where `tried` is negative, the best of the most tried is taken.
    """
    for i in range(len(games)):
        game = games[i]
        first, count = trees.first[game, 0], trees.size[game, 0]
        scores = _scores(trees, game, gumbels[i], roots[i])
        wanted = tried[i]
        most, found = 0, False
        for child in range(first, first + count):
            most = max(most, trees.visits[game, child])
            found = found or trees.visits[game, child] == wanted
        if not found:
            wanted = most
        best, best_score = first, -np.inf
        for k in range(count):
            if trees.visits[game, first + k] == wanted and scores[k] > best_score:
                best, best_score = first + k, scores[k]
        rows[i] = best


@compiled
def improved(
    trees: Trees,
    games: NDArray[np.int32],
    roots: NDArray[np.float64],
    policies: NDArray[np.float32],
) -> None:
    """Write what the search made of each root's priors: a policy over all actions [L, A].

    roots: the evaluator's values of the roots for the player to move [L].
    """
    for i in range(len(games)):
        game = games[i]
        first, count = trees.first[game, 0], trees.size[game, 0]
        scores = _scores(trees, game, np.zeros(count), roots[i])
        weights = np.exp(scores - scores.max())
        weights /= weights.sum()
        policies[i, :] = 0.0
        for k in range(count):
            policies[i, trees.action[game, first + k]] = weights[k]
