"""A position in, a move out."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from zoo.errors import BenchmarkError, InputError
from zoo.exhibits import Text
from zoo.metrics import Metric, Records, Statistics
from zoo.predictions import Move
from zoo.tasks.base import Display, Row, Table, Task, each, mean
from zoo.tasks.failures import by_size, examples, filled, share_text


def _position_fingerprint(x: Any) -> bytes:
    moves = x.history() if hasattr(x, "history") else x
    moves = moves.tolist() if hasattr(moves, "tolist") else moves
    if isinstance(moves, str):
        text = moves.strip()
    elif isinstance(moves, list | tuple):
        text = " ".join(str(int(move)) for move in moves)
    else:
        raise InputError(
            f"A position is text, a list of moves or a state; {type(x).__name__} came."
        )
    return hashlib.sha256(text.encode()).digest()


def _move_record(prediction: Move, target: str) -> dict[str, Any]:
    """The target is the exact score of each action for the side to move, empty if illegal.

    As "0,2,2,-7,,2,-12": above 0 wins, 0 draws, below 0 loses, and more of it sooner.
    """
    scores = [int(part) if part.strip() else None for part in target.split(",")]
    index = prediction.index
    score = scores[index] if 0 <= index < len(scores) else None
    if score is None:
        raise BenchmarkError(
            f"Its move {prediction.action!r} (action {index}) has no score in {target!r}."
        )
    return {
        "target": target,
        "action": prediction.action,
        "score": score,
        "best": max(known for known in scores if known is not None),
        "value": round(prediction.value, 4),
        "proven": prediction.proven,
    }


def _outcome_kept(records: Records) -> Statistics:
    return each(np.sign(records["score"]) == np.sign(records["best"]))


def _optimal(records: Records) -> Statistics:
    return each(np.asarray(records["score"]) == np.asarray(records["best"]))


def _value_error(records: Records) -> Statistics:
    return each(np.abs(np.asarray(records["value"], float) - np.sign(records["best"])))


_OUTCOMES = {1: "a win", 0: "a draw", -1: "a loss"}


def _failures(records: Records) -> tuple[Table, ...]:
    """What it lets slip by what there was to keep and how far off that was, and by how much."""
    score, best = np.asarray(records["score"]), np.asarray(records["best"])
    value = np.asarray(records["value"], float)
    kept = np.sign(score) == np.sign(best)
    outcomes = []
    for sign, name in _OUTCOMES.items():
        chosen = np.sign(best) == sign
        if chosen.any():
            ends = (int((np.sign(score[chosen]) == end).sum()) for end in _OUTCOMES)
            count = int(chosen.sum())
            outcomes.append(
                (name, f"{count:,}", share_text(int(kept[chosen].sum()), count), *map(str, ends))
            )
    decided = np.flatnonzero(best != 0)
    nearness = by_size(np.abs(best[decided]).tolist()) if len(decided) else []
    wrong = sorted(
        np.flatnonzero(~kept).tolist(), key=lambda at: -abs(value[at] - np.sign(score[at]))
    )
    return filled(
        Table(
            title="By what the best move gets",
            header=("Best move gets", "Positions", "Kept (95 % interval)",
                    "Its move wins", "draws", "loses"),
            rows=tuple(outcomes),
        ),
        Table(
            title="By how near the end is",
            header=("Exact score, without its sign", "Positions", "Kept (95 % interval)"),
            rows=tuple(
                (sizes, f"{len(part):,}", share_text(int(kept[decided[part]].sum()), len(part)))
                for sizes, part in nearness
            ),
            text="Of positions that are won or lost with best play: the larger the score, the "
            "sooner the end.",
        ),
        examples(
            "The mistakes that it was furthest from seeing",
            ("Its move", "Expected result", "Exact score of its move", "Of the best move"),
            [
                (str(at), str(records["action"][at]), f"{value[at]:+.2f}",
                 str(score[at]), str(best[at]))
                for at in wrong
            ],
        ),
    )  # fmt: skip


def _outcome(score: int) -> str:
    return _OUTCOMES[int(np.sign(score))]


def _show_position(x: Any) -> Text:
    return Text(x if isinstance(x, str) else str(x), note="the moves so far")


def _show_best(row: Row, x: Any) -> Text:
    return Text(_outcome(row["best"]), note="with the best move")


def _show_move(row: Row, x: Any) -> Text:
    return Text(row["action"], note=f"which is {_outcome(row['score'])}")


def _given_away(row: Row) -> tuple[str, ...]:
    best, got = _outcome(row["best"]), _outcome(row["score"])
    return () if best == got else (f"{best} turned into {got}",)


BOARD_GAME = Task(
    name="board-game",
    # The Hub's only tag for programs that act in an environment, however they came to know how.
    pipeline_tag="reinforcement-learning",
    unit="position",
    sample="44352",
    text=True,
    fingerprint=_position_fingerprint,
    record=_move_record,
    failures=_failures,
    risks="A move comes with an expected result, not with a proof, unless it says that it is "
    "proven: in a position that must not be lost, look further.",
    display=Display(
        input=_show_position, target=_show_best, answer=_show_move, mistakes=_given_away
    ),
    metrics=(
        Metric(
            name="outcome-keeping",
            description="share of positions whose move keeps the outcome of the best one: "
            "a win won, a draw not lost",
            higher_is_better=True,
            statistics=_outcome_kept,
            score=mean,
            percent=True,
            binary=True,
        ),
        Metric(
            name="optimal",
            description="share of positions whose move is one of the best: the soonest win, "
            "the latest loss",
            higher_is_better=True,
            statistics=_optimal,
            score=mean,
            percent=True,
            binary=True,
        ),
        Metric(
            name="value-error",
            description="mean distance of the expected result from the exact one, "
            "where a loss is -1, a draw 0 and a win 1",
            higher_is_better=False,
            statistics=_value_error,
            score=mean,
        ),
    ),
)
