"""Speech in, its words out."""

from __future__ import annotations

from typing import Any

from zoo.audio import sound_fingerprint
from zoo.metrics import Metric, Records, Statistics
from zoo.predictions import Transcript
from zoo.tasks.base import Task, each, errors, mean, rate
from zoo.text import PLAIN, plain_words


def _transcript_record(prediction: Transcript, target: str) -> dict[str, Any]:
    return {
        "target": target,
        "text": prediction.text,
        "confidence": round(prediction.confidence, 4),
        "seconds": round(prediction.seconds, 4),
    }


def _as_it_is(text: str) -> str:
    return " ".join(text.split())


def _whole(records: Records) -> Statistics:
    pairs = zip(records["target"], records["text"], strict=True)
    return each([plain_words(target) == plain_words(text) for target, text in pairs])


SPEECH_RECOGNITION = Task(
    name="automatic-speech-recognition",
    unit="recording",
    sample="call.wav",
    fingerprint=sound_fingerprint,
    record=_transcript_record,
    duration="seconds",
    metrics=(
        Metric(
            name="word-error-rate",
            description="words inserted, left out or mistaken, over the words that were said; "
            f"both texts in {PLAIN}",
            higher_is_better=False,
            statistics=errors("process_words", plain_words),
            score=rate,
            percent=True,
        ),
        Metric(
            name="word-error-rate-raw",
            description="the same of the texts as they are, in which case and punctuation count",
            higher_is_better=False,
            statistics=errors("process_words", _as_it_is),
            score=rate,
            percent=True,
        ),
        Metric(
            name="character-error-rate",
            description=f"the same of characters; both texts in {PLAIN}",
            higher_is_better=False,
            statistics=errors("process_characters", plain_words),
            score=rate,
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
