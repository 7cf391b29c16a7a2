"""Sound from mel frames, at once or as it is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoo.audio import read_audio
from zoo.errors import InputError
from zoo.options import check_seed
from zoo.predictions import Speech
from zoo.tts.mel import Deemphasis, Frames, MelSpectrum, Samples, expanded
from zoo.tts.wavenet_kernel import Kernel

# Of 0.6 to 1 that at which speech came nearest to the validation recordings; see
# benchmarks/temperature.py.
TEMPERATURE = 0.8


@dataclass(frozen=True)
class Vocoder:
    """A WaveNet that was trained on frames of this spectrum and samples of this emphasis.

    Copy synthesis, which tells what it can do apart from any text: `predict(features(recording))`.
    """

    kernel: Kernel
    spectrum: MelSpectrum
    emphasis: float = 0.0

    def features(self, recording: Any) -> Frames:
        """Log mel frames [T, mels] of a recording: a path, bytes, or samples with a rate.

        Raises InputError.
        """
        return self.spectrum.log_mel(read_audio(recording, self.spectrum.rate).samples)

    def predict(
        self, frames: NDArray[np.floating[Any]], *, seed: int = 0, temperature: float = TEMPERATURE
    ) -> Speech:
        """The sound of log mel frames [T, mels] as `features` gives them, [T · hop] samples.

        Raises InputError.
        """
        mels = self.spectrum.mels
        if not isinstance(frames, np.ndarray) or frames.ndim != 2 or frames.shape[1] != mels:
            what = np.shape(frames) if isinstance(frames, np.ndarray) else type(frames).__name__
            raise InputError(f"A vocoder takes frames [T, {mels}]; {what} came.")
        if not len(frames) or not np.isfinite(frames).all():
            raise InputError("A vocoder takes at least one frame, of finite numbers.")
        check_draws(seed, temperature)
        samples = self.sound(frames.astype(np.float32), seed=seed, temperature=temperature)
        return Speech(np.clip(samples, -1.0, 1.0, dtype=np.float32), self.spectrum.rate)

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


def check_draws(seed: Any, temperature: Any) -> None:
    """Raise InputError for options of sampling that make no sense."""
    check_seed(seed)
    if isinstance(temperature, bool) or not isinstance(temperature, int | float):
        raise InputError(f"temperature is a number; {temperature!r} came.")
    if not 0.05 <= temperature <= 2:
        raise InputError(f"temperature is from 0.05 to 2; {temperature} came.")
