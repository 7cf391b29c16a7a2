from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polib
import pytest

from tests.translate.stub import Stub
from zoo.errors import InputError, ResultsError
from zoo.translate.catalog_filling import Filling, check_output, fill, read_catalog, write_catalog

GERMAN = "nplurals=2; plural=(n != 1);"
FRENCH = "nplurals=2; plural=(n > 1);"
CZECH = "nplurals=3; plural=(n==1) ? 0 : (n>=2 && n<=4) ? 1 : 2;"


def catalog(*entries: Any, **header: str) -> Any:
    made = polib.POFile()
    made.metadata = {"Content-Type": "text/plain; charset=UTF-8", **header}
    made.extend(
        polib.POEntry(msgid=entry) if isinstance(entry, str) else entry for entry in entries
    )
    return made


def plural(one: str, many: str, forms: int = 2, **filled: str) -> Any:
    texts = {i: filled.get(f"form{i}", "") for i in range(forms)}
    return polib.POEntry(msgid=one, msgid_plural=many, msgstr_plural=texts)


def shouted(text: str) -> str:
    """Upper case, but for placeholders."""
    words = (word if set(word) & set("%{<&/") else word.upper() for word in text.split(" "))
    return " ".join(words)


def filled(messages: Any, way: Callable[[str], str] = shouted, **options: Any) -> Filling:
    return fill(messages, Stub(way), source="en", target="de", **options)


def test_only_what_is_not_translated_is_filled_and_marked() -> None:
    messages = catalog(
        "one",
        polib.POEntry(msgid="two", msgstr="zwei"),
        polib.POEntry(msgid="three", msgstr="drei?", flags=["fuzzy"]),
        polib.POEntry(msgid="four", obsolete=True),
        polib.POEntry(msgid="five", msgctxt="number", flags=["python-format"], comment="a number"),
    )
    before = [str(entry) for entry in messages]
    filling = filled(messages)
    assert (filling.filled, filling.left_alone, filling.interrupted) == (2, [], False)
    assert [one.msgstr for one in messages] == ["ONE", "zwei", "drei?", "", "FIVE"]
    assert [one.flags for one in messages] == [
        ["fuzzy"],
        [],
        ["fuzzy"],
        [],
        ["python-format", "fuzzy"],
    ]
    assert [str(entry) for entry in messages][1:4] == before[1:4]
    assert messages[4].msgctxt == "number"
    again = filled(messages)
    assert (again.filled, again.left_alone) == (0, [])


def test_marks_nothing_if_not_asked_to() -> None:
    messages = catalog("one")
    filled(messages, fuzzy=False)
    assert messages[0].flags == []


@pytest.mark.parametrize(
    ("message", "translation"),
    [
        ("hello %(name)s you", "HELLO %(name)s YOU"),
        ("a {x} b {{ y }}", "A {x} B {{ y }}"),
        ("100%% of <b> this </b>", "100%% OF <b> THIS </b>"),
        ("Name:", "NAME:"),
        ("Open…", "OPEN…"),
        ("Wait...\n", "WAIT...\n"),
        ("\n two\n\n lines\n", "\n TWO\n\n LINES\n"),
        ("&File", "&FILE"),
        ("E&xit", "E&XIT"),
        ("a\tb", "A\tB"),
    ],
)
def test_what_is_no_text_stays(message: str, translation: str) -> None:
    messages = catalog(message)
    filling = filled(messages)
    assert (messages[0].msgstr, filling.left_alone) == (translation, [])


def test_damaged_placeholders_are_tried_again_behind_words() -> None:
    model = Stub(str.upper)
    messages = catalog("hello %(name)s", "<b>you</b>, {x}")
    filling = fill(messages, model, source="en", target="de")
    assert [one.msgstr for one in messages] == ["HELLO %(name)s", "<b>YOU</b>, {x}"]
    assert filling.filled == 2
    assert "hello QX1" in [piece.text for piece in model.pieces]


@pytest.mark.parametrize(
    ("message", "way", "why"),
    [
        ("hello %(name)s", lambda text: "hallo", "translated, it loses %(name)s"),
        ("hello", lambda text: "hallo %s", "translated, it invents %s"),
        ("%s of %d", lambda text: "%d von %s", "it changes the order of %s and %d"),
        ("<b>a</b>", lambda text: "</b>a<b>", "it mixes up the tags"),
        ("hello", lambda text: "", "its translation came out empty"),
        ("hello", lambda text: "?!", "its translation came out empty"),
        ("%(a)s / %(b)s", str, "there are no words in it"),
        ("https://example.org", str, "there are no words in it"),
        ("{n, plural, one {a file} other {files}}", str, "nested in its placeholders"),
        ("a" * 10_001, str, "it has more than 10,000 characters"),
    ],
)
def test_what_would_be_damaged_is_left_alone_and_told(message: str, way: Any, why: str) -> None:
    messages = catalog("fine", message)
    before = str(messages[1])
    filling = filled(messages, lambda text: "GUT" if text == "fine" else way(text))
    assert (messages[0].msgstr, filling.filled) == ("GUT", 1)
    assert str(messages[1]) == before
    (alone,) = filling.left_alone
    assert alone.message == message
    assert why in alone.why
    assert not alone.why.endswith(".")


@pytest.mark.parametrize(
    ("header", "forms", "expected"),
    [
        (GERMAN, 2, {0: "A %d FILE", 1: "%d FILES"}),
        (FRENCH, 2, {0: "A %d FILE", 1: "%d FILES"}),
        ("nplurals=2; plural=n==1;", 2, {0: "%d FILES", 1: "A %d FILE"}),
        ("nplurals=1; plural=0;", 1, {0: "%d FILES"}),
        (GERMAN, 0, {0: "A %d FILE", 1: "%d FILES"}),
    ],
)
def test_plural_forms(header: str, forms: int, expected: dict[int, str]) -> None:
    messages = catalog(plural("a %d file", "%d files", forms), **{"Plural-Forms": header})
    assert filled(messages).filled == 1
    assert messages[0].msgstr_plural == expected
    assert messages[0].flags == ["fuzzy"]


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("", "the header does not say how many"),
        ("nplurals=INTEGER; plural=EXPRESSION;", "the header does not say how many"),
        (CZECH, "it has 3 plural forms, and the original only two"),
        ("nplurals=2; plural=n%10!=1 && n>4;", "not those of the original"),
        ("nplurals=2; plural=__import__('os');", "cannot be read"),
        ("nplurals=2; plural=n/0;", "cannot be read"),
        ("nplurals=1; plural=0;", "more plural forms than the header says"),
    ],
)
def test_plural_forms_that_nobody_can_be_sure_of(header: str, why: str) -> None:
    messages = catalog(plural("%d file", "%d files"), "one", **{"Plural-Forms": header})
    filling = filled(messages)
    assert messages[0].msgstr_plural == {0: "", 1: ""}
    assert messages[1].msgstr == "ONE"
    assert why in filling.left_alone[0].why


def test_of_a_plural_only_what_is_missing_is_filled_and_wholly() -> None:
    header = {"Plural-Forms": GERMAN}
    messages = catalog(plural("%d file", "%d files", form0="%d Datei"), **header)
    assert filled(messages).filled == 1
    assert messages[0].msgstr_plural == {0: "%d Datei", 1: "%d FILES"}
    messages = catalog(plural("one file", "%d files"), **header)
    filling = filled(messages, lambda text: "eins")
    assert messages[0].msgstr_plural == {0: "", 1: ""}
    assert [one.message for one in filling.left_alone] == ["one file"]


def test_no_more_entries_than_asked_for() -> None:
    messages = catalog(*map(str.format, ["a{}"] * 5, "bcdef"))
    assert filled(messages, limit=2).filled == 2
    assert [bool(one.msgstr) for one in messages] == [True, True, False, False, False]
    assert filled(messages, limit=0).filled == 0


def test_what_was_filled_before_an_interruption_stays() -> None:
    def tire(text: str) -> str:
        if "end" in text:
            raise KeyboardInterrupt
        return text.upper()

    messages = catalog(*(f"word a{'b' * i}" for i in range(40)), "end", "after")
    filling = filled(messages, tire)
    assert filling.interrupted
    assert filling.filled == sum(bool(one.msgstr) for one in messages) == 32
    assert messages.metadata["Language"] == "de"


def test_progress_is_shown_by_whoever_is_given() -> None:
    seen = []

    def track(batches: Any) -> Any:
        for batch in batches:
            seen.append(len(batch))
            yield batch

    filled(catalog(*(f"word a{'b' * i}" for i in range(20))), track=track)
    assert seen == [16, 4]


def test_languages() -> None:
    messages = catalog("one")
    fill(messages, Stub(), source="en-GB", target="pt", limit=1)
    assert messages.metadata["Language"] == "pt_BR"
    for header, target in (("pt_BR", "pt"), ("de_AT", "de"), ("de@formal", "de"), ("??", "de")):
        fill(catalog("one", Language=header), Stub(), source="en", target=target)
    messages = catalog("one", Language="fr")
    with pytest.raises(InputError, match="The catalog is in 'fr', as its header says, not in 'de'"):
        filled(messages)
    with pytest.raises(InputError, match="no target language 'fr'"):
        fill(messages, Stub(), source="en", target="fr")
    assert messages[0].msgstr == ""


def test_a_charset_without_the_letters_is_respected() -> None:
    messages = catalog("one", "two")
    messages.encoding = "iso-8859-1"
    filling = filled(messages, lambda text: {"one": "dět", "two": "zwöi"}[text])
    assert [one.msgstr for one in messages] == ["", "zwöi"]
    assert filling.left_alone[0].why == "the catalog's charset iso-8859-1 has no 'ě'"


# --- files ----------------------------------------------------------------------------------------

WRITTEN = """# A title.
# Its translators.
#, fuzzy
msgid ""
msgstr ""
"Project-Id-Version: x 1\\n"
"Content-Type: text/plain; charset=CHARSET\\n"
"Language: \\n"

#. For translators
#: a.py:1 b.py:22
#, python-format
msgctxt "greeting"
msgid "Hello %s, this is a message that is so long that it has to be wrapped at last"
msgstr ""

#| msgid "Before"
msgid "After"
msgstr "Danach"

#~ msgid "gone"
#~ msgstr "weg"
"""


def test_files_are_read_and_written_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "messages.pot"
    path.write_text(WRITTEN)
    messages = read_catalog(path)
    assert filled(messages).filled == 1
    write_catalog(tmp_path / "messages.po", messages)
    written = (tmp_path / "messages.po").read_text()
    assert set(WRITTEN.splitlines()) - set(written.splitlines()) == {
        "#, python-format",
        '"Content-Type: text/plain; charset=CHARSET\\n"',
        '"Language: \\n"',
        'msgstr ""',
    } - {'msgstr ""'}
    assert "#, python-format, fuzzy" in written
    assert '"Content-Type: text/plain; charset=UTF-8\\n"' in written
    assert '"Language: de\\n"' in written
    assert written.endswith('weg"\n')
    assert read_catalog(tmp_path / "messages.po")[0].msgstr.startswith("HELLO %s, THIS")


@pytest.mark.parametrize("width", [77, 78, 80, 0])
def test_lines_are_wrapped_where_they_were(tmp_path: Path, width: int) -> None:
    messages = catalog(*("word " * count for count in range(5, 60, 3)), Language="de")
    messages.wrapwidth = width
    path = tmp_path / "a.po"
    write_catalog(path, messages)
    assert read_catalog(path).wrapwidth == width or str(read_catalog(path)) == str(messages)


@pytest.mark.parametrize("charset", ["ISO-8859-2", "UTF-8", "windows-1250", "UTF-16"])
def test_charsets(tmp_path: Path, charset: str) -> None:
    path = tmp_path / "a.po"
    header = f'msgid ""\nmsgstr "Content-Type: text/plain; charset={charset}\\n"\n'
    path.write_text(f'{header}\nmsgid "dog"\nmsgstr "štěně"\n\nmsgid "cat"\nmsgstr ""\n', charset)
    if charset == "UTF-16":  # gettext has none of these, either
        with pytest.raises(InputError, match="no message catalog"):
            read_catalog(path)
        return
    messages = read_catalog(path)
    assert messages[0].msgstr == "štěně"
    filled(messages, lambda text: "kočka")
    write_catalog(path, messages)
    assert "štěně" in path.read_text(charset)
    assert read_catalog(path)[1].msgstr == "kočka"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\x02",
        b"Hello\nworld\n",
        b'msgid "a\nmsgstr ""\n',
        b'msgid "a"\nmsgid "b"\n',
        b'msgstr "a"\n',
        b'msgid "\xff"\nmsgstr ""\n',
        bytes.fromhex("de120495000000000100000000000000"),
        b"#~ \n",
    ],
)
def test_broken_files_are_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.po"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_catalog(path)
    message = str(caught.value)
    assert "broken.po" in message
    assert message.endswith(".")
    assert "\n" not in message
    for nowhere in (tmp_path, tmp_path / "nowhere.po", Path('msgid "a"')):
        with pytest.raises(InputError, match="There is no message catalog"):
            read_catalog(nowhere)
    with pytest.raises(InputError, match="no message catalog"):
        read_catalog(tmp_path / ("a" * 300))


def test_where_a_catalog_can_be_written(tmp_path: Path) -> None:
    there = tmp_path / "there.po"
    there.write_text("kept")
    check_output(tmp_path / "new.po", overwrite=False)
    check_output(there, overwrite=True)
    for path, overwrite, words in (
        (there, False, "is there already"),
        (tmp_path, True, "is no file"),
        (Path("/dev/null"), True, "is no file"),
        (tmp_path / "nowhere" / "a.po", True, "there is no such folder"),
        (there / "a.po", True, "there is no such folder"),
        (Path("/proc/a.po"), True, "cannot be written"),
        (tmp_path / ("a" * 300), True, "cannot be written"),
    ):
        with pytest.raises((InputError, ResultsError), match=words) as caught:
            check_output(path, overwrite=overwrite)
        assert str(caught.value).endswith(".")
    assert [path.name for path in tmp_path.iterdir()] == ["there.po"]
    assert there.read_text() == "kept"
