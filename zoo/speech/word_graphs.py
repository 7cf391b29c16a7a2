"""Graphs of words: one alone, a known sequence, and a loop of all with silence between them.

The densities of word w are those from w * states on; the three of silence follow those of all
words. A short pause is the middle state of silence, alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zoo.speech.graph import Graph, GraphBuilder, Ints

SILENCE_STATES = 3
_MIDDLE = 1
_NO_WORD = -1
# Beside 39 features a frame, what a state's duration tells is little: transitions are not learned.
_STAY, _SKIP = 0.6, 0.1
_SILENT_STAY = 0.8


def alone(word: int, states: int) -> Graph:
    """One word without silence."""
    builder = GraphBuilder()
    first, last = _word(builder, word, states)
    builder.starts[first] = builder.ends[last] = 0.0
    return builder.build()


def sequence(words: Sequence[int], vocabulary: int, states: int) -> Graph:
    """These words in this order, silence or a pause being possible before, between and after."""
    builder = GraphBuilder()
    before: list[int] = []  # states that the next word may follow
    for position, word in enumerate(words):
        begins, quiet = _silence(builder, vocabulary, states, before)
        first, last = _word(builder, word, states)
        if position == 0:
            builder.starts |= dict.fromkeys([first, *begins], 0.0)
        for source in [*before, *quiet]:
            builder.leave(source, first)
        before = [last]
    builder.ends[before[0]] = 0.0
    _, quiet = _silence(builder, vocabulary, states, before)
    builder.ends |= dict.fromkeys(quiet, 0.0)
    return builder.build()


def loop(vocabulary: int, states: int, penalty: float) -> Graph:
    """Any words in any number, none included; penalty: log weight of each."""
    builder = GraphBuilder()
    words = [_word(builder, word, states) for word in range(vocabulary)]
    lasts = [last for _, last in words]
    begins, quiet = _silence(builder, vocabulary, states, lasts)
    share = -float(np.log(vocabulary))
    for first, _ in words:
        builder.starts[first] = penalty + share
        for source in [*lasts, *quiet]:
            builder.leave(source, first, penalty + share)
    for state in [*lasts, *quiet]:
        builder.ends[state] = 0.0
    builder.starts |= dict.fromkeys(begins, 0.0)
    return builder.build()


def spans(graph: Graph, path: Ints) -> list[tuple[int, int, int]]:
    """The words along a path: (word, first frame, last frame)."""
    found: list[tuple[int, int, int]] = []
    for frame, state in enumerate(path.tolist()):
        word = int(graph.tags[state])
        before = int(path[frame - 1]) if frame else -1
        if word == _NO_WORD:
            continue
        # Within a word paths run forward by at most two states: all else is saying it once more.
        if before < 0 or graph.tags[before] != word or not before <= state <= before + 2:
            found.append((word, frame, frame))
        else:
            found[-1] = (word, found[-1][1], frame)
    return found


def _word(builder: GraphBuilder, word: int, states: int) -> tuple[int, int]:
    densities = range(word * states, (word + 1) * states)
    return builder.chain(densities, word, stay=_STAY, skip=_SKIP)


def _silence(
    builder: GraphBuilder, vocabulary: int, states: int, after: Sequence[int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Add silence and a short pause after the given states.

    Answers the first states of both, and the last of both.
    """
    base = vocabulary * states
    densities = range(base, base + SILENCE_STATES)
    first, last = builder.chain(densities, _NO_WORD, stay=_SILENT_STAY, skip=_SKIP)
    pause, _ = builder.chain([base + _MIDDLE], _NO_WORD, stay=_SILENT_STAY, skip=0.0)
    for source in after:
        builder.leave(source, first)
        builder.leave(source, pause)
    return (first, pause), (last, pause)
