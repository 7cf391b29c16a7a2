"""The contract of speech recognition: good input, bad input, and what an answer must be."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import soundfile

from tests.contract.case import Case
from tests.contract.vision import picture, png
from zoo.audio import Audio
from zoo.data import Example
from zoo.model import Model
from zoo.predictions import Transcript


def _sound(seed: int, seconds: float = 0.6, rate: int = 8000) -> np.ndarray[Any, Any]:
    """A glide between two pitches with noise, [N] float32."""
    rng = np.random.default_rng(seed)
    pitch = np.linspace(*rng.uniform(150, 1500, 2), round(seconds * rate))
    tone = 0.3 * np.sin(2 * np.pi * np.cumsum(pitch) / rate)
    return (tone + rng.normal(0, 0.01, len(tone))).astype(np.float32)


def _wav(samples: np.ndarray[Any, Any], rate: int, subtype: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, subtype=subtype, format="WAV")
    return file.getvalue()


def _good_sounds(_: Model) -> list[Any]:
    stereo = np.stack([_sound(1, rate=44_100), _sound(2, rate=44_100)], axis=1)
    return [
        (_sound(0), 8000),
        (_sound(3, 0.011), 8000),
        (np.zeros(8000, np.float32), 8000),
        (stereo, 44_100),
        (stereo.T, 44_100),
        {"array": (_sound(4, 1.3, 16_000) * 32767).astype(np.int16), "sampling_rate": 16_000},
        _wav(_sound(5), 8000, "PCM_U8"),
        _wav(_sound(6, rate=11_025), 11_025, "PCM_24"),
        Audio(_sound(7, rate=22_050), 22_050),
    ]


def _bad_sounds(_: Model) -> list[Any]:
    wav = _wav(_sound(0), 8000, "PCM_16")
    return [
        _sound(0),
        [(_sound(0), 8000)],
        None,
        7,
        "no-such-file.wav",
        b"this is no sound",
        png(picture(0, 64, 64)),
        wav[:30],
        (np.zeros(0, np.float32), 8000),
        (np.full(8000, np.nan, np.float32), 8000),
        (np.zeros((100, 100), np.float32), 8000),
        (np.zeros(8000, np.int64), 8000),
        (_sound(0), 0),
        (np.broadcast_to(np.float32(0), (3 * 3600 * 8000,)), 8000),
    ]


def _check_transcript(prediction: Any) -> None:
    assert isinstance(prediction, Transcript)
    assert str(prediction) == prediction.text == prediction.text.strip()
    assert 0 <= prediction.confidence <= 1
    assert prediction.seconds > 0
    times = [time for word in prediction.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert all(0 <= time <= prediction.seconds + 1e-6 for time in times)
    assert all(0 <= word.confidence <= 1 for word in prediction.words)
    if prediction.words:
        assert " ".join(word.text for word in prediction.words).split() == prediction.text.split()


def _fit_recognizer(model_class: type[Model]) -> None:
    """A rising and a falling tone are learned from forty examples, the same each time."""
    rng = np.random.default_rng(0)

    def example(word: str, speaker: str) -> Example:
        low, high = rng.uniform(250, 350), rng.uniform(1800, 2200)
        ends = (low, high) if word == "up" else (high, low)
        pitch = np.linspace(*ends, round(rng.uniform(0.35, 0.5) * 8000))
        tone = 0.3 * np.sin(2 * np.pi * np.cumsum(pitch) / 8000)
        samples = (tone + rng.normal(0, 0.003, len(tone))).astype(np.float32)
        return Example((samples, 8000), word, speaker)

    examples = [example(("up", "down")[i % 2], ("a", "b")[i // 2 % 2]) for i in range(40)]
    answers = CASE.learned(model_class, examples, examples)
    if answers is None:
        return
    right = sum(p.text == e.target for p, e in zip(answers, examples, strict=True))
    assert right >= 36


CASE = Case(
    good=_good_sounds,
    bad=_bad_sounds,
    numbers=lambda prediction: [
        *map(ord, prediction.text),
        prediction.confidence,
        *(n for w in prediction.words for n in (w.start, w.end, w.confidence)),
    ],
    check=_check_transcript,
    fit=_fit_recognizer,
)
