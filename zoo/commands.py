"""Commands that a package adds to `zoo`, found through the entry-point group `zoo.commands`.

Each entry point is a tuple of functions with Typer signatures. They are imported only when a
command is asked for that `zoo` itself has not, or when all are listed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

import typer
from typer.core import TyperGroup

from zoo.terminal import say

ENTRY_POINTS = "zoo.commands"
_EXAMPLE = "Example: "


class CommandGroup(TyperGroup):
    """The commands of `zoo` itself first, then those of installed packages."""

    _complete = False

    def list_commands(self, ctx: Any) -> list[str]:
        self._add_packages()
        return super().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.commands:
            self._add_packages()
        return super().get_command(ctx, cmd_name)

    def _add_packages(self) -> None:
        """Add what packages bring; one that fails costs a warning and nothing else."""
        if self._complete:
            return
        self._complete = True
        for point in sorted(entry_points(group=ENTRY_POINTS)):
            try:
                brought = _commands(point.load())
            except Exception as error:  # a third party's import can fail in any way
                why = " ".join(f"{type(error).__name__}: {error}".split())
                _warn(f"The commands of {point.value!r} cannot be loaded ({why}).")
                continue
            for name, command in brought.items():
                if name in self.commands:
                    _warn(f"The command {name!r} of {point.value!r} is already there.")
                else:
                    self.add_command(command, name)


def _commands(functions: tuple[Callable[..., Any], ...]) -> dict[str, Any]:
    """Each function as a command; "Example: …" on its docstring's last line ends the help."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    for function in functions:
        told, found, example = (inspect.getdoc(function) or "").rpartition(f"\n{_EXAMPLE}")
        if found:
            app.command(help=told.strip(), epilog=f"{_EXAMPLE}{example.strip()}")(function)
        else:
            app.command()(function)
    return dict(typer.main.get_group(app).commands)


def _warn(sentence: str) -> None:
    say(f"Warning: {sentence}", style="yellow", stderr=True)
