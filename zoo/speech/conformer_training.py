"""Training of a Conformer on strings that are put together and perturbed as they are needed."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from zoo import learning
from zoo.errors import InputError
from zoo.precision import autocast
from zoo.progress import Progress
from zoo.speech.augmentation import Heard, Voices, masked, perturbed
from zoo.speech.conformer_network import SUBSAMPLING, ConformerNetwork
from zoo.speech.ctc import BLANK
from zoo.speech.features import FrontEnd
from zoo.speech.normalizer import Normalizer
from zoo.speech.strings import LONGEST

CHECKPOINT = "checkpoint.safetensors"
CHUNKS = (8, 16, 32, 64)  # frames of the encoder, one of which each batch is heard in
_SINGLES = 0.3  # the share of batches of single words
_NO_TARGET = -100  # of frames that do not count
_PARTS = 2  # of a batch, learned from side by side


@dataclass(frozen=True, kw_only=True)
class Schedule(learning.Schedule):
    """How a network is trained; see `zoo.learning.Schedule`.

    batch_size: words of a batch, to which noise without a word is added.
    speaking: the weight of the second output's loss.
    """

    steps: int = 15_000
    learning_rate: float = 0.004
    table_rate: float = 0.002
    warm_up: int = 200
    cooling: float = 1.0
    batch_size: int = 64
    speaking: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.batch_size < 1 or not self.speaking >= 0:
            raise InputError("A batch is of at least one word, and no loss has a negative weight.")


@dataclass(frozen=True)
class Batch:
    """features: [B, T, mels]. lengths: [B]. words: [B, W], lengths_of_words: [B].

    speaking: [B, T / 4] what is being said at each frame of the encoder.
    """

    features: Tensor
    lengths: Tensor
    words: Tensor
    word_lengths: Tensor
    speaking: Tensor
    chunk: int

    def parts(self) -> list[Batch]:
        """Every second row, and the others: as much work each, as far as that goes."""
        return [self._rows(slice(first, None, _PARTS)) for first in range(_PARTS)]

    def _rows(self, rows: slice) -> Batch:
        frames = -(-int(self.lengths[rows].max()) // SUBSAMPLING)
        return Batch(
            self.features[rows, : frames * SUBSAMPLING],
            self.lengths[rows],
            self.words[rows],
            self.word_lengths[rows],
            self.speaking[rows, :frames],
            self.chunk,
        )


class Lesson:
    """Makes the batches: the same for the same seed and step, whatever came before."""

    def __init__(
        self,
        voices: Voices,
        vocabulary: tuple[str, ...],
        front_end: FrontEnd,
        normalizer: Normalizer,
        size: int,
        seed: int,
    ) -> None:
        self.voices = voices
        self.numbers = {word: number + 1 for number, word in enumerate(vocabulary)}
        self.front_end = front_end
        self.normalizer = normalizer
        self.size = size
        self.seed = seed

    def fingerprint(self) -> str:
        """What the batches depend on, as hexadecimal text."""
        parts = (self.voices.own, self.voices.lent)
        facts = {
            "seed": self.seed,
            "size": self.size,
            "front_end": self.front_end.to_settings(),
            "depth": self.normalizer.depth,
            "smoothing": self.normalizer.smoothing,
            "words": self.numbers,
            "recordings": [[len(spoken) for spoken in part] for part in parts],
        }
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
        for audio, word in (one for part in parts for spoken in part for one in spoken):
            digest.update(word.encode())
            digest.update(audio.samples.tobytes())
        return digest.hexdigest()

    def batch(self, step: int) -> Batch:
        random = np.random.default_rng((self.seed, step))
        chunk = int(random.choice(CHUNKS))
        # Strings of one length in words need little padding, and every batch as much work.
        count = 1 if random.random() < _SINGLES else int(random.integers(2, LONGEST + 1))
        counts = [0, *[count] * max(1, round(self.size / count))]
        heard = [perturbed(self.voices, n, self.front_end, random) for n in counts]
        features = [
            masked(self.normalizer.whole(one.features, SUBSAMPLING * chunk), random)
            for one in heard
        ]
        lengths = torch.tensor([len(one) for one in features])
        frames = -(-int(lengths.max()) // SUBSAMPLING)
        padded = np.zeros((len(heard), frames * SUBSAMPLING, self.front_end.mels), np.float32)
        speaking = np.full((len(heard), frames), _NO_TARGET)
        words = torch.zeros(len(heard), count, dtype=torch.long)
        for row, (one, values) in enumerate(zip(heard, features, strict=True)):
            padded[row, : len(values)] = values
            numbers = [self.numbers[word] for word in one.words]
            said = _being_said(one, numbers, -(-len(values) // SUBSAMPLING))
            speaking[row, : len(said)] = said
            words[row, : len(numbers)] = torch.tensor(numbers, dtype=torch.long)
        return Batch(
            torch.from_numpy(padded),
            lengths,
            words,
            torch.tensor([len(one.words) for one in heard]),
            torch.from_numpy(speaking),
            chunk,
        )


def _being_said(heard: Heard, numbers: Sequence[int], frames: int) -> NDArray[np.int64]:
    said = np.full(frames, BLANK, np.int64)
    for (begin, end), number in zip(heard.times, numbers, strict=True):
        first = round(begin / SUBSAMPLING)
        said[first : max(first + 1, round(end / SUBSAMPLING))] = number
    return said


def loss_of(network: ConformerNetwork, batch: Batch, precision: str, *, speaking: float) -> Tensor:
    """Connectionist temporal classification, and cross-entropy of what is being said."""
    with autocast(batch.features.device, precision):
        words, said = network(batch.features, batch.lengths, batch.chunk)
    frames = -(-batch.lengths // SUBSAMPLING)
    ctc = functional.ctc_loss(
        words.float().log_softmax(-1).transpose(0, 1),
        batch.words,
        frames,
        batch.word_lengths,
        blank=BLANK,
        reduction="none",
        zero_infinity=True,  # more words than frames: such a string teaches nothing
    )
    cross = functional.cross_entropy(
        said.float().transpose(1, 2), batch.speaking, ignore_index=_NO_TARGET, label_smoothing=0.1
    )
    return ctc.sum() / batch.word_lengths.sum().clamp(min=1) + speaking * cross


def train(
    network: ConformerNetwork,
    lesson: Lesson,
    schedule: Schedule,
    *,
    validate: Callable[[ConformerNetwork], dict[str, float]],
    report: Progress,
    workspace: Path | None,
) -> ConformerNetwork:
    """Train `network` and answer the average of its weights, in evaluation mode.

    workspace: where a checkpoint is kept, from which the same training goes on.
    """
    own_scale = [f"blocks.{number}.attention" for number in range(network.size.layers)]
    return learning.learn(
        network,
        lesson,
        functools.partial(loss_of, speaking=schedule.speaking),
        schedule,
        tables=("words", "speaking", *own_scale),
        facts={"size": network.size.to_settings(), "lesson": lesson.fingerprint()},
        validate=validate,
        report=report,
        checkpoint=None if workspace is None else workspace / CHECKPOINT,
        split=Batch.parts,
    )
