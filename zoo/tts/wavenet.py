"""Speech from networks that a voice's recordings taught: phones to frames, frames to samples."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from zoo.data import Example
from zoo.learning import Schedule
from zoo.machine import usable_threads
from zoo.options import check_known, check_within
from zoo.progress import Progress
from zoo.tts import acoustic_network, acoustic_training, wavenet_network, wavenet_training
from zoo.tts.acoustic_network import AcousticNetwork
from zoo.tts.alignment import ROUNDS
from zoo.tts.mel import Frames, MelSpectrum
from zoo.tts.recordings import Recording, aligned
from zoo.tts.symbols import COLUMNS, Group, symbols, utterances
from zoo.tts.synthesizer import EnglishSynthesizer, Samples, Sentence, Synthesizer
from zoo.tts.vocoder import TEMPERATURE, Vocoder, check_draws
from zoo.tts.wavenet_kernel import Kernel
from zoo.tts.wavenet_network import WaveNet
from zoo.tts.wavenet_training import Cutter, Variety, bits_per_sample
from zoo.weights import half

_PACES, _PITCHES = (0.5, 2.0), (-6.0, 6.0)
_BATCH = 2500  # frames that the acoustic model learns from at once
_WATCHED = 12.0  # seconds of recordings by which it is seen how the vocoder learns


class WaveNetSynthesizer(EnglishSynthesizer):
    """An acoustic model after FastSpeech 2, and a WaveNet that makes the samples.

    Options of `predict` and `stream`: seed, of what is drawn at random; temperature, below 1 for
    less noise and less life; pace, how many times as fast as the voice speaks; pitch, semitones
    higher.

    vocoder: makes sound of mel frames, those of a recording as well.
    """

    predict_options = Synthesizer.predict_options | {"seed", "temperature", "pace", "pitch"}

    def __init__(
        self, acoustic: AcousticNetwork, network: WaveNet, spectrum: MelSpectrum, emphasis: float
    ) -> None:
        super().__init__()
        if acoustic.shape.symbols != COLUMNS or acoustic.shape.mels != spectrum.mels:
            raise ValueError(f"an acoustic model of another shape, {acoustic.shape}")
        if (network.shape.mels, network.shape.hop) != (spectrum.mels, spectrum.hop):
            raise ValueError(f"a vocoder of another shape, {network.shape}")
        if not 0 <= emphasis < 1:
            raise ValueError(f"an emphasis of {emphasis}")
        self.acoustic = acoustic.eval().requires_grad_(False)
        self.network = network.eval().requires_grad_(False)
        self.vocoder = Vocoder(Kernel(network.shape, _arrays(network)), spectrum, emphasis)

    @property
    def rate(self) -> int:
        return self.vocoder.spectrum.rate

    def _check_options(self, options: Mapping[str, Any]) -> None:
        super()._check_options(options)
        check_draws(options.get("seed", 0), options.get("temperature", TEMPERATURE))
        check_within("pace", options.get("pace", 1.0), _PACES)
        check_within("pitch", options.get("pitch", 0.0), _PITCHES)

    def frames(self, sentence: Sentence, *, pace: float = 1.0, pitch: float = 0.0) -> Frames:
        """Log mel frames [T, mels] of a sentence."""
        groups = [Group([word.phones for word in one.words], one.mark) for one in sentence.groups]
        told = torch.from_numpy(symbols(groups))
        frames, _ = self.acoustic.speak(told, pace=pace, pitch=pitch)
        return np.ascontiguousarray(frames.numpy())

    def _chunks(
        self,
        sentence: Sentence,
        *,
        seed: int = 0,
        temperature: float = TEMPERATURE,
        **manner: float,
    ) -> Iterator[Samples]:
        frames = self.frames(sentence, **manner)
        return self.vocoder.chunks(frames, seed=seed, temperature=temperature)

    def _speak(self, sentence: Sentence, **options: Any) -> Samples:
        return np.concatenate(list(self._chunks(sentence, **options)))

    def _spoken(self, sentences: Sequence[Sentence], **options: Any) -> Iterable[Samples]:
        # Frames are made in no time; it is the samples that keep the cores busy.
        chunks = [self._chunks(one, **options) for one in sentences]
        with ThreadPoolExecutor(usable_threads()) as pool:
            return list(pool.map(lambda one: np.concatenate(list(one)), chunks))

    # --- learning ---

    @classmethod
    def fit(
        cls,
        train: Iterable[Example],
        validation: Iterable[Example] | None = None,
        *,
        seed: int = 0,
        progress: bool = True,
        workspace: Path | None = None,
        **options: Any,
    ) -> Self:
        """Learn a voice from English texts and recordings of what they say.

        options: of `_train`.
        """
        check_known(f"{cls.__name__} learns with", options, cls.fit_options())
        report = Progress.kept_in(workspace, show=progress)
        rounds = options.pop("rounds", ROUNDS)
        learn, held_out = aligned(
            train, validation or (), rounds=rounds, workspace=workspace, report=report
        )
        return cls._train(learn, held_out, seed=seed, report=report, workspace=workspace, **options)

    @classmethod
    def fit_options(cls) -> set[str]:
        """The names of the options of `fit` that are the method's own."""
        common = {"train", "validation", "seed", "report", "workspace", "schedule"}
        own = set(inspect.signature(cls._train).parameters) - common
        return own | {"rounds"} | set(inspect.signature(Schedule).parameters)

    @classmethod
    def tiny_options(cls) -> dict[str, Any]:
        """Options of a training that takes seconds, for tests."""
        return {
            "rounds": (2,), "mels": 20, "width": 16, "gates": 16, "skip": 16, "context": 16,
            "cycles": 1, "largest": 16, "rows": 2, "frames": 10, "steps": 30, "warm_up": 5,
            "averaging": 10, "log_every": 30, "acoustic_width": 16, "acoustic_layers": 1,
            "acoustic_steps": 20,
        }  # fmt: skip

    @classmethod
    def _train(
        cls,
        train: Sequence[Recording],
        validation: Sequence[Recording],
        *,
        seed: int,
        report: Progress,
        workspace: Path | None,
        mels: int = 80,
        emphasis: float = 0.0,
        width: int = 64,
        gates: int = 64,
        skip: int = 128,
        context: int = 128,
        cycles: int = 3,
        largest: int = 64,
        rows: int = 4,
        frames: int = 40,
        guessed: float = 0.3,
        gain: float = 2.0,
        speed: float = 0.04,
        noise: float = 0.2,
        acoustic_width: int = 128,
        acoustic_layers: int = 4,
        acoustic_dropout: float = 0.1,
        acoustic_steps: int = 1500,
        steps: int = 10_000,
        **schedule: Any,
    ) -> Self:
        """Learn phones to frames, then frames to samples, with some of the frames guessed.

        mels, emphasis: see `MelSpectrum` and `emphasised`. width to largest: of the WaveNet; its
        last hidden layer is as wide as the skip connections. rows, frames: segments of a batch,
        and how long each is. guessed to noise: see `Variety`. steps, schedule: of the WaveNet's
        `Schedule`.
        """
        spectrum = MelSpectrum(mels=mels)
        plan = Schedule(steps=steps, **schedule)
        variety = Variety(guessed=guessed, gain=gain, speed=speed, noise=noise)
        shape = wavenet_network.Shape(
            mels=mels, hop=spectrum.hop, width=width, gates=gates, skip=skip, hidden=skip,
            context=context, cycles=cycles, largest=largest,
        )  # fmt: skip
        cutter = Cutter(spectrum, shape, emphasis)
        torch.manual_seed(seed)
        acoustic, guesses = _acoustic(
            train,
            validation,
            spectrum,
            acoustic_network.Shape(
                symbols=COLUMNS, mels=mels, width=acoustic_width, hidden=3 * acoustic_width,
                encoder_layers=acoustic_layers, decoder_layers=acoustic_layers,
                dropout=acoustic_dropout,
            ),
            Schedule(steps=acoustic_steps, log_every=max(1, acoustic_steps // 10)),
            seed=seed,
            report=report,
            workspace=workspace,
        )  # fmt: skip
        lesson = wavenet_training.Lesson(
            [one.samples for one in train],
            cutter,
            guesses=guesses,
            variety=variety,
            rows=rows,
            frames=frames,
            seed=seed,
        )
        torch.manual_seed(seed)
        network = wavenet_training.train(
            WaveNet(shape),
            lesson,
            plan,
            held_out=_watched(validation, spectrum.rate),
            report=report,
            workspace=workspace,
        )
        for each in (acoustic, network):
            _round(each)
        if validation:
            bits = bits_per_sample(network, [one.samples for one in validation], cutter)
            report.log(event="vocoder", validation_bits=bits)
        return cls(acoustic, network, spectrum, emphasis)

    # --- storing ---

    def count_parameters(self) -> int:
        """Of both networks."""
        both = (*self.acoustic.parameters(), *self.network.parameters())
        return sum(parameter.numel() for parameter in both)

    def _to_weights(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        settings = {
            "spectrum": self.vocoder.spectrum.to_settings(),
            "emphasis": self.vocoder.emphasis,
            "acoustic": self.acoustic.shape.to_settings(),
            "vocoder": self.network.shape.to_settings(),
        }
        parts = {"acoustic": self.acoustic, "vocoder": self.network}
        return settings, {
            f"{part}/{name}": array
            for part, network in parts.items()
            for name, array in _arrays(network).items()
        }

    @classmethod
    def _from_weights(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], device: str
    ) -> Self:
        if not all(np.isfinite(one).all() for one in arrays.values()):
            raise ValueError("numbers that are not finite")
        parts: dict[str, dict[str, Tensor]] = {"acoustic": {}, "vocoder": {}}
        for key, array in arrays.items():
            part, _, name = key.partition("/")
            parts[part][name] = torch.from_numpy(array)
        acoustic = AcousticNetwork(acoustic_network.Shape.of(settings["acoustic"]))
        acoustic.load_state_dict(parts["acoustic"])
        network = WaveNet(wavenet_network.Shape.of(settings["vocoder"]))
        network.load_state_dict(parts["vocoder"])
        spectrum = MelSpectrum.of(settings["spectrum"])
        return cls(acoustic, network, spectrum, float(settings["emphasis"]))


def _acoustic(
    train: Sequence[Recording],
    validation: Sequence[Recording],
    spectrum: MelSpectrum,
    shape: acoustic_network.Shape,
    schedule: Schedule,
    *,
    seed: int,
    report: Progress,
    workspace: Path | None,
) -> tuple[AcousticNetwork, list[Frames]]:
    """The acoustic model, and the frames of all training recordings as it guesses them."""
    taken = [(n, one) for n, spoken in enumerate(train) for one in utterances(spoken, spectrum)]
    lesson = acoustic_training.Lesson([one.utterance for _, one in taken], frames=_BATCH, seed=seed)
    heard = [one.utterance for spoken in validation for one in utterances(spoken, spectrum)]
    network = acoustic_training.train(
        AcousticNetwork(shape),
        lesson,
        schedule,
        held_out=acoustic_training.Lesson(heard) if heard else None,
        report=report,
        workspace=workspace,
    )
    guesses = [spectrum.log_mel(one.samples) for one in train]  # where nothing is said, their own
    for (number, one), frames in zip(
        taken, acoustic_training.guesses(network, lesson), strict=True
    ):
        guesses[number][one.first : one.first + len(frames)] = frames
    return network, guesses


def _watched(recordings: Sequence[Recording], rate: int) -> list[Samples]:
    """The first recordings, of some seconds together."""
    found: list[Samples] = []
    for one in recordings:
        if sum(map(len, found)) + len(one.samples) <= _WATCHED * rate:
            found.append(one.samples)
    return found


def _arrays(network: nn.Module) -> dict[str, NDArray[Any]]:
    return {name: value.numpy() for name, value in network.state_dict().items()}


@torch.no_grad()
def _round(network: nn.Module) -> None:
    """To what is stored of it."""
    for parameter in network.parameters():
        parameter.copy_(torch.from_numpy(half(parameter.numpy())))
