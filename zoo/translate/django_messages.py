"""The messages of the web framework Django and their translations: a test set.

They come with the installed package, so that they need no network. Django itself is not imported.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import DataNotFoundError, MissingDependencyError, UnknownNameError
from zoo.sources import Row, Source
from zoo.text import Passage
from zoo.translate.catalogs import catalogs, entries, messages
from zoo.translate.messages import LANGUAGES, clean, normal_form, translates


@dataclass(frozen=True, slots=True, kw_only=True)
class DjangoMessages(Source):
    """The messages in one direction, as a source of examples."""

    source: str
    target: str

    def present(self) -> bool:
        return importlib.util.find_spec("django") is not None

    def how_to_get(self) -> str:
        return "pip install 'software-zoo[translate]'"

    def rows(self, split: str) -> Iterator[Row]:
        return django_messages(split, self.source, self.target)


def django_messages(
    split: str, source: str = "en", target: str = "de"
) -> Iterator[tuple[Passage, str]]:
    """Yield the messages in one language with their translations, by catalog and place in it.

    Only the split "test" exists: nothing may be learned from these. Of messages that differ in
    case, punctuation or placeholders alone, the first one counts. Raises MissingDependencyError
    without Django, UnknownNameError for another split or language.
    """
    if split != "test":
        raise UnknownNameError.of("split of django-messages", split, ("test",))
    for language in (source, target):
        if language not in LANGUAGES:
            raise UnknownNameError.of("language of django-messages", language, LANGUAGES)
    seen = set()
    for line in _table(_root()):
        text, translation = line.get(source), line.get(target)
        if not text or not translation or text.casefold() == translation.casefold():
            continue
        form = normal_form(text)
        if form not in seen:
            seen.add(form)
            yield Passage(text, source, target), translation


def known_forms() -> dict[str, frozenset[str]]:
    """By language the normal forms of all that Django says, to keep it out of training.

    English comes from the catalogs of all languages that Django speaks; plural, doubtful and
    obsolete messages count as well.
    """
    forms: dict[str, set[str]] = {language: set() for language in LANGUAGES}
    root = _root()
    for path in sorted(root.rglob("locale/*/LC_MESSAGES/*.po")):
        language = path.parent.parent.name
        for entry in entries(path.read_bytes(), "po"):
            forms["en"] |= {normal_form(entry.msgid), normal_form(entry.msgid_plural or "")}
            if language in forms:
                texts = [entry.msgstr, *(entry.msgstr_plural or {}).values()]
                forms[language] |= {normal_form(text) for text in texts}
    return {language: frozenset(known - {""}) for language, known in forms.items()}


def version() -> str:
    """Of the installed Django. Raises MissingDependencyError without one."""
    _root()
    return importlib.metadata.version("Django")


def _root() -> Path:
    spec = importlib.util.find_spec("django")
    if spec is None or spec.origin is None:
        raise MissingDependencyError(
            "Django's messages need Django: pip install 'software-zoo[translate]'."
        )
    return Path(spec.origin).parent


@functools.lru_cache(maxsize=1)
def _table(root: Path) -> list[dict[str, str]]:
    """A line for each English message: language -> text, those that are fit for a test.

    Kept, since every direction is read from the same.
    """
    files = sorted(root.rglob("locale/*/LC_MESSAGES/*.po"))
    if not files:
        raise DataNotFoundError(f"There are no catalogs of messages in {str(root)!r}.")
    found = catalogs(file.relative_to(root).as_posix() for file in files)
    table: dict[tuple[str, ...], dict[str, str]] = {}
    for catalog in sorted(found, key=lambda one: (one.place, LANGUAGES.index(one.language))):
        if catalog.language == "en":  # empty: the messages are their own translations
            continue
        for message in messages((root / catalog.path).read_bytes(), "po", catalog.path):
            english, text = clean(message.english or ""), clean(message.text)
            if english and text and translates(english, text, catalog.language):
                line = table.setdefault((catalog.place, *message.key), {"en": english})
                line[catalog.language] = text
    return list(table.values())
