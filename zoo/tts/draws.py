"""Random numbers of torch, for networks that draw them from its one generator."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_SEEDS = 2**64  # torch knows no others
_lock = threading.Lock()  # the generator is one for all threads


@contextmanager
def seeded(seed: int, device: str) -> Iterator[None]:
    """Let torch draw what the seed gives, on the CPU and the device, then go on as before."""
    chosen = torch.device(device)
    others = []
    if chosen.type != "cpu":
        current = torch.accelerator.current_device_index()
        others.append(current if chosen.index is None else chosen.index)
    with _lock, torch.random.fork_rng(others):
        torch.manual_seed(seed % _SEEDS)
        yield
