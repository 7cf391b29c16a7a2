"""The `zoo` command, run in the process of a test."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from zoo import cli


@dataclass(frozen=True)
class Done:
    """With which code a command ended, and what it printed."""

    code: int
    out: str
    err: str


Zoo = Callable[..., Done]


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Zoo:
    """A function that runs the command with the arguments that it is given."""

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["zoo", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return run
