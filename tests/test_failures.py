"""Tables of failures, on records whose failures are known."""

from __future__ import annotations

from typing import Any

import pytest

from zoo.tasks import task
from zoo.tasks.failures import by_size, quoted, share_text


def _tables(name: str, records: dict[str, list[Any]]) -> dict[str, tuple[tuple[str, ...], ...]]:
    hook = task(name).failures
    assert hook is not None
    found = hook(records)
    for table in found:
        assert all(len(row) == len(table.header) for row in table.rows)
    return {table.title: table.rows for table in found}


def test_examples_are_parted_by_size() -> None:
    assert by_size([5, 1, 2, 3, 4, 6, 7, 8]) == [
        ("1 to 2", [1, 2]),
        ("3 to 4", [3, 4]),
        ("5 to 6", [0, 5]),
        ("7 to 8", [6, 7]),
    ]
    assert by_size([2, 2, 2, 9]) == [("2", [0, 1, 2]), ("9", [3])]
    assert by_size([3]) == [("3", [0])]


def test_every_example_is_in_one_part() -> None:
    sizes = [i * i % 17 for i in range(100)]
    parts = [at for _, part in by_size(sizes) for at in part]
    assert sorted(parts) == list(range(100))


def test_shares_and_quotations() -> None:
    assert share_text(1, 2) == "50.0 % (9.5 to 90.5)"
    assert quoted(" two\n lines ") == "two lines"
    assert quoted("x" * 200) == "x" * 159 + "…"


def test_images() -> None:
    tables = _tables(
        "image-classification",
        {
            "target": ["cat", "cat", "cat", "dog", "dog", "owl"],
            "label": ["cat", "dog", "dog", "dog", "owl", "owl"],
            "confidence": [0.9, 0.6, 0.8, 0.9, 0.7, 0.9],
            "target_probability": [0.9, 0.4, 0.1, 0.9, 0.2, 0.9],
        },
    )
    classes = tables["The classes that it recognises worst"]
    assert [row[:2] for row in classes] == [("cat", "3"), ("dog", "2"), ("owl", "1")]
    assert classes[0][2].startswith("33.3 % (")
    assert tables["What it takes for what"] == (
        ("cat", "dog", "2", "66.7 %"),
        ("dog", "owl", "1", "50.0 %"),
    )
    assert tables["The mistakes that it was surest of"] == (
        ("no. 3", "cat", "dog", "0.8000", "0.1"),
        ("no. 5", "dog", "owl", "0.7000", "0.2"),
        ("no. 2", "cat", "dog", "0.6000", "0.4"),
    )


def test_board_games() -> None:
    tables = _tables(
        "board-game",
        {
            "target": ["", "", "", ""],
            "action": ["a", "b", "c", "d"],
            "score": [5, 0, -3, -2],
            "best": [5, 2, 0, -2],
            "value": [1.0, 0.5, 0.2, -1.0],
            "proven": [True, False, False, True],
        },
    )
    rows = tables["By what the best move gets"]
    assert [(row[0], row[1], *row[3:]) for row in rows] == [
        ("a win", "2", "1", "1", "0"),
        ("a draw", "1", "0", "0", "1"),
        ("a loss", "1", "0", "0", "1"),
    ]
    assert [row[2].partition(" ")[0] for row in rows] == ["50.0", "0.0", "100.0"]
    assert [row[:2] for row in tables["By how near the end is"]] == [("2", "2"), ("5", "1")]
    assert tables["The mistakes that it was furthest from seeing"] == (
        ("no. 3", "c", "+0.20", "-3", "0"),
        ("no. 2", "b", "+0.50", "0", "2"),
    )


def test_speech() -> None:
    tables = _tables(
        "automatic-speech-recognition",
        {
            "target": ["One two.", "five", "", "nine five"],
            "text": ["one three", "nine", "oh", "nine five"],
            "confidence": [0.5, 0.9, 0.1, 1.0],
            "seconds": [1.0, 1.0, 1.0, 1.0],
        },
    )
    assert tables["What it mishears most often"] == (
        ("(nothing)", "oh", "1", ""),
        ("five", "nine", "1", "2"),
        ("two", "three", "1", "1"),
    )
    assert [row[:3] for row in tables["By how much was said"]] == [
        ("0", "1", "100.0 %"),
        ("1", "1", "100.0 %"),
        ("2", "2", "25.0 %"),
    ]
    assert tables["The mistakes that it was surest of"][0] == ("no. 2", "five", "nine", "0.9000")


def test_translation() -> None:
    tables = _tables(
        "translation",
        {
            "target": ["one two three four", "one two three four five", "short", "a b c d"],
            "text": ["one", "one two three four five six seven", "brief", "a b c d"],
            "score": [-1.0, -1.0, -1.0, -1.0],
        },
    )
    shares = tables["What it leaves out or adds"]
    assert [(row[0], row[1].partition(" (")[0]) for row in shares] == [
        ("fewer than 0.7 times its words", "33.3 %"),
        ("more than 1.3 times its words", "33.3 %"),
    ]
    worst = tables["The worst sentences"]
    assert worst[0][:3] == ("no. 1", "one two three four", "one")
    assert worst[-1][3] == "100.0"
    assert [row[:2] for row in tables["By the length of the sentence"]] == [
        ("1", "1"),
        ("4", "2"),
        ("5", "1"),
    ]


@pytest.mark.parametrize("name", ["automatic-speech-recognition", "image-classification"])
def test_who_makes_no_mistake_has_none_to_show(name: str) -> None:
    records = {
        "target": ["one", "two"],
        "text": ["one", "two"],
        "label": ["one", "two"],
        "confidence": [1.0, 1.0],
        "target_probability": [1.0, 1.0],
        "seconds": [1.0, 1.0],
    }
    assert len(_tables(name, records)) == 1
