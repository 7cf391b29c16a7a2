"""How anything is said on a terminal: other people's words as they are, colour if wanted."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from zoo.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

INTERRUPTED = 130  # the exit code after Ctrl-C


def console(*, stderr: bool = False) -> Console:
    """A console on stdout or stderr that prints text as it is.

    Styles only on a terminal, and never under NO_COLOR (no-color.org).
    """
    from rich.console import Console

    return Console(
        stderr=stderr,
        markup=False,
        emoji=False,
        highlight=False,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
    )


def watched(out: Console) -> bool:
    """Whether a terminal shows what is printed there, as it is printed.

    FORCE_COLOR (force-color.org) asks for colour in a file, not for bars and short lines.
    """
    return out.is_terminal and out.file.isatty()


def say(text: str, *, style: str = "", stderr: bool = False) -> None:
    """Print one sentence: wrapped by words on a terminal, on one line in a file or pipe."""
    out = console(stderr=stderr)
    out.print(text, style=style or None, soft_wrap=not watched(out))


def print_json(value: Any) -> None:
    """Print a value for scripts."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def standard_input(*, text: bool) -> bytes | str:
    """What comes in there, as text or as it is. Raises InputError if it is no text."""
    data = sys.stdin.buffer.read()
    if not text:
        return data
    try:
        # Whoever types or pipes a line ends it; the end of the line is no part of the text.
        return data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise InputError(f"What came in from standard input is no text: {error}.") from error
