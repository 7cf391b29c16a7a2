"""Machine code for inner loops, by Numba."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """The function as machine code, kept on disk from its first call on.

    Lam et al., "Numba: a LLVM-based Python JIT compiler" (LLVM-HPC 2015). Integers are 64 bits
    wide and wrap around; nothing checks that an index is within its array. What is kept is renewed
    only when its own file changes: after a change to a compiled function that another file's
    functions call, or of these options, delete `__pycache__/*.nbi` beside that other file. Python's
    lock is let go, so that threads can compute at the same time.
    """
    return cast(F, numba.njit(cache=True, nogil=True)(function))
