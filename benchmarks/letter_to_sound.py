"""Learn how letters sound, and how well that does with words that were held out.

    python benchmarks/letter_to_sound.py

A tenth of the CMU dictionary's words, by a hash of each, is kept out. What is learned from the
others is written where the package looks for it; the shares of held-out words whose phones are
right, with and without their stress, are printed.
"""

from __future__ import annotations

import hashlib

from zoo.tts.dictionary import Phones, cmu_dictionary
from zoo.tts.graphones import LETTERS
from zoo.tts.letter_to_sound import SHIPPED, LetterToSound

_SHARES, _HELD_OUT = 256, 26
_STEP = 10  # every tenth of the held-out words is tried


def main() -> None:
    words = [word for word in cmu_dictionary() if set(word) <= set(LETTERS) and len(word) > 1]
    held_out = [word for word in words if hashlib.sha256(word.encode()).digest()[0] < _HELD_OUT]
    kept = sorted(set(words) - set(held_out))
    rules = LetterToSound.learn((word, cmu_dictionary()[word][0]) for word in kept)
    rules.write(SHIPPED)
    rules = LetterToSound.read(SHIPPED)
    tried = held_out[::_STEP]
    right = [
        tuple(_right(rules, word, stress=stress) for word in tried) for stress in (False, True)
    ]
    print(
        f"{len(kept):,} words learned from; of {len(tried):,} held out, {sum(right[0]):,} are "
        f"right, {sum(right[1]):,} with their stress; {SHIPPED.stat().st_size:,} bytes"
    )


def _right(rules: LetterToSound, word: str, *, stress: bool) -> bool:
    def form(phones: Phones) -> Phones:
        return phones if stress else tuple(phone.rstrip("012") for phone in phones)

    return form(rules.pronounce(word)) in [form(way) for way in cmu_dictionary()[word]]


if __name__ == "__main__":
    main()
