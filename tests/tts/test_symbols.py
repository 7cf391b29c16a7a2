"""What the acoustic model is told, of a text and of a recording."""

from __future__ import annotations

import numpy as np
import pytest

from zoo.tts.alignment import PAUSE, Segment
from zoo.tts.contexts import SYMBOLS
from zoo.tts.mel import MelSpectrum
from zoo.tts.pronunciation import stressed
from zoo.tts.recordings import Recording
from zoo.tts.symbols import COLUMNS, Group, symbols, utterances

SEE, ME = stressed(("S", "IY1")), stressed(("M", "IY1"))
SPECTRUM = MelSpectrum()
PAUSED = SYMBOLS.index(PAUSE)


def _segments(*parts: tuple[str, int, float]) -> tuple[Segment, ...]:
    """Of (symbol, word, seconds)."""
    ends = np.cumsum([seconds for _, _, seconds in parts]).tolist()
    return tuple(
        Segment(symbol, word, end - seconds, end)
        for (symbol, word, seconds), end in zip(parts, ends, strict=True)
    )


def _recording(text: str, *parts: tuple[str, int, float]) -> Recording:
    """Vowels hum at 200 Hz."""
    segments = _segments(*parts)
    t = np.arange(round(segments[-1].end * 16_000)) / 16_000
    hum = sum((t >= one.start) & (t < one.end) for one in segments if one.symbol == "IY1")
    samples = 0.3 * hum * sum(np.sin(2 * np.pi * 200 * k * t) / k for k in (1, 2, 3))
    noise = 0.001 * np.random.default_rng(0).standard_normal(len(t))
    return Recording(text, (samples + noise).astype(np.float32), segments)


def test_a_pause_stands_before_all_and_after_each_group() -> None:
    rows = symbols([Group([SEE, ME], ","), Group([SEE], "?")])
    assert [SYMBOLS[n] for n in rows[:, 0]] == [
        PAUSE,
        *["S", "IY", "M", "IY"],
        PAUSE,
        "S",
        "IY",
        PAUSE,
    ]
    assert rows[:, 5].tolist() == [4, 1, 1, 1, 1, 1, 3, 3, 3]
    assert rows[1:5, 3].tolist() == [2, 1, 2, 1]  # first and last of their words
    assert rows[1:5, 4].tolist() == [1, 1, 0, 0]  # syllables that are left
    assert (rows.max(axis=0) < COLUMNS).all()


def test_what_ends_without_a_mark_ends_like_a_sentence() -> None:
    assert np.array_equal(symbols([Group([SEE], "")]), symbols([Group([SEE], ".")]))
    assert symbols([Group([SEE], ""), Group([ME], ".")])[3, 5] == 0


def test_an_utterance_has_the_phones_when_they_were_spoken() -> None:
    recording = _recording(
        "see me, see me",
        (PAUSE, -1, 0.5), ("S", 0, 0.1), ("IY1", 0, 0.2), (PAUSE, -1, 0.025),
        ("M", 1, 0.1), ("IY1", 1, 0.2), ("S", 2, 0.1), ("IY1", 2, 0.2), (PAUSE, -1, 0.25),
        ("M", 3, 0.1), ("IY1", 3, 0.2), (PAUSE, -1, 0.4),
    )  # fmt: skip
    (taken,) = utterances(recording, SPECTRUM)
    one = taken.utterance
    assert taken.first == 32  # a tenth of a second before the first phone
    # The short silence belongs to the phone before; at the comma there was none at all.
    assert one.durations.tolist() == [8, 8, 18, 8, 16, 0, 8, 16, 20, 8, 16, 8]
    assert np.flatnonzero(one.symbols[:, 0] == PAUSED).tolist() == [0, 5, 8, 11]
    assert one.symbols[[5, 8, 11], 5].tolist() == [1, 0, 2]
    assert np.array_equal(one.frames, SPECTRUM.log_mel(recording.samples)[32:166])
    assert one.pitch[20:28] == pytest.approx(np.full(8, 200), rel=0.02)
    assert not one.pitch[:6].any()
    assert one.energy[20:28].mean() > one.energy[:6].mean() + 2


def test_each_sentence_is_an_utterance() -> None:
    recording = _recording(
        "see? see me.",
        ("S", 0, 0.1), ("IY1", 0, 0.2), (PAUSE, -1, 0.15), ("S", 1, 0.1), ("IY1", 1, 0.2),
        ("M", 2, 0.1), ("IY1", 2, 0.2), (PAUSE, -1, 0.05),
    )  # fmt: skip
    first, second = utterances(recording, SPECTRUM)
    assert (first.first, second.first) == (0, 28)
    assert first.utterance.durations.tolist() == [0, 8, 16, 8]
    assert second.utterance.durations.tolist() == [8, 8, 16, 8, 16, 4]
    assert first.utterance.symbols[-1, 5] == 3
    assert second.utterance.symbols[-1, 5] == 2
