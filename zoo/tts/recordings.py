"""The recordings that a voice is made of, with the times of their phones."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zoo.audio import Audio, sound_fingerprint
from zoo.data import Example
from zoo.errors import InputError
from zoo.progress import Progress
from zoo.tts.alignment import (
    RATE,
    ROUNDS,
    Aligned,
    Aligner,
    Segment,
    Word,
    read_alignments,
    write_alignments,
)
from zoo.tts.normalization import normalize
from zoo.tts.pronunciation import Pronouncer, english

_WORD = re.compile(r"[A-Za-z']+")
# Of `Aligned`; beyond, something else is said than the text has.
_MOST_DOUBT, _MOST_DOUBT_OF_A_WORD = 6.0, 20.0
_KEY = 16  # characters of a digest that name a file


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What one recording says and when: samples [N] float32 at `RATE`."""

    text: str
    samples: NDArray[np.float32]
    segments: tuple[Segment, ...]


def words(text: str, pronouncer: Pronouncer) -> list[Word]:
    """The words of a text, each in every way in which it may be spoken."""
    found = _WORD.findall(normalize(text, pronouncer.known))
    return [Word(word, pronouncer.variants(word)) for word in found]


def aligned(
    train: Iterable[Example],
    validation: Iterable[Example] = (),
    *,
    rounds: Sequence[int] = ROUNDS,
    workspace: Path | None = None,
    report: Progress | None = None,
) -> tuple[list[Recording], list[Recording]]:
    """Texts with recordings of one voice, aligned by models that are learned from `train` alone.

    Recordings that are too short for their words, or say something else, are left out.

    rounds: of learning, see `Aligner.learn`. workspace: where the alignment is kept, and found
    again if it is the same that is wanted.

    Raises InputError that names the position of an example that is none of a voice.
    """
    learn = _spoken(train, "Example")
    held_out = _spoken(validation, "Validation example")
    if not learn:
        raise InputError("There are no recordings to learn from.")
    segments = _segments(learn, held_out, rounds, workspace, report or Progress())
    parts = [
        [
            Recording(one.text, one.audio.samples, segments[one.name])
            for one in part
            if one.name in segments
        ]
        for part in (learn, held_out)
    ]
    if not parts[0]:
        raise InputError("None of the recordings says what its text does.")
    return parts[0], parts[1]


@dataclass(frozen=True, slots=True, eq=False)
class _Spoken:
    """name: a digest of text and sound."""

    name: str
    text: str
    audio: Audio
    words: list[Word]


def _spoken(examples: Iterable[Example], what: str) -> list[_Spoken]:
    found = []
    for position, example in enumerate(examples):
        try:
            audio = example.recording.at(RATE)
            said = words(example.input, english())
        except InputError as error:
            raise InputError(f"{what} {position}: {error}") from error
        digest = hashlib.sha256(sound_fingerprint(audio) + example.input.encode())
        found.append(_Spoken(digest.hexdigest(), example.input, audio, said))
    return found


def _segments(
    learn: Sequence[_Spoken],
    held_out: Sequence[_Spoken],
    rounds: Sequence[int],
    workspace: Path | None,
    report: Progress,
) -> dict[str, tuple[Segment, ...]]:
    """By name; without the recordings that are left out."""
    every = (*learn, *held_out)
    names = [sorted(one.name for one in part) for part in (learn, every)]
    key = hashlib.sha256(f"{names} {list(rounds)}".encode()).hexdigest()[:_KEY]
    path = None if workspace is None else workspace / f"alignment-{key}.json"
    if path is not None and path.is_file():
        return read_alignments(path)
    report.log(event="learning phones", recordings=len(learn))
    aligner = Aligner.learn([(one.audio, one.words) for one in learn], rounds)
    found: dict[str, Aligned] = {}
    for one in report.track(every, "Aligning"):
        result = aligner.align(one.audio, one.words)
        if (
            result is not None
            and result.doubt <= _MOST_DOUBT
            and result.worst_word <= _MOST_DOUBT_OF_A_WORD
        ):
            found[one.name] = result
    report.log(event="aligned", recordings=len(found), left_out=len(every) - len(found))
    if path is not None:
        write_alignments(path, found)
        return read_alignments(path)  # to the digits that are kept
    return {name: result.segments for name, result in found.items()}
