"""Catalogs of messages as programs ship them: gettext's .po and .mo, and JSON by key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from zoo.errors import DataError, MissingDependencyError

_LANGUAGE = "en|de(?:[_-]DE)?|fr(?:[_-]FR)?|cs(?:[_-]CZ)?|es(?:[_-]ES)?"
_GETTEXT = re.compile(rf"(?:^|.*/)({_LANGUAGE})/LC_MESSAGES/[^/]+\.(po|mo)$")
_JSON = re.compile(r"(?:^|.*/)translations/(?:[\w-]+/)?(en|de|fr|cs|es)(?:-[0-9a-f]{32})?\.(json)$")
_ANY_LANGUAGE = re.compile(rf"(?<![A-Za-z])(?:{_LANGUAGE})(?:-[0-9a-f]{{32}})?(?![A-Za-z])")


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a program in one language.

    key: what it has in common with its translations in other catalogs.
    english: as gettext's catalogs have it beside each text; None where it is a catalog of its own.
    text: the singular, if it has several forms.
    """

    key: tuple[str, ...]
    english: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """A file of messages.

    place: its path without the language, the same for all languages.
    """

    path: str
    place: str
    language: str
    form: str


def catalogs(paths: Iterable[str]) -> Iterator[Catalog]:
    """The catalogs in the known languages among the paths, sorted.

    Where one is there both as .po and compiled, it is the .po: no editor's mark is lost in it.
    """
    known = set(paths)
    for path in sorted(known):
        found = _GETTEXT.match(path) or _JSON.match(path)
        if found and not (found[2] == "mo" and f"{path[:-3]}.po" in known):
            yield Catalog(path, _ANY_LANGUAGE.sub("*", path), found[1][:2], found[2])


def messages(content: bytes, form: str, name: str) -> Iterator[Message]:
    """Yield the messages of a catalog that somebody translated and nobody marked as doubtful.

    form: "po", "mo" or "json". Raises DataError, that tells the name, if it is broken.
    """
    try:
        if form == "json":
            yield from _of_json(json.loads(content), ())
        else:
            yield from _of_gettext(content, form)
    except (ValueError, OSError) as error:
        raise DataError(f"The catalog {name!r} cannot be read: {error}.") from error


def entries(content: bytes, form: str) -> Iterator[Any]:
    """Yield all entries of a gettext catalog as polib has them. Raises ValueError or OSError."""
    try:
        import polib
    except ImportError:
        raise MissingDependencyError(
            "Catalogs of messages need polib: pip install 'software-zoo[translate]'."
        ) from None
    if form == "mo":
        yield from polib.mofile(content)
    else:
        yield from polib.pofile(content.decode("utf-8", errors="replace"))


def _of_gettext(content: bytes, form: str) -> Iterator[Message]:
    for entry in entries(content, form):
        if entry.obsolete or "fuzzy" in entry.flags or not entry.msgid:
            continue
        # The first of a plural's forms is the one for 1, in all the languages here.
        text = entry.msgstr_plural.get(0, "") if entry.msgstr_plural else entry.msgstr
        if text:
            yield Message((entry.msgctxt or "", entry.msgid), entry.msgid, text)


def _of_json(node: Any, key: tuple[str, ...]) -> Iterator[Message]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _of_json(value, (*key, name))
    elif isinstance(node, str) and node:
        yield Message(key, None, node)
