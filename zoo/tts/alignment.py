"""When each phone of a recording is spoken, from its words alone.

Models of phones are learned from the very recordings that are aligned, from nothing (a flat start,
Young et al., The HTK Book, section 3.2.1); which of a word's pronunciations was spoken, and where
there are pauses, is found along with the times.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, rfft

from zoo.audio import Audio
from zoo.files import write_atomically
from zoo.tts.dictionary import Phones
from zoo.tts.graphones import PHONES
from zoo.tts.hmm import Densities, Features, Graph, best_path

RATE = 16000  # Hz
HOP = 80  # samples: a frame every 5 ms
PAUSE = "pau"
ROUNDS = (10, 5, 6)  # of learning, with 1, 2 and 4 Gaussians
_WINDOW, _POINTS = 400, 512  # samples
_MELS, _CEPSTRA, _LOW, _HIGH = 26, 13, 60.0, 7600.0
_STATES = 3  # of a phone, one after the other
_QUIET = 0.15  # the share of frames that pauses are first learned from
_LONGEST = 20.0  # seconds of recordings that are learned from

_SYMBOLS = (*PHONES, PAUSE)


@dataclass(frozen=True, slots=True)
class Word:
    """A word and the ways in which it may be spoken."""

    text: str
    ways: tuple[Phones, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A phone, or a pause, and when it is spoken.

    symbol: of ARPAbet, a vowel with its stress; or `PAUSE`. word: its number in the recording, or
    -1 of a pause. start, end: in seconds.
    """

    symbol: str
    word: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Aligned:
    """A recording's segments without gaps.

    doubt: by how much the log likelihood of a frame would rise if it could be any phone, in the
    mean over the speech, and of the word where it is highest; large where something else is said.
    """

    segments: tuple[Segment, ...]
    doubt: float
    worst_word: float


class Aligner:
    """Models of the phones of one voice."""

    def __init__(self, densities: Densities, mean: Features, deviation: Features) -> None:
        self._densities, self._mean, self._deviation = densities, mean, deviation

    @classmethod
    def learn(
        cls, recordings: Sequence[tuple[Audio, Sequence[Word]]], rounds: Sequence[int] = ROUNDS
    ) -> Self:
        """From recordings of one voice at `RATE`, each with its words.

        rounds: of Baum and Welch with one Gaussian a state, then with two, and so on.
        """
        short = [one for one in recordings if one[0].seconds <= _LONGEST]
        raw = [features(audio.samples) for audio, _ in short]
        every = np.concatenate(raw)
        mean, deviation = every.mean(axis=0), every.std(axis=0)
        sounds = [(one - mean) / deviation for one in raw]
        graphs = [_graph(words)[0] for _, words in short]
        self = cls(_flat(np.concatenate(sounds)), mean, deviation)
        for number, count in enumerate(rounds):
            if number:
                self._densities = self._densities.split()
            for _ in range(count):
                self._densities, _ = self._densities.relearned(sounds, graphs)
        return self

    def align(self, audio: Audio, words: Sequence[Word]) -> Aligned | None:
        """None if the recording is too short for its words."""
        sound = (features(audio.samples) - self._mean) / self._deviation
        scores = self._densities.scores(sound)
        graph, labels = _graph(words)
        path = best_path(scores, graph)
        if path is None:
            return None
        lost = scores.max(axis=1) - scores[np.arange(len(path)), graph.densities[path]]
        numbers = np.array([labels[state][1] for state in path])
        by_word = [float(lost[numbers == one].mean()) for one in range(len(words))]
        speech = lost[numbers >= 0]
        segments = _segments(path, labels, audio.seconds)
        return Aligned(segments, float(speech.mean()), max(by_word))


def features(samples: NDArray[np.float32]) -> Features:
    """Mel cepstra with their first and second slopes [T, 39]; frame t is around sample t HOP."""
    emphasised = np.append(samples[:1], samples[1:] - np.float32(0.97) * samples[:-1])
    padded = np.pad(emphasised, _WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP]
    power = np.abs(rfft(frames * np.hanning(_WINDOW), _POINTS, axis=1)) ** 2
    cepstra = dct(np.log(power @ _filters() + 1e-7), norm="ortho", axis=1)[:, :_CEPSTRA]
    slopes = _slopes(cepstra)
    return np.concatenate([cepstra, slopes, _slopes(slopes)], axis=1).astype(np.float32)


def _slopes(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Of a line through four frames on either side: 45 ms, as is usual."""
    reach = 4
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    size = len(values)
    rise = sum(
        n * (padded[reach + n : reach + n + size] - padded[reach - n : reach - n + size])
        for n in range(1, reach + 1)
    )
    return np.asarray(rise / (2 * sum(n * n for n in range(1, reach + 1))))


def _filters() -> NDArray[np.float64]:
    """[points / 2 + 1, mels]: triangles that overlap by half on the mel scale."""
    low, high = (1127 * math.log1p(hertz / 700) for hertz in (_LOW, _HIGH))
    edges = 700 * np.expm1(np.linspace(low, high, _MELS + 2) / 1127)
    at = np.arange(_POINTS // 2 + 1)[:, None] * RATE / _POINTS
    rising = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    filters: NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling))
    return filters


def _flat(frames: Features) -> Densities:
    """Every phone as the mean of all speech, a pause as that of the quietest frames."""
    quiet = frames[:, 0] <= np.quantile(frames[:, 0], _QUIET)
    count = len(_SYMBOLS) * _STATES
    means = np.repeat(frames[~quiet].mean(axis=0, dtype=float)[None], count, axis=0)
    variances = np.repeat(frames[~quiet].var(axis=0, dtype=float)[None], count, axis=0)
    means[-_STATES:], variances[-_STATES:] = frames[quiet].mean(axis=0), frames[quiet].var(axis=0)
    return Densities(np.zeros((count, 1)), means[:, None], np.maximum(variances, 0.01)[:, None])


def _graph(words: Sequence[Word]) -> tuple[Graph, list[tuple[str, int, int]]]:
    """All ways to speak the words, and of each state its symbol, word and number in the phone."""
    labels: list[tuple[str, int, int]] = []
    sources: list[list[int]] = []
    starts: list[bool] = []

    def chain(phones: Sequence[str], word: int, after: Sequence[int], first: bool) -> int:
        for phone in phones:
            for number in range(_STATES):
                labels.append((phone, word, number))
                sources.append(list(after))
                starts.append(first)
                after, first = [len(labels) - 1], False
        return after[0]

    tails = [chain((PAUSE,), -1, (), True)]
    for index, word in enumerate(words):
        tails = [chain(way, index, tails, index == 0) for way in word.ways]
        tails = [*tails, chain((PAUSE,), -1, tails, False)]
    ends = np.zeros(len(labels), bool)
    ends[tails] = True
    index_of = {symbol: index for index, symbol in enumerate(_SYMBOLS)}
    densities = [index_of[symbol.rstrip("012")] * _STATES + number for symbol, _, number in labels]
    graph = Graph(
        np.array(densities, np.int32),
        np.array([one for each in sources for one in each], np.int32),
        np.cumsum([0, *map(len, sources)]).astype(np.int32),
        np.array(starts),
        ends,
    )
    return graph, labels


def _segments(
    path: NDArray[np.int32], labels: Sequence[tuple[str, int, int]], seconds: float
) -> tuple[Segment, ...]:
    begins = [0]
    for frame in range(1, len(path)):
        number = labels[path[frame]][2]
        if path[frame] != path[frame - 1] and number == 0:
            begins.append(frame)
    # A frame stands for the time up to half a hop from its middle.
    times = [0.0, *((frame - 0.5) * HOP / RATE for frame in begins[1:]), seconds]
    return tuple(
        Segment(labels[path[frame]][0], labels[path[frame]][1], round(start, 4), round(end, 4))
        for frame, start, end in zip(begins, times[:-1], times[1:], strict=True)
    )


def write_alignments(path: Path, aligned: Mapping[str, Aligned]) -> None:
    """As JSON: by name, [symbol, word, end] of each segment."""
    rows = {
        name: [[one.symbol, one.word, one.end] for one in each.segments]
        for name, each in aligned.items()
    }
    lines = (f"{json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
    write_atomically(path, "{\n" + ",\n".join(lines) + "\n}\n")


def read_alignments(path: Path) -> dict[str, tuple[Segment, ...]]:
    """What `write_alignments` wrote, by name."""
    found = {}
    for name, row in json.loads(path.read_text(encoding="utf-8")).items():
        starts = [0.0, *(end for _, _, end in row)]
        found[name] = tuple(
            Segment(symbol, word, start, end)
            for (symbol, word, end), start in zip(row, starts, strict=False)
        )
    return found
