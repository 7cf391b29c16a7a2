"""The CMU Pronouncing Dictionary of American English, with stress.

It is the file `cmudict.dict` as Carnegie Mellon University publishes it
(https://github.com/cmusphinx/cmudict, licence beside it), compressed.
"""

from __future__ import annotations

import functools
import lzma
import re
from collections.abc import Mapping
from pathlib import Path

Phones = tuple[str, ...]  # ARPAbet; a vowel ends in its stress, 0 none, 1 primary, 2 secondary

FOLDER = Path(__file__).parent / "cmudict"
# Of the file once it is unpacked.
SHA256 = "81917843c7f44ce2b094ac63873c2c7a4cf802040792c455ba3ca406891c3d22"

_VARIANT = re.compile(r"\(\d+\)$")  # read(2) is another pronunciation of read


def unpacked() -> str:
    """The text of the file."""
    return lzma.decompress((FOLDER / "cmudict.dict.xz").read_bytes()).decode()


@functools.cache
def cmu_dictionary() -> Mapping[str, tuple[Phones, ...]]:
    """Words in lower case to their pronunciations, the commonest first."""
    words: dict[str, tuple[Phones, ...]] = {}
    for line in unpacked().splitlines():
        name, *phones = line.partition("#")[0].split()
        word = _VARIANT.sub("", name)
        words[word] = (*words.get(word, ()), tuple(phones))
    return words
