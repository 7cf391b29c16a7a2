"""The recorded voice with the times of its phones."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zoo.tts.alignment import Aligned, Aligner, Word
from zoo.tts.normalization import normalize
from zoo.tts.prompts import Prompt
from zoo.tts.pronunciation import Pronouncer

_WORD = re.compile(r"[A-Za-z']+")
_HELD_OUT = "test"


def words(text: str, pronouncer: Pronouncer) -> list[Word]:
    """The words of a text, each in every way in which it may be spoken."""
    found = _WORD.findall(normalize(text, pronouncer.known))
    return [Word(word, pronouncer.variants(word)) for word in found]


def align_prompts(prompts: Sequence[Prompt], pronouncer: Pronouncer) -> dict[str, Aligned]:
    """By name; without those that are too short for their words.

    The models are learned from what is not held out, and align everything.
    """
    recordings = [(one.audio(), words(one.text, pronouncer)) for one in prompts]
    pairs = list(zip(prompts, recordings, strict=True))
    aligner = Aligner.learn([spoken for prompt, spoken in pairs if prompt.split != _HELD_OUT])
    found = {prompt.name: aligner.align(*spoken) for prompt, spoken in pairs}
    return {name: aligned for name, aligned in found.items() if aligned is not None}
