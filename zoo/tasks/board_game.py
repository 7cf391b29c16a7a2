"""A position in, a move out."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from zoo.errors import BenchmarkError, InputError
from zoo.metrics import Metric, Records, Statistics
from zoo.predictions import Move
from zoo.tasks.base import Task, each, mean


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


BOARD_GAME = Task(
    name="board-game",
    unit="position",
    sample="44352",
    text=True,
    fingerprint=_position_fingerprint,
    record=_move_record,
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
