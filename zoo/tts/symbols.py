"""What the acoustic model is told of a text: a row of whole numbers for each phone and pause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zoo.pitch import pitch
from zoo.tts.acoustic_training import Utterance
from zoo.tts.alignment import PAUSE, Segment
from zoo.tts.contexts import FURTHEST, LEAST_PAUSE, SYMBOLS, contexts
from zoo.tts.mel import MelSpectrum
from zoo.tts.normalization import normalize
from zoo.tts.pronunciation import Phone, english, stressed
from zoo.tts.recordings import Recording

_SILENCE = 0.1  # seconds, at most, that are kept before and after what is said
_TOKEN = re.compile(r"[A-Za-z']+|[,.?!;:]")
_MARKS = {"": 0, ",": 1, ";": 1, ":": 1, ".": 2, "!": 2, "?": 3}
_ENDS = (".", "!", "?")
_BEGIN = 4  # stands where a mark does, in the pause before all words

# How many values each column has: the phone or pause; stress and place in the syllable; whether it
# is the first and the last of its word; syllables to the end of its breath group; the mark there.
COLUMNS = (len(SYMBOLS), 3, 3, 4, FURTHEST + 1, _BEGIN + 1)

Symbols = NDArray[np.int64]  # [N, columns]


@dataclass(frozen=True, slots=True)
class Group:
    """Words that are spoken in one breath, as phones, and the mark after them or nothing."""

    words: Sequence[Sequence[Phone]]
    mark: str


def symbols(groups: Sequence[Group]) -> Symbols:
    """Of all phones, with a pause before them and after each group.

    What ends without a mark ends like a sentence.
    """
    rows = [_pause(_BEGIN)]
    for number, group in enumerate(groups, 1):
        mark = _MARKS[group.mark or ("." if number == len(groups) else "")]
        for one in contexts(group.words):
            edges = 2 * one.first + one.last
            rows.append((one.symbol, one.stress, one.place, edges, one.left, mark))
        rows.append(_pause(mark))
    return np.array(rows, np.int64)


def _pause(mark: int) -> tuple[int, ...]:
    return SYMBOLS.index(PAUSE), 0, 0, 3, 0, mark


@dataclass(frozen=True, eq=False)
class Taken:
    """An utterance and where it is in its recording: from the frame `first` on."""

    utterance: Utterance
    first: int


def utterances(recording: Recording, spectrum: MelSpectrum) -> list[Taken]:
    """What the acoustic model learns from: each sentence, without long silence on either side.

    At every mark there is a pause, if only one of no frames; others are where they were heard.
    """
    frames = spectrum.log_mel(recording.samples)
    # Of hops half as long every second one, from the second on, lies in the middle of a frame.
    contour = pitch(recording.samples, spectrum.rate, spectrum.hop // 2)
    hertz = np.where(contour.voiced, contour.hertz, 0.0)[1::2]
    hertz = np.pad(hertz, (0, max(0, len(frames) - len(hertz))))
    energy = np.log(np.exp(frames).mean(axis=1))
    found = []
    for sentence in _sentences(recording):
        times = np.array(sentence.ends)
        times[-1] = min(times[-1], times[-2] + _SILENCE)
        start = max(sentence.start, times[0] - _SILENCE)
        edges = np.rint(np.append(start, times) * spectrum.rate / spectrum.hop).astype(np.int64)
        edges = np.minimum(edges, len(frames))
        here = slice(edges[0], edges[-1])
        told, durations = symbols(sentence.groups), np.diff(edges)
        one = Utterance(told, durations, hertz[here], energy[here], frames[here])
        found.append(Taken(one, int(edges[0])))
    return found


@dataclass(frozen=True)
class _Sentence:
    """Breath groups, and when each phone and pause of their `symbols` ends, in seconds.

    start: when the silence before them begins.
    """

    start: float
    groups: list[Group]
    ends: list[float]


def _sentences(recording: Recording) -> list[_Sentence]:
    marks = _marks(recording.text)
    words: dict[int, list[Segment]] = {}
    silences: dict[int, float] = {}  # after a word, by its number
    for one in recording.segments:
        if one.symbol != PAUSE:
            words.setdefault(one.word, []).append(one)
        elif words:
            silences[max(words)] = one.end - one.start
    found = [_Sentence(0.0, [], [words[0][0].start])]
    phones: list[Sequence[Phone]] = []
    for number, segments in words.items():
        sentence, mark, silence = found[-1], marks[number], silences.get(number, 0.0)
        phones.append(stressed(tuple(one.symbol for one in segments)))
        sentence.ends.extend(one.end for one in segments)
        end = sentence.ends[-1] + silence
        if not mark and silence < LEAST_PAUSE and number + 1 < len(words):
            sentence.ends[-1] = end  # what is too short for a pause is part of the phone before
            continue
        sentence.groups.append(Group(phones, mark))
        phones = []
        if mark in _ENDS and number + 1 < len(words):
            found.append(_Sentence(sentence.ends[-1], [], [end]))
        sentence.ends.append(end)
    return found


def _marks(text: str) -> list[str]:
    """The mark after each word, or nothing; of several the first."""
    found: list[str] = []
    for token in _TOKEN.findall(normalize(text, english().known)):
        if token not in _MARKS:
            found.append("")
        elif found and not found[-1]:
            found[-1] = token
    return found
