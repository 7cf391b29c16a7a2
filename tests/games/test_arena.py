"""Matches: who plays what from where, and what the games are worth."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

from tests.games.players import Fake, Greedy, Hopeless, Perfect, Random
from tests.planted import MACHINE, VERSIONS
from zoo.errors import InputError, ResultsError, ZooError
from zoo.games.arena import Game, Match, Side, elo, match, openings, play_game
from zoo.games.match_files import (
    file_name,
    from_json,
    markdown_list,
    read_matches,
    to_json,
    write_match,
)
from zoo.games.player import Budget
from zoo.games.rules import Rules

QUICK = Budget(seconds=0.1)


def planted(*pairs: tuple[int, int], **changes: Any) -> Match:
    """A match whose pairs end with these results for player a."""
    games = tuple(
        (
            Game((0, 1), (2, 3, 4), one, ((0.1, 0.3), (0.2,))),
            Game((0, 1), (2, 3), -two, ((0.4,), (0.8,))),
        )
        for one, two in pairs
    )
    facts: dict[str, Any] = {
        "game": "connect_four()",
        "a": Side("games/a", QUICK),
        "b": Side("games/b", QUICK),
        "opening_plies": 4,
        "seed": 3,
        "machine": MACHINE,
        "versions": VERSIONS,
        "began": "2026-01-02T03:04:05+00:00",
        "pairs": games,
    }
    return Match(**{**facts, **changes})


def last(rounds: Any) -> Match:
    *_, end = rounds
    assert isinstance(end, Match)
    return end


# --- games ----------------------------------------------------------------------------------------


def test_a_game_goes_from_its_opening_to_its_end() -> None:
    player = Fake("connect_four")
    # Both fill column 1 until it is full, then column 2: the first player gets no four there.
    game = play_game(player.seat(), player.seat(), [3, 3], player.rules)
    assert game.opening == (3, 3)
    assert game.moves[:7] == (0, 0, 0, 0, 0, 0, 1)
    end = player.rules.state([*game.opening, *game.moves])
    assert end.is_terminal()
    assert game.result == end.player_return(0)
    assert [len(side) for side in game.seconds] == [
        math.ceil(len(game.moves) / 2),
        len(game.moves) // 2,
    ]


@pytest.mark.parametrize(
    ("opening", "result"), [([0, 3, 1, 4], 1), ([0, 3, 1, 4, 8], -1), ([0, 4, 8, 1, 7, 6, 2, 5], 0)]
)
def test_the_result_is_the_first_players(opening: list[int], result: int) -> None:
    player = Perfect()
    assert play_game(player.seat(), player.seat(), opening, player.rules).result == result


def test_an_illegal_answer_and_an_error_end_the_game() -> None:
    class Cheat(Fake):
        def pick(self, state: Any) -> int:
            return int(state.history()[-1])

    class Broken(Fake):
        def pick(self, state: Any) -> int:
            raise RuntimeError("out of memory")

    honest = Fake()
    with pytest.raises(ZooError, match=r"Cheat answered with the illegal action 4 after \[4\]"):
        play_game(honest.seat(), Cheat().seat(), [4], honest.rules)
    with pytest.raises(RuntimeError, match="out of memory"):
        play_game(Broken().seat(), honest.seat(), [], honest.rules)


def test_a_player_that_spoils_its_position_does_not_spoil_the_game() -> None:
    class Vandal(Fake):
        def pick(self, state: Any) -> int:
            first = super().pick(state)
            state.apply_action(first)
            return first

    game = play_game(Vandal().seat(), Vandal().seat(), [], Rules("tic_tac_toe"))
    assert game.moves == (0, 1, 2, 3, 4, 5, 6)


# --- openings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("game", ["connect_four", "tic_tac_toe", "breakthrough(rows=6,columns=6)"])
def test_openings_are_distinct_and_unfinished(game: str) -> None:
    rules = Rules(game)
    found = openings(rules, 60, 5, seed=1)
    boards = {str(rules.open_state(opening)) for opening in found}
    assert len(found) == len(boards) == 60
    assert {len(opening) for opening in found} == {5}


def test_openings_are_repeatable_and_more_of_them_go_on_from_fewer() -> None:
    rules = Rules("connect_four")
    assert openings(rules, 20, 4, seed=1)[:5] == openings(rules, 5, 4, seed=1)
    assert openings(rules, 5, 4, seed=1) != openings(rules, 5, 4, seed=2)


def test_all_openings_are_found_and_no_more() -> None:
    rules = Rules("tic_tac_toe")
    assert openings(rules, 1, 0, seed=0) == [()]
    assert sorted(openings(rules, 72, 2, seed=0)) == sorted(
        (i, j) for i in range(9) for j in range(9) if i != j
    )
    with pytest.raises(InputError, match="only about 72 different openings of 2 plies"):
        openings(rules, 73, 2, seed=0)


# --- matches --------------------------------------------------------------------------------------


def test_each_opening_is_played_from_both_sides() -> None:
    a, b = Random("connect_four", seed=1), Random("connect_four", seed=2)
    so_far = list(match(a, b, pairs=6, opening_plies=3, seed=5))
    assert [len(played.pairs) for played in so_far] == [1, 2, 3, 4, 5, 6]
    end = so_far[-1]
    starts = [one.opening for one, _ in end.pairs]
    assert starts == [two.opening for _, two in end.pairs] == openings(a.rules, 6, 3, seed=5)
    for one, two in end.pairs:
        for game, (first, second) in ((one, (a, b)), (two, (b, a))):
            again = play_game(first.seat(), second.seat(), game.opening, a.rules)
            assert (again.moves, again.result) == (game.moves, game.result)


def test_every_game_is_played_in_new_seats() -> None:
    a, b = Fake(), Fake()
    last(match(a, b, pairs=2, opening_plies=2))
    for player in (a, b):
        used = [memory for memory in player.memories if memory]
        assert len(used) == 1 + 4  # one move before the match, so that nothing is cold
        assert all(len(memory) <= 4 for memory in used)


def test_a_player_that_always_wins_scores_one_and_the_elo_is_a_bound() -> None:
    end = last(match(Perfect(), Hopeless(), pairs=20, opening_plies=2, seed=1))
    assert end.tally == (40, 0, 0)
    assert end.score.value == end.score.high == 1
    assert 0.8 < end.score.low < 0.95
    low, high = end.wilson
    expected = binomtest(40, 40).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high))
    assert f"at least +{round(elo(end.score.low))} Elo." in end.sentence
    lost = last(match(Hopeless(), Perfect(), pairs=20, opening_plies=2, seed=1))
    assert lost.score.value == lost.score.low == 0
    assert lost.score.high == pytest.approx(1 - end.score.low)
    assert f"at most -{round(elo(end.score.low))} Elo." in lost.sentence


def test_equal_players_score_half() -> None:
    end = last(match(Greedy("connect_four"), Greedy("connect_four"), pairs=15, seed=4))
    won, _, lost = end.tally
    assert won == lost > 0
    assert end.score.value == 0.5
    assert end.score.low < 0.5 < end.score.high
    assert end.sentence.endswith("so they cannot be told apart.")


def test_the_greedy_beat_the_random() -> None:
    end = last(match(Greedy("connect_four", 1), Random("connect_four", 2), pairs=40, seed=4))
    assert end.score.low > 0.5
    back = last(match(Random("connect_four", 2), Greedy("connect_four", 1), pairs=40, seed=4))
    assert back.score.value == pytest.approx(1 - end.score.value)
    assert back.score.high == pytest.approx(1 - end.score.low)


def test_what_is_stopped_keeps_the_finished_pairs() -> None:
    class Impatient(Fake):
        def pick(self, state: Any) -> int:
            if sum(map(len, self.memories)) > 20:
                raise KeyboardInterrupt
            return super().pick(state)

    so_far: list[Match] = []
    with pytest.raises(KeyboardInterrupt):
        so_far.extend(match(Impatient(), Fake(), pairs=50, opening_plies=2))
    assert 2 <= len(so_far[-1].pairs) < 10


def test_a_match_is_refused_before_it_begins() -> None:
    with pytest.raises(InputError, match=r"One plays tic_tac_toe\(\), the other connect_four"):
        match(Fake(), Fake("connect_four"), pairs=1)
    with pytest.raises(InputError, match="at least 1 pair"):
        match(Fake(), Fake(), pairs=0)
    with pytest.raises(InputError, match="no option 'depth'"):
        match(Fake(), Fake(), pairs=1, options_a={"depth": 3})
    with pytest.raises(InputError, match="different openings of 0 plies"):
        match(Fake(), Fake(), pairs=2, opening_plies=0)


def test_each_side_has_its_own_budget() -> None:
    a = Fake()
    end = last(match(a, Fake(), pairs=1, options_a={"nodes": 30}, options_b={"seconds": 0.5}))
    assert end.a.budget == Budget(nodes=30)
    assert "at 30 positions a move against 0.5 s a move: " in end.sentence
    assert last(match(a, Fake(), pairs=1)).b.terms == "7 positions a move"
    assert Side("x", Budget(seconds=1.5, depth=4)).terms == "1.5 s or a depth of 4 a move"
    assert end.versions["open_spiel"]


# --- figures --------------------------------------------------------------------------------------

MIXED = [(1, 1)] * 30 + [(1, -1)] * 40 + [(1, 0)] * 15 + [(0, -1)] * 5 + [(-1, -1)] * 10


def test_the_tally_and_the_score() -> None:
    mixed = planted(*MIXED)
    assert mixed.games == 200
    assert mixed.tally == (115, 20, 65)
    assert mixed.score.value == pytest.approx((115 + 10) / 200)
    assert mixed.score.count == 200


def test_the_interval_is_that_of_the_pairs() -> None:
    points = [1.0] * 30 + [0.5] * 40 + [0.75] * 15 + [0.25] * 5 + [0.0] * 10
    padded = [*points, 1.0, 0.0]
    half = 1.983731 * statistics.stdev(padded) / math.sqrt(102)  # t with 101 degrees of freedom
    score = planted(*MIXED).score
    assert score.low == pytest.approx(statistics.mean(padded) - half, abs=1e-5)
    assert score.high == pytest.approx(statistics.mean(padded) + half, abs=1e-5)


def test_pairs_that_cancel_out_are_worth_more_than_independent_games() -> None:
    cancelling = planted(*[(1, -1)] * 50)
    assert cancelling.score.high - cancelling.score.low < 0.06
    low, high = cancelling.wilson
    assert high - low > 0.19
    # And games that go together in a pair are worth less.
    together = planted(*[(1, 1)] * 25, *[(-1, -1)] * 25)
    assert together.score.high - together.score.low > 0.27


def test_wilson_agrees_with_scipy() -> None:
    for won in (0, 1, 25, 50):
        pairs = [(1, 1)] * (won // 2) + [(1, -1)] * (won % 2)
        pairs += [(-1, -1)] * (25 - len(pairs))
        expected = binomtest(won, 50).proportion_ci(method="wilson")
        assert planted(*pairs).wilson == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_interval_holds_the_score_however_few_pairs_there_are() -> None:
    for pair in ((1, 1), (1, -1), (-1, -1), (0, 0), (1, 0)):
        for count in (1, 2, 100):
            score = planted(*[pair] * count).score
            assert score.low <= score.value <= score.high
            assert score.low < score.high
    nothing = planted()
    assert (nothing.score.low, nothing.score.high, nothing.wilson) == (0, 1, (0, 1))


@pytest.mark.parametrize(
    ("score", "difference"), [(0.5, 0), (0.75, 190.848), (1 / 11, -400), (1, math.inf)]
)
def test_elo(score: float, difference: float) -> None:
    assert elo(score) == pytest.approx(difference, abs=1e-3)
    assert elo(1 - score) == pytest.approx(-difference, abs=1e-3)


def test_the_sentence() -> None:
    score = planted(*MIXED).score
    assert planted(*MIXED).sentence == (
        f"games/a scores 62.5 % ({100 * score.low:.1f} to {100 * score.high:.1f}) against games/b "
        "over 200 games (100 openings of 4 plies, each played from both sides) at 0.1 s a move: "
        f"+89 Elo (+{elo(score.low):.0f} to +{elo(score.high):.0f})."
    )
    worse = planted(*[(-one, -two) for one, two in MIXED]).sentence
    assert worse.startswith("games/a scores 37.5 % (")
    assert f": -89 Elo (-{elo(score.high):.0f} to -{elo(score.low):.0f})." in worse
    one = planted((1, 0), opening_plies=1).sentence
    assert "over 2 games (1 opening of 1 ply, played from both sides)" in one
    assert one.endswith(": +191 Elo (no bounds), so they cannot be told apart.")
    assert planted((1, 1)).sentence.endswith(": no Elo yet, so they cannot be told apart.")


def test_the_time_that_moves_took() -> None:
    two = planted((1, 1), (0, 0))
    assert sorted(two.seconds(0)) == [0.1, 0.1, 0.3, 0.3, 0.8, 0.8]
    assert sorted(two.seconds(1)) == [0.2, 0.2, 0.4, 0.4]
    assert two.details == (
        "games/a won 2, drew 2 and lost 0 games; median time of a move: "
        "games/a 0.300 s (mean 0.400), games/b 0.300 s (mean 0.300)."
    )


# --- files ----------------------------------------------------------------------------------------


def test_a_match_comes_back_from_its_file(tmp_path: Path) -> None:
    mixed = planted(*MIXED, b=Side("games/b", Budget(nodes=1000, depth=3)))
    path = tmp_path / "matches" / file_name(mixed)
    write_match(path, mixed)
    payload = json.loads(path.read_text())
    assert from_json(payload) == mixed
    assert from_json(json.loads(json.dumps(to_json(mixed)))) == mixed
    assert payload["figures"]["tally"] == {"won": 115, "drawn": 20, "lost": 65}
    assert payload["figures"]["sentence"] == mixed.sentence
    assert payload["figures"]["elo"]["value"] == pytest.approx(elo(0.625))
    assert list(path.parent.iterdir()) == [path]


def test_an_infinite_elo_is_null_in_the_file(tmp_path: Path) -> None:
    write_match(tmp_path / "sweep.json", planted((1, 1)))
    figures = json.loads((tmp_path / "sweep.json").read_text())["figures"]
    assert figures["elo"]["value"] is None
    assert figures["elo"]["high"] is None


def test_the_name_of_a_file() -> None:
    assert file_name(planted()) == "a-vs-b-0.1s-0games-4plies-seed3.json"
    other = planted(game="tic_tac_toe()", b=Side("folder/c", Budget(nodes=50)))
    assert file_name(other) == "a-vs-c-tic_tac_toe-0.1s-50n-0games-4plies-seed3.json"


@pytest.mark.parametrize("key", ["pairs", "a", "seed"])
def test_a_broken_file_is_refused(key: str) -> None:
    payload = to_json(planted((1, 1)))
    with pytest.raises(ResultsError, match="incomplete"):
        from_json({name: value for name, value in payload.items() if name != key})
    with pytest.raises(ResultsError, match="schema"):
        from_json({**payload, "schema": 0})
    payload["pairs"][0][0]["result"] = 0.5
    with pytest.raises(ResultsError, match=r"no game ends with 0\.5"):
        from_json(payload)


def test_matches_are_told_one_by_one(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="There is no folder of matches"):
        read_matches(tmp_path / "none")
    with pytest.raises(ResultsError, match="There are no matches to report"):
        markdown_list(read_matches(tmp_path))
    even, won = planted((1, 1)), planted((1, -1))
    write_match(tmp_path / "b.json", even)
    write_match(tmp_path / "a.json", won)
    told = markdown_list(read_matches(tmp_path)).splitlines()
    assert told[:2] == [f"- {one.sentence} {one.details}" for one in (won, even)]
    assert told[-1].startswith("Played on: ")
    (tmp_path / "c.json").write_text("{}")
    with pytest.raises(ResultsError, match=r"c\.json' is no match"):
        read_matches(tmp_path)
