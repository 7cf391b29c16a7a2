from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from zoo.pitch import pitch, pitch_marks

RATE, HOP = 16000, 200


def voice(hertz: NDArray[np.float64], harmonics: int = 12) -> NDArray[np.float32]:
    """A sawtooth-like sound of a given frequency at every sample."""
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    parts = [np.sin(k * phase) / k * (k * hertz < RATE / 2.2) for k in range(1, harmonics + 1)]
    return (0.2 * np.sum(parts, axis=0)).astype(np.float32)


@pytest.mark.parametrize("hertz", [70.0, 110.0, 180.0, 220.0, 330.0, 440.0])
@pytest.mark.parametrize("hop", [80, 200])
def test_a_steady_tone_is_found_to_one_percent(hertz: float, hop: int) -> None:
    found = pitch(voice(np.full(RATE, hertz)), RATE, hop)
    inner = slice(4, -4)
    assert len(found.hertz) == len(found.voiced) == 1 + RATE // hop
    assert found.voiced[inner].all()
    assert found.hertz[inner] == pytest.approx(hertz, rel=0.01)


def test_a_glide_is_followed() -> None:
    hertz = np.geomspace(120, 360, 2 * RATE)
    found = pitch(voice(hertz), RATE, HOP)
    at = np.minimum(np.arange(len(found.hertz)) * HOP, len(hertz) - 1)
    inner = slice(4, -4)
    assert np.abs(found.hertz / hertz[at] - 1)[inner].max() < 0.02


def test_a_voice_without_its_fundamental_is_as_high() -> None:
    x = voice(np.full(RATE, 200.0)) - 0.2 * np.sin(
        2 * np.pi * 200.0 * np.arange(1, RATE + 1) / RATE
    )
    found = pitch(x.astype(np.float32), RATE, HOP)
    assert found.hertz[4:-4] == pytest.approx(200, rel=0.01)


def test_noise_and_silence_are_not_voiced() -> None:
    random = np.random.default_rng(0)
    noise = (0.1 * random.standard_normal(2 * RATE)).astype(np.float32)
    assert pitch(noise, RATE, HOP).voiced.mean() < 0.03
    assert not pitch(np.zeros(RATE, np.float32), RATE, HOP).voiced.any()


def test_voicing_begins_and_ends_where_the_voice_does() -> None:
    random = np.random.default_rng(1)
    noise = (0.01 * random.standard_normal(RATE)).astype(np.float32)
    x = np.concatenate([noise, voice(np.full(RATE, 210.0)), noise])
    voiced = np.flatnonzero(pitch(x, RATE, HOP).voiced)
    assert voiced[0] * HOP / RATE == pytest.approx(1, abs=0.03)
    assert voiced[-1] * HOP / RATE == pytest.approx(2, abs=0.03)


def test_a_moment_of_sound_has_a_frame() -> None:
    assert len(pitch(np.zeros(10, np.float32), RATE, HOP).hertz) == 1


@pytest.mark.parametrize("hertz", [100.0, 200.0, 320.0])
def test_marks_are_one_a_period_and_at_the_same_place_of_it(hertz: float) -> None:
    x = np.zeros(RATE, np.float32)
    pulses = np.rint(np.arange(400, RATE - 400, RATE / hertz)).astype(int)
    decay = np.exp(-np.arange(160) / 20) * np.cos(2 * np.pi * 700 * np.arange(160) / RATE)
    for pulse in pulses:
        x[pulse : pulse + 160] += 0.3 * decay[: len(x) - pulse].astype(np.float32)
    contour = pitch(x, RATE, HOP)
    marks = pitch_marks(x, RATE, contour, HOP)
    inside = marks[(marks > 2000) & (marks < RATE - 2000)]
    assert np.diff(inside) == pytest.approx(RATE / hertz, abs=3)
    off = np.array([np.abs(pulses - mark).min() for mark in inside])
    assert np.ptp(off) <= 4
    assert (off < 0.2 * RATE / hertz).all()


def test_marks_go_on_where_nothing_is_voiced() -> None:
    x = np.zeros(RATE, np.float32)
    marks = pitch_marks(x, RATE, pitch(x, RATE, HOP), HOP, unvoiced=0.005)
    assert (np.diff(marks) == 80).all()
    assert len(marks) > 190
