"""Sound from mel frames, at once or as it is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zoo.tts.mel import Deemphasis, Frames, Samples, expanded
from zoo.tts.wavenet_kernel import Kernel


@dataclass(frozen=True)
class Vocoder:
    """A WaveNet that was trained on samples of this emphasis."""

    kernel: Kernel
    emphasis: float = 0.0

    def chunks(
        self,
        frames: Frames,
        *,
        seed: int,
        temperature: float | NDArray[np.float64] = 1.0,
        size: int = 16,
    ) -> Iterator[Samples]:
        """The sound of log mel frames [T, mels], `size` of them at a time; together it is whole.

        temperature: below 1 there is less noise and less life; one for all frames or [T].
        """
        draws = np.random.default_rng(seed)
        undo = Deemphasis(self.emphasis)
        told, state = self.kernel.told(frames), self.kernel.start()
        each = np.broadcast_to(np.asarray(temperature, np.float64), len(told))
        for first in range(0, len(told), size):
            part = told[first : first + size]
            uniforms = draws.random(len(part) * self.kernel.shape.hop)
            codes = self.kernel.codes(part, uniforms, state, each[first : first + size])
            yield undo(expanded(codes))

    def sound(
        self, frames: Frames, *, seed: int, temperature: float | NDArray[np.float64] = 1.0
    ) -> Samples:
        """All of it, [T · hop]."""
        return np.concatenate(list(self.chunks(frames, seed=seed, temperature=temperature)))
