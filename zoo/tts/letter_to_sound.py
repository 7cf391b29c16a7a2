"""How a word is pronounced that no dictionary has: n-grams of letters with their sounds.

Bisani and Ney, "Joint-Sequence Models for Grapheme-to-Phoneme Conversion", Speech Communication
50, 2008: the most probable sequence of pairs (letter, phones) that spells the word, among those
with one primary stress. The n-grams are smoothed as by Kneser and Ney ("Improved Backing-Off for
M-Gram Language Modeling", 1995), and those that say little more than shorter ones are left out.
"""

from __future__ import annotations

import functools
import heapq
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import safetensors
from safetensors.numpy import save

from zoo.files import write_atomically
from zoo.tts.dictionary import FOLDER, Phones
from zoo.tts.graphones import LETTERS, align
from zoo.tts.ngrams import END, START, Ngrams

Graphone = tuple[str, Phones]

SHIPPED = FOLDER / "letter_to_sound.safetensors"  # `benchmarks/letter_to_sound.py` made it
ORDER = 7
_RAREST = 4  # occurrences of a graphone; words with a rarer one are foreign, or abbreviations
_BEAM = 24  # hypotheses that are kept after each letter


class LetterToSound:
    """Words of a to z and apostrophes to phones."""

    def __init__(self, graphones: Sequence[Graphone], ngrams: Ngrams) -> None:
        self.graphones, self.ngrams = tuple(graphones), ngrams
        self._of: dict[str, list[tuple[int, Phones, int]]] = {letter: [] for letter in LETTERS}
        for index, (letter, phones) in enumerate(self.graphones, END + 1):
            self._of[letter].append((index, phones, sum(phone[-1] == "1" for phone in phones)))
        self.pronounce = functools.lru_cache(maxsize=8192)(self._pronounce)

    @classmethod
    def learn(cls, entries: Iterable[tuple[str, Phones]], least_gain: float = 3.0) -> Self:
        """From words with their phones.

        least_gain: of the log likelihood of the entries, by which an n-gram must help to be kept.
        """
        pairs = [(word, phones) for word, phones in entries if set(word) <= set(LETTERS)]
        bare = [[phone.rstrip("012") for phone in phones] for _, phones in pairs]
        found: list[list[Graphone]] = []
        for (word, phones), taken in zip(
            pairs, align([word for word, _ in pairs], bare), strict=True
        ):
            if taken is None:
                continue
            ends = np.cumsum(taken).tolist()
            parts = zip(word, ends, taken, strict=True)
            found.append([(letter, phones[end - count : end]) for letter, end, count in parts])
        often = Counter(one for word in found for one in word)
        graphones = sorted(one for one, times in often.items() if times >= _RAREST)
        index = {one: place for place, one in enumerate(graphones, END + 1)}
        rows = [[index[one] for one in word] for word in found if all(one in index for one in word)]
        return cls(graphones, Ngrams.learn(rows, END + 1 + len(graphones), ORDER, least_gain))

    def _pronounce(self, word: str) -> Phones:
        """The phones of a word, in lower case; of any other character there are none."""
        # (log probability, state, primary stresses, phones so far)
        beam: list[tuple[float, int, int, Phones]] = [(0.0, self.ngrams.state((START,)), 0, ())]
        for letter in word:
            if letter not in self._of:
                continue
            # Of hypotheses that go on alike the best is enough.
            alike: dict[tuple[int, int, Phones], tuple[float, int, int, Phones]] = {}
            for score, state, primaries, phones in beam:
                for index, more, stresses in self._of[letter]:
                    if primaries + stresses > 1:
                        continue
                    gain, after = self.ngrams.step(state, index)
                    one = (score + gain, after, primaries + stresses, phones + more)
                    held = alike.get(one[1:])
                    if held is None or one[0] > held[0]:
                        alike[one[1:]] = one
            beam = heapq.nlargest(_BEAM, alike.values()) or beam
        done = [
            (primaries, score + self.ngrams.step(state, END)[0], phones)
            for score, state, primaries, phones in beam
        ]
        return max(done)[2]

    def write(self, path: Path) -> None:
        """As one safetensors file, whole or not at all."""
        graphones = [[letter, " ".join(phones)] for letter, phones in self.graphones]
        told = {"graphones": json.dumps(graphones)}
        write_atomically(path, save(self.ngrams.arrays(), told))

    @classmethod
    def read(cls, path: Path) -> Self:
        """The inverse of `write`."""
        with safetensors.safe_open(path, "np") as file:
            told = json.loads(file.metadata()["graphones"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        graphones = [(letter, tuple(phones.split())) for letter, phones in told]
        return cls(graphones, Ngrams.of(arrays, END + 1 + len(graphones)))
