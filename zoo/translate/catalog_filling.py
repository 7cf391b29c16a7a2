"""Filling what is not translated in a gettext catalog."""

from __future__ import annotations

import gettext
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from zoo.errors import InputError, MissingDependencyError, ResultsError
from zoo.files import write_atomically
from zoo.translate import languages
from zoo.translate.placeholders import damage, has_words, is_nested, mask, take_apart
from zoo.translate.translator import Translator

_AT_ONCE = 16  # messages; what is lost when it is interrupted
_LONGEST = 10_000  # characters of a message; a longer one is a document
_WIDTHS = (78, 77, 79, 80, 0)  # of polib, gettext and others; 0 does not wrap
_PLURALS = re.compile(r"\s*nplurals\s*=\s*(\d+)\s*;\s*plural\s*=\s*([^;]+);?\s*")


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A message that was not translated, and why."""

    message: str
    why: str


@dataclass(slots=True)
class Filling:
    """What became of the untranslated entries of a catalog."""

    filled: int = 0
    left_alone: list[LeftAlone] = field(default_factory=list)
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class _Gap:
    """An entry of which some texts are missing: the form of the plural (None) to its original."""

    entry: Any
    texts: dict[int | None, str]


def fill(
    catalog: Any,
    translator: Translator,
    *,
    source: str,
    target: str,
    limit: int | None = None,
    fuzzy: bool = True,
    track: Callable[[Sequence[Any]], Iterable[Any]] = iter,
) -> Filling:
    """Translate the entries of a polib.POFile that have no translation yet, in its own order.

    An entry is filled wholly or left alone: where the translator damages placeholders, twice, or
    where the plural forms are not those of the original. What is translated or obsolete stays as
    it is. When it is interrupted, what has been filled so far stays.

    limit: how many entries are tried at most.
    fuzzy: mark the filled ones as to be checked by a person.
    track: yields what it is given, and shows where it is.

    Raises InputError for languages that the translator has not, or that the header contradicts.
    """
    source, target = languages.direction(source, target, translator.directions)
    _check_language(catalog, target)
    interpreter = _Interpreter(translator, source, target)
    filling = Filling()
    gaps = []
    for entry in islice(filter(_is_empty, catalog), limit):
        try:
            gaps.append(_Gap(entry, _missing(entry, catalog)))
        except _UnsafeError as unsafe:
            filling.left_alone.append(LeftAlone(entry.msgid, str(unsafe)))
    try:
        for batch in track([gaps[i : i + _AT_ONCE] for i in range(0, len(gaps), _AT_ONCE)]):
            answers = interpreter.translate([text for gap in batch for text in gap.texts.values()])
            for gap in batch:
                _put(gap, list(islice(answers, len(gap.texts))), catalog, filling, fuzzy)
    except KeyboardInterrupt:
        filling.interrupted = True
    _complete_header(catalog, target)
    return filling


class _UnsafeError(Exception):
    """Why a message is better left alone."""


@dataclass(frozen=True, slots=True)
class _Interpreter:
    translator: Translator
    source: str
    target: str

    def translate(self, messages: Sequence[str]) -> Iterator[str | _UnsafeError]:
        """Each message's translation with its placeholders, or why there is none."""
        parts = [take_apart(message) for message in messages]
        found: list[str | _UnsafeError] = []
        hidden: dict[int, Any] = {}
        for i, answer in enumerate(self._ask([part.text for part in parts])):
            found.append(answer)
            if isinstance(answer, str) and damage(parts[i].text, answer) is not None:
                masked = mask(parts[i].text)
                if masked is not None:
                    hidden[i] = masked
        again = self._ask([masked.text for masked in hidden.values()])
        for (i, masked), answer in zip(hidden.items(), again, strict=True):
            unmasked = masked.unmask(answer) if isinstance(answer, str) else None
            if unmasked is not None and damage(parts[i].text, unmasked) is None:
                found[i] = unmasked
        for message, part, answer in zip(messages, parts, found, strict=True):
            if isinstance(answer, str):
                answer = self._checked(message, part.assemble(answer), bare=answer)
            yield answer

    @staticmethod
    def _checked(message: str, translation: str, *, bare: str) -> str | _UnsafeError:
        if not any(map(str.isalnum, bare)):
            return _UnsafeError("its translation came out empty")
        damaged = damage(message, translation)
        return translation if damaged is None else _UnsafeError(f"translated, {damaged}")

    def _ask(self, texts: list[str]) -> list[str | _UnsafeError]:
        try:
            found = self.translator.predict_batch(texts, source=self.source, target=self.target)
            return [one.text for one in found]
        except InputError:  # one of them is no text: find out which
            return [self._ask_one(text) for text in texts]

    def _ask_one(self, text: str) -> str | _UnsafeError:
        try:
            return self.translator.predict(text, source=self.source, target=self.target).text
        except InputError as error:
            return _UnsafeError(str(error).rstrip("."))


def _is_empty(entry: Any) -> bool:
    if entry.obsolete or not entry.msgid:
        return False
    if entry.msgid_plural:
        return not entry.msgstr_plural or not all(entry.msgstr_plural.values())
    return not entry.msgstr


def _missing(entry: Any, catalog: Any) -> dict[int | None, str]:
    """Raises _UnsafeError where a translation would be worse than none."""
    wanted: dict[int | None, str] = {None: entry.msgid}
    if entry.msgid_plural:
        forms = _originals(entry, catalog.metadata.get("Plural-Forms", ""))
        wanted = {i: text for i, text in forms.items() if not entry.msgstr_plural.get(i)}
    for text in wanted.values():
        if len(text) > _LONGEST:
            raise _UnsafeError(f"it has more than {_LONGEST:,} characters")
        if is_nested(text):
            raise _UnsafeError("text is nested in its placeholders")
        if not has_words(text):
            raise _UnsafeError("there are no words in it")
    return wanted


def _originals(entry: Any, header: str) -> dict[int, str]:
    """Which of the two texts each form of the plural is the translation of. Raises _UnsafeError."""
    match = _PLURALS.fullmatch(header)
    if match is None:
        raise _UnsafeError(
            "it has plural forms, and the header does not say how many (Plural-Forms)"
        )
    count = int(match[1])
    if set(entry.msgstr_plural) - set(range(count)):
        raise _UnsafeError("it has more plural forms than the header says")
    if count == 1:
        return {0: entry.msgid_plural}
    try:
        form = gettext.c2py(match[2])
        of_one, of_others = form(1), {form(number) for number in (2, 3, 5, 10, 100, 1000)}
    except (ValueError, ZeroDivisionError):
        raise _UnsafeError("the header's Plural-Forms cannot be read") from None
    if count > 2:
        raise _UnsafeError(f"it has {count} plural forms, and the original only two")
    if of_one in of_others or len(of_others) != 1:
        raise _UnsafeError("its plural forms are not those of the original")
    return {of_one: entry.msgid, of_others.pop(): entry.msgid_plural}


def _put(
    gap: _Gap, answers: list[str | _UnsafeError], catalog: Any, filling: Filling, fuzzy: bool
) -> None:
    texts: list[str] = []
    for answer in answers:
        if isinstance(answer, str) and (sign := _unwritable(answer, catalog.encoding)):
            answer = _UnsafeError(f"the catalog's charset {catalog.encoding} has no {sign!r}")
        if isinstance(answer, _UnsafeError):
            filling.left_alone.append(LeftAlone(gap.entry.msgid, str(answer)))
            return
        texts.append(answer)
    for form, text in zip(gap.texts, texts, strict=True):
        if form is None:
            gap.entry.msgstr = text
        else:
            gap.entry.msgstr_plural[form] = text
    if fuzzy and "fuzzy" not in gap.entry.flags:
        gap.entry.flags.append("fuzzy")
    filling.filled += 1


def _unwritable(text: str, encoding: str) -> str:
    """The first character that the encoding has not."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError as error:
        return text[error.start]
    return ""


def _complete_header(catalog: Any, target: str) -> None:
    """Say what a template leaves open, and what readers need to know."""
    if not catalog.metadata.get("Language", "").strip():
        catalog.metadata["Language"] = target.replace("-", "_")
    if catalog.metadata.get("Content-Type", "").partition("charset=")[2] in ("", "CHARSET"):
        catalog.metadata["Content-Type"] = f"text/plain; charset={catalog.encoding.upper()}"


def _check_language(catalog: Any, target: str) -> None:
    said = catalog.metadata.get("Language", "").strip()
    name = languages.standard(said.partition(".")[0].partition("@")[0]) if said else None
    if name is not None and name.partition("-")[0] != target.partition("-")[0]:
        raise InputError(
            f"The catalog is in {languages.quoted(said)}, as its header says, not in {target!r}."
        )


# --- files ----------------------------------------------------------------------------------------


def read_catalog(path: Path) -> Any:
    """A .po or .pot file as a polib.POFile, in the charset that its header names.

    Raises InputError in one sentence if it is none, MissingDependencyError without polib.
    """
    try:
        import polib
    except ImportError:
        raise MissingDependencyError(
            "Message catalogs need polib: pip install 'software-zoo[translate]'."
        ) from None
    try:
        if not path.is_file():  # polib would take the name for the content
            raise InputError(f"There is no message catalog {str(path)!r}.")
        catalog = polib.pofile(str(path))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{str(path)!r} is no message catalog in {error.encoding}: {error.reason}."
        ) from error
    except InputError:  # a ValueError, too
        raise
    except (OSError, ValueError, LookupError, IndexError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise InputError(
            f"{str(path)!r} is no message catalog that can be read: {lines[0].rstrip('.')}."
        ) from error
    if not catalog:
        raise InputError(f"{str(path)!r} is no message catalog: it holds no messages.")
    catalog.wrapwidth = _width(catalog, path.read_text(encoding=catalog.encoding))
    return catalog


def _width(catalog: Any, text: str) -> int:
    """After how many columns its lines were wrapped, so that they can stay as they are."""
    lines = Counter(text.splitlines())

    def kept(width: int) -> int:
        catalog.wrapwidth = width
        return (Counter(str(catalog).splitlines()) & lines).total()

    return max(_WIDTHS, key=kept)


def check_output(path: Path, *, overwrite: bool) -> None:
    """Raises InputError or ResultsError if a catalog cannot be written there, or should not be."""
    told = repr(str(path))
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{told} is no file: name another with --out.")
        if path.exists() and not overwrite:
            raise InputError(
                f"{told} is there already: name another file with --out, or say --overwrite."
            )
        if not path.parent.is_dir():
            raise InputError(f"{told} cannot be written: there is no such folder.")
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-"):
            pass
    except OSError as error:
        raise ResultsError(f"{told} cannot be written: {error.strerror or error}.") from error


def write_catalog(path: Path, catalog: Any) -> None:
    """Write it in its own charset, whole or not at all. Raises ResultsError."""
    write_atomically(path, f"{catalog}\n".rstrip("\n") + "\n", encoding=catalog.encoding)
