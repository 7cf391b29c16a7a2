"""What a task keeps of an answer, and what its metrics make of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zoo.errors import BenchmarkError, InputError, UnknownNameError
from zoo.metrics import compare, score
from zoo.predictions import Move
from zoo.tasks import BOARD_GAME, TASKS, task

TARGET = "0,2,2,-7,,2,-12"


def move(index: int, value: float = 0.0, proven: bool = False) -> Move:
    return Move(
        action=str(index + 1),
        index=index,
        value=value,
        actions=("1", "2"),
        policy=(0.5, 0.5),
        nodes=1,
        depth=1,
        proven=proven,
    )


def columns(*answers: tuple[Move, str]) -> dict[str, list[Any]]:
    rows = [BOARD_GAME.record(*answer) for answer in answers]
    return {name: [row[name] for row in rows] for name in rows[0]}


def test_a_task_is_found_by_its_name() -> None:
    assert all(task(name).name == name for name in TASKS)
    with pytest.raises(UnknownNameError, match="did you mean board-game"):
        task("board-games")


# --- board-game -----------------------------------------------------------------------------------


class State:
    """As OpenSpiel's: it knows the moves that led to it."""

    def history(self) -> list[int]:
        return [3, 3, 4]


def test_a_position_is_its_text_form() -> None:
    digest = BOARD_GAME.fingerprint
    assert digest("44352") == digest(" 44352\n") != digest("44353")
    assert digest([3, 3, 4]) == digest((3, 3, 4)) == digest("3 3 4") == digest(State())
    assert digest([np.int64(3), 3, 4]) == digest([3, 3, 4])
    assert digest("") == digest([])
    assert digest([1, 2]) != digest([12])
    assert len(digest("44352")) == 32


@pytest.mark.parametrize("x", [None, 44352, b"44352", {"moves": []}])
def test_nothing_else_is_a_position(x: Any) -> None:
    with pytest.raises(InputError, match="A position is text, a list of moves or a state"):
        BOARD_GAME.fingerprint(x)


def test_a_move_is_kept_with_its_score_and_the_best_one() -> None:
    assert BOARD_GAME.record(move(0, 0.123456), TARGET) == {
        "target": TARGET,
        "action": "1",
        "score": 0,
        "best": 2,
        "value": 0.1235,
        "proven": False,
    }
    assert BOARD_GAME.record(move(1, -1, proven=True), "-3,-20,,")["best"] == -3


@pytest.mark.parametrize("index", [4, 7, -1])
def test_a_move_without_a_score_is_a_mistake_of_the_model(index: int) -> None:
    with pytest.raises(BenchmarkError, match=rf"Its move .* \(action {index}\) has no score in"):
        BOARD_GAME.record(move(index), TARGET)


def test_the_metrics_by_hand() -> None:
    keeping, optimal, error = BOARD_GAME.metrics
    assert BOARD_GAME.primary is keeping
    records = columns(
        (move(1, 1.0), TARGET),  # the best move, rightly judged
        (move(0, 0.5), TARGET),  # a win given away
        (move(3, -1.0), TARGET),  # a win turned into a loss
        (move(0, 0.25), "1,9"),  # a win, but not the soonest
        (move(1, -0.5), "-4,-9"),  # lost anyway, but sooner
        (move(0, 0.0), "0,0,-1"),
    )
    assert score(keeping, records).value == pytest.approx(4 / 6)
    assert score(optimal, records).value == pytest.approx(2 / 6)
    assert score(error, records).value == pytest.approx((0 + 0.5 + 2 + 0.75 + 0.5 + 0) / 6)
    assert not error.higher_is_better
    perfect = columns(*((move(1, 1.0), TARGET) for _ in range(6)))
    perfect["target"] = records["target"]
    assert compare(keeping, perfect, records).test == "exact McNemar"
    assert compare(error, perfect, records).difference == pytest.approx(-3.75 / 6)
