"""eSpeak NG through its C interface."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from zoo.errors import DataError, MissingDependencyError
from zoo.espeak import RATE, Espeak

VOICE = "en-us+shelby"  # without flutter


@pytest.fixture(scope="module")
def speaker() -> Espeak:
    pytest.importorskip("espeakng_loader")
    return Espeak()


def test_a_sentence_has_its_length_and_rate(speaker: Espeak) -> None:
    short, long = speaker.say("One.", "en-us"), speaker.say("One and two and three.", "en-us")
    assert short.rate == RATE
    assert 0.2 < short.seconds < long.seconds < 4
    assert speaker.say("One.", "en-us", speed=90).seconds > short.seconds


def test_a_voice_without_flutter_says_the_same_whatever_was_said_before(speaker: Espeak) -> None:
    found = []
    for before in ("One.", "Something else."):
        speaker.say(before, "en-us")
        found.append(speaker.say("One two three.", VOICE).samples)
    assert np.array_equal(*found)


def test_what_others_say_changes_nothing() -> None:
    pytest.importorskip("espeakng_loader")
    fluttering = "en-us+Andy"
    alone = Espeak()
    first, second = (alone.say(word, fluttering).samples for word in ("One.", "One."))
    assert not np.array_equal(first, second)
    one, other = Espeak(), Espeak()
    found = []
    for _ in range(2):
        found.append(one.say("One.", fluttering).samples)
        other.say("Something else.", fluttering)
        Espeak().say("Something else.", "en-us+f2")
    assert np.array_equal(found[0], first)
    assert np.array_equal(found[1], second)


def test_threads_that_share_a_speaker_take_turns(speaker: Espeak) -> None:
    texts = ["One.", "One two three four five."] * 6
    alone = [speaker.say(text, VOICE).samples for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: speaker.say(text, VOICE).samples, texts))
    assert all(np.array_equal(*both) for both in zip(alone, together, strict=True))


def test_a_voice_that_is_not_there_is_told(speaker: Espeak) -> None:
    with pytest.raises(DataError, match="no voice 'en-nowhere'"):
        speaker.say("one", "en-nowhere")


def test_nothing_said_is_a_moment_of_silence(speaker: Espeak) -> None:
    silence = speaker.say("", "en-us")
    assert silence.seconds < 0.05
    assert np.abs(silence.samples).max() < 0.01


def test_without_espeak_the_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'software-zoo\[tts\]'"):
        Espeak()


def test_a_folder_from_which_nothing_may_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("espeakng_loader")

    def refuse(path: str) -> None:
        raise OSError("failed to map segment from shared object")

    monkeypatch.setattr("zoo.espeak.ctypes.CDLL", refuse)
    with pytest.raises(DataError, match=r"\(failed to map .*\).* let TMPDIR name another\.$"):
        Espeak()
