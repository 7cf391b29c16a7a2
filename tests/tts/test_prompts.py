from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from zoo import asterisk
from zoo.tts.prompts import prompts, rows
from zoo.tts.pronunciation import Pronouncer
from zoo.tts.recordings import words

TEXTS = """; A comment

hello: Hello.
beep: [this is a simple beep tone]
silence/1: (1 second of silence)
confbridge-join: <beep ascending>
letters/b: b
vm-intro: Leave a message. (simple tone sound plays)
gone: There is no recording.
spy-iax: IAX
vm-savefolder: Which folder should I save the message to?
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    texts = tmp_path / asterisk.TEXTS
    texts.parent.mkdir(parents=True)
    with gzip.open(texts, "wt", encoding="utf-8") as file:
        file.write(TEXTS)
    for line in TEXTS.splitlines():
        name, colon, _ = line.partition(": ")
        if colon and name != "gone":
            path = tmp_path / asterisk.SOUNDS / f"{name}.g722"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(range(256)) * 4)
    return tmp_path


def test_only_what_is_speech_is_a_prompt(root: Path) -> None:
    assert [(one.name, one.text) for one in prompts(root)] == [
        ("hello", "Hello."),
        ("letters/b", "B"),
        ("vm-intro", "Leave a message."),
        ("vm-savefolder", "Which folder should I save this message to?"),
    ]


def test_every_prompt_is_in_one_split(root: Path) -> None:
    names = [one.name for one in prompts(root)]
    parts = [
        [one.name for one in prompts(root, split)] for split in ("train", "validation", "test")
    ]
    assert sorted(name for part in parts for name in part) == sorted(names)


def test_rows_are_text_and_sound(root: Path) -> None:
    pytest.importorskip("av")
    found = [row for split in ("train", "validation", "test") for row in rows(root, split)]
    assert {text for text, _ in found} >= {"Hello.", "B"}
    assert all(audio.rate == 16000 and len(audio.samples) == 2048 for _, audio in found)


def test_words_may_be_spoken_in_several_ways() -> None:
    found = words("the IVR", Pronouncer())
    assert [word.text for word in found] == ["the", "I", "V", "R"]
    assert {("DH", "AH0"), ("DH", "IY0")} <= set(found[0].ways)
