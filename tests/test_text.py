"""Text brought to words alone."""

from __future__ import annotations

import pytest

from zoo.text import plain_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Press 1 to mute, or 42 to leave.", "press one to mute or forty two to leave"),
        ("Waldo\u2019s pre-paid 'card'", "waldo's pre paid card"),
        ("[beep] All circuits are busy [ascending tones]", "all circuits are busy"),
        ("1,234 calls", "one thousand two hundred and thirty four calls"),
        ("room 007", "room zero zero seven"),
        ("9" * 13, " ".join(["nine"] * 13)),
        ("caf\u00e9 \uff21\uff22", "café ab"),
        ("\U0001f600 _ -- '' ...", ""),
        ("", ""),
    ],
)
def test_only_the_words_stay(text: str, words: str) -> None:
    assert plain_words(text) == words
    assert plain_words(words) == words
