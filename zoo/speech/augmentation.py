"""Making recordings sound like other voices, rooms, telephones and surroundings."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import fftconvolve

from zoo.audio import Audio
from zoo.speech.features import Features, FrontEnd
from zoo.speech.strings import connect

Samples = NDArray[np.float32]

_PITCH = (0.85, 1.5)  # factors on the pitch: up to a woman's, of a man's
_TRACT = (0.87, 1.2)  # and on the resonances, which differ less between people
_WARP = (0.75, 1.35)
_TEMPO = (0.8, 1.25)
_STEP = (0.006, 0.014)  # seconds between frames
_LENT = 0.45  # how often a lent voice speaks, where there are any
_ROOM, _NOISE, _BABBLE, _TELEPHONE, _COMPANDING = 0.15, 0.4, 0.3, 0.5, 0.1  # how often
_RATIOS = (0.0, 40.0)  # decibels of speech above noise
_BEND = 1.5  # bands by which a region is moved at most
_BANDS_HIDDEN = 0.2  # of all, at most, twice
_FRAMES_HIDDEN, _FRAMES_A_MASK = 12, 80  # at most, and in how many once
_LEVELS = (-40.0, -1.0)  # decibels of the loudest sample
_TAPS = 65  # of a telephone's filter
_MU = 255  # of the companding in telephones, ITU-T G.711


@dataclass(frozen=True, slots=True)
class Voices:
    """Recordings of single words, those of one speaker together, all at one rate.

    own: those of the people to learn from. lent: those of others, such as machines, that speak now
    and then.
    """

    own: Sequence[Sequence[tuple[Audio, str]]]
    lent: Sequence[Sequence[tuple[Audio, str]]] = ()

    def pick(self, random: np.random.Generator) -> Sequence[tuple[Audio, str]]:
        """The recordings of one speaker."""
        voices = self.lent if self.lent and random.random() < _LENT else self.own
        return voices[int(random.integers(len(voices)))]


@dataclass(frozen=True, slots=True)
class Heard:
    """Features of a string [T, mels], its words, and the frames between which each is spoken."""

    features: Features
    words: tuple[str, ...]
    times: tuple[tuple[float, float], ...]


def perturbed(
    voices: Voices,
    count: int,
    front_end: FrontEnd,
    random: np.random.Generator,
) -> Heard:
    """One string of `count` words, as a person who is not among the given ones might say it.

    voices: at the rate of the front end.
    """
    rate = front_end.rate
    spoken = voices.pick(random)
    pitch = _between(*_PITCH, random)
    tract = _between(*_TRACT, random)
    tempo = _between(*_TEMPO, random)
    # Playing faster moves pitch, resonances and tempo at once: filters at other frequencies undo
    # what is too much for the resonances, frames at another distance what is for the tempo.
    warp = float(np.clip(pitch / tract, *_WARP))
    step = float(np.clip(front_end.step * tempo / pitch, *_STEP))
    how = dataclasses.replace(front_end, step=round(step * rate) / rate, warp=round(warp, 2))
    chosen = [spoken[i] for i in random.integers(len(spoken), size=count)]
    faster = [
        (Audio(soxr.resample(audio.samples, rate * pitch, rate, quality="MQ"), rate), word)
        for audio, word in chosen
    ]
    times: tuple[tuple[float, float], ...]
    if count == 1 and random.random() < 0.5:  # cut tightly, as recordings of single words are
        samples, times = faster[0][0].samples, ((0.0, faster[0][0].seconds),)
    elif count:
        string = connect(faster, random)
        samples, times = string.audio.samples, string.times
    else:
        samples, times = np.zeros(round(random.uniform(0.1, 2.0) * rate), np.float32), ()
    samples = _through_a_channel(samples, voices, rate, random)
    frames = tuple((begin / how.step, end / how.step) for begin, end in times)
    return Heard(bent(how.log_mel(samples), random), tuple(word for _, word in chosen), frames)


def masked(features: Features, random: np.random.Generator) -> Features:
    """Without some bands and moments: set to 0, their mean [T, mels].

    Park et al., "SpecAugment: A Simple Data Augmentation Method for Automatic Speech Recognition",
    Interspeech 2019 (arXiv:1904.08779).
    """
    features = features.copy()
    frames, mels = features.shape
    for _ in range(2):
        width = int(random.integers(0, round(_BANDS_HIDDEN * mels) + 1))
        first = int(random.integers(0, mels - width + 1))
        features[:, first : first + width] = 0
    for _ in range(max(1, frames // _FRAMES_A_MASK)):
        width = int(random.integers(0, min(_FRAMES_HIDDEN, frames // 3) + 1))
        first = int(random.integers(0, frames - width + 1))
        features[first : first + width] = 0
    return features


def bent(features: Features, random: np.random.Generator) -> Features:
    """With bands moved up or down, each region by an amount of its own [T, mels].

    People differ not only in the length of their vocal tract: an accent moves single resonances.
    """
    mels = features.shape[1]
    at = np.arange(mels)
    wave = random.uniform(0.5, 2.5) * at / mels + random.uniform(0, 2)
    moved = np.clip(at + random.uniform(0, _BEND) * np.sin(np.pi * wave), 0, mels - 1)
    below = np.minimum(moved.astype(int), mels - 2)
    share = (moved - below).astype(np.float32)
    mixed: Features = (1 - share) * features[:, below] + share * features[:, below + 1]
    return mixed


def with_noise(samples: Samples, noise: Samples, decibels: float) -> Samples:
    """The sum, where the power of speech is so far above that of the noise.

    Samples without speech are left as they are.
    """
    power = float(np.mean(samples.astype(np.float64) ** 2))
    loud = float(np.mean(noise.astype(np.float64) ** 2))
    if power == 0 or loud == 0:
        return samples
    factor = np.sqrt(power / loud / 10 ** (decibels / 10))
    return samples + np.float32(factor) * noise


def coloured_noise(count: int, slope: float, random: np.random.Generator) -> Samples:
    """Noise whose power falls with frequency to the power of `slope`: 0 white, 1 pink, 2 brown."""
    size = next_fast_len(count, real=True)
    spectrum = rfft(random.normal(size=size))
    spectrum *= np.maximum(np.arange(len(spectrum)), 1.0) ** (-slope / 2)
    return np.asarray(irfft(spectrum, size)[:count], np.float32)


def babble(voices: Voices, count: int, random: np.random.Generator) -> Samples:
    """Three to six people talking at once, none of whom can be understood."""
    total = np.zeros(count, np.float32)
    for _ in range(random.integers(3, 7)):
        spoken = voices.pick(random)
        position = -int(random.integers(0, 2000))
        while position < count:
            audio, _ = spoken[int(random.integers(len(spoken)))]
            first = max(0, -position)
            part = audio.samples[first : first + count - max(position, 0)]
            loudest = float(np.abs(audio.samples).max()) or 1.0
            begin = max(position, 0)
            total[begin : begin + len(part)] += part / np.float32(loudest)
            position += len(audio.samples) + int(random.integers(0, 1600))
    return total


def _between(low: float, high: float, random: np.random.Generator) -> float:
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def _through_a_channel(
    samples: Samples,
    voices: Voices,
    rate: int,
    random: np.random.Generator,
) -> Samples:
    count = len(samples)
    silent = not samples.any()
    if random.random() < _ROOM:
        samples = _in_a_room(samples, rate, random)
    if random.random() < _NOISE or silent:
        noise = (
            babble(voices, count, random)
            if random.random() < _BABBLE
            else coloured_noise(count, random.uniform(0, 2), random)
        )
        samples = noise if silent else with_noise(samples, noise, random.uniform(*_RATIOS))
    if random.random() < _TELEPHONE:
        samples = fftconvolve(samples, _telephone(rate, random), mode="same")
    loudest = float(np.abs(samples).max()) or 1.0
    samples = samples * np.float32(10 ** (random.uniform(*_LEVELS) / 20) / loudest)
    if random.random() < _COMPANDING:
        samples = _companded(samples)
    return np.asarray(samples, np.float32)


def _in_a_room(samples: Samples, rate: int, random: np.random.Generator) -> Samples:
    """With an echo that dies away within 0.1 to 0.4 seconds."""
    time = np.arange(round(random.uniform(0.1, 0.4) * rate)) / rate
    echo = random.normal(size=len(time)) * np.exp(-6.9 * time / time[-1])
    echo *= random.uniform(0.05, 0.4) / np.sqrt((echo**2).sum())
    echo[0] = 1.0
    return np.asarray(fftconvolve(samples, echo)[: len(samples)], np.float32)


def _telephone(rate: int, random: np.random.Generator) -> Samples:
    """A filter that lets some band pass, and that not evenly."""
    frequencies = rfftfreq(_TAPS - 1, 1 / rate)
    low, high = random.uniform(50, 400), random.uniform(2600, 0.5 * rate)
    tilt = random.uniform(-6, 6) * np.log2(np.maximum(frequencies, 100) / 1000)
    wave = random.uniform(0, 4) * np.sin(frequencies / rate * random.uniform(5, 40))
    gain = 10 ** ((tilt + wave) / 20)
    gain = np.where((frequencies < low) | (frequencies > high), 0.02 * gain, gain)
    taps = np.fft.fftshift(irfft(gain, _TAPS - 1))
    return np.asarray(taps * np.hanning(_TAPS - 1), np.float32)


def _companded(samples: Samples) -> Samples:
    """To eight bits and back, as telephones do."""
    squeezed = np.sign(samples) * np.log1p(_MU * np.minimum(np.abs(samples), 1)) / np.log1p(_MU)
    steps = np.rint(squeezed * 127) / 127
    return np.asarray(np.sign(steps) * np.expm1(np.abs(steps) * np.log1p(_MU)) / _MU, np.float32)
