"""A recogniser of words that a small Conformer learned; it hears whole recordings or live sound."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import soxr
import torch
from numpy.typing import NDArray

from zoo.audio import MAX_CHANNELS, Audio, checked_rate
from zoo.errors import InputError
from zoo.predictions import Transcript, Word
from zoo.progress import Progress
from zoo.speech import ctc
from zoo.speech.augmentation import Voices
from zoo.speech.conformer_network import SUBSAMPLING, ConformerNetwork, Size, State
from zoo.speech.conformer_training import Lesson, Schedule
from zoo.speech.conformer_training import train as train_network
from zoo.speech.features import Features, FrontEnd
from zoo.speech.normalizer import Normalizer
from zoo.speech.recognizer import (
    Arrays,
    Utterance,
    WordRecognizer,
    by_speaker,
    heard_alone_and_in_strings,
    lent,
    transcript_of,
    word_errors,
)
from zoo.weights import half

CHUNK = 2.56  # seconds heard at once in a recording
LIVE_CHUNK = 0.64  # and in sound as it comes
_PIECE = 60  # seconds whose features are taken at once
_MAX_BEAM = 100
_FLOOR = 1e-11  # of a filter's energy: below what 16 bits can hold


class ConformerRecognizer(WordRecognizer):
    """Log mel energies, a Conformer, connectionist temporal classification.

    Options of `predict`: beam, how many beginnings the search for words keeps (1: the best path);
    chunk, seconds of sound that the network looks ahead at most.
    """

    predict_options = frozenset({"beam", "chunk"})

    def __init__(
        self,
        network: ConformerNetwork,
        front_end: FrontEnd,
        normalizer: Normalizer,
        vocabulary: tuple[str, ...],
    ) -> None:
        super().__init__(front_end, vocabulary)
        self.network = network.eval().requires_grad_(False)
        self.normalizer = normalizer

    def stream(
        self,
        chunks: Iterable[NDArray[Any]],
        rate: int,
        *,
        beam: int = 1,
        chunk: float = LIVE_CHUNK,
    ) -> Iterator[Transcript]:
        """Recognise sound as it comes: a transcript of all so far, each time there is more to tell.

        chunks: samples [N] or [N, channels] of any length, as a microphone gives them.
        rate: in Hz.
        chunk: seconds of sound that are heard before anything is told.

        The last transcript is what `predict` answers with the same beam and chunk, once it has all;
        not told otherwise, `predict` takes longer chunks.

        Raises InputError: of options when the first transcript is asked for, of a chunk when it
        comes.
        """
        frames = self._frames_of(chunk)
        _check_beam(beam)
        rate = checked_rate(rate)  # soxr would not come back from NaN
        hearing = _Hearing(self, frames)
        resampler = soxr.ResampleStream(rate, self.front_end.rate, 1, dtype="float32", quality="HQ")
        same = rate == self.front_end.rate
        empty = True
        for samples in chunks:
            if isinstance(samples, np.ndarray) and samples.shape[:1] == (0,):
                continue
            heard = _mono(samples, rate)
            empty = False
            if hearing.add(heard if same else resampler.resample_chunk(heard)):
                yield hearing.transcript(beam)
        if empty:
            raise InputError("The sound is empty: it has no samples.")
        if not same:
            hearing.add(resampler.resample_chunk(np.empty(0, np.float32), last=True))
        hearing.finish()
        yield hearing.transcript(beam)

    def _recognize(self, audio: Audio, **options: Any) -> Transcript:
        hearing = _Hearing(self, self._frames_of(options.get("chunk", CHUNK)))
        beam = options.get("beam", 1)
        _check_beam(beam)
        piece = _PIECE * audio.rate
        for start in range(0, len(audio.samples), piece):
            hearing.add(audio.samples[start : start + piece])
        hearing.finish()
        return hearing.transcript(beam)

    def _frames_of(self, chunk: Any) -> int:
        """Frames of the encoder in a chunk of so many seconds."""
        step = SUBSAMPLING * self.front_end.step
        longest = self.network.size.left * step
        if isinstance(chunk, bool) or not isinstance(chunk, int | float):
            raise InputError(f"chunk is a number of seconds; {chunk!r} came.")
        if not step <= chunk <= longest:
            raise InputError(f"chunk is from {step:.2f} to {longest:.2f} seconds; {chunk} came.")
        return round(chunk / step)

    # --- learning ---

    @classmethod
    def _train(
        cls,
        train: list[Utterance],
        validation: list[Utterance],
        vocabulary: tuple[str, ...],
        *,
        seed: int,
        report: Progress,
        workspace: Path | None,
        rate: int = 8000,
        mels: int = 40,
        width: int = 96,
        layers: int = 4,
        depth: float = 35.0,
        smoothing: float = 20.0,
        also: Sequence[str] = (),
        **schedule: Any,
    ) -> Self:
        """Learn from perturbed strings of the recordings (see `zoo.speech.augmentation`).

        rate, mels: of the front end. width, layers: of the network. depth, smoothing: of its
        normaliser. also: names of data sets whose voices are heard, too. schedule: see `Schedule`.
        """
        plan = Schedule(**schedule)
        if not 0 < depth <= 100 or not 0 < smoothing < np.inf:
            raise InputError("depth is of up to 100 decibels, and smoothing of some frames.")
        front_end = dataclasses.replace(FrontEnd.of_speech(rate, mels), floor=_FLOOR)
        voices = Voices(by_speaker(train, rate), by_speaker(lent(also, vocabulary), rate))
        spoken = (front_end.log_mel(audio.samples) for own in voices.own for audio, _ in own)
        normalizer = Normalizer.of(spoken, depth, smoothing)
        lesson = Lesson(
            voices,
            vocabulary,
            front_end,
            normalizer,
            plan.batch_size,
            seed,
        )
        torch.manual_seed(seed)
        size = Size(mels=mels, outputs=len(vocabulary) + 1, width=width, layers=layers)
        heard = heard_alone_and_in_strings(validation, rate, seed)

        def validate(network: ConformerNetwork) -> dict[str, float]:
            if not heard:
                return {}
            model = cls(network, front_end, normalizer, vocabulary)
            wrong = sum(word_errors(words, model.predict(x).text.split()) for words, x in heard)
            return {"validation_word_error_rate": wrong / sum(len(words) for words, _ in heard)}

        network = train_network(
            ConformerNetwork(size),
            lesson,
            plan,
            validate=validate,
            report=report,
            workspace=workspace,
        )
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.copy_(torch.from_numpy(half(parameter.numpy())))
        return cls(network, front_end, normalizer, vocabulary)

    @classmethod
    def fit_options(cls) -> set[str]:
        """The names of the options of `fit` that are the method's own."""
        return super().fit_options() - {"schedule"} | set(inspect.signature(Schedule).parameters)

    # --- weights ---

    def _settings(self) -> dict[str, Any]:
        return {
            "network": self.network.size.to_settings(),
            "depth": self.normalizer.depth,
            "smoothing": self.normalizer.smoothing,
        }

    def _arrays(self) -> dict[str, NDArray[Any]]:
        arrays = {name: value.numpy() for name, value in self.network.state_dict().items()}
        return {
            **arrays,
            "mean": self.normalizer.mean,
            "deviation": self.normalizer.deviation,
        }

    @classmethod
    def _restore(
        cls,
        arrays: Arrays,
        settings: Mapping[str, Any],
        front_end: FrontEnd,
        vocabulary: tuple[str, ...],
        device: str,
    ) -> Self:
        size = Size(**settings["network"])
        if (size.mels, size.outputs) != (front_end.mels, len(vocabulary) + 1):
            raise ValueError(f"a network of {size.mels} bands and {size.outputs} outputs")
        own = dict(arrays)
        normalizer = Normalizer(
            own.pop("mean"), own.pop("deviation"), settings["depth"], settings["smoothing"]
        )
        if len(normalizer.mean) != size.mels:
            raise ValueError(f"a mean of {len(normalizer.mean)} bands, not {size.mels}")
        network = ConformerNetwork(size)
        network.load_state_dict({name: torch.from_numpy(value) for name, value in own.items()})
        return cls(network, front_end, normalizer, vocabulary)

    @classmethod
    def tiny_options(cls) -> dict[str, Any]:
        return {
            "width": 32,
            "layers": 1,
            "steps": 240,
            "batch_size": 12,
            "learning_rate": 1e-2,
            "table_rate": 1e-2,
            "warm_up": 20,
            "speaking": 2.0,
            "averaging": 5,
        }


class _Hearing:
    """One recording, being heard chunk by chunk: as it comes, or as it lies there."""

    def __init__(self, model: ConformerRecognizer, frames: int) -> None:
        """frames: of the encoder in a chunk."""
        self.model = model
        self.chunk = frames * SUBSAMPLING
        self.normalised = model.normalizer.begin()
        self.state: State | None = None
        self.samples = np.empty(0, np.float32)
        self.features = np.empty((0, model.front_end.mels), np.float32)
        self.count = 0  # samples so far
        self.words: list[NDArray[np.float32]] = []
        self.speaking: list[NDArray[np.float32]] = []

    def add(self, samples: NDArray[np.float32]) -> bool:
        """Take more sound; whether a chunk was filled by it."""
        front_end = self.model.front_end
        self.count += len(samples)
        self.samples = np.concatenate((self.samples, samples))
        frames = front_end.frames(len(self.samples))
        if frames:
            self.features = np.concatenate((self.features, front_end.log_mel(self.samples)))
            self.samples = self.samples[frames * front_end.hop :]
        filled = len(self.features) >= self.chunk
        while len(self.features) >= self.chunk:
            self._step(self.features[: self.chunk])
            self.features = self.features[self.chunk :]
        return filled

    def finish(self) -> None:
        """Hear what is left."""
        if not self.words and not len(self.features):  # shorter than a frame
            self.features = self.model.front_end.log_mel(self.samples)
        if len(self.features):
            self._step(self.features)

    def _step(self, features: Features) -> None:
        values = self.normalised.next(features)
        lacking = -len(values) % SUBSAMPLING
        values = np.pad(values, ((0, lacking), (0, 0)))
        with torch.inference_mode():
            words, speaking, self.state = self.model.network.step(
                torch.from_numpy(values)[None], self.state
            )
        self.words.append(words[0].softmax(-1).numpy())
        self.speaking.append(speaking[0].softmax(-1).numpy())

    def transcript(self, beam: int) -> Transcript:
        """Of all so far."""
        seconds = self.count / self.model.front_end.rate
        told = np.concatenate(self.words)
        speaking = np.concatenate(self.speaking)
        spikes = ctc.greedy(told) if beam == 1 else ctc.beam_search(told, beam)
        step = SUBSAMPLING * self.model.front_end.step
        words = []
        free = 0  # the first frame that belongs to no word yet
        for number, spike in enumerate(spikes):
            after = spikes[number + 1].frame if number + 1 < len(spikes) else len(told)
            first, free = ctc.extent(speaking, spike, free, after)
            words.append(
                Word(
                    self.model.vocabulary[spike.word - 1],
                    round(min(first * step, seconds), 4),
                    round(min(free * step, seconds), 4),
                    spike.confidence,
                )
            )
        return transcript_of(words, seconds)


def _mono(samples: Any, rate: int) -> NDArray[np.float32]:
    """One channel of a block [N] or [N, channels], in which N may be as small as one."""
    if isinstance(samples, np.ndarray) and samples.ndim == 2:
        if not 1 <= samples.shape[1] <= MAX_CHANNELS:
            raise InputError(
                f"A block of live sound is [N] or [N, channels]; one of {len(samples)}x"
                f"{samples.shape[1]} came."
            )
        channels = [Audio(channel, rate).samples for channel in samples.T]
        return np.asarray(np.mean(channels, axis=0))
    return Audio(samples, rate).samples


def _check_beam(beam: Any) -> None:
    if isinstance(beam, bool) or not isinstance(beam, int) or not 1 <= beam <= _MAX_BEAM:
        raise InputError(f"beam is a whole number from 1 to {_MAX_BEAM}; {beam!r} came.")
