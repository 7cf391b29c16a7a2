"""What all translators share: texts with their languages, long texts, what is no text at all."""

from __future__ import annotations

import re
import unicodedata
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from zoo.errors import InputError
from zoo.model import Model
from zoo.predictions import Phrase, Translation
from zoo.text import Passage
from zoo.translate import languages
from zoo.translate.sentences import UNSPACED, Piece, split

LONGEST = 200_000  # characters of one text
_NO_SIGNS = {"Cc", "Cs", "Co", "Cn"}  # control characters, halves of characters, no characters
# How a sentence ends that the next one follows without a space.
_UNSPACED_END = re.compile(rf"[{UNSPACED}\u3000-\u303f\uff00-\uffef]\Z")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """The translation of one piece of text, its score and, if known, its phrases."""

    text: str
    score: float
    phrases: tuple[Phrase, ...] = ()


class Translator(Model):
    """A text in one language in, the same in another out.

    The languages come with the text, as a `Passage` or as the options `source` and `target`, in
    BCP 47; a translator for a single direction needs none. Long texts are cut into sentences, and
    very long sentences into pieces; blank space between them stays as it is, and so does what has
    no letters. Where there is none, as in Chinese, a language that has it gets some.

    directions: (source, target) that it can translate, as it names the languages itself.
    longest_piece: how many words it takes at once.
    """

    task: ClassVar[str] = "translation"
    predict_options: ClassVar[frozenset[str]] = frozenset({"source", "target"})
    longest_piece: ClassVar[int] = 80

    @property
    @abstractmethod
    def directions(self) -> frozenset[tuple[str, str]]: ...

    @abstractmethod
    def _translate(self, pieces: Sequence[Passage], **options: Any) -> list[Hypothesis]:
        """Translate pieces of text in the languages of `directions`, in order.

        They are stripped, have a letter each, and at most `longest_piece` words.
        """

    def predict(
        self, x: Any, *, source: str | None = None, target: str | None = None, **options: Any
    ) -> Translation:
        """Translate one text, with or without its languages.

        x: text, a `Passage`, or a mapping with "text", "source" and "target".
        source, target: BCP 47 codes such as "de" or "pt-BR".

        Raises InputError for a language that the model does not know, and for what is no text.
        """
        prediction = super().predict(_addressed(x, source, target), **options)
        assert isinstance(prediction, Translation)
        return prediction

    def predict_batch(
        self,
        xs: Iterable[Any],
        *,
        batch_size: int | None = None,
        source: str | None = None,
        target: str | None = None,
        **options: Any,
    ) -> list[Any]:
        """Translate several texts in order; source and target are those of every bare text."""
        if isinstance(xs, Iterable) and not isinstance(xs, str | bytes | Mapping | Passage):
            xs = [_addressed(x, source, target) for x in xs]
        return super().predict_batch(xs, batch_size=batch_size, **options)

    def _prepare(self, x: Any) -> Passage:
        assert isinstance(x, _Addressed)
        text = x.text
        if not isinstance(text, str):
            raise InputError(f"A text to translate is a string; {type(text).__name__} came.")
        if len(text) > LONGEST:
            raise InputError(
                f"A text has at most {LONGEST:,} characters; {len(text):,} came: translate it in "
                "parts."
            )
        text = unicodedata.normalize("NFC", text)
        text = "".join(
            sign if sign in "\n\r\t" or unicodedata.category(sign) not in _NO_SIGNS else " "
            for sign in text
        )
        if not text.strip():
            raise InputError("There is nothing to translate: the text is empty or blank.")
        source, target = languages.direction(x.source, x.target, self.directions)
        return Passage(text, source, target)

    def _predict(self, batch: list[Any], **options: Any) -> list[Any]:
        cut = [split(passage, self.longest_piece) for passage in batch]
        wanted = [
            Passage(piece.text, passage.source, passage.target)
            for passage, pieces in zip(batch, cut, strict=True)
            for piece in pieces
            if piece.translatable
        ]
        found = iter(self._translate(wanted, **options) if wanted else ())
        return [
            _joined(passage, pieces, [next(found) for piece in pieces if piece.translatable])
            for passage, pieces in zip(batch, cut, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class _Addressed:
    """What came as a text, and what as its languages; nothing is checked yet."""

    text: Any
    source: Any
    target: Any


def _addressed(x: Any, source: str | None, target: str | None) -> _Addressed:
    if isinstance(x, Passage):
        return _Addressed(x.text, x.source, x.target)
    if isinstance(x, Mapping):
        return _Addressed(x.get("text"), x.get("source", source), x.get("target", target))
    return _Addressed(x, source, target)


def _joined(passage: Passage, pieces: list[Piece], found: list[Hypothesis]) -> Translation:
    answers = iter(found)
    text = ""
    for place, piece in enumerate(pieces, 1):
        part = next(answers).text if piece.translatable else piece.text
        apart = piece.space or place == len(pieces) or not _UNSPACED_END.search(piece.text)
        text += part + (piece.space if apart or _UNSPACED_END.search(part) else " ")
    return Translation(
        text,
        passage.source,
        passage.target,
        sum(one.score for one in found),
        tuple(phrase for one in found for phrase in one.phrases),
    )
