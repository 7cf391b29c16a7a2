"""The inventory of units that speech is put together from: halves of phones, as recorded.

Conkie, "Robust Unit Selection System for Speech Synthesis", 1999: where a diphone was recorded its
halves are neighbours and cost nothing to join, and where none was, there is still something to say.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import soundfile
from numpy.typing import NDArray

from zoo.pitch import pitch, pitch_marks
from zoo.tts.alignment import HOP, RATE, features
from zoo.tts.contexts import SYMBOLS, regressors, spoken_contexts
from zoo.tts.overlap_add import Recorded
from zoo.tts.recordings import Recording

Floats = NDArray[np.float64]
Samples = NDArray[np.float32]

CEPSTRA = 13  # of the features at a join; the logarithm of the pitch comes after them
_RIDGE = 3.0  # by which the predictions of duration and pitch are held back
_BLOCK = 1 << 16  # samples that are handed to the encoder; many at once overrun its stack
_COMPRESSION = 0.2  # of libsndfile's, 0 to 1; the more, the smaller and the worse


@dataclass(frozen=True, slots=True)
class Units:
    """N units, in the order in which they were spoken.

    context: [N, 9], as `Context.numbers`. half: [N], 0 the first of its phone, 1 the second.
    start, end: [N], samples of the recordings, one after the other. follows: [N], whether the
    unit before was spoken just before. log_pitch: [N], of its middle; NaN where it is not voiced.
    at_start, at_end: [N, 14], cepstra in standard deviations and log pitch, where it may join.
    """

    context: Floats
    half: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    follows: NDArray[np.bool_]
    log_pitch: Floats
    at_start: Floats
    at_end: Floats

    @property
    def log_duration(self) -> Floats:
        """[N], of seconds."""
        return np.asarray(np.log(np.maximum(self.end - self.start, 1) / RATE), np.float64)


@dataclass(frozen=True)
class Inventory:
    """A voice: its units, the recordings that they are parts of, and its rules.

    duration, melody: weights of `regressors`, by which the logarithms of a unit's duration and
    pitch are predicted. stored: the recordings as they are compressed.
    """

    units: Units
    recorded: Recorded
    duration: Floats
    melody: Floats
    stored: NDArray[np.uint8]

    @classmethod
    def of_recordings(cls, recordings: Sequence[Recording]) -> Self:
        parts, marks, voiced, offset = [], [], [], 0
        for one in recordings:
            contour = pitch(one.samples, RATE, HOP)
            tones = np.where(contour.voiced, np.log(contour.hertz), np.nan)
            parts.append(_units(one, tones, offset))
            here = pitch_marks(one.samples, RATE, contour, HOP)
            marks.append(here + offset)
            voiced.append(contour.voiced[np.minimum(here // HOP, len(contour.voiced) - 1)])
            offset += len(one.samples)
        units = Units(*(np.concatenate(each) for each in zip(*parts, strict=True)))
        deviation = np.maximum(units.at_start[:, :CEPSTRA].std(axis=0), 1e-6)
        units.at_start[:, :CEPSTRA] /= deviation
        units.at_end[:, :CEPSTRA] /= deviation
        stored = _compressed(np.concatenate([one.samples for one in recordings]))
        recorded = Recorded(_sound(stored), RATE, np.concatenate(marks), np.concatenate(voiced))
        spoken = units.context[:, 0] < len(SYMBOLS) - 1
        sung = spoken & ~np.isnan(units.log_pitch)
        return cls(
            units,
            recorded,
            _ridge(units.context[spoken], units.log_duration[spoken]),
            _ridge(units.context[sung], units.log_pitch[sung]),
            stored,
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All there is, in as few bytes as it needs."""
        units = self.units
        return {
            "recordings": self.stored,
            "marks": np.diff(self.recorded.marks, prepend=0).astype(np.uint16),
            "voiced": np.packbits(self.recorded.voiced),
            "units.context": units.context[:, :8].astype(np.uint8),
            "units.progress": units.context[:, 8].astype(np.float16),
            "units.half": units.half.astype(np.uint8),
            "units.start": units.start.astype(np.int32),
            "units.end": units.end.astype(np.int32),
            "units.follows": units.follows,
            "units.log_pitch": units.log_pitch.astype(np.float16),
            "units.at_start": units.at_start.astype(np.float16),
            "units.at_end": units.at_end.astype(np.float16),
            "duration": self.duration.astype(np.float32),
            "melody": self.melody.astype(np.float32),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `arrays`, but for their rounding. Raises ValueError or LookupError."""

        def floats(name: str) -> Floats:
            return arrays[name].astype(np.float64)

        def integers(name: str) -> NDArray[np.int64]:
            return arrays[name].astype(np.int64)

        context = np.concatenate(
            [floats("units.context"), floats("units.progress")[:, None]], axis=1
        )
        units = Units(
            *(context, integers("units.half"), integers("units.start"), integers("units.end")),
            *(arrays["units.follows"].astype(bool), floats("units.log_pitch")),
            *(floats("units.at_start"), floats("units.at_end")),
        )
        marks = np.cumsum(integers("marks"))
        voiced = np.unpackbits(arrays["voiced"], count=len(marks)).astype(bool)
        recorded = Recorded(_sound(arrays["recordings"]), RATE, marks, voiced)
        if len(marks) and max(marks[-1], units.end.max()) > len(recorded.samples):
            raise ValueError("units lie beyond the end of the recordings")
        return cls(units, recorded, floats("duration"), floats("melody"), arrays["recordings"])


def _units(recording: Recording, tones: Floats, offset: int) -> tuple[NDArray[Any], ...]:
    """The fields of `Units` of one recording, whose first sample is at `offset`."""
    samples, segments = recording.samples, recording.segments
    numbers = [one.numbers() for one in spoken_contexts(segments)]
    ends = np.array([[(one.start + one.end) / 2, one.end] for one in segments]).reshape(-1)
    edges = np.rint(np.append(segments[0].start, ends) * RATE).astype(np.int64)
    edges = np.clip(edges, 0, len(samples))
    cepstra = features(samples)[:, :CEPSTRA]

    def at(places: NDArray[np.int64]) -> Floats:
        frames = np.minimum(places // HOP, len(cepstra) - 1)
        tone = tones[np.minimum(places // HOP, len(tones) - 1)]
        return np.concatenate([cepstra[frames], tone[:, None]], axis=1)

    start, end = edges[:-1], edges[1:]
    middle = np.minimum((start + end) // 2 // HOP, len(tones) - 1)
    follows = np.ones(len(start), bool)
    follows[0] = False
    return (
        np.repeat(np.array(numbers), 2, axis=0),
        np.tile(np.array([0, 1]), len(segments)),
        *(start + offset, end + offset, follows, tones[middle], at(start), at(end)),
    )


def _ridge(context: Floats, values: Floats) -> Floats:
    """Weights w by which regressors x predict values: (x'x + r) w = x'v."""
    x = regressors(context)
    square = x.T @ x + _RIDGE * np.eye(x.shape[1])
    return np.asarray(np.linalg.solve(square, x.T @ values), np.float64)


def _compressed(samples: Samples) -> NDArray[np.uint8]:
    """As the bytes of an Ogg Vorbis file, [B]."""
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", RATE, 1, "VORBIS", format="OGG", compression_level=_COMPRESSION
    ) as sound:
        for start in range(0, len(samples), _BLOCK):
            sound.write(samples[start : start + _BLOCK])
    return np.frombuffer(file.getvalue(), np.uint8)


def _sound(stored: NDArray[np.uint8]) -> Samples:
    """The inverse of `_compressed`, but for what that loses."""
    try:
        samples, _ = soundfile.read(io.BytesIO(stored.tobytes()), dtype="float32")
    except soundfile.LibsndfileError as error:
        raise ValueError(f"the recordings cannot be read: {error.error_string}") from error
    return np.asarray(samples, np.float32)
