"""Numbers in few bytes: whole ones by their size, others by a codebook."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

CODES = 256


def deflated(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The bytes as zlib (RFC 1950) compresses them."""
    return np.frombuffer(zlib.compress(array.tobytes(), 9), np.uint8).copy()


def inflated(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What `deflated` deflated. Raises ValueError if it is anything else."""
    try:
        return np.frombuffer(zlib.decompress(array.tobytes()), np.uint8).copy()
    except zlib.error as error:
        raise ValueError(f"bytes that are not zlib's: {error}") from error


def packed(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """Whole numbers from 0 to 2^28, seven bits a byte (LEB128), deflated: small ones take least."""
    values = np.asarray(numbers, np.int64)
    sizes = 1 + np.searchsorted([1 << 7, 1 << 14, 1 << 21], values, side="right")
    ends = np.cumsum(sizes)
    taken = np.empty(sizes.sum(), np.uint8)
    for k in range(4):
        here = sizes > k
        more = np.where(sizes[here] > k + 1, 128, 0)
        taken[(ends - sizes)[here] + k] = (values[here] >> 7 * k) & 127 | more
    return deflated(taken)


def unpacked(array: NDArray[np.uint8]) -> NDArray[np.int64]:
    """What `packed` packed. Raises ValueError if it is anything else."""
    flat = inflated(array)
    if not len(flat):
        return np.zeros(0, np.int64)
    if flat[-1] >= 128:
        raise ValueError("a number that does not end")
    starts = np.flatnonzero(np.concatenate(([True], flat[:-1] < 128)))
    place = np.arange(len(flat)) - np.repeat(starts, np.diff(starts, append=len(flat)))
    if place.max() > 3:
        raise ValueError("a number of more than four bytes")
    sums: NDArray[np.int64] = np.add.reduceat((flat & 127).astype(np.int64) << 7 * place, starts)
    return sums


def quantised(
    values: NDArray[np.float32], size: int = CODES
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Rows as numbers of a codebook: codes [M] and codebook [at most `size`, D], of [M, D].

    Lloyd's algorithm (1982) from quantiles; few distinct rows are kept as they are.
    """
    rows: NDArray[np.float32]
    rows, inverse, counts = np.unique(values, axis=0, return_inverse=True, return_counts=True)
    inverse = inverse.reshape(-1)
    if len(rows) <= size:
        return inverse.astype(np.uint8), rows
    # Rare rows count for more than their share, so that they are met too.
    weights = np.sqrt(counts)
    shares = np.cumsum(weights) / weights.sum()
    book = rows[np.searchsorted(shares, (np.arange(size) + 0.5) / size)].astype(np.float64)
    for _ in range(15):
        nearest = _nearest(book, rows)
        mass = np.bincount(nearest, weights, size)
        for column in range(rows.shape[1]):
            sums = np.bincount(nearest, weights * rows[:, column], size)
            book[:, column] = np.where(mass > 0, sums / np.maximum(mass, 1e-9), book[:, column])
    rounded = np.unique(book.astype(np.float32), axis=0)
    return _nearest(rounded, rows)[inverse].astype(np.uint8), rounded


def looked_up(
    codes: NDArray[np.uint8], book: NDArray[Any], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """The rows of a codebook by their numbers, deflated; the inverse of `quantised`.

    Raises ValueError if they have another shape or are not finite.
    """
    numbers = inflated(codes)
    if len(numbers) and numbers.max() >= len(book):
        raise ValueError(f"numbers up to {numbers.max()} of a codebook of {len(book)}")
    with np.errstate(over="ignore"):
        values = book.astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("a codebook of numbers that are not finite")
    if (len(numbers), *values.shape[1:]) != shape:
        raise ValueError(f"{(len(numbers), *values.shape[1:])} numbers in place of {shape}")
    rows: NDArray[np.float32] = values[numbers] if len(numbers) else np.zeros(shape, np.float32)
    return rows


def _nearest(book: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.int64]:
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(book).query(rows)[1], np.int64)
