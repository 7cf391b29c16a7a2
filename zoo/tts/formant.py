"""Formant synthesis: speech computed by rules, without a recording.

eSpeak NG (https://github.com/espeak-ng/espeak-ng), which makes voiced sounds as sums of sine waves
in the shape of formants, as the synthesisers of Klatt did by filters ("Software for a Cascade/
Parallel Formant Synthesizer", J. Acoust. Soc. Am. 67, 1980), and reads texts by rules of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.espeak import RATE, Espeak
from zoo.tts.synthesizer import Samples, Sentence, Synthesizer

# Without flutter, so that it says the same every time; of these it is understood best.
_VOICE = "en-us+michel"
_SILENCE = 1e-3  # of full scale; what is below at either end of a sentence is no part of it


class FormantSynthesizer(Synthesizer):
    """US English in a voice that nobody has. Raises MissingDependencyError."""

    def __init__(self) -> None:
        super().__init__()
        self._espeak = Espeak()

    @property
    def rate(self) -> int:
        return RATE

    def _speak(self, sentence: Sentence, **options: Any) -> Samples:
        samples = self._espeak.say(sentence.text, _VOICE).samples
        loud = np.flatnonzero(np.abs(samples) > _SILENCE)
        return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]
