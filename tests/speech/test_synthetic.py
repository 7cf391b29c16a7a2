"""Machines that speak: who, what, and how it is cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from zoo.audio import Audio
from zoo.errors import DataError
from zoo.speech import synthetic
from zoo.speech.strings import WORDS


def _flite(root: Path, script: str) -> Path:
    """A root with a program that stands for Flite."""
    program = root / "usr/bin/flite"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return root


@pytest.mark.parametrize("spoken", [synthetic.espeak_digits, synthetic.espeak_accents])
def test_espeak_says_every_digit_in_every_voice_and_three_accents(
    spoken: Callable[[str], Iterator[tuple[Audio, str, str]]],
) -> None:
    pytest.importorskip("espeakng_loader")
    rows = list(spoken("train"))
    voices = Counter(group for *_, group in rows)
    assert set(voices.values()) == {len(WORDS)}
    assert set(Counter(group.split()[2] for group in voices).values()) == {3}
    assert {word for _, word, _ in rows} == set(WORDS)
    # Different voices say the same differently, and all of them at a length that people need.
    assert len({audio.samples.tobytes() for audio, *_ in rows}) == len(rows)
    assert all(0.1 < audio.seconds < 1.5 and audio.rate == 8000 for audio, *_ in rows)


def test_sixteen_languages_lend_their_accents() -> None:
    pytest.importorskip("espeakng_loader")
    accents = {group.split()[1] for *_, group in synthetic.espeak_accents("train")}
    assert len(accents) == 16
    assert not any(accent.startswith("en") for accent in accents)


def test_flite_is_asked_for_each_word_and_its_silence_cut(tmp_path: Path) -> None:
    tone = 0.5 * np.sin(np.arange(4000) * 0.5)
    silence = np.zeros(8000)
    said = tmp_path / "said.wav"
    soundfile.write(said, np.concatenate((silence, tone, silence)), 16_000, subtype="PCM_16")
    log = tmp_path / "asked"
    root = _flite(tmp_path / "root", f'echo "$@" >> {log}; cat {said}')
    rows = list(synthetic.flite_digits(root, "train"))
    asked = log.read_text(encoding="utf-8").splitlines()
    assert len(rows) == len(asked) == 5 * 3 * len(WORDS)
    assert Counter(word for _, word, _ in rows) == dict.fromkeys(WORDS, 15)
    assert "-voice slt -t seven --setf duration_stretch=1.25 -o /dev/stdout" in asked
    # A quarter of a second is the tone; a little is left on either side.
    assert all(0.25 < audio.seconds < 0.32 for audio, *_ in rows)


def test_a_voice_that_flite_lacks_is_told(tmp_path: Path) -> None:
    root = _flite(tmp_path, "echo no such voice >&2; exit 3")
    with pytest.raises(DataError, match="Flite cannot speak as kal: no such voice"):
        next(synthetic.flite_digits(root, "train"))
