"""Words out of text and back."""

from __future__ import annotations

import time

import pytest

from zoo.translate.tokens import Tokens, TrueCase, _atoms, begins_with_capital, is_atom, raised


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "A man's dog doesn't run, 5% of the \"time\"."),
        ("en", "T-shirts (two) cost 3.50 in the U.S."),
        ("de", "Ein Mann, der 3,50 Euro hat, sagt: „Hallo!“"),
        ("fr", "L'homme qu'il voit aujourd'hui est-il là ?"),
        ("fr", "« Oui » : c'est ça !"),
        ("cs", "Muž v modrém tričku stojí na žebříku (a myje okno)."),
        ("es", "¿Dónde está el perro? ¡Aquí!"),
        ("en", "%s: {name} has {0:.2f}% of “files” in /usr/bin, a_b=c (see https://x.org/a?b=c)."),
        ("en", '<a href="a page">%(count)d%%</a>…'),
        ("en", "Use --help or -v, 5 - 3, and/or 10–20; write to foo@bar.example."),
        ("de", "Öffne ${HOME}\\n&nbsp;und %1$s"),
        ("en", "½ ÷ 北 🎉ok e\u0301t\u00e9"),
    ],
)
def test_text_survives_being_split(language: str, text: str) -> None:
    tokens = Tokens(language)
    assert tokens.join(tokens.split(text)) == text


@pytest.mark.parametrize(
    "word",
    [
        "%(name)s", "%s", "%1$s", "%.2f", "{name}", "{}", "{{ user.name }}", "</b>", "&amp;",
        "https://example.org/a?b=c#d", "a@b.example", "--dry-run", "snake_case",
    ],
)  # fmt: skip
def test_a_placeholder_is_one_word(word: str) -> None:
    words = Tokens("en").split(f"Before {word} after")
    assert len(words) == 3
    assert is_atom(words[1])


def test_a_percentage_is_no_placeholder() -> None:
    assert Tokens("en").split("100 % done") == ["100", "%", "done"]
    assert "%" in Tokens("en").split("It is 100% done.")


def test_a_placeholder_remembers_what_touched_it() -> None:
    tokens = Tokens("en")
    words = tokens.split("<b>File</b> %s")
    assert tokens.join([words[3], words[0], "Datei", words[2]]) == "%s <b>Datei</b>"
    assert tokens.join(["see", *words[:3], "."]) == "see <b>File</b>."


def test_private_characters_of_a_text_are_not_taken_for_marks() -> None:
    tokens = Tokens("en")
    assert tokens.join(tokens.split("a\ue000b \ue001 c %s")) == "a b c %s"
    assert tokens.split("\ue000") == []
    assert tokens.join([]) == ""


def test_typographic_apostrophes_become_plain() -> None:
    assert Tokens("en").split("don’t") == ["don", "'t"]


def test_only_first_words_change_their_case() -> None:
    case = TrueCase.of([["The", "Dog", "sees", "Anna"], ["Anna", "sees", "the", "dog", "the"]])
    assert case.lowered(["The", "Dog"]) == ["the", "Dog"]
    assert case.lowered(["Anna", "sleeps"]) == ["Anna", "sleeps"]
    assert case.lowered(['"', "The", "end"]) == ['"', "the", "end"]
    assert case.lowered(["Xaver", "The"]) == ["Xaver", "The"]
    assert case.lowered(["%s", "The"]) == ["%s", "The"]
    assert case.lowered([]) == []
    assert TrueCase.of_array(case.to_array()).usual == case.usual


def test_capitals_come_back() -> None:
    assert raised(['"', "the", "dog"]) == ['"', "The", "dog"]
    assert raised(["éclair"]) == ["Éclair"]
    assert raised(["https://example.org", "the"]) == ["https://example.org", "the"]
    assert begins_with_capital(["(", "The", "end"])
    assert not begins_with_capital(["the", "End"])
    assert not begins_with_capital(["%s"])


@pytest.mark.parametrize(
    ("language", "words", "text"),
    [
        ("de", ["Ein", "Mann", "'s", "Fahrrad"], "Ein Mann's Fahrrad"),
        ("cs", ["Psi", "'", "dům"], "Psi' dům"),
        ("fr", ["le", "chien", "'s", "."], "le chien's."),
        ("de", ["Er", "sagt", "'", "ja", "'", "."], "Er sagt 'ja'."),
        ("de", ["%s", "'s", "Haus"], "%s's Haus"),
    ],
)
def test_english_possessives_follow_their_word(language: str, words: list[str], text: str) -> None:
    assert Tokens(language).join(words) == text


@pytest.mark.parametrize(
    "text", ["a" * 50_000, "%" + "0" * 50_000, "-a." * 20_000, "a_b." * 20_000, "a-" * 20_000 + "@"]
)
def test_a_long_word_takes_no_long_time(text: str) -> None:
    begun = time.perf_counter()
    is_atom(text)
    assert all(_atoms(text))
    assert time.perf_counter() - begun < 3


def test_atoms_that_touch_each_other_are_told_apart() -> None:
    words = Tokens("en").split("%s_%s %d_foo %dFoo@bar.org $name.foo@bar.org")
    assert [word.replace("\ue001", "") for word in words] == [
        "%s", "_", "%s", "%d", "_foo", "%d", "Foo@bar.org", "$name", ".foo@bar.org",
    ]  # fmt: skip
