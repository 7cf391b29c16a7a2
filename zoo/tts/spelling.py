"""English for networks that read letters: figures and the like as words, sentence by sentence."""

from __future__ import annotations

import re

from zoo.tts.dictionary import cmu_dictionary
from zoo.tts.normalization import normalize
from zoo.tts.synthesizer import PAUSES, Sentence, pieces

_END = re.compile(r"(?<=[.?!]) ")


def english_sentences(text: str, longest: int) -> list[Sentence]:
    """The sentences of a text in the words that are said, of at most `longest` characters each.

    Raises InputError if it holds nothing that can be spoken.
    """
    words = normalize(text, cmu_dictionary().__contains__)
    return [
        Sentence(piece, PAUSES.get(piece[-1], PAUSES[""]))
        for sentence in _END.split(words)
        for piece in pieces(sentence, longest)
    ]
