"""Messages of programs: what is read, what is dropped, and that Django's are not among them."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import polib
import pytest

from zoo.errors import DataError, DataNotFoundError, UnknownNameError
from zoo.progress import Progress
from zoo.text import Passage
from zoo.translate import django_messages, software_strings
from zoo.translate.catalogs import catalogs, messages
from zoo.translate.messages import LANGUAGES, clean, normal_form, translates
from zoo.translate.software_strings import SoftwareStrings, build, load_strings, pairs
from zoo.translate.software_wheels import PROGRAMS, Program
from zoo.wheels import Wheel

GERMAN = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "&Open the   file"
msgstr "Datei &öffnen"

#, fuzzy
msgid "Close the file"
msgstr "Datei bearbeiten"

msgid "Delete %(name)s"
msgstr "%(nom)s entfernen"

msgid "Show <b>all</b> of %s"
msgstr "<b>Alle</b> von %s zeigen"

msgid "The window is not open"
msgstr "The window is not open yet"

msgid "Keyboard"
msgstr "Keyboard"

msgid "Mouse"
msgstr ""

msgid "%d page"
msgid_plural "%d pages"
msgstr[0] "%d Seite"
msgstr[1] "%d Seiten"

msgid "Please enter a valid %(value)s!"
msgstr "Schade"

msgctxt "shop"
msgid "Order"
msgstr "Bestellung"

msgctxt "list"
msgid "Order"
msgstr "Reihenfolge"

msgid "Anything"
msgstr "Ungültig!"

#~ msgid "Former message"
#~ msgstr "Ehemalige Meldung"
"""

FRENCH = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "&Open the   file"
msgstr "&Ouvrir le fichier"

msgctxt "shop"
msgid "Order"
msgstr "Commande"

msgid "%d page"
msgid_plural "%d pages"
msgstr[0] "%d page ici"
msgstr[1] "%d pages ici"
"""

DJANGO = {
    "en": frozenset({"pleaseenteravalid"}),
    "de": frozenset({"ungültig"}),
    "fr": frozenset[str](),
    "cs": frozenset[str](),
    "es": frozenset[str](),
}


def _wheel(name: str, files: dict[str, bytes]) -> Program:
    """A program with one wheel of these files, in the cache."""
    file = f"{name}-1.0-py3-none-any.whl"
    wheel = Wheel(
        project=name, version="1.0", file=file, sha256=hashlib.sha256(name.encode()).hexdigest()
    )
    wheel.path().parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel.path(), "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return Program(name, "MIT", (wheel,))


@pytest.fixture
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache, and a Django that says little."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(django_messages, "known_forms", lambda: DJANGO)
    return tmp_path / "zoo"


@pytest.fixture
def programs(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Program, ...]:
    editor = _wheel(
        "editor",
        {
            "editor/locale/de/LC_MESSAGES/editor.po": GERMAN.encode(),
            "editor/locale/fr_FR/LC_MESSAGES/editor.po": FRENCH.encode(),
            "editor/locale/pt/LC_MESSAGES/editor.po": b"not read",
            "editor/code.py": b"raise SystemExit",
        },
    )
    home = _wheel(
        "home",
        {
            f"home/components/lamp/translations/{language}.json": json.dumps(texts).encode()
            for language, texts in {
                "en": {
                    "title": "Open the file",
                    "step": {"on": "Turn on {name}"},
                    "x": "{n, plural, one {# day} other {# days}}",
                },
                "de": {"title": "Die Datei öffnen", "step": {"on": "{name} einschalten"}},
                "es": {
                    "title": "Abrir el archivo",
                    "step": {"on": "Encender {nombre}"},
                    "x": "{n, plural, one {# día} other {# días}}",
                },
            }.items()
        },
    )
    found = (editor, home)
    monkeypatch.setattr(software_strings, "PROGRAMS", found)
    return found


def _by_english(lines: list[dict[str, str]], english: str) -> list[dict[str, str]]:
    return [
        {name: text for name, text in line.items() if name in ("de", "fr", "cs", "es")}
        for line in lines
        if line["en"] == english
    ]


def test_the_table_holds_what_is_fit_and_nothing_else(programs: tuple[Program, ...]) -> None:
    lines = build(programs, Progress())
    assert {line["en"] for line in lines} == {
        "Open the file",
        "Show <b>all</b> of %s",
        "%d page",
        "Order",
        "Turn on {name}",
    }
    assert _by_english(lines, "%d page") == [{"de": "%d Seite", "fr": "%d page ici"}]
    assert _by_english(lines, "Turn on {name}") == [{"de": "{name} einschalten"}]
    assert {(line["package"], line["licence"]) for line in lines} == {
        ("editor", "MIT"),
        ("home", "MIT"),
    }


def test_translations_of_one_key_stay_together(programs: tuple[Program, ...]) -> None:
    order = _by_english(build(programs, Progress()), "Order")
    assert order == [{"de": "Bestellung", "fr": "Commande"}, {"de": "Reihenfolge"}]


def test_what_one_program_lacks_another_fills(programs: tuple[Program, ...]) -> None:
    first, second = _by_english(build(programs, Progress()), "Open the file")
    assert first == {"de": "Datei öffnen", "fr": "Ouvrir le fichier", "es": "Abrir el archivo"}
    assert second == {"de": "Die Datei öffnen", "es": "Abrir el archivo"}


def test_at_most_two_variants_the_usual_one_first(own_cache: Path) -> None:
    texts = ["Speichern", "Sichern", "Ablegen", "Sichern"]
    files = {
        f"p/c{number}/translations/{language}.json": json.dumps({"save": text}).encode()
        for number, german in enumerate(texts)
        for language, text in (("en", "Save now"), ("de", german))
    }
    lines = build([_wheel("p", files)], Progress())
    assert [line["de"] for line in lines] == ["Sichern", "Speichern"]


def test_the_table_is_made_once_and_the_same_each_time(
    programs: tuple[Program, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SoftwareStrings()
    assert source.present()
    assert load_strings(Progress()) == build(programs, Progress())
    first = software_strings.table_path().read_bytes()
    software_strings.write_table(build(programs, Progress()), software_strings.table_path())
    assert software_strings.table_path().read_bytes() == first
    assert [path.name for path in software_strings.table_path().parent.iterdir()] == [
        software_strings.table_path().name
    ]
    for program in programs:
        program.wheels[0].path().unlink()
    assert source.present()
    assert load_strings(Progress())


def test_rows_are_pairs_in_both_directions(programs: tuple[Program, ...]) -> None:
    load_strings(Progress())
    rows = list(SoftwareStrings().rows("train"))
    assert (Passage("Order", "en", "de"), "Bestellung") in rows
    assert (Passage("Bestellung", "de", "fr"), "Commande") in rows
    assert len(rows) == len(set(rows))
    assert {(Passage(text, p.target, p.source), p.text) for p, text in rows} == set(rows)
    with pytest.raises(UnknownNameError, match="split of software-strings"):
        SoftwareStrings().rows("test")


def test_pairs_leave_out_what_is_the_same_in_both() -> None:
    lines = [{"en": "State", "de": "Status", "fr": "Statut", "cs": "status"}] * 2
    found = {(p.source, p.target) for p, _ in pairs(lines)}
    assert ("de", "cs") not in found
    assert ("de", "fr") in found
    assert sum(p.source == "en" and p.target == "de" for p, _ in pairs(lines)) == 1


def test_without_wheels_it_is_said_how_to_get_them(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not SoftwareStrings().present()
    assert not SoftwareStrings().fetch()  # offline
    with pytest.raises(DataNotFoundError, match="pip install"):
        load_strings()


def test_a_broken_table_is_refused(programs: tuple[Program, ...]) -> None:
    software_strings.table_path().parent.mkdir(parents=True)
    software_strings.table_path().write_bytes(b"nothing")
    with pytest.raises(DataError, match="cannot be read"):
        load_strings()


def test_a_compiled_catalog_is_read_where_it_is_the_only_one() -> None:
    paths = ["a/de/LC_MESSAGES/x.mo", "a/de/LC_MESSAGES/x.po", "a/de/LC_MESSAGES/y.mo"]
    assert [one.path for one in catalogs(paths)] == paths[1:]
    compiled = polib.pofile(GERMAN).to_binary()
    found = {one.text for one in messages(compiled, "mo", "y.mo")}
    assert {"Datei &öffnen", "%d Seite"} <= found
    assert "Datei bearbeiten" not in found  # marked as doubtful


@pytest.mark.parametrize("content", [b"{", b"[1", b'"\xff"'])
def test_a_broken_catalog_is_told_by_name(content: bytes) -> None:
    with pytest.raises(DataError, match=r"lamp/de\.json"):
        list(messages(content, "json", "lamp/de.json"))


def test_the_regions_of_a_language_are_those_at_home() -> None:
    paths = [f"x/{one}/LC_MESSAGES/x.po" for one in ("de_DE", "es-ES", "es_MX", "fr_CA", "cs")]
    paths.append(f"static/translations/config/de-{'0123456789abcdef' * 2}.json")
    found = {one.language: one.place for one in catalogs(paths)}
    assert sorted(found) == ["cs", "de", "es"]
    assert found["cs"] == found["es"]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  E&xit \n now ", "Exit now"),
        ("A&ide", "Aide"),
        ("_Save as", "Save as"),
        ("R&D of AT&T", "R&D of AT&T"),
        ("Save &amp; go", "Save &amp; go"),
        ("Cafe\u0301 \u00a0ferm\u00e9\u200b", "Café fermé"),
        ("https://x.org/?a=1&b=2 is it", "https://x.org/?a=1&b=2 is it"),
        ("%(name)s: {0}", ""),
        ("10 %", ""),
        ("max_retry_count", ""),
        ("One.\n\nTwo.", ""),
        ("GrÃ¶Ãe in Pixeln", ""),
        ("Русский текст", ""),
        ("{n, plural, one {# day} other {# days}}", ""),
        ("[%key:common::state::on%] it is", ""),
        ("word " * 61, ""),
    ],
)
def test_cleaning(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("english", "text", "language", "fit"),
    [
        ("Remove {name} from %s", "{name} aus %s entfernen", "de", True),
        ("Remove {name}", "{nom} entfernen", "de", False),
        ("<b>Stop</b> it", "<b>Stopp<b>", "de", False),
        ("Twice %s and %s", "Zweimal %s", "de", False),
        ("Wait 5 seconds", "15 Sekunden warten", "de", False),
        ("100% sure", "100% sicher", "de", True),
        ("Cancel", "cancel", "fr", False),
        ("OK", "Das ist nun wirklich alles in bester Ordnung", "de", False),
        ("This is not for you", "Ce n'est pas pour vous", "fr", True),
        ("This is not for you", "Das ist nicht für dich", "fr", False),
        ("Show the Home Assistant Cloud", "Show the Home Assistant Cloud now", "cs", False),
        ("Set up the Home Assistant Cloud", "Home Assistant Cloud einrichten", "de", False),
        ("The port of the Brother printer", "Le port de l'imprimante Brother", "fr", True),
    ],
)
def test_what_may_be_a_translation(english: str, text: str, language: str, fit: bool) -> None:
    assert translates(english, text, language) is fit


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Enter a valid %(value)s.", "enter a  valid {thing}"),
        ("&Save", "SAVE…"),
        ("<b>Log in</b>", "Log-in"),
        ("Straße", "STRASSE"),
        ("Select %s to change&nbsp;it", "Select {0} to change it"),
    ],
)
def test_the_normal_form_knows_words_only(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other) != ""


def test_the_wheels_are_pinned_and_named_once() -> None:
    found = [wheel for program in PROGRAMS for wheel in program.wheels]
    for field in ("project", "file", "sha256"):
        assert len({getattr(wheel, field) for wheel in found}) == len(found)
    for wheel in found:
        assert len(bytes.fromhex(wheel.sha256)) == 32
        assert wheel.file.endswith("-none-any.whl")
        assert f"-{wheel.version}-" in wheel.file
    assert {program.license for program in PROGRAMS} == {
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "MIT",
    }


def test_nothing_of_django_is_in_the_corpus() -> None:
    if not software_strings.table_path().is_file():
        pytest.skip("needs software-strings in the cache: zoo.translate.software_strings")
    lines = load_strings()
    assert len(lines) > 50_000
    here = {
        language: {normal_form(line[language]) for line in lines if language in line}
        for language in LANGUAGES
    }
    known = django_messages.known_forms()
    for language in LANGUAGES:
        assert len(known[language]) > 500
        assert not here[language] & known[language]
    for language in LANGUAGES[1:]:
        for passage, answer in django_messages.django_messages("test", "en", language):
            assert normal_form(passage.text) not in here["en"]
            assert normal_form(answer) not in here[language]
