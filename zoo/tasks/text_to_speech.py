"""A text in, speech out."""

from __future__ import annotations

import functools
import hashlib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.audio import Audio, packed, unpacked
from zoo.errors import BenchmarkError, InputError
from zoo.exhibits import Exhibit, Sound, Text
from zoo.metrics import Metric, Records, Statistics
from zoo.predictions import Speech
from zoo.tasks.base import Display, Record, Row, Task, errors, mean, rate
from zoo.text import PLAIN, plain_words

if TYPE_CHECKING:
    from zoo.listening import Listener

_MOST_KEPT = 200  # texts of which the speech is kept, so that a result stays small
_RECOGNISER = "pocketsphinx, for which any word of the texts is as probable as any other"


def _text_fingerprint(x: Any) -> bytes:
    if not isinstance(x, str):
        raise InputError(f"A text to speak is a string; {type(x).__name__} came.")
    text = " ".join(unicodedata.normalize("NFC", x).split())
    return hashlib.sha256(text.encode()).digest()


def _recorder(texts: Sequence[str]) -> Record:
    """The recogniser knows the words of all texts."""
    from zoo.listening import Listener

    listener = Listener(word for text in texts for word in plain_words(text).split())
    return functools.partial(_record, listener, len(texts) <= _MOST_KEPT)


def _speech_record(prediction: Speech, target: Audio) -> dict[str, Any]:
    """The recogniser knows the words of this text alone."""
    return _recorder([prediction.text])(prediction, target)


def _record(listener: Listener, kept: bool, prediction: Speech, target: Audio) -> dict[str, Any]:
    """The target is a recording of the same words; what is said is known by the prediction.

    kept: whether the speech itself is, so that people can hear what was measured.
    """
    from zoo.acoustics import distance

    if not isinstance(target, Audio):
        raise BenchmarkError(f"Speech is compared with a recording; {type(target).__name__} came.")
    spoken = Audio(prediction.samples, prediction.rate)
    apart = distance(spoken, target)
    return {
        "target": prediction.text,
        "heard": listener.heard(spoken),
        "heard_in_recording": listener.heard(target),
        "seconds": round(prediction.seconds, 4),
        "recording_seconds": round(target.seconds, 4),
        "pairs": apart.pairs,
        "distortion": round(apart.distortion, 4),
        "voiced": apart.voiced,
        "pitch": round(apart.pitch, 4),
        "voicing": apart.unlike,
        "sound": packed(spoken) if kept else "",
    }


def _sums(of: str, count: str) -> Callable[[Records], Statistics]:
    """[N, 2]: a sum over pairs of frames, and how many pairs these are."""

    def statistics(records: Records) -> Statistics:
        return np.stack([np.asarray(records[name], float) for name in (of, count)], axis=1)

    return statistics


def _root(totals: Statistics) -> Statistics:
    score: Statistics = np.sqrt(totals[..., 0] / np.maximum(totals[..., 1], 1))
    return score


def _first(model: Any, x: Any, options: Mapping[str, Any]) -> object:
    stream = getattr(model, "stream", None)
    return None if stream is None else next(iter(stream(x, **options)))


def _show_text(x: Any) -> Text:
    return Text(x)


def _show_recording(row: Row, x: Any) -> Text:
    heard, seconds = row["heard_in_recording"], row["recording_seconds"]
    return Text(heard, note=f"what the recogniser heard in {seconds:.1f} s")


def _show_speech(row: Row, x: Any) -> Exhibit:
    apart = row["distortion"] / max(row["pairs"], 1)
    note = f"what it heard here; {apart:.1f} dB from the recording"
    if not row.get("sound"):
        return Text(row["heard"], note=note)
    spoken = unpacked(row["sound"])
    return Sound(spoken.samples, spoken.rate, f"“{row['heard']}” is {note}")


TEXT_TO_SPEECH = Task(
    name="text-to-speech",
    unit="prompt",
    sample="Your call is important to us.",
    text=True,
    fingerprint=_text_fingerprint,
    record=_speech_record,
    display=Display(input=_show_text, target=_show_recording, answer=_show_speech),
    risks="It speaks in the voice of a person: say that it is no person where listeners could "
    "believe it. Listen to what it makes of names and numbers before anybody depends on them.",
    recorder=_recorder,
    duration="seconds",
    first=_first,
    metrics=(
        Metric(
            name="mel-cepstral-distortion",
            description="distance to the human recording in dB: 10 / ln 10 * sqrt(2 sum d^2) over "
            "mel cepstra 1 to 24, without the 0th, of frames 10 ms apart, the mean over the pairs "
            "of a dynamic time warping; silence at both ends cut off",
            higher_is_better=False,
            statistics=_sums("distortion", "pairs"),
            score=mean,
            decimals=2,
        ),
        Metric(
            name="word-error-rate",
            description="words that an independent recogniser mistakes, misses or adds, over the "
            f"words of the text ({_RECOGNISER}); both in {PLAIN}",
            higher_is_better=False,
            statistics=errors("process_words", plain_words, "heard"),
            score=rate,
            percent=True,
        ),
        Metric(
            name="word-error-rate-of-recordings",
            description="the same of the human recordings, whatever the model: what the recogniser "
            "owes to itself",
            higher_is_better=False,
            statistics=errors("process_words", plain_words, "heard_in_recording"),
            score=rate,
            percent=True,
        ),
        Metric(
            name="pitch-error",
            description="root mean square difference of log F0 from the recording, in semitones, "
            "over the pairs of frames that are voiced in both",
            higher_is_better=False,
            statistics=_sums("pitch", "voiced"),
            score=_root,
            decimals=2,
        ),
        Metric(
            name="voicing-error",
            description="share of pairs of frames that are voiced in one of the two only",
            higher_is_better=False,
            statistics=_sums("voicing", "pairs"),
            score=mean,
            percent=True,
        ),
    ),
)
