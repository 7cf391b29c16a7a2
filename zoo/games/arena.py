"""Matches between two players: paired openings, a score with its interval, and Elo.

Two players without chance would play one game over and over, and whoever moves first may be sure
to win it. So each pair of games starts from a random opening, once with either player to move:
what the opening is worth cancels out.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from scipy.stats import t as student

from zoo.errors import InputError, ZooError
from zoo.games.player import Budget, Player, Seat
from zoo.games.rules import Rules, State
from zoo.machine import describe, versions
from zoo.metrics import Score
from zoo.predictions import Move

_Z95 = 1.959963984540054  # the normal distribution's 97.5 % point
_TRIES = 1000  # random openings in a row without a new one: there are no more


@dataclass(frozen=True, slots=True)
class Game:
    """One finished game.

    opening, moves: actions; `moves` are those of the players.
    result: of the player who moves first in the game: 1 won, 0 drew, -1 lost.
    seconds: that each move took, of the first player and of the second.
    """

    opening: tuple[int, ...]
    moves: tuple[int, ...]
    result: int
    seconds: tuple[tuple[float, ...], tuple[float, ...]]


def answer(seat: Seat, state: State) -> Move:
    """The move of a player, checked. Raises ZooError if it is illegal."""
    move = seat.move(state.clone())  # a search that plays on it does not spoil the game
    if move.index not in state.legal_actions():
        raise ZooError(
            f"{player_name(seat.player)} answered with the illegal action {move.index} "
            f"after {state.history()}."
        )
    return move


def play_game(first: Seat, second: Seat, opening: Sequence[int], rules: Rules) -> Game:
    """Play from an opening to the end.

    Raises ZooError if a player answers with an illegal move; what a player raises passes through.
    """
    state = rules.open_state(opening)
    moves: list[int] = []
    seconds: tuple[list[float], list[float]] = [], []
    while not state.is_terminal():
        turn = state.current_player()
        began = time.perf_counter()
        move = answer((first, second)[turn], state)
        seconds[turn].append(time.perf_counter() - began)
        state.apply_action(move.index)
        moves.append(move.index)
    result = int(np.sign(state.player_return(0)))
    return Game(tuple(opening), tuple(moves), result, (tuple(seconds[0]), tuple(seconds[1])))


def openings(
    rules: Rules, count: int, plies: int, seed: int, *, or_fewer: bool = False
) -> list[tuple[int, ...]]:
    """Random openings that lead to distinct boards on which the game is not over.

    A greater count goes on where a smaller one ends. Raises InputError if the game has too few,
    unless fewer will do.
    """
    rng = np.random.default_rng(seed)
    found: dict[tuple[str, int], tuple[int, ...]] = {}
    tries = 0
    while len(found) < count:
        state = rules.initial()
        while not state.is_terminal() and len(state.history()) < plies:
            state.apply_action(int(rng.choice(state.legal_actions())))
        board = str(state), state.current_player()
        tries += 1
        if not state.is_terminal() and board not in found:
            found[board] = tuple(state.history())
            tries = 0
        elif tries == _TRIES and found and or_fewer:
            break
        elif tries == _TRIES:
            raise InputError(
                f"{rules.kind} has only about {len(found):,} different openings of {plies} plies, "
                f"and {count:,} are wanted: ask for fewer pairs or longer openings."
            )
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two players, what it may spend on a move, and what its budget counts."""

    name: str
    budget: Budget
    unit: str = "position"

    @property
    def terms(self) -> str:
        """The budget in words, as in "0.1 s a move"."""
        budget = self.budget
        parts = [
            f"{budget.seconds:g} s" if budget.seconds is not None else "",
            _plural(budget.nodes, self.unit) if budget.nodes is not None else "",
            f"a depth of {budget.depth}" if budget.depth is not None else "",
        ]
        return f"{' or '.join(filter(None, parts)) or 'any time'} a move"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The games of a match so far; every figure is of player a against player b.

    pairs: two games from one opening; a has the first seat in the first of them.
    machine, versions, began: when and where it was played, to doubt the budgets by.
    """

    game: str
    a: Side
    b: Side
    opening_plies: int
    seed: int
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    began: str
    pairs: tuple[tuple[Game, Game], ...] = ()

    @property
    def games(self) -> int:
        return 2 * len(self.pairs)

    @property
    def tally(self) -> tuple[int, int, int]:
        """Games that a won, drew and lost."""
        results = [result for one, two in self.pairs for result in (one.result, -two.result)]
        return results.count(1), results.count(0), results.count(-1)

    @property
    def pair_scores(self) -> list[float]:
        """What a scored in each pair: 0, ¼, ½, ¾ or 1."""
        return [(2 + one.result - two.result) / 4 for one, two in self.pairs]

    @property
    def score(self) -> Score:
        """The share of the points that a made (a win is 1, a draw ½), with its 95 % interval.

        The interval takes the pair for the unit. Its two games are not independent (an opening
        that wins for whoever moves first gives 1 : 1 between equals), so only the spread of the
        five possible pair scores tells the true error: the "pentanomial" model of chess engine
        testing (M. Van den Bergh, "Normalized Elo", section 4,
        hardy.uhasselt.be/Toga/normalized_elo.pdf). A standard error fails where all pairs end
        alike, at 1 : 1 or at 2 : 0. Therefore one pair that is won and one that is lost are added
        before mean and standard error are taken, after Agresti & Coull ("Approximate is better
        than 'exact' for interval estimation of binomial proportions", The American Statistician
        52, 1998), and Student's t gives the width. In simulations of matches of 5 to 100 pairs,
        with twelve distributions of the pair scores, it held the truth in at least 93 % of them.
        """
        scores = self.pair_scores
        if not scores:
            return Score(0.5, 0.0, 1.0, 0)
        padded = np.array([*scores, 0.0, 1.0])
        centre = float(padded.mean())
        width = float(student.ppf(0.975, len(padded) - 1))
        half_width = width * float(padded.std(ddof=1)) / math.sqrt(len(padded))
        return Score(
            statistics.fmean(scores),
            max(0.0, centre - half_width),
            min(1.0, centre + half_width),
            self.games,
        )

    @property
    def wilson(self) -> tuple[float, float]:
        """The 95 % interval of the score as if all games were independent (Wilson 1927).

        A draw counts as half a success, which makes it wide where there are many. Quoted beside
        `score` because it is what others quote.
        """
        count, share, z2 = self.games, self.score.value, _Z95**2
        if count == 0:
            return 0.0, 1.0
        centre = (share + z2 / (2 * count)) / (1 + z2 / count)
        spread = math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
        half_width = _Z95 * spread / (1 + z2 / count)
        return max(0.0, centre - half_width), min(1.0, centre + half_width)

    def seconds(self, side: int) -> list[float]:
        """What each move of a (0) or b (1) took."""
        taken: list[float] = []
        for one, two in self.pairs:
            taken += (*one.seconds[side], *two.seconds[1 - side])
        return taken

    @property
    def sentence(self) -> str:
        """The outcome in one sentence."""
        score, starts = self.score, _plural(len(self.pairs), "opening")
        value, low, high = (f"{100 * x:.1f}" for x in (score.value, score.low, score.high))
        terms = (
            f"at {self.a.terms}"
            if self.a.terms == self.b.terms
            else f"at {self.a.terms} against {self.b.terms}"
        )
        both = "each " if len(self.pairs) > 1 else ""
        verdict = ", so they cannot be told apart" if score.low <= 0.5 <= score.high else ""
        return (
            f"{self.a.name} scores {value} % ({low} to {high}) against {self.b.name} over "
            f"{self.games:,} games ({starts} of {_plural(self.opening_plies, 'ply', 'plies')}, "
            f"{both}played from both sides) {terms}: {elo_words(score)}{verdict}."
        )

    @property
    def details(self) -> str:
        """Won, drawn and lost games, and the time that moves took, in one sentence."""
        won, drawn, lost = self.tally
        times = [
            f"{side.name} {statistics.median(taken):.3f} s (mean {statistics.fmean(taken):.3f})"
            for side, taken in ((self.a, self.seconds(0)), (self.b, self.seconds(1)))
            if taken
        ]
        spent = f"; median time of a move: {', '.join(times)}" if times else ""
        return f"{self.a.name} won {won:,}, drew {drawn:,} and lost {lost:,} games{spent}."


def match(
    a: Player,
    b: Player,
    *,
    pairs: int,
    options_a: Mapping[str, Any] | None = None,
    options_b: Mapping[str, Any] | None = None,
    names: tuple[str, str] | None = None,
    opening_plies: int = 4,
    seed: int = 0,
) -> Iterator[Match]:
    """Play pairs of games, and yield the match so far after each: whoever stops keeps the last.

    options_a, options_b: what each may spend on a move, as for `predict`.
    names: how the players are called; as registered if not given.

    Raises InputError, before any game, if the two play different games, an option is wrong, or
    the game has too few openings.
    """
    if pairs < 1 or opening_plies < 0:
        raise InputError(
            "A match has at least 1 pair of games and an opening of at least 0 plies; "
            f"{pairs} and {opening_plies} came."
        )
    if a.rules.name != b.rules.name:
        raise InputError(f"One plays {a.rules.name}, the other {b.rules.name}: no match.")
    for_a, for_b = dict(options_a or {}), dict(options_b or {})
    name_a, name_b = names or (player_name(a), player_name(b))
    empty = Match(
        game=a.rules.name,
        a=Side(name_a, a.seat(**for_a).budget, a.unit),
        b=Side(name_b, b.seat(**for_b).budget, b.unit),
        opening_plies=opening_plies,
        seed=seed,
        machine=describe(),
        versions=versions(),
        began=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    starts = openings(a.rules, pairs, opening_plies, seed)

    def rounds() -> Iterator[Match]:
        so_far = empty
        # What a player compiles or loads when it is first asked must not cost it its first game.
        for player, options in ((a, for_a), (b, for_b)):
            answer(player.seat(**options), a.rules.state(starts[0]))
        for start in starts:
            # New seats for each game: what one found out in the last must not help it in this.
            pair = (
                play_game(a.seat(**for_a), b.seat(**for_b), start, a.rules),
                play_game(b.seat(**for_b), a.seat(**for_a), start, a.rules),
            )
            so_far = replace(so_far, pairs=(*so_far.pairs, pair))
            yield so_far

    return rounds()


def player_name(player: Player) -> str:
    return player.info.name if player.info is not None else type(player).__name__


def elo(score: float) -> float:
    """The Elo difference that predicts a score; infinite at 0 and 1."""
    if score <= 0 or score >= 1:
        return math.copysign(math.inf, score - 0.5)
    return -400 * math.log10(1 / score - 1)


def elo_words(score: Score) -> str:
    """The Elo difference with its interval; of a score of 0 or 1, the bound that is known."""
    value, low, high = elo(score.value), elo(score.low), elo(score.high)
    if math.isinf(low) and math.isinf(high):
        return "no Elo yet" if math.isinf(value) else f"{_signed(value)} Elo (no bounds)"
    if math.isinf(value):
        return f"at least {_signed(low)} Elo" if value > 0 else f"at most {_signed(high)} Elo"
    if math.isinf(high):
        bounds = f"{_signed(low)} or more"
    elif math.isinf(low):
        bounds = f"{_signed(high)} or less"
    else:
        bounds = f"{_signed(low)} to {_signed(high)}"
    return f"{_signed(value)} Elo ({bounds})"


def _signed(value: float) -> str:
    return f"{round(value):+d}"


def _plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
