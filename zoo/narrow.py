"""Networks taught in narrow numbers (bfloat16), where these are the faster ones."""

from __future__ import annotations

import functools
import time

import torch

_SIDE = 512  # of the square matrices that are multiplied
_TIMES = 8


def narrow(device: str | torch.device, *, remember: bool = True) -> torch.autocast:
    """The context in which a network computes in `faster_numbers`.

    remember: keep narrow copies of weights until the context ends; no, where threads share them or
    each is used once.
    """
    kind = torch.device(device).type
    enabled = faster_numbers(device) is torch.bfloat16
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=enabled, cache_enabled=remember)


def faster_numbers(device: str | torch.device) -> torch.dtype:
    """Of bfloat16 and float32 those of which the device multiplies matrices faster.

    Processors differ: those with matrix units for bfloat16 are several times faster at it than at
    float32, others half as fast, though they have instructions for it, and a virtual machine may
    hide what its processor has. So that is measured, once.
    """
    return _of_a_processor() if torch.device(device).type == "cpu" else torch.bfloat16


@functools.cache
def _of_a_processor() -> torch.dtype:
    return min((torch.bfloat16, torch.float32), key=_seconds)


def _seconds(dtype: torch.dtype) -> float:
    """The least time that a product of two matrices took."""
    x = torch.full((_SIDE, _SIDE), 0.5, dtype=dtype)
    times = []
    for _ in range(_TIMES):
        start = time.perf_counter()
        torch.mm(x, x)
        times.append(time.perf_counter() - start)
    return min(times)
