"""Connected strings of words, put together from recordings of single ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zoo.audio import Audio

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SHORTEST, LONGEST = 3, 7  # words of a string
_FRAME = 0.02  # seconds over which loudness is taken
_FADE = 0.005  # seconds over which a recording comes and goes


@dataclass(frozen=True, slots=True)
class SpokenString:
    """A string of words. times: where each begins and ends, in seconds."""

    audio: Audio
    words: tuple[str, ...]
    times: tuple[tuple[float, float], ...]

    @property
    def text(self) -> str:
        return " ".join(self.words)


def strings(
    spoken: Sequence[tuple[Audio, str]], rounds: int, *, seed: int | tuple[int, ...]
) -> Iterator[SpokenString]:
    """Strings of 3 to 7 words in which each recording occurs once a round.

    spoken: recordings of one speaker, all at one rate, each with its word. The same recordings and
    seed give the same strings.
    """
    random = np.random.default_rng(seed)
    for _ in range(rounds):
        order = random.permutation(len(spoken)).tolist()
        while order:
            length = int(random.integers(SHORTEST, LONGEST + 1))
            if 0 < len(order) - length < SHORTEST:  # too few would be left for another string
                length = len(order) if len(order) <= LONGEST else len(order) - SHORTEST
            yield connect([spoken[i] for i in order[:length]], random)
            del order[:length]


def connect(spoken: Sequence[tuple[Audio, str]], random: np.random.Generator) -> SpokenString:
    """One string of recordings, with pauses as people make them when they read out a number.

    Most pauses are 0.05 to 0.3 s, now and then up to 0.6 s; they are as noisy as the quietest
    stretch of the recordings around them, for a pause of pure zeros is nothing that a microphone
    ever heard.
    """
    rate = spoken[0][0].rate
    floor = min(_quietest(audio) for audio, _ in spoken)
    floor = floor if np.isfinite(floor) else 0.0
    parts: list[NDArray[np.float32]] = []
    times = []
    position = 0

    def pause(seconds: float) -> None:
        nonlocal position
        noise = random.normal(0, floor, round(seconds * rate)).astype(np.float32)
        parts.append(noise)
        position += len(noise)

    pause(random.uniform(0.1, 0.3))
    for audio, _ in spoken:
        samples = _faded(audio)
        times.append((position / rate, (position + len(samples)) / rate))
        parts.append(samples)
        position += len(samples)
        seldom = random.random() < 0.15
        pause(random.uniform(0.3, 0.6) if seldom else random.uniform(0.05, 0.3))
    return SpokenString(
        Audio(np.concatenate(parts), rate), tuple(word for _, word in spoken), tuple(times)
    )


def _quietest(audio: Audio) -> float:
    """The root mean square of the quietest stretch of a recording, but for digital silence.

    Infinite where there is no such stretch.
    """
    size = round(_FRAME * audio.rate)
    count = len(audio.samples) // size
    frames = audio.samples[: count * size].reshape(count, size).astype(np.float64)
    loudness = np.sqrt((frames**2).mean(axis=1))
    return float(loudness[loudness > 0].min(initial=np.inf))


def _faded(audio: Audio) -> NDArray[np.float32]:
    """The samples without a click at either end."""
    size = min(round(_FADE * audio.rate), len(audio.samples) // 2)
    samples = audio.samples.copy()
    ramp = np.linspace(0, 1, size, endpoint=False, dtype=np.float32)
    samples[:size] *= ramp
    samples[len(samples) - size :] *= ramp[::-1]
    return samples
