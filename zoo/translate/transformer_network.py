"""The Transformer (Vaswani et al. 2017), normalised before each block (Xiong et al. 2020).

One table of vectors serves as source embedding, target embedding and output layer (Press & Wolf
2017). The decoder computes a sentence at once when it learns, and a position at a time, from cached
keys and values, when it translates.

Shapes: B sentences, S source positions, T target positions, D numbers a position, H heads, V
pieces.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zoo.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large the network is.

    vocabulary: V. width: D. hidden: numbers inside a feed-forward block.
    """

    vocabulary: int
    width: int = 256
    heads: int = 4
    hidden: int = 1024
    encoder_layers: int = 4
    decoder_layers: int = 3
    dropout: float = 0.1

    def __post_init__(self) -> None:
        sizes = [getattr(self, name) for name in self.__slots__ if name != "dropout"]
        if not all(isinstance(size, int) and size > 0 for size in sizes):
            raise InputError(f"Sizes of a network are positive whole numbers; {self} came.")
        if self.width % (2 * self.heads):
            raise InputError(f"{self.heads} heads do not share {self.width} numbers in pairs.")
        if not 0 <= self.dropout < 1:
            raise InputError(f"Dropout is from 0 to below 1; {self.dropout} came.")


def positions(first: int, count: int, width: int) -> Tensor:
    """Sines and cosines of positions from `first` on, [count, D] (Vaswani et al. 2017, §3.5)."""
    place = torch.arange(first, first + count, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    table = torch.empty(count, width)
    table[:, 0::2] = torch.sin(place * rate)
    table[:, 1::2] = torch.cos(place * rate)
    return table


class Attention(nn.Module):
    """Scaled dot-product attention with H heads (Vaswani et al. 2017, §3.2)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """What is attended to: [B, S, D] to keys and values, both [B, H, S, D / H]."""
        keys, values = self.key_value(x).chunk(2, dim=-1)
        return self._split(keys), self._split(values)

    def forward(
        self,
        x: Tensor,
        memory: tuple[Tensor, Tensor],
        mask: Tensor | None = None,
        *,
        causal: bool = False,
    ) -> Tensor:
        """[B, T, D] to the same. mask: [B, 1, 1, S], true where to look."""
        keys, values = memory
        # Written out: for sentences this short, PyTorch's fused attention takes six times as long.
        queries = self._split(self.query(x)) * keys.shape[-1] ** -0.5
        scores = queries @ keys.transpose(-1, -2)
        if causal:
            ahead = torch.ones(scores.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(ahead, -math.inf)
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        found = scores.softmax(-1).to(values.dtype) @ values
        joined: Tensor = self.out(found.transpose(1, 2).flatten(2))
        return joined

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)


# Of dropout in this thread, so that parts of a batch can be learned from at once, and repeatably.
_GENERATOR: ContextVar[torch.Generator | None] = ContextVar("_GENERATOR", default=None)


@contextmanager
def drawing_from(seed: int, device: str) -> Iterator[None]:
    """Let dropout in this thread draw from this seed, not from what all of torch draws from."""
    token = _GENERATOR.set(torch.Generator(device).manual_seed(seed))
    try:
        yield
    finally:
        _GENERATOR.reset(token)


class Dropout(nn.Module):
    """Dropout (Srivastava et al. 2014) that draws a byte a number: on a CPU, drawing is the cost.

    share: how many of 256 numbers are dropped, over 256.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.threshold = min(255, round(share * 256))

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.threshold == 0:
            return x
        words = torch.empty((x.numel() + 7) // 8, dtype=torch.int64, device=x.device)
        words.random_(-(2**63), None, generator=_GENERATOR.get())
        octets = words.view(torch.uint8)[: x.numel()].view(x.shape)
        kept = x * (octets >= self.threshold).to(x.dtype)
        # Last, since the factor itself, as a narrow number, would be wrong by a third of a percent.
        return kept.mul_(256 / (256 - self.threshold))


class FeedForward(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.inner = nn.Linear(shape.width, shape.hidden)
        self.outer = nn.Linear(shape.hidden, shape.width)
        self.dropout = Dropout(shape.dropout)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.outer(self.dropout(functional.relu(self.inner(x))))
        return y


class EncoderLayer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(shape.width)
        self.attention = Attention(shape.width, shape.heads)
        self.feed_norm = nn.LayerNorm(shape.width)
        self.feed = FeedForward(shape)
        self.dropout = Dropout(shape.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        y = self.attention_norm(x)
        x = x + self.dropout(self.attention(y, self.attention.keys_values(y), mask))
        fed: Tensor = x + self.dropout(self.feed(self.feed_norm(x)))
        return fed


class DecoderLayer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_norm = nn.LayerNorm(shape.width)
        self.self_attention = Attention(shape.width, shape.heads)
        self.cross_norm = nn.LayerNorm(shape.width)
        self.cross_attention = Attention(shape.width, shape.heads)
        self.feed_norm = nn.LayerNorm(shape.width)
        self.feed = FeedForward(shape)
        self.dropout = Dropout(shape.dropout)

    def forward(
        self,
        x: Tensor,
        memory: tuple[Tensor, Tensor],
        mask: Tensor,
        past: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """[B, T, D] to the same, and the keys and values of all positions so far.

        past: those of the positions before x, which is a single one then.
        """
        y = self.self_norm(x)
        seen = self.self_attention.keys_values(y)
        if past is not None:
            seen = torch.cat((past[0], seen[0]), dim=2), torch.cat((past[1], seen[1]), dim=2)
        x = x + self.dropout(self.self_attention(y, seen, causal=past is None))
        x = x + self.dropout(self.cross_attention(self.cross_norm(x), memory, mask))
        x = x + self.dropout(self.feed(self.feed_norm(x)))
        return x, seen


@dataclass
class Cache:
    """What a decoder keeps between positions: of each layer, keys and values [B, H, ·, D / H].

    mask: [B, 1, 1, S], true at the positions of the source. length: positions so far.
    """

    memory: list[tuple[Tensor, Tensor]]
    mask: Tensor
    past: list[tuple[Tensor, Tensor] | None]
    length: int = 0

    def select(self, rows: Tensor) -> Cache:
        """The cache of these rows of the batch, in this order, repeated where they are."""

        def chosen(pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
            return pair[0][rows], pair[1][rows]

        return Cache(
            [chosen(pair) for pair in self.memory],
            self.mask[rows],
            [None if pair is None else chosen(pair) for pair in self.past],
            self.length,
        )

    def reorder(self, rows: Tensor) -> None:
        """Let each row go on from another one of the same sentence."""
        self.past = [None if pair is None else (pair[0][rows], pair[1][rows]) for pair in self.past]


class TransformerNetwork(nn.Module):
    """Pieces of a source sentence, and of its translation so far, to the next piece."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.encoder = nn.ModuleList(EncoderLayer(shape) for _ in range(shape.encoder_layers))
        self.encoder_norm = nn.LayerNorm(shape.width)
        self.decoder = nn.ModuleList(DecoderLayer(shape) for _ in range(shape.decoder_layers))
        self.decoder_norm = nn.LayerNorm(shape.width)
        self.dropout = Dropout(shape.dropout)
        nn.init.normal_(self.embedding.weight, std=shape.width**-0.5)
        for name, weight in self.named_parameters():
            if weight.dim() == 2 and not name.startswith("embedding"):
                nn.init.xavier_uniform_(weight)
            elif name.endswith("bias"):
                nn.init.zeros_(weight)

    def encode(self, source: Tensor, mask: Tensor) -> Tensor:
        """[B, S] pieces to [B, S, D]. mask: [B, S], true where there is a piece."""
        x = self._embedded(source, 0)
        for layer in self.encoder:
            x = layer(x, mask[:, None, None])
        encoded: Tensor = self.encoder_norm(x)
        return encoded

    def forward(self, source: Tensor, mask: Tensor, target: Tensor) -> Tensor:
        """Vectors before the output layer, [B, T, D], of which `logits` makes the next pieces'.

        source: [B, S]. mask: [B, S], true where there is a piece. target: [B, T], beginning with
        the sign for the start; padding at its end needs no mask, for nothing looks ahead.
        """
        return self.decode(target, self.start(self.encode(source, mask), mask))

    def start(self, encoded: Tensor, mask: Tensor) -> Cache:
        """The cache with which decoding begins."""
        layers = cast("list[DecoderLayer]", list(self.decoder))
        memory = [layer.cross_attention.keys_values(encoded) for layer in layers]
        return Cache(memory, mask[:, None, None], [None] * len(memory))

    def decode(self, target: Tensor, cache: Cache) -> Tensor:
        """The next positions' vectors, [B, T, D]: all at once, or one after those in the cache."""
        x = self._embedded(target, cache.length)
        for index, layer in enumerate(self.decoder):
            x, cache.past[index] = layer(x, cache.memory[index], cache.mask, cache.past[index])
        cache.length += target.shape[1]
        decoded: Tensor = self.decoder_norm(x)
        return decoded

    def logits(self, x: Tensor) -> Tensor:
        """[..., D] to [..., V]."""
        return functional.linear(x, self.embedding.weight)

    def _embedded(self, pieces: Tensor, first: int) -> Tensor:
        scale = math.sqrt(self.shape.width)
        place = positions(first, pieces.shape[1], self.shape.width).to(pieces.device)
        x = self.embedding(pieces) * scale + place
        if torch.is_autocast_enabled(x.device.type):
            # Or every layer would add to wide numbers, and narrow them for its matrices each time.
            x = x.to(torch.get_autocast_dtype(x.device.type))
        embedded: Tensor = self.dropout(x)
        return embedded
