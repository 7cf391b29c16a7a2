"""Cutting a text into pieces that a translator takes at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from zoo.errors import MissingDependencyError
from zoo.text import Passage

T = TypeVar("T")
_LINE = re.compile(r"[^\n\x85\u2028\u2029]*[\n\x85\u2028\u2029]?")
_BLANK = re.compile(r"\s")
# Where a sentence that is too long is best cut: after the last of these before the limit.
_PAUSES = (",", ";", ":", "，", "、", "；")
# Thai, Burmese, Khmer, Chinese and Japanese are written without spaces between words.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
# What is longer than 200 letters was not written by a person, and is cut.
_WORD = re.compile(rf"[{UNSPACED}]{{1,3}}|[^\s{UNSPACED}]{{1,200}}")
_LONGEST = 600  # characters of a piece, however few its words are


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text without blank space around it, and the blank space that follows.

    translatable: whether there is a letter in it.
    """

    text: str
    space: str
    translatable: bool


def equal_parts(items: Sequence[T], longest: int) -> list[Sequence[T]]:
    """As few parts as can be of at most `longest` items, about as long as each other."""
    count = max(1, -(-len(items) // longest))
    cuts = [i * len(items) // count for i in range(count + 1)]
    return [items[a:b] for a, b in pairwise(cuts)]


def split(passage: Passage, longest: int) -> list[Piece]:
    """The sentences of a text, cut to `longest` words and 600 characters; their sum is the text.

    In writing without spaces, up to three characters are a word.
    """
    return [
        piece
        for line in _LINE.findall(passage.text)
        for sentence in _sentences(line, passage.source)
        for piece in _pieces(sentence, longest)
    ]


def _sentences(line: str, language: str) -> list[str]:
    """The sentences of one line, with the blank space around them."""
    if len(line.split()) < 2 and line.isascii():
        return [line]
    try:
        import sentencex
    except ImportError:
        raise MissingDependencyError(
            "Translation needs sentencex: pip install 'software-zoo[translate]'."
        ) from None
    plain = _BLANK.sub(" ", line)  # it takes other blank space amiss, as before a French "!"
    starts, end = [0], 0
    for sentence in map(str.strip, sentencex.segment(language, plain)):
        at = plain.find(sentence, end)
        if at > starts[-1]:
            starts.append(at)
        if at >= 0:
            end = at + len(sentence)
    return [line[a:b] for a, b in zip(starts, [*starts[1:], len(line)], strict=True)]


def _pieces(sentence: str, longest: int) -> Iterator[Piece]:
    """Pieces of at most `longest` words and 600 characters, with the blank space around them."""
    words = list(_WORD.finditer(sentence))
    if not words:
        if sentence:
            yield Piece("", sentence, False)
        return
    if words[0].start():
        yield Piece("", sentence[: words[0].start()], False)
    first = 0
    while first < len(words):
        after = _after(words, first, longest)
        text = sentence[words[first].start() : words[after - 1].end()]
        end = words[after].start() if after < len(words) else len(sentence)
        yield Piece(text, sentence[words[after - 1].end() : end], any(map(str.isalpha, text)))
        first = after


def _after(words: list[re.Match[str]], first: int, longest: int) -> int:
    """The first word after the piece that begins with one: rather after a pause or a blank."""
    after, most = first + 1, words[first].start() + _LONGEST
    while after < min(first + longest, len(words)) and words[after].end() <= most:
        after += 1
    if after == len(words):
        return after
    last = range((first + after) // 2, after)
    pauses = [i for i in last if words[i][0].endswith(_PAUSES)]
    blanks = [i for i in last if words[i].end() < words[i + 1].start()]
    return (pauses or blanks or last)[-1] + 1
