"""WaveNet: every sample from those before it and from mel frames.

Van den Oord et al., "WaveNet: A Generative Model for Raw Audio" (arXiv:1609.03499): dilated causal
convolutions of two taps with gated units, residual and skip connections, and a softmax over the
256 codes of the µ-law. Conditioned on mel frames (Tamamori et al., "Speaker-dependent WaveNet
Vocoder", Interspeech 2017), each of which holds for all samples of its hop. Here all samples of a
recording are computed at once, to learn; `zoo.tts.wavenet_kernel` computes one after the other.

Shapes: B recordings, T frames, N = T · hop samples, L layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from zoo.tts.mel import CODES

SILENCE = CODES // 2  # the code that stands before the first sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large the network is; all widths are multiples of 8.

    mels, hop: of the frames. width: of the residual stream. gates: gated units of a layer.
    skip, hidden: of the two layers before the softmax. context: numbers that say what a frame is
    like. margin: frames on either side that have a say in that.
    cycles: how often the dilations 1, 2, 4, … `largest` follow each other.
    """

    mels: int = 80
    hop: int = 200
    width: int = 64
    gates: int = 64
    skip: int = 128
    hidden: int = 128
    context: int = 128
    margin: int = 2
    cycles: int = 3
    largest: int = 64

    def __post_init__(self) -> None:
        widths = (self.width, self.gates, self.skip, self.hidden, self.context)
        if any(width < 8 or width % 8 for width in widths):
            raise ValueError(f"widths are multiples of 8, not {widths}")
        if self.largest < 1 or self.largest & (self.largest - 1):
            raise ValueError(f"the largest dilation is a power of two, not {self.largest}")
        if min(self.mels, self.hop, self.cycles) < 1 or self.margin < 0:
            raise ValueError(f"{self.cycles} cycles, {self.mels} mels, {self.margin} frames")

    @property
    def dilations(self) -> tuple[int, ...]:
        """Of each layer."""
        return tuple(1 << n for n in range(self.largest.bit_length())) * self.cycles

    @property
    def field(self) -> int:
        """The receptive field: how many samples before it a sample depends on."""
        return 1 + sum(self.dilations)

    def to_settings(self) -> dict[str, Any]:
        """As JSON-able values; `of` is the inverse."""
        return asdict(self)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        return cls(**settings)


class Layer(nn.Module):
    """One dilated convolution, its gates, and what it adds to the stream."""

    def __init__(self, shape: Shape, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.taps = nn.Linear(2 * shape.width, 2 * shape.gates, bias=False)
        self.told = nn.Linear(shape.context, 2 * shape.gates)
        self.residual = nn.Linear(shape.gates, shape.width)

    def forward(self, x: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """[B, N, width] and [B, T, context] to the stream after it and the units [B, N, gates].

        Before the beginning the stream is zero.
        """
        back = min(self.dilation, x.shape[1])
        past = functional.pad(x, (0, 0, back, -back))
        gates = self.taps(torch.cat((past, x), dim=-1))
        told = self.told(context)[:, :, None]
        gates = gates.view(*told.shape[:2], -1, told.shape[-1]) + told
        bent, open_ = gates.flatten(1, 2).chunk(2, dim=-1)
        units = torch.tanh(bent) * torch.sigmoid(open_)  # eq. 2 and 3
        return x + self.residual(units), units


class WaveNet(nn.Module):
    """Codes of the samples before, and mel frames, to the probabilities of the next code."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("mean", torch.zeros(shape.mels))
        self.register_buffer("deviation", torch.ones(shape.mels))
        self.frames = nn.Linear((2 * shape.margin + 1) * shape.mels, shape.context)
        self.context = nn.Linear(shape.context, shape.context)
        self.table = nn.Embedding(CODES, shape.width)
        self.layers = nn.ModuleList(Layer(shape, dilation) for dilation in shape.dilations)
        self.skip = nn.Linear(len(shape.dilations) * shape.gates, shape.skip)
        self.hidden = nn.Linear(shape.skip, shape.hidden)
        self.out = nn.Linear(shape.hidden, CODES)
        nn.init.normal_(self.table.weight, std=0.5)
        nn.init.zeros_(self.out.weight)  # so that learning begins at 8 bits a sample
        nn.init.zeros_(self.out.bias)

    @torch.no_grad()
    def normalise(self, mean: Tensor, deviation: Tensor) -> None:
        """Say what the frames are like, [mels] both: they are brought to mean 0, deviation 1."""
        self.mean.copy_(mean)
        self.deviation.copy_(deviation)

    def told(self, frames: Tensor) -> Tensor:
        """Log mel frames [B, margin + T + margin, mels] to their context [B, T, context]."""
        normal = (frames - self.mean) / self.deviation
        around = normal.unfold(1, 2 * self.shape.margin + 1, 1).transpose(2, 3).flatten(2)
        context: Tensor = self.context(functional.relu(self.frames(around)))
        return functional.relu(context)

    def forward(self, before: Tensor, frames: Tensor) -> Tensor:
        """Vectors [B, N, skip] of which `logits` makes the codes' probabilities.

        before: [B, N], the code before each sample. frames: [B, margin + T + margin, mels].
        """
        context = self.told(frames)
        x = self.table(before).to(context.dtype)
        units = []
        for layer in self.layers:
            x, made = layer(x, context)
            units.append(made)
        vectors: Tensor = self.skip(torch.cat(units, dim=-1))
        return vectors

    def logits(self, vectors: Tensor) -> Tensor:
        """[..., skip] to [..., 256]."""
        logits: Tensor = self.out(functional.relu(self.hidden(functional.relu(vectors))))
        return logits


def before(codes: Tensor) -> Tensor:
    """What stands before each sample: codes [B, N], one later, after `SILENCE`."""
    return functional.pad(codes, (1, 0), value=SILENCE)[:, :-1]
