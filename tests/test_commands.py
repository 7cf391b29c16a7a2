"""Commands that packages bring, and what becomes of those that are broken."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from zoo import cli, commands

BRIGHTNESS = "zoo_brightness_commands:COMMANDS"
Zoo = Callable[..., tuple[int, str, str]]


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch, plugin: Path) -> dict[str, str]:
    """The entry points that are installed, by name; a test may add others."""
    monkeypatch.syspath_prepend(plugin)
    named = {"brightness": BRIGHTNESS}
    monkeypatch.setattr(
        commands,
        "entry_points",
        lambda group: [EntryPoint(name, value, group) for name, value in named.items()],
    )
    return named


@pytest.fixture
def zoo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], points: dict[str, str]
) -> Zoo:
    """Run the command in this process: its exit code, output and errors."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["zoo", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_what_a_package_brings_is_run(zoo: Zoo) -> None:
    assert zoo("glow", "3", "--loud") == (0, "GLOW GLOW GLOW\n", "")
    assert zoo("dim-all") == (0, "", "")


def test_it_is_listed_after_the_commands_of_zoo_itself(zoo: Zoo) -> None:
    code, out, err = zoo("--help")
    assert (code, err) == (0, "")
    names = [line.split()[0] for line in out.partition("Commands:")[2].splitlines() if line]
    assert names[-3:] == ["pull", "glow", "dim-all"]


def test_its_help_ends_with_the_docstrings_example(zoo: Zoo) -> None:
    code, out, err = zoo("glow", "--help")
    assert (code, err) == (0, "")
    lines = [line.strip() for line in out.splitlines() if line.strip()]
    assert lines[0].startswith("Usage: zoo glow ")
    assert lines[1:3] == ["Say how it glows.", "As often as wanted."]
    assert lines[-1] == "Example: zoo glow 3 --loud"
    assert out.count("Example: ") == 1
    assert "Say nothing." in zoo("dim-all", "--help")[1]


def test_a_slip_is_met_with_the_nearest(zoo: Zoo) -> None:
    code, out, err = zoo("golw")
    assert (code, out) == (2, "")
    assert "Did you mean 'glow'?" in err


def test_a_wrong_argument_is_refused_as_any_other(zoo: Zoo) -> None:
    code, out, err = zoo("glow", "often")
    assert (code, out) == (2, "")
    assert "Error: " in err


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import a_package_that_is_not_there", "ModuleNotFoundError: No module named"),
        ("raise SystemError('in\\ntwo lines')", "SystemError: in two lines"),
        ("COMMANDS = 3", "TypeError: "),
        ("COMMANDS = (3,)", "AttributeError: "),
        ("def f(x: int | str): pass\nCOMMANDS = (f,)", "AssertionError: "),
        ("", "AttributeError: "),
    ],
)
def test_a_broken_package_costs_a_warning_and_nothing_else(
    source: str,
    reason: str,
    zoo: Zoo,
    points: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "torn_commands.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torn_commands", raising=False)
    points["a_torn_one"] = "torn_commands:COMMANDS"
    code, out, err = zoo("glow", "1")
    assert (code, out) == (0, "glow\n")
    (line,) = err.splitlines()
    start = "Warning: The commands of 'torn_commands:COMMANDS' cannot be loaded ("
    assert line.startswith(f"{start}{reason}")
    assert zoo("list", "vision")[2] == ""


def test_a_name_that_is_taken_is_not_given_away(zoo: Zoo, points: dict[str, str]) -> None:
    points["z_again"] = BRIGHTNESS
    code, out, err = zoo("glow", "1")
    assert (code, out) == (0, "glow\n")
    assert err.splitlines() == [
        f"Warning: The command {name!r} of {BRIGHTNESS!r} is already there."
        for name in ("glow", "dim-all")
    ]
