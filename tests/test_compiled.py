"""Machine code for inner loops, and what is said while it is made."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from zoo import compiled as module
from zoo.compiled import Notice

START, END = "start", "end"


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        ([(0, START), (1, START), (1.9, END), (5, END)], 0),
        (
            [
                (0, START),
                (1, START),
                (1.9, END),
                (2.1, START),
                (3, START),
                (4, END),
                (5, END),
                (6, END),
            ],
            1,
        ),
        ([(0, START), (1, END), (9, START), (10, END)], 0),
        (
            [
                (0, START),
                (3, START),
                (4, END),
                (5, END),
                (6, START),
                (9, START),
                (9, END),
                (9, END),
            ],
            1,
        ),
    ],
    ids=["short", "long", "short ones, with time between them", "long ones"],
)
def test_what_takes_long_is_told_once(
    monkeypatch: pytest.MonkeyPatch, happens: list[tuple[float, str]], told: int
) -> None:
    said: list[str] = []
    notice = Notice(said.append)
    for seconds, what in happens:
        monkeypatch.setattr("time.monotonic", lambda now=seconds: now)
        getattr(notice, f"on_{what}")(None)
    assert said == [module._NOTICE] * told


SLOW = """
import numba
from zoo import compiled as module
module._LONG = 0.0

@numba.njit
def one(x):
    return x + 1

@module.compiled
def two(x):
    return one(x) + one(1.0 * x)

print(two(1), flush=True)
"""


def script(folder: Path) -> list[str]:
    path = folder / "script.py"
    path.write_text(SLOW)
    return [sys.executable, str(path)]


def test_a_terminal_is_told_of_what_is_compiled_but_not_of_what_was_kept(tmp_path: Path) -> None:
    def on_a_terminal() -> str:
        ours, theirs = pty.openpty()
        done = subprocess.run(script(tmp_path), stdout=subprocess.PIPE, stderr=theirs, check=True)
        os.close(theirs)
        os.set_blocking(ours, False)
        try:
            said = os.read(ours, 10_000).decode()
        except OSError:  # nothing was written
            said = ""
        os.close(ours)
        assert done.stdout == b"4.0\n"
        return " ".join(said.split())

    assert on_a_terminal() == module._NOTICE
    assert on_a_terminal() == ""


def test_a_pipe_is_told_nothing(tmp_path: Path) -> None:
    done = subprocess.run(script(tmp_path), capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"4.0\n", b"")
