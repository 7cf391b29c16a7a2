"""What all synthesisers of speech share: what can be spoken, long texts, sound as it is made."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from zoo.errors import InputError, MissingDependencyError
from zoo.model import Model
from zoo.predictions import Speech
from zoo.tts.normalization import LONGEST, without_markup
from zoo.tts.pronunciation import BreathGroup, english

Samples = NDArray[np.float32]

_NOTHING = "The text holds nothing that can be spoken."
LONGEST_AT_ONCE = 20_000  # characters of a text whose speech is wanted as a whole
PAUSES = {
    **{"": 0.12, ",": 0.22, ";": 0.3, ":": 0.3},  # seconds after a breath group
    **{".": 0.45, "?": 0.45, "!": 0.45},
}
_ENDS = frozenset(".?!")
_MOST_GROUPS = 8  # breath groups of a sentence that are spoken at once
_LONGEST_SENTENCE = 400  # characters of a sentence that is not known by its breath groups


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is spoken at once.

    text: as it was written, or with figures and the like in words. pause: seconds of silence after
    it, where more follows. groups: how it is pronounced, where the synthesiser asks for that.
    """

    text: str
    pause: float
    groups: tuple[BreathGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A text and its sentences, of which there is at least one."""

    text: str
    sentences: tuple[Sentence, ...]


class Synthesizer(Model):
    """A text in, speech out.

    A subclass supplies `rate` and `_speak`; one that makes sound in smaller parts than sentences
    also `_chunks`, and one that makes several sentences at a time `_spoken`.

    language: in which sentences end, as a BCP 47 code.
    """

    task: ClassVar[str] = "text-to-speech"
    batch_size = 8
    language: str = "en"

    @property
    @abstractmethod
    def rate(self) -> int:
        """Samples a second, in Hz."""

    @abstractmethod
    def _speak(self, sentence: Sentence, **options: Any) -> Samples:
        """The sound of one sentence, [N] float32; the same whatever was spoken before."""

    def _chunks(self, sentence: Sentence, **options: Any) -> Iterator[Samples]:
        """The same as it is made; joined it is what `_speak` gives."""
        yield self._speak(sentence, **options)

    def _spoken(self, sentences: Sequence[Sentence], **options: Any) -> Iterable[Samples]:
        """The sound of each of several sentences, in order."""
        return (self._speak(sentence, **options) for sentence in sentences)

    def _sentences(self, text: str) -> list[Sentence]:
        """Cut a text into sentences; none if nothing can be spoken. Raises InputError."""
        parts = _written_sentences(without_markup(text), self.language)
        return [Sentence(part, PAUSES["."]) for part in parts]

    def predict(self, x: Any, **options: Any) -> Speech:
        """Speak a text of at most 20,000 characters.

        Raises InputError if it is no text, too long, or holds nothing that can be spoken.
        """
        prediction = super().predict(x, **options)
        assert isinstance(prediction, Speech)
        return prediction

    def stream(self, x: Any, **options: Any) -> Iterator[Speech]:
        """The speech of a text, of at most 100,000 characters, as it is made.

        The parts are to be played one after the other: together they are what `predict` gives.
        Raises InputError as `predict` does, at once; but where only its silence shows that nothing
        can be spoken, after the last part.
        """
        self._check_options(options)
        return self._parts(_checked(x, LONGEST), options)

    def _parts(self, text: str, options: dict[str, Any]) -> Iterator[Speech]:
        script = self._script(text)

        def parts() -> Iterator[Speech]:
            heard = False
            for sentence, after in pairwise((*script.sentences, None)):
                assert sentence is not None
                for samples in self._chunks(sentence, **options):
                    heard = heard or samples.size > 0
                    yield Speech(_limited(samples), self.rate, sentence.text)
                if after is not None:
                    yield Speech(self._silence(sentence), self.rate)
            if not heard:
                raise InputError(_NOTHING)

        return parts()

    def _prepare(self, x: Any) -> Script:
        return self._script(_checked(x, LONGEST_AT_ONCE))

    def _script(self, text: str) -> Script:
        sentences = tuple(self._sentences(text))
        if not sentences:
            raise InputError(_NOTHING)
        return Script(text, sentences)

    def _predict(self, batch: list[Any], **options: Any) -> list[Any]:
        wanted = [sentence for script in batch for sentence in script.sentences]
        found = iter(self._spoken(wanted, **options))
        return [self._joined(script, found) for script in batch]

    def _joined(self, script: Script, found: Iterator[Samples]) -> Speech:
        parts = []
        heard = False
        for sentence in script.sentences:
            samples = next(found)
            heard = heard or samples.size > 0
            parts += [_limited(samples), self._silence(sentence)]
        if not heard:
            raise InputError(_NOTHING)
        return Speech(np.concatenate(parts[:-1]), self.rate, script.text)

    def _silence(self, sentence: Sentence) -> Samples:
        return np.zeros(round(sentence.pause * self.rate), np.float32)


class EnglishSynthesizer(Synthesizer):
    """One that is told how a text is pronounced: its sentences come as breath groups of phones."""

    def __init__(self) -> None:
        super().__init__()
        self._pronouncer = english()

    def _sentences(self, text: str) -> list[Sentence]:
        found: list[Sentence] = []
        groups: list[BreathGroup] = []
        every = self._pronouncer.phones(text)
        for number, group in enumerate(every, 1):
            groups.append(group)
            if group.mark in _ENDS or len(groups) == _MOST_GROUPS or number == len(every):
                said = " ".join(word.text for each in groups for word in each.words)
                found.append(Sentence(said + group.mark, PAUSES[group.mark], tuple(groups)))
                groups = []
        return found


def _checked(x: Any, longest: int) -> str:
    if not isinstance(x, str):
        raise InputError(f"A text to speak is a string; {type(x).__name__} came.")
    if len(x) > longest:
        way = "speak it in parts, or as a stream" if len(x) <= LONGEST else "speak it in parts"
        raise InputError(f"A text has at most {longest:,} characters; {len(x):,} came: {way}.")
    return x


def _limited(samples: Samples) -> Samples:
    """Within full scale, as a file would store it."""
    return np.asarray(np.clip(samples, -1.0, 1.0), np.float32)


def _written_sentences(text: str, language: str) -> Iterator[str]:
    """The sentences that have a letter or a figure in them; very long ones in pieces."""
    try:
        import sentencex
    except ImportError:
        raise MissingDependencyError(
            "Speaking needs sentencex: pip install 'software-zoo[tts]'."
        ) from None
    for line in text.splitlines():
        for sentence in sentencex.segment(language, line):
            for piece in pieces(" ".join(sentence.split())):
                if any(map(str.isalnum, piece)):
                    yield piece


def pieces(sentence: str, longest: int = _LONGEST_SENTENCE) -> Iterator[str]:
    """A sentence, in pieces of at most `longest` characters."""
    while len(sentence) > longest:
        at = sentence.rfind(" ", 1, longest)
        at = longest if at < 0 else at
        yield sentence[:at]
        sentence = sentence[at:].lstrip()
    yield sentence
