"""Template matching: recordings of words, stretched in time until they fit.

Sakoe and Chiba, "Dynamic Programming Algorithm Optimization for Spoken Word Recognition", IEEE
Trans. ASSP 26, 1978; strings of words in one pass by Ney, "The Use of a One-Stage Dynamic
Programming Algorithm for Connected Word Recognition", IEEE Trans. ASSP 32, 1984; templates chosen
by clustering as in Rabiner, Levinson, Rosenberg and Wilpon, "Speaker-Independent Recognition of
Isolated Words Using Clustering Techniques", IEEE Trans. ASSP 27, 1979.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from zoo.audio import Audio
from zoo.compiled import compiled
from zoo.errors import InputError
from zoo.predictions import Transcript, Word
from zoo.progress import Progress
from zoo.speech.cepstral import COUNT, SIZE, Cepstral
from zoo.speech.features import Features, FrontEnd
from zoo.speech.recognizer import (
    Arrays,
    Utterance,
    WordRecognizer,
    best_penalty,
    heard_alone_and_in_strings,
    transcript_of,
)
from zoo.weights import half

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Distances = NDArray[np.float32]

_SILENCE = -1
_QUIET = 0.05  # the share of a speaker's frames whose mean is taken for silence
_BLOCK = 500  # frames whose distances are taken at once
_PENALTIES = (0.0, 25.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 400.0)
_CONFIDENCE_POWER = 0.02
_ROUNDS = 10  # of clustering, which is done when nothing changes


class DtwRecognizer(WordRecognizer):
    """The sequence of templates that lies nearest to the sound, silence in between.

    frames: [J, 39] features of all templates, one after another, each over its deviation in
    training. lengths: [K] of the templates. words: [K] of which word each is, -1 for silence.
    penalty: what each word costs, in squared distance.
    """

    def __init__(
        self,
        cepstral: Cepstral,
        vocabulary: tuple[str, ...],
        scale: NDArray[np.float32],
        frames: Features,
        lengths: NDArray[np.int32],
        words: NDArray[np.int32],
        *,
        penalty: float,
        choices: Mapping[str, Any],
    ) -> None:
        super().__init__(cepstral.front_end, vocabulary)
        self.cepstral = cepstral
        self.scale = scale
        self.frames = frames
        self.lengths = lengths
        self.words = words
        self.penalty = penalty
        self.choices = choices

    def _recognize(self, audio: Audio, **options: Any) -> Transcript:
        features = self._features(audio.samples)
        words = tuple(
            self._word(features, *span, audio.seconds)
            for span in self._spans(features, self.penalty)
        )
        return transcript_of(words, audio.seconds)

    def _features(self, samples: NDArray[np.float32]) -> Features:
        return self.cepstral.features(samples) * self.scale

    def _spans(self, features: Features, penalty: float) -> list[tuple[int, int, int]]:
        """The words of the nearest sequence: (word, first frame, last frame)."""
        costs = np.where(self.words == _SILENCE, 0.0, penalty)
        begins = np.concatenate(([0], np.cumsum(self.lengths)[:-1])).astype(np.int32)
        cumulated = np.full(len(self.frames), np.inf)
        entered = np.zeros(len(self.frames), np.int32)
        ends = np.zeros(len(features) + 1)  # of the best sequence that ends before each frame
        ends[1:] = np.inf
        last = np.zeros(len(features), np.int32)  # the template with which it ends
        since = np.zeros(len(features), np.int32)  # and where that began
        for start in range(0, len(features), _BLOCK):
            near = _distances(features[start : start + _BLOCK], self.frames)
            _one_stage(
                near, start, begins, self.lengths, costs, cumulated, entered, ends, last, since
            )
        found = []
        frame = len(features) - 1
        while frame >= 0 and np.isfinite(ends[frame + 1]):
            word = int(self.words[last[frame]])
            if word != _SILENCE:
                found.append((word, int(since[frame]), frame))
            frame = int(since[frame]) - 1
        return found[::-1]

    def _word(self, features: Features, word: int, first: int, last: int, seconds: float) -> Word:
        """The word heard from frame `first` to `last`, as sure as it is nearer than the others."""
        here = features[first : last + 1]
        nearest = np.full(len(self.vocabulary), np.inf)
        begin = 0
        for own, length in zip(self.words.tolist(), self.lengths.tolist(), strict=True):
            if own != _SILENCE:
                template = self.frames[begin : begin + length]
                nearest[own] = min(nearest[own], _distance(_distances(here, template)))
            begin += length
        return Word(
            self.vocabulary[word],
            *self.front_end.times(first, last, seconds),
            float(1 / np.exp(_CONFIDENCE_POWER * (nearest[word] - nearest)).sum()),
        )

    # --- learning ---

    @classmethod
    def _train(  # type: ignore[override]
        cls,
        train: list[Utterance],
        validation: list[Utterance],
        vocabulary: tuple[str, ...],
        *,
        seed: int,
        report: Progress,
        workspace: Path | None,
        rate: int = 8000,
        mels: int = 26,
        templates: int = 6,
        smoothing: float = 30.0,
    ) -> Self:
        """Keep the recordings in the middle of clusters of each word of each speaker.

        templates: how many such clusters. smoothing: of the mean; see `Cepstral`.
        """
        if templates < 1 or mels < COUNT:
            raise InputError(
                f"A word has at least 1 template, the front end at least {COUNT} mels."
            )
        front_end = FrontEnd.of_speech(rate, mels)
        cepstral = Cepstral.of(front_end, (one.audio.at(rate).samples for one in train), smoothing)
        features = [cepstral.features(one.audio.at(rate).samples) for one in train]
        scale = half(1 / (np.concatenate(features).std(axis=0) + 1e-3))
        features = [half(one * scale) for one in features]
        kept: list[Features] = []
        words: list[int] = []
        for speaker in report.track(sorted({one.speaker for one in train}), "Clustering"):
            own = [i for i, one in enumerate(train) if one.speaker == speaker]
            for number, word in enumerate(vocabulary):
                same = [features[i] for i in own if train[i].word == word]
                for i in _medoids(same, templates, seed):
                    kept.append(same[i])
                    words.append(number)
            every = np.concatenate([features[i] for i in own])
            quiet = every[:, 0] <= np.quantile(every[:, 0], _QUIET)
            kept.append(half(every[quiet].mean(axis=0, keepdims=True)))
            words.append(_SILENCE)
        model = cls(
            cepstral,
            vocabulary,
            scale,
            np.concatenate(kept),
            np.array([len(one) for one in kept], np.int32),
            np.array(words, np.int32),
            penalty=0.0,
            choices={},
        )
        heard = [
            (said, model._features(audio.samples))
            for said, audio in heard_alone_and_in_strings(validation, rate, seed)
        ]
        if heard:
            model.penalty, error_rate = best_penalty(
                list(report.track(heard, "Choosing the penalty")), model._decode, _PENALTIES
            )
            model.choices = {"validation_word_error_rate": error_rate}
        return model

    def _decode(self, features: Features, penalty: float) -> list[str]:
        return [self.vocabulary[word] for word, *_ in self._spans(features, penalty)]

    # --- weights ---

    def _settings(self) -> dict[str, Any]:
        return {
            "smoothing": self.cepstral.smoothing,
            "penalty": self.penalty,
            "choices": dict(self.choices),
        }

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "mean": self.cepstral.mean,
            "scale": self.scale,
            "frames": self.frames,
            "lengths": self.lengths,
            "words": self.words,
        }

    @classmethod
    def _restore(
        cls,
        arrays: Arrays,
        settings: Mapping[str, Any],
        front_end: FrontEnd,
        vocabulary: tuple[str, ...],
        device: str,
    ) -> Self:
        frames, lengths, words = (arrays[name] for name in ("frames", "lengths", "words"))
        if frames.shape != (lengths.sum(), SIZE) or lengths.min() < 1:
            raise ValueError(f"templates of {lengths.sum()} frames in {frames.shape}")
        if words.shape != lengths.shape or not set(words.tolist()) <= {*range(len(vocabulary)), -1}:
            raise ValueError("templates of unknown words")
        if arrays["scale"].shape != (SIZE,):
            raise ValueError(f"a scale of shape {arrays['scale'].shape}")
        return cls(
            Cepstral(front_end, arrays["mean"], settings["smoothing"]),
            vocabulary,
            arrays["scale"],
            frames,
            lengths,
            words,
            penalty=float(settings["penalty"]),
            choices=settings["choices"],
        )

    @classmethod
    def tiny_options(cls) -> dict[str, Any]:
        return {"templates": 2}


def _distances(a: Features, b: Features) -> Distances:
    """Squared Euclidean distances [A, B] of frames [A, D] and [B, D]."""
    square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.asarray(np.maximum(square, 0), np.float32)


def _medoids(recordings: Sequence[Features], count: int, seed: int) -> list[int]:
    """The recordings in the middle of so many clusters, by their mean distance to the others."""
    size = len(recordings)
    if size <= count:
        return list(range(size))
    apart = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            if i != j:
                near = _distances(recordings[i], recordings[j])
                apart[i, j] = _distance(near) / len(recordings[i])
    apart += apart.T
    middles = sorted(np.random.default_rng(seed).permutation(size)[:count].tolist())
    for _ in range(_ROUNDS):
        nearest = apart[:, middles].argmin(axis=1)
        new = []
        for cluster, middle in enumerate(middles):
            members = np.flatnonzero(nearest == cluster)
            inner = apart[np.ix_(members, members)].sum(axis=0)
            new.append(int(members[inner.argmin()]) if len(members) else middle)
        if new == middles:
            break
        middles = new
    return middles


@compiled
def _distance(near: Distances) -> float:
    """The least sum along a path through near [T, J], on which each frame t is met once.

    A path goes on by none, one or two frames j at each t (the asymmetric form of Sakoe and Chiba).
    Infinite where J is too long for that.
    """
    frames, length = near.shape
    cost = np.full(length, np.inf)
    cost[0] = near[0, 0]
    for t in range(1, frames):
        for j in range(length - 1, -1, -1):
            best = cost[j]
            if j > 0:
                best = min(best, cost[j - 1])
            if j > 1:
                best = min(best, cost[j - 2])
            cost[j] = best + near[t, j]
    return float(cost[-1])


@compiled
def _one_stage(
    near: Distances,
    start: int,
    begins: Ints,
    lengths: Ints,
    costs: Floats,
    cumulated: Floats,
    entered: Ints,
    ends: Floats,
    last: Ints,
    since: Ints,
) -> None:
    """Go on with the next block of frames, the first of which is `start`; changes the last five."""
    for t in range(len(near)):
        now = start + t
        for k in range(len(begins)):
            begin = begins[k]
            for j in range(begin + lengths[k] - 1, begin - 1, -1):
                best, came = cumulated[j], entered[j]
                if j > begin and cumulated[j - 1] < best:
                    best, came = cumulated[j - 1], entered[j - 1]
                if j > begin + 1 and cumulated[j - 2] < best:
                    best, came = cumulated[j - 2], entered[j - 2]
                if j == begin and ends[now] + costs[k] < best:
                    best, came = ends[now] + costs[k], now
                cumulated[j] = best + near[t, j]
                entered[j] = came
            final = begin + lengths[k] - 1
            if cumulated[final] < ends[now + 1]:
                ends[now + 1] = cumulated[final]
                last[now] = k
                since[now] = entered[final]
