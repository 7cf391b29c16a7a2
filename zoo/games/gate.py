"""How strong an evaluator is: matches of many games at once, and positions with known answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from zoo.games.evaluators import Evaluator
from zoo.games.player import Budget
from zoo.games.rules import Rules, State
from zoo.games.search import Search, Selection
from zoo.predictions import Move


def moves(
    rules: Rules, evaluator: Evaluator, states: Sequence[State], simulations: int
) -> list[Move]:
    """The move in each of many positions, all searched at once with one leaf each."""
    search = Search(rules, evaluator, Selection(leaves=1), games=len(states))
    return search.moves(states, Budget(nodes=simulations))


def score(
    rules: Rules,
    ours: Evaluator,
    theirs: Evaluator,
    openings: Sequence[Sequence[int]],
    simulations: int,
) -> float:
    """The share of points that `ours` wins: each opening is played once from either side."""
    games = [(rules.state(opening), side) for opening in openings for side in (0, 1)]
    while any(not state.is_terminal() for state, _ in games):
        for evaluator, mine in ((ours, True), (theirs, False)):
            turn = [
                state
                for state, side in games
                if not state.is_terminal() and (state.current_player() == side) is mine
            ]
            if turn:
                for state, move in zip(
                    turn, moves(rules, evaluator, turn, simulations), strict=True
                ):
                    state.apply_action(move.index)
    return float(np.mean([0.5 + 0.5 * rules.result(state, side) for state, side in games]))


def kept(
    rules: Rules,
    evaluator: Evaluator,
    positions: Sequence[tuple[State, Callable[[Move], bool]]],
    simulations: int,
) -> float:
    """The share of positions whose check the move passes."""
    answers = moves(rules, evaluator, [state for state, _ in positions], simulations)
    return float(np.mean([good(move) for (_, good), move in zip(positions, answers, strict=True)]))
