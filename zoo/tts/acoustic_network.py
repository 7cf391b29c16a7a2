"""From phones to mel frames, all at once: an acoustic model after FastSpeech 2.

Ren et al., "FastSpeech 2: Fast and High-Quality End-to-End Text to Speech" (arXiv:2006.04558):
an encoder of phones, predictors of duration, pitch and energy, a length regulator, a decoder of
frames. Pitch and energy are those of whole phones, as in FastPitch (Łańcucki, arXiv:2006.06873);
the convolutions are separable, as in LightSpeech (Luo et al., arXiv:2102.04040), since the voice is
small.

Shapes: B utterances, N phones, T frames, D numbers for each of either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

PROSODY = 3  # of a phone: its pitch as log F0, the share of it that is voiced, its energy


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large the network is.

    symbols: how many values each column of the input has, such as phone, stress and position.
    width: D. hidden: numbers inside a feed-forward step. kernel: of the convolutions, odd.
    reach: how far two phones or frames are told apart by their distance, in attention.
    dropout: in the blocks. predictor_dropout: in the predictors, which have little to learn from.
    """

    symbols: tuple[int, ...]
    mels: int = 80
    width: int = 128
    heads: int = 2
    hidden: int = 384
    kernel: int = 9
    reach: int = 64
    encoder_layers: int = 4
    decoder_layers: int = 4
    dropout: float = 0.1
    predictor_dropout: float = 0.4

    def __post_init__(self) -> None:
        if not self.symbols or min(self.symbols) < 1:
            raise ValueError(f"columns of {self.symbols} values")
        if self.width % self.heads or self.kernel % 2 == 0:
            raise ValueError(f"{self.heads} heads of {self.width}, a kernel of {self.kernel}")

    def to_settings(self) -> dict[str, Any]:
        """As JSON-able values; `of` is the inverse."""
        return {**asdict(self), "symbols": list(self.symbols)}

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        return cls(**{**settings, "symbols": tuple(settings["symbols"])})


def regulated(x: Tensor, durations: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Each phone's numbers, as often as it has frames: the length regulator (section 2.1).

    x: [B, N, D]. durations: [B, N] in frames. Answers [B, T, D] for the longest utterance's T, the
    mask [B, T] of frames that there are, and [B, T, 3] where in its phone a frame is: its middle as
    a share of the phone, and frames since the beginning and to the end, over 10, at most 1.
    """
    ends = durations.cumsum(dim=1)
    frames = torch.arange(int(ends[:, -1].max()), device=x.device)
    # The phone of a frame is the first one that ends after it.
    phones = torch.searchsorted(ends, frames.expand(len(x), -1).contiguous(), right=True)
    mask = phones < x.shape[1]
    phones = phones.clamp(max=x.shape[1] - 1)
    end = ends.gather(1, phones)
    lengths = durations.gather(1, phones)
    since = frames + 0.5 - (end - lengths)
    left = lengths - since
    place = torch.stack((since / lengths.clamp(min=1), since / 10, left / 10), dim=-1)
    place = place.clamp(0, 1) * mask[..., None]
    taken = x.gather(1, phones[..., None].expand(-1, -1, x.shape[2]))
    return taken * mask[..., None], mask, place


class Attention(nn.Module):
    """Self-attention with a learned bias for each distance between two places."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.reach = shape.heads, shape.reach
        self.queries_keys_values = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)
        self.bias = nn.Parameter(torch.zeros(shape.heads, 1, 2 * shape.reach + 1))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """[B, N, D] to the same."""
        batch, count, width = x.shape
        parts = self.queries_keys_values(x).view(batch, count, 3, self.heads, -1)
        queries, keys, values = parts.permute(2, 0, 3, 1, 4)
        # Every place sees the same row of distances, each from one further on.
        distances = torch.arange(1 - count, count, device=x.device).clamp(-self.reach, self.reach)
        row = self.bias[:, 0, distances + self.reach].to(x.dtype)
        bias = row.unfold(-1, count, 1).flip(1)
        bias = bias.masked_fill(~mask[:, None, None], -torch.inf)
        mixed = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
        joined: Tensor = self.out(mixed.transpose(1, 2).reshape(batch, count, width))
        return joined


class Block(nn.Module):
    """Attention, a convolution of each number over time, and a feed-forward step, each added."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(shape)
        self.convolution_norm = nn.LayerNorm(width)
        self.convolution = nn.Conv1d(
            width, width, shape.kernel, padding=shape.kernel // 2, groups=width
        )
        self.mixing = nn.Linear(width, width)
        self.feed_norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, shape.hidden)
        self.outer = nn.Linear(shape.hidden, width)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """[B, N, D] to the same. mask: [B, N], true where there is something."""
        x = x + self.dropout(self.attention(self.attention_norm(x), mask))
        y = self.convolution_norm(x) * mask[..., None]  # beyond the end there is nothing to hear
        y = self.convolution(y.transpose(1, 2)).transpose(1, 2)
        x = x + self.dropout(self.mixing(functional.silu(y)))
        y = self.inner(self.feed_norm(x))
        fed: Tensor = x + self.dropout(self.outer(functional.silu(y)))
        return fed


class Predictor(nn.Module):
    """Two convolutions over the phones, and what they say of each: [B, N, D] to [B, N, outputs]."""

    def __init__(self, shape: Shape, outputs: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv1d(shape.width, shape.width, 3, padding=1) for _ in range(2)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(shape.width) for _ in range(2))
        self.dropout = nn.Dropout(shape.predictor_dropout)
        self.out = nn.Linear(shape.width, outputs)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            y = convolution((x * mask[..., None]).transpose(1, 2)).transpose(1, 2)
            x = self.dropout(norm(functional.relu(y)))
        said: Tensor = self.out(x)
        return said


@dataclass(frozen=True)
class Spoken:
    """What the network makes of phones; in what is normalised, mean 0 and deviation 1.

    frames: [B, T, mels], normalised. mask: [B, T], true where there is a frame.
    durations: [B, N], natural logarithms of frames + 1. prosody: [B, N, 3], normalised.
    """

    frames: Tensor
    mask: Tensor
    durations: Tensor
    prosody: Tensor


class AcousticNetwork(nn.Module):
    """Phones to mel frames."""

    mean: Tensor
    deviation: Tensor
    prosody_mean: Tensor
    prosody_deviation: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        for name, size in (("", shape.mels), ("prosody_", PROSODY)):
            self.register_buffer(f"{name}mean", torch.zeros(size))
            self.register_buffer(f"{name}deviation", torch.ones(size))
        tables = [nn.Embedding(count, shape.width) for count in shape.symbols]
        for table in tables:
            nn.init.normal_(table.weight, std=shape.width**-0.5)
        self.tables = nn.ModuleList(tables)
        self.encoder = nn.ModuleList(Block(shape) for _ in range(shape.encoder_layers))
        self.encoder_norm = nn.LayerNorm(shape.width)
        self.duration = Predictor(shape, 1)
        self.prosody = Predictor(shape, PROSODY)
        self.prosody_in = nn.Conv1d(PROSODY, shape.width, 3, padding=1)
        self.place = nn.Linear(3, shape.width)
        self.decoder = nn.ModuleList(Block(shape) for _ in range(shape.decoder_layers))
        self.decoder_norm = nn.LayerNorm(shape.width)
        self.out = nn.Linear(shape.width, shape.mels)

    @torch.no_grad()
    def normalise(
        self, frames: Sequence[Tensor], prosody: Sequence[Tensor], duration: float
    ) -> None:
        """Say what frames and prosody are like: mean and deviation, of each number.

        duration: the mean of logarithms of frames + 1, from which learning begins.
        """
        self.duration.out.bias.fill_(duration)
        for (mean, deviation), (own_mean, own_deviation) in zip(
            (frames, prosody),
            ((self.mean, self.deviation), (self.prosody_mean, self.prosody_deviation)),
            strict=True,
        ):
            own_mean.copy_(mean)
            own_deviation.copy_(deviation)

    def encode(self, symbols: Tensor, mask: Tensor) -> Tensor:
        """[B, N, columns] to [B, N, D]. mask: [B, N], true where there is a phone."""
        x = torch.stack(
            [table(column) for table, column in zip(self.tables, symbols.unbind(-1), strict=True)]
        ).sum(dim=0)
        for block in self.encoder:
            x = block(x, mask)
        encoded: Tensor = self.encoder_norm(x)
        return encoded

    def decode(
        self, encoded: Tensor, mask: Tensor, durations: Tensor, prosody: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Normalised frames [B, T, mels] and their mask [B, T]. prosody: [B, N, 3], normalised."""
        known = (prosody * mask[..., None]).transpose(1, 2)
        x = encoded + self.prosody_in(known).transpose(1, 2)
        x, there, place = regulated(x, durations * mask)
        x = x + self.place(place.to(x.dtype))
        for block in self.decoder:
            x = block(x, there)
        return self.out(self.decoder_norm(x)), there

    def forward(self, symbols: Tensor, mask: Tensor, durations: Tensor, prosody: Tensor) -> Spoken:
        """What the predictors say, and the frames for what is true, to learn from.

        symbols: [B, N, columns]. mask: [B, N], true where there is a phone. durations: [B, N] in
        frames. prosody: [B, N, 3], as it is measured.
        """
        encoded = self.encode(symbols, mask)
        normal = (prosody - self.prosody_mean) / self.prosody_deviation
        frames, there = self.decode(encoded, mask, durations, normal)
        return Spoken(
            frames, there, self.duration(encoded, mask)[..., 0], self.prosody(encoded, mask)
        )

    @torch.no_grad()
    def speak(
        self, symbols: Tensor, *, pace: float = 1.0, pitch: float = 0.0
    ) -> tuple[Tensor, Tensor]:
        """Log mel frames [T, mels] of phones [N, columns], and the durations [N] in frames.

        pace: how many times as fast as the voice speaks. pitch: semitones higher than it.
        """
        mask = torch.ones(1, len(symbols), dtype=torch.bool, device=symbols.device)
        encoded = self.encode(symbols[None], mask)
        lasting = self.duration(encoded, mask)[..., 0].expm1().clamp(min=1) / pace
        # Rounded where phones end, so that what is rounded does not add up; none is left out.
        ends = lasting.cumsum(dim=1).round().long()
        durations = torch.diff(ends, dim=1, prepend=torch.zeros_like(ends[:, :1])).clamp(min=1)
        prosody = self.prosody(encoded, mask)
        higher = pitch / 12 * torch.log(torch.tensor(2.0, device=symbols.device))
        prosody[..., 0] += higher / self.prosody_deviation[0]
        frames, _ = self.decode(encoded, mask, durations, prosody)
        return frames[0] * self.deviation + self.mean, durations[0]
