"""How positions look on a terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from zoo.games.board import Board, draw
from zoo.games.rules import Rules


def render(game: str, moves: str, **looks: Any) -> str:
    rules = Rules(game)
    out = Console(file=io.StringIO(), width=80, **{"color_system": None, **looks})
    out.print(draw(rules, rules.state(moves)))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_discs_are_where_they_fell() -> None:
    assert render("connect_four", "4455267").split("\n") == [
        "   1  2  3  4  5  6  7 ",
        " ╭─────────────────────╮",
        " │ ·  ·  ·  ·  ·  ·  · │",
        " │ ·  ·  ·  ·  ·  ·  · │",
        " │ ·  ·  ·  ·  ·  ·  · │",
        " │ ·  ·  ·  ·  ·  ·  · │",
        " │ ·  ·  ·  ○  ○  ·  · │",
        " │ ·  ●  ·  ●  ●  ○ (●)│",
        " ╰─────────────────────╯",
        "",
    ]


def test_a_winning_four_is_marked() -> None:
    picture = render("connect_four", "1122334")
    assert " │ ○  ○  ○  ·  ·  ·  · │" in picture
    assert " │[●][●][●][●] ·  ·  · │" in picture
    assert "(" not in picture


@pytest.mark.parametrize(
    ("moves", "cells"),
    [
        ("112233", set()),
        ("1212121", {(2, 0), (3, 0), (4, 0), (5, 0)}),
        ("12233434464", {(5, 0), (4, 1), (3, 2), (2, 3)}),
        ("76655454424", {(5, 6), (4, 5), (3, 4), (2, 3)}),
        ("1122335566774", {(5, column) for column in range(7)}),  # three fours in one
    ],
)
def test_a_line_of_every_direction_wins(moves: str, cells: set[tuple[int, int]]) -> None:
    rules = Rules("connect_four")
    assert Board.of(rules, rules.state(moves)).won == cells


def test_colours_tell_the_discs_apart_where_there_are_colours() -> None:
    picture = render(
        "connect_four", "45", color_system="truecolor", force_terminal=True, no_color=False
    )
    assert picture.count("●") == 42
    assert picture.count("38;2;255;75;62") == 1
    assert picture.count("38;2;255;216;61") == 1
    bare = render("connect_four", "45", force_terminal=True, no_color=True)
    assert (bare.count("●"), bare.count("○"), bare.count("\x1b[")) == (1, 1, 0)


def test_a_terminal_without_the_characters_gets_letters() -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    rules = Rules("connect_four")
    Console(file=file, width=80, color_system=None).print(draw(rules, rules.state("45")))
    file.seek(0)
    assert " | .  .  .  x (o) .  . |" in file.read()


def test_tic_tac_toe_is_a_grid_of_numbered_squares() -> None:
    assert render("tic_tac_toe", "51").split("\n") == [
        " (O)│ 2 │ 3 ",
        " ───┼───┼───",
        "  4 │ X │ 6 ",
        " ───┼───┼───",
        "  7 │ 8 │ 9 ",
        "",
    ]
    won = render("tic_tac_toe", "51327")
    assert [won.count(mark) for mark in ("[X]", "(", "O")] == [3, 0, 2]


def test_any_other_game_is_shown_as_its_rules_show_it() -> None:
    picture = render("breakthrough(rows=6,columns=6)", "")
    assert "Breakthrough" in picture
    assert "6bbbbbb" in picture
