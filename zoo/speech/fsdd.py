"""The Free Spoken Digit Dataset, and what is made of it: strings of digits, and folds by speaker.

Recordings are named DIGIT_SPEAKER_INDEX.wav; those of index 0 to 4 are the official test set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.audio import Audio, read_audio
from zoo.errors import DataError, DataNotFoundError
from zoo.speech.strings import WORDS, strings

_NAME = re.compile(r"(?P<digit>\d)_(?P<speaker>[a-z]+)_(?P<index>\d+)\.wav")
_TEST_INDICES = 5
_ROUNDS = 5  # of the test strings: how often each recording is in one
_SEED = 2016


@dataclass(frozen=True, slots=True)
class Recording:
    """One digit, spoken once: the content of a WAV file, 8 kHz."""

    digit: int
    speaker: str
    index: int
    content: bytes


def recordings(folder: Path) -> list[Recording]:
    """All recordings in a folder, by speaker, digit and index.

    The folder holds `<split>.parquet` with a column `audio` {bytes, path}, or is a clone of the
    data set's repository, with `recordings/*.wav`. Raises DataNotFoundError or DataError.
    """
    wavs = sorted((folder / "recordings").glob("*.wav"))
    if wavs:
        found = [_named(path.name, path.read_bytes()) for path in wavs]
    else:
        found = [
            _named(audio["path"], audio["bytes"])
            for path in sorted(folder.glob("*.parquet"))
            for audio in _audio_column(path)
        ]
    if not found:
        raise DataNotFoundError(f"There are no recordings in {str(folder)!r}.")
    return sorted(found, key=lambda one: (one.speaker, one.digit, one.index))


def _audio_column(path: Path) -> list[dict[str, Any]]:
    from pyarrow import ArrowException, parquet

    try:
        column: list[dict[str, Any]] = parquet.read_table(path, columns=["audio"])[0].to_pylist()
    except (ArrowException, OSError, IndexError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"{str(path)!r} cannot be read: {reason}") from error
    return column


def _named(name: str, content: bytes) -> Recording:
    match = _NAME.fullmatch(Path(name).name)
    if match is None:
        raise DataError(f"{name!r} is not of the form DIGIT_SPEAKER_INDEX.wav.")
    return Recording(int(match["digit"]), match["speaker"], int(match["index"]), content)


def digits(folder: Path, split: str) -> Iterator[tuple[bytes, str, str]]:
    """The official split: each recording, its word and its speaker, all speakers taking turns."""
    wanted = [one for one in recordings(folder) if (one.index < _TEST_INDICES) is (split == "test")]
    for one in sorted(wanted, key=lambda one: (one.index, one.digit, one.speaker)):
        yield one.content, WORDS[one.digit], one.speaker


def speakers(folder: Path, split: str) -> Iterator[tuple[bytes, str, str]]:
    """All recordings of one speaker, for whom a split is named."""
    for one in recordings(folder):
        if one.speaker == split:
            yield one.content, WORDS[one.digit], one.speaker


def test_strings(folder: Path, split: str) -> Iterator[tuple[Audio, str, str]]:
    """Strings of 3 to 7 digits made of the test recordings, each string of one speaker's."""
    spoken: dict[str, list[tuple[Audio, str]]] = {}
    for content, word, speaker in digits(folder, split):
        spoken.setdefault(speaker, []).append((read_audio(content), word))
    for number, speaker in enumerate(sorted(spoken)):
        for string in strings(spoken[speaker], _ROUNDS, seed=(_SEED, number)):
            yield string.audio, string.text, speaker
