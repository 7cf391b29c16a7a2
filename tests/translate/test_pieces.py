"""Pieces of words."""

from __future__ import annotations

import numpy as np
import pytest

from zoo.errors import InputError
from zoo.translate.pieces import END, PADDING, START, UNKNOWN, Pieces

TEXTS = [
    f"{article} {noun} {verb}"
    for article in ("a", "the", "no", "some")
    for noun in ("dog", "dogs", "cat", "cats", "house", "houses")
    for verb in ("sleeps", "sleep", "runs", "run", "waits", "wait")
]


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces.learn(TEXTS, ("de", "en"), 290)


def test_text_comes_back_whatever_its_script(pieces: Pieces) -> None:
    texts = [*TEXTS[:5], "Žluťoučký kůň", "שלום", "🙂 %(name)s <b>", "x" * 50]
    assert pieces.decode([one.tolist() for one in pieces.encode(texts)]) == texts


def test_no_text_is_unknown_and_none_makes_a_sign(pieces: Pieces) -> None:
    signs = {UNKNOWN, START, END, PADDING, pieces.sign("de"), pieces.sign("en")}
    assert len(signs) == 6
    for encoded in pieces.encode(["的", "<2de> </s> <pad> <s>", "\u202e"]):
        assert not signs & set(encoded.tolist())


def test_what_is_frequent_is_one_piece(pieces: Pieces) -> None:
    assert len(pieces.encode(["house"])[0]) < len("house")
    assert 257 < len(pieces) <= 290


def test_the_same_texts_give_the_same_pieces(pieces: Pieces) -> None:
    assert Pieces.learn(TEXTS, ("de", "en"), 290).model == pieces.model
    again = Pieces(pieces.model, ("de", "en"))
    assert np.array_equal(again.encode(["the dogs"])[0], pieces.encode(["the dogs"])[0])


def test_broken_bytes_are_left_out(pieces: Pieces) -> None:
    half = pieces.encode(["é"])[0].tolist()[:-1]
    assert pieces.decode([half + pieces.encode(["dog"])[0].tolist()]) == ["dog"]


def test_too_few_texts_and_foreign_models_are_refused(pieces: Pieces) -> None:
    assert 250 < len(Pieces.learn(TEXTS, ("de",), 5000)) < 1000
    with pytest.raises(InputError, match="No pieces can be learned"):
        Pieces.learn([], ("de",), 5000)
    with pytest.raises(ValueError, match="without signs for"):
        Pieces(pieces.model, ("de", "fr"))
    with pytest.raises(ValueError, match="no SentencePiece model"):
        Pieces(b"nonsense", ("de",))
