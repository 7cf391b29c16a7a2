"""Reading words off a network's distributions, frame by frame.

Graves, Fernández, Gomez and Schmidhuber, "Connectionist Temporal Classification: Labelling
Unsegmented Sequence Data with Recurrent Neural Networks", ICML 2006.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLANK = 0
_LEAST = 1e-4  # of a frame: what is less likely does not start a word in the beam

Probabilities = NDArray[np.float32]  # [T, V], the blank at 0


@dataclass(frozen=True, slots=True)
class Spike:
    """A word and the frame at which it is told; confidence: its probability there."""

    word: int
    frame: int
    confidence: float


def greedy(probabilities: Probabilities) -> list[Spike]:
    """The best path: the likeliest word of each frame, repetitions as one."""
    best = probabilities.argmax(axis=1)
    edges = np.flatnonzero(np.diff(best, prepend=BLANK, append=BLANK))
    found = []
    for first, after in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if best[first] != BLANK:
            found.append(_spike(probabilities, int(best[first]), first, after))
    return found


def beam_search(probabilities: Probabilities, width: int) -> list[Spike]:
    """The likeliest words, all ways to tell them taken together (section 3.2: prefix search).

    width: how many beginnings are kept at each frame.

    Where certainly no word is told, what came before is settled; so the search begins anew, or an
    hour of sound would be one search through beginnings of thousands of words.
    """
    telling = (probabilities > _LEAST).any(axis=1, where=np.arange(probabilities.shape[1]) != BLANK)
    edges = np.flatnonzero(np.diff(telling, prepend=False, append=False))
    found = []
    for first, after in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        here = probabilities[first:after]
        for spike in align(here, _likeliest_words(here, width)):
            found.append(Spike(spike.word, first + spike.frame, spike.confidence))
    return found


def _likeliest_words(probabilities: Probabilities, width: int) -> tuple[int, ...]:
    # Of each beginning: the probability that it ends in a blank, and in its last word.
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}
    for row in probabilities.astype(np.float64):
        candidates = [word for word in np.flatnonzero(row > _LEAST).tolist() if word != BLANK]
        new: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for words, (quiet, spoken) in beams.items():
            new[words][0] += (quiet + spoken) * row[BLANK]
            if words:
                new[words][1] += spoken * row[words[-1]]
            for word in candidates:
                # The same word again counts only after a blank.
                before = quiet if words and words[-1] == word else quiet + spoken
                new[*words, word][1] += before * row[word]
        best = sorted(new.items(), key=lambda item: -sum(item[1]))[:width]
        total = sum(sum(pair) for _, pair in best)
        beams = {words: (quiet / total, spoken / total) for words, (quiet, spoken) in best}
    return max(beams.items(), key=lambda item: sum(item[1]))[0]


def align(probabilities: Probabilities, words: tuple[int, ...]) -> list[Spike]:
    """Where given words are told, on the best path that tells them.

    Raises ValueError if there are fewer frames than that takes.
    """
    if not words:
        return []
    labels = np.full(2 * len(words) + 1, BLANK)
    labels[1::2] = words
    scores = np.log(np.maximum(probabilities[:, labels].astype(np.float64), 1e-30))
    states = len(labels)
    # A blank may be left out between two different words.
    leap = np.zeros(states, bool)
    leap[3::2] = labels[3::2] != labels[1:-2:2]
    best = np.full(states, -np.inf)
    best[:2] = scores[0, :2]
    came = np.zeros(scores.shape, np.int64)
    for t in range(1, len(scores)):
        ways = np.stack(
            (
                best,
                np.concatenate(([-np.inf], best[:-1])),
                np.where(leap, np.concatenate(([-np.inf] * 2, best[:-2])), -np.inf),
            )
        )
        came[t] = ways.argmax(axis=0)
        best = ways.max(axis=0) + scores[t]
    state = states - 1 if best[-1] >= best[-2] else states - 2
    if not np.isfinite(best[state]):
        raise ValueError(f"{len(words)} words in {len(probabilities)} frames")
    path = [state]
    for t in range(len(scores) - 1, 0, -1):
        state -= came[t, state]
        path.append(state)
    path.reverse()
    found = []
    for number, word in enumerate(words):
        frames = [t for t, state in enumerate(path) if state == 2 * number + 1]
        found.append(_spike(probabilities, word, frames[0], frames[-1] + 1))
    return found


def extent(speaking: Probabilities, spike: Spike, first: int, after: int) -> tuple[int, int]:
    """The frames from `first` on and before `after` in which the word is being spoken.

    speaking: [T, V], which word is being spoken, silence at 0. Words are told about when they end:
    the last stretch up to that which is the word's, or the frame of the spike if there is none.
    """
    is_word = speaking[first:after].argmax(axis=1) == spike.word  # of these only: sound may be long
    end = spike.frame + 1 - first
    while end > 0 and not is_word[end - 1]:
        end -= 1
    if end == 0:
        return spike.frame, spike.frame + 1
    begin = end
    while begin > 0 and is_word[begin - 1]:
        begin -= 1
    while end < after - first and is_word[end]:
        end += 1
    return first + begin, first + end


def _spike(probabilities: Probabilities, word: int, first: int, after: int) -> Spike:
    frame = first + int(probabilities[first:after, word].argmax())
    return Spike(word, frame, float(probabilities[frame, word]))
