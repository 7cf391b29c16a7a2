"""Mel frames and µ-law codes: what they are, exactly."""

from __future__ import annotations

import numpy as np
import pytest

from zoo.tts.mel import CODES, Deemphasis, MelSpectrum, companded, emphasised, expanded

SPECTRUM = MelSpectrum()


def _sine(hertz: float, samples: int = 16_000) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(samples) / 16_000)).astype(np.float32)


def test_every_code_is_its_own_middle() -> None:
    codes = np.arange(CODES, dtype=np.uint8)
    assert (companded(expanded(codes)) == codes).all()
    assert (np.diff(expanded(codes)) > 0).all()
    assert np.allclose(expanded(codes), -expanded(codes[::-1]))


def test_codes_are_as_fine_as_their_curve_says() -> None:
    samples = np.linspace(-1, 1, 20_001, dtype=np.float32)
    error = np.abs(expanded(companded(samples)) - samples)
    # dx = dF ln(1 + µ) (1 / µ + |x|), and a step of F is 2 / 256; a half of it is the most.
    assert (error <= 1.03 * np.log(256) / 256 * (1 / 255 + np.abs(samples))).all()
    assert companded(np.float32([-9, -1, 0, 1, 9])).tolist() == [0, 0, 128, 255, 255]


def test_emphasis_is_undone_chunk_by_chunk() -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, 1000).astype(np.float32)
    sharp = emphasised(samples, 0.85)
    assert sharp[1] == pytest.approx(samples[1] - 0.85 * samples[0], abs=1e-6)
    undo = Deemphasis(0.85)
    parts = [undo(part) for part in np.split(sharp, [0, 1, 400, 400])]
    assert np.abs(np.concatenate(parts) - samples).max() < 1e-5


@pytest.mark.parametrize("samples", [1, 199, 200, 201, 1000])
def test_a_frame_describes_a_hop(samples: int) -> None:
    assert SPECTRUM.log_mel(np.ones(samples, np.float32)).shape == (-(-samples // 200), 80)
    assert SPECTRUM.frames(samples) == -(-samples // 200)
    assert SPECTRUM.log_mel(np.zeros(0, np.float32)).shape == (0, 80)


def test_a_click_is_heard_by_the_frames_whose_windows_hold_it() -> None:
    samples = np.zeros(4000, np.float32)
    samples[2000 + 100] = 1.0
    heard = SPECTRUM.log_mel(samples).max(axis=1) > np.log(SPECTRUM.floor) + 1e-3
    # Windows reach 300 samples beyond the hop: from frame 10 the click is 100 samples in.
    assert np.flatnonzero(heard).tolist() == [9, 10, 11]
    loudness = SPECTRUM.log_mel(samples).mean(axis=1)
    assert loudness.argmax() == 10
    assert loudness[9] == pytest.approx(loudness[11], abs=0.2)


def test_a_sine_is_loudest_where_its_frequency_is() -> None:
    edges = 700 * np.expm1(np.linspace(*1127 * np.log1p(np.array([50, 7600]) / 700), 82) / 1127)
    for hertz in (200.0, 1000.0, 4000.0):
        frame = SPECTRUM.log_mel(_sine(hertz))[40]
        assert edges[frame.argmax()] <= hertz <= edges[frame.argmax() + 2]
        assert frame.max() - np.median(frame) > 4


def test_twice_as_loud_is_ln_2_more() -> None:
    quiet = SPECTRUM.log_mel(_sine(500) / 2)
    louder = SPECTRUM.log_mel(_sine(500)) - quiet
    heard = quiet > np.log(SPECTRUM.floor) + 1e-3
    assert heard.sum() > 1000
    assert louder[heard] == pytest.approx(np.log(2), abs=1e-3)


def test_silence_is_the_floor() -> None:
    assert np.allclose(SPECTRUM.log_mel(np.zeros(1000, np.float32)), np.log(SPECTRUM.floor))


def test_settings_travel() -> None:
    spectrum = MelSpectrum(mels=40, hop=160)
    assert MelSpectrum.of(spectrum.to_settings()) == spectrum
    with pytest.raises(ValueError, match="windows"):
        MelSpectrum(hop=900)
    with pytest.raises(ValueError, match="filters"):
        MelSpectrum(high=9000.0)
    with pytest.raises(ValueError, match="floor"):
        MelSpectrum(floor=0.0)
