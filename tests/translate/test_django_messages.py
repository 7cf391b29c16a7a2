"""Django's messages: a test set out of the installed package, without importing Django."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from zoo.errors import DataNotFoundError, MissingDependencyError, UnknownNameError
from zoo.text import Passage
from zoo.translate import django_messages as module
from zoo.translate.django_messages import django_messages, known_forms
from zoo.translate.messages import LANGUAGES, clean, normal_form

CATALOG = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Password"
msgstr "{0} neu"

msgid "password:"
msgstr "{0} alt"

msgid "Y-m-d"
msgstr "d.m.Y"

msgid "j"
msgstr "j."

msgid "Email"
msgstr "email"

#, fuzzy
msgid "Doubtful message"
msgstr "{0} vage"

#~ msgid "Obsolete message"
#~ msgstr "{0} tot"

msgid "Delete %(count)d item"
msgid_plural "Delete %(count)d items"
msgstr[0] "%(count)d {0}"
msgstr[1] "%(count)d {0}s"
"""


@pytest.fixture
def tiny_django(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Django with one catalog in two languages, and another of which but a mark is known."""
    for language, word in (("de", "Wort"), ("fr", "mot"), ("ru", "слово")):
        folder = tmp_path / "conf" / "locale" / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        text = CATALOG.replace("{0}", word)
        if language == "ru":
            text += '\nmsgid "Only in Russian"\nmsgstr "Только"\n'
        (folder / "django.po").write_text(text, encoding="utf-8")
    monkeypatch.setattr(module, "_root", lambda: tmp_path)


@pytest.mark.usefixtures("tiny_django")
def test_messages_are_cleaned_and_in_the_catalog_s_order() -> None:
    assert list(django_messages("test")) == [
        (Passage("Password", "en", "de"), "Wort neu"),
        (Passage("Delete %(count)d item", "en", "de"), "%(count)d Wort"),
    ]


@pytest.mark.usefixtures("tiny_django")
def test_any_two_languages_make_a_direction() -> None:
    assert list(django_messages("test", "fr", "de")) == [
        (Passage("mot neu", "fr", "de"), "Wort neu"),
        (Passage("mot alt", "fr", "de"), "Wort alt"),
        (Passage("%(count)d mot", "fr", "de"), "%(count)d Wort"),
    ]
    assert (Passage("Wort neu", "de", "en"), "Password") in django_messages("test", "de", "en")
    assert list(django_messages("test", "en", "cs")) == []


@pytest.mark.usefixtures("tiny_django")
def test_what_is_known_takes_in_the_doubtful_the_obsolete_and_other_languages() -> None:
    known = known_forms()
    assert {"onlyinrussian", "doubtfulmessage", "obsoletemessage", "deleteitems"} <= known["en"]
    assert {"wortneu", "wortvage", "worttot", "worts"} <= known["de"]
    assert "" not in known["en"] | known["de"]
    assert not known["cs"]


@pytest.mark.parametrize("arguments", [("train",), ("test", "en", "xx"), ("test", "e", "de")])
def test_other_splits_and_languages_are_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(UnknownNameError):
        list(django_messages(*arguments))


def test_without_django_or_its_catalogs_it_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "_root", lambda: tmp_path)
    with pytest.raises(DataNotFoundError, match="no catalogs"):
        list(django_messages("test"))
    monkeypatch.undo()
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="pip install"):
        list(django_messages("test"))


@pytest.fixture(scope="module")
def known() -> dict[str, frozenset[str]]:
    """What the installed Django says."""
    return known_forms()


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_the_installed_django_gives_a_test_set(
    language: str, known: dict[str, frozenset[str]]
) -> None:
    examples = list(django_messages("test", "en", language))
    assert len(examples) > 500
    assert examples == list(django_messages("test", "en", language))
    assert len({normal_form(passage.text) for passage, _ in examples}) == len(examples)
    for passage, answer in examples:
        assert (passage.source, passage.target) == ("en", language)
        assert passage.text == clean(passage.text)
        assert normal_form(passage.text) in known["en"]
        assert normal_form(answer) in known[language]


def test_django_is_not_imported() -> None:
    code = (
        "import sys; from zoo.translate.django_messages import django_messages, version;"
        "assert list(django_messages('test')); print(version(), 'django' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [importlib.metadata.version("Django"), "False"]
