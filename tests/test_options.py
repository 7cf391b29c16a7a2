"""Options as people write them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from zoo.errors import InputError
from zoo.options import (
    check_known,
    options_text,
    parse_arguments,
    parse_options,
    value_text,
    with_options,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50", 50),
        ("0.5", 0.5),
        ("-1e-3", -0.001),
        ("true", True),
        ("null", None),
        ("[8, 16]", [8, 16]),
        ("breakthrough", "breakthrough"),
        ("breakthrough(rows=6,columns=6)", "breakthrough(rows=6,columns=6)"),
        ('"50"', "50"),
        ("", ""),
    ],
)
def test_a_value_is_json_or_else_text(text: str, value: Any) -> None:
    for options in (
        parse_options([f"big-thing={text}"]),
        parse_arguments([f"--big-thing={text}"]),
        parse_arguments(["--big-thing", text]),
    ):
        assert options == {"big_thing": value}
        assert type(options["big_thing"]) is type(value)


def test_several_options() -> None:
    expected = {"game": "chess", "simulations": 32, "rate": -1}
    assert parse_options(["game=chess", "simulations=32", "rate=-1"]) == expected
    assert parse_arguments(["--game", "chess", "--simulations=32", "--rate", "-1"]) == expected
    assert parse_options([]) == parse_arguments([]) == {}


@pytest.mark.parametrize("text", ["simulations", "=50", ""])
def test_an_option_is_name_and_value(text: str) -> None:
    with pytest.raises(InputError, match=f"written NAME=VALUE; {text!r} came"):
        parse_options([text])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["word"], "written --NAME VALUE; 'word' came"),
        (["-x", "3"], "written --NAME VALUE; '-x' came"),
        (["--"], "written --NAME VALUE; '--' came"),
        (["--game"], "'--game' has no value"),
        (["--game", "--simulations", "3"], "'--game' has no value"),
        (["--game", "chess", "3"], "written --NAME VALUE; '3' came"),
    ],
)
def test_arguments_are_names_and_values(arguments: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_arguments(arguments)


def test_options_are_shown_by_name_as_they_are_read() -> None:
    options = {"simulations": 50, "noise": False, "mode": "quick", "seconds": 0.5}
    text = options_text(options)
    assert text == "mode=quick, noise=false, seconds=0.5, simulations=50"
    assert parse_options(text.split(", ")) == options
    assert value_text("quick") == "quick"
    assert with_options("toys/a", {}) == "toys/a"
    assert with_options("toys/a", {"depth": 3}) == "toys/a (depth=3)"


def test_an_unknown_option_is_met_with_those_that_there_are() -> None:
    check_known("It takes", {"b": 1}, ("b", "a"))
    with pytest.raises(InputError, match=re.escape("It takes no option 'c'; it has a, b.")):
        check_known("It takes", {"c": 1}, ("b", "a"))
    with pytest.raises(InputError, match="it has none"):
        check_known("It takes", {"c": 1}, ())
