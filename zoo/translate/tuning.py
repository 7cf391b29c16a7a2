"""Weights of features with which the best translations score highest: minimum error rate training.

Och, "Minimum Error Rate Training in Statistical Machine Translation", ACL 2003. Along a line of
weights the score of each candidate is a line, too; the upper envelope of a sentence's lines tells
which candidate is chosen where, so that the best point on the line is found exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zoo.compiled import compiled
from zoo.progress import Progress
from zoo.translate.phrase_options import Floats, Ints

ORDER = 4  # of the longest n-grams that BLEU counts
COUNTS = 2 * ORDER + 2
_LEAST_GAIN = 1e-5  # of BLEU, 0 to 1; less is taken for the end of the climb
_REACH, _FARTHEST = 0.05, 2.0  # of a round, when it begins and at most; all weights sum up to 1
_SCATTER = 0.4  # of the logarithms of weights that a restart begins with
_MARGIN = 0.1  # beyond the outermost point at which a choice changes


@dataclass(frozen=True)
class Candidate:
    """One translation of one sentence. words: its identity. features: [F]. counts: [COUNTS]."""

    words: tuple[int, ...]
    features: Floats
    counts: Ints


class Candidates:
    """Every translation that was met of each sentence, once."""

    def __init__(self, sentences: int) -> None:
        self._known: list[dict[tuple[tuple[int, ...], bytes], Candidate]] = [
            {} for _ in range(sentences)
        ]

    def add(self, found: Sequence[Sequence[Candidate]]) -> int:
        """Add translations of each sentence; how many were new."""
        before = len(self)
        for known, several in zip(self._known, found, strict=True):
            for one in several:
                known.setdefault((one.words, one.features.round(3).tobytes()), one)
        return len(self) - before

    def __len__(self) -> int:
        return sum(map(len, self._known))

    def arrays(self) -> tuple[Floats, Ints, Ints]:
        """Features [C, F], counts [C, COUNTS] and where those of each sentence begin [N + 1]."""
        every = [one for known in self._known for one in known.values()]
        offsets = np.cumsum([0, *map(len, self._known)])
        return (
            np.array([one.features for one in every]),
            np.array([one.counts for one in every]),
            offsets.astype(np.int64),
        )


@compiled
def bleu_counts(words: Ints, reference: Ints) -> Ints:
    """[COUNTS] n-grams of each length that the reference has, too; n-grams; the two lengths."""
    counts = np.zeros(2 * ORDER + 2, np.int64)
    for length in range(1, ORDER + 1):
        used = np.zeros(len(reference), np.bool_)
        for start in range(len(words) - length + 1):
            for other in range(len(reference) - length + 1):
                if used[other]:
                    continue
                same = True
                for k in range(length):
                    if words[start + k] != reference[other + k]:
                        same = False
                        break
                if same:
                    used[other] = True
                    counts[length - 1] += 1
                    break
        counts[ORDER + length - 1] = max(len(words) - length + 1, 0)
    counts[2 * ORDER], counts[2 * ORDER + 1] = len(words), len(reference)
    return counts


def bleu(counts: NDArray[np.int64]) -> Floats:
    """BLEU (Papineni et al. 2002), 0 to 1, of summed counts [..., COUNTS].

    Where no n-gram of a length is right, half of one is taken to be.
    """
    right = np.maximum(counts[..., :ORDER], 0.5)
    precision = np.log(right / np.maximum(counts[..., ORDER : 2 * ORDER], 1)).mean(axis=-1)
    shortfall = 1 - counts[..., -1] / np.maximum(counts[..., -2], 1)
    return np.asarray(np.exp(precision + np.minimum(shortfall, 0.0)))


@compiled
def _envelopes(slopes: Floats, heights: Floats, offsets: Ints) -> tuple[Ints, Floats, Ints, Ints]:
    """Which candidate is chosen at the left end by each sentence [N], and every change of choice.

    The changes: where on the line, from which candidate and to which.
    """
    sentences = len(offsets) - 1
    chosen = np.zeros(sentences, np.int64)
    places = np.zeros(len(slopes))
    sources, targets = np.zeros(len(slopes), np.int64), np.zeros(len(slopes), np.int64)
    changes = 0
    for sentence in range(sentences):
        first, last = offsets[sentence], offsets[sentence + 1]
        order = np.argsort(slopes[first:last], kind="mergesort")
        hull = np.zeros(len(order), np.int64)
        begins = np.zeros(len(order))
        size = 0
        for index in order:
            line = first + index
            place = -np.inf
            while size > 0:
                top = hull[size - 1]
                rise = slopes[line] - slopes[top]
                if rise <= 0.0:
                    if heights[line] <= heights[top]:
                        break
                    size -= 1
                    continue
                place = (heights[top] - heights[line]) / rise
                if place > begins[size - 1]:
                    break
                size -= 1
            if size > 0:
                if slopes[line] <= slopes[hull[size - 1]]:
                    continue
            else:
                place = -np.inf
            hull[size], begins[size] = line, place
            size += 1
        chosen[sentence] = hull[0]
        for k in range(1, size):
            places[changes], sources[changes], targets[changes] = begins[k], hull[k - 1], hull[k]
            changes += 1
    return chosen, places[:changes], sources[:changes], targets[:changes]


def line_search(
    features: Floats,
    counts: Ints,
    offsets: Ints,
    weights: Floats,
    direction: Floats,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> tuple[float, float]:
    """The best step from `weights` along `direction`, and BLEU there; see `Candidates.arrays`.

    Of the widest stretch of steps that are equally good, the middle. bounds: of the step, 0 being
    one within them; if there is no other, BLEU is -1.
    """
    chosen, places, sources, targets = _envelopes(features @ direction, features @ weights, offsets)
    start = counts[chosen].sum(axis=0)
    if not len(places):
        return 0.0, float(bleu(start))
    order = np.argsort(places, kind="stable")
    places = places[order]
    steps = np.cumsum(counts[targets[order]] - counts[sources[order]], axis=0)
    scores = np.concatenate(([bleu(start)], bleu(start + steps)))
    ends = min(places[0], 0.0) - 2 * _MARGIN, max(places[-1], 0.0) + 2 * _MARGIN
    lows = np.maximum(np.concatenate((ends[:1], places)), bounds[0])
    highs = np.minimum(np.concatenate((places, ends[1:])), bounds[1])
    scores[highs <= lows] = -1.0  # out of bounds, or where several change at once
    best = np.flatnonzero(scores >= scores.max() - 1e-12)
    widest = best[np.argmax((highs - lows)[best])]
    return float((lows[widest] + highs[widest]) / 2), float(scores[widest])


def climb(
    features: Floats,
    counts: Ints,
    offsets: Ints,
    weights: Floats,
    free: Ints,
    rng: np.random.Generator,
    centre: Floats,
    reach: float = np.inf,
) -> tuple[Floats, float]:
    """The weights from which no line leads further up, and BLEU there.

    The lines are those of each weight in `free`, and as many at random. reach: how far each weight
    may be from that of `centre`.
    """
    weights = np.clip(weights, centre - reach, centre + reach)
    _, best = line_search(features, counts, offsets, weights, np.zeros_like(weights))
    while True:
        before = best
        axes = np.eye(len(weights))[rng.permutation(free)]
        oblique = np.zeros_like(axes)
        oblique[:, free] = rng.normal(size=(len(free), len(free))) * np.abs(weights[free])
        for direction in np.concatenate((axes, oblique)):
            bounds = _bounds(direction, weights - centre, reach)
            step, score = line_search(features, counts, offsets, weights, direction, bounds)
            if score > best + 1e-12:
                weights, best = weights + step * direction, score
        if best < before + _LEAST_GAIN:
            return weights, best


def _bounds(direction: Floats, offset: Floats, reach: float) -> tuple[float, float]:
    """The steps along `direction`, from `offset` on, after which nothing is beyond `reach`."""
    moved = direction != 0
    ends = (np.array([[-reach], [reach]]) - offset[moved]) / direction[moved]
    return min(float(ends.min(axis=0).max()), 0.0), max(float(ends.max(axis=0).min()), 0.0)


def tune(
    translate: Callable[[Floats], Sequence[Sequence[Candidate]]],
    weights: Floats,
    free: Sequence[int],
    *,
    rounds: int,
    restarts: int,
    seed: int,
    report: Progress,
) -> tuple[Floats, float]:
    """The weights with the best BLEU of the first of all candidates, and that BLEU, 0 to 1.

    translate: the best candidates of each sentence by given weights. free: the weights to tune; the
    sum of their magnitudes is kept at 1. rounds: of translating and climbing. restarts: climbs from
    random places, besides the one from the best weights so far.
    """
    rng = np.random.default_rng(seed)
    chosen = np.array(free, np.int64)
    weights = _scaled(weights, chosen)
    best, best_score, reach = weights, -1.0, _REACH
    pool: Candidates | None = None
    for number in range(rounds + 1):
        found = translate(weights)
        score = float(bleu(np.sum([several[0].counts for several in found], axis=0)))
        # A trust region: where weights are too new, nobody knows what would be said.
        reach = 2 * reach if score > best_score else reach / 2
        if score > best_score:
            best, best_score = weights, score
        pool = pool or Candidates(len(found))
        new = pool.add(found)
        report.log(round=number, bleu=100 * score, candidates=len(pool), new=new)
        if number == rounds:
            break
        arrays = pool.arrays()
        higher = weights
        while np.array_equal(higher, weights) and reach < _FARTHEST:
            starts = [best, weights]
            for _ in range(restarts):
                elsewhere = best.copy()
                elsewhere[chosen] *= np.exp(rng.normal(size=len(chosen)) * _SCATTER)
                starts.append(elsewhere)
            climbs = [climb(*arrays, start, chosen, rng, best, reach) for start in starts]
            higher = _scaled(max(climbs, key=lambda one: one[1])[0], chosen)
            if np.array_equal(higher, weights):
                reach *= 2
        if np.array_equal(higher, weights):
            break
        weights = higher
    return best, best_score


def _scaled(weights: Floats, free: Ints) -> Floats:
    """Only the ratios of the free weights matter."""
    weights = weights.copy()
    weights[free] /= np.abs(weights[free]).sum()
    return weights
