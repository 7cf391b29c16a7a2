"""A language of four words made of gliding tones, and two who speak it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zoo.audio import Audio
from zoo.data import Example

RATE = 8000
MARGIN = 0.04  # seconds of quiet at either end of a recording of one word
_NOISE = 0.003
_PITCHES = {  # Hz, along the word
    "down": (2000.0, 1100.0, 300.0),
    "hill": (500.0, 2600.0, 500.0),
    "up": (300.0, 1100.0, 2000.0),
    "valley": (2800.0, 900.0, 2800.0),
}
VOCABULARY = tuple(sorted(_PITCHES))
SPEAKERS = {"high": 1.1, "low": 0.95}  # a factor on all pitches


def tone(
    word: str, speaker: str, random: np.random.Generator, rate: int = RATE
) -> NDArray[np.float32]:
    """The word itself [N], without noise or quiet around it."""
    count = round(random.uniform(0.35, 0.5) * rate)
    pitches = _PITCHES[word]
    path = np.interp(np.linspace(0, len(pitches) - 1, count), np.arange(len(pitches)), pitches)
    path *= SPEAKERS[speaker] * random.uniform(0.97, 1.03)
    envelope = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.01 * rate))
    wave = 0.3 * envelope * np.sin(2 * np.pi * np.cumsum(path) / rate)
    return wave.astype(np.float32)


def spoken(
    words: Sequence[str],
    speaker: str,
    random: np.random.Generator,
    *,
    pauses: tuple[float, float] = (0.15, 0.4),
    margin: float = 0.2,
    rate: int = RATE,
) -> tuple[Audio, list[tuple[float, float]]]:
    """Words with noise throughout, and the times between which each sounds."""
    parts = [np.zeros(round(margin * rate), np.float32)]
    times = []
    for number, word in enumerate(words):
        if number:
            parts.append(np.zeros(round(random.uniform(*pauses) * rate), np.float32))
        begin = sum(map(len, parts))
        parts.append(tone(word, speaker, random, rate))
        times.append((begin / rate, (begin + len(parts[-1])) / rate))
    parts.append(np.zeros(round(margin * rate), np.float32))
    samples = np.concatenate(parts)
    noise = random.normal(0, _NOISE, len(samples))
    return Audio((samples + noise).astype(np.float32), rate), times


def examples(
    each: int,
    seed: int,
    words: Sequence[str] = VOCABULARY,
    speakers: Sequence[str] = ("high", "low"),
) -> list[Example]:
    """So many recordings of each word by each speaker."""
    random = np.random.default_rng(seed)
    return [
        Example(spoken([word], speaker, random, margin=MARGIN)[0], word, speaker)
        for _ in range(each)
        for speaker in speakers
        for word in words
    ]
