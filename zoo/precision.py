"""In which numbers networks compute while they learn: float32 or bfloat16."""

from __future__ import annotations

import functools
import threading
import time

import torch

from zoo.errors import InputError

PRECISIONS = ("float32", "bfloat16")

_SIDE = 512  # of the square matrices that are multiplied to see which is faster
_ROUNDS = 8
_GAIN = 0.8  # the share of float32's time from which on bfloat16 is worth its rounding and casts

_lock = threading.Lock()


def check_precision(precision: str, *others: str) -> None:
    """Raises InputError for what is neither a precision nor one of `others`."""
    known = (*PRECISIONS, *others)
    if precision not in known:
        raise InputError(f"precision is {' or '.join(map(repr, known))}; {precision!r} came.")


def autocast(device: str | torch.device, precision: str, *, cache: bool = False) -> torch.autocast:
    """The context in which a network computes in this precision.

    cache: keep weights that were rounded until the context ends. False where threads share the
    weights, or where each is used once.
    """
    return torch.autocast(
        torch.device(device).type,
        dtype=torch.bfloat16,
        enabled=precision == "bfloat16",
        cache_enabled=cache,
    )


def faster_precision(device: str | torch.device) -> str:
    """The precision in which the device multiplies matrices faster.

    Of processors those with matrix units for bfloat16 are several times faster at it than at
    float32, others half as fast, though they have instructions for it, and a virtual machine may
    hide what its processor has; so that is measured, once in a process, to be done while nothing
    else runs. Accelerators are taken to be faster at bfloat16.
    """
    if torch.device(device).type != "cpu":
        return "bfloat16"
    with _lock:
        return _measured_on_cpu()


@functools.cache
def _measured_on_cpu() -> str:
    least = dict.fromkeys(PRECISIONS, float("inf"))
    for _ in range(_ROUNDS):  # in turn, so that a change of the clock's rate favours neither
        for precision in PRECISIONS:
            least[precision] = min(least[precision], _seconds(precision))
    return "bfloat16" if least["bfloat16"] < _GAIN * least["float32"] else "float32"


def _seconds(precision: str) -> float:
    """The time that a product of two matrices takes."""
    x = torch.ones(_SIDE, _SIDE, dtype=getattr(torch, precision), device="cpu")
    with torch.autocast("cpu", enabled=False):
        start = time.perf_counter()
        torch.mm(x, x)
        return time.perf_counter() - start
