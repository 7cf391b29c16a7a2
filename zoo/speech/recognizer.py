"""What recognisers of a small vocabulary share: input, examples to learn from, weights."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from zoo.audio import Audio, read_audio
from zoo.data import Example
from zoo.errors import InputError
from zoo.model import Model
from zoo.options import check_known
from zoo.predictions import Transcript, Word
from zoo.progress import Progress
from zoo.registry import data_set
from zoo.speech.features import FrontEnd
from zoo.speech.strings import SpokenString, strings

Arrays = Mapping[str, NDArray[Any]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Utterance:
    """A word to learn, and who spoke it, if that is known."""

    audio: Audio
    word: str
    speaker: str


class WordRecognizer(Model):
    """Sound in, the words of a small vocabulary out, in any number.

    Whatever the rate of the sound, it is brought to the front end's.

    vocabulary: the words that it knows, in the order of its own numbers for them.
    """

    task: ClassVar[str] = "automatic-speech-recognition"

    def __init__(self, front_end: FrontEnd, vocabulary: tuple[str, ...]) -> None:
        super().__init__()
        self.front_end = front_end
        self.vocabulary = vocabulary

    def predict(self, x: Any, **options: Any) -> Transcript:
        """Recognise one recording: a path, bytes, or samples with a rate (see `zoo.audio`)."""
        prediction = super().predict(x, **options)
        assert isinstance(prediction, Transcript)
        return prediction

    def _prepare(self, x: Any) -> Audio:
        return read_audio(x, self.front_end.rate)

    def _predict(self, batch: list[Any], **options: Any) -> list[Any]:
        return [self._recognize(audio, **options) for audio in batch]

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
        """Learn words from recordings of one word each, whose targets are the words.

        The group of an example is its speaker: recordings of one speaker may be put together to
        strings of words.
        options: the method's own; see its class.
        """
        check_known(f"{cls.__name__} learns with", options, cls.fit_options())
        learn = utterances(train)
        held_out = utterances(validation or ())
        vocabulary = tuple(sorted({one.word for one in learn}))
        if len(vocabulary) < 2:
            raise InputError(f"A recogniser needs at least two words; {len(vocabulary)} came.")
        unknown = sorted({one.word for one in held_out} - set(vocabulary))
        if unknown:
            raise InputError(f"Validation examples have words that training has not: {unknown}.")
        return cls._train(
            learn,
            held_out,
            vocabulary,
            seed=seed,
            report=Progress.kept_in(workspace, show=progress),
            workspace=workspace,
            **options,
        )

    @classmethod
    def fit_options(cls) -> set[str]:
        """The names of the options of `fit` that are the method's own."""
        common = {"train", "validation", "vocabulary", "seed", "report", "workspace"}
        return set(inspect.signature(cls._train).parameters) - common

    def _to_weights(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        settings = {
            "front_end": self.front_end.to_settings(),
            "vocabulary": list(self.vocabulary),
            **self._settings(),
        }
        return settings, self._arrays()

    @classmethod
    def _from_weights(cls, settings: Mapping[str, Any], arrays: Arrays, device: str) -> Self:
        front_end = FrontEnd.of(settings["front_end"])
        vocabulary = tuple(settings["vocabulary"])
        if len(vocabulary) < 2 or not all(isinstance(word, str) for word in vocabulary):
            raise ValueError(f"a vocabulary of {vocabulary}")
        return cls._restore(arrays, settings, front_end, vocabulary, device)

    # --- what a method supplies ---

    @abstractmethod
    def _recognize(self, audio: Audio, **options: Any) -> Transcript:
        """Answer one recording at the front end's rate."""

    @classmethod
    @abstractmethod
    def _train(
        cls,
        train: list[Utterance],
        validation: list[Utterance],
        vocabulary: tuple[str, ...],
        *,
        seed: int,
        report: Progress,
        workspace: Path | None,
        **options: Any,
    ) -> Self:
        """Learn from recordings of one word each; the weights must be what `_arrays` stores."""

    @abstractmethod
    def _arrays(self) -> dict[str, NDArray[Any]]:
        """The learned numbers."""

    @abstractmethod
    def _settings(self) -> dict[str, Any]:
        """The method's own JSON-able settings."""

    @classmethod
    @abstractmethod
    def _restore(
        cls,
        arrays: Arrays,
        settings: Mapping[str, Any],
        front_end: FrontEnd,
        vocabulary: tuple[str, ...],
        device: str,
    ) -> Self:
        """The inverse of `_arrays` and `_settings`."""

    @classmethod
    @abstractmethod
    def tiny_options(cls) -> dict[str, Any]:
        """Options of `fit` with which some dozens of short recordings train in a second."""


def utterances(examples: Iterable[Example]) -> list[Utterance]:
    """Decode recordings to learn from. Raises InputError that names the position of a bad one."""
    found = []
    for position, example in enumerate(examples):
        try:
            audio = read_audio(example.input)
        except InputError as error:
            raise InputError(f"Example {position}: {error}") from error
        if len(example.label.split()) != 1:
            raise InputError(
                f"Example {position}: recordings to learn from are of one word each; "
                f"{example.label!r} came."
            )
        found.append(Utterance(audio, example.label, example.group))
    return found


def lent(names: Sequence[str], vocabulary: Sequence[str]) -> list[Utterance]:
    """The training recordings of other data sets, as far as they are of these words."""
    every = (one for name in names for one in utterances(data_set(name).examples("train")))
    return [one for one in every if one.word in vocabulary]


def by_speaker(recordings: Sequence[Utterance], rate: int) -> list[list[tuple[Audio, str]]]:
    """Sound at a rate with its word, that of one speaker together, by the speakers' names."""
    spoken: dict[str, list[tuple[Audio, str]]] = {}
    for one in recordings:
        spoken.setdefault(one.speaker, []).append((one.audio.at(rate), one.word))
    return [spoken[speaker] for speaker in sorted(spoken)]


def strings_of(
    recordings: Sequence[Utterance], rate: int, rounds: int, seed: int
) -> Iterator[SpokenString]:
    """Strings of each speaker's recordings, each of which is used once a round."""
    for number, spoken in enumerate(by_speaker(recordings, rate)):
        yield from strings(spoken, rounds, seed=(seed, number))


def heard_alone_and_in_strings(
    recordings: Sequence[Utterance], rate: int, seed: int
) -> list[tuple[list[str], Audio]]:
    """Words and sound of each recording, and of strings in which each is used once."""
    alone = [([one.word], one.audio.at(rate)) for one in recordings]
    return alone + [
        (list(string.words), string.audio) for string in strings_of(recordings, rate, 1, seed)
    ]


def best_penalty(
    heard: Sequence[tuple[list[str], T]],
    decode: Callable[[T, float], list[str]],
    penalties: Sequence[float],
) -> tuple[float, float]:
    """The penalty of words with which the fewest are wrong, and the word error rate then.

    Of several that are as good, the middle one.
    """
    total = sum(len(words) for words, _ in heard)
    rates = [
        sum(word_errors(words, decode(sound, penalty)) for words, sound in heard) / total
        for penalty in penalties
    ]
    best = [i for i, rate in enumerate(rates) if rate == min(rates)]
    return penalties[best[len(best) // 2]], min(rates)


def transcript_of(words: Sequence[Word], seconds: float) -> Transcript:
    """Of words in the order in which they are said, in sound of so many seconds."""
    text = " ".join(word.text for word in words)
    return Transcript(text, tuple(words), joint_confidence(words), seconds)


def joint_confidence(words: Sequence[Word]) -> float:
    """Of a text: the geometric mean of its words'; 0 if there are none."""
    if not words:
        return 0.0
    return float(np.prod([word.confidence for word in words]) ** (1 / len(words)))


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """How many words are wrong: inserted, left out or mistaken."""
    import jiwer

    found = jiwer.process_words(" ".join(said), " ".join(heard))
    return int(found.substitutions + found.deletions + found.insertions)
