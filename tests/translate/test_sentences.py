from __future__ import annotations

import random

import pytest

from zoo.text import Passage
from zoo.translate.sentences import Piece, equal_parts, split


def pieces(text: str, longest: int = 80, language: str = "en") -> list[tuple[str, str]]:
    return [(one.text, one.space) for one in split(Passage(text, language, "de"), longest)]


def test_sentences_and_the_space_between_them() -> None:
    assert pieces("One dog. Two  dogs?\n\nThree! ") == [
        ("One dog.", " "),
        ("Two  dogs?", "\n"),
        ("", "\n"),
        ("Three!", " "),
    ]
    assert pieces("  Mr. Smith has 3.5 dogs, e.g. Rex.\r\nHi.") == [
        ("", "  "),
        ("Mr. Smith has 3.5 dogs, e.g. Rex.", "\r\n"),
        ("Hi.", ""),
    ]


def test_blank_space_of_any_kind_can_stand_before_a_full_stop() -> None:
    for blank in "\u00a0\u202f\u2009\u3000\u2028\t":
        text = f"Z{blank}. Quoi{blank}? Oui{blank}!"
        assert "".join(text + space for text, space in pieces(text, language="fr")) == text


def test_sentences_that_are_the_same() -> None:
    assert pieces("No. No. No! No!") == [("No.", " "), ("No.", " "), ("No!", " "), ("No!", "")]


def test_sentences_without_spaces() -> None:
    assert pieces("犬が走る。猫は？はい！", language="ja") == [
        ("犬が走る。", ""),
        ("猫は？", ""),
        ("はい！", ""),
    ]


def test_a_sentence_that_is_too_long_is_cut_at_a_pause_or_anywhere() -> None:
    assert pieces("a b c, d e f g h", 5) == [("a b c,", " "), ("d e f g h", "")]
    assert pieces("a, b c d e f g", 5) == [("a, b c d e", " "), ("f g", "")]
    assert pieces("a b; c d, e f g", 4) == [("a b; c d,", " "), ("e f g", "")]
    assert pieces("犬" * 10, 2, "ja") == [("犬" * 6, ""), ("犬" * 4, "")]
    assert pieces("x" * 450, 1) == [("x" * 200, ""), ("x" * 200, ""), ("x" * 50, "")]


def test_lines_of_any_kind() -> None:
    for end in ("\n", "\r\n", "\x85", "\u2028", "\u2029"):
        assert pieces(f"a b{end}c{end}{end}D d") == [
            ("a b", end),
            ("c", end),
            ("", end),
            ("D d", ""),
        ]


def test_a_piece_has_no_more_than_600_characters() -> None:
    word = "x" * 99
    assert [len(text) for text, _ in pieces(f"{word} " * 9)] == [599, 299]
    assert [len(text) for text, _ in pieces(f"{word} {word} {word} {word}, " + f"{word} " * 5)] == [
        400,
        499,
    ]
    # Rather at a blank than within what is cut itself for its length.
    assert [len(text) for text, _ in pieces(f"{word} " * 4 + "y" * 500)] == [399, 500]
    assert [len(text) for text, _ in pieces("y" * 1300)] == [600, 600, 100]
    assert pieces(f"a{' ' * 700}b") == [("a", " " * 700), ("b", "")]


def test_what_has_a_letter_is_translatable() -> None:
    text = Passage("One.\n1, 2\n\u00e9\n\U0001f600\n-", "en", "de")
    assert [one.translatable for one in split(text, 80)] == [True, False, True, False, False]
    assert split(Passage("", "en", "de"), 80) == []
    assert split(Passage(" ", "en", "de"), 80) == [Piece("", " ", False)]


@pytest.mark.parametrize("language", ["en", "de", "ja", "zh-Hant", "ar", "ak-Latn", "mul"])
def test_nothing_is_lost_in_any_language(language: str) -> None:
    rng = random.Random(language)
    signs = "ab Z.?!,;:'\"()<>&%{}0\n\r\t\u00a0\u2028\u3000\u200d\u0301\u00e9。、犬ก\u05d0\u0645👩"
    signs += "\x85\u2029"
    for length in (1, 2, 10, 100, 1000) * 10:
        text = "".join(rng.choices(signs, k=length))
        for longest in (1, 3, 80):
            found = split(Passage(text, language, "en"), longest)
            assert "".join(one.text + one.space for one in found) == text
            assert all(one.text == one.text.strip() for one in found)
            assert not any(one.space.strip() for one in found)
            assert max(len(one.text) for one in found) <= 600


def test_parts_are_few_and_about_equal() -> None:
    assert equal_parts([], 3) == [[]]
    assert equal_parts([1, 2, 3], 3) == [[1, 2, 3]]
    assert equal_parts([1, 2, 3, 4], 3) == [[1, 2], [3, 4]]
    for count in range(1, 40):
        parts = equal_parts(list(range(count)), 7)
        assert [x for part in parts for x in part] == list(range(count))
        assert len(parts) == -(-count // 7)
        assert max(map(len, parts)) - min(map(len, parts)) <= 1
