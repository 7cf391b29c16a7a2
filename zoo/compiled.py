"""Machine code for inner loops, by Numba."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core import event

from zoo.terminal import console

F = TypeVar("F", bound=Callable[..., Any])

_LONG = 2.0  # seconds that one may wait without being told for what
_NOTICE = (
    "Compiling inner loops for this processor. That can take a minute, the first time only; then "
    "they are kept."
)


def compiled(function: F, **options: Any) -> F:
    """The function as machine code, kept on disk from its first call on.

    Lam et al., "Numba: a LLVM-based Python JIT compiler" (LLVM-HPC 2015). Integers are 64 bits
    wide and wrap around; nothing checks that an index is within its array. What is kept is renewed
    only when its own file changes: after a change to a compiled function that another file's
    functions call, or of these options, delete `__pycache__/*.nbi` beside that other file. Python's
    lock is let go, so that threads can compute at the same time.

    options: more of them, of `numba.njit`.
    """
    return cast(F, numba.njit(cache=True, nogil=True, **options)(function))


class Notice(event.Listener):  # type: ignore[misc]
    """Tells whoever sits at a terminal, once, that something is being compiled for long.

    What was kept is not compiled, and raises no event. Functions that a function calls are compiled
    in its midst, so that there is an event when it has taken long. Numba compiles one at a time.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._began: list[float] = []
        self._told = False

    def on_start(self, event: event.Event) -> None:
        self._began.append(time.monotonic())
        if not self._told and self._began[-1] - self._began[0] > _LONG:
            self._told = True
            self._say(_NOTICE)

    def on_end(self, event: event.Event) -> None:
        self._began.pop()


def _say_on_a_terminal(text: str) -> None:
    out = console(stderr=True)
    if out.is_terminal or out.is_jupyter:
        out.print(text)


event.register("numba:compile", Notice(_say_on_a_terminal))
