"""Log mel energies, cepstra and their slopes: known answers, and another program's."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from zoo.speech.cepstral import COUNT, SIZE, Cepstral
from zoo.speech.features import Features, FrontEnd, cepstra, deltas
from zoo.speech.normalizer import Normalizer

PLAIN = FrontEnd()
FINE = FrontEnd(rate=16000, mels=80, low=20.0, high=7600.0, window=0.032, preemphasis=0.9)


def sound(seconds: float, rate: int = 8000, seed: int = 0) -> Features:
    """Noise that swells, with an offset as of a cheap sound card: [N]."""
    count = round(seconds * rate)
    noise = np.random.default_rng(seed).normal(0, np.linspace(0.01, 0.3, count))
    return (noise + 0.05).astype(np.float32)


def sine(hertz: float, rate: int = 8000) -> Features:
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(rate // 4) / rate)).astype(np.float32)


# --- log mel energies -----------------------------------------------------------------------------


@pytest.mark.skipif(importlib.util.find_spec("torchaudio") is None, reason="needs torchaudio")
@pytest.mark.parametrize("how", [PLAIN, FINE], ids=["8 kHz", "16 kHz"])
def test_log_mel_energies_are_kaldis(how: FrontEnd) -> None:
    from zoo.torchaudio_rescue import make_importable

    make_importable()
    import torch
    from torchaudio.compliance import kaldi

    samples = sound(1.234, how.rate)
    theirs = kaldi.fbank(
        torch.from_numpy(samples)[None],
        sample_frequency=how.rate,
        frame_length=1000 * how.window,
        frame_shift=1000 * how.step,
        num_mel_bins=how.mels,
        low_freq=how.low,
        high_freq=how.high,
        preemphasis_coefficient=how.preemphasis,
        window_type="povey",
        dither=0.0,
    ).numpy()
    points = 1 << (how.size - 1).bit_length()  # theirs is not over the transform's length
    assert np.abs(how.log_mel(samples) + np.log(points) - theirs).max() < 1e-4


@pytest.mark.parametrize(
    ("samples", "frames"), [(199, 0), (200, 1), (279, 1), (280, 2), (8000, 98)]
)
def test_frames_are_whole(samples: int, frames: int) -> None:
    assert PLAIN.frames(samples) == frames
    if frames:
        assert PLAIN.log_mel(sound(samples / 8000)).shape == (frames, 26)


def test_a_frame_is_the_same_whatever_lies_around_it() -> None:
    samples = sound(0.5)
    whole = PLAIN.log_mel(samples)
    for number in (0, 7, len(whole) - 1):
        start = number * PLAIN.hop
        alone = PLAIN.log_mel(samples[start : start + PLAIN.size])
        assert np.allclose(alone[0], whole[number], atol=1e-5)
    other = samples.copy()
    other[10 * PLAIN.hop + PLAIN.size :] = sound(1.0, seed=9)[: len(samples) - 1000]
    changed = PLAIN.log_mel(other)
    assert np.allclose(changed[:11], whole[:11], atol=1e-5)
    assert not np.allclose(changed[11:], whole[11:], atol=0.1)


def test_long_sound_is_worked_off_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = sound(1.0)
    whole = PLAIN.log_mel(samples)
    monkeypatch.setattr("zoo.speech.features._FRAMES", 7)
    assert np.allclose(PLAIN.log_mel(samples), whole, atol=1e-5)


def test_sound_shorter_than_a_frame_is_extended_by_silence() -> None:
    samples = sound(0.01)
    extended = np.concatenate((samples, np.zeros(PLAIN.size - len(samples), np.float32)))
    assert PLAIN.log_mel(samples).shape == (1, 26)
    assert np.array_equal(PLAIN.log_mel(samples), PLAIN.log_mel(extended))


def test_silence_is_the_floor_and_an_offset_is_silence() -> None:
    for samples in (np.zeros(800, np.float32), np.full(800, 0.25, np.float32)):
        assert np.allclose(PLAIN.log_mel(samples), np.log(PLAIN.floor))


def test_ten_times_as_loud_is_one_number_more_everywhere() -> None:
    samples = sound(0.3)
    louder = PLAIN.log_mel(10 * samples) - PLAIN.log_mel(samples)
    assert np.allclose(louder, np.log(100), atol=1e-3)


def test_a_warp_of_one_changes_nothing() -> None:
    def mel(hertz: float) -> float:
        return float(1127 * np.log1p(hertz / 700))

    # The filter in which a tone is loudest has its middle nearest to the tone.
    middles = np.linspace(mel(PLAIN.low), mel(PLAIN.high), PLAIN.mels + 2)[1:-1]
    for hertz in (300, 1000, 2500, 3400):
        loudest = PLAIN.log_mel(sine(hertz)).mean(axis=0).argmax()
        assert abs(middles[loudest] - mel(hertz)) < np.diff(middles)[0]


@pytest.mark.parametrize("warp", [0.8, 0.9, 1.1, 1.25])
def test_warped_filters_hear_a_tone_where_another_tone_was(warp: float) -> None:
    warped = replace(PLAIN, warp=warp)
    for hertz in (500, 1000, 2000):
        peak = warped.log_mel(sine(hertz)).mean(axis=0).argmax()
        plain = PLAIN.log_mel(sine(hertz)).mean(axis=0).argmax()
        # Filters that lie higher hear the same tone lower down.
        assert peak != plain
        assert bool(peak < plain) is (warp > 1)
        assert abs(int(peak) - int(PLAIN.log_mel(sine(hertz / warp)).mean(axis=0).argmax())) <= 1
    # The highest frequencies stay where they are.
    top = PLAIN.log_mel(sine(3700)).mean(axis=0).argmax()
    assert warped.log_mel(sine(3700)).mean(axis=0).argmax() == top


@pytest.mark.parametrize(
    "bad",
    [
        {"low": 0.0},
        {"low": 4000.0, "high": 3000.0},
        {"high": 4001.0},
        {"warp": 0.3},
        {"warp": 3.0},
        {"step": 0.0},
        {"step": 0.03},
        {"window": 2.0, "step": 1.0},
        {"mels": 1},
        {"mels": 101},
    ],
)
def test_impossible_front_ends_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="filters"):
        FrontEnd(**bad)  # type: ignore[arg-type]


def test_settings_and_back() -> None:
    assert FrontEnd.of(FINE.to_settings()) == FINE
    assert FrontEnd.of(PLAIN.to_settings()) != FINE


# --- cepstra --------------------------------------------------------------------------------------


def test_cepstra_of_a_cosine_are_one_number() -> None:
    mels, n = 26, 3
    along = (np.arange(mels) + 0.5) / mels
    values = cepstra(np.cos(np.pi * n * along)[None].astype(np.float32), 13, lifter=22)
    expected = np.zeros(13)
    expected[n] = np.sqrt(mels / 2) * (1 + 11 * np.sin(np.pi * n / 22))
    assert np.allclose(values[0], expected, atol=1e-4)


def test_cepstra_of_a_constant_are_its_level() -> None:
    values = cepstra(np.full((2, 26), -3.0, np.float32), 13)
    assert np.allclose(values[:, 0], -3 * np.sqrt(26), atol=1e-4)
    assert np.allclose(values[:, 1:], 0, atol=1e-4)


@pytest.mark.parametrize("reach", [1, 2, 3])
def test_the_slope_of_a_ramp_is_constant(reach: int) -> None:
    time = np.arange(12, dtype=np.float32)
    ramps = np.stack((time, -0.5 * time, np.full(12, 4)), axis=1).astype(np.float32)
    slopes = deltas(ramps, reach)
    assert slopes.shape == ramps.shape
    assert np.allclose(slopes[reach:-reach], [1, -0.5, 0], atol=1e-6)
    # At the ends the first and the last frame are repeated, so that the slope is less.
    assert 0 < slopes[0, 0] < 1
    assert slopes[0, 0] == pytest.approx(slopes[-1, 0])


def test_slopes_by_hand() -> None:
    values = np.array([[0], [0], [1], [0], [0]], np.float32)
    assert np.allclose(deltas(values)[:, 0], [0.2, 0.1, 0, -0.1, -0.2])
    assert np.array_equal(deltas(values[:1]), [[0]])


# --- cepstra less their mean ----------------------------------------------------------------------


def test_a_channel_leaves_no_trace_where_the_mean_is_the_sounds_own() -> None:
    samples = sound(0.5)
    own = Cepstral(PLAIN, np.zeros(COUNT, np.float32), smoothing=0.0)
    plain, louder = own.features(samples), own.features(4 * samples)
    assert plain.shape == (48, SIZE)
    assert np.allclose(plain, louder, atol=2e-3)
    loud = plain[:, 0] > np.quantile(plain[:, 0], 0.5)
    assert abs(plain[loud].mean()) < 1


def test_the_mean_is_between_that_of_the_sound_and_that_of_training() -> None:
    samples = sound(0.5)
    training = np.full(COUNT, 7, np.float32)
    own = Cepstral(PLAIN, training, 0.0).features(samples)[:, :COUNT]
    fixed = Cepstral(PLAIN, training, 1e9).features(samples)[:, :COUNT]
    between = Cepstral(PLAIN, training, 30.0).features(samples)[:, :COUNT]
    raw = cepstra(PLAIN.log_mel(samples), COUNT)
    assert np.allclose(fixed, raw - 7, atol=1e-3)
    share = (between - own) / (fixed - own)
    assert np.allclose(share, share[0, 0], atol=1e-3)
    assert 0 < share[0, 0] < 1
    assert share[0, 0] == pytest.approx(30 / (30 + _loud(samples).sum()), abs=1e-3)


def _loud(samples: Features) -> NDArray[np.bool_]:
    """Which frames [T] are within 30 dB of the loudest, by their loudest band."""
    loudness = PLAIN.log_mel(samples).max(axis=1)
    return np.asarray(loudness > loudness.max() - np.log(1000))


def test_the_mean_of_training_is_that_of_its_loud_frames() -> None:
    recordings = [sound(0.3, seed=1), np.pad(sound(0.2, seed=2), (0, 4000))]
    made = Cepstral.of(PLAIN, recordings, 5.0)
    kept = [cepstra(PLAIN.log_mel(one), COUNT)[_loud(one)] for one in recordings]
    assert len(kept[1]) == 20  # of 68
    assert np.allclose(made.mean, np.concatenate(kept).mean(axis=0), atol=1e-3)
    assert made.smoothing == 5.0


# --- the level so far -----------------------------------------------------------------------------

DEPTH = 35.0
LOW = replace(PLAIN, floor=1e-11)


def normalizer() -> Normalizer:
    return Normalizer.of([LOW.log_mel(sound(1.0, seed=5))], DEPTH, 20.0)


def test_the_level_and_the_mean_so_far_by_hand() -> None:
    how = Normalizer(np.array([2.0], np.float32), np.array([0.5], np.float32), 10.0, 3.0)
    energies = np.array([4.0, 1.0, 0.5, 0.5])
    # Levels: (16 + 1) / (4 + 1) = 3.4, then (16 + 1 + 0.5) / (4 + 1 + 1) = 35 / 12; ten decibels
    # below is a tenth, and a frame of a hundredth of the level counts half as speech.
    levels = np.array([3.4, 3.4, 35 / 12, 35 / 12])
    above = np.log(energies / levels + 0.1)
    loud = energies / (energies + levels / 100)
    means = [(3 * 2 + (loud * above)[:n].sum()) / (3 + loud[:n].sum()) for n in (2, 2, 4, 4)]
    values = how.whole(np.log(energies)[:, None].astype(np.float32), 2)
    assert np.allclose(values[:, 0], (above - means) / 0.5, atol=1e-5)


def test_the_mean_of_training_is_that_of_its_speech() -> None:
    speech = LOW.log_mel(sound(0.6))
    pause = np.full((200, speech.shape[1]), -25.0, np.float32)
    alone = Normalizer.of([speech], DEPTH, 20.0)
    padded = Normalizer.of([np.concatenate((pause, speech))], DEPTH, 20.0)
    assert np.allclose(padded.mean, alone.mean, atol=1e-3)
    # With that mean alone, speech in the mean is nothing.
    assert np.abs(alone.whole(speech, 1000).mean(axis=0)).max() < 0.2


@pytest.mark.parametrize("gain", [0.1, 3.0])
def test_loudness_and_silence_around_change_nothing(gain: float) -> None:
    samples = sound(0.6)
    features = LOW.log_mel(samples)
    values = normalizer().whole(features, 1000)
    louder = normalizer().whole(LOW.log_mel(samples * np.float32(gain)), 1000)
    assert np.allclose(louder, values, atol=1e-2)
    pause = np.full((70, features.shape[1]), features.min() - 10, np.float32)
    padded = normalizer().whole(np.concatenate((pause, features, pause)), 1000)
    assert np.allclose(padded[70:-70], values, atol=1e-2)


def test_a_channel_changes_the_less_the_more_is_heard_of_it() -> None:
    channel = np.linspace(-1, 1, PLAIN.mels, dtype=np.float32)
    changes = []
    for seconds in (0.1, 0.5, 4.0):
        features = LOW.log_mel(sound(seconds))
        plain, coloured = (normalizer().whole(x, 1000) for x in (features, features + channel))
        changes.append(float((coloured - plain).mean(axis=0).std()))
    assert changes[0] > 2 * changes[1] > 4 * changes[2]


def test_what_is_far_below_the_speech_is_alike() -> None:
    features = LOW.log_mel(sound(0.6))
    pauses = [
        np.full((5, features.shape[1]), features.max() - below * np.log(10) / 10, np.float32)
        for below in (DEPTH + 50, DEPTH + 70)
    ]
    values = normalizer().whole(np.concatenate((features, *pauses)), 1000)
    assert np.allclose(values[-10:-5], values[-5:], atol=0.05)
    assert (values[-5:] < values[:-10].mean(axis=0)).all()


def test_silence_alone_is_not_made_loud() -> None:
    silence = LOW.log_mel(np.zeros(4000, np.float32))
    speech = LOW.log_mel(sound(0.6))
    assert (normalizer().whole(silence, 10) < normalizer().whole(speech, 10).mean(axis=0)).all()


@pytest.mark.parametrize("chunk", [1, 4, 17])
def test_no_chunk_depends_on_what_follows_it(chunk: int) -> None:
    features = LOW.log_mel(sound(0.6))
    whole = normalizer().whole(features, chunk)
    other = features.copy()
    other[3 * chunk :] += 1
    changed = normalizer().whole(other, chunk)
    assert np.array_equal(changed[: 3 * chunk], whole[: 3 * chunk])
    assert not np.allclose(changed[3 * chunk :], whole[3 * chunk :])
    running = normalizer().begin()
    parts = [features[start : start + chunk] for start in range(0, len(features), chunk)]
    assert np.array_equal(np.concatenate([running.next(part) for part in parts]), whole)


def test_a_band_that_never_changes_does_not_blow_up() -> None:
    features = LOW.log_mel(sound(0.5))
    features[:, 3] = -40
    values = Normalizer.of([features], DEPTH, 20.0).whole(features, 10)
    assert np.abs(values[:, 3]).max() < 1e-2


@pytest.mark.parametrize(
    ("depth", "smoothing"), [(0.0, 1.0), (-3.0, 1.0), (101.0, 1.0), (np.nan, 1.0), (35.0, -1.0)]
)
def test_impossible_normalisers_are_refused(depth: float, smoothing: float) -> None:
    with pytest.raises(ValueError, match=r"a (depth|smoothing) of"):
        Normalizer(np.zeros(2, np.float32), np.ones(2, np.float32), depth, smoothing)


def test_what_holds_no_frames_is_nothing() -> None:
    assert normalizer().begin().next(np.empty((0, LOW.mels), np.float32)).shape == (0, LOW.mels)


def test_silence_before_the_speech_changes_it_little() -> None:
    samples = sound(1.0)
    silence = np.zeros(PLAIN.rate, np.float32)
    plain = normalizer().whole(LOW.log_mel(samples), 64)
    later = normalizer().whole(LOW.log_mel(np.concatenate((silence, samples))), 64)
    assert np.abs(later[-len(plain) :] - plain)[64:].max() < 0.5


def test_frames_that_follow_each_other_do_so_in_time() -> None:
    how = FrontEnd(window=0.025, step=0.01)
    assert how.times(0, 9, 1.0) == (0.0, 0.1075)
    assert how.times(10, 97, 1.0) == (0.1075, 0.9875)
    assert how.times(10, 99, 1.0) == (0.1075, 1.0)  # no later than the sound
