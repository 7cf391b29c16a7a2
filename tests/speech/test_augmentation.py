"""Perturbed recordings: what is asked for is what comes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import welch

from tests.speech.voices import RATE, SPEAKERS, VOCABULARY, examples
from zoo.audio import Audio
from zoo.speech import augmentation
from zoo.speech.augmentation import Voices, babble, coloured_noise, masked, perturbed, with_noise
from zoo.speech.features import FrontEnd

FRONT_END = FrontEnd(mels=40)
_LONGEST_STEP = 0.014


# Two recordings of each word by each speaker.
PEOPLE = [
    [(one.input, one.target) for one in examples(2, 0, speakers=[speaker])] for speaker in SPEAKERS
]
VOICES = Voices(PEOPLE)


def power(samples: augmentation.Samples) -> float:
    return float((samples.astype(np.float64) ** 2).mean())


# --- noise ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("decibels", [-10.0, 0.0, 7.5, 40.0])
def test_noise_is_as_loud_as_asked(decibels: float) -> None:
    random = np.random.default_rng(0)
    speech = PEOPLE[0][0][0].samples
    noise = random.normal(0, 0.7, len(speech)).astype(np.float32)
    added = with_noise(speech, noise, decibels) - speech
    ratio = 10 * np.log10(power(speech) / power(added))
    assert ratio == pytest.approx(decibels, abs=0.1)
    assert np.corrcoef(added, noise)[0, 1] > 0.999


def test_where_there_is_no_speech_or_no_noise_nothing_is_added() -> None:
    speech, nothing = PEOPLE[0][0][0].samples, np.zeros(100, np.float32)
    assert np.array_equal(with_noise(speech, np.zeros_like(speech), 10), speech)
    assert np.array_equal(with_noise(nothing, np.ones(100, np.float32), 10), nothing)


@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0])
def test_the_power_of_coloured_noise_falls_as_asked(slope: float) -> None:
    noise = coloured_noise(200_003, slope, np.random.default_rng(0))
    assert noise.shape == (200_003,)
    frequencies, density = welch(noise, nperseg=4096)
    middle = (frequencies > 0.005) & (frequencies < 0.3)
    measured = np.polyfit(np.log(frequencies[middle]), np.log(density[middle]), 1)[0]
    assert measured == pytest.approx(-slope, abs=0.1)


@pytest.mark.parametrize("count", [50, 3000, 20_000])
def test_babble_never_pauses_for_long(count: int) -> None:
    made = babble(VOICES, count, np.random.default_rng(1))
    assert made.shape == (count,)
    again = babble(VOICES, count, np.random.default_rng(1))
    assert np.array_equal(made, again)
    if count > 10_000:
        seconds = made[: count // RATE * RATE].reshape(-1, RATE)
        assert (seconds.std(axis=1) > 0.1).all()


# --- rooms and telephones -------------------------------------------------------------------------


def test_a_room_answers_after_the_sound() -> None:
    click = np.zeros(4000, np.float32)
    click[1000] = 1
    heard = augmentation._in_a_room(click, RATE, np.random.default_rng(0))
    assert np.allclose(heard[:1000], 0, atol=1e-6)
    assert heard[1000] == pytest.approx(1, abs=1e-5)
    early, late = power(heard[1001:1201]), power(heard[1401:1601])
    assert early > 4 * late


def test_a_telephone_lets_its_band_pass() -> None:
    for seed in range(5):
        taps = augmentation._telephone(RATE, np.random.default_rng(seed))
        gain = np.abs(np.fft.rfft(taps, 800))  # 10 Hz apart
        passed = gain[60:250].mean()
        assert passed > 0.3
        assert gain[0] < 0.5 * passed


def test_companding_errs_little_where_sound_is_soft() -> None:
    levels = np.linspace(-1, 1, 2001).astype(np.float32)
    heard = augmentation._companded(levels)
    assert len(np.unique(heard)) <= 255
    assert np.abs(heard - levels).max() < 0.03
    soft = np.abs(levels) < 0.01
    assert np.abs(heard - levels)[soft].max() < 3e-4
    assert np.array_equal(augmentation._companded(2 * levels)[-1:], [1])


# --- strings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_perturbed_strings_have_their_words_in_order_and_inside(count: int) -> None:
    random = np.random.default_rng(count)
    for _ in range(25):
        heard = perturbed(VOICES, count, FRONT_END, random)
        assert heard.features.shape[1] == FRONT_END.mels
        assert np.isfinite(heard.features).all()
        assert len(heard.words) == len(heard.times) == count
        assert set(heard.words) <= set(VOCABULARY)
        times = [time for span in heard.times for time in span]
        assert times == sorted(times)
        # The last frame begins a window before the end, at least.
        over = FRONT_END.window / (augmentation._STEP[0])
        assert all(0 <= time <= len(heard.features) + over for time in times)
        # Words last as long as the slowest and the fastest would say them.
        assert all(0.2 / _LONGEST_STEP < end - begin < 120 for begin, end in heard.times)


def test_words_are_where_the_times_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augmentation, "_through_a_channel", lambda samples, *_: samples)
    random = np.random.default_rng(3)
    for _ in range(10):
        heard = perturbed(VOICES, 3, FRONT_END, random)
        loudness = heard.features.max(axis=1)
        quiet = np.ones(len(loudness), bool)
        for begin, end in heard.times:
            quiet[max(0, round(begin) - 3) : round(end) + 1] = False
        loud = loudness > loudness[quiet].max() + 3
        for begin, end in heard.times:
            assert loud[round(begin) : round(end)].mean() > 0.5


def test_perturbed_strings_are_those_of_the_generator() -> None:
    def made(seed: int) -> list[augmentation.Heard]:
        random = np.random.default_rng(seed)
        return [perturbed(VOICES, count, FRONT_END, random) for count in (3, 1, 0, 5)]

    first, again, other = made(1), made(1), made(2)
    for a, b in zip(first, again, strict=True):
        assert (a.words, a.times) == (b.words, b.times)
        assert np.array_equal(a.features, b.features)
    assert first[0].features.shape != other[0].features.shape


def test_a_string_is_of_one_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    # Voices that say the same say it under other names here.
    named = [
        [(audio, f"{word} {who}") for audio, word in voice]
        for who, voice in zip(SPEAKERS, PEOPLE, strict=True)
    ]
    random = np.random.default_rng(0)
    said = [perturbed(Voices(named), 4, FRONT_END, random).words for _ in range(20)]
    assert all(len({word.split()[1] for word in words}) == 1 for words in said)
    assert {words[0].split()[1] for words in said} == set(SPEAKERS)


def test_lent_voices_speak_now_and_then_and_only_where_there_are_any() -> None:
    own, lent = [[(PEOPLE[0][0][0], "own")]], [[(PEOPLE[1][0][0], "lent")]]
    random = np.random.default_rng(0)
    said = [Voices(own, lent).pick(random)[0][1] for _ in range(400)]
    assert 0.35 < said.count("lent") / len(said) < 0.55
    assert {Voices(own).pick(random)[0][1] for _ in range(20)} == {"own"}


def test_resonances_and_tempo_vary_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augmentation, "_through_a_channel", lambda samples, *_: samples)
    tone = (0.3 * np.sin(2 * np.pi * 900 * np.arange(6000) / RATE)).astype(np.float32)
    voice = Voices([[(Audio(tone, RATE), "tone")]])

    def heard(pitch: float = 1.0, tract: float = 1.0, tempo: float = 1.0) -> tuple[int, float]:
        """The loudest band, and the word's length in frames."""
        monkeypatch.setattr(augmentation, "_PITCH", (pitch, pitch))
        monkeypatch.setattr(augmentation, "_TRACT", (tract, tract))
        monkeypatch.setattr(augmentation, "_TEMPO", (tempo, tempo))
        found = perturbed(voice, 1, FRONT_END, np.random.default_rng(0))
        ((begin, end),) = found.times
        return int(found.features[round((begin + end) / 2)].argmax()), end - begin

    band, length = heard()
    assert length == pytest.approx(75, abs=0.1)
    for tempo in (0.8, 1.25):
        assert heard(tempo=tempo) == (band, pytest.approx(75 / tempo, rel=0.02))
    # A higher pitch leaves the resonances where they are; a shorter tract does not.
    for pitch in (0.85, 1.3):
        there, same = heard(pitch=pitch)
        assert abs(there - band) <= 1
        assert same == pytest.approx(75, rel=0.02)
    assert heard(tract=0.85)[0] < band - 1
    assert heard(tract=1.2)[0] > band + 1


# --- masks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("frames", [1, 3, 98, 700])
def test_masks_only_put_zeros_and_leave_most_as_it_is(frames: int) -> None:
    random = np.random.default_rng(0)
    features = random.normal(5, 1, (frames, 40)).astype(np.float32)
    before = features.copy()
    shares = []
    for _ in range(40):
        made = masked(features, random)
        changed = made != features
        assert (made[changed] == 0).all()
        # Whole bands and whole moments.
        bands, moments = changed.all(axis=0), changed.all(axis=1)
        assert np.array_equal(changed, bands[None] | moments[:, None])
        assert not changed.all() or frames < 4
        shares.append(changed.mean())
    assert np.array_equal(features, before)
    assert 0 < np.mean(shares) < 0.5


def test_bands_move_by_no_more_than_the_bend() -> None:
    random = np.random.default_rng(0)
    numbers = np.tile(np.arange(40, dtype=np.float32), (7, 1))  # what lies in each band
    furthest = 0.0
    for _ in range(50):
        made = augmentation.bent(numbers, random)
        assert made.shape == numbers.shape
        assert made.dtype == np.float32
        assert np.array_equal(made, np.tile(made[0], (7, 1)))
        furthest = max(furthest, float(np.abs(made - numbers).max()))
    assert 0.8 * augmentation._BEND < furthest <= augmentation._BEND + 1e-4
