"""Texts and their translations in one direction, to learn from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zoo.data import Example
from zoo.errors import InputError
from zoo.registry import data_set
from zoo.text import Passage

Pair = tuple[str, str]

_LONGEST_PAIR = 80  # words of a sentence to learn from
_MOST_UNEVEN = 6  # times as many words as its translation, and a few


def direction_of(examples: Sequence[Example]) -> Pair:
    """The one direction of passages to learn from. Raises InputError."""
    found = set()
    for position, example in enumerate(examples):
        if not isinstance(example.input, Passage):
            raise InputError(
                f"Example {position}: texts to learn from are passages with their languages; "
                f"{type(example.input).__name__} came."
            )
        texts = (example.input.text, example.target, example.input.source, example.input.target)
        if not all(isinstance(text, str) for text in texts):
            kinds = ", ".join(type(text).__name__ for text in texts)
            raise InputError(
                f"Example {position}: text, translation and languages are str; {kinds} came."
            )
        found.add((example.input.source, example.input.target))
    if len(found) != 1:
        raise InputError(
            "Translation by phrases is learned for one direction; "
            + (", ".join(f"{a} to {b}" for a, b in sorted(found)) or "no text")
            + " came."
        )
    return found.pop()


def pairs_of(examples: Iterable[Example], direction: Pair) -> list[Pair]:
    """The texts of one direction, each line for itself where both have as many."""
    pairs = []
    for example in examples:
        if (example.input.source, example.input.target) == direction:
            lines = example.input.text.splitlines(), example.label.splitlines()
            if len(lines[0]) != len(lines[1]):
                lines = ([" ".join(lines[0])], [" ".join(lines[1])])
            pairs += [
                pair for pair in zip(*lines, strict=True) if pair[0].strip() and pair[1].strip()
            ]
    return pairs


def lent(name: str, direction: Pair) -> list[Pair]:
    return pairs_of(data_set(name).examples("train"), direction)


def fit_together(source: Sequence[str], target: Sequence[str]) -> bool:
    """Whether two sentences may be translations of each other, by their lengths."""
    short, long = sorted((len(source), len(target)))
    return short > 0 and long <= min(_LONGEST_PAIR, _MOST_UNEVEN * short + 4)
