"""Taking from features what loudness and channel add, without waiting for the end of the sound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zoo.speech.features import Features

_SPREAD_FLOOR = 1e-3
_QUIETEST = 10**-7.5  # the energy of a filter in speech that can be no quieter
_HALF = 0.01  # the energy, against the level's, at which a frame counts half as speech
_NEPERS = np.log(10) / 10  # of energy, in a decibel


@dataclass(frozen=True)
class Normalizer:
    """Log mel energies above the level of the speech, less their mean in it, over the deviation.

    Level and mean of a chunk are those of all sound up to its end. The level is the mean energy of
    the frames, each weighted by its energy; the mean is that of the frames that are loud enough to
    be speech, to which `smoothing` frames of the training mean are counted, so that the mean of one
    word is not taken for the channel's. So silence between and after words hardly counts; what came
    before the first one was weighed by a level that no speech had raised yet. What lies `depth`
    decibels below the level and more becomes alike: there rooms and microphones are heard instead
    of words.

    mean, deviation: [mels] of the training recordings.
    """

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    depth: float
    smoothing: float

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or self.mean.shape != self.deviation.shape:
            raise ValueError(f"a mean of {self.mean.shape}, a deviation of {self.deviation.shape}")
        if not np.isfinite(self.mean).all() or not np.isfinite(self.deviation).all():
            raise ValueError("a mean or a deviation that is not finite")
        if not (self.deviation > 0).all() or not 0 < self.depth <= 100:
            raise ValueError(f"a deviation of {self.deviation.min()}, a depth of {self.depth}")
        if not 0 < self.smoothing < np.inf:
            raise ValueError(f"a smoothing of {self.smoothing}")

    @classmethod
    def of(cls, recordings: Iterable[Features], depth: float, smoothing: float) -> Normalizer:
        """By the mean and deviation of recordings [T, mels]."""
        heard = [_Level(depth).take(one) for one in recordings]
        values = np.concatenate([above for above, _ in heard])
        loud = np.concatenate([weights for _, weights in heard])
        mean = (loud @ values / loud.sum()).astype(np.float32)
        return cls(mean, np.maximum(values.std(axis=0), _SPREAD_FLOOR), depth, smoothing)

    def begin(self) -> RunningNormalizer:
        return RunningNormalizer(self)

    def whole(self, features: Features, chunk: int) -> Features:
        """Features [T, mels], chunk by chunk of so many frames."""
        running = self.begin()
        parts = range(0, len(features), chunk)
        return np.concatenate([running.next(features[start : start + chunk]) for start in parts])


class RunningNormalizer:
    """The level and the mean of one recording so far."""

    def __init__(self, normalizer: Normalizer) -> None:
        self.normalizer = normalizer
        self._level = _Level(normalizer.depth)
        self._sum = normalizer.smoothing * normalizer.mean.astype(np.float64)
        self._count = normalizer.smoothing

    def next(self, chunk: Features) -> Features:
        """The next frames [T, mels], normalised."""
        above, loud = self._level.take(chunk)
        self._sum = self._sum + loud @ above
        self._count += float(loud.sum())
        mean = (self._sum / self._count).astype(np.float32)
        return (above - mean) / self.normalizer.deviation


class _Level:
    def __init__(self, depth: float) -> None:
        self._floor = np.float32(-depth * _NEPERS)
        self._weighted, self._energy = 0.0, 0.0

    def take(self, chunk: Features) -> tuple[Features, NDArray[np.float64]]:
        """How far the next frames [T, mels] lie above the level, in nepers, and which are speech.

        The level takes them in first. The second is a weight between 0 and 1 for each [T].
        """
        energy = np.exp(chunk.astype(np.float64)).mean(axis=1)
        self._weighted += float((energy**2).sum())
        self._energy += float(energy.sum())
        level = max(self._weighted / self._energy if self._energy else 0.0, _QUIETEST)
        above = np.logaddexp(chunk - np.float32(np.log(level)), self._floor)
        return above, energy / (energy + _HALF * level)
