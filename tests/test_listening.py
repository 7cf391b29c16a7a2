"""An independent ear: what it hears of what is said."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from zoo.audio import Audio
from zoo.errors import MissingDependencyError
from zoo.espeak import Espeak
from zoo.listening import Listener

SAID = "press one"


@pytest.fixture(scope="module")
def speech() -> Audio:
    pytest.importorskip("pocketsphinx")
    pytest.importorskip("espeakng_loader")
    return Espeak().say(SAID, "en-us+michel")


def test_it_hears_words_of_its_vocabulary(speech: Audio) -> None:
    listener = Listener(["press", "one", "mailbox", "zqxj"])
    assert listener.heard(speech) == SAID
    assert listener.heard(speech) == SAID
    assert set(Listener(["hello", "mailbox"]).heard(speech).split()) <= {"hello", "mailbox"}


def test_it_hears_nothing_in_silence(speech: Audio) -> None:
    assert Listener(["press", "one"]).heard(Audio(np.zeros(16_000, np.float32), 16_000)) == ""


def test_without_pocketsphinx_the_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'software-zoo\[tts\]'"):
        Listener(["one"])
