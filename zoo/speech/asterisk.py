"""What recognisers are tried on of the prompts of the Asterisk telephone system."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zoo.asterisk import prompts, read_g722
from zoo.audio import Audio
from zoo.speech.strings import WORDS, strings

_DIGIT_RATE = 8000  # of a telephone, and of the recognisers of digits
_ROUNDS = 40  # of the strings: how often each digit is in one
_SEED = 722


def english(root: Path, split: str) -> Iterator[tuple[Audio, str]]:
    """Every prompt with its text."""
    for _, text, path in prompts(root):
        yield read_g722(path), text


def digits(root: Path, split: str) -> Iterator[tuple[Audio, str]]:
    """The ten digits, then strings of 3 to 7 of them as in `fsdd-strings`."""
    files = {name: path for name, _, path in prompts(root)}
    spoken = [
        (read_g722(files[f"digits/{digit}"]).at(_DIGIT_RATE), word)
        for digit, word in enumerate(WORDS)
    ]
    yield from spoken
    for string in strings(spoken, _ROUNDS, seed=_SEED):
        yield string.audio, string.text
