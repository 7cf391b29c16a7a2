"""Pieces of recordings, period by period."""

from __future__ import annotations

import numpy as np
import pytest

from zoo.tts.overlap_add import Piece, Recorded, join

RATE = 16_000
EDGE = 80  # samples over which sound comes and goes


def tone(hertz: float, seconds: float = 2.0, level: float = 0.3) -> Recorded:
    """Three harmonics, with a mark at every period."""
    t = np.arange(round(seconds * RATE)) / RATE
    samples = sum(level / k * np.cos(2 * np.pi * hertz * k * t) for k in (1, 2, 3))
    marks = np.round(np.arange(0, seconds, 1 / hertz) * RATE).astype(np.int64)
    marks = marks[marks < len(t)]
    samples = np.asarray(samples, np.float32)
    return Recorded(samples, RATE, marks, np.ones(len(marks), bool))


def together(*parts: Recorded) -> Recorded:
    offsets = np.cumsum([0, *(len(one.samples) for one in parts[:-1])])
    return Recorded(
        np.concatenate([one.samples for one in parts]),
        RATE,
        np.concatenate([one.marks + at for one, at in zip(parts, offsets, strict=True)]),
        np.concatenate([one.voiced for one in parts]),
    )


def pitch_of(samples: np.ndarray) -> float:
    """By the autocorrelation, in Hz."""
    x = samples.astype(float)
    lags = np.arange(RATE // 400, RATE // 60)
    best = max(lags, key=lambda lag: float(x[lag:] @ x[:-lag]) / (len(x) - lag))
    return RATE / int(best)


def test_what_is_not_changed_comes_out_sample_by_sample() -> None:
    voice = tone(100.0)
    whole = join(voice, [Piece(1000, 3000), Piece(3000, 9000), Piece(9000, 20000)])
    assert np.array_equal(whole[EDGE:-EDGE], voice.samples[1000 + EDGE : 20000 - EDGE])


def test_periods_stay_in_step_across_a_join() -> None:
    voice = tone(100.0)
    joined = join(voice, [Piece(0, 16000), Piece(20077, 30000), Piece(1033, 9000)])
    inner = joined[2 * EDGE : -2 * EDGE].astype(float)
    # A tone repeats itself a period later, also where it was cut.
    assert np.abs(inner[160:] - inner[:-160]).max() < 0.02


def test_a_jump_in_pitch_is_spread_over_both_sides() -> None:
    voice = together(tone(100.0), tone(115.0))
    joined = join(voice, [Piece(0, 16000), Piece(40000, 56000)])
    at = 16000
    before, after = pitch_of(joined[at - 800 : at]), pitch_of(joined[at : at + 800])
    assert pitch_of(joined[2000:6000]) == pytest.approx(100, abs=0.5)
    assert pitch_of(joined[-6000:-2000]) == pytest.approx(115, abs=0.7)
    assert 101.5 < before < after < 113.5


def test_a_jump_in_loudness_is_spread_over_both_sides() -> None:
    voice = together(tone(100.0, level=0.3), tone(100.0, level=0.15))
    joined = join(voice, [Piece(0, 16000), Piece(40000, 56000)]).astype(float)
    periods = np.sqrt((joined[: len(joined) // 160 * 160].reshape(-1, 160) ** 2).mean(axis=1))
    steps = np.abs(np.diff(np.log(periods[2:-2])))
    assert steps.max() < 0.25 * np.log(2)
    assert periods[20] == pytest.approx(2 * periods[-20], rel=0.02)


@pytest.mark.parametrize("stretch", [0.8, 1.25])
def test_duration_changes_without_pitch(stretch: float) -> None:
    voice = tone(100.0)
    found = join(voice, [Piece(800, 16800, stretch=stretch)])
    assert len(found) == pytest.approx(16000 * stretch, abs=400)
    assert pitch_of(found[1000:-1000]) == pytest.approx(100, abs=0.5)


@pytest.mark.parametrize("ratio", [0.9, 1.1])
def test_pitch_changes_without_duration(ratio: float) -> None:
    voice = tone(100.0)
    found = join(voice, [Piece(800, 16800, tone=float(np.log(ratio)))])
    assert len(found) == pytest.approx(16000, abs=400)
    assert pitch_of(found[1000:-1000]) == pytest.approx(100 * ratio, rel=0.01)


def test_a_piece_without_a_mark_is_kept_as_it_is() -> None:
    samples = np.linspace(-0.5, 0.5, 4000, dtype=np.float32)
    silent = Recorded(samples, RATE, np.array([3900]), np.array([False]))
    found = join(silent, [Piece(500, 900)])
    assert np.array_equal(found[EDGE:-EDGE], samples[500 + EDGE : 900 - EDGE])
