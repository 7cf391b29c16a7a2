"""Networks taught in narrow numbers (bfloat16), where these are the faster ones."""

from __future__ import annotations

import functools
import time

import torch

_SIDE = 512  # of the square matrices that are multiplied
_TIMES = 8


def narrow(device: str | torch.device, *, remember: bool = True) -> torch.autocast:
    """The context in which a network computes in bfloat16, if the device is faster at it.

    Processors differ: those with matrix units for bfloat16 are several times faster at it than at
    float32, others half as fast, though they have instructions for it, and a virtual machine may
    hide what its processor has. So that is measured, once.

    remember: keep narrow copies of weights until the context ends; no, where threads share them or
    each is used once.
    """
    kind = torch.device(device).type
    return torch.autocast(
        kind, dtype=torch.bfloat16, enabled=_is_faster(kind), cache_enabled=remember
    )


@functools.cache
def _is_faster(kind: str) -> bool:
    if kind != "cpu":
        return True
    return _seconds(torch.bfloat16) < _seconds(torch.float32)


def _seconds(dtype: torch.dtype) -> float:
    """The least time that a product of two matrices took."""
    x = torch.full((_SIDE, _SIDE), 0.5, dtype=dtype)
    times = []
    for _ in range(_TIMES):
        start = time.perf_counter()
        torch.mm(x, x)
        times.append(time.perf_counter() - start)
    return min(times)
