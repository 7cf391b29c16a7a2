"""Machine code for inner loops, by Numba."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from threading import Timer
from typing import Any, TypeVar, cast

import numba
from numba.core.event import Event, Listener, register

F = TypeVar("F", bound=Callable[..., Any])

_LONG = 2.0  # seconds that one may wait without being told for what
_NOTICE = "Compiling for this processor: up to a minute, the first time only."

_ours: set[Any] = set()  # the functions that are compiled here


def compiled(function: F, **options: Any) -> F:
    """The function as machine code, kept on disk from its first call on.

    Lam et al., "Numba: a LLVM-based Python JIT compiler" (LLVM-HPC 2015). Integers are 64 bits
    wide and wrap around; nothing checks that an index is within its array. What is kept is renewed
    only when its own file changes: after a change to a compiled function that another file's
    functions call, or of these options, delete `__pycache__/*.nbi` beside that other file. Numba
    takes no lock there: two processes that call a function for the first time in the same moment,
    with different types, can mix its versions up. Python's lock is let go, so that threads can
    compute at the same time.

    options: more of them, of `numba.njit`.
    """
    dispatcher = numba.njit(cache=True, nogil=True, **options)(function)
    _ours.add(dispatcher)
    return cast(F, dispatcher)


class Notice(Listener):  # type: ignore[misc]
    """Tells whoever sits at a terminal, once, that one of our functions takes long to compile.

    Functions that it calls are compiled in its midst. What was kept raises no event.
    """

    def __init__(self) -> None:
        self._told = False
        self._waiting: tuple[Any, Timer] | None = None

    def on_start(self, event: Event) -> None:
        which = event.data["dispatcher"]
        if self._told or self._waiting is not None or which not in _ours:
            return
        timer = Timer(_LONG, self._tell)
        timer.daemon = True
        self._waiting = which, timer
        timer.start()

    def on_end(self, event: Event) -> None:
        if self._waiting is not None and event.data["dispatcher"] is self._waiting[0]:
            self._waiting[1].cancel()
            self._waiting = None

    def _tell(self) -> None:
        self._told = True
        # Not by a console of our own: a progress bar that is being drawn makes room for this.
        with contextlib.suppress(OSError, ValueError):
            if sys.stderr is not None and sys.stderr.isatty():
                print(_NOTICE, file=sys.stderr)


register("numba:compile", Notice())
