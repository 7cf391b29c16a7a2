"""Hidden Markov models of words with Gaussian mixtures.

Rabiner, "A Tutorial on Hidden Markov Models and Selected Applications in Speech Recognition",
Proceedings of the IEEE 77, 1989; strings as in Rabiner, Wilpon and Soong, "High Performance
Connected Digit Recognition Using Hidden Markov Models", IEEE Trans. ASSP 37, 1989. Features: Furui,
"Speaker-Independent Isolated Word Recognition Using Dynamic Features of Speech Spectrum", 1986.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from zoo.audio import Audio
from zoo.errors import InputError
from zoo.predictions import Transcript, Word
from zoo.progress import Progress
from zoo.speech import word_graphs
from zoo.speech.cepstral import COUNT, SIZE, Cepstral
from zoo.speech.features import Features, FrontEnd
from zoo.speech.graph import NEVER, Graph
from zoo.speech.mixtures import Accumulator, Mixtures
from zoo.speech.recognizer import (
    Arrays,
    Utterance,
    WordRecognizer,
    best_penalty,
    heard_alone_and_in_strings,
    lent,
    strings_of,
    transcript_of,
)

_LONGEST_WORD = 3.0  # seconds; steady noise may pass for a vowel that does not end
_CONFIDENCE_POWER = 0.02
_LEAST_VARIANCE = 1e-6
_STILL = 1e-3  # features that vary by less through all of the sound do not change
_ALIGNMENTS = 3  # passes of Viterbi with single Gaussians, from equal shares on
_PENALTIES = tuple(10.0 * value for value in range(-24, 5))


class GmmHmmRecognizer(WordRecognizer):
    """Left-to-right word models, silence between them, in a loop through which Viterbi finds a way.

    Word w has the densities w * states to (w + 1) * states; those of silence follow.

    penalty: log weight of each word of a string, which keeps long words from being heard as several
    short ones. choices: what was chosen on validation recordings, and how it fared.
    """

    def __init__(
        self,
        cepstral: Cepstral,
        vocabulary: tuple[str, ...],
        mixtures: Mixtures,
        *,
        states: int,
        penalty: float,
        choices: Mapping[str, Any],
    ) -> None:
        super().__init__(cepstral.front_end, vocabulary)
        self.cepstral = cepstral
        self.mixtures = mixtures
        self.states = states
        self.penalty = penalty
        self.choices = choices
        self._loop = word_graphs.loop(len(vocabulary), states, penalty)
        self._alone = [word_graphs.alone(word, states) for word in range(len(vocabulary))]

    def _recognize(self, audio: Audio, **options: Any) -> Transcript:
        features = self.cepstral.features(audio.samples)
        if np.ptp(features, axis=0).max() < _STILL:  # less its mean, silence looks like a vowel
            return transcript_of((), audio.seconds)
        scores = self.mixtures.scores(features)
        path, _ = self._loop.best_path(scores[:, self._loop.densities])
        longest = _LONGEST_WORD / self.front_end.step
        words = tuple(
            self._word(scores, word, first, last, audio.seconds)
            for word, first, last in word_graphs.spans(self._loop, path)
            if last - first < longest
        )
        return transcript_of(words, audio.seconds)

    def _word(
        self, scores: NDArray[np.float32], word: int, first: int, last: int, seconds: float
    ) -> Word:
        """The word heard from frame `first` to `last`, as sure as it is likelier than the others.

        Their likelihoods are taken to a power first: frames overlap, so that all would be certain.
        """
        here = scores[first : last + 1]
        rivals = np.array([rival.best_path(here[:, rival.densities])[1] for rival in self._alone])
        return Word(
            self.vocabulary[word],
            *self.front_end.times(first, last, seconds),
            float(1 / np.exp(_CONFIDENCE_POWER * (rivals - rivals[word])).sum()),
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
        states: int = 12,
        splits: int = 4,
        passes: int = 4,
        rounds: int = 1,
        smoothing: float = 30.0,
        also: Sequence[str] = (),
    ) -> Self:
        """Viterbi-aligned start with single Gaussians, then Baum-Welch.

        rate, mels: of the front end. states: of a word. splits: how often the number of Gaussians
        is doubled. passes: of Baum-Welch after each doubling. rounds: how often each recording is
        used in strings, besides alone. also: names of data sets whose recordings are learned from,
        too, alone. smoothing: of the mean; see `Cepstral`.
        """
        if states < 2 or passes < 1 or min(splits, rounds) < 0 or mels < COUNT:
            raise InputError(
                f"A word has at least 2 states, training at least 1 pass and no negative number of "
                f"splits or rounds, the front end at least {COUNT} mels."
            )
        front_end = FrontEnd.of_speech(rate, mels)
        number = {word: i for i, word in enumerate(vocabulary)}
        material: list[tuple[tuple[int, ...], NDArray[np.float32]]] = []
        for one in [*train, *lent(also, vocabulary)]:
            material.append(((number[one.word],), one.audio.at(rate).samples))
        for string in strings_of(train, rate, rounds, seed):
            material.append((tuple(number[word] for word in string.words), string.audio.samples))
        cepstral = Cepstral.of(front_end, (samples for _, samples in material), smoothing)
        learn = [
            (words, cepstral.features(samples))
            for words, samples in report.track(material, "Describing recordings")
        ]
        mixtures = _learned_mixtures(learn, len(vocabulary), states, splits, passes, report)
        model = cls(
            cepstral, vocabulary, mixtures.rounded(), states=states, penalty=0.0, choices={}
        )
        model._choose_penalty(validation, seed)
        return model

    def _choose_penalty(self, validation: list[Utterance], seed: int) -> None:
        heard = [
            (words, self.mixtures.scores(self.cepstral.features(audio.samples)))
            for words, audio in heard_alone_and_in_strings(validation, self.front_end.rate, seed)
        ]
        loops = {p: word_graphs.loop(len(self.vocabulary), self.states, p) for p in _PENALTIES}

        def decode(scores: NDArray[np.float32], penalty: float) -> list[str]:
            loop = loops[penalty]
            path, _ = loop.best_path(scores[:, loop.densities])
            return [self.vocabulary[word] for word, *_ in word_graphs.spans(loop, path)]

        if heard:
            self.penalty, rate = best_penalty(heard, decode, _PENALTIES)
            self.choices = {"validation_word_error_rate": rate}
            self._loop = loops[self.penalty]

    # --- weights ---

    def _settings(self) -> dict[str, Any]:
        return {
            "states": self.states,
            "smoothing": self.cepstral.smoothing,
            "penalty": self.penalty,
            "choices": dict(self.choices),
        }

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "mean": self.cepstral.mean,
            "log_weights": self.mixtures.log_weights.astype(np.float16),
            "means": self.mixtures.means.astype(np.float16),
            "variances": self.mixtures.variances.astype(np.float16),
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
        mixtures = Mixtures(
            *(arrays[name].astype(np.float32) for name in ("log_weights", "means", "variances"))
        )
        states = settings["states"]
        densities = len(vocabulary) * states + word_graphs.SILENCE_STATES
        shape = (densities, mixtures.components, SIZE)
        if mixtures.means.shape != shape or mixtures.variances.shape != shape:
            raise ValueError(f"mixtures of shape {mixtures.means.shape}, not {shape}")
        if mixtures.log_weights.shape != shape[:2]:
            raise ValueError(f"weights of shape {mixtures.log_weights.shape}, not {shape[:2]}")
        if not (mixtures.variances > 0).all():
            raise ValueError("variances that are not positive")
        return cls(
            Cepstral(front_end, arrays["mean"], settings["smoothing"]),
            vocabulary,
            mixtures,
            states=states,
            penalty=settings["penalty"],
            choices=settings["choices"],
        )

    @classmethod
    def tiny_options(cls) -> dict[str, Any]:
        return {"states": 4, "splits": 0, "passes": 2}


def _learned_mixtures(
    learn: Sequence[tuple[tuple[int, ...], Features]],
    vocabulary: int,
    states: int,
    splits: int,
    passes: int,
    report: Progress,
) -> Mixtures:
    """learn: recordings as (words, features)."""
    every = np.concatenate([features for _, features in learn]).astype(np.float64)
    mean, variance = every.mean(axis=0), every.var(axis=0) + _LEAST_VARIANCE
    densities = vocabulary * states + word_graphs.SILENCE_STATES
    mixtures = Mixtures.single(densities, mean, variance)
    sums = Accumulator(mixtures, variance)
    for words, features in learn:
        _share_out(sums, words, features, vocabulary, states)
    mixtures = sums.update()
    graphs = {words: word_graphs.sequence(words, vocabulary, states) for words, _ in learn}
    count = _ALIGNMENTS + passes * (splits + 1)
    for step in range(count):
        since = step - _ALIGNMENTS
        if since > 0 and since % passes == 0:
            mixtures = mixtures.split()
        sums = Accumulator(mixtures, variance)
        total = 0.0
        for words, features in report.track(learn, f"Pass {step + 1} of {count}"):
            total += _count(sums, graphs[words], features, align=since < 0)
        mixtures = sums.update()
        report.log(step=step + 1, gaussians=mixtures.components, likelihood=total / len(every))
    return mixtures


def _share_out(
    sums: Accumulator, words: tuple[int, ...], features: Features, vocabulary: int, states: int
) -> None:
    """Count frames before anything is known: each state of a word gets as many of them.

    The quietest tenth of the frames is counted as silence.
    """
    time = np.arange(len(features))
    shares = np.zeros((len(features), states + word_graphs.SILENCE_STATES))
    quiet = features[:, 0] <= np.quantile(features[:, 0], 0.1)
    shares[quiet, states:] = 1 / word_graphs.SILENCE_STATES
    if len(words) == 1:
        shares[time, time * states // len(features)] = 1.0
    densities = np.concatenate(
        (
            words[0] * states + np.arange(states),
            vocabulary * states + np.arange(word_graphs.SILENCE_STATES),
        )
    )
    _, components = sums.mixtures.explain(features, densities)
    sums.add(features, densities, components, shares)


def _count(sums: Accumulator, graph: Graph, features: Features, *, align: bool) -> float:
    """Count frames along the best path, or by Baum-Welch; answer their log likelihood.

    Sound that is too short for its words is not counted.
    """
    used, emits = np.unique(graph.densities, return_inverse=True)
    likelihoods, components = sums.mixtures.explain(features, used)
    scores = likelihoods[:, emits]
    if align:
        path, total = graph.best_path(scores)
        occupied = np.eye(len(emits))[path]
    else:
        occupied, total = graph.occupancies(scores)
    if total == NEVER:
        return 0.0
    sums.add(features, used, components, occupied @ np.eye(len(used))[emits])
    return total
