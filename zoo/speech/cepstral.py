"""What recognisers of the first generations hear: cepstra less their mean, and how they change.

Atal, "Effectiveness of Linear Prediction Characteristics of the Speech Wave for Automatic Speaker
Identification and Verification", JASA 55, 1974, on the mean; Furui, "Speaker-Independent Isolated
Word Recognition Using Dynamic Features of Speech Spectrum", IEEE Trans. ASSP 34, 1986, on the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from zoo.speech.features import Features, FrontEnd, cepstra, deltas

COUNT = 13  # cepstra
SIZE = 3 * COUNT
_LOUD = np.log(1000.0)  # frames within 30 dB of the loudest count as speech


@dataclass(frozen=True)
class Cepstral:
    """How sound becomes cepstral features.

    mean: [13] of the training recordings. smoothing: how many frames of that mean are taken to have
    been heard before each recording, so that the mean of one word is not taken for the channel's.
    """

    front_end: FrontEnd
    mean: NDArray[np.float32]
    smoothing: float

    def __post_init__(self) -> None:
        if self.mean.shape != (COUNT,) or not self.smoothing >= 0:
            raise ValueError(f"a mean of shape {self.mean.shape}, smoothed by {self.smoothing}")

    @classmethod
    def of(
        cls, front_end: FrontEnd, recordings: Iterable[NDArray[np.float32]], smoothing: float
    ) -> Self:
        """With the mean of the loud frames of recordings [N], at the front end's rate."""
        kept = []
        for samples in recordings:
            values, loud = _static(front_end, samples)
            kept.append(values[loud])
        return cls(front_end, np.concatenate(kept).mean(axis=0), smoothing)

    def features(self, samples: NDArray[np.float32]) -> Features:
        """[T, 39]: cepstra less their mean, their slopes and the slopes of these."""
        values, loud = _static(self.front_end, samples)
        total = values[loud].sum(axis=0) + self.smoothing * self.mean
        values = values - (total / (loud.sum() + self.smoothing)).astype(np.float32)
        first = deltas(values)
        return np.concatenate((values, first, deltas(first)), axis=1)


def _static(
    front_end: FrontEnd, samples: NDArray[np.float32]
) -> tuple[Features, NDArray[np.bool_]]:
    """Cepstra [T, 13], and which frames are loud enough to be speech [T]."""
    log_mel = front_end.log_mel(samples)
    loudness = log_mel.max(axis=1)
    return cepstra(log_mel, COUNT), loudness > loudness.max() - _LOUD
