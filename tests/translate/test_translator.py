from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.translate.stub import Stub
from zoo.errors import InputError
from zoo.predictions import Translation
from zoo.text import Passage
from zoo.translate.translator import LONGEST, checked_beams

ONE_WAY = frozenset({("en", "de")})
KINDS = {
    "latin": "The quick brown fox. Is it? Yes! No; well, e.g. 3.5 % of Mr. Smith's U.S. dogs…",
    "emoji": "Hi 👋🏽! 👩‍👩‍👧‍👦 are here. 🇩🇪🇨🇿 flags?! ❤️",
    "rtl": "שלום עולם. مرحبا بالعالم؟ \u200fنعم\u200e! یک دو سه.",
    "cjk": "犬が浜辺を走る。猫は？はい！你好，世界。狗在沙滩上跑。",
    "combining": "Ä ö ü é Ç n̈ tôi là người Việt Nam. क्षत्रिय हैं।",
    "layout": "one\ttwo  three\n\n\n  four five \n\tsix.\n",
    "markup": '<p class="a">Hello <b>big</b> world.</p> &amp; %(name)s {x} {{ y }} <br/>',
    "signs": "... --- !!! 12345 67.89 // ?? ** __ || 1) 2) 3)",
}


def texts() -> list[str]:
    """Words of all kinds in random order, with blank space of all kinds between them."""
    rng = random.Random(0)
    words = [word for text in KINDS.values() for word in text.split()]
    spaces = [" "] * 12 + [
        "  ",
        "\n",
        "\n\n",
        "\t",
        "\u00a0",
        "\u3000",
        " \n ",
        "\u2028",
        "\u2029",
        "\x85",
        "\r\n",
    ]
    return [
        "".join(rng.choice(words) + rng.choice(spaces) for _ in range(rng.randint(1, 200)))
        for _ in range(60)
    ]


@pytest.mark.parametrize("longest", [1, 2, 7, 80])
@pytest.mark.parametrize("text", [*KINDS.values(), *texts()[:12]])
def test_a_text_is_cut_and_put_together_without_loss(text: str, longest: int) -> None:
    model = Stub(lambda piece: piece, longest=longest)
    for source, target in (("en", "de"), ("de", "en")):
        answer = model.predict(Passage(text, source, target))
        assert answer.text == text
        assert (answer.source, answer.target) == (source, target)
    assert all(piece.text == piece.text.strip() != "" for piece in model.pieces)
    assert all(any(map(str.isalpha, piece.text)) for piece in model.pieces)
    assert max((len(piece.text.split()) for piece in model.pieces), default=0) <= longest


@pytest.mark.parametrize("text", texts()[12:])
def test_the_same_of_many_texts_at_once(text: str) -> None:
    passages = [Passage(part, "en", "de") for part in text.split("\n") if part.strip()]
    answers = Stub(lambda piece: piece, longest=5).predict_batch(passages)
    assert [one.text for one in answers] == [one.text for one in passages]


@pytest.mark.parametrize("text", ["word " * 10_000, "犬" * 10_000, "x" * 10_000, "a, b. " * 5_000])
def test_long_texts_come_in_pieces(text: str) -> None:
    model = Stub()
    assert model.predict(text, source="en", target="de").text == text.upper()
    assert len(model.pieces) >= len(text) / 80 / 200
    assert all(len(piece.text.split()) <= 80 for piece in model.pieces)
    assert all(len(piece.text) <= 80 * 3 for piece in model.pieces if "犬" in piece.text)
    assert all(len(piece.text) <= 600 for piece in model.pieces)


def test_what_has_no_letters_is_not_translated() -> None:
    model = Stub(lambda _: "X")
    for text in ("12 + 3 = 15", "...", "👩‍👩‍👧 👋🏽", " \n- -\n"):
        answer = model.predict(text, source="en", target="de")
        assert (answer.text, answer.score) == (text, 0)
    assert model.pieces == []
    assert model.predict("1.\n\n\ta\n2.", source="en", target="de").text == "1.\n\n\tX\n2."


def test_markup_comes_whole_to_the_translator() -> None:
    model = Stub(lambda piece: piece)
    text = '<a href="x.html">Hello</a>, %(name)s! You have {0:>3} new <b>messages</b>.'
    assert model.predict(text, source="en", target="de").text == text
    assert "".join(piece.text for piece in model.pieces).replace(" ", "") == text.replace(" ", "")


def test_sentences_are_parted_where_the_target_wants_space() -> None:
    model = Stub(lambda piece: f"{len(piece)} signs.")
    answer = model.predict("犬が走る。猫は？\nはい！", source="en", target="de")
    assert answer.text == "5 signs. 3 signs.\n3 signs."


def test_what_is_not_seen_is_dropped_and_what_is_no_character_becomes_space() -> None:
    model = Stub(lambda piece: piece)
    for text, expected in (
        ("\ufeffa so\xadft, zero\u200bwidth\ufeff", "a soft, zerowidth"),
        ("u\xad\u0308ber", "über"),
        ("می\u200cخواهم क्\u200dष 👩\u200d👧", "می\u200cخواهم क्\u200dष 👩\u200d👧"),
        ("a\x00b\x08\x7f c\x9f", "ab c"),
        ("\x1b[31mred\x1b[0m, \x1b[1;38;5;9mbold\x9b0m\x1b", "red, bold"),
        ("\x1b]0;title\x07a\x1b]8;;https://x.org\x1b\\b\x1b]open", "ab]open"),
        ("a\vb\fc\x1cd\x1fe", "a b c d e"),
        ("a\x85b\u2028c\u2029d", "a\x85b\u2028c\u2029d"),
        ("a\ue000b\U000f0000c\U0010fffdd", "a b c d"),
        ("a\ud800b", "a b"),
        ("a\uffffb\ue000", "a b "),
        ("e\u0301a", "éa"),
        ("a\r\nb\rc", "a\r\nb\rc"),
    ):
        assert model.predict(text, source="en", target="de").text == expected


def test_score_and_phrases_are_those_of_the_pieces() -> None:
    answer = Stub().predict("One dog. Two dogs.\n3\nThree dogs.", source="en", target="de")
    assert answer.score == -3
    assert [phrase.source for phrase in answer.phrases] == ["One dog.", "Two dogs.", "Three dogs."]


# --- inputs ---------------------------------------------------------------------------------------


BAD = [
    "",
    " \n\t",
    "\x00",
    None,
    7,
    float("nan"),
    np.nan,
    b"text",
    ["text"],
    {"txt": "a"},
    {"text": None},
    "\ufeff\xad\u200b",
    "\x1b[31m",
    object,
]


@pytest.mark.parametrize("x", BAD, ids=repr)
def test_what_is_no_text_is_refused_before_anything_runs(x: Any) -> None:
    model = Stub(directions=ONE_WAY)
    for wrap in (lambda x: x, lambda x: Passage(x, "en", "de"), lambda x: {"text": x}):
        for ask in (model.predict, lambda x: model.predict_batch([x])):
            with pytest.raises(InputError) as caught:
                ask(wrap(x))
            assert str(caught.value).endswith(".")
            assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=r"^Input 2: "):
        model.predict_batch(["a", "b", x, "c"])
    assert model.pieces == []


def test_a_text_that_is_too_long_is_refused() -> None:
    model = Stub(directions=ONE_WAY)
    assert len(model.predict("a " * (LONGEST // 2)).text) == LONGEST
    with pytest.raises(InputError, match="at most 200,000 characters; 200,001 came"):
        model.predict("a" * (LONGEST + 1))


def test_languages_come_with_the_text_or_beside_it() -> None:
    model = Stub()
    expected = Translation(
        "A", "en", "de", -1.0, model.predict("a", source="en", target="de").phrases
    )
    passage = Passage("a", "en", "de")
    for x, options in (
        (passage, {}),
        (Passage("a", "en-GB", "de_AT"), {}),
        (passage, {"source": "en-GB", "target": "deu"}),
        ({"text": "a", "source": "en", "target": "de"}, {}),
        ({"text": "a"}, {"source": "en", "target": "de"}),
        ({"text": "a", "target": "de"}, {"source": "en", "target": "de-AT"}),
        ({"text": "a", "source": None, "target": None}, {"source": "en", "target": "de"}),
        ("a", {"source": "en-US", "target": "de"}),
    ):
        assert model.predict(x, **options) == expected
        assert model.predict_batch([x, x], **options) == [expected] * 2
    assert Stub(directions=ONE_WAY).predict("a") == expected
    texts = [Passage("a", "en", "cs"), {"text": "b", "target": "pt"}]
    answers = model.predict_batch(texts, source="en")
    assert [(one.source, one.target) for one in answers] == [("en", "cs"), ("en", "pt-BR")]


@pytest.mark.parametrize(
    ("x", "options", "words"),
    [
        (Passage("a", "en", "de"), {"source": "de"}, "its source is 'en'; 'de' came as source"),
        (Passage("a", "en", "de"), {"target": "cs"}, "its target is 'de'; 'cs' came as target"),
        ({"text": "a", "target": "cs"}, {"target": "de"}, "its target is 'cs'; 'de' came"),
        (Passage("a", "en", "de"), {"target": "fr"}, "no target language 'fr'"),
        (Passage("a", "en", "de"), {"target": 7}, "int came as target"),
        ({"text": "a", "source": ["en"]}, {"source": "en"}, "list came as source"),
    ],
)
def test_languages_that_contradict_each_other_are_refused(
    x: Any, options: dict[str, Any], words: str
) -> None:
    model = Stub()
    for ask in (model.predict, lambda x, **given: model.predict_batch([x], **given)):
        with pytest.raises(InputError, match=words):
            ask(x, **options)
    assert model.pieces == []


def test_a_mapping_without_a_text_is_told_which_key_it_lacks() -> None:
    for x in ({}, {"txt": "a", "source": "en", "target": "de"}):
        with pytest.raises(InputError, match="'text'; that key is missing"):
            Stub().predict(x)


@pytest.mark.parametrize("beams", [0, -1, 9, 1.0, True, "5", None, float("nan"), [1]])
def test_beams_are_a_whole_number(beams: Any) -> None:
    assert [checked_beams(number, 8) for number in (1, 8)] == [1, 8]
    with pytest.raises(InputError, match=r"beams is a whole number from 1 to 8; .* came"):
        checked_beams(beams, 8)


def test_several_texts_are_a_list() -> None:
    model = Stub(directions=ONE_WAY)
    assert [one.text for one in model.predict_batch(iter(["a", "b"]))] == ["A", "B"]
    assert model.predict_batch([]) == []
    for x in ("text", b"text", {"text": "a"}, Passage("a", "en", "de"), None, 7, Path("x")):
        with pytest.raises(InputError, match="takes a list of inputs"):
            model.predict_batch(x)  # type: ignore[arg-type]


def test_options_are_known_or_refused() -> None:
    model = Stub(directions=ONE_WAY)
    assert model.predict("a", loud=True).text == "A!"
    with pytest.raises(InputError, match="no option 'beams'; it has loud, source, target"):
        model.predict("a", beams=3)
