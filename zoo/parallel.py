"""Computing with torch on several cores: whole pieces of work side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol, TypeVar

import torch

A = TypeVar("A")
B = TypeVar("B")


class Map(Protocol):
    """What the built-in `map` does with one iterable."""

    def __call__(self, do: Callable[[A], B], each: Iterable[A], /) -> Iterable[B]: ...


@contextmanager
def side_by_side(wanted: bool = True) -> Iterator[Map]:
    """`map` by as many threads as torch has, each of which has one; or, not `wanted`, the usual.

    Threads that share every operation wait for each other at each, which costs much where
    operations are small, or where a core is needed by something else, too: they wait busily.

    A thread from elsewhere that uses torch for the first time meanwhile keeps one for itself, too:
    that is when torch looks how many there are to be.
    """
    threads = torch.get_num_threads()
    if not wanted or threads == 1:
        yield map
        return
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool.map
    finally:
        torch.set_num_threads(threads)
