"""Training of the acoustic model on utterances whose phones are aligned with their frames."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zoo.errors import InputError
from zoo.learning import Schedule, learn
from zoo.precision import autocast
from zoo.progress import Progress
from zoo.tts.acoustic_network import PROSODY, AcousticNetwork
from zoo.tts.mel import Frames

CHECKPOINT = "acoustic.safetensors"
_LEAST = 1e-3  # a deviation, so that what never varies can be divided by it


@dataclass(frozen=True)
class Utterance:
    """One recording with what was said, N phones in T frames.

    symbols: [N, columns], from 0 on. durations: [N] in frames, of which there are T together.
    pitch: F0 of each frame in Hz [T], 0 where there is none. energy: of each frame [T], on a
    logarithmic scale. frames: log mel [T, mels].
    """

    symbols: NDArray[np.integer]
    durations: NDArray[np.integer]
    pitch: NDArray[np.floating]
    energy: NDArray[np.floating]
    frames: Frames

    def __post_init__(self) -> None:
        phones, count = len(self.symbols), len(self.frames)
        if self.symbols.ndim != 2 or self.durations.shape != (phones,) or not phones:
            raise ValueError(f"{len(self.durations)} durations of {phones} phones")
        if (self.durations < 0).any() or int(self.durations.sum()) != count:
            raise ValueError(f"durations of {int(self.durations.sum())} in {count} frames")
        if not len(self.pitch) == len(self.energy) == count > 0:
            raise ValueError(f"{len(self.pitch)} pitches and {len(self.energy)} energies")

    def prosody(self) -> NDArray[np.float32]:
        """Of each phone [N, 3]: the mean of log F0, the share that is voiced, the mean energy.

        Between voiced frames log F0 is a straight line; it is NaN if no frame is voiced. A phone
        without frames has the values of the frame where it would be.
        """
        voiced = self.pitch > 0
        times = np.arange(len(self.pitch))
        contour = np.full(len(times), np.nan)
        if voiced.any():
            contour = np.interp(times, times[voiced], np.log(self.pitch[voiced]))
        values = np.stack((contour, voiced, self.energy), axis=1)
        sums = np.concatenate((np.zeros((1, PROSODY)), values.cumsum(axis=0)))
        ends = self.durations.cumsum()
        begins = np.minimum(ends - self.durations, len(times) - 1)
        ends = np.maximum(ends, begins + 1)
        means = (sums[ends] - sums[begins]) / (ends - begins)[:, None]
        return np.asarray(means, np.float32)


@dataclass(frozen=True)
class Batch:
    """Utterances, padded at their ends.

    symbols: [B, N, columns]. mask: [B, N], true where there is a phone. durations: [B, N].
    prosody: [B, N, 3]. frames: [B, T, mels].
    """

    symbols: Tensor
    mask: Tensor
    durations: Tensor
    prosody: Tensor
    frames: Tensor


class Lesson:
    """Makes the batches: the same for the same seed and step, whatever came before.

    Once an epoch every utterance is in one batch, with others of about its length.

    frames: of a batch, about; no fewer than the longest utterance has.
    """

    def __init__(
        self, utterances: Sequence[Utterance], *, frames: int = 4000, seed: int = 0
    ) -> None:
        if not utterances or frames < 1:
            raise InputError("There is nothing to learn from.")
        self.utterances, self.seed = utterances, seed
        prosody = [one.prosody() for one in utterances]
        every = np.concatenate(prosody)
        pitch = every[:, 0][~np.isnan(every[:, 0])]
        self._mean_pitch = float(pitch.mean()) if len(pitch) else 0.0
        self._prosody = [np.nan_to_num(one, nan=self._mean_pitch) for one in prosody]
        self._lengths = np.array([len(one.frames) for one in utterances])
        total = int(self._lengths.sum())
        # So many that each holds at least one.
        self.batches = max(1, total // max(frames, int(self._lengths.max())))
        self._epoch: tuple[int, list[NDArray[np.int64]]] = (-1, [])

    def fingerprint(self) -> str:
        """What the batches depend on, as hexadecimal text."""
        digest = hashlib.sha256(f"{self.batches} {self.seed}".encode())
        for one in self.utterances:
            for array in (one.symbols, one.durations, one.pitch, one.energy, one.frames):
                digest.update(f"{array.dtype} {array.shape}".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def normalisation(self) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor], float]:
        """Mean and deviation of frames [mels] and of prosody [3]; the mean log duration."""
        parts = (np.concatenate([u.frames for u in self.utterances]), np.concatenate(self._prosody))
        frames, prosody = (
            (
                torch.from_numpy(part.mean(axis=0)),
                torch.from_numpy(np.maximum(part.std(axis=0), _LEAST)),
            )
            for part in parts
        )
        durations = np.concatenate([one.durations for one in self.utterances])
        return frames, prosody, float(np.log1p(durations).mean())

    def batch(self, step: int) -> Batch:
        epoch, place = divmod(step, self.batches)
        if self._epoch[0] != epoch:
            self._epoch = epoch, self._draw(epoch)
        return self.of(self._epoch[1][place].tolist())

    def _draw(self, epoch: int) -> list[NDArray[np.int64]]:
        random = np.random.default_rng((self.seed, epoch))
        order = np.argsort(self._lengths * random.lognormal(0.0, 0.2, len(self._lengths)))
        ends = self._lengths[order].cumsum()
        cuts = np.searchsorted(ends, np.linspace(0, ends[-1], self.batches + 1)[1:-1], side="right")
        parts = np.split(order, cuts)
        random.shuffle(parts)
        return parts

    def of(self, numbers: Sequence[int]) -> Batch:
        """The utterances of these numbers."""
        chosen = [self.utterances[number] for number in numbers]
        phones = max(len(one.symbols) for one in chosen)
        count = max(len(one.frames) for one in chosen)
        columns, mels = chosen[0].symbols.shape[1], chosen[0].frames.shape[1]
        symbols = torch.zeros(len(chosen), phones, columns, dtype=torch.long)
        durations = torch.zeros(len(chosen), phones, dtype=torch.long)
        mask = torch.zeros(len(chosen), phones, dtype=torch.bool)
        prosody = torch.zeros(len(chosen), phones, PROSODY)
        frames = torch.zeros(len(chosen), count, mels)
        for row, (number, one) in enumerate(zip(numbers, chosen, strict=True)):
            size = len(one.symbols)
            symbols[row, :size] = torch.from_numpy(np.asarray(one.symbols, np.int64))
            durations[row, :size] = torch.from_numpy(np.asarray(one.durations, np.int64))
            mask[row, :size] = True
            prosody[row, :size] = torch.from_numpy(self._prosody[number])
            frames[row, : len(one.frames)] = torch.from_numpy(one.frames)
        return Batch(symbols, mask, durations, prosody, frames)


def losses_of(network: AcousticNetwork, batch: Batch) -> dict[str, Tensor]:
    """Means over what there is: of frames |error|, of durations and prosody error², normalised.

    Durations are compared as logarithms (Ren et al. 2021, section 2.2).
    """
    spoken = network(batch.symbols, batch.mask, batch.durations, batch.prosody)
    frames = (batch.frames - network.mean) / network.deviation
    prosody = (batch.prosody - network.prosody_mean) / network.prosody_deviation
    lasting = batch.durations.float().log1p()
    return {
        "frames": (spoken.frames.float() - frames)[spoken.mask].abs().mean(),
        "durations": (spoken.durations.float() - lasting)[batch.mask].square().mean(),
        "prosody": (spoken.prosody.float() - prosody)[batch.mask].square().mean(),
    }


def loss_of(network: AcousticNetwork, batch: Batch, precision: str) -> Tensor:
    """The sum of all losses."""
    with autocast(batch.frames.device, precision, cache=True):
        return torch.stack(list(losses_of(network, batch).values())).sum()


@torch.no_grad()
def mean_losses(network: AcousticNetwork, held_out: Lesson) -> dict[str, float]:
    """The losses on utterances that were not learned from, each utterance counting alike."""
    every = [losses_of(network, held_out.of([n])) for n in range(len(held_out.utterances))]
    return {name: float(np.mean([float(one[name]) for one in every])) for name in every[0]}


@torch.no_grad()
def guesses(network: AcousticNetwork, lesson: Lesson) -> list[Frames]:
    """The frames of each utterance as the network makes them of its true durations and prosody."""
    found = []
    for number in range(len(lesson.utterances)):
        one = lesson.of([number])
        normal = network(one.symbols, one.mask, one.durations, one.prosody).frames[0]
        found.append((normal * network.deviation + network.mean).numpy())
    return found


def train(
    network: AcousticNetwork,
    lesson: Lesson,
    schedule: Schedule,
    *,
    held_out: Lesson | None,
    report: Progress,
    workspace: Path | None,
) -> AcousticNetwork:
    """Train `network` and answer the average of its weights, in evaluation mode.

    held_out: of which the log tells the losses. workspace: where a checkpoint is kept, from which
    the same training goes on.
    """
    network.normalise(*lesson.normalisation())

    def validate(average: AcousticNetwork) -> dict[str, float]:
        return {} if held_out is None else mean_losses(average, held_out)

    return learn(
        network,
        lesson,
        loss_of,
        schedule,
        tables=[f"tables.{n}" for n in range(len(network.shape.symbols))] + ["out"],
        facts={"shape": network.shape.to_settings(), "lesson": lesson.fingerprint()},
        validate=validate,
        report=report,
        checkpoint=None if workspace is None else workspace / CHECKPOINT,
    )
