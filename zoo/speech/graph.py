"""Graphs of hidden Markov states: the best path through one, and how likely each state is.

Rabiner, "A Tutorial on Hidden Markov Models and Selected Applications in Speech Recognition",
Proceedings of the IEEE 77, 1989: equations 19-37. All probabilities are natural logarithms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoo.compiled import compiled

Floats = NDArray[np.float64]
Scores = NDArray[np.floating[Any]]
Ints = NDArray[np.int32]

NEVER = -1e30  # the logarithm of nothing, but finite, so that sums stay numbers


@dataclass(frozen=True)
class Graph:
    """States and the arcs between them.

    densities: [N] of which density each state emits. tags: [N] what a state belongs to.
    start, end: [N] log weights of beginning and ending in a state.
    arrows: [N + 1], sources, weights: [A] the arcs into state n are those from arrows[n] to
        arrows[n + 1], from which state and with what log weight.
    """

    densities: Ints
    tags: Ints
    start: Floats
    end: Floats
    arrows: Ints
    sources: Ints
    weights: Floats

    def best_path(self, scores: Scores) -> tuple[Ints, float]:
        """The likeliest state at each frame [T] and the path's log likelihood.

        scores: [T, N] log likelihoods of the frames in each state. Where no path is so short, the
        answer is an empty path and NEVER.
        """
        # As narrow as the states' numbers allow: for an hour there are tens of millions of them.
        came = np.zeros(scores.shape, np.min_scalar_type(scores.shape[1]))
        path, best = _viterbi(
            scores, self.start, self.end, self.arrows, self.sources, self.weights, came
        )
        return (path, best) if best > NEVER / 2 else (path[:0], NEVER)

    def occupancies(self, scores: Scores) -> tuple[Floats, float]:
        """How likely each state is at each frame [T, N], and the log likelihood of all frames.

        scores: as for `best_path`. Where no path is so short, all are 0 and the likelihood NEVER.
        """
        gamma, total = _forward_backward(
            scores, self.start, self.end, self.arrows, self.sources, self.weights
        )
        return gamma, total


@dataclass
class GraphBuilder:
    """Puts a graph together, state by state."""

    densities: list[int] = field(default_factory=list)
    tags: list[int] = field(default_factory=list)
    starts: dict[int, float] = field(default_factory=dict)
    ends: dict[int, float] = field(default_factory=dict)
    stays: dict[int, float] = field(default_factory=dict)
    arcs: dict[tuple[int, int], float] = field(default_factory=dict)

    def chain(
        self, densities: Sequence[int], tag: int, *, stay: float, skip: float
    ) -> tuple[int, int]:
        """Add states in a row and answer the first and the last of them.

        stay, skip: probabilities of remaining in a state, and of leaving out the next one.
        """
        first = len(self.densities)
        last = first + len(densities) - 1
        self.densities += densities
        self.tags += [tag] * len(densities)
        for state in range(first, last + 1):
            jump = skip if state + 2 <= last else 0.0
            self.stays[state] = stay
            self.arc(state, state, stay)
            if state < last:
                self.arc(state, state + 1, 1 - stay - jump)
            if jump:
                self.arc(state, state + 2, jump)
        return first, last

    def arc(self, source: int, target: int, probability: float) -> None:
        """Let `target` follow `source`."""
        self.arcs[source, target] = float(np.log(probability))

    def leave(self, source: int, target: int, weight: float = 0.0) -> None:
        """Let `target`, the first state of a chain, follow `source`, the last one of a chain.

        weight: the logarithm of what it is worth besides.
        """
        self.arcs[source, target] = float(np.log1p(-self.stays[source])) + weight

    def build(self) -> Graph:
        count = len(self.densities)
        incoming: list[list[tuple[int, float]]] = [[] for _ in range(count)]
        for (source, target), weight in self.arcs.items():
            incoming[target].append((source, weight))
        flat = [arc for arcs in incoming for arc in arcs]
        start = np.full(count, NEVER)
        end = np.full(count, NEVER)
        start[list(self.starts)] = list(self.starts.values())
        end[list(self.ends)] = list(self.ends.values())
        return Graph(
            np.array(self.densities, np.int32),
            np.array(self.tags, np.int32),
            start,
            end,
            np.cumsum([0, *map(len, incoming)], dtype=np.int32),
            np.array([source for source, _ in flat], np.int32),
            np.array([weight for _, weight in flat], np.float64),
        )


@compiled
def _viterbi(
    scores: Scores,
    start: Floats,
    end: Floats,
    arrows: Ints,
    sources: Ints,
    weights: Floats,
    came: NDArray[np.unsignedinteger[Any]],
) -> tuple[Ints, float]:
    """came: [T, N] zeros, into which the state before each best way is written."""
    frames, states = scores.shape
    best = start + scores[0]
    for t in range(1, frames):
        new = np.full(states, NEVER)
        for n in range(states):
            for a in range(arrows[n], arrows[n + 1]):
                value = best[sources[a]] + weights[a]
                if value > new[n]:
                    new[n] = value
                    came[t, n] = sources[a]
            new[n] = max(new[n] + scores[t, n], NEVER)
        best = new
    final = best + end
    path = np.empty(frames, np.int32)
    path[-1] = np.argmax(final)
    for t in range(frames - 1, 0, -1):
        path[t - 1] = came[t, path[t]]
    return path, final.max()


@compiled
def _log_sum(values: Floats) -> float:
    top = values.max()
    return top + np.log(np.exp(values - top).sum()) if top > NEVER else NEVER


@compiled
def _forward_backward(
    scores: Scores, start: Floats, end: Floats, arrows: Ints, sources: Ints, weights: Floats
) -> tuple[Floats, float]:
    frames, states = scores.shape
    forward = np.empty((frames, states))
    forward[0] = start + scores[0]
    for t in range(1, frames):
        for n in range(states):
            low, high = arrows[n], arrows[n + 1]
            top = NEVER
            for a in range(low, high):
                top = max(top, forward[t - 1, sources[a]] + weights[a])
            total = 0.0
            if top > NEVER / 2:
                for a in range(low, high):
                    total += np.exp(forward[t - 1, sources[a]] + weights[a] - top)
                top += np.log(total)
            forward[t, n] = max(top + scores[t, n], NEVER)
    whole = _log_sum(forward[-1] + end)
    gamma = np.zeros((frames, states))
    if whole <= NEVER / 2:
        return gamma, NEVER
    backward = end.copy()
    for t in range(frames - 1, -1, -1):
        for n in range(states):
            gamma[t, n] = np.exp(min(forward[t, n] + backward[n] - whole, 0.0))
        if t == 0:
            break
        # Log sums over the arcs out of each state, which are stored at their targets.
        tops = np.full(states, NEVER)
        for n in range(states):
            for a in range(arrows[n], arrows[n + 1]):
                value = backward[n] + scores[t, n] + weights[a]
                tops[sources[a]] = max(tops[sources[a]], value)
        totals = np.zeros(states)
        for n in range(states):
            for a in range(arrows[n], arrows[n + 1]):
                source = sources[a]
                if tops[source] > NEVER / 2:
                    totals[source] += np.exp(backward[n] + scores[t, n] + weights[a] - tops[source])
        for n in range(states):
            backward[n] = tops[n] + np.log(totals[n]) if totals[n] > 0 else NEVER
    return gamma, whole
