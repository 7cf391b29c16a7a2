"""How far sounds are from each other: known distances, and what does not count."""

from __future__ import annotations

import numpy as np
import pytest

from zoo.acoustics import RATE, distance, warped
from zoo.audio import Audio


def voice(hertz: float, seconds: float = 0.6, tilt: float = 1.0, level: float = 0.1) -> Audio:
    """Harmonics that fall off by a power, whose balance changes as time goes by."""
    t = np.arange(round(seconds * RATE)) / RATE
    moving = 1 + 0.5 * np.sin(2 * np.pi * t / seconds)
    samples = sum(
        level * k ** (-tilt * moving) * np.sin(2 * np.pi * hertz * k * t) for k in range(1, 30)
    )
    return Audio(np.asarray(samples, np.float32), RATE)


def mean(spoken: Audio, recorded: Audio) -> float:
    found = distance(spoken, recorded)
    return found.distortion / found.pairs


def test_a_sound_is_no_distance_from_itself() -> None:
    sound = voice(150)
    found = distance(sound, sound)
    assert (found.distortion, found.pitch, found.unlike) == (0, 0, 0)
    assert found.pairs == found.voiced > 50


def test_loudness_and_silence_around_do_not_count() -> None:
    sound = voice(150)
    quiet = np.zeros(RATE // 2, np.float32)
    other = Audio(np.concatenate([quiet, 0.3 * sound.samples, quiet]), RATE)
    assert mean(other, sound) < 0.5


def test_time_is_warped() -> None:
    assert mean(voice(150, 0.8), voice(150, 0.6)) < 0.3 * mean(voice(150, tilt=2), voice(150))


def test_a_filter_is_as_far_as_its_response() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, RATE).astype(np.float32)
    share = np.float32(0.9)
    filtered = np.append(noise[:1], noise[1:] - share * noise[:-1])
    mels = (np.arange(400) + 0.5) / 400
    low, high = (1127 * np.log1p(hertz / 700) for hertz in (60, 7600))
    hertz = 700 * np.expm1((low + mels * (high - low)) / 1127)
    response = np.log(np.abs(1 - share * np.exp(-2j * np.pi * hertz / RATE)))
    cepstra = [2 * np.mean(response * np.cos(np.pi * k * mels)) for k in range(1, 25)]
    expected = 10 / np.log(10) * np.sqrt(2 * np.square(cepstra).sum())
    assert mean(Audio(filtered, RATE), Audio(noise, RATE)) == pytest.approx(expected, rel=0.1)


def test_pitch_is_told_in_semitones() -> None:
    found = distance(voice(180), voice(150))
    apart = 12 * np.log2(180 / 150)
    assert np.sqrt(found.pitch / found.voiced) == pytest.approx(apart, rel=0.03)
    assert found.unlike <= 0.1 * found.pairs


def test_a_whisper_is_not_voiced() -> None:
    sound = voice(150)
    noise = np.random.default_rng(1).normal(0, 0.1, len(sound.samples)).astype(np.float32)
    found = distance(Audio(noise, RATE), sound)
    assert found.unlike > 0.8 * found.pairs


def test_silence_has_a_distance() -> None:
    silence = Audio(np.zeros(RATE, np.float32), RATE)
    assert np.isfinite(mean(silence, voice(150)))


def test_a_planted_path_is_found() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(0, 1, (20, 3))
    times = np.repeat(np.arange(20), rng.integers(1, 4, 20))
    first, second = warped(rows, rows[times])
    assert np.array_equal(second, np.arange(len(times)))
    assert np.array_equal(first, times)
