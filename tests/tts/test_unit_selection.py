from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from zoo.tts.alignment import PAUSE, RATE, Segment
from zoo.tts.contexts import FURTHEST, SYMBOLS, contexts, spoken_contexts
from zoo.tts.joining import Piece, join
from zoo.tts.pronunciation import BreathGroup, PronouncedWord, stressed
from zoo.tts.unit_selection import UnitVoice

WORDS = {"sat": "S AE1 T", "me": "M IY1", "taste": "T EY1 S T", "emit": "IH0 M IH1 T"}
SENTENCES = [["sat", "me"], ["taste", "emit"], ["me", "emit", "sat"], ["emit", "taste", "me"]]


def word(text: str) -> PronouncedWord:
    return PronouncedWord(text, stressed(tuple(WORDS[text].split())))


def recording(
    words: list[str], random: np.random.Generator
) -> tuple[NDArray[np.float32], list[Segment]]:
    segments = [Segment(PAUSE, -1, 0.0, 0.1)]
    for number, text in enumerate(words):
        for symbol in WORDS[text].split():
            end = segments[-1].end + random.uniform(0.06, 0.14)
            segments.append(Segment(symbol, number, segments[-1].end, end))
    segments.append(Segment(PAUSE, -1, segments[-1].end, segments[-1].end + 0.1))
    t = np.arange(round(segments[-1].end * RATE)) / RATE
    samples = np.zeros(len(t))
    for segment in segments:
        here = (t >= segment.start) & (t < segment.end)
        first = SYMBOLS.index(segment.symbol.rstrip("012"))
        if segment.symbol[-1].isdigit():
            tones = [200 * k * np.exp(-(((200 * k - 60 * first) / 900) ** 2)) for k in range(1, 9)]
            samples += here * sum(
                a / 2000 * np.sin(2 * np.pi * 200 * (k + 1) * t) for k, a in enumerate(tones)
            )
        elif segment.symbol != PAUSE:
            samples += here * 0.02 * random.standard_normal(len(t))
    return (0.2 * samples).astype(np.float32), segments


@pytest.fixture(scope="module")
def voice() -> UnitVoice:
    random = np.random.default_rng(4)
    return UnitVoice.learn([recording(words, random) for words in SENTENCES])


@pytest.mark.parametrize("words", SENTENCES)
def test_what_was_recorded_is_said_as_it_was(voice: UnitVoice, words: list[str]) -> None:
    units = voice.select(contexts([word(text).phones for text in words]))
    assert (np.diff(units) == 1).all()
    assert len(voice.pieces(units)) == 1


def test_something_new_is_put_together(voice: UnitVoice) -> None:
    groups = [BreathGroup((word("taste"), word("sat")), ","), BreathGroup((word("me"),), ".")]
    sound = voice.speak(groups)
    assert sound.dtype == np.float32
    assert 0.4 < len(sound) / RATE < 2.5
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() <= np.abs(voice.samples).max() * 2
    assert np.array_equal(sound, voice.speak(groups))


def test_a_stored_voice_says_the_same(voice: UnitVoice) -> None:
    again = UnitVoice.of(voice.arrays())
    groups = [BreathGroup((word("taste"), word("sat")), ".")]
    one, other = voice.speak(groups), again.speak(groups)
    assert len(one) == len(other)
    assert one == pytest.approx(other, abs=1e-3)


def test_periods_stay_in_step_across_a_join() -> None:
    t = np.arange(4 * RATE) / RATE
    tone = (0.5 * np.sin(2 * np.pi * 100 * t)).astype(np.float32)
    joined = join(tone, [Piece(0, 16000, 160), Piece(20077, 36000, 160), Piece(1033, 9000, 160)])
    inner = joined[200:-200].astype(np.float64)
    # A sine repeats itself a period later, also where it was cut.
    assert np.abs(inner[160:] - inner[:-160]).max() < 0.08


def test_contexts_of_a_group() -> None:
    found = contexts([word("emit").phones, word("me").phones])
    pause = SYMBOLS.index(PAUSE)
    assert [SYMBOLS[one.symbol] for one in found] == ["IH", "M", "IH", "T", "M", "IY"]
    assert (found[0].before, found[-1].after) == (pause, pause)
    assert [one.left for one in found] == [2, 1, 1, 1, 0, 0]
    assert [one.stress for one in found] == [0, 1, 1, 1, 1, 1]
    assert max(one.left for one in contexts([word("emit").phones] * 4)) == FURTHEST
    assert (found[0].progress, found[-1].progress) == (0.0, 1.0)


def test_a_short_pause_does_not_end_a_group() -> None:
    segments = [
        Segment("M", 0, 0.0, 0.1), Segment("IY1", 0, 0.1, 0.2), Segment(PAUSE, -1, 0.2, 0.22),
        Segment("M", 1, 0.22, 0.3), Segment("IY1", 1, 0.3, 0.4), Segment(PAUSE, -1, 0.4, 0.8),
    ]  # fmt: skip
    found = spoken_contexts(segments)
    assert [one.left for one in found] == [1, 1, 0, 0, 0, 0]
    assert SYMBOLS[found[1].after] == "M"
