"""The tree, its selection and its proofs, on games small enough to know the truth."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.games.players import Opinionated
from zoo.games import gumbel, tree
from zoo.games.evaluators import Evaluator, Rollout, Uniform
from zoo.games.player import Budget
from zoo.games.rules import Rules, State
from zoo.games.search import Search, Selection

CONNECT4 = Rules("connect_four")
TICTACTOE = Rules("tic_tac_toe")


@functools.cache
def _solve(history: tuple[int, ...]) -> float:
    """The exact result of tic-tac-toe for player 0, by looking at every game."""
    state = TICTACTOE.state(history)
    if state.is_terminal():
        return TICTACTOE.result(state, 0)
    best = max if state.current_player() == 0 else min
    return best(_solve((*history, action)) for action in state.legal_actions())


def _searched(
    rules: Rules, x: object, nodes: int, evaluator: Evaluator | None = None, **selection: object
) -> Search:
    search = Search(rules, evaluator or Uniform(rules), Selection(**selection))  # type: ignore[arg-type]
    search.reset(0, rules.state(x))
    search.grow(Budget(nodes=nodes))
    return search


class _Planted:
    """Says that one move is likely, and that games which begin with another favour player 0."""

    def __init__(self, rules: Rules, likely: int, good: int) -> None:
        self.rules, self.likely, self.good = rules, likely, good

    def __call__(self, states: Sequence[State]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        priors = np.full((len(states), self.rules.actions), 0.02, np.float32)
        priors[:, self.likely] = 1.0
        values = [
            (0.9 if state.current_player() == 0 else -0.9) * (self.good in state.history()[:1])
            for state in states
        ]
        return priors, np.array(values, np.float32)


@pytest.mark.parametrize("ucb1", [False, True])
@pytest.mark.parametrize(
    ("position", "best"),
    [
        ("112233", "4"),  # wins at once
        ("1122334", None),  # over
        ("41414", "4"),  # must block
        ("4455", "36"),  # an open three follows either side
    ],
)
def test_wins_and_threats_of_connect4_are_seen(position: str, best: str | None, ucb1: bool) -> None:
    if best is None:
        assert CONNECT4.state(position).is_terminal()
        return
    evaluator = Rollout(CONNECT4, seed=1)
    move = _searched(CONNECT4, position, 3000, evaluator, ucb1=ucb1).move()
    assert move.action in best


def test_a_proven_win_ends_the_search_and_is_played() -> None:
    search = _searched(CONNECT4, "112233", 100_000)
    move = search.move()
    assert (move.action, move.value, move.proven) == ("4", 1.0, True)
    assert move.nodes < 100


@pytest.mark.parametrize("leaves", [1, 16])
def test_tic_tac_toe_is_solved_as_looking_at_every_game_solves_it(leaves: int) -> None:
    rng = np.random.default_rng(leaves)
    for _ in range(20):
        state = TICTACTOE.initial()
        for _ in range(int(rng.integers(3, 6))):
            state.apply_action(int(rng.choice(state.legal_actions())))
            if state.is_terminal():
                break
        if state.is_terminal():
            continue
        truth = _solve(tuple(state.history()))
        move = _searched(TICTACTOE, state, 2000, leaves=leaves).move()
        assert move.proven or len(state.history()) == 3
        if move.proven:
            assert move.value == (truth if state.current_player() == 0 else -truth)
        after = (*state.history(), move.index)
        assert _solve(after) == truth


def test_visits_are_accounted_for_at_every_node() -> None:
    search = _searched(CONNECT4, "44", 500)
    trees = search.trees
    used = int(trees.used[0])
    assert not trees.pending[0, :used].any()
    for row in range(used):
        count, first = int(trees.size[0, row]), int(trees.first[0, row])
        children = slice(first, first + count)
        if count and np.isnan(trees.proven[0, row]):
            # All visits of a node went on to a child, but the one that opened it.
            assert trees.visits[0, row] == trees.visits[0, children].sum() + 1
            assert trees.prior[0, children].sum() == pytest.approx(1, abs=1e-5)
        assert abs(trees.total[0, row]) <= trees.visits[0, row]


def test_the_evaluator_decides_what_is_looked_at_and_what_is_played() -> None:
    move = _searched(CONNECT4, "", 40, _Planted(CONNECT4, likely=6, good=1)).move()
    assert move.policy[6] > 0.5  # likely, and nothing speaks against it yet
    move = _searched(CONNECT4, "", 3000, _Planted(CONNECT4, likely=6, good=1)).move()
    assert move.index == 1  # good, although unlikely
    assert move.value > 0.5


def test_one_simulation_answers_with_the_prior() -> None:
    move = _searched(CONNECT4, "44", 1, _Planted(CONNECT4, likely=6, good=1)).move()
    assert move.index == 6
    assert move.policy[6] == pytest.approx(1 / 1.12, abs=1e-3)
    assert (move.nodes, move.depth) == (1, 0)


def test_what_was_found_out_is_kept_when_the_game_goes_on() -> None:
    search = _searched(CONNECT4, "44", 2000)
    trees = search.trees
    first = int(trees.first[0, 0])
    child = first + 2
    grandchildren = int(trees.first[0, child]) + np.arange(int(trees.size[0, child]))
    grandchild = int(grandchildren[trees.visits[0, grandchildren].argmax()])
    action = int(trees.action[0, grandchild])
    kept = int(trees.visits[0, grandchild]), float(trees.total[0, grandchild])
    state = CONNECT4.state([3, 3, int(trees.action[0, child]), action])
    search.move_to(state)
    assert (int(search.trees.visits[0, 0]), float(search.trees.total[0, 0])) == kept
    assert search.states[0][0].history() == state.history()
    for row, held in search.states[0].items():
        # Each row's position is its parent's after its action.
        parent = int(search.trees.parent[0, row])
        if parent >= 0:
            before = search.states[0][parent].history()
            assert held.history() == [*before, int(search.trees.action[0, row])]
    search.grow(Budget(nodes=kept[0] + 100))
    assert search.trees.visits[0, 0] > kept[0]
    assert not search.trees.pending[0, : search.trees.used[0]].any()


def test_a_position_of_another_game_begins_a_new_tree() -> None:
    search = _searched(CONNECT4, "44", 200)
    search.move_to(CONNECT4.state("12"))
    assert search.trees.visits[0, 0] == 0
    assert search.states[0][0].history() == [0, 1]


def test_trees_of_many_games_do_not_touch_each_other() -> None:
    together = Search(CONNECT4, Uniform(CONNECT4), Selection(), games=3)
    positions = ["44", "123", "7654321"]
    for game, position in enumerate(positions):
        together.reset(game, CONNECT4.state(position))
    for _ in range(300):
        together.simulate([0, 1, 2])
    for game, position in enumerate(positions):
        alone = Search(CONNECT4, Uniform(CONNECT4), Selection())
        alone.reset(0, CONNECT4.state(position))
        for _ in range(300):
            alone.simulate([0])
        assert alone.move().policy == together.move(game).policy


@pytest.mark.parametrize("leaves", [1, 16])
def test_trees_grow_in_step_each_as_it_would_alone(leaves: int) -> None:
    """Two of them are proven long before the others have spent their budgets."""
    states = [CONNECT4.state(position) for position in ("44", "112233", "", "4455", "7654321")]
    selection, budget = Selection(leaves=leaves), Budget(nodes=300)
    alone, calls = [], []
    for state in states:
        judge = Opinionated(CONNECT4)
        alone += Search(CONNECT4, judge, selection).moves([state], budget)
        calls.append(len(judge.calls))
    assert [move.nodes < 300 for move in alone] == [False, True, False, True, False]
    judge = Opinionated(CONNECT4)
    together = Search(CONNECT4, judge, selection, games=len(states))
    assert together.moves(states, budget) == alone
    # One call serves the leaves of all. Where the game is over at one tree's, none was needed.
    assert max(calls) <= len(judge.calls) < 1.1 * max(calls)
    assert max(map(len, judge.calls)) > leaves
    # Nothing is left of one batch in the next.
    assert together.moves(states[::-1], budget) == alone[::-1]


@pytest.mark.parametrize(
    "game", ["dots_and_boxes(num_rows=1,num_cols=2)", "nim", "hex(board_size=3)", "clobber(rows=2)"]
)
def test_no_proof_is_wrong_even_where_a_player_moves_twice(game: str) -> None:
    rules = Rules(game)
    known: dict[tuple[int, ...], float] = {}

    def solve(state: State) -> float:
        key = tuple(state.history())
        if key not in known:
            best = max if state.current_player() == 0 else min
            known[key] = (
                rules.result(state, 0)
                if state.is_terminal()
                else best(solve(state.child(action)) for action in state.legal_actions())
            )
        return known[key]

    rng = np.random.default_rng(0)
    proven = 0
    for _ in range(10):
        state = rules.initial()
        while not state.is_terminal() and len(state.legal_actions()) > 4:
            state.apply_action(int(rng.choice(state.legal_actions())))
        if state.is_terminal():
            continue
        search = Search(rules, Rollout(rules), Selection())
        search.reset(0, state)
        search.grow(Budget(nodes=2000))
        move = search.move()
        truth = solve(state) * (1 if state.current_player() == 0 else -1)
        if move.proven:
            proven += 1
            assert move.value == pytest.approx(truth)
            after = solve(state.child(move.index)) * (1 if state.current_player() == 0 else -1)
            assert after == pytest.approx(truth)
    assert proven >= 3


def test_a_budget_of_no_time_still_looks_at_the_position() -> None:
    search = Search(CONNECT4, Uniform(CONNECT4), Selection())
    search.reset(0, CONNECT4.initial())
    search.grow(Budget(seconds=1e-9))
    assert search.move().nodes >= 1


def test_a_time_budget_ends_the_search() -> None:
    search = Search(CONNECT4, Uniform(CONNECT4), Selection())
    search.reset(0, CONNECT4.initial())
    search.grow(Budget(seconds=0.05))
    assert 10 < search.trees.visits[0, 0] < 200_000


# --- Gumbel root selection -----------------------------------------------------------------------


@pytest.mark.parametrize(("actions", "simulations"), [(1, 5), (2, 3), (7, 16), (7, 64), (9, 4)])
def test_halving_spends_what_there_is_and_favours_fewer_and_fewer(
    actions: int, simulations: int
) -> None:
    plan = gumbel.schedule(actions, simulations)
    assert len(plan) == simulations
    tried: list[int] = [0] * actions
    for before in plan:
        # Whoever is chosen has been tried just so often, and there is one.
        assert before in tried
        tried[tried.index(before)] += 1
    if simulations >= actions:
        assert min(tried) >= 1
    if (actions, simulations) == (7, 64):
        assert sorted(tried)[-2] > 2 * sorted(tried)[0]


def test_the_improved_policy_is_the_prior_where_all_values_are_equal() -> None:
    search = Search(CONNECT4, _Planted(CONNECT4, likely=6, good=99), Selection())
    search.reset(0, CONNECT4.state("44"))
    for _ in range(20):
        search.simulate([0])
    policies = np.empty((1, 7), np.float32)
    gumbel.improved(search.trees, np.zeros(1, np.int32), np.zeros(1), policies)
    assert policies[0] == pytest.approx([0.02 / 1.12] * 6 + [1 / 1.12], abs=1e-3)


def test_the_improved_policy_moves_to_the_winning_move() -> None:
    search = Search(CONNECT4, _Planted(CONNECT4, likely=6, good=99), Selection())
    search.reset(0, CONNECT4.state("112233"))
    for row in (None, *range(1, 8)):
        search.simulate([0], None if row is None else [row])
    policies = np.empty((1, 7), np.float32)
    games, rows = np.zeros(1, np.int32), np.empty(1, np.int32)
    gumbel.improved(search.trees, games, np.zeros(1), policies)
    assert policies[0].argmax() == 3
    assert policies[0, 3] > 0.99
    gumbel.choose(
        search.trees, games, np.zeros((1, 7)), np.zeros(1), np.full(1, -1, np.int32), rows
    )
    assert search.trees.action[0, rows[0]] == 3


def test_a_move_that_was_not_tried_has_the_mixed_value_of_the_position() -> None:
    """By hand, with a root value of 0.5, and one move of prior 0.25 tried twice with mean -1."""
    trees = tree.Trees.empty(1, 16)
    zero = np.zeros(1, np.int32)
    priors = np.array([[0.25, 0.75]], np.float32)
    actions = np.arange(2, dtype=np.int32)
    tree.expand(trees, zero, zero, np.zeros(1, np.int8), np.full(1, 2, np.int32), actions, priors)
    trees.visits[0, :2], trees.total[0, :2] = (3, 2), (-1.5, -2.0)
    mixed = (0.5 + 2 * -1.0) / 3
    gap = (50 + 2) * 0.3 * (mixed + 1) + np.log(3)
    policies = np.empty((1, 2), np.float32)
    gumbel.improved(trees, zero, np.full(1, 0.5), policies)
    assert policies[0, 0] == pytest.approx(1 / (1 + np.exp(gap)), rel=1e-3)


def test_of_many_moves_only_some_are_considered_so_that_halving_can_halve() -> None:
    plan = gumbel.schedule(121, 64)
    assert (plan == 0).sum() == 16
    assert plan.max() >= 3


def test_noise_decides_among_moves_of_equal_worth() -> None:
    search = Search(CONNECT4, Uniform(CONNECT4), Selection())
    search.reset(0, CONNECT4.initial())
    search.simulate([0])
    rows = np.empty(1, np.int32)
    for favoured in range(7):
        noise = np.zeros((1, 7))
        noise[0, favoured] = 1.0
        begin = np.zeros(1, np.int32)
        gumbel.choose(search.trees, begin, noise, np.zeros(1), begin, rows)
        assert search.trees.action[0, rows[0]] == favoured


def test_a_new_tree_has_room_and_nothing_in_it() -> None:
    trees = tree.Trees.empty(2, 8).with_rows(64)
    assert trees.first.shape == (2, 64)
    assert trees.used.tolist() == [1, 1]
    assert not trees.visits.any()


@pytest.mark.parametrize("nudge", [0.0, 1e-7])
def test_of_moves_that_only_rounding_tells_apart_the_first_is_taken(nudge: float) -> None:
    search = _searched(TICTACTOE, "", 20)
    first, count = int(search.trees.first[0, 0]), int(search.trees.size[0, 0])
    rows = np.arange(first, first + count)
    search.trees.visits[0, rows] = 5
    search.trees.prior[0, rows] = 0.1
    search.trees.prior[0, rows[6]] += nudge
    assert search.move().index == 0
    search.trees.prior[0, rows[6]] += 0.01  # of equal visits, what the network preferred
    assert search.move().index == 6


def test_a_move_proven_to_lose_is_no_match_for_one_that_was_hardly_looked_at() -> None:
    search = _searched(TICTACTOE, "", 20)
    first, count = int(search.trees.first[0, 0]), int(search.trees.size[0, 0])
    rows = np.arange(first, first + count)
    search.trees.proven[0, rows[:-1]] = -1.0  # player 0 is to move
    search.trees.proven[0, rows[-1]] = np.nan
    search.trees.visits[0, rows] = 5
    search.trees.visits[0, rows[-1]] = 0
    search.trees.prior[0, rows[-1]] = 1e-7
    assert search.move().index == count - 1
