"""Training of a Conformer on strings that are put together and perturbed as they are needed."""

from __future__ import annotations

import copy
import hashlib
import json
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from zoo.errors import InputError
from zoo.progress import Progress
from zoo.resume import Checkpoint
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How a network is trained.

    steps: batches. batch_size: words of each, to which noise without a word is added.
    learning_rate: reached after the first tenth; then it falls to nothing along a cosine.
    speaking: the weight of the second output's loss.
    averaging: steps over which the weights are averaged, exponentially; the average is kept.
    log_every: steps between two lines of the log, a look at validation, and a checkpoint.
    """

    steps: int = 5000
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    dropout: float = 0.05
    speaking: float = 0.5
    averaging: int = 200
    log_every: int = 100

    def __post_init__(self) -> None:
        if min(self.steps, self.batch_size, self.averaging, self.log_every) < 1:
            raise InputError("Training takes at least one step of at least one word.")
        if not self.learning_rate > 0 or self.weight_decay < 0 or not 0 <= self.dropout < 1:
            raise InputError(
                "A learning rate is positive, weight decay not negative, dropout from 0 to below 1."
            )

    def rate(self, step: int) -> float:
        warm = max(1, self.steps // 10)
        if step < warm:
            return self.learning_rate * (step + 1) / warm
        return (
            self.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / (self.steps - warm)))
        )


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


def loss_of(network: ConformerNetwork, batch: Batch, speaking: float) -> Tensor:
    """Connectionist temporal classification, and cross-entropy of what is being said."""
    with torch.autocast(batch.features.device.type, dtype=torch.bfloat16):
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
    average = copy.deepcopy(network).eval().requires_grad_(False)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay
    )
    step = 0
    checkpoint = None
    if workspace is not None:
        checkpoint = Checkpoint(workspace / CHECKPOINT, _fingerprint(network, lesson, schedule))
        stored = checkpoint.read()
        if stored is not None:
            step = stored[1]["step"]
            _restore(stored[0], step, network, average, optimiser)
    losses = []
    with ThreadPoolExecutor(1) as ahead:  # the next batch is made while this one is learned from
        coming = ahead.submit(lesson.batch, step)
        for now in report.track(
            range(step, schedule.steps), "Learning", total=schedule.steps - step
        ):
            batch = coming.result()
            coming = ahead.submit(lesson.batch, now + 1)
            for group in optimiser.param_groups:
                group["lr"] = schedule.rate(now)
            torch.manual_seed(lesson.seed * 1_000_003 + now)  # of dropout
            network.train()
            loss = loss_of(network, batch, schedule.speaking)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            losses.append(float(loss.detach()))
            # Early on the average forgets faster, so that it does not remember the first weights.
            _move(average, network, 1 / min(schedule.averaging, (now + 1) / 4 + 1))
            if (now + 1) % schedule.log_every == 0 or now + 1 == schedule.steps:
                report.log(step=now + 1, loss=float(np.mean(losses)), **validate(average))
                losses.clear()
                if checkpoint is not None:
                    checkpoint.write(_tensors(network, average, optimiser), step=now + 1)
    return average


@torch.no_grad()
def _move(average: ConformerNetwork, network: ConformerNetwork, share: float) -> None:
    for mean, now in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(now, share)


def _tensors(
    network: ConformerNetwork, average: ConformerNetwork, optimiser: torch.optim.Optimizer
) -> dict[str, Tensor]:
    parts = {"network": network.state_dict(), "average": average.state_dict()}
    for name, parameter in network.named_parameters():
        for moment in ("exp_avg", "exp_avg_sq"):
            parts.setdefault(moment, {})[name] = optimiser.state[parameter][moment]
    return {f"{part}/{name}": x for part, values in parts.items() for name, x in values.items()}


def _restore(
    tensors: dict[str, Tensor],
    step: int,
    network: ConformerNetwork,
    average: ConformerNetwork,
    optimiser: torch.optim.Optimizer,
) -> None:
    parts: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        part, _, name = key.partition("/")
        parts.setdefault(part, {})[name] = value
    network.load_state_dict(parts["network"])
    average.load_state_dict(parts["average"])
    for name, parameter in network.named_parameters():
        optimiser.state[parameter] = {
            "step": torch.tensor(float(step)),
            "exp_avg": parts["exp_avg"][name],
            "exp_avg_sq": parts["exp_avg_sq"][name],
        }


def _fingerprint(network: ConformerNetwork, lesson: Lesson, schedule: Schedule) -> str:
    """What a training run depends on, as hexadecimal text."""
    parts = (lesson.voices.own, lesson.voices.lent)
    facts = {
        "schedule": asdict(schedule),
        "seed": lesson.seed,
        "size": network.size.to_settings(),
        "front_end": lesson.front_end.to_settings(),
        "smoothing": lesson.normalizer.smoothing,
        "words": lesson.numbers,
        "recordings": [[len(spoken) for spoken in part] for part in parts],
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for audio, word in (one for part in parts for spoken in part for one in spoken):
        digest.update(word.encode())
        digest.update(audio.samples.tobytes())
    return digest.hexdigest()
