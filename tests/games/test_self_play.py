"""Self-play, learning and the run that joins them, at a size that takes seconds."""

from __future__ import annotations

import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch

from tests.games.players import Opinionated
from zoo.errors import InputError, WeightsError
from zoo.games import gate
from zoo.games.alphazero import AlphaZeroPlayer
from zoo.games.learning import Course, Learner, Replay
from zoo.games.network import NetworkEvaluator, PolicyValueNetwork, RememberingEvaluator
from zoo.games.rules import Rules
from zoo.games.run import _boards
from zoo.games.self_play import Experience, Order, SelfPlay, _Record, _Table, work
from zoo.progress import Progress

CONNECT4 = Rules("connect_four")
TICTACTOE = Rules("tic_tac_toe")
ARCHITECTURE = {"shape": [4, 3, 3], "actions": 9, "width": 8, "blocks": 1}
QUICK = SelfPlay(simulations=8, fast_simulations=4, thorough=0.5, slots=16, precision="float32")
TINY: dict[str, Any] = {"progress": False, **AlphaZeroPlayer.tiny_options()}


def _network(seed: int = 0) -> PolicyValueNetwork:
    torch.manual_seed(seed)
    return PolicyValueNetwork(**ARCHITECTURE)


def _order(**changes: Any) -> Order:
    arrays = {k: v.numpy() for k, v in _network().folded().state_dict().items()}
    order = Order(
        game="tic_tac_toe", architecture=ARCHITECTURE, arrays=arrays, how=QUICK, games=40, seed=1
    )
    return dataclasses.replace(order, **changes)


def _equal(a: Experience, b: Experience) -> bool:
    return all(np.array_equal(x, b.arrays()[name]) for name, x in a.arrays().items())


def test_experience_says_what_happened() -> None:
    played = work(_order())
    assert played.games == 40
    assert set(np.unique(played.results)) <= {-1.0, 0.0, 1.0}
    assert np.abs(played.values).max() <= 1
    assert played.policies.sum(1) == pytest.approx(1, abs=2e-2)  # stored in half precision
    # No move is ever taught where a piece stands already.
    taken = 1 - played.boards[:, 0].reshape(-1, 9)
    assert played.policies[taken == 1].max() == 0
    assert 0.2 < played.taught.mean() < 0.8


def test_results_are_told_to_whoever_was_to_move() -> None:
    """On the last board of a won game, the player who is about to complete a line wins."""
    played = work(_order(how=dataclasses.replace(QUICK, random_openings=0.0)))
    own, opponent = played.boards[:, 2], played.boards[:, 1]
    lines = [np.s_[:, i, :] for i in range(3)] + [np.s_[:, :, i] for i in range(3)]
    # Whoever has two in a line with the third free may win at once; the other must not be able to.
    won_next = np.zeros(len(own), bool)
    for line in lines:
        won_next |= (own[line].sum(1) == 2) & (opponent[line].sum(1) == 0)
    assert won_next.sum() > 5
    assert played.results[won_next].mean() > played.results[~won_next].mean() + 0.2


def test_the_same_order_gives_the_same_experience_wherever_it_is_worked() -> None:
    first = work(_order())
    assert _equal(first, work(pickle.loads(pickle.dumps(_order()))))
    assert not _equal(first, work(_order(seed=2)))


def test_excluded_positions_teach_nothing_however_they_are_reached() -> None:
    """The empty board is in every game without a random opening; so is its first reply."""
    how = dataclasses.replace(QUICK, random_openings=0.0)
    empty = TICTACTOE.observe([TICTACTOE.initial()])[0].astype(np.float16)
    plain = work(_order(how=how))
    assert (plain.boards == empty).all((1, 2, 3)).sum() == 40
    banned = _boards(TICTACTOE, ["", "1"])
    assert len(banned) == 1 + 4  # a corner is any corner
    kept = work(_order(how=how, excluded=banned))
    assert not any(board.tobytes() in banned for board in kept.boards)
    assert len(kept.results) <= len(plain.results) - 40


def test_what_was_proven_counts_even_if_it_is_thrown_away() -> None:
    """By hand: player 0 is proven to win, then to lose after a blunder, and the game is a draw."""
    order = _order()
    evaluator = NetworkEvaluator(TICTACTOE, _network().folded())
    record = _Record(
        TICTACTOE.state("123457698"),
        movers=[0, 1, 0, 1, 0],
        boards=list(TICTACTOE.observe([TICTACTOE.initial()] * 5).astype(np.float16)),
        policies=[np.full(9, 1 / 9, np.float32)] * 5,
        taught=[True] * 5,
        values=[0.0] * 5,
        proven=[np.nan, 1.0, np.nan, -1.0, np.nan],
    )
    assert TICTACTOE.result(record.state, 0) == 0
    played = _Table(TICTACTOE, evaluator, order)._finished(record)
    # Each for whoever is to move.
    assert played.results.tolist() == [1, -1, -1, 1, 0]


def test_random_openings_reach_positions_that_play_does_not() -> None:
    def depths(share: float) -> set[int]:
        how = dataclasses.replace(QUICK, random_openings=share, opening_plies=5)
        played = work(_order(how=how))
        return set(played.boards[:, 1:3].sum((1, 2, 3)).astype(int).tolist())

    assert 0 in depths(0.0)
    assert depths(1.0) >= {2, 3, 4}


# --- learning ------------------------------------------------------------------------------------


def _lesson(count: int = 64) -> Experience:
    """Boards whose best move is the square opposite to the only piece, and who has it wins."""
    rng = np.random.default_rng(0)
    boards = np.zeros((count, 4, 3, 3), np.float16)
    policies = np.zeros((count, 9), np.float16)
    results = np.zeros(count, np.float16)
    for i in range(count):
        square, mine = int(rng.integers(9)), int(rng.integers(2))
        boards[i, 0] = 1
        boards[i, 0, square // 3, square % 3] = 0
        boards[i, 1 + mine, square // 3, square % 3] = 1
        policies[i, 8 - square] = 1
        results[i] = 1 if mine else -1
    return Experience(
        boards=boards,
        policies=policies,
        taught=np.ones(count, np.bool_),
        results=results,
        values=results,
        games=count,
    )


def test_a_network_learns_a_small_lesson_by_heart() -> None:
    course = Course(iterations=1, passes=150, batch_size=32, averaging=20)
    learner = Learner(TICTACTOE, _network())
    lesson = _lesson()
    losses = learner.learn(lesson, 64, course, 0, np.random.default_rng(0), Progress())
    assert losses["policy_loss"] < 1.5
    with torch.inference_mode():
        logits, values = learner.average.folded()(torch.from_numpy(lesson.boards).float())
    assert (logits.argmax(1).numpy() == lesson.policies.argmax(1)).mean() == 1
    assert np.abs(values.numpy() - lesson.results).max() < 0.3


def test_moves_that_were_not_searched_thoroughly_do_not_teach_the_policy() -> None:
    lesson = dataclasses.replace(_lesson(), taught=np.zeros(64, np.bool_))
    learner, course = Learner(TICTACTOE, _network()), Course(passes=1, batch_size=32)
    losses = learner.learn(lesson, 64, course, 0, np.random.default_rng(0), Progress())
    assert losses["policy_loss"] == 0


def test_folding_the_normalisations_changes_no_answer() -> None:
    network = _network()
    network.train()
    for _ in range(3):
        network(torch.randn(32, 4, 3, 3) * 2 + 1)
    network.eval()
    x = torch.randn(8, 4, 3, 3)
    with torch.inference_mode():
        for before, after in zip(network(x), network.folded()(x), strict=True):
            assert torch.allclose(before, after, atol=1e-5)


def test_what_was_said_of_a_position_is_not_asked_again() -> None:
    judge = Opinionated(TICTACTOE)
    remembering = RememberingEvaluator(TICTACTOE, judge, most=6)
    for positions, fresh in (
        (["1", "5", "1"], 2),
        (["195", "591", "5"], 1),  # the same board in another order
        (["1", "5"], 0),
        (["", "2", "3", "4"], 4),  # one more than are kept
        (["1"], 1),
    ):
        states = [TICTACTOE.state(x) for x in positions]
        judge.calls.clear()
        got = remembering(states)
        assert sum(map(len, judge.calls)) == fresh
        for mine, wanted in zip(got, Opinionated(TICTACTOE)(states), strict=True):
            assert np.array_equal(mine, wanted)


def test_the_average_of_all_views_does_not_notice_a_symmetry() -> None:
    evaluator = NetworkEvaluator(TICTACTOE, _network().folded(), symmetric=True)
    priors, values = evaluator([TICTACTOE.state("12"), TICTACTOE.state("98")])  # turned by 180°
    assert priors[0] == pytest.approx(priors[1][::-1], abs=1e-6)
    assert values[0] == pytest.approx(values[1], abs=1e-6)


def test_the_learning_rate_is_steady_and_then_falls() -> None:
    course = Course(iterations=10, learning_rate=1.0, steady=0.6)
    assert [course.rate(i) for i in (0, 6)] == [1, 1]
    assert course.rate(8) == pytest.approx(0.5)
    assert course.rate(10) == pytest.approx(0.02)


def test_the_window_moves_on() -> None:
    course = Course(window=0.5)
    assert [course.first_of_window(i) for i in (0, 1, 2, 9, 39)] == [0, 0, 1, 5, 20]
    replay = Replay(None, {i: _lesson(4) for i in range(4)})
    assert replay.window(2).games == 8
    assert sorted(replay.held) == [2, 3]


# --- the whole run -------------------------------------------------------------------------------


def _answers(player: AlphaZeroPlayer) -> list[Any]:
    return [player.predict(x, simulations=4).to_dict() for x in ("", "5", "159")]


def test_an_interrupted_run_ends_like_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = AlphaZeroPlayer.fit(workspace=tmp_path / "whole", seed=3, **TINY)
    original = gate.score

    def interrupt(*arguments: Any) -> float:
        raise KeyboardInterrupt

    calls = iter((original, interrupt))
    monkeypatch.setattr(gate, "score", lambda *a: next(calls)(*a))
    with pytest.raises(KeyboardInterrupt):
        AlphaZeroPlayer.fit(workspace=tmp_path / "broken", seed=3, **TINY)
    monkeypatch.setattr(gate, "score", original)
    resumed = AlphaZeroPlayer.fit(workspace=tmp_path / "broken", seed=3, **TINY)
    assert _answers(resumed) == _answers(whole)
    log = (tmp_path / "broken" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["iteration"] for line in log] == [1, 2]
    assert (tmp_path / "whole" / "learning-curve.png").stat().st_size > 5000


def test_a_second_stage_goes_on_where_the_first_one_ended(tmp_path: Path) -> None:
    then = {"iterations": 3, "simulations": 5, "thorough": 1.0, "games": 8}
    first = AlphaZeroPlayer.fit(workspace=tmp_path / "first", seed=3, **TINY)
    both = AlphaZeroPlayer.fit(workspace=tmp_path / "both", seed=3, then=then, **TINY)
    logs = [
        [json.loads(line) for line in (tmp_path / name / "log.jsonl").read_text().splitlines()]
        for name in ("first", "both")
    ]
    assert [line["iteration"] for line in logs[1]] == [1, 2, 3, 4, 5]
    for one, other in zip(*logs, strict=False):
        assert one["policy_loss"] == other["policy_loss"]
    assert [line["games"] for line in logs[1]] == [16, 16, 8, 8, 8]
    # It learns from its own games alone.
    own = [line["positions"] for line in logs[1]]
    assert [line["window"] for line in logs[1][2:]] == [own[2], own[2] + own[3], own[3] + own[4]]
    assert _answers(both) != _answers(first)
    assert [path.name for path in sorted((tmp_path / "both" / "replay").iterdir())] == [
        "0003.safetensors",
        "0004.safetensors",
    ]


def test_a_second_stage_may_be_interrupted_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {**TINY, "seed": 3, "then": {"iterations": 2, "simulations": 5}}
    whole = AlphaZeroPlayer.fit(workspace=tmp_path / "whole", **options)
    original = gate.score
    for calls in (2, 1):  # at the end of the first stage, then one iteration later

        def interrupt(*arguments: Any, left: list[int] = [calls]) -> float:  # noqa: B006
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return original(*arguments)

        monkeypatch.setattr(gate, "score", interrupt)
        with pytest.raises(KeyboardInterrupt):
            AlphaZeroPlayer.fit(workspace=tmp_path / "broken", **options)
    monkeypatch.setattr(gate, "score", original)
    resumed = AlphaZeroPlayer.fit(workspace=tmp_path / "broken", **options)
    assert _answers(resumed) == _answers(whole)
    kept = [
        sorted(p.name for p in (tmp_path / x / "replay").iterdir()) for x in ("whole", "broken")
    ]
    assert kept[0] == kept[1]


@pytest.mark.parametrize(
    ("then", "message"),
    [
        ({"games_": 8}, "no option 'games_' "),
        ({"games": 7}, "even number of games"),
        ({"width": 4}, "no option 'width' "),
        ({"precision": "bfloat16"}, "precision is one for the whole training"),
        (5, "then is a set of options; 5 came"),
        ("abc", "then is a set of options; 'abc' came"),
    ],
)
def test_a_second_stage_that_makes_no_sense_is_refused(then: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        AlphaZeroPlayer.fit(then=then, **TINY)


def test_the_number_of_workers_does_not_change_the_outcome(tmp_path: Path) -> None:
    alone = AlphaZeroPlayer.fit(seed=5, workers=1, **TINY)
    shared = AlphaZeroPlayer.fit(seed=5, workers=2, **TINY)
    assert _answers(alone) == _answers(shared)


def test_a_workspace_of_another_run_or_a_broken_one_is_refused_and_kept(tmp_path: Path) -> None:
    AlphaZeroPlayer.fit(workspace=tmp_path, seed=3, **TINY)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for changed in ({"seed": 4}, {"iterations": 3}, {"game": "connect_four"}):
        with pytest.raises(WeightsError, match="holds a run with another game, seed or options"):
            AlphaZeroPlayer.fit(workspace=tmp_path, **{"seed": 3, **TINY, **changed})
    assert {path: path.read_bytes() for path in before} == before
    checkpoint = tmp_path / "checkpoint.safetensors"
    checkpoint.write_bytes(before[checkpoint][:500])
    with pytest.raises(WeightsError, match="cannot be read"):
        AlphaZeroPlayer.fit(workspace=tmp_path, seed=3, **TINY)
    checkpoint.write_bytes(before[checkpoint])
    (tmp_path / "replay" / "0001.safetensors").write_bytes(b"short")
    with pytest.raises(WeightsError, match=r"0001\.safetensors' cannot be read"):
        AlphaZeroPlayer.fit(workspace=tmp_path, seed=3, **TINY)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("gate_games", 0),
        ("gate_simulations", 0),
        ("iterations", 0),
        ("iterations", "abc"),
        ("simulations", 0),
        ("games", 1),
        ("games", 3),
        ("slots", 0),
        ("opening_plies", -1),
        ("steady", 1),
        ("batch_size", 0),
        ("precision", "half"),
        ("workers", 0),
        ("width", 0),
        ("learning_rate", float("nan")),
        ("thorough", 2),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_before_any_game(option: str, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        AlphaZeroPlayer.fit(**{**TINY, option: value})
    assert str(caught.value).endswith(".")


def test_a_game_with_few_openings_can_be_learned() -> None:
    AlphaZeroPlayer.fit(**{**TINY, "iterations": 1, "gate_games": 400})


def test_weights_are_stored_in_half_precision_and_answer_the_same(tmp_path: Path) -> None:
    player = AlphaZeroPlayer.fit(seed=1, **TINY)
    player.save(tmp_path / "saved")
    again = AlphaZeroPlayer.load(tmp_path / "saved", device="cpu")
    assert _answers(again) == _answers(player)
    stored = safetensors.numpy.load_file(tmp_path / "saved" / "model.safetensors")
    assert {array.dtype for array in stored.values()} == {np.dtype(np.float16)}


def test_examples_and_unknown_options_are_refused() -> None:
    from zoo.data import Example

    with pytest.raises(InputError, match="learns by playing against itself"):
        AlphaZeroPlayer.fit([Example("5", "0")], **TINY)
    with pytest.raises(InputError, match="no option 'simulation' "):
        AlphaZeroPlayer.fit(simulation=3, **TINY)


def test_a_player_that_was_not_trained_says_how_to_train_it() -> None:
    with pytest.raises(InputError, match=r"zoo train games/alphazero --game 'breakthrough\("):
        AlphaZeroPlayer("breakthrough(rows=6,columns=6)")
