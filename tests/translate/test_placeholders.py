from __future__ import annotations

import pytest

from zoo.translate.placeholders import (
    damage,
    has_words,
    is_nested,
    mask,
    placeholders,
    take_apart,
)

EACH = {
    "%(name)s is %(age)d": ["%(name)s", "%(age)d"],
    "%(price).2f, %s, %d, %5.1f, %-3d, %+d": ["%(price).2f", "%s", "%d", "%5.1f", "%-3d", "%+d"],
    "%1$s of %2$d, %lu, %zd, %.*s": ["%1$s", "%2$d", "%lu", "%zd", "%.*s"],
    "100%% of %s": ["%%", "%s"],
    "{} {0} {name} {x.y[0]!r:>10}": ["{}", "{0}", "{name}", "{x.y[0]!r:>10}"],
    "{{ user.name|title }} {% url 'x' %}a{% endurl %}": [
        "{{ user.name|title }}",
        "{% url 'x' %}",
        "{% endurl %}",
    ],
    '<a href="%(url)s" class="x y">here</a><br/>': [
        '<a href="%(url)s" class="x y">',
        "</a>",
        "<br/>",
    ],
    "a &nbsp; &#160; &#xA0; b": ["&nbsp;", "&#160;", "&#xA0;"],
    "Qt %1 of %L2, %n": ["%1", "%L2", "%n"],
    "see https://example.org/a?b=1&c=2, or mail a.b+c@example.org.": [
        "https://example.org/a?b=1&c=2",
        "a.b+c@example.org",
    ],
    "${HOME} and ${ x }": ["${HOME}", "${ x }"],
    "50 % of a < b and c > d, 100% sure": [],
    "C:\\dir {see below} a@b & c": [],
}


@pytest.mark.parametrize("text", EACH, ids=str)
def test_what_is_a_placeholder(text: str) -> None:
    assert placeholders(text) == EACH[text]
    assert damage(text, text) is None
    masked = mask(text)
    assert masked is not None
    assert placeholders(masked.text) == []
    assert [stood_for for _, stood_for in masked.hidden] == EACH[text]
    assert masked.unmask(masked.text) == text


@pytest.mark.parametrize(
    ("source", "translation", "what"),
    [
        ("%(name)s has %s", "%s hat %(name)s", None),
        ("<b>Hi</b> {name}", "{name}, <b>hallo</b>", None),
        ("<b>a</b> <i>b</i>", "<i>b</i> <b>a</b>", None),
        ("a<br>b", "x<br>y", None),
        ("%1$s %2$s", "%2$s %1$s", None),
        ("%1 %2", "%2 %1", None),
        ("%s", "", "it loses %s"),
        ("%(name)s", "%(Name)s", "it loses %(name)s"),
        ("%s %s", "%s", "it loses %s"),
        ("a", "a %s", "it invents %s"),
        ("100%%", "100%% %%", "it invents %%"),
        ("%s of %d", "%d von %s", "it changes the order of %s and %d"),
        ("{} of {:d}", "{:d} von {}", "it changes the order of {} and {:d}"),
        ("<b>a</b>", "</b>a<b>", "it mixes up the tags"),
        ("<b>a <i>b</i></b>", "<b>a <i>b</b></i>", "it mixes up the tags"),
        ("</b>a<b>", "a</b><b>", None),  # halves that others complete
    ],
)
def test_what_damages_placeholders(source: str, translation: str, what: str | None) -> None:
    assert damage(source, translation) == what


def test_masks_come_back_in_any_order_and_case_or_not_at_all() -> None:
    masked = mask("%s of <b>%d</b> in {{ x }}")
    assert masked is not None
    assert masked.text == "QX1 of QX2QX3QX4 in QX5"
    assert masked.unmask("In qx5: QX1 von QX2QX3Qx4") == "In {{ x }}: %s von <b>%d</b>"
    assert masked.unmask("QX1 QX2 QX3 QX4") is None
    assert masked.unmask("QX1 QX2 QX3 QX4 QX5 QX5") is None
    assert masked.unmask("QX1 QX2 QX3 QX4 QX5 QX6") is None
    assert masked.unmask("QX1 QX2 QX3 QX4 QX 5") is None
    many = mask("{} " * 12)
    assert many is not None
    assert many.unmask(many.text) == "{} " * 12
    assert mask("the QX1 of %s") is None


def test_text_within_placeholders() -> None:
    assert is_nested("{count, plural, one {a file} other {# files}}")
    assert is_nested("Hi { g , select, female {her} other {them}}")
    assert not is_nested("{count} files, plural")


@pytest.mark.parametrize(
    ("message", "text", "start", "end", "mnemonic"),
    [
        ("Hello", "Hello", "", "", ""),
        ("\n  Hello \n\n", "Hello", "\n  ", " \n\n", ""),
        ("Name:", "Name", "", ":", ""),
        ("Name :\n", "Name", "", " :\n", ""),
        ("Open…", "Open", "", "…", ""),
        ("Save as...", "Save as", "", "...", ""),
        ("&File", "File", "", "", "f"),
        ("E&xit…", "Exit", "", "…", "x"),
        ("Save &As:", "Save As", "", ":", "a"),
        ("A && B", "A && B", "", "", ""),
        ("AT&T and R&D", "AT&T and R&D", "", "", ""),
        ("a & b", "a & b", "", "", ""),
        ("&One or &two", "&One or &two", "", "", ""),
        ("a &amp; b", "a &amp; b", "", "", ""),
        ("http://x.org/?a=1&b=2 x", "http://x.org/?a=1&b=2 x", "", "", ""),
        (":", ":", "", "", ""),
        ("", "", "", "", ""),
    ],
)
def test_a_message_is_taken_apart_and_put_together(
    message: str, text: str, start: str, end: str, mnemonic: str
) -> None:
    found = take_apart(message)
    assert (found.text, found.start, found.end, found.mnemonic) == (text, start, end, mnemonic)
    assert found.assemble(found.text).replace("&", "") == message.replace("&", "")


@pytest.mark.parametrize(
    ("message", "translation", "whole"),
    [
        ("&File", "Datei", "&Datei"),
        ("&Open", "Öffnen", "&Öffnen"),
        ("&Help", "Eine Hilfe", "Eine &Hilfe"),
        ("E&xit", "1 %s Beenden", "1 %s &Beenden"),
        ("&Save <b>", "<b>Sichern", "<b>&Sichern"),
        ("Name:", " Name : ", "Name:"),
        ("More…\n", "Mehr...", "Mehr…\n"),
        ("Wait", "Warte...", "Warte..."),
        (" a", "b", " b"),
    ],
)
def test_what_stood_around_it_stands_around_the_translation(
    message: str, translation: str, whole: str
) -> None:
    assert take_apart(message).assemble(translation) == whole


def test_whether_there_is_anything_to_translate() -> None:
    assert has_words("%s files")
    assert has_words("é")
    for text in ("", "%s", "%(a)s / {b}: 3 <br/>", "https://example.org", "&nbsp;", "{{ x }} …"):
        assert not has_words(text)
