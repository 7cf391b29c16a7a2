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
_NO_SIGNS = {"Cs", "Co", "Cn"}  # halves of characters, private ones, no characters
# Byte order marks, soft hyphens, zero-width spaces; what colours a terminal or titles its window;
# control characters but for blank space.
_UNSEEN = re.compile(
    r"[\ufeff\xad\u200b]|(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]|\x1b\][^\x07\x1b\n]*+(?:\x07|\x1b\\)"
    r"|(?!\s)[\x00-\x1f\x7f-\x9f]"
)
_BLANKS = re.compile(r"[\v\f\x1c-\x1f]")  # control characters that are blank space
# How a sentence ends that the next one follows without a space.
_UNSPACED_END = re.compile(rf"[{UNSPACED}\u3000-\u303f\uff00-\uffef]\Z")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """The translation of one piece of text, its score and, if known, its phrases."""

    text: str
    score: float
    phrases: tuple[Phrase, ...] = ()


def checked_beams(beams: Any, most: int) -> int:
    """How many beams a search keeps. Raises InputError if they are not from 1 to `most`."""
    if not isinstance(beams, int) or isinstance(beams, bool) or not 1 <= beams <= most:
        raise InputError(f"beams is a whole number from 1 to {most}; {beams!r} came.")
    return beams


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

        They are stripped, have a letter each, at most `longest_piece` words and 600 characters.
        """

    def predict(
        self, x: Any, *, source: str | None = None, target: str | None = None, **options: Any
    ) -> Translation:
        """Translate one text, with or without its languages.

        x: text, a `Passage`, or a mapping with "text" and, if known, "source" and "target".
        source, target: BCP 47 codes such as "de" or "pt-BR".

        Raises InputError for a language that the model does not know, for languages that are not
        those of x, and for what is no text.
        """
        prediction = super().predict(_Addressed(x, source, target), **options)
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
        """Translate several texts in order; source and target are the languages of all."""
        if isinstance(xs, Iterable) and not isinstance(xs, str | bytes | Mapping | Passage):
            xs = [_Addressed(x, source, target) for x in xs]
        return super().predict_batch(xs, batch_size=batch_size, **options)

    def _prepare(self, x: Any) -> Passage:
        assert isinstance(x, _Addressed)
        text, source, target = _parts(x.x)
        if not isinstance(text, str):
            raise InputError(f"A text to translate is a string; {type(text).__name__} came.")
        if len(text) > LONGEST:
            raise InputError(
                f"A text has at most {LONGEST:,} characters; {len(text):,} came: translate it in "
                "parts."
            )
        text = unicodedata.normalize("NFC", _BLANKS.sub(" ", _UNSEEN.sub("", text)))
        text = "".join(" " if unicodedata.category(sign) in _NO_SIGNS else sign for sign in text)
        if not text.strip():
            raise InputError("There is nothing to translate: the text is empty or blank.")
        source = self._agreed(source, x.source, role="source")
        target = self._agreed(target, x.target, role="target")
        return Passage(text, *languages.direction(source, target, self.directions))

    def _agreed(self, own: Any, asked: Any, *, role: str) -> Any:
        """The language that a text brings or that is asked for; None if nobody says it."""
        if own is None or asked is None:
            return asked if own is None else own
        known = {pair[role == "target"] for pair in self.directions}
        meant = languages.code(own, known, role=role)
        if languages.code(asked, known, role=role) != meant:
            raise InputError(
                f"The text says that its {role} is {languages.quoted(own)}; "
                f"{languages.quoted(asked)} came as {role} beside it."
            )
        return meant

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
    """What came as a text, and what beside it as languages; nothing is checked yet."""

    x: Any
    source: Any
    target: Any


def _parts(x: Any) -> tuple[Any, Any, Any]:
    """What an input says: its text and its languages, None where it says nothing."""
    if isinstance(x, Passage):
        return x.text, x.source, x.target
    if isinstance(x, Mapping):
        if "text" not in x:
            raise InputError("A mapping to translate has its text as 'text'; that key is missing.")
        return x["text"], x.get("source"), x.get("target")
    return x, None, None


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
