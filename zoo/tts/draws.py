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
    with _lock:
        if chosen.type == "cpu":
            with torch.random.fork_rng([]):
                torch.default_generator.manual_seed(seed % _SEEDS)
                yield
            return
        current = torch.accelerator.current_device_index()
        index = current if chosen.index is None else chosen.index
        with torch.random.fork_rng([index]), torch.cuda.device(index):
            torch.default_generator.manual_seed(seed % _SEEDS)
            torch.cuda.manual_seed(seed % _SEEDS)  # of this device alone
            yield
