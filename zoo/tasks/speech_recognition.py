"""Speech in, its words out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from zoo.audio import read_audio
from zoo.metrics import Metric, Records, Statistics
from zoo.predictions import Transcript
from zoo.tasks.base import Task, each, mean
from zoo.text import PLAIN, plain_words


def _sound_fingerprint(x: Any) -> bytes:
    audio = read_audio(x)
    # To 16 bits, so that a recording is the same in WAV, in FLAC and as an array of floats.
    samples = np.clip(np.rint(audio.samples * 32768.0), -32768, 32767).astype("<i2")
    digest = hashlib.sha256(f"{audio.rate} Hz ".encode())
    digest.update(samples.tobytes())
    return digest.digest()


def _transcript_record(prediction: Transcript, target: str) -> dict[str, Any]:
    return {
        "target": target,
        "text": prediction.text,
        "confidence": round(prediction.confidence, 4),
        "seconds": round(prediction.seconds, 4),
    }


def _as_it_is(text: str) -> str:
    return " ".join(text.split())


def _errors(count: str, form: Callable[[str], str]) -> Callable[[Records], Statistics]:
    """Statistics of an error rate, [N, 2]: errors, and units of the reference.

    count: the function of jiwer that aligns two texts in those units.
    """

    def statistics(records: Records) -> Statistics:
        import jiwer

        align = getattr(jiwer, count)
        counts = []
        for target, text in zip(records["target"], records["text"], strict=True):
            found = align(form(target), form(text))
            wrong = found.substitutions + found.deletions
            counts.append((wrong + found.insertions, wrong + found.hits))
        return np.array(counts, float).reshape(-1, 2)

    return statistics


def _rate(totals: Statistics) -> Statistics:
    # Where nothing was said, every word heard is an error of its own.
    rate: Statistics = totals[..., 0] / np.maximum(totals[..., 1], 1)
    return rate


def _whole(records: Records) -> Statistics:
    pairs = zip(records["target"], records["text"], strict=True)
    return each([plain_words(target) == plain_words(text) for target, text in pairs])


SPEECH_RECOGNITION = Task(
    name="automatic-speech-recognition",
    unit="recording",
    sample="call.wav",
    fingerprint=_sound_fingerprint,
    record=_transcript_record,
    duration="seconds",
    metrics=(
        Metric(
            name="word-error-rate",
            description="words inserted, left out or mistaken, over the words that were said; "
            f"both texts in {PLAIN}",
            higher_is_better=False,
            statistics=_errors("process_words", plain_words),
            score=_rate,
            percent=True,
        ),
        Metric(
            name="word-error-rate-raw",
            description="the same of the texts as they are, in which case and punctuation count",
            higher_is_better=False,
            statistics=_errors("process_words", _as_it_is),
            score=_rate,
            percent=True,
        ),
        Metric(
            name="character-error-rate",
            description=f"the same of characters; both texts in {PLAIN}",
            higher_is_better=False,
            statistics=_errors("process_characters", plain_words),
            score=_rate,
            percent=True,
        ),
        Metric(
            name="string-accuracy",
            description=f"share of recordings whose whole text is right; both texts in {PLAIN}",
            higher_is_better=True,
            statistics=_whole,
            score=mean,
            percent=True,
            binary=True,
        ),
    ),
)
