"""Hidden Markov models of the phones of one voice: Gaussian mixtures learned by Baum and Welch.

Rabiner, "A Tutorial on Hidden Markov Models", Proc. IEEE 77, 1989; equation numbers are its own.
Every way through a graph of states is as probable as any other; only the densities are learned.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zoo.compiled import compiled

Features = NDArray[np.float32]  # [T, F]
Floats = NDArray[np.float64]
Integers = NDArray[np.int32]
Flags = NDArray[np.bool_]

_FLOOR = 0.02  # least variance, as a share of that of all frames
_LEAST_FRAMES = 8.0  # of a Gaussian; one with fewer stays as it is
_SPLIT = 0.2  # standard deviations by which the halves of a split Gaussian are moved


@dataclass(frozen=True, slots=True)
class Graph:
    """States in an order in which each comes after all it can be reached from, but itself.

    densities: [S], which density each state has. sources: of all states one after the other, the
    states that they are reached from (every state is from itself, too); firsts: [S + 1], where in
    `sources` those of each state begin. starts, ends: [S], whether a sound may begin or end there.
    """

    densities: Integers
    sources: Integers
    firsts: Integers
    starts: Flags
    ends: Flags


@dataclass(frozen=True, slots=True)
class Densities:
    """D mixtures of M Gaussians over F features: [D, M] and [D, M, F]."""

    log_weights: Floats
    means: Floats
    variances: Floats

    def components(self, frames: Features) -> Floats:
        """Log of weight times likelihood of frames in every Gaussian: [T, D, M]."""
        count, mixtures, size = self.means.shape
        precision = (1 / self.variances).reshape(-1, size)
        means = self.means.reshape(-1, size)
        constant = self.log_weights.reshape(-1) - 0.5 * (
            size * math.log(2 * math.pi)
            - np.log(precision).sum(axis=1)
            + (means**2 * precision).sum(axis=1)
        )
        x = frames.astype(np.float64)
        scores: Floats = x @ (means * precision).T - 0.5 * (x**2 @ precision.T) + constant
        return scores.reshape(len(frames), count, mixtures)

    def scores(self, frames: Features) -> Floats:
        """Log likelihoods of frames in every density: [T, D]."""
        each = self.components(frames)
        top = each.max(axis=2)
        total: Floats = top + np.log(np.exp(each - top[..., None]).sum(axis=2))
        return total

    def split(self) -> Densities:
        """Each Gaussian as two that lie a little apart."""
        move = _SPLIT * np.sqrt(self.variances)
        return Densities(
            np.concatenate([self.log_weights - math.log(2)] * 2, axis=1),
            np.concatenate([self.means + move, self.means - move], axis=1),
            np.concatenate([self.variances] * 2, axis=1),
        )

    def relearned(
        self, sounds: Sequence[Features], graphs: Sequence[Graph]
    ) -> tuple[Densities, float]:
        """After one round of Baum and Welch; with the mean log likelihood of a frame before it."""
        shape = self.means.shape
        occupied, sums, squares = np.zeros(shape[:2]), np.zeros(shape), np.zeros(shape)
        likelihood, frames = 0.0, 0
        everything = np.zeros((2, shape[2]))
        for sound, graph in zip(sounds, graphs, strict=True):
            each = self.components(sound)
            top = each.max(axis=2)
            whole = top + np.log(np.exp(each - top[..., None]).sum(axis=2))
            gamma, log = _posteriors(
                whole, graph.densities, graph.sources, graph.firsts, graph.starts, graph.ends
            )
            if not math.isfinite(log):
                continue  # shorter than its states
            shares = np.exp(each - whole[..., None]) * gamma[..., None]  # (54)
            flat = shares.reshape(len(sound), -1).T
            x = sound.astype(np.float64)
            occupied += shares.sum(axis=0)
            sums += (flat @ x).reshape(shape)
            squares += (flat @ x**2).reshape(shape)
            everything += (x.sum(axis=0), (x**2).sum(axis=0))
            likelihood += log
            frames += len(sound)
        mean, square = everything / frames
        least = _FLOOR * (square - mean**2)
        n = np.maximum(occupied, 1e-9)[..., None]
        enough = (occupied >= _LEAST_FRAMES)[..., None]
        means = np.where(enough, sums / n, self.means)  # (53)
        variances = np.where(enough, squares / n - means**2, self.variances)
        weights = (occupied + 1e-3) / (occupied + 1e-3).sum(axis=1, keepdims=True)  # (52)
        found = Densities(np.log(weights), means, np.maximum(variances, least))
        return found, likelihood / frames


def best_path(scores: Floats, graph: Graph) -> Integers | None:
    """The most probable state of every frame (Viterbi), or None if there are too few frames."""
    path = _viterbi(scores, graph.densities, graph.sources, graph.firsts, graph.starts, graph.ends)
    return None if path[0] < 0 else np.asarray(path)


@compiled
def _posteriors(
    scores: Floats,
    densities: Integers,
    sources: Integers,
    firsts: Integers,
    starts: Flags,
    ends: Flags,
) -> tuple[Floats, float]:
    """How probable every density is at every frame, [T, D], and the log likelihood of all."""
    frames, count = len(scores), len(densities)
    gamma = np.zeros_like(scores)
    likely = np.empty(scores.shape[1])
    alpha = np.zeros((frames, count))
    scale = np.empty(frames)
    log = 0.0
    for t in range(frames):
        top = scores[t].max()
        likely[:] = np.exp(np.maximum(scores[t] - top, -200.0))
        total = 0.0
        for s in range(count):
            come = 0.0
            if t == 0:
                come = 1.0 if starts[s] else 0.0
            else:
                come = alpha[t - 1, s]
                for k in range(firsts[s], firsts[s + 1]):
                    come += alpha[t - 1, sources[k]]
            alpha[t, s] = come * likely[densities[s]]  # (20)
            total += alpha[t, s]
        if total <= 0.0:
            return gamma, -np.inf
        alpha[t] /= total
        scale[t] = total
        log += math.log(total) + top
    last = 0.0
    for s in range(count):
        if ends[s]:
            last += alpha[frames - 1, s]
    if last <= 0.0:
        return gamma, -np.inf
    beta = np.where(ends, 1.0 / last, 0.0)
    before = np.empty(count)
    for t in range(frames - 1, -1, -1):
        for s in range(count):
            gamma[t, densities[s]] += alpha[t, s] * beta[s]  # (27)
        if t == 0:
            break
        top = scores[t].max()
        likely[:] = np.exp(np.maximum(scores[t] - top, -200.0)) / scale[t]
        before[:] = 0.0
        for s in range(count):
            back = beta[s] * likely[densities[s]]  # (25)
            before[s] += back
            for k in range(firsts[s], firsts[s + 1]):
                before[sources[k]] += back
        beta[:] = before
    return gamma, log + math.log(last)


@compiled
def _viterbi(
    scores: Floats,
    densities: Integers,
    sources: Integers,
    firsts: Integers,
    starts: Flags,
    ends: Flags,
) -> Integers:
    frames, count = len(scores), len(densities)
    best = np.full(count, -np.inf)
    now = np.empty(count)
    came = np.zeros((frames, count), np.int16)  # 0 from itself, else from the source of that number
    for s in range(count):
        if starts[s]:
            best[s] = scores[0, densities[s]]
    for t in range(1, frames):
        for s in range(count):
            most, which = best[s], 0
            for k in range(firsts[s], firsts[s + 1]):
                if best[sources[k]] > most:
                    most, which = best[sources[k]], k - firsts[s] + 1
            now[s] = most + scores[t, densities[s]]  # (33)
            came[t, s] = which
        best[:] = now
    path = np.full(frames, -1, np.int32)
    state = -1
    for s in range(count):
        if ends[s] and best[s] > -np.inf and (state < 0 or best[s] > best[state]):
            state = s
    if state < 0:
        return path
    for t in range(frames - 1, -1, -1):
        path[t] = state
        if came[t, state] > 0:
            state = sources[firsts[state] + came[t, state] - 1]
    return path
