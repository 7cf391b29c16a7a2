"""Bringing text to a common form, so that only the words count."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass

# What `plain_words` does, as a metric's description says it.
PLAIN = "lower case, without punctuation, numbers spelled out"

_NUMBER = re.compile(r"\d{1,3}(,\d{3})+|\d+")
_APOSTROPHES = str.maketrans("\u2018\u2019\u02bc", "'''")
_IN_BRACKETS = re.compile(r"\[[^\]]*\]")
_NO_WORD = re.compile(r"[^\w']+|_+")
_LONGEST_NUMBER = 12  # digits; a longer one is read digit by digit


@dataclass(frozen=True, slots=True)
class Passage:
    """A text, the language that it is in and the one that it is wanted in (BCP 47)."""

    text: str
    source: str
    target: str


@functools.lru_cache(maxsize=4096)
def plain_words(text: str) -> str:
    """English text as words alone: lower case, no punctuation, numbers spelled out.

    What stands in square brackets describes sounds and is dropped. An apostrophe stays within a
    word, a hyphen parts two.
    """
    text = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).lower()
    text = _IN_BRACKETS.sub(" ", text)
    text = _NUMBER.sub(lambda match: f" {_spelled(match[0].replace(',', ''))} ", text)
    words = (word.strip("'") for word in _NO_WORD.sub(" ", text).split())
    return " ".join(word for word in words if word)


def _spelled(digits: str) -> str:
    from num2words import num2words

    if len(digits) > _LONGEST_NUMBER or digits.startswith("0"):
        return " ".join(num2words(int(digit)) for digit in digits)
    return str(num2words(int(digits)))
