"""Which letters of a word stand for which of its phones.

Each letter stands for none, one or two phones; how often it does so is learned by expectation
maximisation over all alignments, as the joint units ("graphones") of Bisani and Ney,
"Joint-Sequence Models for Grapheme-to-Phoneme Conversion", Speech Communication 50, 2008.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zoo.compiled import compiled

LETTERS = "abcdefghijklmnopqrstuvwxyz'"
PHONES = (
    *("AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH"),
    *("IH", "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH"),
    *("UH", "UW", "V", "W", "Y", "Z", "ZH"),
)
_ROUNDS = 8
_PAIRED = 0.05  # of a letter that stands for two phones, at the start: one is the rule
_SILENT = 0.1

Integers = NDArray[np.int32]
Ends = NDArray[np.int64]
Table = NDArray[np.float64]  # [letters, 1 + P + P * P]: shares of nothing, of one phone, of two


def align(words: Sequence[str], spoken: Sequence[Sequence[str]]) -> list[tuple[int, ...] | None]:
    """How many phones each letter stands for, 0 to 2; None for words that cannot be aligned.

    words: of `LETTERS`. spoken: their phones, without stress.
    """
    letter_of = {letter: index for index, letter in enumerate(LETTERS)}
    phone_of = {phone: index for index, phone in enumerate(PHONES)}
    letters, letter_ends = _flat([[letter_of[one] for one in word] for word in words])
    phones, phone_ends = _flat([[phone_of[one] for one in each] for each in spoken])
    count = len(PHONES)
    table = np.empty((len(LETTERS), 1 + count + count**2))
    table[:, 0] = _SILENT
    table[:, 1 : 1 + count] = 1 / count
    table[:, 1 + count :] = _PAIRED / count**2
    for _ in range(_ROUNDS):
        counts = _expect(letters, letter_ends, phones, phone_ends, table, count)
        table = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    taken = _best(letters, letter_ends, phones, phone_ends, table, count)
    parts = np.split(taken, letter_ends[:-1])
    return [None if part[0] < 0 else tuple(part.tolist()) for part in parts]


def _flat(rows: list[list[int]]) -> tuple[Integers, Ends]:
    ends = np.cumsum([len(row) for row in rows])
    return np.array([one for row in rows for one in row], np.int32), ends


@compiled
def _share(table: Table, letter: int, phones: Integers, j: int, n: int, count: int) -> float:
    """Of a letter standing for the n phones from j on."""
    if n == 0:
        return float(table[letter, 0])
    if n == 1:
        return float(table[letter, 1 + phones[j]])
    return float(table[letter, 1 + count + phones[j] * count + phones[j + 1]])


@compiled
def _expect(
    letters: Integers,
    letter_ends: Ends,
    phones: Integers,
    phone_ends: Ends,
    table: Table,
    count: int,
) -> Table:
    """Expected counts of what each letter stands for, in the shape of the table."""
    counts = np.zeros_like(table)
    a = b = 0
    for word in range(len(letter_ends)):
        x, y = letters[a : letter_ends[word]], phones[b : phone_ends[word]]
        a, b = letter_ends[word], phone_ends[word]
        forward = np.zeros((len(x) + 1, len(y) + 1))
        backward = np.zeros((len(x) + 1, len(y) + 1))
        forward[0, 0] = backward[len(x), len(y)] = 1.0
        for i in range(len(x)):
            for j in range(len(y) + 1):
                for n in range(min(2, len(y) - j) + 1):
                    forward[i + 1, j + n] += forward[i, j] * _share(table, x[i], y, j, n, count)
        total = forward[len(x), len(y)]
        if total <= 0:
            continue
        for i in range(len(x) - 1, -1, -1):
            for j in range(len(y) + 1):
                for n in range(min(2, len(y) - j) + 1):
                    share = _share(table, x[i], y, j, n, count) * backward[i + 1, j + n]
                    backward[i, j] += share
                    expected = forward[i, j] * share / total
                    if n == 0:
                        counts[x[i], 0] += expected
                    elif n == 1:
                        counts[x[i], 1 + y[j]] += expected
                    else:
                        counts[x[i], 1 + count + y[j] * count + y[j + 1]] += expected
    return counts


@compiled
def _best(
    letters: Integers,
    letter_ends: Ends,
    phones: Integers,
    phone_ends: Ends,
    table: Table,
    count: int,
) -> Integers:
    """The most probable number of phones of every letter; -1 throughout a word without any."""
    taken = np.full(len(letters), -1, np.int32)
    a = b = 0
    for word in range(len(letter_ends)):
        x, y = letters[a : letter_ends[word]], phones[b : phone_ends[word]]
        first = a
        a, b = letter_ends[word], phone_ends[word]
        best = np.zeros((len(x) + 1, len(y) + 1))
        came = np.zeros((len(x) + 1, len(y) + 1), np.int32)
        best[0, 0] = 1.0
        for i in range(len(x)):
            for j in range(len(y) + 1):
                for n in range(min(2, len(y) - j) + 1):
                    score = best[i, j] * _share(table, x[i], y, j, n, count)
                    if score > best[i + 1, j + n]:
                        best[i + 1, j + n] = score
                        came[i + 1, j + n] = n
        if best[len(x), len(y)] <= 0:
            continue
        j = len(y)
        for i in range(len(x), 0, -1):
            taken[first + i - 1] = came[i, j]
            j -= came[i, j]
    return taken
