"""A small Conformer that hears in chunks.

Gulati et al., "Conformer: Convolution-augmented Transformer for Speech Recognition", Interspeech
2020 (arXiv:2005.08100). Its convolutions look back only and its attention no further ahead than the
end of a chunk, so that one network serves whole recordings and sound as it comes: Zhang et al.,
"Unified Streaming and Non-streaming Two-pass End-to-end Model for Speech Recognition"
(arXiv:2012.05481).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

SUBSAMPLING = 4  # frames of features to one of the encoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Of a network.

    mels: of the features. width: of the encoder. channels: of the subsampling convolutions.
    left: frames of the encoder that attention sees before the chunk. outputs: words and the blank.
    """

    mels: int
    outputs: int
    width: int = 96
    layers: int = 4
    heads: int = 4
    expansion: int = 2
    kernel: int = 15
    channels: int = 32
    left: int = 64

    def to_settings(self) -> dict[str, Any]:
        return asdict(self)


class FeedForward(nn.Sequential):
    """Wider, bent, back again: [B, T, D] -> the same."""

    def __init__(self, width: int, expansion: int) -> None:
        super().__init__(
            nn.LayerNorm(width),
            nn.Linear(width, expansion * width),
            nn.SiLU(),
            nn.Linear(expansion * width, width),
        )


class ChunkAttention(nn.Module):
    """Self-attention with a learned bias for each distance between two frames."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads = size.heads
        self.norm = nn.LayerNorm(size.width)
        self.queries_keys_values = nn.Linear(size.width, 3 * size.width)
        self.out = nn.Linear(size.width, size.width)
        self.reach = size.left
        self.bias = nn.Parameter(torch.zeros(size.heads, 2 * size.left + 1))

    def forward(
        self, x: Tensor, past: Tensor | None, hidden: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """[B, T, D] -> the same, and the keys and values [2, B, H, P + T, D / H] seen.

        past: keys and values of the frames before. hidden: [B, 1, T, P + T], True where a frame
        must not look; None if it may look everywhere.
        """
        batch, frames, width = x.shape
        parts = self.queries_keys_values(self.norm(x))
        query, key, value = parts.view(batch, frames, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = torch.stack((key, value))
        if past is not None:
            seen = torch.cat((past, seen), dim=3)
        before = seen.shape[3] - frames
        here = torch.arange(frames, device=x.device)[:, None] + before
        there = torch.arange(before + frames, device=x.device)
        bias = self.bias[:, (here - there).clamp(-self.reach, self.reach) + self.reach]
        if hidden is not None:
            bias = bias.masked_fill(hidden, -torch.inf)
        mixed = functional.scaled_dot_product_attention(
            query, seen[0], seen[1], attn_mask=bias.expand(batch, -1, -1, -1)
        )
        return self.out(mixed.transpose(1, 2).reshape(batch, frames, width)), seen


class CausalConvolution(nn.Module):
    """Gate, convolve each channel with the frames before, gate again."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(size.width)
        self.into = nn.Linear(size.width, 2 * size.width)
        self.depthwise = nn.Conv1d(size.width, size.width, size.kernel, groups=size.width)
        self.middle = nn.LayerNorm(size.width)  # batches are too small, and too padded, for theirs
        self.out = nn.Linear(size.width, size.width)

    def forward(self, x: Tensor, past: Tensor | None) -> tuple[Tensor, Tensor]:
        """[B, T, D] -> the same, and the last frames [B, D, kernel - 1], for what follows."""
        gated = functional.glu(self.into(self.norm(x)), dim=-1).transpose(1, 2)
        lacking = self.depthwise.kernel_size[0] - 1
        if past is None:
            past = gated.new_zeros(*gated.shape[:2], lacking)
        gated = torch.cat((past, gated), dim=2)
        mixed = self.depthwise(gated).transpose(1, 2)
        return (
            self.out(functional.silu(self.middle(mixed))),
            gated[:, :, gated.shape[2] - lacking :],
        )


class Block(nn.Module):
    """Half a feed-forward step, attention, convolution, the other half: section 2.4."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.before = FeedForward(size.width, size.expansion)
        self.attention = ChunkAttention(size)
        self.convolution = CausalConvolution(size)
        self.after = FeedForward(size.width, size.expansion)
        self.norm = nn.LayerNorm(size.width)

    def forward(
        self, x: Tensor, past: tuple[Tensor, Tensor] | None, hidden: Tensor | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        x = x + 0.5 * self.before(x)
        mixed, seen = self.attention(x, past[0] if past else None, hidden)
        x = x + mixed
        mixed, tail = self.convolution(x, past[1] if past else None)
        x = x + mixed
        x = x + 0.5 * self.after(x)
        return self.norm(x), (seen, tail)


@dataclass
class State:
    """What the network remembers of the sound so far.

    inputs: the last frame of features, and of the first convolution. blocks: one (keys and values,
    last frames of the convolution) each.
    """

    inputs: tuple[Tensor, Tensor]
    blocks: list[tuple[Tensor, Tensor]]


class ConformerNetwork(nn.Module):
    """Normalised log mel energies in, for each fourth frame two distributions over words out.

    The first is to be read by connectionist temporal classification: words once each, between
    blanks. The second says which word is being spoken. Both have the blank, or silence, at 0.
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        channels = size.channels
        self.first = nn.Conv2d(1, channels, 3, stride=2)
        self.second = nn.Conv2d(channels, channels, 3, stride=2)
        bands = ((size.mels - 1) // 2 - 1) // 2
        self.into = nn.Linear(channels * bands, size.width)
        self.blocks = nn.ModuleList(Block(size) for _ in range(size.layers))
        self.words = nn.Linear(size.width, size.outputs)
        self.speaking = nn.Linear(size.width, size.outputs)

    def forward(self, features: Tensor, lengths: Tensor, chunk: int) -> tuple[Tensor, Tensor]:
        """Whole recordings: [B, T, mels], T divisible by 4 -> logits, twice [B, T / 4, outputs].

        lengths: [B] frames of features of each. chunk: in frames of the encoder.
        """
        x, _ = self._subsample(features, None)
        frames = torch.arange(x.shape[1], device=x.device)
        begin = frames[:, None] // chunk * chunk
        hidden = (frames >= begin + chunk) | (frames < begin - self.size.left)
        # Frames after the end see the first, so that no row is without any: they do not count.
        over = frames >= -(-lengths // SUBSAMPLING)[:, None]
        hidden = hidden[None] | over[:, None, :]
        hidden = hidden & ~(hidden.all(dim=2, keepdim=True) & (frames == 0))
        for block in self.blocks:
            x, _ = block(x, None, hidden[:, None])
        return self.words(x), self.speaking(x)

    def step(self, features: Tensor, state: State | None) -> tuple[Tensor, Tensor, State]:
        """One chunk of one recording: [1, 4 n, mels] -> twice logits [1, n, outputs]; the state."""
        x, inputs = self._subsample(features, state.inputs if state else None)
        blocks = []
        for number, block in enumerate(self.blocks):
            x, (seen, tail) = block(x, state.blocks[number] if state else None, None)
            blocks.append((seen[:, :, :, -self.size.left :], tail))
        return self.words(x), self.speaking(x), State(inputs, blocks)

    def _subsample(
        self, features: Tensor, past: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """[B, T, mels] -> [B, T / 4, width]; `past` is one frame before each convolution."""
        x = features[:, None]
        last = x[:, :, -1:]
        x = functional.silu(self.first(_after(past[0] if past else None, x)))
        last_of_first = x[:, :, -1:]
        x = functional.silu(self.second(_after(past[1] if past else None, x)))
        x = self.into(x.transpose(1, 2).flatten(2))
        return x, (last, last_of_first)


def _after(past: Tensor | None, x: Tensor) -> Tensor:
    """X [B, C, T, F] with the frame before it, or silence."""
    return torch.cat((torch.zeros_like(x[:, :, :1]) if past is None else past, x), dim=2)
