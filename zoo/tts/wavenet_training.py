"""Training of a WaveNet on segments of recordings, perturbed as they are needed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from zoo.errors import InputError
from zoo.learning import Schedule, learn
from zoo.precision import autocast
from zoo.progress import Progress
from zoo.tts.mel import (
    CODES,
    Frames,
    MelSpectrum,
    Samples,
    code_edges,
    companded,
    emphasised,
)
from zoo.tts.wavenet_network import SILENCE, Shape, WaveNet

CHECKPOINT = "vocoder.safetensors"
_PIECE = 100  # frames of a recording that are validated at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Variety:
    """How segments are perturbed; gain, speed and noise each befall half of them.

    guessed: the share of segments, where there are guesses, whose frames are somewhere between
    their own and those that a model of speech guesses; so the network forgives what that gets
    wrong. They keep their gain and speed.
    gain: dB up or down, at most. speed: faster or slower, and thereby higher or lower, at most as
    a share. noise: deviation, at most, of what is added to the natural logarithms of a frame.
    """

    guessed: float = 0.3
    gain: float = 2.0
    speed: float = 0.04
    noise: float = 0.2

    def __post_init__(self) -> None:
        if min(self.gain, self.speed, self.noise) < 0 or self.speed >= 0.5:
            raise InputError("Segments are perturbed by amounts from 0 on, speeds by below 0.5.")
        if not 0 <= self.guessed <= 1:
            raise InputError("The share of segments with guessed frames is from 0 to 1.")


@dataclass(frozen=True)
class Batch:
    """Segments of T frames and N = T · hop samples.

    before: [B, N], the code before each sample. frames: [B, margin + T + margin, mels].
    wanted: [B, N], the codes. counted: [B, N], true where all that a sample depends on is there.
    """

    before: Tensor
    frames: Tensor
    wanted: Tensor
    counted: Tensor

    def rows(self) -> list[Batch]:
        """Each segment as a batch of one."""
        parts = (self.before, self.frames, self.wanted, self.counted)
        return [Batch(*(part[n : n + 1] for part in parts)) for n in range(len(self.before))]


@dataclass(frozen=True)
class Cutter:
    """Cuts recordings into what a network of a shape learns from.

    emphasis: of the samples before they become codes; see `zoo.tts.mel.emphasised`.
    """

    spectrum: MelSpectrum
    shape: Shape
    emphasis: float = 0.0

    def __post_init__(self) -> None:
        if (self.spectrum.hop, self.spectrum.mels) != (self.shape.hop, self.shape.mels):
            raise ValueError("the network is of another shape than the frames")

    @property
    def warm(self) -> int:
        """Frames before the first sample that counts, unless a recording begins there."""
        return -(-self.shape.field // self.shape.hop)

    def cut(self, samples: Samples, first: int, count: int, frames: Frames | None = None) -> Batch:
        """A batch of one: `count` frames from the `first` on, as many before as it takes.

        frames: of the whole recording [T, mels], where others than its own are to be given.
        What is beyond the end of the recording is silent and does not count.
        """
        hop, margin = self.shape.hop, self.shape.margin
        begin, end = max(0, first - self.warm), first + count
        if frames is None:
            frames = self.spectrum.log_mel(samples)
        around = np.clip(np.arange(begin - margin, end + margin), 0, len(frames) - 1)
        # One sample more than wanted: the code before the first.
        part = samples[max(0, begin * hop - 2) : end * hop]
        codes = companded(emphasised(part, self.emphasis))
        codes = codes[1:] if begin else np.concatenate(([SILENCE], codes))
        row = np.full((end - begin) * hop + 1, SILENCE, np.int64)
        row[: len(codes)] = codes
        place = np.arange(begin * hop, end * hop)
        counted = (place >= first * hop) & (place < len(samples))
        return Batch(
            torch.from_numpy(row[None, :-1]),
            torch.from_numpy(frames[around][None]),
            torch.from_numpy(row[None, 1:]),
            torch.from_numpy(counted[None]),
        )

    def pieces(self, samples: Samples) -> Iterator[Batch]:
        """A whole recording, every sample of which counts once."""
        frames = self.spectrum.log_mel(samples)
        for first in range(0, len(frames), _PIECE):
            yield self.cut(samples, first, min(_PIECE, len(frames) - first), frames)


class Lesson:
    """Makes the batches: the same for the same seed and step, whatever came before.

    recordings: at the spectrum's rate. guesses: of their frames, [T, mels] each, or none.
    rows, frames: segments of a batch, and how long each is.
    """

    def __init__(
        self,
        recordings: Sequence[Samples],
        cutter: Cutter,
        *,
        guesses: Sequence[Frames] = (),
        variety: Variety | None = None,
        rows: int = 4,
        frames: int = 40,
        seed: int = 0,
    ) -> None:
        if not recordings or min(rows, frames) < 1:
            raise InputError("There is nothing to learn from.")
        if guesses and [len(one) for one in guesses] != [
            cutter.spectrum.frames(len(one)) for one in recordings
        ]:
            raise ValueError("guesses of other recordings")
        self.recordings, self.guesses = recordings, guesses
        self.cutter, self.seed = cutter, seed
        self.variety = Variety() if variety is None else variety
        self.rows, self.frames = rows, frames
        lengths = np.array([len(one) for one in recordings])
        self._shares = lengths / lengths.sum()

    def fingerprint(self) -> str:
        """What the batches depend on, as hexadecimal text."""
        facts = [asdict(self.cutter), asdict(self.variety), self.rows, self.frames, self.seed]
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
        for array in (*self.recordings, *self.guesses):
            digest.update(hashlib.sha256(array.tobytes()).digest())
        return digest.hexdigest()

    def batch(self, step: int) -> Batch:
        random = np.random.default_rng((self.seed, step))
        return _stacked([self._segment(random) for _ in range(self.rows)])

    def _segment(self, random: np.random.Generator) -> Batch:
        cutter, variety = self.cutter, self.variety
        hop = cutter.spectrum.hop
        number = random.choice(len(self._shares), p=self._shares)
        samples = self.recordings[number]
        guessed = bool(self.guesses) and random.random() < variety.guessed
        # As often where a recording begins as anywhere: from there on every sample counts.
        # Frames at the edges of what is cut out see silence beyond, and are not used.
        around = cutter.shape.margin + -(-cutter.spectrum.window // (2 * hop))
        total = cutter.spectrum.frames(len(samples))
        first = max(0, int(random.integers(-cutter.warm, max(1, total - self.frames + 1))))
        begin = max(0, first - cutter.warm - around)
        # A little more than is needed, for the speed; what is too much is not used.
        stretch = 1 + variety.speed
        end = begin + math.ceil((first - begin + self.frames + around) * stretch)
        part = samples[begin * hop : end * hop]
        if not guessed and random.random() < 0.5:
            speed = 1 + random.uniform(-variety.speed, variety.speed)
            part = soxr.resample(part, speed, 1.0, quality="HQ")
        if not guessed and random.random() < 0.5:
            gain = 10 ** (random.uniform(-variety.gain, variety.gain) / 20)
            part = np.clip(part * np.float32(gain), -1, 1)
        frames = cutter.spectrum.log_mel(part)
        if guessed:
            other = self.guesses[number][begin : begin + len(frames)]
            frames = frames + np.float32(random.random()) * (other - frames)
        if random.random() < 0.5:
            deviation = random.uniform(0, variety.noise)
            noise = random.standard_normal((len(frames) + 2, frames.shape[1]))
            # What a model gets wrong in a frame it gets wrong in the next as well.
            smooth = (noise[:-2] + noise[1:-1] + noise[2:]) / math.sqrt(3)
            frames = frames + (deviation * smooth).astype(np.float32)
        return cutter.cut(part, first - begin, self.frames, frames)

    def normalisation(self) -> tuple[Tensor, Tensor]:
        """Mean and deviation of the recordings' frames, [mels] both."""
        every = np.concatenate([self.cutter.spectrum.log_mel(one) for one in self.recordings])
        return (
            torch.from_numpy(every.mean(axis=0)),
            torch.from_numpy(np.maximum(every.std(axis=0), 1e-3)),
        )


def _stacked(rows: Sequence[Batch]) -> Batch:
    """One batch of all: shorter rows are silent at their ends, which do not count."""
    count = max(row.wanted.shape[1] for row in rows)
    frames = max(row.frames.shape[1] for row in rows)

    def padded(x: Tensor, value: int) -> Tensor:
        return functional.pad(x, (0, count - x.shape[1]), value=value)

    return Batch(
        torch.cat([padded(row.before, SILENCE) for row in rows]),
        torch.cat([functional.pad(r.frames, (0, 0, 0, frames - r.frames.shape[1])) for r in rows]),
        torch.cat([padded(row.wanted, SILENCE) for row in rows]),
        torch.cat([padded(row.counted, False) for row in rows]),
    )


def bits_of(network: WaveNet, batch: Batch) -> Tensor:
    """Minus the binary logarithm of the probability of each code that counts."""
    vectors = network(batch.before, batch.frames)[batch.counted]
    logits = network.logits(vectors).float()
    nats = functional.cross_entropy(logits, batch.wanted[batch.counted], reduction="none")
    return nats / math.log(2)


def loss_of(network: WaveNet, batch: Batch, precision: str) -> Tensor:
    """Mean bits a sample."""
    with autocast(batch.frames.device, precision):
        return bits_of(network, batch).mean()


@torch.no_grad()
def bits_per_sample(network: WaveNet, recordings: Sequence[Samples], cutter: Cutter) -> float:
    """What every sample of whole recordings costs in the mean, in float32."""
    costs = [bits_of(network, piece) for one in recordings for piece in cutter.pieces(one)]
    return float(torch.cat(costs).double().mean())


@torch.no_grad()
def bits_per_plain_sample(network: WaveNet, recordings: Sequence[Samples], cutter: Cutter) -> float:
    """What the code of every sample costs as it is without emphasis, in the mean.

    Emphasised sound has smaller samples, which the µ-law tells in finer steps, so that each costs
    more; with this, networks of either kind can be compared. A code of the network spreads its
    probability evenly over its step. With the sample before being known, that is a distribution of
    the sample itself, of which each plain code has its share.
    """
    costs = []
    for samples in recordings:
        shift, done = samples - emphasised(samples, cutter.emphasis), 0
        for one in cutter.pieces(samples):
            logits = network.logits(network(one.before, one.frames)[one.counted])
            part = slice(done, done := done + len(logits))
            told = logits.double().softmax(-1).numpy()
            costs.append(_plain_bits(told, samples[part], shift[part]))
    return float(np.concatenate(costs).mean())


def _plain_bits(
    probabilities: NDArray[np.float64], samples: Samples, shift: Samples
) -> NDArray[np.float64]:
    """[N, 256] of emphasised codes and samples [N] to [N].

    shift: by how much a sample is less when it is emphasised.
    """
    edges, rows = code_edges(), np.arange(len(samples))
    below = np.pad(probabilities.cumsum(axis=1), ((0, 0), (1, 0)))

    def cumulated(amplitude: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability of what lies below an amplitude of the emphasised sound, [N]."""
        inside = np.clip(amplitude, -1, 1)
        code = np.clip(np.searchsorted(edges, inside, "right") - 1, 0, CODES - 1)
        share = (inside - edges[code]) / (edges[code + 1] - edges[code])
        found: NDArray[np.float64] = below[rows, code] + share * probabilities[rows, code]
        return found

    code = companded(samples).astype(int)
    mass = cumulated(edges[code + 1] - shift) - cumulated(edges[code] - shift)
    return -np.log2(np.maximum(mass, np.finfo(np.float32).tiny))


def train(
    network: WaveNet,
    lesson: Lesson,
    schedule: Schedule,
    *,
    held_out: Sequence[Samples],
    report: Progress,
    workspace: Path | None,
) -> WaveNet:
    """Train `network` and answer the average of its weights, in evaluation mode.

    held_out: recordings of which the log tells the bits a sample.
    workspace: where a checkpoint is kept, from which the same training goes on.
    """
    network.normalise(*lesson.normalisation())

    def validate(average: WaveNet) -> dict[str, float]:
        if not held_out:
            return {}
        return {"bits": bits_per_sample(average, held_out, lesson.cutter)}

    return learn(
        network,
        lesson,
        loss_of,
        schedule,
        tables=("table", "out"),
        facts={"shape": network.shape.to_settings(), "lesson": lesson.fingerprint()},
        validate=validate,
        report=report,
        checkpoint=None if workspace is None else workspace / CHECKPOINT,
        split=Batch.rows,
    )
