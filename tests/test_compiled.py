"""Machine code for inner loops, and what is said while it is made."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from numba.core.event import Event, EventStatus

from tests import pseudo_terminal
from zoo import compiled as module
from zoo.compiled import Notice


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """Stands in for `threading.Timer`: time passes when the test says so."""

    def __init__(self, seconds: float, act: Callable[[], None]) -> None:
        self.act = act
        self.daemon = False
        CLOCKS.append(self)

    def start(self) -> None: ...

    def cancel(self) -> None:
        CLOCKS.remove(self)


CLOCKS: list[Clock] = []


def time_passes() -> None:
    for clock in CLOCKS:
        clock.act()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    CLOCKS.clear()
    monkeypatch.setattr(module, "Timer", Clock)
    monkeypatch.setattr(module, "_ours", {"ours", "another"})
    terminal = Terminal()
    # What pytest captures stands in sys.stderr itself again once the test begins.
    monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=terminal))
    return terminal


def start(notice: Notice, which: Any) -> None:
    notice.on_start(Event("numba:compile", EventStatus.START, {"dispatcher": which}))


def end(notice: Notice, which: Any) -> None:
    notice.on_end(Event("numba:compile", EventStatus.END, {"dispatcher": which}))


def test_what_takes_long_is_told_once(terminal: Terminal) -> None:
    notice = Notice()
    start(notice, "ours")
    start(notice, "another")  # which the first one calls
    end(notice, "another")
    time_passes()
    end(notice, "ours")
    assert terminal.getvalue() == f"{module._NOTICE}\n"
    start(notice, "ours")
    time_passes()
    assert terminal.getvalue() == f"{module._NOTICE}\n"


def test_what_is_soon_done_is_not_told(terminal: Terminal) -> None:
    notice = Notice()
    for which in ("ours", "another", "ours"):
        start(notice, which)
        end(notice, which)
        time_passes()
    assert terminal.getvalue() == ""


def test_others_functions_are_not_told_of(terminal: Terminal) -> None:
    notice = Notice()
    end(notice, "theirs")  # began before the notice was there
    start(notice, "theirs")
    time_passes()
    assert terminal.getvalue() == ""
    start(notice, "ours")  # called by it
    end(notice, "theirs")
    time_passes()
    assert terminal.getvalue() == f"{module._NOTICE}\n"


@pytest.mark.parametrize("closed", [True, False])
def test_where_nobody_sits_nothing_is_told(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, closed: bool
) -> None:
    if closed:
        terminal.close()
    else:
        monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=None))
    start(Notice(), "ours")
    time_passes()
    assert len(CLOCKS) == 1


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


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    path = tmp_path / "slow.py"
    path.write_text(SLOW)
    return path


def told_of(script: Path) -> list[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    lines = pseudo_terminal.shown([sys.executable, str(script)], environment).splitlines()
    # Numba's colorama leaves a terminal without colours when it ends.
    return lines[:-1] if lines[-1] == "\x1b[0m" else lines


def test_a_terminal_is_told_of_what_is_compiled_but_not_of_what_was_kept(slow: Path) -> None:
    assert told_of(slow) == [module._NOTICE, "4.0"]
    assert told_of(slow) == ["4.0"]


def test_a_pipe_is_told_nothing(slow: Path) -> None:
    done = subprocess.run([sys.executable, str(slow)], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"4.0\n", b"")
