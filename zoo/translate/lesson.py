"""What a Transformer learns from: pairs of sentences, drawn by direction, in batches of a size."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zoo.data import Example
from zoo.errors import InputError
from zoo.text import Passage
from zoo.translate.parallel import Direction
from zoo.translate.pieces import END, PADDING, START, Pieces

_POOL = 50  # batches that are drawn at once, to put sentences of one length together
_PARTS = 2  # of a batch, learned from side by side


@dataclass(frozen=True)
class Batch:
    """source: [B, S] pieces. mask: [B, S], true where there is one.

    target: [B, T], beginning with the sign for the start. wanted: [B, T], what comes
    next each time. seed: of what the network draws at random when it learns from the batch.
    """

    source: Tensor
    mask: Tensor
    target: Tensor
    wanted: Tensor
    seed: int

    def parts(self) -> list[Batch]:
        """Every second sentence, and the others: as much work each, as far as that goes."""
        count = min(_PARTS, len(self.source))
        return [self._rows(slice(first, None, count), first) for first in range(count)]

    def _rows(self, rows: slice, number: int) -> Batch:
        mask, wanted = self.mask[rows], self.wanted[rows]
        # The longest sentence may be in another part.
        before = int(mask.sum(1).max())
        after = int((wanted != PADDING).sum(1).max())
        return Batch(
            self.source[rows, :before],
            mask[:, :before],
            self.target[rows, :after],
            wanted[:, :after],
            _PARTS * self.seed + number,
        )


class Pairs:
    """The pairs of one corpus by direction, each text kept once.

    texts: every distinct text. directions: to [N, 2], the numbers of source and target.
    """

    def __init__(self, examples: Sequence[Example]) -> None:
        numbers: dict[str, int] = {}
        pairs: dict[Direction, list[tuple[int, int]]] = {}
        for example in examples:
            passage = example.input
            if not isinstance(passage, Passage) or not isinstance(example.target, str):
                raise InputError(
                    "A translator learns from a Passage and its translation; "
                    f"{type(passage).__name__} and {type(example.target).__name__} came."
                )
            source = numbers.setdefault(passage.text, len(numbers))
            target = numbers.setdefault(example.target, len(numbers))
            pairs.setdefault((passage.source, passage.target), []).append((source, target))
        self.texts = list(numbers)
        self.directions = {one: np.array(pairs[one], np.int32) for one in sorted(pairs)}

    @property
    def languages(self) -> set[str]:
        return {language for direction in self.directions for language in direction}


class Lesson:
    """Makes the batches: the same for the same seed and step, whatever came before.

    corpora: with the share of the pairs that is drawn from each.
    weights: of a direction, how often it is drawn, where it is not 1.
    tokens: pieces of sources and targets in a batch, about.
    longest: pieces of a sentence; longer ones are left out.
    """

    def __init__(
        self,
        corpora: Sequence[tuple[Pairs, float]],
        pieces: Pieces,
        *,
        weights: Mapping[Direction, float],
        tokens: int,
        longest: int,
        seed: int,
    ) -> None:
        if tokens < 4 * longest:
            raise InputError(f"A batch takes at least {4 * longest} pieces; {tokens} came.")
        self.tokens, self.seed, self.pieces = tokens, seed, pieces
        self._texts: list[NDArray[np.uint16]] = []
        self._groups: list[tuple[Direction, NDArray[np.int32]]] = []
        shares = []
        for pairs, share in corpora:
            first = len(self._texts)
            self._texts += pieces.encode(pairs.texts)
            lengths = np.array([len(one) for one in self._texts])
            drawn = []
            for direction, rows in pairs.directions.items():
                kept = rows[(lengths[rows + first] <= longest).all(axis=1)] + first
                weight = weights.get(direction, 1.0) * len(kept)
                if weight:
                    self._groups.append((direction, kept))
                    drawn.append(weight)
            shares += [share * weight / sum(drawn) for weight in drawn]
        if not shares:
            raise InputError("There is nothing to learn from.")
        self._lengths = np.array([len(one) + 2 for one in self._texts])
        self._shares = np.array(shares) / sum(shares)
        self._mean = sum(
            share * float(self._lengths[rows].sum(axis=1).mean())
            for share, (_, rows) in zip(self._shares, self._groups, strict=True)
        )
        self._pool: tuple[int, list[list[tuple[Direction, int, int]]]] = (-1, [])

    def fingerprint(self) -> str:
        """What the batches depend on, as hexadecimal text."""
        digest = hashlib.sha256(f"{self.tokens} {self.seed} {self._shares.tolist()}".encode())
        digest.update(self.pieces.model)
        for direction, rows in self._groups:
            digest.update(repr(direction).encode())
            digest.update(rows.tobytes())
        for text in self._texts:
            digest.update(text.tobytes() + b"\xff\xff")
        return digest.hexdigest()

    def batch(self, step: int) -> Batch:
        number, place = divmod(step, _POOL)
        if self._pool[0] != number:
            self._pool = number, self._draw(number)
        return self._padded(self._pool[1][place], self.seed * 1_000_003 + step)

    def _draw(self, number: int) -> list[list[tuple[Direction, int, int]]]:
        """`_POOL` batches of about as many pieces, each of sentences of about one length."""
        random = np.random.default_rng((self.seed, number))
        # More than the mean says, for chance; what is too much is not used.
        count = round(1.2 * _POOL * self.tokens / self._mean) + _POOL
        rows = np.empty((count, 2), np.int64)
        groups = random.choice(len(self._groups), count, p=self._shares)
        for group, (_, pairs) in enumerate(self._groups):
            (places,) = np.nonzero(groups == group)
            rows[places] = pairs[random.integers(len(pairs), size=len(places))]
        lengths = self._lengths[rows]
        enough = int(np.searchsorted(lengths.sum(axis=1).cumsum(), _POOL * self.tokens)) + 1
        longest = lengths[:enough].max(axis=1) + random.random(len(lengths[:enough]))
        order = np.argsort(longest)
        sizes = lengths[order].sum(axis=1).cumsum()
        cuts = np.searchsorted(sizes, np.linspace(0, sizes[-1], _POOL + 1)[1:-1])
        batches = [
            [(self._groups[groups[i]][0], *rows[i].tolist()) for i in part]
            for part in np.split(order, cuts)
        ]
        random.shuffle(batches)
        return batches

    def _padded(self, rows: list[tuple[Direction, int, int]], seed: int) -> Batch:
        sources = [
            [self.pieces.sign(direction[1]), *self._texts[source].tolist(), END]
            for direction, source, _ in rows
        ]
        targets = [[START, *self._texts[target].tolist(), END] for _, _, target in rows]
        source, target = padded(sources), padded(targets)
        return Batch(source, source != PADDING, target[:, :-1], target[:, 1:], seed)


def padded(rows: Sequence[Sequence[int]]) -> Tensor:
    """Rows of different lengths as one [B, longest], padded at the end."""
    result = torch.full((len(rows), max(map(len, rows))), PADDING)
    for position, row in enumerate(rows):
        result[position, : len(row)] = torch.tensor(row)
    return result
