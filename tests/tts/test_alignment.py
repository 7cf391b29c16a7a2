from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from zoo.audio import Audio
from zoo.tts.alignment import (
    PAUSE,
    RATE,
    Aligned,
    Aligner,
    Segment,
    Word,
    read_alignments,
    write_alignments,
)

# Sounds that differ much: (frequencies of their tones, share of noise).
SOUNDS = {
    "AA": ((200, 700, 1100), 0.0),
    "IY": ((200, 300, 2300), 0.0),
    "UW": ((200, 320, 800), 0.0),
    "S": ((5500, 6100, 6700), 1.0),
    "M": ((200, 250, 300), 0.05),
}
WAYS = {
    "sa": (("S", "AA1"),),
    "me": (("M", "IY1"),),
    "sue": (("S", "UW1"), ("UW1",)),
    "ami": (("AA1", "M", "IY0"),),
}


def sound(symbol: str, seconds: float, random: np.random.Generator) -> NDArray[np.float64]:
    t = np.arange(round(seconds * RATE)) / RATE
    tones, noise = SOUNDS.get(symbol.rstrip("012"), ((), 0.0))
    wave = sum((np.sin(2 * np.pi * f * t + random.uniform(0, 6)) for f in tones), 0 * t)
    rough = random.standard_normal(len(t))
    if noise == 1.0:
        rough = np.diff(rough, prepend=0.0)
    return 0.05 * wave + (0.05 * noise + 0.0005) * rough


def recording(
    words: list[str], random: np.random.Generator
) -> tuple[Audio, list[Word], list[tuple[str, float]]]:
    """Sound, words, and each phone or pause with its end; the first way of each word is spoken."""
    parts, truth, clock = [], [], 0.0
    order: list[str] = [PAUSE]
    for word in words:
        order += [*WAYS[word][0]]
        if random.random() < 0.5:
            order.append(PAUSE)
    if order[-1] != PAUSE:
        order.append(PAUSE)
    for symbol in order:
        seconds = random.uniform(0.06, 0.2)
        parts.append(sound(symbol, seconds, random))
        clock += len(parts[-1]) / RATE
        truth.append((symbol, clock))
    samples = np.concatenate(parts).astype(np.float32)
    return Audio(samples, RATE), [Word(word, WAYS[word]) for word in words], truth


@pytest.fixture(scope="module")
def planted() -> tuple[Aligner, list[tuple[Audio, list[Word], list[tuple[str, float]]]]]:
    random = np.random.default_rng(3)
    made = [
        recording(random.choice(list(WAYS), random.integers(2, 6)).tolist(), random)
        for _ in range(40)
    ]
    return Aligner.learn([(audio, words) for audio, words, _ in made[:30]]), made


def test_planted_boundaries_are_found_within_20_ms(
    planted: tuple[Aligner, list[tuple[Audio, list[Word], list[tuple[str, float]]]]],
) -> None:
    aligner, made = planted
    for audio, words, truth in made:
        found = aligner.align(audio, words)
        assert found is not None
        assert [one.symbol for one in found.segments] == [symbol for symbol, _ in truth]
        ends = [one.end for one in found.segments]
        assert ends == pytest.approx([end for _, end in truth], abs=0.02)
        assert ends[-1] == pytest.approx(audio.seconds, abs=1e-4)


def test_other_words_are_doubted(
    planted: tuple[Aligner, list[tuple[Audio, list[Word], list[tuple[str, float]]]]],
) -> None:
    aligner, made = planted
    audio, words, _ = made[0]
    right = aligner.align(audio, words)
    wrong = aligner.align(audio, [Word("me", WAYS["me"])] * len(words))
    assert right is not None
    assert wrong is not None
    assert wrong.doubt > right.doubt + 5


def test_a_moment_is_too_short_for_words(
    planted: tuple[Aligner, list[tuple[Audio, list[Word], list[tuple[str, float]]]]],
) -> None:
    aligner, made = planted
    assert aligner.align(Audio(made[0][0].samples[:400], RATE), made[0][1]) is None


def test_alignments_are_read_as_they_were_written(tmp_path: Path) -> None:
    segments = (Segment(PAUSE, -1, 0.0, 0.1), Segment("AA1", 0, 0.1, 0.25))
    write_alignments(tmp_path / "a.json", {"x/y": Aligned(segments, 1.0, 2.0)})
    assert read_alignments(tmp_path / "a.json") == {"x/y": segments}
