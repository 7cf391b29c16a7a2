from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from zoo.errors import InputError
from zoo.translate.languages import code, direction, standard

KNOWN = ("cs", "de", "en", "nb", "pt-BR", "zh-Hans", "zh-Hant")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        *((one, one) for one in KNOWN),
        *(("DE", "de"), ("de_AT", "de"), ("deu", "de"), ("ger", "de"), ("en-Latn-US", "en")),
        *(("no", "nb"), ("pt", "pt-BR"), ("pt-PT", "pt-BR"), ("cze", "cs")),
        *(("zh", "zh-Hans"), ("zh-TW", "zh-Hant"), ("zh-HK", "zh-Hant"), ("cmn", "zh-Hans")),
    ],
)
def test_a_code_means_the_nearest_that_is_known(given: str, meant: str) -> None:
    assert code(given, KNOWN, role="source") == meant


@pytest.mark.parametrize("given", ["da", "sk", "nl", "ja", "und", "mul", "i-klingon"])
def test_another_language_is_refused(given: str) -> None:
    with pytest.raises(InputError, match=f"^It has no target language '{given}'; it has cs, de,"):
        code(given, KNOWN, role="target")


@pytest.mark.parametrize("given", ["", " ", "german", "x", "de-", "de\\n", "zz-ZZ", "d" * 40])
def test_what_is_no_code_is_called_so(given: str) -> None:
    with pytest.raises(InputError, match="which is no BCP 47 code; it has cs, de,") as caught:
        code(given, KNOWN, role="source")
    assert "\n" not in str(caught.value)


def test_what_is_no_code_is_not_quoted_at_any_length() -> None:
    with pytest.raises(InputError, match=f"language '{'d' * 40}…', which is no") as caught:
        code("d" * 10_000, KNOWN, role="source")
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("given", [7, b"de", ["de"], None, float("nan")])
def test_what_is_no_text_is_refused(given: Any) -> None:
    with pytest.raises(InputError, match="came as source"):
        code(given, KNOWN, role="source")
    if given is not None:
        with pytest.raises(InputError, match="came as target"):
            direction("en", given, [("en", "de")])


def test_of_many_languages_only_the_number_is_told() -> None:
    many = [f"q{a}{b}" for a in "abcdefg" for b in "abcdefg"]
    with pytest.raises(InputError, match=r"no source language 'de'; it has 49 others\.$"):
        code("de", many, role="source")


def test_a_direction_is_said_or_the_only_one() -> None:
    one = [("en", "de")]
    for given in ((None, None), ("en", None), (None, "de"), ("en-US", "de-AT")):
        assert direction(*given, one) == ("en", "de")
    star = [("en", "de"), ("en", "cs"), ("de", "en")]
    assert direction(None, "cs", star) == ("en", "cs")
    assert direction("de", None, star) == ("de", "en")
    assert direction("en", "cs", frozenset(star)) == ("en", "cs")


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        (None, None, "it lacks source (of de, en) and target (of cs, de, en)."),
        ("en", None, "it lacks target (of cs, de, en)."),
        ("de", "cs", "It does not translate de to cs, only de to en, en to cs, en to de."),
        ("en-GB", "en-US", "A text in 'en' needs no translation into 'en'."),
        ("cs", "en", "It has no source language 'cs'; it has de, en."),
    ],
)
def test_a_direction_that_is_none_is_refused(
    source: str | None, target: str | None, words: str
) -> None:
    star = [("en", "de"), ("en", "cs"), ("de", "en")]
    for _ in range(2):  # what is remembered is refused, too
        with pytest.raises(InputError) as caught:
            direction(source, target, star)
        assert str(caught.value).endswith(words)


def test_hundreds_of_languages_are_told_in_one_line() -> None:
    names = [f"q{a}{b}" for a in "abcdefghij" for b in "abcdefghijklmnopqrst"]
    many = frozenset(permutations(names, 2))
    assert direction("qaa", "qab", many) == ("qaa", "qab")
    with pytest.raises(InputError) as caught:
        direction("qaa", None, many)
    assert str(caught.value).endswith("it lacks target (of 200 others).")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *(("deu_Latn", "de"), ("eng", "en"), ("pt_br", "pt-BR"), ("de_DE", "de-DE")),
        *(("zho_Hant", "zh-Hant"), ("cmn_Hans", "zh-Hans"), ("arb_Arab", "ar"), ("iw", "he")),
        *(("pbt_Arab", "ps"), ("ns", "nso"), ("twi_Latn", "ak-Latn"), ("roa", "roa")),
        *(("ROMANCE", None), ("ces_slk", None), ("", None), ("en_el_es_fi", None), ("1", None)),
    ],
)
def test_how_others_write_languages(written: str, meant: str | None) -> None:
    assert standard(written) == meant


def test_varieties_can_be_kept_apart() -> None:
    assert standard("twi_Latn", narrow=True) == "tw-Latn"
    assert standard("arb_Arab", narrow=True) == "arb-Arab"
