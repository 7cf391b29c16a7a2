"""Taking from features what the channel adds, without waiting for the end of the sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zoo.speech.features import Features

_SPREAD_FLOOR = 1e-3


@dataclass(frozen=True)
class Normalizer:
    """Less the mean so far, over the deviation.

    The mean of a chunk is that of all sound up to the chunk's end, to which `smoothing` frames of
    the training mean are counted.

    mean, deviation: [mels] of the training recordings.
    """

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    smoothing: float

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or self.mean.shape != self.deviation.shape:
            raise ValueError(f"a mean of {self.mean.shape}, a deviation of {self.deviation.shape}")
        if not (self.deviation > 0).all() or not self.smoothing >= 0:
            raise ValueError(f"a deviation of {self.deviation.min()}, smoothing {self.smoothing}")

    @classmethod
    def of(cls, features: Features, smoothing: float) -> Normalizer:
        """By the mean and deviation of features [T, mels]."""
        deviation = np.maximum(features.std(axis=0), _SPREAD_FLOOR)
        return cls(features.mean(axis=0), deviation, smoothing)

    def begin(self) -> RunningMean:
        return RunningMean(self)

    def whole(self, features: Features, chunk: int) -> Features:
        """Features [T, mels], chunk by chunk of so many frames."""
        running = self.begin()
        parts = range(0, len(features), chunk)
        return np.concatenate([running.next(features[start : start + chunk]) for start in parts])


class RunningMean:
    """The mean of one recording so far."""

    def __init__(self, normalizer: Normalizer) -> None:
        self.normalizer = normalizer
        self._sum = normalizer.smoothing * normalizer.mean.astype(np.float64)
        self._count = normalizer.smoothing

    def next(self, chunk: Features) -> Features:
        """The next frames [T, mels], normalised."""
        self._sum = self._sum + chunk.sum(axis=0, dtype=np.float64)
        self._count += len(chunk)
        mean = (self._sum / self._count).astype(np.float32)
        return (chunk - mean) / self.normalizer.deviation
