"""eSpeak NG through its C interface."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

from zoo.errors import DataError, MissingDependencyError
from zoo.espeak import RATE, Espeak, _lock

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


def test_two_take_turns(speaker: Espeak) -> None:
    other = Espeak()
    assert speaker.say("One.", VOICE).seconds == other.say("One.", VOICE).seconds


def test_nothing_is_set_up_while_another_speaks(speaker: Espeak) -> None:
    found: list[Espeak] = []
    thread = threading.Thread(target=lambda: found.append(Espeak()))
    with _lock:
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join()
    assert len(found) == 1


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
