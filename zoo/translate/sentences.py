"""Cutting a text into pieces that a translator takes at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from zoo.errors import MissingDependencyError
from zoo.text import Passage

_LINE = re.compile(r"[^\n]*\n?")
# Where a sentence that is too long is best cut: after the last of these before the limit.
_PAUSES = (",", ";", ":", "，", "、", "；")
_WORD = re.compile(r"\S{1,200}")  # a longer one was not written by a person, and is cut


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text without blank space around it, and the blank space that follows.

    translatable: whether there is a letter in it.
    """

    text: str
    space: str
    translatable: bool


def split(passage: Passage, longest: int) -> list[Piece]:
    """The sentences of a text, none of more than `longest` words; their sum is the text."""
    return [
        piece
        for line in _LINE.findall(passage.text)
        for sentence in _sentences(line, passage.source)
        for piece in _pieces(sentence, longest)
    ]


def _sentences(line: str, language: str) -> list[str]:
    """The sentences of one line, with the blank space around them."""
    if len(line.split()) < 2:
        return [line]
    try:
        import sentencex
    except ImportError:
        raise MissingDependencyError(
            "Translation needs sentencex: pip install 'software-zoo[translate]'."
        ) from None
    starts = [0]
    for sentence in list(sentencex.segment(language, line)):
        at = line.find(sentence.strip(), starts[-1])
        if at > starts[-1]:
            starts.append(at)
    return [line[a:b] for a, b in zip(starts, [*starts[1:], len(line)], strict=True)]


def _pieces(sentence: str, longest: int) -> Iterator[Piece]:
    """Pieces of at most `longest` words; the blank space around them is kept."""
    words = list(_WORD.finditer(sentence))
    if not words:
        if sentence:
            yield Piece("", sentence, False)
        return
    if words[0].start():
        yield Piece("", sentence[: words[0].start()], False)
    while words:
        count = min(longest, len(words))
        if count < len(words):
            pauses = [i for i in range(count // 2, count) if words[i][0].endswith(_PAUSES)]
            count = pauses[-1] + 1 if pauses else count
        text = sentence[words[0].start() : words[count - 1].end()]
        end = words[count].start() if count < len(words) else len(sentence)
        yield Piece(text, sentence[words[count - 1].end() : end], any(map(str.isalpha, text)))
        words = words[count:]
