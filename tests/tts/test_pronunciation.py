from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from zoo.errors import InputError
from zoo.tts.dictionary import SHA256, Phones, cmu_dictionary, unpacked
from zoo.tts.graphones import align
from zoo.tts.letter_to_sound import SHIPPED, LetterToSound
from zoo.tts.pronunciation import LONGEST_PHRASE, Pronouncer, english
from zoo.tts.syllables import Place, syllabify

WORDS = {
    "cat": "K AE1 T", "bat": "B AE1 T", "back": "B AE1 K", "cab": "K AE1 B", "tack": "T AE1 K",
    "kit": "K IH1 T", "bit": "B IH1 T", "tick": "T IH1 K", "kick": "K IH1 K", "tab": "T AE1 B",
    "box": "B AA1 K S", "tax": "T AE1 K S", "backbit": "B AE1 K B IH2 T",
}  # fmt: skip


@pytest.fixture(scope="module")
def pronouncer() -> Pronouncer:
    return Pronouncer()


def said(pronouncer: Pronouncer, text: str) -> str:
    return " | ".join(
        " ".join("-".join(map(str, word.phones)) for word in group.words) + group.mark
        for group in pronouncer.phones(text)
    )


def test_letters_are_aligned_with_their_phones() -> None:
    spoken = [[phone.rstrip("012") for phone in phones.split()] for phones in WORDS.values()]
    found = dict(zip(WORDS, align(list(WORDS), spoken), strict=True))
    assert found["cat"] == (1, 1, 1)
    assert sum(found["back"] or ()) == 3
    assert found["box"] == (1, 1, 2)
    assert align(["a", "it"], [["K", "AE", "T"], ["IH", "T"]])[0] is None


def learned() -> LetterToSound:
    entries = [(word, tuple(phones.split())) for word, phones in WORDS.items()]
    return LetterToSound.learn(entries * 4, least_gain=0.0)


def test_rules_know_what_they_learned_and_what_is_like_it() -> None:
    rules = learned()
    assert all(rules.pronounce(word) == tuple(phones.split()) for word, phones in WORDS.items())
    assert rules.pronounce("tackit").count("T") == 2
    assert [phone for phone in rules.pronounce("bick") if phone[-1].isdigit()] == ["IH1"]
    assert rules.pronounce("caf\u00e9!") == rules.pronounce("caf")


def test_rules_are_the_same_when_they_are_stored(tmp_path: Path) -> None:
    rules = learned()
    rules.write(tmp_path / "one.safetensors")
    again = LetterToSound.read(tmp_path / "one.safetensors")
    assert again.graphones == rules.graphones
    for word in ("cabbit", "tixack", "bob", "x"):
        assert again.pronounce(word) == rules.pronounce(word)
    again.write(tmp_path / "two.safetensors")
    first, second = ((tmp_path / f"{name}.safetensors").read_bytes() for name in ("one", "two"))
    assert first == second


def test_a_word_has_at_most_one_primary_stress() -> None:
    rules = learned()
    for word in ("catbatback", "bitkitbox", "tabtabtabtab"):
        assert sum(phone[-1] == "1" for phone in rules.pronounce(word)) == 1


def test_the_dictionary_is_the_published_one() -> None:
    assert hashlib.sha256(unpacked().encode()).hexdigest() == SHA256
    assert cmu_dictionary()["read"] == (("R", "EH1", "D"), ("R", "IY1", "D"))


def test_words_that_the_shipped_rules_never_saw_are_mostly_right() -> None:
    def bare(phones: Phones) -> list[str]:
        return [phone.rstrip("012") for phone in phones]

    rules = LetterToSound.read(SHIPPED)
    held_out = [
        (word, ways)
        for word, ways in cmu_dictionary().items()
        if word.isascii() and word.isalpha() and hashlib.sha256(word.encode()).digest()[0] < 26
    ][::60]
    right = [
        any(bare(rules.pronounce(word)) == bare(way) for way in ways) for word, ways in held_out
    ]
    assert sum(right) / len(right) > 0.6


def test_english_knows_words_and_rules() -> None:
    assert english() is english()
    words = english().phones("Hello blorbs")[0].words
    assert [word.by_rule for word in words] == [False, True]


@pytest.mark.parametrize(
    ("phones", "syllables"),
    [
        ("HH AH L OW", "HH AH.L OW"),
        ("K AH N S T R AH K SH AH N", "K AH N.S T R AH K.SH AH N"),
        ("S IH NG ER", "S IH NG.ER"),
        ("S T R EH NG K TH S", "S T R EH NG K TH S"),
        ("AH B AW T", "AH.B AW T"),
        ("HH M", "HH M"),
    ],
)
def test_consonants_belong_to_the_syllable_that_they_can_begin(phones: str, syllables: str) -> None:
    parts = phones.split()
    found = syllabify(parts)
    joined = parts[0]
    for phone, (before, _), (now, _) in zip(parts[1:], found, found[1:], strict=False):
        joined += ("." if now != before else " ") + phone
    assert joined == syllables


def test_places_in_the_syllable() -> None:
    places = [place for _, place in syllabify(["S", "T", "R", "EH", "NG", "K", "TH"])]
    assert places == [Place.ONSET] * 3 + [Place.NUCLEUS] + [Place.CODA] * 3


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("Hello, world!", "HH-AH0-L-OW1, | W-ER1-L-D!"),
        ("the cat, the apple", "DH-AH0 K-AE1-T, | DH-IY0 AE1-P-AH0-L"),
        ("Please record it.", "P-L-IY1-Z R-IH0-K-AO1-R-D IH1-T."),
        ("the record", "DH-AH0 R-EH1-K-ER0-D"),
        ("use it", "Y-UW1-Z IH1-T"),
        ("A B", "EY1 B-IY1"),
        ("PCs", "P-IY1 S-IY1-Z"),
        ("unmute", "AH2-N-M-Y-UW1-T"),
        ("cats' bus's", "K-AE1-T-S B-AH1-S-AH0-Z"),
    ],
)
def test_as_it_is_pronounced(pronouncer: Pronouncer, text: str, phones: str) -> None:
    assert said(pronouncer, text) == phones


def test_every_letter_has_a_name(pronouncer: Pronouncer) -> None:
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        (group,) = pronouncer.spoken_phones(letter)
        assert sum(phone.stress == 1 and phone.vowel for phone in group.words[0].phones) >= 1


def test_a_word_that_nothing_is_known_of_is_spelled_without_rules(pronouncer: Pronouncer) -> None:
    (group,) = pronouncer.phones("zqx")
    assert group.words[0].by_rule
    assert "-".join(map(str, group.words[0].phones)) == "Z-IY1-K-Y-UW1-EH1-K-S"
    with_rules = Pronouncer(learned()).phones("kitbat")
    symbols = [phone.symbol for phone in with_rules[0].words[0].phones]
    assert symbols == ["K", "IH", "T", "B", "AE", "T"]


def test_long_phrases_are_broken(pronouncer: Pronouncer) -> None:
    text = "the cat sat on the mat and " * 40
    groups = pronouncer.phones(text)
    assert sum(len(group.words) for group in groups) == 280
    assert all(len(group.words) <= LONGEST_PHRASE for group in groups)
    assert all(group.mark == "" for group in groups)


def test_nothing_to_say_is_refused(pronouncer: Pronouncer) -> None:
    with pytest.raises(InputError):
        pronouncer.phones("...")
